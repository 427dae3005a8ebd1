//! Held sound: blocks in as they are mixed, blocks out as the course has it, and on the way out what was decided about them.
//!
//! Nothing is decided before it leaves: a block is judged and edited when the way out reaches it, so a verdict that comes
//! in the last moment counts.

use super::block::FLOOR_DBFS;
use super::edit::{Edit, Editor};
use super::ring::SoundRing;
use super::stretch::{Stretcher, Wanted};
use super::{Place, Tempo};
use crate::media::{AudioBlock, TimeDelta, Timestamp};

/// Below this many dBFS for [`PAUSE_BLOCKS`] nobody is speaking.
const PAUSE_DBFS: i8 = -45;

/// How long a pause must last to be one: 100 ms.
const PAUSE_BLOCKS: i64 = 10;

/// Blocks to a level that is shown: 100 ms.
const LEVEL_BLOCKS: i64 = 10;

/// How far around what leaves edits are looked for: what is read ahead and behind.
const AROUND_MS: i64 = 60;

/// The sound of a show between the mixer and the air.
pub struct SoundHold {
    ring: SoundRing,
    stretcher: Stretcher,
    editor: Editor,
    edited: u64,
}

impl Default for SoundHold {
    fn default() -> Self {
        Self::new()
    }
}

impl SoundHold {
    /// Nothing held.
    #[must_use]
    pub fn new() -> Self {
        Self {
            ring: SoundRing::new(),
            stretcher: Stretcher::new(),
            editor: Editor::new(),
            edited: 0,
        }
    }

    /// The show was heard up to `content` without being held, and goes on there.
    pub fn go_on(&mut self, content: Timestamp) {
        self.stretcher.go_on(content.to_48k());
    }

    /// Whether the next sample that leaves is that of `content`: then it can do without being held.
    #[must_use]
    pub fn is_at(&self, content: Timestamp) -> bool {
        self.stretcher.is_at(content.to_48k())
    }

    /// A block was mixed, in which `strips` could be heard, a bit each.
    pub fn put(&mut self, block: &AudioBlock, strips: u64) {
        self.ring.put(AudioBlock::index_at(block.pts), block, strips);
    }

    /// Whether there is a pause from that moment on. What has not come in yet is none.
    #[must_use]
    pub fn is_pause(&self, content: Timestamp) -> bool {
        let first = AudioBlock::index_at(content);
        let mut blocks = (first..first + PAUSE_BLOCKS).map(|index| self.ring.get(index));
        blocks.all(|block| block.is_some_and(|block| block.peak_dbfs < PAUSE_DBFS))
    }

    /// The stretch of the show whose edits [`read`](Self::read) needs for what leaves at `place`.
    #[must_use]
    pub fn reach(place: Place) -> (Timestamp, Timestamp) {
        let around = TimeDelta::from_millis(AROUND_MS);
        (place.content - around, place.content + around)
    }

    /// The block that leaves at `out`, which is at `place` of the course. Each block of the show goes once through `judge`, which
    /// makes silence of what may not be heard, and through `edits`.
    pub fn read(
        &mut self,
        out: Timestamp,
        place: Place,
        edits: &[Edit],
        judge: &mut dyn FnMut(AudioBlock) -> AudioBlock,
    ) -> AudioBlock {
        let mut block = AudioBlock::silence(out);
        let sample = place.content.to_48k();
        let wanted = Wanted {
            sample,
            length: if place.tempo == Tempo::STEADY {
                480
            } else {
                (place.content + place.tempo.per_block()).to_48k() - sample
            },
            limit: self.ring.end() * 480,
        };
        let Self {
            ring,
            stretcher,
            editor,
            edited,
        } = self;
        stretcher.read(wanted, &mut block.channels, &mut |index| {
            let pts = AudioBlock::time_of(index);
            let Some(held) = ring.get(index) else {
                return AudioBlock::silence(pts);
            };
            let mut block = judge(held.block(pts));
            *edited += u64::from(editor.apply(&mut block, held.strips, edits));
            block
        });
        ring.forget_before(AudioBlock::index_at(place.content) - LEVEL_BLOCKS);
        block
    }

    /// Blocks that were edited so far.
    #[must_use]
    pub const fn edited(&self) -> u64 {
        self.edited
    }

    /// Bytes that it takes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.ring.bytes()
    }

    /// The highest sample of each whole 100 ms from `airing` on, in dBFS, and where the last of them ends.
    pub fn levels(&self, airing: Timestamp, levels: &mut Vec<i8>) -> Timestamp {
        levels.clear();
        let mut first = AudioBlock::index_at(airing).div_euclid(LEVEL_BLOCKS) * LEVEL_BLOCKS;
        while first + LEVEL_BLOCKS <= self.ring.end() {
            let peaks = (first..first + LEVEL_BLOCKS).filter_map(|index| self.ring.get(index));
            levels.push(peaks.map(|block| block.peak_dbfs).max().unwrap_or(FLOOR_DBFS));
            first += LEVEL_BLOCKS;
        }
        AudioBlock::time_of(first)
    }
}

#[cfg(test)]
#[path = "sound_tests.rs"]
mod tests;
