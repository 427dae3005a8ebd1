//! tmux and GNU screen, which stand between the client and the terminal that is looked at.
//!
//! tmux is asked by its own command what the terminal behind it is and whether sequences are let through to it
//! (`allow-passthrough`, off unless its user has turned it on); it answers on its socket, so nothing is typed into the pane.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::probe::Blocks;
use crate::tui::monitor::pixels;

/// How long tmux may take: it is on this machine.
const PATIENCE: Duration = Duration::from_millis(500);

/// What the client runs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Multiplexer {
    /// A terminal.
    #[default]
    None,
    /// tmux.
    Tmux {
        /// It lets sequences through.
        is_open: bool,
        /// The terminal behind it draws pictures of the kitty graphics protocol.
        has_kitty: bool,
        /// Which blocks the terminal behind it draws.
        blocks: Blocks,
    },
    /// GNU screen.
    Screen,
}

impl Multiplexer {
    /// What the environment says, and tmux where it is that.
    #[must_use]
    pub fn find(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        if is_set("TMUX") {
            Self::tmux(&ask_tmux().unwrap_or_default())
        } else if is_set("STY") {
            Self::Screen
        } else {
            Self::None
        }
    }

    /// How pictures get through it.
    #[must_use]
    pub const fn passage(self) -> pixels::Passage {
        match self {
            Self::None => pixels::Passage::None,
            // Pictures on placeholders need no place of their own.
            Self::Tmux { .. } => pixels::Passage::Tmux { column: 0, row: 0 },
            Self::Screen => pixels::Passage::Screen { column: 0, row: 0 },
        }
    }

    /// From what tmux says: whether it lets through, what the terminal is, and by which name it goes.
    fn tmux(said: &str) -> Self {
        let mut lines = said.lines();
        let is_open = matches!(lines.next(), Some("on" | "all"));
        let names = [lines.next().unwrap_or_default(), lines.next().unwrap_or_default()].map(str::to_lowercase);
        let is_any = |known: &[&str]| {
            names.iter().any(|name| {
                let name = name.strip_prefix("xterm-").unwrap_or(name);
                known.iter().any(|known| name.starts_with(known))
            })
        };
        // Only these draw pictures on placeholders.
        let has_kitty = is_any(&["kitty", "ghostty"]);
        let has_sextants = has_kitty || is_any(&["foot", "wezterm", "alacritty", "contour", "vte", "iterm"]);
        Self::Tmux {
            is_open,
            has_kitty,
            // No octants: tmux leaves out what the C library has no width for, and Unicode 16 is younger than most of those.
            blocks: if has_sextants {
                Blocks::Sextants
            } else {
                Blocks::Quadrants
            },
        }
    }
}

/// Three lines: the option, the terminal's own name and version, its `TERM`.
fn ask_tmux() -> Option<String> {
    let format = "#{allow-passthrough}\n#{client_termtype}\n#{client_termname}";
    let mut child = Command::new("tmux")
        .args(["display-message", "-p", format])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let deadline = Instant::now() + PATIENCE;
    // It says less than a pipe holds, so it ends without being read.
    while child.try_wait().ok()?.is_none() {
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tmux_says_is_understood() {
        for (said, is_open, has_kitty, blocks) in [
            ("on\nkitty(0.26.5)\nxterm-kitty\n", true, true, Blocks::Sextants),
            ("all\nghostty 1.1\nxterm-ghostty\n", true, true, Blocks::Sextants),
            ("off\nfoot(1.16.2)\nfoot\n", false, false, Blocks::Sextants),
            ("on\n\nalacritty\n", true, false, Blocks::Sextants),
            ("\nXTerm(379)\nxterm-256color\n", false, false, Blocks::Quadrants),
            ("", false, false, Blocks::Quadrants),
        ] {
            let expected = Multiplexer::Tmux {
                is_open,
                has_kitty,
                blocks,
            };
            assert_eq!(Multiplexer::tmux(said), expected, "{said:?}");
        }
    }

    #[test]
    fn the_environment_tells_which() {
        let screen = |name: &str| (name == "STY").then(|| "1234.pts-0.rig".to_owned());
        assert_eq!(Multiplexer::find(screen), Multiplexer::Screen);
        assert_eq!(Multiplexer::find(|_| None), Multiplexer::None);
    }
}
