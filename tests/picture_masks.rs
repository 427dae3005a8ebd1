//! Masks on a moving picture take no memory: whatever the faces do, the pictures' own memory goes round.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "common/counting.rs"]
mod counting;

use counting::calls;
use rigcast::media::{FramePool, FrameRate, VideoFrame};
use rigcast::picture::Rect;
use rigcast::picture::occlude::{Art, Ellipse, Mask, Occluder, Paint, Placed, Shape};

/// A face that comes nearer, turns, and leaves over an edge, in one of the paints; every picture in two renditions.
fn hide(occluder: &mut Occluder, frame: VideoFrame, index: i64, art: &Art) {
    let t = index as f32 / 60.0;
    let size = 40.0 + 500.0 * t;
    let face = Ellipse {
        x: 200.0 + 600.0 * t,
        y: 180.0 - 100.0 * t,
        rx: size * 0.66,
        ry: size * 0.82,
        roll: t - 0.4,
    };
    let strength = 1.0 - t;
    let paints = [
        Paint::Solid([0; 3]),
        Paint::Mosaic { strength },
        Paint::Blur { strength },
    ];
    let eyes = [Ellipse {
        rx: size * 0.4,
        ry: size * 0.1,
        ..face
    }];
    let whole = Shape::Ellipse(face);
    let zone = Shape::Rect(Rect {
        x: 500,
        y: 20,
        width: 100,
        height: 300,
    });
    let paint = paints[index as usize % 3];
    let mask = |shape, holes| Mask {
        shape,
        holes,
        kept: &[],
        paint,
    };
    let masks = [mask(whole, &eyes[..]), mask(zone, &[])];
    let stickers = [Placed {
        art,
        x: face.x,
        y: face.y,
        width: size * 1.7,
        roll: face.roll,
    }];
    let shared = frame.clone();
    drop(occluder.apply(frame, &masks, &stickers));
    // The last holder's is painted on in place; every tenth picture is covered.
    let masks = [mask(if index % 10 == 0 { Shape::Whole } else { whole }, &[])];
    drop(occluder.apply(shared, &masks, &[]));
}

#[test]
fn masks_take_no_memory() {
    let pool = FramePool::new();
    let art = Art::from_png(include_bytes!("../presets/stickers/cat.png")).unwrap();
    let mut occluder = Occluder::new(pool.clone());
    let frame = |index| {
        let mut frame = pool.frame(640, 360);
        frame.fill([100, 90, 160]);
        frame.freeze(FrameRate::whole(30).frame_time(index))
    };
    // One of each paint.
    (0..3).for_each(|index| hide(&mut occluder, frame(index), index, &art));
    let before = calls();
    drop(std::hint::black_box(vec![1_u8]));
    assert_eq!(calls() - before, 2, "the counter counts");
    let before = calls();
    (3..60).for_each(|index| hide(&mut occluder, frame(index), index, &art));
    assert_eq!(calls() - before, 0);
}
