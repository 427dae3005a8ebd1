//! The recorder's thread: takes what the show offers, writes it, and gets over disks that fail.
//!
//! ```text
//!             IDR, file made            fragment lost, disk gone, nearly full
//!   waiting ────────────────→ writing ────────────────────────────────────────→ paused ──┐
//!      ↑          split: the next part begins with the same IDR                          │ 3 s, or at once
//!      └─────────────────────────────────────────────────────────────────────────────────┘ in the other place
//! ```
//! No turn of this is silent: each is reported, with what was lost.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cutter::{Cutter, Place, is_part_full};
use super::disk::Disk;
use super::error::RecordError;
use super::interleave::Interleaver;
use super::name::Template;
use super::part::{Part, Plan};
use super::queue::{Dropped, Item};
use super::settings::RecordSettings;
use super::{RecordReport, Shared};
use crate::clock::Clock;
use crate::media::{Packet, TimeDelta, Timestamp, TrackKind};
use crate::wire::fmp4::{TrackConfig, WallClock};

/// Pause before places that all failed are tried again.
const RETRY_MS: i64 = 3000;

/// Drops are told at most so often.
const TELL_DROPS_MS: i64 = 1000;

/// What the recorder is given.
pub(super) struct Equipment {
    pub settings: RecordSettings,
    /// At least one.
    pub places: Vec<Template>,
    pub tracks: Vec<TrackConfig>,
    pub clock: Clock,
    pub wall: WallClock,
    pub disk: Box<dyn Disk>,
    pub report: Arc<dyn Fn(RecordReport) + Send + Sync>,
    pub shared: Arc<Shared>,
}

/// A track that goes on in another form.
struct Change {
    track: usize,
    config: TrackConfig,
    /// When its first packet is decoded; `None` until that has come.
    from: Option<Timestamp>,
}

enum Life {
    /// For an IDR: before the first part, and between two.
    Fresh,
    /// Boxed: a part is large, the others are nothing.
    Writing(Box<Part>),
    /// For a disk, and then for an IDR.
    Paused { until: Timestamp },
}

pub(super) struct Recorder {
    gear: Equipment,
    life: Life,
    interleaver: Interleaver,
    cutter: Cutter,
    /// Oldest first.
    changes: Vec<Change>,
    place: usize,
    /// Places that failed in a row.
    failures: usize,
    parts: u32,
    is_split_wanted: bool,
    is_space_told: bool,
    /// Per place: recording stopped for want of space there. It goes on when there is twice as much.
    is_space_short: Vec<bool>,
    newest: Timestamp,
    lost: Dropped,
    told: Dropped,
    told_at: Timestamp,
}

impl Recorder {
    pub(super) fn new(gear: Equipment) -> Self {
        Self {
            life: Life::Fresh,
            interleaver: Interleaver::new(gear.tracks.len()),
            cutter: cutter_of(&gear.tracks),
            changes: Vec::new(),
            place: 0,
            failures: 0,
            parts: 0,
            is_split_wanted: false,
            is_space_told: false,
            is_space_short: vec![false; gear.places.len()],
            newest: Timestamp::ZERO,
            lost: Dropped::default(),
            told: Dropped::default(),
            told_at: Timestamp::ZERO,
            gear,
        }
    }

    /// Until the show closes the queue, and all that was in it is written.
    pub(super) fn run(mut self) {
        while let Some((item, dropped)) = self.gear.shared.next() {
            match item {
                Item::Packet { track, packet, .. } => {
                    let kind = packet.track;
                    if let Some(change) = self
                        .changes
                        .iter_mut()
                        .find(|change| change.track == track && change.from.is_none())
                    {
                        change.from = Some(packet.dts);
                    }
                    if self.interleaver.push(track, packet).is_some() {
                        self.lost.count(kind, 1);
                    }
                    while let Some((track, packet)) = self.interleaver.pop() {
                        self.take(track, &packet);
                    }
                }
                Item::Config { track, config } => self.set_track(track, config),
                Item::Split => self.is_split_wanted = true,
            }
            self.tell_drops(dropped, false);
        }
        self.finish();
        let dropped = self.gear.shared.dropped();
        self.tell_drops(dropped, true);
    }

    fn take(&mut self, track: usize, packet: &Packet) {
        while let Some(due) = self
            .changes
            .iter()
            .position(|change| change.from.is_some_and(|from| packet.dts >= from))
        {
            let change = self.changes.remove(due);
            self.go_on_as(change);
        }
        self.newest = self.newest.max(packet.dts);
        if let Life::Writing(part) = &self.life {
            match self.cutter.before(track, packet, part.pending_bytes()) {
                Place::Inside => {}
                place => self.cut(packet.dts, place == Place::Join),
            }
        }
        if self.cutter.can_start(track, packet) && self.is_ready() {
            self.open(packet.dts);
        }
        match &mut self.life {
            Life::Writing(part) => part.push(track, packet),
            // The recording starts with its first IDR; what comes before was never meant for it.
            Life::Fresh if self.parts == 0 => {}
            Life::Fresh | Life::Paused { .. } => self.lost.count(packet.track, 1),
        }
    }

    /// Whether the time has come to start a part.
    fn is_ready(&self) -> bool {
        match self.life {
            Life::Fresh => true,
            Life::Writing(_) => false,
            Life::Paused { until } => self.gear.clock.now() >= until,
        }
    }

    fn open(&mut self, origin: Timestamp) {
        let folder = self.gear.places[self.place].folder().to_owned();
        if let Err(error) = self.look_at_space(&folder) {
            self.fail(folder, &error);
            return;
        }
        let plan = Plan {
            template: &self.gear.places[self.place],
            name: &self.gear.settings.name,
            number: self.parts + 1,
            tracks: &self.gear.tracks,
            origin,
            wall: self.gear.wall,
        };
        let opened = Part::open(&mut *self.gear.disk, &plan);
        match opened {
            Ok(part) => {
                self.parts += 1;
                self.is_split_wanted = false;
                self.cutter.start(origin);
                self.tell_state(&part);
                self.life = Life::Writing(Box::new(part));
                self.tell_index();
            }
            Err((path, error)) => self.fail(path, &error),
        }
    }

    /// Ends the fragment at `end`, and the part too where it may and should.
    fn cut(&mut self, end: Timestamp, may_split: bool) {
        let mut part = match std::mem::replace(&mut self.life, Life::Fresh) {
            Life::Writing(part) => part,
            other => {
                self.life = other;
                return;
            }
        };
        if let Err((error, lost)) = part.cut(end) {
            self.lost.video += lost.video;
            self.lost.audio += lost.audio;
            let path = part.path().to_owned();
            self.close(*part);
            self.fail(path, &error);
            return;
        }
        self.failures = 0;
        self.cutter.start(end);
        self.tell_state(&part);
        let path = part.path().to_owned();
        let space = self.look_at_space(&path);
        let is_full = is_part_full(&self.gear.settings, part.bytes(), part.largest(), part.duration());
        if let Err(error) = space {
            self.close(*part);
            self.fail(path, &error);
        } else if may_split && (is_full || self.is_split_wanted) {
            // Fresh: the IDR that ended it starts the next one.
            self.close(*part);
        } else {
            self.life = Life::Writing(part);
            self.tell_index();
        }
    }

    fn close(&mut self, mut part: Part) {
        self.lost.audio += part.omitted();
        let finished = part.has_media().then(|| RecordReport::Finished {
            path: part.path().to_owned(),
            bytes: part.bytes(),
            duration: part.duration(),
        });
        if let Some(reason) = part.take_index_problem() {
            let path = part.path().to_owned();
            (self.gear.report)(RecordReport::IndexLost { path, reason });
        }
        part.close(&mut *self.gear.disk);
        if let Some(finished) = finished {
            (self.gear.report)(finished);
        }
    }

    /// `path` cannot be recorded to: on to the next place, after a pause where all have failed.
    fn fail(&mut self, path: PathBuf, error: &RecordError) {
        self.failures += 1;
        self.place = (self.place + 1) % self.gear.places.len();
        let is_next_fresh = !self.failures.is_multiple_of(self.gear.places.len());
        let retry_in = if is_next_fresh {
            TimeDelta::ZERO
        } else {
            TimeDelta::from_millis(RETRY_MS)
        };
        self.life = Life::Paused {
            until: self.gear.clock.now() + retry_in,
        };
        (self.gear.report)(RecordReport::Failed {
            path,
            reason: error.to_string(),
            is_full: error.is_full(),
            retry_in: Some(retry_in),
        });
    }

    /// Warns when space gets short.
    ///
    /// # Errors
    /// When there is too little to go on.
    fn look_at_space(&mut self, path: &Path) -> Result<(), RecordError> {
        let keep = self.gear.settings.keep_free_bytes;
        let folder = self.gear.places[self.place].folder();
        // A disk that does not say what is free says by itself when it is full.
        let Ok(free) = self.gear.disk.free_bytes(folder) else {
            return Ok(());
        };
        let is_short = &mut self.is_space_short[self.place];
        let wanted = if *is_short { keep.saturating_mul(2) } else { keep };
        *is_short = free < wanted;
        if *is_short {
            return Err(RecordError::NoSpace {
                path: path.to_owned(),
                free_bytes: free,
                keep_free_bytes: keep,
            });
        }
        if free >= keep.saturating_mul(5) / 2 {
            if std::mem::take(&mut self.is_space_told) {
                (self.gear.report)(RecordReport::SpaceBack);
            }
        } else if free < keep.saturating_mul(2) && !self.is_space_told {
            self.is_space_told = true;
            (self.gear.report)(RecordReport::SpaceLow {
                path: path.to_owned(),
                free_bytes: free,
                keep_free_bytes: keep,
            });
        }
        Ok(())
    }

    /// Of several changes before the next packet of a track the newest counts.
    fn set_track(&mut self, track: usize, config: TrackConfig) {
        if track >= self.gear.tracks.len() {
            return;
        }
        self.changes
            .retain(|change| change.track != track || change.from.is_some());
        let last = self.changes.iter().rfind(|change| change.track == track);
        let known = last.map_or(&self.gear.tracks[track], |change| &change.config);
        if *known != config {
            self.changes.push(Change {
                track,
                config,
                from: None,
            });
        }
    }

    /// What was coded in the old form is in the old part, with all that belongs beside it.
    fn go_on_as(&mut self, change: Change) {
        self.end_part(change.from.unwrap_or(self.newest));
        self.gear.tracks[change.track] = change.config;
        self.cutter = cutter_of(&self.gear.tracks);
    }

    fn finish(&mut self) {
        while let Some((track, packet)) = self.interleaver.flush() {
            self.take(track, &packet);
        }
        // Where the last picture ends is not known: it lasts as long as any.
        self.end_part(self.newest);
    }

    /// Writes what is left, and ends the part: what would come next is due at `end`.
    fn end_part(&mut self, end: Timestamp) {
        self.cut(end, false);
        match std::mem::replace(&mut self.life, Life::Fresh) {
            Life::Writing(part) => self.close(*part),
            other => self.life = other,
        }
    }

    fn tell_state(&self, part: &Part) {
        (self.gear.report)(RecordReport::State {
            path: part.path().to_owned(),
            part: self.parts,
            bytes: part.bytes(),
            duration: part.duration(),
        });
    }

    fn tell_index(&mut self) {
        if let Life::Writing(part) = &mut self.life
            && let Some(reason) = part.take_index_problem()
        {
            let path = part.path().to_owned();
            (self.gear.report)(RecordReport::IndexLost { path, reason });
        }
    }

    /// Tells what is missing in the recording so far, all causes together.
    fn tell_drops(&mut self, refused: Dropped, is_last: bool) {
        let all = Dropped {
            video: refused.video + self.lost.video,
            audio: refused.audio + self.lost.audio,
        };
        if all == self.told {
            return;
        }
        let now = self.gear.clock.now();
        if is_last || self.told == Dropped::default() || now - self.told_at >= TimeDelta::from_millis(TELL_DROPS_MS) {
            self.told = all;
            self.told_at = now;
            (self.gear.report)(RecordReport::Dropped(all));
        }
    }
}

fn cutter_of(tracks: &[TrackConfig]) -> Cutter {
    let video = tracks.iter().position(|track| track.kind() == TrackKind::Video);
    Cutter::new(video.unwrap_or(0), video.is_some())
}
