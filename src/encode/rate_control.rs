//! Which quantiser each picture is coded with, so that the bits come out as a [`Rate`] says.
//!
//! The codec library has rate controls of its own, which take some fifty pictures to obey a live change. On a network that
//! has just become five times slower those are two seconds of picture in a queue. Here the quantiser of every picture is
//! chosen before it is coded, from a model of what it will cost, so the first picture after a change already obeys.
//!
//! - **The model.** Bits are inversely proportional to the step of the quantiser, which doubles every 6 (H.264 §8.5.9), and
//!   proportional to a weight that is learnt from what the last pictures have really cost: one for pictures that are
//!   predicted, one for those that are not.
//! - **The debt** is what was spent beyond what the target has earned until now: a virtual buffer (VBV) that the target
//!   drains. It stays within [`BUFFER_SECONDS`].
//! - **An IDR** is several times as large as the pictures between. Its cost is saved up for before it and paid off after
//!   it, evenly, so that any second that contains one costs about what any other does. It is coded a little finer than the
//!   rest, which refer to it, but never so fine that it would fill more than its share of the buffer.
//! - **Down at once, up in steps.** A coarser quantiser than the last picture's costs even less than the model says, as
//!   much is still right from the picture before. A finer one costs more: it has to make good what the reference lacks.
//!   So the quantiser rises as far as it must, and falls by at most [`LARGEST_FALL`] from picture to picture.
//!
//! Pure logic: no clock, no library, the same decisions for the same pictures.

mod long_run;
mod look;
mod model;

pub use look::Look;
pub(super) use model::Hint;

use long_run::{Habit, LongRun};
use model::Model;

use crate::media::{FrameRate, Rate, RateControl, TimeDelta, Timestamp};

/// No coarser quantiser exists.
const COARSEST: f64 = 51.0;

/// The finest quantiser of the modes that have a target: finer ones cost bits that nobody sees.
const FINEST: f64 = 20.0;

/// The finest of capped VBR, which leaves bits unused rather than spend them on what is good already.
const FINEST_CAPPED: f64 = 23.0;

/// Seconds of the target that may be owed.
const BUFFER_SECONDS: f64 = 0.5;

/// Seconds of the target that may be saved: what easy pictures leave beyond that is not spent in a burst later.
const SAVED_SECONDS: f64 = 0.15;

/// Seconds of the target that one IDR may cost, and its share of the pictures' of a whole GOP.
const IDR_SECONDS: f64 = 0.2;
const IDR_SHARE: f64 = 0.3;

/// How much finer than the pictures that refer to it an IDR is.
const IDR_FINER: f64 = 2.0;

/// Seconds over which a debt is paid off.
const REPAY_SECONDS: f64 = 0.3;

/// The most that the quantiser falls from picture to picture.
const LARGEST_FALL: f64 = 2.0;

/// So many pictures after an IDR it falls by one at most: an IDR is coarser than what came before it, and to make that good
/// at once would cost as much as another.
const AFTER_IDR: f64 = 6.5;

/// An average rate is exceeded by so much at most.
const AVERAGE_PEAK: f64 = 3.0;

/// How far those rates go that look at the long run from the same quantiser for all pictures, 0, to the same bits, 1.
const EVENNESS: f64 = 0.4;

/// So many pictures after a drop of the rate aim lower: nobody knows yet what so much coarser ones cost.
const CAUTIOUS: u32 = 3;

/// What is to be coded, and what is known of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Picture {
    /// When it is shown.
    pub pts: Timestamp,
    /// Whether it refers to nothing.
    pub is_idr: bool,
    /// How hard it is.
    pub hint: Hint,
}

/// What a picture was told, until it is known what it cost.
#[derive(Clone, Copy, Debug)]
struct Choice {
    picture: Picture,
    quantiser: u8,
}

/// Chooses quantisers: [`quantiser`](Self::quantiser) before a picture is coded, [`coded`](Self::coded) after it.
#[derive(Debug)]
pub(super) struct RateController {
    rate: Rate,
    frame_rate: FrameRate,
    gop_seconds: f64,
    model: Model,
    /// Bits spent beyond those earned at [`Self::limit`], negative where some are saved.
    debt: f64,
    /// What an IDR costs beyond a picture's share, as the last ones did.
    idr_extra: f64,
    last: Option<(Timestamp, f64)>,
    last_idr: Option<Timestamp>,
    choice: Option<Choice>,
    long: LongRun,
    /// Pictures yet that must not cost their share, as what they cost is guessed.
    cautious: u32,
}

/// The size of the quantiser's step (Table 8-15 and §8.5.9: it doubles every 6), 1 at 4.
fn step(quantiser: f64) -> f64 {
    ((quantiser - 4.0) / 6.0).exp2()
}

/// The quantiser with that step.
fn quantiser_of(step: f64) -> f64 {
    6.0 * step.max(f64::MIN_POSITIVE).log2() + 4.0
}

impl RateController {
    /// For pictures of so many `pixels`, with an IDR every `gop`.
    pub(super) fn new(rate: Rate, frame_rate: FrameRate, gop: TimeDelta, pixels: u32) -> Self {
        Self {
            rate,
            frame_rate,
            gop_seconds: gop.as_secs_f64().max(0.05),
            model: Model::new(f64::from(pixels.max(256))),
            debt: 0.0,
            idr_extra: 0.0,
            last: None,
            last_idr: None,
            choice: None,
            long: LongRun::default(),
            cautious: 0,
        }
    }

    pub(super) fn rate(&self) -> Rate {
        self.rate
    }

    /// From the next picture on. What was owed at the old rate is owed at the new one as far as its buffer goes: the rest
    /// is with those who asked for the change.
    pub(super) fn set_rate(&mut self, rate: Rate) {
        let before = self.limit();
        self.rate = rate;
        let after = self.limit();
        if after < 0.9 * before {
            self.cautious = CAUTIOUS;
        }
        self.idr_extra *= after / before;
        self.debt = self.debt.clamp(-SAVED_SECONDS * after, 0.5 * BUFFER_SECONDS * after);
        self.long.set_target(self.target());
    }

    /// From the next picture on.
    pub(super) fn set_frame_rate(&mut self, rate: FrameRate) {
        self.frame_rate = rate;
    }

    /// What is never exceeded for long, in bits per second. Until it is known how hard the show is, the target.
    fn limit(&self) -> f64 {
        let most = match self.rate.control {
            RateControl::Capped { max_kbps } if self.long.is_known() => f64::from(max_kbps.max(self.rate.kbps)),
            RateControl::Average if self.long.is_known() => AVERAGE_PEAK * f64::from(self.rate.kbps),
            _ => f64::from(self.rate.kbps),
        };
        most * 1000.0
    }

    fn target(&self) -> f64 {
        f64::from(self.rate.kbps) * 1000.0
    }

    /// Pictures per second.
    fn fps(&self) -> f64 {
        self.frame_rate.as_f64()
    }

    /// The quantiser for `picture`, which is coded next.
    pub(super) fn quantiser(&mut self, picture: Picture) -> u8 {
        self.earn(picture.pts);
        if picture.is_idr {
            self.long.begin_gop(&self.habit());
        }
        let wanted = match self.rate.control {
            RateControl::Quality { quantiser } => f64::from(quantiser),
            RateControl::Constant => self.bounded(&picture).max(FINEST),
            RateControl::Capped { .. } => self.steady(&picture).max(self.bounded(&picture)).max(FINEST_CAPPED),
            RateControl::Average => self.steady(&picture).max(self.bounded(&picture)).max(FINEST),
        };
        let quantiser = wanted.round().clamp(0.0, COARSEST) as u8;
        if picture.is_idr {
            self.last_idr = Some(picture.pts);
        }
        self.choice = Some(Choice { picture, quantiser });
        quantiser
    }

    /// The target earns while time passes: as much as a picture's share where pictures come in time, more where some were
    /// left out, but never for a long absence.
    fn earn(&mut self, pts: Timestamp) {
        let frame = 1.0 / self.fps();
        let seconds = match self.last {
            Some((last, _)) if pts > last => (pts - last).as_secs_f64().min(4.0 * frame),
            _ => frame,
        };
        self.debt = (self.debt - self.limit() * seconds).max(-SAVED_SECONDS * self.limit());
        self.long.earn(seconds, self.target());
    }

    fn habit(&self) -> Habit {
        match self.rate.control {
            // What was hard may be hard again soon: what is easy now must not be made expensive meanwhile.
            RateControl::Capped { .. } => Habit {
                rise_seconds: 10.0,
                fall_seconds: 60.0,
                is_saving: false,
            },
            _ => Habit {
                rise_seconds: 10.0,
                fall_seconds: 10.0,
                is_saving: true,
            },
        }
    }

    /// The quantiser that keeps within the buffer.
    fn bounded(&self, picture: &Picture) -> f64 {
        let share = self.limit() / self.fps();
        if picture.is_idr {
            let most = self.limit() * IDR_SECONDS.min(IDR_SHARE * self.gop_seconds);
            let room = (BUFFER_SECONDS * self.limit() - self.debt - share).max(share);
            let fits = self.model.quantiser(true, &picture.hint, most.min(room));
            let Some((_, _)) = self.last else { return fits };
            let usual = Hint {
                fresh: 0.0,
                ..picture.hint
            };
            return fits.max(self.model.quantiser(false, &usual, share) - IDR_FINER);
        }
        let wanted = self.model.quantiser(false, &picture.hint, self.allowance(picture.pts));
        let finest = self
            .last
            .map_or(0.0, |(_, quantiser)| quantiser - self.largest_fall(picture.pts));
        wanted.max(finest)
    }

    /// How much finer than the last picture one at `pts` may be.
    fn largest_fall(&self, pts: Timestamp) -> f64 {
        let since = self
            .last_idr
            .map_or(f64::MAX, |idr| (pts - idr).as_secs_f64() * self.fps());
        if since < AFTER_IDR { 1.0 } else { LARGEST_FALL }
    }

    /// Bits for a picture that is no IDR, so that the debt goes on its straight way from one IDR to the next.
    fn allowance(&self, pts: Timestamp) -> f64 {
        let share = self.limit() / self.fps();
        let pictures = (self.gop_seconds * self.fps()).max(2.0);
        let into_gop = self
            .last_idr
            .map_or(0.0, |idr| (pts - idr).as_secs_f64() / self.gop_seconds)
            .clamp(0.0, 1.0);
        // Half of an IDR is saved for before it, half of it paid off after it.
        let way = self.idr_extra.min(SAVED_SECONDS * self.limit()) * (0.5 - into_gop);
        let surplus = self.debt + share - way;
        let bits = share - self.idr_extra / pictures - surplus / (REPAY_SECONDS * self.fps()).max(1.0);
        let caution = if self.cautious > 0 { 0.7 } else { 1.0 };
        caution * bits.clamp(0.2 * share, 1.5 * share)
    }

    /// The quantiser that spends the target over the long run, part of the way to what this picture would need to cost no
    /// more than any other: what is too hard for the eye to follow need not be as fine as the rest.
    fn steady(&self, picture: &Picture) -> f64 {
        let Some(quantiser) = self.long.quantiser(self.target()) else {
            return 0.0;
        };
        let usual = Hint {
            fresh: 0.0,
            ..picture.hint
        };
        let even = self
            .model
            .quantiser(false, &usual, self.target() / self.fps())
            .clamp(FINEST, COARSEST);
        let finer = if picture.is_idr { IDR_FINER } else { 0.0 };
        quantiser + EVENNESS * (even - quantiser) - finer
    }

    /// What the picture of the last choice has cost. One that was left out is not told.
    pub(super) fn coded(&mut self, bits: u64) {
        let Some(Choice { picture, quantiser }) = self.choice.take() else {
            return;
        };
        let bits = bits as f64;
        let quantiser = f64::from(quantiser);
        self.debt += bits;
        self.cautious = self.cautious.saturating_sub(1);
        self.last = Some((picture.pts, quantiser));
        self.model.learn(picture.is_idr, &picture.hint, quantiser, bits);
        self.long.spend(bits, quantiser);
        let share = self.limit() / self.fps();
        if picture.is_idr {
            let extra = (bits - share).max(0.0);
            self.idr_extra = if self.idr_extra > 0.0 {
                0.5 * (self.idr_extra + extra)
            } else {
                extra
            };
        }
    }
}

#[cfg(test)]
mod tests;
