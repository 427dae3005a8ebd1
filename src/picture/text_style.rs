//! What letters in a scene look like.

use serde::{Deserialize, Serialize};

/// What letters look like. Lengths are in pixels of the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextStyle {
    /// Name of a font family; without one, the font inside the program. What a font lacks comes from others.
    pub font: Option<String>,
    /// Height of the letters. Where a line does not fit its place it is made smaller, down to half of this.
    pub size: f32,
    /// Thicker strokes.
    pub is_bold: bool,
    /// Slanted.
    pub is_italic: bool,
    /// Red, green, blue, opacity of the letters.
    pub color: [u8; 4],
    /// What lies behind them over the whole place of the item.
    pub background: Option<[u8; 4]>,
    /// Width and colour of a line around each letter.
    pub outline: Option<(f32, [u8; 4])>,
    /// Across.
    pub align: Align,
    /// Down.
    pub vertical_align: Align,
    /// Between the edges of the place and the letters.
    pub padding: f32,
    /// Whether long lines are broken; otherwise they are made smaller, and cut where that is not enough.
    pub is_wrapped: bool,
}

/// Where letters stand in their place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// Left, or at the top.
    #[default]
    Start,
    /// In the middle.
    Center,
    /// Right, or at the bottom.
    End,
}

impl Default for TextStyle {
    fn default() -> Self {
        Self {
            font: None,
            size: 48.0,
            is_bold: false,
            is_italic: false,
            color: [255; 4],
            background: None,
            outline: None,
            align: Align::Start,
            vertical_align: Align::Center,
            padding: 0.0,
            is_wrapped: true,
        }
    }
}
