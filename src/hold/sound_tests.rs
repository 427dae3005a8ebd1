//! Held sound: what goes out is what came in, but for what was decided about it.
#![allow(clippy::float_cmp, reason = "what is copied comes back bit by bit")]

use proptest::prelude::*;

use super::*;
use crate::hold::{Course, EditKind, EditList, LEAD_BLOCKS, Pace, Plan};
use crate::media::{BLOCK_FRAMES, SAMPLE_RATE};

const BLOCK: i64 = BLOCK_FRAMES as i64;

/// A show whose sound runs through a hold, in no time.
struct Rig {
    hold: SoundHold,
    course: Course,
    plan: Plan,
    edits: EditList,
    index: i64,
    first: i64,
    heard: Vec<f32>,
    /// The largest distance of sound from its course while it was heard, in samples.
    worst: i64,
}

impl Rig {
    fn new(target_ms: i64) -> Self {
        let first = 1000;
        let start = AudioBlock::time_of(first);
        Self {
            hold: SoundHold::new(),
            course: Course::new(start, start),
            plan: Plan::new(TimeDelta::from_millis(target_ms), Pace::Slate),
            edits: EditList::default(),
            index: first,
            first,
            heard: Vec::new(),
            worst: 0,
        }
    }

    fn set(&mut self, target_ms: i64, pace: Pace) {
        self.plan = Plan::new(TimeDelta::from_millis(target_ms), pace);
    }

    /// Runs for that long; `sound` gives the sample of a time counted from the start.
    fn run(&mut self, ms: i64, sound: impl Fn(i64) -> f32) {
        self.run_judged(ms, sound, &mut |block| block);
    }

    fn run_judged(&mut self, ms: i64, sound: impl Fn(i64) -> f32, judge: &mut dyn FnMut(AudioBlock) -> AudioBlock) {
        let mut found = Vec::new();
        for _ in 0..ms / 10 {
            let out = AudioBlock::time_of(self.index);
            let mut block = AudioBlock::silence(out);
            for at in 0..BLOCK_FRAMES {
                let sample = sound((self.index - self.first) * BLOCK + at as i64);
                block.channels[0][at] = sample;
                block.channels[1][at] = sample;
            }
            self.hold.put(&block, 1);
            let hold = &self.hold;
            self.plan
                .extend(&mut self.course, out, |content| hold.is_pause(content));
            let place = self.course.at(out);
            let (from, until) = SoundHold::reach(place);
            self.edits.find(from, until, &mut found);
            let block = self.hold.read(out, place, &found, judge);
            assert_eq!(block.pts, out);
            assert_eq!(block.channels[0], block.channels[1]);
            self.heard.extend(block.channels[0]);
            let wanted = Wanted {
                sample: place.content.to_48k(),
                length: (place.content + place.tempo.per_block()).to_48k() - place.content.to_48k(),
                limit: 0,
            };
            self.worst = self
                .worst
                .max(self.hold.stretcher.deviation(wanted).map_or(0, i64::abs));
            self.index += 1;
        }
    }

    /// The last `ms` that were heard.
    fn last(&self, ms: i64) -> &[f32] {
        &self.heard[self.heard.len() - (ms * 48) as usize..]
    }

    fn hold_ms(&self) -> i64 {
        self.course.hold_at_end().to_millis()
    }
}

fn tone(hz: f64) -> impl Fn(i64) -> f32 + Copy {
    move |at| (0.5 * (2.0 * std::f64::consts::PI * hz * at as f64 / f64::from(SAMPLE_RATE)).sin()) as f32
}

/// Noise that is the same wherever one begins to look.
fn noise(at: i64) -> f32 {
    let mut bits = (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits ^= bits >> 29;
    bits = bits.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (bits >> 40) as f32 / (1 << 23) as f32 * 0.5 - 0.5
}

/// Upward zero crossings per second.
fn pitch(samples: &[f32]) -> f64 {
    let ups = samples
        .windows(2)
        .filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0)
        .count();
    ups as f64 * f64::from(SAMPLE_RATE) / samples.len() as f64
}

fn steepest(samples: &[f32]) -> f32 {
    samples
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(0.0, f32::max)
}

/// Whether what was heard last is what came in `hold_ms` before, in 16 bits.
fn is_as_it_came(rig: &Rig, ms: i64, sound: impl Fn(i64) -> f32) -> bool {
    let heard = rig.last(ms);
    let first = rig.heard.len() as i64 - heard.len() as i64 - rig.hold_ms() * 48;
    (first..).zip(heard).all(|(at, heard)| (heard - sound(at)).abs() < 4e-5)
}

#[test]
fn at_the_start_there_is_silence_then_everything_as_it_came() {
    let mut rig = Rig::new(5000);
    rig.run(12_000, noise);
    assert!(rig.heard[..5000 * 48].iter().all(|sample| *sample == 0.0));
    // The first 5 ms fade in, the rest is the show from its first sample on.
    assert!(is_as_it_came(&rig, 6990, noise));
}

#[test]
fn growing_and_shrinking_ends_where_it_should_and_keeps_the_pitch() {
    for hz in [110.0, 440.0, 997.0] {
        let mut rig = Rig::new(0);
        rig.run(500, tone(hz));
        rig.set(1000, Pace::Slow);
        rig.run(25_300, tone(hz));
        assert!(
            (pitch(rig.last(20_000)) / hz - 1.0).abs() < 0.01,
            "{hz}: {}",
            pitch(rig.last(20_000))
        );
        assert_eq!(rig.hold_ms(), 1000);
        rig.run(1200, tone(hz));
        assert!(is_as_it_came(&rig, 100, tone(hz)), "{hz}: back on the course");
        rig.set(0, Pace::Slow);
        rig.run(53_000, tone(hz));
        assert_eq!(rig.hold_ms(), 0);
        assert!((pitch(rig.last(40_000)) / hz - 1.0).abs() < 0.01);
        assert!(is_as_it_came(&rig, 100, tone(hz)), "{hz}: as if nothing had been");
        // A tone of 0.5 is as steep as this where nothing clicks.
        let steep = 0.5 * 2.0 * std::f64::consts::PI * hz / 48_000.0;
        assert!(
            f64::from(steepest(&rig.heard)) < steep * 1.3 + 0.004,
            "{hz}: {}",
            steepest(&rig.heard)
        );
        assert!(rig.worst <= 480, "{hz}: {}", rig.worst);
    }
}

#[test]
fn noise_stays_within_ten_milliseconds_of_its_course_too() {
    let mut rig = Rig::new(2000);
    rig.run(4000, noise);
    rig.set(3000, Pace::Slow);
    rig.run(26_500, noise);
    assert!(is_as_it_came(&rig, 100, noise));
    rig.set(1500, Pace::Slow);
    rig.run(77_000, noise);
    assert_eq!(rig.hold_ms(), 1500);
    assert!(is_as_it_came(&rig, 100, noise));
    assert!(rig.worst <= 480, "{}", rig.worst);
}

#[test]
fn pauses_are_played_faster() {
    // Half a second of every second is a pause.
    let speech = |at: i64| if at / 24_000 % 2 == 0 { tone(200.0)(at) } else { 0.0 };
    let mut rig = Rig::new(4000);
    rig.run(6000, speech);
    rig.set(1000, Pace::Slow);
    let before = rig.index;
    while rig.course.hold_at_end() > TimeDelta::from_millis(1000) {
        rig.run(10, speech);
    }
    let took = (rig.index - before) * 10;
    // Speech alone would take 150 s.
    assert!((20_000..40_000).contains(&took), "{took} ms");
    rig.run(1200 + LEAD_BLOCKS * 10, speech);
    assert!(is_as_it_came(&rig, 100, speech));
    assert!(rig.worst <= 480, "{}", rig.worst);
}

#[test]
fn a_jump_leaves_out_what_is_between() {
    let mut rig = Rig::new(3000);
    rig.run(5000, noise);
    rig.set(500, Pace::Now);
    rig.run(200 + 20, noise);
    assert!(is_as_it_came(&rig, 100, noise));
    assert_eq!(rig.hold_ms(), 500);
    rig.set(0, Pace::Now);
    rig.run(200 + 20, noise);
    assert!(is_as_it_came(&rig, 50, noise));
}

#[test]
fn a_slate_in_the_middle_loses_nothing() {
    let mut rig = Rig::new(1000);
    rig.run(3000, noise);
    rig.set(3000, Pace::Slate);
    rig.run(2100, noise);
    assert!(rig.last(1900).iter().all(|sample| *sample == 0.0));
    rig.run(1000, noise);
    assert!(is_as_it_came(&rig, 900, noise));
}

#[test]
fn what_is_not_judged_is_silent_to_the_sample() {
    let mut rig = Rig::new(2000);
    // Judged is what lies in even seconds of the show.
    let is_judged = |block: &AudioBlock| block.pts.to_48k() / 48_000 % 2 == 0;
    let mut judge = |block: AudioBlock| {
        if is_judged(&block) {
            block
        } else {
            AudioBlock::silence(block.pts)
        }
    };
    rig.run_judged(12_000, |_| 0.25, &mut judge);
    let start = AudioBlock::time_of(rig.first).to_48k() - 2000 * 48;
    for (at, sample) in (start..).zip(&rig.heard) {
        if at >= 480_000 && at / 48_000 % 2 != 0 {
            assert!(*sample == 0.0, "{at}");
        }
    }
    assert!(rig.heard.iter().filter(|sample| **sample > 0.2).count() > 4 * 48_000);
    // While it is stretched none of it is heard either, however often it is cut.
    rig.set(4000, Pace::Slow);
    let mut loud = 0;
    let mut never = |block: AudioBlock| AudioBlock::silence(block.pts);
    rig.run_judged(5000, |_| 0.25, &mut never);
    rig.run_judged(20_000, |_| 0.25, &mut never);
    loud += rig.last(20_000).iter().filter(|sample| **sample != 0.0).count();
    assert_eq!(loud, 0);
}

#[test]
fn each_block_is_judged_once_and_in_order() {
    let mut rig = Rig::new(1000);
    let mut judged = Vec::new();
    let mut judge = |block: AudioBlock| {
        judged.push(AudioBlock::index_at(block.pts));
        block
    };
    rig.run_judged(2000, noise, &mut judge);
    rig.set(2000, Pace::Slow);
    rig.run_judged(3000, noise, &mut judge);
    rig.set(500, Pace::Slow);
    rig.run_judged(3000, noise, &mut judge);
    let first = rig.first;
    assert_eq!(judged, (first..first + judged.len() as i64).collect::<Vec<_>>());
}

#[test]
fn an_edit_is_heard_at_its_span() {
    let mut rig = Rig::new(2000);
    let start = AudioBlock::time_of(rig.first);
    let at = |ms: i64| start + TimeDelta::from_millis(ms);
    rig.run(3500, |_| 0.25);
    rig.edits.add(Edit {
        id: 7,
        from: at(2000),
        until: at(2345),
        kind: EditKind::Mute,
        strips: None,
    });
    rig.run(1500, |_| 0.25);
    let span = 4000 * 48..4345 * 48;
    assert!(rig.heard[span.clone()].iter().all(|sample| *sample == 0.0));
    assert!(rig.heard[span.start - 241] > 0.24 && rig.heard[span.end + 241] > 0.24);
    assert!(rig.hold.edited() >= 35);
}

#[test]
fn the_levels_are_those_of_what_is_held() {
    let mut rig = Rig::new(1000);
    rig.run(3000, |at| if at / 4800 % 2 == 0 { 0.5 } else { 0.0 });
    let mut levels = Vec::new();
    let airing = rig.course.at(AudioBlock::time_of(rig.index)).content;
    let until = rig.hold.levels(airing, &mut levels);
    assert_eq!(until, AudioBlock::time_of(rig.index));
    assert_eq!(levels, [-6, -96, -6, -96, -6, -96, -6, -96, -6, -96]);
}

#[test]
fn ten_minutes_do_not_drift_and_take_no_more_memory() {
    let mut rig = Rig::new(20_000);
    rig.run(30_000, noise);
    let bytes = rig.hold.bytes();
    assert!(bytes < 4_200_000, "{bytes}");
    for minute in 0..10 {
        rig.heard.clear();
        let before = rig.index;
        rig.run(60_000, noise);
        let first = (before - rig.first) * BLOCK - 20_000 * 48;
        assert!(
            (first..)
                .zip(&rig.heard)
                .all(|(at, heard)| (heard - noise(at)).abs() < 4e-5),
            "{minute}"
        );
        assert!(rig.hold.bytes() <= bytes + 200_000);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn however_the_hold_changes_sound_stays_with_its_course(
        changes in prop::collection::vec((0_i64..6000, 0_u8..3, 100_i64..6000), 1..6),
        hz in 80.0_f64..3000.0,
    ) {
        let mut rig = Rig::new(500);
        rig.run(1000, tone(hz));
        for (target, pace, ms) in changes {
            rig.set(target, [Pace::Slow, Pace::Slate, Pace::Now][usize::from(pace)]);
            rig.run(ms, tone(hz));
        }
        rig.set(rig.hold_ms() / 10 * 10, Pace::Now);
        rig.run(8000, tone(hz));
        prop_assert!(is_as_it_came(&rig, 100, tone(hz)));
        prop_assert!(rig.worst <= 480, "{}", rig.worst);
    }
}
