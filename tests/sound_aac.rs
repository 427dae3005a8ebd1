//! AAC against ffmpeg: what is decoded sounds when the PTS says, through gaps, restarts and changes of bitrate.

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
mod sound_common;
#[path = "sound_common/switching.rs"]
mod switching;

use std::path::Path;
use std::process::Command;

use codec::{
    assert_ascending, assert_seamless, beeps, decode_natively, encode, encode_all, music, sample_of, segmental_error_db,
};
use proptest::prelude::*;
use rigcast::encode::aac::FRAME_SAMPLES;
use rigcast::encode::{AacEncoder, AudioEncoder, AudioRate, AudioSettings, Channels, TimelineStats};
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

/// Every rate with every channel count.
const SHAPES: [(AudioRate, Channels); 4] = [
    (AudioRate::Hz44100, Channels::Mono),
    (AudioRate::Hz44100, Channels::Stereo),
    (AudioRate::Hz48000, Channels::Mono),
    (AudioRate::Hz48000, Channels::Stereo),
];

fn open_as((sample_rate, channels): (AudioRate, Channels), bitrate_kbps: u32) -> AacEncoder {
    AacEncoder::open(AudioSettings {
        bitrate_kbps,
        sample_rate,
        channels,
    })
    .unwrap()
}

/// Packets as ADTS, with the header of what the encoder says about itself.
fn adts(config: &AudioSpecificConfig, packets: &[Packet]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for packet in packets {
        let header = AdtsHeader::for_payload(config, packet.data.len()).unwrap();
        bytes.extend(header.to_bytes().unwrap());
        bytes.extend_from_slice(&packet.data);
    }
    bytes
}

/// Has ffmpeg decode packets at their own rate, one channel after the other.
fn decode_as_it_is(ffmpeg: &Path, encoder: &AacEncoder, packets: &[Packet]) -> Vec<Vec<f32>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sound.aac");
    std::fs::write(&file, adts(&asc_of(encoder.config()), packets)).unwrap();
    let channels = usize::from(encoder.config().channels);
    let decoded = decode_natively(ffmpeg, &[], &file, channels);
    assert_eq!(
        decoded[0].len(),
        packets.len() * FRAME_SAMPLES,
        "one frame for each packet"
    );
    decoded
}

/// Writes packets as ADTS, has ffmpeg decode them, and checks that each packet gave one frame.
fn decode(ffmpeg: &Path, packets: &[Packet]) -> Signal {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sound.aac");
    std::fs::write(&file, adts(&AudioSpecificConfig::aac_lc(48_000, 2), packets)).unwrap();
    let signal = decode_with_ffmpeg(ffmpeg, &file);
    assert_eq!(
        signal[0].len(),
        packets.len() * FRAME_SAMPLES,
        "one frame for each packet"
    );
    signal
}

/// 5 ms of 2 kHz at each of the places.
fn clicks(places: &[usize], samples: usize) -> Signal {
    let mut signal = vec![0.0; samples];
    for place in places {
        for (n, x) in sine(2000.0, 0.7, 0.0, 0.005).into_iter().enumerate() {
            signal[place + n] = x;
        }
    }
    mono(signal)
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
    let signal = clicks(&places, samples);
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
    let signal = clicks(&places, 3 * RATE);
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
    let signal = clicks(&places, 5 * RATE);
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
    assert_ascending(&packets);
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
    let signal = clicks(&[], RATE);
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

#[test]
fn every_shape_says_what_it_is_and_holds_its_bitrates() {
    for shape in SHAPES {
        let (rate, channels) = shape;
        let count = channels.count() as u8;
        let range = AudioSettings::bitrate_range(channels);
        for (asked, got) in [(1, *range.start()), (64, 64), (100_000, *range.end())] {
            let encoder = open_as(shape, asked);
            let config = encoder.config();
            assert_eq!(asc_of(config), AudioSpecificConfig::aac_lc(rate.hz(), count));
            assert_eq!(
                (config.sample_rate, config.channels, config.bitrate_kbps),
                (rate.hz(), count, got)
            );
        }
    }
}

#[test]
fn a_beep_is_in_its_place_at_every_rate_and_mono_is_half_the_sum() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let centres = [0.513, 1.000_23, 2.016];
    // Both sides, left only, right only: all of it is in mono, what is in the middle at its level.
    let both = beeps(&centres, 3.0, RATE);
    for shape in SHAPES {
        let hz = shape.0.hz() as usize;
        let reference = beeps(&centres, 3.0, hz);
        for (sides, mono_level) in [([1.0, 1.0], 1.0), ([1.0, 0.0], 0.5), ([0.0, 1.0], 0.5)] {
            let signal = sides.map(|side: f32| both.iter().map(|x| x * side).collect::<Vec<f32>>());
            let mut encoder = open_as(shape, 128);
            let first = 4_321;
            let mut packets = encode(&mut encoder, &signal, first, 0..300);
            encoder.finish(&mut |packet| packets.push(packet)).unwrap();
            assert_eq!(
                packets[0].pts,
                AudioBlock::time_of(first),
                "starts with the first block"
            );
            assert_seamless(&packets, FRAME_SAMPLES, hz as u32);
            let decoded = decode_as_it_is(&ffmpeg, &encoder, &packets);
            assert!(decoded[0].len() >= 3 * hz, "nothing is missing at the end");
            for (channel, samples) in decoded.iter().enumerate() {
                let level = if shape.1 == Channels::Mono {
                    mono_level
                } else {
                    f64::from(sides[channel])
                };
                for centre in centres {
                    let place = (centre * hz as f64) as usize;
                    let around = place - 1000..place + 1000;
                    let (wanted, got) = (&reference[around.clone()], &samples[around]);
                    if level > 0.0 {
                        assert_eq!(lag(wanted, got, 400), 0, "{shape:?}, {sides:?} at {centre} s");
                    }
                    let off = rms(got) / rms(wanted) - level;
                    assert!(
                        off.abs() < 0.03,
                        "{shape:?}, {sides:?} at {centre} s: level off by {off:.3}"
                    );
                }
            }
        }
    }
}

#[test]
fn gaps_and_restarts_keep_the_time_at_44_1_khz() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let centres = [0.9, 1.6, 4.01];
    let signal = mono(beeps(&centres, 5.0, RATE));
    let shape = (AudioRate::Hz44100, Channels::Mono);
    let mut encoder = open_as(shape, 96);
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
    let restart = packets.iter().find(|packet| packet.pts == Timestamp::from_millis(4000));
    assert!(restart.is_some(), "a packet starts where the sound does");
    let decoded = decode_as_it_is(&ffmpeg, &encoder, &packets);
    let mut heard = vec![0.0; 6 * 44_100];
    for (packet, samples) in packets.iter().zip(decoded[0].chunks_exact(FRAME_SAMPLES)) {
        heard[sample_of(packet.pts, 44_100)..][..FRAME_SAMPLES].copy_from_slice(samples);
    }
    let reference = beeps(&centres, 5.0, 44_100);
    for centre in centres {
        let place = (centre * 44_100.0) as usize;
        let around = place - 400..place + 400;
        assert_eq!(lag(&reference[around.clone()], &heard[around], 150), 0, "at {centre} s");
    }
}

#[test]
fn at_the_default_nothing_up_to_17_5_khz_is_lost() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    for hz in [50.0, 1000.0, 10_000.0, 15_000.0, 16_500.0, 17_500.0] {
        let signal = mono(sine(hz, 0.1, 0.0, 1.0));
        let packets = encode_all(&mut AacEncoder::open(AudioSettings::default()).unwrap(), &signal);
        let decoded = decode(&ffmpeg, &packets);
        let level = db(rms(&decoded[0][9600..38_400]) / rms(&signal[0][9600..38_400]));
        eprintln!("{hz} Hz: {level:+.2} dB");
        assert!(level.abs() < 0.5, "{hz} Hz comes out {level:+.2} dB");
    }
}

/// Measured against the encoder that viewers of other programs hear: ffmpeg's own, at the same bitrate.
#[test]
fn music_is_nearer_to_what_it_was_than_by_ffmpegs_encoder() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let signal = music(6.0);
    let folder = tempfile::tempdir().unwrap();
    let (wav, theirs) = (folder.path().join("music.wav"), folder.path().join("theirs.m4a"));
    write_wav(&wav, &signal);
    let run = Command::new(&ffmpeg)
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(&wav)
        .args(["-c:a", "aac", "-b:a", "128k"])
        .arg(&theirs)
        .status()
        .unwrap();
    assert!(run.success());
    // The MP4 says how much of its start is the encoder's delay, and ffmpeg leaves that out.
    let theirs = decode_with_ffmpeg(&ffmpeg, &theirs);
    let mut encoder = AacEncoder::open(AudioSettings::default()).unwrap();
    let ours = decode(&ffmpeg, &encode_all(&mut encoder, &signal));
    let errors = [&ours, &theirs].map(|decoded| segmental_error_db(&signal[0][..5 * RATE], &decoded[0][..5 * RATE]));
    eprintln!("128 kbit/s: {:.1} dB, ffmpeg's own {:.1} dB", errors[0], errors[1]);
    assert!(errors[0] < -18.0 && errors[0] < errors[1] - 1.0, "{errors:?}");
}

#[test]
fn encoding_allocates_its_packets_and_nothing_else_in_any_shape() {
    let signal = music(1.0);
    let blocks: Vec<AudioBlock> = (0..100).map(|index| block_of(&signal, index)).collect();
    for shape in SHAPES {
        let mut encoder = open_as(shape, 128);
        let mut packets = Vec::with_capacity(blocks.len());
        let before = counting::allocations();
        for block in &blocks {
            encoder.encode(block, &mut |packet| packets.push(packet)).unwrap();
        }
        assert_eq!(counting::allocations() - before, packets.len(), "{shape:?}");
        assert!(packets.len() > 35);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_times_and_samples_come_the_packets_ascend(
        steps in prop::collection::vec(prop_oneof![8 => Just(1i64), 2 => 2i64..90, 1 => -50i64..=0, 1 => 101i64..100_000], 1..60),
        bits in any::<u32>(),
        shape in prop::sample::select(SHAPES.to_vec()),
    ) {
        let mut encoder = open_as(shape, 96);
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
