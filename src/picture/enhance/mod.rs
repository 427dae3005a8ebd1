//! The picture chain of a source, before the compositor: temporal denoise, sharpen, automatic levels, tone.
//!
//! One [`Enhancer`] per source. It touches nothing where nothing is set, and makes a picture that has not changed once only. What
//! it is told comes from one table, [`PICTURE_PARAMS`]. A picture is read once and written once: each row goes through the whole
//! chain while it is in the cache.

mod denoise;
mod levels;
mod settings;
mod sharpen;
mod tables;
mod tone;

pub use settings::{AutoLevels, PictureSettings, Sharpen, TemporalDenoise, Tone};
pub use tables::{PICTURE_PARAMS, picture_param};

use crate::media::{FramePool, Plane, TimeDelta, Timestamp, VideoFrame};
use denoise::{PlaneDenoiser, Threshold};
use levels::{Ends, Levels};
use sharpen::{Amount, Sharpener};
use tone::{CHROMA_ONE, Curve};

/// How often, in ms, a picture that stands still is made anew while its levels are on their way.
const STILL_EVERY_MS: i64 = 100;

/// The chain of one source.
#[derive(Debug)]
pub struct Enhancer {
    pool: FramePool,
    settings: PictureSettings,
    /// The newest picture as it came, what was made of it, and when.
    last: Option<Made>,
    has_shown: bool,
    levels: Levels,
    /// Y, U, V.
    denoisers: [PlaneDenoiser; 3],
    sharpener: Sharpener,
    /// Three rows of luma on their way; row `y` is in place `y % 3`.
    rows: [Vec<u8>; 3],
    curve: Curve,
    table: [u8; 256],
}

#[derive(Debug)]
struct Made {
    from: VideoFrame,
    picture: VideoFrame,
    at: Timestamp,
}

impl Enhancer {
    /// A chain with everything off, whose pictures come from `pool`.
    #[must_use]
    pub fn new(pool: FramePool) -> Self {
        let curve = Curve::STRAIGHT;
        Self {
            pool,
            settings: PictureSettings::default(),
            last: None,
            has_shown: false,
            levels: Levels::default(),
            denoisers: Default::default(),
            sharpener: Sharpener::default(),
            rows: Default::default(),
            curve,
            table: curve.table(),
        }
    }

    /// What is set from the next picture on. What is out of range is brought into it.
    pub fn set(&mut self, settings: PictureSettings) {
        let settings = settings.sanitised();
        if settings.is_bypassed || !settings.denoise.is_on {
            for denoiser in &mut self.denoisers {
                denoiser.forget();
            }
        }
        if settings.is_bypassed || !settings.levels.is_on {
            self.levels.forget();
        }
        self.settings = settings;
        self.last = None;
    }

    /// What becomes of `frame`, the newest picture of the source, for the program's picture at `at`: the very same where there is
    /// nothing to do, and the one made before where it is the same as before.
    pub fn process(&mut self, frame: &VideoFrame, at: Timestamp) -> VideoFrame {
        let is_first = !std::mem::replace(&mut self.has_shown, true);
        if self.settings.is_idle() {
            return frame.clone();
        }
        if let Some(made) = &self.last
            && made.from.is_same_picture(frame)
            && !(self.levels.is_moving() && at - made.at >= TimeDelta::from_millis(STILL_EVERY_MS))
        {
            return made.picture.at(frame.pts);
        }
        let ends = if self.settings.levels.is_on {
            self.levels.follow(frame, at, &self.settings.levels, is_first)
        } else {
            Ends::AS_IS
        };
        let curve = Curve::new(ends, self.settings.tone);
        if curve != self.curve {
            self.curve = curve;
            self.table = curve.table();
        }
        let picture = self.make(frame);
        self.last = Some(Made {
            from: frame.clone(),
            picture: picture.clone(),
            at,
        });
        picture
    }

    fn make(&mut self, frame: &VideoFrame) -> VideoFrame {
        let mut out = self.pool.frame(frame.width(), frame.height());
        let denoise = self.settings.denoise;
        let threshold = denoise.is_on.then(|| Threshold::new(denoise.percent));
        self.luma(out.plane_mut(Plane::Y), frame, threshold);
        for (denoiser, plane) in self.denoisers[1..].iter_mut().zip([Plane::U, Plane::V]) {
            let (from, width) = (frame.plane(plane), frame.stride(plane));
            let gain = self.curve.chroma_gain();
            denoiser.begin(width, frame.rows(plane));
            for (y, out) in out.plane_mut(plane).chunks_exact_mut(width).enumerate() {
                match threshold {
                    Some(threshold) => denoiser.row(from, y, threshold, out),
                    None => out.copy_from_slice(&from[y * width..][..width]),
                }
                if gain != CHROMA_ONE {
                    tone::chroma(out, gain);
                }
            }
            denoiser.end();
        }
        out.freeze(frame.pts)
    }

    /// Each row is denoised, then, when the one below it is there too, sharpened and toned.
    fn luma(&mut self, out: &mut [u8], frame: &VideoFrame, threshold: Option<Threshold>) {
        let (from, width, height) = (frame.plane(Plane::Y), frame.stride(Plane::Y), frame.rows(Plane::Y));
        let sharpen = self.settings.sharpen;
        let amount = sharpen.is_on.then(|| Amount::new(sharpen.percent, sharpen.floor));
        for row in &mut self.rows {
            row.resize(width, 0);
        }
        self.denoisers[0].begin(width, height);
        for y in 0..=height {
            if y < height {
                let row = &mut self.rows[y % 3];
                match threshold {
                    Some(threshold) => self.denoisers[0].row(from, y, threshold, row),
                    None => row.copy_from_slice(&from[y * width..][..width]),
                }
            }
            let Some(done) = y.checked_sub(1) else { continue };
            let out = &mut out[done * width..][..width];
            let [above, here, below] = [done.saturating_sub(1), done, y.min(height - 1)].map(|y| &self.rows[y % 3]);
            match amount {
                Some(amount) => self.sharpener.row(out, above, here, below, amount),
                None => out.copy_from_slice(here),
            }
            if !self.curve.is_straight() {
                for luma in out {
                    *luma = self.table[usize::from(*luma)];
                }
            }
        }
        self.denoisers[0].end();
    }
}
