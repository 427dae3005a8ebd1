//! A transition by an edge that moves over the picture.

use serde::{Deserialize, Serialize};

use super::blend::{ONE, blend_each, mix};
use crate::media::{FrameMut, Plane, VideoFrame};

/// Where the edge of a wipe goes: the new picture is behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WipeDirection {
    /// From left to right.
    #[default]
    Right,
    /// From right to left.
    Left,
    /// From top to bottom.
    Down,
    /// From bottom to top.
    Up,
}

/// How wide the edge is, as a share of the way that it goes.
const SOFT: f32 = 0.06;

/// How much of the new picture is seen in each column, or row, of a plane; kept for its memory.
#[derive(Debug, Default)]
pub(super) struct Edge {
    shares: Vec<u16>,
}

impl Edge {
    /// The shares of `length` places while the edge has gone `share` of its way.
    fn draw(&mut self, length: usize, share: f32, is_backward: bool) -> &[u16] {
        let soft = (length as f32 * SOFT).max(1.0);
        let front = share.clamp(0.0, 1.0) * (length as f32 + soft);
        self.shares.clear();
        let shares = (0..length).map(|at| {
            let place = if is_backward { length - 1 - at } else { at };
            let behind = (front - place as f32 - 0.5) / soft;
            (behind.clamp(0.0, 1.0) * f32::from(ONE) + 0.5) as u16
        });
        self.shares.extend(shares);
        &self.shares
    }
}

/// Writes `from` with `to` behind the edge. All three have one size.
pub(super) fn wipe(
    out: &mut FrameMut,
    (from, to): (&VideoFrame, &VideoFrame),
    share: f32,
    direction: WipeDirection,
    edge: &mut Edge,
) {
    for plane in [Plane::Y, Plane::U, Plane::V] {
        let (stride, rows) = (out.stride(plane), from.rows(plane));
        let (from, to) = (from.plane(plane), to.plane(plane));
        let out = out.plane_mut(plane);
        match direction {
            WipeDirection::Right | WipeDirection::Left => {
                let shares = edge.draw(stride, share, direction == WipeDirection::Left);
                // To the left and the right of the edge whole stretches are copied.
                let is_edge = |share: &u16| (1..ONE).contains(share);
                let start = shares.iter().position(is_edge).unwrap_or(stride);
                let end = shares.iter().rposition(is_edge).map_or(start, |last| last + 1);
                let split = if start == end {
                    shares.iter().position(|share| *share != shares[0]).unwrap_or(stride)
                } else {
                    start
                };
                let (start, end) = (split, if start == end { split } else { end });
                let rows = out
                    .chunks_exact_mut(stride)
                    .zip(from.chunks_exact(stride))
                    .zip(to.chunks_exact(stride));
                for ((out, from), to) in rows {
                    let of = |share: u16| if share == 0 { from } else { to };
                    if start > 0 {
                        out[..start].copy_from_slice(&of(shares[0])[..start]);
                    }
                    if end < stride {
                        out[end..].copy_from_slice(&of(shares[end])[end..]);
                    }
                    out[start..end].copy_from_slice(&from[start..end]);
                    blend_each(&mut out[start..end], &to[start..end], &shares[start..end]);
                }
            }
            WipeDirection::Down | WipeDirection::Up => {
                let shares = edge.draw(rows, share, direction == WipeDirection::Up);
                let rows = out
                    .chunks_exact_mut(stride)
                    .zip(from.chunks_exact(stride))
                    .zip(to.chunks_exact(stride));
                for (((out, from), to), share) in rows.zip(shares) {
                    match *share {
                        0 => out.copy_from_slice(from),
                        ONE => out.copy_from_slice(to),
                        share => mix(out, from, to, share),
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{FramePool, Timestamp};
    use proptest::prelude::*;

    const ALL: [WipeDirection; 4] = [
        WipeDirection::Right,
        WipeDirection::Left,
        WipeDirection::Down,
        WipeDirection::Up,
    ];

    fn wiped(width: u32, height: u32, share: f32, direction: WipeDirection) -> VideoFrame {
        let pool = FramePool::new();
        let plain = |yuv| {
            let mut frame = pool.frame(width, height);
            frame.fill(yuv);
            frame.freeze(Timestamp::ZERO)
        };
        let (from, to) = (plain([0, 10, 20]), plain([200, 210, 220]));
        let mut out = pool.frame(width, height);
        wipe(&mut out, (&from, &to), share, direction, &mut Edge::default());
        out.freeze(Timestamp::ZERO)
    }

    #[test]
    fn the_new_picture_is_behind_the_edge() {
        for (direction, first) in ALL.into_iter().zip([(0, 180), (639, 180), (320, 0), (320, 359)]) {
            let frame = wiped(640, 360, 0.5, direction);
            let at = |(x, y): (usize, usize)| frame.plane(Plane::Y)[y * 640 + x];
            let last = (639 - first.0, 359 - first.1);
            let last = if matches!(direction, WipeDirection::Down | WipeDirection::Up) {
                (320, last.1)
            } else {
                (last.0, 180)
            };
            assert_eq!((at(first), at(last)), (200, 0), "{direction:?}");
            for (share, all) in [(0.0, 0), (1.0, 200)] {
                assert!(
                    wiped(640, 360, share, direction)
                        .plane(Plane::Y)
                        .iter()
                        .all(|code| *code == all),
                    "{direction:?}"
                );
            }
        }
    }

    proptest! {
        /// Each place has the mix that its distance from the edge says, and it grows from picture to picture.
        #[test]
        fn every_place_is_a_mix_that_grows(w in 1u32..40, h in 1u32..40, direction in 0usize..4, share in 0f32..=1.0, more in 0f32..0.5) {
            let direction = ALL[direction];
            let (one, two) = (wiped(2 * w, 2 * h, share, direction), wiped(2 * w, 2 * h, (share + more).min(1.0), direction));
            for plane in [Plane::Y, Plane::U, Plane::V] {
                for (one, two) in one.plane(plane).iter().zip(two.plane(plane)) {
                    prop_assert!(one <= two);
                    prop_assert!(*two <= 220);
                }
            }
        }
    }
}
