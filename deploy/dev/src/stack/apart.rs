//! One service's Postgres apart from the others', so that it can be restored to an earlier time and they are not.

use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::{Context, Result};

use super::{DATABASE, Stack, locked};
use crate::cluster::Cluster;
use crate::postgres::Postgres;
use crate::scratch::Scratch;
use crate::servers::PREFIX;
use crate::wheels::Binaries;

/// A server of one service's own. The order of the fields is the order of the end.
#[derive(Debug)]
pub(super) struct Apart {
    pub(super) service: &'static str,
    pub(super) cluster: Cluster,
    postgres: Mutex<Postgres>,
    scratch: Scratch,
}

impl Apart {
    pub(super) async fn start(service: &'static str, target_dev: PathBuf) -> Result<Self> {
        let starting = move || {
            let binaries = Binaries::find(&target_dev, &mut |_| {})?;
            let scratch = Scratch::try_new(PREFIX)?;
            anyhow::Ok((Postgres::start(&binaries, &scratch)?, scratch))
        };
        let (postgres, scratch) =
            tokio::task::spawn_blocking(starting).await.context("the start of a server was cut")??;
        let cluster = Cluster::try_new(&postgres.superuser_url("postgres"), Cluster::random_secret())?;
        cluster.create_database(DATABASE).await?;
        Ok(Self { service, cluster, postgres: Mutex::new(postgres), scratch })
    }
}

impl Stack {
    /// Copies the data of the Postgres apart as it is after a crash; its service is without it meanwhile.
    ///
    /// # Errors
    /// No service's is apart, or it can't be copied.
    pub fn back_up(&self) -> Result<()> {
        let apart = self.apart()?;
        tokio::task::block_in_place(|| locked(&apart.postgres).back_up(&apart.scratch.path().join("before")))
    }

    /// Restores the Postgres apart to what it was at the copy, as a new timeline.
    ///
    /// # Errors
    /// No service's is apart, nothing was copied, or it doesn't start.
    pub fn restore(&self) -> Result<()> {
        let apart = self.apart()?;
        tokio::task::block_in_place(|| locked(&apart.postgres).restore(&apart.scratch.path().join("before")))
    }

    fn apart(&self) -> Result<&Apart> {
        self.apart.as_ref().context("no service of this stack has a Postgres of its own")
    }

    /// The database that a service is in, as the superuser.
    #[must_use]
    pub fn superuser_url_of(&self, service: &str) -> String {
        self.cluster_of(service).superuser_url(DATABASE)
    }

    pub(super) fn cluster_of(&self, service: &str) -> &Cluster {
        let apart = self.apart.as_ref().filter(|apart| apart.service == service);
        apart.map_or(&self.cluster, |apart| &apart.cluster)
    }
}
