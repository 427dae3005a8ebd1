//! What a mask must never do: show what is hidden, or touch what is not.

use proptest::prelude::*;

use super::*;
use crate::media::{FramePool, Plane, Timestamp, VideoFrame};

const SIZE: (u32, u32) = (96, 64);

/// A picture in which no two neighbours are alike.
fn textured(pool: &FramePool, (width, height): (u32, u32)) -> VideoFrame {
    let mut frame = pool.frame(width, height);
    for plane in [Plane::Y, Plane::U, Plane::V] {
        let stride = frame.stride(plane);
        for (y, row) in frame.plane_mut(plane).chunks_exact_mut(stride).enumerate() {
            for (x, out) in row.iter_mut().enumerate() {
                *out = 40 + ((x * 37 + y * 101 + (x * y) % 29 * 5) % 150) as u8;
            }
        }
    }
    frame.freeze(Timestamp::from_millis(40))
}

fn mask(shape: Shape, paint: Paint) -> Mask<'static> {
    let holes = &[];
    let kept = &[];
    Mask {
        shape,
        holes,
        kept,
        paint,
    }
}

fn ellipse(x: f32, y: f32, rx: f32, ry: f32, roll: f32) -> Ellipse {
    Ellipse { x, y, rx, ry, roll }
}

/// How far out a pixel lies, in double precision: 1 is on the ellipse.
fn reach(of: &Ellipse, x: f64, y: f64) -> f64 {
    let (sin, cos) = f64::from(of.roll).sin_cos();
    let (dx, dy) = (x - f64::from(of.x), y - f64::from(of.y));
    let (rx, ry) = (f64::from(of.rx.abs().max(0.5)), f64::from(of.ry.abs().max(0.5)));
    ((dx * cos + dy * sin) / rx).hypot((dy * cos - dx * sin) / ry)
}

/// Each pixel of luma, with its middle and what it was and is; and whether its sample of chroma has changed.
fn pixels<'a>(before: &'a VideoFrame, after: &'a VideoFrame) -> impl Iterator<Item = (f64, f64, u8, u8)> + 'a {
    let stride = before.stride(Plane::Y);
    let pairs = before.plane(Plane::Y).iter().zip(after.plane(Plane::Y));
    pairs
        .enumerate()
        .map(move |(at, (before, after))| ((at % stride) as f64 + 0.5, (at / stride) as f64 + 0.5, *before, *after))
}

#[test]
fn a_mask_hides_all_of_its_shape_and_is_soft_outside() {
    let pool = FramePool::new();
    let before = textured(&pool, SIZE);
    let face = ellipse(50.0, 30.0, 18.0, 24.0, 0.3);
    let masks = [mask(Shape::Ellipse(face), Paint::Solid([255, 255, 255]))];
    let after = Occluder::new(pool).apply(before.clone(), &masks, &[]);
    assert_eq!(after.pts, before.pts);
    let mut soft = 0;
    for (x, y, was, is) in pixels(&before, &after) {
        let reach = reach(&face, x, y);
        if reach <= 0.999 {
            assert_eq!(is, 235, "({x}, {y}) lies inside");
        } else if reach >= 1.16 {
            assert_eq!(is, was, "({x}, {y}) lies outside");
        } else {
            assert!((was..=235).contains(&is));
            soft += 1;
        }
    }
    assert!(soft > 200, "an edge of {soft} pixels");
    // Chroma: every sample with a hidden pixel is hidden.
    let stride = after.stride(Plane::U);
    for (at, sample) in after.plane(Plane::U).iter().enumerate() {
        let (x, y) = ((at % stride * 2) as f64, (at / stride * 2) as f64);
        let corners = [(0.5, 0.5), (1.5, 0.5), (0.5, 1.5), (1.5, 1.5)];
        let nearest = corners.map(|(dx, dy)| reach(&face, x + dx, y + dy));
        if nearest.iter().any(|reach| *reach <= 0.999) {
            assert_eq!(*sample, 128, "({x}, {y})");
        } else if nearest.iter().all(|reach| *reach >= 1.16) {
            assert_eq!(*sample, before.plane(Plane::U)[at]);
        }
    }
}

#[test]
fn a_hole_shows_the_picture_and_nothing_beyond_it() {
    let pool = FramePool::new();
    let before = textured(&pool, SIZE);
    let face = ellipse(48.0, 32.0, 30.0, 30.0, 0.0);
    let holes = [ellipse(40.0, 30.0, 10.0, 8.0, -0.4), ellipse(60.0, 40.0, 6.0, 6.0, 0.0)];
    for shape in [Shape::Ellipse(face), Shape::Whole, Shape::Rect(Rect::full(96, 64))] {
        let mask = Mask {
            shape,
            holes: &holes,
            kept: &[],
            paint: Paint::Solid([0, 0, 0]),
        };
        let after = Occluder::new(pool.clone()).apply(before.clone(), &[mask], &[]);
        for (x, y, was, is) in pixels(&before, &after) {
            let open = holes.iter().map(|hole| reach(hole, x, y)).fold(f64::INFINITY, f64::min);
            let is_hidden = !matches!(shape, Shape::Ellipse(_)) || reach(&face, x, y) < 0.999;
            if open <= 0.84 {
                assert_eq!(is, was, "({x}, {y}) lies in a hole");
            } else if open >= 1.001 && is_hidden {
                assert_eq!(is, 16, "({x}, {y}) lies outside of the holes");
            }
        }
    }
}

#[test]
fn a_picture_is_copied_only_where_somebody_else_has_it() {
    let pool = FramePool::new();
    let mut occluder = Occluder::new(pool.clone());
    let face = mask(
        Shape::Ellipse(ellipse(48.0, 32.0, 20.0, 20.0, 0.0)),
        Paint::Blur { strength: 1.0 },
    );
    let beside = mask(
        Shape::Rect(Rect {
            x: 120,
            y: 0,
            width: 50,
            height: 50,
        }),
        Paint::Solid([0; 3]),
    );

    // Three renditions of one composite: two at levels of their own, one without masks.
    let composite = textured(&pool, SIZE);
    let original = composite.plane(Plane::Y).to_vec();
    let softer = Mask {
        paint: Paint::Blur { strength: 0.5 },
        ..face
    };
    let high = occluder.apply(composite.clone(), &[face], &[]);
    let low = occluder.apply(composite.clone(), &[softer], &[]);
    let open = occluder.apply(composite.clone(), &[beside], &[]);
    assert!(open.is_same_picture(&composite), "nothing of the mask shows: no copy");
    assert!(!high.is_same_picture(&low) && !high.is_same_picture(&composite));
    assert_eq!(composite.plane(Plane::Y), original, "the composite is as it was");
    assert_ne!(high.plane(Plane::Y), low.plane(Plane::Y));
    for masked in [&high, &low] {
        assert_eq!(
            masked.plane(Plane::Y)[..96 * 8],
            original[..96 * 8],
            "rows without a mask"
        );
    }

    // The last one to hold a composite paints on it.
    drop(open);
    let address = composite.plane(Plane::Y).as_ptr();
    let in_place = occluder.apply(composite, &[face], &[]);
    assert_eq!(in_place.plane(Plane::Y).as_ptr(), address);
    for plane in [Plane::Y, Plane::U, Plane::V] {
        assert_eq!(in_place.plane(plane), high.plane(plane), "the same as on a copy");
    }
}

fn number() -> impl Strategy<Value = f32> {
    prop_oneof![8 => -150.0_f32..250.0, 1 => any::<f32>(), 1 => -1e7_f32..1e7]
}

fn any_ellipse() -> impl Strategy<Value = Ellipse> {
    (number(), number(), number(), number(), -7.0_f32..7.0).prop_map(|(x, y, rx, ry, roll)| ellipse(x, y, rx, ry, roll))
}

fn any_shape() -> impl Strategy<Value = Shape> {
    let rect = (any::<i32>(), any::<i32>(), any::<i32>(), any::<i32>(), any::<bool>());
    let rect = rect.prop_map(|(x, y, width, height, is_near)| {
        let near = |value: i32| if is_near { value % 150 } else { value };
        Shape::Rect(Rect {
            x: near(x),
            y: near(y),
            width: near(width),
            height: near(height),
        })
    });
    prop_oneof![4 => any_ellipse().prop_map(Shape::Ellipse), 2 => rect, 1 => Just(Shape::Whole)]
}

fn any_paint() -> impl Strategy<Value = Paint> {
    let strength = || prop_oneof![4 => 0.0_f32..1.2, 1 => any::<f32>()];
    prop_oneof![
        any::<[u8; 3]>().prop_map(Paint::Solid),
        strength().prop_map(|strength| Paint::Mosaic { strength }),
        strength().prop_map(|strength| Paint::Blur { strength }),
    ]
}

/// Whether this pixel lies well inside `shape`, and whether well outside of its soft edge.
fn side_of(shape: &Shape, x: f64, y: f64) -> (bool, bool) {
    match shape {
        Shape::Whole => (true, false),
        Shape::Ellipse(of) if ![of.x, of.y, of.rx, of.ry].iter().all(|value| value.abs() <= 1e6) => (false, false),
        Shape::Ellipse(of) => (reach(of, x, y) < 0.99, reach(of, x, y) > 1.17),
        Shape::Rect(rect) => {
            let (left, top) = (f64::from(rect.x), f64::from(rect.y));
            let (width, height) = (f64::from(rect.width), f64::from(rect.height));
            let beyond = (left - x).max(x - left - width).max(top - y).max(y - top - height);
            let is_none = width <= 0.0 || height <= 0.0;
            let is_near = [left, top, width, height].iter().all(|value| value.abs() <= 1e6);
            (
                is_near && !is_none && beyond <= 0.0,
                is_none || is_near && beyond >= 16.0,
            )
        }
    }
}

proptest! {
    #[test]
    fn no_mask_panics_misses_or_strays(
        shape in any_shape(), holes in proptest::collection::vec(any_ellipse(), 0..3), paint in any_paint(),
        size in (2_u32..120, 2_u32..80), is_shared in any::<bool>()
    ) {
        let pool = FramePool::new();
        let frame = textured(&pool, size);
        let mut before = pool.frame(size.0, size.1);
        before.copy_from(&frame);
        let before = before.freeze(Timestamp::ZERO);
        let shared = is_shared.then(|| frame.clone());
        let after = Occluder::new(pool).apply(frame, &[Mask { shape, holes: &holes, kept: &[], paint }], &[]);
        if let Some(shared) = shared {
            prop_assert_eq!(shared.plane(Plane::Y), before.plane(Plane::Y));
        }
        for (x, y, was, is) in pixels(&before, &after) {
            let (is_inside, is_outside) = side_of(&shape, x, y);
            let is_closed = holes.iter().all(|hole| !reach(hole, x, y).is_finite() || reach(hole, x, y) > 1.01);
            if is_outside {
                prop_assert_eq!(is, was, "({}, {})", x, y);
            } else if let Paint::Solid(rgb) = paint && is_inside && is_closed {
                prop_assert_eq!(is, crate::picture::colour::yuv_of_rgb(rgb)[0], "({}, {})", x, y);
            }
        }
    }
}

#[test]
fn what_is_no_number_hides_everything() {
    let pool = FramePool::new();
    for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for at in 0..5 {
            let mut values = [30.0, 30.0, 10.0, 10.0, 0.0];
            values[at] = broken;
            let [x, y, rx, ry, roll] = values;
            let shape = Shape::Ellipse(ellipse(x, y, rx, ry, roll));
            // As a hole it opens nothing.
            let holes = [ellipse(x, y, rx, ry, roll)];
            let mask = Mask {
                shape,
                holes: &holes,
                kept: &[],
                paint: Paint::Solid([0; 3]),
            };
            let after = Occluder::new(pool.clone()).apply(textured(&pool, SIZE), &[mask], &[]);
            assert!(after.plane(Plane::Y).iter().all(|code| *code == 16), "{values:?}");
        }
    }
    let full = |strength| {
        let masks = [mask(Shape::Whole, Paint::Mosaic { strength })];
        Occluder::new(pool.clone()).apply(textured(&pool, SIZE), &masks, &[])
    };
    assert_eq!(full(f32::NAN).plane(Plane::Y), full(1.0).plane(Plane::Y));
}

/// A face's worth of detail: `rows` of blobs and lines much finer than a face, with little in common from place to place.
fn detailed(pool: &FramePool, size: (u32, u32)) -> VideoFrame {
    let mut frame = pool.frame(size.0, size.1);
    frame.fill([0, 128, 128]);
    for (y, row) in frame.plane_mut(Plane::Y).chunks_exact_mut(size.0 as usize).enumerate() {
        for (x, out) in row.iter_mut().enumerate() {
            let (x, y) = (x as f32, y as f32);
            let wave = (x * 0.31 + (y * 0.11).sin() * 4.0).sin() + (y * 0.27 + (x * 0.07).cos() * 5.0).sin();
            *out = (120.0 + 35.0 * wave + 20.0 * (x * 0.9 + y * 0.7).sin()) as u8;
        }
    }
    frame.freeze(Timestamp::ZERO)
}

/// How much two pictures have in common, from 0 to 1.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product =
        |a: &[f64], b: &[f64], of_a: f64, of_b: f64| a.iter().zip(b).map(|(a, b)| (a - of_a) * (b - of_b)).sum::<f64>();
    let spread = (product(a, a, mean_a, mean_a) * product(b, b, mean_b, mean_b)).sqrt();
    (product(a, b, mean_a, mean_b) / spread.max(1e-9)).abs()
}

#[test]
fn no_sharpening_brings_back_what_was_blurred() {
    const SIDE: usize = 200;
    let pool = FramePool::new();
    let original = detailed(&pool, (SIDE as u32, SIDE as u32));
    let mut occluder = Occluder::new(pool.clone());
    let mut correlations = Vec::new();
    for strength in [1.0, 0.1] {
        let shape = Shape::Rect(Rect::full(SIDE as u32, SIDE as u32));
        let masks = [mask(shape, Paint::Blur { strength })];
        let floats = |frame: &VideoFrame| {
            frame
                .plane(Plane::Y)
                .iter()
                .map(|code| f64::from(*code))
                .collect::<Vec<_>>()
        };
        let blurred = floats(&occluder.apply(original.clone(), &masks, &[]));
        // Whoever knows exactly how it was made takes away again and again what blurring his guess gets wrong (Van Cittert).
        let mut guess = blurred.clone();
        for _ in 0..60 {
            let mut frame = pool.frame(SIDE as u32, SIDE as u32);
            frame.fill([0, 128, 128]);
            for (out, code) in frame.plane_mut(Plane::Y).iter_mut().zip(&guess) {
                *out = code.clamp(0.0, 255.0) as u8;
            }
            let again = floats(&occluder.apply(frame.freeze(Timestamp::ZERO), &masks, &[]));
            for ((guess, want), again) in guess.iter_mut().zip(&blurred).zip(&again) {
                *guess += want - again;
            }
        }
        correlations.push(correlation(&guess, &floats(&original)));
    }
    assert!(correlations[0] < 0.15, "{correlations:?}");
    assert!(
        correlations[1] > 0.6,
        "the measure does see what is left: {correlations:?}"
    );
}

#[test]
fn a_face_is_a_handful_of_values_at_full_strength() {
    let pool = FramePool::new();
    for (rx, ry, roll) in [(26.0, 33.0, 0.0), (80.0, 100.0, 0.3), (200.0, 240.0, -0.2)] {
        let before = textured(&pool, (640, 640));
        let face = ellipse(322.7, 318.2, rx, ry, roll);
        let masks = [mask(Shape::Ellipse(face), Paint::Mosaic { strength: 1.0 })];
        let after = Occluder::new(pool.clone()).apply(before, &masks, &[]);
        let luma = after.plane(Plane::Y);
        // The row through the middle: as many steps as there are cells.
        let row = &luma[318 * 640..319 * 640];
        let inside = &row[(322.7 - rx * 0.95) as usize..(322.7 + rx * 0.95) as usize];
        let runs = 1 + inside.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(runs <= usize::from(CELLS_ACROSS) + 1, "{runs} values across {rx}");
    }
}

#[test]
fn less_strength_leaves_more_of_the_picture() {
    let pool = FramePool::new();
    let before = detailed(&pool, (200, 200));
    let error = |paint: Paint| {
        let face = Shape::Ellipse(ellipse(100.0, 100.0, 70.0, 80.0, 0.0));
        let after = Occluder::new(pool.clone()).apply(before.clone(), &[mask(face, paint)], &[]);
        let squares = pixels(&before, &after).map(|(_, _, was, is)| f64::from(was.abs_diff(is)).powi(2));
        squares.sum::<f64>()
    };
    for paint in [(|strength| Paint::Blur { strength }) as fn(f32) -> Paint, |strength| {
        Paint::Mosaic { strength }
    }] {
        assert_eq!(error(paint(0.0)).to_bits(), 0, "nothing is as it was");
        // By the third level the finest detail is back; from there on each level shows more.
        let errors: Vec<f64> = (1..=10).map(|tenth| error(paint(tenth as f32 / 10.0))).collect();
        assert!(
            errors[0] < errors[2] && errors[2] < errors[4] && errors[4] < errors[9] * 1.05,
            "{errors:?}"
        );
    }
}
