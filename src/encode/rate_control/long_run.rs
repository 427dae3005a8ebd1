//! What average and capped rates go by: one quantiser that spends the target over the long run.

use super::{quantiser_of, step};

/// Seconds of the target that may be left unspent and be spent later.
const ACCOUNT_SECONDS: f64 = 30.0;

/// Seconds over which the account is balanced.
const REPAY_SECONDS: f64 = 10.0;

/// How a mode remembers.
#[derive(Clone, Copy, Debug)]
pub struct Habit {
    /// Seconds after which what was easier than now is forgotten.
    pub rise_seconds: f64,
    /// Seconds after which what was harder than now is.
    pub fall_seconds: f64,
    /// Whether what was not spent may be spent later.
    pub is_saving: bool,
}

/// The account of a show, and how hard it has been.
#[derive(Clone, Copy, Debug, Default)]
pub struct LongRun {
    /// Bits per second at step 1 of the quantiser, once a GOP has been seen.
    mean: Option<f64>,
    /// Bits spent beyond the target.
    account: f64,
    /// Of the GOP that is being coded: its bits at step 1, and its seconds.
    cost: f64,
    seconds: f64,
}

impl LongRun {
    /// Whether it is known how hard the show is.
    pub fn is_known(&self) -> bool {
        self.mean.is_some()
    }

    /// The target has earned so much.
    pub fn earn(&mut self, seconds: f64, target: f64) {
        self.seconds += seconds;
        self.account = (self.account - target * seconds).max(-ACCOUNT_SECONDS * target);
    }

    /// At another target, old accounts do not count for long.
    pub fn set_target(&mut self, target: f64) {
        self.account = self.account.clamp(-target, target);
    }

    /// A GOP begins. Before it is coded, since its IDR would count twice where GOPs are cut short.
    pub fn begin_gop(&mut self, habit: &Habit) {
        if self.seconds < 0.2 {
            return;
        }
        let cost = self.cost / self.seconds;
        self.mean = Some(match self.mean {
            None => cost,
            Some(mean) => {
                let memory = if cost > mean {
                    habit.rise_seconds
                } else {
                    habit.fall_seconds
                };
                mean + (cost - mean) * (self.seconds / memory).min(1.0)
            }
        });
        (self.cost, self.seconds) = (0.0, 0.0);
        if !habit.is_saving {
            self.account = self.account.max(0.0);
        }
    }

    /// A picture has cost so much.
    pub fn spend(&mut self, bits: f64, quantiser: f64) {
        self.account += bits;
        self.cost += bits * step(quantiser);
    }

    /// The quantiser that spends `target` bits per second on what the show has been like, and balances the account. `None`
    /// before that is known.
    pub fn quantiser(&self, target: f64) -> Option<f64> {
        let correction = (1.0 - self.account / (REPAY_SECONDS * target)).clamp(0.4, 1.6);
        self.mean.map(|mean| quantiser_of(mean / (target * correction)))
    }
}
