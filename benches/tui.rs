//! What a picture costs on its way to the terminal, at the 120×34 layout: program monitor of 49×14 cells, moving content.
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
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::layout::{Rect, Size};
use rigcast::tui::monitor::{CellPicture, Palette, Picture, ascii, half_blocks};
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
    for (columns, rows) in [(49u16, 14u16), (160, 45)] {
        let frames = clip(columns.into(), usize::from(rows) * 2);
        let size = Size::new(columns, rows);
        for (name, palette) in [("truecolor", Palette::TrueColor), ("256", Palette::Xterm256)] {
            let mut at = 0;
            c.bench_function(&format!("half-blocks {name} {columns}x{rows}: make"), |b| {
                b.iter(|| {
                    at = (at + 1) % frames.len();
                    half_blocks(&frames[at], palette, None)
                });
            });
            let mut before = None;
            let cells: Vec<CellPicture> = frames
                .iter()
                .cycle()
                .take(frames.len() * 2)
                .map(|frame| {
                    let cells = half_blocks(frame, palette, before.as_ref());
                    before = Some(cells.clone());
                    cells
                })
                .skip(frames.len())
                .collect();
            let mut terminal = Terminal::new(Paint::new(size, true)).unwrap();
            let mut total = 0;
            for picture in &cells {
                draw_with(picture, &mut terminal);
                total += terminal.backend_mut().take(Vec::new()).len();
            }
            bytes_per_frame(
                &format!("half-blocks {name} {columns}x{rows}, own backend"),
                total,
                cells.len(),
            );
            let mut spare = Vec::new();
            c.bench_function(&format!("half-blocks {name} {columns}x{rows}: diff and escapes"), |b| {
                b.iter(|| {
                    at = (at + 1) % cells.len();
                    draw_with(&cells[at], &mut terminal);
                    spare = terminal.backend_mut().take(std::mem::take(&mut spare));
                    spare.len()
                });
            });
            let mut bytes = Vec::new();
            let mut stock = CrosstermBackend::new(&mut bytes);
            let mut previous = ratatui::buffer::Buffer::empty(Rect::from(((0, 0).into(), size)));
            for frame in &frames {
                let mut next = ratatui::buffer::Buffer::empty(previous.area);
                half_blocks(frame, palette, None).draw(next.area, &mut next);
                stock.draw(previous.diff_iter(&next)).unwrap();
                previous = next;
            }
            let name = format!("half-blocks {name} {columns}x{rows}, crossterm backend, no noise gate");
            bytes_per_frame(&name, bytes.len(), frames.len());
        }
        let mut at = 0;
        c.bench_function(&format!("ascii {columns}x{rows}: make"), |b| {
            b.iter(|| {
                at = (at + 1) % frames.len();
                ascii(&frames[at])
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(1)).warm_up_time(std::time::Duration::from_millis(300));
    targets = pictures
}
criterion_main!(benches);
