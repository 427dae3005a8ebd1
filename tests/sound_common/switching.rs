//! AAC that changes its rate and channels on air: the time goes on, the sound goes on, and decoders follow.

use std::process::Command;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use rigcast::encode::aac::FRAME_SAMPLES;
use rigcast::encode::{AudioEncoder, AudioRate, AudioSettings, Channels, SwitchingAac};
use rigcast::media::{AudioBlock, AudioConfig, BLOCK_FRAMES, Packet, TimeDelta, Timestamp};
use rigcast::wire::flv;

use super::codec::{assert_seamless, beeps, decode_natively, sample_of};
use super::{RATE, SHAPES, Signal, adts, asc_of, block_of, db, lag, mono, peer, rms, sine};

fn settings((sample_rate, channels): (AudioRate, Channels), bitrate_kbps: u32) -> AudioSettings {
    AudioSettings {
        bitrate_kbps,
        sample_rate,
        channels,
    }
}

/// Packets of one config.
struct Stretch {
    config: AudioConfig,
    packets: Vec<Packet>,
}

impl Stretch {
    fn frame(&self) -> TimeDelta {
        TimeDelta::from_rate(FRAME_SAMPLES as i64, self.config.sample_rate)
    }

    fn end(&self) -> Timestamp {
        self.packets.last().unwrap().pts + self.frame()
    }
}

/// An encoder, and what it put out in the order in which it did.
struct Rig {
    encoder: SwitchingAac,
    announced: Arc<Mutex<Vec<AudioConfig>>>,
    stretches: Vec<Stretch>,
}

impl Rig {
    fn open(settings: AudioSettings) -> Self {
        let announced = Arc::new(Mutex::new(Vec::new()));
        let encoder = SwitchingAac::open(settings, {
            let announced = Arc::clone(&announced);
            move |config| announced.lock().unwrap().push(config.clone())
        })
        .unwrap();
        let first = Stretch {
            config: encoder.config().clone(),
            packets: Vec::new(),
        };
        Self {
            encoder,
            announced,
            stretches: vec![first],
        }
    }

    fn call(&mut self, call: impl FnOnce(&mut SwitchingAac, &mut dyn FnMut(Packet))) {
        let Self {
            encoder,
            announced,
            stretches,
        } = self;
        let mut sink = |packet: Packet| {
            for config in announced.lock().unwrap().drain(..) {
                stretches.push(Stretch {
                    config,
                    packets: Vec::new(),
                });
            }
            stretches.last_mut().unwrap().packets.push(packet);
        };
        call(encoder, &mut sink);
    }

    fn encode(&mut self, block: &AudioBlock) {
        self.call(|encoder, sink| encoder.encode(block, sink).unwrap());
    }

    fn encode_signal(&mut self, signal: &Signal, first: i64, indices: std::ops::Range<usize>) {
        for index in indices {
            let mut block = block_of(signal, index);
            block.pts = AudioBlock::time_of(first + index as i64);
            self.encode(&block);
        }
    }

    fn finish(mut self) -> Vec<Stretch> {
        self.call(|encoder, sink| encoder.finish(sink).unwrap());
        self.stretches
    }
}

/// Time ends in one stretch where it goes on in the next.
fn assert_continued(stretches: &[Stretch]) {
    for stretch in stretches {
        assert_seamless(&stretch.packets, FRAME_SAMPLES, stretch.config.sample_rate);
    }
    for pair in stretches.windows(2) {
        let gap = pair[1].packets[0].pts - pair[0].end();
        assert!(
            gap >= TimeDelta::ZERO && gap < TimeDelta::from_millis(1),
            "{} µs between {:?} and {:?}",
            gap.to_rate(1_000_000),
            pair[0].config,
            pair[1].config
        );
    }
}

#[test]
fn every_shape_becomes_every_other_and_each_beep_stays_in_its_place() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let centres = [0.513, 0.8, 1.2, 2.016, 2.6];
    let signal = mono(beeps(&centres, 3.0, RATE));
    let first = 4_321;
    let zero = AudioBlock::time_of(first);
    for from in SHAPES {
        for to in SHAPES.into_iter().filter(|to| *to != from) {
            let mut rig = Rig::open(settings(from, 128));
            rig.encode_signal(&signal, first, 0..100);
            rig.encoder.set_audio(settings(to, 96)).unwrap();
            assert_eq!(rig.encoder.settings(), settings(to, 96));
            rig.encode_signal(&signal, first, 100..300);
            let stretches = rig.finish();
            assert_eq!(stretches.len(), 2, "{from:?} to {to:?}");
            assert_continued(&stretches);
            assert_eq!(stretches[0].packets[0].pts, zero);
            let (asked, changed) = (zero + TimeDelta::from_millis(1000), stretches[1].packets[0].pts);
            eprintln!("{from:?} to {to:?}: {} ms later", (changed - asked).to_millis());
            assert!(changed > asked && changed < asked + TimeDelta::from_millis(1100));
            for (stretch, shape) in stretches.iter().zip([from, to]) {
                let (rate, channels) = (shape.0.hz(), shape.1.count());
                let config = &stretch.config;
                assert_eq!((config.sample_rate, usize::from(config.channels)), (rate, channels));
                let asc = asc_of(config);
                assert_eq!((asc.sample_rate, usize::from(asc.channels)), (rate, channels));
                let folder = tempfile::tempdir().unwrap();
                let file = folder.path().join("sound.aac");
                std::fs::write(&file, adts(&asc, &stretch.packets)).unwrap();
                let decoded = decode_natively(&ffmpeg, &[], &file, channels);
                let reference = beeps(&centres, 3.0, rate as usize);
                let begins = sample_of(zero + (stretch.packets[0].pts - zero) - zero.since_zero(), rate);
                let mut heard = 0;
                for centre in centres {
                    let place = (centre * f64::from(rate)) as usize;
                    // The frames at either side of the change are faded.
                    let is_inside = place > begins + 2000 || begins == 0;
                    if is_inside && place >= begins && place + 2000 < begins + decoded[0].len() {
                        let wanted = &reference[place - 500..place + 500];
                        for channel in &decoded {
                            let got = &channel[place - begins - 500..place - begins + 500];
                            assert_eq!(lag(wanted, got, 200), 0, "{from:?} to {to:?} at {centre} s");
                        }
                        heard += 1;
                    }
                }
                assert!(heard >= 2, "{heard} beeps of {from:?} to {to:?}");
            }
        }
    }
}

/// A file as a server would record it: two sequence headers, one after the other's sound.
fn flv_file(stretches: &[Stretch]) -> Vec<u8> {
    let mut file = b"FLV\x01\x04\x00\x00\x00\x09\x00\x00\x00\x00".to_vec();
    let mut tag = |ms: i64, body: &[u8]| {
        let (size, ms) = ((body.len() as u32).to_be_bytes(), (ms as u32).to_be_bytes());
        file.extend([8, size[1], size[2], size[3], ms[1], ms[2], ms[3], ms[0], 0, 0, 0]);
        file.extend_from_slice(body);
        file.extend((body.len() as u32 + 11).to_be_bytes());
    };
    for stretch in stretches {
        let header = flv::audio_sequence_header(&stretch.config).unwrap();
        tag(stretch.packets[0].pts.to_millis(), &header);
        for packet in &stretch.packets {
            tag(packet.pts.to_millis(), &[&flv::AUDIO_HEADER[..], &packet.data].concat());
        }
    }
    file
}

#[test]
fn a_tone_goes_on_through_changes_in_one_stream_that_ffmpeg_decodes() {
    const AMPLITUDE: f64 = 0.4;
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let signal = mono(sine(440.0, AMPLITUDE, 0.0, 6.0));
    let [at_44, at_48] = [AudioRate::Hz44100, AudioRate::Hz48000].map(|rate| settings((rate, Channels::Stereo), 128));
    let mut rig = Rig::open(at_48);
    for (part, next) in [at_44, at_48, at_44].into_iter().enumerate() {
        rig.encode_signal(&signal, 0, part * 200..(part + 1) * 200);
        // The last one comes too late for any block, and changes nothing that is heard.
        rig.encoder.set_audio(next).unwrap();
    }
    let stretches = rig.finish();
    let rates: Vec<u32> = stretches.iter().map(|stretch| stretch.config.sample_rate).collect();
    assert_eq!(rates, [48_000, 44_100, 48_000]);
    assert_continued(&stretches);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sound.flv");
    std::fs::write(&file, flv_file(&stretches)).unwrap();
    let run = Command::new(&ffmpeg)
        .args(["-v", "warning", "-nostdin", "-i"])
        .arg(&file)
        .args(["-af", "aresample=48000", "-ac", "1", "-f", "f32le", "-"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && !said.contains("rror"), "{said}");
    let heard = super::codec::deinterleave(&run.stdout, 1).remove(0);
    let seconds = heard.len() as f64 / RATE as f64;
    assert!((seconds - 6.05).abs() < 0.1, "{seconds} s");
    let inside = &heard[2 * FRAME_SAMPLES..6 * RATE - 4800];
    // A click is a step that the tone does not have.
    let step = inside
        .windows(2)
        .map(|pair| f64::from((pair[1] - pair[0]).abs()))
        .fold(0.0, f64::max);
    let usual = AMPLITUDE * std::f64::consts::TAU * 440.0 / RATE as f64;
    eprintln!("largest step {step:.4}, that of the tone {usual:.4}");
    assert!(step < 2.0 * usual, "{step:.4}");
    // And silence would be a gap: the fall and rise around a change are all there is, twice.
    let full = db(AMPLITUDE / 2.0_f64.sqrt());
    let quiet = inside
        .chunks_exact(480)
        .filter(|chunk| db(rms(chunk)) < full - 6.0)
        .count();
    eprintln!("{quiet} times 10 ms are more than 6 dB below the tone");
    assert!(quiet <= 4, "{quiet}");
    assert!(inside.chunks_exact(960).all(|chunk| db(rms(chunk)) > full - 12.0));
}

#[test]
fn the_last_word_holds_and_a_bitrate_alone_is_no_change() {
    let signal = mono(sine(440.0, 0.4, 0.0, 4.0));
    let stereo = |rate, kbps| settings((rate, Channels::Stereo), kbps);
    let mut rig = Rig::open(stereo(AudioRate::Hz48000, 160));
    rig.encode_signal(&signal, 0, 0..50);
    rig.encoder.set_audio(stereo(AudioRate::Hz48000, 96)).unwrap();
    rig.encode_signal(&signal, 0, 50..60);
    assert_eq!(rig.stretches.len(), 1);
    assert_eq!(rig.encoder.config().bitrate_kbps, 96);
    // Under way to 44.1 kHz there, back again, and in the end mono: only where it goes and where it ends is heard.
    rig.encoder.set_audio(stereo(AudioRate::Hz44100, 96)).unwrap();
    rig.encode_signal(&signal, 0, 60..61);
    rig.encoder.set_audio(stereo(AudioRate::Hz48000, 128)).unwrap();
    let mono_48 = settings((AudioRate::Hz48000, Channels::Mono), 64);
    rig.encoder.set_audio(mono_48).unwrap();
    rig.encoder.set_bitrate(48).unwrap();
    let expected = AudioSettings {
        bitrate_kbps: 48,
        ..mono_48
    };
    assert_eq!(rig.encoder.settings(), expected);
    rig.encode_signal(&signal, 0, 61..400);
    let stretches = rig.finish();
    let shapes: Vec<(u32, u8)> = stretches
        .iter()
        .map(|stretch| (stretch.config.sample_rate, stretch.config.channels))
        .collect();
    assert_eq!(shapes, [(48_000, 2), (44_100, 2), (48_000, 1)]);
    assert_continued(&stretches);
    assert_eq!(stretches[2].config.bitrate_kbps, 48);
}

#[test]
fn before_the_first_block_a_change_is_at_once_and_a_wrong_one_is_none() {
    let signal = mono(sine(440.0, 0.4, 0.0, 1.0));
    let mut rig = Rig::open(AudioSettings::default());
    rig.encoder
        .set_audio(settings((AudioRate::Hz44100, Channels::Mono), 64))
        .unwrap();
    rig.encode_signal(&signal, 7, 0..100);
    let stretches = rig.finish();
    assert_eq!(stretches.len(), 2);
    assert!(stretches[0].packets.is_empty());
    assert_eq!(stretches[1].packets[0].pts, AudioBlock::time_of(7));
    assert_eq!(stretches[1].config.sample_rate, 44_100);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_lost_and_asked_for_no_time_is_told_twice(
        steps in prop::collection::vec(
            (
                prop_oneof![30 => Just(1i64), 2 => 2i64..90, 1 => -50i64..=0, 1 => 101i64..100_000],
                prop::option::weighted(0.1, prop::sample::select(SHAPES.to_vec())),
            ),
            1..160,
        ),
    ) {
        let mut rig = Rig::open(AudioSettings::default());
        let (mut at, mut newest) = (0, 0);
        for (step, change) in steps {
            // Back by less than a second: by more would rightly start a timeline in the past.
            at = (at + step).max(newest - 90);
            newest = newest.max(at);
            if let Some(shape) = change {
                rig.encoder.set_audio(settings(shape, 96)).unwrap();
            }
            rig.encode(&AudioBlock::silence(AudioBlock::time_of(at)));
        }
        let end = AudioBlock::time_of(newest + 1);
        let mut last: Option<Timestamp> = None;
        for stretch in rig.finish() {
            for packet in &stretch.packets {
                if let Some(last) = last {
                    // An encoder that begins anew behind a jump puts one packet of silence before its first.
                    prop_assert!(packet.pts >= last, "{} within what ends at {last}", packet.pts);
                }
                prop_assert!(packet.pts < end);
                last = Some(packet.pts + stretch.frame());
            }
        }
    }
}

#[test]
fn without_a_change_nothing_but_packets_is_allocated() {
    let blocks: Vec<AudioBlock> = (0..100)
        .map(|index| AudioBlock::silence(AudioBlock::time_of(index)))
        .collect();
    let mut encoder = SwitchingAac::open(AudioSettings::default(), |_| {}).unwrap();
    let mut packets = Vec::with_capacity(blocks.len());
    let before = super::counting::allocations();
    for block in &blocks {
        encoder.encode(block, &mut |packet| packets.push(packet)).unwrap();
    }
    assert_eq!(super::counting::allocations() - before, packets.len());
    assert!(packets.len() > 35 && blocks.len() * BLOCK_FRAMES > 35 * FRAME_SAMPLES);
}
