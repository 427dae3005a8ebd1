//! Buffers of any length and rows of any stride: a picture or an error, and each sample at its place.

use proptest::prelude::*;

use super::super::device::FourCc;
use super::super::tint::{Matrix, Tint};
use super::*;

/// As they are: the colours of the studio.
fn untouched() -> Recolour {
    Recolour::from(Tint {
        matrix: Matrix::Bt709,
        is_full: false,
    })
}

fn format(width: u32, height: u32, stride: u32) -> PictureFormat {
    PictureFormat {
        format: FourCc(*b"TEST"),
        width,
        height,
        stride,
        colorspace: 0,
        encoding: 0,
        quantization: 0,
    }
}

fn middle(a: u8, b: u8) -> u8 {
    (u16::from(a) + u16::from(b)).div_ceil(2) as u8
}

/// The sample at a place of a plane in a buffer of NV12 or YUYV, and where it lies.
fn luma(form: Form, stride: usize, x: usize, y: usize) -> usize {
    match form {
        Form::Nv12 | Form::I420 => stride * y + x,
        Form::Uyvy => stride * y + x * 2 + 1,
        _ => stride * y + x * 2,
    }
}

#[test]
fn rows_with_gaps_are_read_without_them() {
    for form in [Form::Nv12, Form::I420, Form::Yuyv, Form::Uyvy] {
        let stride = 48;
        let bytes: Vec<u8> = (0..stride * 12 * 2).map(|at| (at * 7 % 251) as u8).collect();
        let frame = unpack(form, &bytes, &format(16, 12, 48), &FramePool::new(), &mut untouched()).unwrap();
        for y in 0..12 {
            for x in 0..16 {
                let expected = bytes[luma(form, stride, x, y)];
                assert_eq!(frame.plane(Plane::Y)[16 * y + x], expected, "{form:?} {x} {y}");
            }
        }
        let (u, v) = match form {
            Form::Nv12 => (bytes[stride * 13 + 2], bytes[stride * 13 + 3]),
            Form::I420 => (bytes[stride * 12 + 24 + 1], bytes[stride * 12 + 24 * 7 + 1]),
            Form::Yuyv => (
                middle(bytes[stride * 2 + 5], bytes[stride * 3 + 5]),
                middle(bytes[stride * 2 + 7], bytes[stride * 3 + 7]),
            ),
            _ => (
                middle(bytes[stride * 2 + 4], bytes[stride * 3 + 4]),
                middle(bytes[stride * 2 + 6], bytes[stride * 3 + 6]),
            ),
        };
        // The second sample of the second row of each plane of colour.
        assert_eq!(
            (frame.plane(Plane::U)[8 + 1], frame.plane(Plane::V)[8 + 1]),
            (u, v),
            "{form:?}"
        );
    }
}

proptest! {
    #[test]
    fn no_buffer_is_read_beyond_its_end(
        width in 2..70_u32,
        height in 2..70_u32,
        stride in 0..200_u32,
        len in 0..20_000_usize,
    ) {
        let bytes = vec![77; len];
        for form in [Form::Nv12, Form::I420, Form::Yuyv, Form::Uyvy] {
            let format = format(width, height, stride);
            match unpack(form, &bytes, &format, &FramePool::new(), &mut untouched()) {
                Ok(frame) => prop_assert!(frame.plane(Plane::Y).iter().all(|code| *code == 77)),
                Err(PictureError::Short { has, needs }) => prop_assert!(has == len && needs > len),
                Err(error) => prop_assert!(false, "{error}"),
            }
        }
    }
}
