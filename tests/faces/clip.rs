//! The clips that tests of faces are made with: what they say is true, is.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

use crate::faces_common;
use faces_common::clip::{Clip, TrueFace};
use faces_common::draw::Backdrop;
use faces_common::shots;
use rigcast::media::{FrameRate, Plane, VideoFrame};

const RATE: FrameRate = FrameRate::whole(30);

/// What rustface's own detector sees, its box as centre and size.
fn seen_by_rustface(detector: &mut dyn rustface::Detector, frame: &VideoFrame) -> Vec<(f32, f32, f32)> {
    let luma = rustface::ImageData::new(frame.plane(Plane::Y), frame.width(), frame.height());
    let boxes = detector.detect(&luma).into_iter().map(|face| {
        let bounds = face.bbox();
        let (width, height) = (bounds.width() as f32, bounds.height() as f32);
        (bounds.x() as f32 + width / 2.0, bounds.y() as f32 + height / 2.0, width)
    });
    boxes.collect()
}

fn detector() -> Box<dyn rustface::Detector> {
    let model = rustface::read_model(rigcast::vision::MODEL).unwrap();
    let mut detector = rustface::create_detector_with_model(model);
    detector.set_min_face_size(30);
    detector.set_score_thresh(2.0);
    detector
}

fn is_of(face: &TrueFace, (x, y, size): (f32, f32, f32)) -> bool {
    let reach = face.face.size * 0.3;
    (face.face.x - x).abs() < reach && (face.face.y - y).abs() < reach && (0.6..1.6).contains(&(size / face.face.size))
}

#[test]
fn faces_are_where_the_truth_says_and_nowhere_else() {
    let mut clip = Clip::new(640, 360, RATE, shots::everything(1));
    let mut detector = detector();
    let (mut whole, mut found, mut strange) = (0, 0, Vec::new());
    for index in (0..clip.frames()).step_by(29) {
        let truth = clip.truth(index);
        let seen = seen_by_rustface(&mut *detector, &clip.frame(index));
        for face in truth.iter().filter(|face| face.is_whole() && face.face.size >= 40.0) {
            whole += 1;
            found += usize::from(seen.iter().any(|seen| is_of(face, *seen)));
            let reach = face.face.size / 2.0;
            let is_within = |x: f32, y: f32| (x - face.face.x).hypot(y - face.face.y) < reach;
            assert!(
                face.marks()
                    .iter()
                    .all(|mark| mark.is_visible && is_within(mark.x, mark.y)),
                "{face:?}"
            );
        }
        let is_strange = |seen: &&(f32, f32, f32)| !truth.iter().any(|face| is_of(face, **seen));
        strange.extend(seen.iter().filter(is_strange).map(|seen| (index, *seen)));
    }
    eprintln!("{found} of {whole} whole faces of 40 pixels and more found by rustface; where none is: {strange:?}");
    assert!(whole > 60 && found * 10 >= whole * 9, "{found} of {whole}");
    assert!(strange.len() * 20 <= whole, "{strange:?}");
}

#[test]
fn backdrops_have_no_faces() {
    let grounds = [
        Backdrop::Leaves(2.0),
        Backdrop::Leaves(3.0),
        Backdrop::Cloth(9),
        Backdrop::Gradient(40, 120),
    ];
    let empty = grounds.map(|ground| shots::nobody(ground, 2));
    let mut clip = Clip::new(640, 360, RATE, empty.to_vec());
    let mut detector = detector();
    for index in 0..clip.frames() {
        assert!(clip.truth(index).is_empty());
        let seen = seen_by_rustface(&mut *detector, &clip.frame(index));
        assert_eq!(seen, [], "picture {index}");
    }
}

#[test]
fn the_same_seed_gives_the_same_pictures_and_another_one_others() {
    let of = |seed: usize| {
        let mut clip = Clip::new(320, 180, RATE, shots::everything(seed));
        [0, 300, 700].map(|index| clip.frame(index).plane(Plane::Y).to_vec())
    };
    assert_eq!(of(2), of(2));
    assert_ne!(of(2), of(3));
}

#[test]
fn what_stands_before_a_face_or_beyond_the_edge_is_not_visible() {
    let clip = Clip::new(640, 360, RATE, vec![shots::walks_through(0, 100)]);
    let walker = |index: u32| clip.truth(index)[1];
    assert!(walker(0).visible <= 0.0);
    assert!(walker(50).is_whole());
    let shares = (0..50).map(|index| walker(index).visible).collect::<Vec<_>>();
    assert!(shares.is_sorted(), "it comes in: {shares:?}");

    let clip = Clip::new(640, 360, RATE, vec![shots::is_covered(0, 100)]);
    let other = clip.truth(99)[1];
    assert!(
        !other.mouth.is_visible && other.eyes.iter().all(|eye| eye.is_visible),
        "{other:?}"
    );
    assert!(clip.is_cut(0) && !clip.is_cut(99));

    let clip = Clip::new(640, 360, RATE, vec![shots::pass(0, 100)]);
    let hidden = (0..100).map(|index| clip.truth(index)[0].visible).fold(1.0, f32::min);
    assert!(hidden < 0.5, "the one behind is hidden for a moment: {hidden}");
}
