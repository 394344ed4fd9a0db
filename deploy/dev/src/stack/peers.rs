//! How the services of a stack find one another, to compare what they know: a file with addresses, a file with a token.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::cluster::SERVICES;
use crate::services::ServiceProcess;
use crate::token::{Identity, Issuer, LONGEST_LIFE};

/// Writes a token that may ask every service for what it told.
pub(super) fn write_token(file: &Path, issuer: &Issuer) -> Result<()> {
    let services = Identity {
        subject: "prima-services".to_owned(),
        scopes: SERVICES.map(|name| format!("{name}.replay")).into(),
        ..Identity::default()
    };
    fs::write(file, issuer.token(&services, LONGEST_LIFE)?).context("cannot write the services' token")
}

/// Writes where each service is.
pub(super) fn write_addresses(file: &Path, services: &[ServiceProcess]) -> Result<()> {
    let lines: Vec<String> =
        services.iter().map(|service| format!("{}={}\n", service.name, service.url())).collect();
    fs::write(file, lines.concat()).context("cannot write the services' addresses")
}
