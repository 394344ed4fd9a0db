//! The runbooks' commands are ones that the client has.

use std::{fs, path::Path, process::Command};

#[test]
fn every_command_of_a_runbook_can_be_typed_as_it_stands() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/observability/runbooks");
    let programs = Path::new(env!("CARGO_BIN_EXE_prima")).parent().unwrap();
    let mut commands = 0;
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let text = fs::read_to_string(&file).unwrap();
        for line in text.lines().map(str::trim).filter(|line| line.starts_with("prima ")) {
            // Nobody is there: what the client understands ends with 1, what it does not with 2.
            let output = Command::new("/bin/sh")
                .args(["-c", line])
                .env("PATH", programs)
                .env("PRIMA_URL", "http://127.0.0.1:1")
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{}: {line}\n{told}", file.display());
            commands += 1;
        }
    }
    assert!(commands > 5, "only {commands} commands were found");
}
