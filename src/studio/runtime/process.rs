//! What the studio costs, its workers included: CPU time and memory, as Linux's /proc says.

use std::collections::HashMap;
use std::fs;
use std::time::Instant;

/// Ticks per second of the times in /proc/PID/stat: fixed at 100 for user space on Linux (proc(5), `USER_HZ`).
const USER_HZ: f64 = 100.0;

/// Measures CPU time between two calls.
#[derive(Debug)]
pub struct ProcessMeter {
    at: Instant,
    /// By process, as of the last call.
    ticks: HashMap<u32, u64>,
}

impl ProcessMeter {
    /// Starts measuring.
    #[must_use]
    pub fn start() -> Self {
        Self {
            at: Instant::now(),
            ticks: family()
                .into_iter()
                .filter_map(|pid| Some((pid, cpu_ticks(pid)?)))
                .collect(),
        }
    }

    /// CPU of this process and its children since the last call, in percent of one core, and the memory that is theirs, in
    /// MB. Zero where the system does not say.
    pub fn measure(&mut self) -> (f64, u32) {
        let last = std::mem::replace(self, Self::start());
        let seconds = (self.at - last.at).as_secs_f64().max(0.001);
        // A child that is new has done all of its work since then.
        let spent = self.ticks.iter().map(|(pid, ticks)| {
            let before = last.ticks.get(pid).copied().unwrap_or(0);
            ticks.saturating_sub(before)
        });
        let percent = spent.sum::<u64>() as f64 / USER_HZ / seconds * 100.0;
        let own = std::process::id();
        let kilobytes = self.ticks.keys().map(|pid| {
            // Of a child only what it shares with nobody: pictures and program are in this process as well.
            let field = if *pid == own { "VmRSS:" } else { "RssAnon:" };
            memory_kb(*pid, field).unwrap_or(0)
        });
        (percent, kilobytes.sum::<u32>() / 1024)
    }
}

/// This process and its children.
fn family() -> Vec<u32> {
    let mut family = vec![std::process::id()];
    // Each thread lists those that it has started.
    for thread in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        family.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    family
}

/// User and system time of all threads.
fn cpu_ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses and may hold anything: count from behind it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user = fields.next()?.parse::<u64>().ok()?;
    let system = fields.next()?.parse::<u64>().ok()?;
    Some(user + system)
}

fn memory_kb(pid: u32, field: &str) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_a_child_counts() {
        let (_, alone) = ProcessMeter::start().measure();
        assert!(alone > 0);
        assert!(cpu_ticks(std::process::id()).is_some());
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let found = family();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found.contains(&child.id()), "{found:?}");
    }
}
