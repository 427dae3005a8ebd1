//! A classifier that is a program of the operator's: pictures go to its standard input, a line of JSON comes back for each.
//!
//! ```text
//! to it    8 bytes: how many follow, little-endian; then rows of red, green and blue, a byte each
//! from it  {"label": "weapon", "score": 0.93}     more keys are ignored; a picture that is nothing has any label and score 0
//! ```
//!
//! It is started before the worker shuts itself in, with the worker's limits (1 GiB of memory, 16 files, no file written), with
//! no environment but a `PATH`, and it ends with the worker. It may take its time, for as long as it answers at all:
//! meanwhile no picture is cleared that it has not seen. One that does not answer for [`LONGEST_MS`] is given up.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Deserialize;

use crate::media::{TimeDelta, Timestamp};
use crate::vision::check::{CheckError, Classifier, Score};
use crate::worker::raw;

/// How long an answer may take, in ms of pictures.
const LONGEST_MS: i64 = 5000;

/// How long each look waits for the answer, in ms: a quick program answers within its picture's look. Far below the time after
/// which a worker that does nothing counts as hung.
const MOMENT_MS: i64 = 40;

/// Bytes of the pipe to it: a picture fits, so that writing never waits.
const PIPE: i32 = 1 << 20;

/// The longest line.
const LINE: usize = 4096;

/// The program, running.
pub(super) struct Program {
    name: String,
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    /// What is still to be written.
    unsent: VecDeque<u8>,
    /// A line that has not ended yet.
    line: Vec<u8>,
    /// The picture that it is busy with.
    busy: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Answer {
    label: String,
    score: f32,
}

impl Program {
    /// Starts the program with its arguments.
    pub(super) fn start(command: &[String]) -> Result<Self, CheckError> {
        let name = command.first().cloned().unwrap_or_default();
        let wrong = |reason: &dyn std::fmt::Display| CheckError::Classifier {
            classifier: name.clone(),
            reason: reason.to_string(),
        };
        let [program, arguments @ ..] = command else {
            return Err(wrong(&"no program is named"));
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        raw::end_with_us(&mut command);
        let mut child = command.spawn().map_err(|error| wrong(&error))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(wrong(&"it has no input or output"));
        };
        let ready = || -> rustix::io::Result<()> {
            rustix::io::ioctl_fionbio(&input, true)?;
            rustix::io::ioctl_fionbio(&output, true)?;
            // With less it works as well, over several looks.
            raw::widen(&input, PIPE);
            Ok(())
        };
        ready().map_err(|error| wrong(&error))?;
        Ok(Self {
            name,
            child,
            input,
            output,
            unsent: VecDeque::new(),
            line: Vec::new(),
            busy: None,
        })
    }

    fn wrong(&self, reason: &dyn ToString) -> CheckError {
        CheckError::Classifier {
            classifier: self.name.clone(),
            reason: reason.to_string(),
        }
    }

    /// Writes what the pipe takes.
    fn send(&mut self) -> Result<(), CheckError> {
        while !self.unsent.is_empty() {
            match self.input.write(self.unsent.as_slices().0) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.wrong(&error)),
            }
        }
        Ok(())
    }

    /// Waits a moment for the answer.
    fn wait(&self) {
        let mut descriptors = [PollFd::new(&self.output, PollFlags::IN)];
        let limit = Timespec {
            tv_sec: 0,
            tv_nsec: MOMENT_MS * 1_000_000,
        };
        // Whatever it says, the next read will say why.
        let _ = poll(&mut descriptors, Some(&limit));
    }

    /// The answer, if it has come.
    fn receive(&mut self) -> Result<Option<Answer>, CheckError> {
        let mut bytes = [0; 1024];
        loop {
            if let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
                let answer = serde_json::from_slice(&self.line[..end]);
                self.line.drain(..=end);
                return answer
                    .map(Some)
                    .map_err(|error| self.wrong(&format!("no answer: {error}")));
            }
            if self.line.len() > LINE {
                return Err(self.wrong(&"a line without an end"));
            }
            match self.output.read(&mut bytes) {
                Ok(0) => return Err(self.wrong(&"it has ended")),
                Ok(count) => self.line.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.wrong(&error)),
            }
        }
    }
}

impl Classifier for Program {
    fn is_idle(&self) -> bool {
        self.busy.is_none()
    }

    fn look(
        &mut self,
        now: Timestamp,
        picture: Option<&[u8]>,
        scores: &mut Vec<Score>,
    ) -> Result<Option<Timestamp>, CheckError> {
        if let Some(rgb) = picture.filter(|_| self.busy.is_none()) {
            self.unsent.extend((rgb.len() as u64).to_le_bytes());
            self.unsent.extend(rgb);
            self.busy = Some(now);
        }
        let Some(shown) = self.busy else { return Ok(None) };
        self.send()?;
        self.wait();
        let Some(answer) = self.receive()? else {
            if now - shown > TimeDelta::from_millis(LONGEST_MS) {
                return Err(self.wrong(&"it does not answer"));
            }
            return Ok(None);
        };
        if !self.unsent.is_empty() {
            return Err(self.wrong(&"it answers what it has not been asked"));
        }
        scores.push(Score {
            label: answer.label,
            score: answer.score,
        });
        self.busy = None;
        Ok(Some(shown))
    }
}

impl Drop for Program {
    /// Ends it where that is allowed: shut in, a worker may not, and then it ends for lack of input or with the worker.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.try_wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program in the shell's language.
    fn shell(script: &str) -> Program {
        Program::start(&["/bin/sh".into(), "-c".into(), script.into()]).unwrap()
    }

    /// Looks every 200 ms of pictures until there is an answer or an error, and gives it with the looks that it took.
    fn ask(program: &mut Program, from: i64, rgb: &[u8]) -> (Result<(i64, Vec<Score>), String>, i64) {
        let mut scores = Vec::new();
        for look in 0..2000 {
            let now = Timestamp::from_millis(from + look * 200);
            let picture = program.is_idle().then_some(rgb);
            match program.look(now, picture, &mut scores) {
                Ok(None) => {}
                Ok(Some(done)) => return (Ok((done.to_millis(), scores)), look),
                Err(error) => return (Err(error.to_string()), look),
            }
        }
        panic!("neither an answer nor an error");
    }

    #[test]
    fn a_program_is_asked_and_answers() {
        // Says how many bytes it got, as the label.
        let script = r#"while head -c 8 >/dev/null && n=$(head -c 600 | wc -c) && [ "$n" -gt 0 ]; do printf '{"label":"%s bytes","score":0.9,"more":1}\n' "$n"; done"#;
        let mut program = shell(script);
        for round in 0..3 {
            let (answer, _) = ask(&mut program, round * 1000, &[7; 600]);
            let (done, scores) = answer.unwrap();
            assert_eq!(done, round * 1000);
            assert_eq!(
                scores,
                [Score {
                    label: "600 bytes".into(),
                    score: 0.9
                }]
            );
        }
    }

    #[test]
    fn one_that_does_not_answer_is_given_up() {
        let (answer, looks) = ask(&mut shell("cat >/dev/null; true"), 0, &vec![1; 224 * 224 * 3]);
        assert_eq!(answer.unwrap_err(), "/bin/sh: it does not answer");
        assert_eq!(looks, LONGEST_MS / 200 + 1);
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for (script, expected) in [
            ("exit 0", "/bin/sh: "),
            ("echo nonsense; exec cat >/dev/null", "no answer"),
            ("printf '%5000s' x; exec cat >/dev/null", "a line without an end"),
        ] {
            let (answer, _) = ask(&mut shell(script), 0, &[0; 12]);
            let error = answer.unwrap_err();
            assert!(error.contains(expected), "{script}: {error}");
        }
        assert!(Program::start(&["/nowhere/at/all".into()]).is_err());
        assert!(Program::start(&[]).is_err());
    }

    #[test]
    fn it_ends_with_the_thread_that_started_it() {
        use std::os::unix::process::ExitStatusExt;
        let mut program = std::thread::spawn(|| shell("exec sleep 20")).join().unwrap();
        assert_eq!(program.child.wait().unwrap().signal(), Some(9));
    }
}
