//! A model of an encoder of pictures: it obeys from the next picture on, makes an IDR at the start of each GOP, and pays the IDR back over
//! the pictures after it.

use super::dice::Dice;

/// One picture, encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Coded {
    pub bytes: f64,
    pub is_idr: bool,
}

/// The model.
#[derive(Clone, Debug)]
pub(super) struct Encoder {
    kbps: f64,
    fps: f64,
    divisor: u32,
    gop: u32,
    /// The most that the content can use, in kbit/s.
    content_kbps: f64,
    since_idr: u32,
    ticks: u32,
    debt: f64,
    is_idr_wanted: bool,
    dice: Dice,
    pub made: f64,
}

/// An IDR costs that many times the mean picture …
const IDR: f64 = 5.0;
/// … and no picture less than these bytes: even the coarsest quantiser leaves something.
const LEAST: f64 = 220.0;

impl Encoder {
    pub(super) fn new(kbps: f64, fps: f64, gop_seconds: f64, content_kbps: f64, seed: u64) -> Self {
        Self {
            kbps,
            fps,
            divisor: 1,
            gop: (fps * gop_seconds).round().max(1.0) as u32,
            content_kbps,
            since_idr: u32::MAX,
            ticks: 0,
            debt: 0.0,
            is_idr_wanted: true,
            dice: Dice::new(seed),
            made: 0.0,
        }
    }

    pub(super) fn set_kbps(&mut self, kbps: f64) {
        self.kbps = kbps;
    }

    pub(super) fn set_divisor(&mut self, divisor: u32) {
        self.divisor = divisor.max(1);
    }

    pub(super) fn want_idr(&mut self) {
        self.is_idr_wanted = true;
    }

    /// Other pictures, as by another size or a cut.
    pub(super) fn set_content(&mut self, kbps: f64) {
        self.content_kbps = kbps;
    }

    /// One tick of the program: a picture, if this is one's turn.
    pub(super) fn tick(&mut self) -> Option<Coded> {
        self.ticks = self.ticks.wrapping_add(1);
        if self.ticks % self.divisor != 0 {
            return None;
        }
        let mean = self.kbps.min(self.content_kbps) * 125.0 / self.fps * f64::from(self.divisor);
        let is_idr = self.is_idr_wanted || self.since_idr >= self.gop;
        let noise = self.dice.between(0.8, 1.2);
        let bytes = if is_idr {
            (self.since_idr, self.is_idr_wanted) = (0, false);
            mean * IDR * noise
        } else {
            // Paid back over about a second.
            (mean - self.debt / self.fps * f64::from(self.divisor)).max(mean * 0.4) * noise
        };
        let bytes = bytes.max(LEAST);
        self.debt = (self.debt + bytes - mean).clamp(-mean * 5.0, mean * 30.0);
        self.since_idr = self.since_idr.saturating_add(self.divisor);
        self.made += bytes;
        Some(Coded { bytes, is_idr })
    }
}
