//! A worker process as the studio holds it: started with nothing that it does not need, ended for certain, and heard out.

use std::io::{self, BufReader, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags};

/// How long, in ms, the end of a worker is waited for. A kill takes less than one, unless the kernel is in its way.
const END_MS: i64 = 100;

/// Characters kept of a worker's last line.
const LAST_WORDS: usize = 300;

/// The program that workers are.
#[derive(Clone, Debug)]
pub struct Program(PathBuf);

impl Program {
    /// This very program: the file that this process was started from, even where another has taken its place on disk
    /// since. Studio and workers are never of two versions.
    #[must_use]
    pub fn this() -> Self {
        Self(PathBuf::from("/proc/self/exe"))
    }

    /// The rigcast at `path`, for programs that are not rigcast themselves: benches and tests.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

/// A running worker process.
#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    /// `None` once it has been ended.
    child: Option<Child>,
    listener: Option<JoinHandle<String>>,
}

impl Process {
    /// Starts `rigcast worker ROLE` with `memory` to read pictures from, and returns the studio's end of its socket.
    pub(super) fn start(program: &Program, role: &str, memory: impl AsFd) -> io::Result<(Self, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut command = Command::new(&program.0);
        command
            .arg0("rigcast")
            .args(["worker", role])
            .env_clear()
            .current_dir("/")
            // A group of its own: what a terminal sends to the studio's does not reach it.
            .process_group(0)
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
            .stdout(Stdio::from(memory.as_fd().try_clone_to_owned()?))
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let listener = child.stderr.take().map(|stderr| listen(role, child.id(), stderr));
        Ok((
            Self {
                id: child.id(),
                child: Some(child),
                listener: listener.transpose()?,
            },
            ours,
        ))
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Ends it, if it has not ended, and says how it ended and what it said last.
    ///
    /// One that the kernel cannot end at once, because it waits for a disk or a file server, is left to a thread that has
    /// the time: the show has not.
    pub(super) fn end(&mut self) -> (Option<ExitStatus>, String) {
        let Some(mut child) = self.child.take() else {
            return (None, String::new());
        };
        // One that has ended by itself keeps its own status: a kill comes too late for it.
        let _ = child.kill();
        if !has_ended_within(&child, END_MS) {
            let bury = move || child.wait();
            let _ = std::thread::Builder::new().name("undertaker".to_owned()).spawn(bury);
            return (None, "it does not even end".to_owned());
        }
        let status = child.wait().ok();
        // Its pipe is closed now, for nobody else has the other end.
        let words = self.listener.take().and_then(|listener| listener.join().ok());
        (status, words.unwrap_or_default())
    }
}

/// Whether a child ends within so many ms; says yes where the system cannot tell.
fn has_ended_within(child: &Child, ms: i64) -> bool {
    let descriptor = rustix::process::pidfd_open(Pid::from_child(child), PidfdFlags::empty());
    let Ok(descriptor) = descriptor else { return true };
    let mut descriptors = [PollFd::new(&descriptor, PollFlags::IN)];
    let limit = Timespec {
        tv_sec: 0,
        tv_nsec: ms * 1_000_000,
    };
    !matches!(poll(&mut descriptors, Some(&limit)), Ok(0))
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Passes on to the log what a worker says, and returns its last line when it has ended.
fn listen(role: &str, pid: u32, stderr: ChildStderr) -> io::Result<JoinHandle<String>> {
    let role = role.to_owned();
    std::thread::Builder::new()
        .name("last-words".to_owned())
        .spawn(move || {
            let mut last = String::new();
            let mut line = Vec::new();
            for byte in BufReader::new(stderr).bytes().map_while(Result::ok) {
                if byte != b'\n' {
                    if line.len() < LAST_WORDS {
                        line.push(byte);
                    }
                    continue;
                }
                let text = printable(&line);
                if !text.is_empty() {
                    tracing::warn!("worker {role} ({pid}): {text}");
                    last = text;
                }
                line.clear();
            }
            let rest = printable(&line);
            if rest.is_empty() { last } else { rest }
        })
}

fn printable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    text.trim().replace(char::is_control, " ")
}

/// `killed by SIGKILL`, `exit code 101: thread 'main' panicked …`.
pub(super) fn describe(status: Option<ExitStatus>, words: &str) -> String {
    let how = match status {
        Some(status) => match (status.signal(), status.code()) {
            (Some(signal), _) => format!("killed by {}", signal_name(signal)),
            (None, Some(code)) => format!("exit code {code}"),
            (None, None) => status.to_string(),
        },
        None => "gone".to_owned(),
    };
    if words.is_empty() {
        how
    } else {
        format!("{how}: {words}")
    }
}

fn signal_name(signal: i32) -> String {
    let known = [
        (libc::SIGABRT, "SIGABRT"),
        (libc::SIGBUS, "SIGBUS"),
        (libc::SIGFPE, "SIGFPE"),
        (libc::SIGILL, "SIGILL"),
        (libc::SIGINT, "SIGINT"),
        (libc::SIGKILL, "SIGKILL"),
        (libc::SIGQUIT, "SIGQUIT"),
        (libc::SIGSEGV, "SIGSEGV"),
        (libc::SIGSYS, "SIGSYS"),
        (libc::SIGTERM, "SIGTERM"),
        (libc::SIGTRAP, "SIGTRAP"),
        (libc::SIGXCPU, "SIGXCPU"),
        (libc::SIGXFSZ, "SIGXFSZ"),
    ];
    let name = known.iter().find(|(number, _)| *number == signal);
    name.map_or_else(|| format!("signal {signal}"), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_in_words() {
        let signal = |number| Some(ExitStatus::from_raw(number));
        assert_eq!(describe(signal(9), ""), "killed by SIGKILL");
        assert_eq!(describe(signal(11), "at work"), "killed by SIGSEGV: at work");
        assert_eq!(describe(signal(64), ""), "killed by signal 64");
        assert_eq!(describe(signal(101 << 8), "panicked"), "exit code 101: panicked");
        assert_eq!(describe(None, ""), "gone");
        assert_eq!(printable(b" a\x1b[31mb\t\xff "), "a [31mb \u{fffd}");
    }
}
