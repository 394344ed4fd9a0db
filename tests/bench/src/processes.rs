//! How much processor time each process took, as the kernel counts it.

use std::collections::BTreeMap;
use std::fs;

use crate::measure::rounded;

/// USER_HZ, which is the same on every Linux that we run on.
const TICKS_PER_SECOND: f64 = 100.0;
/// Our own time.
const CLIENT: &str = "client";

/// Seconds of processor time by program: `client` (this one), the services, `postgres` with all its processes,
/// `nats-server`.
pub(crate) type CpuSeconds = BTreeMap<String, f64>;

/// What was used so far.
#[derive(Debug)]
pub(crate) struct Cpu(CpuSeconds);

struct Process {
    name: String,
    parent: u32,
    /// Its own ticks.
    own: f64,
    /// Those of its children that have ended.
    ended: f64,
}

impl Cpu {
    /// Looks now.
    pub(crate) fn now() -> Self {
        let processes: BTreeMap<u32, Process> = all();
        let us = std::process::id();
        let mut used = CpuSeconds::new();
        for (pid, process) in &processes {
            let whose = if *pid == us {
                Some((CLIENT.to_owned(), process.own))
            } else {
                // What was started by what we started counts with that.
                let (mut above, mut depth) = (process, 0);
                while above.parent != us && depth < 8 {
                    depth += 1;
                    match processes.get(&above.parent) {
                        Some(parent) => above = parent,
                        None => break,
                    }
                }
                (above.parent == us).then(|| (above.name.clone(), process.own + process.ended))
            };
            if let Some((name, ticks)) = whose {
                *used.entry(name).or_default() += ticks / TICKS_PER_SECOND;
            }
        }
        Self(used)
    }

    /// What was used since.
    pub(crate) fn since(&self) -> CpuSeconds {
        let before = |name: &str| self.0.get(name).copied().unwrap_or_default();
        let now = Self::now().0;
        now.into_iter().map(|(name, seconds)| (name.clone(), rounded(seconds - before(&name)))).collect()
    }
}

fn all() -> BTreeMap<u32, Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return BTreeMap::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: u32| Some((pid, parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?)))
        .collect()
}

/// A line of /proc/<pid>/stat: the name stands in parentheses and may hold spaces.
fn parse(line: &str) -> Option<Process> {
    let (head, rest) = line.rsplit_once(") ")?;
    let name = head.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some(Process {
        name,
        parent: fields.get(1)?.parse().ok()?,
        own: ticks(11)? + ticks(12)?,
        ended: ticks(13)? + ticks(14)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_spaces_and_parentheses() {
        let line = "42 (a (b) c) S 7 42 42 0 -1 4194560 1 2 3 4 100 50 20 10 20 0 1 0 5";
        let process = parse(line).unwrap();
        assert_eq!(
            (process.name.as_str(), process.parent, process.own, process.ended),
            ("a (b) c", 7, 150.0, 30.0)
        );
    }

    #[test]
    fn our_own_time_is_the_clients() {
        let before = Cpu::now();
        let begun = std::time::Instant::now();
        while begun.elapsed() < std::time::Duration::from_millis(100) {}
        assert!(before.since()[CLIENT] > 0.0);
    }
}
