//! Barcodes: lines are laid across the picture in eight directions, so that some of them cross all bars of a code at any angle, and
//! the widths of dark and light along each are tried as each symbology.
//!
//! A false find would cover what is clean, so several lines must read the same in the same place. Where a code was read, its bars
//! are followed up and down: a strip of bars left uncovered is still the whole code.

use super::ink::{Ink, Window};
use super::{Code, CodeKind, code39, code128, ean, shares};
use crate::vision::Luma;

/// Pixels between one line and the next.
const STEP: f32 = 8.0;

/// Directions that lines are laid in: none is more than a sixteenth of a circle away from any code's, so all bars are crossed
/// where they are a fifth as high as the code is long.
const DIRECTIONS: usize = 8;

/// Shorter lines are left out.
const SHORTEST: f32 = 40.0;

/// Fewer runs than this hold no code: UPC-E has 33, the shortest Code 128 25.
const FEWEST_RUNS: usize = 25;

/// The most readings of a picture that are compared.
const MOST: usize = 512;

/// Points of a reading that its neighbours are compared by.
const POINTS: usize = 160;

/// A line of one reading across a code.
#[derive(Clone, Debug)]
struct Reading {
    kind: CodeKind,
    text: String,
    from: (f32, f32),
    to: (f32, f32),
}

/// What a symbology makes of runs: what it says, how many runs it takes, and how many lines must agree on it.
pub(super) struct Read {
    pub kind: CodeKind,
    pub text: String,
    pub runs: usize,
}

/// Finds and reads barcodes. Keeps its memory from one picture to the next.
#[derive(Debug, Default)]
pub(super) struct BarReader {
    /// Where a line turns from dark to light or back, in steps from its beginning.
    turns: Vec<f32>,
    runs: Vec<f32>,
    readings: Vec<Reading>,
}

/// A line through the picture: where it begins, its direction, and how many pixels it passes.
#[derive(Clone, Copy, Debug)]
struct Line {
    x: f32,
    y: f32,
    dx: f32,
    dy: f32,
    length: usize,
    window: Window,
}

impl Line {
    fn at(&self, along: f32) -> (f32, f32) {
        (self.x + self.dx * along, self.y + self.dy * along)
    }

    /// From a point on, as far as it stays in the picture. Both threshold windows take turns.
    fn new(picture: &Luma<'_>, (x, y): (f32, f32), (dx, dy): (f32, f32), index: i32) -> Option<Self> {
        // Steps until an edge, of which the lines of pixels stay away by half a pixel.
        let steps = |from: f32, step: f32, size: usize| {
            let (low, high) = ((0.5 - from) / step, (size as f32 - 0.5 - from) / step);
            if step == 0.0 {
                (f32::NEG_INFINITY, f32::INFINITY)
            } else {
                (low.min(high), low.max(high))
            }
        };
        let (across, down) = (steps(x, dx, picture.width), steps(y, dy, picture.height));
        let (from, until) = (across.0.max(down.0).ceil(), across.1.min(down.1).floor());
        let is_inside = x + dx * from >= 0.0 && y + dy * from >= 0.0;
        (is_inside && until - from >= SHORTEST).then_some(Self {
            x: x + dx * from,
            y: y + dy * from,
            dx,
            dy,
            length: (until - from) as usize,
            window: if index % 2 == 0 { Window::Near } else { Window::Wide },
        })
    }
}

impl BarReader {
    /// Adds the codes of `picture` to `found`.
    pub(super) fn look(&mut self, picture: &Luma<'_>, ink: &Ink, found: &mut Vec<Code>) {
        self.readings.clear();
        let (width, height) = (picture.width as f32, picture.height as f32);
        for direction in 0..DIRECTIONS {
            let turn = std::f32::consts::PI * direction as f32 / DIRECTIONS as f32;
            // Exactly upright is read without stepping aside.
            let clean = |value: f32| if value.abs() < 1e-4 { 0.0 } else { value };
            let (dx, dy) = (clean(turn.cos()), clean(turn.sin()));
            // As far aside from the middle as any corner is.
            let reach = f32::midpoint(width * dy.abs(), height * dx.abs());
            let most = (reach / STEP) as i32;
            for index in -most..=most {
                let aside = index as f32 * STEP;
                let through = (width / 2.0 - dy * aside, height / 2.0 + dx * aside);
                let line = if self.readings.len() < MOST {
                    Line::new(picture, through, (dx, dy), index)
                } else {
                    None
                };
                if let Some(line) = line {
                    self.read(picture, ink, line);
                }
            }
        }
        self.agree(picture, found);
    }

    fn read(&mut self, picture: &Luma<'_>, ink: &Ink, line: Line) {
        let begins_dark = self.measure(picture, ink, line);
        let turns = &self.turns;
        if turns.len() < FEWEST_RUNS {
            return;
        }
        self.runs.clear();
        self.runs.extend(turns.windows(2).map(|pair| pair[1] - pair[0]));
        for is_reversed in [false, true] {
            let count = self.runs.len();
            // The first run starts at the first turn: dark where the line begins light.
            let first_is_dark = if is_reversed {
                (count % 2 == 1) != begins_dark
            } else {
                !begins_dark
            };
            let mut at = usize::from(!first_is_dark);
            while at + FEWEST_RUNS <= count {
                let quiet = at.checked_sub(1).map_or(f32::INFINITY, |before| self.runs[before]);
                let read = read_at(&self.runs[at..], quiet);
                let taken = read.as_ref().map_or(2, |read| read.runs & !1);
                if let Some(read) = read {
                    let (from, to) = if is_reversed {
                        (turns[count - at], turns[count - at - read.runs])
                    } else {
                        (turns[at], turns[at + read.runs])
                    };
                    self.readings.push(Reading {
                        kind: read.kind,
                        text: read.text,
                        from: line.at(from),
                        to: line.at(to),
                    });
                }
                at += taken.max(2);
            }
            self.runs.reverse();
        }
    }

    /// Finds the turns of a line, to a fraction of a pixel. Gives whether it begins dark.
    fn measure(&mut self, picture: &Luma<'_>, ink: &Ink, line: Line) -> bool {
        self.turns.clear();
        // Pixels in 16.16 fixed point.
        let fixed = |value: f32| (value * 65_536.0) as i32;
        let (mut x, mut y) = (fixed(line.x), fixed(line.y));
        let (dx, dy) = (fixed(line.dx), fixed(line.dy));
        let level = |x: i32, y: i32| {
            let column = ((x >> 16).max(0) as usize).min(picture.width - 1);
            let row = ((y >> 16).max(0) as usize).min(picture.height - 1);
            let pixel = picture.bytes[row * picture.stride + column];
            i32::from(pixel) - i32::from(ink.at(line.window, column, row))
        };
        let mut last = level(x, y);
        let begins_dark = last < 0;
        for along in 1..line.length {
            (x, y) = (x + dx, y + dy);
            let now = level(x, y);
            if (now < 0) != (last < 0) {
                // Where the brightness crosses the threshold, between the middles of the two pixels.
                let share = last as f32 / (last - now) as f32;
                self.turns.push((along - 1) as f32 + share);
            }
            last = now;
        }
        begins_dark
    }

    /// Puts readings of one code together, and keeps those that enough lines agree on.
    fn agree(&mut self, picture: &Luma<'_>, found: &mut Vec<Code>) {
        let mut is_taken = vec![false; self.readings.len()];
        for at in 0..self.readings.len() {
            if is_taken[at] {
                continue;
            }
            let first = &self.readings[at];
            let length = distance(first.from, first.to);
            let mut count = 0;
            let mut bounds = [f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY];
            for (other, is_taken) in self.readings.iter().zip(&mut is_taken).skip(at) {
                let is_same = other.kind == first.kind && other.text == first.text;
                // As long as the bars are high, and no further: elsewhere it is another one.
                if *is_taken || !is_same || distance(middle(other), middle(first)) > 2.0 * length {
                    continue;
                }
                *is_taken = true;
                count += 1;
                for (x, y) in follow(picture, other).into_iter().flatten() {
                    bounds = [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x), bounds[3].max(y)];
                }
            }
            if count >= lines_wanted(first.kind) {
                // A few modules more: what is left of the outermost bars must not be told apart.
                let more = (length * 0.06).max(STEP);
                let grown = [bounds[0] - more, bounds[1] - more, bounds[2] + more, bounds[3] + more];
                found.push(Code {
                    kind: first.kind,
                    text: first.text.clone(),
                    place: shares(grown, picture),
                });
            }
        }
    }
}

/// How many lines must say the same: fewer where the code has a strong check of its own.
fn lines_wanted(kind: CodeKind) -> usize {
    match kind {
        CodeKind::Ean13 | CodeKind::Code128 | CodeKind::Qr => 2,
        CodeKind::Ean8 | CodeKind::UpcE | CodeKind::Code39 => 3,
    }
}

/// What the runs, the first of them dark, say, with so much light before them.
fn read_at(runs: &[f32], quiet: f32) -> Option<Read> {
    // A quiet zone of seven modules or more comes before them, of which some may be spoilt, and no run of a code has more than
    // four. This leaves few places in what is no code.
    let is_quiet = quiet >= 1.2 * (runs[0] + runs[1] + runs[2]) && quiet >= 2.5 * runs[0];
    if !is_quiet || runs[..FEWEST_RUNS].iter().any(|run| *run > quiet) {
        return None;
    }
    ean::read(runs, quiet)
        .or_else(|| code128::read(runs, quiet))
        .or_else(|| code39::read(runs, quiet))
}

fn distance(a: (f32, f32), b: (f32, f32)) -> f32 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

fn middle(of: &Reading) -> (f32, f32) {
    (f32::midpoint(of.from.0, of.to.0), f32::midpoint(of.from.1, of.to.1))
}

/// Follows the bars of a reading to both of their ends. Gives where the line from the first to the last bar lies there.
fn follow(picture: &Luma<'_>, reading: &Reading) -> [[(f32, f32); 2]; 2] {
    let length = distance(reading.from, reading.to).max(1.0);
    let along = (
        (reading.to.0 - reading.from.0) / length,
        (reading.to.1 - reading.from.1) / length,
    );
    let across = (-along.1, along.0);
    let sample = |from: (f32, f32), out: &mut [f32; POINTS]| {
        for (at, out) in out.iter_mut().enumerate() {
            let share = at as f32 * length / (POINTS - 1) as f32;
            let (x, y) = (from.0 + along.0 * share, from.1 + along.1 * share);
            let x = (x.max(0.0) as usize).min(picture.width - 1);
            let y = (y.max(0.0) as usize).min(picture.height - 1);
            *out = f32::from(picture.bytes[y * picture.stride + x]);
        }
        level(out);
    };
    let mut first = [0.0; POINTS];
    sample(reading.from, &mut first);
    let pitch = length / (POINTS - 1) as f32;
    [-1.0, 1.0].map(|sign: f32| {
        // Bars that are not upright on the line drift aside as it moves on.
        let (mut from, mut drift, mut misses) = (reading.from, 0.0_f32, 0);
        let mut best = from;
        for step in 1..(2.0 * length) as usize / 2 {
            let mut now = [0.0; POINTS];
            let mut nearest = (f32::NEG_INFINITY, 0.0_f32);
            for aside in [0.0, -1.0, 1.0, -2.0, 2.0] {
                let shift = drift + aside * pitch.max(0.5);
                let at = step as f32 * 2.0 * sign;
                from = (
                    reading.from.0 + across.0 * at + along.0 * shift,
                    reading.from.1 + across.1 * at + along.1 * shift,
                );
                sample(from, &mut now);
                let alike: f32 = first.iter().zip(&now).map(|(a, b)| a * b).sum();
                if alike > nearest.0 + 0.01 {
                    nearest = (alike, shift);
                    if alike > 0.97 {
                        break;
                    }
                }
            }
            if nearest.0 < 0.45 {
                misses += 1;
                if misses >= 3 {
                    break;
                }
                continue;
            }
            misses = 0;
            drift = nearest.1;
            let at = step as f32 * 2.0 * sign;
            best = (
                reading.from.0 + across.0 * at + along.0 * drift,
                reading.from.1 + across.1 * at + along.1 * drift,
            );
        }
        [best, (best.0 + along.0 * length, best.1 + along.1 * length)]
    })
}

/// Takes mean and strength out: what is left of two lines multiplies to 1 where they are alike.
fn level(samples: &mut [f32; POINTS]) {
    let mean = samples.iter().sum::<f32>() / POINTS as f32;
    for sample in samples.iter_mut() {
        *sample -= mean;
    }
    let strength = samples.iter().map(|sample| sample * sample).sum::<f32>().sqrt();
    if strength > 1.0 {
        for sample in samples.iter_mut() {
            *sample /= strength;
        }
    } else {
        samples.fill(0.0);
    }
}
