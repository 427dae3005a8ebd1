//! The client on a real terminal: tmux is the terminal, the studio is real, keys are typed and the screen is read.
//!
//! Whatever ends the client, the terminal must be as it was: main screen, cursor shown, echo on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

#[path = "common/peers.rs"]
mod peers;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use peers::peer;

const RIGCAST: &str = env!("CARGO_BIN_EXE_rigcast");

/// A studio that shows the demo, ended when dropped.
struct Studio {
    child: Child,
    folder: tempfile::TempDir,
}

impl Studio {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(RIGCAST)
            .args(["studio", "--name", "tui", "--for", "10m"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes/demo.toml"))
            .env("XDG_RUNTIME_DIR", folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(
            lines.any(|line| line.unwrap().starts_with("studio ready ")),
            "the studio did not get ready"
        );
        // Its log must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, folder }
    }

    fn end(&mut self) {
        signal(self.child.id(), "TERM");
        self.child.wait().unwrap();
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(pid: u32, name: &str) {
    assert!(
        Command::new("kill")
            .args([format!("-{name}"), pid.to_string()])
            .status()
            .unwrap()
            .success()
    );
}

/// A tmux server with one window that runs a shell.
struct Tmux {
    socket: std::path::PathBuf,
}

impl Tmux {
    fn start(studio: &Studio, size: (u16, u16)) -> Self {
        let tmux = Self {
            socket: studio.folder.path().join("tmux"),
        };
        let (x, y) = (size.0.to_string(), size.1.to_string());
        tmux.run(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &x,
            "-y",
            &y,
            "env PS1='$ ' sh",
        ]);
        tmux
    }

    fn run(&self, args: &[&str]) -> String {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(&self.socket)
            .args(args)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn attach(&self, studio: &Studio, options: &str) {
        let line = format!(
            "clear; XDG_RUNTIME_DIR={} {RIGCAST} attach --name tui {options}; echo left=$?",
            studio.folder.path().display()
        );
        self.run(&["send-keys", &line, "Enter"]);
        self.until("is on the screen", || self.screen().contains("PGM"));
    }

    fn press(&self, key: &str) {
        self.run(&["send-keys", key]);
    }

    fn screen(&self) -> String {
        self.run(&["capture-pane", "-p"])
    }

    /// The process that runs in the shell.
    fn client(&self) -> u32 {
        let shell = self.run(&["display", "-p", "#{pane_pid}"]);
        let children = Command::new("pgrep")
            .args(["-P", shell.trim()])
            .output()
            .unwrap()
            .stdout;
        String::from_utf8(children).unwrap().trim().parse().unwrap()
    }

    /// Waits until something can be seen; a terminal tells nobody when it has drawn.
    fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(40);
        while !is_so() {
            assert!(Instant::now() < deadline, "never so: {what}\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    fn is_given_back(&self, exit_code: &str) {
        let left = format!("left={exit_code}");
        self.until("the client has left", || {
            self.screen().lines().any(|line| line.contains(&left))
        });
        assert_eq!(
            self.run(&["display", "-p", "#{alternate_on} #{cursor_flag} #{wrap_flag}"])
                .trim(),
            "0 1 1"
        );
        self.run(&[
            "send-keys",
            "clear; stty -a | tr ' ;' '\\n\\n' | grep -xE -- '-?(echo|icanon)'",
            "Enter",
        ]);
        self.until("echo and line mode are on", || {
            let screen = self.screen();
            screen.lines().any(|line| line == "echo") && screen.lines().any(|line| line == "icanon")
        });
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
fn keys_act_and_however_the_client_ends_the_terminal_is_given_back() {
    let Some(_) = peer("tmux") else { return };
    let mut studio = Studio::start();
    let tmux = Tmux::start(&studio, (80, 24));

    tmux.attach(&studio, "--monitor ascii");
    tmux.until("a picture", || !tmux.screen().contains("no picture yet"));
    let row = |tmux: &Tmux| {
        tmux.screen()
            .lines()
            .find(|line| line.starts_with("│▸"))
            .unwrap_or_default()
            .to_owned()
    };
    let is_muted = |tmux: &Tmux| {
        let strip = row(tmux);
        strip
            .split_whitespace()
            .nth(1)
            .is_some_and(|flags| flags.starts_with('M'))
    };
    let was_muted = is_muted(&tmux);
    tmux.press("m");
    tmux.until("mute has changed", || is_muted(&tmux) != was_muted);
    tmux.press("?");
    tmux.until("help is shown", || tmux.screen().contains("HELP"));
    tmux.press("Escape");
    tmux.until("help is gone", || !tmux.screen().contains("HELP"));
    tmux.run(&["resize-window", "-x", "120", "-y", "34"]);
    tmux.until("it fills the wider screen", || {
        tmux.screen().contains("1280×720 30 fps")
    });
    tmux.press("q");
    tmux.is_given_back("0");

    for name in ["TERM", "HUP", "INT"] {
        tmux.attach(&studio, "--monitor half-blocks");
        signal(tmux.client(), name);
        tmux.is_given_back("0");
    }

    tmux.attach(&studio, "--monitor sixel");
    studio.end();
    tmux.until("the message is read", || tmux.screen().contains("has ended"));
    tmux.is_given_back("0");
}
