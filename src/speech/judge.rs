//! From words to verdicts, as they come: which span of sound holds something that a list has.
//!
//! A phrase may begin in one call and end in the next. So may the reason why a word is fine (`damn fine`), and the head margin of
//! a word reaches back before what was final: [`Judge::judge_until`] therefore says up to where nothing more can turn up, which is
//! what may be stamped. [`Judge::judge`] is for those who do not stamp: it decides at once, against a word that is still open.

use std::collections::VecDeque;

use super::HeardWord;
use super::book::{Allowed, Book, Use};
use super::fold::{self, Piece};
use super::list::{JudgeSettings, MatchKind, Severity, WordVerdict};
use crate::media::{TimeDelta, Timestamp};

/// After a pause of this length, a phrase does not go on.
const PAUSE_MS: i64 = 800;

/// Nor where its next word is further off than this, whatever is said between.
const REACH_MS: i64 = 2000;

/// Unfinished phrases that are followed at once, and letters of a word that is being spelled.
const MOST_OPEN: usize = 64;

/// Verdicts that are remembered, so that none is given twice.
const MOST_GIVEN: usize = 256;

/// Judges words in the order in which they become final.
#[derive(Clone, Debug)]
pub struct Judge {
    book: Book,
    head: TimeDelta,
    tail: TimeDelta,
    /// Words so far.
    count: u64,
    phrases: Vec<Open<Use>>,
    allowing: Vec<Open<Allowed>>,
    /// Spans of words that are allowed, of late.
    allowed: VecDeque<(u64, u64, Option<usize>)>,
    /// Single letters in a row.
    spelled: Vec<(char, u64, Timestamp)>,
    last_until: Timestamp,
    /// Hits that are not given yet.
    hits: Vec<Hit>,
    given: VecDeque<(Timestamp, Timestamp, Severity)>,
    uses: Vec<Use>,
}

/// A phrase that has begun.
#[derive(Clone, Copy, Debug)]
struct Open<T> {
    /// Its latest word.
    at: T,
    first: u64,
    from: Timestamp,
    /// Where its latest word ends.
    until: Timestamp,
    /// Where the latest word of the stream ends.
    heard: Timestamp,
    /// How many other words may still come before its next.
    slack: u32,
}

impl<T> Open<T> {
    fn new(at: T, first: u64, from: Timestamp, until: Timestamp, slack: u32) -> Self {
        Self {
            at,
            first,
            from,
            until,
            heard: until,
            slack,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Hit {
    entry: usize,
    kind: MatchKind,
    first: u64,
    last: u64,
    from: Timestamp,
    until: Timestamp,
}

/// Where a word of the stream is.
#[derive(Clone, Copy)]
struct Spot {
    number: u64,
    from: Timestamp,
    until: Timestamp,
}

impl Judge {
    /// A judge by these lists who has heard nothing yet.
    #[must_use]
    pub fn new(settings: &JudgeSettings) -> Self {
        Self {
            book: Book::new(settings),
            head: settings.head,
            tail: settings.tail,
            count: 0,
            phrases: Vec::new(),
            allowing: Vec::new(),
            allowed: VecDeque::new(),
            spelled: Vec::new(),
            last_until: Timestamp::from_flicks(i64::MIN),
            hits: Vec::new(),
            given: VecDeque::new(),
            uses: Vec::new(),
        }
    }

    /// Judges `words`, which follow those of the call before, and appends what was found, each span once. What could still turn out to be
    /// allowed by a word to come is a hit.
    pub fn judge(&mut self, words: &[HeardWord], found: &mut Vec<WordVerdict>) {
        self.take(words);
        self.settle(false, found);
    }

    /// The same where the recogniser says that no word before `done` will come any more. Gives up to where the sound is judged: not beyond
    /// a phrase that has begun or a hit that the next word may allow, which is waited for no longer than a pause inside a phrase lasts; and
    /// a head margin short of `done`, for a word that begins there reaches back so far.
    pub fn judge_until(&mut self, words: &[HeardWord], done: Timestamp, found: &mut Vec<WordVerdict>) -> Timestamp {
        self.take(words);
        self.expire(done);
        self.settle(true, found);
        let begun = self.phrases.iter().map(|open| open.from);
        let begun = begun.chain(self.hits.iter().map(|hit| hit.from));
        let begun = begun.chain(self.spelled.first().map(|(_, _, from)| *from));
        begun.fold(done, Timestamp::min) - self.head
    }

    fn take(&mut self, words: &[HeardWord]) {
        for word in words {
            if word.is_keyword {
                self.keyword(word);
                continue;
            }
            for piece in fold::pieces(&word.text) {
                let number = self.count;
                self.count += 1;
                self.expire(word.from);
                let spot = Spot {
                    number,
                    from: word.from,
                    until: word.until.max(word.from),
                };
                self.piece(&piece, spot);
            }
        }
    }

    /// Forgets what a pause has ended.
    fn expire(&mut self, now: Timestamp) {
        let pause = TimeDelta::from_millis(PAUSE_MS);
        let reach = TimeDelta::from_millis(REACH_MS);
        self.phrases
            .retain(|open| now - open.heard <= pause && now - open.until <= reach);
        self.allowing.retain(|open| now - open.heard <= pause);
        if now - self.last_until > pause {
            self.spelled.clear();
        }
    }

    fn keyword(&mut self, word: &HeardWord) {
        let number = self.count;
        self.count += 1;
        let Some(entry) = self.book.keyword(&word.text) else {
            return;
        };
        if !self.book.is_allowed(&word.text, entry) {
            let spot = Spot {
                number,
                from: word.from,
                until: word.until.max(word.from),
            };
            self.hit(entry, MatchKind::Keyword, spot, spot);
        }
    }

    fn hit(&mut self, entry: usize, kind: MatchKind, first: Spot, last: Spot) {
        self.hits.push(Hit {
            entry,
            kind,
            first: first.number,
            last: last.number,
            from: first.from,
            until: last.until,
        });
    }

    fn piece(&mut self, piece: &Piece, spot: Spot) {
        self.allow(&piece.plain, spot);
        let mut uses = std::mem::take(&mut self.uses);
        self.book.uses(piece, &mut uses);
        let before = self.hits.len();
        self.follow(&piece.plain, &uses, spot);
        for one in &uses {
            if self.book.is_whole(*one) {
                self.hit(one.entry, one.kind, spot, spot);
            } else if one.place == 0 && self.phrases.len() < MOST_OPEN {
                let slack = self.book.between(one.entry);
                self.phrases
                    .push(Open::new(*one, spot.number, spot.from, spot.until, slack));
            }
        }
        self.uses = uses;
        self.spell(&piece.plain, spot);
        self.last_until = spot.until;
        if self.hits.len() > before {
            return;
        }
        if let Some(entry) = self.book.inside(piece) {
            self.hit(entry, MatchKind::Inside, spot, spot);
        } else if let Some(entry) = self.book.near(&piece.plain) {
            self.hit(entry, MatchKind::Near, spot, spot);
        }
    }

    /// Takes phrases that have begun one word further, or gives them up.
    fn follow(&mut self, word: &str, uses: &[Use], spot: Spot) {
        let is_filler = self.book.is_filler(word);
        let mut ended = Vec::new();
        let book = &self.book;
        self.phrases.retain_mut(|open| {
            let is_next = |one: &&Use| one.entry == open.at.entry && one.place == open.at.place + 1;
            let Some(next) = uses.iter().find(is_next) else {
                let may_stay = is_filler || open.slack > 0;
                open.heard = spot.until;
                if !is_filler {
                    open.slack = open.slack.saturating_sub(1);
                }
                return may_stay;
            };
            if book.is_end(*next) {
                ended.push((
                    next.entry,
                    Spot {
                        number: open.first,
                        from: open.from,
                        until: open.until,
                    },
                ));
                return false;
            }
            open.at = *next;
            (open.until, open.heard) = (spot.until, spot.until);
            open.slack = book.between(next.entry);
            true
        });
        for (entry, first) in ended {
            self.hit(entry, MatchKind::Phrase, first, spot);
        }
    }

    /// Takes allowed phrases one word further.
    fn allow(&mut self, word: &str, spot: Spot) {
        let here = self.book.allowed(word);
        let mut open = Vec::new();
        for one in here {
            let before = |known: &&Open<Allowed>| known.at.phrase == one.phrase && known.at.place + 1 == one.place;
            let begun = match one.place {
                0 => Some((spot.number, spot.from)),
                _ => self.allowing.iter().find(before).map(|known| (known.first, known.from)),
            };
            let Some((first, from)) = begun else { continue };
            if one.place + 1 == one.words {
                self.allowed.push_back((first, spot.number, one.entry));
            } else if open.len() < MOST_OPEN {
                open.push(Open::new(*one, first, from, spot.until, 0));
            }
        }
        self.allowing = open;
        while self.allowed.len() > MOST_OPEN {
            self.allowed.pop_front();
        }
    }

    /// Single letters in a row may spell a word, behind an `a` or `i` that is a word of its own.
    fn spell(&mut self, word: &str, spot: Spot) {
        let mut letters = word.chars();
        let (Some(letter), None) = (letters.next(), letters.next()) else {
            self.spelled.clear();
            return;
        };
        if self.spelled.len() >= MOST_OPEN {
            self.spelled.clear();
        }
        self.spelled.push((letter, spot.number, spot.from));
        let text = self.spelled.iter().map(|(letter, _, _)| *letter).collect::<String>();
        let skipped = usize::from(text.starts_with(['a', 'i', 'o']));
        for start in [0, skipped] {
            let Some((_, number, from)) = self.spelled.get(start).copied() else {
                continue;
            };
            let rest = &text[text.char_indices().nth(start).map_or(0, |(at, _)| at)..];
            if rest.chars().count() > 2
                && let Some(entry) = self.book.spelled(rest)
            {
                self.hit(entry, MatchKind::Folded, Spot { number, from, ..spot }, spot);
                return;
            }
        }
    }

    /// Gives the hits that are decided. With `is_waiting`, those that a word to come may allow stay.
    fn settle(&mut self, is_waiting: bool, found: &mut Vec<WordVerdict>) {
        let mut verdicts = Vec::new();
        let (book, allowed, allowing) = (&self.book, &self.allowed, &self.allowing);
        let covers = |entry: Option<usize>, hit: &Hit| entry.is_none_or(|entry| entry == hit.entry);
        self.hits.retain(|hit| {
            let is_allowed = |(first, last, entry): &(u64, u64, Option<usize>)| {
                *first <= hit.first && hit.last <= *last && covers(*entry, hit)
            };
            if allowed.iter().any(is_allowed) {
                return false;
            }
            let may_be = |open: &Open<Allowed>| open.first <= hit.first && covers(open.at.entry, hit);
            if is_waiting && hit.kind != MatchKind::Keyword && allowing.iter().any(may_be) {
                return true;
            }
            let entry = book.entry(hit.entry);
            verdicts.push(WordVerdict {
                from: hit.from - self.head,
                until: hit.until + self.tail,
                severity: if hit.kind == MatchKind::Near {
                    Severity::Warn
                } else {
                    entry.severity
                },
                word: entry.phrase.clone(),
                masked: entry.masked.clone(),
                list: entry.list.clone(),
                match_kind: hit.kind,
            });
            false
        });
        for verdict in merged(verdicts) {
            let is_known = |(from, until, severity): &(Timestamp, Timestamp, Severity)| {
                *from <= verdict.from && verdict.until <= *until && *severity <= verdict.severity
            };
            if self.given.iter().any(is_known) {
                continue;
            }
            self.given.push_back((verdict.from, verdict.until, verdict.severity));
            if self.given.len() > MOST_GIVEN {
                self.given.pop_front();
            }
            found.push(verdict);
        }
    }
}

/// The verdicts in order of time. Of two that overlap with the same severity one is made; one inside a harder one goes.
fn merged(mut verdicts: Vec<WordVerdict>) -> Vec<WordVerdict> {
    verdicts.sort_by_key(|verdict| (verdict.from, verdict.severity, verdict.match_kind));
    let mut merged: Vec<WordVerdict> = Vec::new();
    for verdict in verdicts {
        let overlaps = |known: &&mut WordVerdict| known.severity == verdict.severity && verdict.from <= known.until;
        if let Some(known) = merged.iter_mut().find(overlaps) {
            // A longer phrase speaks for the word inside it.
            let is_in = verdict.until <= known.until && known.word.contains(&verdict.word);
            if !is_in && !known.word.split(", ").any(|word| word == verdict.word) {
                if known.from == verdict.from && verdict.until > known.until && verdict.word.contains(&known.word) {
                    known.word.clone_from(&verdict.word);
                    known.masked.clone_from(&verdict.masked);
                } else {
                    known.word = format!("{}, {}", known.word, verdict.word);
                    known.masked = format!("{}, {}", known.masked, verdict.masked);
                }
            }
            known.until = known.until.max(verdict.until);
        } else {
            merged.push(verdict);
        }
    }
    let harder = merged.clone();
    merged.retain(|verdict| {
        let is_inside = |other: &WordVerdict| {
            other.severity < verdict.severity && other.from <= verdict.from && verdict.until <= other.until
        };
        !harder.iter().any(is_inside)
    });
    merged
}

#[cfg(test)]
mod tests;
