//! A program of the operator's as a child: fed, listened to, and ended for certain.
//!
//! Nobody waits for it. A thread of its own starts it, feeds it, and lives as long as it does: the system ends the program when that thread is gone,
//! however this process ends. Two more read what it says.
#![allow(unsafe_code)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::line::{LONGEST_LINE, Line};

/// Blocks of 10 ms that may wait for the program: 5 s.
const WAITING: usize = 500;
/// Lines that may wait for us.
const UNREAD: usize = 4096;
/// How long a program may take from closing its output to its end: so many steps of so long.
const GRACE: u32 = 50;
const GRACE_STEP: Duration = Duration::from_millis(10);
/// Characters kept of what it says last on standard error.
const LAST_WORDS: usize = 300;

/// What comes from a program.
#[derive(Debug)]
pub(super) enum Said {
    /// A line of its standard output.
    Line(Line),
    /// It has ended, or talks nonsense; nothing follows.
    Ended(String),
}

/// A running program.
pub(super) struct Program {
    sound: SyncSender<Vec<u8>>,
    said: Receiver<Said>,
    child: Arc<Mutex<Option<Child>>>,
}

impl Program {
    /// Starts it.
    pub(super) fn start(command: &[String]) -> io::Result<Self> {
        let (sound, blocks) = sync_channel::<Vec<u8>>(WAITING);
        let (tell, said) = sync_channel(UNREAD);
        let (ready, started) = sync_channel(1);
        let child = Arc::new(Mutex::new(None));
        let (command, place) = (command.to_vec(), Arc::clone(&child));
        thread::Builder::new().name("program".to_owned()).spawn(move || {
            let spawned = spawn(&command);
            let (mut stdin, stdout, stderr) = match spawned {
                Ok(mut child) => {
                    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
                    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
                    let _ = ready.send(Ok(()));
                    pipes
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                    return;
                }
            };
            let words = Arc::new(Mutex::new(Vec::new()));
            let tail = Arc::clone(&words);
            let listener = thread::spawn(move || stderr.map(|stderr| keep_last(stderr, &tail)));
            let reader = thread::spawn(move || {
                let reason = stdout.map_or_else(String::new, |stdout| read(BufReader::new(stdout), &tell));
                // Whatever it still says is of no use: it must not wait for us with it.
                if reason.is_empty() {
                    await_end(&place);
                }
                let status = end(&place);
                // Somebody whom the program has started may hold its output open: that is not waited for.
                for _ in 0..GRACE {
                    if listener.is_finished() {
                        break;
                    }
                    thread::sleep(GRACE_STEP);
                }
                let words = words.lock().unwrap_or_else(PoisonError::into_inner);
                let words = String::from_utf8_lossy(&words).trim().replace(char::is_control, " ");
                let _ = tell.try_send(Said::Ended(describe(&reason, status, &words)));
            });
            // Its input closes when the studio drops us, and when it no longer takes anything.
            for block in blocks {
                if stdin.as_mut().is_none_or(|stdin| stdin.write_all(&block).is_err()) {
                    stdin = None;
                }
            }
            drop(stdin);
            // This thread stays for as long as the program: the system ends the one with the other.
            let _ = reader.join();
        })?;
        match started.recv() {
            Ok(Ok(())) => Ok(Self { sound, said, child }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(io::Error::other("the thread that starts it is gone")),
        }
    }

    /// Gives it sound. `false`: it does not keep up, and what it was given last was lost.
    pub(super) fn feed(&self, bytes: Vec<u8>) -> bool {
        self.sound.try_send(bytes).is_ok()
    }

    /// What it has said since.
    pub(super) fn said(&self) -> Option<Said> {
        self.said.try_recv().ok()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        end(&self.child);
    }
}

fn spawn(command: &[String]) -> io::Result<Child> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no program is named"));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    // SAFETY: one system call, which touches no memory of this process.
    unsafe {
        command.pre_exec(|| {
            Ok(rustix::process::set_parent_process_death_signal(Some(
                rustix::process::Signal::KILL,
            ))?)
        });
    }
    command.spawn()
}

/// One that has closed its output is about to end by itself, with a status that says why; it gets a moment for that.
fn await_end(child: &Mutex<Option<Child>>) {
    for _ in 0..GRACE {
        let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
        if child.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None))) {
            return;
        }
        drop(child);
        thread::sleep(GRACE_STEP);
    }
}

/// Ends it, if it has not ended.
fn end(child: &Mutex<Option<Child>>) -> Option<ExitStatus> {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner).take()?;
    if let Ok(Some(status)) = child.try_wait() {
        return Some(status);
    }
    // With whomever it has started: they are of one group.
    let _ = rustix::process::kill_process_group(Pid::from_child(&child), Signal::KILL);
    child.wait().ok()
}

/// Passes on its lines. Gives what is wrong with the last of them; nothing where it closed its output.
fn read(mut stdout: impl BufRead, tell: &SyncSender<Said>) -> String {
    let mut bytes = Vec::new();
    for number in 1_u64.. {
        bytes.clear();
        match Read::take(&mut stdout, LONGEST_LINE as u64 + 1).read_until(b'\n', &mut bytes) {
            Ok(0) => return String::new(),
            Ok(_) => {}
            Err(error) => return error.to_string(),
        }
        match Line::read(&bytes) {
            Ok(None) => {}
            Ok(Some(line)) => {
                if tell.send(Said::Line(line)).is_err() {
                    return String::new();
                }
            }
            Err(error) => return format!("line {number} of its output: {error}"),
        }
    }
    String::new()
}

/// Keeps the end of what it says on standard error.
fn keep_last(mut stderr: impl Read, kept: &Mutex<Vec<u8>>) {
    let mut piece = [0; 1024];
    while let Ok(count @ 1..) = stderr.read(&mut piece) {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(&piece[..count]);
        let surplus = kept.len().saturating_sub(LAST_WORDS);
        kept.drain(..surplus);
    }
}

fn describe(reason: &str, status: Option<ExitStatus>, words: &str) -> String {
    let how = match status {
        _ if !reason.is_empty() => reason.to_owned(),
        Some(status) => match (status.code(), status.signal()) {
            (Some(code), _) => format!("it ended with code {code}"),
            (None, Some(signal)) => format!("it was ended by signal {signal}"),
            (None, None) => "it ended".to_owned(),
        },
        None => "it was ended".to_owned(),
    };
    if words.is_empty() {
        how
    } else {
        format!("{how}: {words}")
    }
}
