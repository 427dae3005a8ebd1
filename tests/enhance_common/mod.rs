//! A clip whose clean pictures are known: a textured room, a slow camera, things that move through it; and the noise of a
//! camera in the dark on top.

use rigcast::media::{FramePool, FrameRate, Plane, VideoFrame};

/// What is filmed.
#[derive(Clone, Copy, Debug)]
pub struct Clip {
    pub width: u32,
    pub height: u32,
    /// Standard deviation of the noise, in steps of 256.
    pub noise: f32,
    /// Pixels per picture by which the camera pans.
    pub pan: i64,
}

/// A small generator of random numbers: the same clip every time.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }

    /// Near enough to a normal distribution: the sum of four even ones.
    pub fn normal(&mut self) -> f32 {
        let bits = [self.next(), self.next()];
        let sum: u32 = bits.iter().map(|bits| (bits & 0xffff) + (bits >> 16)).sum();
        (sum as f32 / 65_536.0 - 2.0) * 1.732
    }
}

/// Smooth texture: blobs of `size` pixels, −1 to 1.
fn texture(x: i64, y: i64, size: i64, seed: i64) -> f32 {
    let corner = |x: i64, y: i64| {
        let mut hash = (x.wrapping_mul(374_761_393) ^ y.wrapping_mul(668_265_263) ^ seed) as u64;
        hash = (hash ^ (hash >> 13)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (hash >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let (column, row) = (x.div_euclid(size), y.div_euclid(size));
    let smooth = |at: i64| {
        let share = at.rem_euclid(size) as f32 / size as f32;
        share * share * (3.0 - 2.0 * share)
    };
    let (across, down) = (smooth(x), smooth(y));
    let line = |row: i64| corner(column, row) * (1.0 - across) + corner(column + 1, row) * across;
    line(row) * (1.0 - down) + line(row + 1) * down
}

impl Clip {
    /// Luma of the room, which stands still but for the camera.
    fn room(x: i64, y: i64) -> f32 {
        let wall = 105.0 + 30.0 * texture(x, y, 97, 1) + 12.0 * texture(x, y, 19, 2) + 6.0 * texture(x, y, 5, 3);
        // Shelves: hard edges.
        let shelf = if (x / 64 + y / 48) % 5 == 0 { 35.0 } else { 0.0 };
        wall + shelf
    }

    /// What moves: place, size, luma, speed. Some hardly stand out from the wall.
    fn things(&self, index: i64) -> impl Iterator<Item = (i64, i64, i64, f32)> {
        let (width, height) = (i64::from(self.width), i64::from(self.height));
        (0..6).map(move |number| {
            let (speed, size) = ([1, 2, 3, 5, 8, 13][number as usize], height / 6);
            let x = (number * width / 6 + speed * index).rem_euclid(width + size) - size;
            let y = (number * 131 + 20).rem_euclid(height - size);
            (x, y, size, [40.0, 24.0, -20.0, 60.0, -40.0, 12.0][number as usize])
        })
    }

    /// The picture without noise.
    pub fn clean(&self, pool: &FramePool, index: i64) -> VideoFrame {
        let mut frame = pool.frame(self.width, self.height);
        for plane in [Plane::Y, Plane::U, Plane::V] {
            let (stride, scale) = (frame.stride(plane), if plane == Plane::Y { 1 } else { 2 });
            for (y, row) in (0..).zip(frame.plane_mut(plane).chunks_exact_mut(stride)) {
                for (x, out) in (0..).zip(row.iter_mut()) {
                    let (x, y) = (x * scale + self.pan * index, y * scale);
                    *out = match plane {
                        Plane::Y => Self::room(x, y),
                        Plane::U => 128.0 + 20.0 * texture(x, y, 61, 4),
                        Plane::V => 128.0 + 20.0 * texture(x, y, 83, 5),
                    }
                    .round() as u8;
                }
            }
            for (left, top, size, luma) in self.things(index) {
                let inside = |at: i64, length: usize| (at / scale).clamp(0, length as i64) as usize;
                let rows = self.height as usize / scale as usize;
                for y in inside(top, rows)..inside(top + size, rows) {
                    for x in inside(left, stride)..inside(left + size, stride) {
                        let (across, down) = (x as i64 * scale - left, y as i64 * scale - top);
                        let value = match plane {
                            Plane::Y => 120.0 + luma + 10.0 * texture(across, down, 13, 6),
                            _ => 128.0 + luma / 3.0,
                        };
                        frame.plane_mut(plane)[y * stride + x] = value.round() as u8;
                    }
                }
            }
        }
        frame.freeze(FrameRate::whole(30).frame_time(index))
    }

    /// The picture as a camera in the dark has it.
    pub fn noisy(&self, pool: &FramePool, clean: &VideoFrame, index: i64) -> VideoFrame {
        let mut frame = pool.frame(self.width, self.height);
        frame.copy_from(clean);
        let mut random = Random::new(index as u64 + 77);
        for plane in [Plane::Y, Plane::U, Plane::V] {
            for out in frame.plane_mut(plane) {
                *out = (f32::from(*out) + random.normal() * self.noise)
                    .round()
                    .clamp(0.0, 255.0) as u8;
            }
        }
        frame.freeze(clean.pts)
    }
}

/// Peak signal to noise ratio of luma in dB.
pub fn psnr(one: &[u8], other: &[u8]) -> f64 {
    let sum: u64 = one
        .iter()
        .zip(other)
        .map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2))
        .sum();
    10.0 * (255.0 * 255.0 * one.len() as f64 / (sum as f64).max(1e-9)).log10()
}
