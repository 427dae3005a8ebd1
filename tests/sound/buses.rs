//! What happens between strips: ducking, audio that follows video, rides, aux buses, and where sound can be had.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::float_cmp,
    clippy::print_stderr,
    missing_docs
)]

use crate::sound_common;
use ebur128::{EbuR128, Mode};
use rigcast::media::{AudioBlock, BLOCK_FRAMES, TimeDelta};
use rigcast::sound::{BusSettings, Ducking, Mixer, Point, Ride, Role, StripSettings};
use sound_common::*;

/// Blocks of 10 ms after which the voice speaks, and after which it is quiet again.
const OPENS: usize = 100;
const CLOSES: usize = 200;

/// A mixer with a voice and with music, run for `blocks`.
struct Desk {
    mixer: Mixer,
    voice: Signal,
    music: Signal,
    index: usize,
}

impl Desk {
    /// The voice is a tone of 300 Hz at −12 dBFS between [`OPENS`] and [`CLOSES`], the music one of 3 kHz at −20 dBFS.
    fn new(voice: StripSettings, music: StripSettings, bus: BusSettings) -> Self {
        let mut spoken = sine(300.0, 0.25, 0.0, 6.0);
        spoken[..OPENS * BLOCK_FRAMES].fill(0.0);
        spoken[CLOSES * BLOCK_FRAMES..].fill(0.0);
        Self {
            mixer: Mixer::new(&[voice, music], bus),
            voice: mono(spoken),
            music: mono(sine(3000.0, 0.1, 0.0, 6.0)),
            index: 0,
        }
    }

    /// Runs up to block `end` and gives the level of the music on program in each block, in dB against how it is sent.
    /// Program is told by the time of its content.
    fn run(&mut self, end: usize) -> Vec<f64> {
        let mut levels = Vec::new();
        while self.index < end {
            let inputs = [&self.voice, &self.music].map(|signal| Some(block_of(signal, self.index)));
            let mix = self.mixer.process(AudioBlock::time_of(self.index as i64), &inputs);
            levels.push(db(tone(&mix.program.channels[0], 3000.0) / 0.1));
            self.index += 1;
        }
        levels
    }
}

/// The amplitude of a tone in a block that holds whole waves of it.
fn tone(samples: &[f32], frequency: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = std::f64::consts::TAU * frequency * n as f64 / RATE as f64;
        re += f64::from(*sample) * angle.cos();
        im += f64::from(*sample) * angle.sin();
    }
    2.0 * re.hypot(im) / samples.len() as f64
}

fn voice_strip() -> StripSettings {
    StripSettings {
        role: Role::Voice,
        ..StripSettings::default()
    }
}

fn music() -> StripSettings {
    StripSettings {
        role: Role::Music,
        ..StripSettings::default()
    }
}

/// The block of content time `content` is in the level list of a run from block 0 at this place.
const fn heard(content: usize) -> usize {
    content + Mixer::LATENCY_BLOCKS as usize
}

#[test]
fn music_ducks_by_the_set_amount_within_150_ms_and_comes_back() {
    for by_db in [6.0_f32, 12.0, 24.0] {
        let bus = BusSettings {
            ducking: Ducking {
                by_db,
                ..Ducking::default()
            },
            ..BusSettings::default()
        };
        let mut desk = Desk::new(voice_strip(), music(), bus);
        let levels = desk.run(500);
        let near = |content: usize, expected: f64| {
            let level = levels[heard(content)];
            assert!(
                (level - expected).abs() < 0.3,
                "by {by_db}, block {content}: {level:.2} dB"
            );
        };
        let down = -f64::from(by_db);
        near(OPENS - 1, 0.0);
        // By 80 ms of attack, well within 150 ms of the first sound of the voice.
        near(OPENS + 9, down);
        near(OPENS + 15, down);
        near(CLOSES - 1, down);
        // 600 ms of hold, then 700 of release.
        near(CLOSES + 55, down);
        assert!(levels[heard(CLOSES + 95)] > down + 1.0, "it is on its way back");
        near(CLOSES + 60 + 75, 0.0);
        assert_eq!(desk.mixer.meters().strips[1].stages.duck_db, 0.0);
    }
}

#[test]
fn the_meter_of_the_music_shows_how_far_it_is_down() {
    let mut desk = Desk::new(voice_strip(), music(), BusSettings::default());
    desk.run(OPENS + 30);
    let meters = desk.mixer.meters();
    assert_eq!(meters.strips[1].stages.duck_db, -12.0);
    assert_eq!(meters.strips[0].stages.duck_db, 0.0);
}

#[test]
fn a_voice_that_is_not_heard_does_not_duck() {
    let muted = StripSettings {
        is_muted: true,
        is_solo: true,
        ..voice_strip()
    };
    let quiet = StripSettings {
        gain_db: -40.0,
        ..voice_strip()
    };
    let other = StripSettings {
        role: Role::Other,
        ..voice_strip()
    };
    let away = StripSettings {
        is_afv: true,
        ..voice_strip()
    };
    for (name, settings, is_on_program) in [
        ("muted", muted, true),
        ("below the threshold", quiet, true),
        ("no voice", other, true),
        ("closed by AFV", away, false),
    ] {
        let mut desk = Desk::new(settings, music(), BusSettings::default());
        desk.mixer.set_on_program(0, is_on_program, TimeDelta::ZERO);
        let levels = desk.run(CLOSES);
        for level in &levels[heard(20)..] {
            assert!(level.abs() < 0.3, "{name}: {level:.2} dB");
        }
    }
    // The same voice, seen on program, ducks.
    let mut desk = Desk::new(away, music(), BusSettings::default());
    assert!((desk.run(CLOSES)[heard(OPENS + 30)] + 12.0).abs() < 0.3);
}

#[test]
fn only_music_ducks_and_only_while_ducking_is_on() {
    let off = BusSettings {
        ducking: Ducking {
            is_on: false,
            ..Ducking::default()
        },
        ..BusSettings::default()
    };
    for (settings, bus) in [(StripSettings::default(), BusSettings::default()), (music(), off)] {
        let levels = Desk::new(voice_strip(), settings, bus).run(CLOSES);
        assert!(levels[heard(20)..].iter().all(|level| level.abs() < 0.3));
    }
    // Muted in the middle of a sentence, the voice lets the music come back; switched off, ducking does.
    let mut desk = Desk::new(voice_strip(), music(), BusSettings::default());
    desk.run(OPENS + 30);
    desk.mixer.set(
        0,
        StripSettings {
            is_muted: true,
            ..voice_strip()
        },
    );
    let levels = desk.run(CLOSES + 80);
    assert!(levels[levels.len() - 1].abs() < 0.3);
    let mut desk = Desk::new(voice_strip(), music(), BusSettings::default());
    desk.run(OPENS + 20);
    desk.mixer.set_bus(off);
    let levels = desk.run(CLOSES);
    assert!(levels[levels.len() - 1].abs() < 0.3);
}

#[test]
fn audio_follows_video_with_the_transition() {
    let follows = StripSettings {
        is_afv: true,
        ..StripSettings::default()
    };
    let silent = StripSettings {
        is_muted: true,
        ..StripSettings::default()
    };
    let mut desk = Desk::new(silent, follows, BusSettings::default());
    assert!(
        desk.run(50)[heard(40)].abs() < 0.1,
        "until it is told otherwise, a source counts as seen"
    );
    // A fade of half a second.
    desk.mixer.set_on_program(1, false, TimeDelta::from_millis(500));
    let fade = desk.run(110);
    let latency = Mixer::LATENCY_BLOCKS as usize;
    assert!(
        (fade[latency + 24] + 6.0).abs() < 1.0,
        "half way: {:.1} dB",
        fade[latency + 24]
    );
    for pair in fade.windows(2) {
        assert!(pair[1] <= pair[0] + 0.1, "it goes one way: {fade:.1?}");
    }
    assert!(fade[latency + 51] < -100.0, "closed: {fade:.1?}");
    // A cut.
    desk.mixer.set_on_program(1, true, TimeDelta::ZERO);
    let cut = desk.run(120);
    assert!(cut[latency + 3].abs() < 0.1, "{cut:.1?}");
    // A strip that does not follow is not concerned; one that is told to follow closes.
    desk.mixer.set(1, StripSettings::default());
    desk.mixer.set_on_program(1, false, TimeDelta::ZERO);
    assert!(desk.run(130)[9].abs() < 0.1);
    desk.mixer.set(1, follows);
    assert!(desk.run(140)[9] < -100.0);
    desk.mixer.set_on_program(7, true, TimeDelta::ZERO);
}

#[test]
fn sound_can_be_had_at_every_point_with_its_own_time() {
    let left = StripSettings {
        pan_percent: -100.0,
        gain_db: 6.0,
        send_a_db: Some(0.0),
        ..StripSettings::default()
    };
    let muted = StripSettings {
        is_muted: true,
        send_b_db: Some(0.0),
        ..StripSettings::default()
    };
    let mut desk = Desk::new(muted, left, BusSettings::default());
    desk.run(150);
    let at = |point| desk.mixer.output(point);
    let ms = |block: &AudioBlock| block.pts.to_millis();
    let level = |block: &AudioBlock, channel: usize, hz: f64| tone(&block.channels[channel], hz);

    let strip = at(Point::Strip(0)).unwrap();
    assert!(
        (level(&strip, 0, 300.0) - 0.25).abs() < 0.005,
        "a muted strip can be recorded"
    );
    let strip = at(Point::Strip(1)).unwrap();
    assert!((level(&strip, 0, 3000.0) - 0.2).abs() < 0.005, "behind gain");
    assert!(level(&strip, 1, 3000.0) < 1e-5, "and pan");
    assert_eq!(ms(&strip), 1480, "the last block was 149");
    let program = at(Point::Program).unwrap();
    assert!((level(&program, 0, 3000.0) - 0.2).abs() < 0.005 && level(&program, 0, 300.0) < 1e-5);
    assert_eq!(ms(&program), 1470);
    assert_eq!(at(Point::Monitor), Some(program), "nobody is solo");
    let aux = at(Point::AuxA).unwrap();
    assert!((level(&aux, 0, 3000.0) - 0.2).abs() < 0.005 && level(&aux, 0, 300.0) < 1e-5);
    assert_eq!(ms(&aux), 1480);
    assert_eq!(
        at(Point::AuxB).unwrap().channels,
        [[0.0; BLOCK_FRAMES]; 2],
        "what is muted is not sent"
    );
    assert_eq!(at(Point::Strip(2)), None);

    // What a strip gives is what program gets of it a block later, sample by sample.
    let before = at(Point::Strip(1)).unwrap();
    desk.run(151);
    assert_eq!(desk.mixer.output(Point::Program), Some(before));
}

#[test]
fn aux_sends_follow_the_fader_and_end_at_full_scale() {
    let hot = StripSettings {
        gain_db: 12.0,
        send_a_db: Some(12.0),
        send_b_db: Some(-20.0),
        ..StripSettings::default()
    };
    let mut desk = Desk::new(StripSettings::default(), hot, BusSettings::default());
    desk.run(50);
    let a = desk.mixer.output(Point::AuxA).unwrap();
    assert_eq!(peak(&a.channels[0]), 1.0, "24 dB more than -20 dBFS");
    let b = desk.mixer.output(Point::AuxB).unwrap();
    assert!((db(tone(&b.channels[0], 3000.0)) + 28.0).abs() < 0.1);
    desk.mixer.set(1, StripSettings { send_a_db: None, ..hot });
    desk.run(60);
    let a = desk.mixer.output(Point::AuxA).unwrap();
    assert_eq!(peak(&a.channels[0]), 0.0);
}

#[test]
fn the_ceiling_moves_live() {
    let hot = StripSettings {
        gain_db: 24.0,
        ..StripSettings::default()
    };
    let mut desk = Desk::new(StripSettings::default(), hot, BusSettings::default());
    for (ceiling_dbtp, until) in [(-1.0_f32, 40), (-9.0, 60), (-3.0, 100)] {
        desk.mixer.set_bus(BusSettings {
            ceiling_dbtp,
            ..BusSettings::default()
        });
        let levels = desk.run(until);
        let level = levels[levels.len() - 1] - 20.0;
        assert!(
            (level - f64::from(ceiling_dbtp)).abs() < 0.2,
            "{ceiling_dbtp}: {level:.2}"
        );
    }
}

fn integrated_lufs(signal: &Signal) -> f32 {
    let mut meter = EbuR128::new(2, RATE as u32, Mode::I).unwrap();
    meter.add_frames_planar_f32(&[&signal[0], &signal[1]]).unwrap();
    meter.loudness_global().unwrap() as f32
}

#[test]
fn a_ridden_voice_comes_within_1_lu_of_the_target_and_its_pauses_stay_quiet() {
    let (Some(espeak), Some(ffmpeg)) = (peer("espeak-ng"), peer("ffmpeg")) else {
        return;
    };
    let (words, _) = speech(&espeak, &ffmpeg);
    let seconds = 36;
    let words: Vec<f32> = words.iter().copied().cycle().take(seconds * RATE).collect();
    let own = integrated_lufs(&mono(words.clone()));
    for (level, target_lufs, range_db, expected) in [
        (-30.0, -16.0, 20.0, -16.0),
        (-23.0, -16.0, 9.0, -16.0),
        (-10.0, -16.0, 9.0, -16.0),
        (-30.0, -23.0, 9.0, -23.0),
        // Further than the ride may go: as far as it may.
        (-30.0, -16.0, 9.0, -21.0),
    ] {
        let factor = 10.0_f32.powf((level - own) / 20.0);
        let room = pink(9, words.len(), 0.0005);
        let voice = words.iter().zip(room).map(|(x, noise)| factor * x + noise).collect();
        let settings = StripSettings {
            ride: Ride { is_on: true, range_db },
            ..voice_strip()
        };
        // The ceiling is not to hold the loudest voice, which is synthetic and has high peaks: the ride is what is heard.
        let bus = BusSettings {
            target_lufs,
            ceiling_dbtp: -0.1,
            ..BusSettings::default()
        };
        let (mut mixer, signal) = (Mixer::new(&[settings], bus), mono(voice));
        let mut gains = Vec::new();
        for index in 0..seconds * 100 {
            let input = block_of(&signal, index);
            mixer.process(input.pts, &[Some(input)]);
            if index == 1500 {
                mixer.reset_loudness();
            }
            gains.push(mixer.meters().strips[0].stages.ride_db);
        }
        let reached = mixer.meters().loudness.integrated_lufs.unwrap();
        let every = |n: usize| gains.iter().step_by(n).copied().collect::<Vec<f32>>();
        eprintln!(
            "{level} LUFS to {target_lufs} by at most {range_db} dB: {reached:.2} LUFS; {:.1?}",
            every(200)
        );
        assert!(
            (reached - expected).abs() <= 1.0,
            "{level} LUFS: {reached:.2}, expected {expected}"
        );
        for pair in gains.windows(101).map(|gains| gains[100] - gains[0]) {
            assert!((-4.01..2.01).contains(&pair), "{pair:.2} dB in a second");
        }
        // No overshoot on the way, and rest once it is there.
        let wanted = expected - level;
        assert!(
            gains.iter().all(|gain| gain.abs() < wanted.abs() + 1.0),
            "{:.1?}",
            every(50)
        );
        let late = &gains[2000..];
        let spread = late.iter().fold(-99.0_f32, |a, b| a.max(*b)) - late.iter().fold(99.0_f32, |a, b| a.min(*b));
        assert!(spread < 1.0, "{spread:.2} dB");
    }
}
