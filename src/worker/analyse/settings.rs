//! What is to be analysed: plain values, from the scene file's `[analysis]` to the worker that does it.

use serde::{Deserialize, Serialize};

use crate::media::TimeDelta;
use crate::speech::WordsSettings;
use crate::vision::FinderSettings;
use crate::vision::check::CheckSettings;

/// What is watched on program. A zero is off; so is the default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnalysisSettings {
    /// How long the picture must be black to be told.
    #[serde(rename = "black_ms")]
    pub black: TimeDelta,
    /// How long it must not have moved.
    #[serde(rename = "frozen_ms")]
    pub frozen: TimeDelta,
    /// How long nothing must have been heard.
    #[serde(rename = "silence_ms")]
    pub silence: TimeDelta,
    /// Faces are looked for in pictures like these, every one of them.
    #[serde(default)]
    pub faces: Option<FinderSettings>,
    /// Words are listened for.
    #[serde(default)]
    pub words: Option<WordsSettings>,
    /// Pictures are looked at for what they must not show.
    #[serde(default)]
    pub checks: Option<CheckSettings>,
}

impl AnalysisSettings {
    /// Whether analysers are among them that open models or programs, which a worker can do at its start only.
    #[must_use]
    pub fn opens_files(&self) -> bool {
        self.words.is_some() || self.checks.is_some()
    }

    /// Whether there is nothing to do, so that no worker is needed.
    #[must_use]
    pub fn is_off(&self) -> bool {
        let lasting = [self.black, self.frozen, self.silence];
        self.faces.is_none()
            && self.words.is_none()
            && self.checks.is_none()
            && lasting.iter().all(|needed| *needed <= TimeDelta::ZERO)
    }
}
