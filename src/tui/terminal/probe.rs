//! What the terminal can do, asked of the terminal itself.
//!
//! All questions are sent at once and primary device attributes last: every terminal answers those, so their answer ends the
//! wait. Pixels of a cell are asked for by `CSI 16 t`, kitty's graphics by a picture that is not shown (`a=q`), synchronised
//! output by DECRQM of mode 2026, the name by XTVERSION. Colours cannot be asked reliably; the environment tells them, as it does
//! for everyone. In tmux and screen the answers are theirs: what lies behind is found by [`super::multiplexer`].

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::input::{Input, Reader};
use super::multiplexer::Multiplexer;
use crate::tui::monitor::CellSize;

/// How long the terminal may take to answer: what comes later is not lost, only unexpected.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// The picture by which kitty's graphics are asked for.
const QUERY_PICTURE: u32 = 31;

/// How many colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// `NO_COLOR` is set, or the terminal has none.
    None,
    /// The eight of ECMA-48 and their bright twins.
    Ansi16,
    /// The 256 colours of xterm.
    Xterm256,
    /// 24 bits.
    TrueColor,
}

/// Which of Unicode's block characters a terminal draws without gaps, whatever its font has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blocks {
    /// Halves and quadrants, which every font has.
    #[default]
    Quadrants,
    /// Also the sextants of Unicode 13.
    Sextants,
    /// Also the octants of Unicode 16.
    Octants,
}

/// What the terminal can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// How many colours.
    pub colors: Colors,
    /// Whether it draws sixels.
    pub has_sixel: bool,
    /// Whether it draws pictures of the kitty graphics protocol.
    pub has_kitty: bool,
    /// Whether it draws iTerm2's inline images.
    pub has_iterm: bool,
    /// Which block characters it draws itself.
    pub blocks: Blocks,
    /// Pixels of a cell, where it said.
    pub cell: Option<CellSize>,
    /// What it runs in.
    pub multiplexer: Multiplexer,
}

impl Default for Capabilities {
    /// What any terminal with colours has.
    fn default() -> Self {
        Self {
            colors: Colors::Xterm256,
            has_sixel: false,
            has_kitty: false,
            has_iterm: false,
            blocks: Blocks::Quadrants,
            cell: None,
            multiplexer: Multiplexer::None,
        }
    }
}

/// What has been answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Device attributes, by number. When they have come, nothing more will.
    pub attributes: Option<Vec<u16>>,
    /// Kitty's graphics were understood.
    pub has_kitty: bool,
    /// Whether mode 2026 is known, so that frames appear at once; nothing where it was not said.
    pub is_synchronized: Option<bool>,
    /// The size of a cell.
    pub cell: Option<CellSize>,
    /// What it calls itself.
    pub name: Option<String>,
}

impl Answers {
    /// Whether all has been answered.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.attributes.is_some()
    }

    /// Whether sixel is among the attributes. The first of them is the terminal's class.
    #[must_use]
    pub fn has_sixel(&self) -> bool {
        let mut numbers = self.attributes.iter().flat_map(|numbers| numbers.iter().skip(1));
        numbers.any(|number| *number == 4)
    }

    /// Takes one answer.
    pub fn take(&mut self, answer: &Answer) {
        match answer {
            Answer::Attributes(numbers) => self.attributes = Some(numbers.clone()),
            Answer::CellSize(width, height) => {
                let (width, height) = (*width, *height);
                self.cell = Some(CellSize { width, height });
            }
            Answer::Graphics(QUERY_PICTURE, true) => self.has_kitty = true,
            Answer::Mode(2026, is_known) => self.is_synchronized = Some(*is_known),
            Answer::Name(name) => self.name = Some(name.clone()),
            Answer::Graphics(..) | Answer::Mode(..) | Answer::TextSize(..) | Answer::Status => {}
        }
    }
}

/// The questions, for a terminal in `multiplexer`.
fn questions(multiplexer: Multiplexer) -> Vec<u8> {
    let mut questions = b"\x1b[>q\x1b[16t\x1b[?2026$p".to_vec();
    if multiplexer == Multiplexer::None {
        // tmux and screen would take it for a title.
        let query = format!("\x1b_Gi={QUERY_PICTURE},s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\");
        questions.extend(query.as_bytes());
    }
    questions.extend(b"\x1b[c");
    questions
}

/// Asks the terminal behind `reader` and `output`, which must be in raw mode, and waits at most [`PATIENCE`]. Keys that come in
/// between are put into `keys`.
///
/// # Errors
/// The terminal cannot be written to or read from.
pub fn ask<F: AsFd>(
    reader: &mut Reader<F>,
    output: &mut impl Write,
    multiplexer: Multiplexer,
    keys: &mut Vec<Input>,
) -> io::Result<Answers> {
    output.write_all(&questions(multiplexer))?;
    output.flush()?;
    let deadline = Instant::now() + PATIENCE;
    let mut answers = Answers::default();
    let mut found = Vec::new();
    while !answers.is_complete() && Instant::now() < deadline {
        reader.read(Some(deadline), &mut found)?;
        for input in found.drain(..) {
            match input {
                Input::Answer(answer) => answers.take(&answer),
                key => keys.push(key),
            }
        }
    }
    Ok(answers)
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
    } else if term == "linux" || term.ends_with("-16color") || matches!(term.as_str(), "ansi" | "cygwin" | "pcansi") {
        Colors::Ansi16
    } else {
        Colors::Xterm256
    }
}

/// What a terminal of this name and environment can do beyond what it answers.
fn by_name(name: Option<&str>, variable: &impl Fn(&str) -> Option<String>) -> (Blocks, bool) {
    let program = variable("TERM_PROGRAM")
        .or_else(|| variable("LC_TERMINAL"))
        .unwrap_or_default();
    let term = variable("TERM").unwrap_or_default();
    let is_any = |known: &[&str]| {
        let names = [
            name.unwrap_or_default(),
            &program,
            term.strip_prefix("xterm-").unwrap_or(&term),
        ];
        names.iter().any(|name| {
            let name = name.to_lowercase();
            known.iter().any(|known| name.starts_with(known))
        })
    };
    let blocks = if is_any(&["kitty", "ghostty"]) {
        Blocks::Octants
    } else if is_any(&[
        "foot",
        "wezterm",
        "alacritty",
        "contour",
        "vte",
        "konsole",
        "mintty",
        "iterm",
        "rio",
    ]) {
        Blocks::Sextants
    } else {
        Blocks::Quadrants
    };
    (blocks, is_any(&["iterm", "wezterm", "mintty", "konsole"]))
}

impl Capabilities {
    /// What a terminal can do that has answered so, in this environment.
    #[must_use]
    pub fn new(answers: &Answers, multiplexer: Multiplexer, variable: impl Fn(&str) -> Option<String>) -> Self {
        let (blocks, has_iterm) = by_name(answers.name.as_deref(), &variable);
        Self {
            colors: colors(variable),
            has_sixel: answers.has_sixel(),
            has_kitty: answers.has_kitty,
            has_iterm,
            blocks,
            cell: answers.cell,
            multiplexer,
        }
        .behind(multiplexer)
    }

    /// What of it is left behind a multiplexer: blocks and colours go through, pictures only where they are let through.
    fn behind(mut self, multiplexer: Multiplexer) -> Self {
        match multiplexer {
            Multiplexer::None => {}
            Multiplexer::Tmux {
                is_open,
                has_kitty,
                blocks,
            } => {
                // Sixels are tmux's own where it has them. Kitty's pictures stand on placeholders, which tmux moves like text;
                // iTerm2's would stand where tmux's cursor is, which nobody knows.
                self.has_kitty = is_open && has_kitty;
                self.has_iterm = false;
                self.blocks = blocks;
            }
            Multiplexer::Screen => {
                self.blocks = Blocks::Quadrants;
                self.has_kitty = false;
                self.has_iterm = false;
                self.has_sixel = false;
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::OwnedFd;

    /// The other side of a terminal that answers with these bytes, and what was asked.
    fn asked(answers: &[u8], multiplexer: Multiplexer) -> (Answers, Vec<Input>, Vec<u8>) {
        let (from, to): (OwnedFd, OwnedFd) = rustix::pipe::pipe().unwrap();
        rustix::io::write(&to, answers).unwrap();
        let (mut keys, mut sent) = (Vec::new(), Vec::new());
        let found = ask(&mut Reader::new(from), &mut sent, multiplexer, &mut keys).unwrap();
        (found, keys, sent)
    }

    #[test]
    fn real_terminals_are_understood() {
        let cell = |width, height| Some(CellSize { width, height });
        for (bytes, name, has_sixel, has_kitty, is_synchronized, expected) in [
            (
                &b"\x1bP>|XTerm(379)\x1b\\\x1b[6;16;8t\x1b[?2026;0$y\x1b[?63;1;2;4;6;9;15;22c"[..],
                "XTerm(379)",
                true,
                false,
                Some(false),
                cell(8, 16),
            ),
            (
                b"\x1bP>|foot(1.16.2)\x1b\\\x1b[6;21;10t\x1b[?2026;2$y\x1b[?62;4;22;28c",
                "foot(1.16.2)",
                true,
                false,
                Some(true),
                cell(10, 21),
            ),
            (
                b"\x1bP>|kitty(0.26.5)\x1b\\\x1b[6;20;10t\x1b[?2026;2$y\x1b_Gi=31;OK\x1b\\\x1b[?62;c",
                "kitty(0.26.5)",
                false,
                true,
                Some(true),
                cell(10, 20),
            ),
            (
                b"\x1bP>|tmux 3.3a\x1b\\\x1b[?1;2;4c",
                "tmux 3.3a",
                true,
                false,
                None,
                None,
            ),
            (b"\x1b[6;18;9t\x1b[?65;1;9c", "", false, false, None, cell(9, 18)),
        ] {
            let (answers, keys, _) = asked(bytes, Multiplexer::None);
            assert!(answers.is_complete() && keys.is_empty());
            assert_eq!(answers.name.as_deref().unwrap_or_default(), name);
            assert_eq!(
                (
                    answers.has_sixel(),
                    answers.has_kitty,
                    answers.is_synchronized,
                    answers.cell
                ),
                (has_sixel, has_kitty, is_synchronized, expected),
                "{name}"
            );
        }
    }

    #[test]
    fn keys_pressed_meanwhile_are_kept() {
        let (answers, keys, _) = asked(b"a\x1b[A\x1b[?6cb", Multiplexer::None);
        assert!(answers.is_complete());
        assert_eq!(keys.len(), 3, "{keys:?}");
    }

    #[test]
    fn a_multiplexer_is_not_sent_what_it_takes_for_a_title() {
        let tmux = Multiplexer::Tmux {
            is_open: true,
            has_kitty: true,
            blocks: Blocks::Octants,
        };
        for (multiplexer, expected) in [(Multiplexer::None, true), (tmux, false), (Multiplexer::Screen, false)] {
            let (_, _, sent) = asked(b"\x1b[?6c", multiplexer);
            assert_eq!(sent.windows(2).any(|two| two == b"\x1b_"), expected, "{multiplexer:?}");
            assert!(sent.ends_with(b"\x1b[c"));
        }
    }

    fn find(variables: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        |name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        }
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
            (&[("TERM", "linux")], Colors::Ansi16),
            (&[("TERM", "xterm-16color")], Colors::Ansi16),
            (&[("TERM", "dumb")], Colors::None),
            (&[], Colors::None),
        ] {
            assert_eq!(colors(find(variables)), expected, "{variables:?}");
        }
    }

    #[test]
    fn names_tell_what_is_not_answered() {
        let named = |name: &str| Answers {
            name: Some(name.to_owned()),
            ..Answers::default()
        };
        for (answers, variables, blocks, has_iterm) in [
            (named("kitty(0.26.5)"), &[][..], Blocks::Octants, false),
            (named("WezTerm 20240203"), &[], Blocks::Sextants, true),
            (named("XTerm(379)"), &[("TERM", "xterm")], Blocks::Quadrants, false),
            (Answers::default(), &[("TERM", "alacritty")], Blocks::Sextants, false),
            (Answers::default(), &[("LC_TERMINAL", "iTerm2")], Blocks::Sextants, true),
            (Answers::default(), &[("TERM", "xterm-ghostty")], Blocks::Octants, false),
        ] {
            let found = Capabilities::new(&answers, Multiplexer::None, find(variables));
            assert_eq!(
                (found.blocks, found.has_iterm),
                (blocks, has_iterm),
                "{answers:?} {variables:?}"
            );
        }
    }

    #[test]
    fn a_multiplexer_lets_through_what_it_lets_through() {
        let answers = Answers {
            attributes: Some(vec![62, 4]),
            ..Answers::default()
        };
        let env = || find(&[("LC_TERMINAL", "iTerm2"), ("TERM", "tmux-256color")]);
        for (is_open, has_kitty) in [(true, true), (false, true), (true, false)] {
            let tmux = Multiplexer::Tmux {
                is_open,
                has_kitty,
                blocks: Blocks::Octants,
            };
            let found = Capabilities::new(&answers, tmux, env());
            assert_eq!(found.has_kitty, is_open && has_kitty);
            assert!(found.has_sixel && !found.has_iterm && found.blocks == Blocks::Octants);
        }
        let found = Capabilities::new(&answers, Multiplexer::Screen, env());
        assert!(!found.has_sixel && !found.has_iterm && !found.has_kitty);
    }
}
