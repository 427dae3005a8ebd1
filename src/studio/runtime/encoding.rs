//! The encoder threads: frames and blocks in through short bounded queues, packets out to the [`Outlet`].

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::air::{Mixed, Outgoing, PictureAir, SoundAir};
use super::ladder::Ladder;
use super::line::{Faults, LineEncoder};
use super::outlet::{Outlet, SOURCE, Sound};
use crate::encode::AudioEncoder;

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
            encoder.encode(frame, outlet, report);
        }
    }
}

/// Encodes sound until the sender is gone, each block when and as `air` lets it out, by each of `encoders` that is wanted.
pub fn encode_sound(
    blocks: &Receiver<Mixed>,
    air: &mut SoundAir,
    encoders: &mut [(Sound, Box<dyn AudioEncoder>)],
    outlet: &Arc<Outlet>,
    report: &dyn Fn(String),
) {
    let mut faults = [Faults::default(), Faults::default()];
    let mut set = outlet.sound_target();
    loop {
        let Some(block) = air.take() else {
            if fetch(blocks, air.wait(), |block| air.put(&block)) {
                continue;
            }
            return;
        };
        let wanted = outlet.sound_target();
        if wanted != set {
            set = wanted;
            for (sound, encoder) in encoders.iter_mut() {
                faults[*sound as usize].note(encoder.set_audio(wanted), report);
            }
        }
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::sync_channel;

    use super::super::air::{FaceWatch, MaskPlan};
    use super::super::gate::{Gate, PictureGate, SoundGate};
    use super::super::line::{Open, Opened};
    use super::super::outlet::LINES;
    use super::super::tap_loop::TapSlot;
    use super::*;
    use crate::clock::Clock;
    use crate::control::taps::Taps;
    use crate::encode::{AudioSettings, EncodeError, H264Encoder, VideoEncoder, VideoSettings, aac::AacEncoder};
    use crate::media::{
        AudioBlock, FramePool, FrameRate, Plane, Rate, RateControl, TrackKind, VideoConfig, VideoFrame,
    };

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
        let open: Open = Arc::new(|_| Err(EncodeError::Worker("one is enough".to_owned())));
        let opened = Opened::as_they_come(Box::new(keeper));
        let mut encoder = LineEncoder::new(opened, SOURCE, settings.clone(), open);
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
        let outlet = Arc::new(Outlet::at_kbps(&[1000]));
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
            sender.send(Mixed { block, strips: 1 }).unwrap();
        }
        drop(sender);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Ear(AacEncoder::open(AudioSettings::default()).unwrap(), Arc::clone(&heard));
        let mut encoders = [(Sound::Aac, Box::new(ear) as Box<dyn AudioEncoder>)];
        let outlet = Arc::new(Outlet::at_kbps(&[1000]));
        outlet.want_for_test();
        let gate = SoundGate::new(gate, Arc::clone(&outlet), Arc::new(|_, _| {}));
        let watch = Arc::new(FaceWatch::new(FrameRate::whole(30), MaskPlan::nothing()));
        let mut air = SoundAir::new(Clock::start(), watch, gate, Arc::clone(outlet.holding()));
        encode_sound(&blocks, &mut air, &mut encoders, &outlet, &|_| {});
        assert_eq!(*heard.lock().unwrap(), [false, true, true, false]);
    }
}
