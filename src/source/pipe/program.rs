//! A program whose standard output is a source.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::raw;

/// How long it may take, in ms, to end by itself once it is asked to.
const GRACE_MS: i64 = 400;

/// Characters kept of the last line that it has said.
const LAST_WORDS: usize = 300;

/// The program, as long as it runs. Ends with this value, and with the studio.
pub(super) struct Program {
    child: Child,
    /// The line of its standard error that is being written.
    line: Vec<u8>,
    /// The last whole one that was not empty.
    last: Vec<u8>,
    /// Its status has been fetched.
    is_over: bool,
}

impl Program {
    /// Starts `command`: the program and its arguments.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn start(command: &[String]) -> io::Result<Self> {
        let (program, arguments) = command.split_first().ok_or(ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: it ends with whomever it has started, and a terminal's signals pass it by.
            .process_group(0);
        raw::end_with_us(&mut command);
        let child = command.spawn()?;
        let program = Self {
            child,
            line: Vec::new(),
            last: Vec::new(),
            is_over: false,
        };
        for end in [program.output(), program.words()].into_iter().flatten() {
            fcntl_setfl(end, fcntl_getfl(end)? | OFlags::NONBLOCK)?;
        }
        Ok(program)
    }

    /// Its standard output.
    pub(super) fn output(&self) -> Option<BorrowedFd<'_>> {
        self.child.stdout.as_ref().map(AsFd::as_fd)
    }

    /// Its standard error; `None` once it has closed it.
    pub(super) fn words(&self) -> Option<BorrowedFd<'_>> {
        self.child.stderr.as_ref().map(AsFd::as_fd)
    }

    /// Reads what it says, so that it never waits for us with it.
    pub(super) fn listen(&mut self) {
        let mut piece = [0; 4_096];
        while let Some(words) = &self.child.stderr {
            match rustix::io::read(words, &mut piece) {
                Ok(0) => self.child.stderr = None,
                Ok(count) => self.hear(&piece[..count]),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return,
                Err(_) => self.child.stderr = None,
            }
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        for byte in bytes {
            // Programs that draw a line over and over end it by a carriage return.
            if matches!(byte, b'\n' | b'\r') {
                if self.line.iter().any(|byte| !byte.is_ascii_whitespace()) {
                    self.last = std::mem::take(&mut self.line);
                }
                self.line.clear();
            } else if self.line.len() < 4 * LAST_WORDS {
                self.line.push(*byte);
            }
        }
    }

    /// Waits for its end, since its output has ended, and ends it if it does not. Says how it ended, and its last words.
    pub(super) fn end(&mut self) -> String {
        let status = self.wait();
        self.listen();
        let is_complete = self.line.iter().all(u8::is_ascii_whitespace);
        let words = words_of(if is_complete { &self.last } else { &self.line });
        let how = describe(status);
        if words.is_empty() {
            how
        } else {
            format!("{how}: {words}")
        }
    }

    /// Waits a moment for its end, then ends it with whomever it has started.
    fn wait(&mut self) -> Option<ExitStatus> {
        let pid = Pid::from_child(&self.child);
        if let Ok(watched) = pidfd_open(pid, PidfdFlags::empty()) {
            let mut fds = [PollFd::new(&watched, PollFlags::IN)];
            let grace = Timespec {
                tv_sec: 0,
                tv_nsec: GRACE_MS * 1_000_000,
            };
            let _ = poll(&mut fds, Some(&grace));
        }
        // Until its status is fetched, its number belongs to nobody else.
        let _ = kill_process_group(pid, Signal::KILL);
        self.is_over = true;
        self.child.wait().ok()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if !self.is_over {
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::TERM);
            // It may be waiting for us to read.
            self.child.stdout = None;
            self.wait();
        }
    }
}

fn describe(status: Option<ExitStatus>) -> String {
    match status.map(|status| (status.code(), status.signal())) {
        Some((Some(code), _)) => format!("it ended with code {code}"),
        Some((None, Some(signal))) => format!("it was ended by signal {signal}"),
        _ => "it ended".to_owned(),
    }
}

/// One line that can be shown: no control characters, not too long, and without what stands before the host of an address.
fn words_of(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line).trim().replace(char::is_control, " ");
    let mut words = without_logins(&text);
    if let Some((at, _)) = words.char_indices().nth(LAST_WORDS) {
        words.truncate(at);
        words.push('…');
    }
    words
}

/// Users and passwords in addresses, cut out.
fn without_logins(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        clean.push_str(head);
        let end = tail.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(tail.len());
        rest = match tail[..end].rfind('@') {
            Some(login) => {
                clean.push_str(crate::secret::DOTS);
                &tail[login..]
            }
            None => tail,
        };
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(script: &str) -> String {
        let command = ["/bin/sh", "-c", script].map(str::to_owned);
        let mut program = Program::start(&command).unwrap();
        // Its output ends when it does.
        let mut byte = [0];
        loop {
            let output = program.output().unwrap();
            let mut fds = [PollFd::new(&output, PollFlags::IN)];
            poll(&mut fds, None).unwrap();
            if rustix::io::read(output, &mut byte) == Ok(0) {
                return program.end();
            }
        }
    }

    #[test]
    fn its_end_is_told_with_its_last_words() {
        assert_eq!(ended("exit 3"), "it ended with code 3");
        assert_eq!(ended("echo one >&2; echo two >&2; exit 1"), "it ended with code 1: two");
        assert_eq!(
            ended("printf 'a\\rlast' >&2; kill -9 $$"),
            "it was ended by signal 9: last"
        );
        assert_eq!(
            ended("echo 'rtsp://u:p@host/x is gone' >&2"),
            "it ended with code 0: rtsp://••••@host/x is gone"
        );
    }

    #[test]
    fn one_that_closes_its_output_and_stays_is_ended() {
        assert_eq!(ended("exec >&-; sleep 100"), "it was ended by signal 9");
    }

    #[test]
    fn whomever_it_has_started_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!(
            "sleep 1000 & echo $! > {0}.new; mv {0}.new {0}; echo; wait",
            file.display()
        );
        let command = ["/bin/sh", "-c", &script].map(str::to_owned);
        let program = Program::start(&command).unwrap();
        let output = program.output().unwrap();
        poll(&mut [PollFd::new(&output, PollFlags::IN)], None).unwrap();
        let pid = Pid::from_raw(std::fs::read_to_string(&file).unwrap().trim().parse().unwrap()).unwrap();
        let watched = pidfd_open(pid, PidfdFlags::empty()).unwrap();
        drop(program);
        let patience = Timespec { tv_sec: 10, tv_nsec: 0 };
        assert_eq!(
            poll(&mut [PollFd::new(&watched, PollFlags::IN)], Some(&patience)),
            Ok(1)
        );
    }

    #[test]
    fn logins_are_cut_out_of_addresses() {
        for (text, clean) in [
            ("a://b/c@d", "a://b/c@d"),
            ("x a://u:p@h/c y", "x a://••••@h/c y"),
            ("a://u@h b://v:w@i", "a://••••@h b://••••@i"),
            ("a://", "a://"),
        ] {
            assert_eq!(without_logins(text), clean);
        }
    }
}
