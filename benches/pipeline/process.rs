//! What a process has cost so far, as the kernel counts it under `/proc`; where it has workers, they are a part of it.

use std::collections::BTreeMap;
use std::fs;

/// Clock ticks per second of `/proc/PID/stat`: 100 on every Linux that runs this.
const TICKS_PER_SECOND: f64 = 100.0;

/// The processes that any thread of a process has started and that run.
pub fn children(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    let lists = tasks
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let pids = lists.flat_map(|list| {
        let pids = list.split_whitespace().filter_map(|pid| pid.parse().ok());
        pids.collect::<Vec<u32>>()
    });
    pids.collect()
}

/// CPU seconds of a process and its children. `None` where it has ended.
pub fn family_cpu_seconds(pid: u32) -> Option<f64> {
    let workers = children(pid).into_iter().filter_map(cpu_seconds).sum::<f64>();
    Some(cpu_seconds(pid)? + workers)
}

/// Resident memory in MB of a process and its children: the sum of their peaks, and of what they are now. What they share
/// counts in each.
pub fn family_memory_mb(pid: u32) -> Option<(f64, f64)> {
    let workers = children(pid).into_iter().filter_map(memory_mb);
    Some(workers.fold(memory_mb(pid)?, |sum, worker| (sum.0 + worker.0, sum.1 + worker.1)))
}

/// CPU seconds of each running thread of a process and, called so, of its children.
pub fn family_threads(pid: u32) -> BTreeMap<String, f64> {
    let mut seconds = threads(pid);
    for (name, worker) in children(pid).into_iter().flat_map(threads) {
        *seconds.entry(format!("worker: {name}")).or_default() += worker;
    }
    seconds
}

/// User and system CPU seconds of a process with all its threads, those that have ended included.
pub fn cpu_seconds(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold anything; numbers begin behind the last one. utime and stime are
    // fields 14 and 15 of proc(5), the first number behind the name is field 3.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS_PER_SECOND)
}

/// Resident memory in MB: its peak and what it is now.
pub fn memory_mb(pid: u32) -> Option<(f64, f64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kb = line.split_whitespace().next()?.parse::<f64>().ok()?;
        Some(kb * 1024.0 / 1e6)
    };
    Some((field("VmHWM:")?, field("VmRSS:")?))
}

/// CPU seconds of each running thread, summed by name.
pub fn threads(pid: u32) -> BTreeMap<String, f64> {
    let mut seconds = BTreeMap::new();
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    for task in tasks.flatten().map(|entry| entry.path()) {
        let read = |file: &str| fs::read_to_string(task.join(file)).ok();
        let (Some(name), Some(stat)) = (read("comm"), read("schedstat")) else {
            continue;
        };
        // The first number of schedstat is the time on a CPU in nanoseconds.
        let nanoseconds = stat
            .split_whitespace()
            .next()
            .and_then(|field| field.parse::<f64>().ok());
        *seconds.entry(name.trim().to_owned()).or_default() += nanoseconds.unwrap_or(0.0) / 1e9;
    }
    seconds
}

/// The load average of the last minute: what else went on while this was measured.
pub fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace()
        .next()
        .and_then(|field| field.parse().ok())
        .unwrap_or(f64::NAN)
}
