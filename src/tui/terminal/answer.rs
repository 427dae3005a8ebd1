//! What a terminal answers when it is asked.
//!
//! Device attributes (`CSI ? … c`, DEC STD 070), name and version (XTVERSION, `DCS > | … ST`), sizes in pixels (`CSI 4|6;h;w t`)
//! and modes (DECRPM, `CSI ? mode ; state $ y`) after the XTerm control sequences; status (`CSI 0 n`, ECMA-48 8.3.35); graphics
//! after the kitty graphics protocol (`APC G i=… ; OK ST`).

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What it can do, by number: the answer to `CSI c`.
    Attributes(Vec<u16>),
    /// Its name, and often its version: the answer to `CSI > q`.
    Name(String),
    /// Pixels of a cell, width and height: the answer to `CSI 16 t`.
    CellSize(u16, u16),
    /// Pixels of the text area, width and height: the answer to `CSI 14 t`.
    TextSize(u16, u16),
    /// A mode, and whether it is known at all: the answer to `CSI ? … $ p`.
    Mode(u16, bool),
    /// It is there: the answer to `CSI 5 n`.
    Status,
    /// Whether a picture of that number was taken.
    Graphics(u32, bool),
}

impl Answer {
    /// Reads one whole control sequence; `None` where it is none of these answers.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        match bytes.get(..2)? {
            b"\x1b[" => Self::of_csi(&bytes[2..]),
            b"\x1bP" => Self::of_dcs(text(bytes)?),
            b"\x1b_" => Self::of_apc(text(bytes)?),
            _ => None,
        }
    }

    fn of_csi(body: &[u8]) -> Option<Self> {
        let (last, parameters) = body.split_last()?;
        let (is_private, parameters) = match parameters.strip_prefix(b"?") {
            Some(rest) => (true, rest),
            None => (false, parameters),
        };
        match (last, is_private) {
            (b'c', true) => Some(Self::Attributes(numbers(parameters))),
            (b'n', false) => (parameters == b"0").then_some(Self::Status),
            (b't', false) => match numbers(parameters).as_slice() {
                [6, height, width] if *height > 0 && *width > 0 => Some(Self::CellSize(*width, *height)),
                [4, height, width] if *height > 0 && *width > 0 => Some(Self::TextSize(*width, *height)),
                _ => None,
            },
            (b'y', true) => match numbers(parameters.strip_suffix(b"$")?).as_slice() {
                // 0: not known, 4: for ever off. Both are of no use.
                [mode, state] => Some(Self::Mode(*mode, !matches!(state, 0 | 4))),
                _ => None,
            },
            _ => None,
        }
    }

    fn of_dcs(text: &str) -> Option<Self> {
        let name = text.strip_prefix(">|")?;
        Some(Self::Name(name.chars().filter(|c| !c.is_control()).collect()))
    }

    fn of_apc(text: &str) -> Option<Self> {
        let (keys, message) = text.strip_prefix('G')?.split_once(';')?;
        let id = keys.split(',').find_map(|key| key.strip_prefix("i="))?.parse().ok()?;
        Some(Self::Graphics(id, message == "OK"))
    }
}

/// What stands between the beginning of a control string and ST.
fn text(bytes: &[u8]) -> Option<&str> {
    let body = bytes.get(2..)?.strip_suffix(b"\x1b\\")?;
    std::str::from_utf8(body).ok()
}

/// Numbers between semicolons; what is none is zero.
fn numbers(parameters: &[u8]) -> Vec<u16> {
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok());
    parameters
        .split(|byte| *byte == b';')
        .map(|digits| number(digits).unwrap_or(0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn real_terminals_are_understood() {
        for (bytes, expected) in [
            (
                &b"\x1b[?63;1;2;4;6;9;15;22c"[..],
                Some(Answer::Attributes(vec![63, 1, 2, 4, 6, 9, 15, 22])),
            ),
            (b"\x1b[?6c", Some(Answer::Attributes(vec![6]))),
            (b"\x1b[6;21;10t", Some(Answer::CellSize(10, 21))),
            (b"\x1b[6;0;0t", None),
            (b"\x1b[4;800;1280t", Some(Answer::TextSize(1280, 800))),
            (b"\x1b[0n", Some(Answer::Status)),
            (b"\x1b[3n", None),
            (b"\x1b[?2026;2$y", Some(Answer::Mode(2026, true))),
            (b"\x1b[?2026;0$y", Some(Answer::Mode(2026, false))),
            (b"\x1b[?2026;4$y", Some(Answer::Mode(2026, false))),
            (b"\x1bP>|XTerm(379)\x1b\\", Some(Answer::Name("XTerm(379)".to_owned()))),
            (b"\x1bP>|tmux 3.3a\x1b\\", Some(Answer::Name("tmux 3.3a".to_owned()))),
            (b"\x1b_Gi=31;OK\x1b\\", Some(Answer::Graphics(31, true))),
            (
                b"\x1b_Gi=31,p=2;ENOENT:no such\x1b\\",
                Some(Answer::Graphics(31, false)),
            ),
            (b"\x1b[A", None),
            (b"\x1b[1;1R", None),
        ] {
            assert_eq!(Answer::read(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, begin in prop_oneof![Just("\x1b["), Just("\x1bP>|"), Just("\x1b_G")]) {
            let _ = Answer::read(&bytes);
            let whole: Vec<u8> = begin.bytes().chain(bytes).chain(*b"\x1b\\").collect();
            let _ = Answer::read(&whole);
        }
    }
}
