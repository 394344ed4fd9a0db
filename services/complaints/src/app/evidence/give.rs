//! Giving evidence: the copy without metadata to all who may see the report, originals to those whom they are for.

use kit::identity::Caller;
use uuid::Uuid;

use super::{Shown, Trouble, shown, upload::place_of};
use crate::{
    app::{App, Failure, Proof, Sight, seal::SealBroken},
    domain::{ComplaintId, evidence::Role},
    store,
};

/// Evidence and a content of it.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) shown: Shown,
    pub(crate) content_type: String,
    pub(crate) bytes: Vec<u8>,
}

impl App {
    /// The evidence, and its original or its copy without metadata.
    pub(crate) async fn give_evidence(
        &self,
        (caller, proof): (&Caller, &Proof),
        (complaint, id): (ComplaintId, Uuid),
        original: bool,
    ) -> Result<Given, Failure> {
        let (_, sight) = self.get(caller, complaint, proof).await?;
        let mut connection = self.database.acquire().await?;
        let evidence = store::evidence::get(&mut connection, id).await?;
        let evidence =
            evidence.filter(|evidence| evidence.complaint == complaint).ok_or(Failure::NotFound)?;
        let key = match evidence.role {
            Role::Before => Some(store::reporter::wrapped_key(&mut connection, complaint).await?),
            Role::After => None,
        };
        let shown = shown(&mut connection, (caller, sight), vec![evidence]).await?.pop();
        let shown = shown.ok_or(Failure::NotFound)?;
        drop(connection);
        let evidence = &shown.evidence;
        let (object, content_type, field) = match (original, evidence.role, sight) {
            (true, Role::After, Sight::Official) | (true, Role::Before, Sight::Reporter) => {
                (evidence.object, evidence.content_type.clone(), "original")
            }
            (true, ..) => return Err(Trouble::OriginalSealed.into()),
            (false, ..) => {
                let (object, content_type) = evidence.public.clone().ok_or(Trouble::NoPublicCopy)?;
                (object, content_type, "public")
            }
        };
        let mut bytes = self.objects.get(&object).await?;
        if let Some(wrapped) = key {
            // Whose key was destroyed has shown nothing.
            let key = self.keys().unwrap(complaint, &wrapped.ok_or(Failure::NotFound)?)?;
            let place = (complaint, id);
            bytes = place_of(place, field, |context| key.open(context, &bytes)).map_err(
                |broken| match broken {
                    SealBroken::Forged => Failure::NotFound,
                    other => other.into(),
                },
            )?;
        }
        Ok(Given { shown, content_type, bytes })
    }
}
