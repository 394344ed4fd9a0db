//! The two servers that the services need, started together and ended together. Knows no service,
//! schema or stream.

use std::path::Path;
use std::thread;

use anyhow::{Result, anyhow};

use crate::nats::Nats;
use crate::postgres::Postgres;
use crate::scratch::Scratch;
use crate::wheels::Binaries;

/// The name that the stacks' folders start with.
pub(crate) const PREFIX: &str = "prima";

/// A Postgres and a NATS of one's own. The order of the fields is the order of the end: both
/// servers stop before their folder is removed.
#[derive(Debug)]
pub struct Servers {
    /// The database.
    pub postgres: Postgres,
    /// The message server.
    pub nats: Nats,
    /// The folder that holds both servers' data and logs.
    pub scratch: Scratch,
}

impl Servers {
    /// Finds the programs (installing what is missing below `target_dev`) and starts both servers;
    /// NATS gets as many `accounts`. `say` gets a line for every choice made on the way.
    ///
    /// # Errors
    /// A program can't be found, or a server doesn't start; nothing is left running then.
    pub fn start(target_dev: &Path, accounts: usize, say: &mut dyn FnMut(&str)) -> Result<Self> {
        let binaries = Binaries::find(target_dev, say)?;
        let scratch = Scratch::try_new(PREFIX)?;
        let (postgres, nats) = thread::scope(|scope| {
            let nats = scope.spawn(|| Nats::start(&binaries, &scratch, accounts));
            let postgres = Postgres::start(&binaries, &scratch);
            let nats = nats.join().unwrap_or_else(|_| Err(anyhow!("the thread that starts NATS panicked")));
            (postgres, nats)
        });
        Ok(Self { postgres: postgres?, nats: nats?, scratch })
    }
}
