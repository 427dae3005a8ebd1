//! One face that is followed: what is known of it, and what becomes of it when it is lost.

use super::super::cut::Signature;
use super::super::face::FaceBox;
use super::super::regions::RIM;
use super::super::schedule::Search;
use super::motion::{Motion, grown, hull};
use crate::media::Timestamp;

/// A face that is lost for less than that many seconds keeps its mask, grown along its motion.
const HELD: f32 = 0.3;

/// A face that is lost for less than that many seconds has the band where it was blurred; beyond, all is covered.
const BAND: f32 = 1.5;

/// Sights that make a face certain. What was seen less often may be a false alarm: it is masked, but covers nothing.
const CERTAIN: u32 = 3;

/// How fast a mask that has become too large shrinks, per second, as a share.
const SHRINK: f32 = 0.8;

/// How fast the mask of a lost face grows, in sizes per second, beside what its motion asks for.
const GROWTH: f32 = 0.8;

/// A face can be followed down to this share of the picture's shorter side. One that shrank beyond has not hidden itself.
const SMALLEST_FOLLOWED: f32 = 40.0 / 720.0;

/// A face that was lost this near to the edge, in sizes from its box to the edge, and was on its way out, has left.
const DOOR: f32 = 0.35;

/// And it must be out within that many seconds, had it gone on as it went.
const LEAVING: f32 = 1.2;

/// Its mask stays that many seconds longer.
const LINGERING: f32 = 0.15;

/// How slowly the way of a face is taken in by which it is judged whether it has left: its last sights, half outside, are
/// poor, and must not turn it round.
const DRIFT_GAIN: f32 = 0.15;

/// How far a search is tilted to either side of what is known.
const TILT: f32 = 0.26;

/// Faces are followed up to that tilt.
const LARGEST_TILT: f32 = 0.6;

/// What becomes of a lost face at some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fate {
    Held(FaceBox),
    Band(FaceBox),
    /// Beyond what a mask can promise.
    Lost,
    /// Out of the picture, too small, or never certain.
    Gone,
}

/// A followed face.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub id: u32,
    pub motion: Motion,
    /// Where it went lately, over some pictures: right and down, per second.
    drift: (f32, f32),
    /// When and where it was first seen, looking back included; the box is a mask's.
    pub first: (Timestamp, FaceBox),
    /// When it was last seen, and the box that was put out for it.
    pub seen: (Timestamp, FaceBox),
    /// Sights in which no other face lay over it.
    pub hits: u32,
    /// Pictures in which it was looked for in vain since.
    pub missed: u32,
    /// The shot in which it was last seen.
    pub shot: Signature,
    /// Pictures of other shots since then, in a row.
    pub strange: u32,
    /// The number of the picture that may have ended it by a cut.
    pub doubt: Option<u64>,
    /// Whether it is this face that another, lost one has become.
    pub is_heir: bool,
    /// Whether another face lies over it, so that the two may have been taken for one another.
    pub is_crossed: bool,
    /// Which other tilts were tried last.
    turn: u32,
}

/// The size of the picture, as edges matter to faces.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub width: f32,
    pub height: f32,
}

impl Track {
    pub(super) fn new(id: u32, at: Timestamp, motion: Motion, shot: &Signature) -> Self {
        let out = grown(motion.face, RIM);
        Self {
            id,
            motion,
            drift: (0.0, 0.0),
            first: (at, out),
            seen: (at, out),
            hits: 1,
            missed: 0,
            shot: shot.clone(),
            strange: 0,
            doubt: None,
            is_heir: false,
            is_crossed: false,
            turn: 0,
        }
    }

    /// One that a tracker before this one followed, and that nobody has looked for since it was `seen`.
    pub(super) fn inherited(id: u32, seen: Timestamp, face: FaceBox, shot: &Signature) -> Self {
        Self {
            hits: CERTAIN,
            missed: 1,
            ..Self::new(id, seen, Motion::at(face), shot)
        }
    }

    /// It was found at `at`.
    pub(super) fn sight(&mut self, at: Timestamp, found: FaceBox, shot: &Signature) {
        let seconds = self.lost_for(at);
        // After a while out of sight, the old motion says nothing.
        if seconds > HELD {
            self.motion = Motion::at(found);
        } else {
            self.motion.correct(found, seconds);
        }
        let (x_rate, y_rate) = (self.motion.x_rate, self.motion.y_rate);
        let gain = if self.hits <= CERTAIN { 1.0 } else { DRIFT_GAIN };
        self.drift.0 += gain * (x_rate - self.drift.0);
        self.drift.1 += gain * (y_rate - self.drift.1);
        // The mask is where the face was found, at the filter's size or its own, and lets go of its old size slowly.
        let least = self.seen.1.size * (1.0 - SHRINK * seconds.min(1.0));
        let size = (found.size.max(self.motion.face.size) * RIM).max(least);
        let roll = self.motion.face.roll;
        self.seen = (at, FaceBox { size, roll, ..found });
        self.missed = 0;
        self.strange = 0;
        self.shot.clone_from(shot);
    }

    /// Seconds since it was last seen.
    pub(super) fn lost_for(&self, now: Timestamp) -> f32 {
        (now - self.seen.0).as_secs_f64().max(0.0) as f32
    }

    pub(super) fn is_certain(&self) -> bool {
        self.hits >= CERTAIN
    }

    /// Where it is expected at `now`.
    pub(super) fn expected(&self, now: Timestamp) -> FaceBox {
        self.motion.after(self.lost_for(now).min(HELD))
    }

    /// What becomes of it at `now`, when it is not seen then.
    pub(super) fn fate(&self, now: Timestamp, bounds: Bounds) -> Fate {
        let lost = self.lost_for(now);
        if let Some(out) = self.leaves_after(bounds) {
            // It goes on moving under its mask until it is out, and a while longer.
            if lost > (out + LINGERING).max(HELD) {
                return Fate::Gone;
            }
            return Fate::Held(self.reach(lost, lost, bounds));
        }
        if lost < HELD {
            Fate::Held(self.reach(lost, lost, bounds))
        } else if lost < BAND {
            Fate::Band(self.reach(lost, HELD, bounds))
        } else if self.is_certain() && !self.has_shrunk(bounds) {
            Fate::Lost
        } else {
            Fate::Gone
        }
    }

    /// From where it was seen to where it may have gone: motion counts for `moving` of the seconds that it is `lost`.
    fn reach(&self, lost: f32, moving: f32, bounds: Bounds) -> FaceBox {
        let mut ahead = grown(self.motion.after(moving), RIM);
        // Once it is out it does not matter how far.
        let rim = ahead.size * 0.6;
        ahead.x = ahead.x.clamp(-rim, bounds.width + rim);
        ahead.y = ahead.y.clamp(-rim, bounds.height + rim);
        let still = self.seen.1;
        // On its way out the place where it was is not left uncovered either: it may have stopped.
        grown(hull(still, ahead), 1.0 + GROWTH * lost)
    }

    /// Seconds after its last sight in which it is out of the picture, if it was at the door and on its way.
    fn leaves_after(&self, bounds: Bounds) -> Option<f32> {
        if self.hits < 2 {
            return None;
        }
        let face = self.motion.after(1.0 / 15.0);
        let reach = face.size * (0.5 + DOOR);
        let motion = Motion {
            x_rate: self.drift.0,
            y_rate: self.drift.1,
            ..self.motion
        };
        let is_at_door = (face.x - reach < 0.0 && motion.x_rate < 0.0)
            || (face.x + reach > bounds.width && motion.x_rate > 0.0)
            || (face.y - reach < 0.0 && motion.y_rate < 0.0)
            || (face.y + reach > bounds.height && motion.y_rate > 0.0);
        let out = motion.exit_after(bounds.width, bounds.height)?;
        (is_at_door && out <= LEAVING).then_some(out)
    }

    fn has_shrunk(&self, bounds: Bounds) -> bool {
        let smallest = SMALLEST_FOLLOWED * bounds.width.min(bounds.height);
        self.motion.face.size < smallest * 1.1 && self.motion.size_rate < 0.0
    }

    /// Where to look for it at `now`: close around where it is expected, and wider the longer it is lost.
    pub(super) fn search(&self, now: Timestamp) -> Search {
        let lost = self.lost_for(now);
        let face = self.expected(now);
        let is_new = self.hits < CERTAIN;
        // Half a size to every side, and what it may have gained in speed meanwhile.
        let room = 0.5 + 0.04 * self.motion.speed() + 0.25 * f32::from(is_new) + (1.5 * lost).min(0.75);
        let range = if self.missed > 0 { 1.45 } else { 1.28 };
        around(face, room, range, self.motion.face.roll)
    }

    /// The next other tilt to try for it.
    pub(super) fn next_tilt(&mut self) -> f32 {
        self.turn = self.turn.wrapping_add(1);
        let side = if self.turn.is_multiple_of(2) { -TILT } else { TILT };
        (self.motion.face.roll + side).clamp(-LARGEST_TILT, LARGEST_TILT)
    }

    /// Whether a face found at `now` may be this one.
    pub(super) fn nearness(&self, now: Timestamp, found: FaceBox) -> Option<f32> {
        let lost = self.lost_for(now);
        let expected = self.expected(now);
        let ratio = super::motion::size_ratio(expected, found);
        let room = 0.6 + (1.5 * lost).min(0.9);
        let near = super::motion::distance(expected, found) / expected.size.max(found.size);
        (near < room && ratio < 1.6 + lost.min(0.4)).then(|| near + ratio.ln())
    }
}

/// A search for a face of about `face`'s size with `room` sizes around it.
pub(super) fn around(face: FaceBox, room: f32, range: f32, roll: f32) -> Search {
    let side = face.size * (range + 2.0 * room);
    Search {
        x: face.x - side * 0.5,
        y: face.y - side * 0.5,
        width: side,
        height: side,
        smallest: face.size / range,
        largest: face.size * range,
        roll,
    }
}
