//! Transitions, colours that are taken out, and what letters look like: what is left out is filled in, what contradicts is told.

use super::check::Check;
use super::raw::RawLength;
use super::raw_scene::{RawAlign, RawKey, RawMatte, RawStyle, RawTransition};
use super::show::{Matte, Stinger, TransitionKind, TransitionSettings};
use crate::encode::VideoSettings;
use crate::media::TimeDelta;
use crate::picture::{Align, ChromaKey, TextStyle};

/// When the scenes change behind a stinger, where nobody says it.
const USUAL_CUT_MS: i64 = 500;

/// The green of screens, and how much around it goes.
const USUAL_KEY: ChromaKey = ChromaKey {
    color: [0x00, 0xb1, 0x40],
    similarity: 0.3,
    smoothness: 0.1,
    spill: 0.5,
};

/// The smallest letters that can be read on anything.
const SMALLEST_LETTERS: f64 = 6.0;

impl Default for TransitionSettings {
    fn default() -> Self {
        Self {
            kind: TransitionKind::default(),
            duration: TimeDelta::ZERO,
            direction: crate::picture::WipeDirection::default(),
            stinger: None,
        }
    }
}

/// A colour that is taken out. Its opacity means nothing.
pub(super) fn chroma_key(raw: &RawKey) -> ChromaKey {
    let [red, green, blue] = USUAL_KEY.color;
    let [red, green, blue, _] = raw.color.map_or([red, green, blue, 255], |color| color.0);
    ChromaKey {
        color: [red, green, blue],
        similarity: raw.similarity.unwrap_or(USUAL_KEY.similarity),
        smoothness: raw.smoothness.unwrap_or(USUAL_KEY.smoothness),
        spill: raw.spill.unwrap_or(USUAL_KEY.spill),
    }
}

impl Check<'_> {
    /// The transition at `key`; what it does not say is as in `usual`.
    pub(super) fn transition(
        &mut self,
        key: &str,
        raw: &RawTransition,
        usual: &TransitionSettings,
    ) -> TransitionSettings {
        let kind = raw.kind.unwrap_or(usual.kind);
        let stinger = self.stinger(key, raw, usual.stinger.as_ref());
        let is_named = self.layers.places.has(&format!("{key}.stinger"));
        if kind == TransitionKind::Stinger && stinger.is_none() && !is_named {
            let message = "a stinger needs a clip: stinger = \"NAME\" of a source of kind file";
            self.error(&format!("{key}.kind"), message);
        }
        TransitionSettings {
            kind,
            duration: raw.duration_ms.map_or(usual.duration, TimeDelta::from_millis),
            direction: raw.direction.unwrap_or(usual.direction),
            stinger,
        }
    }

    fn stinger(&mut self, key: &str, raw: &RawTransition, usual: Option<&Stinger>) -> Option<Stinger> {
        let source_key = format!("{key}.stinger");
        let source = match &raw.stinger {
            Some(name) => {
                let name = self.known("source", Some(name.clone()), &source_key)?;
                let kind = self.kinds.get(&name).copied();
                if let Some(kind) = kind.filter(|kind| *kind != "file") {
                    let message = format!(
                        "source \"{name}\" is of kind \"{kind}\": a stinger is a clip, which has an end: name a source of kind \"file\""
                    );
                    self.error(&source_key, message);
                }
                Some(name)
            }
            None => usual.map(|stinger| stinger.source.clone()),
        };
        let Some(source) = source else {
            for name in ["cut_at_ms", "matte", "key"] {
                let key = format!("{key}.{name}");
                if self.layers.places.has(&key) && !self.layers.places.has(&source_key) {
                    self.error(&key, "goes with a \"stinger\" alone: name the clip beside it");
                }
            }
            return None;
        };
        let matte = match (&raw.key, raw.matte) {
            (Some(_), Some(RawMatte::Side | RawMatte::Below)) => {
                let message = "a clip has a matte or a colour that is taken out: take one of \"key\" and \"matte\" out";
                self.error(&format!("{key}.matte"), message);
                Matte::None
            }
            (Some(chroma), _) => Matte::Key(chroma_key(chroma)),
            (None, Some(RawMatte::Side)) => Matte::Side,
            (None, Some(RawMatte::Below)) => Matte::Below,
            (None, Some(RawMatte::None)) => Matte::None,
            (None, None) => usual.map_or(Matte::None, |stinger| stinger.matte),
        };
        let cut_at = raw.cut_at_ms.map(TimeDelta::from_millis);
        let cut_at = cut_at.or(usual.map(|stinger| stinger.cut_at));
        Some(Stinger {
            source,
            cut_at: cut_at.unwrap_or_else(|| TimeDelta::from_millis(USUAL_CUT_MS)),
            matte,
        })
    }

    /// What letters look like; shares are of the program's height.
    pub(super) fn text_style(&mut self, key: &str, raw: &RawStyle, video: &VideoSettings) -> TextStyle {
        let usual = TextStyle::default();
        let highest = f64::from(video.height);
        let mut length = |name: &str, length: Option<RawLength>, least: f64| {
            let pixels = length?.0.of(video.height);
            if !(least..=highest).contains(&pixels) {
                let key = format!("{key}.{name}");
                let message = format!("{pixels} pixels; from {least} to {highest}, the height of the program, can be");
                self.error(&key, message);
                return None;
            }
            Some(pixels as f32)
        };
        let size = length("size", raw.size, SMALLEST_LETTERS);
        let padding = length("padding", raw.padding, 0.0);
        let outline = length("outline", raw.outline, 0.0);
        if raw.outline_color.is_some() && !self.layers.places.has(&format!("{key}.outline")) {
            let message = "goes with \"outline\", the width of the line, as outline = 3";
            self.error(&format!("{key}.outline_color"), message);
        }
        let outline_color = raw.outline_color.map_or([0, 0, 0, 255], |color| color.0);
        TextStyle {
            font: raw.font.clone(),
            size: size.unwrap_or(usual.size),
            is_bold: raw.bold.unwrap_or(usual.is_bold),
            is_italic: raw.italic.unwrap_or(usual.is_italic),
            color: raw.color.map_or(usual.color, |color| color.0),
            background: raw.background.map(|color| color.0),
            outline: outline.filter(|width| *width > 0.0).map(|width| (width, outline_color)),
            align: raw.align.map_or(usual.align, align),
            vertical_align: raw.valign.map_or(usual.vertical_align, align),
            padding: padding.unwrap_or(usual.padding),
            is_wrapped: raw.wrap.unwrap_or(usual.is_wrapped),
        }
    }
}

fn align(raw: RawAlign) -> Align {
    match raw {
        RawAlign::Left => Align::Start,
        RawAlign::Center => Align::Center,
        RawAlign::Right => Align::End,
    }
}
