//! A terminal that a test can see: tmux with a server of its own, a shell in it, and what stands on its screen.
//!
//! Nobody is attached to it, so its size is what the test says. It ends with the value that holds it.

use std::process::{Command, Output, Stdio};

use super::{PATIENCE, peer, wait_for};

/// The shell's prompt: nothing else on a screen looks like it.
pub const PROMPT: &str = "shell> ";

pub struct Tmux {
    folder: tempfile::TempDir,
}

impl Tmux {
    /// A shell in a terminal of that size, with nothing in its environment but what a shell needs and `env`. `TERM` is
    /// what tmux offers its programs: `tmux-256color`, unless `env` has another.
    ///
    /// `None` where tmux is missing.
    pub fn start(width: u16, height: u16, env: &[(&str, &str)]) -> Option<Self> {
        peer("tmux")?;
        let tmux = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let config = "set -g default-terminal tmux-256color\nset -g status off\n\
                      set -g escape-time 5\nset -g history-limit 0\n";
        std::fs::write(tmux.folder.path().join("tmux.conf"), config).unwrap();
        let mut new = tmux.command(&["new-session", "-d", "-s", "test", "-x", &width.to_string()]);
        new.args(["-y", &height.to_string(), "-c", env!("CARGO_MANIFEST_DIR"), "env"]);
        for name in ["COLORTERM", "NO_COLOR", "ENV"] {
            new.args(["-u", name]);
        }
        new.args(env.iter().map(|(name, value)| format!("{name}={value}")));
        new.arg(format!("PS1={PROMPT}")).args(["sh", "-i"]);
        succeed(&new.output().unwrap());
        tmux.wait_for(PROMPT.trim_end());
        Some(tmux)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(self.folder.path().join("socket"));
        command.arg("-f").arg(self.folder.path().join("tmux.conf")).arg("-u");
        command.args(args).env_remove("TMUX").stdin(Stdio::null());
        command
    }

    fn ask(&self, args: &[&str]) -> String {
        succeed(&self.command(args).output().unwrap())
    }

    /// Types a line at the shell.
    pub fn run(&self, line: &str) {
        self.type_text(line);
        self.keys(&["Enter"]);
    }

    /// Brings the terminal back after a program that was killed without a chance to do so: it is still raw, so that a line
    /// ends with a line feed.
    pub fn recover(&self) {
        self.type_text("stty sane; reset; clear");
        self.keys(&["C-j"]);
        self.wait_until("a prompt", |screen| screen.trim_end() == PROMPT.trim_end());
    }

    /// Types text as it is.
    pub fn type_text(&self, text: &str) {
        self.ask(&["send-keys", "-t", "test", "-l", "--", text]);
    }

    /// Presses keys by tmux's names: `Space`, `C-l`, `PageUp`, `m`.
    pub fn keys(&self, keys: &[&str]) {
        let mut args = vec!["send-keys", "-t", "test", "--"];
        args.extend(keys);
        self.ask(&args);
    }

    /// The screen as text, a line per row.
    pub fn text(&self) -> String {
        self.ask(&["capture-pane", "-p", "-t", "test"])
    }

    /// The screen with its colours as escape sequences.
    pub fn escapes(&self) -> String {
        self.ask(&["capture-pane", "-p", "-e", "-t", "test"])
    }

    /// The same with the blanks at the end of each row, which may have a colour.
    pub fn escapes_and_blanks(&self) -> String {
        self.ask(&["capture-pane", "-p", "-e", "-N", "-t", "test"])
    }

    /// Waits until the screen is as `is_so` says, and gives it; fails with what it showed instead.
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let mut last = String::new();
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_for(what, PATIENCE, || {
                last = self.text();
                is_so(&last).then(|| last.clone())
            })
        }));
        found.unwrap_or_else(|_| panic!("the screen never had {what}:\n{last}"))
    }

    /// Waits until `text` stands on the screen.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(&format!("'{text}'"), |screen| screen.contains(text))
    }

    /// Waits until `text` stands on the screen no more.
    pub fn wait_gone(&self, text: &str) -> String {
        self.wait_until(&format!("no '{text}'"), |screen| !screen.contains(text))
    }

    pub fn resize(&self, width: u16, height: u16) {
        let (width, height) = (width.to_string(), height.to_string());
        self.ask(&["resize-window", "-t", "test", "-x", &width, "-y", &height]);
    }

    /// A variable of the pane: `alternate_on`, `cursor_flag`, `pane_tty`.
    pub fn variable(&self, name: &str) -> String {
        let format = format!("#{{{name}}}");
        self.ask(&["display-message", "-p", "-t", "test", &format])
            .trim_end()
            .to_owned()
    }

    /// The process that runs in the foreground, a child of the shell.
    pub fn child(&self) -> rustix::process::Pid {
        let shell = self.variable("pane_pid");
        let children = format!("/proc/{shell}/task/{shell}/children");
        let pid = wait_for("a child of the shell", PATIENCE, || {
            let children = std::fs::read_to_string(&children).ok()?;
            children.split_whitespace().next()?.parse().ok()
        });
        rustix::process::Pid::from_raw(pid).unwrap()
    }

    /// Whether the terminal is as a shell needs it: no alternate screen, cursor shown.
    pub fn is_given_back(&self) -> bool {
        self.variable("alternate_on") == "0" && self.variable("cursor_flag") == "1"
    }

    /// What `stty -a` says at the shell, less the size.
    pub fn stty(&self) -> String {
        let path = self.folder.path().join("stty");
        let _ = std::fs::remove_file(&path);
        self.run(&format!("stty -a > {0}.new; mv {0}.new {0}", path.display()));
        let said = wait_for("stty", PATIENCE, || std::fs::read_to_string(&path).ok());
        said.split_once(';')
            .map(|(speed, rest)| format!("{speed}{}", rest.split_once("intr").unwrap().1))
            .unwrap()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = self.command(&["kill-server"]).stderr(Stdio::null()).status();
    }
}

fn succeed(output: &Output) -> String {
    assert!(
        output.status.success(),
        "tmux: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
