//! Opus against libopus: what is decoded sounds when the PTS says, and a lost packet is mended from the next one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::float_cmp,
    clippy::print_stderr,
    missing_docs
)]

#[path = "sound_common/codec.rs"]
mod codec;
#[path = "common/counting.rs"]
mod counting;
#[path = "sound_common/ogg.rs"]
mod ogg;
mod sound_common;

use codec::*;
use proptest::prelude::*;
use rigcast::encode::opus::{BITRATE_KBPS, FRAME_SAMPLES};
use rigcast::encode::{AudioEncoder, Channels, OpusEncoder, OpusSettings, TimelineStats};
use rigcast::media::opus::{OpusHead, OpusMode, has_fec};
use rigcast::media::{AudioBlock, AudioCodec, BLOCK_FRAMES, Packet, TimeDelta, Timestamp, TrackKind};
use sound_common::*;

fn open(channels: Channels, expected_loss_percent: u8) -> OpusEncoder {
    OpusEncoder::open(OpusSettings {
        channels,
        expected_loss_percent,
        ..OpusSettings::default()
    })
    .unwrap()
}

/// CELT is exact. Of hybrid packets the part up to 8 kHz comes 2 samples (0.04 ms) early: so well are SILK's resamplers
/// lined up with CELT, in libopus as everywhere.
fn slack(expected_loss_percent: u8) -> i64 {
    if expected_loss_percent > 5 { 2 } else { 0 }
}

/// Each is one frame of 20 ms.
fn assert_are_for_rtp(packets: &[Packet], channels: Channels) {
    for packet in packets {
        let head = OpusHead::parse(&packet.data).unwrap();
        assert_eq!((head.frames, head.duration()), (1, TimeDelta::from_millis(20)));
        assert!(!head.is_stereo || channels == Channels::Stereo);
        assert!(packet.data.len() <= 1276);
        assert_eq!(
            (packet.dts, packet.track, packet.is_idr),
            (packet.pts, TrackKind::Audio, true)
        );
    }
}

fn modes(packets: &[Packet]) -> Vec<OpusMode> {
    packets
        .iter()
        .map(|packet| OpusHead::parse(&packet.data).unwrap().mode)
        .collect()
}

#[test]
fn the_config_says_opus_and_the_bitrate_is_held_within_its_bounds() {
    let mut encoder = OpusEncoder::open(OpusSettings::default()).unwrap();
    let config = encoder.config();
    assert_eq!(config.codec, AudioCodec::Opus);
    assert_eq!(
        (config.sample_rate, config.channels, config.bitrate_kbps),
        (48_000, 2, 96)
    );
    for (asked, got) in [(0, *BITRATE_KBPS.start()), (64, 64), (u32::MAX, *BITRATE_KBPS.end())] {
        encoder.set_bitrate(asked).unwrap();
        assert_eq!(encoder.config().bitrate_kbps, got);
    }
    encoder.set_expected_loss(255).unwrap();
    assert_eq!(encoder.expected_loss_percent(), 100);
    assert_eq!(open(Channels::Mono, 0).config().channels, 1);
}

#[test]
fn a_beep_is_decoded_where_its_pts_says() {
    let centres = [0.513, 1.000_23, 2.016];
    let signal = mono(beeps(&centres, 3.0, RATE));
    for (channels, loss, first) in [
        (Channels::Stereo, 0, 0),
        (Channels::Stereo, 20, 4321),
        (Channels::Mono, 0, -50),
        (Channels::Mono, 20, 7),
    ] {
        let mut encoder = open(channels, loss);
        let mut packets = encode(&mut encoder, &signal, first, 0..300);
        encoder.finish(&mut |packet| packets.push(packet)).unwrap();
        assert_eq!(
            packets[0].pts,
            AudioBlock::time_of(first),
            "starts with the first block"
        );
        assert_seamless(&packets, FRAME_SAMPLES, 48_000);
        assert_are_for_rtp(&packets, channels);
        let count = channels.count();
        let Some(decoded) = decode_with_libopus(&packets, count, Loss::Conceal, |_| false) else {
            return;
        };
        assert!(decoded[0].len() >= 3 * RATE, "nothing is missing at the end");
        for centre in centres {
            let place = (centre * RATE as f64) as usize;
            let around = place - 1200..place + 1200;
            let late = lag(&signal[0][around.clone()], &decoded[count - 1][around], 480);
            assert!(
                late.abs() <= slack(loss),
                "{channels:?}, {loss} % loss, at {centre} s: {late} samples"
            );
        }
    }
}

#[test]
fn ffmpeg_reads_the_packets_as_a_file() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let signal = music(4.0);
    for (channels, loss) in [(Channels::Stereo, 0), (Channels::Stereo, 15), (Channels::Mono, 15)] {
        let mut encoder = open(channels, loss);
        let packets = encode_all(&mut encoder, &signal);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sound.opus");
        std::fs::write(&file, ogg::file(&packets, channels.count() as u8)).unwrap();
        for decoder in ["libopus", "opus"] {
            let decoded = decode_natively(&ffmpeg, &["-c:a", decoder], &file, channels.count());
            assert_eq!(decoded[0].len(), packets.len() * FRAME_SAMPLES, "{decoder}");
            let original: Vec<f32> = match channels {
                Channels::Stereo => signal[0].clone(),
                Channels::Mono => signal[0].iter().zip(&signal[1]).map(|(l, r)| (l + r) / 2.0).collect(),
            };
            let error = segmental_error_db(&original, &decoded[0]);
            eprintln!("{channels:?}, {loss} % loss, by {decoder}: {error:.1} dB");
            // In time to the sample, or it would be no match at all.
            assert!(error < -9.0, "{error:.1} dB");
        }
    }
}

/// How far lost packets are from what they would have been, in dB: concealed, and mended.
fn lost_db(packets: &[Packet]) -> Option<[f64; 2]> {
    let is_lost = |index: usize| index % 7 == 3;
    let whole = decode_with_libopus(packets, 2, Loss::Conceal, |_| false)?;
    let mut results = [0.0; 2];
    for (result, loss) in results.iter_mut().zip([Loss::Conceal, Loss::Mend]) {
        let heard = decode_with_libopus(packets, 2, loss, is_lost)?;
        let (mut energy, mut error) = (0.0, 0.0);
        for (n, (a, b)) in whole[0].iter().zip(&heard[0]).enumerate() {
            if is_lost(n / FRAME_SAMPLES) {
                energy += f64::from(*a).powi(2);
                error += f64::from(a - b).powi(2);
            }
        }
        *result = db((error / energy).sqrt());
    }
    Some(results)
}

#[test]
fn a_lost_packet_is_mended_from_the_one_that_follows() {
    let (Some(espeak), Some(ffmpeg)) = (peer("espeak-ng"), peer("ffmpeg")) else {
        return;
    };
    let spoken = mono(speech(&espeak, &ffmpeg).0);
    for (what, signal, at_least) in [("speech", &spoken, 12.0), ("music", &music(6.0), 5.0)] {
        let packets = encode_all(&mut open(Channels::Stereo, 10), signal);
        let copies = packets.iter().filter(|packet| has_fec(&packet.data)).count();
        let Some([concealed, mended]) = lost_db(&packets) else {
            return;
        };
        eprintln!(
            "{what}: {copies} of {} packets carry a copy; lost ones are {concealed:.1} dB off concealed, {mended:.1} dB mended",
            packets.len()
        );
        assert!(modes(&packets).iter().all(|mode| *mode == OpusMode::Hybrid));
        // Pauses, a third of the speech, need no copy; nor does what SILK takes for noise.
        assert!(copies * 5 > packets.len() * 2, "{copies} of {}", packets.len());
        assert!(mended < concealed - at_least, "{concealed:.1} dB, {mended:.1} dB");
    }
}

#[test]
fn fec_follows_the_expected_loss_live() {
    let signal = music(6.0);
    let mut encoder = open(Channels::Stereo, 0);
    let mut packets = Vec::new();
    let mut copies = Vec::new();
    for (part, percent) in [0, 10, 5, 30].into_iter().enumerate() {
        encoder.set_expected_loss(percent).unwrap();
        let part = encode(&mut encoder, &signal, 0, part * 150..(part + 1) * 150);
        copies.push(part.iter().filter(|packet| has_fec(&packet.data)).count());
        packets.extend(part);
    }
    eprintln!("packets with a copy at 0, 10, 5, 30 % of loss: {copies:?} of 75 each");
    // Hits of the drum get none: SILK takes them for noise.
    assert!(copies[0] == 0 && copies[1] > 30 && copies[2] == 0 && copies[3] > 30);
    assert_seamless(&packets, FRAME_SAMPLES, 48_000);
    assert_are_for_rtp(&packets, Channels::Stereo);
    let Some(decoded) = decode_with_libopus(&packets, 2, Loss::Conceal, |_| false) else {
        return;
    };
    // No worse where it changes over than elsewhere: no click, no hole.
    for change in [1, 2, 3] {
        let around = change * 72_000 - 4800..change * 72_000 + 4800;
        let error = segmental_error_db(&signal[0][around.clone()], &decoded[0][around]);
        eprintln!("around change {change}: {error:.1} dB");
        assert!(error < -8.0, "around change {change}: {error:.1} dB");
    }
}

#[test]
fn the_bitrate_changes_live() {
    let signal = music(6.0);
    for loss in [0, 10] {
        let mut encoder = open(Channels::Stereo, loss);
        let mut packets = Vec::new();
        for (part, kbps) in [96, 32, 256, 64].into_iter().enumerate() {
            encoder.set_bitrate(kbps).unwrap();
            let part = encode(&mut encoder, &signal, 0, part * 150..(part + 1) * 150);
            let bytes: usize = part.iter().map(|packet| packet.data.len()).sum();
            let got = bytes as f64 * 8.0 / 1500.0;
            eprintln!("{loss} % loss, {kbps} kbit/s asked: {got:.0}");
            assert!(
                (0.75..1.15).contains(&(got / f64::from(kbps))),
                "{kbps} asked, {got:.0} got"
            );
            packets.extend(part);
        }
        assert_seamless(&packets, FRAME_SAMPLES, 48_000);
        assert_are_for_rtp(&packets, Channels::Stereo);
    }
}

#[test]
fn gaps_and_restarts_keep_the_time() {
    let centres = [0.9, 1.6, 4.01];
    let signal = mono(beeps(&centres, 5.0, RATE));
    let mut encoder = open(Channels::Stereo, 10);
    // 0.43 s lost, a block twice, then nothing for 2 s.
    let packets = encode(
        &mut encoder,
        &signal,
        0,
        (0..100).chain([99]).chain(143..200).chain(400..500),
    );
    assert_eq!(
        encoder.stats(),
        TimelineStats {
            filled_samples: 43 * 480,
            restarts: 1,
            late_blocks: 1
        }
    );
    assert_ascending(&packets);
    assert!(packets.iter().any(|packet| packet.pts == Timestamp::from_millis(4000)));
    let Some(decoded) = decode_with_libopus(&packets, 2, Loss::Conceal, |_| false) else {
        return;
    };
    let mut heard = vec![0.0; 6 * RATE];
    for (packet, samples) in packets.iter().zip(decoded[0].chunks_exact(FRAME_SAMPLES)) {
        heard[sample_of(packet.pts, 48_000)..][..FRAME_SAMPLES].copy_from_slice(samples);
    }
    for centre in centres {
        let place = (centre * RATE as f64) as usize;
        let around = place - 450..place + 450;
        let late = lag(&signal[0][around.clone()], &heard[around], 200);
        assert!(late.abs() <= slack(10), "at {centre} s: {late} samples");
    }
}

#[test]
fn only_the_library_allocates_beside_the_packets() {
    let signal = music(2.0);
    let blocks: Vec<AudioBlock> = (0..200).map(|index| block_of(&signal, index)).collect();
    for loss in [0, 10] {
        let mut encoder = open(Channels::Stereo, loss);
        let mut packets = Vec::with_capacity(blocks.len());
        let mut of_packets = 0;
        let before = counting::allocations();
        for block in &blocks {
            encoder
                .encode(block, &mut |packet| {
                    of_packets += 1;
                    packets.push(packet);
                })
                .unwrap();
        }
        let ours = counting::allocations() - before;
        // The same frames into the library alone.
        let mut library = ropus::Encoder::builder(48_000, ropus::Channels::Stereo, ropus::Application::Audio)
            .bitrate(ropus::Bitrate::Bits(96_000))
            .complexity(5)
            .inband_fec(ropus::InbandFec::Enabled)
            .packet_loss_perc(loss)
            .build()
            .unwrap();
        let padding = FRAME_SAMPLES - library.lookahead() as usize;
        let mut samples: Vec<i16> = vec![0; padding * 2];
        for block in &blocks {
            for n in 0..BLOCK_FRAMES {
                samples.extend(block.channels.map(|channel| (channel[n] * 32_768.0).round() as i16));
            }
        }
        let mut output = [0; 1276];
        let mut sizes = Vec::with_capacity(blocks.len());
        let before = counting::allocations();
        for frame in samples.chunks_exact(FRAME_SAMPLES * 2) {
            sizes.push(library.encode(frame, &mut output).unwrap());
        }
        let theirs = counting::allocations() - before;
        // The first packet lies before the sound.
        let expected: Vec<usize> = packets.iter().map(|packet| packet.data.len()).collect();
        assert_eq!(sizes[1..], expected, "the same packets");
        eprintln!(
            "{loss} % loss: {} allocations per packet inside the library",
            theirs / sizes.len()
        );
        assert_eq!(ours - theirs, of_packets, "one for the bytes of each packet");
    }
}

fn samples() -> impl Strategy<Value = f32> {
    prop_oneof![4 => -1.0_f32..1.0, 1 => any::<f32>(), 1 => Just(f32::NAN), 1 => Just(f32::INFINITY), 1 => Just(0.0)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_comes_the_packets_are_valid_and_ascend(
        steps in prop::collection::vec(
            (
                prop_oneof![8 => Just(1_i64), 2 => 2_i64..90, 1 => -50_i64..=0, 1 => 101_i64..100_000],
                prop::collection::vec(samples(), 1..40),
                prop::option::weighted(0.2, (0_u32..600, any::<u8>())),
            ),
            1..60,
        ),
        is_mono in any::<bool>(),
        loss in 0_u8..40,
    ) {
        let channels = if is_mono { Channels::Mono } else { Channels::Stereo };
        let mut encoder = open(channels, loss);
        let (mut at, mut newest) = (0, 0);
        let mut packets = Vec::new();
        for (step, values, change) in steps {
            if let Some((kbps, percent)) = change {
                encoder.set_bitrate(kbps).unwrap();
                encoder.set_expected_loss(percent).unwrap();
            }
            // Back by less than a second: by more would rightly start a timeline in the past.
            at = (at + step).max(newest - 90);
            newest = newest.max(at);
            let mut block = AudioBlock::silence(AudioBlock::time_of(at));
            for (n, x) in block.channels.iter_mut().flatten().enumerate() {
                *x = values[n % values.len()];
            }
            encoder
                .encode(&block, &mut |packet| {
                    assert!(packet.pts <= block.pts, "no packet is from the future");
                    packets.push(packet);
                })
                .unwrap();
        }
        assert_ascending(&packets);
        assert_are_for_rtp(&packets, channels);
    }
}
