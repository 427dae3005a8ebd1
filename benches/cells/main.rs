//! Pictures of cells beside timg, chafa and mpv on the same clips, at 120×34 cells: CPU, bytes, and how near to the source what a
//! terminal shows of those bytes comes.
//!
//! `cargo bench --bench cells [CLIP]`. Clips come from ffmpeg; a program that is not there is named and left out. PSNR is over
//! the means of 2×12 areas per cell. CPU of the others is that of the whole process with its decoder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

mod clips;
#[path = "../../tests/glass/mod.rs"]
mod glass;
mod peers;

use ratatui::Terminal;
use ratatui::layout::{Rect, Size};
use rigcast::tui::monitor::{CellEncoder, Glyphs, Palette, Picture, Thrift};
use rigcast::tui::terminal::Paint;
use rustix::time::{ClockId, clock_gettime};

use clips::Clip;
use glass::Glass;

const COLUMNS: u16 = 120;
const ROWS: u16 = 34;
/// Pictures per second.
const RATE: usize = 15;

/// What showing a clip took.
struct Cost {
    cpu_ms: f64,
    /// Per picture.
    bytes: usize,
    /// Mean over the clip.
    psnr: Option<f64>,
}

impl Cost {
    fn print(&self, clip: &str, name: &str) {
        let kilobytes = self.bytes * RATE / 1000;
        let psnr = self.psnr.map_or_else(String::new, |psnr| format!(", {psnr:.2} dB"));
        println!(
            "{clip}: {name}: {:.2} ms, {} bytes, {kilobytes} kB/s{psnr}",
            self.cpu_ms, self.bytes
        );
    }
}

/// CPU of this thread.
fn cpu_ms() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}

fn ours(clip: &Clip, glyphs: Glyphs, palette: Palette, thrift: Thrift) -> Cost {
    let (across, down) = glyphs.grid();
    let pictures: Vec<Picture> = clip.pictures(usize::from(COLUMNS) * across, usize::from(ROWS) * down);
    let mut encoder = CellEncoder::new(glyphs, palette);
    let mut terminal = Terminal::new(Paint::new(Size::new(COLUMNS, ROWS), true)).unwrap();
    let mut glass = Glass::new(COLUMNS, ROWS);
    let (mut spent, mut bytes, mut psnr) = (0.0, 0, 0.0);
    let mut sent = Vec::new();
    for (picture, source) in pictures.iter().zip(&clip.source) {
        let begun = cpu_ms();
        if let Some(cells) = encoder.encode(picture, thrift) {
            terminal
                .draw(|frame| cells.draw(Rect::new(0, 0, COLUMNS, ROWS), frame.buffer_mut()))
                .unwrap();
        }
        sent = terminal.backend_mut().take(sent);
        spent += cpu_ms() - begun;
        bytes += sent.len();
        glass.write(&sent);
        psnr += glass.psnr(source);
    }
    let count = pictures.len();
    Cost {
        cpu_ms: spent / count as f64,
        bytes: bytes / count,
        psnr: (palette != Palette::Mono && glyphs != Glyphs::Ascii).then_some(psnr / count as f64),
    }
}

fn main() {
    // `cargo bench` adds `--bench`.
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    for name in clips::NAMES {
        if wanted.as_ref().is_some_and(|wanted| wanted != name) {
            continue;
        }
        let Some(clip) = Clip::make(name) else {
            eprintln!("SKIPPED: there is no ffmpeg to make clips");
            return;
        };
        peers::measure(&clip);
        for glyphs in Glyphs::ALL {
            for palette in Palette::ALL {
                // Thrift tells most where colours are dear.
                let levels = if palette == Palette::TrueColor { 0..4 } else { 1..2 };
                for level in levels {
                    let cost = ours(&clip, glyphs, palette, Thrift::new(level));
                    cost.print(name, &format!("{} {} thrift {level}", glyphs.name(), palette.name()));
                }
            }
        }
    }
}
