//! The complaints service as a process.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Citizens' reports, from filing until they are truly solved", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Serve gRPC.
    Serve(Box<complaints::Config>),
    /// Bring the schema up to date, as its owner.
    Migrate(kit::config::Database),
    /// Take the categories over from a CSV file (code,name_id,name_en; further columns are ignored).
    ImportCategories {
        #[command(flatten)]
        database: kit::config::Database,
        /// The file.
        file: PathBuf,
    },
    /// Replace the boundaries of kelurahan by those of a GeoJSON file (WGS 84, property `kelurahan_code` or `code`). All
    /// or nothing; each bad feature is named.
    ImportBoundaries {
        #[command(flatten)]
        database: kit::config::Database,
        /// The file, at most 32 MiB.
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    kit::run::run(complaints::SERVICE, |shutdown| async move {
        match arguments.verb {
            Verb::Serve(config) => complaints::serve(*config, shutdown).await,
            Verb::Migrate(database) => {
                kit::database::migrate(&database.database_url, complaints::SERVICE, &complaints::MIGRATIONS)
                    .await
            }
            Verb::ImportCategories { database, file } => {
                complaints::import_categories(&database, &file).await
            }
            Verb::ImportBoundaries { database, file } => {
                complaints::import_boundaries(&database, &file).await
            }
        }
    })
}
