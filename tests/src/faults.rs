//! No fact is lost: under load, one fault after another strikes a whole stack with two processes of each busy service.
//! Once all is quiet, every committed event is looked for: in its stream, and in the database of everyone who takes it.

mod checker;
mod fault;
mod load;
pub mod long;
mod operator;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use anyhow::Result;
use dev::{
    stack::{BusinessTime, Options, Say, Seed, Stack, Way},
    workspace::{Profile, Workspace},
};

/// Where faults can be made by a proxy.
const PROXIED: [(&str, Way); 4] = [
    ("complaints", Way::Postgres),
    ("complaints", Way::Nats),
    ("evaluation", Way::Postgres),
    ("evaluation", Way::Nats),
];

/// What a stack for faults is made of, with the services built as this code is.
fn options() -> Result<Options> {
    let workspace = Workspace::find()?;
    let profile = if cfg!(debug_assertions) { Profile::Dev } else { Profile::Release };
    let seeds = Seed::jakarta(&workspace.root);
    let (binaries, target_dev) = (workspace.binaries(profile), workspace.target_dev());
    let mut options = Options::new(binaries, target_dev, seeds, BusinessTime::Machine);
    options.proxied = PROXIED.to_vec();
    Ok(options)
}

/// Starts a stack with a second process of each of these services.
async fn start(options: Options, doubled: &[&'static str]) -> Result<Stack> {
    let say: Say = Arc::new(|_| {});
    let stack = Stack::start(options, &say).await?;
    for service in doubled {
        stack.add_replica(service).await?;
    }
    Ok(stack)
}
