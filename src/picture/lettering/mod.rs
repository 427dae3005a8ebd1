//! Letters as a picture: shaped, broken into lines, made smaller until they fit, with a line around them and colour where a letter has
//! its own.
//!
//! Shaping, right-to-left text and the choice among fonts are those of `cosmic-text`; fonts come from outside, as a database. One is
//! inside the program, DejaVu Sans, so that a rig without any fonts can write. What no font has becomes a box, and is reported.

mod ink;

use std::borrow::Cow;

use cosmic_text::{
    Align as LineAlign, Attrs, Buffer, Family, FontSystem, Metrics, Shaping, Style, SwashCache, SwashContent, Weight,
    Wrap,
};

pub use cosmic_text::fontdb::Database as Fonts;

use self::ink::Ink;
use super::graphic::Graphic;
use super::text_style::{Align, TextStyle};
use crate::media::{FramePool, MAX_DIMENSION};

/// The family that is inside the program.
pub const OWN_FAMILY: &str = "DejaVu Sans";

/// From one line to the next, in heights of letters.
const LINE_HEIGHT: f32 = 1.2;

/// Letters become no smaller than this share of what is asked for.
const SMALLEST: f32 = 0.5;

/// Steps in which the size that fits is looked for: to a hundredth of what is asked for.
const STEPS: usize = 6;

/// The longest text that is drawn, in bytes: more does not fit on any picture.
const LONGEST: usize = 4096;

/// Pictures of letters that are kept before all are forgotten.
const GLYPHS_KEPT: usize = 4096;

/// The height of letters, in pixels, that is drawn at most.
const LARGEST: f32 = 2048.0;

/// Draws letters. It remembers the fonts that it has read and the letters that it has drawn: keep it.
pub struct Letterer {
    system: FontSystem,
    cache: SwashCache,
    ink: Ink,
}

/// What has been drawn.
#[derive(Clone, Debug)]
pub struct Lettered {
    /// As large as was asked for, in even pixels.
    pub graphic: Graphic,
    /// What no font has, each once.
    pub missing: Vec<char>,
}

/// The fonts inside the program, for others to be added.
#[must_use]
pub fn own_fonts() -> Fonts {
    let mut fonts = Fonts::new();
    for face in [dejavu::sans::regular(), dejavu::sans::bold()] {
        fonts.load_font_data(face.to_vec());
    }
    fonts.set_sans_serif_family(OWN_FAMILY);
    fonts
}

impl Letterer {
    /// Draws with `fonts`. `locale`, as in `ja-JP`, decides which of the forms of a Chinese character is preferred.
    #[must_use]
    pub fn new(fonts: Fonts, locale: &str) -> Self {
        Self {
            system: FontSystem::new_with_locale_and_db(locale.to_owned(), fonts),
            cache: SwashCache::new(),
            ink: Ink::default(),
        }
    }

    /// Whether there is a font family of that name.
    #[must_use]
    pub fn has_family(&self, name: &str) -> bool {
        let mut faces = self.system.db().faces();
        faces.any(|face| face.families.iter().any(|(family, _)| family == name))
    }

    /// `text` in a place of `width` × `height` pixels.
    pub fn letter(&mut self, text: &str, style: &TextStyle, (width, height): (u32, u32), pool: &FramePool) -> Lettered {
        let even = |side: u32| (side & !1).clamp(2, MAX_DIMENSION);
        let (width, height) = (even(width), even(height));
        let (buffer, missing) = self.fitted(cut(text), style, (width as f32, height as f32));
        self.draw(&buffer, style, (width, height));
        let graphic = self.ink.graphic(style, pool);
        Lettered { graphic, missing }
    }

    /// The text in the largest size that fits, laid out; and what no font has.
    fn fitted(&mut self, text: &str, style: &TextStyle, (width, height): (f32, f32)) -> (Buffer, Vec<char>) {
        let inset = inset(style, width.min(height));
        let room = ((width - 2.0 * inset).max(1.0), (height - 2.0 * inset).max(1.0));
        let wanted = if style.size.is_finite() {
            style.size.clamp(1.0, LARGEST)
        } else {
            1.0
        };
        let mut buffer = Buffer::new(&mut self.system, metrics(wanted));
        buffer.set_size(Some(room.0), None);
        let align = match style.align {
            Align::Start => LineAlign::Left,
            Align::Center => LineAlign::Center,
            Align::End => LineAlign::Right,
        };
        let attrs = attrs(style);
        buffer.set_text(&in_lines(text), &attrs, Shaping::Advanced, Some(align));
        // Words are not broken as long as smaller letters avoid it.
        buffer.set_wrap(if style.is_wrapped { Wrap::Word } else { Wrap::None });
        let mut fits = |buffer: &mut Buffer, size: f32| {
            buffer.set_metrics(metrics(size));
            buffer.shape_until_scroll(&mut self.system, false);
            let (mut wide, mut high) = (0.0_f32, 0.0_f32);
            for run in buffer.layout_runs() {
                wide = wide.max(run.line_w);
                high = high.max(run.line_top + run.line_height);
            }
            // A hair of room, for sums of advances are not exact.
            wide <= room.0 + 0.5 && high <= room.1.max(size * LINE_HEIGHT) + 0.5
        };
        let mut size = wanted;
        if !fits(&mut buffer, wanted) {
            size = wanted * SMALLEST;
            if fits(&mut buffer, size) {
                let (mut low, mut high) = (size, wanted);
                for _ in 0..STEPS {
                    let middle = f32::midpoint(low, high);
                    if fits(&mut buffer, middle) {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                size = low;
            } else if style.is_wrapped {
                buffer.set_wrap(Wrap::WordOrGlyph);
            }
        }
        fits(&mut buffer, size);
        let mut missing = Vec::new();
        for run in buffer.layout_runs() {
            for glyph in run.glyphs.iter().filter(|glyph| glyph.glyph_id == 0) {
                let of = run.text.get(glyph.start..glyph.end).unwrap_or_default();
                for character in of.chars().filter(|character| !character.is_control()) {
                    if !missing.contains(&character) {
                        missing.push(character);
                    }
                }
            }
        }
        (buffer, missing)
    }

    /// Leaves the ink of the letters, and of the colours that they have of their own.
    fn draw(&mut self, buffer: &Buffer, style: &TextStyle, (width, height): (u32, u32)) {
        if self.cache.image_cache.len() > GLYPHS_KEPT {
            self.cache.image_cache.clear();
        }
        self.ink.clear(width, height);
        let inset = inset(style, width.min(height) as f32);
        let high = buffer
            .layout_runs()
            .fold(0.0_f32, |high, run| high.max(run.line_top + run.line_height));
        let room = height as f32 - 2.0 * inset;
        let down = match style.vertical_align {
            Align::Start => 0.0,
            // What is too high loses its last lines, not the first.
            Align::Center => ((room - high) / 2.0).max(0.0),
            Align::End => (room - high).max(0.0),
        };
        for run in buffer.layout_runs() {
            for glyph in run.glyphs {
                let physical = glyph.physical((inset, inset + down + run.line_y), 1.0);
                let Some(image) = self.cache.get_image(&mut self.system, physical.cache_key) else {
                    continue;
                };
                let (left, top) = (physical.x + image.placement.left, physical.y - image.placement.top);
                let size = (image.placement.width as usize, image.placement.height as usize);
                match image.content {
                    SwashContent::Mask => self.ink.cover((left, top), size, &image.data),
                    SwashContent::Color => self.ink.colour((left, top), size, &image.data),
                    SwashContent::SubpixelMask => {}
                }
            }
        }
    }
}

/// What is free at each edge: the padding, and the line around letters.
fn inset(style: &TextStyle, side: f32) -> f32 {
    let outline = style.outline.map_or(0.0, |(width, _)| width);
    let inset = style.padding.max(0.0) + outline.max(0.0);
    if inset.is_finite() { inset.min(side / 2.0) } else { 0.0 }
}

fn metrics(size: f32) -> Metrics {
    Metrics::relative(size, LINE_HEIGHT)
}

fn attrs(style: &TextStyle) -> Attrs<'_> {
    let family = style.font.as_deref().map_or(Family::Name(OWN_FAMILY), Family::Name);
    let mut attrs = Attrs::new().family(family);
    if style.is_bold {
        attrs = attrs.weight(Weight::BOLD);
    }
    if style.is_italic {
        attrs = attrs.style(Style::Italic);
    }
    attrs
}

/// The text with one kind of line end. `cosmic-text` knows `\n` and `\r` only: it panics over other separators of paragraphs (class B of
/// the bidirectional algorithm, UAX #9) between a paragraph from the left and one from the right, and draws the other mandatory breaks
/// (class BK, UAX #14) as boxes.
fn in_lines(text: &str) -> Cow<'_, str> {
    const BREAKS: [char; 8] = [
        '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}',
    ];
    if text.contains(BREAKS) {
        Cow::Owned(text.replace(BREAKS, "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests;
