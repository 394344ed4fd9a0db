//! Filing a report: routed, stored, told and answered in one transaction.

use kit::{
    database::Deadline,
    identity::Caller,
    request::{Claim, RequestKey, claim},
};
use uuid::Uuid;

use super::{App, Failure};
use crate::{
    domain::{By, Complaint, ComplaintId, Filing, Kind, number::report_number},
    events::publish,
    store,
};

/// Numbers tried before giving up; of 40 random bits even the second is rare.
const NUMBER_TRIES: usize = 5;

/// What a channel asks to file.
#[derive(Debug)]
pub(crate) struct ToFile {
    pub(crate) category: String,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) kelurahan_code: String,
    pub(crate) channel_reference: String,
}

/// What was filed.
#[derive(Debug)]
pub(crate) struct Filed {
    pub(crate) complaint: Complaint,
    pub(crate) access_code: String,
}

impl App {
    /// Files a report for the unit that serves its kelurahan.
    pub(crate) async fn file(
        &self,
        (caller, key, deadline): (&Caller, RequestKey, Deadline),
        to_file: ToFile,
    ) -> Result<Filed, Failure> {
        let id = ComplaintId(Uuid::now_v7());
        let mut transaction = self.database.begin(deadline).await?;
        if let Claim::Done { resource } = claim(&mut transaction, &key, &id.to_string()).await? {
            let filed_before = ComplaintId::parse(&resource).ok_or(Failure::NotFound)?;
            let loaded =
                store::complaint::get(&mut transaction, filed_before).await?.ok_or(Failure::NotFound)?;
            return Ok(self.filed(loaded.complaint, loaded.code_generation));
        }
        let unit = match store::unit::serving(&mut transaction, &to_file.kelurahan_code).await? {
            Some(unit) => unit,
            None if store::unit::any(&mut transaction).await? => return Err(Failure::KelurahanUnknown),
            None => return Err(Failure::UnitsNotYetKnown),
        };
        let channel = caller.system().to_owned();
        let channel_reference = (!to_file.channel_reference.is_empty())
            .then(|| self.secrets.reference_hash(&channel, &to_file.channel_reference));
        let filing = Filing {
            number: report_number(rand::random()),
            category: to_file.category,
            kind: to_file.kind,
            text: to_file.text,
            kelurahan_code: to_file.kelurahan_code,
            channel,
            channel_reference,
            filed_at: self.clock.now(),
        };
        let by = By { subject: caller.subject.clone(), person: None };
        let (mut complaint, step) = Complaint::file(id, filing, unit, by);
        for _ in 0..NUMBER_TRIES {
            if store::complaint::insert(&mut transaction, &complaint).await.map_err(category_unknown)? {
                break;
            }
            complaint.filing.number = report_number(rand::random());
        }
        store::timeline::insert(&mut transaction, id, &step).await?;
        kit::events::append(&mut transaction, &[publish::event(&complaint, &step)]).await?;
        transaction.commit().await?;
        self.relay_wake.notify_one();
        Ok(self.filed(complaint, 1))
    }

    fn filed(&self, complaint: Complaint, generation: i32) -> Filed {
        let access_code = self.secrets.access_code(complaint.id, generation);
        Filed { complaint, access_code }
    }
}

fn category_unknown(error: sqlx::Error) -> Failure {
    match error.as_database_error().and_then(|database| database.constraint()) {
        Some("complaint_category_fkey") => Failure::CategoryUnknown,
        _ => Failure::Database(error),
    }
}
