//! What a recorded second costs: 1080p30 at 6 Mbit/s with two sounds, beside writing and flushing the same bytes plainly.
//!
//! CPU time of the whole process, the system's part of each write included; the disk is the one that temporary files are on.

use std::fs::{self, File};
use std::io::Write;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rigcast::clock::Clock;
use rigcast::media::{AudioCodec, AudioConfig, FrameRate, Packet, TimeDelta, Timestamp, TrackKind, VideoConfig};
use rigcast::record::{RecordReport, RecordSettings, start};
use rigcast::wire::fmp4::TrackConfig;
use rustix::time::{ClockId, clock_gettime};

const FPS: u32 = 30;
const VIDEO_BYTES: usize = 6_000_000 / 8 / FPS as usize;
const AUDIO_BYTES: usize = 128_000 / 8 * 1024 / 48_000;
/// Of show, in GOPs of two.
const SECONDS: i64 = 120;
const GOP: i64 = 2;

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn packet(track: TrackKind, at: Timestamp, is_idr: bool, data: &Bytes) -> Packet {
    Packet {
        track,
        pts: at,
        dts: at,
        is_idr,
        data: data.clone(),
    }
}

/// What the encoders hand out in GOP number `index`, in order.
fn gop(index: i64, picture: &Bytes, sound: &Bytes) -> Vec<(usize, Packet)> {
    let start = TimeDelta::from_millis(index * GOP * 1000);
    let pictures = (0..GOP * i64::from(FPS)).map(|n| {
        let at = FrameRate::whole(FPS).frame_time(n) + start;
        (0, packet(TrackKind::Video, at, n == 0, picture))
    });
    let frames = |track: usize| {
        let (first, end) = [index, index + 1]
            .map(|index| (index * GOP * 48_000 + 1023) / 1024)
            .into();
        (first..end).map(move |n| {
            let at = Timestamp::from_48k(n * 1024);
            (track, packet(TrackKind::Audio, at, true, sound))
        })
    };
    let mut packets: Vec<_> = pictures.chain(frames(1)).chain(frames(2)).collect();
    packets.sort_by_key(|(_, packet)| packet.dts);
    packets
}

fn tracks() -> Vec<TrackConfig> {
    let sound = |name: &str| TrackConfig::Audio {
        config: AudioConfig {
            codec: AudioCodec::Aac {
                asc: Bytes::from_static(&[0x11, 0x90]),
            },
            sample_rate: 48_000,
            channels: 2,
            bitrate_kbps: 128,
        },
        name: name.to_owned(),
    };
    let video = TrackConfig::Video(VideoConfig {
        width: 1920,
        height: 1080,
        frame_rate: FrameRate::whole(FPS),
        sps: Bytes::from_static(&[0x67, 0x4d, 0x40, 0x28, 0xd9, 0x00, 0x78, 0x02, 0x27, 0xe5]),
        pps: Bytes::from_static(&[0x68, 0xeb, 0xc3, 0xcb, 0x20]),
        bitrate_kbps: 6000,
    });
    vec![video, sound("program"), sound("mic")]
}

pub fn run() {
    let folder = tempfile::tempdir().unwrap();
    let picture = Bytes::from(vec![0x5a; VIDEO_BYTES]);
    let sound = Bytes::from(vec![0xa5; AUDIO_BYTES]);
    let gops: Vec<_> = (0..SECONDS / GOP).map(|index| gop(index, &picture, &sound)).collect();

    let (sender, told) = mpsc::channel();
    let settings = RecordSettings {
        path: folder.path().join("bench.mp4"),
        keep_free_bytes: 0,
        ..RecordSettings::default()
    };
    let report = move |report| {
        let _ = sender.send(report);
    };
    let recorder = start(settings, tracks(), Clock::start(), report).unwrap();
    let (before, began) = (cpu(), Instant::now());
    let (mut offering, mut offers, mut recorded) = (Duration::ZERO, 0_u32, TimeDelta::ZERO);
    for (index, packets) in gops.iter().enumerate() {
        let start = Instant::now();
        for (track, packet) in packets {
            recorder.offer(*track, packet);
        }
        offering += start.elapsed();
        offers += packets.len() as u32;
        // No faster than the disk: two GOPs may wait.
        let safe = TimeDelta::from_millis((index as i64 - 1) * GOP * 1000 - 100);
        while recorded < safe {
            if let RecordReport::State { duration, .. } = told.recv().unwrap() {
                recorded = duration;
            }
        }
    }
    recorder.stop().unwrap();
    let (spent, wall) = (cpu().saturating_sub(before), began.elapsed());
    let bytes = fs::metadata(folder.path().join("bench.mp4")).unwrap().len();

    // The plainest thing: the same bytes in the same portions, flushed as often.
    let portion = vec![0x5a; bytes as usize / gops.len()];
    let mut file = File::create(folder.path().join("plain")).unwrap();
    let (before, plain_began) = (cpu(), Instant::now());
    for _ in &gops {
        file.write_all(&portion).unwrap();
        file.sync_data().unwrap();
    }
    let (plain, plain_wall) = (cpu().saturating_sub(before), plain_began.elapsed());

    let per_second = |time: Duration| time.as_secs_f64() * 1000.0 / SECONDS as f64;
    println!(
        "recording 1080p30 at 6 Mbit/s, two sounds, {SECONDS} s, {} MB",
        bytes / 1_000_000
    );
    println!(
        "  recorder     {:.3} ms of CPU per recorded second ({:.3} % of a core), {:.2} s in all",
        per_second(spent),
        per_second(spent) / 10.0,
        wall.as_secs_f64()
    );
    println!(
        "  plain write  {:.3} ms of CPU per second, {:.2} s in all",
        per_second(plain),
        plain_wall.as_secs_f64()
    );
    println!(
        "  offer        {:.2} µs each, as the show feels it",
        offering.as_secs_f64() * 1e6 / f64::from(offers)
    );
}
