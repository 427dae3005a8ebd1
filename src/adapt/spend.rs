//! How an encoder is told what it may cost, whichever rate control the scene file asks for.

use super::base::LineBase;
use super::tier::{Spending, TierPolicy};
use crate::media::{Rate, RateControl};

/// What the tier leaves of what the scene file asks for: the rate while the network limits nothing, and the most that costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowed {
    pub rate: Rate,
    pub ceiling_kbps: u32,
}

/// What a line may spend on a tier.
pub(super) fn allowed(base: &LineBase, tier: &TierPolicy) -> Allowed {
    let share = |kbps: u32| ((f64::from(kbps) * tier.ceiling).round() as u32).max(1);
    let target = share(base.rate.kbps);
    let control = match (tier.spending, base.rate.control) {
        (Some(Spending::Cbr), _) => RateControl::Constant,
        (Some(Spending::Abr), _) => RateControl::Average,
        (Some(Spending::Vbr), _) => {
            let rate = Rate {
                control: RateControl::Capped { max_kbps: target },
                kbps: (target * 4 / 5).max(1),
            };
            return Allowed {
                rate,
                ceiling_kbps: target,
            };
        }
        (None, RateControl::Capped { max_kbps }) => RateControl::Capped {
            max_kbps: share(max_kbps.max(base.rate.kbps)),
        },
        // Constant quality costs what it costs: where a tier says how much, there is a cap.
        (None, RateControl::Quality { .. }) if tier.ceiling < 1.0 => RateControl::Capped { max_kbps: target },
        (None, control) => control,
    };
    let line = LineBase {
        rate: Rate { control, kbps: target },
        ..base.clone()
    };
    Allowed {
        rate: line.rate,
        ceiling_kbps: line.ceiling_kbps(),
    }
}

impl Allowed {
    /// The same within `kbps`, which is what the network carries.
    pub(super) fn within(self, kbps: u32) -> Rate {
        if kbps >= self.ceiling_kbps {
            return self.rate;
        }
        match self.rate.control {
            RateControl::Constant => Rate {
                control: RateControl::Constant,
                kbps,
            },
            // An average over the show may be any multiple of itself just now: a network wants a cap.
            RateControl::Capped { .. } | RateControl::Average => Rate {
                control: RateControl::Capped { max_kbps: kbps },
                kbps: self.rate.kbps.min(kbps),
            },
            RateControl::Quality { .. } => Rate {
                control: RateControl::Capped { max_kbps: kbps },
                kbps,
            },
        }
    }

    /// What the operator holds it at.
    pub(super) fn pinned(self, kbps: u32) -> Rate {
        let control = match self.rate.control {
            RateControl::Capped { .. } => RateControl::Capped { max_kbps: kbps },
            RateControl::Average => RateControl::Average,
            RateControl::Constant | RateControl::Quality { .. } => RateControl::Constant,
        };
        Rate { control, kbps }
    }
}

/// The most that the rate costs over a second or so; `None` where it promises nothing.
pub(super) fn most(rate: Rate) -> Option<u32> {
    match rate.control {
        RateControl::Constant | RateControl::Average => Some(rate.kbps),
        RateControl::Capped { max_kbps } => Some(max_kbps.max(rate.kbps)),
        RateControl::Quality { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(control: RateControl) -> LineBase {
        LineBase::for_tests(Rate { control, kbps: 4000 })
    }

    #[test]
    fn each_rate_control_is_kept_within_what_is_carried() {
        let capped = |max_kbps, kbps| Rate {
            control: RateControl::Capped { max_kbps },
            kbps,
        };
        let constant = |kbps| Rate {
            control: RateControl::Constant,
            kbps,
        };
        for (control, carried, expected) in [
            (RateControl::Constant, 900, constant(900)),
            (RateControl::Capped { max_kbps: 6000 }, 5000, capped(5000, 4000)),
            (RateControl::Capped { max_kbps: 6000 }, 900, capped(900, 900)),
            (RateControl::Average, 900, capped(900, 900)),
            (RateControl::Quality { quantiser: 24 }, 900, capped(900, 900)),
        ] {
            let line = base(control);
            let allowed = allowed(&line, &TierPolicy::default());
            assert_eq!(allowed.within(carried), expected);
            assert_eq!(allowed.within(allowed.ceiling_kbps), line.rate);
            assert!(most(allowed.within(carried)).unwrap() <= carried);
        }
    }

    #[test]
    fn a_tier_takes_its_share() {
        let tier = TierPolicy {
            ceiling: 0.6,
            ..TierPolicy::default()
        };
        assert_eq!(allowed(&base(RateControl::Constant), &tier).rate.kbps, 2400);
        let quality = allowed(&base(RateControl::Quality { quantiser: 24 }), &tier);
        assert_eq!(most(quality.rate), Some(2400));
        let vbr = TierPolicy {
            spending: Some(Spending::Vbr),
            ..tier
        };
        let rate = allowed(&base(RateControl::Constant), &vbr).rate;
        assert_eq!((rate.kbps, most(rate)), (1920, Some(2400)));
    }
}
