//! Why something can't be routed, or rules and boundaries are not taken, as the caller is told. No answer says where a
//! point is.

use kit::status::Answer;
use proto::{complaints::v1::ErrorReason, options::v1::ErrorReason as Shared};
use tonic::{Code, Status};

use super::super::status::{DOMAIN, own};
use crate::{
    app::routing::Unroutable,
    domain::{
        place::Problem,
        routing::{RuleFault, WhyNot, WindowRefused},
    },
};

/// How many faults are named at most: an error travels in headers, which clients take only so many of.
const MOST_NAMED: usize = 10;

/// The answer to what can't be routed.
pub(in crate::grpc) fn unroutable(unroutable: &Unroutable) -> Answer {
    match unroutable {
        Unroutable::PlaceRequired => {
            let why = "give a point, or a kelurahan, or both";
            own(Code::InvalidArgument, ErrorReason::PlaceRequired, format!("point, kelurahan_code: {why}"))
                .field("point", why)
                .field("kelurahan_code", why)
                .indonesian("Lokasi laporan belum diisi.")
        }
        Unroutable::PointOutside => {
            let why = "lies in no kelurahan, and none is within 250 m";
            own(Code::InvalidArgument, ErrorReason::PointOutside, format!("point: {why}"))
                .field("point", why)
                .indonesian("Lokasi berada di luar wilayah Jakarta.")
        }
        Unroutable::BoundariesMissing => {
            let message =
                "no boundaries were imported yet, so a point alone says nothing; give kelurahan_code";
            own(Code::FailedPrecondition, ErrorReason::BoundariesMissing, message).precondition(
                "BOUNDARIES_MISSING",
                "boundaries",
                message,
            )
        }
        Unroutable::NotYetKnown => own(
            Code::Unavailable,
            ErrorReason::RoutingNotYetKnown,
            "rules and boundaries were not read yet; try again",
        )
        .retry(),
        Unroutable::Rule(fault) => rule(fault),
        Unroutable::Boundaries(problems) => boundaries(problems),
        Unroutable::EtagMismatch => Answer::shared(
            Code::Aborted,
            Shared::EtagMismatch,
            "this changed since you read it; read it again",
        ),
    }
}

fn rule(fault: &RuleFault) -> Answer {
    let at = fault.rule;
    let (reason, field, why) = match fault.why {
        WhyNot::CategoryUnknown(which) => (
            ErrorReason::RuleInvalid,
            format!("rules[{at}].categories[{which}]"),
            "there is no such category",
        ),
        WhyNot::AreaUnknown(which) => (
            ErrorReason::RuleInvalid,
            format!("rules[{at}].area_codes[{which}]"),
            "no unit serves anything in this area",
        ),
        WhyNot::UnitUnknown => {
            (ErrorReason::RuleInvalid, format!("rules[{at}].unit"), "no unit of this name is known here")
        }
        WhyNot::TakenBefore(earlier) => {
            let why = format!("no report comes to it: rule {} takes them all", earlier + 1);
            return own(
                Code::InvalidArgument,
                ErrorReason::RuleMatchesNothing,
                format!("rules[{at}]: {why}"),
            )
            .field(format!("rules[{at}]"), why);
        }
    };
    own(Code::InvalidArgument, reason, format!("{field}: {why}")).field(field, why)
}

/// The status for a rule whose time is empty.
pub(super) fn window(rule: usize, refused: WindowRefused) -> Status {
    let (field, why) = match refused {
        WindowRefused::NoDay => ("until_date", "must be after from_date"),
        WindowRefused::NoHour => ("until_time", "must differ from from_time"),
    };
    let field = format!("rules[{rule}].time.{field}");
    own(Code::InvalidArgument, ErrorReason::RuleMatchesNothing, format!("{field}: {why}"))
        .field(field, why)
        .status(DOMAIN)
}

/// The status for a rule with a field that says nothing.
pub(super) fn rule_field(rule: usize, field: &str, why: &str) -> Status {
    let field = format!("rules[{rule}].{field}");
    own(Code::InvalidArgument, ErrorReason::RuleInvalid, format!("{field}: {why}"))
        .field(field, why)
        .status(DOMAIN)
}

fn boundaries(problems: &[Problem]) -> Answer {
    let named = |problem: &Problem| match problem.feature {
        Some(feature) => format!("features[{feature}].{}", problem.path),
        None => problem.path.clone(),
    };
    let first =
        problems.first().map(|problem| format!("{} {}", named(problem), problem.problem)).unwrap_or_default();
    let more = match problems.len().saturating_sub(1) {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let message = format!("the file is refused: {}{more}", first.trim_start());
    let answer = own(Code::InvalidArgument, ErrorReason::BoundariesInvalid, message)
        .fact("problems", problems.len().to_string());
    let shown = problems.iter().take(MOST_NAMED);
    shown.fold(answer, |answer, problem| answer.field(named(problem), problem.problem.clone()))
}
