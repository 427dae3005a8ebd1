//! The way of sound from the mixer to its encoder: held as long as pictures are, so that both leave together.
//!
//! Two holds lie behind each other: that of the search for faces, a constant few pictures, and the broadcast delay, in which
//! the gate and edits have their say at the last moment.

use std::sync::Arc;
use std::time::Duration;

use super::hold::{Hold, Timed};
use super::occlusion::FaceWatch;
use crate::clock::Clock;
use crate::hold::{Edit, SoundHold};
use crate::media::{AudioBlock, Timestamp};
use crate::studio::runtime::gate::SoundGate;
use crate::studio::runtime::holding::Holding;

/// Blocks that can be held without allocating: a second, which is six pictures at six per second.
const ROOM: usize = 100;

/// Edits that can touch one block without allocating.
const EDITS: usize = 16;

/// A block as the mixer made it.
#[derive(Clone, Copy, Debug)]
pub struct Mixed {
    /// The sound of program.
    pub block: AudioBlock,
    /// The strips that could be heard in it, a bit each.
    pub strips: u64,
}

impl Timed for Mixed {
    fn pts(&self) -> Timestamp {
        self.block.pts
    }
}

/// What the sound encoder's thread takes blocks from.
pub struct SoundAir {
    clock: Clock,
    watch: Arc<FaceWatch>,
    gate: SoundGate,
    hold: Hold<Mixed>,
    holding: Arc<Holding>,
    /// While there is a broadcast delay, or something to be edited.
    held: Option<SoundHold>,
    edits: Vec<Edit>,
    /// Blocks that were edited while there was one before.
    edited: u64,
    /// Where what has left ends.
    end: Option<Timestamp>,
}

impl SoundAir {
    /// A way out by `clock`, as late as `watch` has it, through `holding` and past `gate`.
    #[must_use]
    pub fn new(clock: Clock, watch: Arc<FaceWatch>, gate: SoundGate, holding: Arc<Holding>) -> Self {
        Self {
            clock,
            watch,
            gate,
            hold: Hold::new(ROOM),
            holding,
            held: None,
            edits: Vec::with_capacity(EDITS),
            edited: 0,
            end: None,
        }
    }

    /// A block has been mixed.
    pub fn put(&mut self, mixed: &Mixed) {
        self.hold.put(*mixed);
    }

    /// How long until the next block is due; `None` while none is held.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        self.hold.wait(self.clock.now(), self.watch.delay())
    }

    /// The next block that is due, as it may be heard.
    pub fn take(&mut self) -> Option<AudioBlock> {
        let Mixed { block, strips } = self.hold.take(self.clock.now(), self.watch.delay())?;
        let end = self.end.replace(block.pts + AudioBlock::duration());
        if !self.holding.is_sound_touched() {
            self.edited += self.held.take().map_or(0, |held| held.edited());
            return Some(self.gate.pass(block));
        }
        let held = self.held.get_or_insert_with(|| {
            let mut held = SoundHold::new();
            if end == Some(block.pts) {
                held.go_on(block.pts);
            }
            held
        });
        let out = block.pts;
        held.put(&block, strips);
        let place = self.holding.advance(out, held, &mut self.edits);
        let gate = &mut self.gate;
        let left = held.read(out, place, &self.edits, &mut |block| gate.pass(block));
        self.holding.went_out(out, held, self.gate.silenced() + self.edited);
        Some(left)
    }
}
