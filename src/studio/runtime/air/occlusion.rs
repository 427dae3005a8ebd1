//! What the thread before the encoder knows of faces: what is to be hidden now, and the verdicts of the analysis worker.
//!
//! The core task writes the first, the analysis thread the second, and the encoder's thread reads both once per picture.
//! Locks are held for as long as it takes to copy a reference or a handful of faces.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::media::{FrameRate, TimeDelta, Timestamp};
use crate::picture::Rect;
use crate::scene::StickerSet;
use crate::studio::model::Studio;
use crate::studio::runtime::outlet::{LINES, SOURCE};
use crate::vision::{FaceVerdict, MaskKind, Policy};

/// Pictures between a picture's time and its way out while faces are looked for: four for the search, two for the worker.
pub const HELD_PICTURES: i64 = 6;

/// Verdicts that may wait for their pictures: far more than pictures can be held.
const VERDICTS: usize = 64;

/// An occlusion level for each line: that of the show, or a rendition's own.
pub type Levels = [u8; LINES];

/// The levels of all lines while that of the show is `level`.
#[must_use]
pub fn levels(studio: &Studio, level: u8) -> Levels {
    let mut levels = [level; LINES];
    for (line, rendition) in (SOURCE + 1..LINES).zip(&studio.renditions) {
        levels[line] = rendition.occlusion_level.unwrap_or(level);
    }
    levels
}

/// What is to be hidden.
#[derive(Clone, Debug)]
pub struct MaskPlan {
    /// Whether a picture needs a verdict to go out.
    pub is_armed: bool,
    /// What each level shows.
    pub policy: Policy,
    /// The levels now; a picture that was made at lower ones keeps to those.
    pub levels: Levels,
    /// What hides faces.
    pub mask: MaskKind,
    /// The stickers, for masks of that kind.
    pub stickers: Option<Arc<StickerSet>>,
    /// Parts of the picture that are hidden for good.
    pub zones: Vec<Rect>,
    /// Tracks whose faces are shown.
    pub exempt: Vec<u32>,
}

impl MaskPlan {
    /// The plan of `studio` with `stickers`.
    #[must_use]
    pub fn new(studio: &Studio, stickers: Option<Arc<StickerSet>>) -> Self {
        let occlusion = &studio.occlusion;
        Self {
            is_armed: occlusion.is_armed,
            policy: occlusion.policy.clone(),
            levels: levels(studio, occlusion.level),
            mask: occlusion.mask,
            stickers,
            zones: occlusion.zones.iter().map(|zone| zone.rect).collect(),
            exempt: occlusion.exempt.clone(),
        }
    }
}

#[cfg(test)]
impl MaskPlan {
    /// Hides nothing.
    pub fn nothing() -> Self {
        Self {
            is_armed: false,
            policy: Policy::hidden(),
            levels: [0; LINES],
            mask: MaskKind::Solid,
            stickers: None,
            zones: Vec::new(),
            exempt: Vec::new(),
        }
    }
}

/// Shared by the core task, the analysis thread, and the threads of picture, sound and encoder.
#[derive(Debug)]
pub struct FaceWatch {
    is_armed: AtomicBool,
    /// Set when lost faces count as gone, until the worker has been told.
    is_release_wanted: AtomicBool,
    plan: Mutex<Arc<MaskPlan>>,
    verdicts: Mutex<VecDeque<FaceVerdict>>,
    delay: TimeDelta,
}

impl FaceWatch {
    /// For a program of `frame_rate` that starts with `plan`.
    #[must_use]
    pub fn new(frame_rate: FrameRate, plan: MaskPlan) -> Self {
        Self {
            is_armed: AtomicBool::new(plan.is_armed),
            is_release_wanted: AtomicBool::new(false),
            plan: Mutex::new(Arc::new(plan)),
            verdicts: Mutex::new(VecDeque::with_capacity(VERDICTS)),
            delay: frame_rate.frame_time(HELD_PICTURES) - frame_rate.frame_time(0),
        }
    }

    /// Whether faces are looked for.
    #[must_use]
    pub fn is_armed(&self) -> bool {
        self.is_armed.load(Ordering::Acquire)
    }

    /// How long pictures and sound are held now.
    #[must_use]
    pub fn delay(&self) -> TimeDelta {
        if self.is_armed() { self.delay } else { TimeDelta::ZERO }
    }

    /// This is to be hidden from now on.
    pub fn set_plan(&self, plan: MaskPlan) {
        let is_armed = plan.is_armed;
        *lock(&self.plan) = Arc::new(plan);
        self.is_armed.store(is_armed, Ordering::Release);
    }

    /// What is to be hidden now.
    #[must_use]
    pub fn plan(&self) -> Arc<MaskPlan> {
        Arc::clone(&lock(&self.plan))
    }

    /// Lost faces count as gone.
    pub fn want_release(&self) {
        self.is_release_wanted.store(true, Ordering::Release);
    }

    /// Whether that was wanted since the last time.
    pub fn take_release(&self) -> bool {
        self.is_release_wanted.swap(false, Ordering::AcqRel)
    }

    /// Leaves a verdict for its picture.
    pub fn leave(&self, verdict: FaceVerdict) {
        let mut verdicts = lock(&self.verdicts);
        if verdicts.len() >= VERDICTS {
            verdicts.pop_front();
        }
        verdicts.push_back(verdict);
    }

    /// The verdict of the picture at exactly `pts`. Those of older pictures are forgotten: their pictures are gone.
    #[must_use]
    pub fn take(&self, pts: Timestamp) -> Option<FaceVerdict> {
        let mut verdicts = lock(&self.verdicts);
        while let Some(oldest) = verdicts.front() {
            if oldest.pts > pts {
                return None;
            }
            let verdict = verdicts.pop_front()?;
            if verdict.pts == pts {
                return Some(verdict);
            }
        }
        None
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
