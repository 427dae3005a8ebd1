//! What a picture will cost, by its quantiser.
//!
//! Over a wide range bits are inversely proportional to the step of the quantiser, which doubles every 6 (H.264 §8.5.9).
//! Near the quantiser at which grain vanishes they fall much faster, and nobody says where that is. So each curve is a
//! straight line in the logarithm of the bits, laid through what the last pictures have cost, with a slope that is learnt
//! as well: where it is steep, the same wish for fewer bits moves the quantiser less.

/// How hard a picture is: cost per pixel, in units that only have to stay the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hint {
    /// Of the whole picture, coded from nothing.
    pub intra: f64,
    /// Of what can be predicted from the picture before.
    pub inter: f64,
    /// Of what cannot, coded from nothing.
    pub fresh: f64,
}

impl Hint {
    /// Where nothing is known, every picture is as hard as the last.
    pub const NONE: Self = Self {
        intra: 1.0,
        inter: 1.0,
        fresh: 0.0,
    };
}

/// Of the logarithm, by quantiser: what it is where nothing special happens.
const USUAL_SLOPE: f64 = 1.2 * std::f64::consts::LN_2 / 6.0;

/// What is believed of a slope.
const SLOPES: std::ops::RangeInclusive<f64> = 0.1..=0.5;

/// So many steps of the quantiser are near, and beyond them bits are not believed to fall faster than so.
const NEAR: f64 = 2.0;
const FAR_INTRA: f64 = 0.165;
const FAR_INTER: f64 = 0.125;

/// Beyond this logarithm, what was believed is forgotten.
const FAR_OFF: f64 = 1.0;

/// What is predicted costs so much of what is not, by unit, until it is known.
const FIRST_INTER: f64 = 0.25;

/// Texture, by pixel, of an empty picture, and of one that tells all.
const EMPTY: f64 = 0.3;
const TELLING: f64 = 1.5;

/// Costs that count as none.
const LEAST: f64 = 1e-3;

/// Bits per pixel and unit of cost, by quantiser.
#[derive(Clone, Copy, Debug)]
struct Curve {
    quantiser: f64,
    /// The logarithm at that quantiser.
    level: f64,
    slope: f64,
    /// The most of it that is believed far from here.
    far: f64,
    /// The last observation as it was.
    last: Option<(f64, f64)>,
}

impl Curve {
    fn new(bits: f64, quantiser: f64, far: f64) -> Self {
        Self {
            quantiser,
            level: bits.ln(),
            slope: USUAL_SLOPE,
            far,
            last: None,
        }
    }

    fn at(&self, quantiser: f64) -> f64 {
        let way = quantiser - self.quantiser;
        // A slope is learnt from small steps. One that is steep there is not believed on the way to far coarser ones.
        let near = way.min(NEAR);
        (self.level - self.slope * near - self.slope.min(self.far) * (way - near)).exp()
    }

    /// Lays the curve through `bits` at `quantiser`, or a `share` of the way there; that it is cheaper than thought is believed by
    /// as much as `trust` says.
    fn learn(&mut self, quantiser: f64, bits: f64, share: f64, trust: f64) {
        let observed = bits.max(1e-7).ln();
        if let Some((at, level)) = self.last {
            let way = quantiser - at;
            if way.abs() >= 1.0 {
                let slope = ((level - observed) / way).clamp(*SLOPES.start(), *SLOPES.end());
                self.slope += 0.1 * way.abs().min(3.0) * (slope - self.slope);
            }
        }
        let expected = self.at(quantiser).ln();
        // What is harder than thought is believed sooner.
        let share = if (observed - expected).abs() > FAR_OFF {
            1.0
        } else if observed > expected {
            (1.4 * share).min(1.0)
        } else {
            share
        };
        let share = if observed < expected { share * trust } else { share };
        self.level = expected + share * (observed - expected);
        self.quantiser = quantiser;
        self.last = Some((quantiser, observed));
    }
}

/// How much pictures of so little texture say of others: an empty one is cheap by nature, and a crowd may come next.
fn trust(texture: f64) -> f64 {
    ((texture - EMPTY) / (TELLING - EMPTY)).clamp(0.0, 1.0)
}

/// Learns from what pictures have cost what others will.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    pixels: f64,
    intra: Curve,
    inter: Curve,
    is_inter_known: bool,
}

impl Model {
    /// For pictures of so many pixels. Before anything is known, they are something between a slate and a crowd.
    pub fn new(pixels: f64) -> Self {
        Self {
            pixels,
            intra: Curve::new(0.12, 30.0, FAR_INTRA),
            inter: Curve::new(0.02, 30.0, FAR_INTER),
            is_inter_known: false,
        }
    }

    /// Bits of such a picture.
    pub fn bits(&self, is_idr: bool, hint: &Hint, quantiser: f64) -> f64 {
        let per_pixel = if is_idr {
            hint.intra * self.intra.at(quantiser)
        } else {
            hint.inter * self.inter.at(quantiser) + hint.fresh * self.intra.at(quantiser)
        };
        self.pixels * per_pixel.max(1e-9)
    }

    /// The quantiser at which such a picture costs `bits`; it may lie outside what exists.
    pub fn quantiser(&self, is_idr: bool, hint: &Hint, bits: f64) -> f64 {
        let (mut low, mut high) = (-20.0, 80.0);
        for _ in 0..16 {
            let middle = 0.5 * (low + high);
            if self.bits(is_idr, hint, middle) > bits {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    /// Such a picture has cost `bits`.
    pub fn learn(&mut self, is_idr: bool, hint: &Hint, quantiser: f64, bits: f64) {
        let bits = bits / self.pixels;
        let fresh = hint.fresh * self.intra.at(quantiser);
        if is_idr {
            self.intra
                .learn(quantiser, bits / hint.intra.max(LEAST), 0.6, trust(hint.intra));
            if !self.is_inter_known {
                self.begin(quantiser);
            }
        } else if hint.fresh > 0.5 * hint.intra {
            // A cut. What is predicted from now on is something else than before.
            self.intra
                .learn(quantiser, bits / hint.fresh.max(LEAST), 0.6, trust(hint.fresh));
            self.begin(quantiser);
        } else if hint.fresh < 0.3 * hint.intra || fresh < 0.3 * bits {
            let share = if self.is_inter_known { 0.5 } else { 1.0 };
            self.inter.learn(
                quantiser,
                (bits - fresh).max(0.3 * bits) / hint.inter.max(LEAST),
                share,
                1.0,
            );
            self.is_inter_known = true;
        }
    }

    /// Forgets what pictures cost that are predicted.
    fn begin(&mut self, quantiser: f64) {
        self.inter = Curve::new(FIRST_INTER * self.intra.at(quantiser), quantiser, FAR_INTER);
        self.is_inter_known = false;
    }
}
