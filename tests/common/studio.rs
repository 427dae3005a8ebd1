//! This program, as its user runs it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Guard, PATIENCE, wait_for};

pub fn rigcast() -> &'static str {
    env!("CARGO_BIN_EXE_rigcast")
}

/// Has a studio that is to be started make a program of 640×360.
pub fn make_small(command: &mut Command) {
    command
        .env("RIGCAST_VIDEO_WIDTH", "640")
        .env("RIGCAST_VIDEO_HEIGHT", "360");
}

/// A running `rigcast studio` with a runtime folder of its own.
pub struct Studio {
    pub process: Guard,
    pub folder: tempfile::TempDir,
    lines: Receiver<String>,
    log: Vec<String>,
}

impl Studio {
    /// Starts it with `args` after `rigcast studio` and waits for the ready line.
    pub fn start(args: &[&str]) -> Self {
        Self::start_in(args, |_| {})
    }

    /// The same with a program of 640×360, whatever the show says: for claims about numbers, sound and time. It takes a quarter of what 720p
    /// does, and this machine has other tests to run.
    pub fn small(args: &[&str]) -> Self {
        Self::start_in(args, make_small)
    }

    pub fn start_in(args: &[&str], prepare: impl FnOnce(&mut Command)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(rigcast());
        command
            .arg("studio")
            .args(args)
            .env("XDG_RUNTIME_DIR", folder.path())
            .env("XDG_STATE_HOME", folder.path())
            // What this machine says for all shows is nobody's business here.
            .env("XDG_CONFIG_HOME", folder.path().join("config"))
            .env("XDG_CONFIG_DIRS", folder.path().join("machine"))
            // Tests that are about the relay ask for it; the others do not fight for its port.
            .env("RIGCAST_RELAY_ON", "false");
        command
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        prepare(&mut command);
        let mut process = Guard::spawn(&mut command);
        let lines = read_lines(process.0.stderr.take().unwrap());
        let mut studio = Self {
            process,
            folder,
            lines,
            log: Vec::new(),
        };
        studio.wait_for_log("studio ready ", PATIENCE);
        studio
    }

    /// Waits for a line of the log that holds `text`.
    pub fn wait_for_log(&mut self, text: &str, limit: Duration) -> String {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!(
                    "waited {limit:?} in vain for '{text}' in the log:\n{}",
                    self.log.join("\n")
                );
            };
            self.log.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Everything that was logged until the process ended.
    pub fn whole_log(&mut self) -> String {
        self.log.extend(self.lines.iter());
        self.log.join("\n")
    }

    /// `rigcast ctl ARGS` against this studio.
    pub fn ctl(&self, args: &[&str]) -> Output {
        let mut command = Command::new(rigcast());
        command
            .arg("ctl")
            .args(args)
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .output()
            .unwrap()
    }

    /// The same, which must succeed.
    pub fn order(&self, line: &str) {
        let output = self.ctl(&line.split(' ').collect::<Vec<_>>());
        assert!(
            output.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    pub fn status(&self) -> Value {
        let output = self.ctl(&["status"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Waits until the state is as `is_so` says.
    pub fn wait_until(&self, what: &str, limit: Duration, mut is_so: impl FnMut(&Value) -> bool) -> Value {
        let deadline = Instant::now() + limit;
        loop {
            let status = self.status();
            if is_so(&status) {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "waited {limit:?} in vain for {what}: {status}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until destination number `at` is live.
    pub fn wait_live(&self, at: usize) {
        self.wait_until("a live destination", PATIENCE, |status| {
            status["destinations"][at]["state"]["state"] == "live"
        });
    }

    /// Waits for the end and gives the exit code.
    pub fn wait_end(&mut self, limit: Duration) -> Option<i32> {
        wait_for("the end of the studio", limit, || self.process.0.try_wait().unwrap()).code()
    }

    pub fn socket_folder(&self) -> &Path {
        self.folder.path()
    }
}

fn read_lines(stderr: ChildStderr) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// Ends with the child, whatever the test does.
pub fn output_within(mut child: Child, limit: Duration) -> Output {
    let deadline = Instant::now() + limit;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("it did not end within {limit:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}
