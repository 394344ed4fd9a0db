//! The short form of each fault, and what needs a stack of its own.

mod each;

use std::time::Duration;

/// How long events may be under way once nobody makes new ones.
const QUIET_WITHIN: Duration = Duration::from_secs(60);
const WORKERS: usize = 12;
