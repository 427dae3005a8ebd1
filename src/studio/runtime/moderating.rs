//! From verdicts to the hold: what the recogniser and the picture checks find is done about on the spot, before the stamp that
//! would let it out, and told afterwards. The core task says what is armed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::air::Areas;
use super::gate::Gate;
use super::holding::Holding;
use super::reporters::{Inputs, post};
use crate::clock::Clock;
use crate::hold::Edit;
use crate::media::{TimeDelta, Timestamp, TrackKind};
use crate::speech::{HeardWord, Severity, WordVerdict};
use crate::studio::model::{EventLevel, HeldWord, Moderation, SeenPicture, Span, SpanKind, Who};
use crate::studio::update::{Input, ModerationNews};
use crate::vision::check::{CheckAction, CheckKind, PictureVerdict};

/// The check that sound waits for.
pub const WORDS: &str = "words";

/// The check that held pictures wait for.
pub const PICTURES: &str = "pictures";

/// What looking at a picture and telling of it takes at most, in ms, on a rig that keeps up.
const LOOKING_MS: i64 = 1000;

/// Longer ago, in ms, than anything that is held.
const LONG_AGO_MS: i64 = 120_000;

/// What the analysis threads tell, and the core task arms.
pub struct Moderator {
    clock: Clock,
    holding: Arc<Holding>,
    areas: Arc<Areas>,
    hides_pictures: bool,
    gate: Arc<Gate>,
    inputs: Inputs,
    is_listening: AtomicBool,
    judged: Mutex<Option<Timestamp>>,
    /// Numbers for words, and for spans of the recogniser, which are even.
    words: AtomicU64,
    spans: AtomicU64,
}

impl Moderator {
    /// Does what is decided to `holding` and to what is painted before the encoders, and arms `gate`. `hides_pictures`: the show
    /// has checks of pictures that do more than warn.
    #[must_use]
    pub fn new(clock: Clock, holding: Arc<Holding>, gate: Arc<Gate>, inputs: Inputs, hides_pictures: bool) -> Self {
        Self {
            clock,
            holding,
            areas: Arc::default(),
            hides_pictures,
            gate,
            inputs,
            is_listening: AtomicBool::new(false),
            judged: Mutex::new(None),
            words: AtomicU64::new(0),
            spans: AtomicU64::new(0),
        }
    }

    /// The hold.
    #[must_use]
    pub fn holding(&self) -> &Arc<Holding> {
        &self.holding
    }

    /// What is painted before the encoders.
    #[must_use]
    pub fn areas(&self) -> &Arc<Areas> {
        &self.areas
    }

    /// Whether words are to be listened for.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        self.is_listening.load(Ordering::Relaxed)
    }

    /// Arms what the model says. What was mixed before that goes out as it was meant to: nobody could judge it any more.
    pub fn arm(&self, moderation: &Moderation, now: Timestamp) {
        let was_listening = self.is_listening.swap(moderation.is_armed, Ordering::Relaxed);
        if moderation.is_armed && !moderation.is_unjudged_passed {
            arm_from(&self.gate, WORDS, TrackKind::Audio, now);
        } else {
            self.gate.disarm(WORDS, TrackKind::Audio);
        }
        if !was_listening || !moderation.is_armed {
            *self.judged.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// This recogniser listens from now on.
    pub fn listening(&self, engine: String) {
        let text = format!("{engine} listens");
        self.tell(ModerationNews::Engine(Some(engine)));
        self.event(EventLevel::Info, text);
    }

    /// Nobody listens.
    pub fn deaf(&self, reason: &str) {
        self.tell(ModerationNews::Engine(None));
        self.event(EventLevel::Error, format!("nobody listens: {reason}"));
    }

    /// These words were heard. What they call for is in force when this returns.
    pub fn heard(&self, words: Vec<HeardWord>, verdicts: Vec<WordVerdict>) {
        let spans = verdicts.into_iter().map(|verdict| self.carry_out(verdict));
        let spans: Vec<Span> = spans.collect();
        let words = words.into_iter().map(|word| HeldWord {
            id: self.words.fetch_add(1, Ordering::Relaxed) + 1,
            text: word.text,
            from: word.from,
            until: word.until,
        });
        self.tell(ModerationNews::Heard {
            words: words.collect(),
            spans,
        });
    }

    fn carry_out(&self, verdict: WordVerdict) -> Span {
        let id = (self.spans.fetch_add(1, Ordering::Relaxed) + 1) * 2;
        let kind = match verdict.severity {
            Severity::Mute => SpanKind::Mute,
            Severity::Beep => SpanKind::Beep,
            Severity::Warn => SpanKind::Warn,
        };
        let (from, until) = (verdict.from, verdict.until);
        if let Some(kind) = kind.edit() {
            let strips = None;
            self.holding.edit(Edit {
                id,
                from,
                until,
                kind,
                strips,
            });
        }
        Span {
            id,
            from,
            until: Some(until),
            kind,
            who: Who::Recogniser,
            why: format!("list {}: {}", verdict.list, verdict.match_kind.word()),
            masked: Some(verdict.masked),
            is_restored: false,
        }
    }

    /// That check has seen or heard all from there until there.
    pub fn stamped(&self, check: &str, from: Timestamp, until: Timestamp) {
        match check {
            WORDS => {
                let mut judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
                *judged = Some(until).max(*judged);
            }
            PICTURES => self.areas.stamp(from, until),
            _ => {}
        }
    }

    /// Something was seen. What it calls for is in force when this returns: for pictures that are still to be encoded by what is
    /// painted over them, for those that are held by a slate.
    pub fn seen(&self, verdict: &PictureVerdict) {
        self.areas.apply(verdict);
        let now = self.clock.now();
        let what = SeenPicture {
            id: verdict.id,
            kind: kind(verdict.kind).to_owned(),
            what: verdict.what.clone(),
            action: action(verdict.action).to_owned(),
            since: verdict.since,
        };
        if verdict.is_over {
            return self.tell(ModerationNews::Gone(what));
        }
        if !verdict.is_new {
            return;
        }
        match verdict.action {
            CheckAction::Off | CheckAction::Warn => {}
            CheckAction::Blur | CheckAction::Cover => self.holding.cover(verdict.since, now),
            CheckAction::Dump => {
                let (from, until) = self.holding.dump(None);
                let why = format!("{} \"{}\" was seen", what.kind, what.what);
                self.tell(ModerationNews::Dumped(from, until, why));
            }
        }
        self.tell(ModerationNews::Seen(what));
    }

    /// Arms the check of pictures while there is a hold that gives it the time, if its show has one that hides anything.
    pub fn arm_pictures(&self, hold: TimeDelta) {
        let gate = self.holding.exit_gate();
        if self.hides_pictures && hold >= TimeDelta::from_millis(LOOKING_MS) {
            arm_from(gate, PICTURES, TrackKind::Video, self.clock.now());
        } else if gate.is_armed_as(PICTURES, TrackKind::Video) {
            gate.disarm(PICTURES, TrackKind::Video);
        }
    }

    /// How far sound has been judged.
    #[must_use]
    pub fn judged(&self) -> Option<Timestamp> {
        *self.judged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn event(&self, level: EventLevel, text: String) {
        post(&self.inputs, Input::Event(level, "moderation".to_owned(), text));
    }

    fn tell(&self, news: ModerationNews) {
        post(&self.inputs, Input::Moderation(news));
    }
}

/// Arms `check` for what is made from `now` on: nobody could look at what was made before.
fn arm_from(gate: &Gate, check: &str, track: TrackKind, now: Timestamp) {
    if !gate.is_armed_as(check, track) {
        gate.arm(check, track);
        gate.stamp(check, track, now - TimeDelta::from_millis(LONG_AGO_MS), now);
    }
}

/// As events and logs call it.
const fn kind(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::Code => "code",
        CheckKind::Barcode => "barcode",
        CheckKind::Blocked => "image",
        CheckKind::Black => "black",
        CheckKind::Frozen => "frozen",
        CheckKind::Classifier => "label",
    }
}

const fn action(action: CheckAction) -> &'static str {
    match action {
        CheckAction::Off => "off",
        CheckAction::Warn => "warn",
        CheckAction::Blur => "blur",
        CheckAction::Cover => "cover",
        CheckAction::Dump => "dump",
    }
}
