//! From what is known of the faces of a picture to what is painted over them, by the policy and its level.
//!
//! Pure. Where it must choose, it hides: a face whose place is not certain has no open regions, and more faces than there is
//! room for cover the whole picture.

use std::ops::Range;

use super::occlusion::MaskPlan;
use crate::picture::Rect;
use crate::picture::occlude::{Ellipse, Mask, Paint, Placed, Shape};
use crate::vision::{FaceVerdict, MaskKind, OcclusionLevel, Region, Regions, Sight, TrackedFace, regions};

/// The most masks of a picture; where more would be needed the picture is covered.
const MAX_MASKS: usize = 96;

/// The most stickers of a picture; masks lie under them, so that one that is missing shows nothing.
const MAX_STICKERS: usize = 96;

/// The colour of solid masks and of what lies under stickers, in RGB.
const SOLID: [u8; 3] = [24, 24, 28];

/// How much of a hidden region stays hidden where a region that is shown reaches into it, as a share of its lengths: more would
/// hide what is to be shown.
const HEART: f32 = 0.95;

/// Half the height of the band that is hidden where a face was lost, in sides of its box.
const BAND: f32 = 1.2;

/// Masks of one picture. Kept from one to the next: nothing is allocated for a picture.
#[derive(Debug, Default)]
pub struct MaskList {
    masks: Vec<Entry>,
    /// Those of holes and of what is kept, which the masks name by their ranges.
    ellipses: Vec<Ellipse>,
    stickers: Vec<Sticker>,
}

#[derive(Clone, Debug)]
struct Entry {
    shape: Shape,
    holes: Range<usize>,
    kept: Range<usize>,
    paint: Paint,
}

impl Entry {
    /// A mask without a hole.
    fn closed(shape: Shape, paint: Paint) -> Self {
        Self {
            shape,
            holes: 0..0,
            kept: 0..0,
            paint,
        }
    }
}

/// Which art of the plan's set is drawn where.
#[derive(Clone, Copy, Debug)]
struct Sticker {
    /// `None` is the one for the whole face.
    region: Option<Region>,
    x: f32,
    y: f32,
    width: f32,
    roll: f32,
}

/// What is to be done with a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hiding {
    /// It goes out as it is.
    Nothing,
    /// It goes out with the masks of the list.
    Masks,
    /// It does not go out.
    Everything,
}

impl MaskList {
    /// Fills the list for a picture of `size` that was made at `level` with these faces; tracks in `shown` are exempt. What is
    /// `blurred` is so at any level.
    pub fn fill(
        &mut self,
        plan: &MaskPlan,
        level: OcclusionLevel,
        verdict: Option<&FaceVerdict>,
        shown: &[u32],
        size: (u32, u32),
        blurred: &[Shape],
    ) -> Hiding {
        self.masks.clear();
        self.ellipses.clear();
        self.stickers.clear();
        for zone in &plan.zones {
            self.masks.push(Entry::closed(Shape::Rect(*zone), Paint::Solid(SOLID)));
        }
        for shape in blurred {
            self.masks.push(Entry::closed(*shape, Paint::Blur { strength: 1.0 }));
        }
        if !level.is_open() {
            for face in verdict.into_iter().flat_map(|verdict| &verdict.faces) {
                if !shown.contains(&face.track) {
                    self.hide(face, plan, level, size);
                }
            }
        }
        if self.masks.len() > MAX_MASKS || self.stickers.len() > MAX_STICKERS {
            Hiding::Everything
        } else if self.masks.is_empty() {
            Hiding::Nothing
        } else {
            Hiding::Masks
        }
    }

    fn hide(&mut self, face: &TrackedFace, plan: &MaskPlan, level: OcclusionLevel, size: (u32, u32)) {
        let paint = match plan.mask {
            MaskKind::Solid | MaskKind::Sticker => Paint::Solid(SOLID),
            MaskKind::Mosaic => Paint::Mosaic {
                strength: level.strength,
            },
            MaskKind::Blur => Paint::Blur {
                strength: level.strength,
            },
        };
        let open = match face.sight {
            Sight::Seen | Sight::Predicted => level.open,
            // Where its regions are is a guess: none is shown, at full strength.
            Sight::Held => {
                let shape = Shape::Ellipse(ellipse(regions::whole(&face.face)));
                self.masks.push(Entry::closed(shape, at_full_strength(paint)));
                return;
            }
            Sight::Band => {
                self.masks
                    .push(Entry::closed(band(face, size), Paint::Blur { strength: 1.0 }));
                return;
            }
        };
        let holes = self.parts(face, open, 1.0);
        // Neighbours overlap: the heart of what is hidden stays so, whatever is shown beside it.
        let hidden = if open == Regions::NONE { open } else { open.complement() };
        let kept = self.parts(face, hidden, HEART);
        let entry = |shape| Entry {
            shape,
            holes: holes.clone(),
            kept: kept.clone(),
            paint,
        };
        self.masks
            .push(entry(Shape::Ellipse(ellipse(regions::whole(&face.face)))));
        // The neck hangs out of the ellipse of the face.
        if !open.has(Region::Neck) {
            regions::of(&face.face, Region::Neck, &mut |neck| {
                self.masks.push(entry(Shape::Ellipse(ellipse(neck))));
            });
        }
        if plan.mask == MaskKind::Sticker {
            self.place_stickers(face, plan, open);
        }
    }

    /// The ellipses of these regions, so much smaller, by their range.
    fn parts(&mut self, face: &TrackedFace, of: Regions, share: f32) -> Range<usize> {
        let first = self.ellipses.len();
        for region in of.iter() {
            regions::of(&face.face, region, &mut |part| {
                let whole = ellipse(part);
                self.ellipses.push(Ellipse {
                    rx: whole.rx * share,
                    ry: whole.ry * share,
                    ..whole
                });
            });
        }
        first..self.ellipses.len()
    }

    /// The sticker of the whole face while all of it is hidden, those of its hidden regions otherwise.
    fn place_stickers(&mut self, face: &TrackedFace, plan: &MaskPlan, open: Regions) {
        let Some(set) = plan.stickers.as_deref() else { return };
        let whole = (open == Regions::NONE).then_some(None);
        let hidden = open.complement();
        let parts = hidden.iter().map(Some).filter(|_| open != Regions::NONE);
        for region in whole.into_iter().chain(parts) {
            let Some(sticker) = set.sticker(region) else { continue };
            let (sin, cos) = face.face.roll.sin_cos();
            let (dx, dy) = (sticker.x * face.face.size, sticker.y * face.face.size);
            self.stickers.push(Sticker {
                region,
                x: face.face.x + dx * cos - dy * sin,
                y: face.face.y + dx * sin + dy * cos,
                width: sticker.width * face.face.size,
                roll: face.face.roll,
            });
        }
    }

    /// Lends masks and stickers out.
    pub fn with<R>(&self, plan: &MaskPlan, run: impl FnOnce(&[Mask<'_>], &[Placed<'_>]) -> R) -> R {
        let nothing = Mask {
            shape: Shape::Whole,
            holes: &[],
            kept: &[],
            paint: Paint::Solid(SOLID),
        };
        let mut masks = [nothing; MAX_MASKS];
        let mut count = 0;
        for (slot, entry) in masks.iter_mut().zip(&self.masks) {
            *slot = Mask {
                shape: entry.shape,
                holes: &self.ellipses[entry.holes.clone()],
                kept: &self.ellipses[entry.kept.clone()],
                paint: entry.paint,
            };
            count += 1;
        }
        let art = |sticker: &Sticker| {
            let art = &plan.stickers.as_deref()?.sticker(sticker.region)?.art;
            Some(Placed {
                art,
                x: sticker.x,
                y: sticker.y,
                width: sticker.width,
                roll: sticker.roll,
            })
        };
        let mut found = self.stickers.iter().filter_map(art);
        let Some(first) = found.next() else {
            return run(&masks[..count], &[]);
        };
        let mut stickers = [first; MAX_STICKERS];
        let mut placed = 1;
        for (slot, sticker) in stickers[1..].iter_mut().zip(found) {
            *slot = sticker;
            placed += 1;
        }
        run(&masks[..count], &stickers[..placed])
    }
}

fn ellipse(of: regions::Ellipse) -> Ellipse {
    Ellipse {
        x: of.x,
        y: of.y,
        rx: of.rx,
        ry: of.ry,
        roll: of.roll,
    }
}

fn at_full_strength(paint: Paint) -> Paint {
    match paint {
        Paint::Solid(_) => paint,
        Paint::Mosaic { .. } => Paint::Mosaic { strength: 1.0 },
        Paint::Blur { .. } => Paint::Blur { strength: 1.0 },
    }
}

/// The rows of the picture in which a head was, from edge to edge.
fn band(face: &TrackedFace, size: (u32, u32)) -> Shape {
    let half = (BAND * face.face.size).max(1.0);
    let (top, bottom) = ((face.face.y - half).floor(), (face.face.y + half).ceil());
    Shape::Rect(Rect {
        x: 0,
        y: top as i32,
        width: size.0 as i32,
        height: (bottom - top) as i32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Timestamp;
    use crate::vision::FaceBox;

    const SIZE: (u32, u32) = (1280, 720);

    fn verdict(sights: &[Sight]) -> FaceVerdict {
        let face = |(track, sight): (u32, &Sight)| TrackedFace {
            track,
            face: FaceBox {
                x: 300.0 + 200.0 * track as f32,
                y: 300.0,
                size: 120.0,
                roll: 0.1,
            },
            sight: *sight,
        };
        FaceVerdict {
            pts: Timestamp::ZERO,
            faces: (0..).zip(sights).map(face).collect(),
            cover: None,
            is_cut: false,
        }
    }

    fn level(open: &[Region], strength: f32) -> OcclusionLevel {
        OcclusionLevel {
            open: open.iter().copied().collect(),
            strength,
        }
    }

    /// Shape, number of holes and paint of each mask.
    fn masks(
        plan: &MaskPlan,
        level: OcclusionLevel,
        sights: &[Sight],
        shown: &[u32],
    ) -> (Hiding, Vec<(Shape, usize, Paint)>) {
        let mut list = MaskList::default();
        let hiding = list.fill(plan, level, Some(&verdict(sights)), shown, SIZE, &[]);
        let told = list.with(plan, |masks, _| {
            masks
                .iter()
                .map(|mask| (mask.shape, mask.holes.len(), mask.paint))
                .collect()
        });
        (hiding, told)
    }

    #[test]
    fn open_regions_are_holes_and_only_while_the_place_is_known() {
        let mut plan = MaskPlan::nothing();
        plan.mask = MaskKind::Blur;
        let eyes = level(&[Region::Eyes], 0.5);
        for (sight, holes, strength) in [
            (Sight::Seen, 2, 0.5),
            (Sight::Predicted, 2, 0.5),
            (Sight::Held, 0, 1.0),
            (Sight::Band, 0, 1.0),
        ] {
            let (hiding, masks) = masks(&plan, eyes, &[sight], &[]);
            assert_eq!(hiding, Hiding::Masks);
            let (shape, found, paint) = masks[0];
            assert_eq!((found, paint), (holes, Paint::Blur { strength }), "{sight:?}");
            match (sight, shape) {
                (Sight::Band, Shape::Rect(rect)) => assert_eq!((rect.x, rect.width), (0, 1280)),
                (Sight::Band, shape) => panic!("{shape:?}"),
                (_, Shape::Ellipse(ellipse)) => assert!(ellipse.ry > 60.0),
                (_, shape) => panic!("{shape:?}"),
            }
        }
    }

    #[test]
    fn the_neck_has_a_mask_of_its_own_until_it_is_open() {
        let plan = MaskPlan::nothing();
        let count = |open: &[Region]| masks(&plan, level(open, 1.0), &[Sight::Seen], &[]).1.len();
        assert_eq!((count(&[]), count(&[Region::Neck])), (2, 1));
    }

    #[test]
    fn what_is_exempt_or_open_is_not_hidden_and_a_zone_always_is() {
        let mut plan = MaskPlan::nothing();
        let seen = [Sight::Seen, Sight::Seen];
        assert_eq!(masks(&plan, OcclusionLevel::HIDDEN, &seen, &[0, 1]).0, Hiding::Nothing);
        assert_eq!(masks(&plan, level(&[], 0.0), &seen, &[]).0, Hiding::Nothing);
        assert_eq!(masks(&plan, OcclusionLevel::HIDDEN, &seen, &[1]).1.len(), 2);
        let zone = Rect {
            x: 4,
            y: 4,
            width: 20,
            height: 20,
        };
        plan.zones.push(zone);
        let (hiding, found) = masks(&plan, level(&[], 0.0), &seen, &[]);
        assert_eq!((hiding, found[0].0), (Hiding::Masks, Shape::Rect(zone)));
    }

    #[test]
    fn more_faces_than_there_is_room_for_cover_the_picture() {
        let plan = MaskPlan::nothing();
        let crowd = [Sight::Held; MAX_MASKS + 1];
        assert_eq!(masks(&plan, OcclusionLevel::HIDDEN, &crowd, &[]).0, Hiding::Everything);
        assert_eq!(masks(&plan, OcclusionLevel::HIDDEN, &crowd[1..], &[]).0, Hiding::Masks);
    }
}
