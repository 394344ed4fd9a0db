//! Between the contract's messages and the domain's types, parsed once.

mod index;
mod study;

use jiff::Timestamp;
use kit::clock::to_proto;
use proto::evaluation::v1;
use tonic::Status;
use uuid::Uuid;

use super::status::DOMAIN;
use crate::{
    domain::{
        Period,
        signal::{PeriodEvidence, Signal, SignalState},
        survey::{Round, RoundState, Survey},
    },
    store::norm::NormRecord,
};

pub(crate) use index::{aggregate, index};
pub(crate) use study::{outcome, periods, result, study};

/// The period that a field holds; the contract's pattern lets years through that are none.
pub(super) fn period(field: &str, text: &str) -> Result<Period, Status> {
    let why = "must be a month, quarter or year of the years 0001 to 9998";
    Period::parse(text).ok_or_else(|| kit::status::invalid_field(field, why).status(DOMAIN))
}

/// Hundredths as the contract writes them, such as `82.45`.
pub(crate) fn hundredths(value: impl Into<i64>) -> String {
    decimal(value.into(), 2)
}

/// Ten-thousandths as the contract writes them, such as `3.2917`.
fn ten_thousandths(value: i64) -> String {
    decimal(value, 4)
}

fn decimal(value: i64, places: u32) -> String {
    let (sign, size, unit) = (if value < 0 { "-" } else { "" }, value.unsigned_abs(), 10_u64.pow(places));
    let width = usize::try_from(places).expect("a few");
    format!("{sign}{}.{:0width$}", size / unit, size % unit)
}

/// A target that the contract's pattern let pass, in hundredths; none where it is empty.
pub(super) fn target(text: &str) -> Option<i32> {
    text.replace('.', "").parse().ok()
}

/// A norm as the contract shows it.
pub(super) fn norm(record: &NormRecord) -> v1::Norm {
    let elements = record.norm.elements().iter().zip(&record.elements_en);
    let bound =
        |grade: v1::Grade, lower: &str| v1::GradeBound { grade: grade.into(), lower_bound: lower.to_owned() };
    v1::Norm {
        name: format!("norms/{}", record.norm.id().code),
        display_name_id: record.name_id.clone(),
        display_name_en: record.name_en.clone(),
        regulation: record.regulation.clone(),
        elements: elements
            .map(|(element, name_en)| v1::NormElement {
                code: element.code.clone(),
                display_name_id: element.name_id.clone(),
                display_name_en: name_en.clone(),
                weight_numerator: i64::try_from(element.weight.numer()).unwrap_or_default(),
                weight_denominator: i64::try_from(element.weight.denom()).unwrap_or_default(),
            })
            .collect(),
        lowest_score: 1,
        highest_score: 4,
        grade_bounds: vec![
            bound(v1::Grade::A, "88.31"),
            bound(v1::Grade::B, "76.61"),
            bound(v1::Grade::C, "65.00"),
            bound(v1::Grade::D, "25.00"),
        ],
    }
}

/// A survey as the contract shows it.
pub(super) fn survey(survey: &Survey) -> v1::Survey {
    v1::Survey {
        name: survey.id.to_string(),
        norm: format!("norms/{}", survey.norm),
        title: survey.title.clone(),
        create_time: Some(to_proto(survey.created_at)),
        update_time: Some(to_proto(survey.updated_at)),
        etag: survey.etag(),
    }
}

/// A round as the contract shows it.
pub(super) fn round(round: &Round) -> v1::Round {
    let unit = |unit: &crate::domain::survey::RoundUnit| v1::RoundUnit {
        unit: unit.unit.to_string(),
        population: unit.population,
    };
    let (state, close_time) = match round.state {
        RoundState::Open => (v1::RoundState::Open, None),
        RoundState::Closed { at } => (v1::RoundState::Closed, Some(to_proto(at))),
    };
    v1::Round {
        name: round.name.to_string(),
        period: round.period.to_string(),
        units: round.units.iter().map(unit).collect(),
        target_index: round.target_hundredths.map(hundredths).unwrap_or_default(),
        state: state.into(),
        close_time,
        create_time: Some(to_proto(round.created_at)),
        update_time: Some(to_proto(round.updated_at)),
        etag: round.etag(),
    }
}

/// A signal as the contract shows it.
pub(crate) fn signal(signal: &Signal) -> v1::Signal {
    let state = match signal.state {
        SignalState::Open => v1::SignalState::Open,
        SignalState::Answered => v1::SignalState::Answered,
    };
    v1::Signal {
        name: signal.id.to_string(),
        kind: v1::SignalKind::TrainingNeed.into(),
        need: format!("needs/{}", signal.id.0),
        unit: signal.unit.to_string(),
        norm: format!("norms/{}", signal.norm),
        element: signal.element.clone(),
        evidence: Some(v1::SignalEvidence {
            periods: signal.periods.iter().map(evidence).collect(),
            as_known_at: Some(to_proto(signal.as_known_at)),
        }),
        state: state.into(),
        create_time: Some(to_proto(signal.created_at)),
        update_time: Some(to_proto(signal.updated_at)),
        etag: signal.etag(),
    }
}

fn evidence(evidence: &PeriodEvidence) -> v1::PeriodEvidence {
    let element = crate::domain::published::Element {
        code: String::new(),
        answers: evidence.element_answers,
        sum: evidence.element_sum,
        ci: None,
    };
    v1::PeriodEvidence {
        period: evidence.period.to_string(),
        round: evidence.round.to_string(),
        respondents: evidence.respondents,
        ikm: hundredths(evidence.ikm_hundredths),
        ci_low: hundredths(evidence.ci.0),
        ci_high: hundredths(evidence.ci.1),
        target_index: hundredths(evidence.target_hundredths),
        p: evidence.p,
        element_answers: evidence.element_answers,
        element_mean: element.mean_ten_thousandths().map(ten_thousandths).unwrap_or_default(),
    }
}

/// A state to list by; empty where none is said.
pub(super) fn state(name: &str, prefix: &str) -> String {
    let word = name.strip_prefix(prefix).unwrap_or(name);
    if word == "UNSPECIFIED" { String::new() } else { word.to_owned() }
}

/// Where a list by time goes on after a resource, as its page token holds it.
pub(super) fn to_time_key(at: Timestamp, id: Uuid) -> String {
    format!("{} {id}", at.as_microsecond())
}

/// Reads it.
pub(super) fn time_key(key: &str) -> Option<(Timestamp, Uuid)> {
    let (microsecond, id) = key.split_once(' ')?;
    Some((Timestamp::from_microsecond(microsecond.parse().ok()?).ok()?, id.parse().ok()?))
}
