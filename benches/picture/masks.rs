//! Masks: what each kind costs per picture, and the same ellipse-wide box beside ffmpeg's crop, boxblur and overlay, which has to be
//! told where the face is.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use criterion::{BatchSize, Criterion};
use rigcast::media::{FramePool, Plane, VideoFrame};
use rigcast::picture::occlude::{Art, Ellipse, Mask, Occluder, Paint, Placed, Shape};

/// Pictures that ffmpeg is given.
const PICTURES: usize = 120;

/// Faces as sides of their boxes, and the middle of each.
type Faces = (&'static str, f32, &'static [(f32, f32)]);

const FACES: [Faces; 2] = [
    ("one face of 300", 300.0, &[(640.0, 360.0)]),
    (
        "six faces of 120",
        120.0,
        &[
            (150.0, 200.0),
            (360.0, 420.0),
            (560.0, 180.0),
            (760.0, 400.0),
            (960.0, 210.0),
            (1150.0, 430.0),
        ],
    ),
];

const PAINTS: [(&str, Paint); 4] = [
    ("solid", Paint::Solid([40, 40, 40])),
    ("mosaic", Paint::Mosaic { strength: 1.0 }),
    ("blur", Paint::Blur { strength: 1.0 }),
    ("blur at 30 %", Paint::Blur { strength: 0.3 }),
];

/// A face's ellipse, about as the vision room has it, and a hole at its eyes.
fn ellipse(x: f32, y: f32, size: f32, share: f32) -> Ellipse {
    let (rx, ry) = (0.66 * size * share, 0.82 * size * share);
    Ellipse {
        x,
        y,
        rx,
        ry,
        roll: 0.1,
    }
}

pub fn masks(c: &mut Criterion, pictures: &[VideoFrame]) {
    let pool = FramePool::new();
    let mut occluder = Occluder::new(pool.clone());
    let fresh = |index: usize| {
        let mut frame = pool.frame(1280, 720);
        frame.copy_from(&pictures[index % pictures.len()]);
        frame.freeze(pictures[0].pts)
    };
    let art = Art::from_png(include_bytes!("../../presets/stickers/robot.png")).unwrap();
    for (crowd, size, faces) in FACES {
        for (kind, paint) in PAINTS {
            let masks = faces.iter().map(|(x, y)| Mask {
                shape: Shape::Ellipse(ellipse(*x, *y, size, 1.0)),
                holes: &[],
                kept: &[],
                paint,
            });
            let masks = masks.collect::<Vec<_>>();
            let name = |how: &str| format!("masks 720p/{kind}, {crowd}, {how}");
            c.bench_function(&name("in place"), |b| {
                let mut index = 0;
                b.iter_batched(
                    || {
                        index += 1;
                        fresh(index)
                    },
                    |frame| occluder.apply(frame, &masks, &[]),
                    BatchSize::NumIterations(4),
                );
            });
            if kind == "blur" {
                c.bench_function(&name("on a copy"), |b| {
                    b.iter(|| occluder.apply(pictures[0].clone(), &masks, &[]));
                });
                let holes = faces.iter().map(|(x, y)| [ellipse(*x, *y, size, 0.3)]);
                let holes = holes.collect::<Vec<_>>();
                let masks = masks.iter().zip(&holes).map(|(mask, holes)| Mask { holes, ..*mask });
                let masks = masks.collect::<Vec<_>>();
                c.bench_function(&name("with holes, on a copy"), |b| {
                    b.iter(|| occluder.apply(pictures[0].clone(), &masks, &[]));
                });
            }
        }
        let stickers = faces.iter().map(|(x, y)| Placed {
            art: &art,
            x: *x,
            y: *y,
            width: size * 1.75,
            roll: 0.1,
        });
        let stickers = stickers.collect::<Vec<_>>();
        c.bench_function(&format!("masks 720p/stickers alone, {crowd}, on a copy"), |b| {
            b.iter(|| occluder.apply(pictures[0].clone(), &[], &stickers));
        });
    }
    beside_ffmpeg(pictures);
}

/// Prints what the same blurs cost ffmpeg, with boxes where ours has ellipses.
fn beside_ffmpeg(pictures: &[VideoFrame]) {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("clip.yuv");
    let mut bytes = Vec::new();
    for frame in pictures.iter().cycle().take(PICTURES) {
        for plane in [Plane::Y, Plane::U, Plane::V] {
            bytes.extend_from_slice(frame.plane(plane));
        }
    }
    std::fs::write(&raw, bytes).unwrap();
    let Some(idle) = ffmpeg(&raw, "[0:v]null[out]") else {
        eprintln!("SKIPPED: no ffmpeg to compare with");
        return;
    };
    for (crowd, size, faces) in FACES {
        let (width, height) = ((size * 0.66) as u32 * 2, (size * 0.82) as u32 * 2);
        let mut graph = format!("[0:v]split={}[base0]", faces.len() + 1);
        (0..faces.len()).for_each(|at| write!(graph, "[face{at}]").unwrap());
        for (at, (x, y)) in faces.iter().enumerate() {
            let (x, y) = (*x as u32 - width / 2, *y as u32 - height / 2);
            write!(
                graph,
                ";[face{at}]crop={width}:{height}:{x}:{y},boxblur={}:2[blur{at}];[base{at}][blur{at}]overlay={x}:{y}[base{}]",
                (size / 6.0) as u32,
                at + 1,
            )
            .unwrap();
        }
        write!(graph, ";[base{}]null[out]", faces.len()).unwrap();
        if let Some(cpu_s) = ffmpeg(&raw, &graph) {
            let ms = (cpu_s - idle) * 1000.0 / PICTURES as f64;
            println!("ffmpeg crop, boxblur, overlay, {crowd}: {ms:.2} ms cpu per picture");
        }
    }
}

/// The processor time of `graph` over the clip.
fn ffmpeg(raw: &Path, graph: &str) -> Option<f64> {
    let output = Command::new("ffmpeg")
        .args([
            "-nostdin",
            "-benchmark",
            "-threads",
            "1",
            "-filter_complex_threads",
            "1",
        ])
        .args(["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "1280x720", "-i"])
        .arg(raw)
        .args(["-filter_complex", graph, "-map", "[out]", "-f", "null", "-"])
        .output()
        .ok()?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    let line = told.lines().rfind(|line| line.starts_with("bench: utime="))?;
    let seconds = |name: &str| {
        let rest = line.split(name).nth(1)?;
        rest.split('s').next()?.parse::<f64>().ok()
    };
    Some(seconds("utime=")? + seconds("stime=")?)
}
