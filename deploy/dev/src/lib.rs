//! The local stack: real Postgres, real NATS, Prima's four services, as processes of this machine. For development and
//! tests; never for production.

pub mod bench;
pub mod calls;
pub mod checks;
pub mod client;
pub mod clock;
pub mod cluster;
pub mod command;
pub mod commands;
pub mod contract;
pub mod deliveries;
pub mod demo;
pub mod harness;
pub mod nats;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod queries;
pub mod running;
pub mod scratch;
pub mod servers;
pub mod services;
pub mod stack;
pub mod token;
pub mod units;
pub mod up;
pub mod wheels;
pub mod workspace;

#[cfg(test)]
mod tests;
