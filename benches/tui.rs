//! What a picture costs on its way to the terminal, at the 120×34 layout, where the program monitor has 49×14 cells, and
//! for a monitor of 120×34 cells; moving content. Beside other programs and with the PSNR: benches/cells.
//!
//! Besides the times, it prints the bytes of a frame on standard error: bytes are what an SSH link feels.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    missing_docs
)]

use criterion::{Criterion, criterion_group, criterion_main};
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::{Rect, Size};
use rigcast::tui::monitor::{CellEncoder, CellPicture, Glyphs, Palette, Picture, Thrift};
use rigcast::tui::terminal::Paint;

/// Frames of hard content: a gradient that moves, bars and noise.
fn clip(width: usize, height: usize) -> Vec<Picture> {
    let mut noise = 0x2545_f491_u32;
    (0..30)
        .map(|frame| {
            let mut rgb = Vec::with_capacity(width * height * 3);
            for y in 0..height {
                for x in 0..width {
                    noise ^= noise << 13;
                    noise ^= noise >> 17;
                    noise ^= noise << 5;
                    let grain = (noise % 7) as usize;
                    let bar = if ((x + frame * 2) * 8 / width).is_multiple_of(2) {
                        90
                    } else {
                        10
                    };
                    rgb.extend([
                        ((x + frame * 3) * 255 / width % 200 + grain) as u8,
                        (y * 200 / height + bar + grain).min(255) as u8,
                        (bar + (x * y + frame * 5) % 64 + grain) as u8,
                    ]);
                }
            }
            Picture::new(width, height, rgb).unwrap()
        })
        .collect()
}

fn draw_with(picture: &CellPicture, terminal: &mut Terminal<impl Backend>) {
    let area = Rect::new(0, 0, picture.columns(), picture.rows());
    let _ = terminal.draw(|frame| picture.draw(area, frame.buffer_mut()));
}

fn bytes_per_frame(name: &str, total: usize, frames: usize) {
    eprintln!("{name}: {} bytes per picture", total / frames);
}

fn pictures(c: &mut Criterion) {
    for (columns, rows) in [(49u16, 14u16), (120, 34)] {
        for (glyphs, palette) in [
            (Glyphs::HalfBlocks, Palette::TrueColor),
            (Glyphs::HalfBlocks, Palette::Xterm256),
            (Glyphs::Sextants, Palette::TrueColor),
            (Glyphs::Octants, Palette::TrueColor),
            (Glyphs::Braille, Palette::Mono),
            (Glyphs::Ascii, Palette::Mono),
        ] {
            cells(c, columns, rows, glyphs, palette);
        }
    }
}

/// One way of drawing at one size, with the thrift of a fair link.
fn cells(c: &mut Criterion, columns: u16, rows: u16, glyphs: Glyphs, palette: Palette) {
    let (across, down) = glyphs.grid();
    let frames = clip(usize::from(columns) * across, usize::from(rows) * down);
    let name = format!("{} {} {columns}x{rows}", glyphs.name(), palette.name());
    let mut encoder = CellEncoder::new(glyphs, palette);
    let mut at = 0;
    c.bench_function(&format!("{name}: make"), |b| {
        b.iter(|| {
            at = (at + 1) % frames.len();
            encoder.encode(&frames[at], Thrift::new(1))
        });
    });
    let cells: Vec<CellPicture> = frames
        .iter()
        .filter_map(|frame| encoder.encode(frame, Thrift::new(1)))
        .collect();
    let mut terminal = Terminal::new(Paint::new(Size::new(columns, rows), true)).unwrap();
    let mut total = 0;
    for picture in &cells {
        draw_with(picture, &mut terminal);
        total += terminal.backend_mut().take(Vec::new()).len();
    }
    bytes_per_frame(&name, total, cells.len());
    let mut spare = Vec::new();
    c.bench_function(&format!("{name}: diff and escapes"), |b| {
        b.iter(|| {
            at = (at + 1) % cells.len();
            draw_with(&cells[at], &mut terminal);
            spare = terminal.backend_mut().take(std::mem::take(&mut spare));
            spare.len()
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(1)).warm_up_time(std::time::Duration::from_millis(300));
    targets = pictures
}
criterion_main!(benches);
