//! What looking for faces costs: milliseconds of a 1280×720 picture, of which 33 are a frame's at 30 fps.
//!
//! "find" is what the analysis worker does with each picture. "detect/whole" is all sizes from 60 pixels in the whole picture,
//! which that spreads over four pictures; "detect/around a face" is what one tracked face costs in each. `rustface` is asked for the same sizes on the same picture.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use image::GrayImage;
use image::imageops::{self, FilterType};
use rigcast::media::{FramePool, FrameRate, Plane, Timestamp};
use rigcast::vision::check::{BlockedImage, CheckAction, CheckSettings, PictureChecker};
use rigcast::vision::{Area, Detector, FaceFinder, FinderSettings, Luma, MODEL};

#[path = "../tests/faces_common/mod.rs"]
mod faces_common;

use faces_common::clip::Clip;
use faces_common::draw::Backdrop;
use faces_common::{photo, shots};

/// The group photograph that `rustface` carries in its package, at the size of a program.
fn group() -> GrayImage {
    let photo = image::open(photo::path()).unwrap().to_luma8();
    let photo = imageops::resize(&photo, 1280, 873, FilterType::Triangle);
    imageops::crop_imm(&photo, 0, 60, 1280, 720).to_image()
}

fn detect(c: &mut Criterion) {
    let group = group();
    // As much texture as the photograph, but nothing that anyone takes for a face.
    let upside_down = imageops::rotate180(&group);
    let plain = GrayImage::from_fn(1280, 720, |x, y| image::Luma([((x / 8 + y / 8) % 256) as u8]));
    let mut detector = Detector::new();
    let mut found = Vec::new();
    let mut look = |picture: &GrayImage, area: Option<Area>, sizes: (f32, f32), roll: f32| {
        let picture = Luma {
            bytes: picture.as_raw(),
            width: 1280,
            height: 720,
            stride: 1280,
        };
        found.clear();
        detector.begin();
        let area = area.unwrap_or_else(|| Area::whole(&picture));
        detector.scan(&picture, area, sizes.0..=sizes.1, roll, &mut found);
        found.len()
    };
    for (name, picture) in [
        ("a group of 29", &group),
        ("texture without faces", &upside_down),
        ("a slope", &plain),
    ] {
        c.bench_function(&format!("detect/whole, {name}"), |b| {
            b.iter(|| look(black_box(picture), None, (60.0, 720.0), 0.0));
        });
    }
    let area = Area {
        x: 600.0,
        y: 100.0,
        width: 200.0,
        height: 200.0,
    };
    for (name, roll) in [("upright", 0.0), ("tilted", 0.2)] {
        c.bench_function(&format!("detect/around a face of 100 px, {name}"), |b| {
            b.iter(|| look(black_box(&group), Some(area), (80.0, 125.0), roll));
        });
    }
}

/// The original asks for 60 pixels and more when the picture is made smaller by 40 / 60.
fn rustface(c: &mut Criterion) {
    let small = imageops::resize(&group(), 853, 480, FilterType::Triangle);
    let mut detector = rustface::create_detector_with_model(rustface::read_model(MODEL).unwrap());
    let mut group = c.benchmark_group("rustface");
    group.sample_size(10);
    group.bench_function("whole, a group of 29", |b| {
        b.iter(|| {
            detector
                .detect(&rustface::ImageData::new(black_box(small.as_raw()), 853, 480))
                .len()
        });
    });
    group.finish();
}

/// What a show costs, picture after picture: search, tracks, and looking again, over a clip of two seconds again and again.
fn find(c: &mut Criterion) {
    let shots = [
        ("nobody", shots::nobody(Backdrop::Leaves(2.0), 60)),
        ("one face", shots::talks(1, 60)),
        ("one that walks through", shots::walks_through(1, 60)),
        ("six faces", shots::six(1, 60)),
    ];
    for (name, shot) in shots {
        let rate = FrameRate::whole(30);
        let mut clip = Clip::new(1280, 720, rate, vec![shot]);
        let frames = (0..60).map(|at| clip.frame(at)).collect::<Vec<_>>();
        let mut finder = FaceFinder::new(FinderSettings {
            width: 1280,
            height: 720,
            frame_rate: rate,
        });
        let (mut verdicts, mut at) = (Vec::new(), 0);
        c.bench_function(&format!("find/a picture, {name}"), |b| {
            b.iter(|| {
                let frame = frames[at % frames.len()].at(rate.frame_time(at as i64));
                at += 1;
                verdicts.clear();
                finder.look(black_box(&frame), &mut verdicts);
                verdicts.len()
            });
        });
    }
}

/// What a look of the checks costs, of which there are five a second: for codes, and for one image of a block list.
fn check(c: &mut Criterion) {
    let rate = FrameRate::whole(30);
    let mut clip = Clip::new(1280, 720, rate, vec![shots::nobody(Backdrop::Leaves(2.0), 10)]);
    let leaves = (0..10).map(|at| clip.frame(at)).collect::<Vec<_>>();
    let group = group();
    let mut photo = FramePool::new().frame(1280, 720);
    photo.fill([0, 128, 128]);
    photo.plane_mut(Plane::Y).copy_from_slice(group.as_raw());
    let photo = vec![photo.freeze(Timestamp::ZERO)];
    let image = imageops::resize(&group, 400, 300, FilterType::Triangle);
    let rgb = image.as_raw().iter().flat_map(|luma| [*luma; 3]).collect::<Vec<_>>();
    let codes = CheckSettings {
        codes: CheckAction::Blur,
        ..CheckSettings::default()
    };
    let images = CheckSettings {
        blocked: vec![BlockedImage::of("a photograph", &rgb, 400, 300).unwrap()],
        blocked_action: CheckAction::Cover,
        ..CheckSettings::default()
    };
    for (what, settings) in [("codes", &codes), ("an image", &images)] {
        for (name, frames) in [("leaves", &leaves), ("a photograph", &photo)] {
            let mut checker = PictureChecker::new(settings, None).unwrap();
            let (mut verdicts, mut at) = (Vec::new(), 0);
            c.bench_function(&format!("check/{what}, in {name}"), |b| {
                b.iter(|| {
                    let frame = frames[at % frames.len()].at(FrameRate::whole(5).frame_time(at as i64));
                    at += 1;
                    verdicts.clear();
                    checker.look(black_box(&frame), &mut verdicts).unwrap();
                    verdicts.len()
                });
            });
        }
    }
}

criterion_group!(benches, detect, find, check, rustface);
criterion_main!(benches);
