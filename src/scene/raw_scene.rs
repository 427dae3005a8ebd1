//! Scenes as they are written: every value has its type, and names may point nowhere. See `raw`.

use std::collections::HashMap;

use serde::Deserialize;

use super::raw::{RawLength, RawParameters};
use super::show::TransitionKind;
use super::value::parse_color;
use crate::picture::{Crop, Fit, WipeDirection};

/// Texts with names that the writer chose.
pub(super) type RawValues = HashMap<String, String>;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScene {
    #[serde(default)]
    pub items: Vec<RawItem>,
    pub template: Option<String>,
    #[serde(default)]
    pub with: RawValues,
    #[serde(default)]
    pub parameters: RawValues,
    pub occlusion_level: Option<u8>,
    #[serde(default)]
    pub strips: HashMap<String, RawParameters>,
    pub transition: Option<RawTransition>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawItem {
    pub source: Option<String>,
    pub scene: Option<String>,
    pub group: Option<Vec<RawItem>>,
    pub text: Option<String>,
    pub image: Option<String>,
    pub color: Option<RawColor>,
    pub name: Option<String>,
    #[serde(default)]
    pub with: RawValues,
    #[serde(default)]
    pub style: RawStyle,
    pub position: Option<(RawLength, RawLength)>,
    pub size: Option<(RawLength, RawLength)>,
    pub fit: Option<Fit>,
    #[serde(default)]
    pub crop: Crop,
    pub key: Option<RawKey>,
    #[serde(default)]
    pub z: i32,
    pub opacity: Option<f32>,
    #[serde(default)]
    pub hidden: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStyle {
    pub font: Option<String>,
    pub size: Option<RawLength>,
    pub bold: Option<bool>,
    pub italic: Option<bool>,
    pub color: Option<RawColor>,
    pub background: Option<RawColor>,
    pub outline: Option<RawLength>,
    pub outline_color: Option<RawColor>,
    pub align: Option<RawAlign>,
    pub valign: Option<RawAlign>,
    pub padding: Option<RawLength>,
    pub wrap: Option<bool>,
}

/// Both directions: the schema lets through the words of each.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawAlign {
    #[serde(alias = "top")]
    Left,
    #[serde(alias = "middle")]
    Center,
    #[serde(alias = "bottom")]
    Right,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKey {
    pub color: Option<RawColor>,
    pub similarity: Option<f32>,
    pub smoothness: Option<f32>,
    pub spill: Option<f32>,
}

/// What is left out is as in the show, or as the program has it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTransition {
    pub kind: Option<TransitionKind>,
    pub duration_ms: Option<i64>,
    pub direction: Option<WipeDirection>,
    pub stinger: Option<String>,
    pub cut_at_ms: Option<i64>,
    pub matte: Option<RawMatte>,
    pub key: Option<RawKey>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawMatte {
    None,
    Side,
    Below,
}

/// A colour, as text until here.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct RawColor(pub [u8; 4]);

impl TryFrom<String> for RawColor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        parse_color(&text).map(Self).ok_or("not a colour")
    }
}
