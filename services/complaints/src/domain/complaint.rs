//! A report and how it changes. `tell` takes an act and the time and answers with a step for the timeline, or a named
//! refusal; a refused report is unchanged.

use jiff::{Timestamp, civil::Date};

use super::{
    act::{Act, Destination, MergeTarget, Texts},
    names::{ComplaintId, PersonId, UnitId},
    phase::{Closing, Phase},
    refusal::Refusal,
    transitions::{Command, State, To, possible},
    words::{Confirmation, Kind, Outcome, TransferReason},
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
}

/// What is counted over a report's whole life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) hops: i32,
    pub(crate) rejected_follow_ups: i32,
    pub(crate) questions: i32,
    pub(crate) supporters: i32,
}

/// A unit's time of responsibility.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Responsibility {
    pub(crate) unit: UnitId,
    pub(crate) from: Timestamp,
}

/// What was filed; it never changes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filing {
    pub(crate) number: String,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) kelurahan_code: String,
    pub(crate) channel: String,
    /// A keyed hash of the channel's own reference.
    pub(crate) channel_reference: Option<Vec<u8>>,
    /// The unit that a report about officials complains of.
    pub(crate) unit_complained_of: Option<UnitId>,
    pub(crate) filed_at: Timestamp,
}

/// Who did a step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct By {
    /// The token's subject; `system` for the service itself.
    pub(crate) subject: String,
    /// The official; none for the reporter and the system.
    pub(crate) person: Option<PersonId>,
}

/// One entry for the timeline.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) version: i64,
    pub(crate) command: Command,
    pub(crate) state: State,
    pub(crate) by: By,
    pub(crate) responsible_unit: UnitId,
    pub(crate) at: Timestamp,
    pub(crate) transfer_reason: Option<TransferReason>,
    pub(crate) texts: Texts,
}

impl By {
    /// The service itself.
    pub(crate) fn system() -> Self {
        Self { subject: "system".to_owned(), person: None }
    }
}

impl Complaint {
    /// Files a report for the unit that must act.
    pub(crate) fn file(
        id: ComplaintId,
        category: String,
        filing: Filing,
        unit: UnitId,
        by: By,
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
        let transfer_reason = match &act {
            Act::Transfer { reason, .. } => Some(*reason),
            _ => None,
        };
        self.apply(act, at, &texts, row.to);
        Ok(Step { transfer_reason, ..self.step(command, by, at, texts) })
    }

    /// What the table can't say.
    fn guard(&self, act: &Act, by: &By, at: Timestamp) -> Result<(), Refusal> {
        let refused = match act {
            Act::Transfer { to, .. } => self.refuses_destination(to),
            Act::Dispose { to } if !to.is_below => Some(Refusal::TargetNotBelow),
            Act::Dispose { to } => self.refuses_destination(to),
            Act::Recategorize { about_officials, .. }
                if *about_officials != self.filing.unit_complained_of.is_some() =>
            {
                Some(Refusal::CategorySide)
            }
            Act::SetEstimate { finish, today } if finish < today => Some(Refusal::EstimatePast),
            Act::ApproveFollowUp { workers } if by.person.is_some_and(|person| workers.contains(&person)) => {
                Some(Refusal::ValidatorWorkedOnReport)
            }
            Act::Reopen { until } => self.refuses_reopening(*until, at),
            Act::AppealRejection { until, .. } if until.is_some_and(|until| at > until) => {
                Some(Refusal::AppealTooLate)
            }
            Act::AppealRejection { above: None, .. } => Some(Refusal::NoUnitAbove),
            Act::Merge { into } => self.refuses_merge(into),
            Act::Unmerge { target_closed: true } => Some(Refusal::TargetClosed),
            _ => None,
        };
        refused.map_or(Ok(()), Err)
    }

    fn refuses_destination(&self, to: &Destination) -> Option<Refusal> {
        if to.unit == self.responsible_unit() {
            return Some(Refusal::TargetResponsible);
        }
        to.is_complained_of.then_some(Refusal::TargetComplainedOf)
    }

    fn refuses_reopening(&self, until: Option<Timestamp>, at: Timestamp) -> Option<Refusal> {
        let closing = self.closing()?;
        if !closing.outcome.is_reopenable() {
            return Some(Refusal::OutcomeNotReopenable);
        }
        until.is_none_or(|until| at > until).then_some(Refusal::ReopenTooLate)
    }

    fn refuses_merge(&self, into: &MergeTarget) -> Option<Refusal> {
        if into.id == self.id {
            Some(Refusal::MergeIntoItself)
        } else if !into.is_open {
            Some(Refusal::MergeTargetNotOpen)
        } else if !into.unit_consents {
            Some(Refusal::MergeTargetElsewhere)
        } else if into.unit_complained_of != self.filing.unit_complained_of {
            Some(Refusal::MergeAboutOfficials)
        } else {
            into.is_full.then_some(Refusal::MergeTooMany)
        }
    }

    fn apply(&mut self, act: Act, at: Timestamp, texts: &Texts, to: To) {
        match act {
            Act::Accept => {
                self.phase = Phase::InProgress;
                self.first_accepted_at.get_or_insert(at);
            }
            Act::Transfer { to, .. } => self.transfer(to.unit, at),
            Act::Dispose { to } => {
                self.phase = Phase::Disposed;
                self.hand_to(to.unit, at);
            }
            Act::Recategorize { category, .. } => self.category = category,
            Act::SetEstimate { finish, .. } => self.estimated_finish = Some(finish),
            Act::RequestInformation { question } => {
                self.counts.questions += 1;
                self.phase = Phase::NeedsReporter { question, asked_at: at };
            }
            Act::ProvideInformation | Act::ExpireQuestion => self.phase = Phase::InProgress,
            Act::SubmitFollowUp { proposed } => self.phase = Phase::AwaitingValidation { proposed },
            Act::ApproveFollowUp { .. } => self.approve(at, to),
            Act::RejectFollowUp => {
                self.counts.rejected_follow_ups += 1;
                self.phase = Phase::InProgress;
            }
            Act::ConfirmResolution { rating } => self.confirm(at, rating, &texts.reporter),
            Act::Reopen { .. } => {
                self.reopened_times.push(at);
                self.phase = Phase::InProgress;
            }
            Act::Reject { reason } => self.phase = Phase::Rejected { reason, at },
            Act::AppealRejection { above, .. } => {
                self.phase = Phase::Submitted;
                self.hand_to(above.unwrap_or(self.responsible_unit()), at);
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
            Act::AddNote => {}
        }
    }

    fn transfer(&mut self, to: UnitId, at: Timestamp) {
        self.counts.hops += 1;
        let came_back = self.responsibilities.iter().any(|before| before.unit == to);
        self.ping_pong = self.ping_pong || came_back || self.counts.hops >= PING_PONG_HOPS;
        self.phase = Phase::Coordinating;
        self.hand_to(to, at);
    }

    fn hand_to(&mut self, unit: UnitId, from: Timestamp) {
        if unit != self.responsible_unit() {
            self.responsibilities.push(Responsibility { unit, from });
        }
        // What the unit before expected binds nobody now.
        self.estimated_finish = None;
    }

    fn approve(&mut self, at: Timestamp, to: To) {
        let Phase::AwaitingValidation { proposed: outcome } = self.phase else { return };
        // The validator sits above the responsible unit, so outside it.
        self.verified = self.verified || outcome != Outcome::Invalid;
        self.resolved_times.push(at);
        if to == To::State(State::Closed) {
            self.close(Closing::new(outcome, Confirmation::NotAsked, at));
        } else {
            self.phase = Phase::Resolved { outcome };
        }
    }

    fn confirm(&mut self, at: Timestamp, rating: i16, comment: &str) {
        let Phase::Resolved { outcome } = self.phase else { return };
        let closing = Closing::new(outcome, Confirmation::Confirmed, at);
        self.close(Closing { rating: Some(rating), comment: comment.to_owned(), ..closing });
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
            texts,
        }
    }
}
