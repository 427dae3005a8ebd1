//! Few colours: the best pair of 16, and shades `░▒▓` where a mixture comes nearer than any colour there is.

use std::sync::LazyLock;

use super::palette::{ANSI, Tone, distance};
use super::planes::Tile;

/// Two colours that mix in the eye.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shade {
    /// Quarters of the cell that are ink: 1 to 3.
    quarters: u8,
    pub fg: Tone,
    pub bg: Tone,
}

impl Shade {
    /// Share of the ink.
    pub fn share(self) -> f32 {
        f32::from(self.quarters) * 0.25
    }

    pub fn symbol(self) -> char {
        match self.quarters {
            1 => '░',
            2 => '▒',
            _ => '▓',
        }
    }

    /// What it looks like from afar.
    pub fn mix(self) -> [f32; 3] {
        let share = self.share();
        std::array::from_fn(|at| self.bg.rgb[at] + (self.fg.rgb[at] - self.bg.rgb[at]) * share)
    }
}

fn tone(at: usize) -> Tone {
    let (color, rgb) = ANSI[at];
    Tone { color, rgb }
}

/// The nearest of the 16 colours.
pub(super) fn nearest(rgb: [f32; 3]) -> Tone {
    let mut best = (0, f32::MAX);
    for (at, (_, known)) in ANSI.iter().enumerate() {
        let far = distance(rgb, *known);
        if far < best.1 {
            best = (at, far);
        }
    }
    tone(best.0)
}

/// The two of the 16 colours in which `tile` can be shown best, each subpixel in the nearer one.
pub(super) fn best_pair<const N: usize>(tile: &Tile<N>) -> (Tone, Tone) {
    let mut far = [[0.0_f32; 16]; N];
    for (at, far) in far.iter_mut().enumerate() {
        for (far, (_, rgb)) in far.iter_mut().zip(&ANSI) {
            *far = distance([tile[0][at], tile[1][at], tile[2][at]], *rgb);
        }
    }
    let mut best = (0, 0, f32::MAX);
    for a in 0..16 {
        let mut errors = [0.0_f32; 16];
        for far in &far {
            let known = far[a];
            for (error, far) in errors.iter_mut().zip(far) {
                *error += if *far < known { *far } else { known };
            }
        }
        for (b, error) in errors.iter().enumerate().skip(a) {
            if *error < best.2 {
                best = (a, b, *error);
            }
        }
    }
    (tone(best.0), tone(best.1))
}

/// Grain counts as much as in the choice of cells, see there.
const GRAIN: f32 = 0.15;

/// The best mixture for colours in steps of 16.
static SHADES: LazyLock<Vec<Shade>> = LazyLock::new(|| {
    let middle = |step: usize| (step * 16 + 8) as f32;
    (0..4096)
        .map(|at| best_shade([middle(at >> 8), middle(at >> 4 & 15), middle(at & 15)]))
        .collect()
});

fn best_shade(rgb: [f32; 3]) -> Shade {
    let mut best = Shade {
        quarters: 2,
        fg: tone(0),
        bg: tone(0),
    };
    let mut least = f32::MAX;
    for a in 0..16 {
        for b in 0..16 {
            if a == b {
                continue;
            }
            // Three quarters of one are one quarter of the other.
            for quarters in [1, 2] {
                let shade = Shade {
                    quarters,
                    fg: tone(a),
                    bg: tone(b),
                };
                let share = shade.share();
                let grain = GRAIN * share * (1.0 - share) * distance(shade.fg.rgb, shade.bg.rgb);
                let error = distance(rgb, shade.mix()) + grain;
                if error < least {
                    (best, least) = (shade, error);
                }
            }
        }
    }
    best
}

/// A mixture of two of the 16 colours that looks like `rgb`.
pub(super) fn shade(rgb: [f32; 3]) -> Shade {
    let step = |value: f32| (value as usize >> 4).min(15);
    SHADES[step(rgb[0]) << 8 | step(rgb[1]) << 4 | step(rgb[2])]
}

/// Mixtures of xterm's colours that may look like `rgb`: the nearest one with what lies on the other side of `rgb`.
pub(super) fn shades_256(rgb: [f32; 3]) -> [Shade; 2] {
    let bg = Tone::xterm(rgb);
    [1, 2].map(|quarters| {
        let reach = f32::from(4 - quarters) / f32::from(quarters);
        let beyond = std::array::from_fn(|at| (rgb[at] + (rgb[at] - bg.rgb[at]) * reach).clamp(0.0, 255.0));
        Shade {
            quarters,
            fg: Tone::xterm(beyond),
            bg,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_colour_is_mixed() {
        let orange = [228.0, 153.0, 0.0];
        let shade = shade(orange);
        assert!(
            distance(shade.mix(), orange) < distance(nearest(orange).rgb, orange) / 4.0,
            "{shade:?}"
        );
        for shade in shades_256([115.0, 115.0, 180.0]) {
            assert!(distance(shade.mix(), [115.0, 115.0, 180.0]) < 1000.0, "{shade:?}");
        }
    }

    #[test]
    fn the_pair_is_the_one_that_is_there() {
        let tile: Tile<2> = [[255.0, 0.0], [0.0, 205.0], [0.0, 205.0]];
        let (a, b) = best_pair(&tile);
        let mut colors = [format!("{:?}", a.color), format!("{:?}", b.color)];
        colors.sort();
        assert_eq!(colors, ["Cyan", "LightRed"]);
    }
}
