//! The picture chain of a source, before the compositor: temporal denoise, sharpen, automatic levels, tone.
//!
//! One [`Enhancer`] per source. It touches nothing where nothing is set, and makes a picture that has not changed once only. What
//! it is told comes from one table, [`PICTURE_PARAMS`].

mod settings;
mod tables;
mod tone;

pub use settings::{AutoLevels, PictureSettings, Sharpen, TemporalDenoise, Tone};
pub use tables::{PICTURE_PARAMS, picture_param};

use crate::media::{FramePool, Plane, VideoFrame};
use tone::{CHROMA_ONE, Curve};

/// The chain of one source.
#[derive(Debug)]
pub struct Enhancer {
    pool: FramePool,
    settings: PictureSettings,
    /// The newest picture as it came, and what was made of it.
    last: Option<(VideoFrame, VideoFrame)>,
}

impl Enhancer {
    /// A chain with everything off, whose pictures come from `pool`.
    #[must_use]
    pub fn new(pool: FramePool) -> Self {
        Self {
            pool,
            settings: PictureSettings::default(),
            last: None,
        }
    }

    /// What is set from the next picture on.
    pub fn set(&mut self, settings: PictureSettings) {
        self.settings = settings.sanitised();
        self.last = None;
    }

    /// What becomes of `frame`. It is the very same picture where there is nothing to do.
    pub fn process(&mut self, frame: &VideoFrame) -> VideoFrame {
        let curve = Curve {
            black: 0.0,
            white: 1.0,
            tone: self.settings.tone,
        };
        if self.settings.is_bypassed || curve.is_straight() {
            self.last = None;
            return frame.clone();
        }
        if let Some((_, made)) = self.last.as_ref().filter(|(from, _)| from.is_same_picture(frame)) {
            return made.at(frame.pts);
        }
        let mut out = self.pool.frame(frame.width(), frame.height());
        let table = curve.table();
        for (out, from) in out.plane_mut(Plane::Y).iter_mut().zip(frame.plane(Plane::Y)) {
            *out = table[usize::from(*from)];
        }
        let gain = curve.chroma_gain();
        for plane in [Plane::U, Plane::V] {
            let (out, from) = (out.plane_mut(plane), frame.plane(plane));
            if gain == CHROMA_ONE {
                out.copy_from_slice(from);
            } else {
                tone::chroma(out, from, gain);
            }
        }
        let made = out.freeze(frame.pts);
        self.last = Some((frame.clone(), made.clone()));
        made
    }
}
