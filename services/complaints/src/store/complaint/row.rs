//! A report's row, and the report that it is.

use kit::stored::{Day, Instant};
use uuid::Uuid;

use super::Loaded;
use crate::domain::{
    Closing, Complaint, ComplaintId, Confirmation, Counts, Deadline, Due, Filing, Kind, Outcome, Phase,
    Priority, RejectReason, Responsibility, Stage, State, UnitId,
};

/// A query that answers rows of reports: what stands before its SELECT, then FROM and the rest, then the arguments.
macro_rules! rows {
    ($before:tt, $from:tt, $($arguments:tt)*) => {
        sqlx::query_as!(
            Row,
            $before
                + r#"SELECT id, number, version, category, kind, text, kelurahan_code, channel, channel_reference,
                  code_generation, code_key, unit_complained_of, units, units_from AS "units_from: Vec<Instant>", state,
                  proposed_outcome, confirmation, rating, question, asked_at, reject_reason, rejected_at,
                  merged_into, state_before_merge, filed_at, updated_at, first_accepted_at,
                  resolved_times AS "resolved_times: Vec<Instant>", reopened_times AS "reopened_times: Vec<Instant>",
                  closed_at, verified, estimated_finish, hops, rejected_follow_ups, questions, supporters,
                  ping_pong, priority, dues, dues_from AS "dues_from: Vec<Instant>",
                  dues_at AS "dues_at: Vec<Instant>", dues_stage, stopped_seconds, red_flagged_at, state_since, breaches,
                  escalations, reporter_erased_at, reporter_restricted_at, words_released, recurrence_of,
                  (SELECT wrapped_key FROM complaints.reporter WHERE reporter.complaint = complaint.id) AS wrapped_key
                "# + $from,
            $($arguments)*
        )
    };
}
pub(super) use rows;

/// A report's row.
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) number: String,
    pub(super) version: i64,
    pub(super) category: String,
    pub(super) kind: String,
    pub(super) text: Option<Vec<u8>>,
    pub(super) kelurahan_code: String,
    pub(super) channel: String,
    pub(super) channel_reference: Option<Vec<u8>>,
    pub(super) code_generation: i32,
    pub(super) code_key: String,
    pub(super) unit_complained_of: Option<Uuid>,
    pub(super) units: Vec<Uuid>,
    pub(super) units_from: Vec<Instant>,
    pub(super) state: String,
    pub(super) proposed_outcome: Option<String>,
    pub(super) confirmation: Option<String>,
    pub(super) rating: Option<i16>,
    pub(super) question: Option<String>,
    pub(super) asked_at: Option<Instant>,
    pub(super) reject_reason: Option<String>,
    pub(super) rejected_at: Option<Instant>,
    pub(super) merged_into: Option<Uuid>,
    pub(super) state_before_merge: Option<String>,
    pub(super) filed_at: Instant,
    pub(super) updated_at: Instant,
    pub(super) first_accepted_at: Option<Instant>,
    pub(super) resolved_times: Vec<Instant>,
    pub(super) reopened_times: Vec<Instant>,
    pub(super) closed_at: Option<Instant>,
    pub(super) verified: bool,
    pub(super) estimated_finish: Option<Day>,
    pub(super) hops: i32,
    pub(super) rejected_follow_ups: i32,
    pub(super) questions: i32,
    pub(super) supporters: i32,
    pub(super) ping_pong: bool,
    pub(super) priority: String,
    pub(super) dues: Vec<String>,
    pub(super) dues_from: Vec<Instant>,
    pub(super) dues_at: Vec<Instant>,
    pub(super) dues_stage: Vec<String>,
    pub(super) stopped_seconds: i64,
    pub(super) red_flagged_at: Option<Instant>,
    pub(super) state_since: Instant,
    pub(super) breaches: i32,
    pub(super) escalations: i32,
    pub(super) words_released: i64,
    pub(super) reporter_erased_at: Option<Instant>,
    pub(super) reporter_restricted_at: Option<Instant>,
    pub(super) wrapped_key: Option<Vec<u8>>,
    pub(super) recurrence_of: Option<Uuid>,
}

impl Row {
    pub(super) fn load(self) -> Result<Loaded, sqlx::Error> {
        let (phase, deadlines) = (self.phase()?, self.deadlines()?);
        let times = |times: Vec<Instant>| times.into_iter().map(Instant::to_jiff).collect();
        let responsibilities = self
            .units
            .into_iter()
            .zip(self.units_from)
            .map(|(unit, from)| Responsibility { unit: UnitId(unit), from: from.to_jiff() })
            .collect();
        let complaint = Complaint {
            id: ComplaintId(self.id),
            version: self.version,
            filing: Filing {
                number: self.number,
                kind: Kind::from_word(&self.kind).ok_or_else(|| unknown_word(&self.kind))?,
                text: String::new(),
                kelurahan_code: self.kelurahan_code,
                channel: self.channel,
                channel_reference: self.channel_reference,
                unit_complained_of: self.unit_complained_of.map(UnitId),
                recurrence_of: self.recurrence_of.map(ComplaintId),
                filed_at: self.filed_at.to_jiff(),
            },
            category: self.category,
            responsibilities,
            phase,
            updated_at: self.updated_at.to_jiff(),
            first_accepted_at: self.first_accepted_at.map(Instant::to_jiff),
            resolved_times: times(self.resolved_times),
            reopened_times: times(self.reopened_times),
            verified: self.verified,
            estimated_finish: self.estimated_finish.map(Day::to_jiff),
            counts: Counts {
                hops: self.hops,
                rejected_follow_ups: self.rejected_follow_ups,
                questions: self.questions,
                supporters: self.supporters,
                breaches: self.breaches,
                escalations: self.escalations,
            },
            ping_pong: self.ping_pong,
            priority: Priority::from_word(&self.priority).ok_or_else(|| unknown_word(&self.priority))?,
            deadlines,
            stopped_seconds: self.stopped_seconds,
            red_flagged_at: self.red_flagged_at.map(Instant::to_jiff),
            state_since: self.state_since.to_jiff(),
            words_released: self.words_released,
            reporter_erased_at: self.reporter_erased_at.map(Instant::to_jiff),
            reporter_restricted_at: self.reporter_restricted_at.map(Instant::to_jiff),
        };
        Ok(Loaded {
            complaint,
            code_generation: self.code_generation,
            code_key: self.code_key,
            wrapped_key: self.wrapped_key,
            sealed_text: self.text,
        })
    }

    fn deadlines(&self) -> Result<Vec<Deadline>, sqlx::Error> {
        let times = self.dues_from.iter().zip(&self.dues_at);
        let rows = self.dues.iter().zip(&self.dues_stage).zip(times);
        rows.map(|((due, stage), (from, at))| {
            Ok(Deadline {
                due: Due::from_word(due).ok_or_else(|| unknown_word(due))?,
                from: from.to_jiff(),
                at: at.to_jiff(),
                stage: Stage::from_word(stage).ok_or_else(|| unknown_word(stage))?,
            })
        })
        .collect()
    }

    fn phase(&self) -> Result<Phase, sqlx::Error> {
        if self.state != State::Merged.word() {
            return self.phase_of(&self.state);
        }
        match (self.merged_into, &self.state_before_merge) {
            (Some(target), Some(before)) => {
                Ok(Phase::Merged { target: ComplaintId(target), before: Box::new(self.phase_of(before)?) })
            }
            _ => Err(unknown_word(&self.state)),
        }
    }

    fn phase_of(&self, word: &str) -> Result<Phase, sqlx::Error> {
        let state = State::from_word(word).ok_or_else(|| unknown_word(word))?;
        let outcome = self.proposed_outcome.as_deref().and_then(Outcome::from_word);
        let phase = match state {
            State::Submitted => Some(Phase::Submitted),
            State::Coordinating => Some(Phase::Coordinating),
            State::Disposed => Some(Phase::Disposed),
            State::InProgress => Some(Phase::InProgress),
            State::NeedsReporter => self
                .question
                .clone()
                .zip(self.asked_at)
                .map(|(question, asked_at)| Phase::NeedsReporter { question, asked_at: asked_at.to_jiff() }),
            State::AwaitingValidation => outcome.map(|proposed| Phase::AwaitingValidation { proposed }),
            State::Resolved => outcome.map(|outcome| Phase::Resolved { outcome }),
            State::Rejected => self
                .reject_reason()
                .zip(self.rejected_at)
                .map(|(reason, at)| Phase::Rejected { reason, at: at.to_jiff() }),
            State::Merged => None,
            State::Closed => self.closing(outcome).map(Phase::Closed),
        };
        phase.ok_or_else(|| unknown_word(word))
    }

    fn closing(&self, outcome: Option<Outcome>) -> Option<Closing> {
        Some(Closing {
            outcome: outcome?,
            confirmation: Confirmation::from_word(self.confirmation.as_deref()?)?,
            at: self.closed_at?.to_jiff(),
            rating: self.rating,
            merged_into: self.merged_into.map(ComplaintId),
            reject_reason: self.reject_reason(),
        })
    }

    fn reject_reason(&self) -> Option<RejectReason> {
        self.reject_reason.as_deref().and_then(RejectReason::from_word)
    }
}

/// A stored word that this binary doesn't know: a newer one wrote it.
pub(in crate::store) fn unknown_word(word: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("an unknown or incomplete value: {word}").into())
}
