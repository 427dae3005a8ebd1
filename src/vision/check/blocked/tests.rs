//! Blocked images, shown in many ways, and many pictures that they are not in.

use super::*;
use crate::media::{FramePool, Timestamp};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use proptest::prelude::*;

const SIZE: (u32, u32) = (1280, 720);

/// A picture with structure at all sizes, its own for each seed: sums of waves, and some shapes with edges.
fn painting(seed: u64, width: u32, height: u32) -> RgbImage {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32
    };
    let waves: Vec<[f32; 6]> = (0..10)
        .map(|at| {
            let frequency = 2.0 + at as f32 * 1.7;
            [
                next() * frequency * 2.0 - frequency,
                next() * frequency * 2.0 - frequency,
                next() * 6.3,
                next(),
                next(),
                next(),
            ]
        })
        .collect();
    let shapes: Vec<[f32; 7]> = (0..7)
        .map(|_| {
            [
                next(),
                next(),
                0.05 + next() * 0.2,
                0.05 + next() * 0.2,
                next(),
                next(),
                next(),
            ]
        })
        .collect();
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
        let mut colour = [0.5_f32; 3];
        for [a, b, phase, red, green, blue] in &waves {
            let wave = (a * u * 6.3 + b * v * 6.3 + phase).sin() * 0.16;
            for (value, share) in colour.iter_mut().zip([red, green, blue]) {
                *value += wave * share;
            }
        }
        for [cx, cy, rx, ry, red, green, blue] in &shapes {
            if ((u - cx) / rx).powi(2) + ((v - cy) / ry).powi(2) < 1.0 {
                colour = [*red, *green, *blue];
            }
        }
        Rgb(colour.map(|value| (value.clamp(0.0, 1.0) * 255.0) as u8))
    })
}

fn frame_of(image: &RgbImage) -> VideoFrame {
    let (width, height) = (image.width() & !1, image.height() & !1);
    let mut frame = FramePool::new().frame(width, height);
    frame.fill([0, 128, 128]);
    let yuv = |x: u32, y: u32| {
        let [r, g, b] = image.get_pixel(x, y).0.map(|value| f32::from(value) / 255.0);
        let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        [
            16.0 + 219.0 * luma,
            128.0 + 224.0 * (b - luma) / 1.8556,
            128.0 + 224.0 * (r - luma) / 1.5748,
        ]
    };
    let (y_plane, u_plane, v_plane) = frame.planes_mut();
    for y in 0..height {
        for x in 0..width {
            let [luma, u, v] = yuv(x, y);
            y_plane[(y * width + x) as usize] = luma as u8;
            if x % 2 == 0 && y % 2 == 0 {
                let at = (y / 2 * width / 2 + x / 2) as usize;
                (u_plane[at], v_plane[at]) = (u as u8, v as u8);
            }
        }
    }
    frame.freeze(Timestamp::ZERO)
}

fn blocked(image: &RgbImage) -> BlockedImage {
    BlockedImage::of("blocked", image.as_raw(), image.width(), image.height()).unwrap()
}

fn inset(image: &RgbImage, into: &RgbImage, x: i64, y: i64, width: u32) -> RgbImage {
    let height = (width as f32 * image.height() as f32 / image.width() as f32).round() as u32;
    let small = imageops::resize(image, width, height, FilterType::Triangle);
    let mut out = into.clone();
    imageops::replace(&mut out, &small, x, y);
    out
}

fn jpeg(image: &RgbImage, quality: u8) -> RgbImage {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(image)
        .unwrap();
    image::load_from_memory(&bytes).unwrap().to_rgb8()
}

fn changed(image: &RgbImage, change: impl Fn(f32) -> f32) -> RgbImage {
    let mut out = image.clone();
    for value in out.iter_mut() {
        *value = change(f32::from(*value)).clamp(0.0, 255.0) as u8;
    }
    out
}

fn find(blocked: &BlockedImage, shown: &RgbImage) -> Option<[f32; 4]> {
    let mut found = Vec::new();
    ImageFinder::new(std::slice::from_ref(blocked), 10)
        .unwrap()
        .look(&frame_of(shown), &mut found);
    found.first().map(|found| found.place)
}

/// What is expected to be found, by name, where.
fn shown(image: &RgbImage, seed: u64) -> Vec<(&'static str, RgbImage, [f32; 4])> {
    let room = painting(seed + 1000, SIZE.0, SIZE.1);
    let black = RgbImage::new(SIZE.0, SIZE.1);
    let full = imageops::resize(image, SIZE.0, SIZE.1, FilterType::Triangle);
    let aspect = image.width() as f32 / image.height() as f32;
    let pillar = (SIZE.1 as f32 * aspect) as u32;
    let whole = [0.0, 0.0, 1.0, 1.0];
    let place = |x: f32, y: f32, width: f32| [x / 1280.0, y / 720.0, width / 1280.0, width / aspect / 720.0];
    let side = (SIZE.0 - pillar) / 2;
    let cut = imageops::crop_imm(
        image,
        image.width() / 40,
        image.height() / 40,
        image.width() * 19 / 20,
        image.height() * 19 / 20,
    )
    .to_image();
    let filled = {
        let high = (SIZE.0 as f32 / aspect) as u32;
        let tall = imageops::resize(image, SIZE.0, high, FilterType::Triangle);
        imageops::crop_imm(&tall, 0, (high - SIZE.1) / 2, SIZE.0, SIZE.1).to_image()
    };
    vec![
        ("stretched", full.clone(), whole),
        (
            "bars beside it",
            inset(image, &black, i64::from(side), 0, pillar),
            place(side as f32, 0.0, pillar as f32),
        ),
        ("cut to fill", filled, whole),
        ("compressed", jpeg(&full, 20), whole),
        ("brighter", changed(&full, |value| value * 0.8 + 45.0), whole),
        ("darker", changed(&full, |value| value * 0.6), whole),
        (
            "gamma",
            changed(&full, |value| (value / 255.0).powf(0.7) * 255.0),
            whole,
        ),
        (
            "inset, half",
            inset(image, &room, 500, 200, 600),
            place(500.0, 200.0, 600.0),
        ),
        (
            "inset, a third",
            inset(image, &room, 811, 97, 427),
            place(811.0, 97.0, 427.0),
        ),
        (
            "inset, a quarter",
            inset(image, &room, 33, 371, 330),
            place(33.0, 371.0, 330.0),
        ),
        (
            "inset, compressed",
            jpeg(&inset(image, &room, 700, 50, 480), 30),
            place(700.0, 50.0, 480.0),
        ),
        (
            "inset, cut",
            inset(&cut, &room, 100, 100, 500),
            place(100.0, 100.0, 500.0),
        ),
    ]
}

#[test]
fn an_image_is_found_however_it_is_shown() {
    let mut misses = Vec::new();
    let mut count = 0;
    for seed in 0..3 {
        let image = painting(seed, 800, 600);
        let blocked = blocked(&image);
        for (name, shown, place) in shown(&image, seed) {
            count += 1;
            let Some(found) = find(&blocked, &shown) else {
                misses.push((seed, name));
                continue;
            };
            for at in 0..4 {
                assert!(
                    (found[at] - place[at]).abs() < 0.06,
                    "{seed} {name}: {found:?} instead of {place:?}"
                );
            }
        }
    }
    assert!(
        misses.len() * 20 <= count,
        "{} of {count} are missed: {misses:?}",
        misses.len()
    );
}

#[test]
fn what_is_said_not_to_be_found_is_not_found_by_luck() {
    let image = painting(3, 800, 600);
    let blocked = blocked(&image);
    let room = painting(77, SIZE.0, SIZE.1);
    for (name, shown) in [
        (
            "mirrored",
            imageops::flip_horizontal(&imageops::resize(&image, 1280, 720, FilterType::Triangle)),
        ),
        ("an eighth", inset(&image, &room, 50, 50, 160)),
        (
            "negative",
            changed(&imageops::resize(&image, 1280, 720, FilterType::Triangle), |value| {
                255.0 - value
            }),
        ),
        ("grey and green", {
            let mut green = imageops::resize(&image, 1280, 720, FilterType::Triangle);
            for pixel in green.pixels_mut() {
                pixel.0 = [0, pixel.0[1], 0];
            }
            green
        }),
    ] {
        assert_eq!(find(&blocked, &shown), None, "{name}");
    }
}

#[test]
fn what_is_not_the_image_is_not_taken_for_it() {
    let images: Vec<BlockedImage> = (0..2).map(|seed| blocked(&painting(seed, 800, 600))).collect();
    let mut finder = ImageFinder::new(&images, 10).unwrap();
    let mut found = Vec::new();
    for seed in 100..130 {
        finder.look(&frame_of(&painting(seed, 640, 360)), &mut found);
    }
    assert_eq!(found, []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_picture_panics(width in 8_u32..200, height in 8_u32..200, wide in 8_u32..120, high in 8_u32..120, seed in any::<u64>()) {
        let image = painting(seed % 1000, wide, high);
        if let Ok(blocked) = BlockedImage::of("x", image.as_raw(), wide, high) {
            let shown = painting(seed % 1000, width * 2, height * 2);
            if let Some([left, top, width, height]) = find(&blocked, &shown) {
                prop_assert!(left >= 0.0 && top >= 0.0 && left + width <= 1.01 && top + height <= 1.01);
            }
        }
    }
}
