//! The picture chain on whole clips: what denoise gains, that nothing trails behind what moves, that untouched pictures are
//! untouched and repeated ones are not made twice, and that no setting and no content breaks it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

use crate::enhance_common;
use enhance_common::{Clip, Random, psnr};
use proptest::prelude::*;
use rigcast::media::{FramePool, FrameRate, Plane, TimeDelta, Timestamp, VideoFrame};
use rigcast::picture::{Enhancer, PICTURE_PARAMS, PictureSettings};

fn at(index: i64) -> Timestamp {
    FrameRate::whole(30).frame_time(index)
}

fn chain(pool: &FramePool, set: impl FnOnce(&mut PictureSettings)) -> Enhancer {
    let mut settings = PictureSettings::default();
    set(&mut settings);
    let mut chain = Enhancer::new(pool.clone());
    chain.set(settings);
    chain
}

fn denoiser(pool: &FramePool, percent: f32) -> Enhancer {
    chain(pool, |settings| {
        settings.denoise.is_on = true;
        settings.denoise.percent = percent;
    })
}

/// Mean PSNR of luma with the noise and without most of it, over the second second of the clip.
fn gain(clip: Clip, percent: f32) -> (f64, f64) {
    let pool = FramePool::new();
    let mut chain = denoiser(&pool, percent);
    let (mut before, mut after) = (0.0, 0.0);
    for index in 0..45 {
        let clean = clip.clean(&pool, index);
        let noisy = clip.noisy(&pool, &clean, index);
        let out = chain.process(&noisy, at(index));
        if index >= 30 {
            let luma = |frame: &VideoFrame| psnr(frame.plane(Plane::Y), clean.plane(Plane::Y)) / 15.0;
            before += luma(&noisy);
            after += luma(&out);
        }
    }
    eprintln!("{clip:?} at {percent} %: {before:.1} dB in, {after:.1} dB out");
    (before, after)
}

#[test]
fn denoise_gains_what_it_should_and_never_loses() {
    let clip = |noise, pan| Clip {
        width: 320,
        height: 180,
        noise,
        pan,
    };
    for (noise, pan, percent, at_least) in [
        (3.0, 0, 25.0, 5.5),
        (6.0, 0, 50.0, 6.0),
        (10.0, 0, 80.0, 6.5),
        // While the camera pans, what moves clearly is left as it is; nothing is worse for it.
        (6.0, 1, 50.0, 3.0),
        (6.0, 4, 50.0, 1.2),
    ] {
        let (before, after) = gain(clip(noise, pan), percent);
        assert!(
            after - before >= at_least,
            "noise {noise}, pan {pan}: {before:.1} to {after:.1} dB"
        );
    }
    // Without noise there is nothing to gain; what is lost is nothing that anybody sees.
    let (_, after) = gain(clip(0.0, 0), 50.0);
    assert!(after >= 46.0, "{after:.1} dB");
}

/// A block that stands out by `contrast` walks over noise; how far, on average over its height, the picture is off `behind`
/// pixels behind it.
fn trail(contrast: i32, speed: i64, behind: std::ops::Range<i64>) -> f64 {
    let (pool, width, height) = (FramePool::new(), 400, 200);
    let mut chain = denoiser(&pool, 50.0);
    let (mut sum, mut count) = (0.0, 0.0);
    let steps = 300 / speed;
    for index in 0..steps {
        let mut random = Random::new(index as u64);
        let mut frame = pool.frame(width, height);
        frame.fill([110, 128, 128]);
        let left = index * speed;
        let covered = left..left + 60;
        for row in frame.plane_mut(Plane::Y).chunks_exact_mut(width as usize) {
            for (x, luma) in (0..).zip(row) {
                let clean = 110 + if covered.contains(&x) { contrast } else { 0 };
                *luma = (clean as f32 + 6.0 * random.normal()).round() as u8;
            }
        }
        let out = chain.process(&frame.freeze(at(index)), at(index));
        if index * 2 > steps {
            for row in out.plane(Plane::Y).chunks_exact(width as usize) {
                for x in (left - behind.end..left - behind.start).filter(|x| *x >= 0) {
                    sum += f64::from(row[x as usize]) - 110.0;
                    count += 1.0;
                }
            }
        }
    }
    sum / count
}

#[test]
fn nothing_trails_behind_what_moves() {
    for (contrast, speed) in [(100, 1), (40, 1), (40, 4), (-40, 2), (24, 2), (16, 4), (10, 2)] {
        let [near, far] = [1..9, 16..32].map(|behind| trail(contrast, speed, behind));
        eprintln!("a block of {contrast:+} at {speed} px per picture trails {near:+.2}, then {far:+.2}");
        assert!(near.abs() <= 2.0, "{contrast} at {speed}: {near}");
        assert!(far.abs() <= 0.75, "{contrast} at {speed}: {far}");
    }
}

#[test]
fn what_is_not_set_costs_nothing_and_what_stands_still_is_made_once() {
    let pool = FramePool::new();
    let clip = Clip {
        width: 64,
        height: 36,
        noise: 4.0,
        pan: 0,
    };
    let frame = clip.clean(&pool, 0);
    let mut chain = Enhancer::new(pool.clone());
    assert!(chain.process(&frame, at(0)).is_same_picture(&frame));
    let mut settings = PictureSettings::default();
    settings.sharpen.is_on = true;
    chain.set(settings);
    let first = chain.process(&frame, at(1));
    assert!(!first.is_same_picture(&frame));
    // A source of 25 pictures per second in a program of 30: the same picture under another time.
    let again = chain.process(&frame.at(at(2)), at(2));
    assert!(again.is_same_picture(&first) && again.pts == at(2));
    // Bypassed, as it came; set otherwise, anew.
    settings.is_bypassed = true;
    chain.set(settings);
    assert!(chain.process(&frame, at(3)).is_same_picture(&frame));
    settings.is_bypassed = false;
    chain.set(settings);
    assert!(!chain.process(&frame, at(4)).is_same_picture(&first));
}

#[test]
fn a_still_picture_gets_to_its_levels_and_rests_there() {
    let pool = FramePool::new();
    let mut flat = pool.frame(64, 36);
    for (at, luma) in flat.plane_mut(Plane::Y).iter_mut().enumerate() {
        *luma = 70 + (at % 64) as u8;
    }
    let frame = flat.freeze(Timestamp::ZERO);
    let mut chain = Enhancer::new(pool.clone());
    chain.process(&frame, at(0));
    let mut settings = PictureSettings::default();
    settings.levels.is_on = true;
    chain.set(settings);
    let span = |frame: &VideoFrame| {
        let luma = frame.plane(Plane::Y);
        luma.iter().max().unwrap() - luma.iter().min().unwrap()
    };
    let first = chain.process(&frame, at(1));
    assert_eq!(span(&first), 63, "it glides from what was seen before");
    let mut made = 1;
    let mut last = first;
    for index in 2..600 {
        let next = chain.process(&frame, at(index));
        made += usize::from(!next.is_same_picture(&last));
        assert!(span(&next) + 1 >= span(&last));
        last = next;
    }
    assert!(span(&last) > 85, "{}", span(&last));
    assert!((10..150).contains(&made), "made {made} times");
    let rests = chain.process(&frame, at(9000));
    assert!(rests.is_same_picture(&last));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_setting_and_no_picture_breaks_the_chain(
        sizes in proptest::collection::vec((1u32..70, 1u32..40), 1..6),
        numbers in proptest::collection::vec((0..PICTURE_PARAMS.len(), -9i32..9), 0..12),
        seed in any::<u64>(),
        step in -200i64..20_000,
    ) {
        let pool = FramePool::new();
        let mut chain = Enhancer::new(pool.clone());
        let mut random = Random::new(seed);
        let mut settings = PictureSettings::default();
        let mut numbers = numbers.into_iter();
        let mut now = Timestamp::ZERO;
        for (width, height) in sizes {
            for (param, steps) in numbers.by_ref().take(3) {
                let _ = PICTURE_PARAMS[param].adjust(&mut settings, rigcast::param::Adjust::Steps(steps));
            }
            chain.set(settings);
            for _ in 0..3 {
                let mut frame = pool.frame(width * 2, height * 2);
                for plane in [Plane::Y, Plane::U, Plane::V] {
                    frame.plane_mut(plane).fill_with(|| random.next() as u8);
                }
                let frame = frame.freeze(now);
                let out = chain.process(&frame, now);
                prop_assert_eq!((out.width(), out.height(), out.pts), (frame.width(), frame.height(), now));
                now += TimeDelta::from_millis(step);
            }
        }
    }
}
