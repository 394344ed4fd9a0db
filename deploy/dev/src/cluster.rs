//! A Postgres as the services meet it: their roles, the passwords of these, and databases prepared for them. Creates
//! schemas and roles by deploy/sql/bootstrap.sql; no table.

use anyhow::{Context, Result};
use aws_lc_rs::hmac;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

/// The services, which are also the names of their binaries and schemas.
pub const SERVICES: [&str; 4] = ["complaints", "staff", "training", "evaluation"];

const BOOTSTRAP: &str = include_str!("../../sql/bootstrap.sql");

/// What a service connects as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Owns the schema and migrates it.
    Owner,
    /// The running service.
    App,
    /// The running service's relay.
    Relay,
    /// Reads.
    Read,
}

impl Role {
    const ALL: [Self; 4] = [Self::Owner, Self::App, Self::Relay, Self::Read];

    /// The role's name in Postgres, such as `staff_app`.
    #[must_use]
    pub fn of(self, service: &str) -> String {
        let suffix = match self {
            Self::Owner => "owner",
            Self::App => "app",
            Self::Relay => "relay",
            Self::Read => "read",
        };
        format!("{service}_{suffix}")
    }
}

/// A Postgres server: its address, its superuser, and the secret that the roles' passwords follow from, so that all who
/// hold it know the same ones.
#[derive(Clone)]
pub struct Cluster {
    /// `postgres:password@127.0.0.1:port`.
    superuser: String,
    secret: String,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Cluster").field("server", &self.server()).finish_non_exhaustive()
    }
}

impl Cluster {
    /// A server by any URL of its superuser, such as `postgres://postgres:password@127.0.0.1:5432/postgres`.
    ///
    /// # Errors
    /// The URL has another form.
    pub fn try_new(superuser_url: &str, secret: String) -> Result<Self> {
        let superuser = superuser_url
            .strip_prefix("postgres://")
            .and_then(|rest| rest.split('/').next())
            .filter(|superuser| superuser.contains('@'))
            .context("the superuser's URL is not postgres://role:password@host:port/database")?;
        Ok(Self { superuser: superuser.to_owned(), secret })
    }

    /// A secret for a new server.
    #[must_use]
    pub fn random_secret() -> String {
        random_key()
    }

    /// The superuser's URL of a database.
    #[must_use]
    pub fn superuser_url(&self, database: &str) -> String {
        format!("postgres://{}/{database}", self.superuser)
    }

    /// A service's URL of a database.
    #[must_use]
    pub fn url(&self, service: &str, role: Role, database: &str) -> String {
        let (role, password) = (role.of(service), self.password(service, role));
        format!("postgres://{role}:{password}@{}/{database}", self.server())
    }

    /// A connection as the superuser.
    ///
    /// # Errors
    /// The database doesn't answer.
    pub async fn connect(&self, database: &str) -> Result<PgConnection> {
        PgConnection::connect(&self.superuser_url(database))
            .await
            .with_context(|| format!("cannot connect to the database {database}"))
    }

    /// Creates a database with the services' roles, passwords and schemas. Not for two at a time on one server: roles
    /// belong to all its databases.
    ///
    /// # Errors
    /// The name is taken, or the database doesn't answer.
    pub async fn create_database(&self, name: &str) -> Result<()> {
        let mut server = self.connect("postgres").await?;
        execute(&mut server, format!("CREATE DATABASE {name}")).await?;
        server.close().await?;
        let mut database = self.connect(name).await?;
        sqlx::raw_sql(BOOTSTRAP).execute(&mut database).await.context("bootstrap.sql failed")?;
        let mut passwords = String::new();
        for service in SERVICES {
            for role in Role::ALL {
                let (name, password) = (role.of(service), self.password(service, role));
                passwords.push_str(&format!("ALTER ROLE {name} PASSWORD '{password}';"));
            }
        }
        execute(&mut database, passwords).await?;
        database.close().await?;
        Ok(())
    }

    /// Role names and passwords are letters, digits and underscores, so that they need no quoting anywhere.
    fn password(&self, service: &str, role: Role) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        let tag = hmac::sign(&key, role.of(service).as_bytes());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn server(&self) -> &str {
        self.superuser.rsplit_once('@').map_or("", |(_, server)| server)
    }
}

/// 64 random hexadecimal digits.
#[must_use]
pub(crate) fn random_key() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// Runs SQL without parameters that was made here. The statement is not in the error: it may hold a password.
pub(crate) async fn execute(connection: &mut PgConnection, sql: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}
