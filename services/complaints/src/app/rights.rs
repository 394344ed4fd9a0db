//! Who may do what to a report, and who may see it. A unit that a report complains of, and all below it, are told that
//! there is no such report.

use kit::identity::Caller;
use sqlx::PgConnection;

use super::{App, Failure, commands::Proof, secret::CodeOf, wish::MEMBERS_MAX};
use crate::{
    domain::Complaint,
    store::{
        self,
        complaint::{Loaded, Shown},
        unit::Reach,
    },
};

/// The scope that makes an official an inspector.
const INSPECTOR: &str = "complaints.inspect";
/// The scope that lets an official erase for a reporter.
const ERASER: &str = "complaints.erase";

/// What a caller needs for a command, besides its scope.
pub(super) enum Right<'a> {
    /// A person, with units so far above the responsible one.
    Unit(Reach),
    /// The reporter.
    Reporter(&'a Proof),
    /// The reporter, or an official who may erase for them.
    ReporterOrEraser(&'a Proof),
    /// The reporter, also of a report that is handled under it.
    AnyReporter(&'a Proof),
    /// The same, or a supporter, or an inspector.
    AnyReporterOrInspector(&'a Proof),
}

/// How a caller comes to see a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// By its units: all of it.
    Official,
    /// As its reporter, or the channel that filed it: what officials write among themselves is left out.
    Reporter,
    /// As somebody else whom it concerns: the reporter's words are left out too.
    Other,
}

impl App {
    /// Whether a caller has a right, and what it may see of the report then.
    pub(super) async fn authorise(
        &self,
        connection: &mut PgConnection,
        (caller, right): (&Caller, &Right<'_>),
        loaded: &Loaded,
    ) -> Result<Sight, Failure> {
        match right {
            Right::Unit(reach) => {
                caller.person.ok_or(Failure::PersonRequired)?;
                official(connection, (caller, *reach), &loaded.complaint).await
            }
            Right::ReporterOrEraser(proof) if **proof == Proof::default() && caller.may(ERASER) => {
                caller.person.ok_or(Failure::PersonRequired)?;
                official(connection, (caller, Reach::SubtreeOf), &loaded.complaint).await
            }
            Right::Reporter(proof) | Right::ReporterOrEraser(proof) => self
                .is_reporter(caller, loaded, proof)
                .then_some(Sight::Reporter)
                .ok_or(Failure::NotTheReporter),
            Right::AnyReporter(proof) => self.any_reporter(connection, (caller, proof), loaded).await,
            Right::AnyReporterOrInspector(proof) => {
                if **proof == Proof::default() && caller.may(INSPECTOR) {
                    caller.person.ok_or(Failure::PersonRequired)?;
                    return official(connection, (caller, Reach::Above), &loaded.complaint).await;
                }
                match self.any_reporter(connection, (caller, proof), loaded).await {
                    Err(Failure::NotTheReporter)
                        if self.is_supporter(connection, (caller, proof), loaded).await? =>
                    {
                        Ok(Sight::Other)
                    }
                    outcome => outcome,
                }
            }
        }
    }

    /// How a caller may see a report; one that it may not doesn't exist for it.
    pub(super) async fn sight(
        &self,
        connection: &mut PgConnection,
        (caller, proof): (&Caller, &Proof),
        loaded: &Loaded,
    ) -> Result<Sight, Failure> {
        // A person behind a channel's system sees by its units, not by the channel.
        let is_channel = caller.person.is_none() && loaded.complaint.filing.channel == caller.system();
        if is_channel || self.is_reporter(caller, loaded, proof) {
            return Ok(Sight::Reporter);
        }
        official(connection, (caller, Reach::SubtreeOf), &loaded.complaint).await.map_err(|failure| {
            match failure {
                Failure::UnitUnknown => Failure::NotFound,
                other => other,
            }
        })
    }

    /// Whether the caller shows the access code, or is the channel that filed the report and shows its reference.
    pub(super) fn is_reporter(&self, caller: &Caller, loaded: &Loaded, proof: &Proof) -> bool {
        let complaint = &loaded.complaint;
        if !proof.access_code.is_empty() {
            return self.secrets.is_access_code(&CodeOf::of(loaded), &proof.access_code);
        }
        let filing = &complaint.filing;
        self.is_reference(caller, proof, (&filing.channel, filing.channel_reference.as_deref()))
    }

    fn is_reference(&self, caller: &Caller, proof: &Proof, (channel, kept): (&str, Option<&[u8]>)) -> bool {
        let shown = &proof.channel_reference;
        channel == caller.system()
            && kept.is_some_and(|kept| !shown.is_empty() && self.secrets.is_reference(kept, channel, shown))
    }

    pub(super) async fn any_reporter(
        &self,
        connection: &mut PgConnection,
        (caller, proof): (&Caller, &Proof),
        loaded: &Loaded,
    ) -> Result<Sight, Failure> {
        if self.is_reporter(caller, loaded, proof) {
            return Ok(Sight::Reporter);
        }
        let under = store::complaint::reporters_under(connection, loaded.complaint.id, MEMBERS_MAX).await?;
        let found = under.into_iter().any(|shown| {
            if proof.access_code.is_empty() {
                self.is_reference(caller, proof, (&shown.channel, shown.channel_reference.as_deref()))
            } else {
                let Shown { complaint, code_generation: generation, code_key: key_id, .. } = shown;
                self.secrets.is_access_code(&CodeOf { complaint, generation, key_id }, &proof.access_code)
            }
        });
        found.then_some(Sight::Other).ok_or(Failure::NotTheReporter)
    }

    async fn is_supporter(
        &self,
        connection: &mut PgConnection,
        (caller, proof): (&Caller, &Proof),
        loaded: &Loaded,
    ) -> Result<bool, Failure> {
        if proof.channel_reference.is_empty() {
            return Ok(false);
        }
        let channel = caller.system();
        let references = self.secrets.reference_hashes(channel, &proof.channel_reference);
        Ok(store::supporter::exists(connection, loaded.complaint.id, (channel, &references)).await?)
    }
}

/// A caller's units are those of its token alone until staff's seats are projected here.
pub(super) async fn official(
    connection: &mut PgConnection,
    (caller, reach): (&Caller, Reach),
    complaint: &Complaint,
) -> Result<Sight, Failure> {
    if let Some(complained_of) = complaint.filing.unit_complained_of
        && store::unit::any_within(connection, &caller.units, complained_of).await?
    {
        return Err(Failure::NotFound);
    }
    let unit = complaint.responsible_unit();
    let covered = store::unit::covered(connection, (&caller.units, reach), unit).await?;
    covered.then_some(Sight::Official).ok_or(Failure::UnitUnknown)
}
