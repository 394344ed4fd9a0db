//! The shell that all of Prima's services share: how a process runs, who calls, how a command is answered once, how facts
//! travel. It knows bytes, rows and time, and no business word.

mod backbone;
pub mod calendar;
pub mod clock;
pub mod config;
pub mod database;
pub mod events;
mod gate;
mod health;
pub mod identity;
pub mod ledger;
mod metrics;
mod operations;
pub mod page;
pub mod readiness;
pub mod replay;
pub mod request;
pub mod run;
pub mod scopes;
pub mod server;
pub mod status;
pub mod stored;
mod telemetry;
mod upkeep;
pub mod validate;
pub mod watch;

#[cfg(test)]
mod tests;
