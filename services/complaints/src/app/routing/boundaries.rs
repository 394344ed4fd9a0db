//! Importing boundaries: all of a file, or nothing.

use jiff::Timestamp;
use kit::{
    clock::Clock,
    database::{Database, Deadline},
    identity::Caller,
    request::{Claim, RequestKey, claim},
};

use super::{
    App, Failure, Unroutable,
    rules::{check_etag, set_by},
};
use crate::{
    domain::place::{Parsed, Problem, parse},
    store::{self, place::Import, routing::SetBy},
};

/// Codes without a unit that an answer names at most.
const MOST_UNSERVED: i64 = 1_000;
/// Who is written down for an import from the command line.
const COMMAND_LINE: &str = "complaints import-boundaries";

/// What is to replace the boundaries.
#[derive(Debug)]
pub(crate) struct ToImport {
    /// Empty to replace any.
    pub(crate) etag: String,
    pub(crate) dry_run: bool,
    pub(crate) file: Vec<u8>,
    pub(crate) sha256: [u8; 32],
}

/// What was imported, or would be.
#[derive(Debug)]
pub(crate) struct Imported {
    pub(crate) version: i64,
    pub(crate) features: usize,
    pub(crate) positions: usize,
    pub(crate) unserved_codes: Vec<String>,
    /// Of a dry run alone.
    pub(crate) problems: Vec<Problem>,
}

/// Reads a file beside the calls, since that takes a processor for a while.
async fn read(file: Vec<u8>) -> Parsed {
    match tokio::task::spawn_blocking(move || parse(&file)).await {
        Ok(parsed) => parsed,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Puts boundaries in force.
async fn replace(
    database: &Database,
    (key, deadline): (Option<RequestKey>, Deadline),
    (by, etag, sha256): (SetBy, &str, [u8; 32]),
    parsed: Parsed,
) -> Result<Imported, Failure> {
    if !parsed.problems.is_empty() {
        return Err(Unroutable::Boundaries(parsed.problems).into());
    }
    let mut transaction = database.begin(deadline).await?;
    let in_force = store::routing::lock(&mut transaction).await?.boundaries;
    let mut imported = imported(in_force + 1, &parsed);
    let codes: Vec<String> =
        parsed.boundaries.iter().map(|boundary| boundary.kelurahan_code.clone()).collect();
    imported.unserved_codes = store::place::unserved(&mut transaction, &codes, MOST_UNSERVED).await?;
    if let Some(key) = key
        && let Claim::Done { resource } = claim(&mut transaction, &key, &imported.version.to_string()).await?
    {
        imported.version = resource.parse().map_err(|_| Failure::NotFound)?;
        return Ok(imported);
    }
    check_etag(etag, in_force)?;
    tracing::info!(version = imported.version, subject = by.subject, "boundaries imported");
    let import = Import { version: imported.version, by, sha256, positions: parsed.positions };
    store::place::replace_boundaries(&mut transaction, &import, &parsed.boundaries).await?;
    transaction.commit().await?;
    Ok(imported)
}

fn imported(version: i64, parsed: &Parsed) -> Imported {
    Imported {
        version,
        features: parsed.boundaries.len(),
        positions: parsed.positions,
        unserved_codes: Vec::new(),
        problems: Vec::new(),
    }
}

/// Imports a file for an operator; every problem is told where there is one, and then nothing is imported.
pub(crate) async fn import_file(database: &Database, file: Vec<u8>) -> anyhow::Result<Imported> {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &file);
    let sha256 = digest.as_ref().try_into()?;
    let by = SetBy { subject: COMMAND_LINE.to_owned(), person: None, at: Clock::default().now() };
    let outcome = replace(database, (None, Deadline::unattended()), (by, "", sha256), read(file).await).await;
    if let Err(Failure::Unroutable(Unroutable::Boundaries(problems))) = &outcome {
        for Problem { feature, path, problem } in problems {
            match feature {
                Some(feature) => tracing::error!("features[{feature}].{path} {problem}"),
                None => tracing::error!("{path} {problem}"),
            }
        }
    }
    Ok(outcome?)
}

impl App {
    /// Imports boundaries, or says what an import would find.
    pub(crate) async fn import_boundaries(
        &self,
        (caller, key, deadline): (&Caller, RequestKey, Deadline),
        to_import: ToImport,
    ) -> Result<Imported, Failure> {
        let parsed = read(to_import.file).await;
        if to_import.dry_run {
            return self.tried(parsed).await;
        }
        let now: Timestamp = self.clock.now();
        let set = (set_by(caller, now), to_import.etag.as_str(), to_import.sha256);
        let imported = replace(&self.database, (Some(key), deadline), set, parsed).await?;
        self.refresh_soon().await;
        Ok(imported)
    }

    async fn tried(&self, parsed: Parsed) -> Result<Imported, Failure> {
        let mut connection = self.database.acquire().await?;
        let in_force = store::routing::versions(&mut connection).await?.boundaries;
        let mut imported = imported(in_force, &parsed);
        let codes: Vec<String> =
            parsed.boundaries.iter().map(|boundary| boundary.kelurahan_code.clone()).collect();
        imported.unserved_codes = store::place::unserved(&mut connection, &codes, MOST_UNSERVED).await?;
        imported.problems = parsed.problems;
        Ok(imported)
    }
}
