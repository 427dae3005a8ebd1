//! A colour that is taken out of a picture: the green of a screen, so that what lies below is seen there.

use serde::{Deserialize, Serialize};

/// What is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChromaKey {
    /// Red, green, blue of what is to go.
    pub color: [u8; 3],
    /// 0 to 1: how far a colour may be from it to go wholly.
    pub similarity: f32,
    /// 0 to 1: how much further it may be to go in part.
    pub smoothness: f32,
    /// 0 to 1: how much of its tint is taken from what stays.
    pub spill: f32,
}
