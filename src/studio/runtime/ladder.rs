//! The ladder's threads: one per rendition beside the source, each with an encoder of its own while somebody takes it.
//!
//! Pictures come as they may be seen, masks and all, and are scaled into memory that the rendition's own worker reads. The first
//! picture opens the encoder; when none has come for a while the encoder, its workers and their memory go, so a rendition
//! that nobody watches costs a sleeping thread.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use super::air::Aired;
use super::line::{FRAMES_WAITING, LineEncoder, Open, PAUSE};
use super::outlet::Outlet;
use crate::encode::{EncodeError, VideoSettings};
use crate::media::VideoFrame;
use crate::worker::{self, WorkerState};

/// How long an encoder waits for the next viewer before it goes: a page that is loaded anew is back sooner.
const LINGER: Duration = Duration::from_secs(10);

/// The way of pictures to the renditions.
#[derive(Default)]
pub struct Ladder {
    /// Line 1 first.
    lines: Vec<SyncSender<VideoFrame>>,
}

impl Ladder {
    /// One more line; its thread takes pictures from what is returned.
    pub fn add(&mut self) -> (usize, Receiver<VideoFrame>) {
        let (sender, frames) = sync_channel(FRAMES_WAITING);
        self.lines.push(sender);
        (self.lines.len(), frames)
    }

    /// Hands each line its picture. One that is late skips it, and that is counted.
    pub fn put(&self, aired: &mut Aired, outlet: &Outlet) {
        for (line, sender) in self.lines.iter().enumerate() {
            let Some(frame) = aired[line + 1].take() else { continue };
            if let Err(TrySendError::Full(_)) = sender.try_send(frame) {
                outlet.counters.ladder_skipped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// What a rendition's thread works with.
pub struct Rendition {
    /// Its line.
    pub line: usize,
    /// Where its packets go.
    pub outlet: Arc<Outlet>,
    /// As the scene file has it.
    pub settings: VideoSettings,
    /// Makes its encoder.
    pub open: Open,
    /// Where it is told that the worker rests.
    pub report: worker::Reporter,
    /// Where an encoder's failure is told.
    pub fail: Arc<dyn Fn(String) + Send + Sync>,
}

impl Rendition {
    /// Encodes pictures until their sender is gone.
    pub fn run(self, frames: &Receiver<VideoFrame>) {
        let mut running: Option<LineEncoder> = None;
        let mut not_before: Option<Instant> = None;
        loop {
            let frame = match frames.recv_timeout(LINGER) {
                Ok(frame) => frame,
                Err(RecvTimeoutError::Timeout) => {
                    if running.take().is_some() {
                        (self.report)(worker::Report::State(WorkerState::Resting, None));
                    }
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if running.is_none() && not_before.is_none_or(|until| Instant::now() >= until) {
                match self.start() {
                    Ok(started) => running = Some(started),
                    Err(error) => {
                        (self.fail)(error.to_string());
                        not_before = Some(Instant::now() + PAUSE);
                    }
                }
            }
            if let Some(running) = &mut running {
                running.encode(frame, &self.outlet, &*self.fail);
            }
        }
    }

    fn start(&self) -> Result<LineEncoder, EncodeError> {
        let opened = (self.open)(&self.settings)?;
        self.outlet.configure(self.line, opened.config());
        self.outlet.want_idr(self.line);
        Ok(LineEncoder::new(
            opened,
            self.line,
            self.settings.clone(),
            Arc::clone(&self.open),
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::encode::H264Encoder;
    use crate::media::h264::Sps;
    use crate::media::{FramePool, FrameRate, Packet, VideoConfig};
    use crate::studio::runtime::line::Opened;
    use crate::studio::runtime::outlet::{Taker, Track};
    use crate::worker::arena::Arena;

    #[derive(Default)]
    struct Viewer {
        packets: Mutex<Vec<Packet>>,
        configs: Mutex<Vec<VideoConfig>>,
    }

    impl Taker for Viewer {
        fn take(&self, track: Track, packet: &Packet) {
            assert_eq!(track, Track::Video(1));
            self.packets.lock().unwrap().push(packet.clone());
        }
        fn configure(&self, line: usize, config: &VideoConfig) {
            assert_eq!(line, 1);
            self.configs.lock().unwrap().push(config.clone());
        }
        fn configure_sound(&self, _: &crate::media::AudioConfig) {}
        fn wants(&self, track: Track) -> bool {
            track == Track::Video(1)
        }
    }

    fn frame(tick: i64) -> VideoFrame {
        let mut frame = FramePool::new().frame(320, 180);
        frame.fill([90, 128, 128]);
        frame.freeze(FrameRate::whole(30).frame_time(tick))
    }

    fn settings() -> VideoSettings {
        VideoSettings {
            width: 160,
            height: 90,
            bitrate_kbps: 200,
            ..VideoSettings::default()
        }
    }

    #[test]
    fn a_rendition_is_scaled_configured_and_begins_with_an_idr() {
        let (outlet, viewer) = (Arc::new(Outlet::at_kbps(&[1000, 200])), Arc::new(Viewer::default()));
        outlet.attach("viewer", Arc::clone(&viewer) as Arc<dyn Taker>);
        let mut ladder = Ladder::default();
        let (line, frames) = ladder.add();
        for tick in 0..4 {
            let mut aired = Aired::default();
            (aired[0], aired[1]) = (Some(frame(tick)), Some(frame(tick)));
            ladder.put(&mut aired, &outlet);
            assert!(aired[0].is_some() && aired[1].is_none());
        }
        drop(ladder);
        let open: Open = Arc::new(|settings| {
            let arena = Arena::new(160, 90, 8).unwrap();
            Ok(Opened::scaled(Box::new(H264Encoder::open(settings).unwrap()), &arena))
        });
        let rendition = Rendition {
            line,
            outlet,
            settings: settings(),
            open,
            report: Arc::new(|_| {}),
            fail: Arc::new(|error| panic!("{error}")),
        };
        rendition.run(&frames);
        let packets = viewer.packets.lock().unwrap();
        let shape = packets
            .iter()
            .map(|packet| (packet.is_idr, packet.pts))
            .collect::<Vec<_>>();
        let rate = FrameRate::whole(30);
        let expected = [(true, 0), (false, 1), (false, 2), (false, 3)];
        assert_eq!(shape, expected.map(|(is_idr, tick)| (is_idr, rate.frame_time(tick))));
        let config = &viewer.configs.lock().unwrap()[0];
        let sps = Sps::parse(&config.sps).unwrap();
        assert_eq!((sps.width, sps.height), (160, 90));
    }

    #[test]
    fn a_line_that_is_late_skips_pictures_and_counts_them() {
        let outlet = Outlet::at_kbps(&[1000, 200]);
        let mut ladder = Ladder::default();
        let (_, frames) = ladder.add();
        for tick in 0..FRAMES_WAITING as i64 + 3 {
            let mut aired = Aired::default();
            aired[1] = Some(frame(tick));
            ladder.put(&mut aired, &outlet);
        }
        assert_eq!(outlet.counters.ladder_skipped.load(Ordering::Relaxed), 3);
        assert_eq!(frames.iter().take(FRAMES_WAITING).count(), FRAMES_WAITING);
    }

    #[test]
    fn an_encoder_that_does_not_open_is_told_once_and_the_thread_lives() {
        let mut ladder = Ladder::default();
        let (line, frames) = ladder.add();
        let outlet = Arc::new(Outlet::at_kbps(&[1000, 200]));
        for tick in 0..5 {
            let mut aired = Aired::default();
            aired[1] = Some(frame(tick));
            ladder.put(&mut aired, &outlet);
        }
        drop(ladder);
        let told = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&told);
        let rendition = Rendition {
            line,
            outlet,
            settings: settings(),
            open: Arc::new(|_| Err(EncodeError::Worker("no memory".to_owned()))),
            report: Arc::new(|_| {}),
            fail: Arc::new(move |error| list.lock().unwrap().push(error)),
        };
        rendition.run(&frames);
        assert_eq!(*told.lock().unwrap(), ["the encoder worker: no memory"]);
    }
}
