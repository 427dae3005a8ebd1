//! Pictures of cells inside a real tmux: what its screen holds is what a terminal without it shows.

use ratatui::Terminal;
use ratatui::layout::{Rect, Size};
use rigcast::tui::monitor::{CellEncoder, Glyphs, Palette, Picture, Thrift};
use rigcast::tui::terminal::Paint;

use crate::common::tmux::{PROMPT, Tmux};
use crate::glass::{Glass, psnr};

const COLUMNS: u16 = 24;
const ROWS: u16 = 8;

/// A moving gradient with an edge in it.
fn picture(glyphs: Glyphs, time: usize) -> Picture {
    let (across, down) = glyphs.grid();
    let (width, height) = (usize::from(COLUMNS) * across, usize::from(ROWS) * down);
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let edge = if (x * 3 + y * 2 + time * 5) % (width * 2) < width {
                40
            } else {
                0
            };
            rgb.extend([
                (x * 160 / width + edge) as u8,
                (y * 160 / height + edge) as u8,
                (200 - x * 100 / width) as u8,
            ]);
        }
    }
    Picture::new(width, height, rgb).unwrap()
}

/// The bytes of a few pictures, one after the other, as a terminal gets them.
fn painted(glyphs: Glyphs, palette: Palette) -> Vec<u8> {
    let mut encoder = CellEncoder::new(glyphs, palette);
    let mut terminal = Terminal::new(Paint::new(Size::new(COLUMNS, ROWS), true)).unwrap();
    let mut bytes = b"\x1b[H\x1b[2J".to_vec();
    for time in 0..4 {
        if let Some(cells) = encoder.encode(&picture(glyphs, time), Thrift::new(1)) {
            terminal
                .draw(|frame| cells.draw(Rect::new(0, 0, COLUMNS, ROWS), frame.buffer_mut()))
                .unwrap();
            bytes.extend(terminal.backend_mut().take(Vec::new()));
        }
    }
    bytes
}

#[test]
fn in_tmux_they_look_as_they_do_without_it() {
    let Some(tmux) = Tmux::start(80, ROWS + 6, &[]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells");
    // tmux leaves octants out where the C library does not know them; the probe does not choose them there.
    let glyphs = [
        Glyphs::HalfBlocks,
        Glyphs::Quadrants,
        Glyphs::Sextants,
        Glyphs::Braille,
        Glyphs::Ascii,
    ];
    for glyphs in glyphs {
        for palette in Palette::ALL {
            let bytes = painted(glyphs, palette);
            let mut direct = Glass::new(COLUMNS, ROWS);
            direct.write(&bytes);
            std::fs::write(&path, &bytes).unwrap();
            tmux.run(&format!("cat {}; printf '\\033[{};1H'", path.display(), ROWS + 2));
            let name = format!("{glyphs:?} {palette:?}");
            let shown = || {
                // A row of the capture ends with a line feed alone, and begins in the colours of the one before.
                let captured = tmux.escapes_and_blanks().trim_end_matches('\n').replace('\n', "\r\n");
                let mut glass = Glass::new(80, ROWS + 6);
                glass.write(captured.as_bytes());
                psnr(&glass.part(COLUMNS, ROWS), &direct.part(COLUMNS, ROWS))
            };
            tmux.wait_until(&name, |screen| {
                screen.trim_end().ends_with(PROMPT.trim_end()) && shown() > 60.0
            });
        }
    }
}
