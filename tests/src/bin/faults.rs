//! The long fault run; `cargo dev faults` builds all that it needs and starts it. Ends with a failure where anything was
//! lost, duplicated or out of order.

use std::time::Duration;

use clap::Parser;
use tests::faults::long;

#[derive(Parser)]
struct Arguments {
    /// For how long faults strike.
    #[arg(long, default_value_t = 20)]
    minutes: u64,
    /// The same seed strikes with the same faults in the same order; a random one where none is given.
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments { minutes, seed } = Arguments::parse();
    let seed = seed.unwrap_or_else(rand::random);
    long::run(Duration::from_secs(minutes * 60), seed).await
}
