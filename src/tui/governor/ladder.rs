//! How good previews are: a ladder from real pixels at full rate down to a still now and then.
//!
//! A step down is taken as soon as pictures of the present step do not get through for a while, a step up after the link has had
//! room for some time; one that was taken back is not tried again soon.

use crate::media::{TimeDelta, Timestamp};

/// One step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Real pixels, where the terminal has them; else characters.
    pub has_pixels: bool,
    /// Of the pixels that a monitor has room for, so many per side.
    pub scale: f32,
    /// How much is let be that the eye can forgive: 0 nothing, 3 most.
    pub thrift: u8,
    /// Pictures per second of program, of preview and of each source.
    pub per_second: (f32, f32, f32),
}

impl Step {
    /// The best there is.
    pub const BEST: Self = STEPS[0];
}

const fn step(has_pixels: bool, scale: f32, thrift: u8, program: f32, preview: f32, tile: f32) -> Step {
    Step {
        has_pixels,
        scale,
        thrift,
        per_second: (program, preview, tile),
    }
}

/// From the best to the most frugal.
const STEPS: [Step; 9] = [
    step(true, 1.0, 1, 15.0, 8.0, 3.0),
    step(true, 0.6, 2, 15.0, 6.0, 2.0),
    step(false, 1.0, 1, 15.0, 8.0, 3.0),
    step(false, 1.0, 2, 15.0, 6.0, 2.0),
    step(false, 1.0, 3, 10.0, 4.0, 1.5),
    step(false, 1.0, 3, 6.0, 2.0, 1.0),
    step(false, 1.0, 3, 3.0, 1.0, 0.5),
    step(false, 1.0, 3, 1.0, 0.5, 0.25),
    step(false, 1.0, 3, 0.3, 0.2, 0.1),
];

/// The first step without pixels.
const FIRST_OF_CELLS: usize = 2;

/// A picture of pixels cannot be interrupted: a link must carry one within this time, for a key may have to wait behind it.
const WHOLE_PICTURE_S: f64 = 0.03;

/// Bytes of such a picture, before one has been seen.
const USUAL_PICTURE: f64 = 60_000.0;

/// How long one looks before going down, and up.
const DOWN_S: f64 = 1.0;
const UP_S: f64 = 2.0;

/// The pause before a step up that failed is tried again, at first and at most.
const PAUSES_S: (f64, f64) = (5.0, 80.0);

/// What was seen since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Share of the time in which pictures were waiting for the link, from 0 to 1.
    pub waiting: f64,
    /// Bytes of pictures per second.
    pub used: f64,
    /// Bytes of pictures per second that were allowed.
    pub room: f64,
    /// Bytes per second that the link carries.
    pub rate: f64,
    /// Bytes of the largest picture of pixels, where there was one.
    pub largest: Option<usize>,
}

/// Where on the ladder the previews are.
#[derive(Clone, Debug)]
pub struct Ladder {
    at: usize,
    /// The best step that the terminal and the operator allow, and the most frugal.
    best: usize,
    picture: f64,
    /// Since when there has been room, and since when there has not.
    easy: Option<Timestamp>,
    hard: Option<Timestamp>,
    climbed: Option<Timestamp>,
    pause_s: f64,
    not_before: Option<Timestamp>,
}

impl Ladder {
    /// Begins with characters, which can be interrupted; pixels come when the link is known to carry them.
    #[must_use]
    pub fn new(has_pixels: bool) -> Self {
        Self {
            at: FIRST_OF_CELLS,
            best: if has_pixels { 0 } else { FIRST_OF_CELLS },
            picture: USUAL_PICTURE,
            easy: None,
            hard: None,
            climbed: None,
            pause_s: PAUSES_S.0,
            not_before: None,
        }
    }

    /// Whether pixels are to be had, which the operator can change.
    pub fn allow_pixels(&mut self, has_pixels: bool) {
        self.best = if has_pixels { 0 } else { FIRST_OF_CELLS };
        if self.at < self.best {
            self.go(self.best);
        }
    }

    /// The present step.
    #[must_use]
    pub fn step(&self) -> Step {
        STEPS[self.at]
    }

    /// How far down it is from the best that can be had here, from 0.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.at - self.best
    }

    fn go(&mut self, to: usize) {
        self.at = to;
        self.easy = None;
        self.hard = None;
    }

    /// Looks at the load; returns whether the step has changed.
    pub fn look(&mut self, load: Load, now: Timestamp) -> bool {
        let held = |since: &mut Option<Timestamp>, is_so: bool| {
            if !is_so {
                *since = None;
                return 0.0;
            }
            (now - *since.get_or_insert(now)).as_secs_f64()
        };
        if let Some(bytes) = load.largest {
            self.picture = self.picture.max(bytes as f64).min(2.0 * bytes as f64);
        }
        // Pixels that the link no longer carries whole go at once.
        if self.step().has_pixels
            && load
                .largest
                .is_some_and(|bytes| bytes as f64 > 2.0 * load.rate * WHOLE_PICTURE_S)
        {
            self.fall(now);
            return true;
        }
        let hard = held(&mut self.hard, load.waiting > 0.6);
        let easy = held(&mut self.easy, load.waiting < 0.3 && load.used < 0.45 * load.room);
        if hard >= DOWN_S && self.at + 1 < STEPS.len() {
            self.fall(now);
            return true;
        }
        if self
            .climbed
            .is_some_and(|at| (now - at).as_secs_f64() > 2.0 * PAUSES_S.0)
        {
            // It has held for long: the next failure is a new one.
            self.pause_s = PAUSES_S.0;
        }
        let is_paused = self.not_before.is_some_and(|until| now < until);
        if easy >= UP_S && self.at > self.best && !is_paused {
            let to = self.at - 1;
            if STEPS[to].has_pixels && self.picture * f64::from(STEPS[to].scale).powi(2) > load.rate * WHOLE_PICTURE_S {
                return false;
            }
            self.go(to);
            self.climbed = Some(now);
            return true;
        }
        false
    }

    fn fall(&mut self, now: Timestamp) {
        let was_climbed = self
            .climbed
            .take()
            .is_some_and(|at| (now - at).as_secs_f64() < PAUSES_S.0);
        if was_climbed {
            self.not_before = Some(now + TimeDelta::from_secs_f64(self.pause_s));
            self.pause_s = (self.pause_s * 2.0).min(PAUSES_S.1);
        }
        self.go(self.at + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What pictures of each step need, in bytes per second, about as measured.
    const NEEDS: [f64; 9] = [2e6, 9e5, 4e5, 2.5e5, 1.2e5, 5e4, 2.2e4, 8e3, 2.5e3];

    /// Runs for so many seconds on a link of `room` bytes per second for pictures; returns the steps that were taken.
    fn run(ladder: &mut Ladder, room: f64, from_s: i64, seconds: i64) -> Vec<usize> {
        let mut steps = vec![ladder.at];
        for tick in 0..seconds * 4 {
            let now = Timestamp::from_millis(from_s * 1000 + tick * 250);
            let need = NEEDS[ladder.at];
            let load = Load {
                waiting: if need > room { 1.0 } else { need / room * 0.5 },
                used: need.min(room),
                room,
                rate: room * 2.0,
                largest: ladder
                    .step()
                    .has_pixels
                    .then_some(if ladder.at == 0 { 70_000 } else { 28_000 }),
            };
            if ladder.look(load, now) {
                steps.push(ladder.at);
            }
        }
        steps
    }

    #[test]
    fn steps_become_more_frugal() {
        for pair in STEPS.windows(2) {
            let (above, below) = (pair[0], pair[1]);
            assert!(above.has_pixels >= below.has_pixels && (above.scale >= below.scale || !below.has_pixels));
            let is_alike = above.has_pixels == below.has_pixels;
            assert!(
                !is_alike || (above.per_second.0 >= below.per_second.0 && above.per_second.1 >= below.per_second.1)
            );
            assert_ne!(above, below);
        }
    }

    #[test]
    fn it_settles_where_the_link_has_room() {
        for (room, expected) in [
            (50e6, 0..=0),
            (1e6, 1..=3),
            (150_000.0, 3..=5),
            (60_000.0, 5..=6),
            (4_000.0, 8..=8),
        ] {
            let mut ladder = Ladder::new(true);
            run(&mut ladder, room, 0, 60);
            assert!(expected.contains(&ladder.at), "{room}: {}", ladder.at);
            // It does not swing.
            let steps = run(&mut ladder, room, 60, 120);
            assert!(steps.len() <= 5, "{room}: {steps:?}");
        }
    }

    #[test]
    fn a_link_that_worsens_and_recovers_is_followed() {
        let mut ladder = Ladder::new(false);
        run(&mut ladder, 5e6, 0, 20);
        assert_eq!(ladder.depth(), 0, "no pixels here");
        run(&mut ladder, 4_000.0, 20, 20);
        assert_eq!(ladder.at, STEPS.len() - 1);
        run(&mut ladder, 5e6, 40, 60);
        assert_eq!(ladder.depth(), 0);
    }

    #[test]
    fn pixels_that_are_forbidden_go() {
        let mut ladder = Ladder::new(true);
        run(&mut ladder, 50e6, 0, 30);
        assert!(ladder.step().has_pixels);
        ladder.allow_pixels(false);
        assert!(!ladder.step().has_pixels);
        run(&mut ladder, 50e6, 30, 30);
        assert!(!ladder.step().has_pixels);
    }
}
