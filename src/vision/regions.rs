//! Where the parts of a face lie within its box: proportions, since the model knows no landmarks.
//!
//! The box of the detector reaches from the middle of the forehead to the chin, and from temple to temple. What must be
//! hidden of a face is more than that: hair and ears tell who it is as well. So the whole face is an ellipse 1.3 times as
//! wide as the box and higher still. The parts err towards covering one another: a part that is to be hidden hides a rim of
//! its neighbours, never the other way round.

use super::face::{FaceBox, Region};

/// An ellipse in a picture, in pixels and radians, turned clockwise as seen about its centre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ellipse {
    /// Centre, from the left edge.
    pub x: f32,
    /// Centre, from the top edge.
    pub y: f32,
    /// Half its width, before it is turned.
    pub rx: f32,
    /// Half its height, before it is turned.
    pub ry: f32,
    /// How far it is turned.
    pub roll: f32,
}

impl Ellipse {
    /// Whether a point of the picture lies inside.
    #[must_use]
    pub fn has(&self, x: f32, y: f32) -> bool {
        let (sin, cos) = self.roll.sin_cos();
        let (dx, dy) = (x - self.x, y - self.y);
        let (u, v) = ((dx * cos + dy * sin) / self.rx, (dy * cos - dx * sin) / self.ry);
        u * u + v * v <= 1.0
    }
}

/// The box that is put out for a face is so much larger than the detector's: its boxes wobble.
pub(super) const RIM: f32 = 1.08;

/// A part in sizes of the box, from its centre: right, down, half the width, half the height.
type Part = (f32, f32, f32, f32);

/// Hair to chin, ear to ear.
const WHOLE: Part = (0.0, -0.02, 0.66, 0.82);

const FOREHEAD: [Part; 1] = [(0.0, -0.46, 0.46, 0.22)];
const EYEBROWS: [Part; 2] = [(-0.21, -0.315, 0.20, 0.115), (0.21, -0.315, 0.20, 0.115)];
const EYES: [Part; 2] = [(-0.20, -0.14, 0.17, 0.11), (0.20, -0.14, 0.17, 0.11)];
const NOSE: [Part; 1] = [(0.0, 0.05, 0.14, 0.19)];
const CHEEKS: [Part; 2] = [(-0.31, 0.12, 0.16, 0.19), (0.31, 0.12, 0.16, 0.19)];
const MOUTH: [Part; 1] = [(0.0, 0.28, 0.25, 0.12)];
const CHIN: [Part; 1] = [(0.0, 0.48, 0.26, 0.12)];
const EARS: [Part; 2] = [(-0.52, 0.0, 0.13, 0.25), (0.52, 0.0, 0.13, 0.25)];
const NECK: [Part; 1] = [(0.0, 0.78, 0.40, 0.22)];

fn parts(region: Region) -> &'static [Part] {
    match region {
        Region::Forehead => &FOREHEAD,
        Region::Eyebrows => &EYEBROWS,
        Region::Eyes => &EYES,
        Region::Nose => &NOSE,
        Region::Cheeks => &CHEEKS,
        Region::Mouth => &MOUTH,
        Region::Chin => &CHIN,
        Region::Ears => &EARS,
        Region::Neck => &NECK,
    }
}

fn placed(face: &FaceBox, (right, down, rx, ry): Part) -> Ellipse {
    let (sin, cos) = face.roll.sin_cos();
    Ellipse {
        x: face.x + face.size * (right * cos - down * sin),
        y: face.y + face.size * (right * sin + down * cos),
        rx: face.size * rx,
        ry: face.size * ry,
        roll: face.roll,
    }
}

/// The whole face with its margin: hair to chin, ears in. The neck is not part of it.
#[must_use]
pub fn whole(face: &FaceBox) -> Ellipse {
    placed(face, WHOLE)
}

/// The one or two ellipses of a region.
pub fn of(face: &FaceBox, region: Region, each: &mut dyn FnMut(Ellipse)) {
    // Parts are those of the face itself, not of the box that is put out for it.
    let face = FaceBox {
        size: face.size / RIM,
        ..*face
    };
    for part in parts(region) {
        each(placed(&face, *part));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: FaceBox = FaceBox {
        x: 100.0,
        y: 200.0,
        size: 80.0,
        roll: 0.0,
    };

    #[test]
    fn the_whole_face_hides_all_of_its_box_but_the_corners_and_a_rim_around_it() {
        let whole = whole(&FACE);
        assert!(whole.rx * 2.0 >= FACE.size * 1.3 && whole.ry * 2.0 >= FACE.size * 1.3);
        for (right, down) in [
            (0.0, -0.8),
            (0.0, 0.75),
            (-0.62, 0.0),
            (0.62, 0.0),
            (0.45, 0.45),
            (-0.45, -0.45),
        ] {
            assert!(
                whole.has(FACE.x + right * FACE.size, FACE.y + down * FACE.size),
                "{right} {down}"
            );
        }
        assert!(!whole.has(FACE.x + FACE.size, FACE.y));
    }

    #[test]
    fn every_region_of_the_face_itself_has_its_centre_within_the_whole() {
        let whole = whole(&FaceBox { roll: 0.3, ..FACE });
        for region in Region::ALL.into_iter().filter(|region| *region != Region::Neck) {
            of(&FaceBox { roll: 0.3, ..FACE }, region, &mut |part| {
                assert!(whole.has(part.x, part.y), "{region:?}");
            });
        }
    }

    #[test]
    fn a_tilted_head_has_its_parts_turned_about_its_centre() {
        // A quarter turn clockwise: the forehead lies to the right.
        let face = FaceBox {
            roll: std::f32::consts::FRAC_PI_2,
            ..FACE
        };
        of(&face, Region::Forehead, &mut |part| {
            assert!((part.x - (FACE.x + 0.46 * FACE.size / RIM)).abs() < 0.01 && (part.y - FACE.y).abs() < 0.01);
        });
        let mut eyes = Vec::new();
        of(&face, Region::Eyes, &mut |part| eyes.push(part.y));
        assert!(
            eyes[0] < FACE.y && eyes[1] > FACE.y,
            "the left one of the picture is now above"
        );
    }
}
