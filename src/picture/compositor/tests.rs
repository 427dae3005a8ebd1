//! What alpha, keys, mattes and canvases make of pictures, beside the plain formulas.

use super::*;
use proptest::prelude::*;

const SIZE: (u32, u32) = (64, 36);

/// A picture of noise.
fn noise(pool: &FramePool, (width, height): (u32, u32), seed: u32) -> VideoFrame {
    let mut frame = pool.frame(width, height);
    let mut state = seed | 1;
    for plane in [Plane::Y, Plane::U, Plane::V] {
        for code in frame.plane_mut(plane) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *code = 16 + (state >> 24) as u8 % 220;
        }
    }
    frame.freeze(Timestamp::ZERO)
}

/// A graphic with alpha that goes from left to right.
fn ramp(pool: &FramePool, (width, height): (u32, u32)) -> Graphic {
    Graphic::paint(pool, width, height, |x, y| {
        [200, (y * 7) as u8, 90, (x * 255 / width.max(1)) as u8]
    })
}

fn compositor() -> Compositor {
    Compositor::new(SIZE.0, SIZE.1, FramePool::new())
}

fn full() -> Rect {
    Rect::full(SIZE.0, SIZE.1)
}

fn planes(frame: &VideoFrame) -> [Vec<u8>; 3] {
    [Plane::Y, Plane::U, Plane::V].map(|plane| frame.plane(plane).to_vec())
}

/// In dB, over all three planes.
fn psnr(one: &VideoFrame, two: &VideoFrame) -> f64 {
    let (one, two) = (planes(one).concat(), planes(two).concat());
    let sum = one
        .iter()
        .zip(&two)
        .map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2))
        .sum::<f64>();
    10.0 * (255.0 * 255.0 * one.len() as f64 / sum.max(1e-9)).log10()
}

/// `over` laid over `under` by the plain formula.
fn laid(under: &VideoFrame, over: &Graphic, opacity: f64) -> VideoFrame {
    let mut out = FramePool::new().frame(under.width(), under.height());
    for plane in [Plane::Y, Plane::U, Plane::V] {
        let (codes, alpha) = over.plane(plane);
        for (at, to) in out.plane_mut(plane).iter_mut().enumerate() {
            let alpha = alpha.map_or(1.0, |alpha| f64::from(alpha[at]) / 255.0) * opacity;
            *to = (f64::from(under.plane(plane)[at]) * (1.0 - alpha) + f64::from(codes[at]) * opacity).round() as u8;
        }
    }
    out.freeze(Timestamp::ZERO)
}

#[test]
fn a_graphic_is_laid_as_the_formula_says() {
    let pool = FramePool::new();
    let (under, over) = (noise(&pool, SIZE, 5), ramp(&pool, SIZE));
    for opacity in [1.0_f32, 0.6] {
        let layers = [
            Layer::new(&under, full()),
            Layer {
                opacity,
                ..Layer::of(&over, full())
            },
        ];
        let mut compositor = compositor();
        let shown = compositor.compose(&layers, Timestamp::ZERO);
        assert!(psnr(&shown, &laid(&under, &over, opacity.into())) > 51.0);
        // Kept, moved below something else, and back: the same picture.
        let again = compositor.compose(&layers, Timestamp::ZERO);
        assert!(again.is_same_picture(&shown));
        let other = noise(&pool, SIZE, 6);
        let _ = compositor.compose(&[Layer::new(&other, full()), layers[1]], Timestamp::ZERO);
        assert_eq!(planes(&compositor.compose(&layers, Timestamp::ZERO)), planes(&shown));
    }
}

#[test]
fn a_scaled_graphic_keeps_its_place_and_shows_what_is_below() {
    let pool = FramePool::new();
    let under = noise(&pool, SIZE, 9);
    let dot = Graphic::paint(&pool, 8, 8, |x, y| {
        if (2..6).contains(&x) && (2..6).contains(&y) {
            [255; 4]
        } else {
            [0; 4]
        }
    });
    let place = Rect {
        x: 16,
        y: 8,
        width: 16,
        height: 16,
    };
    let mut compositor = compositor();
    let mut shown = None;
    // With the ink that is found when it is drawn again.
    for seed in [9, 10, 9] {
        let under = noise(&pool, SIZE, seed);
        let layers = [Layer::new(&under, full()), Layer::of(&dot, place)];
        shown = Some(compositor.compose(&layers, Timestamp::ZERO));
    }
    let shown = shown.unwrap();
    let at = |frame: &VideoFrame, x: usize, y: usize| frame.plane(Plane::Y)[y * 64 + x];
    assert!(at(&shown, 24, 16) > 225, "the middle of the dot");
    for (x, y) in [(15, 16), (16, 8), (31, 23), (33, 16), (0, 0), (63, 35)] {
        assert_eq!(at(&shown, x, y), at(&under, x, y), "{x} {y}");
    }
}

#[test]
fn a_canvas_laid_on_a_picture_is_what_its_layers_are() {
    let pool = FramePool::new();
    let (under, video, over) = (noise(&pool, SIZE, 5), noise(&pool, (32, 18), 6), ramp(&pool, (32, 18)));
    let rect = |x, y| Rect {
        x,
        y,
        width: 32,
        height: 18,
    };
    let parts = [Layer::new(&video, rect(0, 0)), Layer::of(&over, rect(16, 10))];
    let mut canvas = compositor();
    let drawn = canvas.compose_clear(&parts, Timestamp::ZERO);
    let apart = compositor().compose(
        &[Layer::new(&under, full()), Layer::of(&drawn, full())],
        Timestamp::ZERO,
    );
    let flat = compositor().compose(&[Layer::new(&under, full()), parts[0], parts[1]], Timestamp::ZERO);
    assert!(psnr(&apart, &flat) > 48.0, "{}", psnr(&apart, &flat));
    // One opaque picture that fills it is that picture.
    let whole = noise(&pool, SIZE, 8);
    let passed = compositor().compose_clear(&[Layer::new(&whole, full())], Timestamp::ZERO);
    assert!(passed.alpha.is_none() && passed.frame.is_same_picture(&whole));
    let empty = compositor().compose_clear(&[], Timestamp::ZERO);
    assert!(empty.plane(Plane::Y).1.unwrap().iter().all(|alpha| *alpha == 0));
}

#[test]
fn a_key_shows_what_is_below_and_an_opaque_layer_below_it_stays() {
    let pool = FramePool::new();
    let under = noise(&pool, SIZE, 5);
    let green = Graphic::paint(&pool, 64, 36, |x, _| {
        if x < 32 { [0, 255, 0, 255] } else { [200, 40, 40, 255] }
    });
    let key = ChromaKey {
        color: [0, 255, 0],
        similarity: 0.3,
        smoothness: 0.05,
        spill: 0.0,
    };
    let keyed = Layer {
        cut: Cut::Key(key),
        ..Layer::new(&green.frame, full())
    };
    let shown = compositor().compose(&[Layer::new(&under, full()), keyed], Timestamp::ZERO);
    let at = |frame: &VideoFrame, x: usize| frame.plane(Plane::Y)[10 * 64 + x];
    for x in 0..28 {
        assert_eq!(at(&shown, x), at(&under, x), "{x}");
    }
    for x in 36..64 {
        assert_eq!(at(&shown, x), at(&green.frame, x), "{x}");
    }
    // The same as a canvas that is keyed.
    let mut canvas = compositor();
    let drawn = canvas.compose_clear(
        &[
            Layer::new(&green.frame, full()),
            Layer::of(&ramp(&pool, (8, 8)), Rect::full(8, 8)),
        ],
        Timestamp::ZERO,
    );
    let layer = Layer {
        cut: Cut::AlphaKey(drawn.alpha.as_ref().unwrap(), key),
        ..Layer::of(&drawn, full())
    };
    let apart = compositor().compose(&[Layer::new(&under, full()), layer], Timestamp::ZERO);
    assert_eq!((at(&apart, 20), at(&apart, 50)), (at(&shown, 20), at(&shown, 50)));
}

#[test]
fn a_matte_beside_or_below_says_what_is_seen() {
    let pool = FramePool::new();
    let under = noise(&pool, SIZE, 5);
    let at = |frame: &VideoFrame, x: usize, y: usize| frame.plane(Plane::Y)[y * 64 + x];
    for cut in [Cut::Side, Cut::Below] {
        let size = if matches!(cut, Cut::Side) { (128, 36) } else { (64, 72) };
        // The picture is red; its upper half is seen.
        let clip = Graphic::paint(&pool, size.0, size.1, |x, y| {
            let is_picture = if size.0 == 128 { x < 64 } else { y < 36 };
            let in_matte = y % 36;
            match (is_picture, in_matte < 18) {
                (true, _) => [255, 0, 0, 255],
                (false, true) => [255; 4],
                (false, false) => [0, 0, 0, 255],
            }
        });
        let layer = Layer {
            cut,
            ..Layer::new(&clip.frame, full())
        };
        let shown = compositor().compose(&[Layer::new(&under, full()), layer], Timestamp::ZERO);
        assert_eq!(at(&shown, 20, 5), 63, "{cut:?}");
        assert_eq!(at(&shown, 20, 30), at(&under, 20, 30), "{cut:?}");
    }
}

#[test]
fn a_wipe_at_its_ends_is_one_of_the_pictures() {
    let pool = FramePool::new();
    let (from, to) = (noise(&pool, SIZE, 1), noise(&pool, SIZE, 2));
    let mut compositor = compositor();
    let mut at = |share| compositor.wipe(&from, &to, share, WipeDirection::Right, Timestamp::ZERO);
    assert!(at(0.0).is_same_picture(&from) && at(1.0).is_same_picture(&to));
    let half = at(0.5);
    assert_eq!(
        (half.plane(Plane::Y)[2], half.plane(Plane::Y)[61]),
        (to.plane(Plane::Y)[2], from.plane(Plane::Y)[61])
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Nothing is touched outside of where a layer is, whatever it is; and what was remembered never shows.
    #[test]
    fn layers_stay_within_their_place(rects in proptest::collection::vec(any::<[i8; 4]>(), 1..5), cuts in any::<[u8; 5]>(),
                                      opacities in any::<[u8; 5]>(), views in any::<[i8; 4]>(), rounds in 1usize..4) {
        let pool = FramePool::new();
        let under = noise(&pool, SIZE, 77);
        let rect = |of: [i8; 4]| Rect { x: i32::from(of[0]) / 2, y: i32::from(of[1]) / 3, width: i32::from(of[2]), height: i32::from(of[3]) };
        let Some(view) = View::default().inside(SIZE, rect(views), Fit::Cover, Crop::default()) else { return Ok(()) };
        let pictures = (0..3).map(|seed| noise(&pool, (32, 20), seed)).collect::<Vec<_>>();
        let graphic = ramp(&pool, (24, 14));
        let key = ChromaKey { color: [0, 200, 0], similarity: 0.2, smoothness: 0.3, spill: 0.5 };
        let mut remembering = compositor();
        for round in 0..rounds {
            let over = rects.iter().enumerate().map(|(at, of)| {
                let cut = match cuts[at] % 5 {
                    0 => Cut::None,
                    1 => Cut::Key(key),
                    2 => Cut::Side,
                    3 => Cut::Below,
                    _ => Cut::Alpha(graphic.alpha.as_ref().unwrap()),
                };
                let frame = if matches!(cut, Cut::Alpha(_)) { &graphic.frame } else { &pictures[(at + round * usize::from(cuts[at] > 99)) % 3] };
                let fit = [Fit::Contain, Fit::Cover, Fit::Stretch][usize::from(opacities[at]) % 3];
                Layer { cut, fit, view, opacity: f32::from(opacities[at]) / 200.0, ..Layer::new(frame, rect(*of)) }
            });
            let layers = [Layer::new(&under, full())].into_iter().chain(over).collect::<Vec<_>>();
            let shown = remembering.compose(&layers, Timestamp::ZERO);
            let fresh = compositor().compose(&layers, Timestamp::ZERO);
            prop_assert_eq!(planes(&shown), planes(&fresh));
            let places: Vec<_> = layers[1..].iter().filter_map(|layer| {
                let size = layer.cut.kind().picture_size(layer.frame);
                place(size, layer.target, layer.fit, layer.crop, &layer.view, SIZE)
            }).collect();
            for y in 0..SIZE.1 {
                for x in 0..SIZE.0 {
                    let is_in = |place: &Placement| {
                        let Area { x: left, y: top, width, height } = place.area;
                        (left..left + width).contains(&x) && (top..top + height).contains(&y)
                    };
                    if !places.iter().any(is_in) {
                        let at = (y * SIZE.0 + x) as usize;
                        prop_assert_eq!(shown.plane(Plane::Y)[at], under.plane(Plane::Y)[at]);
                    }
                }
            }
            let _ = compositor().compose_clear(&layers[1..], Timestamp::ZERO);
        }
    }
}
