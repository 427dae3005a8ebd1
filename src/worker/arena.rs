//! Pictures in memory that worker processes read: one sealed memfd, cut into slots of one program frame each.
//!
//! The studio maps every slot once to write, then seals the memory: it can neither shrink nor grow, and nobody can map it to
//! write again (`F_SEAL_FUTURE_WRITE`, Linux 5.1). A worker that was taken over can therefore read the program, which it
//! is there for, and change nothing. Pages are used only once something was drawn on them, so slots to spare cost nothing.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{Mmap, MmapMut};
use rustix::fs::{MemfdFlags, SealFlags};
use serde::{Deserialize, Serialize};

use super::raw;
use crate::media::{FramePool, MAX_DIMENSION, SlotId, SlotMemory, VideoFrame, i420_len};

/// Slots begin at pages of any size that is in use, 64 KiB at most.
const ALIGNMENT: usize = 64 << 10;

/// More slots than any show needs, and a limit to what a message can make a worker map.
pub const MAX_SLOTS: u32 = 256;

/// What a worker must know to find the slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Of every picture, in pixels; even.
    pub width: u32,
    /// Likewise.
    pub height: u32,
    /// How many there are.
    pub slots: u32,
}

impl Layout {
    fn is_sane(self) -> bool {
        let is_side = |side: u32| side.is_multiple_of(2) && (2..=MAX_DIMENSION).contains(&side);
        is_side(self.width) && is_side(self.height) && (1..=MAX_SLOTS).contains(&self.slots)
    }

    fn slot_len(self) -> usize {
        i420_len(self.width, self.height).next_multiple_of(ALIGNMENT)
    }

    fn len(self) -> u64 {
        self.slot_len() as u64 * u64::from(self.slots)
    }

    fn offsets(self) -> impl Iterator<Item = u64> {
        (0..u64::from(self.slots)).map(move |slot| slot * self.slot_len() as u64)
    }
}

/// The studio's side.
#[derive(Debug)]
pub struct Arena {
    id: u64,
    layout: Layout,
    pool: FramePool,
    memory: OwnedFd,
}

impl Arena {
    /// Makes room for `slots` pictures of that size, [`MAX_SLOTS`] at most.
    ///
    /// # Errors
    /// What the system says: no memory, no memfd.
    pub fn new(width: u32, height: u32, slots: u32) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let slots = slots.clamp(1, MAX_SLOTS);
        let layout = Layout { width, height, slots };
        if !layout.is_sane() {
            return Err(io::Error::other(format!("{width}x{height} is no size of pictures")));
        }
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let memory = rustix::fs::memfd_create("rigcast frames", flags)?;
        rustix::fs::ftruncate(&memory, layout.len())?;
        rustix::fs::fcntl_add_seals(&memory, SealFlags::SHRINK | SealFlags::GROW)?;
        let map = |offset| raw::map_to_write(&memory, offset, i420_len(width, height));
        let slots = layout
            .offsets()
            .map(|offset| Ok(Box::new(Written(map(offset)?)) as Box<dyn SlotMemory>))
            .collect::<io::Result<Vec<_>>>()?;
        // An older kernel does not know this one; its workers are trusted not to write.
        let _ = rustix::fs::fcntl_add_seals(&memory, SealFlags::FUTURE_WRITE);
        rustix::fs::fcntl_add_seals(&memory, SealFlags::SEAL)?;
        Ok(Self {
            id,
            layout,
            pool: FramePool::with_slots(width, height, id, slots),
            memory,
        })
    }

    /// Hands out the slots, and heap memory when there is none.
    #[must_use]
    pub fn pool(&self) -> &FramePool {
        &self.pool
    }

    /// For the worker's first message.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The slot that `frame` lies in; `None` where it lies elsewhere.
    #[must_use]
    pub fn slot_of(&self, frame: &VideoFrame) -> Option<u32> {
        frame.slot().filter(|slot| slot.arena == self.id).map(|slot| slot.index)
    }

    /// `frame` in a slot, itself or a copy of it, and which slot that is. `None` where every slot is taken, or it has another
    /// size.
    #[must_use]
    pub fn settle(&self, frame: &VideoFrame) -> Option<(VideoFrame, u32)> {
        if let Some(slot) = self.slot_of(frame) {
            return Some((frame.clone(), slot));
        }
        if (frame.width(), frame.height()) != (self.layout.width, self.layout.height) {
            return None;
        }
        let mut copy = self.pool.frame(frame.width(), frame.height());
        copy.copy_from(frame);
        let copy = copy.freeze(frame.pts);
        self.slot_of(&copy).map(|slot| (copy, slot))
    }
}

impl AsFd for Arena {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }
}

/// The worker's side: every slot as a picture.
#[derive(Debug)]
pub struct View {
    frames: Vec<VideoFrame>,
}

impl View {
    /// Maps the slots in `memory`.
    ///
    /// # Errors
    /// A layout that the memory does not hold, or what the system says.
    pub fn open(memory: impl AsFd, layout: Layout) -> io::Result<Self> {
        let size = rustix::fs::fstat(&memory)?.st_size;
        if !layout.is_sane() || u64::try_from(size).unwrap_or(0) < layout.len() {
            return Err(io::Error::other(format!("{layout:?} does not fit into {size} bytes")));
        }
        let frames = (0..).zip(layout.offsets()).map(|(index, offset)| {
            let map = raw::map_to_read(&memory, offset, i420_len(layout.width, layout.height))?;
            let slot = SlotId { arena: 0, index };
            VideoFrame::over(layout.width, layout.height, slot, Box::new(Read(map)))
                .ok_or_else(|| io::Error::other(format!("{layout:?} is no size of pictures")))
        });
        Ok(Self {
            frames: frames.collect::<io::Result<_>>()?,
        })
    }

    /// The picture in a slot; its time is whatever the studio says with the number. `None` where there is no such slot.
    #[must_use]
    pub fn frame(&self, slot: u32) -> Option<&VideoFrame> {
        self.frames.get(slot as usize)
    }
}

#[derive(Debug)]
struct Written(MmapMut);

impl SlotMemory for Written {
    fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

#[derive(Debug)]
struct Read(Mmap);

impl SlotMemory for Read {
    fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut []
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{Plane, Timestamp};

    #[test]
    fn what_is_drawn_on_one_side_is_seen_on_the_other() {
        let arena = Arena::new(64, 36, 3).unwrap();
        let view = View::open(&arena, arena.layout()).unwrap();
        let mut frame = arena.pool().frame(64, 36);
        frame.fill([81, 90, 240]);
        let frame = frame.freeze(Timestamp::ZERO);
        let seen = view.frame(arena.slot_of(&frame).unwrap()).unwrap();
        for plane in [Plane::Y, Plane::U, Plane::V] {
            assert_eq!(seen.plane(plane), frame.plane(plane));
        }
        assert!(view.frame(3).is_none());
    }

    #[test]
    fn nobody_else_can_write_or_shrink_the_memory() {
        let arena = Arena::new(64, 36, 1).unwrap();
        assert!(raw::map_to_write(&arena, 0, 4096).is_err());
        assert!(rustix::fs::ftruncate(&arena.memory, 0).is_err());
        assert!(rustix::io::write(&arena.memory, b"x").is_err());
    }

    #[test]
    fn a_layout_that_does_not_fit_is_refused() {
        let arena = Arena::new(64, 36, 1).unwrap();
        let layout = |width, height, slots| Layout { width, height, slots };
        for wrong in [
            layout(64, 36, 2),
            layout(640, 360, 1),
            layout(64, 36, u32::MAX),
            layout(u32::MAX, u32::MAX, 1),
            layout(0, 0, 1),
            layout(63, 36, 1),
        ] {
            assert!(View::open(&arena, wrong).is_err(), "{wrong:?}");
        }
        let file = rustix::fs::memfd_create("not sealed", MemfdFlags::CLOEXEC).unwrap();
        rustix::fs::ftruncate(&file, 1 << 20).unwrap();
        assert!(View::open(&file, layout(64, 36, 1)).is_err());
    }

    #[test]
    fn a_picture_from_elsewhere_is_copied_into_a_slot() {
        let arena = Arena::new(64, 36, 1).unwrap();
        let mut frame = FramePool::new().frame(64, 36);
        frame.fill([50, 60, 70]);
        let frame = frame.freeze(Timestamp::from_millis(40));
        let (settled, slot) = arena.settle(&frame).unwrap();
        assert_eq!((arena.slot_of(&settled), slot, settled.pts), (Some(0), 0, frame.pts));
        assert_eq!(settled.plane(Plane::V), frame.plane(Plane::V));
        assert!(arena.settle(&settled).unwrap().0.is_same_picture(&settled));
        assert!(arena.settle(&frame).is_none(), "the one slot is taken");
        let small = FramePool::new().frame(32, 18).freeze(Timestamp::ZERO);
        assert!(arena.settle(&small).is_none());
    }
}
