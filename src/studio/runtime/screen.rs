//! What makes the program picture: the scene on program, and while there is a transition the one that goes.
//!
//! A take during a transition begins with what is seen at that moment: the picture stands still while it goes, and nothing flashes.

use std::sync::Arc;

use super::easel::{Easel, Paints};
use super::graphics::Board;
use super::plan::{Plan, PlannedFade, PlannedKind, PlannedLayer, Wanted};
use crate::media::{FramePool, TimeDelta, Timestamp, VideoFrame};
use crate::studio::update::STINGER_WAITS_MS;

/// How long, in ms, what is new on program waits until its letters are drawn: better a moment late than with those of before.
const LETTERS_MS: i64 = 200;

/// A plan that waits until what it shows on program has been drawn.
pub struct Coming {
    /// The plan.
    pub plan: Arc<Plan>,
    /// No longer than this.
    by: Timestamp,
}

impl Coming {
    /// `plan` takes the place of one that waits, and waits no longer than that one would have.
    #[must_use]
    pub fn after(before: Option<Self>, plan: Arc<Plan>, at: Timestamp) -> Self {
        let by = before.map_or(at + TimeDelta::from_millis(LETTERS_MS), |before| before.by);
        Self { plan, by }
    }

    /// Whether it can be shown with what is on `board`.
    #[must_use]
    pub fn is_ready(&self, board: &Board, at: Timestamp) -> bool {
        let is_drawn = |wanted: &Wanted| board.has(wanted.id, wanted.version);
        at >= self.by || self.plan.on_program().all(is_drawn)
    }
}

/// A stinger as it is seen.
#[derive(Clone, Copy)]
struct Sting {
    /// Which one: when its transition began.
    of: Timestamp,
    /// Its first picture was shown then.
    began: Option<Timestamp>,
}

/// What program is drawn with.
pub struct Screen {
    size: (u32, u32),
    program: Easel,
    /// For the scene that goes.
    leaving: Easel,
    /// For what a transition makes of both.
    over: Easel,
    /// The newest graphics.
    pub board: Arc<Board>,
    /// The last picture.
    last: Option<VideoFrame>,
    /// What was seen when a transition began in another, and which one that is.
    held: Option<(Timestamp, VideoFrame)>,
    sting: Option<Sting>,
}

impl Screen {
    /// Pictures of `size`, drawn in `pool`; what is only a part of them, in `parts`.
    #[must_use]
    pub fn new(size: (u32, u32), pool: &FramePool, parts: &FramePool) -> Self {
        Self {
            size,
            program: Easel::new(size, pool.clone()),
            leaving: Easel::new(size, parts.clone()),
            over: Easel::new(size, pool.clone()),
            board: Arc::default(),
            last: None,
            held: None,
            sting: None,
        }
    }

    /// At `at` the plan `new` takes the place of `old`.
    pub fn change(&mut self, old: &Plan, new: &Plan, at: Timestamp) {
        let start = new.fade.as_ref().map(|fade| fade.start);
        let is_other = start != old.fade.as_ref().map(|fade| fade.start);
        if let Some(start) = start.filter(|_| is_other) {
            let is_inside = old.fade_at(at).is_some();
            self.held = self.last.take().filter(|_| is_inside).map(|last| (start, last));
        }
    }

    /// The program picture of `plan`. `is_here` says of a source whether its picture is its own, and not a slate.
    pub fn picture(
        &mut self,
        plan: &Plan,
        frames: &[Option<VideoFrame>],
        is_here: &dyn Fn(usize) -> bool,
        at: Timestamp,
    ) -> VideoFrame {
        let board = Arc::clone(&self.board);
        let paints = Paints {
            frames,
            board: &board,
            size: self.size,
        };
        let Some((fade, share)) = plan.fade_at(at) else {
            self.held = None;
            self.sting = None;
            self.last = None;
            return self.program.compose(layers(plan, plan.program), paints, at);
        };
        let picture = match fade.kind {
            PlannedKind::Fade => {
                let (old, new) = self.both(plan, fade, paints, at);
                self.over.fade(&old, &new, share, at)
            }
            PlannedKind::Wipe(direction) => {
                let (old, new) = self.both(plan, fade, paints, at);
                self.over.wipe(&old, &new, share, direction, at)
            }
            PlannedKind::Stinger(source, cut_at, matte) => {
                let clip = source.filter(|source| is_here(*source));
                // What is there from before has an older time.
                let clip = clip.and_then(|source| frames.get(source)?.as_ref());
                let clip = clip.filter(|clip| clip.pts >= fade.start);
                let sting = self.sting.filter(|sting| sting.of == fade.start);
                let mut sting = sting.unwrap_or(Sting {
                    of: fade.start,
                    began: None,
                });
                sting.began = sting.began.or_else(|| clip.map(|_| at));
                self.sting = Some(sting);
                let is_new = match sting.began {
                    Some(began) => at - began >= cut_at,
                    None => at - fade.start >= TimeDelta::from_millis(STINGER_WAITS_MS),
                };
                let under = if is_new {
                    self.program.compose(layers(plan, plan.program), paints, at)
                } else {
                    self.old(plan, fade, paints, at)
                };
                match clip {
                    Some(clip) => self.over.sting(&under, clip, matte, at),
                    None => under,
                }
            }
        };
        self.last = Some(picture.clone());
        picture
    }

    /// What goes and what comes.
    fn both(&mut self, plan: &Plan, fade: &PlannedFade, paints: Paints<'_>, at: Timestamp) -> (VideoFrame, VideoFrame) {
        let old = self.old(plan, fade, paints, at);
        (old, self.program.compose(layers(plan, plan.program), paints, at))
    }

    /// What goes.
    fn old(&mut self, plan: &Plan, fade: &PlannedFade, paints: Paints<'_>, at: Timestamp) -> VideoFrame {
        match &self.held {
            Some((of, held)) if *of == fade.start => held.at(at),
            _ => self.leaving.compose(layers(plan, fade.from), paints, at),
        }
    }
}

fn layers(plan: &Plan, scene: usize) -> &[PlannedLayer] {
    plan.scenes.get(scene).map_or(&[], |scene| &scene.layers)
}

#[cfg(test)]
#[path = "screen_tests.rs"]
mod tests;
