//! The held blocks by their number: memory in pieces of half a second, taken as the hold grows and used again while it is steady.

use std::collections::VecDeque;

use super::LONGEST_SECONDS;
use super::block::HeldBlock;
use crate::media::AudioBlock;

/// Blocks in one piece of memory.
const CHUNK: i64 = 50;

/// Pieces at most: the longest hold, and a little that is behind and before it.
const CHUNKS: usize = (LONGEST_SECONDS * 100 / CHUNK) as usize + 4;

/// Held blocks, each at its number on the 10 ms grid.
pub struct SoundRing {
    chunks: VecDeque<Box<[HeldBlock]>>,
    /// One that is free again.
    spare: Option<Box<[HeldBlock]>>,
    /// The number of the first block of the first chunk.
    base: i64,
    /// The first number that has not come in yet.
    end: i64,
}

impl SoundRing {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self {
            chunks: VecDeque::with_capacity(CHUNKS + 1),
            spare: None,
            base: 0,
            end: 0,
        }
    }

    /// The number of the first block that has not come in yet.
    #[must_use]
    pub const fn end(&self) -> i64 {
        self.end
    }

    /// Bytes that it takes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let chunks = self.chunks.len() + usize::from(self.spare.is_some());
        (chunks * CHUNK as usize * size_of::<HeldBlock>()) as u64
    }

    /// Takes in a block. Numbers that were passed over are silent; one that comes late is left out. The oldest go where
    /// there is no room left.
    pub fn put(&mut self, index: i64, block: &AudioBlock, strips: u64) {
        let is_first = self.chunks.is_empty();
        if !is_first && index < self.end {
            return;
        }
        if is_first || index - self.end > LONGEST_SECONDS * 100 {
            self.forget();
            self.base = index.div_euclid(CHUNK) * CHUNK;
            self.end = self.base;
        }
        while self.end <= index {
            let at = self.end - self.base;
            if at == self.chunks.len() as i64 * CHUNK {
                self.add();
            }
            *self.slot(self.end) = HeldBlock::SILENCE;
            self.end += 1;
        }
        self.slot(index).set(block, strips);
    }

    /// The block of that number, if it is held.
    #[must_use]
    pub fn get(&self, index: i64) -> Option<&HeldBlock> {
        if index >= self.end {
            return None;
        }
        let at = usize::try_from(index - self.base).ok()?;
        self.chunks.get(at / CHUNK as usize)?.get(at % CHUNK as usize)
    }

    /// Blocks before `index` are not needed any more.
    pub fn forget_before(&mut self, index: i64) {
        while self.chunks.len() > 1 && self.base + CHUNK <= index {
            self.drop_first();
        }
    }

    /// Nothing is needed any more.
    pub fn forget(&mut self) {
        self.chunks.clear();
        self.spare = None;
    }

    fn slot(&mut self, index: i64) -> &mut HeldBlock {
        let at = (index - self.base) as usize;
        &mut self.chunks[at / CHUNK as usize][at % CHUNK as usize]
    }

    fn add(&mut self) {
        if self.chunks.len() >= CHUNKS {
            self.drop_first();
        }
        let fresh = || vec![HeldBlock::SILENCE; CHUNK as usize].into_boxed_slice();
        let chunk = self.spare.take().unwrap_or_else(fresh);
        self.chunks.push_back(chunk);
    }

    fn drop_first(&mut self) {
        self.spare = self.chunks.pop_front();
        self.base += CHUNK;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(index: i64) -> AudioBlock {
        let mut block = AudioBlock::silence(AudioBlock::time_of(index));
        block.channels[0][0] = 0.5;
        block
    }

    fn is_loud(ring: &SoundRing, index: i64) -> Option<bool> {
        ring.get(index).map(|held| held.peak_dbfs > -10)
    }

    #[test]
    fn blocks_are_found_by_their_number_until_they_are_not_needed() {
        let mut ring = SoundRing::new();
        for index in 1234..1500 {
            ring.put(index, &block(index), 1);
            ring.forget_before(index - 99);
        }
        assert_eq!(is_loud(&ring, 1499), Some(true));
        assert_eq!(is_loud(&ring, 1401), Some(true));
        assert_eq!(is_loud(&ring, 1500), None);
        assert_eq!(is_loud(&ring, 1299), None);
        assert!(ring.chunks.len() <= 4, "{}", ring.chunks.len());
    }

    #[test]
    fn what_was_passed_over_is_silent_and_what_is_late_is_left_out() {
        let mut ring = SoundRing::new();
        for index in [-3, 5, 2, 7] {
            ring.put(index, &block(index), 0);
        }
        let found = (-4..9).map(|index| is_loud(&ring, index)).collect::<Vec<_>>();
        let mut expected = vec![Some(false); 12];
        (expected[1], expected[9], expected[11]) = (Some(true), Some(true), Some(true));
        expected.push(None);
        assert_eq!(found, expected);
    }

    #[test]
    fn memory_is_bounded_and_used_again() {
        let mut ring = SoundRing::new();
        for index in 0..20_000 {
            ring.put(index, &block(index), 0);
        }
        let full = ring.bytes();
        assert!(full < 6_700_000, "{full}");
        ring.put(1_000_000_000, &block(0), 0);
        assert!(ring.bytes() < 200_000);
        assert_eq!(is_loud(&ring, 19_999), None);
    }
}
