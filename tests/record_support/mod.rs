//! A small show to record, disks that misbehave, and what ffmpeg finds in the files.

pub mod disks;

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use rigcast::encode::{
    AacEncoder, AudioEncoder, AudioSettings, Channels, H264Encoder, OpusEncoder, OpusSettings, VideoEncoder,
    VideoSettings,
};
use rigcast::media::{AudioBlock, FramePool, FrameRate, Packet, Plane, TimeDelta, Timestamp};
use rigcast::record::{RecordReport, RecordSettings};
use rigcast::wire::fmp4::TrackConfig;

use crate::common::{PATIENCE, wait_for};

/// One encoded stretch of a show, that can be offered again and again.
pub struct Show {
    pub tracks: Vec<TrackConfig>,
    /// In the order in which encoders hand them out: sound comes late.
    packets: Vec<(usize, Packet)>,
    length: TimeDelta,
}

/// 48 frames of AAC last 1.024 s, and so do 32 pictures at this rate: a stretch can be followed by itself without a seam.
/// Of Opus the last packet reaches over.
const RATE: FrameRate = FrameRate { num: 125, den: 4 };
const PICTURES: i64 = 32;

impl Show {
    /// Pictures of 96×64 with an IDR every 16, program sound in AAC, a microphone in Opus.
    pub fn new() -> Self {
        let length = TimeDelta::from_millis(1024);
        let mut packets = Vec::new();
        let (video, pictures) = pictures();
        packets.extend(pictures.into_iter().map(|packet| (0, packet, 0)));
        let settings = AudioSettings {
            bitrate_kbps: 48,
            channels: Channels::Mono,
            ..AudioSettings::default()
        };
        let (aac, program) = sound(&mut AacEncoder::open(settings).unwrap(), 440.0);
        packets.extend(program.into_iter().map(|packet| (1, packet, 80)));
        let settings = OpusSettings {
            bitrate_kbps: 32,
            channels: Channels::Mono,
            ..OpusSettings::default()
        };
        let (opus, mic) = sound(&mut OpusEncoder::open(settings).unwrap(), 1000.0);
        packets.extend(mic.into_iter().map(|packet| (2, packet, 30)));
        packets.retain(|(_, packet, _)| packet.dts >= Timestamp::ZERO && packet.dts < Timestamp::ZERO + length);
        packets.sort_by_key(|(_, packet, late_ms)| packet.dts + TimeDelta::from_millis(*late_ms));
        let named = |config, name: &str| TrackConfig::Audio {
            config,
            name: name.to_owned(),
        };
        Self {
            tracks: vec![TrackConfig::Video(video), named(aac, "program"), named(opus, "mic")],
            packets: packets.into_iter().map(|(track, packet, _)| (track, packet)).collect(),
            length,
        }
    }

    /// Stretch number `turn`, of 1.024 s, on a studio clock that has been running for a while.
    pub fn stretch(&self, turn: i64) -> impl Iterator<Item = (usize, Packet)> + '_ {
        let shift = TimeDelta::from_millis(777_123) + self.length * turn;
        self.packets.iter().map(move |(track, packet)| {
            let packet = Packet {
                pts: packet.pts + shift,
                dts: packet.dts + shift,
                ..packet.clone()
            };
            (*track, packet)
        })
    }

    /// How many packets of a track are in one stretch.
    pub fn count(&self, track: usize) -> usize {
        self.packets.iter().filter(|(of, _)| *of == track).count()
    }

    /// The sizes of the packets of a track, in order.
    pub fn sizes(&self, track: usize) -> Vec<usize> {
        let packets = self.packets.iter().filter(|(of, _)| *of == track);
        packets.map(|(_, packet)| packet.data.len()).collect()
    }
}

fn pictures() -> (rigcast::media::VideoConfig, Vec<Packet>) {
    let settings = VideoSettings {
        width: 96,
        height: 64,
        frame_rate: RATE,
        bitrate_kbps: 150,
        gop_seconds: 0.512,
        threads: 1,
        ..VideoSettings::default()
    };
    let mut encoder = H264Encoder::open(&settings).unwrap();
    let pool = FramePool::new();
    let mut packets = Vec::new();
    for index in 0..PICTURES {
        let mut frame = pool.frame(96, 64);
        frame.fill([40, 110, 140]);
        for (y, row) in frame.plane_mut(Plane::Y).chunks_exact_mut(96).enumerate() {
            for (x, luma) in row.iter_mut().enumerate() {
                *luma = (((x as i64 + 3 * index) * 5) ^ (y as i64 * 3)) as u8 / 2 + 40;
            }
        }
        let frame = frame.freeze(RATE.frame_time(index));
        packets.push(
            encoder
                .encode(&frame, index % 16 == 0)
                .unwrap()
                .expect("no picture is skipped"),
        );
    }
    (encoder.config().clone(), packets)
}

fn sound(encoder: &mut impl AudioEncoder, frequency: f64) -> (rigcast::media::AudioConfig, Vec<Packet>) {
    let mut packets = Vec::new();
    for index in 0..110 {
        let mut block = AudioBlock::silence(AudioBlock::time_of(index));
        for channel in &mut block.channels {
            for (n, sample) in channel.iter_mut().enumerate() {
                let at = (index * 480) as f64 + n as f64;
                *sample = (0.3 * (TAU * frequency * at / 48_000.0).sin()) as f32;
            }
        }
        encoder.encode(&block, &mut |packet| packets.push(packet)).unwrap();
    }
    (encoder.config().clone(), packets)
}

/// What a recorder has told so far.
#[derive(Clone, Default)]
pub struct Reports(Arc<Mutex<Vec<RecordReport>>>);

impl Reports {
    pub fn sink(&self) -> impl Fn(RecordReport) + Send + Sync + 'static {
        let reports = Arc::clone(&self.0);
        move |report| reports.lock().unwrap().push(report)
    }

    pub fn all(&self) -> Vec<RecordReport> {
        self.0.lock().unwrap().clone()
    }

    /// Waits for a report for which `pick` gives something.
    pub fn wait<T>(&self, what: &str, mut pick: impl FnMut(&RecordReport) -> Option<T>) -> T {
        wait_for(what, PATIENCE, || self.all().iter().find_map(&mut pick))
    }

    /// The files that are complete.
    pub fn finished(&self) -> Vec<PathBuf> {
        let finished = |report| match report {
            RecordReport::Finished { path, .. } => Some(path),
            _ => None,
        };
        self.all().into_iter().filter_map(finished).collect()
    }

    pub fn failures(&self) -> Vec<String> {
        let failed = |report| match report {
            RecordReport::Failed { reason, .. } => Some(reason),
            _ => None,
        };
        self.all().into_iter().filter_map(failed).collect()
    }

    /// What is missing in the recording, by the last account.
    pub fn dropped(&self) -> (u64, u64) {
        let dropped = |report| match report {
            RecordReport::Dropped(dropped) => Some((dropped.video, dropped.audio)),
            _ => None,
        };
        self.all()
            .into_iter()
            .filter_map(dropped)
            .next_back()
            .unwrap_or_default()
    }
}

/// A recording to `path` that leaves nothing free.
pub fn settings(path: impl Into<PathBuf>) -> RecordSettings {
    RecordSettings {
        path: path.into(),
        keep_free_bytes: 0,
        ..RecordSettings::default()
    }
}

/// Checksums of all that ffmpeg decodes of `path`, by stream, and what it said.
pub fn decode(path: &Path) -> (Vec<Vec<String>>, String) {
    decode_with(&[], path)
}

/// The same with further options of ffmpeg.
pub fn decode_with(options: &[&str], path: &Path) -> (Vec<Vec<String>>, String) {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-threads", "1"])
        .args(options)
        .arg("-i")
        .arg(path)
        .args(["-map", "0", "-fps_mode", "passthrough", "-f", "framecrc", "-"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut streams = vec![Vec::new(); 3];
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        // stream, dts, pts, duration, size, checksum
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        if let (Ok(stream), Some(crc)) = (fields[0].parse::<usize>(), fields.get(5)) {
            streams[stream].push(format!("{} {crc}", fields[2]));
        }
    }
    (streams, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// What ffprobe says of streams and packets.
pub fn probe(path: &Path) -> serde_json::Value {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json", "-show_streams", "-show_packets"])
        .arg(path)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Time in seconds and size of each packet of a stream.
pub fn packets_of(probe: &serde_json::Value, stream: usize) -> Vec<(f64, usize)> {
    let packets = probe["packets"].as_array().unwrap().iter();
    packets
        .filter(|packet| packet["stream_index"] == stream)
        .map(|packet| {
            let number = |field: &str| packet[field].as_str().unwrap().to_owned();
            (number("pts_time").parse().unwrap(), number("size").parse().unwrap())
        })
        .collect()
}
