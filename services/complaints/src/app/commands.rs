//! The commands on a filed report. All go the same way: lock, authorise, claim the request id, check the etag, tell the
//! domain, persist, tell the others.

use jiff::Timestamp;
use kit::{
    database::Deadline,
    identity::Caller,
    request::{Claim, RequestKey, claim},
};
use sqlx::PgConnection;

use super::{App, Failure};
use crate::{
    domain::{By, Complaint, ComplaintId, Outcome, PersonId, Refusal, Step},
    events::publish,
    store::{self, complaint::Loaded, unit::Reach},
};

/// Who asks for a command on which report.
#[derive(Debug)]
pub(crate) struct Order<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) key: RequestKey,
    pub(crate) deadline: Deadline,
    pub(crate) complaint: ComplaintId,
    /// Empty for any.
    pub(crate) etag: String,
}

/// How a caller shows that it speaks for a reporter; empty strings for what is not shown.
#[derive(Debug, Default)]
pub(crate) struct Proof {
    pub(crate) access_code: String,
    pub(crate) channel_reference: String,
}

impl App {
    /// The responsible unit takes a report up.
    pub(crate) async fn accept(&self, order: Order<'_>) -> Result<Complaint, Failure> {
        let person = person(order.caller)?;
        let by = By { subject: order.caller.subject.clone(), person: Some(person) };
        self.command(order, Right::Unit(Reach::SubtreeOf), |complaint, _, at| complaint.accept(by, at)).await
    }

    /// The responsible unit hands in what it did.
    pub(crate) async fn submit_follow_up(
        &self,
        order: Order<'_>,
        follow_up: (Outcome, String),
    ) -> Result<Complaint, Failure> {
        let person = person(order.caller)?;
        let by = By { subject: order.caller.subject.clone(), person: Some(person) };
        self.command(order, Right::Unit(Reach::SubtreeOf), |complaint, _, at| {
            complaint.submit_follow_up(by, at, follow_up)
        })
        .await
    }

    /// A second person, of a unit above, finds the follow-up good.
    pub(crate) async fn approve_follow_up(
        &self,
        order: Order<'_>,
        public_text: String,
    ) -> Result<Complaint, Failure> {
        let person = person(order.caller)?;
        let by = By { subject: order.caller.subject.clone(), person: Some(person) };
        self.command(order, Right::Unit(Reach::Above), |complaint, workers, at| {
            complaint.approve_follow_up(by, at, (workers, public_text))
        })
        .await
    }

    /// The reporter confirms and rates.
    pub(crate) async fn confirm_resolution(
        &self,
        order: Order<'_>,
        proof: &Proof,
        verdict: (i16, String),
    ) -> Result<Complaint, Failure> {
        let by = By { subject: order.caller.subject.clone(), person: None };
        self.command(order, Right::Reporter(proof), |complaint, _, at| {
            complaint.confirm_resolution(by, at, verdict)
        })
        .await
    }

    async fn command(
        &self,
        order: Order<'_>,
        right: Right<'_>,
        decide: impl FnOnce(&mut Complaint, &[PersonId], Timestamp) -> Result<Step, Refusal>,
    ) -> Result<Complaint, Failure> {
        let mut transaction = self.database.begin(order.deadline).await?;
        let loaded =
            store::complaint::lock(&mut transaction, order.complaint).await?.ok_or(Failure::NotFound)?;
        self.authorise(&mut transaction, (order.caller, &right), &loaded).await?;
        let mut complaint = loaded.complaint;
        if let Claim::Done { .. } = claim(&mut transaction, &order.key, &complaint.id.to_string()).await? {
            return Ok(complaint);
        }
        if !order.etag.is_empty() && order.etag != complaint.etag() {
            return Err(Failure::EtagMismatch);
        }
        let people = store::timeline::people(&mut transaction, complaint.id).await?;
        let step = decide(&mut complaint, &people, self.clock.now())?;
        store::complaint::update(&mut transaction, &complaint).await?;
        store::timeline::insert(&mut transaction, complaint.id, &step).await?;
        kit::events::append(&mut transaction, &[publish::event(&complaint, &step)]).await?;
        transaction.commit().await?;
        self.relay_wake.notify_one();
        self.hub.wake(complaint.id.0, complaint.version);
        Ok(complaint)
    }

    async fn authorise(
        &self,
        connection: &mut PgConnection,
        (caller, right): (&Caller, &Right<'_>),
        loaded: &Loaded,
    ) -> Result<(), Failure> {
        match right {
            // A caller's units are those of its token alone until staff's seats are projected here.
            Right::Unit(reach) => {
                let unit = loaded.complaint.responsible_unit;
                let covered = store::unit::covered(connection, (&caller.units, *reach), unit).await?;
                covered.then_some(()).ok_or(Failure::UnitUnknown)
            }
            Right::Reporter(proof) => {
                self.is_reporter(caller, loaded, proof).then_some(()).ok_or(Failure::NotTheReporter)
            }
        }
    }

    /// Whether the caller shows the access code, or is the channel that filed the report and shows its reference.
    pub(super) fn is_reporter(&self, caller: &Caller, loaded: &Loaded, proof: &Proof) -> bool {
        let complaint = &loaded.complaint;
        if !proof.access_code.is_empty() {
            return self.secrets.is_access_code(complaint.id, loaded.code_generation, &proof.access_code);
        }
        let filing = &complaint.filing;
        filing.channel == caller.system()
            && filing.channel_reference.as_deref().is_some_and(|kept| {
                !proof.channel_reference.is_empty()
                    && self.secrets.is_reference(kept, &filing.channel, &proof.channel_reference)
            })
    }
}

/// What a caller needs for a command, besides its scope.
enum Right<'a> {
    Unit(Reach),
    Reporter(&'a Proof),
}

fn person(caller: &Caller) -> Result<PersonId, Failure> {
    caller.person.map(PersonId).ok_or(Failure::PersonRequired)
}
