//! Pictures of cells, read back from a terminal: what it shows is what the buffer says, and looks like the picture.

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::{Color, Modifier};
use rigcast::tui::monitor::{CellEncoder, Glyphs, Palette, Picture, Thrift};
use rigcast::tui::terminal::Paint;

use crate::glass::{ACROSS, DOWN, Glass, Pixel, psnr};

const COLUMNS: u16 = 24;
const ROWS: u16 = 8;

/// A moving scene: a gradient, a bar that crosses it, a disc, and as much grain as asked for.
fn scene(width: usize, height: usize, time: usize, grain: u32) -> Vec<Pixel> {
    let mut noise = 0x9e37_79b9_u32 ^ (time as u32 * 7919 + 1);
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            let speck = (noise % (2 * grain + 1)) as f32 - grain as f32;
            let along = (u - time as f32 * 0.03).rem_euclid(1.0);
            let (dx, dy) = (u - 0.3 - time as f32 * 0.02, (v - 0.5) * 0.7);
            let pixel = if dx * dx + dy * dy < 0.03 {
                [230.0, 120.0, 40.0]
            } else if along < 0.1 {
                [20.0, 30.0, 90.0]
            } else {
                [60.0 + 120.0 * u, 60.0 + 140.0 * v, 150.0 - 60.0 * u]
            };
            pixels.push(pixel.map(|value: f32| (value + speck).clamp(0.0, 255.0)));
        }
    }
    pixels
}

/// Means over blocks of a finer picture.
fn shrunk(pixels: &[Pixel], from: (usize, usize), to: (usize, usize)) -> Vec<Pixel> {
    let (across, down) = (from.0 / to.0, from.1 / to.1);
    let mut small = Vec::with_capacity(to.0 * to.1);
    for y in 0..to.1 {
        for x in 0..to.0 {
            let mut sum = [0.0; 3];
            for sub in 0..across * down {
                let pixel = pixels[(y * down + sub / across) * from.0 + x * across + sub % across];
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += value / (across * down) as f32;
                }
            }
            small.push(sum);
        }
    }
    small
}

const FINE: (usize, usize) = (COLUMNS as usize * ACROSS, ROWS as usize * DOWN);

/// What the studio would send for a scene.
fn picture(fine: &[Pixel], glyphs: Glyphs) -> Picture {
    let (across, down) = glyphs.grid();
    let size = (usize::from(COLUMNS) * across, usize::from(ROWS) * down);
    let small = shrunk(fine, FINE, size);
    let rgb = small
        .iter()
        .flat_map(|pixel| pixel.map(|value| value.round() as u8))
        .collect();
    Picture::new(size.0, size.1, rgb).unwrap()
}

/// A monitor on a terminal of its own.
struct Monitor {
    encoder: CellEncoder,
    terminal: Terminal<Paint>,
    glass: Glass,
    buffer: Buffer,
}

impl Monitor {
    fn new(glyphs: Glyphs, palette: Palette) -> Self {
        Self {
            encoder: CellEncoder::new(glyphs, palette),
            terminal: Terminal::new(Paint::new(Size::new(COLUMNS, ROWS), true)).unwrap(),
            glass: Glass::new(COLUMNS, ROWS),
            buffer: Buffer::empty(Rect::new(0, 0, COLUMNS, ROWS)),
        }
    }

    /// Shows a picture and returns the bytes that took.
    fn show(&mut self, picture: &Picture, thrift: Thrift) -> usize {
        let Some(cells) = self.encoder.encode(picture, thrift) else {
            return 0;
        };
        self.buffer.reset();
        cells.draw(self.buffer.area, &mut self.buffer);
        let buffer = &self.buffer;
        self.terminal
            .draw(|frame| *frame.buffer_mut() = buffer.clone())
            .unwrap();
        let bytes = self.terminal.backend_mut().take(Vec::new());
        self.glass.write(&bytes);
        assert_eq!(self.glass.differences(&self.buffer), []);
        bytes.len()
    }
}

/// The least PSNR of a moving scene, with most and with least thrift.
fn least(glyphs: Glyphs, palette: Palette) -> Option<(f64, f64)> {
    Some(match (glyphs, palette) {
        (_, Palette::Mono) | (Glyphs::Ascii, _) => return None,
        (Glyphs::HalfBlocks, Palette::TrueColor) => (24.0, 25.0),
        (Glyphs::HalfBlocks, Palette::Xterm256) => (22.0, 22.5),
        (Glyphs::Quadrants, Palette::TrueColor) => (25.0, 27.0),
        (Glyphs::Sextants | Glyphs::Octants, Palette::TrueColor) => (26.0, 28.0),
        (Glyphs::Braille, Palette::TrueColor) => (22.0, 23.0),
        (_, Palette::Xterm256) => (21.0, 22.0),
        (_, Palette::Ansi16) => (15.0, 15.0),
    })
}

#[test]
fn moving_pictures_look_like_their_source() {
    for glyphs in Glyphs::ALL {
        for palette in Palette::ALL {
            for (at, thrift) in [Thrift::MOST, Thrift::LEAST].into_iter().enumerate() {
                let mut monitor = Monitor::new(glyphs, palette);
                for time in 0..10 {
                    let fine = scene(FINE.0, FINE.1, time, 3);
                    monitor.show(&picture(&fine, glyphs), thrift);
                    let Some(floors) = least(glyphs, palette) else { continue };
                    let floor = [floors.0, floors.1][at];
                    let psnr = monitor.glass.psnr(&fine);
                    assert!(
                        psnr >= floor,
                        "{glyphs:?} {palette:?} {thrift:?}, picture {time}: {psnr:.2} dB"
                    );
                }
            }
        }
    }
}

#[test]
fn dots_without_colour_are_as_dense_as_the_picture_is_bright() {
    for glyphs in [
        Glyphs::HalfBlocks,
        Glyphs::Quadrants,
        Glyphs::Sextants,
        Glyphs::Octants,
        Glyphs::Braille,
    ] {
        let mut monitor = Monitor::new(glyphs, Palette::Mono);
        for time in 0..10 {
            let fine = scene(FINE.0, FINE.1, time, 3);
            monitor.show(&picture(&fine, glyphs), Thrift::new(1));
            // From afar: blocks of 6×2 cells.
            let far = (usize::from(COLUMNS) / 6, usize::from(ROWS) / 2);
            let share = if glyphs == Glyphs::Braille { 0.25 } else { 1.0 };
            let wanted: Vec<Pixel> = shrunk(&fine, FINE, far)
                .iter()
                .map(|[r, g, b]| [r * 0.2126 + g * 0.7152 + b * 0.0722; 3])
                .collect();
            let seen: Vec<Pixel> = shrunk(&monitor.glass.pixels(), FINE, far)
                .iter()
                .map(|pixel| pixel.map(|value| value / share))
                .collect();
            let psnr = psnr(&seen, &wanted);
            assert!(psnr > 19.0, "{glyphs:?}, picture {time}: {psnr:.2} dB");
        }
    }
}

#[test]
fn what_stands_still_comes_to_its_best_and_then_costs_nothing() {
    for glyphs in [Glyphs::HalfBlocks, Glyphs::Quadrants, Glyphs::Octants] {
        for palette in [Palette::TrueColor, Palette::Xterm256, Palette::Ansi16] {
            let fine = scene(FINE.0, FINE.1, 9, 0);
            let mut best = Monitor::new(glyphs, palette);
            for _ in 0..130 {
                best.show(&picture(&fine, glyphs), Thrift::LEAST);
            }
            let mut thrifty = Monitor::new(glyphs, palette);
            for time in 0..9 {
                thrifty.show(&picture(&scene(FINE.0, FINE.1, time, 0), glyphs), Thrift::MOST);
            }
            let mut last = 0;
            for _ in 0..160 {
                last = thrifty.show(&picture(&fine, glyphs), Thrift::MOST);
            }
            assert_eq!(last, 0, "{glyphs:?} {palette:?}");
            let (best, thrifty) = (best.glass.psnr(&fine), thrifty.glass.psnr(&fine));
            assert!(
                thrifty > best - 0.5,
                "{glyphs:?} {palette:?}: {thrifty:.2} dB of {best:.2}"
            );
        }
    }
}

#[test]
fn grain_in_a_still_picture_is_not_sent() {
    for glyphs in [Glyphs::HalfBlocks, Glyphs::Octants] {
        let mut monitor = Monitor::new(glyphs, Palette::TrueColor);
        let first = monitor.show(&picture(&scene(FINE.0, FINE.1, 0, 0), glyphs), Thrift::new(2));
        let mut later = 0;
        for seed in 0..100 {
            // The scene does not move, its grain does.
            let mut fine = scene(FINE.0, FINE.1, 0, 0);
            for (at, pixel) in fine.iter_mut().enumerate() {
                let speck = ((at * 31 + seed * 17) % 5) as f32 - 2.0;
                *pixel = pixel.map(|value| value + speck);
            }
            let bytes = monitor.show(&picture(&fine, glyphs), Thrift::new(2));
            // At first, what thrift left out of the first picture is sent after it.
            later += if seed < 70 { 0 } else { bytes };
        }
        assert!(later < first, "{glyphs:?}: {later} bytes after {first}");
    }
}

#[test]
fn thrift_saves_bytes() {
    for glyphs in [
        Glyphs::HalfBlocks,
        Glyphs::Quadrants,
        Glyphs::Sextants,
        Glyphs::Octants,
        Glyphs::Braille,
    ] {
        let bytes = [0, 1, 2, 3].map(|level| {
            let mut monitor = Monitor::new(glyphs, Palette::TrueColor);
            (0..10)
                .map(|time| monitor.show(&picture(&scene(FINE.0, FINE.1, time, 3), glyphs), Thrift::new(level)))
                .sum::<usize>()
        });
        assert!(bytes.is_sorted_by(|a, b| a > b), "{glyphs:?}: {bytes:?}");
        assert!(bytes[3] * 2 < bytes[0], "{glyphs:?}: {bytes:?}");
    }
}

/// A cell of text or of a picture.
fn any_cell() -> impl Strategy<Value = (String, Color, Color, Modifier)> {
    let symbols = "a X~▀▄█▌▚▟░─é⣷\u{1fb00}\u{1fb2d}\u{1cd00}\u{1cde5}";
    let symbols: Vec<String> = symbols.chars().map(String::from).collect();
    let color = || {
        prop_oneof![
            Just(Color::Reset),
            Just(Color::Red),
            Just(Color::LightBlue),
            Just(Color::Indexed(17)),
            Just(Color::Indexed(231)),
            Just(Color::Rgb(1, 20, 255)),
            Just(Color::Rgb(200, 20, 9)),
        ]
    };
    let modifier = prop_oneof![
        4 => Just(Modifier::empty()),
        // Bold and dim at once are one thing to vt100.
        1 => prop::bits::u8::masked(0b0000_1101).prop_map(|bits| Modifier::from_bits_truncate(u16::from(bits))),
        1 => Just(Modifier::DIM | Modifier::ITALIC),
        1 => Just(Modifier::REVERSED),
        1 => Just(Modifier::BOLD | Modifier::REVERSED),
    ];
    (prop::sample::select(symbols), color(), color(), modifier)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_changes_the_terminal_shows_the_buffer(
        frames in prop::collection::vec(prop::collection::vec((0u16..20, 0u16..6, 1u16..9, any_cell()), 0..30), 1..5),
    ) {
        let size = Size::new(20, 6);
        let mut terminal = Terminal::new(Paint::new(size, true)).unwrap();
        let mut glass = Glass::new(size.width, size.height);
        let mut buffer = Buffer::empty(Rect::new(0, 0, size.width, size.height));
        for changes in frames {
            for (x, y, count, (symbol, fg, bg, modifier)) in changes {
                for x in x..(x + count).min(size.width) {
                    buffer[(x, y)].set_symbol(&symbol).set_fg(fg).set_bg(bg).modifier = modifier;
                }
            }
            terminal.draw(|frame| *frame.buffer_mut() = buffer.clone()).unwrap();
            glass.write(&terminal.backend_mut().take(Vec::new()));
            prop_assert_eq!(glass.differences(&buffer), vec![]);
        }
    }
}
