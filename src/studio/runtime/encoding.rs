//! The encoder threads: frames and blocks in through short bounded queues, packets out to the [`Outlet`].

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::air::{Outgoing, PictureAir, SoundAir};
use super::ladder::Ladder;
use super::outlet::{Outlet, SOURCE, Sound};
use crate::encode::{AudioEncoder, EncodeError, VideoEncoder};
use crate::media::{AudioBlock, VideoFrame};

/// Frames that may wait for the encoder. A late picture is one that finds this many before it: it is skipped and counted,
/// since waiting longer would only turn a short stall into lasting delay.
///
/// A third of a second at 30 fps: what a busy machine takes away for a moment is made up for without a gap.
pub const FRAMES_WAITING: usize = 10;

/// Sound blocks that may wait: far more than ever should, a second of them.
pub const BLOCKS_WAITING: usize = 100;

/// Waits for what comes out of `queue` and gives it to `put`, but no longer than `wait`, after which something that is held is
/// due; `false` when the sender is gone and nothing is held any more.
fn fetch<T>(queue: &Receiver<T>, wait: Option<Duration>, put: impl FnOnce(T)) -> bool {
    let Some(wait) = wait else {
        return queue.recv().map(put).is_ok();
    };
    match queue.recv_timeout(wait) {
        Ok(item) => put(item),
        Err(RecvTimeoutError::Timeout) => {}
        // The last ones leave in their time, too.
        Err(RecvTimeoutError::Disconnected) => std::thread::sleep(wait),
    }
    true
}

/// The encoder of one line, and what was asked of it last.
pub struct LineEncoder {
    encoder: Box<dyn VideoEncoder>,
    line: usize,
    kbps: u32,
    faults: Faults,
}

impl LineEncoder {
    /// `encoder` for that line.
    #[must_use]
    pub fn new(encoder: Box<dyn VideoEncoder>, line: usize) -> Self {
        Self {
            kbps: encoder.config().bitrate_kbps,
            encoder,
            line,
            faults: Faults::default(),
        }
    }

    /// Encodes a picture by what `outlet` wants, and hands it on there.
    pub fn encode(&mut self, frame: &VideoFrame, outlet: &Outlet, report: &dyn Fn(String)) {
        let wanted = outlet.video_kbps(self.line);
        if wanted != self.kbps {
            let rate = self.encoder.rate().at(wanted);
            self.faults.note(self.encoder.set_rate(rate), report);
            self.kbps = wanted;
        }
        let start = Instant::now();
        let encoded = self.encoder.encode(frame, outlet.take_idr_wish(self.line));
        let counters = &outlet.counters;
        let is_source = self.line == SOURCE;
        if is_source {
            let took = u64::try_from(start.elapsed().as_micros()).unwrap_or(0);
            counters.encode_us.fetch_add(took, Ordering::Relaxed);
        }
        let skipped = if is_source {
            &counters.skipped_frames
        } else {
            &counters.ladder_skipped
        };
        match encoded {
            Ok(Some(packet)) => {
                if is_source {
                    counters.encoded_frames.fetch_add(1, Ordering::Relaxed);
                }
                outlet.offer_video(self.line, &packet);
                self.faults.recover();
            }
            Ok(None) => {
                skipped.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                skipped.fetch_add(1, Ordering::Relaxed);
                // What comes after a lost picture must not refer to it.
                outlet.want_idr(self.line);
                self.faults.note(Err(error), report);
            }
        }
    }
}

/// Encodes pictures until the sender is gone, each when and as `air` lets it out; the renditions get theirs through `ladder`.
pub fn encode_video(
    frames: &Receiver<Outgoing>,
    air: &mut PictureAir,
    encoder: &mut LineEncoder,
    ladder: &Ladder,
    outlet: &Arc<Outlet>,
    report: &dyn Fn(String),
) {
    loop {
        let Some(mut aired) = air.take(|line| line != SOURCE && outlet.is_wanted(line)) else {
            if fetch(frames, air.wait(), |picture| air.put(picture)) {
                continue;
            }
            return;
        };
        ladder.put(&mut aired, outlet);
        if let Some(frame) = aired[SOURCE].take().filter(|_| outlet.is_wanted(SOURCE)) {
            encoder.encode(&frame, outlet, report);
        }
    }
}

/// Encodes sound until the sender is gone, each block when and as `air` lets it out, by each of `encoders` that is wanted.
pub fn encode_sound(
    blocks: &Receiver<AudioBlock>,
    air: &mut SoundAir,
    encoders: &mut [(Sound, Box<dyn AudioEncoder>)],
    outlet: &Arc<Outlet>,
    report: &dyn Fn(String),
) {
    let mut faults = [Faults::default(), Faults::default()];
    loop {
        let Some(block) = air.take() else {
            if fetch(blocks, air.wait(), |block| air.put(&block)) {
                continue;
            }
            return;
        };
        for (sound, encoder) in encoders.iter_mut().filter(|(sound, _)| outlet.is_sound_wanted(*sound)) {
            let result = encoder.encode(&block, &mut |packet| outlet.offer_sound(*sound, &packet));
            let faults = &mut faults[*sound as usize];
            if result.is_ok() {
                faults.recover();
            }
            faults.note(result, report);
        }
    }
}

/// Says once that an encoder fails, not thirty times per second.
#[derive(Default)]
struct Faults {
    last: Option<EncodeError>,
}

impl Faults {
    fn note(&mut self, result: Result<(), EncodeError>, report: &dyn Fn(String)) {
        if let Err(error) = result
            && self.last.as_ref() != Some(&error)
        {
            report(error.to_string());
            self.last = Some(error);
        }
    }

    fn recover(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::sync_channel;

    use super::super::air::{FaceWatch, MaskPlan};
    use super::super::gate::{Gate, PictureGate, SoundGate};
    use super::super::outlet::LINES;
    use super::super::tap_loop::TapSlot;
    use super::*;
    use crate::clock::Clock;
    use crate::control::taps::Taps;
    use crate::encode::{AudioSettings, H264Encoder, VideoSettings, aac::AacEncoder};
    use crate::media::{FramePool, FrameRate, Plane, Rate, RateControl, TrackKind, VideoConfig, VideoFrame};

    /// Keeps what it is given.
    struct Keeper {
        config: VideoConfig,
        frames: Arc<Mutex<Vec<VideoFrame>>>,
    }

    impl VideoEncoder for Keeper {
        fn config(&self) -> &VideoConfig {
            &self.config
        }

        fn encode(&mut self, frame: &VideoFrame, _: bool) -> Result<Option<crate::media::Packet>, EncodeError> {
            self.frames.lock().unwrap().push(frame.clone());
            Ok(None)
        }

        fn set_rate(&mut self, _: Rate) -> Result<(), EncodeError> {
            Ok(())
        }

        fn rate(&self) -> Rate {
            Rate {
                control: RateControl::Constant,
                kbps: self.config.bitrate_kbps,
            }
        }

        fn set_frame_rate(&mut self, _: FrameRate) -> Result<(), EncodeError> {
            Ok(())
        }
    }

    #[test]
    fn no_picture_is_encoded_that_an_armed_check_has_not_seen() {
        let settings = VideoSettings {
            width: 64,
            height: 36,
            ..VideoSettings::default()
        };
        let config = H264Encoder::open(&settings).unwrap().config().clone();
        let kept = Arc::new(Mutex::new(Vec::new()));
        let keeper = Keeper {
            config,
            frames: Arc::clone(&kept),
        };
        let mut encoder = LineEncoder::new(Box::new(keeper), SOURCE);
        let gate = Arc::new(Gate::default());
        gate.arm("faces", TrackKind::Video);
        let rate = settings.frame_rate;
        gate.stamp("faces", TrackKind::Video, rate.frame_time(0), rate.frame_time(2));
        let (sender, frames) = sync_channel(8);
        let pool = FramePool::new();
        for tick in 0..5 {
            let mut frame = pool.frame(64, 36);
            frame.fill([235, 128, 128]);
            let frame = frame.freeze(rate.frame_time(tick));
            let levels = [0; LINES];
            sender.send(Outgoing { frame, levels }).unwrap();
        }
        drop(sender);
        let outlet = Arc::new(Outlet::new(&[1000]));
        outlet.want_for_test();
        let gate = PictureGate::new(gate, Arc::clone(&outlet), pool.clone(), Arc::new(|_, _| {}));
        let watch = Arc::new(FaceWatch::new(rate, MaskPlan::nothing()));
        let taps = Arc::new(TapSlot::new(Taps::default()));
        let mut air = PictureAir::new(Clock::start(), watch, gate, pool, taps, Arc::new(|_, _| {}));
        encode_video(&frames, &mut air, &mut encoder, &Ladder::default(), &outlet, &|_| {});
        let is_white = |frame: &VideoFrame| frame.plane(Plane::Y).iter().all(|luma| *luma == 235);
        let seen: Vec<bool> = kept.lock().unwrap().iter().map(is_white).collect();
        assert_eq!(seen, [true, true, true, false, false]);
    }

    #[test]
    fn no_sound_is_encoded_that_an_armed_check_has_not_heard() {
        struct Ear(AacEncoder, Arc<Mutex<Vec<bool>>>);
        impl AudioEncoder for Ear {
            fn config(&self) -> &crate::media::AudioConfig {
                self.0.config()
            }

            fn encode(
                &mut self,
                block: &AudioBlock,
                _: &mut dyn FnMut(crate::media::Packet),
            ) -> Result<(), EncodeError> {
                self.1.lock().unwrap().push(*block != AudioBlock::silence(block.pts));
                Ok(())
            }

            fn set_bitrate(&mut self, kbps: u32) -> Result<(), EncodeError> {
                self.0.set_bitrate(kbps)
            }

            fn finish(&mut self, sink: &mut dyn FnMut(crate::media::Packet)) -> Result<(), EncodeError> {
                self.0.finish(sink)
            }
        }
        let gate = Arc::new(Gate::default());
        gate.arm("words", TrackKind::Audio);
        gate.stamp(
            "words",
            TrackKind::Audio,
            AudioBlock::time_of(1),
            AudioBlock::time_of(2),
        );
        let (sender, blocks) = sync_channel(8);
        for index in 0..4 {
            let mut block = AudioBlock::silence(AudioBlock::time_of(index));
            block.channels[0].fill(0.5);
            sender.send(block).unwrap();
        }
        drop(sender);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Ear(AacEncoder::open(AudioSettings::default()).unwrap(), Arc::clone(&heard));
        let mut encoders = [(Sound::Aac, Box::new(ear) as Box<dyn AudioEncoder>)];
        let outlet = Arc::new(Outlet::new(&[1000]));
        outlet.want_for_test();
        let gate = SoundGate::new(gate, Arc::clone(&outlet), Arc::new(|_, _| {}));
        let watch = Arc::new(FaceWatch::new(FrameRate::whole(30), MaskPlan::nothing()));
        let mut air = SoundAir::new(Clock::start(), watch, gate);
        encode_sound(&blocks, &mut air, &mut encoders, &outlet, &|_| {});
        assert_eq!(*heard.lock().unwrap(), [false, true, true, false]);
    }
}
