//! What an operator or a verdict does to held sound: silence or a tone in the place of a span of the show.
//!
//! The span itself is silenced to the sample; what fades is the 5 ms on either side of it. Fades are made from sample to
//! sample by what is wanted there, so they are as smooth when an edit comes late, ends early, or holds only for blocks in which a
//! certain strip could be heard.

use crate::media::{AudioBlock, BLOCK_FRAMES, SAMPLE_RATE, TimeDelta, Timestamp};

/// Samples over which sound goes and comes back: 5 ms.
const FADE: i64 = 240;

/// Edits that are kept; with more the oldest goes.
const MOST: usize = 4096;

/// The bleep: 1 kHz at −20 dBFS.
const BEEP_HZ: i64 = 1000;
const BEEP_PEAK: f32 = 0.1;

/// What is heard in the place of the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditKind {
    /// Nothing.
    Mute,
    /// A tone.
    Beep,
}

/// A span of the show that is not to be heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// By which it is closed or taken back.
    pub id: u64,
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment that may be heard again; may be far away while its end is not known.
    pub until: Timestamp,
    /// What is heard instead.
    pub kind: EditKind,
    /// Only blocks in which one of these strips could be heard, a bit each.
    pub strips: Option<u64>,
}

impl Edit {
    fn is_for(&self, strips: u64) -> bool {
        self.strips.is_none_or(|wanted| wanted & strips != 0)
    }
}

/// The edits of a show that are still to leave.
#[derive(Debug, Default)]
pub struct EditList {
    edits: Vec<Edit>,
}

impl EditList {
    /// Adds one; one of the same id takes its place.
    pub fn add(&mut self, edit: Edit) {
        self.edits.retain(|known| known.id != edit.id);
        if self.edits.len() >= MOST {
            self.edits.remove(0);
        }
        self.edits.push(edit);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Ends one at `until`; false where there is none of that id.
    pub fn close(&mut self, id: u64, until: Timestamp) -> bool {
        let edit = self.edits.iter_mut().find(|edit| edit.id == id);
        edit.map(|edit| edit.until = until).is_some()
    }

    /// Takes one back; false where there is none of that id, or all of it has left.
    pub fn restore(&mut self, id: u64) -> bool {
        let before = self.edits.len();
        self.edits.retain(|edit| edit.id != id);
        self.edits.len() < before
    }

    /// Forgets what ended before `airing`.
    pub fn forget_before(&mut self, airing: Timestamp) {
        let fade = TimeDelta::from_rate(FADE, SAMPLE_RATE);
        self.edits.retain(|edit| edit.until + fade >= airing);
    }

    /// Copies to `found` what touches that stretch of the show.
    pub fn find(&self, from: Timestamp, until: Timestamp, found: &mut Vec<Edit>) {
        found.clear();
        let fade = TimeDelta::from_rate(FADE, SAMPLE_RATE);
        let touches = |edit: &&Edit| edit.from - fade <= until && edit.until + fade >= from;
        found.extend(self.edits.iter().filter(touches).cloned());
    }
}

/// Applies edits to one block after the other.
#[derive(Debug)]
pub struct Editor {
    /// How much of the sound is heard, 0 to [`FADE`].
    sound: i64,
    /// How much of the tone is.
    tone: i64,
    /// The sample after the last block.
    next: Option<i64>,
}

impl Editor {
    /// One that begins with all of the sound.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            sound: FADE,
            tone: 0,
            next: None,
        }
    }

    /// Makes of a block what may be heard of it; `strips` could be heard in it. Whether that changed it.
    pub fn apply(&mut self, block: &mut AudioBlock, strips: u64, edits: &[Edit]) -> bool {
        let first = block.pts.to_48k();
        let last = first + BLOCK_FRAMES as i64;
        // Behind a jump there is nothing that could fade out: what is not to be heard is not heard at once.
        let is_jump = self.next.replace(last).is_some_and(|next| next != first);
        let is_near =
            |edit: &&Edit| edit.is_for(strips) && edit.from.to_48k() - FADE < last && edit.until.to_48k() > first;
        let is_any = edits.iter().any(|edit| is_near(&edit));
        if is_jump && is_any {
            (self.sound, self.tone) = (0, 0);
        }
        if !is_any && self.sound == FADE && self.tone == 0 {
            return false;
        }
        for at in 0..BLOCK_FRAMES {
            let now = first + at as i64;
            // Sound begins to go before the span, so that it is gone when that begins.
            let (mut is_silenced, mut is_muted, mut is_bleeped) = (false, false, false);
            for edit in edits.iter().filter(is_near) {
                let (from, until) = (edit.from.to_48k(), edit.until.to_48k());
                is_silenced |= (from - FADE..until).contains(&now);
                let is_inside = (from..until).contains(&now);
                is_muted |= is_inside && edit.kind == EditKind::Mute;
                // The tone is gone when the sound comes back.
                is_bleeped |= edit.kind == EditKind::Beep && (from..until - FADE).contains(&now);
            }
            self.sound = (self.sound + if is_silenced { -1 } else { 1 }).clamp(0, FADE);
            let is_bleeped = is_bleeped && !is_muted;
            self.tone = (self.tone + if is_bleeped { 1 } else { -1 }).clamp(0, FADE);
            let tone = BEEP_PEAK * tone_at(now) * rounded(self.tone);
            let sound = rounded(self.sound);
            for channel in &mut block.channels {
                // Not a product: what is silenced is zero, whatever it was.
                let kept = if self.sound == 0 { 0.0 } else { channel[at] * sound };
                channel[at] = kept + tone;
            }
        }
        true
    }
}

/// A share of [`FADE`] as a factor without corners.
fn rounded(share: i64) -> f32 {
    match share {
        0 => 0.0,
        FADE => 1.0,
        share => 0.5 - 0.5 * (std::f32::consts::PI * share as f32 / FADE as f32).cos(),
    }
}

fn tone_at(sample: i64) -> f32 {
    let period = i64::from(SAMPLE_RATE) / BEEP_HZ;
    let phase = sample.rem_euclid(period) as f32 / period as f32;
    (2.0 * std::f32::consts::PI * phase).sin()
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
