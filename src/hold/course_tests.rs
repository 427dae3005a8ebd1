//! The course: no moment leaves twice, none is left out, and it stays on the grid.

use proptest::prelude::*;

use super::*;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn extend(course: &mut Course, tempo: Tempo, blocks: i64) {
    for _ in 0..blocks {
        course.extend(tempo);
    }
}

#[test]
fn content_leaves_when_the_course_says() {
    let mut course = Course::new(at(1000), at(1000));
    extend(&mut course, Tempo::STEADY, 50);
    extend(&mut course, Tempo::SLATE, 200);
    extend(&mut course, Tempo::percent(96), 100);
    extend(&mut course, Tempo::STEADY, 100);
    assert_eq!(course.hold_at_end(), TimeDelta::from_millis(2040));
    for (content, out) in [
        (1000, 1000),
        (1490, 1490),
        (1500, 3500),
        (1980, 4000),
        (2460, 4500),
        (2470, 4510),
    ] {
        assert_eq!(course.passage(at(content)), Passage::At(at(out)), "{content}");
        assert_eq!(course.at(at(out)).content, at(content), "{out}");
    }
    assert!(course.at(at(2000)).tempo.is_slate());
    assert_eq!(course.at(at(2000)).content, at(1500));
    assert_eq!(course.passage(at(4000)), Passage::NotBefore(at(6040)));
}

#[test]
fn what_a_jump_leaves_out_never_leaves() {
    let mut course = Course::new(at(5000), at(0));
    extend(&mut course, Tempo::STEADY, 10);
    course.jump(at(5100));
    course.jump(at(50));
    extend(&mut course, Tempo::STEADY, 10);
    assert_eq!(course.passage(at(90)), Passage::At(at(5090)));
    assert_eq!(course.passage(at(100)), Passage::Skipped);
    assert_eq!(course.passage(at(5099)), Passage::Skipped);
    assert_eq!(course.passage(at(5100)), Passage::At(at(5100)));
    assert_eq!(course.hold_at_end(), TimeDelta::ZERO);
}

#[test]
fn content_that_waits_for_the_end_of_a_slate_has_no_time_yet() {
    let mut course = Course::new(at(0), at(0));
    extend(&mut course, Tempo::SLATE, 10);
    assert_eq!(course.passage(at(0)), Passage::NotBefore(at(100)));
    assert_eq!(course.passage(at(40)), Passage::NotBefore(at(100)));
}

#[test]
fn a_straight_course_holds_nothing() {
    let straight = Course::straight();
    assert_eq!(straight.passage(at(1_000_000)), Passage::At(at(1_000_000)));
    assert!(straight.is_straight_from(at(-5)) || straight.is_straight_from(at(0)));
    let mut course = Course::new(at(100), at(100));
    extend(&mut course, Tempo::STEADY, 10);
    extend(&mut course, Tempo::percent(96), 25);
    assert!(!course.is_straight_from(at(150)));
    extend(&mut course, Tempo::percent(125), 4);
    extend(&mut course, Tempo::STEADY, 10);
    assert!(!course.is_straight_from(at(480)) && course.is_straight_from(at(500)));
}

#[test]
fn what_is_long_past_is_forgotten() {
    let mut course = Course::new(at(0), at(0));
    for index in 0..10_000 {
        course.extend(Tempo::percent(90 + index % 7));
    }
    assert!(course.pieces.len() <= PIECES);
    assert!(course.at(course.end()).content > at(80_000));
}

fn tempo() -> impl Strategy<Value = (i64, i64)> {
    (prop::sample::select(vec![0, 96, 100, 102, 125]), 1_i64..40)
}

proptest! {
    #[test]
    fn nothing_leaves_twice_and_nothing_is_left_out(changes in prop::collection::vec(tempo(), 1..20)) {
        let mut course = Course::new(at(700), at(700));
        for (percent, blocks) in &changes {
            extend(&mut course, Tempo::percent(*percent), *blocks);
        }
        // Every moment of content has one time, later ones later ones.
        let mut last: Option<Timestamp> = None;
        let mut content = at(700);
        while content < course.content_end() {
            let Passage::At(out) = course.passage(content) else {
                return Err(TestCaseError::fail(format!("{content:?} does not leave")));
            };
            prop_assert!(last.is_none_or(|last| out > last));
            prop_assert!(out < course.end());
            // And the way back leads there, but for a flick of rounding.
            let back = (course.at(out).content - content).abs();
            prop_assert!(back <= flicks(2), "{:?}", back);
            last = Some(out);
            content += TimeDelta::from_rate(1, 7919);
        }
        // Content goes on without a step.
        let mut out = at(700);
        let mut leaving = course.at(out).content;
        while out < course.end() {
            let place = course.at(out);
            prop_assert!(place.content >= leaving && place.content - leaving <= TimeDelta::from_millis(2));
            leaving = place.content;
            out += TimeDelta::from_millis(1);
        }
    }
}
