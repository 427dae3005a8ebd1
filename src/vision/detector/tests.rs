//! The funnel against `rustface`, the loops for AVX2 against the plain ones, and what no picture may do.

use std::path::PathBuf;
use std::process::Command;

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma as Grey};
use proptest::prelude::*;

use super::*;

/// The group photograph that `rustface` carries in its package.
fn photo_path() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--offline"])
        .arg(concat!("--filter-platform=", env!("RIGCAST_TARGET")))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "rustface").unwrap();
    PathBuf::from(package["manifest_path"].as_str().unwrap()).with_file_name("test.png")
}

fn photo() -> GrayImage {
    image::open(photo_path()).unwrap().to_luma8()
}

/// Eleven faces of 45 to 60 pixels.
fn group() -> GrayImage {
    imageops::crop_imm(&photo(), 80, 60, 700, 300).to_image()
}

fn luma(picture: &GrayImage) -> Luma<'_> {
    Luma {
        bytes: picture.as_raw(),
        width: picture.width() as usize,
        height: picture.height() as usize,
        stride: picture.width() as usize,
    }
}

fn scan(detector: &mut Detector, picture: &Luma<'_>, area: Area, sizes: RangeInclusive<f32>, roll: f32) -> Vec<Found> {
    let mut found = Vec::new();
    detector.begin();
    detector.scan(picture, area, sizes, roll, &mut found);
    found
}

fn is_near(a: &FaceBox, b: &FaceBox) -> bool {
    (a.x - b.x).hypot(a.y - b.y) < 0.15 * a.size && (a.size / b.size - 1.0).abs() < 0.15
}

#[test]
fn it_finds_what_rustface_finds_and_nothing_else() {
    let picture = group();
    let mut theirs = rustface::create_detector_with_model(rustface::read_model(crate::vision::MODEL).unwrap());
    // Their sizes begin with 40 pixels, each 1.25 times the one before, so these are the very same windows.
    theirs.set_max_face_size(79);
    theirs.set_score_thresh(0.01);
    let (width, height) = picture.dimensions();
    let theirs: Vec<(FaceBox, f64)> = theirs
        .detect(&rustface::ImageData::new(picture.as_raw(), width, height))
        .iter()
        .map(|face| {
            let (bbox, size) = (face.bbox(), face.bbox().width() as f32);
            let (x, y) = (bbox.x() as f32 + size / 2.0, bbox.y() as f32 + size / 2.0);
            (FaceBox { x, y, size, roll: 0.0 }, face.score())
        })
        .collect();
    let mut detector = Detector::new();
    detector.funnel.is_strict = true;
    let ours = scan(
        &mut detector,
        &luma(&picture),
        Area::whole(&luma(&picture)),
        40.0..=79.0,
        0.0,
    );
    assert!(theirs.len() >= 8, "{theirs:?}");
    // At the edges they have black beyond the picture and we its last pixels; a single window may fall either way.
    let is_inside = |face: &FaceBox| {
        let far = face.size;
        (far..width as f32 - far).contains(&face.x) && (far..height as f32 - far).contains(&face.y)
    };
    for (face, score) in theirs.iter().filter(|(face, score)| is_inside(face) && *score > 1.5) {
        let near = ours.iter().find(|found| is_near(&found.face, face));
        let near = near.unwrap_or_else(|| panic!("{face:?} with {score} is not among {ours:?}"));
        assert!(
            f64::from(near.score) > score * 0.6,
            "{face:?}: {score}, here {}",
            near.score
        );
    }
    for found in ours.iter().filter(|found| is_inside(&found.face) && found.score > 2.5) {
        assert!(theirs.iter().any(|(face, _)| is_near(&found.face, face)), "{found:?}");
    }
}

#[test]
fn the_loops_for_avx2_and_the_plain_ones_give_the_same_bits() {
    if Simd::detect() == Simd::PLAIN {
        return;
    }
    let picture = imageops::crop_imm(&photo(), 201, 170, 397, 190).to_image();
    let area = Area::whole(&luma(&picture));
    for (sizes, roll) in [(36.0..=120.0, 0.0), (40.0..=80.0, 0.2)] {
        let best = scan(&mut Detector::new(), &luma(&picture), area, sizes.clone(), roll);
        let mut plain = Detector::with(Model::shipped(), Simd::PLAIN);
        let plain = scan(&mut plain, &luma(&picture), area, sizes, roll);
        assert!(!best.is_empty());
        assert_eq!(best, plain);
    }
}

/// `picture` turned clockwise about its centre.
fn turned(picture: &GrayImage, roll: f32) -> GrayImage {
    let (sin, cos) = roll.sin_cos();
    let centre = (picture.width() as f32 / 2.0, picture.height() as f32 / 2.0);
    GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
        let (u, v) = (x as f32 + 0.5 - centre.0, y as f32 + 0.5 - centre.1);
        let (x, y) = (centre.0 + u * cos + v * sin, centre.1 - u * sin + v * cos);
        let x = (x as u32).min(picture.width() - 1);
        *picture.get_pixel(x, (y as u32).min(picture.height() - 1))
    })
}

/// One face of about 110 pixels in the middle of 360 by 360.
fn portrait() -> GrayImage {
    let part = imageops::crop_imm(&photo(), 659 + 32 - 90, 257 + 32 - 90, 180, 180).to_image();
    imageops::resize(&part, 360, 360, FilterType::Triangle)
}

#[test]
fn a_tilted_face_is_found_where_it_is_with_its_tilt_and_only_with_it() {
    for roll in [-0.8_f32, 0.8] {
        let picture = turned(&portrait(), roll);
        let area = Area {
            x: 40.0,
            y: 40.0,
            width: 280.0,
            height: 280.0,
        };
        let mut scores = [-roll, 0.0, roll].map(|roll| {
            let found = scan(&mut Detector::new(), &luma(&picture), area, 90.0..=150.0, roll);
            let found = found.first().copied();
            (found.map_or(0.0, |found| found.score), found)
        });
        let (score, found) = scores[2];
        scores[2].0 = 0.0;
        assert!(
            scores.iter().all(|other| other.0 < score),
            "{roll}: {score}, others {scores:?}"
        );
        let face = found.unwrap().face;
        assert!(
            (face.x - 180.0).hypot(face.y - 180.0) < 25.0 && (face.roll - roll).abs() < 1e-6,
            "{face:?}"
        );
    }
}

#[test]
fn it_depends_neither_on_where_a_picture_lies_nor_on_what_came_before() {
    let picture = portrait();
    let wanted = scan(
        &mut Detector::new(),
        &luma(&picture),
        Area::whole(&luma(&picture)),
        60.0..=300.0,
        0.0,
    );
    assert_eq!(wanted.len(), 1, "{wanted:?}");
    let mut padded = vec![7; 400 * 360];
    for (to, from) in padded.chunks_mut(400).zip(picture.as_raw().chunks(360)) {
        to[..360].copy_from_slice(from);
    }
    let padded = Luma {
        bytes: &padded[..400 * 359 + 360],
        width: 360,
        height: 360,
        stride: 400,
    };
    let mut detector = Detector::new();
    let other = group();
    scan(
        &mut detector,
        &luma(&other),
        Area::whole(&luma(&other)),
        20.0..=200.0,
        0.3,
    );
    assert_eq!(
        scan(&mut detector, &padded, Area::whole(&padded), 60.0..=300.0, 0.0),
        wanted
    );
}

#[test]
fn a_face_is_found_at_every_size() {
    let mut detector = Detector::new();
    for size in [40, 60, 80, 120, 300, 600] {
        let side = size * 360 / 115;
        let picture = imageops::resize(&portrait(), side, side, FilterType::Triangle);
        let picture = luma(&picture);
        let size = size as f32;
        let found = scan(
            &mut detector,
            &picture,
            Area::whole(&picture),
            size * 0.8..=size * 1.25,
            0.0,
        );
        let centre = side as f32 / 2.0;
        let is_it = |found: &Found| {
            let face = found.face;
            (face.x - centre).hypot(face.y - centre) < 0.3 * size && (face.size / size - 1.0).abs() < 0.35
        };
        assert!(found.iter().any(is_it), "{size}: {found:?}");
    }
}

#[test]
fn a_face_whose_side_is_outside_is_found_where_the_area_reaches_out() {
    let picture = portrait();
    // The face reaches 57 pixels to either side of the middle; here the last 12 of them are missing.
    let cut = imageops::crop_imm(&picture, 135, 0, 225, 360).to_image();
    let area = Area {
        x: -60.0,
        y: 80.0,
        width: 200.0,
        height: 200.0,
    };
    let found = scan(&mut Detector::new(), &luma(&cut), area, 90.0..=140.0, 0.0);
    assert!(
        found.iter().any(|found| (found.face.x - 30.0).abs() < 25.0),
        "{found:?}"
    );
}

#[test]
fn pictures_without_anything_have_no_faces() {
    let mut detector = Detector::new();
    for picture in [
        GrayImage::from_pixel(320, 180, Grey([16])),
        GrayImage::from_fn(320, 180, |x, _| Grey([(x * 255 / 320) as u8])),
        GrayImage::from_fn(320, 180, |x, y| Grey([(x / 20 + y / 20) as u8 % 2 * 200])),
    ] {
        let found = scan(
            &mut detector,
            &luma(&picture),
            Area::whole(&luma(&picture)),
            20.0..=180.0,
            0.0,
        );
        assert_eq!(found, []);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_picture_and_no_question_is_too_odd(
        (width, height) in (0_usize..130, 0_usize..130),
        missing in 0_usize..3,
        seed in any::<u32>(),
        area in prop::array::uniform4(prop_oneof![-300.0_f32..300.0, any::<f32>()]),
        sizes in prop::array::uniform2(prop_oneof![0.0_f32..200.0, any::<f32>()]),
        roll in prop_oneof![Just(0.0), -0.5_f32..0.5, any::<f32>()],
    ) {
        let mut state = seed;
        let mut bytes: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(width * height)
        .collect();
        bytes.truncate(bytes.len().saturating_sub(missing));
        let picture = Luma { bytes: &bytes, width, height, stride: width };
        let [x, y, wide, high] = area;
        let area = Area { x, y, width: wide, height: high };
        for found in scan(&mut Detector::new(), &picture, area, sizes[0]..=sizes[1], roll) {
            prop_assert!(found.score.is_finite() && found.face.size > 0.0);
        }
    }
}
