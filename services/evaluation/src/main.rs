//! The evaluation service as a process.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Surveys, figures, and what they show", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Serve gRPC.
    Serve(Box<evaluation::Config>),
    /// Bring the schema up to date, as its owner.
    Migrate(kit::config::Database),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    kit::run::run(evaluation::SERVICE, |shutdown| async move {
        match arguments.verb {
            Verb::Serve(config) => evaluation::serve(*config, shutdown).await,
            Verb::Migrate(database) => {
                kit::database::migrate(&database.database_url, evaluation::SERVICE, &evaluation::MIGRATIONS)
                    .await
            }
        }
    })
}
