//! AAC whose sample rate and channels change while it is on air.
//!
//! A bitrate is changed inside the encoder, without a seam. Another rate or channel count is another encoder, whose frames lie on
//! another grid of time. So for a while both are fed, and the packets of the old one end where packets of the new one begin:
//!
//! ```text
//! asked for      S: the new one is opened            E: the old one's frame ends, the new one's begins
//!     │          │                                   │
//! ────┴─old──────┴───────────────────────────╲ fade  │
//!                 (new, not sent)────────────────────┴─new───────────
//! ```
//! `S` is a block of the next second such that the two grids meet within a millisecond at `E` ([`plan`]): no time is told
//! twice, and none is left out but what is shorter than that.
//!
//! A decoder that is told of another AudioSpecificConfig begins with nothing in its overlap, so the first frame of the new encoder
//! rises from silence within its 1024 samples, as for any listener who joins. Full level that falls to nothing in one sample is a
//! click; therefore the old encoder's sound is faded out over the last milliseconds before `E`, and is silence after it: a decoder
//! that does keep its overlap has nothing left to add.

use super::aac::{AacEncoder, FRAME_SAMPLES};
use super::{AudioEncoder, AudioRate, AudioSettings, Channels, EncodeError};
use crate::media::{AudioBlock, AudioConfig, BLOCK_FRAMES, Packet, SAMPLE_RATE, TimeDelta, Timestamp};

/// Over how many samples at 48 kHz the old encoder's sound is faded out: 5 ms.
const FADE: i64 = 240;

/// How many blocks ahead a meeting of the two grids is looked for.
const HORIZON: i64 = 100;

/// The new encoder's frames before the one that is sent first: they fill what that one overlaps with.
const LEAD_FRAMES: std::ops::RangeInclusive<i64> = 2..=3;

/// A jump of time beyond which encoders start anew, as in `timeline`.
const MAX_GAP: i64 = SAMPLE_RATE as i64;

/// Who is told the config of the packets that follow.
type Announce = Box<dyn FnMut(&AudioConfig) + Send>;

/// An AAC encoder that can become another one.
pub struct SwitchingAac {
    current: Track,
    /// What it is becoming.
    change: Option<Change>,
    /// What it is to become after that.
    waiting: Option<Track>,
    /// Where the next block is expected, at 48 kHz.
    next_in: Option<i64>,
    announce: Announce,
}

/// An encoder on its grid of time.
struct Track {
    encoder: AacEncoder,
    sample_rate: AudioRate,
    channels: Channels,
    /// When what it has put out of this stretch ends.
    end: Option<Timestamp>,
}

/// A change under way.
struct Change {
    to: Track,
    meeting: Meeting,
    /// Packets of the new encoder from the meeting on.
    held: Vec<Packet>,
}

/// Where two grids of frames meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Meeting {
    /// The first block that the new encoder is given.
    start: Timestamp,
    /// The end of the old encoder's last packet; the new one's first begins then, or less than a frame later.
    end: Timestamp,
}

impl SwitchingAac {
    /// Opens the encoder. `announce` is called whenever the config is another one, in the call that gives the first packet of the
    /// new one and before it; not for the first config, which [`config`](AudioEncoder::config) tells, nor for a bitrate.
    ///
    /// # Errors
    /// As [`AacEncoder::open`].
    pub fn open(
        settings: AudioSettings,
        announce: impl FnMut(&AudioConfig) + Send + 'static,
    ) -> Result<Self, EncodeError> {
        Ok(Self {
            current: Track::open(settings)?,
            change: None,
            waiting: None,
            next_in: None,
            announce: Box::new(announce),
        })
    }

    /// What it will be when all that was asked for is done.
    #[must_use]
    pub fn settings(&self) -> AudioSettings {
        let becoming = self.change.as_ref().map(|change| &change.to);
        self.waiting.as_ref().or(becoming).unwrap_or(&self.current).settings()
    }

    /// Begins the change that waits, as soon as there is a grid of frames that it can be fitted to.
    fn begin(&mut self, at: Timestamp) {
        if self.change.is_some() || (self.next_in.is_some() && self.current.end.is_none()) {
            return;
        }
        let Some(to) = self.waiting.take() else { return };
        if let Some(end) = self.current.end {
            self.change = Some(Change {
                meeting: plan(at, end, self.current.sample_rate, to.sample_rate),
                to,
                held: Vec::new(),
            });
        } else {
            // There is nothing to be continued.
            self.current = to;
            (self.announce)(self.current.encoder.config());
        }
    }

    /// Makes the new encoder the only one, and hands out what was held for this moment.
    fn complete(&mut self, sink: &mut dyn FnMut(Packet)) {
        if let Some(change) = self.change.take() {
            self.current = change.to;
            (self.announce)(self.current.encoder.config());
            change.held.into_iter().for_each(sink);
        }
    }

    /// Codes what is left, and breaks a change off: from here on there is only the new encoder.
    fn code_rest(&mut self, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError> {
        let result = match &mut self.change {
            None => self.current.encoder.finish(sink),
            Some(change) => {
                // What the new one has heard from the meeting on is its to say.
                let start = change.meeting.start.to_48k();
                let until = self.next_in.filter(|next| *next > start).map(|_| change.meeting.end);
                let old = self.current.encoder.finish(&mut |packet| {
                    if until.is_none_or(|until| packet.pts < until) {
                        sink(packet);
                    }
                });
                let new = change.code(|encoder, sink| encoder.finish(sink));
                self.complete(sink);
                old.and(new)
            }
        };
        self.current.end = None;
        result
    }

    /// Gives a block to both encoders of a change, if there is one.
    fn encode_both(&mut self, block: &AudioBlock, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError> {
        let Some(change) = &mut self.change else {
            return self.current.encode(block, sink);
        };
        let end = change.meeting.end;
        let quieter = faded(block, end);
        let old = self.current.encode(quieter.as_ref().unwrap_or(block), &mut |packet| {
            if packet.pts < end {
                sink(packet);
            }
        });
        let new = if block.pts >= change.meeting.start {
            change.code(|encoder, sink| encoder.encode(block, sink))
        } else {
            Ok(())
        };
        let is_said = self.current.end.is_some_and(|reached| reached >= end);
        if is_said && !change.held.is_empty() {
            self.complete(sink);
        }
        old.and(new)
    }
}

impl AudioEncoder for SwitchingAac {
    /// Of the packets that were handed out last.
    fn config(&self) -> &AudioConfig {
        self.current.encoder.config()
    }

    fn encode(&mut self, block: &AudioBlock, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError> {
        let at = block.pts.to_48k();
        let is_jump = self.next_in.is_some_and(|next| (at - next).abs() > MAX_GAP);
        let rest = if is_jump {
            // The grids begin anew behind the jump, and so may the new encoder.
            let rest = self.code_rest(sink);
            self.next_in = None;
            rest
        } else {
            Ok(())
        };
        self.begin(block.pts);
        let coded = self.encode_both(block, sink);
        let next = at + BLOCK_FRAMES as i64;
        self.next_in = Some(self.next_in.map_or(next, |known| known.max(next)));
        rest.and(coded)
    }

    /// Of what is on air and of all that it is to become.
    fn set_bitrate(&mut self, kbps: u32) -> Result<(), EncodeError> {
        let becoming = self.change.as_mut().map(|change| &mut change.to);
        let tracks = [Some(&mut self.current), becoming, self.waiting.as_mut()];
        tracks
            .into_iter()
            .flatten()
            .try_for_each(|track| track.encoder.set_bitrate(kbps))
    }

    fn set_audio(&mut self, settings: AudioSettings) -> Result<(), EncodeError> {
        let becoming = self.change.as_mut().map(|change| &mut change.to);
        let last = becoming.unwrap_or(&mut self.current);
        if last.is_like(settings) {
            self.waiting = None;
            return last.encoder.set_bitrate(settings.bitrate_kbps);
        }
        self.waiting = Some(Track::open(settings)?);
        Ok(())
    }

    fn finish(&mut self, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError> {
        let result = self.code_rest(sink);
        self.next_in = None;
        result
    }
}

impl Track {
    fn open(settings: AudioSettings) -> Result<Self, EncodeError> {
        Ok(Self {
            encoder: AacEncoder::open(settings)?,
            sample_rate: settings.sample_rate,
            channels: settings.channels,
            end: None,
        })
    }

    fn settings(&self) -> AudioSettings {
        AudioSettings {
            bitrate_kbps: self.encoder.config().bitrate_kbps,
            sample_rate: self.sample_rate,
            channels: self.channels,
        }
    }

    /// Whether only the bitrate is another one.
    fn is_like(&self, settings: AudioSettings) -> bool {
        (self.sample_rate, self.channels) == (settings.sample_rate, settings.channels)
    }

    fn encode(&mut self, block: &AudioBlock, sink: &mut dyn FnMut(Packet)) -> Result<(), EncodeError> {
        let frame = frame(self.sample_rate);
        let end = &mut self.end;
        self.encoder.encode(block, &mut |packet| {
            *end = Some(packet.pts + frame);
            sink(packet);
        })
    }
}

impl Change {
    /// Has the new encoder code something, and holds what it says from the meeting on.
    fn code(
        &mut self,
        code: impl FnOnce(&mut AacEncoder, &mut dyn FnMut(Packet)) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let Self { to, meeting, held } = self;
        let frame = frame(to.sample_rate);
        code(&mut to.encoder, &mut |packet| {
            to.end = Some(packet.pts + frame);
            if packet.pts >= meeting.end {
                held.push(packet);
            }
        })
    }
}

fn frame(rate: AudioRate) -> TimeDelta {
    TimeDelta::from_rate(FRAME_SAMPLES as i64, rate.hz())
}

/// Where frames at rate `to`, counted from one of the blocks from `at` on, meet those at rate `from`, of which one ends at `end`: the
/// first place where less than a millisecond is between them, and else the best one.
fn plan(at: Timestamp, end: Timestamp, from: AudioRate, to: AudioRate) -> Meeting {
    let (old, new) = (frame(from), frame(to));
    let meetings = (0..HORIZON).flat_map(|blocks| {
        let start = at + AudioBlock::duration() * blocks;
        LEAD_FRAMES.map(move |frames| {
            let begins = start + new * frames;
            let ends = end + old * whole_frames(begins - end, old);
            (begins - ends, Meeting { start, end: ends })
        })
    });
    let near = TimeDelta::from_millis(1);
    let mut best: Option<(TimeDelta, Meeting)> = None;
    for (gap, meeting) in meetings {
        if best.is_none_or(|(smallest, _)| gap < smallest) {
            best = Some((gap, meeting));
        }
        if gap < near {
            break;
        }
    }
    best.map_or(Meeting { start: at, end }, |(_, meeting)| meeting)
}

/// How many frames fit into that time, rounded down.
fn whole_frames(time: TimeDelta, frame: TimeDelta) -> i64 {
    // Both are whole numbers of flicks, which this rate is one of.
    const FLICKS: u32 = 705_600_000;
    time.to_rate(FLICKS).div_euclid(frame.to_rate(FLICKS).max(1))
}

/// The block as the old encoder hears it: silent from `end` on, and on the way there over the last milliseconds before. `None` where
/// that is the block as it is.
fn faded(block: &AudioBlock, end: Timestamp) -> Option<AudioBlock> {
    let left = end.to_48k() - block.pts.to_48k();
    if left >= FADE + BLOCK_FRAMES as i64 {
        return None;
    }
    let mut quieter = *block;
    for channel in &mut quieter.channels {
        for (at, sample) in channel.iter_mut().enumerate() {
            let share = (left - at as i64).clamp(0, FADE) as f32 / FADE as f32;
            // Without corners at either end.
            *sample *= 0.5 - 0.5 * (std::f32::consts::PI * share).cos();
        }
    }
    Some(quieter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATES: [AudioRate; 2] = [AudioRate::Hz44100, AudioRate::Hz48000];

    proptest! {
        #[test]
        fn grids_meet_within_a_millisecond_and_soon(
            block in 0i64..10_000_000,
            stretch in 0i64..5000,
            frames in 0i64..100_000,
            pick in (0usize..2, 0usize..2),
        ) {
            let (from, to) = (RATES[pick.0], RATES[pick.1]);
            let at = AudioBlock::time_of(block + stretch);
            // The end of a frame of a stretch that began with some block, up to the encoder's delay ago.
            let began = AudioBlock::time_of(block);
            let said = whole_frames(at - began, frame(from)).min(frames);
            let end = began + frame(from) * said;
            let meeting = plan(at, end, from, to);
            prop_assert_eq!(whole_frames(meeting.end - end, frame(from)) , (meeting.end - end).ratio(frame(from)).round() as i64);
            let begins = meeting.start + frame(to) * (whole_frames(meeting.end - meeting.start - TimeDelta::from_rate(1, 705_600_000), frame(to)) + 1);
            let gap = begins - meeting.end;
            prop_assert!(gap >= TimeDelta::ZERO && gap < TimeDelta::from_millis(1), "{} µs", gap.to_rate(1_000_000));
            // Late enough for the fade, and soon enough for whoever asked.
            prop_assert!(meeting.end - at > TimeDelta::from_rate(FADE, SAMPLE_RATE));
            prop_assert!(meeting.end - at < TimeDelta::from_millis(1100), "{} ms", (meeting.end - at).to_millis());
        }
    }

    #[test]
    fn the_old_sound_is_gone_when_the_new_one_begins() {
        let mut block = AudioBlock::silence(AudioBlock::time_of(7));
        block.channels = [[1.0; BLOCK_FRAMES]; 2];
        let end = |samples: i64| block.pts + TimeDelta::from_rate(samples, SAMPLE_RATE);
        assert_eq!(faded(&block, end(720)), None, "it ends 5 ms after the block");
        let before = faded(&block, end(0)).unwrap();
        assert_eq!(before, AudioBlock::silence(block.pts));
        let inside = faded(&block, end(300)).unwrap().channels[1];
        assert!((inside[59] - 1.0).abs() < 1e-6 && (inside[180] - 0.5).abs() < 0.01);
        assert!(inside[300..].iter().all(|sample| *sample == 0.0));
        assert!(
            inside
                .windows(2)
                .all(|pair| pair[1] <= pair[0] && pair[0] - pair[1] < 0.01)
        );
    }
}
