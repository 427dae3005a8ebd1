//! Pictures to encode, made without anybody's help and the same each time.

use rigcast::media::{FramePool, FrameRate, Plane, VideoFrame};

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A sharp texture that pans and shears under strong grain: no quantiser makes it small.
    Hard,
    /// A soft picture that pans slowly, with a sharp thing that crosses it and the grain of a good camera.
    Soft,
    /// A slate: nothing moves but one small field, once a second.
    Still,
    /// Cuts every 2.5 seconds between the three above.
    Cuts,
    /// Four seconds of the soft picture, two of the hard one.
    Bursts,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Hard, Self::Soft, Self::Still, Self::Cuts, Self::Bursts];

    pub fn name(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Still => "still",
            Self::Cuts => "cuts",
            Self::Bursts => "bursts",
        }
    }
}

/// Makes the pictures of one kind.
pub struct Content {
    kind: Kind,
    pool: FramePool,
    width: u32,
    height: u32,
    grain: Vec<u8>,
    waves: [Vec<u8>; 3],
    seed: u64,
}

impl Content {
    pub fn new(kind: Kind, width: u32, height: u32) -> Self {
        let mut seed = 0x9e37_79b9_7f4a_7c15;
        let grain = (0..1 << 18).map(|_| (noise(&mut seed) >> 40) as u8).collect();
        let wave = |period: f64, height: f64| {
            let turn = std::f64::consts::TAU / period;
            (0..4096)
                .map(|at| (height * (1.0 + (f64::from(at) * turn).sin())) as u8)
                .collect()
        };
        Self {
            kind,
            pool: FramePool::new(),
            width,
            height,
            grain,
            waves: [
                wave(4096.0 / 5.0, 30.0),
                wave(4096.0 / 37.0, 14.0),
                wave(4096.0 / 171.0, 8.0),
            ],
            seed,
        }
    }

    /// Picture number `index`, at its time.
    pub fn frame(&mut self, index: i64, rate: FrameRate) -> VideoFrame {
        let second = rate.frame_time(index).to_millis() as f64 / 1000.0;
        let kind = match self.kind {
            Kind::Cuts => [Kind::Hard, Kind::Soft, Kind::Still][(second / 2.5) as usize % 3],
            Kind::Bursts if second % 6.0 >= 4.0 => Kind::Hard,
            Kind::Bursts => Kind::Soft,
            kind => kind,
        };
        let mut frame = self.pool.frame(self.width, self.height);
        // Positions go by time, so that a lower frame rate means larger steps.
        let t = (second * 30.0).round() as usize;
        let width = self.width as usize;
        for (y, row) in frame.plane_mut(Plane::Y).chunks_exact_mut(width).enumerate() {
            match kind {
                Kind::Soft => self.soft(row, y, t),
                Kind::Still => still(row, y, t),
                _ => self.hard(row, y, t),
            }
        }
        for plane in [Plane::U, Plane::V] {
            for (y, row) in frame.plane_mut(plane).chunks_exact_mut(width / 2).enumerate() {
                for (x, out) in row.iter_mut().enumerate() {
                    let shift = if kind == Kind::Still { 0 } else { t };
                    *out = (108 + (((x + shift) >> 4) + (y >> 4)) % 40) as u8;
                }
            }
        }
        frame.freeze(rate.frame_time(index))
    }

    fn grain(&mut self, width: usize) -> usize {
        noise(&mut self.seed) as usize % (self.grain.len() - width)
    }

    fn hard(&mut self, row: &mut [u8], y: usize, t: usize) {
        let start = self.grain(row.len());
        for (x, (out, grain)) in row.iter_mut().zip(&self.grain[start..]).enumerate() {
            let (u, v) = (x + 3 * t, y + t);
            let texture = ((u * 5) ^ (v * 3)) & 63;
            *out = (50 + texture + ((u >> 5) & 7) * 8 + usize::from(grain % 25)) as u8;
        }
    }

    fn soft(&mut self, row: &mut [u8], y: usize, t: usize) {
        let start = self.grain(row.len());
        let thing = (t * 7) % row.len();
        let in_thing = (200..360).contains(&y);
        for (x, (out, grain)) in row.iter_mut().zip(&self.grain[start..]).enumerate() {
            let (u, v) = (x + 2 * t, y + t / 2);
            let [broad, middle, fine] = &self.waves;
            let mut luma = 40 + broad[(u + 2 * v) % 4096] + middle[(3 * u + v) % 4096] + fine[(2 * v + 5 * u) % 4096];
            if in_thing && (thing..thing + 160).contains(&x) {
                luma = 60 + (((x - thing) * 9) ^ (y * 7)) as u8 % 120;
            }
            *out = luma + grain % 4;
        }
    }
}

fn still(row: &mut [u8], y: usize, t: usize) {
    for (x, out) in row.iter_mut().enumerate() {
        let is_clock = (40..72).contains(&y) && (40..168).contains(&x);
        *out = if is_clock {
            40 + (((x / 8) * (t / 30 + 3) + y / 8) % 7 * 25) as u8
        } else {
            (60 + x / 16 + y / 12 + if (x / 64 + y / 48).is_multiple_of(2) { 30 } else { 0 }) as u8
        };
    }
}

/// xorshift.
fn noise(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}
