//! The stretcher: the same pitch, no clicks, and back on its course to the sample.
#![allow(clippy::float_cmp, reason = "what is copied comes back bit by bit")]

use super::*;
use crate::media::Timestamp;

/// A show whose sample is its own number, so that what is heard says where it comes from.
fn counting(index: i64) -> AudioBlock {
    let mut block = AudioBlock::silence(Timestamp::ZERO);
    for (at, sample) in block.channels[0].iter_mut().enumerate() {
        *sample = (index * BLOCK + at as i64) as f32;
    }
    block
}

fn wanted(sample: i64, length: i64) -> Wanted {
    Wanted {
        sample,
        length,
        limit: i64::MAX / 4,
    }
}

#[test]
fn a_steady_course_is_a_copy() {
    let mut stretcher = Stretcher::new();
    let mut out = [[0.0; BLOCK_FRAMES]; 2];
    for index in 0..20 {
        stretcher.read(wanted(100 + index * BLOCK, BLOCK), &mut out, &mut counting);
        let from = if index == 0 { FADE } else { 0 };
        for (at, sample) in out[0].iter().enumerate().skip(from) {
            assert!((sample - (100 + index * BLOCK + at as i64) as f32).abs() < 0.5);
        }
    }
}

#[test]
fn a_slower_course_is_copied_until_it_is_left_too_far() {
    let mut stretcher = Stretcher::new();
    let mut out = [[0.0; BLOCK_FRAMES]; 2];
    let mut splices = 0;
    let mut expected = None;
    for index in 0..200_i64 {
        let course = 48_000 + index * 460;
        stretcher.read(wanted(course, 460), &mut out, &mut counting);
        let last = out[0][BLOCK_FRAMES - 1] as i64;
        if expected.is_some_and(|expected: i64| (last - expected).abs() > 1) {
            splices += 1;
        }
        expected = Some(last + BLOCK);
        assert!((last - (course + 460)).abs() < FARTHEST, "{index}");
    }
    // 20 samples are gained per block, and a splice gives some of 14 ms back.
    assert!((4..16).contains(&splices), "{splices}");
}

#[test]
fn a_slate_is_faded_into_and_out_of() {
    let mut stretcher = Stretcher::new();
    let mut loud = |_| AudioBlock {
        pts: Timestamp::ZERO,
        channels: [[0.5; BLOCK_FRAMES]; 2],
    };
    let mut heard = Vec::new();
    for length in [BLOCK, BLOCK, 0, 0, BLOCK, BLOCK] {
        let mut out = [[0.0; BLOCK_FRAMES]; 2];
        stretcher.read(wanted(960, length), &mut out, &mut loud);
        heard.extend(out[1]);
    }
    assert!(
        heard[240..960]
            .iter()
            .chain(&heard[2160..])
            .all(|sample| *sample == 0.5)
    );
    assert!(heard[1200..1920].iter().all(|sample| *sample == 0.0));
    assert!(heard.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.005));
}
