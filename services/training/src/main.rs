//! The training service as a process.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Capacity and culture, where the figures say they are needed", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Serve gRPC.
    Serve(Box<training::Config>),
    /// Bring the schema up to date, as its owner.
    Migrate(kit::config::Database),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    kit::run::run(training::SERVICE, |shutdown| async move {
        match arguments.verb {
            Verb::Serve(config) => training::serve(*config, shutdown).await,
            Verb::Migrate(database) => {
                kit::database::migrate(&database.database_url, training::SERVICE, &training::MIGRATIONS).await
            }
        }
    })
}
