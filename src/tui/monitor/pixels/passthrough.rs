//! Through a terminal multiplexer to the terminal behind it.
//!
//! tmux hands on what stands in `DCS tmux ; … ST` with each ESC doubled (and `allow-passthrough` on); GNU screen what stands
//! in `DCS … ST`, which it takes up to 768 bytes of. Neither knows what was drawn, nor where: the cursor of the terminal behind
//! is wherever the multiplexer left it, so what is handed on must place itself.

use std::io::Write as _;

/// What stands between us and the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Passage {
    /// Nothing.
    #[default]
    None,
    /// tmux, whose pane begins at this column and row of the terminal.
    Tmux {
        /// Cells.
        column: u16,
        /// Cells.
        row: u16,
    },
    /// GNU screen, whose region begins at this column and row of the terminal.
    Screen {
        /// Cells.
        column: u16,
        /// Cells.
        row: u16,
    },
}

/// The most that screen takes between `DCS` and `ST`.
const SCREEN_CHUNK: usize = 764;

impl Passage {
    /// Where the upper left of what we draw on is on the terminal.
    #[must_use]
    pub const fn origin(self) -> (u16, u16) {
        match self {
            Self::None => (0, 0),
            Self::Tmux { column, row } | Self::Screen { column, row } => (column, row),
        }
    }
}

/// Appends `bytes` to `out` so that the terminal behind the multiplexer gets them as they are.
pub fn pass_through(bytes: &[u8], passage: Passage, out: &mut Vec<u8>) {
    match passage {
        _ if bytes.is_empty() => {}
        Passage::None => out.extend_from_slice(bytes),
        Passage::Tmux { .. } => {
            out.extend_from_slice(b"\x1bPtmux;");
            for part in bytes.split_inclusive(|byte| *byte == 0x1b) {
                out.extend_from_slice(part);
                if part.ends_with(b"\x1b") {
                    out.push(0x1b);
                }
            }
            out.extend_from_slice(b"\x1b\\");
        }
        Passage::Screen { .. } => {
            let mut rest = bytes;
            while !rest.is_empty() {
                // `ESC \` would end what is handed on: its two characters go into two chunks.
                let most = rest.len().min(SCREEN_CHUNK);
                let ends = rest[..most].windows(2).position(|two| two == b"\x1b\\");
                let (chunk, after) = rest.split_at(ends.map_or(most, |at| at + 1));
                out.extend_from_slice(b"\x1bP");
                out.extend_from_slice(chunk);
                out.extend_from_slice(b"\x1b\\");
                rest = after;
            }
        }
    }
}

/// Appends `bytes` so that they are drawn at column `x` and row `y` of what we draw on.
pub fn place(bytes: &[u8], (x, y): (u16, u16), passage: Passage, out: &mut Vec<u8>) {
    let (column, row) = passage.origin();
    let mut placed = Vec::new();
    let target = if passage == Passage::None {
        &mut *out
    } else {
        &mut placed
    };
    // Writing to a Vec cannot fail.
    let _ = write!(target, "\x1b[{};{}H", y + row + 1, x + column + 1);
    target.extend_from_slice(bytes);
    if passage != Passage::None {
        // The multiplexer believes the cursor to be where it left it.
        let mut whole = Vec::with_capacity(placed.len() + 4);
        whole.extend_from_slice(b"\x1b7");
        whole.extend_from_slice(&placed);
        whole.extend_from_slice(b"\x1b8");
        pass_through(&whole, passage, out);
    }
}
