//! Pan as balance: moving to one side turns the other side down and touches nothing else.
//!
//! In the middle both factors are exactly one: a strip that nobody has panned sounds as it came. A pan law with −3 dB in
//! the middle (fundsp's `Panner`) is for placing mono sounds that sum; here most strips are stereo already.

/// The factors of left and right for −100 (left) to 100 (right).
#[must_use]
pub fn balance(percent: f32) -> [f32; 2] {
    let side = percent / 100.0;
    [(1.0 - side).min(1.0), (1.0 + side).min(1.0)]
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_untouched_and_the_ends_are_silent() {
        for (percent, expected) in [
            (0.0, [1.0, 1.0]),
            (-100.0, [1.0, 0.0]),
            (100.0, [0.0, 1.0]),
            (-50.0, [1.0, 0.5]),
            (25.0, [0.75, 1.0]),
        ] {
            assert_eq!(balance(percent), expected, "{percent}");
        }
    }
}
