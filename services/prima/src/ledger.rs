//! `prima ledger`: exporting what shows that ledgers are under a signed root, and checking it with nothing but files.

mod verify;

use std::{fs::File, io::Write, path::PathBuf};

use clap::Subcommand;
use prost::Message;
use proto::complaints::v1::{ExportLedgerRequest, evidence_service_client::EvidenceServiceClient};

use crate::{
    connection::{Connection, Options},
    failure::Failure,
};

/// `prima ledger`.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Write what shows that reports' ledgers are under a root into a file. Wants a token with the scope
    /// `complaints.audit`.
    Export(Export),
    /// Check an export against a root that was kept and the key that signed it; needs no service.
    Verify(verify::Verify),
}

/// `prima ledger export`.
#[derive(clap::Args)]
pub(crate) struct Export {
    #[command(flatten)]
    options: Options,
    /// The file to write.
    file: PathBuf,
    /// The root, `ledgerRoots/2026-11-24`; the newest where it is not given.
    #[arg(long, default_value = "")]
    root: String,
    /// Only this report, `complaints/…`.
    #[arg(long, default_value = "")]
    complaint: String,
}

/// Runs one command.
pub(crate) async fn run(command: Command, out: &mut impl Write) -> Result<(), Failure> {
    match command {
        Command::Export(export) => run_export(export, out).await,
        Command::Verify(verify) => verify::run(&verify, out),
    }
}

async fn run_export(export: Export, out: &mut impl Write) -> Result<(), Failure> {
    let connection = Connection::open(&export.options).await?;
    let request = ExportLedgerRequest { root: export.root, complaint: export.complaint };
    let mut client = EvidenceServiceClient::new(connection.channel.clone());
    let mut messages = client.export_ledger(connection.request(request)).await?.into_inner();
    let mut file = std::io::BufWriter::new(File::create(&export.file)?);
    let mut reports = 0_u64;
    while let Some(message) = messages.message().await? {
        reports += u64::from(message.ledger.is_some());
        file.write_all(&message.encode_length_delimited_to_vec())?;
    }
    file.flush()?;
    writeln!(out, "{reports} reports are in {}.", export.file.display())?;
    Ok(())
}
