//! Colours, held against the formulas of the standards in floating point.

use super::*;
use crate::picture::colour::yuv_of_rgb;

const TINTS: [Tint; 4] = [
    Tint {
        matrix: Matrix::Bt601,
        is_full: true,
    },
    Tint {
        matrix: Matrix::Bt601,
        is_full: false,
    },
    Tint {
        matrix: Matrix::Bt709,
        is_full: true,
    },
    Tint {
        matrix: Matrix::Bt2020,
        is_full: false,
    },
];

/// An RGB colour in the codes of `tint`.
fn coded(tint: Tint, rgb: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = rgb.map(|share| f64::from(share) / 255.0);
    let (red, blue) = tint.matrix.weights();
    let luma = red * r + (1.0 - red - blue) * g + blue * b;
    let (to_blue, to_red) = ((b - luma) / (2.0 * (1.0 - blue)), (r - luma) / (2.0 * (1.0 - red)));
    let codes = if tint.is_full {
        [255.0 * luma, 128.0 + 255.0 * to_blue, 128.0 + 255.0 * to_red]
    } else {
        [16.0 + 219.0 * luma, 128.0 + 224.0 * to_blue, 128.0 + 224.0 * to_red]
    };
    codes.map(|code| (code + 0.5) as u8)
}

fn recoloured(tint: Tint, [y, u, v]: [u8; 3]) -> [u8; 3] {
    let (mut above, mut below, mut u, mut v) = ([y; 2], [y; 2], [u], [v]);
    Recolour::from(tint).rows([&mut above, &mut below], &mut u, &mut v);
    assert_eq!(above, below);
    [above[0], u[0], v[0]]
}

#[test]
fn colours_are_those_of_bt_709_with_limited_range() {
    for tint in TINTS {
        for red in (0..=255).step_by(51) {
            for green in (0..=255).step_by(51) {
                for blue in (0..=255).step_by(51) {
                    let rgb = [red, green, blue];
                    let (is, should) = (recoloured(tint, coded(tint, rgb)), yuv_of_rgb(rgb));
                    for (is, should) in is.into_iter().zip(should) {
                        // Two codes: one from rounding what came, one from the fixed point.
                        assert!(is.abs_diff(should) <= 2, "{tint:?} {rgb:?}: {is} is not {should}");
                    }
                }
            }
        }
    }
}

#[test]
fn grey_stays_grey_and_black_and_white_are_exact() {
    for tint in TINTS {
        let (black, white) = if tint.is_full { (0, 255) } else { (16, 235) };
        assert_eq!(recoloured(tint, [black, 128, 128]), [16, 128, 128], "{tint:?}");
        assert_eq!(recoloured(tint, [white, 128, 128]), [235, 128, 128], "{tint:?}");
    }
}

#[test]
fn what_is_right_already_is_not_touched() {
    let tint = Tint {
        matrix: Matrix::Bt709,
        is_full: false,
    };
    for code in [[0, 255, 0], [16, 128, 128], [255, 3, 250]] {
        assert_eq!(recoloured(tint, code), code);
    }
}

#[test]
fn a_driver_that_says_nothing_means_what_its_format_means() {
    let format = |colorspace, encoding, quantization| PictureFormat {
        format: super::super::device::FourCc(*b"YUYV"),
        width: 2,
        height: 2,
        stride: 4,
        colorspace,
        encoding,
        quantization,
    };
    let tint = |matrix, is_full| Tint { matrix, is_full };
    // uvcvideo says sRGB and no more.
    assert_eq!(Tint::of(Form::Yuyv, &format(8, 0, 0)), tint(Matrix::Bt601, false));
    assert_eq!(Tint::of(Form::Mjpeg, &format(8, 0, 0)), tint(Matrix::Bt601, true));
    // With a descriptor of its colours it says more.
    assert_eq!(Tint::of(Form::Mjpeg, &format(3, 2, 0)), tint(Matrix::Bt709, true));
    assert_eq!(Tint::of(Form::Nv12, &format(3, 0, 0)), tint(Matrix::Bt709, false));
    assert_eq!(Tint::of(Form::Nv12, &format(3, 1, 1)), tint(Matrix::Bt601, true));
    assert_eq!(Tint::of(Form::Mjpeg, &format(8, 1, 2)), tint(Matrix::Bt601, false));
    assert_eq!(Tint::of(Form::Yuyv, &format(10, 0, 0)), tint(Matrix::Bt2020, false));
}
