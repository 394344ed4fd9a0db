//! Studies and their results as the contract shows them.

use kit::clock::to_proto;
use proto::evaluation::v1;

use crate::domain::{
    Period,
    trial::{Conclusion, Outcome, Reason, Study, StudyState, Verdict},
};

/// A study with its data.
pub(crate) fn study(study: &Study) -> v1::Study {
    let (state, result) = match &study.state {
        StudyState::Registered => (v1::StudyState::Registered, None),
        StudyState::Concluded(conclusion) => (v1::StudyState::Concluded, Some(result(study, conclusion))),
    };
    v1::Study {
        name: study.id.to_string(),
        title: study.title.clone(),
        intervention: study.intervention.map(|programme| programme.to_string()).unwrap_or_default(),
        outcome: outcome(study.design.outcome).into(),
        treated_units: study.design.treated.clone(),
        comparison_units: study.design.comparison.clone(),
        pre_periods: periods(&study.design.pre),
        post_periods: periods(&study.design.post),
        seed: study.seed,
        data: data(study),
        state: state.into(),
        result,
        registered_by: study.registered_by.map(|person| person.to_string()).unwrap_or_default(),
        create_time: Some(to_proto(study.created_at)),
        update_time: Some(to_proto(study.updated_at)),
        etag: study.etag(),
    }
}

/// What came out of a study.
pub(crate) fn result(study: &Study, conclusion: &Conclusion) -> v1::StudyResult {
    let placebo = conclusion.placebo.map(|placebo| v1::Placebo {
        effect: placebo.effect,
        p: placebo.p.value(),
        p_numerator: placebo.p.numerator,
        p_denominator: placebo.p.denominator,
        rejects: placebo.rejects,
    });
    let pre = study.design.pre.len();
    let means = study.design.periods().zip(&conclusion.means).enumerate();
    v1::StudyResult {
        verdict: verdict(conclusion.verdict).into(),
        reason: conclusion.reason.map_or(v1::StudyReason::Unspecified, reason).into(),
        effect: conclusion.effect,
        standard_error: conclusion.standard_error,
        degrees_of_freedom: conclusion.degrees_of_freedom,
        ci_low: conclusion.ci.map(|(low, _)| low),
        ci_high: conclusion.ci.map(|(_, high)| high),
        p: conclusion.p.map(|p| p.value()),
        p_numerator: conclusion.p.map_or(0, |p| p.numerator),
        p_denominator: conclusion.p.map_or(0, |p| p.denominator),
        placebo,
        method: conclusion.method.clone(),
        seed: study.seed,
        data_sha256: conclusion.data_sha256.clone(),
        means: means
            .map(|(at, (period, (treated_mean, comparison_mean)))| v1::PeriodMeans {
                period: period.to_string(),
                post: at >= pre,
                treated_mean: *treated_mean,
                comparison_mean: *comparison_mean,
            })
            .collect(),
        run_time: Some(to_proto(conclusion.run_at)),
    }
}

/// Periods as the contract writes them.
pub(crate) fn periods(periods: &[Period]) -> Vec<String> {
    periods.iter().map(Period::to_string).collect()
}

/// What a study compares.
pub(crate) fn outcome(outcome: Outcome) -> v1::StudyOutcome {
    match outcome {
        Outcome::Ikm => v1::StudyOutcome::Ikm,
        Outcome::Given => v1::StudyOutcome::Given,
    }
}

fn data(study: &Study) -> Option<v1::StudyData> {
    if study.values.is_empty() {
        return None;
    }
    let units = study.design.treated.iter().chain(&study.design.comparison);
    let rows = study.values.chunks(study.design.periods().count());
    let series =
        units.zip(rows).map(|(unit, values)| v1::UnitSeries { unit: unit.clone(), values: values.to_vec() });
    Some(v1::StudyData { series: series.collect() })
}

fn verdict(verdict: Verdict) -> v1::StudyVerdict {
    match verdict {
        Verdict::Improved => v1::StudyVerdict::Improved,
        Verdict::Worsened => v1::StudyVerdict::Worsened,
        Verdict::Inconclusive => v1::StudyVerdict::Inconclusive,
        Verdict::NotEstimable => v1::StudyVerdict::NotEstimable,
    }
}

fn reason(reason: Reason) -> v1::StudyReason {
    match reason {
        Reason::TooFewUnits => v1::StudyReason::TooFewUnits,
        Reason::TooFewPeriods => v1::StudyReason::TooFewPeriods,
        Reason::ValuesMissing => v1::StudyReason::ValuesMissing,
        Reason::Staggered => v1::StudyReason::Staggered,
        Reason::ComparisonTreated => v1::StudyReason::ComparisonTreated,
        Reason::NotTreated => v1::StudyReason::NotTreated,
        Reason::NoInterval => v1::StudyReason::NoInterval,
        Reason::IntervalHoldsZero => v1::StudyReason::IntervalHoldsZero,
        Reason::PTooLarge => v1::StudyReason::PTooLarge,
        Reason::PlaceboRejects => v1::StudyReason::PlaceboRejects,
    }
}
