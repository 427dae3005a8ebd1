//! The photograph, and the faces in it that stand free enough to be cut out.

use std::path::PathBuf;
use std::process::Command;

use image::imageops::{self, FilterType};
use image::{GrayImage, RgbImage};

/// Where a face is in the photograph, in pixels, and where its parts are: from the centre of the box, in sides of the box.
///
/// The boxes are what rustface's detector gives at full size (score threshold 1, scale factor 0.85); the parts were read off
/// an enlarged grid by eye, to about 0.03.
struct Place {
    left: f32,
    top: f32,
    side: f32,
    eyes: [(f32, f32); 2],
    nose: (f32, f32),
    mouth: (f32, f32),
}

const fn place(left: f32, top: f32, side: f32, parts: [(f32, f32); 4]) -> Place {
    let [one, other, nose, mouth] = parts;
    Place {
        left,
        top,
        side,
        eyes: [one, other],
        nose,
        mouth,
    }
}

/// From left to right. Left out are the eight whose surroundings hold parts of other faces.
const PLACES: [Place; 21] = [
    place(
        103.,
        253.,
        56.,
        [(-0.14, -0.21), (0.31, -0.19), (0.06, 0.06), (0.03, 0.29)],
    ),
    place(
        212.,
        212.,
        54.,
        [(-0.23, -0.11), (0.20, -0.12), (0.00, 0.15), (0.00, 0.35)],
    ),
    place(
        283.,
        260.,
        61.,
        [(-0.20, -0.17), (0.21, -0.15), (0.02, 0.05), (0.00, 0.32)],
    ),
    place(
        374.,
        84.,
        47.,
        [(-0.18, -0.17), (0.24, -0.15), (0.00, 0.05), (0.00, 0.35)],
    ),
    place(
        378.,
        198.,
        55.,
        [(-0.14, -0.16), (0.27, -0.16), (0.07, 0.03), (0.05, 0.30)],
    ),
    place(
        467.,
        127.,
        50.,
        [(-0.23, -0.14), (0.18, -0.15), (-0.02, 0.03), (-0.02, 0.32)],
    ),
    place(
        467.,
        255.,
        55.,
        [(-0.18, -0.15), (0.22, -0.15), (0.00, 0.08), (0.00, 0.28)],
    ),
    place(
        566.,
        201.,
        56.,
        [(-0.19, -0.16), (0.22, -0.17), (0.03, 0.06), (0.03, 0.27)],
    ),
    place(
        615.,
        100.,
        51.,
        [(-0.20, -0.15), (0.23, -0.15), (0.02, 0.05), (0.00, 0.30)],
    ),
    place(
        659.,
        257.,
        64.,
        [(-0.20, -0.09), (0.16, -0.10), (0.00, 0.15), (0.03, 0.37)],
    ),
    place(
        767.,
        188.,
        57.,
        [(-0.22, -0.13), (0.17, -0.13), (-0.03, 0.10), (0.00, 0.24)],
    ),
    place(
        898.,
        96.,
        49.,
        [(-0.13, -0.18), (0.30, -0.17), (0.10, 0.05), (0.10, 0.27)],
    ),
    place(
        1134.,
        94.,
        57.,
        [(-0.28, -0.15), (0.02, -0.15), (-0.20, 0.10), (-0.15, 0.27)],
    ),
    place(
        1166.,
        251.,
        58.,
        [(-0.21, -0.15), (0.13, -0.17), (0.00, 0.10), (0.00, 0.35)],
    ),
    place(
        1263.,
        205.,
        59.,
        [(-0.21, -0.09), (0.16, -0.09), (0.00, 0.18), (0.00, 0.33)],
    ),
    place(
        1281.,
        98.,
        48.,
        [(-0.26, -0.17), (0.09, -0.15), (-0.12, 0.05), (-0.08, 0.27)],
    ),
    place(
        1359.,
        260.,
        53.,
        [(-0.27, -0.15), (0.16, -0.20), (-0.02, 0.10), (0.00, 0.28)],
    ),
    place(
        1372.,
        41.,
        49.,
        [(-0.18, -0.18), (0.25, -0.18), (0.05, 0.05), (0.03, 0.30)],
    ),
    place(
        1430.,
        217.,
        50.,
        [(-0.33, -0.13), (0.06, -0.18), (-0.08, 0.15), (-0.06, 0.35)],
    ),
    place(
        1435.,
        95.,
        59.,
        [(-0.22, -0.13), (0.13, -0.16), (-0.07, 0.08), (-0.02, 0.28)],
    ),
    place(
        1488.,
        277.,
        59.,
        [(-0.27, -0.09), (0.10, -0.15), (-0.07, 0.12), (-0.02, 0.28)],
    ),
];

/// How far a cut-out reaches from the centre of the face, in sides of its box.
pub const REACH: f32 = 1.3;

/// Side of the face in the finest copy of a cut-out; each further copy has half of that.
const FINEST: f32 = 256.0;
const COPIES: usize = 4;

/// A part of the photograph without any face: leaves on the ground, from the left, the top, width and height.
const GROUND: (u32, u32, u32, u32) = (20, 730, 760, 90);

/// A face with what is around it.
pub struct CutOut {
    /// Square copies of the same, each half as large as the one before. The face is in the middle.
    copies: Vec<GrayImage>,
    /// From the centre of the box, in sides of the box.
    pub eyes: [(f32, f32); 2],
    pub nose: (f32, f32),
    pub mouth: (f32, f32),
    /// How far the head is tilted in the photograph: by the line through the eyes.
    pub roll: f32,
}

impl CutOut {
    /// The copy to draw a face of `size` pixels from, and how many of its pixels are one side of the face.
    pub fn copy_for(&self, size: f32) -> (&GrayImage, f32) {
        let at = (FINEST / size.max(1.0)).log2().floor().clamp(0.0, COPIES as f32 - 1.0);
        (&self.copies[at as usize], FINEST / at.exp2())
    }
}

/// The photograph.
pub struct Photo {
    pub faces: Vec<CutOut>,
    /// A picture of the ground, without faces.
    pub ground: GrayImage,
}

impl Photo {
    /// Reads it from the package that carries it.
    pub fn open() -> Self {
        let grey = without_frames(&image::open(path()).unwrap().to_rgb8());
        let faces = PLACES.iter().map(|place| cut_out(&grey, place)).collect();
        let (left, top, width, height) = GROUND;
        let ground = imageops::crop_imm(&grey, left, top, width, height).to_image();
        Self { faces, ground }
    }
}

/// Where the photograph lies: in the folder into which cargo has unpacked `rustface`.
pub fn path() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--offline"])
        .arg(concat!("--filter-platform=", env!("RIGCAST_TARGET")))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata: {said}");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut packages = metadata["packages"].as_array().unwrap().iter();
    let package = packages.find(|package| package["name"] == "rustface").unwrap();
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    manifest.with_file_name("test.png")
}

/// The photograph is grey, but red frames of one pixel are drawn around its faces: they are filled from both sides.
fn without_frames(photo: &RgbImage) -> GrayImage {
    let is_drawn = |x: u32, y: u32| {
        let [r, g, _] = photo.get_pixel(x, y).0;
        r.abs_diff(g) > 8
    };
    GrayImage::from_fn(photo.width(), photo.height(), |x, y| {
        if !is_drawn(x, y) {
            return image::Luma([photo.get_pixel(x, y)[1]]);
        }
        let mut around = Vec::new();
        for reach in 1..4_u32 {
            for (x, y) in [
                (x.saturating_sub(reach), y),
                (x + reach, y),
                (x, y.saturating_sub(reach)),
                (x, y + reach),
            ] {
                if x < photo.width() && y < photo.height() && !is_drawn(x, y) {
                    around.push(u32::from(photo.get_pixel(x, y)[1]));
                }
            }
            if !around.is_empty() {
                break;
            }
        }
        image::Luma([(around.iter().sum::<u32>() / around.len().max(1) as u32) as u8])
    })
}

fn cut_out(photo: &GrayImage, place: &Place) -> CutOut {
    let side = (2.0 * REACH * FINEST) as u32;
    let (x, y) = (place.left + place.side / 2.0, place.top + place.side / 2.0);
    let reach = REACH * place.side;
    // Cut on whole pixels with a rim, enlarged, then cut to where the centre really is.
    let rim = 4.0;
    let (left, top) = ((x - reach - rim).floor(), (y - reach - rim).floor());
    let span = (2.0 * (reach + rim)).ceil() + 1.0;
    let patch = GrayImage::from_fn(span as u32, span as u32, |u, v| {
        let at = |from: f32, by: u32, end: u32| (from as i64 + i64::from(by)).clamp(0, i64::from(end) - 1) as u32;
        *photo.get_pixel(at(left, u, photo.width()), at(top, v, photo.height()))
    });
    let scale = FINEST / place.side;
    let large = (span * scale).round() as u32;
    let large = imageops::resize(&patch, large, large, FilterType::Lanczos3);
    let corner = |centre: f32, from: f32| ((centre - reach - from) * scale).round() as u32;
    let finest = imageops::crop_imm(&large, corner(x, left), corner(y, top), side, side).to_image();
    let mut copies = vec![finest];
    for at in 1..COPIES {
        let half = copies[0].width() >> at;
        copies.push(imageops::resize(&copies[0], half, half, FilterType::Triangle));
    }
    let [one, other] = place.eyes;
    CutOut {
        copies,
        eyes: place.eyes,
        nose: place.nose,
        mouth: place.mouth,
        roll: (other.1 - one.1).atan2(other.0 - one.0),
    }
}
