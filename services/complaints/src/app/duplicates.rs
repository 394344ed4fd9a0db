//! Finding reports that may be about the same matter: for officials, for channels before they file, and beside the receipt
//! of what was filed, which never waits for it long.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use kit::{database::Deadline, identity::Caller};
use sqlx::PgConnection;

use super::{App, Failure, Proof, routing::Place};
use crate::{
    domain::{
        Complaint, ComplaintId, Kind,
        duplicates::{
            Candidate, RECURS_WITHIN, SAME_PLACE_METRES, Sought, WITHIN, WITHIN_METRES, search_text,
        },
        place::Point,
    },
    store,
};

/// A receipt waits for duplicates this long at most.
const RECEIPT_WAITS: Duration = Duration::from_millis(200);
/// Receipts of one process for which duplicates are looked for, in a second: many times a city's busiest hour, and little
/// beside what filing itself takes.
const RECEIPTS_PER_SECOND: u32 = 20;

/// What a channel is about to file.
#[derive(Debug)]
pub(crate) struct ToCompare {
    pub(crate) category: String,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) point: Option<Point>,
    /// Empty where only the point was given.
    pub(crate) kelurahan_code: String,
}

/// How many searches began in the present second.
#[derive(Debug)]
pub(crate) struct Pace {
    second: Mutex<(Instant, u32)>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { second: Mutex::new((Instant::now(), 0)) }
    }
}

impl Pace {
    /// Whether one more may begin.
    fn admits(&self) -> bool {
        let mut second = self.second.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if second.0.elapsed() >= Duration::from_secs(1) {
            *second = (Instant::now(), 0);
        }
        second.1 += 1;
        second.1 <= RECEIPTS_PER_SECOND
    }
}

impl App {
    /// Reports that may be about the same matter as one that the caller may see.
    pub(crate) async fn duplicates_of(
        &self,
        caller: &Caller,
        id: ComplaintId,
    ) -> Result<Vec<Candidate>, Failure> {
        let (complaint, _) = self.get(caller, id, &Proof::default()).await?;
        let mut connection = self.database.acquire().await?;
        match store::duplicates::sought(&mut connection, &complaint).await? {
            Some(sought) => self.candidates(&mut connection, &sought).await,
            None => Ok(Vec::new()),
        }
    }

    /// Reports that may be about the same matter as what a channel is about to file.
    pub(crate) async fn duplicates_before(&self, to_compare: ToCompare) -> Result<Vec<Candidate>, Failure> {
        let known = self.routing.current().await?;
        let place = Place { point: to_compare.point, kelurahan_code: &to_compare.kelurahan_code };
        let (kelurahan_code, _) = known.place(&place)?;
        let mut connection = self.database.acquire().await?;
        let category = store::category::get(&mut connection, &to_compare.category).await?;
        let category = category.ok_or(Failure::CategoryUnknown)?;
        let sought = Sought {
            of: None,
            category: category.id,
            kind: to_compare.kind,
            kelurahan_code,
            point: to_compare.point,
            search_text: search_text(&to_compare.text),
        };
        self.candidates(&mut connection, &sought).await
    }

    /// What may be about the same matter as a report that was just filed; none where that was not found out in time.
    pub(crate) async fn duplicates_for_receipt(&self, complaint: &Complaint) -> Option<Vec<Candidate>> {
        if complaint.filing.unit_complained_of.is_some() {
            return Some(Vec::new());
        }
        if !self.pace.admits() {
            return None;
        }
        let (app, complaint) = (self.clone(), complaint.clone());
        // Brought to its end even where the receipt does not wait for it: a transaction is not left in the middle.
        let search = tokio::spawn(async move {
            let mut transaction = app.database.begin(Deadline::after(RECEIPT_WAITS)).await?;
            let found = match store::duplicates::sought(&mut transaction, &complaint).await? {
                Some(sought) => app.candidates(&mut transaction, &sought).await?,
                None => Vec::new(),
            };
            transaction.rollback().await?;
            Ok::<_, Failure>(found)
        });
        match tokio::time::timeout(RECEIPT_WAITS, search).await {
            Ok(Ok(Ok(found))) => Some(found),
            Ok(Ok(Err(failure))) => {
                tracing::warn!(error = %failure, "duplicates could not be looked for");
                None
            }
            Ok(Err(_)) | Err(_) => {
                tracing::warn!("duplicates were not found in time");
                None
            }
        }
    }

    async fn candidates(
        &self,
        connection: &mut PgConnection,
        sought: &Sought,
    ) -> Result<Vec<Candidate>, Failure> {
        let now = self.clock.now();
        let cells = sought.cells(WITHIN_METRES);
        let since = now.saturating_sub(WITHIN).unwrap_or(now);
        let near = store::duplicates::near(connection, (sought, &cells), since).await?;
        Ok(sought.likeliest(near, now))
    }

    /// The report that one being filed is a recurrence of.
    pub(super) async fn recurrence_of(
        &self,
        connection: &mut PgConnection,
        sought: &Sought,
    ) -> Result<Option<ComplaintId>, Failure> {
        let now = self.clock.now();
        let cells = sought.cells(SAME_PLACE_METRES);
        let since = now.saturating_sub(RECURS_WITHIN).unwrap_or(now);
        let fixed = store::duplicates::fixed(connection, (sought, &cells), since).await?;
        Ok(sought.recurrence(&fixed))
    }
}
