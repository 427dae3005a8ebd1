//! AAC against ffmpeg: what is decoded sounds when the PTS says, through gaps, restarts and changes of bitrate.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::float_cmp,
    clippy::print_stderr,
    missing_docs
)]

mod sound_common;

use std::path::Path;

use proptest::prelude::*;
use rigcast::encode::aac::FRAME_SAMPLES;
use rigcast::encode::{AacEncoder, AudioEncoder, AudioSettings, TimelineStats};
use rigcast::media::aac::{AdtsHeader, AudioSpecificConfig};
use rigcast::media::{AudioBlock, AudioCodec, AudioConfig, BLOCK_FRAMES, Packet, Timestamp, TrackKind};
use sound_common::*;

fn open(bitrate_kbps: u32) -> AacEncoder {
    AacEncoder::open(AudioSettings {
        bitrate_kbps,
        ..AudioSettings::default()
    })
    .unwrap()
}

fn asc_of(config: &AudioConfig) -> AudioSpecificConfig {
    match &config.codec {
        AudioCodec::Aac { asc } => AudioSpecificConfig::parse(asc).unwrap(),
        AudioCodec::Opus => panic!("no AAC"),
    }
}

/// Encodes the blocks `indices` of a signal; block `n` is stamped `first + n`.
fn encode(
    encoder: &mut AacEncoder,
    signal: &Signal,
    first: i64,
    indices: impl IntoIterator<Item = usize>,
) -> Vec<Packet> {
    let mut packets = Vec::new();
    for index in indices {
        let mut block = block_of(signal, index);
        block.pts = AudioBlock::time_of(first + index as i64);
        encoder.encode(&block, &mut |packet| packets.push(packet)).unwrap();
    }
    packets
}

/// Writes packets as ADTS, has ffmpeg decode them, and checks that each packet gave one frame.
fn decode(ffmpeg: &Path, packets: &[Packet]) -> Signal {
    let config = AudioSpecificConfig::aac_lc(48_000, 2);
    let mut bytes = Vec::new();
    for packet in packets {
        bytes.extend(
            AdtsHeader::for_payload(&config, packet.data.len())
                .unwrap()
                .to_bytes()
                .unwrap(),
        );
        bytes.extend_from_slice(&packet.data);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sound.aac");
    std::fs::write(&file, bytes).unwrap();
    let signal = decode_with_ffmpeg(ffmpeg, &file);
    assert_eq!(
        signal[0].len(),
        packets.len() * FRAME_SAMPLES,
        "one frame for each packet"
    );
    signal
}

/// 5 ms of 2 kHz at each of the places.
fn beeps(places: &[usize], samples: usize) -> Signal {
    let mut signal = vec![0.0; samples];
    for place in places {
        for (n, x) in sine(2000.0, 0.7, 0.0, 0.005).into_iter().enumerate() {
            signal[place + n] = x;
        }
    }
    mono(signal)
}

fn assert_monotonic(packets: &[Packet]) {
    for pair in packets.windows(2) {
        assert!(pair[1].pts > pair[0].pts, "{} after {}", pair[1].pts, pair[0].pts);
    }
}

#[test]
fn the_config_is_aac_lc_48_khz_stereo() {
    let encoder = open(128);
    let config = encoder.config();
    assert_eq!(asc_of(config), AudioSpecificConfig::aac_lc(48_000, 2));
    assert_eq!(
        (config.sample_rate, config.channels, config.bitrate_kbps),
        (48_000, 2, 128)
    );
    assert_eq!(open(1).config().bitrate_kbps, 32, "brought inside");
    assert_eq!(open(100_000).config().bitrate_kbps, 512);
}

#[test]
fn a_beep_is_decoded_where_its_pts_says() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let samples = 3 * RATE;
    let places = [RATE / 2 + 137, RATE + 11, 2 * RATE + 777];
    let signal = beeps(&places, samples);
    for (bitrate, first) in [(64, 0), (128, 4_321), (192, -50)] {
        // Set before the first block as well as at opening.
        let mut encoder = open(96);
        encoder.set_bitrate(bitrate).unwrap();
        let mut packets = encode(&mut encoder, &signal, first, 0..samples / BLOCK_FRAMES);
        encoder.finish(&mut |packet| packets.push(packet)).unwrap();
        assert_eq!(
            packets[0].pts,
            AudioBlock::time_of(first),
            "the first packet starts with the first block"
        );
        for (n, packet) in packets.iter().enumerate() {
            assert_eq!(
                packet.pts,
                packets[0].pts + (Timestamp::from_48k((n * FRAME_SAMPLES) as i64) - Timestamp::ZERO)
            );
            assert_eq!(
                (packet.dts, packet.track, packet.is_idr),
                (packet.pts, TrackKind::Audio, true)
            );
        }
        let decoded = decode(&ffmpeg, &packets);
        assert!(decoded[0].len() >= samples, "nothing is missing at the end");
        for place in places {
            let around = place - 2400..place + 2400;
            let error = lag(&signal[0][around.clone()], &decoded[0][around], 480);
            eprintln!("{bitrate} kbit/s: the beep at sample {place} is {error} samples off");
            assert!(error.abs() < 48, "{error} samples are 1 ms and more");
        }
        let difference: Vec<f32> = signal[0].iter().zip(&decoded[0]).map(|(a, b)| a - b).collect();
        let error_db = db(rms(&difference)) - db(rms(&signal[0]));
        assert!(error_db < -12.0, "{error_db:.1} dB");
    }
}

#[test]
fn lost_blocks_become_silence_and_the_sound_after_them_keeps_its_time() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let places = [RATE / 2, 2 * RATE];
    let signal = beeps(&places, 3 * RATE);
    let mut encoder = open(128);
    // 0.43 s lost, between the beeps; one block comes twice.
    let indices = (0..100).chain([99]).chain(143..300);
    let packets = encode(&mut encoder, &signal, 0, indices);
    assert_eq!(
        encoder.stats(),
        TimelineStats {
            filled_samples: 43 * 480,
            restarts: 0,
            late_blocks: 1
        }
    );
    let decoded = decode(&ffmpeg, &packets);
    for place in places {
        let around = place - 2400..place + 2400;
        assert_eq!(lag(&signal[0][around.clone()], &decoded[0][around], 480), 0);
    }
}

#[test]
fn after_a_long_gap_the_timeline_starts_anew() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let places = [RATE - 300, 4 * RATE + 200];
    let signal = beeps(&places, 5 * RATE);
    let mut encoder = open(128);
    let packets = encode(&mut encoder, &signal, 0, (0..100).chain(400..500));
    assert_eq!(
        encoder.stats(),
        TimelineStats {
            filled_samples: 0,
            restarts: 1,
            late_blocks: 0
        }
    );
    assert_monotonic(&packets);
    let restart = packets
        .iter()
        .position(|packet| packet.pts == Timestamp::from_millis(4000))
        .expect("starts at block 400");
    let last = &packets[restart - 1];
    assert!(
        last.pts >= Timestamp::from_millis(1000 - 22),
        "the old sound is heard to its end: {}",
        last.pts
    );
    let decoded = decode(&ffmpeg, &packets);
    // Each sample sounds at its packet's PTS + its place in it.
    let mut heard = vec![0.0; 6 * RATE];
    for (packet, samples) in packets.iter().zip(decoded[0].chunks_exact(FRAME_SAMPLES)) {
        heard[packet.pts.to_48k() as usize..][..FRAME_SAMPLES].copy_from_slice(samples);
    }
    for place in places {
        let around = place - 190..place + 440;
        assert_eq!(lag(&signal[0][around.clone()], &heard[around], 180), 0, "at {place}");
        assert!(peak(&heard[place..place + 240]) > 0.5);
    }
}

#[test]
fn a_clock_that_goes_back_far_starts_anew() {
    let signal = beeps(&[], RATE);
    let mut encoder = open(128);
    encode(&mut encoder, &signal, 1000, 0..100);
    let packets = encode(&mut encoder, &signal, 0, 0..100);
    assert_eq!(encoder.stats().restarts, 1);
    assert!(packets.iter().any(|packet| packet.pts == Timestamp::ZERO));
}

#[test]
fn the_bitrate_changes_without_a_seam() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let signal = [sine(700.0, 0.4, 0.0, 6.0), sine(1100.0, 0.4, 1.0, 6.0)];
    let mut encoder = open(160);
    let mut packets = Vec::new();
    let sizes = |packets: &[Packet]| packets.iter().map(|packet| packet.data.len()).sum::<usize>() / packets.len();
    let mut sizes_at = Vec::new();
    for (part, kbps) in [160, 48, 256, 96].into_iter().enumerate() {
        encoder.set_bitrate(kbps).unwrap();
        assert_eq!(encoder.config().bitrate_kbps, kbps);
        let part = encode(&mut encoder, &signal, 0, part * 150..(part + 1) * 150);
        sizes_at.push(sizes(&part));
        packets.extend(part);
    }
    eprintln!("bytes in a packet at 160, 48, 256, 96 kbit/s: {sizes_at:?}");
    assert!(sizes_at[1] < sizes_at[0] && sizes_at[2] > sizes_at[1] && sizes_at[3] < sizes_at[2]);
    for pair in packets.windows(2) {
        assert_eq!((pair[1].pts - pair[0].pts).to_rate(48_000), FRAME_SAMPLES as i64);
    }
    let decoded = decode(&ffmpeg, &packets);
    for channel in 0..2 {
        // The first frame is faded in from nothing.
        let error: Vec<f32> = signal[channel][..decoded[channel].len()]
            .iter()
            .zip(&decoded[channel])
            .skip(FRAME_SAMPLES)
            .map(|(a, b)| a - b)
            .collect();
        let worst = error
            .chunks(FRAME_SAMPLES)
            .map(|chunk| db(rms(chunk)))
            .fold(-200.0, f64::max);
        eprintln!("worst error in a frame: {worst:.1} dBFS");
        assert!(worst < -30.0, "{worst:.1} dBFS");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_times_and_samples_come_the_packets_ascend(
        steps in prop::collection::vec(prop_oneof![8 => Just(1i64), 2 => 2i64..90, 1 => -50i64..=0, 1 => 101i64..100_000], 1..60),
        bits in any::<u32>(),
    ) {
        let mut encoder = open(96);
        let (mut at, mut newest) = (0, 0);
        let mut last: Option<Timestamp> = None;
        for step in steps {
            // Back by less than a second: by more would rightly start a timeline in the past.
            at = (at + step).max(newest - 90);
            newest = newest.max(at);
            let pts = AudioBlock::time_of(at);
            let mut block = AudioBlock::silence(pts);
            block.channels[0].fill(f32::from_bits(bits));
            encoder.encode(&block, &mut |packet| {
                assert!(last.is_none_or(|last| packet.pts > last));
                assert!(packet.pts <= pts, "no packet is from the future");
                last = Some(packet.pts);
            }).unwrap();
        }
    }
}
