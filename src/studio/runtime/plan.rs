//! What the compositor is to show, with every name already turned into a number.

use super::air::{self, Levels};
use crate::media::{TimeDelta, Timestamp, VideoFrame};
use crate::picture::{Compositor, Crop, Fit, Layer, Rect};
use crate::scene::{MAX_ITEMS, Shown};
use crate::studio::model::Studio;

/// All scenes, and which of them are on program and preview.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In the model's order.
    pub scenes: Vec<Vec<PlannedItem>>,
    /// The scene on program.
    pub program: usize,
    /// The scene on preview.
    pub preview: usize,
    /// The scene that goes, when its fade began, and how long that takes.
    pub fade: Option<(usize, Timestamp, TimeDelta)>,
    /// The occlusion levels of the pictures that are made by this plan.
    pub levels: Levels,
}

/// One item of a scene.
#[derive(Clone, Copy, Debug)]
pub struct PlannedItem {
    /// The source's number.
    pub source: usize,
    /// Where it is, in program pixels.
    pub target: Rect,
    /// How it fills that.
    pub fit: Fit,
    /// What is cut off.
    pub crop: Crop,
    /// 0 to 1.
    pub opacity: f32,
}

impl Plan {
    /// The plan of `studio`. Names are checked when a scene file is loaded; one that is unknown all the same shows nothing.
    #[must_use]
    pub fn new(studio: &Studio) -> Self {
        let source = |name: &str| studio.sources.iter().position(|source| source.name == name);
        let scene = |name: &str| {
            studio
                .scenes
                .iter()
                .position(|scene| scene.name == name)
                .unwrap_or_default()
        };
        let planned = studio.scenes.iter().map(|scene| {
            let items = scene.items.iter().filter_map(|item| {
                let Shown::Source(name) = &item.what else { return None };
                let source = source(name).filter(|_| !item.is_hidden)?;
                let (target, fit, crop, opacity) = (item.target, item.fit, item.crop, item.opacity);
                Some(PlannedItem {
                    source,
                    target,
                    fit,
                    crop,
                    opacity,
                })
            });
            items.collect()
        });
        Self {
            scenes: planned.collect(),
            program: scene(&studio.program),
            preview: scene(&studio.preview),
            fade: studio
                .fade
                .as_ref()
                .map(|fade| (scene(&fade.from), fade.start, fade.duration)),
            levels: air::levels(studio, studio.occlusion_level()),
        }
    }

    /// The scene that is going at `at` and how far the fade away from it has come, 0 to 1.
    #[must_use]
    pub fn fade_at(&self, at: Timestamp) -> Option<(usize, f32)> {
        let (from, start, duration) = self.fade?;
        let share = (at - start).ratio(duration) as f32;
        (share < 1.0).then(|| (from, share.max(0.0)))
    }
}

/// A compositor together with the list of layers that it is given each time.
pub struct SceneStage {
    compositor: Compositor,
}

impl SceneStage {
    /// A stage that composites with `compositor`.
    #[must_use]
    pub fn new(compositor: Compositor) -> Self {
        Self { compositor }
    }

    /// The picture of scene number `scene`.
    pub fn compose(&mut self, plan: &Plan, scene: usize, frames: &[Option<VideoFrame>], at: Timestamp) -> VideoFrame {
        self.compose_scaled(plan, scene, frames, at, 1.0, 1.0)
    }

    /// The same on a stage of another size than the program's: `x` and `y` say how much of it.
    pub fn compose_scaled(
        &mut self,
        plan: &Plan,
        scene: usize,
        frames: &[Option<VideoFrame>],
        at: Timestamp,
        x: f64,
        y: f64,
    ) -> VideoFrame {
        let items = plan.scenes.get(scene).map(Vec::as_slice).unwrap_or_default();
        let layers = items.iter().filter_map(|item| {
            let frame = frames.get(item.source)?.as_ref()?;
            let target = scaled(item.target, x, y);
            Some(Layer {
                frame,
                target,
                fit: item.fit,
                crop: item.crop,
                opacity: item.opacity,
                ..Layer::new(frame, target)
            })
        });
        // A scene has a handful of items: a list on the stack for all that real scenes have, without allocation.
        let mut buffer = [const { None::<Layer<'_>> }; MAX_ITEMS];
        let mut count = 0;
        for layer in layers.take(MAX_ITEMS) {
            buffer[count] = Some(layer);
            count += 1;
        }
        let Some(first) = buffer[0] else {
            return self.compositor.compose(&[], at);
        };
        let list = buffer.map(|layer| layer.unwrap_or(first));
        self.compositor.compose(&list[..count], at)
    }

    /// A mix of two pictures of this stage's size.
    pub fn fade(&mut self, from: &VideoFrame, to: &VideoFrame, share: f32, at: Timestamp) -> VideoFrame {
        self.compositor.fade(from, to, share, at)
    }
}

fn scaled(rect: Rect, x: f64, y: f64) -> Rect {
    let scale = |value: i32, by: f64| (f64::from(value) * by).round() as i32;
    Rect {
        x: scale(rect.x, x),
        y: scale(rect.y, y),
        width: scale(rect.width, x).max(1),
        height: scale(rect.height, y).max(1),
    }
}
