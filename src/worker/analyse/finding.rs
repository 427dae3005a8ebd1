//! What comes out of analysis, and what goes in at its start: plain values that cross the process border as JSON.

use serde::{Deserialize, Serialize};

use super::settings::AnalysisSettings;
use crate::media::{Timestamp, TrackKind, Turn, exact};
use crate::speech::{HeardWord, WordVerdict};
use crate::vision::FaceVerdict;
use crate::vision::check::PictureVerdict;

/// What program can be that it should not be for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Nothing is to be seen.
    Black,
    /// Nothing moves.
    Frozen,
    /// Nothing is to be heard.
    Silent,
}

/// Something that an analyser has to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// Program is in a condition for long, or no longer.
    Program {
        /// Which.
        condition: Condition,
        /// Whether it began or ended, and when.
        turn: Turn,
    },
    /// What is known of the faces of one picture: its clearance, once they are hidden.
    Faces(FaceVerdict),
    /// This recogniser listens from now on.
    Listening {
        /// Its name.
        engine: String,
    },
    /// Nobody listens any more: the recogniser has failed. Another worker may have more luck.
    Deaf {
        /// Why.
        reason: String,
    },
    /// What was heard, and what of it must not go out.
    Words {
        /// In their order.
        words: Vec<HeardWord>,
        /// In force before any stamp of the same answer.
        verdicts: Vec<WordVerdict>,
    },
    /// Something in the picture that must not be seen, or no longer.
    Picture(PictureVerdict),
    /// An analyser has failed. It is switched off; the others go on.
    AnalyserLost {
        /// Its name.
        analyser: String,
        /// What it said at last.
        reason: String,
    },
}

/// A condition that has been told and goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Which.
    pub condition: Condition,
    /// Since when.
    pub since: Timestamp,
}

/// What a registry starts with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// What is to be analysed.
    pub settings: AnalysisSettings,
    /// What a registry before this one had told, so that it is not told twice and its end not forgotten.
    #[serde(default)]
    pub told: Vec<Told>,
    /// The faces that a registry before this one was following.
    #[serde(default)]
    pub faces: Option<KnownFaces>,
}

/// What is known of faces when a worker takes over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownFaces {
    /// The newest verdict.
    pub verdict: FaceVerdict,
    /// Larger than the number of any face that there has been.
    pub next_track: u32,
}

/// What an analyser has seen of a track without a hole: both ends, and all between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The analyser's name: also that of the check that it can be armed as.
    pub analyser: String,
    /// What it saw of.
    pub track: TrackKind,
    /// The PTS of the first picture or block.
    #[serde(with = "exact")]
    pub from: Timestamp,
    /// The PTS of the last one that it is done with.
    #[serde(with = "exact")]
    pub until: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::FrameRate;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_stamp_crosses_the_border_to_the_flick(index in -1_000_000i64..1_000_000_000, num in 1u32..200, den in 1u32..1002) {
            let rate = FrameRate { num, den };
            let stamp = Stamp {
                analyser: "faces".to_owned(),
                track: TrackKind::Video,
                from: rate.frame_time(index),
                until: rate.frame_time(index + 1),
            };
            let json = serde_json::to_string(&stamp).unwrap();
            prop_assert_eq!(serde_json::from_str::<Stamp>(&json).unwrap(), stamp);
        }
    }

    #[test]
    fn findings_read_well_as_json() {
        let finding = Finding::Program {
            condition: Condition::Black,
            turn: Turn::Began {
                since: Timestamp::from_millis(12_000),
            },
        };
        let json = serde_json::to_string(&finding).unwrap();
        assert_eq!(
            json,
            r#"{"finding":"program","condition":"black","turn":{"turn":"began","since":12000}}"#
        );
        assert_eq!(serde_json::from_str::<Finding>(&json).unwrap(), finding);
        let opening: Opening =
            serde_json::from_str(r#"{"settings":{"black_ms":2000,"frozen_ms":0,"silence_ms":0}}"#).unwrap();
        assert!(!opening.settings.is_off() && opening.told.is_empty());
        assert!(Opening::default().settings.is_off());
    }
}
