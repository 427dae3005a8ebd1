//! Which face keys act on.
//!
//! Faces come and go, and a key may show one. So a selection is a track, not a place in a list: when its face is gone, nothing
//! is selected until the operator chooses, and no other face takes its place under the finger.

use super::{UiState, step};
use crate::studio::command::Step;
use crate::studio::model::Studio;

impl UiState {
    /// The selected face, if it is there; where none was ever chosen, the only one.
    #[must_use]
    pub fn face(&self, studio: &Studio) -> Option<u32> {
        let faces = &studio.occlusion.faces;
        match (self.selected.face, faces.as_slice()) {
            (Some(track), _) => faces.iter().any(|face| face.track == track).then_some(track),
            (None, [only]) => Some(only.track),
            (None, _) => None,
        }
    }

    /// Selects the face after or before the selected one in the order of tracks, round the end.
    pub(super) fn step_face(&mut self, studio: &Studio, by: Step) {
        let faces = &studio.occlusion.faces;
        let here = self.face(studio).or(self.selected.face);
        let at = here.and_then(|track| faces.iter().position(|face| face.track == track));
        let to = match (at, here, by) {
            (Some(at), ..) => step(at, faces.len(), by),
            // It is gone: on from where it was.
            (None, Some(track), Step::Next) => faces.iter().position(|face| face.track > track).unwrap_or(0),
            (None, Some(track), Step::Previous) => {
                let before = faces.iter().rposition(|face| face.track < track);
                before.unwrap_or(faces.len().saturating_sub(1))
            }
            (None, None, Step::Next) => 0,
            (None, None, Step::Previous) => faces.len().saturating_sub(1),
        };
        self.selected.face = faces.get(to).map(|face| face.track);
    }
}
