//! The compositor draws what it is told, whatever it drew before.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use proptest::prelude::*;
use rigcast::media::{FramePool, Plane, Timestamp, VideoFrame};
use rigcast::picture::colour::{BLACK, Yuv};
use rigcast::picture::{Compositor, Crop, Fit, Layer, Rect};

const WHITE: Yuv = [235, 128, 128];
const RED: Yuv = [63, 102, 240];
const BLUE: Yuv = [32, 240, 118];

fn flat(width: u32, height: u32, yuv: Yuv) -> VideoFrame {
    let mut frame = FramePool::new().frame(width, height);
    frame.fill(yuv);
    frame.freeze(Timestamp::ZERO)
}

/// Brighter to the right and to the bottom.
fn gradient(width: u32, height: u32) -> VideoFrame {
    let mut frame = FramePool::new().frame(width, height);
    for plane in [Plane::Y, Plane::U, Plane::V] {
        let (stride, total) = (frame.stride(plane), frame.plane(plane).len());
        let rows = total / stride;
        for (y, row) in frame.plane_mut(plane).chunks_exact_mut(stride).enumerate() {
            for (x, out) in row.iter_mut().enumerate() {
                *out = (40 + x * 100 / stride + y * 80 / rows) as u8;
            }
        }
    }
    frame.freeze(Timestamp::ZERO)
}

fn at(frame: &VideoFrame, x: usize, y: usize) -> Yuv {
    let of = |plane, x: usize, y: usize| frame.plane(plane)[y * frame.stride(plane) + x];
    [
        of(Plane::Y, x, y),
        of(Plane::U, x / 2, y / 2),
        of(Plane::V, x / 2, y / 2),
    ]
}

fn layer(frame: &VideoFrame, x: i32, y: i32, width: i32, height: i32) -> Layer<'_> {
    Layer::new(frame, Rect { x, y, width, height })
}

fn compositor() -> Compositor {
    Compositor::new(320, 180, FramePool::new())
}

fn is_equal(a: &VideoFrame, b: &VideoFrame) -> bool {
    (a.width(), a.height()) == (b.width(), b.height())
        && [Plane::Y, Plane::U, Plane::V]
            .into_iter()
            .all(|plane| a.plane(plane) == b.plane(plane))
}

#[test]
fn one_full_frame_layer_passes_through_without_a_copy() {
    let source = gradient(320, 180);
    let hidden = flat(64, 64, RED);
    let pts = Timestamp::from_millis(40);
    let shown = compositor().compose(&[layer(&hidden, 10, 10, 50, 50), layer(&source, 0, 0, 320, 180)], pts);
    assert!(shown.is_same_picture(&source));
    assert_eq!(shown.pts, pts);
}

#[test]
fn an_unchanged_program_is_the_same_picture() {
    let (a, b) = (gradient(640, 360), flat(100, 100, RED));
    let mut compositor = compositor();
    let layers = [layer(&a, 0, 0, 320, 180), layer(&b, 20, 20, 50, 50)];
    let first = compositor.compose(&layers, Timestamp::ZERO);
    let second = compositor.compose(&layers, Timestamp::from_millis(33));
    assert!(second.is_same_picture(&first));
    assert_eq!(second.pts, Timestamp::from_millis(33));
    let moved = [layers[0], layer(&b, 22, 20, 50, 50)];
    assert!(!compositor.compose(&moved, Timestamp::ZERO).is_same_picture(&first));
}

#[test]
fn layers_lie_where_they_are_put_on_black() {
    let (red, blue) = (flat(64, 64, RED), flat(32, 90, BLUE));
    let shown = compositor().compose(
        &[
            layer(&red, -40, -40, 80, 80),
            layer(&blue, 20, 20, 100, 60),
            layer(&red, 300, 160, 999, 999),
        ],
        Timestamp::ZERO,
    );
    for ((x, y), want) in [
        ((0, 0), RED),
        ((39, 19), RED),
        ((20, 20), BLUE),
        ((119, 79), BLUE),
        ((120, 79), BLACK),
        ((60, 10), BLACK),
        ((10, 60), BLACK),
        ((319, 179), RED),
        ((299, 179), BLACK),
    ] {
        assert_eq!(at(&shown, x, y), want, "at {x}, {y}");
    }
}

#[test]
fn contain_leaves_black_bars_and_cover_none() {
    let square = flat(90, 90, WHITE);
    let full = |fit| Layer {
        fit,
        ..layer(&square, 0, 0, 320, 180)
    };
    let contained = compositor().compose(&[full(Fit::Contain)], Timestamp::ZERO);
    assert_eq!([at(&contained, 69, 90), at(&contained, 70, 90)], [BLACK, WHITE]);
    assert_eq!([at(&contained, 249, 90), at(&contained, 250, 90)], [WHITE, BLACK]);
    let covered = compositor().compose(&[full(Fit::Cover)], Timestamp::ZERO);
    assert_eq!([at(&covered, 0, 0), at(&covered, 319, 179)], [WHITE, WHITE]);
}

#[test]
fn crop_shows_the_part_that_is_left() {
    // Left half red, right half blue.
    let (red, blue) = (flat(160, 180, RED), flat(160, 180, BLUE));
    let both = compositor().compose(
        &[layer(&red, 0, 0, 160, 180), layer(&blue, 160, 0, 160, 180)],
        Timestamp::ZERO,
    );
    let right = Layer {
        crop: Crop {
            left: 0.5,
            ..Crop::default()
        },
        ..layer(&both, 0, 0, 320, 180)
    };
    let shown = compositor().compose(&[right], Timestamp::ZERO);
    assert!(is_equal(&shown, &flat(320, 180, BLUE)));
}

#[test]
fn opacity_mixes_in_every_plane() {
    let (white, red) = (flat(320, 180, WHITE), flat(64, 64, RED));
    let half = Layer {
        opacity: 0.5,
        ..layer(&red, 100, 100, 20, 20)
    };
    let shown = compositor().compose(&[layer(&white, 0, 0, 320, 180), half], Timestamp::ZERO);
    assert_eq!(at(&shown, 110, 110), [149, 115, 184]);
    assert_eq!(at(&shown, 99, 99), WHITE);
    let none = Layer { opacity: 0.0, ..half };
    let shown = compositor().compose(&[layer(&white, 0, 0, 320, 180), none], Timestamp::ZERO);
    assert!(shown.is_same_picture(&white), "an invisible layer is no layer");
}

#[test]
fn scaling_keeps_a_gradient_in_all_planes() {
    for (width, height) in [(640, 360), (200, 100), (318, 182), (1920, 1080)] {
        let source = gradient(width, height);
        let shown = compositor().compose(&[layer(&source, 0, 0, 320, 180)], Timestamp::ZERO);
        let want = gradient(320, 180);
        for plane in [Plane::Y, Plane::U, Plane::V] {
            let worst = shown
                .plane(plane)
                .iter()
                .zip(want.plane(plane))
                .map(|(a, b)| a.abs_diff(*b))
                .max();
            assert!(worst.unwrap() <= 3, "{width}x{height} {plane:?}: {worst:?}");
        }
    }
}

#[test]
fn a_fade_goes_from_one_to_the_other() {
    let (white, red) = (flat(320, 180, WHITE), flat(320, 180, RED));
    let mut compositor = compositor();
    let pts = Timestamp::from_millis(1);
    assert!(compositor.fade(&white, &red, 0.0, pts).is_same_picture(&white));
    assert!(compositor.fade(&white, &red, 1.0, pts).is_same_picture(&red));
    let middle = compositor.fade(&white, &red, 0.5, pts);
    assert_eq!(
        (at(&middle, 0, 0), at(&middle, 319, 179), middle.pts),
        ([149, 115, 184], [149, 115, 184], pts)
    );
    let quarter = compositor.fade(&white, &red, 0.25, pts);
    assert_eq!(at(&quarter, 7, 7), [192, 122, 156]);
    let small = flat(64, 64, RED);
    assert_eq!(at(&compositor.fade(&white, &small, 0.5, pts), 9, 9), [149, 115, 184]);
}

fn any_layer() -> impl Strategy<Value = (usize, Rect, Fit, Crop, f32)> {
    let rect = prop_oneof![
        3 => (-100i32..300, -80i32..170, 0i32..400, 0i32..250),
        1 => Just((0, 0, 320, 180)),
    ];
    let fit = prop_oneof![Just(Fit::Contain), Just(Fit::Cover), Just(Fit::Stretch)];
    let crop = prop_oneof![
        Just([0.0; 4]),
        any::<[u8; 4]>().prop_map(|sides| sides.map(|s| f32::from(s) / 400.0))
    ];
    let opacity = prop_oneof![3 => Just(1.0f32), 1 => 0.0f32..1.2];
    (0usize..4, rect, fit, crop, opacity).prop_map(
        |(source, (x, y, width, height), fit, [left, top, right, bottom], opacity)| {
            (
                source,
                Rect { x, y, width, height },
                fit,
                Crop {
                    left,
                    top,
                    right,
                    bottom,
                },
                opacity,
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// All the short cuts together change nothing: a compositor with a past draws what a new one would draw.
    #[test]
    fn the_past_leaves_no_trace(
        scenes in proptest::collection::vec(proptest::collection::vec(any_layer(), 0..4), 1..3),
        steps in proptest::collection::vec((0usize..3, proptest::collection::vec(0usize..2, 4)), 1..8),
    ) {
        // Two pictures of each source, so that a step may repeat a picture or bring another.
        let sources: Vec<[VideoFrame; 2]> = [(64, 36), (320, 180), (90, 200), (640, 360)]
            .into_iter()
            .zip([WHITE, RED, BLUE, [90, 60, 200]])
            .map(|((width, height), yuv)| [gradient(width, height), flat(width, height, yuv)])
            .collect();
        let mut compositor = compositor();
        for (scene, phase) in steps {
            let layers: Vec<Layer<'_>> = scenes[scene % scenes.len()]
                .iter()
                .map(|&(source, target, fit, crop, opacity)| Layer {
                    fit, crop, opacity, ..Layer::new(&sources[source][phase[source]], target)
                })
                .collect();
            let shown = compositor.compose(&layers, Timestamp::ZERO);
            let fresh = Compositor::new(320, 180, FramePool::new()).compose(&layers, Timestamp::ZERO);
            prop_assert!(is_equal(&shown, &fresh));
        }
    }
}
