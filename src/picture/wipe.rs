//! A transition by an edge that moves over the picture.

use serde::{Deserialize, Serialize};

/// Where the edge of a wipe goes: the new picture is behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WipeDirection {
    /// From left to right.
    #[default]
    Right,
    /// From right to left.
    Left,
    /// From top to bottom.
    Down,
    /// From bottom to top.
    Up,
}
