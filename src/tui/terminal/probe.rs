//! What the terminal can do, asked of the terminal itself.
//!
//! Primary device attributes (`CSI c`, DEC STD 070) tell sixel by parameter 4; `CSI 16 t` (XTerm control sequences, window
//! operations) tells the size of a cell in pixels. Only CSI questions are asked: an answer that comes too late is then
//! thrown away by the key reader, where a DCS string would read as keys. Colours cannot be asked that way; the environment
//! tells them, as it does for everyone. Inside tmux the answers are tmux's own, and so are the right ones.

use std::io::{self, Write};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::tui::monitor::CellSize;

/// How long the terminal may take to answer.
pub const PATIENCE: Duration = Duration::from_millis(300);

/// The questions. Device attributes come last: every terminal answers them, so their answer ends the wait.
const QUESTIONS: &[u8] = b"\x1b[16t\x1b[c";

/// How many colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// `NO_COLOR` is set, or the terminal has none.
    None,
    /// The 256 colours of xterm (or 16 of them, which the terminal then chooses).
    Xterm256,
    /// 24 bits.
    TrueColor,
}

/// What the terminal can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// How many colours.
    pub colors: Colors,
    /// Whether it draws sixels.
    pub has_sixel: bool,
    /// Pixels of a cell, where it said.
    pub cell: Option<CellSize>,
}

/// What has been answered so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Device attributes have come: nothing more will.
    pub is_complete: bool,
    /// Sixel was among them.
    pub has_sixel: bool,
    /// The size of a cell.
    pub cell: Option<CellSize>,
}

impl Answers {
    /// Reads the answers out of what the terminal has sent, whatever else (keys, fragments) is between them.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let mut answers = Self::default();
        for sequence in bytes.split(|byte| *byte == 0x1b).skip(1) {
            let Some(body) = sequence.strip_prefix(b"[") else {
                continue;
            };
            let Some(end) = body.iter().position(|byte| (0x40..=0x7e).contains(byte)) else {
                continue;
            };
            let (parameters, last) = (&body[..end], body[end]);
            let (is_private, parameters) = match parameters.strip_prefix(b"?") {
                Some(rest) => (true, rest),
                None => (false, parameters),
            };
            let numbers: Vec<u16> = parameters
                .split(|byte| *byte == b';')
                .map(|digits| {
                    std::str::from_utf8(digits)
                        .ok()
                        .and_then(|text| text.parse().ok())
                        .unwrap_or(0)
                })
                .collect();
            match (last, is_private, numbers.as_slice()) {
                (b'c', true, numbers) => {
                    answers.is_complete = true;
                    answers.has_sixel = numbers.iter().skip(1).any(|number| *number == 4);
                }
                (b't', false, [6, height, width]) if *height > 0 && *width > 0 => {
                    answers.cell = Some(CellSize {
                        width: *width,
                        height: *height,
                    });
                }
                _ => {}
            }
        }
        answers
    }
}

/// How many colours the environment promises.
#[must_use]
pub fn colors(variable: impl Fn(&str) -> Option<String>) -> Colors {
    if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return Colors::None;
    }
    let term = variable("TERM").unwrap_or_default();
    if term.is_empty() || term == "dumb" || term.starts_with("vt1") || term.starts_with("vt2") {
        return Colors::None;
    }
    let names_truecolor = matches!(variable("COLORTERM").as_deref(), Some("truecolor" | "24bit"));
    let is_known = term.ends_with("-direct")
        || [
            "xterm-kitty",
            "foot",
            "alacritty",
            "wezterm",
            "xterm-ghostty",
            "contour",
        ]
        .iter()
        .any(|known| term.starts_with(known));
    if names_truecolor || is_known {
        Colors::TrueColor
    } else {
        Colors::Xterm256
    }
}

/// Asks the terminal behind `input` and `output`, which must be in raw mode, and waits at most [`PATIENCE`].
///
/// # Errors
/// The terminal cannot be written to or read from.
pub fn ask(input: BorrowedFd<'_>, output: &mut impl Write) -> io::Result<Answers> {
    output.write_all(QUESTIONS)?;
    output.flush()?;
    let deadline = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    loop {
        let answers = Answers::read(&bytes);
        let left = deadline.saturating_duration_since(Instant::now());
        // No terminal says as much as this; keys held down might.
        if answers.is_complete || left.is_zero() || bytes.len() > 4096 {
            return Ok(answers);
        }
        let timeout = Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        let mut fds = [PollFd::new(&input, PollFlags::IN)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut chunk = [0; 256];
        match rustix::io::read(input, &mut chunk) {
            Ok(0) => return Ok(answers),
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn real_terminals_are_understood() {
        let cell = |width, height| Some(CellSize { width, height });
        for (name, bytes, has_sixel, expected) in [
            (
                "xterm -ti vt340",
                &b"\x1b[6;16;8t\x1b[?63;1;2;4;6;9;15;22c"[..],
                true,
                cell(8, 16),
            ),
            ("foot", b"\x1b[6;21;10t\x1b[?62;4;22;28c", true, cell(10, 21)),
            ("tmux with sixel", b"\x1b[?1;2;4c", true, None),
            ("tmux", b"\x1b[?1;2c", false, None),
            ("VTE", b"\x1b[6;18;9t\x1b[?65;1;9c", false, cell(9, 18)),
            ("linux console", b"\x1b[?6c", false, None),
            ("keys between", b"ab\x1b[A\x1b[6;0;0tq\x1b[?62;4c", true, None),
        ] {
            let answers = Answers::read(bytes);
            assert!(answers.is_complete, "{name}");
            assert_eq!((answers.has_sixel, answers.cell), (has_sixel, expected), "{name}");
        }
        assert!(!Answers::read(b"\x1b[6;16;8t\x1b[?63;1;").is_complete);
    }

    #[test]
    fn the_environment_tells_the_colours() {
        for (variables, expected) in [
            (&[("TERM", "xterm-256color")][..], Colors::Xterm256),
            (
                &[("TERM", "tmux-256color"), ("COLORTERM", "truecolor")],
                Colors::TrueColor,
            ),
            (&[("TERM", "foot")], Colors::TrueColor),
            (&[("TERM", "foot"), ("NO_COLOR", "1")], Colors::None),
            (&[("TERM", "foot"), ("NO_COLOR", "")], Colors::TrueColor),
            (&[("TERM", "dumb")], Colors::None),
            (&[], Colors::None),
        ] {
            let find = |name: &str| {
                variables
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(colors(find), expected, "{variables:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = Answers::read(&bytes);
        }
    }
}
