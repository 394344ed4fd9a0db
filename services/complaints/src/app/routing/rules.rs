//! Listing rules, and replacing them as a whole.

use std::collections::HashSet;

use jiff::Timestamp;
use kit::{
    database::Deadline,
    identity::Caller,
    request::{Claim, RequestKey, claim},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{App, Failure, Unroutable};
use crate::{
    domain::routing::{Names, Rule, Rules},
    store::{self, routing::SetBy},
};

/// A set of rules.
#[derive(Debug)]
pub(crate) struct ListedRules {
    pub(crate) version: i64,
    /// None before the first set.
    pub(crate) by: Option<SetBy>,
    pub(crate) rules: Vec<Rule>,
}

/// What is to replace the rules.
#[derive(Debug)]
pub(crate) struct ToReplace {
    /// Empty to replace any.
    pub(crate) etag: String,
    pub(crate) rules: Rules,
}

/// The caller, as it is written down beside what it set.
pub(super) fn set_by(caller: &Caller, at: Timestamp) -> SetBy {
    let subject = match &caller.actor {
        Some(actor) => format!("{} by {actor}", caller.subject),
        None => caller.subject.clone(),
    };
    SetBy { subject, person: caller.person, at }
}

/// Refuses an etag that is not of the version in force.
pub(super) fn check_etag(etag: &str, version: i64) -> Result<(), Unroutable> {
    if etag.is_empty() || etag == version.to_string() { Ok(()) } else { Err(Unroutable::EtagMismatch) }
}

/// Refuses rules of which one can't stand.
pub(super) async fn check(connection: &mut PgConnection, rules: &Rules) -> Result<(), Failure> {
    let all = |of: fn(&Rule) -> &Vec<String>| {
        let all: HashSet<String> = rules.0.iter().flat_map(|rule| of(rule).iter().cloned()).collect();
        all.into_iter().collect::<Vec<String>>()
    };
    let units: Vec<Uuid> = rules.0.iter().map(|rule| rule.unit.0).collect();
    let names = Names {
        categories: store::routing::known_categories(connection, &all(|rule| &rule.categories))
            .await?
            .into_iter()
            .collect(),
        area_codes: store::routing::served_areas(connection, &all(|rule| &rule.area_codes))
            .await?
            .into_iter()
            .collect(),
        units: store::routing::known_units(connection, &units).await?.into_iter().collect(),
    };
    match rules.fault(&names) {
        Some(fault) => Err(Unroutable::Rule(fault).into()),
        None => Ok(()),
    }
}

impl App {
    /// The rules as they stood at a time; as they stand now where none is given.
    pub(crate) async fn listed_rules(&self, as_of: Option<Timestamp>) -> Result<ListedRules, Failure> {
        let mut connection = self.database.acquire().await?;
        let Some((version, by)) = store::routing::rule_set_at(&mut connection, as_of).await? else {
            return Ok(ListedRules { version: 0, by: None, rules: Vec::new() });
        };
        let rules = store::routing::rules(&mut connection, version).await?.0;
        Ok(ListedRules { version, by: Some(by), rules })
    }

    /// Replaces all rules; answers with the new version and how many rules it has.
    pub(crate) async fn replace_rules(
        &self,
        (caller, key, deadline): (&Caller, RequestKey, Deadline),
        to_replace: ToReplace,
    ) -> Result<(i64, usize), Failure> {
        let mut transaction = self.database.begin(deadline).await?;
        // The lock comes before the claim, since the version is what is claimed.
        let in_force = store::routing::lock(&mut transaction).await?.rules;
        let version = in_force + 1;
        if let Claim::Done { resource } = claim(&mut transaction, &key, &version.to_string()).await? {
            let version = resource.parse().map_err(|_| Failure::NotFound)?;
            return Ok((version, to_replace.rules.0.len()));
        }
        check_etag(&to_replace.etag, in_force)?;
        check(&mut transaction, &to_replace.rules).await?;
        let by = set_by(caller, self.clock.now());
        store::routing::replace_rules(&mut transaction, (version, &by), &to_replace.rules).await?;
        transaction.commit().await?;
        tracing::info!(version, subject = by.subject, "routing rules replaced");
        self.refresh_soon().await;
        Ok((version, to_replace.rules.0.len()))
    }

    /// Reads again what was just changed; where that fails, the next look finds it.
    pub(super) async fn refresh_soon(&self) {
        if let Err(error) = self.routing.refresh(&self.database).await {
            tracing::warn!(error = %error, "what was changed is read at the next look");
        }
    }
}
