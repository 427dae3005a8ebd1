//! A user of this program: folders of their own, in which a studio may run in the background, and terminals on it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use serde_json::Value;

use super::studio::rigcast;
use super::tmux::Tmux;
use super::{PATIENCE, wait_for};

/// Ends the studio that runs in it when dropped.
pub struct Home {
    pub folder: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let path = self.folder.path().display().to_string();
        let program = std::path::Path::new(rigcast()).parent().unwrap().display().to_string();
        vec![
            // Tests that are about the relay ask for it; the others do not fight for its port.
            ("RIGCAST_RELAY_ON", "false".to_owned()),
            ("HOME", path.clone()),
            ("XDG_CONFIG_HOME", format!("{path}/.config")),
            ("XDG_CONFIG_DIRS", format!("{path}/machine")),
            ("XDG_RUNTIME_DIR", path.clone()),
            ("XDG_STATE_HOME", path),
            ("PATH", format!("{program}:/usr/bin:/bin")),
        ]
    }

    /// A terminal of this user, with truecolour.
    pub fn terminal(&self, width: u16, height: u16) -> Option<Tmux> {
        self.terminal_with(width, height, &[("COLORTERM", "truecolor")])
    }

    /// A terminal of this user with more in its environment.
    pub fn terminal_with(&self, width: u16, height: u16, env: &[(&str, &str)]) -> Option<Tmux> {
        let variables = self.variables();
        let mut all: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        all.extend(env);
        Tmux::start(width, height, &all)
    }

    /// `rigcast ARGS` without a terminal.
    pub fn rigcast(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The same, not started yet.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(rigcast());
        command
            .args(args)
            .envs(self.variables())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null());
        command
    }

    pub fn ctl(&self, line: &str) -> Output {
        let mut args = vec!["ctl"];
        args.extend(line.split(' '));
        self.rigcast(&args)
    }

    pub fn status(&self) -> Value {
        let output = self.ctl("status");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Waits until the state is as `is_so` says.
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_for(what, PATIENCE, || {
                last = self.status();
                is_so(&last).then(|| last.clone())
            })
        }));
        found.unwrap_or_else(|_| panic!("the studio never had {what}: {last:#}"))
    }

    /// The studio's process: who listens at the control socket.
    pub fn studio_pid(&self) -> Option<Pid> {
        let socket = UnixStream::connect(self.folder.path().join("rigcast/studio.sock")).ok()?;
        rustix::net::sockopt::socket_peercred(&socket).ok().map(|peer| peer.pid)
    }

    /// SIGKILL for the studio, and waits until it is gone.
    pub fn kill_studio(&self) {
        if let Some(pid) = self.studio_pid() {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
            wait_for("the end of the studio", PATIENCE, || {
                self.studio_pid().is_none().then_some(())
            });
        }
    }
}

/// A line to the studio that stays open, for tests that ask often.
pub struct Control {
    stream: BufReader<UnixStream>,
    since: Instant,
    /// What to add to the time since then to get the studio's clock. A state says when it was made, which is never later
    /// than when it is read; the freshest one seen is the truth within a poll.
    ahead: f64,
}

impl Control {
    pub fn open(home: &Home) -> Self {
        let stream = UnixStream::connect(home.folder.path().join("rigcast/studio.sock")).unwrap();
        Self {
            stream: BufReader::new(stream),
            since: Instant::now(),
            ahead: f64::NEG_INFINITY,
        }
    }

    pub fn ask(&mut self, method: &str, params: &Value) -> Value {
        let answer = self.answer(method, params);
        assert!(answer["error"].is_null(), "{method} {params}: {answer}");
        answer["result"].clone()
    }

    /// The whole response, whether it is a result or an error.
    pub fn answer(&mut self, method: &str, params: &Value) -> Value {
        let request = serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        writeln!(self.stream.get_mut(), "{request}").unwrap();
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{method}: '{line}'"))
    }

    pub fn status(&mut self) -> Value {
        let status = self.ask("status", &Value::Null);
        let made = status["now"].as_f64().unwrap() / 1000.0;
        self.ahead = self.ahead.max(made - self.since.elapsed().as_secs_f64());
        status
    }

    pub fn order_words(&mut self, name: &str, args: &[&str]) {
        self.ask("command", &serde_json::json!({ "name": name, "args": args }));
    }

    pub fn order(&mut self, line: &str) {
        let mut words = line.split(' ');
        let name = words.next().unwrap();
        self.ask(
            "command",
            &serde_json::json!({ "name": name, "args": words.collect::<Vec<_>>() }),
        );
    }

    /// Waits until the state is as `is_so` says, and gives it.
    pub fn wait_until(&mut self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = self.status();
            if is_so(&status) {
                return status;
            }
            assert!(Instant::now() < deadline, "the studio never had {what}: {status:#}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The studio's clock in seconds.
    pub fn now(&self) -> f64 {
        self.since.elapsed().as_secs_f64() + self.ahead
    }

    /// Lets the show go on for so many seconds of the studio's clock; from when to when.
    pub fn hold(&mut self, seconds: f64) -> (f64, f64) {
        let start = self.now();
        while self.now() < start + seconds {
            self.status();
            std::thread::sleep(Duration::from_millis(10));
        }
        (start, self.now())
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.kill_studio();
    }
}
