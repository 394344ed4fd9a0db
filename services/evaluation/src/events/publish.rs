//! From what was published, raised or concluded to the public event.

use kit::events::Event;
use proto::evaluation::events::v1::{IndexPublished, StudyConcluded, TrainingNeedIdentified};

use crate::{
    domain::{
        published::Published,
        signal::Signal,
        trial::{Conclusion, Outcome, Study},
    },
    grpc::convert,
};

/// Tells that an index was published.
pub(crate) fn index(published: &Published) -> Event {
    let index = convert::index(published);
    Event::new(
        crate::SERVICE,
        ("index", "published"),
        (published.id, 1),
        index.name.clone(),
        published.published_at,
        &IndexPublished { index: Some(index) },
    )
}

/// Tells that training is needed.
pub(crate) fn need(signal: &Signal) -> Event {
    let shown = convert::signal(signal);
    let message = TrainingNeedIdentified {
        need: shown.need,
        signal: shown.name.clone(),
        unit: shown.unit,
        norm: shown.norm,
        element: shown.element,
        evidence: shown.evidence,
    };
    Event::new(
        crate::SERVICE,
        ("training_need", "identified"),
        (signal.id.0, signal.version),
        shown.name,
        signal.created_at,
        &message,
    )
}

/// Tells what came out of a study. Labels of units stay with the study.
pub(crate) fn study(study: &Study, conclusion: &Conclusion) -> Event {
    let units = |units: &[String]| match study.design.outcome {
        Outcome::Ikm => units.to_vec(),
        Outcome::Given => Vec::new(),
    };
    let message = StudyConcluded {
        study: study.id.to_string(),
        intervention: study.intervention.map(|programme| programme.to_string()).unwrap_or_default(),
        outcome: convert::outcome(study.design.outcome).into(),
        treated_units: units(&study.design.treated),
        comparison_units: units(&study.design.comparison),
        pre_periods: convert::periods(&study.design.pre),
        post_periods: convert::periods(&study.design.post),
        result: Some(convert::result(study, conclusion)),
    };
    Event::new(
        crate::SERVICE,
        ("study", "concluded"),
        (study.id.0, study.version),
        study.id.to_string(),
        conclusion.run_at,
        &message,
    )
}
