//! Pictures that are not compressed, from the layout of the camera into that of the studio, with their colours set right on the way.

use super::device::PictureFormat;
use super::mode::Form;
use super::picture::PictureError;
use super::tint::Recolour;
use crate::media::{FrameMut, FramePool, Plane};

/// Reads `bytes`, a picture of `form`.
///
/// # Errors
/// The buffer is shorter than its picture.
pub(super) fn unpack(
    form: Form,
    bytes: &[u8],
    format: &PictureFormat,
    pool: &FramePool,
    recolour: &mut Recolour,
) -> Result<FrameMut, PictureError> {
    let mut frame = pool.frame(format.width, format.height);
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let packed = if matches!(form, Form::Yuyv | Form::Uyvy) { 2 } else { 1 };
    // Drivers that do not say how long a row is have rows without gaps.
    let stride = (format.stride as usize).max(format.width as usize * packed);
    // Of an odd height the last row is not read.
    let (luma_rows, chroma_at) = (height, stride * format.height as usize);
    let needs = match form {
        Form::Nv12 => chroma_at + stride * (height / 2 - 1) + width,
        Form::I420 => {
            let chroma_rows = (format.height as usize).div_ceil(2);
            chroma_at + stride / 2 * (chroma_rows + height / 2 - 1) + width / 2
        }
        _ => stride * (luma_rows - 1) + width * packed,
    };
    if bytes.len() < needs {
        let has = bytes.len();
        return Err(PictureError::Short { has, needs });
    }
    for (at, ([upper, lower], u, v)) in row_pairs(&mut frame).enumerate() {
        let row = |row: usize, len: usize| &bytes[stride * row..][..len];
        match form {
            Form::Nv12 => {
                upper.copy_from_slice(row(2 * at, width));
                lower.copy_from_slice(row(2 * at + 1, width));
                let both = &bytes[chroma_at + stride * at..][..width];
                for ((u, v), pair) in u.iter_mut().zip(v.iter_mut()).zip(both.as_chunks::<2>().0) {
                    (*u, *v) = (pair[0], pair[1]);
                }
            }
            Form::I420 => {
                upper.copy_from_slice(row(2 * at, width));
                lower.copy_from_slice(row(2 * at + 1, width));
                let chroma_rows = (format.height as usize).div_ceil(2);
                u.copy_from_slice(&bytes[chroma_at + stride / 2 * at..][..width / 2]);
                v.copy_from_slice(&bytes[chroma_at + stride / 2 * (chroma_rows + at)..][..width / 2]);
            }
            Form::Uyvy => packed_rows::<1, 0>(row(2 * at, width * 2), row(2 * at + 1, width * 2), [upper, lower], u, v),
            _ => packed_rows::<0, 1>(row(2 * at, width * 2), row(2 * at + 1, width * 2), [upper, lower], u, v),
        }
        recolour.rows([upper, lower], u, v);
    }
    Ok(frame)
}

/// The rows of `frame` from the top, two of luma with one of each colour.
fn row_pairs(frame: &mut FrameMut) -> impl Iterator<Item = ([&mut [u8]; 2], &mut [u8], &mut [u8])> {
    let width = frame.stride(Plane::Y);
    let (y, u, v) = frame.planes_mut();
    let luma = y
        .chunks_exact_mut(width * 2)
        .map(move |rows| rows.split_at_mut(width).into());
    let colours = u.chunks_exact_mut(width / 2).zip(v.chunks_exact_mut(width / 2));
    luma.zip(colours).map(|(luma, (u, v))| (luma, u, v))
}

/// Two rows of 4:2:2, in which luma begins at byte `LUMA` of each pair and colours at byte `COLOUR`. The colours of both are averaged.
fn packed_rows<const LUMA: usize, const COLOUR: usize>(
    above: &[u8],
    below: &[u8],
    luma: [&mut [u8]; 2],
    u: &mut [u8],
    v: &mut [u8],
) {
    // Words and shifts, not bytes: these the compiler makes vectors of, which is three times as fast.
    for (to, from) in luma.into_iter().zip([above, below]) {
        for (to, pair) in to.iter_mut().zip(from.as_chunks().0) {
            *to = (u16::from_le_bytes(*pair) >> (8 * LUMA)) as u8;
        }
    }
    let colours = above.as_chunks().0.iter().zip(below.as_chunks().0);
    for ((u, v), (above, below)) in u.iter_mut().zip(v).zip(colours) {
        let (above, below) = (u32::from_le_bytes(*above), u32::from_le_bytes(*below));
        let middle = |byte: usize| (((above >> (8 * byte)) & 255) + ((below >> (8 * byte)) & 255)).div_ceil(2) as u8;
        *u = middle(COLOUR);
        *v = middle(COLOUR + 2);
    }
}

/// Three bytes per pixel, Y, U, V, rows without gaps: what a JPEG decoder gives. `width` is that of a row of `pixels`.
pub(super) fn from_triples(pixels: &[u8], width: usize, frame: &mut FrameMut, recolour: &mut Recolour) {
    for (([upper, lower], u, v), rows) in row_pairs(frame).zip(pixels.chunks_exact(width * 6)) {
        let (above, below) = rows.split_at(width * 3);
        let halves = above.chunks_exact(6).zip(below.chunks_exact(6));
        let lumas = upper.chunks_exact_mut(2).zip(lower.chunks_exact_mut(2));
        let colours = u.iter_mut().zip(v.iter_mut());
        for (((upper, lower), (u, v)), (above, below)) in lumas.zip(colours).zip(halves) {
            (upper[0], upper[1]) = (above[0], above[3]);
            (lower[0], lower[1]) = (below[0], below[3]);
            *u = middle_of(above[1], above[4], below[1], below[4]);
            *v = middle_of(above[2], above[5], below[2], below[5]);
        }
        recolour.rows([upper, lower], u, v);
    }
}

/// One byte per pixel: a picture in grey.
pub(super) fn from_grey(pixels: &[u8], width: usize, frame: &mut FrameMut, recolour: &mut Recolour) {
    let out = frame.stride(Plane::Y);
    for (([upper, lower], u, v), rows) in row_pairs(frame).zip(pixels.chunks_exact(width * 2)) {
        let (above, below) = rows.split_at(width);
        upper.copy_from_slice(&above[..out]);
        lower.copy_from_slice(&below[..out]);
        u.fill(128);
        v.fill(128);
        recolour.rows([upper, lower], u, v);
    }
}

fn middle_of(a: u8, b: u8, c: u8, d: u8) -> u8 {
    ((u16::from(a) + u16::from(b) + u16::from(c) + u16::from(d) + 2) / 4) as u8
}

#[cfg(test)]
#[path = "unpack_tests.rs"]
mod tests;
