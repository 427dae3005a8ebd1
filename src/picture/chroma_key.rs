//! A colour that is taken out of a picture: the green of a screen, so that what lies below is seen there.
//!
//! What counts is how far a colour is from that of the screen in U and V alone, so shadows on the screen go with it. Chroma has half the
//! resolution; the alpha of pixels is interpolated from it, which makes edges soft by a pixel.

use serde::{Deserialize, Serialize};

use super::colour::yuv_of_rgb;
use crate::media::{FrameMut, Plane};

/// What is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChromaKey {
    /// Red, green, blue of what is to go.
    pub color: [u8; 3],
    /// 0 to 1: how far a colour may be from it to go wholly.
    pub similarity: f32,
    /// 0 to 1: how much further it may be to go in part.
    pub smoothness: f32,
    /// 0 to 1: how much of its tint is taken from what stays.
    pub spill: f32,
}

/// The codes from one end of chroma to the other: the unit of distances.
const CODES: f32 = 224.0;

/// A key made ready for a picture.
struct Ready {
    u: f32,
    v: f32,
    /// Where colours begin to be kept, in codes, and how much is kept for each code further.
    near: f32,
    slope: f32,
    /// The way from grey to the colour, of length 1, and what is taken of it.
    way: (f32, f32),
    spill: f32,
}

impl Ready {
    fn new(key: &ChromaKey) -> Self {
        let [_, u, v] = yuv_of_rgb(key.color);
        let (u, v) = (f32::from(u), f32::from(v));
        let within = |share: f32| if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        let (du, dv) = (u - 128.0, v - 128.0);
        let length = du.hypot(dv);
        // Grey has no tint that could be taken.
        let way = if length < 1.0 {
            (0.0, 0.0)
        } else {
            (du / length, dv / length)
        };
        Self {
            u,
            v,
            near: within(key.similarity) * CODES,
            // A step of half a code at the least: a hard edge.
            slope: 255.0 / (within(key.smoothness) * CODES).max(0.5),
            way,
            spill: within(key.spill),
        }
    }

    /// How much of a colour is kept, 0 to 255.
    fn kept(&self, u: f32, v: f32) -> f32 {
        let (du, dv) = (u - self.u, v - self.v);
        let distance = (du * du + dv * dv).sqrt();
        ((distance - self.near) * self.slope).clamp(0.0, 255.0)
    }

    /// The colour without the tint.
    fn cleaned(&self, u: f32, v: f32) -> (f32, f32) {
        let tint = ((u - 128.0) * self.way.0 + (v - 128.0) * self.way.1).max(0.0) * self.spill;
        (u - tint * self.way.0, v - tint * self.way.1)
    }
}

/// What the rows of luma need of two rows of chroma; kept for its memory.
#[derive(Debug, Default)]
pub(super) struct KeyRows {
    between: Vec<u16>,
}

/// Takes `key` out of `frame`: its colours are multiplied by what is kept of them, which is written to `alpha`, of the same size. With
/// `is_multiplied`, `frame` has had an alpha before, which is there already.
pub(super) fn take_out(
    key: &ChromaKey,
    frame: &mut FrameMut,
    alpha: &mut FrameMut,
    is_multiplied: bool,
    rows: &mut KeyRows,
) {
    let ready = Ready::new(key);
    let (luma, blue, red) = frame.planes_mut();
    let (full, half, kept) = alpha.planes_mut();
    if is_multiplied {
        for (((u, v), a), kept) in blue.iter_mut().zip(red.iter_mut()).zip(&mut *half).zip(&mut *kept) {
            *kept = 0;
            if *a > 0 {
                let times = 255.0 / f32::from(*a);
                let (was_u, was_v) = (f32::from(*u) * times, f32::from(*v) * times);
                *kept = (ready.kept(was_u, was_v) + 0.5) as u8;
                *a = product(*a, *kept);
                let (clean_u, clean_v) = ready.cleaned(was_u, was_v);
                let share = f32::from(*a) / 255.0;
                (*u, *v) = ((clean_u * share + 0.5) as u8, (clean_v * share + 0.5) as u8);
            }
        }
    } else {
        for (((u, v), a), kept) in blue.iter_mut().zip(red.iter_mut()).zip(&mut *half).zip(&mut *kept) {
            let (was_u, was_v) = (f32::from(*u), f32::from(*v));
            let share = ready.kept(was_u, was_v);
            let (clean_u, clean_v) = ready.cleaned(was_u, was_v);
            *u = (clean_u * share * (1.0 / 255.0) + 0.5) as u8;
            *v = (clean_v * share * (1.0 / 255.0) + 0.5) as u8;
            *a = (share + 0.5) as u8;
            *kept = *a;
        }
        full.fill(u8::MAX);
    }
    let width = alpha.stride(Plane::Y);
    let (full, _, kept) = alpha.planes_mut();
    let half_width = width / 2;
    let last = (kept.len() / half_width.max(1)).saturating_sub(1);
    rows.between.resize(half_width, 0);
    for (y, (luma, full)) in luma
        .chunks_exact_mut(width)
        .zip(full.chunks_exact_mut(width))
        .enumerate()
    {
        // Chroma lies between two rows: three parts of the nearer one, one of the other.
        let near = y / 2;
        let far = if y % 2 == 0 {
            near.saturating_sub(1)
        } else {
            (near + 1).min(last)
        };
        let row = |at: usize| &kept[at * half_width..][..half_width];
        for ((between, near), far) in rows.between.iter_mut().zip(row(near)).zip(row(far)) {
            *between = 3 * u16::from(*near) + u16::from(*far);
        }
        spread(&rows.between, luma, full);
    }
}

/// Two pixels for each sample of `between` (in quarters), likewise three parts of the nearer one, times what is there.
fn spread(between: &[u16], luma: &mut [u8], alpha: &mut [u8]) {
    let last = between.len().saturating_sub(1);
    let pairs = luma.chunks_exact_mut(2).zip(alpha.chunks_exact_mut(2)).enumerate();
    for (x, (luma, alpha)) in pairs {
        let here = between[x] * 3;
        let (left, right) = (between[x.saturating_sub(1)], between[(x + 1).min(last)]);
        let kept = [(here + left + 8) >> 4, (here + right + 8) >> 4];
        for ((luma, alpha), kept) in luma.iter_mut().zip(alpha).zip(kept) {
            let kept = kept as u8;
            *luma = product(*luma, kept);
            *alpha = product(*alpha, kept);
        }
    }
}

/// `a` × `b` / 255, rounded.
pub(super) fn product(a: u8, b: u8) -> u8 {
    let product = u16::from(a) * u16::from(b) + 128;
    ((product + (product >> 8)) >> 8) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::FramePool;
    use proptest::prelude::*;

    const GREEN: ChromaKey = ChromaKey {
        color: [0, 177, 64],
        similarity: 0.2,
        smoothness: 0.1,
        spill: 0.5,
    };

    fn keyed(key: &ChromaKey, yuv: [u8; 3]) -> ([u8; 3], u8) {
        let pool = FramePool::new();
        let (mut frame, mut alpha) = (pool.frame(8, 4), pool.frame(8, 4));
        frame.fill(yuv);
        take_out(key, &mut frame, &mut alpha, false, &mut KeyRows::default());
        let at = |plane| frame.plane(plane)[0];
        assert!(alpha.plane(Plane::Y).iter().all(|a| *a == alpha.plane(Plane::U)[0]));
        ([at(Plane::Y), at(Plane::U), at(Plane::V)], alpha.plane(Plane::Y)[7])
    }

    #[test]
    fn the_screen_goes_and_skin_stays() {
        let screen = yuv_of_rgb(GREEN.color);
        assert_eq!(keyed(&GREEN, screen), ([0; 3], 0));
        let shadow = [screen[0] / 2, screen[1], screen[2]];
        assert_eq!(keyed(&GREEN, shadow).1, 0);
        let skin = yuv_of_rgb([224, 172, 105]);
        assert_eq!(keyed(&GREEN, skin).1, 255);
        let white = yuv_of_rgb([255, 255, 255]);
        assert_eq!(keyed(&GREEN, white), (white, 255));
    }

    #[test]
    fn a_tint_is_taken_and_an_edge_is_soft() {
        let tinted = yuv_of_rgb([150, 220, 170]);
        let hard = ChromaKey {
            similarity: 0.05,
            smoothness: 0.0,
            spill: 1.0,
            ..GREEN
        };
        let ([_, u, v], alpha) = keyed(&hard, tinted);
        assert_eq!(alpha, 255);
        let toward = |u: u8, v: u8| {
            let [_, ku, kv] = yuv_of_rgb(GREEN.color).map(|code| f32::from(code) - 128.0);
            (f32::from(u) - 128.0) * ku + (f32::from(v) - 128.0) * kv
        };
        assert!(toward(u, v).abs() < 60.0 && toward(tinted[1], tinted[2]) > 400.0);
        let soft = ChromaKey {
            similarity: 0.05,
            smoothness: 0.6,
            spill: 0.0,
            ..GREEN
        };
        let (_, alpha) = keyed(&soft, tinted);
        assert!((30..225).contains(&alpha), "{alpha}");
    }

    proptest! {
        /// Beside the plain formula, and never more colour than alpha.
        #[test]
        fn what_is_kept_is_what_the_formula_says(yuv in any::<[u8; 3]>(), color in any::<[u8; 3]>(), similarity in 0f32..1.0, smoothness in 0f32..1.0) {
            let key = ChromaKey { color, similarity, smoothness, spill: 0.0 };
            let (out, alpha) = keyed(&key, yuv);
            let [_, u, v] = yuv_of_rgb(color).map(f64::from);
            let distance = (f64::from(yuv[1]) - u).hypot(f64::from(yuv[2]) - v) / 224.0;
            let share = ((distance - f64::from(similarity)) / f64::from(smoothness).max(0.5 / 224.0)).clamp(0.0, 1.0);
            prop_assert!((f64::from(alpha) - share * 255.0).abs() <= 1.0, "{alpha} {share}");
            for (code, was) in out.into_iter().zip(yuv) {
                prop_assert!((f64::from(code) - f64::from(was) * share).abs() <= 1.6);
            }
        }

        #[test]
        fn any_key_on_any_picture(key in any::<([u8; 3], f32, f32, f32)>(), codes in proptest::collection::vec(any::<u8>(), 48), w in 1u32..5, h in 1u32..4, again in any::<bool>()) {
            let key = ChromaKey { color: key.0, similarity: key.1, smoothness: key.2, spill: key.3 };
            let pool = FramePool::new();
            let (mut frame, mut alpha) = (pool.frame(2 * w, 2 * h), pool.frame(2 * w, 2 * h));
            for plane in [Plane::Y, Plane::U, Plane::V] {
                frame.plane_mut(plane).iter_mut().zip(codes.iter().cycle()).for_each(|(to, from)| *to = *from);
            }
            let mut rows = KeyRows::default();
            take_out(&key, &mut frame, &mut alpha, false, &mut rows);
            if again {
                take_out(&key, &mut frame, &mut alpha, true, &mut rows);
            }
        }
    }
}
