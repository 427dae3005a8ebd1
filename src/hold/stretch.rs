//! Slower and faster playback at the same pitch, by waveform similarity (WSOLA), cut as rarely as can be.
//!
//! As long as what was heard last goes on within 6 ms of where the course wants to be, it is copied as it is. Then it is spliced to a
//! place on the other side of the course where the wave looks most like its continuation, with a cross-fade of 10 ms. So at most 8.5 ms
//! lie between sound and course, a steady course is a copy bit for bit, and a tone stays a tone. When a change is over the last
//! splice leads exactly onto the course: in a pause, where the wave happens to fit, or after a second wherever it is.

use crate::media::{AudioBlock, BLOCK_FRAMES, SAMPLE_RATE};

/// Samples in a block.
const BLOCK: i64 = BLOCK_FRAMES as i64;

/// How far, in samples, sound may be from the course when a block begins: 6 ms.
const NEAR: i64 = 288;

/// How far from the course a splice is looked for: 8 ms.
const REACH: i64 = 384;

/// Farther from the course than this, 8.75 ms, no splice leads: the course has jumped.
const FARTHEST: i64 = 420;

/// Samples over which sound goes for a slate and comes back: 5 ms.
const FADE: usize = 240;

/// Blocks within which a change that is over must be back on its course: 1 s.
const PATIENCE: u32 = 100;

/// Below this, 45 dB under full scale, nobody hears a splice.
const QUIET: f32 = 0.0056;

/// A wave that fits so well is spliced without being heard.
const FITS: f32 = 0.9;

/// Prepared blocks that are kept.
const KEPT: i64 = 16;

type Stereo = [[f32; BLOCK_FRAMES]; 2];

/// What a block of the way out wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The sample of the show at which it begins, by the course.
    pub sample: i64,
    /// Samples of the show that leave in it, by the course: none for a slate.
    pub length: i64,
    /// The first sample of the show that is not there yet.
    pub limit: i64,
}

/// Reads the held sound at the tempo of its course.
pub struct Stretcher {
    window: Window,
    /// The sample that comes next if nothing is spliced; none while nothing is heard.
    next: Option<i64>,
    /// Blocks for which a change has been over without being back on the course.
    waited: u32,
}

impl Stretcher {
    /// One that has read nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            window: Window::new(),
            next: None,
            waited: 0,
        }
    }

    /// Goes on at `sample`, up to which the show was heard in another way.
    pub fn go_on(&mut self, sample: i64) {
        self.next = Some(sample);
    }

    /// Whether what comes next is exactly at `sample`.
    #[must_use]
    pub fn is_at(&self, sample: i64) -> bool {
        self.next == Some(sample)
    }

    /// How far, in samples, what was read last is from the course that said `wanted`; none while nothing is heard.
    #[cfg(test)]
    pub fn deviation(&self, wanted: Wanted) -> Option<i64> {
        self.next.map(|next| next - (wanted.sample + wanted.length))
    }

    /// Fills the next block of the way out. `prepare` gives blocks of the show by their number, each once, in order.
    pub fn read(&mut self, wanted: Wanted, out: &mut Stereo, prepare: &mut dyn FnMut(i64) -> AudioBlock) {
        let nominal = wanted.sample;
        if wanted.length == 0 {
            if let Some(next) = self.next.take() {
                self.window.copy(next, out, prepare);
                fade(out, |at| FADE.saturating_sub(at));
            }
            return;
        }
        let Some(next) = self.next else {
            self.window.copy(nominal, out, prepare);
            fade(out, |at| at.min(FADE));
            self.next = Some(nominal + BLOCK);
            return;
        };
        let from = match self.splice(next, wanted, prepare) {
            None => {
                self.window.copy(next, out, prepare);
                next
            }
            Some(to) => {
                self.cross(next, to, out, prepare);
                to
            }
        };
        self.next = Some(from + BLOCK);
    }

    /// Where to go on instead of at `next`, if it is time for that.
    fn splice(&mut self, next: i64, wanted: Wanted, prepare: &mut dyn FnMut(i64) -> AudioBlock) -> Option<i64> {
        let Wanted { sample, length, limit } = wanted;
        let deviation = next - sample;
        let is_steady = length == BLOCK;
        if !is_steady {
            self.waited = 0;
            if deviation.abs() <= NEAR {
                return None;
            }
            // The other side of the course is the one that takes longest to be left again.
            let (low, high) = if length < BLOCK {
                (sample - REACH, sample)
            } else {
                (sample, (sample + REACH).min(limit - BLOCK).max(sample))
            };
            self.window.ensure(next.min(low), next.max(high) + BLOCK, prepare);
            let far = if length < BLOCK { low } else { high };
            return Some(self.window.best(next, low, high, far));
        }
        if deviation == 0 {
            self.waited = 0;
            return None;
        }
        self.window.ensure(next.min(sample), next.max(sample) + BLOCK, prepare);
        self.waited += 1;
        let (peak, fit) = self.window.compare(next, sample);
        let is_jump = deviation.abs() > FARTHEST;
        if is_jump || peak < QUIET || fit > FITS || self.waited > PATIENCE {
            self.waited = 0;
            return Some(sample);
        }
        None
    }

    /// What was heard goes over into what is at `to`.
    fn cross(&mut self, next: i64, to: i64, out: &mut Stereo, prepare: &mut dyn FnMut(i64) -> AudioBlock) {
        let mut old = [[0.0; BLOCK_FRAMES]; 2];
        self.window.copy(next, &mut old, prepare);
        self.window.copy(to, out, prepare);
        for (out, old) in out.iter_mut().zip(&old) {
            for (at, (out, old)) in out.iter_mut().zip(old).enumerate() {
                let share = rounded((at as f32 + 0.5) / BLOCK_FRAMES as f32);
                *out = *out * share + old * (1.0 - share);
            }
        }
    }
}

/// Multiplies each sample by a share of [`FADE`], rounded at the corners.
fn fade(block: &mut Stereo, share: impl Fn(usize) -> usize) {
    for channel in block {
        for (at, sample) in channel.iter_mut().enumerate() {
            match share(at) {
                0 => *sample = 0.0,
                FADE => {}
                share => *sample *= rounded(share as f32 / FADE as f32),
            }
        }
    }
}

fn rounded(share: f32) -> f32 {
    0.5 - 0.5 * (std::f32::consts::PI * share).cos()
}

/// The blocks around what is read.
struct Window {
    blocks: Box<[Stereo]>,
    first: i64,
    end: i64,
}

impl Window {
    fn new() -> Self {
        Self {
            blocks: vec![[[0.0; BLOCK_FRAMES]; 2]; KEPT as usize].into_boxed_slice(),
            first: 0,
            end: 0,
        }
    }

    /// Prepares the blocks in which these samples lie, as far as they are not before what has been prepared.
    fn ensure(&mut self, from: i64, until: i64, prepare: &mut dyn FnMut(i64) -> AudioBlock) {
        let (first, end) = (from.div_euclid(BLOCK), (until - 1).div_euclid(BLOCK) + 1);
        if self.first == self.end || first > self.end {
            (self.first, self.end) = (first, first);
        }
        while self.end < end {
            self.blocks[self.end.rem_euclid(KEPT) as usize] = prepare(self.end).channels;
            self.end += 1;
            self.first = self.first.max(self.end - KEPT);
        }
    }

    fn copy(&mut self, from: i64, out: &mut Stereo, prepare: &mut dyn FnMut(i64) -> AudioBlock) {
        self.ensure(from, from + BLOCK, prepare);
        let (mut at, mut done) = (from, 0);
        while done < BLOCK_FRAMES {
            let begin = at.rem_euclid(BLOCK) as usize;
            let length = (BLOCK_FRAMES - begin).min(BLOCK_FRAMES - done);
            let block = self.block(at.div_euclid(BLOCK));
            for (channel, out) in out.iter_mut().enumerate() {
                match block {
                    Some(block) => out[done..done + length].copy_from_slice(&block[channel][begin..begin + length]),
                    None => out[done..done + length].fill(0.0),
                }
            }
            at += length as i64;
            done += length;
        }
    }

    fn block(&self, index: i64) -> Option<&Stereo> {
        let is_there = (self.first..self.end).contains(&index);
        is_there.then(|| &self.blocks[index.rem_euclid(KEPT) as usize])
    }

    /// Both channels in one.
    fn mono(&self, from: i64, out: &mut [f32]) {
        for (at, out) in (from..).zip(out) {
            let sample = at.rem_euclid(BLOCK) as usize;
            *out = self
                .block(at.div_euclid(BLOCK))
                .map_or(0.0, |block| 0.5 * (block[0][sample] + block[1][sample]));
        }
    }

    /// Where between `low` and `high` a block looks most like that at `next`; `far` where all look alike.
    fn best(&self, next: i64, low: i64, high: i64, far: i64) -> i64 {
        let mut pattern = [0.0; BLOCK_FRAMES];
        self.mono(next, &mut pattern);
        let mut region = [0.0; BLOCK_FRAMES + REACH as usize];
        let candidates = (high - low).clamp(0, REACH) as usize;
        let region = &mut region[..BLOCK_FRAMES + candidates];
        self.mono(low, region);
        let mut energy: f32 = region[..BLOCK_FRAMES].iter().map(|sample| sample * sample).sum();
        let (mut best, mut best_fit) = (far, 1e-6);
        for at in 0..=candidates {
            let fit = dot(&pattern, &region[at..at + BLOCK_FRAMES]) / energy.max(1e-9).sqrt();
            if fit > best_fit {
                (best, best_fit) = (low + at as i64, fit);
            }
            if at < candidates {
                energy += region[at + BLOCK_FRAMES] * region[at + BLOCK_FRAMES] - region[at] * region[at];
            }
        }
        best
    }

    /// The highest sample of two blocks, and how alike they are: 1 is the same wave.
    fn compare(&self, one: i64, other: i64) -> (f32, f32) {
        let (mut a, mut b) = ([0.0; BLOCK_FRAMES], [0.0; BLOCK_FRAMES]);
        self.mono(one, &mut a);
        self.mono(other, &mut b);
        let peak = a.iter().chain(&b).fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        let energy = dot(&a, &a).max(dot(&b, &b));
        (peak, dot(&a, &b) / energy.max(1e-12))
    }
}

/// The sum of products, in lanes that the compiler can do at once.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    lanes.iter().sum()
}

// Sound is cut into blocks of this rate everywhere.
const _: () = assert!(SAMPLE_RATE as i64 == 100 * BLOCK);

#[cfg(test)]
#[path = "stretch_tests.rs"]
mod tests;
