//! The clock of a report: which deadlines it has, when the next one takes effect, and what that does.

use jiff::{SignedDuration, Timestamp};

use super::{
    act::{Act, Texts},
    complaint::Complaint,
    parts::{By, Step},
    phase::Phase,
    refusal::Refusal,
    transitions::{Command, State},
};

/// So many of a report's questions stop the clock.
const QUESTIONS_THAT_STOP: i32 = 2;
/// The warning comes after this part of the time: three quarters.
const WARNING: (i64, i64) = (3, 4);

/// What has to be done until a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Due {
    /// The unit that has it accepts it or hands it on.
    Accept,
    /// A first follow-up is handed in.
    Answer,
    /// It is resolved.
    Finish,
    /// A first follow-up is handed in, else the red flag is raised.
    RedFlag,
    /// It is resolved: the statute's time.
    Cap,
    /// The reporter answers the question.
    Question,
    /// The reporter confirms, reopens or appeals.
    AutoClose,
}

/// How far a deadline has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Running,
    Warned,
    Passed,
}

/// A time until which something has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline {
    pub(crate) due: Due,
    pub(crate) from: Timestamp,
    pub(crate) at: Timestamp,
    pub(crate) stage: Stage,
}

impl Deadline {
    /// A deadline that begins to run.
    pub(crate) fn new(due: Due, from: Timestamp, at: Timestamp) -> Self {
        Self { due, from, at, stage: Stage::Running }
    }

    /// When it takes effect next; never again once it has passed.
    fn next_at(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Passed => None,
            Stage::Running if self.warns() => {
                let microseconds = self.at.as_microsecond() - self.from.as_microsecond();
                // Divided first: the product of the end of time would be out of range.
                let part = SignedDuration::from_micros(microseconds / WARNING.1 * WARNING.0);
                Some(self.from.saturating_add(part).unwrap_or(self.at))
            }
            Stage::Running | Stage::Warned => Some(self.at),
        }
    }

    fn warns(&self) -> bool {
        matches!(self.due, Due::Accept | Due::Answer | Due::Finish | Due::Cap)
    }

    /// Whether it stands still while the reporter is asked.
    fn waits_for_reporter(&self) -> bool {
        matches!(self.due, Due::Accept | Due::Answer | Due::Finish | Due::RedFlag)
    }
}

impl Complaint {
    /// When the clock has to look at it next; none where nothing is due by itself.
    pub(crate) fn next_due_at(&self) -> Option<Timestamp> {
        self.next_deadline().map(|(_, at)| at)
    }

    /// Until when it has to be resolved.
    pub(crate) fn finish_due_at(&self) -> Option<Timestamp> {
        self.deadline(Due::Finish).map(|deadline| deadline.at)
    }

    /// When the time to resolve it ends, if nothing else happens: while the reporter is asked, it moves on with the time.
    pub(crate) fn left_at(&self, as_of: Timestamp) -> Timestamp {
        let due = self.finish_due_at().unwrap_or(Timestamp::UNIX_EPOCH);
        match self.phase {
            Phase::NeedsReporter { asked_at, .. } if self.clock_stands() => {
                due.saturating_add(as_of.duration_since(asked_at)).unwrap_or(due)
            }
            _ => due,
        }
    }

    pub(crate) fn deadline(&self, due: Due) -> Option<&Deadline> {
        self.deadlines.iter().find(|deadline| deadline.due == due)
    }

    /// Does what is due by now, the earliest alone; none where nothing is.
    pub(crate) fn fire(&mut self, now: Timestamp) -> Option<Result<Step, Refusal>> {
        let (position, _) = self.next_deadline().filter(|(_, at)| *at <= now)?;
        let deadline = self.deadlines[position];
        let act = match (deadline.due, deadline.stage) {
            (Due::Question, _) => Act::ExpireQuestion,
            (Due::AutoClose, _) => Act::AutoClose,
            (Due::RedFlag, _) => Act::RaiseRedFlag,
            (Due::Accept | Due::Answer | Due::Finish | Due::Cap, Stage::Running) => {
                Act::Warn { due: deadline.due }
            }
            (Due::Accept | Due::Answer | Due::Finish | Due::Cap, _) => Act::Breach { due: deadline.due },
        };
        Some(self.tell(act, By::system(), now, Texts::default()))
    }

    fn next_deadline(&self) -> Option<(usize, Timestamp)> {
        let running = self.deadlines.iter().enumerate().filter(|(_, deadline)| self.runs(deadline));
        running
            .filter_map(|(position, deadline)| Some((position, deadline.next_at()?)))
            .min_by_key(|(_, at)| *at)
    }

    /// Whether a deadline can take effect in the present state.
    fn runs(&self, deadline: &Deadline) -> bool {
        match self.state() {
            State::Closed | State::Merged => false,
            State::Resolved | State::Rejected => deadline.due == Due::AutoClose,
            State::NeedsReporter => match deadline.due {
                Due::Question => true,
                Due::AutoClose => false,
                _ => !(self.clock_stands() && deadline.waits_for_reporter()),
            },
            _ => !matches!(deadline.due, Due::Question | Due::AutoClose),
        }
    }

    /// Whether the open question is one of those that stop the clock.
    fn clock_stands(&self) -> bool {
        self.counts.questions <= QUESTIONS_THAT_STOP
    }

    /// Sets a deadline anew, in place of one of its kind.
    pub(super) fn set_deadline(&mut self, deadline: Deadline) {
        self.drop_deadline(deadline.due);
        self.deadlines.push(deadline);
    }

    pub(super) fn drop_deadline(&mut self, due: Due) {
        self.deadlines.retain(|deadline| deadline.due != due);
    }

    pub(super) fn mark(&mut self, due: Due, stage: Stage) {
        for deadline in self.deadlines.iter_mut().filter(|deadline| deadline.due == due) {
            deadline.stage = stage;
        }
    }

    /// Lets the clock go on that stood while the reporter was asked; never beyond the statute's time.
    pub(super) fn resume_clock(&mut self, at: Timestamp) {
        self.drop_deadline(Due::Question);
        let Phase::NeedsReporter { asked_at, .. } = self.phase else { return };
        if !self.clock_stands() {
            return;
        }
        let stood = at.duration_since(asked_at);
        self.stopped_seconds += stood.as_secs();
        let cap = self.deadline(Due::Cap).map_or(Timestamp::MAX, |cap| cap.at);
        for deadline in self.deadlines.iter_mut() {
            if deadline.waits_for_reporter() && deadline.stage != Stage::Passed {
                deadline.from = deadline.from.saturating_add(stood).unwrap_or(deadline.from);
                deadline.at = deadline.at.saturating_add(stood).unwrap_or(cap).min(cap.max(deadline.at));
            }
        }
    }

    /// What a step that was done settles.
    pub(super) fn settle(&mut self, command: Command) {
        match command {
            Command::SubmitFollowUp | Command::Reject => {
                self.drop_deadline(Due::Answer);
                self.drop_deadline(Due::RedFlag);
                self.drop_deadline(Due::Accept);
            }
            Command::Accept => self.drop_deadline(Due::Accept),
            Command::Reopen | Command::AppealRejection => self.drop_deadline(Due::AutoClose),
            _ => {}
        }
    }
}
