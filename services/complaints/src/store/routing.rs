//! Sets of rules, the state that the replicas follow, and who took over from ended units. A set is added and read, never
//! changed.

use std::collections::HashMap;

use jiff::civil::Time;
use kit::stored::{Day, Instant, ToStored};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{
    UnitId,
    routing::{Rule, Rules, Successions, Window},
};

/// Rules that a set has at most.
const MOST_RULES: i64 = 1_000;
/// Successions read at most: each is a unit that ended.
const MOST_SUCCESSIONS: i64 = 20_000;

/// The versions in force; 0 before the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) rules: i64,
    pub(crate) boundaries: i64,
}

/// Who set a set, and when.
#[derive(Clone, Debug)]
pub(crate) struct SetBy {
    pub(crate) subject: String,
    pub(crate) person: Option<Uuid>,
    pub(crate) at: jiff::Timestamp,
}

/// The versions in force.
pub(crate) async fn versions(connection: &mut PgConnection) -> Result<Versions, sqlx::Error> {
    sqlx::query_as!(
        Versions,
        "SELECT rules_version AS rules, boundaries_version AS boundaries FROM complaints.routing_state"
    )
    .fetch_one(connection)
    .await
}

/// The versions in force, which nobody else changes until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection) -> Result<Versions, sqlx::Error> {
    sqlx::query_as!(
        Versions,
        "SELECT rules_version AS rules, boundaries_version AS boundaries FROM complaints.routing_state FOR UPDATE"
    )
    .fetch_one(connection)
    .await
}

/// Adds a set of rules and puts it in force. The caller holds the state's lock.
pub(crate) async fn replace_rules(
    connection: &mut PgConnection,
    (version, by): (i64, &SetBy),
    rules: &Rules,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO complaints.routing_rule_set (version, subject, person, replaced_at) VALUES ($1, $2, $3, $4)",
        version,
        by.subject,
        by.person,
        by.at.stored()
    )
    .execute(&mut *connection)
    .await?;
    for (position, rule) in (1..).zip(&rules.0) {
        insert_rule(connection, (version, position), rule).await?;
    }
    sqlx::query!("UPDATE complaints.routing_state SET rules_version = $1", version)
        .execute(connection)
        .await?;
    Ok(())
}

async fn insert_rule(
    connection: &mut PgConnection,
    (version, position): (i64, i32),
    rule: &Rule,
) -> Result<(), sqlx::Error> {
    let (from_date, until_date) = rule.window.dates();
    let weekdays: Vec<i16> = rule.window.weekdays().iter().map(|day| i16::from(*day)).collect();
    let (from, until) = rule.window.hours().unzip();
    sqlx::query!(
        "INSERT INTO complaints.routing_rule (version, position, note, categories, area_codes, assets, from_date,
             until_date, weekdays, from_minute, until_minute, unit)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        version,
        position,
        rule.note,
        &rule.categories,
        &rule.area_codes,
        &rule.assets,
        from_date.map(ToStored::stored) as _,
        until_date.map(ToStored::stored) as _,
        &weekdays,
        from.map(minute),
        until.map(minute),
        rule.unit.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The set that was in force at a time, or that is where none is given, if there was one: its version, and who set it
/// when.
pub(crate) async fn rule_set_at(
    connection: &mut PgConnection,
    at: Option<jiff::Timestamp>,
) -> Result<Option<(i64, SetBy)>, sqlx::Error> {
    let found = sqlx::query!(
        "SELECT version, subject, person, replaced_at FROM complaints.routing_rule_set
         WHERE $1::timestamptz IS NULL OR replaced_at <= $1 ORDER BY version DESC LIMIT 1",
        at.map(ToStored::stored) as _
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|row| {
        (row.version, SetBy { subject: row.subject, person: row.person, at: row.replaced_at.to_jiff() })
    }))
}

struct RuleRow {
    note: String,
    categories: Vec<String>,
    area_codes: Vec<String>,
    assets: Vec<String>,
    from_date: Option<Day>,
    until_date: Option<Day>,
    weekdays: Vec<i16>,
    from_minute: Option<i16>,
    until_minute: Option<i16>,
    unit: Uuid,
}

/// All rules of a set, in order; none of version 0.
pub(crate) async fn rules(connection: &mut PgConnection, version: i64) -> Result<Rules, sqlx::Error> {
    let rows = sqlx::query_as!(
        RuleRow,
        "SELECT note, categories, area_codes, assets, from_date, until_date, weekdays, from_minute, until_minute, unit
         FROM complaints.routing_rule WHERE version = $1 ORDER BY position LIMIT $2",
        version,
        MOST_RULES
    )
    .fetch_all(connection)
    .await?;
    Ok(Rules(rows.into_iter().map(RuleRow::load).collect::<Result<_, _>>()?))
}

impl RuleRow {
    fn load(self) -> Result<Rule, sqlx::Error> {
        let broken = || sqlx::Error::Decode("a stored rule's time is none".into());
        let dates = (self.from_date.map(Day::to_jiff), self.until_date.map(Day::to_jiff));
        let weekdays = self.weekdays.into_iter().filter_map(|day| i8::try_from(day).ok()).collect();
        let hours = match self.from_minute.zip(self.until_minute) {
            None => None,
            Some((from, until)) => Some((time(from).ok_or_else(broken)?, time(until).ok_or_else(broken)?)),
        };
        Ok(Rule {
            note: self.note,
            categories: self.categories,
            area_codes: self.area_codes,
            assets: self.assets,
            window: Window::try_new(dates, weekdays, hours).map_err(|_| broken())?,
            unit: UnitId(self.unit),
        })
    }
}

fn minute(time: Time) -> i16 {
    i16::from(time.hour()) * 60 + i16::from(time.minute())
}

fn time(minute: i16) -> Option<Time> {
    Time::new(i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?, 0, 0).ok()
}

/// Of codes of areas, those in which a unit serves anything, or which a unit's area holds.
pub(crate) async fn served_areas(
    connection: &mut PgConnection,
    codes: &[String],
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT asked.area AS "area!" FROM unnest($1::text[]) AS asked (area)
           WHERE EXISTS (SELECT FROM complaints.unit, unnest(area_codes) AS served (area)
                         WHERE served.area = asked.area OR starts_with(served.area, asked.area || '.'))"#,
        codes
    )
    .fetch_all(connection)
    .await
}

/// Of ids of units, those that have arrived here.
pub(crate) async fn known_units(
    connection: &mut PgConnection,
    units: &[Uuid],
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!("SELECT id FROM complaints.unit WHERE id = ANY($1)", units)
        .fetch_all(connection)
        .await
}

/// Of ids of categories, those that there are.
pub(crate) async fn known_categories(
    connection: &mut PgConnection,
    categories: &[String],
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT id FROM complaints.category WHERE id = ANY($1)", categories)
        .fetch_all(connection)
        .await
}

/// Keeps the newer of what is stored and what is given of a unit's successors. A unit that never had any leaves no row.
pub(crate) async fn project_succession(
    connection: &mut PgConnection,
    (unit, epoch, version): (Uuid, i64, i64),
    successors: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO complaints.unit_succession AS stored (unit, epoch, version, successors)
         SELECT $1, $2, $3, $4
         WHERE cardinality($4::uuid[]) > 0 OR EXISTS (SELECT FROM complaints.unit_succession WHERE unit = $1)
         ON CONFLICT (unit) DO UPDATE SET epoch = excluded.epoch, version = excluded.version,
             successors = excluded.successors
         WHERE (excluded.epoch, excluded.version) > (stored.epoch, stored.version)",
        unit,
        epoch,
        version,
        successors
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Who took over from whom, and which areas each serves.
pub(crate) async fn successions(connection: &mut PgConnection) -> Result<Successions, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT ended.unit, successor AS "successor!", coalesce(taking.area_codes, '{}') AS "area_codes!"
           FROM complaints.unit_succession ended
                CROSS JOIN LATERAL unnest(ended.successors) WITH ORDINALITY AS next (successor, place)
                LEFT JOIN complaints.unit taking ON taking.id = successor
           ORDER BY ended.unit, place LIMIT $1"#,
        MOST_SUCCESSIONS
    )
    .fetch_all(connection)
    .await?;
    let mut successions: HashMap<UnitId, Vec<(UnitId, Vec<String>)>> = HashMap::new();
    for row in rows {
        let successor = (UnitId(row.successor), row.area_codes);
        successions.entry(UnitId(row.unit)).or_default().push(successor);
    }
    Ok(Successions::new(successions))
}

/// A past report, as rules look at it.
#[derive(Debug)]
pub(crate) struct Past {
    pub(crate) id: Uuid,
    pub(crate) category: String,
    pub(crate) kelurahan_code: String,
    pub(crate) asset: String,
    pub(crate) filed_at: Instant,
}

/// Past reports filed in a part of time, the newest first.
pub(crate) async fn past(
    connection: &mut PgConnection,
    (from, until): (Option<jiff::Timestamp>, Option<jiff::Timestamp>),
    limit: i64,
) -> Result<Vec<Past>, sqlx::Error> {
    sqlx::query_as!(
        Past,
        r#"SELECT id, category, kelurahan_code, coalesce(asset, '') AS "asset!", filed_at
           FROM complaints.complaint LEFT JOIN complaints.complaint_place ON complaint = id
           WHERE ($1::timestamptz IS NULL OR filed_at >= $1) AND ($2::timestamptz IS NULL OR filed_at < $2)
           ORDER BY filed_at DESC, id DESC LIMIT $3"#,
        from.map(ToStored::stored) as _,
        until.map(ToStored::stored) as _,
        limit
    )
    .fetch_all(connection)
    .await
}
