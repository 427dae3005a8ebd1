//! Hours of streams in milliseconds: live ones, drifting ones, stalling ones, and files that are written at once.

use proptest::prelude::*;

use super::*;

const BOTH: [bool; 2] = [true, true];

fn at(value: i64) -> Timestamp {
    Timestamp::from_millis(value)
}

/// A generator of chance that is the same each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % 10_000) as f64 / 10_000.0
    }
}

/// A live encoder: pictures of 40 ms with little jitter, sound in bundles of 320 ms that come at their end. Its clock is off
/// by `ppm`. Returns the course, and how far off the shift is from what it was after the first minute, at worst.
fn live(ppm: f64, seconds: i64, jitter: f64) -> (Course, f64) {
    let mut course = Course::default();
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    let (mut begun_with, mut worst) = (None, 0.0_f64);
    for n in 0..seconds * 25 {
        let made = n as f64 * 0.04;
        let arrives = |media: f64, dice: &mut Dice| {
            let chance = dice.next();
            Timestamp::ZERO + TimeDelta::from_secs_f64(5.0 + media * (1.0 + ppm * 1e-6) + jitter * chance * chance)
        };
        let now = arrives(made, &mut dice);
        if n % 8 == 0 && n > 0 {
            for frame in 0..15 {
                let media = TimeDelta::from_secs_f64(made - 0.32 + f64::from(frame) * 0.021_333);
                let correction = course.correct(Kind::Sound, media);
                assert_eq!(correction, TimeDelta::ZERO);
                course.arrive(Kind::Sound, media, now);
            }
        }
        let media = TimeDelta::from_secs_f64(made);
        course.correct(Kind::Video, media);
        course.arrive(Kind::Video, media, now);
        if !course.settle(BOTH, now) {
            continue;
        }
        let shown = course.shown_at(media).unwrap().as_secs_f64();
        // Where this moment is, on a studio clock that is right.
        let off = shown - (5.0 + made * (1.0 + ppm * 1e-6));
        if n > 60 * 25 {
            let begun = *begun_with.get_or_insert(off);
            worst = worst.max((off - begun).abs());
        }
    }
    (course, worst)
}

#[test]
fn a_live_stream_keeps_its_latency_for_eight_hours() {
    for ppm in [-200.0, 0.0, 200.0] {
        let (course, worst) = live(ppm, 8 * 3_600, 0.02);
        assert_eq!(course.jumps(), 0, "{ppm} ppm");
        assert!(worst < 0.005, "{ppm} ppm: off by {worst} s");
    }
}

#[test]
fn bundles_of_sound_are_in_time() {
    let mut course = live(0.0, 20, 0.0).0;
    // The next bundle: its first frame is 320 ms old.
    let now = at(5_000 + 20_000 + 320);
    let shown = course.shown_at(ms(20_000)).unwrap();
    assert!(shown - now >= ms(80), "{}", (shown - now).to_millis());
    assert!(shown - now <= ms(160), "{}", (shown - now).to_millis());
    course.hold();
}

/// Feeds both tracks from media time `from` to `until` in steps of 40 ms; `arrival` says when each comes.
fn feed(course: &mut Course, from: i64, until: i64, arrival: impl Fn(i64) -> i64) {
    for media in (from..until).step_by(40) {
        let now = at(arrival(media));
        for kind in [Kind::Video, Kind::Sound] {
            let corrected = ms(media) + course.correct(kind, ms(media));
            course.arrive(kind, corrected, now);
        }
        course.settle(BOTH, now);
    }
}

fn slack(course: &Course, media: i64, now: i64) -> i64 {
    (course.shown_at(ms(media)).unwrap() - at(now)).to_millis()
}

#[test]
fn a_file_that_comes_at_once_begins_at_its_beginning() {
    let mut course = Course::default();
    feed(&mut course, 0, 600, |_| 1_000);
    assert_eq!(slack(&course, 0, 1_000), MARGIN_MS);
    // It is read as it is needed: always in time, and with no clock of its own that could be followed.
    for second in 0..60 {
        feed(&mut course, 600 + second * 1_000, 1_600 + second * 1_000, |media| {
            media + 300
        });
        course.hold();
    }
    assert_eq!(slack(&course, 0, 1_000), MARGIN_MS);
    assert_eq!(course.jumps(), 0);
}

#[test]
fn a_stream_that_catches_up_loses_only_what_was_late() {
    let mut course = Course::default();
    feed(&mut course, 0, 10_000, |media| media);
    let before = slack(&course, 10_000, 10_000);
    // Two seconds late, caught up within 400 ms.
    feed(&mut course, 10_000, 12_400, |media| 12_000 + (media - 10_000) / 6);
    feed(&mut course, 12_400, 30_000, |media| media);
    assert_eq!(slack(&course, 30_000, 30_000), before);
    assert_eq!(course.jumps(), 0);
}

#[test]
fn a_stream_that_stays_behind_is_waited_for() {
    let mut course = Course::default();
    feed(&mut course, 0, 10_000, |media| media);
    feed(&mut course, 10_000, 20_000, |media| media + 2_000);
    assert_eq!(course.jumps(), 1);
    let now = slack(&course, 20_000, 22_000);
    assert!((MARGIN_MS - 20..MARGIN_MS + 50).contains(&now), "{now}");
}

#[test]
fn latency_that_is_for_nothing_goes_again() {
    let mut course = Course::default();
    feed(&mut course, 0, 10_000, |media| media);
    feed(&mut course, 10_000, 20_000, |media| media + 3_000);
    // It catches up after all.
    feed(&mut course, 20_000, 35_000, |media| media);
    assert_eq!(course.jumps(), 2);
    let now = slack(&course, 35_000, 35_000);
    assert!((MARGIN_MS - 20..MARGIN_MS + 50).contains(&now), "{now}");
}

#[test]
fn times_that_jump_go_on_and_both_tracks_together() {
    let mut course = Course::default();
    feed(&mut course, 100_000, 110_000, |media| media);
    let before = slack(&course, 109_960, 109_960);
    // The encoder begins again at zero; its pictures are there 200 ms before its sound.
    let video = course.correct(Kind::Video, ms(0));
    assert_eq!(video, ms(109_960));
    let old = course.correct(Kind::Sound, ms(110_000));
    assert_eq!(old, TimeDelta::ZERO);
    let sound = course.correct(Kind::Sound, ms(10));
    assert_eq!(sound, video, "they were together and are so still");
    assert_eq!(slack(&course, 109_960, 109_960), before);
}

#[test]
fn a_track_of_stills_does_not_jump() {
    let mut course = Course::default();
    for n in 0..10 {
        assert_eq!(course.correct(Kind::Video, ms(n * 10_000)), TimeDelta::ZERO);
    }
}

#[test]
fn a_track_that_is_told_but_does_not_come_is_not_waited_for() {
    let mut course = Course::default();
    course.correct(Kind::Video, ms(0));
    course.arrive(Kind::Video, ms(0), at(100));
    assert!(!course.settle(BOTH, at(300)));
    assert!(course.settle(BOTH, at(601)));
}

proptest! {
    #[test]
    fn nothing_overflows(units in proptest::collection::vec((any::<bool>(), any::<i64>(), any::<i64>(), 0..4_u8), 0..80)) {
        let mut course = Course::default();
        for (is_video, media, now, what) in units {
            let kind = if is_video { Kind::Video } else { Kind::Sound };
            let (media, now) = (TimeDelta::from_rate(media, 90_000), Timestamp::from_rate(now, 48_000));
            let media = media + course.correct(kind, media);
            course.arrive(kind, media, now);
            course.settle(BOTH, now);
            let _ = course.shown_at(media);
            match what {
                0 => course.hold(),
                1 => course.forget(),
                _ => {}
            }
        }
    }
}
