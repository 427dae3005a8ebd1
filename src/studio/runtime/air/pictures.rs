//! The way of a picture from the compositor to the encoder: held while faces are looked for in it, then as it is, with masks,
//! or covered.
//!
//! While occlusion is armed a picture leaves a constant six pictures after its time, and only with the verdict for its very
//! PTS. Where there is none (the worker is late, hung, dead, or not there yet) it leaves as a cover.

use std::sync::Arc;
use std::time::Duration;

use super::hold::{Hold, Timed};
use super::masks::{Hiding, MaskList};
use super::occlusion::{FaceWatch, HELD_PICTURES, MaskPlan};
use crate::clock::Clock;
use crate::media::{FramePool, Timestamp, VideoFrame};
use crate::picture::occlude::Occluder;
use crate::studio::model::{FaceMark, FaceModel};
use crate::studio::runtime::gate::PictureGate;
use crate::studio::runtime::tap_loop::TapSlot;
use crate::vision::{CoverReason, FaceVerdict, OcclusionLevel, Sight};

/// Pictures that can be held without allocating: those of the delay, and what piles up behind an encoder that was late.
const ROOM: usize = HELD_PICTURES as usize + 16;

/// Told when the faces on program, or the reason for a cover, are others than before.
pub type FaceReport = Arc<dyn Fn(Vec<FaceModel>, Option<String>) + Send + Sync>;

/// A picture as the compositor made it.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The picture.
    pub frame: VideoFrame,
    /// The occlusion level when it was made. It never goes out at a higher one.
    pub level: u8,
}

impl Timed for Outgoing {
    fn pts(&self) -> Timestamp {
        self.frame.pts
    }
}

/// What the encoder's thread takes pictures from.
pub struct PictureAir {
    clock: Clock,
    watch: Arc<FaceWatch>,
    gate: PictureGate,
    hold: Hold<Outgoing>,
    occluder: Occluder,
    masks: MaskList,
    taps: Arc<TapSlot>,
    marks: Vec<FaceMark>,
    report: FaceReport,
    /// What was told last.
    told: (Vec<FaceModel>, Option<String>),
    /// Exempt tracks that have been lost since: not shown again, whatever the plan says.
    lost: Vec<u32>,
}

impl PictureAir {
    /// A way out by `clock`, past `watch` and `gate`. Masks that cannot be painted in place are painted into memory of `pool`;
    /// what goes out is shown to `taps` while occlusion is armed.
    #[must_use]
    pub fn new(
        clock: Clock,
        watch: Arc<FaceWatch>,
        gate: PictureGate,
        pool: FramePool,
        taps: Arc<TapSlot>,
        report: FaceReport,
    ) -> Self {
        Self {
            clock,
            watch,
            gate,
            hold: Hold::new(ROOM),
            occluder: Occluder::new(pool),
            masks: MaskList::default(),
            taps,
            marks: Vec::new(),
            report,
            told: (Vec::new(), None),
            lost: Vec::new(),
        }
    }

    /// A picture has been made.
    pub fn put(&mut self, picture: Outgoing) {
        self.hold.put(picture);
    }

    /// How long until the next picture is due; `None` while none is held.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        self.hold.wait(self.clock.now(), self.watch.delay())
    }

    /// The next picture that is due, as it may be seen.
    pub fn take(&mut self) -> Option<VideoFrame> {
        let picture = self.hold.take(self.clock.now(), self.watch.delay())?;
        let frame = self.gate.pass(picture.frame);
        Some(match frame {
            // Covered already, for another check.
            Err(cover) => cover,
            Ok(frame) => self.hide(frame, picture.level),
        })
    }

    fn hide(&mut self, frame: VideoFrame, made_at: u8) -> VideoFrame {
        let plan = self.watch.plan();
        let size = (frame.width(), frame.height());
        if !plan.is_armed {
            self.tell(Vec::new(), None);
            self.lost.clear();
            // Faces are shown: their level is none.
            let shown = OcclusionLevel {
                strength: 0.0,
                ..OcclusionLevel::HIDDEN
            };
            let hiding = self.masks.fill(&plan, shown, None, &[], size);
            let (frame, _) = self.paint(frame, hiding, &plan);
            return self.gate.uncovered(frame);
        }
        let level = plan.policy.level(made_at.min(plan.level));
        let verdict = self.watch.take(frame.pts);
        let cover = if level.is_open() {
            None
        } else {
            reason(verdict.as_ref())
        };
        self.note_lost(verdict.as_ref(), &plan);
        self.tell(faces(verdict.as_ref()), cover.clone());
        let hiding = match &cover {
            Some(_) => Hiding::Everything,
            None => {
                let shown: &[u32] = &plan.exempt;
                let lost = &self.lost;
                let is_shown = |track: &&u32| !lost.contains(track);
                // Rarely more than one; allocates only where a face is exempt.
                let shown = shown.iter().filter(is_shown).copied().collect::<Vec<_>>();
                self.masks.fill(&plan, level, verdict.as_ref(), &shown, size)
            }
        };
        self.mark(verdict.as_ref(), &plan, level, size);
        let (frame, is_painted) = self.paint(frame, hiding, &plan);
        let out = if is_painted {
            self.gate.uncovered(frame)
        } else {
            let why = cover.unwrap_or_else(|| "too many faces".to_owned());
            self.gate.cover(&frame, why.into())
        };
        self.taps.put_program(&out, &self.marks);
        out
    }

    /// The picture with its masks, and whether that is enough.
    fn paint(&mut self, frame: VideoFrame, hiding: Hiding, plan: &MaskPlan) -> (VideoFrame, bool) {
        let (masks, occluder) = (&self.masks, &mut self.occluder);
        match hiding {
            Hiding::Nothing => (frame, true),
            Hiding::Masks => {
                let painted = masks.with(plan, |masks, stickers| occluder.apply(frame, masks, stickers));
                (painted, true)
            }
            Hiding::Everything => (frame, false),
        }
    }

    /// An exemption ends when its face is lost, at once and not when the model hears of it.
    fn note_lost(&mut self, verdict: Option<&FaceVerdict>, plan: &MaskPlan) {
        self.lost.retain(|track| plan.exempt.contains(track));
        let faces = verdict.into_iter().flat_map(|verdict| &verdict.faces);
        for face in faces.filter(|face| matches!(face.sight, Sight::Held | Sight::Band)) {
            if plan.exempt.contains(&face.track) && !self.lost.contains(&face.track) {
                self.lost.push(face.track);
            }
        }
    }

    fn tell(&mut self, faces: Vec<FaceModel>, cover: Option<String>) {
        let news = (faces, cover);
        if news != self.told {
            self.told = news.clone();
            (self.report)(news.0, news.1);
        }
    }

    /// Notes where faces are, for monitors.
    fn mark(&mut self, verdict: Option<&FaceVerdict>, plan: &MaskPlan, level: OcclusionLevel, size: (u32, u32)) {
        self.marks.clear();
        let (width, height) = (size.0 as f32, size.1 as f32);
        for face in verdict.into_iter().flat_map(|verdict| &verdict.faces) {
            let is_exempt = plan.exempt.contains(&face.track) && !self.lost.contains(&face.track);
            self.marks.push(FaceMark {
                track: face.track,
                x: face.face.x / width,
                y: face.face.y / height,
                width: face.face.size / width,
                height: face.face.size / height,
                roll: face.face.roll,
                sight: face.sight,
                is_hidden: !is_exempt && !level.is_open(),
                open: if is_exempt {
                    crate::vision::Regions::ALL
                } else {
                    level.open
                },
            });
        }
    }
}

/// Why a picture with this verdict must be covered, if it must.
fn reason(verdict: Option<&FaceVerdict>) -> Option<String> {
    let Some(verdict) = verdict else {
        return Some("faces have not been looked for in time".to_owned());
    };
    verdict.cover.map(|reason| match reason {
        CoverReason::Lost { track } => format!("face {track} was lost"),
        CoverReason::NotSeen => "not all of the picture has been looked at yet".to_owned(),
    })
}

/// The faces as the model has them.
fn faces(verdict: Option<&FaceVerdict>) -> Vec<FaceModel> {
    let model = |face: &crate::vision::TrackedFace| FaceModel {
        track: face.track,
        // Which pictures the detector looked at is of no interest to an operator.
        sight: match face.sight {
            Sight::Predicted => Sight::Seen,
            sight => sight,
        },
    };
    verdict.map_or_else(Vec::new, |verdict| verdict.faces.iter().map(model).collect())
}
