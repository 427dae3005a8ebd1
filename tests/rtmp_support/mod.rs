//! What the RTMP tests share: media made by ffmpeg, destinations whose reports can be waited for, peers that may be missing.
#![allow(dead_code)]

#[path = "../common/peers.rs"]
mod peers;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use rigcast::clock::Clock;
use rigcast::media::h264::parse_avc_decoder_configuration_record;
use rigcast::media::{AudioCodec, AudioConfig, FrameRate, Packet, TimeDelta, Timestamp, TrackKind, VideoConfig};
use rigcast::publish::{
    self, DestinationHandle, DestinationReport, DestinationSpec, DestinationState, DestinationStats, StreamConfig,
    TrackChange,
};
use rigcast::secret::SecretUrl;
use rigcast::wire::flv::{AudioBody, TagKind, VideoBody, parse_audio, parse_video, tags};
use tokio::sync::mpsc;

#[allow(unused_imports, reason = "each test binary uses its own part")]
pub use peers::{free_port, peer, skip};

/// Encoded media to publish.
pub struct Clip {
    pub config: StreamConfig,
    pub packets: Vec<Packet>,
}

impl Clip {
    /// `seconds` of a test picture (320×180, 30 per second, an IDR per second) and a tone, encoded by ffmpeg and read by our
    /// FLV reader.
    pub fn make(folder: &Path, seconds: u32) -> Self {
        Self::make_as(folder, seconds, (320, 180), 48_000)
    }

    /// The same in another size, with sound at another rate.
    pub fn make_as(folder: &Path, seconds: u32, (width, height): (u32, u32), sample_rate: u32) -> Self {
        let file = folder.join("clip.flv");
        let size = format!("testsrc2=size={width}x{height}:rate=30:duration={seconds}");
        let tone = format!("sine=frequency=440:sample_rate={sample_rate}:duration={seconds}");
        let status = Command::new("ffmpeg")
            .args([
                "-v", "error", "-y", "-f", "lavfi", "-i", &size, "-f", "lavfi", "-i", &tone,
            ])
            .args([
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
                "-tune",
                "zerolatency",
                "-g",
                "30",
                "-pix_fmt",
                "yuv420p",
            ])
            .args(["-c:a", "aac", "-ac", "2", "-b:a", "96k"])
            .arg(&file)
            .status()
            .unwrap();
        assert!(status.success());
        let mut clip = Self::read(&std::fs::read(file).unwrap());
        if let (Some(video), Some(audio)) = (&mut clip.config.video, &mut clip.config.audio) {
            (video.width, video.height) = (width, height);
            audio.sample_rate = sample_rate;
        }
        clip
    }

    fn read(flv: &[u8]) -> Self {
        let mut config = StreamConfig {
            video: None,
            audio: None,
            opus: None,
        };
        let mut packets = Vec::new();
        for tag in tags(flv) {
            let tag = tag.unwrap();
            let packet = |track, is_idr, composition, data: &[u8]| Packet {
                track,
                pts: tag.timestamp + composition,
                dts: tag.timestamp,
                is_idr,
                data: Bytes::copy_from_slice(data),
            };
            match tag.kind {
                TagKind::Video => match parse_video(tag.body).unwrap() {
                    VideoBody::SequenceHeader(record) => {
                        let sets = parse_avc_decoder_configuration_record(record).unwrap();
                        config.video = Some(VideoConfig {
                            width: 320,
                            height: 180,
                            frame_rate: FrameRate::whole(30),
                            sps: Bytes::copy_from_slice(sets.sps[0]),
                            pps: Bytes::copy_from_slice(sets.pps[0]),
                            bitrate_kbps: 500,
                        });
                    }
                    VideoBody::AccessUnit {
                        is_idr,
                        composition,
                        data,
                    } => {
                        packets.push(packet(TrackKind::Video, is_idr, composition, data));
                    }
                    VideoBody::EndOfSequence => {}
                },
                TagKind::Audio => match parse_audio(tag.body).unwrap() {
                    AudioBody::SequenceHeader(asc) => {
                        config.audio = Some(AudioConfig {
                            codec: AudioCodec::Aac {
                                asc: Bytes::copy_from_slice(asc),
                            },
                            sample_rate: 48_000,
                            channels: 2,
                            bitrate_kbps: 96,
                        });
                    }
                    AudioBody::Block(data) => packets.push(packet(TrackKind::Audio, true, TimeDelta::ZERO, data)),
                },
                TagKind::Script => {}
            }
        }
        assert!(config.video.is_some() && config.audio.is_some());
        Self { config, packets }
    }

    /// Three seconds without any encoder, for servers that do not look inside slices: 30 pictures per second with an IDR
    /// per second and `bytes` each, and sound.
    pub fn synthetic(bytes: usize) -> Self {
        let mut packets = Vec::new();
        for index in 0..90 {
            let at = FrameRate::whole(30).frame_time(index);
            let video = Packet {
                track: TrackKind::Video,
                pts: at,
                dts: at,
                is_idr: index % 30 == 0,
                data: Bytes::from(slice(index as u8, bytes)),
            };
            packets.push(Packet {
                track: TrackKind::Audio,
                is_idr: true,
                data: Bytes::from(vec![0; 200]),
                ..video.clone()
            });
            packets.push(video);
        }
        let config = StreamConfig {
            video: Some(VideoConfig {
                width: 320,
                height: 180,
                frame_rate: FrameRate::whole(30),
                sps: Bytes::from_static(&[0x67, 66, 0, 30]),
                pps: Bytes::from_static(&[0x68, 1]),
                bitrate_kbps: 500,
            }),
            audio: None,
            opus: None,
        };
        Self { config, packets }
    }

    /// What a decoder of it must be told.
    pub fn changes(&self) -> impl Iterator<Item = TrackChange> {
        let video = self.config.video.clone().map(TrackChange::Video);
        let audio = self.config.audio.clone().map(TrackChange::Audio);
        video.into_iter().chain(audio)
    }

    /// The packets again and again, for as long as anyone likes, with times that go on.
    fn forever(&self) -> impl Iterator<Item = Packet> + use<> {
        let packets = self.packets.clone();
        let length = self.length();
        (0..).flat_map(move |round| {
            packets.clone().into_iter().map(move |mut packet| {
                packet.pts += length * round;
                packet.dts += length * round;
                packet
            })
        })
    }

    /// Whole pictures, so that a loop has no gap.
    pub fn length(&self) -> TimeDelta {
        let last = self.packets.iter().map(|packet| packet.dts).max().unwrap();
        FrameRate::whole(30).frame_time(FrameRate::whole(30).frame_at(last) + 1) - Timestamp::ZERO
    }
}

/// One NAL unit of `bytes` behind its length: a slice that begins its picture, as far as anyone looks.
fn slice(number: u8, bytes: usize) -> Vec<u8> {
    let mut data = vec![number; 4 + bytes];
    data[..4].copy_from_slice(&u32::try_from(bytes).unwrap().to_be_bytes());
    data[4] = if number.is_multiple_of(30) { 0x65 } else { 0x41 };
    data[5] = 0x88;
    data
}

/// A destination that is fed in real time, and its reports.
pub struct Show {
    pub handle: std::sync::Arc<DestinationHandle>,
    pub reports: mpsc::UnboundedReceiver<DestinationReport>,
    pub stats: DestinationStats,
    pub clock: Clock,
    feeder: tokio::task::JoinHandle<()>,
}

/// What a feeder does next.
pub enum Step {
    Offer(Packet),
    Configure(TrackChange),
}

impl Show {
    pub fn start(spec: DestinationSpec, clip: &Clip) -> Self {
        Self::feed(spec, &clip.config, clip.forever().map(Step::Offer))
    }

    /// Packets and changes in turn, each packet at its time.
    pub fn feed(
        spec: DestinationSpec,
        config: &StreamConfig,
        steps: impl Iterator<Item = Step> + Send + 'static,
    ) -> Self {
        let clock = Clock::start();
        let (sender, reports) = mpsc::unbounded_channel();
        let report = move |report| {
            let _ = sender.send(report);
        };
        let handle = std::sync::Arc::new(publish::start(spec, config.clone(), clock, report));
        let feeder = tokio::spawn({
            let handle = std::sync::Arc::clone(&handle);
            async move {
                for step in steps {
                    let packet = match step {
                        Step::Offer(packet) => packet,
                        Step::Configure(change) => {
                            handle.configure(&change);
                            continue;
                        }
                    };
                    tokio::time::sleep_until(clock.instant_of(packet.dts).into()).await;
                    let before = std::time::Instant::now();
                    handle.offer(&packet);
                    // It may lose the processor, but must not wait for a server.
                    assert!(before.elapsed() < Duration::from_secs(2), "offer blocked");
                }
            }
        });
        Self {
            handle,
            reports,
            stats: DestinationStats::default(),
            clock,
            feeder,
        }
    }

    /// Waits for a state, for at most `seconds`; gives when it was reported.
    pub async fn state(&mut self, seconds: u64, is_it: impl Fn(&DestinationState) -> bool) -> DestinationState {
        self.until(seconds, |report, _| match report {
            DestinationReport::State(state) if is_it(state) => Some(state.clone()),
            _ => None,
        })
        .await
    }

    pub async fn live(&mut self) {
        self.state(30, |state| *state == DestinationState::Live).await;
    }

    /// Waits until the figures are as wanted.
    pub async fn figures(&mut self, seconds: u64, is_it: impl Fn(&DestinationStats) -> bool) {
        self.until(seconds, |_, stats| is_it(stats).then_some(())).await;
    }

    async fn until<T>(&mut self, seconds: u64, pick: impl Fn(&DestinationReport, &DestinationStats) -> Option<T>) -> T {
        let mut seen = Vec::new();
        let wait = async {
            loop {
                let report = self.reports.recv().await.expect("the destination's task has ended");
                let text = format!("{report:?}");
                assert!(
                    !text.contains(KEY),
                    "the stream key shows in {}",
                    text.replace(KEY, "…")
                );
                if let DestinationReport::Stats(stats) = &report {
                    self.stats = stats.clone();
                }
                if let Some(found) = pick(&report, &self.stats) {
                    return found;
                }
                seen.push(text);
            }
        };
        tokio::time::timeout(Duration::from_secs(seconds), wait)
            .await
            .unwrap_or_else(|_| panic!("not within {seconds} s; reports: {seen:#?}"))
    }

    /// Says goodbye; gives how long that took.
    pub async fn stop(self) -> Duration {
        self.feeder.abort();
        // It ends by this, never by itself.
        assert!(
            self.feeder.await.is_err_and(|error| error.is_cancelled()),
            "the feeder has failed"
        );
        let handle = std::sync::Arc::into_inner(self.handle).expect("only the feeder had another");
        let before = std::time::Instant::now();
        handle.stop().await;
        before.elapsed()
    }
}

/// The stream key of all tests: must turn up nowhere.
pub const KEY: &str = "sk-0123-secret";

/// A destination on loopback.
pub fn destination(scheme: &str, host: &str, port: u16, app: &str) -> DestinationSpec {
    let url = SecretUrl::parse(&format!("{scheme}://{host}:{port}/{app}/{KEY}")).unwrap();
    DestinationSpec::new("test", url)
}
