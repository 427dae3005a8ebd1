//! Units of a stream, held until they are due, decoded, handed over.

use std::collections::VecDeque;
use std::sync::Arc;

use super::course::Course;
use super::unit::{Kind, Tracks, Unit};
use crate::media::aac::AudioSpecificConfig;
use crate::media::h264::{NalType, Sps, annex_b_nals, nal_type};
use crate::media::{FrameRate, TimeDelta, Timestamp};
use crate::source::aac::AacDecoder;
use crate::source::h264::{DecodeError, Decoder};
use crate::source::outlet::Outlet;
use crate::source::spec::{SourceAudio, SourceFormat, SourceState, SourceVideo};

/// Pictures are decoded so long before they are shown, if they are there: a few frames, which the queue has room for.
const VIDEO_AHEAD_MS: i64 = 150;

/// Sound is decoded so long before it sounds. The ring holds a second.
const SOUND_AHEAD_MS: i64 = 300;

/// Once both tracks are read so far ahead, no more is read …
const READ_AHEAD_MS: i64 = 700;

/// … and once one of them is so far ahead, whatever the other is doing.
const FAR_AHEAD_MS: i64 = 4_000;

/// Bytes that are held at most: four seconds of 30 Mbit/s.
const MAX_BYTES: usize = 16 << 20;

/// Units that are held at most; small ones cost more than their bytes.
const MAX_UNITS: usize = 4_096;

/// Pictures decoded before others get their turn.
const ROUND: usize = 8;

/// So many damaged units in a row end the stream: a decoder that cannot cope will not learn it.
const MAX_DAMAGED: u32 = 300;

/// Pictures that a decoder waits for where the stream is in another order than it is shown and does not say how far.
const HELD_BACK: u32 = 2;

/// Jumps and drops are told at most this often.
const TELL_MS: i64 = 10_000;

/// Where pictures are told and none has come for so long, sound alone is live too.
const PICTURE_MS: i64 = 3_000;

/// Where there is nothing to be played, that is known after so long.
const NOTHING_MS: i64 = 1_500;

/// Why a stream is not played on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::source) enum StreamFault {
    /// Pictures come in, but none can be decoded.
    #[error("video: {0}")]
    Video(String),
    /// Sound comes in, but none can be decoded.
    #[error("sound: {0}")]
    Sound(String),
    /// All of its tracks are something else.
    #[error("has only {0}; H.264 and AAC are played here")]
    Nothing(String),
}

/// Plays one stream.
pub(in crate::source) struct Player {
    course: Course,
    tracks: Tracks,
    tracks_at: Option<Timestamp>,
    video: VecDeque<Picture>,
    sound: VecDeque<Sound>,
    bytes: usize,
    /// Newest (corrected) time of each track that has come.
    newest: [Option<TimeDelta>; 2],
    arrived_at: Option<Timestamp>,
    decoder: Option<Decoder>,
    aac: Option<(Arc<[u8]>, AacDecoder)>,
    format: SourceFormat,
    frame_rate: f64,
    has_keyframe: bool,
    damaged: u32,
    samples: Vec<f32>,
    sound_since: Option<Timestamp>,
    dropped: u64,
    /// Drops and jumps that have been told, and when.
    told: (u64, u32),
    told_at: Option<Timestamp>,
}

struct Picture {
    pts: TimeDelta,
    dts: TimeDelta,
    data: Vec<u8>,
}

struct Sound {
    pts: TimeDelta,
    config: Arc<[u8]>,
    data: Vec<u8>,
}

impl Player {
    /// A player that has nothing yet.
    pub(in crate::source) fn new() -> Self {
        Self {
            course: Course::default(),
            tracks: Tracks::default(),
            tracks_at: None,
            video: VecDeque::new(),
            sound: VecDeque::new(),
            bytes: 0,
            newest: [None; 2],
            arrived_at: None,
            decoder: None,
            aac: None,
            format: SourceFormat::default(),
            frame_rate: 0.0,
            has_keyframe: false,
            damaged: 0,
            samples: Vec::new(),
            sound_since: None,
            dropped: 0,
            told: (0, 0),
            told_at: None,
        }
    }

    /// Takes what has come in at `now`. Who goes on although it [is full](Self::is_full) loses what is oldest, and it is counted.
    pub(in crate::source) fn take(&mut self, unit: Unit, now: Timestamp, outlet: &Outlet) {
        match unit {
            Unit::Tracks(tracks) => {
                for name in tracks
                    .left_out
                    .iter()
                    .filter(|name| !self.tracks.left_out.contains(name))
                {
                    outlet.notice(format!("{name} is not played: H.264 and AAC are"));
                }
                self.tracks_at.get_or_insert(now);
                self.tracks = tracks;
            }
            Unit::Picture { pts, dts, data } => {
                let correction = self.arrive(Kind::Video, dts, data.len(), now);
                let (pts, dts) = (pts + correction, dts + correction);
                self.video.push_back(Picture { pts, dts, data });
            }
            Unit::Sound { pts, config, data } => {
                let pts = pts + self.arrive(Kind::Sound, pts, data.len(), now);
                self.sound.push_back(Sound { pts, config, data });
            }
        }
        while self.bytes > 2 * MAX_BYTES || self.video.len() + self.sound.len() > 2 * MAX_UNITS {
            self.drop_oldest();
        }
    }

    fn arrive(&mut self, kind: Kind, media: TimeDelta, bytes: usize, now: Timestamp) -> TimeDelta {
        let correction = self.course.correct(kind, media);
        let media = media + correction;
        self.course.arrive(kind, media, now);
        let newest = &mut self.newest[kind as usize];
        *newest = Some(newest.map_or(media, |newest| newest.max(media)));
        self.bytes += bytes;
        self.arrived_at = Some(now);
        correction
    }

    fn drop_oldest(&mut self) {
        self.dropped += 1;
        let oldest = if self.video.len() >= self.sound.len() {
            // What follows refers to it.
            self.has_keyframe = false;
            self.video.pop_front().map(|picture| picture.data)
        } else {
            self.sound.pop_front().map(|sound| sound.data)
        };
        self.bytes -= oldest.map_or(0, |data| data.len());
    }

    /// Whether enough has been read: more would only be held.
    pub(in crate::source) fn is_full(&self, now: Timestamp) -> bool {
        if self.bytes > MAX_BYTES || self.video.len() + self.sound.len() > MAX_UNITS {
            return true;
        }
        let ahead = |media: TimeDelta| self.course.shown_at(media).map(|shown| shown - now);
        let ahead = self.newest.iter().flatten().filter_map(|media| ahead(*media));
        let (mut least, mut most) = (None, None);
        for ahead in ahead {
            least = Some(least.map_or(ahead, |least: TimeDelta| least.min(ahead)));
            most = Some(most.map_or(ahead, |most: TimeDelta| most.max(ahead)));
        }
        least.is_some_and(|least| least > TimeDelta::from_millis(READ_AHEAD_MS))
            || most.is_some_and(|most| most > TimeDelta::from_millis(FAR_AHEAD_MS))
    }

    /// Nothing is read now, because it [is full](Self::is_full).
    pub(in crate::source) fn hold(&mut self) {
        self.course.hold();
    }

    /// How long nothing has come.
    pub(in crate::source) fn quiet_for(&self, now: Timestamp) -> Option<TimeDelta> {
        self.arrived_at.map(|arrived| now - arrived)
    }

    /// Nothing comes any more. What comes later finds its time anew.
    pub(in crate::source) fn forget_time(&mut self) {
        self.course.forget();
        self.newest = [None; 2];
        self.arrived_at = None;
        self.video.clear();
        self.sound.clear();
        self.bytes = 0;
    }

    /// Whether all that came has been decoded.
    pub(in crate::source) fn is_empty(&self) -> bool {
        self.video.is_empty() && self.sound.is_empty()
    }

    /// When all that came has been shown.
    pub(in crate::source) fn ends_at(&self) -> Option<Timestamp> {
        let newest = self.newest.iter().flatten().copied().max()?;
        self.course.shown_at(newest)
    }

    /// Hands over what is due soon. Returns when to call again at the latest, if nothing more comes.
    ///
    /// # Errors
    /// What makes it impossible to go on.
    pub(in crate::source) fn play(&mut self, now: Timestamp, outlet: &mut Outlet) -> Result<Timestamp, StreamFault> {
        let later = now + TimeDelta::from_millis(50);
        let nothing = !self.tracks.has_video && !self.tracks.has_sound && !self.tracks.left_out.is_empty();
        if nothing
            && self
                .tracks_at
                .is_some_and(|at| now - at > TimeDelta::from_millis(NOTHING_MS))
        {
            return Err(StreamFault::Nothing(self.tracks.left_out.join(", ")));
        }
        if !self.course.settle([self.tracks.has_video, self.tracks.has_sound], now) {
            return Ok(later);
        }
        self.tell(now, outlet);
        let sound = self.play_sound(now, outlet)?;
        let video = self.play_video(now, outlet)?;
        Ok(later.min(sound.unwrap_or(later)).min(video.unwrap_or(later)))
    }

    /// What an operator should know of how the stream comes, not more often than it can be read.
    fn tell(&mut self, now: Timestamp, outlet: &Outlet) {
        let faults = (self.dropped, self.course.jumps());
        let is_soon = |told: Timestamp| now - told < TimeDelta::from_millis(TELL_MS);
        if faults == self.told || self.told_at.is_some_and(is_soon) {
            return;
        }
        if faults.1 > self.told.1 {
            outlet.notice("what comes was held up on its way: its picture and sound have jumped");
        }
        if faults.0 > self.told.0 {
            outlet.notice(format!(
                "{} pieces of what came were left out: too much of it waited",
                faults.0 - self.told.0
            ));
        }
        self.told = faults;
        self.told_at = Some(now);
    }

    /// The end of the stream: pictures that the decoder still holds come out.
    pub(in crate::source) fn finish(&mut self, outlet: &mut Outlet) {
        if let Some(mut decoder) = self.decoder.take() {
            // What cannot be had any more is no loss at the end.
            let _ = decoder.finish(|picture| outlet.push_video(picture));
        }
        outlet.sound().finish();
    }

    fn play_sound(&mut self, now: Timestamp, outlet: &mut Outlet) -> Result<Option<Timestamp>, StreamFault> {
        let ahead = TimeDelta::from_millis(SOUND_AHEAD_MS);
        while let Some(shown) = self.sound.front().and_then(|sound| self.course.shown_at(sound.pts)) {
            if shown - ahead > now {
                return Ok(Some(shown - ahead));
            }
            let Some(sound) = self.sound.pop_front() else { break };
            self.bytes -= sound.data.len();
            self.sound(&sound, shown, outlet)?;
        }
        Ok(None)
    }

    fn sound(&mut self, sound: &Sound, shown: Timestamp, outlet: &mut Outlet) -> Result<(), StreamFault> {
        if self.aac.as_ref().is_none_or(|(config, _)| *config != sound.config) {
            let described =
                AudioSpecificConfig::parse(&sound.config).map_err(|error| StreamFault::Sound(error.to_string()))?;
            let decoder = AacDecoder::new(&sound.config, described.sample_rate).map_err(StreamFault::Sound)?;
            self.aac = Some((Arc::clone(&sound.config), decoder));
        }
        let Some((_, decoder)) = &mut self.aac else {
            return Ok(());
        };
        match decoder.decode(&sound.data, &mut self.samples) {
            Ok((rate, channels)) => {
                self.damaged = 0;
                self.format.audio = Some(SourceAudio::new(rate, channels as u16));
                outlet.sound().write_live(shown, rate, channels, &self.samples);
            }
            Err(_) if self.damaged < MAX_DAMAGED => self.damaged += 1,
            Err(reason) => return Err(StreamFault::Sound(reason)),
        }
        // With pictures, those decide what is live: if they come.
        let since = *self.sound_since.get_or_insert(shown);
        let waits = self.tracks.has_video && self.format.video.is_none();
        if !waits || shown - since > TimeDelta::from_millis(PICTURE_MS) {
            self.live(outlet);
        }
        Ok(())
    }

    fn play_video(&mut self, now: Timestamp, outlet: &mut Outlet) -> Result<Option<Timestamp>, StreamFault> {
        let ahead = TimeDelta::from_millis(VIDEO_AHEAD_MS);
        for _ in 0..ROUND {
            let front = self.video.front();
            let Some(due) = front.and_then(|picture| self.course.shown_at(picture.dts)) else {
                return Ok(None);
            };
            if due - ahead > now {
                return Ok(Some(due - ahead));
            }
            if due > now && !outlet.has_video_room(now) {
                return Ok(Some(now + outlet.context().frame_rate.frame_duration() / 2));
            }
            let Some(picture) = self.video.pop_front() else { break };
            self.bytes -= picture.data.len();
            if let Some(shown) = self.course.shown_at(picture.pts) {
                self.picture(&picture, shown, outlet)?;
            }
        }
        Ok(Some(now))
    }

    fn picture(&mut self, picture: &Picture, shown: Timestamp, outlet: &mut Outlet) -> Result<(), StreamFault> {
        if !self.has_keyframe {
            // Who joins in the middle waits for what can be decoded: an IDR, or a picture with its parameter sets.
            for nal in annex_b_nals(&picture.data) {
                match nal_type(nal) {
                    Some(NalType::Idr) => self.has_keyframe = true,
                    Some(NalType::Sps) => {
                        self.has_keyframe = true;
                        let rate = Sps::parse(nal).ok().and_then(|sps| sps.frame_rate);
                        self.frame_rate = rate.map_or(0.0, FrameRate::as_f64);
                    }
                    _ => {}
                }
            }
            if !self.has_keyframe {
                return Ok(());
            }
        }
        if self.decoder.is_none() {
            let is_reordered =
                picture.pts != picture.dts || self.video.iter().any(|picture| picture.pts != picture.dts);
            let held_back = if is_reordered { HELD_BACK } else { 0 };
            let decoder = Decoder::new(outlet.pool(), held_back);
            self.decoder = Some(decoder.map_err(|error| StreamFault::Video(error.to_string()))?);
        }
        let Some(decoder) = &mut self.decoder else {
            return Ok(());
        };
        let (format, rate) = (&mut self.format, self.frame_rate);
        let decoded = decoder.decode(&picture.data, shown, |picture| {
            format.video = Some(SourceVideo::new(picture.width(), picture.height(), rate));
            outlet.push_video(picture);
        });
        match decoded {
            Ok(()) => self.damaged = 0,
            Err(DecodeError::Damaged { .. }) if self.damaged < MAX_DAMAGED => self.damaged += 1,
            Err(error) => return Err(StreamFault::Video(error.to_string())),
        }
        if self.format.video.is_some() {
            self.live(outlet);
        }
        Ok(())
    }

    fn live(&self, outlet: &mut Outlet) {
        outlet.set_format(self.format);
        outlet.set_state(SourceState::Live);
    }
}
