//! Pictures as they move through the studio: planar YUV 4:2:0 (I420), limited range BT.709, from a pool.
//!
//! A frame is written once through [`FrameMut`] and then shared, never copied: [`VideoFrame`] clones are references,
//! and when the last one is dropped its memory goes back to the pool that it came from.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::time::Timestamp;

/// The largest picture that a pool hands out, in either direction. Bounds memory against what files and peers claim.
pub const MAX_DIMENSION: u32 = 4096;

/// Buffers a pool keeps for reuse before it lets memory go.
const KEPT: usize = 8;

/// One of the three planes of an I420 picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// Luma, full size.
    Y,
    /// Blue difference, half size both ways.
    U,
    /// Red difference, half size both ways.
    V,
}

#[derive(Debug)]
struct Buffer {
    width: u32,
    height: u32,
    /// Y, then U, then V, each without padding between rows.
    bytes: Vec<u8>,
    pool: Weak<Shelf>,
}

impl Buffer {
    fn range(&self, plane: Plane) -> std::ops::Range<usize> {
        let luma = self.width as usize * self.height as usize;
        let chroma = luma / 4;
        match plane {
            Plane::Y => 0..luma,
            Plane::U => luma..luma + chroma,
            Plane::V => luma + chroma..luma + 2 * chroma,
        }
    }

    fn stride(&self, plane: Plane) -> usize {
        if plane == Plane::Y {
            self.width as usize
        } else {
            self.width as usize / 2
        }
    }

    fn rows(&self, plane: Plane) -> usize {
        if plane == Plane::Y {
            self.height as usize
        } else {
            self.height as usize / 2
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(shelf) = self.pool.upgrade() {
            shelf.put(std::mem::take(&mut self.bytes));
        }
    }
}

#[derive(Debug, Default)]
struct Shelf {
    free: Mutex<Vec<Vec<u8>>>,
}

impl Shelf {
    fn put(&self, bytes: Vec<u8>) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < KEPT && !bytes.is_empty() {
            free.push(bytes);
        }
    }

    fn take(&self, len: usize) -> Vec<u8> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = free.iter().position(|bytes| bytes.len() == len) {
            return free.swap_remove(at);
        }
        // The shelf holds sizes that nobody asks for any more: let the oldest go.
        if free.len() >= KEPT {
            free.remove(0);
        }
        drop(free);
        vec![0; len]
    }
}

/// Hands out picture memory and takes it back. Clones share one shelf.
#[derive(Clone, Debug, Default)]
pub struct FramePool {
    shelf: Arc<Shelf>,
}

impl FramePool {
    /// An empty pool.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A frame to write on. Odd sizes are rounded down to even ones (4:2:0 has no half pixels); both sides are held
    /// within 2 and [`MAX_DIMENSION`]. The content is whatever was there before.
    #[must_use]
    pub fn frame(&self, width: u32, height: u32) -> FrameMut {
        let width = (width & !1).clamp(2, MAX_DIMENSION);
        let height = (height & !1).clamp(2, MAX_DIMENSION);
        let len = width as usize * height as usize * 3 / 2;
        let bytes = self.shelf.take(len);
        FrameMut {
            buffer: Buffer {
                width,
                height,
                bytes,
                pool: Arc::downgrade(&self.shelf),
            },
        }
    }
}

/// A picture that is being made. [`freeze`](Self::freeze) ends that.
#[derive(Debug)]
pub struct FrameMut {
    buffer: Buffer,
}

impl FrameMut {
    /// Luma width in pixels; even.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.buffer.width
    }

    /// Luma height in pixels; even.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.buffer.height
    }

    /// Bytes from one row of `plane` to the next; rows have no padding.
    #[must_use]
    pub fn stride(&self, plane: Plane) -> usize {
        self.buffer.stride(plane)
    }

    /// One plane, to read back what was written.
    #[must_use]
    pub fn plane(&self, plane: Plane) -> &[u8] {
        &self.buffer.bytes[self.buffer.range(plane)]
    }

    /// One plane, to write.
    pub fn plane_mut(&mut self, plane: Plane) -> &mut [u8] {
        let range = self.buffer.range(plane);
        &mut self.buffer.bytes[range]
    }

    /// All three planes at once, to write: Y, U, V.
    pub fn planes_mut(&mut self) -> (&mut [u8], &mut [u8], &mut [u8]) {
        let luma = self.buffer.range(Plane::Y).end;
        let chroma = luma / 4;
        let (y, rest) = self.buffer.bytes.split_at_mut(luma);
        let (u, v) = rest.split_at_mut(chroma);
        (y, u, v)
    }

    /// Paints the whole picture in one colour, given as Y, U, V.
    pub fn fill(&mut self, yuv: [u8; 3]) {
        let (y, u, v) = self.planes_mut();
        y.fill(yuv[0]);
        u.fill(yuv[1]);
        v.fill(yuv[2]);
    }

    /// The finished picture, to be shown at `pts`.
    #[must_use]
    pub fn freeze(self, pts: Timestamp) -> VideoFrame {
        VideoFrame {
            pts,
            buffer: Arc::new(self.buffer),
        }
    }
}

/// A finished picture. Clones share the memory.
#[derive(Clone, Debug)]
pub struct VideoFrame {
    /// When it is shown, on the studio clock.
    pub pts: Timestamp,
    buffer: Arc<Buffer>,
}

impl VideoFrame {
    /// Luma width in pixels; even.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.buffer.width
    }

    /// Luma height in pixels; even.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.buffer.height
    }

    /// Bytes from one row of `plane` to the next; rows have no padding.
    #[must_use]
    pub fn stride(&self, plane: Plane) -> usize {
        self.buffer.stride(plane)
    }

    /// Rows in `plane`.
    #[must_use]
    pub fn rows(&self, plane: Plane) -> usize {
        self.buffer.rows(plane)
    }

    /// The bytes of one plane, `stride × rows`.
    #[must_use]
    pub fn plane(&self, plane: Plane) -> &[u8] {
        &self.buffer.bytes[self.buffer.range(plane)]
    }

    /// The same picture at another time, without a copy.
    #[must_use]
    pub fn at(&self, pts: Timestamp) -> Self {
        Self {
            pts,
            buffer: Arc::clone(&self.buffer),
        }
    }

    /// Whether both are the same memory: an unchanged picture need not be scaled, sent or drawn again.
    #[must_use]
    pub fn is_same_picture(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.buffer, &other.buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn memory_comes_back_to_the_pool() {
        let pool = FramePool::new();
        let first = pool.frame(64, 36).freeze(Timestamp::ZERO);
        let address = first.plane(Plane::Y).as_ptr();
        let shared = first.at(Timestamp::from_millis(40));
        assert!(shared.is_same_picture(&first));
        drop(first);
        let second = pool.frame(64, 36).freeze(Timestamp::ZERO);
        assert_ne!(
            second.plane(Plane::Y).as_ptr(),
            address,
            "still shared: must not be handed out"
        );
        drop(shared);
        assert_eq!(pool.frame(64, 36).plane(Plane::Y).as_ptr(), address);
    }

    proptest! {
        #[test]
        fn planes_tile_the_buffer(width in 0u32..5000, height in 0u32..300) {
            let mut frame = FramePool::new().frame(width, height);
            let (w, h) = (frame.width() as usize, frame.height() as usize);
            prop_assert!(w % 2 == 0 && h % 2 == 0 && w >= 2 && h >= 2);
            let (y, u, v) = frame.planes_mut();
            prop_assert_eq!((y.len(), u.len(), v.len()), (w * h, w * h / 4, w * h / 4));
        }
    }
}
