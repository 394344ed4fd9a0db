//! What the table of transitions can't say: who else may not, what is refused for its target or its time, and on whose
//! account the time goes that a step ends. Nothing is changed here.

use jiff::Timestamp;

use super::{
    super::{
        act::{Act, Destination, MergeTarget},
        parts::{Booked, By},
        refusal::Refusal,
        transitions::State,
        words::Account,
    },
    Complaint,
};

impl Complaint {
    /// On whose account the time in the present state goes, if it ends by an act. What a unit returns to the one that sent
    /// it was the sender's time.
    pub(super) fn book(&self, act: &Act, until: Timestamp) -> Option<Booked> {
        let unit = self.responsible_unit();
        let sender = self.responsibilities.iter().rev().nth(1).map(|held| held.unit);
        let (account, unit) = match (self.state(), act) {
            (State::Coordinating, Act::Transfer { to, .. }) if Some(to.unit) == sender => {
                (Account::Returned, to.unit)
            }
            (State::Submitted | State::Coordinating | State::Disposed | State::InProgress, _) => {
                (Account::Handling, unit)
            }
            (State::AwaitingValidation, _) => (Account::Validation, unit),
            (State::NeedsReporter, _) => (Account::Reporter, unit),
            (State::Resolved | State::Rejected | State::Merged | State::Closed, _) => return None,
        };
        Some(Booked { account, unit, from: self.state_since, until })
    }

    /// What the table can't say.
    pub(super) fn guard(&self, act: &Act, by: &By, at: Timestamp) -> Result<(), Refusal> {
        let refused = match act {
            Act::Transfer { to, .. } => self.refuses_destination(to),
            Act::Dispose { to, .. } if !to.is_below => Some(Refusal::TargetNotBelow),
            Act::Dispose { to, .. } => self.refuses_destination(to),
            Act::Recategorize { about_officials, .. }
                if *about_officials != self.filing.unit_complained_of.is_some() =>
            {
                Some(Refusal::CategorySide)
            }
            Act::SetEstimate { finish, today } if finish < today => Some(Refusal::EstimatePast),
            Act::SubmitFollowUp { lacks_evidence: true, .. } => Some(Refusal::EvidenceRequired),
            Act::ApproveFollowUp { workers, .. } | Act::AnswerFinding { workers }
                if by.person.is_some_and(|person| workers.contains(&person)) =>
            {
                Some(Refusal::ValidatorWorkedOnReport)
            }
            Act::ApproveFollowUp { open_findings, .. } if !open_findings.is_empty() => {
                Some(Refusal::FindingsOpen(open_findings.clone()))
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
}
