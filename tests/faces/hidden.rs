//! Faces found, followed and masked picture by picture, without a clock: what OpenCV still sees of them.
//!
//! The same clips as on air, but nothing can be late here: what slips, slips for want of sight.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

use crate::extent;
use crate::faces_common;
use crate::peers;
use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use faces_common::clip::{Clip, Film};
use faces_common::{opencv, shots};
use peers::{peer, skip};
use rigcast::media::{FramePool, FrameRate, VideoFrame};
use rigcast::picture::Rect;
use rigcast::picture::occlude::{Ellipse, Mask, Occluder, Paint, Shape};
use rigcast::vision::{FaceBox, FaceFinder, FaceVerdict, FinderSettings, Region, Sight, regions};

const RATE: FrameRate = FrameRate::whole(30);
const SOLID: Paint = Paint::Solid([24, 24, 28]);

/// What level 0 paints over one picture.
fn shapes(verdict: &FaceVerdict, width: u32) -> Vec<Shape> {
    let ellipse = |of: regions::Ellipse| {
        Shape::Ellipse(Ellipse {
            x: of.x,
            y: of.y,
            rx: of.rx,
            ry: of.ry,
            roll: of.roll,
        })
    };
    let band = |face: &FaceBox| {
        Shape::Rect(Rect {
            x: 0,
            y: (face.y - 1.2 * face.size) as i32,
            width: width as i32,
            height: (2.4 * face.size) as i32,
        })
    };
    if verdict.cover.is_some() {
        return vec![Shape::Whole];
    }
    let mut shapes = Vec::new();
    for face in &verdict.faces {
        if face.sight == Sight::Band {
            shapes.push(band(&face.face));
        } else {
            shapes.push(ellipse(regions::whole(&face.face)));
            regions::of(&face.face, Region::Neck, &mut |neck| shapes.push(ellipse(neck)));
        }
    }
    shapes
}

fn hide(occluder: &mut Occluder, frame: VideoFrame, verdict: &FaceVerdict) -> VideoFrame {
    assert_eq!(frame.pts, verdict.pts, "the verdict for this very picture");
    let shapes = shapes(verdict, frame.width());
    let masks = shapes.into_iter().map(|shape| Mask {
        shape,
        holes: &[],
        kept: &[],
        paint: SOLID,
    });
    occluder.apply(frame, &masks.collect::<Vec<_>>(), &[])
}

#[test]
fn where_faces_are_masked_nobody_is_seen() {
    if peer("ffmpeg").is_none() || !opencv::is_here(skip) {
        return;
    }
    let seed = std::env::var("FACES_SEED").map_or(1, |seed| seed.parse().unwrap());
    // The other half is published by `faces_on_air`, and judged by the truth in `found`.
    let shots = extent::extent(shots::half(seed, 1), shots::everything(seed));
    let mut clip = Clip::new(1280, 720, RATE, shots);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("hidden.mp4");
    let mut film = Film::create(&path, clip.width, clip.height, RATE);
    let mut finder = FaceFinder::new(FinderSettings {
        width: clip.width,
        height: clip.height,
        frame_rate: RATE,
    });
    let mut occluder = Occluder::new(FramePool::new());
    let (mut held, mut verdicts, mut took) = (VecDeque::new(), Vec::new(), Duration::ZERO);
    let (mut covered, mut kinds) = (0, BTreeMap::<String, u32>::new());
    for index in 0..clip.frames() {
        let frame = clip.frame(index);
        let started = Instant::now();
        finder.look(&frame, &mut verdicts);
        took += started.elapsed();
        held.push_back(frame);
        for verdict in verdicts.drain(..) {
            let name = clip.shots[clip.shot_at(index.saturating_sub(4)).0].name;
            if let Some(reason) = verdict.cover {
                covered += 1;
                let word = format!("{name}: {reason:?}");
                let word = word
                    .split_inclusive(|c: char| c.is_ascii_digit())
                    .next()
                    .unwrap()
                    .to_owned();
                *kinds.entry(word).or_default() += 1;
            }
            film.put(&hide(&mut occluder, held.pop_front().unwrap(), &verdict));
        }
    }
    film.finish();
    let faces = opencv::faces_in(&path, 1);
    eprintln!(
        "{} pictures, {covered} of them covered, {took:?} of the finder; {kinds:?}",
        faces.len()
    );
    let told = |index: usize, faces: &[opencv::Box]| {
        let (shot, at) = clip.shot_at(index as u32);
        format!("picture {index}, \"{}\" {at}: {faces:?}", clip.shots[shot].name)
    };
    let (mut slips, mut phantoms) = (Vec::new(), Vec::new());
    for (index, faces) in faces.iter().enumerate().filter(|(_, faces)| !faces.is_empty()) {
        let of_somebody = opencv::of_somebody(faces, &clip, Some(index as u32));
        let list = if of_somebody.is_empty() {
            &mut phantoms
        } else {
            &mut slips
        };
        list.push(told(index, faces));
    }
    eprintln!("seen where nobody is: {phantoms:?}");
    assert!(
        phantoms.len() * 200 <= faces.len(),
        "a judge who sees faces everywhere: {phantoms:?}"
    );
    if !slips.is_empty() {
        let kept = folder.keep();
        panic!(
            "faces in {} pictures, see {}:\n{}",
            slips.len(),
            kept.display(),
            slips.join("\n")
        );
    }
    assert!(faces.len() + 8 >= clip.frames() as usize, "{} pictures", faces.len());
    assert!(
        covered * 10 <= faces.len(),
        "{covered} of {} pictures are covered",
        faces.len()
    );
}
