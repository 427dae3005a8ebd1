//! ASCII: the character whose ink lies where the cell is bright. No colour needed, but used where there is one.
//!
//! A usual ramp knows only how bright a cell is. Here each character is known by the ink in eight parts of its cell, so an edge
//! that runs through it is seen: `"` and `^` are bright above, `_` and `,` below, `/` and `\` lean.

use super::super::Picture;
use super::choose::Shown;
use super::dots::luma;
use super::letters_ink::INK;
use super::palette::{Palette, Tone, distance};
use super::thrift::Thrift;

/// Ink that a white subpixel asks for: near the densest characters, so that white is not a single letter.
const WHITE: f32 = 0.27;

/// How much more the brightness of the whole cell counts than where in it the ink lies.
const SUM: f32 = 0.5;

/// What a shown character's error may be above the best one's before it is replaced, by thrift; squared ink.
const KEEP: [f32; 4] = [0.0005, 0.004, 0.010, 0.020];

/// Characters, to a multiple of four.
const COUNT: usize = 96;

/// Ink of the characters area by area, and in the whole cell.
static AREAS: [[f32; COUNT]; 9] = areas();

const fn areas() -> [[f32; COUNT]; 9] {
    let mut areas = [[0.0; COUNT]; 9];
    let mut at = 0;
    while at < INK.len() {
        let mut area = 0;
        while area < 8 {
            let ink = INK[at].1[area] as f32 / 1000.0;
            areas[area][at] = ink;
            areas[8][at] += ink;
            area += 1;
        }
        at += 1;
    }
    // The last place is no character: it has more ink than anything asks for.
    areas[8][COUNT - 1] = 100.0;
    areas
}

/// Squared errors of all characters against the ink that is wanted.
fn errors(wanted: [f32; 8]) -> [f32; COUNT] {
    let sum: f32 = wanted.iter().sum();
    let mut errors = [0.0; COUNT];
    for (error, ink) in errors.iter_mut().zip(&AREAS[8]) {
        let miss = ink - sum;
        *error = miss * miss * SUM;
    }
    for (wanted, area) in wanted.into_iter().zip(&AREAS) {
        for (error, ink) in errors.iter_mut().zip(area) {
            let miss = ink - wanted;
            *error += miss * miss;
        }
    }
    errors
}

/// Draws `picture`, 2×4 pixels per character, into `shown`. Returns whether a cell has changed.
pub(super) fn draw(picture: &Picture, palette: Palette, thrift: Thrift, shown: &mut [Shown], is_known: bool) -> bool {
    let columns = picture.width().div_ceil(2);
    let mut has_changed = false;
    let mut pen = Tone::NONE;
    for (at, shown) in shown.iter_mut().enumerate() {
        let (left, top) = (at % columns * 2, at / columns * 4);
        let mut lumas = [0.0; 8];
        let mut mean = [0.0_f32; 3];
        for (sub, luma_here) in lumas.iter_mut().enumerate() {
            let x = (left + sub % 2).min(picture.width() - 1);
            let y = (top + sub / 2).min(picture.height() - 1);
            let pixel = picture.pixel(x, y);
            *luma_here = luma(pixel);
            for (mean, value) in mean.iter_mut().zip(pixel) {
                *mean += f32::from(value) * 0.125;
            }
        }
        let mut tone = Tone::NONE;
        let mut white = 255.0;
        if palette != Palette::Mono {
            (tone, white) = ink_color(mean, palette, [pen, shown.tone()], thrift);
        }
        let errors = errors(lumas.map(|luma| (luma / white).min(1.0) * WHITE));
        let mut best = 0;
        for (at, error) in errors.iter().enumerate() {
            if *error < errors[best] {
                best = at;
            }
        }
        let keeps = is_known && errors[usize::from(shown.pattern)] <= errors[best] + KEEP[usize::from(thrift.level())];
        if keeps {
            best = usize::from(shown.pattern);
        }
        if best == 0 {
            // A blank shows no colour.
            tone = shown.tone();
        }
        if !keeps || tone.color != shown.cell.fg {
            shown.write(best as u8, INK[best.min(INK.len() - 1)].0, tone);
            pen = tone;
            has_changed = true;
        }
    }
    has_changed || !is_known
}

/// The colour of the ink and its luma: the cell's own colour at full strength, as the character says how dark it is. One of
/// `held` will do where it is near.
fn ink_color(mean: [f32; 3], palette: Palette, held: [Tone; 2], thrift: Thrift) -> (Tone, f32) {
    let most = mean.into_iter().fold(1.0, f32::max);
    let strong = mean.map(|value| value * 255.0 / most);
    let near = match palette {
        Palette::Ansi16 => super::ansi::nearest(strong),
        // What a thin letter shows of a colour is not worth 24 bits.
        _ => Tone::xterm(strong),
    };
    // In the dark no hue is seen.
    let forgiven = [8.0, 30.0, 50.0, 70.0_f32][usize::from(thrift.level())] * (1.0 + 64.0 / most);
    let tone = held
        .into_iter()
        .find(|held| {
            *held != Tone::NONE && distance(held.rgb, strong) < distance(near.rgb, strong) + forgiven * forgiven
        })
        .unwrap_or(near);
    let [r, g, b] = tone.rgb;
    (tone, (r * 0.2126 + g * 0.7152 + b * 0.0722).max(64.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_cell(upper: u8, lower: u8) -> char {
        let rgb = [[upper; 12], [lower; 12]].concat();
        let mut shown = [Shown::default()];
        let picture = Picture::new(2, 4, rgb).unwrap();
        draw(&picture, Palette::Mono, Thrift::LEAST, &mut shown, false);
        shown[0].cell.symbol
    }

    #[test]
    fn black_is_blank_and_edges_lean_to_their_side() {
        assert_eq!(one_cell(0, 0), ' ');
        assert!("\"^*'`".contains(one_cell(140, 0)), "{}", one_cell(140, 0));
        assert!("_,.".contains(one_cell(0, 90)), "{}", one_cell(0, 90));
        assert!("8@NMOB&QW".contains(one_cell(255, 255)), "{}", one_cell(255, 255));
    }

    #[test]
    fn brighter_never_takes_much_less_ink() {
        let ink = |c: char| INK.iter().find(|(i, _)| *i == c).unwrap().1.iter().sum::<u16>();
        let ramp: Vec<u16> = (0..=255).map(|value| ink(one_cell(value, value))).collect();
        // Where the ink lies counts, too, so that one step may be a little down.
        assert!(ramp.windows(2).all(|pair| pair[1] + 60 >= pair[0]), "{ramp:?}");
        assert!(ramp.iter().collect::<std::collections::BTreeSet<_>>().len() >= 10);
    }

    #[test]
    fn lines_lean_as_they_do_in_the_picture() {
        let mut rgb = Vec::new();
        for sub in 0..8 {
            let is_lit = [1, 3, 4, 6].contains(&sub);
            rgb.extend([if is_lit { 255 } else { 0 }; 3]);
        }
        let mut shown = [Shown::default()];
        draw(
            &Picture::new(2, 4, rgb).unwrap(),
            Palette::Mono,
            Thrift::LEAST,
            &mut shown,
            false,
        );
        assert!("/7Z".contains(shown[0].cell.symbol), "{}", shown[0].cell.symbol);
    }
}
