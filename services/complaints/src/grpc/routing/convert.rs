//! Between the contract's messages on routing and the domain's types, parsed once.

use jiff::{
    Timestamp,
    civil::{Date, Time},
};
use kit::status;
use proto::complaints::v1;
use tonic::Status;

use super::refused;
use crate::{
    app::routing::{Imported, Resolved, Simulated},
    domain::{
        ComplaintId, UnitId,
        place::{Match, Point},
        routing::{Condition, Rule, Window},
    },
    grpc::status::DOMAIN,
};

/// Moves and problems that an answer has at most.
const MOST_SHOWN: usize = 1_000;

/// The point of a request.
pub(in crate::grpc) fn point(point: Option<v1::Point>) -> Result<Option<Point>, Status> {
    let Some(point) = point else {
        return Ok(None);
    };
    let refused = |field: &str, why: &str| Err(status::invalid_field(field, why).status(DOMAIN));
    match Point::try_new(point.latitude, point.longitude) {
        Some(point) => Ok(Some(point)),
        None if Point::try_new(point.latitude, 0.0).is_none() => {
            refused("point.latitude", "must be -90 to 90 degrees")
        }
        None => refused("point.longitude", "must be -180 to 180 degrees"),
    }
}

/// A filed report with the place that it was filed with.
pub(in crate::grpc) fn filed(
    filed: v1::FileComplaintResponse,
    kelurahan_given: String,
    place: (Option<Point>, String),
) -> v1::FileComplaintResponse {
    let complaint = filed.complaint.map(|complaint| crate::grpc::convert::placed(complaint, place));
    let kelurahan_corrected = !kelurahan_given.is_empty()
        && complaint.as_ref().is_some_and(|complaint| complaint.kelurahan_code != kelurahan_given);
    v1::FileComplaintResponse { complaint, kelurahan_corrected, ..filed }
}

/// An instant of a request.
pub(super) fn time(field: &str, time: Option<prost_types::Timestamp>) -> Result<Option<Timestamp>, Status> {
    let parsed = time.map(|time| kit::clock::from_proto(&time)).transpose();
    parsed.map_err(|_| status::invalid_field(field, "must be a time that there is").status(DOMAIN))
}

/// Rules as they came in.
pub(super) fn to_rules(rules: &[v1::RoutingRule]) -> Result<Vec<Rule>, Status> {
    rules.iter().enumerate().map(|(number, rule)| to_rule(number, rule)).collect()
}

fn to_rule(number: usize, rule: &v1::RoutingRule) -> Result<Rule, Status> {
    let unit = rule.unit.strip_prefix("units/").and_then(|id| id.parse().ok());
    let categories = rule.categories.iter().map(|name| name.trim_start_matches("categories/").to_owned());
    Ok(Rule {
        note: rule.note.clone(),
        categories: categories.collect(),
        area_codes: rule.area_codes.clone(),
        assets: rule.assets.clone(),
        window: rule.time.as_ref().map_or_else(|| Ok(Window::default()), |time| to_window(number, time))?,
        unit: UnitId(unit.ok_or_else(|| refused::rule_field(number, "unit", "must be units/{uuid}"))?),
    })
}

fn to_window(number: usize, time: &v1::RoutingTime) -> Result<Window, Status> {
    let day = |field: &str, text: &str| match text {
        "" => Ok(None),
        text => text.parse::<Date>().map(Some).map_err(|_| {
            refused::rule_field(number, &format!("time.{field}"), "must be a day that there is")
        }),
    };
    let hour = |field: &str, text: &str| {
        Time::strptime("%H:%M", text)
            .map_err(|_| refused::rule_field(number, &format!("time.{field}"), "must be a time as HH:MM"))
    };
    let hours = match (time.from_time.as_str(), time.until_time.as_str()) {
        ("", "") => None,
        (from, until) => Some((hour("from_time", from)?, hour("until_time", until)?)),
    };
    let days = (day("from_date", &time.from_date)?, day("until_date", &time.until_date)?);
    let weekdays = time.weekdays.iter().filter_map(|day| i8::try_from(*day).ok()).collect();
    Window::try_new(days, weekdays, hours).map_err(|why| refused::window(number, why))
}

/// A rule as the contract shows it.
pub(super) fn rule(rule: &Rule) -> v1::RoutingRule {
    let window = &rule.window;
    let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let (from_date, until_date) = window.dates();
    let hours = window.hours().map(|(from, until)| {
        let text = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
        (text(from), text(until))
    });
    let (from_time, until_time) = hours.unwrap_or_default();
    let time = v1::RoutingTime {
        from_date: day(from_date),
        until_date: day(until_date),
        weekdays: window.weekdays().iter().map(|day| i32::from(*day)).collect(),
        from_time,
        until_time,
    };
    v1::RoutingRule {
        note: rule.note.clone(),
        categories: rule.categories.iter().map(|id| format!("categories/{id}")).collect(),
        area_codes: rule.area_codes.clone(),
        assets: rule.assets.clone(),
        time: (*window != Window::default()).then_some(time),
        unit: rule.unit.to_string(),
    }
}

/// A unit that was found, and why.
pub(super) fn resolved(resolved: Resolved) -> v1::ResolveUnitResponse {
    let metres = resolved.found.as_ref().map_or(0, |found| (found.boundary_millimetres + 500) / 1_000);
    let failed = (1..).zip(&resolved.verdict.failed);
    v1::ResolveUnitResponse {
        unit: resolved.unit.to_string(),
        kelurahan_code: resolved.kelurahan_code,
        place_match: match resolved.found.map(|found| found.how) {
            Some(Match::Within) => v1::PlaceMatch::Within.into(),
            Some(Match::Nearest) => v1::PlaceMatch::Nearest.into(),
            None => v1::PlaceMatch::Given.into(),
        },
        boundary_distance_meters: i32::try_from(metres).unwrap_or(i32::MAX),
        matched_rule: resolved.verdict.matched.map_or(0, |(number, _)| count(number + 1)),
        verdicts: failed
            .map(|(rule, failed)| v1::RuleVerdict { rule, failed_condition: condition(*failed).into() })
            .collect(),
        replaced_units: resolved.replaced.iter().map(UnitId::to_string).collect(),
        etag: resolved.rules_version.to_string(),
    }
}

fn condition(condition: Condition) -> v1::RuleCondition {
    match condition {
        Condition::Category => v1::RuleCondition::Category,
        Condition::Area => v1::RuleCondition::Area,
        Condition::Asset => v1::RuleCondition::Asset,
        Condition::Time => v1::RuleCondition::Time,
    }
}

/// What rules would change.
pub(super) fn simulated(simulated: Simulated) -> v1::SimulateRoutingRulesResponse {
    let moves = &simulated.moves;
    v1::SimulateRoutingRulesResponse {
        examined: count(simulated.examined),
        moved: count(moves.iter().map(|moved| moved.count).sum()),
        without_unit: count(simulated.without_unit),
        rule_matches: simulated.matches.into_iter().map(count).collect(),
        unmatched: count(simulated.unmatched),
        moves: moves
            .iter()
            .take(MOST_SHOWN)
            .map(|moved| v1::RoutingMove {
                from_unit: moved.from.to_string(),
                to_unit: moved.to.to_string(),
                count: count(moved.count),
                example: ComplaintId(moved.example).to_string(),
            })
            .collect(),
        etag: simulated.rules_version.to_string(),
    }
}

/// What was imported.
pub(super) fn imported(imported: Imported) -> v1::ImportBoundariesResponse {
    let problems = imported.problems.into_iter().take(MOST_SHOWN).map(|problem| v1::BoundaryProblem {
        feature: problem.feature.map_or(-1, count),
        path: problem.path,
        problem: problem.problem,
    });
    v1::ImportBoundariesResponse {
        etag: imported.version.to_string(),
        features: count(imported.features),
        positions: count(imported.positions),
        unserved_codes: imported.unserved_codes,
        problems: problems.collect(),
    }
}

/// A number of things, of which there are never too many.
pub(super) fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
