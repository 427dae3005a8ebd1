//! Transitions as they are seen, with scenes of plain colours.

use super::*;
use crate::media::Plane;
use crate::picture::{Crop, Fit, Rect, View};
use crate::scene::Matte;
use crate::studio::runtime::plan::{Planned, PlannedScene};

const SIZE: (u32, u32) = (64, 36);

fn plain(code: u8, at: i64) -> VideoFrame {
    let mut frame = FramePool::new().frame(SIZE.0, SIZE.1);
    frame.fill([code, 128, 128]);
    frame.freeze(Timestamp::from_millis(at))
}

/// Scene 0 shows source 0, and so on.
fn plan(program: usize, fade: Option<(usize, i64, i64, PlannedKind)>) -> Plan {
    let scene = |source: usize| PlannedScene {
        name: source.to_string(),
        layers: vec![PlannedLayer {
            what: Planned::Source(source),
            key: None,
            target: Rect::full(SIZE.0, SIZE.1),
            fit: Fit::Stretch,
            crop: Crop::default(),
            opacity: 1.0,
            view: View::default(),
        }],
    };
    Plan {
        scenes: (0..3).map(scene).collect(),
        graphics: Vec::new(),
        program,
        since: Timestamp::ZERO,
        preview: 0,
        fade: fade.map(|(from, start, duration, kind)| PlannedFade {
            from,
            since: Timestamp::ZERO,
            start: Timestamp::from_millis(start),
            duration: TimeDelta::from_millis(duration),
            kind,
        }),
        levels: Default::default(),
    }
}

fn shown(screen: &mut Screen, plan: &Plan, frames: &[Option<VideoFrame>], at: i64) -> u8 {
    let picture = screen.picture(plan, frames, &|_| true, Timestamp::from_millis(at));
    let luma = picture.plane(Plane::Y);
    luma[luma.len() / 2]
}

fn screen() -> Screen {
    Screen::new(SIZE, &FramePool::new(), &FramePool::new())
}

#[test]
fn a_take_within_a_fade_goes_on_from_what_is_seen() {
    let frames = [Some(plain(40, 0)), Some(plain(240, 0)), Some(plain(40, 0))];
    let mut screen = screen();
    let first = plan(1, Some((0, 0, 1000, PlannedKind::Fade)));
    assert_eq!(shown(&mut screen, &first, &frames, 500), 140);
    let second = plan(0, Some((1, 520, 1000, PlannedKind::Fade)));
    screen.change(&first, &second, Timestamp::from_millis(520));
    let next = shown(&mut screen, &second, &frames, 520);
    assert!(next.abs_diff(140) <= 2, "no flash: {next}");
    assert!(shown(&mut screen, &second, &frames, 1020).abs_diff(90) <= 2);
    assert_eq!(shown(&mut screen, &plan(0, None), &frames, 1600), 40);
    // One that begins when the other is over begins with its scene.
    let third = plan(1, Some((0, 2000, 1000, PlannedKind::Fade)));
    screen.change(&plan(0, None), &third, Timestamp::from_millis(2000));
    assert_eq!(shown(&mut screen, &third, &frames, 2000), 40);
}

#[test]
fn a_stinger_waits_for_its_picture_and_cuts_behind_it() {
    let cut_at = TimeDelta::from_millis(200);
    let sting = plan(
        1,
        Some((0, 1000, 30_000, PlannedKind::Stinger(Some(2), cut_at, Matte::None))),
    );
    let key = crate::picture::ChromaKey {
        color: [0; 3],
        similarity: 1.0,
        smoothness: 0.0,
        spill: 0.0,
    };
    let seen_through = plan(
        1,
        Some((0, 1000, 30_000, PlannedKind::Stinger(Some(2), cut_at, Matte::Key(key)))),
    );
    let frames = |clip: i64| [Some(plain(40, 0)), Some(plain(240, 0)), Some(plain(99, clip))];
    let mut screen = screen();
    // What its source showed before is not its first picture.
    assert_eq!(shown(&mut screen, &sting, &frames(900), 1100), 40);
    assert_eq!(shown(&mut screen, &sting, &frames(1150), 1200), 99);
    assert_eq!(
        shown(&mut screen, &seen_through, &frames(1150), 1390),
        40,
        "before the cut"
    );
    assert_eq!(
        shown(&mut screen, &seen_through, &frames(1150), 1400),
        240,
        "200 ms after the first picture"
    );
    // Without a picture it is a cut after half a second.
    let mut screen = self::screen();
    assert_eq!(shown(&mut screen, &sting, &frames(900), 1490), 40);
    assert_eq!(shown(&mut screen, &sting, &frames(900), 1500), 240);
}

#[test]
fn a_plan_waits_for_letters_and_not_for_long() {
    let mut drawn = plan(0, None);
    drawn.graphics.push(crate::studio::runtime::plan::Wanted {
        id: 7,
        version: 2,
        scene: 0,
        drawing: crate::studio::runtime::plan::Drawing::Color([0; 4]),
    });
    let at = Timestamp::from_millis;
    let coming = Coming::after(None, Arc::new(drawn.clone()), at(1000));
    let board = |version| Board::new(vec![(7, version, None)]);
    assert!(!coming.is_ready(&Board::default(), at(1000)) && !coming.is_ready(&board(1), at(1199)));
    assert!(coming.is_ready(&board(2), at(1000)) && coming.is_ready(&board(1), at(1200)));
    let next = Coming::after(Some(coming), Arc::new(drawn), at(1150));
    assert!(
        next.is_ready(&board(1), at(1200)),
        "no longer than the first would have"
    );
}
