//! Lists made ready to be looked up: every form of every word, and where in which phrase it stands.

use std::collections::HashMap;

use super::fold::{self, Piece, fills, is_blank, plain};
use super::list::{JudgeSettings, MatchKind, Severity};
use super::{inflect, mask, sounds};

/// Phrases are cut after so many words.
const MOST_WORDS: usize = 16;

/// Words of a phrase up to so many letters (of, the) take no endings.
const SMALL_WORD: usize = 2;

/// The place of a word that is a whole phrase: goddamn.
const WHOLE: usize = usize::MAX;

/// What is said about a word when it is found.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub phrase: String,
    pub masked: String,
    pub list: String,
    pub severity: Severity,
    between: u32,
    words: usize,
}

/// A form of a word of an entry: the word at `place` of its phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub entry: usize,
    pub place: usize,
    pub kind: MatchKind,
}

/// A word of an allowed phrase; only hits of `entry`, where there is one, are allowed by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowed {
    pub phrase: usize,
    pub place: usize,
    pub words: usize,
    pub entry: Option<usize>,
}

/// All lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    entries: Vec<Entry>,
    by_form: HashMap<String, Vec<Use>>,
    by_phrase: HashMap<String, usize>,
    inside: Vec<(String, usize)>,
    by_sound: HashMap<String, usize>,
    allowed: HashMap<String, Vec<Allowed>>,
    allowed_phrases: Vec<(String, Option<usize>)>,
    fillers: Vec<String>,
}

/// The folded words of a phrase.
fn words(phrase: &str) -> Vec<String> {
    let mut words = fold::pieces(phrase)
        .into_iter()
        .map(|piece| piece.plain)
        .collect::<Vec<_>>();
    words.truncate(MOST_WORDS);
    words
}

impl Book {
    pub fn new(settings: &JudgeSettings) -> Self {
        let mut book = Self::default();
        for list in &settings.lists {
            for word in &list.words {
                let parts = words(&word.phrase);
                if parts.is_empty() {
                    continue;
                }
                let entry = book.entries.len();
                book.entries.push(Entry {
                    phrase: word.phrase.clone(),
                    masked: mask::masked(&word.phrase),
                    list: list.name.clone(),
                    severity: word.severity,
                    between: word.between,
                    words: parts.len(),
                });
                let is_phrase = parts.len() > 1;
                for (place, part) in parts.iter().enumerate() {
                    let exact = if is_phrase { MatchKind::Phrase } else { MatchKind::Exact };
                    book.add_form(
                        part,
                        Use {
                            entry,
                            place,
                            kind: exact,
                        },
                    );
                    if word.has_inflections && !(is_phrase && part.chars().count() <= SMALL_WORD) {
                        let kind = if is_phrase {
                            MatchKind::Phrase
                        } else {
                            MatchKind::Inflected
                        };
                        for form in inflect::forms(part, &list.language, &list.suffixes) {
                            book.add_form(&form, Use { entry, place, kind });
                        }
                    }
                }
                for form in &word.forms {
                    let (place, kind) = if is_phrase {
                        (WHOLE, MatchKind::Phrase)
                    } else {
                        (0, MatchKind::Inflected)
                    };
                    book.add_form(&plain(form), Use { entry, place, kind });
                }
                // Written as one word: goddamn.
                let joined = parts.concat();
                if is_phrase {
                    book.add_joined(
                        &joined,
                        entry,
                        word.has_inflections.then_some((&list.language, &list.suffixes)),
                    );
                } else {
                    if settings.near_misses {
                        let key = sounds::key(&joined);
                        book.by_sound.entry(key).or_insert(entry);
                    }
                    if word.is_inside {
                        book.inside.push((joined.clone(), entry));
                    }
                }
                let known = book.by_phrase.entry(parts.join(" ")).or_insert(entry);
                if book.entries[*known].severity > word.severity {
                    *known = entry;
                }
                for allowed in &word.allow {
                    book.allow(allowed, Some(entry));
                }
            }
            for allowed in &list.allow {
                book.allow(allowed, None);
            }
            book.fillers.extend(list.fillers.iter().map(|filler| plain(filler)));
        }
        book.by_sound.remove("");
        book
    }

    fn add_form(&mut self, form: &str, found: Use) {
        let uses = self.by_form.entry(form.to_owned()).or_default();
        if !uses
            .iter()
            .any(|known| known.entry == found.entry && known.place == found.place)
        {
            uses.push(found);
        }
    }

    /// A phrase that is written as one word.
    fn add_joined(&mut self, joined: &str, entry: usize, inflected: Option<(&String, &Vec<String>)>) {
        let place = WHOLE;
        let kind = MatchKind::Phrase;
        self.add_form(joined, Use { entry, place, kind });
        if let Some((language, suffixes)) = inflected {
            for form in inflect::forms(joined, language, suffixes) {
                self.add_form(&form, Use { entry, place, kind });
            }
        }
    }

    fn allow(&mut self, phrase: &str, entry: Option<usize>) {
        let parts = words(phrase);
        let number = self.allowed_phrases.len();
        for (place, part) in parts.iter().enumerate() {
            let allowed = Allowed {
                phrase: number,
                place,
                words: parts.len(),
                entry,
            };
            self.allowed.entry(part.clone()).or_default().push(allowed);
            if place + 1 == parts.len() {
                self.allowed.entry(format!("{part}'s")).or_default().push(allowed);
            }
        }
        self.allowed_phrases.push((parts.join(" "), entry));
    }

    pub fn entry(&self, entry: usize) -> &Entry {
        &self.entries[entry]
    }

    /// Whether a use at `place` is the whole of its entry's phrase.
    pub fn is_whole(&self, found: Use) -> bool {
        found.place == WHOLE || self.entries[found.entry].words == 1
    }

    /// Whether a use at `place` is the last word of its phrase.
    pub fn is_end(&self, found: Use) -> bool {
        found.place + 1 == self.entries[found.entry].words
    }

    /// How many words may stand before the next of `entry`.
    pub fn between(&self, entry: usize) -> u32 {
        self.entries[entry].between
    }

    pub fn is_filler(&self, word: &str) -> bool {
        self.fillers.iter().any(|filler| filler == word)
    }

    /// What of the lists `piece` may be: as it is written before what it may be disguised as.
    pub fn uses(&self, piece: &Piece, found: &mut Vec<Use>) {
        found.clear();
        found.extend(self.by_form.get(&piece.plain).into_iter().flatten());
        let add = |found: &mut Vec<Use>, uses: &[Use]| {
            for one in uses {
                if !found
                    .iter()
                    .any(|known| known.entry == one.entry && known.place == one.place)
                {
                    let kind = if one.kind == MatchKind::Phrase {
                        one.kind
                    } else {
                        MatchKind::Folded
                    };
                    found.push(Use { kind, ..*one });
                }
            }
        };
        for disguise in &piece.disguises {
            add(found, self.by_form.get(disguise).map_or(&[], Vec::as_slice));
        }
        for spelling in std::iter::once(&piece.plain).chain(&piece.disguises) {
            let has_blanks = spelling.contains(is_blank) && spelling.starts_with(char::is_alphabetic);
            if has_blanks {
                for (_, uses) in self.by_form.iter().filter(|(form, _)| fills(spelling, form)) {
                    add(found, uses);
                }
            }
        }
    }

    /// What a run of single letters spells, if that is a listed word.
    pub fn spelled(&self, letters: &str) -> Option<usize> {
        let uses = self.by_form.get(letters)?;
        uses.iter().find(|one| self.is_whole(**one)).map(|one| one.entry)
    }

    /// The entry whose word is inside `piece`, if it is for that.
    pub fn inside(&self, piece: &Piece) -> Option<usize> {
        let spellings = || std::iter::once(&piece.plain).chain(&piece.disguises);
        let is_in = |(word, _): &&(String, usize)| spellings().any(|spelling| spelling.contains(word.as_str()));
        self.inside.iter().find(is_in).map(|(_, entry)| *entry)
    }

    /// The entry that `word` sounds like.
    pub fn near(&self, word: &str) -> Option<usize> {
        if self.by_sound.is_empty() {
            return None;
        }
        self.by_sound.get(&sounds::key(word)).copied()
    }

    /// The entry with this phrase.
    pub fn keyword(&self, phrase: &str) -> Option<usize> {
        self.by_phrase.get(&words(phrase).join(" ")).copied()
    }

    /// Whether `phrase` as a whole is allowed for `entry`.
    pub fn is_allowed(&self, phrase: &str, entry: usize) -> bool {
        let phrase = words(phrase).join(" ");
        let is_it = |(known, of): &(String, Option<usize>)| *known == phrase && of.is_none_or(|of| of == entry);
        self.allowed_phrases.iter().any(is_it)
    }

    /// Where `word` stands in allowed phrases.
    pub fn allowed(&self, word: &str) -> &[Allowed] {
        self.allowed.get(word).map_or(&[], Vec::as_slice)
    }
}
