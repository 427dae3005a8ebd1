//! Codes made by other programs, put into pictures in many ways.

use super::*;
use crate::media::{FramePool, Timestamp};
use proptest::prelude::*;

const SIZE: (usize, usize) = (1280, 720);

/// A golden code: its name, what it says, and the picture.
fn golden(name: &str) -> image::GrayImage {
    let path = format!("{}/tests/data/codes/{name}.png", env!("CARGO_MANIFEST_DIR"));
    image::open(&path)
        .unwrap_or_else(|error| panic!("{path}: {error}"))
        .to_luma8()
}

const GOLDEN: [(&str, CodeKind, &str); 9] = [
    ("qr-short", CodeKind::Qr, "RIGCAST"),
    ("qr-url", CodeKind::Qr, "https://example.org/join?show=rigcast"),
    (
        "qr-long",
        CodeKind::Qr,
        "Moderation before air: what is read from this picture must be what was written into it, for a code that holds a whole sentence and its correction takes many modules. 0123456789",
    ),
    ("ean13", CodeKind::Ean13, "5901234123457"),
    ("ean8", CodeKind::Ean8, "96385074"),
    ("upca", CodeKind::Ean13, "0036000291452"),
    ("upce", CodeKind::UpcE, "01234565"),
    ("code128", CodeKind::Code128, "Rig-cast 2026 0123456789"),
    ("code39", CodeKind::Code39, "RIGCAST-39 $/+%."),
];

/// How a code lies in a picture.
#[derive(Clone, Copy, Debug)]
struct Pose {
    /// Its middle.
    x: f32,
    y: f32,
    /// Pixels of a module.
    module: f32,
    /// In radians.
    turn: f32,
    /// How dark and how light it is.
    ink: (f32, f32),
    /// Passes of a 3×3 box.
    blurs: usize,
}

impl Default for Pose {
    fn default() -> Self {
        Self {
            x: 600.0,
            y: 350.0,
            module: 4.0,
            turn: 0.0,
            ink: (20.0, 230.0),
            blurs: 0,
        }
    }
}

/// What is behind a code.
#[derive(Clone, Copy, Debug)]
enum Backdrop {
    Slope,
    Noise,
    Texture,
}

fn backdrop(kind: Backdrop, x: usize, y: usize) -> f32 {
    let noise = |x: usize, y: usize| {
        let mut state = (x as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (y as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
        state ^= state >> 31;
        state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((state >> 40) % 256) as f32
    };
    match kind {
        Backdrop::Slope => (x as f32 / 8.0 + y as f32 / 12.0) % 220.0 + 16.0,
        Backdrop::Noise => noise(x, y),
        Backdrop::Texture => 0.5 * noise(x / 13, y / 9) + 0.3 * noise(x / 3, y / 4) + 0.2 * noise(x, y),
    }
}

fn luma(code: Option<(&image::GrayImage, Pose)>, kind: Backdrop, (width, height): (usize, usize)) -> Vec<u8> {
    let mut out: Vec<f32> = (0..width * height)
        .map(|at| backdrop(kind, at % width, at / width))
        .collect();
    if let Some((code, pose)) = code {
        let (sin, cos) = pose.turn.sin_cos();
        // Four by four samples of each pixel: edges as a lens would leave them.
        for y in 0..height {
            for x in 0..width {
                let (mut sum, mut count) = (0.0, 0);
                for sub in 0..16 {
                    let px = x as f32 + (sub % 4) as f32 / 4.0 + 0.125 - pose.x;
                    let py = y as f32 + (sub / 4) as f32 / 4.0 + 0.125 - pose.y;
                    let u = (px * cos + py * sin) / pose.module + code.width() as f32 / 2.0;
                    let v = (py * cos - px * sin) / pose.module + code.height() as f32 / 2.0;
                    if u >= 0.0 && v >= 0.0 && u < code.width() as f32 && v < code.height() as f32 {
                        let is_light = code.get_pixel(u as u32, v as u32).0[0] > 127;
                        sum += if is_light { pose.ink.1 } else { pose.ink.0 };
                        count += 1;
                    }
                }
                if count > 0 {
                    let at = y * width + x;
                    out[at] = (sum + out[at] * (16 - count) as f32) / 16.0;
                }
            }
        }
        for _ in 0..pose.blurs {
            let old = out.clone();
            for y in 1..height - 1 {
                for x in 1..width - 1 {
                    let near = (0..9).map(|at| old[(y + at / 3 - 1) * width + x + at % 3 - 1]);
                    out[y * width + x] = near.sum::<f32>() / 9.0;
                }
            }
        }
    }
    out.into_iter().map(|value| value.clamp(0.0, 255.0) as u8).collect()
}

fn frame_of(luma: &[u8], (width, height): (usize, usize)) -> VideoFrame {
    let mut frame = FramePool::new().frame(width as u32, height as u32);
    frame.fill([0, 128, 128]);
    frame.plane_mut(Plane::Y).copy_from_slice(luma);
    frame.freeze(Timestamp::ZERO)
}

fn look(luma: &[u8], size: (usize, usize)) -> Vec<Code> {
    let mut found = Vec::new();
    CodeReader::default().look(&frame_of(luma, size), &mut found);
    found
}

/// Whether the golden code is found in this pose, read, and its place covers it.
fn is_found((name, kind, text): (&str, CodeKind, &str), pose: Pose, behind: Backdrop) -> Result<(), String> {
    let code = golden(name);
    let found = look(&luma(Some((&code, pose)), behind, SIZE), SIZE);
    let Some(read) = found.iter().find(|code| code.kind == kind && code.text == text) else {
        return Err(format!("{found:?}"));
    };
    // Without the quiet zone around it.
    let quiet = if kind == CodeKind::Qr { 4.0 } else { 0.0 };
    let wide = if kind == CodeKind::Qr {
        code.width() as f32 / 2.0 - quiet
    } else {
        code.width() as f32 / 2.0 - 11.0
    };
    let high = (code.height() as f32 / 2.0 - if kind == CodeKind::Qr { quiet } else { 5.0 }).max(1.0);
    let (sin, cos) = pose.turn.sin_cos();
    for (u, v) in [(-wide, -high), (wide, -high), (wide, high), (-wide, high)] {
        let x = (pose.x + pose.module * (u * cos - v * sin)) / SIZE.0 as f32;
        let y = (pose.y + pose.module * (u * sin + v * cos)) / SIZE.1 as f32;
        let [left, top, width, height] = read.place;
        let (x, y) = (x.clamp(0.0, 1.0), y.clamp(0.0, 1.0));
        if x < left - 1e-3 || y < top - 1e-3 || x > left + width + 1e-3 || y > top + height + 1e-3 {
            return Err(format!("({x}, {y}) is outside of {:?}", read.place));
        }
    }
    if pose.module < 5.0 && read.place[2] * read.place[3] > 0.75 {
        return Err(format!("{:?} is nearly everything", read.place));
    }
    Ok(())
}

#[test]
fn what_other_programs_wrote_is_read() {
    for golden in GOLDEN {
        for module in [2.0, 3.0, 4.0] {
            let pose = Pose {
                module,
                ..Pose::default()
            };
            is_found(golden, pose, Backdrop::Texture).unwrap_or_else(|why| panic!("{golden:?} at {module}: {why}"));
        }
    }
}

#[test]
fn however_it_lies_and_looks_it_is_read() {
    let of = |name: &str| *GOLDEN.iter().find(|golden| golden.0 == name).unwrap();
    let plain = Pose {
        module: 3.0,
        ..Pose::default()
    };
    let mut misses = Vec::new();
    for name in ["qr-url", "qr-short", "ean13", "upce", "code39"] {
        // As much as a telephone is tilted, and as the eight directions leave between them.
        let turns = [0.1, 0.35, 0.785, 1.2, 1.57, 2.0, 3.1].map(|turn| Pose { turn, ..plain });
        let looks = [
            Pose { blurs: 1, ..plain },
            Pose {
                blurs: 2,
                module: 4.0,
                ..plain
            },
            Pose {
                ink: (100.0, 140.0),
                ..plain
            },
            Pose { module: 1.8, ..plain },
        ];
        for pose in turns.into_iter().chain(looks) {
            // Seventy pixels of bars are too few for a code of five hundred to lie between two directions.
            if name == "code39" && pose.turn != 0.0 {
                continue;
            }
            if let Err(why) = is_found(of(name), pose, Backdrop::Slope) {
                misses.push(format!("{name} {pose:?}: {why}"));
            }
        }
    }
    let inverted = Pose {
        ink: (230.0, 20.0),
        ..plain
    };
    misses.extend(is_found(of("qr-url"), inverted, Backdrop::Texture).err());
    assert!(misses.is_empty(), "{misses:#?}");
}

#[test]
fn a_code_is_found_in_a_picture_of_any_size() {
    let code = golden("qr-short");
    for (size, module) in [((320, 180), 2.0), ((1920, 1080), 5.0), ((3840, 2160), 10.0)] {
        let pose = Pose {
            x: size.0 as f32 * 0.6,
            y: size.1 as f32 * 0.4,
            module,
            ..Pose::default()
        };
        let found = look(&luma(Some((&code, pose)), Backdrop::Slope, size), size);
        let [left, top, width, height] = found[0].place;
        assert_eq!(found[0].text, "RIGCAST", "{size:?}");
        assert!(
            left < 0.6 && left + width > 0.6 && top < 0.4 && top + height > 0.4,
            "{:?}",
            found[0].place
        );
    }
}

#[test]
fn what_is_no_code_is_none() {
    for kind in [Backdrop::Slope, Backdrop::Noise, Backdrop::Texture] {
        assert_eq!(look(&luma(None, kind, SIZE), SIZE), [], "{kind:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_picture_panics(width in 8_usize..160, height in 8_usize..120, seed in any::<u64>(), scale in 1_usize..12, levels in 2_u64..256) {
        let (width, height) = (width * 2, height * 2);
        let mut state = seed | 1;
        let noise: Vec<u8> = (0..width * height).map(|_| {
            state ^= state << 13; state ^= state >> 7; state ^= state << 17;
            ((state % levels) * 255 / (levels - 1)) as u8
        }).collect();
        let luma: Vec<u8> = (0..width * height).map(|at| noise[at / width / scale * width + at % width / scale]).collect();
        for code in look(&luma, (width, height)) {
            let [left, top, wide, high] = code.place;
            prop_assert!(left >= 0.0 && top >= 0.0 && left + wide <= 1.001 && top + high <= 1.001, "{:?}", code.place);
        }
    }
}
