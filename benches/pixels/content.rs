//! Pictures to write, made without anybody's help and the same each time.

use rigcast::tui::monitor::Picture;

pub const WIDTH: usize = 640;
pub const HEIGHT: usize = 360;
const COUNT: usize = 24;

/// What is shown.
#[derive(Clone, Copy)]
pub enum Content {
    /// Bars and a texture that pan under grain: everything moves, nothing is smooth.
    Hard,
    /// Soft shapes that drift, with the grain of a good camera.
    Soft,
    /// A head that moves a little before a wall: most stands still.
    Head,
}

impl Content {
    pub const ALL: [Self; 3] = [Self::Hard, Self::Soft, Self::Head];

    pub fn name(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Head => "head",
        }
    }

    pub fn pictures(self) -> Vec<Picture> {
        let mut seed = 0x2545_f491_u32;
        let mut noise = move || {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            seed
        };
        (0..COUNT)
            .map(|at| {
                let mut rgb = Vec::with_capacity(WIDTH * HEIGHT * 3);
                for y in 0..HEIGHT {
                    for x in 0..WIDTH {
                        let grain = noise();
                        rgb.extend(match self {
                            Self::Hard => hard(x, y, at, (grain % 7) as usize),
                            Self::Soft => soft(x, y, at).map(|value| grained(value, grain, 5)),
                            Self::Head => head(x, y, at).map(|value| grained(value, grain, 3)),
                        });
                    }
                }
                Picture::new(WIDTH, HEIGHT, rgb).unwrap()
            })
            .collect()
    }
}

fn grained(value: f32, grain: u32, width: u32) -> u8 {
    (value + (grain % width) as f32 - (width / 2) as f32).clamp(0.0, 255.0) as u8
}

fn hard(x: usize, y: usize, at: usize, grain: usize) -> [u8; 3] {
    let bar = if ((x + at * 2) * 8 / WIDTH).is_multiple_of(2) {
        90
    } else {
        10
    };
    [
        ((x + at * 3) * 255 / WIDTH % 200 + grain) as u8,
        (y * 200 / HEIGHT + bar + grain).min(255) as u8,
        (bar + (x * y + at * 5) % 64 + grain) as u8,
    ]
}

fn soft(x: usize, y: usize, at: usize) -> [f32; 3] {
    let (x, y, t) = (x as f32 / 90.0, y as f32 / 70.0, at as f32 / 8.0);
    let wave = |a: f32, b: f32, c: f32| 128.0 + 100.0 * ((x * a + t).sin() * (y * b - t * c).cos());
    [wave(1.0, 1.3, 0.7), wave(0.7, 0.9, 1.1), wave(1.6, 0.5, 0.4)]
}

fn head(x: usize, y: usize, at: usize) -> [f32; 3] {
    let sway = (at as f32 / 5.0).sin() * 9.0;
    let (dx, dy) = ((x as f32 - 320.0 - sway) / 80.0, (y as f32 - 170.0) / 110.0);
    let distance = dx * dx + dy * dy;
    if distance < 1.0 {
        let light = 1.0 - distance * 0.4 - dx * 0.15;
        let eye = if (dx.abs() - 0.35).abs() < 0.13 && (dy + 0.2).abs() < 0.06 {
            0.3
        } else {
            1.0
        };
        [225.0 * light * eye, 175.0 * light * eye, 150.0 * light * eye]
    } else {
        let shelf = if (y / 60).is_multiple_of(2) && !(x / 24).is_multiple_of(3) {
            40.0
        } else {
            0.0
        };
        [
            60.0 + x as f32 / 12.0 + shelf,
            80.0 + y as f32 / 8.0,
            110.0 - shelf * 0.5 + x as f32 / 20.0,
        ]
    }
}
