//! Which scope each RPC asks for, read from the descriptor set that the server carries. A server with an RPC that states
//! none doesn't start.

use std::collections::HashMap;

use prost_reflect::DescriptorPool;

/// The scope of RPCs that need no token.
pub const PUBLIC: &str = "public";
const SCOPE_EXTENSION: &str = "prima.options.v1.scope";

/// What the gate must know of an RPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The scope a token must carry.
    pub scope: String,
    /// Whether either side sends a stream, which has no deadline.
    pub streams: bool,
}

/// The rules of all RPCs, by path (`/package.Service/Method`).
#[derive(Clone, Debug, Default)]
pub struct Scopes(HashMap<String, Rule>);

impl Scopes {
    /// Reads the rules of the services named.
    ///
    /// # Errors
    /// The set is unreadable, a service is not in it, or an RPC states no scope.
    pub fn try_new(descriptor_set: &[u8], services: &[&str]) -> anyhow::Result<Self> {
        let pool = DescriptorPool::decode(descriptor_set)?;
        let extension = pool
            .get_extension_by_name(SCOPE_EXTENSION)
            .ok_or_else(|| anyhow::anyhow!("the descriptor set lacks {SCOPE_EXTENSION}"))?;
        let mut rules = HashMap::new();
        for name in services {
            let service = pool
                .get_service_by_name(name)
                .ok_or_else(|| anyhow::anyhow!("the descriptor set lacks the service {name}"))?;
            for method in service.methods() {
                let options = method.options();
                let scope = options.get_extension(&extension).as_str().unwrap_or_default().to_owned();
                anyhow::ensure!(!scope.is_empty(), "{} states no scope", method.full_name());
                let rule =
                    Rule { scope, streams: method.is_server_streaming() || method.is_client_streaming() };
                rules.insert(format!("/{name}/{}", method.name()), rule);
            }
        }
        Ok(Self(rules))
    }

    /// The rule of an RPC, or `None` for one that the server doesn't have.
    #[must_use]
    pub fn rule(&self, path: &str) -> Option<&Rule> {
        self.0.get(path)
    }

    /// All scopes that a descriptor set names, sorted, `public` left out.
    ///
    /// # Errors
    /// The set is unreadable.
    pub fn all(descriptor_set: &[u8]) -> anyhow::Result<Vec<String>> {
        let pool = DescriptorPool::decode(descriptor_set)?;
        let names: Vec<String> = pool
            .services()
            .map(|service| service.full_name().to_owned())
            .filter(|name| name.starts_with("prima."))
            .collect();
        let rules = Self::try_new(descriptor_set, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let mut scopes: Vec<String> =
            rules.0.into_values().map(|rule| rule.scope).filter(|scope| scope != PUBLIC).collect();
        scopes.sort();
        scopes.dedup();
        Ok(scopes)
    }
}
