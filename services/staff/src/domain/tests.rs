//! The rules, by table.

mod assignment;
mod import;
mod nip;
