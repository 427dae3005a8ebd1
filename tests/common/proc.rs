//! Processes as the kernel shows them in /proc (proc(5)).

use std::fs;
use std::path::PathBuf;

/// One process. Its number may be given to another one later, but not with the same start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    pub pid: u32,
    /// In clock ticks since boot.
    start: u64,
}

impl Process {
    /// The process of that number, while there is one.
    pub fn find(pid: u32) -> Option<Self> {
        let start = stat(pid)?.get(19)?.parse().ok()?;
        Some(Self { pid, start })
    }

    /// Whether there is no such process any more, not even one that has ended and was not waited for.
    pub fn is_gone(&self) -> bool {
        Self::find(self.pid).as_ref() != Some(self)
    }

    /// Whether it does nothing any more. What then is left of one whose parent is gone is its number, until the first process
    /// of the machine asks for it; that one may take its time, and in a container may never.
    pub fn has_ended(&self) -> bool {
        self.is_gone() || self.state() == Some('Z')
    }

    /// `R`, `S`, `D`, `T` (stopped), `Z` (ended, not waited for).
    pub fn state(&self) -> Option<char> {
        stat(self.pid)?.first()?.chars().next()
    }

    /// The processes that its threads have started.
    pub fn children(&self) -> Vec<Self> {
        let Ok(threads) = fs::read_dir(self.path("task")) else {
            return Vec::new();
        };
        let lists = threads
            .flatten()
            .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
        let pids = lists.flat_map(|list| {
            list.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<u32>>()
        });
        pids.filter_map(Self::find).collect()
    }

    /// What its descriptors lead to: `socket:[…]`, `/memfd:…`, paths. By number.
    pub fn descriptors(&self) -> Vec<(u32, String)> {
        let entries = fs::read_dir(self.path("fd")).unwrap().flatten();
        let mut descriptors = entries
            .filter_map(|entry| {
                let number = entry.file_name().to_str()?.parse().ok()?;
                let target = fs::read_link(entry.path()).ok()?;
                Some((number, target.to_string_lossy().into_owned()))
            })
            .collect::<Vec<_>>();
        descriptors.sort_unstable();
        descriptors
    }

    /// A field of its `status`: `NoNewPrivs`, `Seccomp`, `VmRSS`.
    pub fn status(&self, field: &str) -> String {
        let status = fs::read_to_string(self.path("status")).unwrap();
        let value = status
            .lines()
            .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value
            .unwrap_or_else(|| panic!("no {field} in {status}"))
            .trim()
            .to_owned()
    }

    /// Its arguments or its environment as it was started with: `cmdline`, `environ`.
    pub fn text(&self, name: &str) -> String {
        let bytes = fs::read(self.path(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace('\0', " ")
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.pid))
    }
}

/// Every process of this machine that can be seen.
pub fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| Process::find(entry.file_name().to_str()?.parse().ok()?))
        .collect()
}

/// The fields after the name, the state first. The name stands in parentheses and may hold anything.
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_owned).collect())
}
