//! Pictures as they move through the studio: planar YUV 4:2:0 (I420), limited range BT.709, from a pool.
//!
//! A frame is written once through [`FrameMut`] and then shared, never copied: [`VideoFrame`] clones are references,
//! and when the last one is dropped its memory is free again in the pool that it came from. Memory can be the heap's, or a
//! slot of an arena that a worker process maps too: whoever writes a picture does not see a difference.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

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

/// Picture memory that is not the heap's: a slot of an arena that another process maps as well.
pub trait SlotMemory: Send + Sync + fmt::Debug {
    /// The whole slot.
    fn bytes(&self) -> &[u8];

    /// The whole slot, to write; empty where it can only be read.
    fn bytes_mut(&mut self) -> &mut [u8];
}

/// Which slot of which arena a picture lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotId {
    /// Unique among the arenas of a process.
    pub arena: u64,
    /// Counted from 0.
    pub index: u32,
}

#[derive(Debug)]
enum Memory {
    Heap(Vec<u8>),
    Slot(SlotId, Box<dyn SlotMemory>),
}

#[derive(Debug)]
struct Buffer {
    width: u32,
    height: u32,
    /// Y, then U, then V, each without padding between rows; what a slot has beyond that is not used.
    memory: Memory,
}

/// Bytes of an I420 picture of even sizes.
#[must_use]
pub fn i420_len(width: u32, height: u32) -> usize {
    width as usize * height as usize * 3 / 2
}

impl Buffer {
    fn bytes(&self) -> &[u8] {
        match &self.memory {
            Memory::Heap(bytes) => bytes,
            Memory::Slot(_, slot) => slot.bytes(),
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.memory {
            Memory::Heap(bytes) => bytes,
            Memory::Slot(_, slot) => slot.bytes_mut(),
        }
    }

    fn is_slot(&self) -> bool {
        matches!(self.memory, Memory::Slot(..))
    }

    fn is_sized(&self, width: u32, height: u32) -> bool {
        (self.width, self.height) == (width, height)
    }

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

/// The buffers of a pool that are not being written: those in use and those that are free. A buffer is free when the shelf
/// holds the only reference to it, so giving one back is nothing but dropping it.
#[derive(Debug, Default)]
struct Shelf {
    /// The most recently frozen last: looked through from there, so that few buffers stay in use and in the cache.
    buffers: Mutex<Vec<Arc<Buffer>>>,
}

impl Shelf {
    fn put(&self, buffer: Arc<Buffer>) {
        self.lock().push(buffer);
    }

    fn take(&self, width: u32, height: u32) -> Arc<Buffer> {
        let mut buffers = self.lock();
        let fits = |buffer: &Arc<Buffer>| buffer.is_sized(width, height) && Arc::strong_count(buffer) == 1;
        let slot = buffers.iter().rposition(|buffer| buffer.is_slot() && fits(buffer));
        if let Some(at) = slot.or_else(|| buffers.iter().rposition(fits)) {
            return buffers.remove(at);
        }
        // Free buffers of sizes that nobody asks for any more: let the oldest go.
        let is_spare = |buffer: &Arc<Buffer>| !buffer.is_slot() && Arc::strong_count(buffer) == 1;
        if buffers.iter().filter(|buffer| is_spare(buffer)).count() >= KEPT
            && let Some(at) = buffers.iter().position(is_spare)
        {
            buffers.remove(at);
        }
        drop(buffers);
        Arc::new(Buffer {
            width,
            height,
            memory: Memory::Heap(vec![0; i420_len(width, height)]),
        })
    }

    /// Takes `buffer` off again, where nobody but its one holder and the shelf refers to it.
    fn take_back(&self, buffer: &Arc<Buffer>) -> bool {
        let mut buffers = self.lock();
        // Nobody can begin to refer to it meanwhile: the holder is asking here, and the shelf is locked.
        let at = buffers.iter().rposition(|known| Arc::ptr_eq(known, buffer));
        let at = at.filter(|_| Arc::strong_count(buffer) == 2);
        at.map(|at| buffers.remove(at)).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Buffer>>> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// A pool whose pictures of one even size lie in `slots` of arena number `arena` while there is a free one, and on the
    /// heap otherwise. Each slot must hold a picture of that size ([`i420_len`]); one that does not is left out.
    #[must_use]
    pub fn with_slots(width: u32, height: u32, arena: u64, slots: Vec<Box<dyn SlotMemory>>) -> Self {
        let buffers = (0..).zip(slots).filter_map(|(index, slot)| {
            let is_fit = slot.bytes().len() >= i420_len(width, height);
            let memory = Memory::Slot(SlotId { arena, index }, slot);
            is_fit.then(|| Arc::new(Buffer { width, height, memory }))
        });
        let mut buffers = buffers.collect::<Vec<_>>();
        // Taken from the end: slot 0 first.
        buffers.reverse();
        Self {
            shelf: Arc::new(Shelf {
                buffers: Mutex::new(buffers),
            }),
        }
    }

    /// A frame to write on. Odd sizes are rounded down to even ones (4:2:0 has no half pixels); both sides are held
    /// within 2 and [`MAX_DIMENSION`]. The content is whatever was there before.
    #[must_use]
    pub fn frame(&self, width: u32, height: u32) -> FrameMut {
        let width = (width & !1).clamp(2, MAX_DIMENSION);
        let height = (height & !1).clamp(2, MAX_DIMENSION);
        FrameMut {
            buffer: Some(self.shelf.take(width, height)),
            shelf: Arc::clone(&self.shelf),
        }
    }
}

/// A picture that is being made. [`freeze`](Self::freeze) ends that.
#[derive(Debug)]
pub struct FrameMut {
    /// `None` only while it is being frozen or dropped.
    buffer: Option<Arc<Buffer>>,
    shelf: Arc<Shelf>,
}

#[expect(
    clippy::expect_used,
    reason = "there is a buffer until `freeze` takes the frame, and nobody else refers to it"
)]
impl FrameMut {
    fn buffer(&self) -> &Buffer {
        self.buffer.as_deref().expect("a frame that is not frozen")
    }

    /// A buffer is on the shelf or in a `FrameMut`, never both, and so is shared only after `freeze`.
    fn buffer_mut(&mut self) -> &mut Buffer {
        let buffer = self.buffer.as_mut().expect("a frame that is not frozen");
        Arc::get_mut(buffer).expect("a buffer that was taken off the shelf")
    }

    /// Luma width in pixels; even.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.buffer().width
    }

    /// Luma height in pixels; even.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.buffer().height
    }

    /// Bytes from one row of `plane` to the next; rows have no padding.
    #[must_use]
    pub fn stride(&self, plane: Plane) -> usize {
        self.buffer().stride(plane)
    }

    /// One plane, to read back what was written.
    #[must_use]
    pub fn plane(&self, plane: Plane) -> &[u8] {
        let buffer = self.buffer();
        &buffer.bytes()[buffer.range(plane)]
    }

    /// One plane, to write.
    pub fn plane_mut(&mut self, plane: Plane) -> &mut [u8] {
        let buffer = self.buffer_mut();
        let range = buffer.range(plane);
        &mut buffer.bytes_mut()[range]
    }

    /// All three planes at once, to write: Y, U, V.
    pub fn planes_mut(&mut self) -> (&mut [u8], &mut [u8], &mut [u8]) {
        let buffer = self.buffer_mut();
        let (luma, end) = (buffer.range(Plane::Y).end, buffer.range(Plane::V).end);
        let (y, rest) = buffer.bytes_mut()[..end].split_at_mut(luma);
        let (u, v) = rest.split_at_mut(luma / 4);
        (y, u, v)
    }

    /// Paints the whole picture in one colour, given as Y, U, V.
    pub fn fill(&mut self, yuv: [u8; 3]) {
        let (y, u, v) = self.planes_mut();
        y.fill(yuv[0]);
        u.fill(yuv[1]);
        v.fill(yuv[2]);
    }

    /// Makes the picture the same as `source`, which must have its size.
    pub fn copy_from(&mut self, source: &VideoFrame) {
        for plane in [Plane::Y, Plane::U, Plane::V] {
            self.plane_mut(plane).copy_from_slice(source.plane(plane));
        }
    }

    /// The finished picture, to be shown at `pts`.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "there is a buffer until here")]
    pub fn freeze(mut self, pts: Timestamp) -> VideoFrame {
        let buffer = self.buffer.take().expect("a frame that is not frozen");
        self.shelf.put(Arc::clone(&buffer));
        let shelf = Arc::downgrade(&self.shelf);
        VideoFrame { pts, buffer, shelf }
    }
}

impl Drop for FrameMut {
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            self.shelf.put(buffer);
        }
    }
}

/// A finished picture. Clones share the memory.
#[derive(Clone, Debug)]
pub struct VideoFrame {
    /// When it is shown, on the studio clock.
    pub pts: Timestamp,
    buffer: Arc<Buffer>,
    /// Where its memory is given back to; of no pool where somebody else writes it.
    shelf: Weak<Shelf>,
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
        &self.buffer.bytes()[self.buffer.range(plane)]
    }

    /// A picture in memory that somebody else writes, for a process that only reads it; `None` where the memory is too
    /// small for its size, or that is no size of a picture.
    #[must_use]
    pub fn over(width: u32, height: u32, slot: SlotId, memory: Box<dyn SlotMemory>) -> Option<Self> {
        let is_size = |side: u32| side.is_multiple_of(2) && (2..=MAX_DIMENSION).contains(&side);
        let is_fit = is_size(width) && is_size(height) && memory.bytes().len() >= i420_len(width, height);
        is_fit.then(|| Self {
            pts: Timestamp::ZERO,
            buffer: Arc::new(Buffer {
                width,
                height,
                memory: Memory::Slot(slot, memory),
            }),
            shelf: Weak::new(),
        })
    }

    /// The same memory, to be written again: what is changed is changed in place, without a copy. Its time is no part of that.
    ///
    /// # Errors
    /// Gives the frame back as it is where somebody else refers to the picture, or where it came from no pool (or from one
    /// that is gone).
    pub fn into_mut(self) -> Result<FrameMut, Self> {
        match self.shelf.upgrade() {
            Some(shelf) if shelf.take_back(&self.buffer) => Ok(FrameMut {
                buffer: Some(self.buffer),
                shelf,
            }),
            _ => Err(self),
        }
    }

    /// The slot that it lies in; `None` on the heap.
    #[must_use]
    pub fn slot(&self) -> Option<SlotId> {
        match &self.buffer.memory {
            Memory::Heap(_) => None,
            Memory::Slot(id, _) => Some(*id),
        }
    }

    /// The same picture at another time, without a copy.
    #[must_use]
    pub fn at(&self, pts: Timestamp) -> Self {
        Self {
            pts,
            buffer: Arc::clone(&self.buffer),
            shelf: Weak::clone(&self.shelf),
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

    #[derive(Debug)]
    struct Slot(Vec<u8>);

    impl SlotMemory for Slot {
        fn bytes(&self) -> &[u8] {
            &self.0
        }

        fn bytes_mut(&mut self) -> &mut [u8] {
            &mut self.0
        }
    }

    #[test]
    fn slots_come_first_and_the_heap_helps_out() {
        let slots = (0..2).map(|_| Box::new(Slot(vec![0; 64 * 36 * 3 / 2])) as Box<dyn SlotMemory>);
        let pool = FramePool::with_slots(64, 36, 7, slots.collect());
        let index = |frame: &VideoFrame| frame.slot().map(|slot| slot.index);
        let make = || pool.frame(64, 36).freeze(Timestamp::ZERO);
        let (first, second, third) = (make(), make(), make());
        assert_eq!([index(&first), index(&second), index(&third)], [Some(0), Some(1), None]);
        assert_eq!(first.slot().unwrap().arena, 7);
        drop((second, third));
        assert_eq!(index(&make()), Some(1), "a free slot before free heap memory");
        assert_eq!(index(&pool.frame(32, 18).freeze(Timestamp::ZERO)), None, "another size");
    }

    #[test]
    fn a_frame_that_is_given_up_is_not_lost() {
        let pool = FramePool::new();
        let address = pool.frame(64, 36).plane(Plane::Y).as_ptr();
        assert_eq!(pool.frame(64, 36).plane(Plane::Y).as_ptr(), address);
    }

    #[test]
    fn a_picture_is_written_again_only_by_its_one_holder() {
        let pool = FramePool::new();
        let frame = pool.frame(64, 36).freeze(Timestamp::ZERO);
        let address = frame.plane(Plane::Y).as_ptr();
        let shared = frame.clone();
        let frame = frame.into_mut().unwrap_err();
        assert!(frame.is_same_picture(&shared), "given back as it was");
        drop(shared);
        let mut again = frame.into_mut().unwrap();
        again.fill([1, 2, 3]);
        assert_ne!(
            pool.frame(64, 36).plane(Plane::Y).as_ptr(),
            address,
            "not free while it is being written"
        );
        let frame = again.freeze(Timestamp::from_millis(40));
        assert_eq!(frame.plane(Plane::Y).as_ptr(), address);
        assert_eq!(frame.plane(Plane::V)[0], 3);
        drop(pool);
        assert!(frame.into_mut().is_err(), "no pool to give it back to");
        let slot = SlotId { arena: 0, index: 0 };
        let foreign = VideoFrame::over(64, 36, slot, Box::new(Slot(vec![0; 64 * 36 * 3 / 2]))).unwrap();
        assert!(foreign.into_mut().is_err(), "somebody else writes it");
    }

    #[test]
    fn sizes_that_nobody_wants_any_more_do_not_pile_up() {
        let pool = FramePool::new();
        for width in 1..100 {
            drop(pool.frame(width * 2, 36).freeze(Timestamp::ZERO));
        }
        assert!(pool.shelf.lock().len() <= KEPT + 1);
    }

    #[test]
    fn foreign_memory_must_hold_the_picture() {
        let slot = SlotId { arena: 0, index: 0 };
        let over = |width, height, len| VideoFrame::over(width, height, slot, Box::new(Slot(vec![0; len])));
        assert!(over(64, 36, 64 * 36 * 3 / 2).is_some());
        assert!(over(64, 36, 64 * 36 * 3 / 2 - 1).is_none());
        assert!(over(63, 36, 1 << 20).is_none());
        assert!(over(0, 0, 1 << 20).is_none());
        assert!(over(8192, 8192, 1 << 20).is_none());
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
