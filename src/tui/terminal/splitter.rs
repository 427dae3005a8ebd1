//! What a terminal sends, cut into keys, pasted text and answers.
//!
//! Keys and answers come on the same line, and an answer that is read as keys would press them: a late `ESC _ G i = 1 ; O K` is
//! ten of them. So whole control sequences are cut out here first (ECMA-48, 5.4 and 5.6), whatever comes in between and however
//! the bytes are chopped by the link; only what is no answer is looked at as a key.

use super::answer::Answer;

/// The longest control sequence that is kept; of longer ones only the end is looked for.
const LONGEST: usize = 1024;

/// The most of a pasted text that is kept, in bytes: what a prompt takes is far less.
const LONGEST_PASTE: usize = 64 * 1024;

const ESC: u8 = 0x1b;
const PASTE_END: &[u8] = b"\x1b[201~";

/// A part of what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The bytes of one key.
    Key(Vec<u8>),
    /// Pasted text, line ends and all.
    Paste(String),
    /// The terminal has answered.
    Answer(Answer),
}

/// What the bytes before the next one belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    /// After ESC.
    Escape,
    /// After `ESC [`.
    Csi,
    /// After `ESC O`.
    Ss3,
    /// After `ESC` and one of `P ] _ ^ X`: up to ST, or BEL after `]`.
    Text,
    /// Between the marks of bracketed paste.
    Paste,
    /// In a character of several bytes; so many are missing.
    Utf8(u8),
}

/// Cuts bytes as they come.
#[derive(Debug, Default)]
pub struct Splitter {
    state: State,
    bytes: Vec<u8>,
    /// More came than is kept.
    is_too_long: bool,
}

impl Splitter {
    /// Takes bytes and gives what is whole.
    pub fn push(&mut self, bytes: &[u8], found: &mut Vec<Piece>) {
        for byte in bytes {
            self.byte(*byte, found);
        }
    }

    /// Whether what has begun might be a key by itself: ESC, and ESC with a character that also begins a sequence.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.state == State::Escape
            || (matches!(self.state, State::Csi | State::Ss3 | State::Text) && self.bytes.len() == 2)
    }

    /// Nothing followed for a while: what [is waiting](Self::is_waiting) was a key.
    pub fn settle(&mut self, found: &mut Vec<Piece>) {
        if self.is_waiting() {
            self.end(found);
        }
    }

    fn byte(&mut self, byte: u8, found: &mut Vec<Piece>) {
        if byte == ESC && !matches!(self.state, State::Paste | State::Text | State::Escape) {
            // It ends whatever was begun. Half a key is no key.
            self.start();
            self.keep(byte);
            self.state = State::Escape;
            return;
        }
        self.keep(byte);
        match self.state {
            State::Ground => match byte {
                0xc2..=0xdf => self.state = State::Utf8(1),
                0xe0..=0xef => self.state = State::Utf8(2),
                0xf0..=0xf4 => self.state = State::Utf8(3),
                // The rest of a character whose beginning was lost.
                0x80..=0xff => self.start(),
                _ => self.end(found),
            },
            State::Utf8(missing) => match (byte, missing) {
                (0x80..=0xbf, 1) => self.end(found),
                (0x80..=0xbf, more) => self.state = State::Utf8(more - 1),
                _ => {
                    self.start();
                    self.byte(byte, found);
                }
            },
            State::Escape => match byte {
                b'[' => self.state = State::Csi,
                b'O' => self.state = State::Ss3,
                b'P' | b']' | b'_' | b'^' | b'X' => self.state = State::Text,
                // The key ESC, and the beginning of something else.
                ESC => {
                    found.push(Piece::Key(vec![ESC]));
                    self.start();
                    self.keep(ESC);
                    self.state = State::Escape;
                }
                // Alt and a character; of several bytes, perhaps.
                0xc2..=0xdf => self.state = State::Utf8(1),
                0xe0..=0xef => self.state = State::Utf8(2),
                0xf0..=0xf4 => self.state = State::Utf8(3),
                _ => self.end(found),
            },
            // A function key of the Linux console has one character more: ESC [ [ A.
            State::Csi if self.bytes == b"\x1b[[" => {}
            State::Csi => {
                if (0x40..=0x7e).contains(&byte) {
                    if self.bytes == b"\x1b[200~" {
                        self.start();
                        self.state = State::Paste;
                    } else {
                        self.end(found);
                    }
                } else if !(0x20..0x40).contains(&byte) {
                    self.start();
                }
            }
            State::Ss3 => self.end(found),
            State::Text => self.in_text(byte, found),
            State::Paste => {
                if self.bytes.ends_with(PASTE_END) {
                    self.bytes.truncate(self.bytes.len() - PASTE_END.len());
                    found.push(Piece::Paste(String::from_utf8_lossy(&self.bytes).into_owned()));
                    self.start();
                }
            }
        }
    }

    fn in_text(&mut self, byte: u8, found: &mut Vec<Piece>) {
        let is_osc = self.bytes.get(1) == Some(&b']');
        let is_ended = self.bytes.len() > 3 && self.bytes.ends_with(b"\x1b\\") || is_osc && byte == 0x07;
        if is_ended {
            self.end(found);
        } else if byte != b'\\' && self.bytes.len() > 2 && self.bytes[self.bytes.len() - 2] == ESC {
            // ESC within the text: it was cut off, and what began is something else.
            self.start();
            self.keep(ESC);
            self.state = State::Escape;
            self.byte(byte, found);
        }
    }

    /// What was kept is whole.
    fn end(&mut self, found: &mut Vec<Piece>) {
        if !self.is_too_long {
            let is_sequence = self.bytes.len() > 2;
            match self.state {
                State::Csi | State::Text if is_sequence => {
                    if let Some(answer) = Answer::read(&self.bytes) {
                        found.push(Piece::Answer(answer));
                    } else if self.state == State::Csi {
                        found.push(Piece::Key(std::mem::take(&mut self.bytes)));
                    }
                }
                _ => found.push(Piece::Key(std::mem::take(&mut self.bytes))),
            }
        }
        self.start();
    }

    fn start(&mut self) {
        self.bytes.clear();
        self.is_too_long = false;
        self.state = State::Ground;
    }

    /// Keeps a byte, and of what is too long the last ones, by which its end is known.
    fn keep(&mut self, byte: u8) {
        if self.state == State::Paste && self.bytes.len() >= LONGEST_PASTE {
            // The text is full: only the mark of its end is looked for, behind it.
            let kept = LONGEST_PASTE - PASTE_END.len();
            self.bytes.remove(kept);
        } else if self.state != State::Paste && self.bytes.len() >= LONGEST {
            self.is_too_long = true;
            self.bytes.drain(8..LONGEST - 8);
        }
        self.bytes.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(bytes: &[u8]) -> Vec<Piece> {
        let mut found = Vec::new();
        let mut splitter = Splitter::default();
        splitter.push(bytes, &mut found);
        splitter.settle(&mut found);
        found
    }

    fn key(bytes: &[u8]) -> Piece {
        Piece::Key(bytes.to_vec())
    }

    #[test]
    fn keys_are_cut_one_by_one() {
        assert_eq!(
            split("aä€\u{1f600}\x1b[A\x1bOP\x1b[1;5C\x1b[3~\x1b[[A\x1bx\r".as_bytes()),
            [
                key(b"a"),
                key("ä".as_bytes()),
                key("€".as_bytes()),
                key("\u{1f600}".as_bytes()),
                key(b"\x1b[A"),
                key(b"\x1bOP"),
                key(b"\x1b[1;5C"),
                key(b"\x1b[3~"),
                key(b"\x1b[[A"),
                key(b"\x1bx"),
                key(b"\r"),
            ]
        );
    }

    #[test]
    fn answers_between_keys_press_none() {
        let bytes = b"q\x1b_Gi=31;OK\x1b\\w\x1b[0ne\x1bP>|foot(1.16.2)\x1b\\r\x1b]11;rgb:0/0/0\x07t\x1b[?2026;2$yz";
        let keys: Vec<Piece> = split(bytes)
            .into_iter()
            .filter(|piece| matches!(piece, Piece::Key(_)))
            .collect();
        assert_eq!(keys, b"qwertz".map(|byte| key(&[byte])));
    }

    #[test]
    fn escape_alone_is_a_key_once_nothing_follows() {
        let mut found = Vec::new();
        let mut splitter = Splitter::default();
        splitter.push(b"\x1b", &mut found);
        assert!(found.is_empty() && splitter.is_waiting());
        splitter.push(b"[A", &mut found);
        assert_eq!(found, [key(b"\x1b[A")], "a link may cut anywhere");
        splitter.push(b"\x1b", &mut found);
        splitter.settle(&mut found);
        assert_eq!(found[1], key(b"\x1b"));
        assert_eq!(split(b"\x1b\x1b"), [key(b"\x1b"), key(b"\x1b")]);
        assert_eq!(split(b"\x1b["), [key(b"\x1b[")], "alt-[");
    }

    #[test]
    fn what_is_pasted_presses_no_keys() {
        let text = "take\r\x1b[Aä \x1b[0n";
        let mut bytes = b"\x1b[200~".to_vec();
        bytes.extend(text.as_bytes());
        bytes.extend(b"\x1b[201~x");
        assert_eq!(split(&bytes), [Piece::Paste(text.to_owned()), key(b"x")]);
    }

    #[test]
    fn what_never_ends_is_not_kept() {
        for begin in [&b"\x1b[200~"[..], b"\x1b[", b"\x1b_G", b"\x1bP"] {
            let mut splitter = Splitter::default();
            let mut found = Vec::new();
            splitter.push(begin, &mut found);
            for _ in 0..200_000 {
                splitter.push(b"1", &mut found);
            }
            assert!(splitter.bytes.len() <= LONGEST_PASTE + 8);
            assert!(found.is_empty());
            splitter.push(b"\x1b[201~\x1b\\", &mut found);
            found.clear();
            splitter.push(b"m", &mut found);
            assert_eq!(found, [key(b"m")]);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_no_cut_matters(bytes: Vec<u8>, cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8)) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let (mut splitter, mut found) = (Splitter::default(), Vec::new());
            for pair in cuts.windows(2) {
                splitter.push(&bytes[pair[0]..pair[1]], &mut found);
            }
            splitter.settle(&mut found);
            prop_assert_eq!(found, split(&bytes));
        }
    }
}
