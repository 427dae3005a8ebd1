//! The gate before the encoders: what is not cleared is covered or silenced, and never goes out.
//!
//! While no check is armed the gate costs one atomic load per picture and block. The clearances' lock is held for a look
//! at a handful of numbers and never across anything.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::outlet::Outlet;
use crate::media::{AudioBlock, BLOCK_FRAMES, FramePool, Timestamp, TrackKind, VideoFrame};
use crate::picture::slate;
use crate::studio::clearance::{Clearances, Verdict};

/// Where a spell of covering is told: whether it is one, and the words.
pub type Report = Arc<dyn Fn(Covering, String) + Send + Sync>;

/// Whether something is being held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covering {
    /// From now on.
    Began,
    /// No longer.
    Ended,
}

/// What both encoders ask, and what checks stamp.
#[derive(Default)]
pub struct Gate {
    /// Of pictures, of sound.
    is_armed: [AtomicBool; 2],
    clearances: Mutex<Clearances>,
}

impl Gate {
    /// From now on nothing of `track` goes out that the check `name` has not seen.
    pub fn arm(&self, name: &str, track: TrackKind) {
        self.change(|clearances| clearances.arm(name, track));
    }

    /// The check `name` no longer holds anything of `track`.
    pub fn disarm(&self, name: &str, track: TrackKind) {
        self.change(|clearances| clearances.disarm(name, track));
    }

    /// Whether that check holds anything of `track`.
    #[must_use]
    pub fn is_armed_as(&self, name: &str, track: TrackKind) -> bool {
        self.is_armed[index(track)].load(Ordering::Acquire) && self.clearances().is_armed_as(name, track)
    }

    /// The check `name` has seen all of `track` from the first to the last of these.
    pub fn stamp(&self, name: &str, track: TrackKind, from: Timestamp, until: Timestamp) {
        if self.is_armed[index(track)].load(Ordering::Acquire) {
            self.clearances().stamp(name, track, from, until);
        }
    }

    /// Whether any check of `track` is armed.
    #[must_use]
    pub fn is_armed(&self, track: TrackKind) -> bool {
        self.is_armed[index(track)].load(Ordering::Acquire)
    }

    /// Whether every armed check has seen what is at `pts` of `track`.
    #[must_use]
    pub fn is_cleared(&self, track: TrackKind, pts: Timestamp) -> bool {
        self.waits_for(track, pts).is_none()
    }

    /// The check that what is at `pts` of `track` waits for.
    fn waits_for(&self, track: TrackKind, pts: Timestamp) -> Option<Arc<str>> {
        if !self.is_armed[index(track)].load(Ordering::Acquire) {
            return None;
        }
        match self.clearances().verdict(track, pts) {
            Verdict::Cleared => None,
            Verdict::Waiting(check) => Some(check),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Clearances)) {
        let mut clearances = self.clearances();
        change(&mut clearances);
        for track in [TrackKind::Video, TrackKind::Audio] {
            self.is_armed[index(track)].store(clearances.is_armed(track), Ordering::Release);
        }
    }

    fn clearances(&self) -> MutexGuard<'_, Clearances> {
        self.clearances.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn index(track: TrackKind) -> usize {
    match track {
        TrackKind::Video => 0,
        TrackKind::Audio => 1,
    }
}

/// A time in which what goes out is a substitute.
struct Spell {
    since: Timestamp,
    items: u64,
    why: Arc<str>,
}

/// Tells the beginning and the end of a spell, once each.
struct Spells {
    what: &'static str,
    now: Option<Spell>,
    report: Report,
}

impl Spells {
    fn hold(&mut self, pts: Timestamp, why: Arc<str>) {
        let spell = self.now.get_or_insert_with(|| {
            (self.report)(Covering::Began, format!("{}: {why}", self.what));
            Spell {
                since: pts,
                items: 0,
                why: Arc::clone(&why),
            }
        });
        spell.items += 1;
        spell.why = why;
    }

    /// Whether this is the first that is let through again.
    fn release(&mut self, pts: Timestamp) -> bool {
        let Some(spell) = self.now.take() else { return false };
        let seconds = (pts - spell.since).as_secs_f64();
        let text = format!(
            "no longer {} after {seconds:.1} s ({} in all; the last: {})",
            self.what, spell.items, spell.why
        );
        (self.report)(Covering::Ended, text);
        true
    }
}

/// The gate of pictures: a picture becomes itself or a cover.
pub struct PictureGate {
    gate: Arc<Gate>,
    outlet: Arc<Outlet>,
    pool: FramePool,
    /// The last cover and what it says, so that it is painted once.
    cover: Option<(Arc<str>, VideoFrame)>,
    spells: Spells,
}

impl PictureGate {
    /// A gate that counts at `outlet` and paints its covers into memory of `pool`.
    #[must_use]
    pub fn new(gate: Arc<Gate>, outlet: Arc<Outlet>, pool: FramePool, report: Report) -> Self {
        Self {
            gate,
            outlet,
            pool,
            cover: None,
            spells: Spells {
                what: "covered",
                now: None,
                report,
            },
        }
    }

    /// `frame` if every armed check has seen it, else a cover of its size and time. Whoever gets it back calls
    /// [`uncovered`](Self::uncovered) or [`covered`](Self::covered): there may be other reasons to cover it.
    ///
    /// # Errors
    /// The cover.
    pub fn pass(&mut self, frame: VideoFrame) -> Result<VideoFrame, VideoFrame> {
        match self.gate.waits_for(TrackKind::Video, frame.pts) {
            None => Ok(frame),
            Some(check) => Err(self.cover(&frame, format!("waiting for {check}").into())),
        }
    }

    /// What is shown at `pts` goes out: a spell of covering ends here.
    pub fn uncovered(&mut self, pts: Timestamp) {
        if self.spells.release(pts) {
            self.cover = None;
        }
    }

    /// A cover in the place of `frame` that says why, counted and told.
    fn cover(&mut self, frame: &VideoFrame, why: Arc<str>) -> VideoFrame {
        let cover = self.painted(frame, &why);
        self.covered(frame.pts, why);
        cover
    }

    /// What is shown at `pts` is a cover of [`painted`](Self::painted): counted and told.
    pub fn covered(&mut self, pts: Timestamp, why: Arc<str>) {
        self.outlet.counters.covered_frames.fetch_add(1, Ordering::Relaxed);
        self.spells.hold(pts, why);
    }

    /// The cover alone, of the size and the time of `frame`.
    pub fn painted(&mut self, frame: &VideoFrame, why: &Arc<str>) -> VideoFrame {
        let (width, height) = (frame.width(), frame.height());
        let fits =
            |(of, cover): &(Arc<str>, VideoFrame)| of == why && (cover.width(), cover.height()) == (width, height);
        let cover = match self.cover.take().filter(fits) {
            Some((_, cover)) => cover,
            None => slate(&self.pool, width, height, "covered", why, frame.pts),
        };
        self.cover = Some((Arc::clone(why), cover.clone()));
        cover.at(frame.pts)
    }
}

/// The gate of sound: a block becomes itself or silence.
pub struct SoundGate {
    gate: Arc<Gate>,
    outlet: Arc<Outlet>,
    spells: Spells,
    silenced: u64,
}

impl SoundGate {
    /// A gate that counts at `outlet`.
    #[must_use]
    pub fn new(gate: Arc<Gate>, outlet: Arc<Outlet>, report: Report) -> Self {
        Self {
            gate,
            outlet,
            spells: Spells {
                what: "silenced",
                now: None,
                report,
            },
            silenced: 0,
        }
    }

    /// Blocks that were silenced so far.
    #[must_use]
    pub const fn silenced(&self) -> u64 {
        self.silenced
    }

    /// `block` if it is cleared, else silence at its time. Sound that comes back is faded in over its first block; where
    /// it goes there is a hard edge, for the block before is on its way already.
    pub fn pass(&mut self, mut block: AudioBlock) -> AudioBlock {
        if let Some(check) = self.gate.waits_for(TrackKind::Audio, block.pts) {
            self.outlet.counters.silenced_blocks.fetch_add(1, Ordering::Relaxed);
            self.silenced += 1;
            self.spells.hold(block.pts, format!("waiting for {check}").into());
            return AudioBlock::silence(block.pts);
        }
        if self.spells.release(block.pts) {
            for samples in &mut block.channels {
                for (at, sample) in samples.iter_mut().enumerate() {
                    *sample *= at as f32 / BLOCK_FRAMES as f32;
                }
            }
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{FrameRate, Plane};

    const TICKS: FrameRate = FrameRate::whole(30);

    type Told = Arc<Mutex<Vec<String>>>;

    fn report() -> (Report, Told) {
        let told = Told::default();
        let report = Arc::clone(&told);
        let report = move |covering, text| report.lock().unwrap().push(format!("{covering:?}: {text}"));
        (Arc::new(report), told)
    }

    fn outlet() -> Arc<Outlet> {
        Arc::new(Outlet::at_kbps(&[1000]))
    }

    fn covered(outlet: &Outlet) -> u64 {
        outlet.counters.covered_frames.load(Ordering::Relaxed)
    }

    fn white(pool: &FramePool, tick: i64) -> VideoFrame {
        let mut frame = pool.frame(320, 180);
        frame.fill([235, 128, 128]);
        frame.freeze(TICKS.frame_time(tick))
    }

    fn pass(gate: &mut PictureGate, frame: VideoFrame) -> VideoFrame {
        match gate.pass(frame) {
            Ok(frame) => {
                gate.uncovered(frame.pts);
                frame
            }
            Err(cover) => cover,
        }
    }

    fn is_white(frame: &VideoFrame) -> bool {
        frame.plane(Plane::Y).iter().all(|luma| *luma == 235)
    }

    fn loud(index: i64) -> AudioBlock {
        AudioBlock {
            pts: AudioBlock::time_of(index),
            channels: [[0.5; BLOCK_FRAMES]; 2],
        }
    }

    #[test]
    fn nothing_is_held_while_nothing_is_armed() {
        let outlet = outlet();
        let (gate, pool, (report, told)) = (Arc::new(Gate::default()), FramePool::new(), report());
        let mut pictures = PictureGate::new(
            Arc::clone(&gate),
            Arc::clone(&outlet),
            pool.clone(),
            Arc::clone(&report),
        );
        let mut sound = SoundGate::new(Arc::clone(&gate), Arc::clone(&outlet), report);
        for index in 0..20 {
            let frame = white(&pool, index);
            assert!(pass(&mut pictures, frame.clone()).is_same_picture(&frame));
            assert_eq!(sound.pass(loud(index)), loud(index));
        }
        assert_eq!(covered(&outlet), 0);
        assert!(told.lock().unwrap().is_empty());
    }

    #[test]
    fn what_a_check_has_not_seen_is_covered_and_that_is_told_once() {
        let outlet = outlet();
        let (gate, pool, (report, told)) = (Arc::new(Gate::default()), FramePool::new(), report());
        let mut pictures = PictureGate::new(Arc::clone(&gate), Arc::clone(&outlet), pool.clone(), report);
        gate.arm("faces", TrackKind::Video);
        // The check sees the first ten, dies, and is back from the fortieth on.
        gate.stamp("faces", TrackKind::Video, TICKS.frame_time(0), TICKS.frame_time(9));
        let mut covers: Vec<VideoFrame> = Vec::new();
        for tick in 0..60 {
            if tick >= 40 {
                gate.stamp("faces", TrackKind::Video, TICKS.frame_time(40), TICKS.frame_time(tick));
            }
            let frame = white(&pool, tick);
            let out = pass(&mut pictures, frame.clone());
            assert_eq!(out.pts, frame.pts);
            if (10..40).contains(&tick) {
                assert!(!is_white(&out) && (out.width(), out.height()) == (320, 180), "{tick}");
                covers.push(out);
            } else {
                assert!(out.is_same_picture(&frame), "{tick}");
            }
        }
        assert!(
            covers.iter().all(|cover| cover.is_same_picture(&covers[0])),
            "painted once"
        );
        assert_eq!(covered(&outlet), 30);
        assert_eq!(
            *told.lock().unwrap(),
            [
                "Began: covered: waiting for faces",
                "Ended: no longer covered after 1.0 s (30 in all; the last: waiting for faces)"
            ]
        );
    }

    #[test]
    fn the_cover_names_the_check_that_is_waited_for() {
        let outlet = outlet();
        let (gate, pool, (report, told)) = (Arc::new(Gate::default()), FramePool::new(), report());
        let mut pictures = PictureGate::new(Arc::clone(&gate), Arc::clone(&outlet), pool.clone(), report);
        gate.arm("faces", TrackKind::Video);
        gate.arm("logos", TrackKind::Video);
        let first = pass(&mut pictures, white(&pool, 0));
        gate.disarm("faces", TrackKind::Video);
        let second = pass(&mut pictures, white(&pool, 1));
        assert!(!is_white(&second) && !second.is_same_picture(&first));
        gate.disarm("logos", TrackKind::Video);
        assert!(is_white(&pass(&mut pictures, white(&pool, 2))));
        assert_eq!(told.lock().unwrap().len(), 2, "one spell, whatever it waits for");
    }

    #[test]
    fn sound_that_no_check_has_heard_is_silent() {
        let outlet = outlet();
        let (gate, (report, told)) = (Arc::new(Gate::default()), report());
        let mut sound = SoundGate::new(Arc::clone(&gate), Arc::clone(&outlet), report);
        gate.arm("words", TrackKind::Audio);
        assert_eq!(sound.pass(loud(0)), AudioBlock::silence(AudioBlock::time_of(0)));
        assert_eq!(sound.pass(loud(1)), AudioBlock::silence(AudioBlock::time_of(1)));
        gate.stamp(
            "words",
            TrackKind::Audio,
            AudioBlock::time_of(2),
            AudioBlock::time_of(3),
        );
        let back = sound.pass(loud(2));
        assert!(
            back.channels
                .iter()
                .all(|samples| samples[0] == 0.0 && samples[479] > 0.49)
        );
        assert_eq!(sound.pass(loud(3)), loud(3));
        assert_eq!(sound.pass(loud(4)).channels, [[0.0; BLOCK_FRAMES]; 2]);
        assert_eq!(outlet.counters.silenced_blocks.load(Ordering::Relaxed), 3);
        assert_eq!(told.lock().unwrap().len(), 3);
    }
}
