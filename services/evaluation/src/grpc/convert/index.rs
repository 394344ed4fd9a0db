//! Published indices as the contract shows them.

use kit::clock::to_proto;
use proto::evaluation::v1;

use super::{hundredths, ten_thousandths};
use crate::domain::{
    index::Grade,
    published::{self, Aggregate, Element, Measured, Published},
};

/// An index; nothing of it where it is suppressed.
pub(crate) fn index(published: &Published) -> v1::Index {
    let reason = match &published.measured {
        Measured::Suppressed => v1::NoIndexReason::TooFewRespondents,
        Measured::ElementUnanswered { .. } => v1::NoIndexReason::ElementUnanswered,
        Measured::Index { .. } => v1::NoIndexReason::Unspecified,
    };
    let mut index = v1::Index {
        name: format!("{}/indices/{}", published.round, published.unit.0),
        round: published.round.to_string(),
        unit: published.unit.to_string(),
        period: published.period.to_string(),
        norm: format!("norms/{}", published.norm),
        respondents: published.measured.respondents(),
        target_index: published.target_hundredths.map(hundredths).unwrap_or_default(),
        proof: published.measured.elements().iter().map(proof).collect(),
        suppressed: published.measured == Measured::Suppressed,
        no_index_reason: reason.into(),
        publish_time: Some(to_proto(published.published_at)),
        ..v1::Index::default()
    };
    if let Some(value) = published.measured.value() {
        let (low, high) = value.ci;
        index.ikm = hundredths(value.hundredths);
        index.numerator = value.exact.numer().to_string();
        index.denominator = value.exact.denom().to_string();
        index.grade = grade(value.hundredths.into());
        (index.ci_low, index.ci_high) = (hundredths(low), hundredths(high));
        (index.grade_low, index.grade_high) = (grade(low), grade(high));
    }
    index
}

/// Several as one.
pub(crate) fn aggregate(aggregate: &Aggregate) -> v1::Aggregate {
    v1::Aggregate {
        unweighted_ikm: hundredths(aggregate.unweighted_hundredths),
        respondent_weighted_ikm: hundredths(aggregate.weighted_hundredths),
        unweighted_grade: grade(aggregate.unweighted_hundredths.into()),
        respondent_weighted_grade: grade(aggregate.weighted_hundredths.into()),
        indices: aggregate.indices,
        respondents: aggregate.respondents,
    }
}

fn proof(element: &Element) -> v1::ElementProof {
    let bound = |pick: fn((i64, i64)) -> i64| element.ci.map(pick).map(ten_thousandths).unwrap_or_default();
    v1::ElementProof {
        element: element.code.clone(),
        answers: element.answers,
        score_sum: element.sum,
        mean: element.mean_ten_thousandths().map(ten_thousandths).unwrap_or_default(),
        mean_ci_low: bound(|(low, _)| low),
        mean_ci_high: bound(|(_, high)| high),
    }
}

fn grade(hundredths: i64) -> i32 {
    let grade = match published::grade(hundredths) {
        Grade::A => v1::Grade::A,
        Grade::B => v1::Grade::B,
        Grade::C => v1::Grade::C,
        Grade::D => v1::Grade::D,
    };
    grade.into()
}
