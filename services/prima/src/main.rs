//! The command-line client of the suite: the scopes that a token can be issued for, read from the contract.

use std::io::Write;

fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for scope in kit::scopes::Scopes::all(proto::DESCRIPTOR_SET)? {
        writeln!(out, "{scope}")?;
    }
    Ok(())
}
