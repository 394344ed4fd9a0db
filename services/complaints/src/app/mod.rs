//! The use cases: begin, load, tell the domain, persist, append the event, commit. No rule is decided here, no SQL
//! written.

mod catalog;
pub(crate) mod categories;
mod clock;
mod commands;
mod duplicates;
mod evidence;
mod file;
mod inbox;
pub(crate) mod ledger;
pub(crate) mod limits;
mod listing;
pub(crate) mod objects;
mod priority;
mod read;
mod reporters;
mod rights;
pub(crate) mod rotation;
pub(crate) mod routing;
mod schedule;
pub(crate) mod seal;
pub(crate) mod secret;
mod statistics;
mod support;
mod track;
mod updates;
mod watching;
mod wish;
mod words;

use std::sync::Arc;

use kit::{clock::Clock, database::Database, request::ClaimError, server::Shell, watch::Hub};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub(crate) use catalog::CategoryChange;
pub(crate) use commands::{Order, Proof, Run};
pub(crate) use duplicates::ToCompare;
pub(crate) use evidence::{FindingShown, Shown, ToAnswer, ToUpload, Trouble};
pub(crate) use file::{Filed, ToFile};
pub(crate) use inbox::{Following, Watched};
pub(crate) use listing::{COUNTED, ListKey, Order as ListOrder, ToList};
pub(crate) use rights::Sight;
pub(crate) use statistics::{Statistics, ToCount, Uncountable, View};
pub(crate) use track::{Part, Tracked};
pub(crate) use updates::{Settling, Update};
pub(crate) use watching::Feed;
pub(crate) use wish::Wish;

use crate::domain::Refusal;

/// What the use cases work with.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) database: Database,
    pub(crate) hub: Hub,
    pub(crate) draining: CancellationToken,
    clock: Clock,
    relay_wake: Arc<Notify>,
    secrets: Arc<secret::Secrets>,
    master_keys: Arc<rotation::KeyFile>,
    routing: Arc<routing::Routing>,
    feeds: Arc<watching::Feeds>,
    objects: objects::Objects,
    ledger_key: Arc<kit::ledger::SigningKey>,
    uploads: evidence::Uploads,
    pace: Arc<duplicates::Pace>,
    inbox: Arc<inbox::Inbox>,
}

impl App {
    pub(crate) fn new(
        shell: &Shell,
        secrets: secret::Secrets,
        master_keys: rotation::KeyFile,
        (objects, ledger_key): (objects::Objects, kit::ledger::SigningKey),
    ) -> Self {
        Self {
            database: shell.database.clone(),
            hub: shell.hub.clone(),
            feeds: Arc::default(),
            draining: shell.draining.clone(),
            clock: shell.clock.clone(),
            relay_wake: Arc::clone(&shell.relay_wake),
            secrets: Arc::new(secrets),
            master_keys: Arc::new(master_keys),
            routing: Arc::default(),
            objects,
            ledger_key: Arc::new(ledger_key),
            uploads: evidence::Uploads::default(),
            pace: Arc::default(),
            inbox: Arc::default(),
        }
    }
}

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No such report, or none that the caller may see.
    #[error("the report does not exist, or is not the caller's")]
    NotFound,
    /// An official's verb without an official.
    #[error("the token names no person")]
    PersonRequired,
    /// None of the caller's units is in the right place of the tree.
    #[error("the caller's units do not hold the report's unit")]
    UnitUnknown,
    /// The caller did not show that it speaks for the reporter.
    #[error("the caller did not show that it speaks for the reporter")]
    NotTheReporter,
    /// The report changed since the caller read it.
    #[error("the report changed since the etag was read")]
    EtagMismatch,
    /// No kelurahan of this code.
    #[error("no unit serves this kelurahan")]
    KelurahanUnknown,
    /// No category of this name.
    #[error("there is no such category")]
    CategoryUnknown,
    /// No policy of this name, or none that counts now.
    #[error("there is no such policy, or none that counts now")]
    PolicyUnknown,
    /// A category of this name.
    #[error("the category exists")]
    CategoryExists,
    /// Terms for days that have passed.
    #[error("the day has passed")]
    PolicyPast,
    /// Terms from this day on.
    #[error("the policy has terms from this day on")]
    PolicyExists,
    /// No unit of this name.
    #[error("there is no such unit")]
    UnitNotFound {
        /// The request's field that names it.
        field: &'static str,
    },
    /// A unit complained of, in a category about something else.
    #[error("the category is not about officials")]
    CategoryNotAboutOfficials,
    /// No report to merge into.
    #[error("the report to merge into does not exist, or is not the caller's")]
    MergeTargetNotFound,
    /// A supporter of whom nothing is known.
    #[error("a supporter needs a reference")]
    ChannelReferenceRequired,
    /// No unit has arrived from staff yet.
    #[error("no units are known yet")]
    UnitsNotYetKnown,
    /// The rules refuse it.
    #[error("refused")]
    Refused(#[from] Refusal),
    /// Its place or the rules of routing refuse it.
    #[error("it can't be routed")]
    Unroutable(#[from] routing::Unroutable),
    /// The reporter said nothing of themselves, or nothing is left of it.
    #[error("the reporter is not known")]
    ReporterNotKnown,
    /// The reporter asked for erasure, and a case uses the report.
    #[error("what is kept of the reporter is restricted")]
    ReporterRestricted,
    /// No report of this number, or a wrong code: which of them, nobody is told.
    #[error("no report of this number, or a wrong code")]
    NotTracked,
    /// What is sealed can't be opened.
    #[error("what is sealed can't be opened")]
    Sealed(#[from] seal::SealBroken),
    /// The key is not given that the report's access code is derived with.
    #[error("the key of the report's access code is not given")]
    CodeKeyUnknown,
    /// The day has no root.
    #[error("there is no root of this day")]
    RootNotFound,
    /// The store of files does not answer.
    #[error("the store of files does not answer")]
    StoreDown,
    /// The store of files gives something else than was put into it.
    #[error("the store of files gives something else than was put into it")]
    ObjectChanged,
    /// Evidence is not taken or not given.
    #[error("evidence is not taken or given")]
    Evidence(#[from] evidence::Trouble),
    /// What is asked for is not counted.
    #[error("it is not counted")]
    Uncountable(#[from] statistics::Uncountable),
    /// The request id could not be claimed.
    #[error("the request id could not be claimed")]
    Claim(#[from] ClaimError),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}
