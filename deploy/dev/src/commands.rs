//! Commands that act on stacks which run already: a token for one, the end of them, and the removal of what is left.

use std::fs;
use std::io::{self, Write};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use uuid::Uuid;

use crate::running::{self, Note};
use crate::scratch::Scratch;
use crate::token::{Identity, Issuer, all_scopes};
use crate::workspace::Workspace;
use crate::{harness, servers, units};

/// The `sub` of a token without a person, where nothing is said.
const SYSTEM: &str = "cargo-dev";
/// What stays at a `clean`: installed programs, and the notes of stacks that run.
const KEPT: [&str; 2] = ["wheels", "stack"];

/// What a token is asked for.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TokenRequest {
    /// A scope, such as staff.read; may be repeated.
    #[arg(long = "scope", value_name = "SCOPE", required_unless_present = "all")]
    pub scopes: Vec<String>,
    /// All scopes.
    #[arg(long)]
    pub all: bool,
    /// A unit with its subtree: units/<uuid>, or an official code such as 31.71.01; may be repeated.
    #[arg(long = "unit", value_name = "UNIT")]
    pub units: Vec<String>,
    /// The person that acts: people/<uuid>, or `new` for a random one. Without it the token is a system's own.
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// The system: the token's subject, or with --person the one that calls for the person.
    #[arg(long, value_name = "NAME")]
    pub system: Option<String>,
    /// How long it holds: 45s, 30m or 12h, at most 12 hours.
    #[arg(long, value_name = "TIME", default_value = "12h", value_parser = parse_life)]
    pub ttl: Life,
    /// The stack that it is for, by process id; the newest if not said.
    #[arg(long, value_name = "PID")]
    pub stack: Option<u32>,
}

/// How long a token holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Life(Duration);

/// Prints a token for a running stack.
///
/// # Errors
/// No stack runs, a scope or unit is unknown, or the time is too long.
pub async fn token(workspace: &Workspace, request: TokenRequest) -> Result<()> {
    let note = running::find(&workspace.target_dev(), request.stack)?;
    let issuer = Issuer::from_private_key(&note.signing_key)?;
    let life = request.ttl.0;
    let identity = identity(request, &note, &issuer).await?;
    writeln!(io::stdout(), "{}", issuer.token(&identity, life)?).context("cannot print the token")
}

/// Ends the stacks of this clone, or only the one named.
///
/// # Errors
/// The one named doesn't run, or one doesn't end.
pub async fn down(workspace: &Workspace, stack: Option<u32>) -> Result<()> {
    let target_dev = workspace.target_dev();
    let stacks = match stack {
        Some(pid) => vec![running::find(&target_dev, Some(pid))?],
        None => running::all(&target_dev)?,
    };
    for Note { pid, .. } in &stacks {
        running::end(&target_dev, *pid).await?;
        eprintln!("the stack {pid} has ended");
    }
    if stacks.is_empty() {
        eprintln!("no stack runs from this clone");
    }
    Ok(())
}

/// Removes what stacks left: the folders of dead ones, and below `target/dev` all but what is installed or in use.
///
/// # Errors
/// Something can't be removed.
pub fn clean(workspace: &Workspace) -> Result<()> {
    for prefix in [servers::PREFIX, harness::PREFIX] {
        Scratch::clear_abandoned(prefix)?;
    }
    let target_dev = workspace.target_dev();
    // Removes the notes of dead ones.
    running::all(&target_dev)?;
    let Ok(entries) = fs::read_dir(&target_dev) else { return Ok(()) };
    for entry in entries.flatten().filter(|entry| !KEPT.iter().any(|kept| entry.file_name() == *kept)) {
        let path = entry.path();
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

async fn identity(request: TokenRequest, note: &Note, issuer: &Issuer) -> Result<Identity> {
    let known = all_scopes()?;
    let unknown: Vec<&String> = request.scopes.iter().filter(|scope| !known.contains(scope)).collect();
    ensure!(unknown.is_empty(), "no RPC asks for {unknown:?}; the scopes are {}", known.join(", "));
    let person = match request.person.as_deref() {
        Some("new") => Some(format!("people/{}", Uuid::now_v7())),
        Some(name) => Some(checked(name, "people/")?),
        None => None,
    };
    let mut units = Vec::new();
    for unit in &request.units {
        units.push(match checked(unit, "units/") {
            Ok(name) => name,
            Err(_) => unit_by_code(unit, note, issuer).await?,
        });
    }
    let system = request.system;
    let (subject, actor) = match &person {
        Some(person) => (person.clone(), system),
        None => (system.unwrap_or_else(|| SYSTEM.to_owned()), None),
    };
    Ok(Identity { subject, scopes: if request.all { known } else { request.scopes }, units, person, actor })
}

async fn unit_by_code(code: &str, note: &Note, issuer: &Issuer) -> Result<String> {
    let reader =
        Identity { subject: SYSTEM.to_owned(), scopes: vec!["staff.read".to_owned()], ..Identity::default() };
    let token = issuer.token(&reader, Duration::from_mins(1))?;
    units::by_code(&note.services.staff, &token, code).await
}

/// A resource name of this collection.
fn checked(name: &str, collection: &str) -> Result<String> {
    let id = name.strip_prefix(collection).and_then(|id| Uuid::parse_str(id).ok());
    Ok(format!("{collection}{}", id.with_context(|| format!("{name:?} is not {collection}<uuid>"))?))
}

fn parse_life(text: &str) -> Result<Life, String> {
    let parsed = text.find(|char: char| !char.is_ascii_digit()).and_then(|end| {
        let seconds = match &text[end..] {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => return None,
        };
        Some(Duration::from_secs(text[..end].parse::<u64>().ok()?.checked_mul(seconds)?))
    });
    parsed.map(Life).ok_or_else(|| format!("{text:?} is not a time such as 45s, 30m or 12h"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_its_unit() {
        for (text, seconds) in [("45s", Some(45)), ("30m", Some(1800)), ("12h", Some(43_200))] {
            assert_eq!(parse_life(text).ok().map(|life| life.0.as_secs()), seconds, "{text}");
        }
        for text in ["", "12", "h", "-1h", "1d", "99999999999999999999h"] {
            assert!(parse_life(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_resource_name_is_a_collection_and_an_id() {
        let name = format!("units/{}", Uuid::now_v7());
        assert_eq!(checked(&name, "units/").unwrap(), name);
        assert!(checked(&name, "people/").is_err() && checked("units/31.71", "units/").is_err());
    }
}
