//! What checks have to say about pictures.

use serde::{Deserialize, Serialize};

use super::settings::CheckAction;
use crate::media::{Timestamp, exact};

/// What kind of thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// A QR code.
    Code,
    /// A barcode.
    Barcode,
    /// An image that is on the block list.
    Blocked,
    /// Nothing is to be seen.
    Black,
    /// Nothing moves.
    Frozen,
    /// A classifier's label.
    Classifier,
}

/// Something in the picture. It is told when it is first seen, when its place changes, now and then while it stays, and when
/// it has gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PictureVerdict {
    /// The same for one thing from its first verdict to its last, and for no other.
    pub id: u64,
    /// Whether this is its first verdict: that in which what is held already has to be covered, from `since` on.
    pub is_new: bool,
    /// Of the picture that was looked at.
    #[serde(with = "exact")]
    pub pts: Timestamp,
    /// Since when it may have been there: two looks before the one that found it, for what comes in softly, or in motion, is
    /// not always found by the first.
    #[serde(with = "exact")]
    pub since: Timestamp,
    /// What kind of thing.
    pub kind: CheckKind,
    /// What the code says, the name of the image or the label; no more than 80 characters, none of them controls.
    pub what: String,
    /// Left, top, width and height as shares of the picture, with room for its motion until the next look. `None` where it
    /// is all of the picture or has no place.
    pub place: Option<[f32; 4]>,
    /// What is to be done.
    pub action: CheckAction,
    /// It has gone.
    pub is_over: bool,
}

/// Characters of what was found that are told.
const TOLD: usize = 80;

/// `text` as it can be shown.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(TOLD)
        .collect()
}
