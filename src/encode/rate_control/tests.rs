//! Rate control against an encoder that is a formula.

use super::*;
use proptest::prelude::*;

const FPS: FrameRate = FrameRate::whole(30);

/// What a picture costs: so many bits at a quantiser of 30, and how fast they fall.
#[derive(Clone, Copy, Debug)]
struct Stuff {
    intra: f64,
    inter: f64,
    slope: f64,
}

/// Neither easy nor hard.
const USUAL: Stuff = Stuff {
    intra: 300_000.0,
    inter: 60_000.0,
    slope: 0.14,
};

struct Rig {
    control: RateController,
    frame_rate: FrameRate,
    index: i64,
    now: Timestamp,
    seed: u64,
    bits: Vec<f64>,
    quantisers: Vec<u8>,
}

impl Rig {
    fn new(control: RateControl, kbps: u32) -> Self {
        let rate = Rate { control, kbps };
        Self {
            control: RateController::new(rate, FPS, TimeDelta::from_millis(2000), 1280 * 720),
            frame_rate: FPS,
            index: 0,
            now: Timestamp::ZERO,
            seed: 1,
            bits: Vec::new(),
            quantisers: Vec::new(),
        }
    }

    /// From -1 to 1.
    fn noise(&mut self) -> f64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 40) as f64 / f64::from(1 << 23) - 1.0
    }

    /// An IDR every two seconds at 30 pictures per second.
    fn pictures(&mut self, count: usize, stuff: Stuff) {
        for _ in 0..count {
            let is_idr = self.index % 60 == 0;
            let picture = Picture {
                pts: self.now,
                is_idr,
                hint: Hint::NONE,
            };
            let quantiser = self.control.quantiser(picture);
            let at_30 = if is_idr { stuff.intra } else { stuff.inter };
            let noise = 1.0 + 0.15 * self.noise();
            let bits = at_30 * noise * (-stuff.slope * (f64::from(quantiser) - 30.0)).exp() + 200.0;
            self.control.coded(bits as u64);
            self.bits.push(bits);
            self.quantisers.push(quantiser);
            self.index += 1;
            self.now += self.frame_rate.frame_duration();
        }
    }

    /// kbit/s of the least and the most expensive second from picture `from` on.
    fn seconds(&self, from: usize) -> (f64, f64) {
        let fps = self.frame_rate.as_f64() as usize;
        let sums = self.bits[from..]
            .windows(fps)
            .map(|second| second.iter().sum::<f64>() / 1000.0);
        sums.fold((f64::MAX, 0.0), |(low, high), sum| (sum.min(low), sum.max(high)))
    }

    fn mean(&self, from: usize) -> f64 {
        let bits = &self.bits[from..];
        bits.iter().sum::<f64>() / bits.len() as f64 * self.frame_rate.as_f64() / 1000.0
    }
}

#[test]
fn a_constant_rate_holds_every_second() {
    for kbps in [600, 1500, 4500] {
        for slope in [0.1, 0.14, 0.25] {
            let mut rig = Rig::new(RateControl::Constant, kbps);
            rig.pictures(600, Stuff { slope, ..USUAL });
            let (low, high) = rig.seconds(60);
            let target = f64::from(kbps);
            // A step of the quantiser is up to a quarter of the bits.
            let slack = if slope > 0.2 { 0.22 } else { 0.17 };
            assert!(
                low > (1.0 - slack) * target && high < (1.0 + slack) * target,
                "{kbps} {slope}: {low:.0} to {high:.0}"
            );
            let mean = rig.mean(0);
            assert!((0.97..1.03).contains(&(mean / target)), "{kbps} {slope}: {mean:.0}");
        }
    }
}

#[test]
fn a_drop_is_obeyed_by_the_next_pictures() {
    for phase in [0, 1, 30, 59] {
        let mut rig = Rig::new(RateControl::Constant, 4500);
        rig.pictures(240 + phase, USUAL);
        rig.control.set_rate(rig.control.rate().at(900));
        rig.pictures(60, USUAL);
        let budget = 900_000.0 / 30.0;
        let after = &rig.bits[240 + phase..];
        // The next picture may be an IDR, which has its own limit.
        let idr = (IDR_SECONDS + 0.05) * 900_000.0;
        for (index, bits) in after.iter().enumerate() {
            let most = if (240 + phase + index) % 60 == 0 {
                idr
            } else {
                2.0 * budget
            };
            assert!(*bits < most, "{phase}: picture {index} after the drop costs {bits:.0}");
        }
        let first = after[..15].iter().sum::<f64>() / 15.0;
        assert!(first < 1.2 * budget + idr / 15.0, "{phase}: {first:.0}");
    }
}

#[test]
fn a_raise_is_used_within_a_second() {
    let mut rig = Rig::new(RateControl::Constant, 900);
    rig.pictures(270, USUAL);
    rig.control.set_rate(rig.control.rate().at(4500));
    rig.pictures(45, USUAL);
    let budget = 4_500_000.0 / 30.0;
    let first = rig.bits[270..285].iter().sum::<f64>() / 15.0;
    assert!(first > 0.5 * budget, "{first:.0} of {budget:.0}");
    assert!(rig.bits[285..300].iter().sum::<f64>() / 15.0 > 0.85 * budget);
}

#[test]
fn fewer_pictures_are_worth_more_each() {
    let mut rig = Rig::new(RateControl::Constant, 1500);
    rig.pictures(240, USUAL);
    rig.frame_rate = FrameRate::whole(15);
    rig.control.set_frame_rate(rig.frame_rate);
    rig.pictures(60, USUAL);
    let budget = 1_500_000.0 / 15.0;
    let most = rig.bits[241..].iter().copied().fold(0.0, f64::max);
    assert!(most < 2.0 * budget, "no burst: {most:.0} of {budget:.0}");
    assert!(rig.mean(255) > 0.9 * 1500.0, "{:.0}", rig.mean(255));
}

#[test]
fn easy_pictures_are_not_blown_up_and_save_no_burst() {
    let easy = Stuff {
        intra: 20_000.0,
        inter: 500.0,
        slope: 0.1,
    };
    let mut rig = Rig::new(RateControl::Constant, 4500);
    rig.pictures(300, easy);
    assert!(
        rig.quantisers[60..]
            .iter()
            .all(|quantiser| f64::from(*quantiser) == FINEST)
    );
    rig.pictures(300, USUAL);
    let (_, high) = rig.seconds(330);
    assert!(high < 1.15 * 4500.0, "{high:.0}");
}

#[test]
fn quality_is_the_same_quantiser_whatever_it_costs() {
    let mut rig = Rig::new(RateControl::Quality { quantiser: 27 }, 100);
    rig.pictures(200, USUAL);
    assert!(rig.quantisers.iter().all(|quantiser| *quantiser == 27));
}

/// Four GOPs easy, two hard, and again.
fn by_turns(rig: &mut Rig) {
    let hard = Stuff {
        intra: 900_000.0,
        inter: 240_000.0,
        ..USUAL
    };
    for _ in 0..10 {
        rig.pictures(240, USUAL);
        rig.pictures(120, hard);
    }
}

#[test]
fn a_cap_lets_hard_pictures_cost_more_than_easy_ones_but_no_more_than_it() {
    let mut rig = Rig::new(RateControl::Capped { max_kbps: 3000 }, 1500);
    by_turns(&mut rig);
    let (low, high) = rig.seconds(360);
    assert!(low < 1300.0, "easy ones cost less: {low:.0}");
    assert!((1800.0..3300.0).contains(&high), "hard ones cost more: {high:.0}");
    assert!(rig.mean(360) < 1.05 * 1500.0, "{:.0}", rig.mean(360));
}

#[test]
fn an_average_holds_over_the_show() {
    let mut rig = Rig::new(RateControl::Average, 1500);
    by_turns(&mut rig);
    let (low, high) = rig.seconds(360);
    assert!(low < 1300.0 && high > 1900.0, "{low:.0} to {high:.0}");
    let mean = rig.mean(360);
    assert!((0.93..1.07).contains(&(mean / 1500.0)), "{mean:.0}");
}

fn any_rate() -> impl Strategy<Value = Rate> {
    let control = prop_oneof![
        Just(RateControl::Constant),
        (1u32..200_000).prop_map(|max_kbps| RateControl::Capped { max_kbps }),
        Just(RateControl::Average),
        (10u8..=51).prop_map(|quantiser| RateControl::Quality { quantiser }),
    ];
    (control, 1u32..100_000).prop_map(|(control, kbps)| Rate { control, kbps })
}

proptest! {
    #[test]
    fn whatever_comes_a_quantiser_exists(
        rates in proptest::collection::vec(any_rate(), 1..4),
        pictures in proptest::collection::vec(
            (-50i64..500, any::<bool>(), 0.0f64..300.0, 0.0f64..300.0, 0.0f64..300.0, 0u64..20_000_000), 1..200),
    ) {
        let mut control = RateController::new(rates[0], FPS, TimeDelta::from_millis(2000), 64);
        let mut now = Timestamp::ZERO;
        for (index, (wait, is_idr, intra, inter, fresh, bits)) in pictures.into_iter().enumerate() {
            control.set_rate(rates[index % rates.len()]);
            now += TimeDelta::from_millis(wait);
            let hint = Hint { intra, inter, fresh };
            let quantiser = control.quantiser(Picture { pts: now, is_idr, hint });
            prop_assert!((10..=51).contains(&quantiser), "{quantiser}");
            // Now and then one is left out.
            if bits % 7 != 0 {
                control.coded(bits);
            }
        }
    }

    /// However the stuff changes, what is owed is not forgotten: the buffer bounds what is spent beyond the target.
    #[test]
    fn a_constant_rate_is_kept_whatever_is_shown(
        kbps in 300u32..8000,
        scenes in proptest::collection::vec((2e4f64..6e5, 1e3f64..2e5, 0.1f64..0.3, 5usize..120), 1..8),
    ) {
        let mut rig = Rig::new(RateControl::Constant, kbps);
        for (intra, inter, slope, count) in scenes {
            rig.pictures(count, Stuff { intra, inter: inter.min(intra), slope });
        }
        let target = f64::from(kbps) * 1000.0;
        let worst = rig.bits.iter().copied().fold(0.0, f64::max);
        let can_be_met = rig.quantisers.iter().all(|quantiser| *quantiser < 51);
        let seconds = rig.bits.len() as f64 / 30.0;
        let spent: f64 = rig.bits.iter().sum();
        prop_assert!(!can_be_met || spent < target * (seconds + BUFFER_SECONDS) + 3.0 * worst, "{spent:.0} in {seconds:.1} s");
    }
}
