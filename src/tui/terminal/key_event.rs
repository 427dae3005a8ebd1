//! The bytes of a key as an event.
//!
//! termina reads them; the rest of the client speaks of keys as crossterm does.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use termina::event::{Event, KeyCode as Read, KeyEventKind as ReadKind, Modifiers};

/// The key of these bytes, which are those of one key; `None` where they are of none.
#[must_use]
pub fn key_event(bytes: &[u8]) -> Option<KeyEvent> {
    // ESC with what could begin a sequence is read as unfinished: it is alt and a character.
    if let [0x1b, character @ (b'[' | b'O' | b'P' | b']' | b'_' | b'^' | b'X')] = bytes {
        return Some(KeyEvent::new(KeyCode::Char(char::from(*character)), KeyModifiers::ALT));
    }
    let mut parser = termina::Parser::default();
    parser.parse(bytes, false);
    match parser.pop()? {
        Event::Key(key) => Some(KeyEvent {
            code: code(key.code)?,
            modifiers: modifiers(key.modifiers),
            kind: match key.kind {
                ReadKind::Press => KeyEventKind::Press,
                ReadKind::Repeat => KeyEventKind::Repeat,
                ReadKind::Release => KeyEventKind::Release,
            },
            state: crossterm::event::KeyEventState::NONE,
        }),
        _ => None,
    }
}

fn code(code: Read) -> Option<KeyCode> {
    Some(match code {
        Read::Char(character) => KeyCode::Char(character),
        Read::Enter => KeyCode::Enter,
        Read::Backspace => KeyCode::Backspace,
        Read::Tab => KeyCode::Tab,
        Read::Escape => KeyCode::Esc,
        Read::Left => KeyCode::Left,
        Read::Right => KeyCode::Right,
        Read::Up => KeyCode::Up,
        Read::Down => KeyCode::Down,
        Read::Home => KeyCode::Home,
        Read::End => KeyCode::End,
        Read::BackTab => KeyCode::BackTab,
        Read::PageUp => KeyCode::PageUp,
        Read::PageDown => KeyCode::PageDown,
        Read::Insert => KeyCode::Insert,
        Read::Delete => KeyCode::Delete,
        Read::Function(number) => KeyCode::F(number),
        _ => return None,
    })
}

fn modifiers(read: Modifiers) -> KeyModifiers {
    let mut modifiers = KeyModifiers::NONE;
    for (from, to) in [
        (Modifiers::SHIFT, KeyModifiers::SHIFT),
        (Modifiers::ALT, KeyModifiers::ALT),
        (Modifiers::CONTROL, KeyModifiers::CONTROL),
        (Modifiers::SUPER, KeyModifiers::SUPER),
        (Modifiers::HYPER, KeyModifiers::HYPER),
        (Modifiers::META, KeyModifiers::META),
    ] {
        if read.contains(from) {
            modifiers |= to;
        }
    }
    modifiers
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_what_terminals_send() {
        let none = KeyModifiers::NONE;
        for (bytes, key, with) in [
            (&b"a"[..], KeyCode::Char('a'), none),
            (b"A", KeyCode::Char('A'), KeyModifiers::SHIFT),
            ("ä".as_bytes(), KeyCode::Char('ä'), none),
            (b" ", KeyCode::Char(' '), none),
            (b"\r", KeyCode::Enter, none),
            (b"\n", KeyCode::Char('j'), KeyModifiers::CONTROL),
            (b"\t", KeyCode::Tab, none),
            (b"\x7f", KeyCode::Backspace, none),
            (b"\x0c", KeyCode::Char('l'), KeyModifiers::CONTROL),
            (b"\x1b", KeyCode::Esc, none),
            (b"\x1b[A", KeyCode::Up, none),
            (b"\x1bOD", KeyCode::Left, none),
            (b"\x1b[Z", KeyCode::BackTab, KeyModifiers::SHIFT),
            (b"\x1b[1;5C", KeyCode::Right, KeyModifiers::CONTROL),
            (b"\x1b[5~", KeyCode::PageUp, none),
            (b"\x1b[H", KeyCode::Home, none),
            (b"\x1b[1~", KeyCode::Home, none),
            (b"\x1b[4~", KeyCode::End, none),
            (b"\x1b[3~", KeyCode::Delete, none),
            (b"\x1bOP", KeyCode::F(1), none),
            (b"\x1b[[A", KeyCode::F(1), none),
            (b"\x1b[15~", KeyCode::F(5), none),
            (b"\x1b[24~", KeyCode::F(12), none),
            (b"\x1b5", KeyCode::Char('5'), KeyModifiers::ALT),
            (b"\x1b[", KeyCode::Char('['), KeyModifiers::ALT),
            (b"\x1bO", KeyCode::Char('O'), KeyModifiers::ALT),
        ] {
            let event = key_event(bytes).unwrap_or_else(|| panic!("{}", bytes.escape_ascii()));
            assert_eq!((event.code, event.modifiers), (key, with), "{}", bytes.escape_ascii());
        }
        assert!(key_event(b"\x1b[?1;2c").is_none() && key_event(b"").is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..24), begin in prop_oneof![
            Just(&b""[..]), Just(&b"\x1b["[..]), Just(&b"\x1b[<"[..]), Just(&b"\x1b[M"[..]), Just(&b"\x1b[?"[..]), Just(&b"\x1bO"[..]),
        ]) {
            let bytes: Vec<u8> = begin.iter().copied().chain(bytes).collect();
            let _ = key_event(&bytes);
            let _ = key_event(&[b"\x1b[", &bytes[..], b"~"].concat());
        }
    }
}
