//! A report and how it changes. `tell` takes an act and the time and answers with a step for the timeline, or a named
//! refusal; a refused report is unchanged.

mod guards;

use jiff::{Timestamp, civil::Date};

use super::{
    act::{Act, Texts},
    deadline::{Deadline, Due, Stage},
    names::{ComplaintId, UnitId},
    parts::{By, Counts, Filing, Responsibility, Step},
    phase::{Closing, Phase},
    policy::Priority,
    refusal::Refusal,
    transitions::{Command, State, To, possible},
    words::{Confirmation, Outcome},
};

/// So many hops ring the alarm.
const PING_PONG_HOPS: i32 = 3;

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Complaint {
    pub(crate) id: ComplaintId,
    pub(crate) version: i64,
    pub(crate) filing: Filing,
    pub(crate) category: String,
    /// Never empty; the last is responsible now.
    pub(crate) responsibilities: Vec<Responsibility>,
    pub(crate) phase: Phase,
    pub(crate) updated_at: Timestamp,
    pub(crate) first_accepted_at: Option<Timestamp>,
    pub(crate) resolved_times: Vec<Timestamp>,
    pub(crate) reopened_times: Vec<Timestamp>,
    pub(crate) verified: bool,
    pub(crate) estimated_finish: Option<Date>,
    pub(crate) counts: Counts,
    /// It was handed on three times, or came back to a unit that had it before.
    pub(crate) ping_pong: bool,
    pub(crate) priority: Priority,
    pub(crate) deadlines: Vec<Deadline>,
    /// For how long the clock stood so far, while the reporter was asked.
    pub(crate) stopped_seconds: i64,
    pub(crate) red_flagged_at: Option<Timestamp>,
    /// Since when it is in its state.
    pub(crate) state_since: Timestamp,
    /// The reporter's words up to this version were released to everybody; 0 for none.
    pub(crate) words_released: i64,
    /// When what its reporter said was last erased.
    pub(crate) reporter_erased_at: Option<Timestamp>,
    /// When it was to be erased, and a case used the report.
    pub(crate) reporter_restricted_at: Option<Timestamp>,
}

impl Complaint {
    /// Files a report for the unit that must act.
    pub(crate) fn file(
        (id, unit, by): (ComplaintId, UnitId, By),
        category: String,
        filing: Filing,
        deadlines: Vec<Deadline>,
    ) -> (Self, Step) {
        let at = filing.filed_at;
        let mut complaint = Self {
            id,
            version: 0,
            filing,
            category,
            responsibilities: vec![Responsibility { unit, from: at }],
            phase: Phase::Submitted,
            updated_at: at,
            first_accepted_at: None,
            resolved_times: Vec::new(),
            reopened_times: Vec::new(),
            verified: false,
            estimated_finish: None,
            counts: Counts::default(),
            ping_pong: false,
            priority: Priority::Normal,
            deadlines,
            stopped_seconds: 0,
            red_flagged_at: None,
            state_since: at,
            words_released: 0,
            reporter_erased_at: None,
            reporter_restricted_at: None,
        };
        let step = complaint.step(Command::File, by, at, Texts::default());
        (complaint, step)
    }

    /// Does what is asked, if the table and the rules allow it.
    pub(crate) fn tell(&mut self, act: Act, by: By, at: Timestamp, texts: Texts) -> Result<Step, Refusal> {
        let command = act.command();
        let state = self.state();
        let row =
            possible(command, state, self.filing.kind).ok_or_else(|| Refusal::illegal(command, state))?;
        self.guard(&act, &by, at)?;
        let (transfer_reason, due) = match &act {
            Act::Transfer { reason, .. } => (Some(*reason), None),
            Act::Warn { due } | Act::Breach { due } => (None, Some(*due)),
            _ => (None, None),
        };
        let booked = self.book(&act, at).filter(|_| row.to != To::Same);
        self.apply(act, at, row.to);
        self.settle(command);
        if row.to != To::Same {
            self.state_since = at;
        }
        Ok(Step { transfer_reason, due, booked, ..self.step(command, by, at, texts) })
    }

    fn apply(&mut self, act: Act, at: Timestamp, to: To) {
        match act {
            Act::Accept => {
                self.phase = Phase::InProgress;
                self.first_accepted_at.get_or_insert(at);
            }
            Act::Transfer { to, accept_by, .. } => self.transfer(to.unit, at, accept_by),
            Act::Dispose { to, accept_by } => {
                self.phase = Phase::Disposed;
                self.hand_to(to.unit, at, accept_by);
            }
            Act::Recategorize { category, deadlines, .. } => self.recategorize(category, deadlines),
            Act::SetEstimate { finish, .. } => self.estimated_finish = Some(finish),
            Act::RequestInformation { question, answer_by } => {
                self.counts.questions += 1;
                self.set_deadline(Deadline::new(Due::Question, at, answer_by));
                self.phase = Phase::NeedsReporter { question, asked_at: at };
            }
            Act::ProvideInformation | Act::ExpireQuestion => {
                self.resume_clock(at);
                self.phase = Phase::InProgress;
            }
            Act::SubmitFollowUp { proposed, .. } => self.phase = Phase::AwaitingValidation { proposed },
            Act::ApproveFollowUp { close_by, .. } => self.approve(at, to, close_by),
            Act::RejectFollowUp => {
                self.counts.rejected_follow_ups += 1;
                self.phase = Phase::InProgress;
            }
            Act::ConfirmResolution { rating } => self.confirm(at, rating),
            Act::Reopen { .. } => {
                self.reopened_times.push(at);
                self.phase = Phase::InProgress;
            }
            Act::Reject { reason, close_by } => {
                self.set_deadline(Deadline::new(Due::AutoClose, at, close_by));
                self.phase = Phase::Rejected { reason, at };
            }
            Act::AppealRejection { above, accept_by, .. } => {
                self.phase = Phase::Submitted;
                self.hand_to(above.unwrap_or(self.responsible_unit()), at, accept_by);
            }
            Act::Merge { into } => {
                let before = std::mem::replace(&mut self.phase, Phase::Submitted);
                self.phase = Phase::Merged { target: into.id, before: Box::new(before) };
            }
            Act::Unmerge { .. } => self.unmerge(),
            Act::MoveWithTarget { to } => {
                if let Phase::Merged { target, .. } = &mut self.phase {
                    *target = to;
                }
            }
            Act::CloseWithTarget => self.close_with_target(at),
            Act::Support => self.counts.supporters += 1,
            Act::Withdraw => self.close(Closing::new(Outcome::Withdrawn, Confirmation::NotAsked, at)),
            Act::AutoClose => self.auto_close(at),
            Act::Warn { due } => self.escalate(due, Stage::Warned),
            Act::Breach { due } => {
                self.counts.breaches += 1;
                self.escalate(due, Stage::Passed);
            }
            Act::RaiseRedFlag => {
                self.mark(Due::RedFlag, Stage::Passed);
                self.red_flagged_at.get_or_insert(at);
            }
            Act::RaisePriority { ends } => self.raise_priority(&ends),
            Act::EraseReporter => self.erase_reporter(at),
            Act::RestrictReporter => self.reporter_restricted_at = Some(at),
            Act::AddNote { releases_words: true } => self.words_released = self.version,
            Act::AddNote { releases_words: false }
            | Act::AddReporterEvidence
            | Act::AddFollowUpEvidence
            | Act::AnswerFinding { .. } => {}
        }
    }

    fn erase_reporter(&mut self, at: Timestamp) {
        self.filing.text.clear();
        self.filing.channel_reference = None;
        self.words_released = 0;
        self.reporter_erased_at = Some(at);
        self.reporter_restricted_at = None;
    }

    fn transfer(&mut self, to: UnitId, at: Timestamp, accept_by: Timestamp) {
        self.counts.hops += 1;
        let came_back = self.responsibilities.iter().any(|before| before.unit == to);
        self.ping_pong = self.ping_pong || came_back || self.counts.hops >= PING_PONG_HOPS;
        self.phase = Phase::Coordinating;
        self.hand_to(to, at, accept_by);
    }

    fn escalate(&mut self, due: Due, stage: Stage) {
        self.counts.escalations += 1;
        self.mark(due, stage);
    }

    /// Makes it urgent: what runs ends by the new times where they are earlier, and never later than before.
    fn raise_priority(&mut self, ends: &[(Due, Timestamp)]) {
        self.priority = Priority::High;
        for deadline in self.deadlines.iter_mut().filter(|deadline| deadline.stage != Stage::Passed) {
            if let Some((_, at)) = ends.iter().find(|(due, _)| *due == deadline.due) {
                deadline.at = deadline.at.min(*at);
            }
        }
    }

    /// The resolution that stands: not reopened since.
    pub(crate) fn resolved_at(&self) -> Option<Timestamp> {
        let stands = self.resolved_times.len() > self.reopened_times.len();
        self.resolved_times.last().copied().filter(|_| stands)
    }

    /// When it was found fixed, if it is: validated as FIXED, and not reopened since.
    pub(crate) fn fixed_at(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Resolved { outcome: Outcome::Fixed } => self.resolved_at(),
            Phase::Closed(closing) if closing.outcome == Outcome::Fixed => self.resolved_at(),
            _ => None,
        }
    }

    /// Takes the deadlines of another category over, but those that are settled; none later than the old statute's time.
    fn recategorize(&mut self, category: String, deadlines: Vec<Deadline>) {
        self.category = category;
        let cap = self.deadline(Due::Cap).map_or(Timestamp::MAX, |cap| cap.at);
        for deadline in deadlines {
            if let Some(stage) = self.deadline(deadline.due).map(|old| old.stage) {
                self.set_deadline(Deadline { at: deadline.at.min(cap), stage, ..deadline });
            }
        }
    }

    fn hand_to(&mut self, unit: UnitId, from: Timestamp, accept_by: Timestamp) {
        self.set_deadline(Deadline::new(Due::Accept, from, accept_by));
        self.counts.escalations = 0;
        if unit != self.responsible_unit() {
            self.responsibilities.push(Responsibility { unit, from });
        }
        // What the unit before expected binds nobody now.
        self.estimated_finish = None;
    }

    fn approve(&mut self, at: Timestamp, to: To, close_by: Timestamp) {
        let Phase::AwaitingValidation { proposed: outcome } = self.phase else { return };
        // The validator sits above the responsible unit, so outside it.
        self.verified = self.verified || outcome != Outcome::Invalid;
        self.resolved_times.push(at);
        if to == To::State(State::Closed) {
            self.close(Closing::new(outcome, Confirmation::NotAsked, at));
        } else {
            self.set_deadline(Deadline::new(Due::AutoClose, at, close_by));
            self.phase = Phase::Resolved { outcome };
        }
    }

    fn confirm(&mut self, at: Timestamp, rating: i16) {
        let Phase::Resolved { outcome } = self.phase else { return };
        let closing = Closing::new(outcome, Confirmation::Confirmed, at);
        self.close(Closing { rating: Some(rating), ..closing });
    }

    fn unmerge(&mut self) {
        if let Phase::Merged { before, .. } = std::mem::replace(&mut self.phase, Phase::Submitted) {
            self.phase = *before;
        }
    }

    fn close_with_target(&mut self, at: Timestamp) {
        let Phase::Merged { target, .. } = self.phase else { return };
        let closing = Closing::new(Outcome::Duplicate, Confirmation::NotAsked, at);
        self.close(Closing { merged_into: Some(target), ..closing });
    }

    fn auto_close(&mut self, at: Timestamp) {
        let closing = match self.phase {
            Phase::Resolved { outcome } => Closing::new(outcome, Confirmation::Unconfirmed, at),
            Phase::Rejected { reason, .. } => Closing {
                reject_reason: Some(reason),
                ..Closing::new(Outcome::Invalid, Confirmation::Unconfirmed, at)
            },
            _ => return,
        };
        self.close(closing);
    }

    fn close(&mut self, closing: Closing) {
        self.phase = Phase::Closed(closing);
    }

    /// The unit that must act.
    pub(crate) fn responsible_unit(&self) -> UnitId {
        self.responsibilities.last().expect("a report is filed for a unit").unit
    }

    /// Where the work is.
    pub(crate) fn state(&self) -> State {
        self.phase.state()
    }

    /// Changes with every change.
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }

    /// How it ended, once it has.
    pub(crate) fn closing(&self) -> Option<&Closing> {
        match &self.phase {
            Phase::Closed(closing) => Some(closing),
            _ => None,
        }
    }

    fn step(&mut self, command: Command, by: By, at: Timestamp, texts: Texts) -> Step {
        self.version += 1;
        self.updated_at = at;
        Step {
            version: self.version,
            command,
            state: self.state(),
            by,
            responsible_unit: self.responsible_unit(),
            at,
            transfer_reason: None,
            due: None,
            escalated_to: None,
            booked: None,
            texts,
        }
    }
}
