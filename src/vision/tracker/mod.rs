//! Follows faces through pictures and says, a few pictures late, what is to be hidden in each. Rules, without pixels: what
//! an [`Eye`] finds where it is asked to look comes in, verdicts come out.
//!
//! Each way in which a face could slip, the rule against it, and the side on which the rule errs (M: masks or covers too
//! much; S: could show too much, and why that is borne):
//! - *It enters*, fast or cut by the edge, or is found late: verdicts wait for [`LOOK_AHEAD`] pictures, and a new face is
//!   looked for in those, backwards; where it is not found its motion puts it, else its place grows with every picture. M
//! - *Detections blink*: the last mask is held and grows along its motion; found again, the pictures between are hidden from
//!   the one place to the other. M
//! - *It tilts*: other tilts are tried in turns and at every miss; a track follows what scores best.
//! - *It is lost*: band, then cover, until it is found near, let go by the operator, or the shot has ended. M
//! - *It leaves*: only what was lost at the edge and on its way, fast enough to be out within 1.2 s, has left; until then, the mask
//!   covers where it was, too. S where it stops on that way, half outside.
//! - *A false alarm* was seen less than three times by itself: masked like any face, but no cover. S for a face that shows
//!   itself for less than 100 ms and then hides for 1.5 s under the mask's eye, where a cover for each flicker would make
//!   nobody use this.
//! - *Faces cross*: a detection is one track's, and one that is hidden stays lost, until a cover. Both get new numbers, so
//!   that what an operator said of one is never true of the other. M
//! - *It comes back*, or is found where the old track did not expect it: a new track; it inherits a lost one near it, but only
//!   when that one's band has ended: no mask goes early. M
//! - *Zoom*: sizes are followed with their rate and searched to both sides; a mask shrinks slowly. M
//! - *Cut*: tracks of the old shot are in doubt, their masks stay until the look-ahead has shown that the shot did change;
//!   faces of the new shot are looked for back to its first picture. *A flash* is no cut in the end: doubt is withdrawn.
//! - *A cut that is missed, a fade*: tracks are lost, thus cover, until the picture has been another for a while. M
//! - *A dark picture*, fade to black: nothing there says that the shot ended; what is lost stays lost. M
//! - *The first pictures*, and after a hole: covered until a whole turn is done. M

mod motion;
mod pending;
#[cfg(test)]
mod tests;
mod track;

use std::collections::VecDeque;

use self::motion::{Motion, between, distance, grown, hull, size_ratio};
use self::pending::Pending;
use self::track::{Bounds, Fate, Track, around};
use super::cut::Signature;
use super::face::{FaceBox, FaceVerdict, Found, Sight, TrackedFace};
use super::schedule::{Search, TURN};
use crate::media::{TimeDelta, Timestamp};

/// Pictures that a verdict waits for: a whole turn of looking around, and one more.
pub const LOOK_AHEAD: i64 = 4;

/// Looks at pictures that have come: 0 is the newest one, 1 the one before, up to [`LOOK_AHEAD`].
pub(crate) trait Eye {
    /// Appends the faces that it finds there.
    fn scan(&mut self, age: usize, search: &Search, found: &mut Vec<Found>);
}

/// Up to so many faces are each looked for in every picture.
const EVERY_PICTURE: usize = 4;

/// For so many more, one more picture passes between two looks at each of them, so that a crowd costs about as much as a few.
const PER_PICTURE: usize = 8;

/// But no more pictures than that.
const SELDOMEST: u64 = 4;

/// Further looks for faces that were not where they were expected, in one picture.
const SECOND_LOOKS: usize = 6;

/// Looks into older pictures, in one picture.
const LOOKS_BACK: usize = 24;

/// Tracks at a time. More are no faces; the least certain goes.
const MOST_TRACKS: usize = 48;

/// Pictures in a row that show another shot than the one in which a face was lost, until it counts as gone with it.
const STRANGE: u32 = 8;

/// A hole of more seconds than this is a new beginning: what was there says nothing of what comes.
const HOLE: f64 = 0.5;

/// Every how many pictures another tilt is tried for a face that is seen.
const TILT_EVERY: u64 = 4;

/// How much better another tilt must score to be followed.
const TILT_GAIN: f32 = 1.02;

/// How far a mask grows for every picture backwards in which its face was not found.
const BACK_GROWTH: f32 = 1.12;

/// For how many ms a face that comes from a tracker before counts as lost: hidden by a band, or beyond all masks.
const HELD_MS: i64 = 300;
const LOST_MS: i64 = 1500;

/// A face that a tracker before this one knew.
#[derive(Clone, Copy, Debug)]
struct Heir {
    track: u32,
    face: FaceBox,
    lost_ms: i64,
}

/// Follows the faces of one show.
#[derive(Debug)]
pub(crate) struct Tracker {
    bounds: Bounds,
    tracks: Vec<Track>,
    pending: VecDeque<Pending>,
    next_track: u32,
    /// Of the picture that comes next.
    number: u64,
    /// The first picture of this shot, and the first since a hole.
    shot_start: u64,
    start: u64,
    last: Option<(Timestamp, Signature)>,
    /// What a tracker before this one knew, until the first picture comes.
    heritage: Vec<Heir>,
    found: Vec<Found>,
    fresh: Vec<Found>,
}

impl Tracker {
    /// For working pictures of that size.
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self {
            bounds: Bounds {
                width: width as f32,
                height: height as f32,
            },
            tracks: Vec::new(),
            pending: VecDeque::new(),
            next_track: 1,
            number: 0,
            shot_start: 0,
            start: 0,
            last: None,
            heritage: Vec::new(),
            found: Vec::new(),
            fresh: Vec::new(),
        }
    }

    /// Goes on with what a tracker before this one knew: `faces` count as just lost, and `lost`, whose place nobody knows any
    /// more, as lost beyond a band. Tracks from `next_track` on are new.
    pub(crate) fn resume(&mut self, faces: &[TrackedFace], lost: Option<u32>, next_track: u32) {
        let middle = FaceBox {
            x: self.bounds.width * 0.5,
            y: self.bounds.height * 0.5,
            size: self.bounds.height * 0.25,
            roll: 0.0,
        };
        let faces = faces.iter().map(|known| Heir {
            track: known.track,
            face: known.face,
            lost_ms: if known.sight == Sight::Band { HELD_MS } else { 1 },
        });
        self.heritage = faces.take(MOST_TRACKS).collect();
        self.heritage.extend(lost.map(|track| Heir {
            track,
            face: middle,
            lost_ms: LOST_MS,
        }));
        self.next_track = self.next_track.max(next_track);
    }

    /// Makes tracks of what was known before the first picture, which comes `now`.
    fn inherit(&mut self, now: Timestamp, signature: &Signature) {
        for heir in self.heritage.drain(..) {
            let seen = now - TimeDelta::from_millis(heir.lost_ms);
            self.tracks
                .push(Track::inherited(heir.track, seen, heir.face, signature));
        }
    }

    /// The number that the next picture will have: says which part of a turn it gets.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Takes the next picture; `around` is its part of the turn. Verdicts that became final are appended.
    pub(crate) fn look(
        &mut self,
        pts: Timestamp,
        signature: Signature,
        around: &[Search],
        eye: &mut dyn Eye,
        verdicts: &mut Vec<FaceVerdict>,
    ) {
        let is_hole = self.last.as_ref().is_some_and(|(last, _)| is_hole(pts - *last));
        if is_hole {
            self.flush(verdicts);
        }
        self.inherit(pts, &signature);
        let is_cut = self.last.as_ref().is_some_and(|(_, last)| last.is_cut_to(&signature));
        self.pending.push_back(Pending {
            number: self.number,
            pts,
            faces: Vec::new(),
            lost: Vec::new(),
            is_cut,
            is_not_seen: self.number + 1 < self.start + TURN as u64,
        });
        if is_cut {
            self.shot_start = self.number;
            for track in &mut self.tracks {
                track.doubt.get_or_insert(self.number);
            }
        }
        self.find(pts, &signature, around, eye);
        self.bring_in(pts, &signature, eye);
        self.judge_doubts(&signature);
        self.mark_crossings(pts);
        self.settle(pts, &signature);
        self.last = Some((pts, signature));
        self.number += 1;
        while self.pending.len() > LOOK_AHEAD as usize {
            verdicts.extend(self.pending.pop_front().map(Pending::verdict));
        }
    }

    /// What is lost has left: the operator says so.
    pub(crate) fn release(&mut self) {
        let Some((now, _)) = self.last else { return };
        let bounds = self.bounds;
        let pending = &mut self.pending;
        self.tracks.retain(|track| {
            let is_lost = track.missed > 0 && !matches!(track.fate(now, bounds), Fate::Held(_));
            if is_lost {
                for picture in pending.iter_mut() {
                    picture.forget(track.id);
                }
            }
            !is_lost
        });
    }

    /// Pictures of another size come from now on. To be called when nothing waits.
    pub(crate) fn resize(&mut self, width: usize, height: usize) {
        *self = Self {
            next_track: self.next_track,
            ..Self::new(width, height)
        };
    }

    /// A new beginning. Pictures whose look-ahead it cuts short were not looked at enough: they are to be covered.
    pub(crate) fn flush(&mut self, verdicts: &mut Vec<FaceVerdict>) {
        for mut picture in self.pending.drain(..) {
            picture.is_not_seen = true;
            verdicts.push(picture.verdict());
        }
        self.tracks.clear();
        self.start = self.number;
        self.shot_start = self.number;
        self.last = None;
    }

    /// Looks for the faces that are known, and around. What is known is brought up to date; what is new stays in `fresh`.
    fn find(&mut self, now: Timestamp, signature: &Signature, around: &[Search], eye: &mut dyn Eye) {
        let every = every(self.tracks.len());
        self.found.clear();
        for track in &mut self.tracks {
            let is_turn = (self.number + u64::from(track.id)).is_multiple_of(every);
            let is_steady = track.missed == 0 && track.is_certain() && track.doubt.is_none();
            if !is_turn && is_steady {
                continue;
            }
            let search = track.search(now);
            let before = self.found.len();
            eye.scan(0, &search, &mut self.found);
            let is_tilt_due = (self.number + u64::from(track.id) * 2).is_multiple_of(TILT_EVERY);
            if self.found.len() > before && is_steady && is_tilt_due {
                let roll = track.next_tilt();
                try_tilt(&Search { roll, ..search }, before, &mut self.found, eye);
            }
        }
        for search in around {
            eye.scan(0, search, &mut self.found);
        }
        self.match_found(now, signature);
        self.look_again(now, signature, eye);
    }

    /// Gives each face that was found to the track that it fits best; the others are `fresh`.
    fn match_found(&mut self, now: Timestamp, signature: &Signature) {
        merge(&mut self.found);
        let mut pairs = Vec::new();
        for (at, found) in self.found.iter().enumerate() {
            for (of, track) in self.tracks.iter().enumerate() {
                if track.doubt.is_none() && track.seen.0 < now {
                    pairs.extend(track.nearness(now, found.face).map(|cost| (cost, at, of)));
                }
            }
        }
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut is_taken = vec![false; self.found.len()];
        for (_, at, of) in pairs {
            if !is_taken[at] && self.tracks[of].seen.0 < now {
                is_taken[at] = true;
                self.sight(of, now, self.found[at].face, signature);
            }
        }
        let mut taken = is_taken.into_iter();
        self.fresh.clear();
        self.fresh
            .extend(self.found.drain(..).filter(|_| taken.next() == Some(false)));
        // A second box on a face that has its track is no second face.
        let tracks = &self.tracks;
        self.fresh.retain(|fresh| {
            let is_same = |track: &&Track| track.seen.0 == now && is_one_face(track.seen.1, fresh.face);
            !tracks.iter().any(|track| is_same(&track))
        });
    }

    /// A track was found: its mask, and those of the pictures since it was last seen.
    fn sight(&mut self, of: usize, now: Timestamp, found: FaceBox, signature: &Signature) {
        let (was, old) = self.tracks[of].seen;
        let bounds = self.bounds;
        let was_long_lost = self.tracks[of].missed > 0 && !matches!(self.tracks[of].fate(now, bounds), Fate::Held(_));
        self.tracks[of].sight(now, found, signature);
        let is_by_itself = !self.tracks.iter().enumerate().any(|(other, track)| {
            other != of
                && track.seen.0 == now
                && distance(track.seen.1, found) < 0.5 * track.seen.1.size.max(found.size)
        });
        let track = &mut self.tracks[of];
        track.hits += u32::from(is_by_itself);
        let new = track.seen.1;
        let old_id = track.id;
        if was_long_lost {
            track.id = self.next_track;
            self.next_track += 1;
        }
        let whole = (now - was).ratio(TimeDelta::from_rate(1, 1)) as f32;
        for picture in &mut self.pending {
            if picture.pts > was && picture.pts < now {
                let share = (picture.pts - was).ratio(TimeDelta::from_rate(1, 1)) as f32 / whole.max(1e-3);
                picture.add(old_id, grown(between(old, new, share), 1.1), Sight::Predicted);
            }
        }
        let track = &self.tracks[of];
        if track.hits <= 3 {
            // Its motion is only now known: before it was first seen, that is where it came from.
            let (first, face) = track.first;
            let motion = Motion { face, ..track.motion };
            for picture in &mut self.pending {
                if picture.pts < first && picture.number >= self.shot_start {
                    let back = (picture.pts - first).as_secs_f64() as f32;
                    picture.add(old_id, motion.after(back), Sight::Predicted);
                }
            }
        }
        if let Some(picture) = self.pending.back_mut() {
            picture.add(track.id, track.seen.1, Sight::Seen);
        }
    }

    /// For those that were not where they should be: wider, and tilted otherwise.
    fn look_again(&mut self, now: Timestamp, signature: &Signature, eye: &mut dyn Eye) {
        let every = every(self.tracks.len());
        let mut looks = SECOND_LOOKS;
        let count = self.tracks.len();
        let mut found = Vec::new();
        // Whoever comes first differs from picture to picture, so that nobody is left out for long.
        for turn in 0..count {
            let of = (turn + self.number as usize) % count;
            let track = &mut self.tracks[of];
            let is_turn = (self.number + u64::from(track.id)).is_multiple_of(every);
            let was_left_out = !is_turn && track.missed == 0 && track.is_certain();
            if track.seen.0 == now || track.doubt.is_some() || was_left_out {
                continue;
            }
            for attempt in 0..2 {
                if looks == 0 {
                    break;
                }
                looks -= 1;
                let roll = if attempt == 0 && track.missed == 0 {
                    track.motion.face.roll
                } else {
                    track.next_tilt()
                };
                let face = track.expected(now);
                found.clear();
                eye.scan(0, &around(face, 1.0, 1.5, roll), &mut found);
                found.retain(|found| is_sound(found) && track.nearness(now, found.face).is_some());
                let best = found.iter().max_by(|a, b| a.score.total_cmp(&b.score)).copied();
                let Some(best) = best else { continue };
                let is_anothers = self
                    .tracks
                    .iter()
                    .any(|other| other.seen.0 == now && is_one_face(other.seen.1, best.face));
                if !is_anothers {
                    self.sight(of, now, best.face, signature);
                    self.fresh.retain(|fresh| !is_one_face(fresh.face, best.face));
                }
                break;
            }
            let track = &mut self.tracks[of];
            track.missed += u32::from(track.seen.0 != now);
        }
    }

    /// Makes tracks of what is new, and looks for it in the pictures before.
    fn bring_in(&mut self, now: Timestamp, signature: &Signature, eye: &mut dyn Eye) {
        let mut looks = LOOKS_BACK;
        let fresh = std::mem::take(&mut self.fresh);
        for found in &fresh {
            if self.tracks.len() >= MOST_TRACKS && !self.make_room() {
                break;
            }
            let id = self.next_track;
            self.next_track += 1;
            let mut track = Track::new(id, now, Motion::at(found.face), signature);
            let is_within = self.tracks.iter().any(|other| {
                other.seen.0 == now && distance(other.seen.1, found.face) < 0.5 * other.seen.1.size.max(found.face.size)
            });
            track.hits = u32::from(!is_within);
            if let Some(picture) = self.pending.back_mut() {
                picture.add(id, track.seen.1, Sight::Seen);
            }
            self.look_back(&mut track, &mut looks, eye);
            self.tracks.push(track);
        }
        self.fresh = fresh;
    }

    /// Goes backwards from the newest picture to the first of the shot that still waits.
    fn look_back(&mut self, track: &mut Track, looks: &mut usize, eye: &mut dyn Eye) {
        let (mut at, mut face) = (track.seen.0, track.motion.face);
        let mut motion: Option<Motion> = None;
        let mut unseen = 0;
        let mut found = Vec::new();
        for age in 1..self.pending.len() {
            let place = self.pending.len() - 1 - age;
            let picture = &mut self.pending[place];
            if picture.number < self.shot_start {
                break;
            }
            let back = (picture.pts - at).as_secs_f64() as f32;
            let expected = motion.map_or(face, |motion| motion.after(back));
            found.clear();
            if *looks > 0 && unseen < 2 {
                *looks -= 1;
                let room = if motion.is_some() { 0.7 } else { 1.0 };
                eye.scan(age, &around(expected, room, 1.4, face.roll), &mut found);
            }
            let is_anothers = |found: &Found| {
                picture
                    .faces
                    .iter()
                    .any(|other| other.sight == Sight::Seen && is_one_face(other.face, found.face))
            };
            found.retain(|found| is_sound(found) && size_ratio(found.face, expected) < 1.7 && !is_anothers(found));
            let near = |found: &&Found| distance(found.face, expected);
            let nearest = found.iter().min_by(|a, b| near(a).total_cmp(&near(b)));
            if let Some(before) = nearest {
                // Time runs backwards here, so the rates come out with their sign turned twice.
                motion = Some(Motion::between(before.face, face, -back));
                if let Some(motion) = &mut motion {
                    motion.face = before.face;
                }
                (at, face, unseen) = (picture.pts, before.face, 0);
                let out = FaceBox {
                    size: track.seen.1.size.max(before.face.size),
                    ..before.face
                };
                track.first = (at, out);
                picture.add(track.id, out, Sight::Seen);
            } else {
                unseen += 1;
                let reach = hull(
                    track.first.1,
                    grown(expected, track.seen.1.size / track.motion.face.size),
                );
                picture.add(track.id, grown(reach, BACK_GROWTH.powi(unseen)), Sight::Predicted);
            }
        }
        if let Some(motion) = motion {
            let face = track.motion.face;
            track.motion = Motion { face, ..motion };
        }
    }

    /// Lets the least certain track go; its masks in the pictures that wait stay. Says whether there was one.
    fn make_room(&mut self) -> bool {
        let uncertain = self.tracks.iter().enumerate().filter(|(_, track)| !track.is_certain());
        let Some((of, _)) = uncertain.min_by_key(|(_, track)| (track.hits, track.seen.0)) else {
            return false;
        };
        self.tracks.swap_remove(of);
        true
    }

    /// A shot that ended a look-ahead ago: was it one? Then what belongs to the old shot never was in the new one.
    fn judge_doubts(&mut self, signature: &Signature) {
        let number = self.number;
        let (mut at, mut ended) = (0, Vec::new());
        while at < self.tracks.len() {
            let track = &mut self.tracks[at];
            let Some(since) = track.doubt.filter(|since| number >= since + LOOK_AHEAD as u64 - 1) else {
                at += 1;
                continue;
            };
            if signature.is_same_shot(&track.shot) {
                track.doubt = None;
                at += 1;
            } else {
                ended.push((track.id, since));
                self.tracks.swap_remove(at);
            }
        }
        for (id, since) in ended {
            let pictures = self.pending.iter_mut().filter(|picture| picture.number >= since);
            pictures.for_each(|picture| picture.forget(id));
        }
    }

    /// Certain faces that come to lie over one another get new numbers: from here on, either may be the other.
    fn mark_crossings(&mut self, now: Timestamp) {
        let places: Vec<_> = self
            .tracks
            .iter()
            .map(|track| (track.expected(now), track.is_certain()))
            .collect();
        for of in 0..places.len() {
            let (own, is_certain) = places[of];
            let nearest = |reach: f32| {
                places.iter().enumerate().any(|(other, (face, is_certain))| {
                    other != of && *is_certain && distance(own, *face) < reach * 0.5 * (own.size + face.size)
                })
            };
            let track = &mut self.tracks[of];
            if track.is_crossed {
                track.is_crossed = nearest(1.2);
            } else if is_certain && nearest(0.8) {
                track.is_crossed = true;
                if let Some(known) = self.pending.back_mut().and_then(|picture| picture.of(track.id)) {
                    known.track = self.next_track;
                }
                track.id = self.next_track;
                self.next_track += 1;
            }
        }
    }

    /// What of the faces that were not seen in the newest picture is to be hidden there.
    fn settle(&mut self, now: Timestamp, signature: &Signature) {
        self.pass_on(now);
        let bounds = self.bounds;
        let Some(picture) = self.pending.back_mut() else { return };
        self.tracks.retain_mut(|track| {
            if track.seen.0 == now {
                return true;
            }
            let face = track.expected(now);
            if track.missed == 0 {
                // Not its turn to be looked for.
                picture.add(track.id, hull(track.seen.1, grown(face, 1.12)), Sight::Predicted);
                return true;
            }
            track.strange = if signature.is_other_shot(&track.shot) {
                track.strange + 1
            } else {
                0
            };
            match track.fate(now, bounds) {
                Fate::Held(face) => picture.add(track.id, face, Sight::Held),
                Fate::Band(face) => picture.add(track.id, face, Sight::Band),
                Fate::Lost if track.strange >= STRANGE => return false,
                Fate::Lost => picture.lost.push(track.id),
                Fate::Gone => return false,
            }
            true
        });
    }

    /// A face that is lost beyond its band and one that has since been found near it are the same.
    fn pass_on(&mut self, now: Timestamp) {
        let bounds = self.bounds;
        let mut at = 0;
        while at < self.tracks.len() {
            let lost = &self.tracks[at];
            let is_lost = lost.seen.0 < now && lost.missed > 0 && lost.fate(now, bounds) == Fate::Lost;
            let reach = (0.8 + 1.5 * lost.lost_for(now)).min(3.0);
            let heir = self.tracks.iter().position(|track| {
                let is_new =
                    track.seen.0 == now && track.is_certain() && !track.is_heir && track.first.0 >= lost.seen.0;
                let (own, other) = (track.seen.1, lost.seen.1);
                is_new && size_ratio(own, other) < 2.0 && distance(own, other) < reach * own.size.max(other.size)
            });
            match heir.filter(|_| is_lost) {
                Some(heir) => {
                    self.tracks[heir].is_heir = true;
                    self.tracks.swap_remove(at);
                }
                None => at += 1,
            }
        }
    }
}

/// In every how many-th picture each of `tracks` faces is looked for.
fn every(tracks: usize) -> u64 {
    (1 + tracks.saturating_sub(EVERY_PICTURE).div_ceil(PER_PICTURE) as u64).min(SELDOMEST)
}

fn is_hole(gap: TimeDelta) -> bool {
    !(0.0..=HOLE).contains(&gap.as_secs_f64()) || gap == TimeDelta::ZERO
}

/// What a detector says can be believed in at all.
fn is_sound(found: &Found) -> bool {
    let face = &found.face;
    // Far outside of any picture is nowhere; sums of such places are no numbers any more.
    [face.x, face.y].iter().all(|value| value.abs() < 1e6)
        && face.roll.is_finite()
        && found.score.is_finite()
        && face.size > 1.0
        && face.size < 1e5
}

/// Whether two boxes of one picture are of one face.
fn is_one_face(a: FaceBox, b: FaceBox) -> bool {
    distance(a, b) < 0.4 * a.size.min(b.size) && size_ratio(a, b) < 1.7
}

/// Of boxes of one face, the one with the best score stays.
fn merge(found: &mut Vec<Found>) {
    found.retain(is_sound);
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept = 0;
    for at in 0..found.len() {
        let is_known = found[..kept]
            .iter()
            .any(|better| is_one_face(better.face, found[at].face));
        if !is_known {
            found.swap(kept, at);
            kept += 1;
        }
    }
    found.truncate(kept);
}

/// Tries another tilt for what `found` has from `from` on; the better answer stays, tilted half way towards it.
fn try_tilt(search: &Search, from: usize, found: &mut Vec<Found>, eye: &mut dyn Eye) {
    let best = |found: &[Found]| found.iter().copied().max_by(|a, b| a.score.total_cmp(&b.score));
    let before = found.len();
    let Some(straight) = best(&found[from..]) else { return };
    eye.scan(0, search, found);
    let tilted = best(&found[before..]);
    found.truncate(before);
    if let Some(tilted) = tilted.filter(|tilted| tilted.score > straight.score * TILT_GAIN) {
        let roll = (straight.face.roll + tilted.face.roll) * 0.5;
        let face = FaceBox { roll, ..straight.face };
        found.truncate(from);
        found.push(Found {
            face,
            score: tilted.score,
        });
    }
}
