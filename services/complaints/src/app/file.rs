//! Filing a report: routed, stored, told and answered in one transaction.

use jiff::Timestamp;
use kit::{
    database::Deadline,
    identity::Caller,
    request::{Claim, RequestKey, claim},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{App, Failure, ledger, schedule::Schedule, secret::CodeOf};
use crate::{
    app::routing::{self, Known, Place},
    domain::{
        By, Complaint, ComplaintId, Filing, Kind, Priority, Refusal, Reporter, UnitId,
        duplicates::{Sought, search_text},
        number::report_number,
        place::Point,
    },
    events::publish,
    store::{self, category::Category},
};

/// Numbers tried before giving up; of 40 random bits even the second is rare.
const NUMBER_TRIES: usize = 5;

/// What a channel asks to file.
#[derive(Debug)]
pub(crate) struct ToFile {
    pub(crate) category: String,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// Empty where only the point was given.
    pub(crate) kelurahan_code: String,
    pub(crate) point: Option<Point>,
    /// Empty for none.
    pub(crate) asset: String,
    pub(crate) channel_reference: String,
    pub(crate) unit_complained_of: Option<UnitId>,
    pub(crate) reporter: Reporter,
}

/// What was filed.
#[derive(Debug)]
pub(crate) struct Filed {
    pub(crate) complaint: Complaint,
    pub(crate) access_code: String,
}

impl App {
    /// Files a report for the unit that the rules name, or that serves its kelurahan.
    pub(crate) async fn file(
        &self,
        (caller, key, deadline): (&Caller, RequestKey, Deadline),
        to_file: ToFile,
    ) -> Result<Filed, Failure> {
        let id = ComplaintId(Uuid::now_v7());
        let known = self.routing.current().await?;
        let mut transaction = self.database.begin(deadline).await?;
        if let Claim::Done { resource } = claim(&mut transaction, &key, &id.to_string()).await? {
            let filed_before = ComplaintId::parse(&resource).ok_or(Failure::NotFound)?;
            let loaded =
                store::complaint::get(&mut transaction, filed_before).await?.ok_or(Failure::NotFound)?;
            let code = CodeOf::of(&loaded);
            return self.filed(self.open(loaded)?.0, &code);
        }
        let category = store::category::get(&mut transaction, &to_file.category).await?;
        let category = category.ok_or(Failure::CategoryUnknown)?;
        let place = Place { point: to_file.point, kelurahan_code: &to_file.kelurahan_code };
        let (kelurahan_code, _) = known.place(&place)?;
        let filed_at = self.clock.now();
        let placed = (kelurahan_code.as_str(), filed_at);
        let (unit, unit_complained_of) =
            route(&mut transaction, &known, (&category, placed), &to_file).await?;
        let schedule = Schedule::load(&mut transaction, (&category, Priority::Normal), filed_at).await?;
        let channel = caller.system().to_owned();
        let channel_reference = (!to_file.channel_reference.is_empty())
            .then(|| self.secrets.reference_hash(&channel, &to_file.channel_reference));
        let filing = Filing {
            number: report_number(rand::random()),
            kind: to_file.kind,
            text: to_file.text.clone(),
            kelurahan_code,
            channel,
            channel_reference,
            unit_complained_of,
            recurrence_of: None,
            filed_at,
        };
        let sought = sought((id, category.id.clone()), &filing, to_file.point);
        let recurrence_of = match &sought {
            Some(sought) => self.recurrence_of(&mut transaction, sought).await?,
            None => None,
        };
        let filing = Filing { recurrence_of, ..filing };
        let by = By { subject: caller.subject.clone(), person: None };
        let (mut complaint, step) =
            Complaint::file((id, unit, by), category.id, filing, schedule.deadlines(filed_at, 0));
        let sealed = self.seal_filing(id, &to_file);
        for _ in 0..NUMBER_TRIES {
            if store::complaint::insert(&mut transaction, &complaint, &sealed).await? {
                break;
            }
            complaint.filing.number = report_number(rand::random());
        }
        if to_file.point.is_some() || !to_file.asset.is_empty() {
            store::place::insert(&mut transaction, id, (to_file.point, &to_file.asset)).await?;
        }
        store::duplicates::insert(&mut transaction, &complaint, sought.as_ref()).await?;
        let record = ledger::of_step(&complaint, &step, Some(&sealed.text));
        store::timeline::insert(&mut transaction, &complaint, (&step, &record)).await?;
        kit::events::append(&mut transaction, &[publish::event(&complaint, &step)]).await?;
        transaction.commit().await?;
        self.relay_wake.notify_one();
        self.inbox.wake();
        let code = CodeOf { complaint: id, generation: 1, key_id: sealed.code_key };
        self.filed(complaint, &code)
    }

    fn filed(&self, complaint: Complaint, code: &CodeOf) -> Result<Filed, Failure> {
        let access_code = self.secrets.access_code(code).ok_or(Failure::CodeKeyUnknown)?;
        Ok(Filed { complaint, access_code })
    }
}

/// What a report is looked for by; none of one about officials, of which nobody is to know.
fn sought((id, category): (ComplaintId, String), filing: &Filing, point: Option<Point>) -> Option<Sought> {
    filing.unit_complained_of.is_none().then(|| Sought {
        of: Some(id),
        category,
        kind: filing.kind,
        kelurahan_code: filing.kelurahan_code.clone(),
        point,
        search_text: search_text(&filing.text),
    })
}

/// The unit that must act: that which the rules name, or which serves the place; of a report about officials, that above
/// the one complained of, which is the second.
async fn route(
    connection: &mut PgConnection,
    known: &Known,
    (category, (kelurahan_code, filed_at)): (&Category, (&str, Timestamp)),
    to_file: &ToFile,
) -> Result<(UnitId, Option<UnitId>), Failure> {
    let serving = routing::serving(connection, kelurahan_code).await?;
    if !category.about_officials {
        if to_file.unit_complained_of.is_some() {
            return Err(Failure::CategoryNotAboutOfficials);
        }
        let matter = routing::matter((&category.id, &to_file.asset), kelurahan_code, filed_at);
        return Ok((known.unit(&matter, serving).0, None));
    }
    let complained_of = to_file.unit_complained_of.unwrap_or(serving);
    if !store::unit::exists(connection, complained_of).await? {
        return Err(Failure::UnitNotFound { field: "unit_complained_of" });
    }
    let above = store::unit::above(connection, complained_of).await?.ok_or(Refusal::NoUnitAbove)?;
    Ok((above, Some(complained_of)))
}
