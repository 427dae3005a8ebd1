//! QR codes: found by their finder patterns, read by `rqrr`.
//!
//! First its modules are picked from the picture as if it lay flat, which it does where a program has drawn it; that needs
//! the fewest pixels. Otherwise `rqrr` looks for it by itself, tilted and bent as it may be, in a piece of the picture that
//! holds one code and not much else.
//!
//! What looks like a code and cannot be read is told all the same: too small or too soft for this reader is not too small for
//! every viewer's.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::finder::{Candidate, Search};
use super::ink::{Ink, Window};
use super::{Code, CodeKind, shares};
use crate::vision::Luma;

/// Modules of the piece are brought to about this many pixels.
const MODULE: f32 = 4.0;

/// The piece is no larger than this along a side.
const PIECE: f32 = 640.0;

/// The most pieces that are read in one picture.
const READ: usize = 4;

/// What is told of a code that cannot be read.
const UNREAD: &str = "a QR code that could not be read";

/// Finds and reads QR codes.
#[derive(Debug, Default)]
pub(super) struct QrReader {
    search: Search,
    candidates: Vec<Candidate>,
}

impl QrReader {
    /// Adds the codes of `picture` to `found`.
    pub(super) fn look(&mut self, picture: &Luma<'_>, ink: &Ink, found: &mut Vec<Code>) {
        self.candidates.clear();
        self.search.look(picture, ink, &mut self.candidates);
        for (at, candidate) in self.candidates.iter().enumerate() {
            // A parser of foreign make over what anybody may hold into a camera: if it panics, this code cannot be read.
            let read = || read_flat(picture, ink, candidate).or_else(|| read_bent(picture, candidate));
            let text = (at < READ)
                .then(|| catch_unwind(AssertUnwindSafe(read)).ok().flatten())
                .flatten();
            found.push(Code {
                kind: CodeKind::Qr,
                text: text.unwrap_or_else(|| UNREAD.to_owned()),
                // Half the quiet zone with it.
                place: shares(candidate.bounds(2.0), picture),
            });
        }
    }
}

/// What the code says, if it lies flat.
fn read_flat(picture: &Luma<'_>, ink: &Ink, candidate: &Candidate) -> Option<String> {
    let corner = candidate.corner;
    let version = ((candidate.modules() - 17.0) / 4.0).round() as i32;
    for version in [version, version + 1, version - 1] {
        if !(1..=40).contains(&version) {
            continue;
        }
        let side = 17 + 4 * version as usize;
        let between = side as f32 - 7.0;
        // As it is, then as a mirror shows it.
        for [a, b] in [candidate.arms, [candidate.arms[1], candidate.arms[0]]] {
            for window in [Window::Near, Window::Wide] {
                let bit = |column: usize, row: usize| {
                    let (u, v) = ((column as f32 - 3.0) / between, (row as f32 - 3.0) / between);
                    let x = corner.x + (a.x - corner.x) * u + (b.x - corner.x) * v;
                    let y = corner.y + (a.y - corner.y) * u + (b.y - corner.y) * v;
                    let column = (x.max(0.0) as usize).min(picture.width - 1);
                    let row = (y.max(0.0) as usize).min(picture.height - 1);
                    (soft(picture, x, y, 1.0) < ink.at(window, column, row)) != corner.is_inverted
                };
                if let Some(text) = decode(&rqrr::Grid::new(rqrr::SimpleGrid::from_func(side, bit))) {
                    return Some(text);
                }
            }
        }
    }
    None
}

fn decode<G: rqrr::BitGrid>(grid: &rqrr::Grid<G>) -> Option<String> {
    let mut bytes = Vec::new();
    grid.decode_to(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// What the code says, however it lies.
fn read_bent(picture: &Luma<'_>, candidate: &Candidate) -> Option<String> {
    let [left, top, right, bottom] = candidate.bounds(4.0);
    let (left, top) = (left.max(0.0), top.max(0.0));
    let (width, height) = (
        right.min(picture.width as f32) - left,
        bottom.min(picture.height as f32) - top,
    );
    let zoom = (MODULE / candidate.module()).min(PIECE / width.max(height)).max(0.05);
    let (columns, rows) = ((width * zoom) as usize, (height * zoom) as usize);
    if columns < 21 || rows < 21 {
        return None;
    }
    let invert = if candidate.corner.is_inverted { 255 } else { 0 };
    let pixel = |x: usize, y: usize| {
        let (x, y) = (left + (x as f32 + 0.5) / zoom, top + (y as f32 + 0.5) / zoom);
        soft(picture, x, y, 1.0 / zoom) ^ invert
    };
    let mut piece = rqrr::PreparedImage::prepare_from_greyscale(columns, rows, pixel);
    piece.detect_grids().iter().find_map(decode)
}

/// The mean of about `size` pixels around a point, or what lies between the four nearest where that is less than one.
fn soft(picture: &Luma<'_>, x: f32, y: f32, size: f32) -> u8 {
    let (most_x, most_y) = (picture.width - 1, picture.height - 1);
    let pixel = |x: usize, y: usize| f32::from(picture.bytes[y.min(most_y) * picture.stride + x.min(most_x)]);
    if size > 1.5 {
        let half = size / 2.0;
        let (left, right) = ((x - half).max(0.0).round() as usize, (x + half).round() as usize);
        let (top, bottom) = ((y - half).max(0.0).round() as usize, (y + half).round() as usize);
        let (right, bottom) = (right.max(left + 1).min(left + 32), bottom.max(top + 1).min(top + 32));
        let sum: f32 = (top..bottom)
            .flat_map(|y| (left..right).map(move |x| (x, y)))
            .map(|(x, y)| pixel(x, y))
            .sum();
        return (sum / ((right - left) * (bottom - top)) as f32) as u8;
    }
    let (x, y) = ((x - 0.5).max(0.0), (y - 0.5).max(0.0));
    let (column, row) = (x as usize, y as usize);
    let (dx, dy) = (x - column as f32, y - row as f32);
    let upper = pixel(column, row) * (1.0 - dx) + pixel(column + 1, row) * dx;
    let lower = pixel(column, row + 1) * (1.0 - dx) + pixel(column + 1, row + 1) * dx;
    (upper * (1.0 - dy) + lower * dy) as u8
}
