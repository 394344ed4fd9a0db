//! Signals: that a unit's indices of two periods running show a need for training. It decides nothing more.

use jiff::Timestamp;
use num_traits::ToPrimitive;

use super::{
    Period, RoundName, SignalId, UnitId,
    index::ElementProof,
    need::{self, Measure, Rule, UnitFigure},
    published::{Element, Published},
};

/// A signal that training is needed.
#[derive(Clone, Debug)]
pub(crate) struct Signal {
    pub(crate) id: SignalId,
    pub(crate) version: i64,
    pub(crate) unit: UnitId,
    pub(crate) norm: String,
    pub(crate) element: String,
    pub(crate) periods: Vec<PeriodEvidence>,
    pub(crate) as_known_at: Timestamp,
    pub(crate) state: SignalState,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// Whether the need was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignalState {
    Open,
    Answered,
}

/// What one period shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PeriodEvidence {
    pub(crate) period: Period,
    pub(crate) round: RoundName,
    pub(crate) respondents: i64,
    pub(crate) ikm_hundredths: i32,
    pub(crate) ci: (i64, i64),
    pub(crate) target_hundredths: i32,
    /// One-sided, 0 to 1.
    pub(crate) p: f64,
    pub(crate) element_answers: i64,
    pub(crate) element_sum: i64,
}

/// A need that the indices show.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) unit: UnitId,
    pub(crate) element: String,
    pub(crate) periods: Vec<PeriodEvidence>,
}

impl SignalState {
    /// As it is stored.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Answered => "ANSWERED",
        }
    }

    /// Reads what is stored.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Open, Self::Answered].into_iter().find(|state| state.word() == word)
    }
}

impl Signal {
    /// Changes with every change.
    pub(crate) fn etag(&self) -> String {
        self.version.to_string()
    }
}

/// The needs that two periods running show, by unit. Both are the published indices of one survey's round; a round
/// without a target shows none.
pub(crate) fn shown(rule: &Rule, earlier: &[Published], latest: &[Published]) -> Vec<Shown> {
    let (Some(before), Some(after)) = (figures(earlier), figures(latest)) else { return Vec::new() };
    // The rule's own numbers are in range, each round has a unit once, and a figure is made of a published index.
    let needs = need::needs(rule, &[before, after]).unwrap_or_default();
    let evidence = |need: &need::Need| -> Option<Vec<PeriodEvidence>> {
        let rounds = [earlier, latest].into_iter().zip(&need.evidence);
        rounds.map(|(round, found)| period_evidence(round, need, found.p_value)).collect()
    };
    needs
        .iter()
        .filter_map(|need| {
            let unit = need.unit.parse().ok().map(UnitId)?;
            Some(Shown { unit, element: need.element.clone(), periods: evidence(need)? })
        })
        .collect()
}

fn figures(round: &[Published]) -> Option<need::Period> {
    let number = round.first()?.period.number();
    Some(need::Period { number, figures: round.iter().filter_map(figure).collect() })
}

fn figure(published: &Published) -> Option<UnitFigure> {
    let value = published.measured.value()?;
    let measure = Measure {
        respondents: published.measured.respondents().unsigned_abs(),
        value: value.exact.to_f64()?,
        standard_error: value.standard_error,
        target: f64::from(published.target_hundredths?) / 100.0,
    };
    let proof = |element: &Element| ElementProof {
        code: element.code.clone(),
        n: element.answers.unsigned_abs(),
        sum: element.sum.unsigned_abs(),
    };
    let elements = published.measured.elements().iter().map(proof).collect();
    UnitFigure::try_new(published.unit.0.to_string(), measure, elements).ok()
}

fn period_evidence(round: &[Published], need: &need::Need, p: f64) -> Option<PeriodEvidence> {
    let published = round.iter().find(|published| published.unit.0.to_string() == need.unit)?;
    let value = published.measured.value()?;
    let element = published.measured.elements().iter().find(|element| element.code == need.element)?;
    Some(PeriodEvidence {
        period: published.period,
        round: published.round,
        respondents: published.measured.respondents(),
        ikm_hundredths: value.hundredths,
        ci: value.ci,
        target_hundredths: published.target_hundredths?,
        p,
        element_answers: element.answers,
        element_sum: element.sum,
    })
}
