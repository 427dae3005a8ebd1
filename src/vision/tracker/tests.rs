//! Scripts of what a detector finds, picture by picture, and what must be hidden.

use proptest::prelude::*;

use super::super::face::CoverReason;
use super::*;
use crate::media::FrameRate;

const SIZE: (usize, usize) = (1280, 720);
const EVERYWHERE: Search = Search {
    x: -400.0,
    y: -400.0,
    width: 2100.0,
    height: 1600.0,
    smallest: 20.0,
    largest: 900.0,
    roll: 0.0,
};

fn face(x: f32, y: f32, size: f32) -> FaceBox {
    FaceBox { x, y, size, roll: 0.0 }
}

fn at(number: u64) -> Timestamp {
    FrameRate::whole(30).frame_time(number as i64)
}

/// Pictures of two scenes and of black.
fn scene(which: u8) -> Signature {
    let level = |x: usize, y: usize| match which {
        0 => (x / 8) as u8,
        1 => 200_u8.saturating_sub((y as f32 * 0.25 + (x as f32 * 0.02).sin() * 60.0 + 60.0) as u8),
        // The first one, in the light of a flash.
        2 => 140 + (x / 12) as u8,
        _ => 16,
    };
    let luma: Vec<u8> = (0..SIZE.0 * SIZE.1).map(|at| level(at % SIZE.0, at / SIZE.0)).collect();
    Signature::of(&luma, SIZE.0, SIZE.1)
}

/// A show: what can be found in each picture, and what the pictures look like.
struct Script<F, S> {
    found: F,
    scene: S,
}

struct Scripted<'a> {
    number: u64,
    found: &'a dyn Fn(u64) -> Vec<FaceBox>,
}

impl Eye for Scripted<'_> {
    fn scan(&mut self, age: usize, search: &Search, found: &mut Vec<Found>) {
        let is_there = |face: &FaceBox| {
            let half = face.size * 0.5;
            face.x - half >= search.x
                && face.y - half >= search.y
                && face.x + half <= search.x + search.width
                && face.y + half <= search.y + search.height
                && (search.smallest..=search.largest).contains(&face.size)
                && (face.roll - search.roll).abs() < 0.3
        };
        let faces = (self.found)(self.number - age as u64).into_iter().filter(is_there);
        found.extend(faces.map(|face| Found {
            face,
            score: 5.0 - (face.roll - search.roll).abs(),
        }));
    }
}

impl<F: Fn(u64) -> Vec<FaceBox>, S: Fn(u64) -> u8> Script<F, S> {
    /// The verdicts of the first `pictures`; the turn of looking around comes to each place in every fourth picture.
    fn play(&self, pictures: u64) -> Vec<FaceVerdict> {
        self.play_with(pictures, &mut |_, _| ())
    }

    fn play_with(&self, pictures: u64, meddle: &mut dyn FnMut(u64, &mut Tracker)) -> Vec<FaceVerdict> {
        let scenes: Vec<_> = (0..4).map(scene).collect();
        let mut tracker = Tracker::new(SIZE.0, SIZE.1);
        let mut verdicts = Vec::new();
        for number in 0..pictures + LOOK_AHEAD as u64 {
            meddle(number, &mut tracker);
            let around: &[Search] = if number % TURN as u64 == 3 { &[EVERYWHERE] } else { &[] };
            let mut eye = Scripted {
                number,
                found: &self.found,
            };
            let signature = scenes[(self.scene)(number) as usize].clone();
            tracker.look(at(number), signature, around, &mut eye, &mut verdicts);
        }
        assert_eq!(verdicts.len() as u64, pictures);
        for (number, verdict) in verdicts.iter().enumerate() {
            assert_eq!(verdict.pts, at(number as u64));
        }
        verdicts
    }
}

/// Whether a mask of the verdict holds the box, or all is covered.
fn hides(verdict: &FaceVerdict, face: FaceBox) -> bool {
    verdict.cover.is_some()
        || verdict
            .faces
            .iter()
            .any(|known| distance(known.face, face) + face.size * 0.5 <= known.face.size * 0.5 * 1.3)
}

fn sights(verdicts: &[FaceVerdict]) -> Vec<Option<Sight>> {
    verdicts
        .iter()
        .map(|verdict| verdict.faces.first().map(|face| face.sight))
        .collect()
}

fn covers(verdicts: &[FaceVerdict]) -> Vec<usize> {
    (0..verdicts.len()).filter(|at| verdicts[*at].cover.is_some()).collect()
}

fn here() -> FaceBox {
    face(640.0, 360.0, 150.0)
}

#[test]
fn the_first_pictures_are_covered_until_all_was_looked_through_once() {
    let verdicts = Script {
        found: |_| vec![],
        scene: |_| 0,
    }
    .play(20);
    assert_eq!(covers(&verdicts), [0, 1, 2]);
    assert_eq!(verdicts[0].cover, Some(CoverReason::NotSeen));
}

#[test]
fn a_face_that_is_there_from_the_first_picture_is_hidden_from_the_first() {
    let verdicts = Script {
        found: |_| vec![here()],
        scene: |_| 0,
    }
    .play(20);
    assert!(
        verdicts
            .iter()
            .all(|verdict| hides(verdict, here()) && verdict.faces.len() == 1)
    );
}

#[test]
fn pictures_before_the_one_in_which_it_was_found_hide_it_where_it_was() {
    // Comes in from the left, 45 pixels a picture; only every fourth picture is looked through.
    let path = |number: u64| face(-120.0 + 45.0 * number.saturating_sub(8) as f32, 300.0, 120.0);
    let found = |number: u64| {
        if path(number).x > 20.0 {
            vec![path(number)]
        } else {
            vec![]
        }
    };
    let verdicts = Script { found, scene: |_| 0 }.play(24);
    for number in 12..24 {
        assert!(
            hides(&verdicts[number as usize], path(number)),
            "{number}: {:?}",
            verdicts[number as usize]
        );
    }
}

#[test]
fn a_face_that_the_detector_knows_late_is_hidden_in_the_pictures_that_still_wait() {
    let found = |number: u64| if number >= 15 { vec![here()] } else { vec![] };
    let verdicts = Script { found, scene: |_| 0 }.play(30);
    assert!((11..30).all(|number| hides(&verdicts[number], here())));
    assert_eq!(verdicts[10].faces, []);
    assert!(covers(&verdicts[3..]).is_empty());
}

#[test]
fn blinks_of_the_detector_leave_no_gap() {
    for gap in 1..=7 {
        let path = |number: u64| face(200.0 + 12.0 * number as f32, 300.0, 120.0);
        let found = move |number: u64| {
            if (20..20 + gap).contains(&number) {
                vec![]
            } else {
                vec![path(number)]
            }
        };
        let verdicts = Script { found, scene: |_| 0 }.play(60);
        for number in 0..60 {
            assert!(hides(&verdicts[number as usize], path(number)), "{gap} {number}");
        }
        assert!(covers(&verdicts[3..]).is_empty());
        let first = verdicts[5].faces[0].track;
        assert!(
            verdicts
                .iter()
                .all(|verdict| verdict.faces.len() == 1 && verdict.faces[0].track == first),
            "{gap}"
        );
    }
}

#[test]
fn what_is_lost_is_held_then_a_band_then_a_cover_until_it_is_found_again() {
    let found = |number: u64| {
        if (30..130).contains(&number) {
            vec![]
        } else {
            vec![here()]
        }
    };
    let verdicts = Script { found, scene: |_| 0 }.play(160);
    let sights = sights(&verdicts);
    assert!(sights[3..30].iter().all(|sight| *sight == Some(Sight::Seen)));
    assert!(
        sights[30..38].iter().all(|sight| *sight == Some(Sight::Held)),
        "{:?}",
        &sights[28..40]
    );
    assert!(
        sights[38..74].iter().all(|sight| *sight == Some(Sight::Band)),
        "{:?}",
        &sights[36..76]
    );
    assert!(
        verdicts[74..126]
            .iter()
            .all(|verdict| verdict.cover == Some(CoverReason::Lost { track: 1 }))
    );
    assert!(
        verdicts[134..]
            .iter()
            .all(|verdict| verdict.cover.is_none() && hides(verdict, here()))
    );
    assert!(verdicts.iter().all(|verdict| hides(verdict, here())));
    // What an operator said of the face that was lost does not hold for the one that was found.
    assert_ne!(verdicts[140].faces[0].track, 1);
}

#[test]
fn masks_grow_while_it_is_lost() {
    let found = |number: u64| if number >= 30 { vec![] } else { vec![here()] };
    let verdicts = Script { found, scene: |_| 0 }.play(70);
    let sizes: Vec<_> = verdicts[29..70]
        .iter()
        .map(|verdict| verdict.faces[0].face.size)
        .collect();
    assert!(sizes.windows(2).all(|pair| pair[1] > pair[0]), "{sizes:?}");
}

#[test]
fn a_face_found_again_somewhere_near_ends_the_cover() {
    let found = |number: u64| match number {
        0..30 => vec![here()],
        30..100 => vec![],
        _ => vec![face(900.0, 300.0, 170.0)],
    };
    let verdicts = Script { found, scene: |_| 0 }.play(130);
    assert!((74..99).all(|number| verdicts[number].cover.is_some()));
    assert!(covers(&verdicts[110..]).is_empty());
    assert!(
        verdicts[110..]
            .iter()
            .all(|verdict| hides(verdict, face(900.0, 300.0, 170.0)))
    );
}

#[test]
fn a_face_far_away_is_another_and_ends_no_cover() {
    let found = |number: u64| {
        if number < 30 {
            vec![face(150.0, 150.0, 100.0)]
        } else {
            vec![face(1100.0, 600.0, 100.0)]
        }
    };
    let verdicts = Script { found, scene: |_| 0 }.play(200);
    assert!(verdicts[80..].iter().all(|verdict| verdict.cover.is_some()));
}

#[test]
fn the_operator_can_say_that_it_has_left() {
    let found = |number: u64| if number < 30 { vec![here()] } else { vec![] };
    let script = Script { found, scene: |_| 0 };
    let verdicts = script.play_with(150, &mut |number, tracker| {
        if number == 100 {
            tracker.release();
        }
    });
    assert!(verdicts[95].cover.is_some());
    assert!(covers(&verdicts[100..]).is_empty());
    // But not of what is merely not seen at the moment.
    let script = Script {
        found: |number| if number < 30 { vec![here()] } else { vec![] },
        scene: |_| 0,
    };
    let verdicts = script.play_with(60, &mut |number, tracker| {
        if number == 35 {
            tracker.release();
        }
    });
    assert!((30..60).all(|number| hides(&verdicts[number], here())));
}

#[test]
fn a_face_that_walks_out_has_left_and_one_that_vanishes_in_the_middle_has_not() {
    let path = |number: u64| face(900.0 + 15.0 * number as f32, 300.0, 120.0);
    let found = |number: u64| {
        if path(number).x < 1240.0 {
            vec![path(number)]
        } else {
            vec![]
        }
    };
    let verdicts = Script { found, scene: |_| 0 }.play(120);
    for number in 0..29 {
        assert!(hides(&verdicts[number as usize], path(number)), "{number}");
    }
    assert!(covers(&verdicts[3..]).is_empty() && verdicts[60].faces.is_empty());
    // At the edge, but not on its way out.
    let still = |number: u64| {
        if number < 40 {
            vec![face(1230.0, 300.0, 120.0)]
        } else {
            vec![]
        }
    };
    let verdicts = Script {
        found: still,
        scene: |_| 0,
    }
    .play(120);
    assert!(verdicts[90].cover.is_some());
}

#[test]
fn a_false_alarm_is_masked_but_covers_nothing() {
    for sights in 1..=2 {
        let found = move |number: u64| {
            if (31..31 + sights).contains(&number) {
                vec![here()]
            } else {
                vec![]
            }
        };
        let verdicts = Script { found, scene: |_| 0 }.play(120);
        assert!(verdicts[31..70].iter().all(|verdict| hides(verdict, here())));
        assert!(covers(&verdicts[3..]).is_empty() && verdicts[100].faces.is_empty());
    }
}

#[test]
fn a_second_box_on_a_face_leaves_no_cover_when_it_goes() {
    let found = |number: u64| match number {
        0..60 => vec![here(), face(665.0, 390.0, 80.0)],
        _ => vec![here()],
    };
    let verdicts = Script { found, scene: |_| 0 }.play(160);
    assert!(covers(&verdicts[3..]).is_empty());
}

#[test]
fn a_cut_ends_the_old_masks_and_begins_the_new_ones_with_its_first_picture() {
    let there = face(300.0, 200.0, 90.0);
    let found = |number: u64| if number < 41 { vec![here()] } else { vec![there] };
    let verdicts = Script {
        found,
        scene: |number| u8::from(number >= 41),
    }
    .play(100);
    for (number, verdict) in verdicts.iter().enumerate() {
        assert_eq!(verdict.is_cut, number == 41);
        let face = if number < 41 { here() } else { there };
        assert!(hides(verdict, face), "{number}");
        if number > 2 {
            assert!(
                verdict.cover.is_none() && verdict.faces.len() == 1,
                "{number}: {verdict:?}"
            );
        }
    }
}

#[test]
fn a_cut_ends_a_cover() {
    let found = |number: u64| if number < 30 { vec![here()] } else { vec![] };
    let verdicts = Script {
        found,
        scene: |number| u8::from(number >= 100),
    }
    .play(130);
    assert!(verdicts[99].cover.is_some() && covers(&verdicts[100..]).is_empty());
}

#[test]
fn neither_a_flash_nor_black_ends_a_cover_or_a_mask() {
    for strange in [1, 2, 3] {
        let found = |number: u64| if number < 30 { vec![here()] } else { vec![] };
        let verdicts = Script {
            found,
            scene: move |number| if (60..62).contains(&number) { strange } else { 0 },
        }
        .play(120);
        assert!((30..120).all(|number| hides(&verdicts[number], here())), "{strange}");
        // A face that the detector does not see for the length of the flash.
        let found = |number: u64| {
            if (58..64).contains(&number) {
                vec![]
            } else {
                vec![here()]
            }
        };
        let verdicts = Script {
            found,
            scene: move |number| if (60..62).contains(&number) { strange } else { 0 },
        }
        .play(120);
        assert!((0..120).all(|number| hides(&verdicts[number], here())), "{strange}");
        assert!(covers(&verdicts[3..]).is_empty());
    }
}

#[test]
fn another_scene_that_came_without_a_cut_ends_a_cover_after_a_while() {
    let found = |number: u64| if number < 30 { vec![here()] } else { vec![] };
    let scene = |number: u64| match number {
        0..40 => 0,
        40..100 => 3,
        _ => 1,
    };
    let verdicts = Script { found, scene }.play(160);
    assert!(
        (74..100).all(|number| verdicts[number].cover.is_some()),
        "nothing is known of black"
    );
    assert!(covers(&verdicts[115..]).is_empty());
}

#[test]
fn faces_that_cross_stay_hidden_and_are_not_taken_for_one_another() {
    let (left, right) = (
        |number: u64| face(200.0 + 10.0 * number as f32, 300.0, 120.0),
        |number: u64| face(1000.0 - 10.0 * number as f32, 330.0, 150.0),
    );
    // The larger one is in front.
    let found = |number: u64| {
        let is_hidden = distance(left(number), right(number)) < 90.0;
        if is_hidden {
            vec![right(number)]
        } else {
            vec![left(number), right(number)]
        }
    };
    let verdicts = Script { found, scene: |_| 0 }.play(80);
    for number in 0..80 {
        let verdict = &verdicts[number as usize];
        assert!(
            hides(verdict, left(number)) && hides(verdict, right(number)),
            "{number}"
        );
    }
    let before: Vec<_> = verdicts[10].faces.iter().map(|face| face.track).collect();
    assert!(verdicts[70].faces.iter().all(|face| !before.contains(&face.track)));
}

#[test]
fn a_tilt_is_followed() {
    let path = |number: u64| FaceBox {
        roll: (number as f32 * 0.04).sin() * 0.35,
        ..here()
    };
    let verdicts = Script {
        found: |number| vec![path(number)],
        scene: |_| 0,
    }
    .play(150);
    assert!(covers(&verdicts[3..]).is_empty());
    assert!(verdicts.iter().all(|verdict| hides(verdict, here())));
    let worst = (20..150).map(|number| (verdicts[number].faces[0].face.roll - path(number as u64).roll).abs());
    assert!(worst.fold(0.0, f32::max) < 0.3);
}

#[test]
fn a_hole_is_a_new_beginning_and_what_waited_is_covered() {
    let mut tracker = Tracker::new(SIZE.0, SIZE.1);
    let mut verdicts = Vec::new();
    let found = |_: u64| vec![];
    for number in (0..20).chain(60..80) {
        let mut eye = Scripted { number, found: &found };
        tracker.look(at(number), scene(0), &[], &mut eye, &mut verdicts);
    }
    let covered: Vec<_> = verdicts
        .iter()
        .filter(|verdict| verdict.cover.is_some())
        .map(|verdict| verdict.pts)
        .collect();
    let expected = [0, 1, 2, 16, 17, 18, 19, 60, 61, 62].map(at);
    assert_eq!(covered, expected);
}

#[test]
fn pictures_that_are_left_out_do_not_end_what_is_known() {
    let mut tracker = Tracker::new(SIZE.0, SIZE.1);
    let mut verdicts = Vec::new();
    let found = |_: u64| vec![here()];
    for number in (0..90).filter(|number| number % 10 < 4) {
        let around: &[Search] = if number % 10 == 3 { &[EVERYWHERE] } else { &[] };
        let mut eye = Scripted { number, found: &found };
        tracker.look(at(number), scene(0), around, &mut eye, &mut verdicts);
    }
    assert!(verdicts.iter().all(|verdict| hides(verdict, here())));
    assert!(covers(&verdicts[3..]).is_empty());
}

#[test]
fn what_a_tracker_before_knew_stays_hidden_until_it_is_found_or_let_go() {
    let nobody = Script {
        found: |_| Vec::new(),
        scene: |_| 0,
    };
    let known = TrackedFace {
        track: 7,
        face: here(),
        sight: Sight::Seen,
    };
    let verdicts = nobody.play_with(60, &mut |number, tracker| {
        if number == 0 {
            tracker.resume(&[known], None, 12);
        }
    });
    // The first three are covered anyway, and hide it as well.
    assert!(verdicts[..40].iter().all(|verdict| hides(verdict, here())));
    assert_eq!(verdicts[3].cover, None);
    assert_eq!(verdicts[59].cover, Some(CoverReason::Lost { track: 7 }));

    // One that was lost already is covered for until the operator says that it has left.
    let verdicts = nobody.play_with(60, &mut |number, tracker| match number {
        0 => tracker.resume(&[], Some(9), 12),
        50 => tracker.release(),
        _ => {}
    });
    let lost = Some(CoverReason::Lost { track: 9 });
    assert!(verdicts[3..40].iter().all(|verdict| verdict.cover == lost));
    assert_eq!(verdicts[59].cover, None);

    // What is found at its old place keeps its number; what is new has one that nobody had.
    let two = Script {
        found: |_| vec![here(), face(1000.0, 500.0, 90.0)],
        scene: |_| 0,
    };
    let verdicts = two.play_with(20, &mut |number, tracker| {
        if number == 0 {
            tracker.resume(&[known], None, 12);
        }
    });
    let tracks: Vec<u32> = verdicts[15].faces.iter().map(|face| face.track).collect();
    assert_eq!(tracks, [7, 12]);
}

/// Any numbers that a detector could say.
fn any_found() -> impl Strategy<Value = Found> {
    let place = prop_oneof![8 => -200.0f32..1500.0, 1 => proptest::num::f32::ANY];
    let size = prop_oneof![8 => 20.0f32..800.0, 1 => proptest::num::f32::ANY];
    (place.clone(), place, size, proptest::num::f32::ANY).prop_map(|(x, y, size, score)| Found {
        face: FaceBox { x, y, size, roll: 0.0 },
        score,
    })
}

struct Anything(Vec<Vec<Found>>, usize);

impl Eye for Anything {
    fn scan(&mut self, _: usize, _: &Search, found: &mut Vec<Found>) {
        self.1 = (self.1 + 1) % self.0.len();
        found.extend_from_slice(&self.0[self.1]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_found_every_picture_gets_one_verdict_in_order(
        found in prop::collection::vec(prop::collection::vec(any_found(), 0..4), 1..12),
        pictures in prop::collection::vec((1i64..30, 0usize..4, any::<bool>()), 1..120),
    ) {
        let scenes: Vec<_> = (0..4).map(scene).collect();
        let mut tracker = Tracker::new(SIZE.0, SIZE.1);
        let mut eye = Anything(found, 0);
        let (mut now, mut given, mut verdicts) = (0, Vec::new(), Vec::new());
        for (step, scene, is_released) in pictures {
            now += if step > 3 { 1 } else { step };
            now += if step == 29 { 40 } else { 0 };
            if is_released && step > 25 {
                tracker.release();
            }
            let pts = at(now as u64);
            given.push(pts);
            tracker.look(pts, scenes[scene].clone(), &[EVERYWHERE], &mut eye, &mut verdicts);
            prop_assert!(tracker.tracks.len() <= MOST_TRACKS);
        }
        tracker.flush(&mut verdicts);
        prop_assert_eq!(verdicts.iter().map(|verdict| verdict.pts).collect::<Vec<_>>(), given);
        for face in verdicts.iter().flat_map(|verdict| &verdict.faces) {
            let face = face.face;
            prop_assert!(face.x.is_finite() && face.y.is_finite() && face.size.is_finite() && face.size > 0.0);
        }
    }
}
