//! How the services of a stack get to their servers: straight, or through a proxy that can do harm.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};

use crate::proxy::Proxy;

/// What a service is on the way to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Its database, for the service and its relay.
    Postgres,
    /// NATS.
    Nats,
}

/// The proxies of a stack.
#[derive(Debug, Default)]
pub(super) struct Ways(Vec<(&'static str, Way, Proxy)>);

impl Ways {
    /// The address to give to a service for one that leads to `url`; through a proxy, started here, where `proxied` says so.
    pub(super) fn lead(
        &mut self,
        proxied: &[(&'static str, Way)],
        (service, way): (&'static str, Way),
        url: &str,
    ) -> Result<String> {
        if !proxied.contains(&(service, way)) {
            return Ok(url.to_owned());
        }
        let port = port(url)?;
        if self.get(service, way).is_none() {
            let proxy = Proxy::start(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
            self.0.push((service, way, proxy));
        }
        let proxy = self.get(service, way).context("a proxy was not kept")?;
        Ok(url.replacen(&format!("@127.0.0.1:{port}"), &format!("@{}", proxy.address()), 1))
    }

    pub(super) fn get(&self, service: &str, way: Way) -> Option<&Proxy> {
        self.0.iter().find(|(of, to, _)| (*of, *to) == (service, way)).map(|(_, _, proxy)| proxy)
    }
}

/// The port in `scheme://user:password@127.0.0.1:port` or the same with a path.
fn port(url: &str) -> Result<u16> {
    let server = url.rsplit_once("@127.0.0.1:").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
    server.and_then(|port| port.parse().ok()).context("the address of a server here has another form")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_ways_named_lead_through_a_proxy_and_both_roles_through_the_same() {
        let mut ways = Ways::default();
        let proxied = [("staff", Way::Postgres)];
        let (app, relay) =
            ("postgres://app:a@127.0.0.1:5432/prima", "postgres://relay:b@127.0.0.1:5432/prima");
        let led = ways.lead(&proxied, ("staff", Way::Postgres), app).unwrap();
        let address = ways.get("staff", Way::Postgres).unwrap().address();
        assert_eq!(led, format!("postgres://app:a@{address}/prima"));
        let led = ways.lead(&proxied, ("staff", Way::Postgres), relay).unwrap();
        assert_eq!(led, format!("postgres://relay:b@{address}/prima"));
        let nats = "nats://a0:c@127.0.0.1:4222";
        for service in ["staff", "training"] {
            assert_eq!(ways.lead(&proxied, (service, Way::Nats), nats).unwrap(), nats);
        }
        assert!(ways.lead(&proxied, ("staff", Way::Postgres), "postgres://somewhere").is_err());
    }
}
