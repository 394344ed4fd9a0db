//! The staff service as a process.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Units, seats, people, and who holds which seat when", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Serve gRPC.
    Serve(Box<staff::Config>),
    /// Bring the schema up to date, as its owner.
    Migrate(kit::config::Database),
    /// Take units over from a CSV file (code,kind,parent_code,name,area_codes; the area codes separated by semicolons).
    ImportUnits {
        #[command(flatten)]
        database: kit::config::Database,
        /// The file.
        file: PathBuf,
    },
    /// Take holidays over from a CSV file (day,kind,name; the kind is NATIONAL or JOINT_LEAVE), whole years at a time.
    ImportHolidays {
        #[command(flatten)]
        database: kit::config::Database,
        /// The file.
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    kit::run::run(staff::SERVICE, |shutdown| async move {
        match arguments.verb {
            Verb::Serve(config) => staff::serve(*config, shutdown).await,
            Verb::Migrate(database) => {
                kit::database::migrate(&database.database_url, staff::SERVICE, &staff::MIGRATIONS).await
            }
            Verb::ImportUnits { database, file } => staff::import_units(&database, &file).await,
            Verb::ImportHolidays { database, file } => staff::import_holidays(&database, &file).await,
        }
    })
}
