//! The bell: it rings once for each alarm, if it is wanted.

use super::{UiAction, UiState};
use crate::media::Timestamp;
use crate::studio::command::Switch;
use crate::studio::model::{AlarmKind, Studio};

/// Which alarms this screen has heard of, and whether it rings for those that it has not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bell {
    /// Whether it is wanted.
    pub is_on: bool,
    heard: Vec<(AlarmKind, Timestamp)>,
    is_due: bool,
}

impl Bell {
    /// Follows a new state of the studio: one that nobody knows of yet is a reason to ring.
    pub fn follow(&mut self, studio: &Studio) {
        let raised = studio.alarms.raised();
        let is_new = |kind, since| !self.heard.contains(&(kind, since));
        let is_due = raised
            .iter()
            .any(|alarm| !alarm.is_acked && is_new(alarm.kind, alarm.since));
        self.is_due = self.is_on && (self.is_due || is_due);
        self.heard = raised.iter().map(|alarm| (alarm.kind, alarm.since)).collect();
    }
}

impl UiState {
    /// Rings once if an alarm has begun since this was asked last.
    pub fn ring(&mut self) -> Option<UiAction> {
        std::mem::take(&mut self.bell.is_due).then_some(UiAction::Bell)
    }

    pub(super) fn switch_bell(&mut self, switch: Switch) {
        self.bell.is_on = switch.apply(self.bell.is_on);
        self.bell.is_due = false;
        let text = if self.bell.is_on {
            "the bell rings when an alarm begins"
        } else {
            "the bell is silent"
        };
        self.say(text, false);
    }
}
