//! The three finder patterns of a QR code (ISO/IEC 18004, 5.3.2 and 12.2): squares of 7 modules whose middle line reads
//! dark, light, three dark, light, dark, in any direction through the centre.
//!
//! Rows are read for that rhythm, then the column, the row and a diagonal through each place where it was found. Codes of
//! light on dark (reflectance reversal, the same standard) are the same rhythm the other way round.

use super::ink::{Ink, Window};
use crate::vision::Luma;

/// Every so many rows are read, with the near window and with the wide one, which is for large codes: the middle of a finder
/// pattern is three modules high.
const STEPS: [(Window, usize); 2] = [(Window::Near, 2), (Window::Wide, 4)];

/// So many rows must have found a finder pattern.
const VOTES: u32 = 2;

/// The most finder patterns of a picture that are put together: those that most rows have found.
const MOST: usize = 36;

/// The most codes that come out of one picture.
const MOST_CODES: usize = 6;

/// A finder pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Finder {
    pub x: f32,
    pub y: f32,
    /// Pixels along a module.
    pub module: f32,
    /// Light on dark.
    pub is_inverted: bool,
    /// Rows that have found it.
    votes: u32,
}

/// Three finder patterns that lie as those of a code do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    /// The one in the corner between the two others.
    pub corner: Finder,
    /// The others: with the picture not mirrored, clockwise from the corner comes the first.
    pub arms: [Finder; 2],
}

impl Candidate {
    /// The mean module of its finder patterns, in pixels.
    pub(super) fn module(&self) -> f32 {
        (self.corner.module + self.arms[0].module + self.arms[1].module) / 3.0
    }

    /// Modules along a side.
    pub(super) fn modules(&self) -> f32 {
        let [a, b] = self.arms.map(|arm| distance(&self.corner, &arm));
        f32::midpoint(a, b) / self.module() + 7.0
    }

    /// Left, top, right and bottom of the code, so many modules further out than its edge.
    pub(super) fn bounds(&self, margin: f32) -> [f32; 4] {
        let [a, b] = self.arms;
        let corners = [
            (self.corner.x, self.corner.y),
            (a.x, a.y),
            (b.x, b.y),
            (a.x + b.x - self.corner.x, a.y + b.y - self.corner.y),
        ];
        // From the centre of a finder pattern to the corner of the code: 3.5 modules along both axes, more when it is turned.
        let turn = (a.y - self.corner.y).atan2(a.x - self.corner.x);
        let out = (3.5 * (turn.sin().abs() + turn.cos().abs()) + margin) * self.module();
        let low = |of: [f32; 4]| of.into_iter().fold(f32::INFINITY, f32::min) - out;
        let high = |of: [f32; 4]| of.into_iter().fold(f32::NEG_INFINITY, f32::max) + out;
        let (xs, ys) = (corners.map(|corner| corner.0), corners.map(|corner| corner.1));
        [low(xs), low(ys), high(xs), high(ys)]
    }
}

fn distance(a: &Finder, b: &Finder) -> f32 {
    (a.x - b.x).hypot(a.y - b.y)
}

/// Finds codes by their finder patterns. Keeps its memory from one picture to the next.
#[derive(Debug, Default)]
pub(super) struct Search {
    turns: Vec<u32>,
    finders: Vec<Finder>,
}

impl Search {
    /// Adds to `found` what looks like codes in `picture`, of which `ink` has the thresholds.
    pub(super) fn look(&mut self, picture: &Luma<'_>, ink: &Ink, found: &mut Vec<Candidate>) {
        for (window, step) in STEPS {
            self.finders.clear();
            for y in (step / 2..picture.height).step_by(step) {
                self.read_row(picture, ink, window, y);
            }
            self.finders.retain(|finder| finder.votes >= VOTES);
            self.finders
                .sort_unstable_by_key(|finder| std::cmp::Reverse(finder.votes));
            self.finders.truncate(MOST);
            put_together(&self.finders, picture, ink, window, found);
        }
    }

    fn read_row(&mut self, picture: &Luma<'_>, ink: &Ink, window: Window, y: usize) {
        let mut turns = std::mem::take(&mut self.turns);
        let begins_dark = ink.turns(picture, window, y, &mut turns);
        // The edges of the picture end a run as well: a code may lie right at them.
        turns.insert(0, 0);
        turns.push(picture.width as u32);
        for (at, ends) in turns.windows(6).enumerate() {
            let runs: [f32; 5] = std::array::from_fn(|run| (ends[run + 1] - ends[run]) as f32);
            if !is_rhythm(runs) {
                continue;
            }
            let x = (ends[2] + ends[3]) as f32 / 2.0;
            let is_dark = begins_dark == (at % 2 == 0);
            self.note(picture, ink, window, (x, y as f32 + 0.5), runs.iter().sum(), !is_dark);
        }
        self.turns = turns;
    }

    /// A row has the rhythm with its middle at (`x`, `y`): does all else?
    fn note(&mut self, picture: &Luma<'_>, ink: &Ink, window: Window, at: (f32, f32), length: f32, is_inverted: bool) {
        let (x, y) = at;
        let is_known = |finder: &&mut Finder| {
            finder.is_inverted == is_inverted
                && (finder.x - x).abs() < 1.5 * finder.module
                && (finder.y - y).abs() < 2.5 * finder.module
        };
        if let Some(known) = self.finders.iter_mut().find(is_known) {
            known.votes += 1;
            return;
        }
        let cross = |from, direction| cross(picture, ink, window, from, direction, is_inverted);
        let Some((down, high)) = cross((x, y), (0.0, 1.0)) else {
            return;
        };
        let y = y + down;
        let Some((right, wide)) = cross((x, y), (1.0, 0.0)) else {
            return;
        };
        let x = x + right;
        let is_square = high > 0.55 * wide && wide > 0.55 * high && wide < 1.8 * length;
        if is_square && cross((x, y), (1.0, 1.0)).is_some() && cross((x, y), (1.0, -1.0)).is_some() {
            self.finders.push(Finder {
                x,
                y,
                module: (wide + high) / 14.0,
                is_inverted,
                votes: 1,
            });
        }
    }
}

/// Whether runs are as 1 : 1 : 3 : 1 : 1, as far as pixels and blur allow.
fn is_rhythm(runs: [f32; 5]) -> bool {
    let module = runs.iter().sum::<f32>() / 7.0;
    if module < 1.2 {
        return false;
    }
    let slack = (module * 0.5).max(1.2);
    let is_one = |run: f32| (run - module).abs() <= slack;
    is_one(runs[0])
        && is_one(runs[1])
        && is_one(runs[3])
        && is_one(runs[4])
        && (runs[2] - 3.0 * module).abs() <= 1.5 * slack
}

/// Reads both ways from a point; where the rhythm is there, gives how far the middle is from the point, and its length, both in
/// steps.
fn cross(
    picture: &Luma<'_>,
    ink: &Ink,
    window: Window,
    from: (f32, f32),
    step: (f32, f32),
    is_inverted: bool,
) -> Option<(f32, f32)> {
    let is_ink = |x: f32, y: f32| {
        let is_inside = x >= 0.0 && y >= 0.0 && x < picture.width as f32 && y < picture.height as f32;
        is_inside.then(|| ink.is_dark(picture, window, x as usize, y as usize) != is_inverted)
    };
    // Half of the middle run, a light run and a dark run, one way.
    let read = |sign: f32| {
        let mut runs = [0.0_f32; 3];
        let (mut x, mut y) = from;
        let mut run = 0;
        let mut longest = picture.width.max(picture.height) as f32 / 3.0;
        while let Some(is_ink) = is_ink(x, y) {
            if is_ink != (run != 1) {
                run += 1;
                if run == 3 {
                    return Some(runs);
                }
                longest = runs[0] * 2.0 + 4.0;
            }
            runs[run] += 1.0;
            if runs[run] > longest {
                return None;
            }
            x += step.0 * sign;
            y += step.1 * sign;
        }
        (run == 2).then_some(runs)
    };
    let (back, on) = (read(-1.0)?, read(1.0)?);
    // The point itself has been counted both ways.
    let runs = [back[2], back[1], back[0] + on[0] - 1.0, on[1], on[2]];
    let from_middle = (on[0] - back[0]) / 2.0;
    is_rhythm(runs).then(|| (from_middle, runs.iter().sum()))
}

fn put_together(finders: &[Finder], picture: &Luma<'_>, ink: &Ink, window: Window, found: &mut Vec<Candidate>) {
    for corner in finders {
        for (at, first) in finders.iter().enumerate() {
            for second in &finders[at + 1..] {
                let Some(candidate) = candidate(corner, first, second) else {
                    continue;
                };
                let is_known = |known: &Candidate| {
                    distance(&known.corner, corner) < 2.0 * corner.module
                        && (known.modules() - candidate.modules()).abs() < 3.0
                };
                if !found.iter().any(is_known) && has_timing(&candidate, picture, ink, window) {
                    found.push(candidate);
                    if found.len() >= MOST_CODES {
                        return;
                    }
                }
            }
        }
    }
}

/// Whether three finder patterns lie as those of a code, seen from not too much of an angle, do.
fn candidate(corner: &Finder, first: &Finder, second: &Finder) -> Option<Candidate> {
    let is_alike = |a: &Finder, b: &Finder| {
        a.is_inverted == b.is_inverted && a.module < 1.6 * b.module && b.module < 1.6 * a.module
    };
    if !is_alike(corner, first) || !is_alike(corner, second) || !is_alike(first, second) {
        return None;
    }
    let (a, b) = (
        (first.x - corner.x, first.y - corner.y),
        (second.x - corner.x, second.y - corner.y),
    );
    let (along, across) = (a.0.hypot(a.1), b.0.hypot(b.1));
    if along <= 0.0 || across <= 0.0 || along > 1.5 * across || across > 1.5 * along {
        return None;
    }
    let cosine = (a.0 * b.0 + a.1 * b.1) / (along * across);
    if cosine.abs() > 0.35 {
        return None;
    }
    let is_clockwise = a.0 * b.1 - a.1 * b.0 > 0.0;
    let arms = if is_clockwise {
        [*first, *second]
    } else {
        [*second, *first]
    };
    // What a line through a finder pattern measures is longer by as much as the code is turned against it.
    let upright = a.0.abs().max(a.1.abs()) / along;
    let straight = |finder: Finder| Finder {
        module: finder.module * upright,
        ..finder
    };
    let candidate = Candidate {
        corner: straight(*corner),
        arms: arms.map(straight),
    };
    // Version 1 has 21 modules, version 40 has 177; what is measured may be off.
    (18.0..=200.0).contains(&candidate.modules()).then_some(candidate)
}

/// Whether light and dark take turns between the finder patterns (12.2, the timing pattern): it keeps out tiles and windows.
fn has_timing(candidate: &Candidate, picture: &Luma<'_>, ink: &Ink, window: Window) -> bool {
    let [a, b] = candidate.arms;
    let corner = candidate.corner;
    let turns = |to: Finder, aside: Finder| {
        let length = distance(&corner, &to);
        let side = distance(&corner, &aside);
        let module = candidate.module();
        let (dx, dy) = ((to.x - corner.x) / length, (to.y - corner.y) / length);
        let (sx, sy) = ((aside.x - corner.x) / side, (aside.y - corner.y) / side);
        // From the last module of one finder pattern to the first of the other, three modules to the inside.
        let (from, until) = (3.0 * module, length - 3.0 * module);
        let samples = ((until - from) * 1.5).clamp(2.0, 2000.0) as usize;
        let mut best = 0.0_f32;
        for aside in [3.0, 2.6, 3.4] {
            let mut turns = 0.0_f32;
            let mut last = None;
            for at in 0..=samples {
                let along = from + (until - from) * at as f32 / samples as f32;
                let x = corner.x + dx * along + sx * aside * module;
                let y = corner.y + dy * along + sy * aside * module;
                if x < 0.0 || y < 0.0 || x >= picture.width as f32 || y >= picture.height as f32 {
                    break;
                }
                let is_dark = ink.is_dark(picture, window, x as usize, y as usize);
                turns += f32::from(u8::from(last.is_some_and(|last| last != is_dark)));
                last = Some(is_dark);
            }
            let wanted = (length / module - 6.0).max(1.0);
            let share = turns / wanted;
            if (share - 1.0).abs() < (best - 1.0).abs() {
                best = share;
            }
        }
        best
    };
    let is_timing = |share: f32| (0.7..=1.35).contains(&share);
    is_timing(turns(a, b)) || is_timing(turns(b, a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rhythm_of_a_finder_pattern() {
        for (runs, expected) in [
            ([2.0, 2.0, 6.0, 2.0, 2.0], true),
            ([3.0, 1.0, 6.0, 1.0, 2.0], true),
            ([10.0, 10.0, 30.0, 10.0, 10.0], true),
            ([10.0, 10.0, 14.0, 10.0, 10.0], false),
            ([10.0, 20.0, 30.0, 10.0, 10.0], false),
            ([1.0, 1.0, 3.0, 1.0, 1.0], false),
        ] {
            assert_eq!(is_rhythm(runs), expected, "{runs:?}");
        }
    }

    fn finder(x: f32, y: f32, module: f32) -> Finder {
        Finder {
            x,
            y,
            module,
            is_inverted: false,
            votes: 3,
        }
    }

    #[test]
    fn three_make_a_code_only_in_an_even_corner() {
        let corner = finder(100.0, 100.0, 4.0);
        let code = candidate(&corner, &finder(156.0, 100.0, 4.0), &finder(100.0, 156.0, 4.0)).unwrap();
        assert!((code.modules() - 21.0).abs() < 0.1);
        let bounds = code.bounds(0.0);
        assert!(bounds[0] <= 86.0 && bounds[2] >= 170.0, "{bounds:?}");
        // Turned by 45 degrees.
        assert!(candidate(&corner, &finder(140.0, 140.0, 4.0), &finder(140.0, 60.0, 4.0)).is_some());
        for (first, second) in [
            (finder(156.0, 100.0, 4.0), finder(212.0, 100.0, 4.0)),
            (finder(156.0, 100.0, 4.0), finder(100.0, 300.0, 4.0)),
            (finder(156.0, 100.0, 4.0), finder(100.0, 156.0, 8.0)),
            (finder(110.0, 100.0, 4.0), finder(100.0, 110.0, 4.0)),
        ] {
            assert_eq!(candidate(&corner, &first, &second), None);
        }
    }
}
