//! What is done before air about words and pictures that must not go out, as clients see it.
//!
//! Times are content time: when something was said or shown in the studio. It airs [`HoldState::now`] later.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::hold;
pub use crate::hold::{EditKind, HoldPhase, HoldState, Pace};
use crate::media::{TimeDelta, Timestamp};

/// How many heard words are kept.
pub const WORDS_KEPT: usize = 200;

/// How many spans are kept.
pub const SPANS_KEPT: usize = 64;

/// How long what has gone to air is still shown.
const SHOWN_AFTER_MS: i64 = 10_000;

/// The number of the span that mutes program.
pub const PROGRAM_SPAN: u64 = 1;

/// The hold, what is heard and seen in it, and what is done about that.
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that have nothing to do with each other"
)]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moderation {
    /// The hold.
    #[serde(default)]
    pub hold: HoldState,
    /// How a change of the hold comes about where nothing is said.
    #[serde(default)]
    pub pace: Pace,
    /// The lists of words that are listened for; without any, nobody listens.
    #[serde(default)]
    pub lists: Vec<String>,
    /// Who listens, once that is known.
    #[serde(default)]
    pub engine: Option<String>,
    /// Whether sound must have been judged to go out.
    #[serde(default)]
    pub is_armed: bool,
    /// Whether sound that nobody has judged in time goes out all the same.
    #[serde(default)]
    pub is_unjudged_passed: bool,
    /// The content time up to which sound has been judged.
    #[serde(default)]
    pub judged: Option<Timestamp>,
    /// Whether program is muted.
    #[serde(default)]
    pub is_program_muted: bool,
    /// Strips that are muted by moderation, on what is held as well.
    #[serde(default)]
    pub muted_strips: Vec<String>,
    /// What has been heard and not long been on air, oldest first.
    #[serde(default)]
    pub words: VecDeque<HeldWord>,
    /// What is done about held sound and pictures, oldest first.
    #[serde(default)]
    pub spans: VecDeque<Span>,
    /// What pictures are looked at for.
    #[serde(default)]
    pub checks: Vec<String>,
    /// Whether pictures must have been looked at to go out.
    #[serde(default)]
    pub are_pictures_armed: bool,
    /// Things on program that are acted upon now.
    #[serde(default)]
    pub seen: Vec<SeenPicture>,
    /// The file that everything moderated is written to.
    #[serde(default)]
    pub log: Option<String>,
    /// How many spans operators have made.
    #[serde(default)]
    pub spans_made: u64,
}

/// A word that was heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldWord {
    /// Unlike that of any other word.
    pub id: u64,
    /// The word.
    pub text: String,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

/// What is done with a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    /// It goes out silent.
    Mute,
    /// A tone goes out in its place.
    Beep,
    /// It goes out, and the operator is told.
    Warn,
    /// Sound and picture are dropped, under a slate.
    Dump,
}

impl SpanKind {
    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mute => "mute",
            Self::Beep => "beep",
            Self::Warn => "warn",
            Self::Dump => "dump",
        }
    }

    /// What is done to the sound.
    #[must_use]
    pub const fn edit(self) -> Option<EditKind> {
        match self {
            Self::Mute | Self::Dump => Some(EditKind::Mute),
            Self::Beep => Some(EditKind::Beep),
            Self::Warn => None,
        }
    }
}

/// Who wants something done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// What listens.
    Recogniser,
    /// Somebody at a screen, or a script.
    Operator,
    /// What looks at pictures.
    Check,
}

impl Who {
    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Recogniser => "recogniser",
            Self::Operator => "operator",
            Self::Check => "check",
        }
    }
}

/// A stretch of the show that is changed before it goes out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Unlike that of any other span.
    pub id: u64,
    /// The beginning.
    pub from: Timestamp,
    /// The end; none while it is open.
    pub until: Option<Timestamp>,
    /// What is done.
    pub kind: SpanKind,
    /// Who wants it.
    pub who: Who,
    /// Why, with the word masked where there is one.
    pub why: String,
    /// The word as it is written where others may read it.
    #[serde(default)]
    pub masked: Option<String>,
    /// Whether an operator has let it out after all.
    #[serde(default)]
    pub is_restored: bool,
}

/// Something on program that is acted upon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenPicture {
    /// Unlike that of anything else that is seen.
    pub id: u64,
    /// What it is: `code`, `blocked`.
    pub kind: String,
    /// Which one.
    pub what: String,
    /// What is done: `blur`.
    pub action: String,
    /// Since when.
    pub since: Timestamp,
}

/// What operators have set of it: kept for a show that goes on after a crash, so that nothing is heard for that which was
/// muted before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModerationStanding {
    /// How long everything is held.
    #[serde(rename = "hold_ms")]
    pub hold: TimeDelta,
    /// Whether sound must have been judged to go out.
    pub is_armed: bool,
    /// Whether sound that nobody has judged in time goes out all the same.
    pub is_unjudged_passed: bool,
    /// Whether program is muted.
    pub is_program_muted: bool,
    /// Strips that are muted.
    pub muted_strips: Vec<String>,
}

impl Span {
    /// One that nobody has taken back, with no word in it.
    #[must_use]
    pub fn new(id: u64, from: Timestamp, until: Option<Timestamp>, kind: SpanKind, (who, why): (Who, String)) -> Self {
        Self {
            id,
            from,
            until,
            kind,
            who,
            why,
            masked: None,
            is_restored: false,
        }
    }
}

impl Moderation {
    /// What is kept of it.
    #[must_use]
    pub fn standing(&self) -> ModerationStanding {
        ModerationStanding {
            hold: self.hold.target,
            is_armed: self.is_armed,
            is_unjudged_passed: self.is_unjudged_passed,
            is_program_muted: self.is_program_muted,
            muted_strips: self.muted_strips.clone(),
        }
    }

    /// It stands so again. What nobody can judge any more, for the scene file names no lists now, is not armed.
    pub fn resume(&mut self, standing: &ModerationStanding) {
        self.hold.target = standing.hold.clamp(TimeDelta::ZERO, hold::longest());
        self.is_armed = standing.is_armed && !self.lists.is_empty();
        self.is_unjudged_passed = standing.is_unjudged_passed;
        self.is_program_muted = standing.is_program_muted;
        self.muted_strips.clone_from(&standing.muted_strips);
    }

    /// The content time that leaves at `now`.
    #[must_use]
    pub fn airing(&self, now: Timestamp) -> Timestamp {
        now - self.hold.now
    }

    /// Whether what goes out at `now` has not been judged, though it should be.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        let is_behind = self.judged.is_none_or(|judged| now - judged > self.hold.now);
        self.is_armed && self.hold.now > TimeDelta::ZERO && is_behind
    }

    /// Remembers a word.
    pub fn hear(&mut self, word: HeldWord) {
        if self.words.len() >= WORDS_KEPT {
            self.words.pop_front();
        }
        self.words.push_back(word);
    }

    /// Remembers a span.
    pub fn add(&mut self, span: Span) {
        if self.spans.len() >= SPANS_KEPT {
            // Those that are open stay, for somebody will close them.
            let oldest = self.spans.iter().position(|span| span.until.is_some());
            self.spans.remove(oldest.unwrap_or(0));
        }
        self.spans.push_back(span);
    }

    /// The span of that number.
    pub fn span_mut(&mut self, id: u64) -> Option<&mut Span> {
        self.spans.iter_mut().find(|span| span.id == id)
    }

    /// Forgets what has long been on air.
    pub fn forget(&mut self, now: Timestamp) {
        let gone = self.airing(now) - TimeDelta::from_millis(SHOWN_AFTER_MS);
        self.words.retain(|word| word.until > gone);
        self.spans.retain(|span| span.until.is_none_or(|until| until > gone));
    }

    /// The number that the next span of an operator will have.
    #[must_use]
    pub fn span_to_come(&self) -> u64 {
        (self.spans_made + 1) * 2 + PROGRAM_SPAN
    }

    /// A number for a span of an operator: odd, where those of the recogniser are even.
    pub fn next_span(&mut self) -> u64 {
        self.spans_made += 1;
        self.spans_made * 2 + PROGRAM_SPAN
    }
}
