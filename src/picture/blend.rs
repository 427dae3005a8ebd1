//! Linear mixes of bytes. Plain loops on equal slices, in 16 bits: the compiler makes SIMD of them.

/// What a share of one comes to here; a power of two, so that the division is a shift.
pub(super) const ONE: u16 = 256;

/// A share of 0 to 1 in 256ths; NaN is none.
pub(super) fn share_of(share: f32) -> u16 {
    (share.clamp(0.0, 1.0) * f32::from(ONE)).round() as u16
}

/// At most 255 × 256 + 128: no overflow.
fn mixed(a: u8, b: u8, share: u16) -> u8 {
    ((u16::from(a) * (ONE - share) + u16::from(b) * share + 128) >> 8) as u8
}

/// Lays `over` on `under` with `share` of opacity.
pub(super) fn blend(under: &mut [u8], over: &[u8], share: u16) {
    let share = share.min(ONE);
    for (under, over) in under.iter_mut().zip(over) {
        *under = mixed(*under, *over, share);
    }
}

/// Lays `over` on `under`, each byte with its own share of opacity, at most [`ONE`].
pub(super) fn blend_each(under: &mut [u8], over: &[u8], shares: &[u16]) {
    for ((under, over), share) in under.iter_mut().zip(over).zip(shares) {
        *under = mixed(*under, *over, (*share).min(ONE));
    }
}

/// Writes the mix of `from` and `to`.
pub(super) fn mix(out: &mut [u8], from: &[u8], to: &[u8], share: u16) {
    let share = share.min(ONE);
    for ((out, from), to) in out.iter_mut().zip(from).zip(to) {
        *out = mixed(*from, *to, share);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn mixes_are_the_rounded_truth(a in any::<u8>(), b in any::<u8>(), share in 0u16..=256) {
            let mut out = [0];
            mix(&mut out, &[a], &[b], share);
            let want = f64::from(a) + (f64::from(b) - f64::from(a)) * f64::from(share) / 256.0;
            prop_assert!((f64::from(out[0]) - want).abs() <= 0.5);
            let mut under = [a];
            blend(&mut under, &[b], share);
            prop_assert_eq!(under, out);
            let mut under = [a];
            blend_each(&mut under, &[b], &[share]);
            prop_assert_eq!(under, out);
        }

        #[test]
        fn shares_stay_within_one(share in any::<f32>()) {
            prop_assert!(share_of(share) <= ONE);
        }
    }

    #[test]
    fn ends_are_exact() {
        assert_eq!(
            (share_of(0.0), share_of(1.0), share_of(0.5), share_of(f32::NAN)),
            (0, 256, 128, 0)
        );
        let mut out = [7; 3];
        mix(&mut out, &[0, 100, 255], &[255, 3, 0], ONE);
        assert_eq!(out, [255, 3, 0]);
    }
}
