//! The store of files: a folder, or a bucket of an S3-compatible server. A file is found by the SHA-256 of what is stored,
//! and what comes back as something else is refused.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use jiff::civil::Date;
use kit::ledger::sha256;
use object_store::{
    ObjectStore, ObjectStoreExt, PutPayload, aws::AmazonS3Builder, local::LocalFileSystem, path::Path,
    prefix::PrefixStore,
};

use super::Failure;

/// How long one file may take.
const WITHIN: Duration = Duration::from_secs(20);

/// The store.
#[derive(Clone, Debug)]
pub(crate) struct Objects(Arc<dyn ObjectStore>);

impl Objects {
    /// The store at a place: `s3://bucket/prefix` (endpoint and keys by the usual `AWS_…` variables), else a folder, which is
    /// made where it is missing.
    pub(crate) fn try_new(place: &str) -> anyhow::Result<Self> {
        if let Some(bucket) = place.strip_prefix("s3://") {
            let (bucket, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
            let store = AmazonS3Builder::from_env().with_bucket_name(bucket).build();
            let store = store.context("the S3 store's settings are wrong")?;
            return Ok(Self(Arc::new(PrefixStore::new(store, Path::from(prefix)))));
        }
        anyhow::ensure!(!place.contains("://"), "the store of files is a folder or s3://bucket/prefix");
        std::fs::create_dir_all(place).with_context(|| format!("cannot make the folder {place}"))?;
        let store = LocalFileSystem::new_with_prefix(place).with_context(|| format!("cannot use {place}"))?;
        Ok(Self(Arc::new(store.with_automatic_cleanup(true))))
    }

    /// Keeps a file.
    pub(crate) async fn put(&self, object: &[u8; 32], bytes: Vec<u8>) -> Result<(), Failure> {
        self.put_at(path(object), bytes).await
    }

    /// Keeps a day's root.
    pub(crate) async fn put_root(&self, day: Date, json: String) -> Result<(), Failure> {
        self.put_at(Path::from(format!("ledger/roots/{day}.json")), json.into_bytes()).await
    }

    async fn put_at(&self, path: Path, bytes: Vec<u8>) -> Result<(), Failure> {
        within(self.0.put(&path, PutPayload::from(bytes))).await?;
        Ok(())
    }

    /// The content of a file.
    pub(crate) async fn get(&self, object: &[u8; 32]) -> Result<Vec<u8>, Failure> {
        let path = path(object);
        let bytes = within(async { self.0.get(&path).await?.bytes().await }).await?;
        if sha256(&[&bytes]) != *object {
            tracing::error!(%path, "the store of files gives another content than was put into it");
            return Err(Failure::ObjectChanged);
        }
        Ok(bytes.to_vec())
    }

    /// Takes a file away, if it is there.
    pub(crate) async fn delete(&self, object: &[u8; 32]) -> Result<(), Failure> {
        let path = path(object);
        within(async {
            match self.0.delete(&path).await {
                Err(object_store::Error::NotFound { .. }) => Ok(()),
                outcome => outcome,
            }
        })
        .await
    }
}

/// `evidence/ab/ab12…`.
fn path(object: &[u8; 32]) -> Path {
    let name: String = object.iter().map(|byte| format!("{byte:02x}")).collect();
    Path::from(format!("evidence/{}/{name}", &name[..2]))
}

async fn within<T>(work: impl Future<Output = object_store::Result<T>>) -> Result<T, Failure> {
    match tokio::time::timeout(WITHIN, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(object_store::Error::NotFound { path, .. })) => {
            tracing::error!(path, "a file is not in the store of files");
            Err(Failure::ObjectChanged)
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "the store of files does not answer as it should");
            Err(Failure::StoreDown)
        }
        Err(_) => {
            tracing::warn!("the store of files has not answered within {WITHIN:?}");
            Err(Failure::StoreDown)
        }
    }
}
