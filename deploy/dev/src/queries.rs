//! The queries that sqlx's macros check at build time: a database with every service's schema to check them against, and
//! the files in `.sqlx` that builds without a database go by.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use sqlx::migrate::Migrator;

use crate::cluster::{Cluster, Role, SERVICES};
use crate::workspace::Workspace;

const DATABASE: &str = "prima_queries";

/// Makes a database, migrated from the services' migration folders, and says its URL as the macros take it.
///
/// # Errors
/// A migration is malformed or fails.
pub async fn database(cluster: &Cluster, workspace: &Workspace) -> Result<String> {
    cluster.create_database(DATABASE).await?;
    for service in SERVICES {
        let folder = workspace.root.join("services").join(service).join("migrations");
        if folder.is_dir() {
            let context = || format!("the migrations of {service} failed");
            let migrations = Migrator::new(folder).await.with_context(context)?;
            let owner = cluster.url(service, Role::Owner, DATABASE);
            kit::database::migrate(&owner, service, &migrations).await.with_context(context)?;
        }
    }
    Ok(format!("{}?options=-csearch_path%3Dstaff%2Cextensions", cluster.superuser_url(DATABASE)))
}

/// Makes `command`, a cargo command on the whole workspace, write the files of all queries afresh; returns their folder.
///
/// # Errors
/// A file can't be written.
pub fn written_by(command: &mut Command, workspace: &Workspace, database_url: &str) -> Result<PathBuf> {
    let folder = workspace.target_dev().join("sqlx");
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).context("cannot empty the queries' folder");
        }
        _ => fs::create_dir_all(&folder).context("cannot make the queries' folder")?,
    }
    // The macros only run where the compiler does.
    for crate_root in crate_roots(workspace)? {
        File::options()
            .append(true)
            .open(&crate_root)
            .and_then(|file| file.set_modified(SystemTime::now()))
            .with_context(|| format!("cannot touch {}", crate_root.display()))?;
    }
    command.env("DATABASE_URL", database_url).env("SQLX_OFFLINE_DIR", &folder);
    Ok(folder)
}

/// Compares what was written with what is committed.
///
/// # Errors
/// They differ; the message says in which queries and what to do.
pub fn compare(written: &Path, workspace: &Workspace) -> Result<()> {
    let (written, committed) = (files(written)?, files(&workspace.root.join(".sqlx"))?);
    let mut differences = Vec::new();
    for (name, text) in &written {
        match committed.get(name) {
            None => differences.push(format!("missing: {name} ({})", statement(text))),
            Some(other) if other != text => {
                differences.push(format!("different: {name} ({})", statement(text)))
            }
            Some(_) => {}
        }
    }
    let superfluous = committed.iter().filter(|(name, _)| !written.contains_key(*name));
    differences.extend(superfluous.map(|(name, text)| format!("superfluous: {name} ({})", statement(text))));
    ensure!(
        differences.is_empty(),
        "the queries in .sqlx are not those of the code: run `cargo dev prepare` and commit .sqlx\n{}",
        differences.join("\n")
    );
    Ok(())
}

/// Makes `.sqlx` what was written.
///
/// # Errors
/// A file can't be written.
pub fn commit(written: &Path, workspace: &Workspace) -> Result<usize> {
    let folder = workspace.root.join(".sqlx");
    fs::create_dir_all(&folder).context("cannot make .sqlx")?;
    let written = files(written)?;
    for name in files(&folder)?.keys().filter(|name| !written.contains_key(*name)) {
        fs::remove_file(folder.join(name)).with_context(|| format!("cannot remove {name}"))?;
    }
    for (name, text) in &written {
        fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(written.len())
}

/// The files that begin the crates with queries.
fn crate_roots(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let services = fs::read_dir(workspace.root.join("services")).context("there is no services folder")?;
    let mut crates: Vec<PathBuf> = services.flatten().map(|entry| entry.path()).collect();
    crates.push(workspace.root.join("tests"));
    let files = crates.iter().flat_map(|folder| ["src/lib.rs", "src/main.rs"].map(|file| folder.join(file)));
    Ok(files.filter(|file| file.is_file()).collect())
}

fn files(folder: &Path) -> Result<BTreeMap<String, String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.with_context(|| format!("cannot list {}", folder.display()))?,
    };
    let mut files = BTreeMap::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("query-") && name.ends_with(".json") {
            let text = fs::read_to_string(entry.path()).with_context(|| format!("cannot read {name}"))?;
            files.insert(name, text);
        }
    }
    Ok(files)
}

/// The beginning of the statement in a query's file.
fn statement(text: &str) -> String {
    let file: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let words: Vec<&str> = file["query"].as_str().unwrap_or("unreadable").split_whitespace().collect();
    words.join(" ").chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_query_that_is_missing_superfluous_or_different_is_named() {
        let scratch = Scratch::try_new("prima-test").unwrap();
        let workspace = Workspace { root: scratch.path().to_owned(), target: scratch.path().join("target") };
        let written = workspace.target_dev();
        fs::create_dir_all(&written).unwrap();
        compare(&written, &workspace).unwrap();

        let query = |sql: &str| format!(r#"{{"query":"{sql}"}}"#);
        fs::write(written.join("query-1.json"), query("SELECT 1")).unwrap();
        fs::write(written.join("query-2.json"), query("SELECT 2")).unwrap();
        assert_eq!(commit(&written, &workspace).unwrap(), 2);
        compare(&written, &workspace).unwrap();

        fs::write(written.join("query-2.json"), query("SELECT two")).unwrap();
        fs::write(written.join("query-3.json"), query("SELECT 3")).unwrap();
        fs::remove_file(written.join("query-1.json")).unwrap();
        let error = compare(&written, &workspace).unwrap_err().to_string();
        for part in [
            "cargo dev prepare",
            "superfluous: query-1.json (SELECT 1)",
            "different: query-2.json (SELECT two)",
            "missing: query-3.json",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
