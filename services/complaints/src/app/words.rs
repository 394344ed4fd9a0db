//! What reporters said, on its way into the tables and out of them: sealed under their report's own key. Whose key was
//! destroyed has said nothing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{
    App, Failure,
    file::ToFile,
    seal::{Context, DataKey, MasterKeys, SealBroken},
};
use crate::{
    domain::{Complaint, ComplaintId, Reporter, Step},
    store::{self, complaint::Loaded, reporter::SealedFiling, timeline::SealedStep},
};

/// Where a report's text stands.
pub(super) fn of_report(complaint: ComplaintId) -> Context<'static> {
    Context { table: "complaint", complaint, field: "text" }
}

/// Where the name and contacts stand.
pub(super) fn of_identity(complaint: ComplaintId) -> Context<'static> {
    Context { table: "reporter", complaint, field: "identity" }
}

/// Where the channel's reference stands.
pub(super) fn of_reference(complaint: ComplaintId) -> Context<'static> {
    Context { table: "reporter", complaint, field: "channel_reference" }
}

/// Where the text of a step stands.
fn of_step<T>(complaint: ComplaintId, version: i64, then: impl FnOnce(Context<'_>) -> T) -> T {
    then(Context { table: "reporter_text", complaint, field: &version.to_string() })
}

/// A reporter as sealed.
#[derive(Serialize, Deserialize)]
struct Identity {
    name: String,
    phone: String,
    email: String,
}

/// Name and contacts under a report's key; nothing where nothing was said.
pub(super) fn seal_identity(key: &DataKey, complaint: ComplaintId, reporter: &Reporter) -> Option<Vec<u8>> {
    let Reporter { name, phone, email } = reporter.clone();
    let bytes = serde_json::to_vec(&Identity { name, phone, email }).expect("three texts are JSON");
    (!reporter.is_unknown()).then(|| key.seal(of_identity(complaint), &bytes))
}

/// The name and contacts.
pub(super) fn open_identity(
    key: &DataKey,
    complaint: ComplaintId,
    sealed: &[u8],
) -> Result<Reporter, SealBroken> {
    let bytes = key.open(of_identity(complaint), sealed)?;
    let Identity { name, phone, email } = serde_json::from_slice(&bytes).map_err(|_| SealBroken::Forged)?;
    Ok(Reporter { name, phone, email })
}

impl App {
    /// The master keys as they are now.
    pub(super) fn keys(&self) -> Arc<MasterKeys> {
        self.master_keys.current()
    }

    /// What is kept of a new report, under a key of its own.
    pub(super) fn seal_filing(&self, complaint: ComplaintId, to_file: &ToFile) -> SealedFiling {
        let (key, wrapped) = self.keys().generate(complaint);
        let reference = &to_file.channel_reference;
        SealedFiling {
            code_key: self.secrets.current().to_owned(),
            key_id: wrapped.key_id,
            wrapped_key: wrapped.bytes,
            text: key.seal(of_report(complaint), to_file.text.as_bytes()),
            identity: seal_identity(&key, complaint, &to_file.reporter),
            channel_reference: (!reference.is_empty())
                .then(|| key.seal(of_reference(complaint), reference.as_bytes())),
        }
    }

    /// A report with its text, and the key that opened it; no key where it was destroyed.
    pub(super) fn open(&self, loaded: Loaded) -> Result<(Complaint, Option<DataKey>), Failure> {
        let Loaded { mut complaint, wrapped_key, sealed_text, .. } = loaded;
        let key = wrapped_key.map(|wrapped| self.keys().unwrap(complaint.id, &wrapped)).transpose()?;
        if let (Some(key), Some(sealed)) = (&key, sealed_text) {
            complaint.filing.text = key.open_text(of_report(complaint.id), &sealed)?;
        }
        Ok((complaint, key))
    }

    /// Steps with what the reporter wrote in them.
    pub(super) async fn open_steps(
        &self,
        connection: &mut PgConnection,
        complaint: ComplaintId,
        steps: Vec<SealedStep>,
    ) -> Result<Vec<Step>, Failure> {
        let key = if steps.iter().any(|step| step.sealed_text.is_some()) {
            store::reporter::wrapped_key(connection, complaint).await?
        } else {
            None
        };
        let key = key.map(|wrapped| self.keys().unwrap(complaint, &wrapped)).transpose()?;
        let open = |SealedStep { mut step, sealed_text }| {
            if let (Some(key), Some(sealed)) = (&key, sealed_text) {
                step.texts.reporter =
                    of_step(complaint, step.version, |context| key.open_text(context, &sealed))?;
            }
            Ok(step)
        };
        steps.into_iter().map(open).collect()
    }

    /// A report's key, or another where its own was destroyed.
    pub(super) async fn key_or_new(
        &self,
        connection: &mut PgConnection,
        (complaint, key): (ComplaintId, Option<DataKey>),
    ) -> Result<DataKey, Failure> {
        if let Some(key) = key {
            return Ok(key);
        }
        let (key, wrapped) = self.keys().generate(complaint);
        store::reporter::renew(connection, complaint, (&wrapped.key_id, &wrapped.bytes)).await?;
        Ok(key)
    }

    /// What the reporter wrote in a step, if anything, as it is to be kept. A report whose key was destroyed gets another.
    pub(super) async fn seal_words(
        &self,
        connection: &mut PgConnection,
        (complaint, key): (ComplaintId, Option<DataKey>),
        step: &Step,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let text = &step.texts.reporter;
        if text.is_empty() {
            return Ok(None);
        }
        let key = self.key_or_new(connection, (complaint, key)).await?;
        Ok(Some(of_step(complaint, step.version, |context| key.seal(context, text.as_bytes()))))
    }
}
