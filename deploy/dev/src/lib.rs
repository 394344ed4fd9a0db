//! The local stack: real Postgres, real NATS, Prima's four services, as processes of this machine. For development and
//! tests; never for production.

pub mod nats;
pub mod postgres;
pub mod process;
pub mod scratch;
pub mod stack;
pub mod wheels;

#[cfg(test)]
mod tests;
