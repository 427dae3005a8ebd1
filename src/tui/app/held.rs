//! What is held, as rows that keys act on: the words that were heard, each with what is done about it, and the spans that are
//! about no word.
//!
//! A held thing moves towards air while one looks at it. So the selection is a thing, not a place in a list; when it has gone
//! out it stays selected for a moment, so that a late finger is told so and does not let out or mute another one. Then
//! the next is taken of which there is time to do something about.

use std::cmp::Reverse;

use super::{UiState, step};
use crate::media::{TimeDelta, Timestamp};
use crate::studio::command::Step;
use crate::studio::model::{HeldWord, HoldPhase, Moderation, PROGRAM_SPAN, Span, SpanKind, Studio};

/// How long what was selected when it went out stays selected, in ms.
const LINGERS_MS: i64 = 1500;

/// What is selected by itself has so long to go at least, in ms.
const IN_TIME_MS: i64 = 1000;

/// A span belongs to the words under it if it goes beyond them by so much at most, in ms: margins, and a little.
const MARGIN_MS: i64 = 400;

/// A span longer than this, in ms, is about more than words.
const LONGEST_MS: i64 = 4000;

/// A word is muted where this share of it is.
const GOOD_PART: f64 = 0.35;

/// What is added to both ends of a span from word to word, in ms.
const HEAD_AND_TAIL_MS: i64 = 80;

/// A word or a span, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Of [`HeldWord::id`].
    Word(u64),
    /// Of [`Span::id`].
    Span(u64),
}

/// What becomes of something that is held, from the mildest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is heard, and nobody minds.
    Heard,
    /// An operator has let it out.
    LetOut,
    /// It is heard, and the operator was told.
    Warned,
    /// A tone goes out in its place.
    Beeped,
    /// It goes out silent.
    Muted,
    /// A slate goes out in its place.
    Dumped,
}

impl Fate {
    /// Of what a span is laid on.
    #[must_use]
    pub fn of(span: &Span) -> Self {
        match span.kind {
            _ if span.is_restored => Self::LetOut,
            SpanKind::Warn => Self::Warned,
            SpanKind::Beep => Self::Beeped,
            SpanKind::Mute => Self::Muted,
            SpanKind::Dump => Self::Dumped,
        }
    }

    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Heard => "goes out",
            Self::LetOut => "let out",
            Self::Warned => "warn",
            Self::Beeped => "BEEP",
            Self::Muted => "MUTE",
            Self::Dumped => "DUMP",
        }
    }
}

/// A row: a word with the spans that lie on it, the strongest first, or a span alone.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldRow<'a> {
    /// What keys act on.
    pub what: Held,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends; none while a span is open.
    pub until: Option<Timestamp>,
    /// The word.
    pub word: Option<&'a HeldWord>,
    /// What lies on it.
    pub spans: Vec<&'a Span>,
}

impl HeldRow<'_> {
    /// What becomes of it.
    #[must_use]
    pub fn fate(&self) -> Fate {
        self.spans.first().map_or(Fate::Heard, |span| Fate::of(span))
    }

    /// What a restore would take away: the shortest span that changes its sound. That program is muted, or a strip in all that
    /// is held, is taken back where that is selected, not with a word.
    #[must_use]
    pub fn restorable(&self) -> Option<u64> {
        let changes = |span: &&&Span| {
            let is_more = length(span) > LONGEST_MS && self.word.is_some();
            !span.is_restored && matches!(span.kind, SpanKind::Mute | SpanKind::Beep) && !is_more
        };
        let spans = self.spans.iter().filter(changes);
        spans.min_by_key(|span| length(span)).map(|span| span.id)
    }
}

/// In ms; what is open is longer than all others.
fn length(span: &Span) -> i64 {
    span.until.map_or(i64::MAX, |until| (until - span.from).to_millis())
}

/// Whether a span is about a word: it covers a good part of it, or lies in it. The margins of a span reach into the words beside
/// it, which are heard all the same.
fn is_about(span: &Span, word: &HeldWord) -> bool {
    let until = span.until.map_or(word.until, |until| until.min(word.until));
    let common = until - span.from.max(word.from);
    let length = span.until.map_or(word.until - word.from, |until| until - span.from);
    let shorter = length.min(word.until - word.from);
    common > TimeDelta::ZERO && common.ratio(shorter) >= GOOD_PART
}

/// Whether a span is shown with the words under it, and not by itself.
fn is_of_words(span: &Span, moderation: &Moderation) -> bool {
    let Some(until) = span.until.filter(|_| span.kind != SpanKind::Dump) else {
        return false;
    };
    let touched = || moderation.words.iter().filter(|word| is_about(span, word));
    let (Some(from), Some(last)) = (
        touched().map(|word| word.from).min(),
        touched().map(|word| word.until).max(),
    ) else {
        return false;
    };
    let margin = TimeDelta::from_millis(MARGIN_MS);
    from - span.from <= margin && until - last <= margin && until - span.from <= TimeDelta::from_millis(LONGEST_MS)
}

/// What is held at `now` in the order of time, and what is selected, though it has just gone out.
#[must_use]
pub fn held_rows<'a>(moderation: &'a Moderation, now: Timestamp, selected: Option<Held>) -> Vec<HeldRow<'a>> {
    let airing = moderation.airing(now);
    let gone = airing - TimeDelta::from_millis(LINGERS_MS);
    let word = |word: &'a HeldWord| {
        let mut spans: Vec<&Span> = moderation.spans.iter().filter(|span| is_about(span, word)).collect();
        // Of two that do the same, the one that is about this word says why.
        spans.sort_by_key(|span| (Reverse(Fate::of(span)), length(span)));
        HeldRow {
            what: Held::Word(word.id),
            from: word.from,
            until: Some(word.until),
            word: Some(word),
            spans,
        }
    };
    let alone = |span: &'a Span| HeldRow {
        what: Held::Span(span.id),
        from: span.from,
        until: span.until,
        word: None,
        spans: vec![span],
    };
    let spans = moderation.spans.iter().filter(|span| !is_of_words(span, moderation));
    let mut rows: Vec<HeldRow<'_>> = moderation.words.iter().map(word).chain(spans.map(alone)).collect();
    rows.retain(|row| {
        let since = if Some(row.what) == selected { gone } else { airing };
        row.until.is_none_or(|until| until > since)
    });
    rows.sort_by_key(|row| row.from);
    rows
}

/// How long it takes what is said now to air. While a slate goes out until the hold is full, that is as long as is wanted.
#[must_use]
pub fn delay(moderation: &Moderation) -> TimeDelta {
    let hold = &moderation.hold;
    match hold.phase {
        HoldPhase::Filling => hold.now.max(hold.target),
        HoldPhase::Off | HoldPhase::Steady | HoldPhase::Growing | HoldPhase::Shrinking => hold.now,
    }
}

/// Whether a slate goes out at `now` in place of what was dumped or is not there yet.
#[must_use]
pub fn is_slate(moderation: &Moderation, now: Timestamp) -> bool {
    let airing = moderation.airing(now);
    let is_dumped = |span: &Span| {
        span.kind == SpanKind::Dump && span.from <= airing && span.until.is_some_and(|until| until > airing)
    };
    moderation.hold.phase == HoldPhase::Filling || moderation.spans.iter().any(is_dumped)
}

impl UiState {
    /// Takes the next to go out where nothing is selected or what was selected is gone.
    pub(super) fn follow_held(&mut self, studio: &Studio) {
        let rows = held_rows(&studio.moderation, self.now, self.selected.held);
        let is_there = |what: Held| rows.iter().any(|row| row.what == what);
        self.marked_held.take_if(|(marked, _)| !is_there(*marked));
        if self.selected.held.is_some_and(is_there) {
            return;
        }
        let in_time = studio.moderation.airing(self.now) + TimeDelta::from_millis(IN_TIME_MS);
        // That program is muted is told in red all over; who moves through words does not begin with it.
        let can_change = |row: &&HeldRow<'_>| {
            let is_something = row.word.is_some() || row.restorable().is_some();
            is_something && row.what != Held::Span(PROGRAM_SPAN)
        };
        let next = |row: &&HeldRow<'_>| can_change(row) && row.from >= in_time;
        let found = rows.iter().find(next).or_else(|| rows.iter().rfind(can_change));
        self.selected.held = found.or(rows.last()).map(|row| row.what);
    }

    /// The selected row.
    #[must_use]
    pub fn held<'a>(&self, studio: &'a Studio) -> Option<HeldRow<'a>> {
        let selected = self.selected.held?;
        let rows = held_rows(&studio.moderation, self.now, Some(selected));
        rows.into_iter().find(|row| row.what == selected)
    }

    /// Selects the row after or before the selected one, in the order of time, round the end.
    pub(super) fn step_held(&mut self, studio: &Studio, by: Step) {
        let rows = held_rows(&studio.moderation, self.now, self.selected.held);
        let at = rows.iter().position(|row| Some(row.what) == self.selected.held);
        let to = match (at, by) {
            (Some(at), _) => step(at, rows.len(), by),
            (None, Step::Next) => 0,
            (None, Step::Previous) => rows.len().saturating_sub(1),
        };
        self.selected.held = rows.get(to).map(|row| row.what);
    }

    /// The word that keys act on; on a span alone there is none.
    pub(super) fn held_word(&self, studio: &Studio) -> Option<u64> {
        self.held(studio)?.word.map(|word| word.id)
    }

    /// The span that a restore of the selected row takes away.
    pub(super) fn held_span(&self, studio: &Studio) -> Option<u64> {
        self.held(studio)?.restorable()
    }

    /// Marks the selected row as the beginning of a span; returns how it is called.
    pub(super) fn mark_held(&mut self, studio: &Studio) -> Option<String> {
        let row = self.held(studio)?;
        let name = row
            .word
            .map_or_else(|| "this span".to_owned(), |word| word.text.clone());
        self.marked_held = Some((row.what, row.from));
        Some(name)
    }

    /// From what is marked to what is selected, or the selected row alone, as seconds ago: beginning and end.
    pub(super) fn marked_seconds(&self, studio: &Studio) -> Option<(String, String)> {
        let row = self.held(studio)?;
        let (mut from, mut until) = (row.from, row.until.unwrap_or(self.now));
        if let Some((what, marked)) = self.marked_held {
            from = from.min(marked);
            let rows = held_rows(&studio.moderation, self.now, Some(what));
            let end = rows.iter().find(|row| row.what == what).and_then(|row| row.until);
            until = until.max(end.unwrap_or(until));
        }
        let margin = TimeDelta::from_millis(HEAD_AND_TAIL_MS);
        let ago = |at: Timestamp| format!("{:.2}", (self.now - at).as_secs_f64().clamp(0.0, 30.0));
        Some((ago(from - margin), ago(until + margin)))
    }
}

/// The hold so many whole seconds longer or shorter, as a command takes it.
pub(super) fn whole_seconds(target: TimeDelta, by: Step, count: u8) -> String {
    let seconds = target.as_secs_f64();
    let to = match by {
        Step::Next => (seconds + 0.001).floor() + f64::from(count),
        Step::Previous => (seconds - 0.001).ceil() - f64::from(count),
    };
    format!("{:.0}", to.clamp(0.0, 30.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::model::Who;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn word(id: u64, from: i64, until: i64) -> HeldWord {
        HeldWord {
            id,
            text: format!("w{id}"),
            from: at(from),
            until: at(until),
        }
    }

    fn span(id: u64, from: i64, until: Option<i64>, kind: SpanKind) -> Span {
        Span {
            id,
            from: at(from),
            until: until.map(at),
            kind,
            who: Who::Operator,
            why: String::new(),
            masked: None,
            is_restored: false,
        }
    }

    /// A hold of 5 s at 100 s: 95 s goes out.
    fn held(words: Vec<HeldWord>, spans: Vec<Span>) -> Moderation {
        let mut moderation = Moderation {
            words: words.into(),
            spans: spans.into(),
            ..Moderation::default()
        };
        moderation.hold.now = TimeDelta::from_millis(5000);
        moderation.hold.target = moderation.hold.now;
        moderation
    }

    #[test]
    fn spans_of_words_are_rows_of_words_and_others_are_their_own() {
        let moderation = held(
            vec![
                word(1, 93_000, 93_400),
                word(2, 96_000, 96_400),
                word(5, 96_420, 96_700),
                word(3, 97_000, 97_500),
            ],
            vec![
                span(2, 95_920, Some(96_480), SpanKind::Mute),
                span(4, 98_500, Some(99_000), SpanKind::Beep),
                span(6, 96_900, Some(97_600), SpanKind::Dump),
            ],
        );
        let rows = held_rows(&moderation, at(100_000), None);
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.what, row.fate(), row.restorable()))
            .collect();
        assert_eq!(
            told,
            [
                (Held::Word(2), Fate::Muted, Some(2)),
                (Held::Word(5), Fate::Heard, None),
                (Held::Span(6), Fate::Dumped, None),
                (Held::Word(3), Fate::Dumped, None),
                (Held::Span(4), Fate::Beeped, Some(4)),
            ],
            "what has aired is gone, and a margin mutes no word"
        );
    }

    #[test]
    fn a_restore_takes_the_shortest_span_and_never_unmutes_program_with_a_word() {
        let mut moderation = held(
            vec![word(2, 96_000, 96_400)],
            vec![
                span(PROGRAM_SPAN, 90_000, None, SpanKind::Mute),
                span(3, 95_500, Some(98_000), SpanKind::Mute),
                span(4, 95_920, Some(96_480), SpanKind::Beep),
            ],
        );
        let restorable = |moderation: &Moderation, what| {
            let rows = held_rows(moderation, at(100_000), None);
            rows.iter().find(|row| row.what == what).unwrap().restorable()
        };
        assert_eq!(restorable(&moderation, Held::Word(2)), Some(4));
        moderation.span_mut(4).unwrap().is_restored = true;
        assert_eq!(restorable(&moderation, Held::Word(2)), Some(3));
        moderation.span_mut(3).unwrap().is_restored = true;
        assert_eq!(restorable(&moderation, Held::Word(2)), None);
        assert_eq!(restorable(&moderation, Held::Span(PROGRAM_SPAN)), Some(PROGRAM_SPAN));
    }

    #[test]
    fn a_slate_goes_out_while_what_was_dumped_airs() {
        let moderation = held(Vec::new(), vec![span(6, 96_000, Some(98_000), SpanKind::Dump)]);
        let seen = [100_900, 101_000, 102_900, 103_000].map(|now| is_slate(&moderation, at(now)));
        assert_eq!(seen, [false, true, true, false]);
    }

    #[test]
    fn the_hold_goes_by_whole_seconds() {
        for (ms, up, down) in [
            (0, "1", "0"),
            (1000, "2", "0"),
            (2500, "3", "2"),
            (5000, "6", "4"),
            (30_000, "30", "29"),
        ] {
            let target = TimeDelta::from_millis(ms);
            assert_eq!(
                (
                    whole_seconds(target, Step::Next, 1),
                    whole_seconds(target, Step::Previous, 1)
                ),
                (up.to_owned(), down.to_owned()),
                "{ms}"
            );
        }
    }
}
