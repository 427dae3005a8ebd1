//! openh264 as a live encoder: does it keep what the [`VideoEncoder`] trait promises, and can others read it?
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

#[path = "common/content.rs"]
mod content;
#[path = "common/peers.rs"]
mod peers;

use std::io::Write;
use std::process::Command;

use content::Content;
use peers::peer;
use rigcast::encode::{EncodeError, H264Encoder, VideoEncoder, VideoSettings};
use rigcast::media::h264::{NalType, Pps, Sps, avcc_nals, avcc_to_annex_b, idr_pic_id, nal_type};
use rigcast::media::{FramePool, FrameRate, Packet, Plane, Timestamp};

fn content(width: u32, height: u32) -> Content {
    Content::new(width, height, FramePool::new())
}

fn settings(width: u32, height: u32, bitrate_kbps: u32) -> VideoSettings {
    VideoSettings {
        width,
        height,
        bitrate_kbps,
        ..VideoSettings::default()
    }
}

/// Encodes frames `from..to` and returns the packets; every picture must come out.
fn encode(encoder: &mut H264Encoder, pictures: &mut Content, from: i64, to: i64) -> Vec<Packet> {
    let rate = encoder.config().frame_rate;
    (from..to)
        .map(|index| {
            let frame = pictures.frame(index, rate);
            encoder.encode(&frame, false).unwrap().expect("no picture is skipped")
        })
        .collect()
}

fn kbps(packets: &[Packet], fps: f64) -> f64 {
    let bytes: usize = packets.iter().map(|packet| packet.data.len()).sum();
    bytes as f64 * 8.0 * fps / packets.len() as f64 / 1000.0
}

#[test]
fn the_bitrate_is_held_and_follows_live_changes() {
    let mut pictures = content(1280, 720);
    let mut encoder = H264Encoder::open(&settings(1280, 720, 2500)).unwrap();
    let packets = encode(&mut encoder, &mut pictures, 0, 300);
    let got = kbps(&packets, 30.0);
    eprintln!("2500 kbit/s asked, {got:.0} over 10 s");
    assert!((2250.0..=2750.0).contains(&got), "{got:.0} kbit/s");

    encoder.set_rate(encoder.rate().at(800)).unwrap();
    assert_eq!(encoder.config().bitrate_kbps, 800);
    encode(&mut encoder, &mut pictures, 300, 360);
    let got = kbps(&encode(&mut encoder, &mut pictures, 360, 480), 30.0);
    eprintln!("800 kbit/s asked 2 s ago, {got:.0} over the next 4 s");
    assert!((720.0..=880.0).contains(&got), "{got:.0} kbit/s");

    encoder.set_rate(encoder.rate().at(6000)).unwrap();
    encode(&mut encoder, &mut pictures, 480, 540);
    let got = kbps(&encode(&mut encoder, &mut pictures, 540, 660), 30.0);
    eprintln!("6000 kbit/s asked 2 s ago, {got:.0} over the next 4 s");
    assert!((5400.0..=6600.0).contains(&got), "{got:.0} kbit/s");
}

#[test]
fn the_frame_rate_follows_live_changes() {
    let mut pictures = content(640, 360);
    let mut encoder = H264Encoder::open(&settings(640, 360, 1000)).unwrap();
    encode(&mut encoder, &mut pictures, 0, 60);
    encoder.set_frame_rate(FrameRate::whole(15)).unwrap();
    // From second 2 on, half the pictures: twice the bits for each.
    encode(&mut encoder, &mut pictures, 30, 60);
    let packets = encode(&mut encoder, &mut pictures, 60, 150);
    let got = kbps(&packets, 15.0);
    assert!((900.0..=1100.0).contains(&got), "{got:.0} kbit/s");
    let idrs: Vec<usize> = (0..packets.len()).filter(|index| packets[*index].is_idr).collect();
    assert_eq!(idrs, [0, 30, 60], "every 2 s at 15 per second");
}

#[test]
fn idrs_come_each_two_seconds_and_at_once_when_wanted() {
    for rate in [FrameRate::whole(30), FrameRate::new(30_000, 1001).unwrap()] {
        let mut pictures = content(320, 180);
        let settings = VideoSettings {
            frame_rate: rate,
            ..settings(320, 180, 500)
        };
        let mut encoder = H264Encoder::open(&settings).unwrap();
        let mut idrs = Vec::new();
        for index in 0..300 {
            let mut frame = pictures.frame(index, rate);
            if index == 100 {
                // A hard cut: must not bring an IDR of its own.
                let mut black = FramePool::new().frame(320, 180);
                black.fill([16, 128, 128]);
                frame = black.freeze(frame.pts);
            }
            let packet = encoder.encode(&frame, index == 207).unwrap().unwrap();
            assert_eq!((packet.pts, packet.dts), (frame.pts, frame.pts));
            if packet.is_idr {
                idrs.push(index);
            }
        }
        assert_eq!(idrs, [0, 60, 120, 180, 207, 267], "{rate}");
    }
}

#[test]
fn parameter_sets_state_the_truth_and_stay_out_of_the_packets() {
    for (width, height, threads) in [
        (1280, 720, 1),
        (1920, 1080, 2),
        (854, 480, 2),
        (16, 16, 1),
        (1080, 1920, 1),
    ] {
        let settings = VideoSettings {
            threads,
            ..settings(width, height, 3000)
        };
        let mut encoder = H264Encoder::open(&settings).unwrap();
        let sps = Sps::parse(&encoder.config().sps).unwrap();
        assert_eq!((sps.width, sps.height), (width, height));
        assert_eq!((sps.profile_idc, sps.is_full_range), (77, Some(false)));
        let colour = sps.colour.unwrap();
        assert_eq!([colour.primaries, colour.transfer, colour.matrix], [1, 1, 1]);
        assert!(sps.level_idc <= 42, "level {}", sps.level_idc);
        assert!(Pps::parse(&encoder.config().pps).unwrap().is_cabac);

        let mut pictures = content(width, height);
        for packet in encode(&mut encoder, &mut pictures, 0, 3) {
            let nals: Vec<&[u8]> = avcc_nals(&packet.data, 4).collect::<Result<_, _>>().unwrap();
            assert_eq!(nals.len(), if width * height > 256 { usize::from(threads) } else { 1 });
            let want = if packet.is_idr { NalType::Idr } else { NalType::Slice };
            assert!(nals.iter().all(|nal| nal_type(nal) == Some(want)));
        }
    }
}

#[test]
fn what_cannot_be_done_is_refused_by_name() {
    let good = settings(320, 180, 500);
    let bad = [
        (
            VideoSettings {
                width: 321,
                ..good.clone()
            },
            "odd",
        ),
        (
            VideoSettings {
                height: 8,
                ..good.clone()
            },
            "outside",
        ),
        (
            VideoSettings {
                width: 4096,
                ..good.clone()
            },
            "outside",
        ),
        (
            VideoSettings {
                bitrate_kbps: 0,
                ..good.clone()
            },
            "kbit/s",
        ),
        (
            VideoSettings {
                frame_rate: FrameRate::whole(120),
                ..good.clone()
            },
            "frames per second",
        ),
        (
            VideoSettings {
                gop_seconds: f64::NAN,
                ..good.clone()
            },
            "GOP",
        ),
        (
            VideoSettings {
                threads: 0,
                ..good.clone()
            },
            "threads",
        ),
    ];
    for (settings, word) in bad {
        let error = H264Encoder::open(&settings).err().expect("must be refused");
        assert!(error.to_string().contains(word), "{error}");
    }
    let mut encoder = H264Encoder::open(&good).unwrap();
    let mut pictures = content(640, 360);
    let error = encoder
        .encode(&pictures.frame(0, FrameRate::whole(30)), false)
        .unwrap_err();
    assert!(
        matches!(error, EncodeError::FrameSize { given_width: 640, .. }),
        "{error}"
    );
    assert!(encoder.set_rate(encoder.rate().at(0)).is_err() && encoder.set_rate(encoder.rate().at(u32::MAX)).is_err());
    assert_eq!(encoder.config().bitrate_kbps, 500);
}

#[test]
fn ffmpeg_decodes_it_without_complaint() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let mut ffmpeg = Command::new(ffmpeg);
    for threads in [1, 2] {
        let (width, height) = (854, 480);
        let settings = VideoSettings {
            threads,
            ..settings(width, height, 4000)
        };
        let mut encoder = H264Encoder::open(&settings).unwrap();
        let mut pictures = content(width, height);
        let mut stream = Vec::new();
        for set in [&encoder.config().sps, &encoder.config().pps] {
            stream.extend_from_slice(&[0, 0, 0, 1]);
            stream.extend_from_slice(set);
        }
        let mut originals = Vec::new();
        for index in 0..90 {
            let frame = pictures.frame(index, FrameRate::whole(30));
            let packet = encoder.encode(&frame, false).unwrap().unwrap();
            stream.extend(avcc_to_annex_b(&packet.data, 4).unwrap());
            originals.push(frame);
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().write_all(&stream).unwrap();
        let output = ffmpeg
            .args(["-v", "warning", "-xerror", "-err_detect", "explode", "-f", "h264", "-i"])
            .arg(file.path())
            .args(["-f", "rawvideo", "-pix_fmt", "yuv420p", "-"])
            .output()
            .unwrap();
        assert!(output.status.success());
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        let size = (width * height * 3 / 2) as usize;
        assert_eq!(output.stdout.len(), 90 * size);
        let luma = (width * height) as usize;
        let worst = output
            .stdout
            .chunks_exact(size)
            .zip(&originals)
            .map(|(decoded, original)| psnr(&decoded[..luma], original.plane(Plane::Y)))
            .fold(f64::MAX, f64::min);
        eprintln!("worst luma PSNR of 90 pictures, {threads} threads: {worst:.1} dB");
        assert!(worst > 26.0, "{worst:.1} dB");
        ffmpeg = Command::new("ffmpeg");
    }
}

fn psnr(a: &[u8], b: &[u8]) -> f64 {
    let sum: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum();
    10.0 * (255.0_f64.powi(2) * a.len() as f64 / sum.max(1) as f64).log10()
}

#[test]
fn an_encoder_may_move_to_another_thread() {
    let mut encoder: Box<dyn VideoEncoder> = Box::new(H264Encoder::open(&settings(320, 180, 500)).unwrap());
    let packet = std::thread::spawn(move || {
        let frame = content(320, 180).frame(7, FrameRate::whole(30));
        encoder.encode(&frame, false).unwrap().unwrap()
    })
    .join()
    .unwrap();
    assert!(packet.is_idr && packet.pts > Timestamp::ZERO);
}

#[test]
fn idrs_in_a_row_are_numbered() {
    let mut content = Content::new(320, 180, FramePool::new());
    let settings = settings(320, 180, 400);
    let mut encoder = H264Encoder::open(&settings).unwrap();
    let sps = Sps::parse(&encoder.config().sps).unwrap();
    let numbers = (0..4).map(|index| {
        let frame = content.frame(index, settings.frame_rate);
        let packet = encoder.encode(&frame, true).unwrap().unwrap();
        let nal = avcc_nals(&packet.data, 4).next().unwrap().unwrap();
        idr_pic_id(nal, &sps).unwrap()
    });
    let numbers = numbers.collect::<Vec<_>>();
    assert!(numbers.windows(2).all(|pair| pair[0] != pair[1]), "{numbers:?}");
}
