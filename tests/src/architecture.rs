//! Who may know whom. These rules are read from the sources' text, so that a breach is named by file and line.

use std::{
    fs,
    path::{Path, PathBuf},
};

const SERVICES: [&str; 4] = ["complaints", "staff", "training", "evaluation"];
const MAX_LINES: usize = 400;
const MAX_KIT_LINES: usize = 300;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target") {
                walk(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn sources(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    walk(&root().join(folder), &mut files);
    files.sort();
    assert!(!files.is_empty(), "{folder} has no sources");
    files
}

/// The lines of code of a file: comments, and what stands in a test module's file, left out.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.split("//").next().unwrap_or_default().to_owned()))
        .collect()
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path.file_name().is_some_and(|name| name == "tests.rs")
}

/// Fails with every line of `files` that holds one of `words`.
fn none_says(files: &[PathBuf], words: &[&str], rule: &str) {
    let mut breaches = Vec::new();
    for path in files.iter().filter(|path| !is_test(path)) {
        for (number, line) in code(path) {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                let place = path.strip_prefix(root()).unwrap_or(path).display();
                breaches.push(format!("  {place}:{number} says `{word}`"));
            }
        }
    }
    assert!(breaches.is_empty(), "{rule}:\n{}", breaches.join("\n"));
}

fn room(service: &str, names: &[&str]) -> Vec<PathBuf> {
    sources(&format!("services/{service}/src"))
        .into_iter()
        .filter(|path| {
            let inside = path.strip_prefix(root().join("services").join(service).join("src")).unwrap();
            let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
            names.contains(&first.trim_end_matches(".rs"))
        })
        .collect()
}

#[test]
fn a_service_depends_on_kit_and_the_contract_and_on_no_other_service() {
    for service in SERVICES.iter().chain(&["kit"]) {
        let manifest = fs::read_to_string(root().join(format!("services/{service}/Cargo.toml"))).unwrap();
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
        for other in SERVICES.iter().chain(&["prima", "dev", "tests"]).filter(|other| *other != service) {
            assert!(
                !dependencies.lines().any(|line| line.starts_with(&format!("{other}."))),
                "services/{service} depends on {other}"
            );
        }
    }
}

#[test]
fn of_the_contract_kit_names_only_options_and_operations() {
    let words = ["proto::complaints", "proto::staff", "proto::training", "proto::evaluation"];
    none_says(&sources("services/kit/src"), &words, "kit knows no business");
}

#[test]
fn kit_says_no_business_word() {
    let words = ["complaint", "kelurahan", "survey", "enrolment", "sanction", "citizen"];
    none_says(&sources("services/kit/src"), &words, "kit knows bytes, rows and time");
}

#[test]
fn the_domain_is_pure() {
    let words = [
        "sqlx::",
        "tonic::",
        "tokio::",
        "async fn",
        "kit::",
        "proto::",
        "Timestamp::now",
        "SystemTime",
        "rand::random",
    ];
    for service in SERVICES {
        none_says(&room(service, &["domain"]), &words, "domain/ has no I/O, clock or randomness");
        none_says(
            &room(service, &["domain"]),
            &["crate::store", "crate::app", "crate::grpc"],
            "domain/ knows no shell",
        );
    }
}

#[test]
fn only_the_edge_speaks_the_contract() {
    for service in SERVICES {
        none_says(
            &room(service, &["app", "store", "domain"]),
            &["proto::"],
            "only grpc/ and events/ say proto",
        );
    }
}

#[test]
fn only_the_store_holds_sql() {
    let words = ["query!(", "query_as!(", "query_scalar!(", "sqlx::query"];
    for service in SERVICES {
        none_says(&room(service, &["app", "grpc", "events", "domain"]), &words, "only store/ holds SQL");
    }
}

#[test]
fn only_the_use_cases_begin_and_commit() {
    for service in SERVICES {
        let files = room(service, &["store", "grpc", "events", "domain"]);
        none_says(&files, &[".begin(", ".commit("], "only app/ says begin or commit");
    }
}

#[test]
fn a_store_names_its_own_schema_only() {
    for service in SERVICES {
        let others: Vec<String> = SERVICES
            .iter()
            .filter(|other| **other != service)
            .flat_map(|other| ["FROM", "JOIN", "INTO", "UPDATE"].map(|verb| format!("{verb} {other}.")))
            .collect();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        none_says(&room(service, &["store"]), &others, "a service reads its own schema only");
    }
}

#[test]
fn every_file_says_what_it_is_for_and_stays_readable() {
    let mut breaches = Vec::new();
    for folder in ["proto/src", "services", "deploy/dev/src", "tests/src", "tests/bench/src"] {
        for path in sources(folder) {
            let text = fs::read_to_string(&path).unwrap();
            let place = path.strip_prefix(root()).unwrap().display().to_string();
            if !text.starts_with("//!") {
                breaches.push(format!("  {place} does not begin with what it is for"));
            }
            let limit = if place.starts_with("services/kit") { MAX_KIT_LINES } else { MAX_LINES };
            if text.lines().count() > limit {
                breaches.push(format!("  {place} has {} lines, more than {limit}", text.lines().count()));
            }
        }
    }
    assert!(breaches.is_empty(), "files a newcomer can read:\n{}", breaches.join("\n"));
}
