//! How other strips take the place of those that the sound thread mixes, without a click and without an allocation there.
//!
//! As with [pictures](super::cast), everything is made outside. Strips that leave, and those that get another source, are
//! closed first, along the ramp of a mute; then what stays moves over between two blocks.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::recording::Recorder;
use super::sound_loop::SoundRing;
use crate::media::AudioBlock;
use crate::sound::{Mixer, Point, StripSet, StripSettings};

/// Blocks in which a strip that is muted has become silent: the ramp, and what is under way in it.
const CLOSING_BLOCKS: u32 = 6;

/// Other strips that are to take over.
pub struct Regroup {
    /// For each new place the number that the strip has had, if it stays.
    from: Vec<Option<usize>>,
    /// Whether the place has another source than before.
    is_fresh: Vec<bool>,
    /// The rings of those; afterwards the old ones.
    rings: Vec<Option<SoundRing>>,
    /// Room for the blocks of one turn.
    inputs: Vec<Option<AudioBlock>>,
    strips: StripSet,
    /// What is set again on strips that stay, and were closed for another source.
    reopened: Vec<Option<StripSettings>>,
    closing: Option<u32>,
    back: SyncSender<Box<Self>>,
}

impl Regroup {
    /// Strips of `settings`, each with a ring where its source is new, and where what is left over comes back.
    #[must_use]
    pub fn new(
        from: Vec<Option<usize>>,
        settings: &[StripSettings],
        rings: Vec<Option<SoundRing>>,
        is_fresh: Vec<bool>,
    ) -> (Box<Self>, Receiver<Box<Self>>) {
        let (back, left) = sync_channel(1);
        let regroup = Self {
            inputs: vec![None; from.len()],
            reopened: vec![None; from.len()],
            strips: StripSet::new(settings),
            from,
            is_fresh,
            rings,
            closing: None,
            back,
        };
        (Box::new(regroup), left)
    }

    /// Whether the time has come; to be called before each block. Closes what leaves, the first time.
    pub fn is_due(&mut self, mixer: &mut Mixer) -> bool {
        let left = match self.closing {
            Some(left) => left.saturating_sub(1),
            None => self.close(mixer),
        };
        self.closing = Some(left);
        left == 0
    }

    fn close(&mut self, mixer: &mut Mixer) -> u32 {
        let mut blocks = 0;
        for strip in 0..mixer.len() {
            let stays_at = self.from.iter().position(|from| *from == Some(strip));
            let is_closed = stays_at.is_none_or(|at| self.is_fresh.get(at).is_some_and(|is_fresh| *is_fresh));
            let Some(settings) = mixer.settings(strip).filter(|_| is_closed) else {
                continue;
            };
            if let Some(place) = stays_at.and_then(|at| self.reopened.get_mut(at)) {
                *place = Some(settings);
            }
            mixer.set(
                strip,
                StripSettings {
                    is_muted: true,
                    is_solo: false,
                    ..settings
                },
            );
            blocks = CLOSING_BLOCKS;
        }
        blocks
    }

    /// Takes over, and sends the rest back.
    pub fn take_over(
        mut self: Box<Self>,
        mixer: &mut Mixer,
        rings: &mut Vec<Option<SoundRing>>,
        inputs: &mut Vec<Option<AudioBlock>>,
        recorders: &mut Vec<Recorder>,
    ) {
        for (at, was) in self.from.iter().enumerate() {
            let is_fresh = self.is_fresh.get(at).is_some_and(|is_fresh| *is_fresh);
            let Some(was) = was.filter(|_| !is_fresh) else { continue };
            if let (Some(place), Some(ring)) = (self.rings.get_mut(at), rings.get_mut(was)) {
                *place = ring.take();
            }
        }
        mixer.take_over(&mut self.strips, &self.from);
        for (at, settings) in self.reopened.iter().enumerate() {
            if let Some(settings) = settings {
                mixer.set(at, *settings);
            }
        }
        std::mem::swap(rings, &mut self.rings);
        std::mem::swap(inputs, &mut self.inputs);
        // What is recorded of a strip follows it; of one that has left there is nothing more.
        recorders.retain_mut(|recorder| match recorder.point {
            Point::Strip(was) => match self.from.iter().position(|from| *from == Some(was)) {
                Some(at) => {
                    recorder.point = Point::Strip(at);
                    true
                }
                None => false,
            },
            _ => true,
        });
        let back = self.back.clone();
        // There is room for the one that will ever come.
        let _ = back.try_send(self);
    }
}

#[cfg(test)]
#[path = "regroup_tests.rs"]
mod tests;
