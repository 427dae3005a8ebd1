//! The way of sound from the mixer to its encoder: held as long as pictures are, so that both leave together.

use std::sync::Arc;
use std::time::Duration;

use super::hold::Hold;
use super::occlusion::FaceWatch;
use crate::clock::Clock;
use crate::media::AudioBlock;
use crate::studio::runtime::gate::SoundGate;

/// Blocks that can be held without allocating: a second, which is six pictures at six per second.
const ROOM: usize = 100;

/// What the sound encoder's thread takes blocks from.
pub struct SoundAir {
    clock: Clock,
    watch: Arc<FaceWatch>,
    gate: SoundGate,
    hold: Hold<AudioBlock>,
}

impl SoundAir {
    /// A way out by `clock`, as late as `watch` has it, past `gate`.
    #[must_use]
    pub fn new(clock: Clock, watch: Arc<FaceWatch>, gate: SoundGate) -> Self {
        Self {
            clock,
            watch,
            gate,
            hold: Hold::new(ROOM),
        }
    }

    /// A block has been mixed.
    pub fn put(&mut self, block: &AudioBlock) {
        self.hold.put(*block);
    }

    /// How long until the next block is due; `None` while none is held.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        self.hold.wait(self.clock.now(), self.watch.delay())
    }

    /// The next block that is due, as it may be heard.
    pub fn take(&mut self) -> Option<AudioBlock> {
        let block = self.hold.take(self.clock.now(), self.watch.delay())?;
        Some(self.gate.pass(block))
    }
}
