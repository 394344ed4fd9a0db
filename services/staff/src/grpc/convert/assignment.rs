//! Assignments, and who has a seat.

use jiff::{Timestamp, civil::Date};
use kit::clock::{from_proto, to_proto};
use proto::staff::v1;
use uuid::Uuid;

use super::{person, seat};
use crate::{
    app::{AsOf, By, Entry, ToCreate, ToEnd},
    domain::{
        Assignment, AssignmentId, AssignmentKind, Days, Decree, Holder, PersonId, Refusal, SeatId, day,
    },
};

/// A version as the contract shows it.
pub(crate) fn assignment(version: &Assignment) -> v1::Assignment {
    let Assignment { terms, record, .. } = version;
    let name = |person: Option<PersonId>| person.map(|person| person.to_string()).unwrap_or_default();
    v1::Assignment {
        name: version.id.to_string(),
        seat: terms.seat.to_string(),
        person: terms.person.to_string(),
        kind: kind(terms.kind).into(),
        valid_from: terms.days.from().to_string(),
        valid_until: until(terms.days),
        decree_number: record.decree.number.clone(),
        decree_date: record.decree.date.to_string(),
        reason: record.reason.clone(),
        recorded_by: name(record.recorded_by),
        approved_by: name(record.approved_by),
        record_time: Some(to_proto(version.recorded_at)),
        supersede_time: version.superseded_at.map(to_proto),
        create_time: Some(to_proto(version.created_at)),
        etag: version.etag(),
    }
}

/// The first day that is no longer in a range, as the contract writes it: empty while it is open.
pub(crate) fn until(days: Days) -> String {
    days.until().map(|until| until.to_string()).unwrap_or_default()
}

/// Who has a seat, as the contract shows it.
pub(crate) fn holder(holder: &Holder) -> v1::SeatHolder {
    v1::SeatHolder {
        seat: holder.seat.to_string(),
        valid_at: holder.on.to_string(),
        known_at: Some(to_proto(holder.known_at)),
        person: holder.responsible().map(|person| person.to_string()).unwrap_or_default(),
        definitive: holder.definitive.as_ref().map(assignment),
        acting: holder.acting.as_ref().map(assignment),
    }
}

/// A seat in a directory, as the contract shows it.
pub(crate) fn entry(entry: &Entry) -> v1::DirectoryEntry {
    v1::DirectoryEntry {
        seat: Some(seat::seat(&entry.seat)),
        holder: Some(holder(&entry.holder)),
        person_display_name: entry.person_display_name.clone(),
    }
}

/// Whom to assign to what.
pub(crate) fn to_create(request: v1::CreateAssignmentRequest) -> Result<ToCreate, Refusal> {
    let from = required("valid_from", &request.valid_from)?;
    Ok(ToCreate {
        seat: seat::id(&request.seat),
        person: person::id(&request.person),
        kind: to_kind(request.kind()),
        days: Days::try_new(from, day("valid_until", &request.valid_until)?)?,
        by: by(request.decree_number, &request.decree_date, (request.reason, &request.approved_by))?,
    })
}

/// Which assignment to end.
pub(crate) fn to_end(request: v1::EndAssignmentRequest) -> Result<ToEnd, Refusal> {
    Ok(ToEnd {
        assignment: id(&request.name),
        etag: request.etag,
        until: required("valid_until", &request.valid_until)?,
        by: by(request.decree_number, &request.decree_date, (request.reason, &request.approved_by))?,
    })
}

/// A day and a moment; `None` where the moment is none that the contract can write, from year 1 to 9999.
pub(crate) fn as_of(
    valid_at: &str,
    known_at: Option<&prost_types::Timestamp>,
) -> Result<Option<AsOf>, Refusal> {
    let day = day("valid_at", valid_at)?;
    let Some(known_at) = known_at else { return Ok(Some(AsOf { day, known_at: None })) };
    Ok(moment(known_at).map(|known_at| AsOf { day, known_at: Some(known_at) }))
}

/// An instant as Postgres stores it; `None` where it is out of the contract's range.
pub(crate) fn moment(instant: &prost_types::Timestamp) -> Option<Timestamp> {
    let instant = from_proto(instant).ok()?;
    let years = Timestamp::constant(-62_135_596_800, 0)..Timestamp::constant(253_402_207_200, 0);
    let instant = Timestamp::from_microsecond(instant.as_microsecond()).ok()?;
    years.contains(&instant).then_some(instant)
}

/// Where a list goes on after a version, as its page token holds it.
pub(crate) fn to_list_key(version: &Assignment) -> String {
    format!("{} {} {}", version.terms.days.from(), version.id.0, version.version)
}

/// Where a list goes on: `Some(None)` from the start, `None` for a key that is none.
#[expect(clippy::option_option, reason = "the start of a list and a broken key are two things")]
pub(crate) fn list_key(key: &str) -> Option<Option<(Date, Uuid, i64)>> {
    if key.is_empty() {
        return Some(None);
    }
    let mut parts = key.split(' ');
    let mut part = || parts.next();
    Some(Some((part()?.parse().ok()?, part()?.parse().ok()?, part()?.parse().ok()?)))
}

/// Where a directory goes on after a seat, and the day and the moment that its pages keep.
pub(crate) fn to_directory_key((day, known_at): (Date, Timestamp), seat: SeatId) -> String {
    format!("{day} {} {}", known_at.as_microsecond(), seat.0)
}

/// The day, the moment and the seat of a directory's key; `None` for a key that is none.
pub(crate) fn directory_key(key: &str) -> Option<(AsOf, SeatId)> {
    let mut parts = key.split(' ');
    let mut part = || parts.next();
    let day = part()?.parse().ok()?;
    let known_at = Timestamp::from_microsecond(part()?.parse().ok()?).ok()?;
    let as_of = AsOf { day: Some(day), known_at: Some(known_at) };
    Some((as_of, SeatId(part()?.parse().ok()?)))
}

pub(crate) fn kind(kind: AssignmentKind) -> v1::AssignmentKind {
    match kind {
        AssignmentKind::Definitive => v1::AssignmentKind::Definitive,
        AssignmentKind::Plt => v1::AssignmentKind::Plt,
        AssignmentKind::Plh => v1::AssignmentKind::Plh,
    }
}

/// A kind; what is not said, which the contract's rules refuse before, would be definitive.
fn to_kind(kind: v1::AssignmentKind) -> AssignmentKind {
    match kind {
        v1::AssignmentKind::Unspecified | v1::AssignmentKind::Definitive => AssignmentKind::Definitive,
        v1::AssignmentKind::Plt => AssignmentKind::Plt,
        v1::AssignmentKind::Plh => AssignmentKind::Plh,
    }
}

fn by(number: String, date: &str, (reason, approved_by): (String, &str)) -> Result<By, Refusal> {
    let decree = Decree { number, date: required("decree_date", date)? };
    Ok(By { decree, reason, approved_by: (!approved_by.is_empty()).then(|| person::id(approved_by)) })
}

fn required(field: &'static str, text: &str) -> Result<Date, Refusal> {
    day(field, text)?.ok_or(Refusal::Dates { field, why: "is required" })
}

fn id(name: &str) -> AssignmentId {
    AssignmentId::parse(name).unwrap_or(AssignmentId(Uuid::nil()))
}
