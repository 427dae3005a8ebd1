//! Places, clips and canvases: by tables and by properties.

#![allow(clippy::float_cmp, reason = "what is set is compared with what was written")]

use super::*;
use proptest::prelude::*;

const PROGRAM: (u32, u32) = (1280, 720);

fn rect(x: i32, y: i32, width: i32, height: i32) -> Rect {
    Rect { x, y, width, height }
}

fn placed(source: (u32, u32), target: Rect, fit: Fit, crop: Crop) -> ([f64; 4], [u32; 4]) {
    let Placement { source, area } = place(source, target, fit, crop, &View::default(), PROGRAM).unwrap();
    (
        [source.left, source.top, source.width, source.height],
        [area.x, area.y, area.width, area.height],
    )
}

#[test]
fn fits_and_crops() {
    let full = Rect::full(1280, 720);
    let none = Crop::default();
    let quarter = Crop {
        left: 0.25,
        right: 0.25,
        ..none
    };
    for (source, target, fit, crop, read, written) in [
        (
            (1280, 720),
            full,
            Fit::Contain,
            none,
            [0., 0., 1280., 720.],
            [0, 0, 1280, 720],
        ),
        (
            (1440, 1080),
            full,
            Fit::Contain,
            none,
            [0., 0., 1440., 1080.],
            [160, 0, 960, 720],
        ),
        (
            (1440, 1080),
            full,
            Fit::Cover,
            none,
            [0., 135., 1440., 810.],
            [0, 0, 1280, 720],
        ),
        (
            (1440, 1080),
            full,
            Fit::Stretch,
            none,
            [0., 0., 1440., 1080.],
            [0, 0, 1280, 720],
        ),
        (
            (1280, 720),
            full,
            Fit::Contain,
            quarter,
            [320., 0., 640., 720.],
            [320, 0, 640, 720],
        ),
        // Half outside at the left, and at the lower right.
        (
            (640, 360),
            rect(-320, 0, 640, 360),
            Fit::Contain,
            none,
            [320., 0., 320., 360.],
            [0, 0, 320, 360],
        ),
        (
            (640, 360),
            rect(960, 540, 640, 360),
            Fit::Contain,
            none,
            [0., 0., 320., 180.],
            [960, 540, 320, 180],
        ),
        // Odd targets move to even pixels.
        (
            (640, 360),
            rect(11, 7, 101, 51),
            Fit::Stretch,
            none,
            [0., 0., 640., 360.],
            [12, 8, 100, 50],
        ),
    ] {
        assert_eq!(
            placed(source, target, fit, crop),
            (read, written),
            "{source:?} {target:?} {fit:?}"
        );
    }
}

#[test]
fn what_does_not_show_has_no_place() {
    let all = Crop {
        left: 0.5,
        right: 0.5,
        ..Crop::default()
    };
    for (target, crop) in [
        (rect(1280, 0, 100, 100), Crop::default()),
        (rect(-100, 0, 100, 100), Crop::default()),
        (rect(0, 0, 0, 100), Crop::default()),
        (rect(0, 0, 100, -5), Crop::default()),
        (rect(0, 0, 100, 100), all),
    ] {
        assert_eq!(
            place((640, 360), target, Fit::Stretch, crop, &View::default(), PROGRAM),
            None,
            "{target:?}"
        );
    }
}

proptest! {
    #[test]
    fn every_place_lies_within_both_pictures(
        sw in 2u32..4096, sh in 2u32..4096, x in any::<i32>(), y in -4000i32..4000, w in -10i32..9000, h in any::<i32>(),
        near in any::<bool>(), fit in 0usize..3, crop in any::<[f32; 4]>(), small in any::<bool>()
    ) {
        let fit = [Fit::Contain, Fit::Cover, Fit::Stretch][fit];
        let target = Rect { x: if near { x % 2000 } else { x }, y, width: w, height: if near { h % 2000 } else { h } };
        let bound = |share: f32| if small { share.abs() % 0.4 } else { share };
        let crop = Crop { left: bound(crop[0]), top: bound(crop[1]), right: bound(crop[2]), bottom: bound(crop[3]) };
        if let Some(Placement { source, area }) = place((sw, sh), target, fit, crop, &View::default(), PROGRAM) {
            prop_assert!(source.left >= 0.0 && source.top >= 0.0 && source.width > 0.0 && source.height > 0.0);
            prop_assert!(source.left + source.width <= f64::from(sw), "{source:?}");
            prop_assert!(source.top + source.height <= f64::from(sh), "{source:?}");
            prop_assert!(area.x + area.width <= 1280 && area.y + area.height <= 720);
            prop_assert!([area.x, area.y, area.width, area.height].iter().all(|value| value % 2 == 0));
            prop_assert!(area.width >= 2 && area.height >= 2);
        }
    }

    #[test]
    fn what_lies_on_a_canvas_lies_within_its_place(
        outer in any::<[i16; 4]>(), inner in any::<[i16; 4]>(), item in any::<[i16; 4]>(), fit in 0usize..3, crop in any::<[f32; 4]>()
    ) {
        let fit = [Fit::Contain, Fit::Cover, Fit::Stretch][fit];
        let rect = |of: [i16; 4]| Rect { x: (of[0] % 1500).into(), y: (of[1] % 900).into(), width: (of[2] % 3000).into(), height: (of[3] % 2000).into() };
        let crop = Crop { left: crop[0].abs() % 0.4, top: crop[1].abs() % 0.4, right: crop[2].abs() % 0.4, bottom: crop[3].abs() % 0.4 };
        let whole = View::default();
        let Some(outer_view) = whole.inside(PROGRAM, rect(outer), fit, crop) else { return Ok(()) };
        let Some(view) = outer_view.inside(PROGRAM, rect(inner), Fit::Contain, crop) else { return Ok(()) };
        let around = place(PROGRAM, rect(outer), fit, crop, &whole, PROGRAM);
        if let Some(Placement { source, area }) = place((640, 360), rect(item), fit, Crop::default(), &view, PROGRAM) {
            // What shows of an item shows of the canvas that it lies on.
            let around = around.unwrap();
            prop_assert!(around.area.contains(&area), "{around:?} {area:?}");
            prop_assert!(source.left >= 0.0 && source.top >= 0.0);
            prop_assert!(source.left + source.width <= 640.0 && source.top + source.height <= 360.0);
            prop_assert!([area.x, area.y, area.width, area.height].iter().all(|value| value % 2 == 0));
        }
    }
}

#[test]
fn a_canvas_in_a_quarter_halves_what_is_on_it() {
    let quarter = rect(640, 360, 640, 360);
    let view = View::default()
        .inside(PROGRAM, quarter, Fit::Contain, Crop::default())
        .unwrap();
    let item = rect(0, 360, 640, 360);
    let Placement { source, area } = place((320, 180), item, Fit::Stretch, Crop::default(), &view, PROGRAM).unwrap();
    assert_eq!([area.x, area.y, area.width, area.height], [640, 540, 320, 180]);
    assert_eq!(
        [source.left, source.top, source.width, source.height],
        [0.0, 0.0, 320.0, 180.0]
    );
    // Once more inside: a sixteenth, and what sticks out of the canvas is cut.
    let view = view.inside(PROGRAM, quarter, Fit::Contain, Crop::default()).unwrap();
    let out = rect(-640, 0, 1280, 720);
    let Placement { source, area } = place((320, 180), out, Fit::Stretch, Crop::default(), &view, PROGRAM).unwrap();
    assert_eq!([area.x, area.y, area.width, area.height], [960, 540, 160, 180]);
    assert_eq!(
        [source.left, source.top, source.width, source.height],
        [160.0, 0.0, 160.0, 180.0]
    );
}

#[test]
fn a_stretched_canvas_stretches_what_keeps_its_shape_on_it() {
    let view = View::default()
        .inside(PROGRAM, rect(0, 0, 640, 720), Fit::Stretch, Crop::default())
        .unwrap();
    let Placement { area, .. } = place(
        (100, 100),
        rect(0, 0, 1280, 720),
        Fit::Contain,
        Crop::default(),
        &view,
        PROGRAM,
    )
    .unwrap();
    assert_eq!([area.x, area.y, area.width, area.height], [140, 0, 360, 720]);
    let halved = View::scaled(0.5, 0.5).of(&view);
    let Placement { area, .. } = place(
        (100, 100),
        rect(0, 0, 1280, 720),
        Fit::Contain,
        Crop::default(),
        &halved,
        (640, 360),
    )
    .unwrap();
    assert_eq!([area.x, area.y, area.width, area.height], [70, 0, 180, 360]);
}

#[test]
fn what_is_drawn_in_the_even_size_needs_no_scaling() {
    for target in [
        rect(11, 7, 101, 51),
        rect(0, 0, 1280, 720),
        rect(-3, -5, 9, 9),
        rect(1, 1, 1, 1),
    ] {
        let size = target.even_size();
        if let Some(Placement { source, area }) =
            place(size, target, Fit::Stretch, Crop::default(), &View::default(), PROGRAM)
        {
            assert_eq!(
                (source.width, source.height),
                (f64::from(area.width), f64::from(area.height)),
                "{target:?}"
            );
        }
    }
    assert_eq!(rect(0, 0, i32::MAX, 0).even_size(), (4096, 2));
}
