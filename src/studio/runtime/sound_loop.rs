//! The sound thread: every 10 ms one block from each source, through the mixer, to the encoder and the meters.
//!
//! Sound is the master of time: block `k` is mixed when the studio clock reads its start. Sources deliver ahead, so at
//! that moment the block is there or will never be. Nothing here allocates or waits for another thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};

use super::air::Mixed;
use super::analysis::SoundFeed;
use super::outlet::{Outlet, Sound};
use super::recording::{MOST_TAPS, Recorder};
use super::regroup::Regroup;
use crate::clock::Clock;
use crate::media::{AudioBlock, TimeDelta};
use crate::sound::{BusSettings, Meters, Mixer, StripSettings};

/// How far, in ms, the thread may fall behind before it gives up the blocks in between: a rig that was suspended.
const GIVE_UP_AFTER_MS: i64 = 500;

/// Blocks between two sets of meters: 50 ms.
const METER_BLOCKS: i64 = 5;

/// What the sound thread is told.
pub enum SoundMessage {
    /// The settings of a strip have changed.
    Strip(usize, StripSettings),
    /// The settings of the buses have.
    Buses(BusSettings),
    /// The source of a strip has come on program or left it; sound that follows it does so within that time.
    OnProgram(usize, bool, TimeDelta),
    /// Loudness is to be measured anew.
    ResetLoudness,
    /// Something is to be recorded.
    Record(Recorder),
    /// Other strips take over. What is told after it is about those.
    Strips(Box<Regroup>),
}

/// The sound of a source as it comes in.
pub type SoundRing = rtrb::Consumer<AudioBlock>;

/// What the sound thread works with.
pub struct SoundLoop {
    /// The studio clock.
    pub clock: Clock,
    /// One ring per strip; `None` for a source without sound.
    pub rings: Vec<Option<SoundRing>>,
    /// The mixer, with as many strips.
    pub mixer: Mixer,
    /// What is to change.
    pub messages: rtrb::Consumer<SoundMessage>,
    /// To the sound encoder.
    pub encoder: SyncSender<Mixed>,
    /// Whether anyone wants encoded sound, and the counters.
    pub outlet: Arc<Outlet>,
    /// To the analysis threads.
    pub analyses: Vec<SoundFeed>,
    /// The newest meters, for whoever shows them.
    pub meters: Arc<Mutex<Meters>>,
    /// Set when the show is over.
    pub stop: Arc<AtomicBool>,
}

impl SoundLoop {
    /// Runs until `stop`.
    pub fn run(mut self) {
        let mut inputs = vec![None; self.rings.len()];
        let mut recorders = Vec::with_capacity(MOST_TAPS);
        let mut regroup = None;
        let mut index = AudioBlock::index_at(self.clock.now());
        while !self.stop.load(Ordering::Relaxed) {
            index += 1;
            let due = AudioBlock::time_of(index);
            self.clock.sleep_until(due);
            let late = self.clock.now() - due;
            if late > TimeDelta::from_millis(GIVE_UP_AFTER_MS) {
                let now = AudioBlock::index_at(self.clock.now());
                self.outlet
                    .counters
                    .late_blocks
                    .fetch_add((now - index).unsigned_abs(), Ordering::Relaxed);
                index = now;
            }
            self.block(index, &mut inputs, &mut recorders, &mut regroup);
        }
    }

    fn block(
        &mut self,
        index: i64,
        inputs: &mut Vec<Option<AudioBlock>>,
        recorders: &mut Vec<Recorder>,
        regroup: &mut Option<Box<Regroup>>,
    ) {
        let now = AudioBlock::time_of(index);
        loop {
            if let Some(mut due) = regroup.take() {
                // What waits in the ring is about the strips to come.
                if !due.is_due(&mut self.mixer) {
                    *regroup = Some(due);
                    break;
                }
                due.take_over(&mut self.mixer, &mut self.rings, inputs, recorders);
            }
            let Ok(message) = self.messages.pop() else { break };
            match message {
                SoundMessage::Strips(new) => *regroup = Some(new),
                SoundMessage::Strip(strip, settings) => self.mixer.set(strip, settings),
                SoundMessage::Buses(settings) => self.mixer.set_bus(settings),
                SoundMessage::OnProgram(strip, is_on, over) => self.mixer.set_on_program(strip, is_on, over),
                SoundMessage::ResetLoudness => self.mixer.reset_loudness(),
                // Never more than there is room for: the list would grow, and growing allocates.
                SoundMessage::Record(recorder) if recorders.len() < recorders.capacity() => recorders.push(recorder),
                SoundMessage::Record(_) => {}
            }
        }
        for (ring, input) in self.rings.iter_mut().zip(inputs.iter_mut()) {
            *input = ring.as_mut().and_then(|ring| take_block(ring, now));
        }
        let mix = self.mixer.process(now, inputs);
        self.outlet.counters.blocks.fetch_add(1, Ordering::Relaxed);
        recorders.retain_mut(|recorder| recorder.put(self.mixer.output(recorder.point).as_ref()));
        let strips = self.mixer.audible();
        let is_wanted = self.outlet.is_sound_wanted(Sound::Aac) || self.outlet.is_sound_wanted(Sound::Opus);
        // The hold is drawn by the sound, whoever takes it.
        let is_wanted = is_wanted || self.outlet.holding().is_active();
        let block = mix.program;
        if is_wanted && self.encoder.try_send(Mixed { block, strips }).is_err() {
            self.outlet.counters.late_blocks.fetch_add(1, Ordering::Relaxed);
        }
        for analysis in &mut self.analyses {
            analysis.put(&mix.program);
        }
        if index % METER_BLOCKS == 0
            && let Ok(mut meters) = self.meters.try_lock()
        {
            meters.clone_from(self.mixer.meters());
        }
    }
}

/// The block of exactly `now`. Older ones came too late and go; a newer one waits for its time.
fn take_block(ring: &mut SoundRing, now: crate::media::Timestamp) -> Option<AudioBlock> {
    loop {
        let pts = ring.peek().ok()?.pts;
        if pts > now {
            return None;
        }
        let block = ring.pop().ok()?;
        if pts == now {
            return Some(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_taken_at_its_time_only() {
        let (mut writer, mut ring) = rtrb::RingBuffer::new(8);
        for index in [1, 2, 4] {
            writer.push(AudioBlock::silence(AudioBlock::time_of(index))).unwrap();
        }
        let taken = (0..6)
            .map(|index| take_block(&mut ring, AudioBlock::time_of(index)).is_some())
            .collect::<Vec<_>>();
        assert_eq!(taken, [false, true, true, false, true, false]);
    }

    #[test]
    fn late_blocks_are_passed_over() {
        let (mut writer, mut ring) = rtrb::RingBuffer::new(8);
        for index in 0..4 {
            writer.push(AudioBlock::silence(AudioBlock::time_of(index))).unwrap();
        }
        assert_eq!(
            take_block(&mut ring, AudioBlock::time_of(3)).map(|block| block.pts),
            Some(AudioBlock::time_of(3))
        );
    }
}
