//! Media files: movies, stills and sound, paced to the clock and looped without a gap.
//!
//! Opening reads the index only; samples are read and decoded when they are due soon. Time is passed in
//! ([`Paced::advance`]), so a file plays as fast as it is driven. A loop is as long as its longest track, in whole
//! ticks: loop *n* starts at `start + n × length`, computed anew each time, so that nothing adds up. Sound is laid out
//! on one line of samples across all loops; where a loop has no sound, that line is silent.

mod error;
mod mp4;
mod pcm;
mod still;
mod video;

pub use still::read_rgb;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

pub use error::{Fault, FileError};

use super::attempt::{Paced, Progress};
use super::outlet::Outlet;
use super::spec::{FileSpec, SourceAudio, SourceFormat, SourceState, SourceVideo};
use super::{MAX_CHANNELS, SourceError};
use crate::media::{FrameRate, TimeDelta, Timestamp, VideoFrame};
use pcm::Pcm;
use video::VideoTrack;

/// How far ahead of the clock pictures are decoded.
const VIDEO_LEAD_MS: i64 = 150;

/// How far ahead of the clock sound is decoded.
const SOUND_LEAD_MS: i64 = 200;

/// From opening to the first picture: long enough to decode it.
const START_LEAD_MS: i64 = 50;

/// Later than this (the machine slept), the file goes on from where it is instead of catching up.
const MAX_LATE_MS: i64 = 2_000;

/// Frames of silence that are written at once where a loop has no sound.
const SILENCE: usize = 1_024;

/// A file that is open and ready to play.
pub struct Player {
    path: std::path::PathBuf,
    is_looping: bool,
    frame_rate: FrameRate,
    picture: Option<Picture>,
    sound: Option<Sound>,
    /// Of one loop, where the index tells it: a movie. Pure sound loops after its last sample.
    length: Option<TimeDelta>,
    format: SourceFormat,
    start: Option<Timestamp>,
}

enum Picture {
    Still(Option<VideoFrame>),
    Movie {
        track: Box<VideoTrack>,
        round: i64,
        is_done: bool,
        pushed: Option<Timestamp>,
    },
}

struct Sound {
    pcm: Box<dyn Pcm>,
    /// Frames since the start, all loops together, that have been written.
    cursor: i64,
    /// Where on that line the present round started, and which it is.
    round_start: i64,
    round: i64,
    state: Reading,
    buffer: Vec<f32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Sounding,
    /// This round's sound is over; silence until the next one starts.
    Padding,
    Done,
}

impl Player {
    /// Opens the file of `spec` and reads what is needed to know what it is. Notices go to `outlet`.
    ///
    /// # Errors
    /// That it cannot be read, is no media file, or is one that is not played; with the position.
    pub fn open(spec: &FileSpec, outlet: &Outlet) -> Result<Self, FileError> {
        Self::open_inner(spec, outlet).map_err(|fault| fault.of(&spec.path))
    }

    fn open_inner(spec: &FileSpec, outlet: &Outlet) -> Result<Self, Fault> {
        let (mut file, length, head) = look_at(&spec.path)?;
        let mut player = Self {
            path: spec.path.clone(),
            is_looping: spec.is_looping,
            frame_rate: outlet.context().frame_rate,
            picture: None,
            sound: None,
            length: None,
            format: SourceFormat::default(),
            start: None,
        };
        if still::is_still(&head) {
            let frame = still::read(file, outlet.pool())?;
            player.format.video = Some(SourceVideo::new(frame.width(), frame.height(), 0.0));
            player.picture = Some(Picture::Still(Some(frame)));
        } else if mp4::is_movie(&head) {
            let movie = mp4::read(&mut file, length)?;
            for notice in &movie.notices {
                outlet.notice(format!("{}: {notice}", spec.path.display()));
            }
            player.open_movie(movie, &file, outlet)?;
        } else {
            player.set_sound(pcm::open_sound_file(file, &spec.path)?)?;
        }
        Ok(player)
    }

    fn open_movie(&mut self, movie: mp4::Movie, file: &File, outlet: &Outlet) -> Result<(), Fault> {
        let tracks = [movie.video.as_ref(), movie.sound.as_ref()];
        let ends = tracks
            .into_iter()
            .flatten()
            .map(|track| TimeDelta::from_rate(track.duration, track.timescale));
        self.length = ends.max();
        if let Some(track) = movie.video {
            let track = Box::new(VideoTrack::open(track, file.try_clone()?, outlet.pool())?);
            self.format.video = Some(track.format());
            self.picture = Some(Picture::Movie {
                track,
                round: 0,
                is_done: false,
                pushed: None,
            });
        }
        if let Some(track) = movie.sound {
            match pcm::open_track(track, file.try_clone()?) {
                Ok(pcm) => self.set_sound(pcm)?,
                Err(fault) if self.picture.is_some() => {
                    outlet.notice(format!("{}: the sound is left out: {fault}", self.path.display()));
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    fn set_sound(&mut self, pcm: Box<dyn Pcm>) -> Result<(), Fault> {
        let (rate, channels) = pcm.format();
        if !super::resample::RATES.contains(&rate) || channels == 0 || usize::from(channels) > MAX_CHANNELS {
            return Err(Fault::unsupported(
                0,
                format!("sound with {channels} channels at {rate} Hz"),
            ));
        }
        self.format.audio = Some(SourceAudio::new(rate, channels));
        self.sound = Some(Sound {
            pcm,
            cursor: 0,
            round_start: 0,
            round: 0,
            state: Reading::Sounding,
            buffer: Vec::new(),
        });
        Ok(())
    }

    /// What is in the file.
    #[must_use]
    pub fn format(&self) -> SourceFormat {
        self.format
    }

    /// How long one loop lasts, where the file tells.
    #[must_use]
    pub fn length(&self) -> Option<TimeDelta> {
        self.length
    }

    fn advance_picture(&mut self, start: Timestamp, now: Timestamp, outlet: &mut Outlet) -> Result<(), Fault> {
        match &mut self.picture {
            Some(Picture::Still(frame)) => {
                if let Some(frame) = frame.take() {
                    outlet.push_video(frame.at(start));
                }
            }
            Some(Picture::Movie {
                track,
                round,
                is_done,
                pushed,
            }) => {
                let horizon = now + TimeDelta::from_millis(VIDEO_LEAD_MS);
                let length = self.length.unwrap_or_default();
                while !*is_done && pushed.is_none_or(|last| last <= horizon) && outlet.has_video_room(now) {
                    let begin = start + length * *round;
                    let mut sink = |frame: VideoFrame| {
                        *pushed = Some(frame.pts);
                        outlet.push_video(frame);
                    };
                    if track.step(begin, &mut sink)? {
                        continue;
                    }
                    if self.is_looping && length > TimeDelta::ZERO {
                        *round += 1;
                        track.rewind(&mut sink)?;
                    } else {
                        track.finish(&mut sink)?;
                        *is_done = true;
                    }
                }
            }
            None => {}
        }
        Ok(())
    }

    fn advance_sound(&mut self, start: Timestamp, now: Timestamp, outlet: &mut Outlet) -> Result<(), Fault> {
        let Some(sound) = &mut self.sound else { return Ok(()) };
        let (rate, channels) = sound.pcm.format();
        let horizon = now + TimeDelta::from_millis(SOUND_LEAD_MS);
        while sound.state != Reading::Done {
            let at = start + TimeDelta::from_rate(sound.cursor, rate);
            if at > horizon {
                break;
            }
            sound.fill(self.length, self.is_looping)?;
            if !sound.buffer.is_empty() {
                outlet.sound().write(at, rate, usize::from(channels), &sound.buffer);
                sound.cursor += (sound.buffer.len() / usize::from(channels)) as i64;
            }
        }
        Ok(())
    }

    /// Where on the studio clock all has been shown, once it is known that nothing more will come.
    fn end(&self, start: Timestamp) -> Option<Timestamp> {
        let picture_done = match &self.picture {
            Some(Picture::Still(_)) => return None,
            Some(Picture::Movie { is_done, .. }) => *is_done,
            None => true,
        };
        let sound_end = match &self.sound {
            Some(sound) if sound.state != Reading::Done => return None,
            Some(sound) => TimeDelta::from_rate(sound.cursor, sound.pcm.format().0),
            None => TimeDelta::ZERO,
        };
        picture_done.then(|| start + sound_end.max(self.length.unwrap_or_default()))
    }
}

impl Sound {
    /// Fills the buffer with what comes next on the line: sound, or silence up to the next round. May come back empty.
    fn fill(&mut self, length: Option<TimeDelta>, is_looping: bool) -> Result<(), Fault> {
        let (rate, channels) = self.pcm.format();
        let channels = usize::from(channels);
        // Rounded down from the exact time: rounds differ by a sample where the length is no whole number of them.
        let round_end = length.map(|length| (length * (self.round + 1)).to_rate(rate));
        self.buffer.clear();
        match self.state {
            Reading::Sounding => {
                // Sound may begin after the pictures.
                let delay = self.round_start + self.pcm.delay() - self.cursor;
                if delay > 0 {
                    let frames = usize::try_from(delay).unwrap_or(SILENCE).min(SILENCE);
                    self.buffer.resize(frames * channels, 0.0);
                } else if !self.pcm.read(&mut self.buffer)? {
                    self.state = Reading::Padding;
                }
            }
            Reading::Padding => {
                let missing = round_end.map_or(0, |end| end - self.cursor);
                let frames = usize::try_from(missing).unwrap_or(0).min(SILENCE);
                self.buffer.resize(frames * channels, 0.0);
                if frames == 0 && is_looping && self.cursor > self.round_start {
                    self.pcm.rewind()?;
                    self.round += 1;
                    self.round_start = self.cursor;
                    self.state = Reading::Sounding;
                } else if frames == 0 {
                    self.state = Reading::Done;
                }
            }
            Reading::Done => {}
        }
        // What reaches beyond the end of the round by a fraction of a sample is cut.
        if let Some(end) = round_end {
            let room = usize::try_from(end - self.cursor).unwrap_or(0) * channels;
            self.buffer.truncate(room);
        }
        Ok(())
    }
}

impl Paced for Player {
    fn advance(&mut self, now: Timestamp, outlet: &mut Outlet) -> Result<Progress, SourceError> {
        let start = match self.start {
            Some(start) => start,
            None => first_tick(self.frame_rate, now + TimeDelta::from_millis(START_LEAD_MS)),
        };
        let start = start + self.lateness(start, now);
        self.start = Some(start);
        outlet.set_format(self.format);
        let result = self
            .advance_picture(start, now, outlet)
            .and_then(|()| self.advance_sound(start, now, outlet));
        result.map_err(|fault| fault.of(&self.path))?;
        outlet.set_state(SourceState::Live);
        Ok(self.end(start).map_or(Progress::More, Progress::EndsAt))
    }
}

impl Player {
    /// How much the start has to move because nothing was decoded for long.
    fn lateness(&self, start: Timestamp, now: Timestamp) -> TimeDelta {
        let sound = self.sound.as_ref().filter(|sound| sound.state != Reading::Done);
        let heard = sound.map(|sound| start + TimeDelta::from_rate(sound.cursor, sound.pcm.format().0));
        let seen = match &self.picture {
            Some(Picture::Movie {
                pushed, is_done: false, ..
            }) => *pushed,
            _ => None,
        };
        let Some(reached) = heard.into_iter().chain(seen).min() else {
            return TimeDelta::ZERO;
        };
        let late = now - reached;
        if late > TimeDelta::from_millis(MAX_LATE_MS) {
            late + TimeDelta::from_millis(START_LEAD_MS)
        } else {
            TimeDelta::ZERO
        }
    }
}

/// The first program tick not before `at`; among the next few, one that also starts a block of sound, if there is one.
fn first_tick(rate: FrameRate, at: Timestamp) -> Timestamp {
    let first = rate.frame_at(at) + 1;
    (first..first + 3)
        .map(|index| rate.frame_time(index))
        .find(|time| time.to_48k() % 480 == 0 && Timestamp::from_48k(time.to_48k()) == *time)
        .unwrap_or_else(|| rate.frame_time(first))
}

/// Opens `path`: the file, its length and its first bytes.
fn look_at(path: &Path) -> Result<(File, u64, Vec<u8>), Fault> {
    // Before opening: to open a pipe would wait for its writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(Fault::NotAFile);
    }
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    if length == 0 {
        return Err(Fault::Empty);
    }
    let mut head = Vec::with_capacity(16);
    Read::by_ref(&mut file).take(16).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok((file, length, head))
}

/// Reads `size` bytes at `position` into `bytes`, without moving anybody else's place in the file.
fn read_at(file: &File, position: u64, size: usize, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    use std::os::unix::fs::FileExt;
    bytes.resize(size, 0);
    file.read_exact_at(bytes, position)
}
