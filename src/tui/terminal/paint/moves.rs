//! The shortest way to move the cursor: ECMA-48, 8.3.21 (CUP), 8.3.18 to 8.3.20 and 8.3.22 (one direction), or plain control characters.
//!
//! Only moves that every terminal knows, and none that could scroll: a line feed is sent only towards a line that exists.

use ratatui::layout::Position;

/// Writes the move of the cursor from where it stands, if that is known, to `to`.
pub(super) fn move_cursor(from: Option<Position>, to: Position, out: &mut Vec<u8>) {
    let Some(from) = from else {
        return absolute(to, out);
    };
    if from == to {
        return;
    }
    let mut best = Move::default();
    best.absolute(to);
    let mut other = Move::default();
    if from.y == to.y {
        other.along(from.x, to.x);
        best.or(&other);
    } else if from.x == to.x {
        other.steps(from.y.abs_diff(to.y), if from.y < to.y { b'B' } else { b'A' });
        best.or(&other);
    }
    if to.y > from.y && to.y - from.y <= 4 {
        let mut other = Move::default();
        other.byte(b'\r');
        for _ in from.y..to.y {
            other.byte(b'\n');
        }
        other.along(0, to.x);
        best.or(&other);
    }
    out.extend_from_slice(&best.bytes[..best.len]);
}

/// Writes a move to `to` from anywhere.
pub(super) fn absolute(to: Position, out: &mut Vec<u8>) {
    let mut only = Move::default();
    only.absolute(to);
    out.extend_from_slice(&only.bytes[..only.len]);
}

/// One way to move. The longest: `CSI 65536;65536H`, or a return, four line feeds and `CSI 65536C`.
#[derive(Default)]
struct Move {
    bytes: [u8; 16],
    len: usize,
}

impl Move {
    fn byte(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn number(&mut self, value: u32) {
        let mut size = 10_000;
        while size > 1 && size > value {
            size /= 10;
        }
        while size > 0 {
            self.byte(b'0' + (value / size % 10) as u8);
            size /= 10;
        }
    }

    fn or(&mut self, other: &Self) {
        if other.len < self.len {
            (self.bytes, self.len) = (other.bytes, other.len);
        }
    }

    /// Ones can be left out.
    fn absolute(&mut self, to: Position) {
        self.byte(0x1b);
        self.byte(b'[');
        if to.y > 0 {
            self.number(u32::from(to.y) + 1);
        }
        if to.x > 0 {
            self.byte(b';');
            self.number(u32::from(to.x) + 1);
        }
        self.byte(b'H');
    }

    /// Within a line.
    fn along(&mut self, from: u16, to: u16) {
        if to == 0 && from > 0 {
            self.byte(b'\r');
        } else if from < to {
            self.steps(to - from, b'C');
        } else if from - to <= 3 {
            for _ in to..from {
                self.byte(0x08);
            }
        } else {
            self.steps(from - to, b'D');
        }
    }

    fn steps(&mut self, count: u16, direction: u8) {
        self.byte(0x1b);
        self.byte(b'[');
        if count > 1 {
            self.number(u32::from(count));
        }
        self.byte(direction);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(from: (u16, u16), to: (u16, u16)) -> String {
        let mut out = Vec::new();
        move_cursor(Some(from.into()), to.into(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_shortest_move_is_taken() {
        for (from, to, expected) in [
            ((5, 5), (5, 5), ""),
            ((5, 5), (6, 5), "\x1b[C"),
            ((5, 5), (16, 5), "\x1b[11C"),
            ((5, 5), (4, 5), "\x08"),
            ((50, 5), (40, 5), "\x1b[10D"),
            ((50, 5), (0, 5), "\r"),
            ((50, 5), (0, 6), "\r\n"),
            ((50, 5), (1, 6), "\r\n\x1b[C"),
            ((50, 5), (1, 7), "\x1b[8;2H"),
            ((50, 5), (50, 6), "\x1b[B"),
            ((50, 5), (50, 3), "\x1b[2A"),
            ((50, 50), (0, 0), "\x1b[H"),
            ((50, 50), (7, 0), "\x1b[;8H"),
            ((50, 50), (0, 7), "\x1b[8H"),
            ((50, 50), (10, 20), "\x1b[21;11H"),
        ] {
            assert_eq!(moved(from, to), expected, "{from:?} to {to:?}");
        }
    }

    #[test]
    fn the_longest_moves_fit() {
        let most = u16::MAX;
        assert_eq!(moved((0, 0), (most, most)), "\x1b[65536;65536H");
        for (from, to) in [((7, 0), (most, 4)), ((most, 9), (0, most)), ((most, 0), (10_000, 0))] {
            assert!(moved(from, to).len() <= 16);
        }
    }
}
