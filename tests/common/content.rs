//! Moving pictures that an encoder has work with, made without anybody's help and the same each time.

use rigcast::media::{FramePool, FrameRate, Plane, VideoFrame};

/// A small deterministic generator: xorshift.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Hard content: a textured picture that pans and shears, with film grain on top.
pub struct Content {
    pool: FramePool,
    width: u32,
    height: u32,
    grain: Vec<u8>,
    noise: Noise,
}

impl Content {
    /// Pictures in memory of `pool`.
    pub fn new(width: u32, height: u32, pool: FramePool) -> Self {
        let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
        Self {
            pool,
            width,
            height,
            grain: (0..1 << 18).map(|_| (noise.next() >> 40) as u8 % 25).collect(),
            noise,
        }
    }

    /// Picture number `index`, at its time.
    pub fn frame(&mut self, index: i64, rate: FrameRate) -> VideoFrame {
        let mut frame = self.pool.frame(self.width, self.height);
        let width = self.width as usize;
        let t = index as usize;
        for (y, row) in frame.plane_mut(Plane::Y).chunks_exact_mut(width).enumerate() {
            let grain = (self.noise.next() as usize) % (self.grain.len() - width);
            let grain = &self.grain[grain..grain + width];
            for (x, (out, grain)) in row.iter_mut().zip(grain).enumerate() {
                let (u, v) = (x + 3 * t, y + t);
                let texture = ((u * 5) ^ (v * 3)) & 63;
                *out = (50 + texture + ((u >> 5) & 7) * 8 + *grain as usize) as u8;
            }
        }
        for plane in [Plane::U, Plane::V] {
            let stride = width / 2;
            for (y, row) in frame.plane_mut(plane).chunks_exact_mut(stride).enumerate() {
                for (x, out) in row.iter_mut().enumerate() {
                    *out = (108 + (((x + t) >> 4) + (y >> 4)) % 40) as u8;
                }
            }
        }
        frame.freeze(rate.frame_time(index))
    }
}
