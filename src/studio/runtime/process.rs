//! What this process costs: CPU time and resident memory, as Linux's /proc says.

use std::fs;
use std::time::Instant;

/// Ticks per second of the times in /proc/self/stat: fixed at 100 for user space on Linux (proc(5), `USER_HZ`).
const USER_HZ: f64 = 100.0;

/// Measures CPU time between two calls.
#[derive(Debug)]
pub struct ProcessMeter {
    at: Instant,
    ticks: u64,
}

impl ProcessMeter {
    /// Starts measuring.
    #[must_use]
    pub fn start() -> Self {
        Self {
            at: Instant::now(),
            ticks: cpu_ticks().unwrap_or_default(),
        }
    }

    /// CPU of this process since the last call, in percent of one core, and resident memory in MB. Zero where the
    /// system does not say.
    pub fn measure(&mut self) -> (f64, u32) {
        let ticks = cpu_ticks().unwrap_or(self.ticks);
        let seconds = self.at.elapsed().as_secs_f64().max(0.001);
        let percent = ticks.saturating_sub(self.ticks) as f64 / USER_HZ / seconds * 100.0;
        *self = Self {
            at: Instant::now(),
            ticks,
        };
        (percent, resident_mb().unwrap_or_default())
    }
}

/// User and system time of all threads.
fn cpu_ticks() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses and may hold anything: count from behind it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user = fields.next()?.parse::<u64>().ok()?;
    let system = fields.next()?.parse::<u64>().ok()?;
    Some(user + system)
}

fn resident_mb() -> Option<u32> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes = line.split_whitespace().next()?.parse::<u32>().ok()?;
    Some(kilobytes / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory() {
        assert!(resident_mb().unwrap() > 0);
        assert!(cpu_ticks().is_some());
    }
}
