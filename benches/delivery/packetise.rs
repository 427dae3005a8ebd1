//! H.264 of 1080p60 at 20 Mbit/s to RFC 4571 and back, beside copying the same bytes once.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rigcast::media::{FrameRate, Packet, Timestamp, TrackKind};
use rigcast::wire::rtp::{DEFAULT_MAX_PAYLOAD, Depacketizer, FrameReader, Packetizer, RtpCodec, RtpTrack};

const FRAMES_PER_SECOND: u32 = 60;
const BITS_PER_SECOND: usize = 20_000_000;
/// Of show in one measurement: enough for a figure, little enough to stay in no cache.
const SECONDS: u32 = 20;
const ROUNDS: usize = 7;

/// What the issue allows: half a percent of a core.
const LIMIT: f64 = 0.005;

fn pictures() -> Vec<Packet> {
    let len = BITS_PER_SECOND / 8 / FRAMES_PER_SECOND as usize;
    let frames = i64::from(SECONDS * FRAMES_PER_SECOND);
    let picture = |index: i64| {
        let is_idr = index % i64::from(2 * FRAMES_PER_SECOND) == 0;
        let mut noise = 0x9e37_79b9_7f4a_7c15_u64 ^ index as u64;
        let mut nal = vec![if is_idr { 0x65 } else { 0x41 }, 0x88];
        nal.extend(
            std::iter::repeat_with(|| {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                // No zeros, as after emulation prevention there are none that matter.
                noise as u8 | 1
            })
            .take(len - 6),
        );
        let pts = FrameRate::whole(FRAMES_PER_SECOND).frame_time(index);
        Packet {
            track: TrackKind::Video,
            pts,
            dts: pts,
            is_idr,
            data: [&(nal.len() as u32).to_be_bytes()[..], &nal].concat().into(),
        }
    };
    (0..frames).map(picture).collect()
}

/// The median of some rounds.
fn median(mut measure: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<_> = (0..ROUNDS).map(|_| measure()).collect();
    times.sort();
    times[ROUNDS / 2]
}

pub fn run() {
    let track = RtpTrack {
        kind: TrackKind::Video,
        payload_type: 96,
        clock_rate: 90_000,
        codec: RtpCodec::H264 {
            sps: Bytes::from_static(&[0x67, 0x64, 0, 0x2A, 1, 2, 3, 4]),
            pps: Bytes::from_static(&[0x68, 1, 2, 3]),
        },
    };
    let pictures = pictures();
    let mut out = Vec::with_capacity(256 * 1024);
    let copied = median(|| {
        let start = Instant::now();
        for picture in &pictures {
            out.clear();
            out.extend_from_slice(black_box(&picture.data));
            black_box(&out);
        }
        start.elapsed()
    });
    let mut packets = 0;
    let packetised = median(|| {
        let mut packetizer = Packetizer::new(track.clone(), 1, 1, 1, DEFAULT_MAX_PAYLOAD);
        packets = 0;
        let start = Instant::now();
        for picture in &pictures {
            out.clear();
            packets += packetizer.packetize_framed(black_box(picture), picture.pts, &mut out);
            black_box(&out);
        }
        start.elapsed()
    });
    let mut units = 0;
    let received = median(|| {
        let mut packetizer = Packetizer::new(track.clone(), 1, 1, 1, DEFAULT_MAX_PAYLOAD);
        let (mut reader, mut depacketizer) = (FrameReader::new(), Depacketizer::new(track.clone()));
        let mut spent = Duration::ZERO;
        units = 0;
        for picture in &pictures {
            out.clear();
            packetizer.packetize_framed(picture, picture.pts, &mut out);
            let start = Instant::now();
            for part in out.chunks(16 * 1024) {
                reader.push(part);
                while let Some(frame) = reader.next_frame() {
                    depacketizer.receive(frame, Timestamp::ZERO).unwrap();
                    units += usize::from(depacketizer.poll().is_some());
                }
            }
            spent += start.elapsed();
        }
        spent
    });
    let share = |time: Duration| time.as_secs_f64() / f64::from(SECONDS);
    println!("1080p60 at 20 Mbit/s, {SECONDS} s of it, {packets} packets, {units} things received");
    for (name, time) in [
        ("copied once", copied),
        ("packetised", packetised),
        ("received", received),
    ] {
        println!("{name:>12}: {:7.3} % of a core", 100.0 * share(time));
    }
    assert!(
        share(packetised) < LIMIT,
        "packetising takes more than {LIMIT} of a core"
    );
}
