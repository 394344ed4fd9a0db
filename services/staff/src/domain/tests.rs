//! The rules, by table.

mod import;
