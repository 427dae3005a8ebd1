//! From what was heard in windows that overlap to words that are told once, in order, and never taken back.
//!
//! Each window hears most of its words for the second or third time, at times that differ by some tenths of a second. A word near the end of a
//! window may be cut off and is often another one in the next, so it waits: only what ends [`TAIL_MS`] before the window does is final.
//! Where two hearings contradict each other it errs to telling: a word too much is silenced, a word too few goes out.

use crate::media::{TimeDelta, Timestamp};
use crate::speech::HeardWord;

/// What ends less than this before the end of a window, in ms, may yet become another word.
const TAIL_MS: i64 = 800;
/// By how much, in ms, the times of one word may differ from window to window.
const JITTER_MS: i64 = 350;
/// No word is longer than this, in ms: one that is, is told without waiting for its end, so that nothing waits for ever.
const LONGEST_MS: i64 = 1500;
/// How long, in ms, told words are remembered beyond the point up to which all is final.
const MEMORY_MS: i64 = 3000;

/// See the head of this file.
#[derive(Debug, Default)]
pub(super) struct Stitcher {
    /// Before it, nothing more is told.
    settled: Option<Timestamp>,
    told: Vec<HeardWord>,
    /// Heard in the last window, not final there.
    pending: Vec<HeardWord>,
}

/// What of a word is compared: case and punctuation follow from the words around it.
fn key(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

fn middle(word: &HeardWord) -> Timestamp {
    word.from + (word.until - word.from) / 2
}

/// How much of the two is common; negative: how far they are apart.
fn overlap(one: &HeardWord, other: &HeardWord) -> TimeDelta {
    one.until.min(other.until) - one.from.max(other.from)
}

/// Whether both are hearings of one word: the same text at about the same time.
fn is_same(one: &HeardWord, other: &HeardWord) -> bool {
    let shorter = (one.until - one.from).min(other.until - other.from);
    let is_near = (middle(one) - middle(other)).abs() <= TimeDelta::from_millis(JITTER_MS)
        || overlap(one, other) * 2 > shorter.max(TimeDelta::ZERO);
    is_near && key(&one.text) == key(&other.text)
}

/// Takes the hearing of `word` out of `words` that is nearest to it.
fn take_same(words: &mut Vec<HeardWord>, word: &HeardWord) -> Option<HeardWord> {
    let same = words.iter().enumerate().filter(|(_, other)| is_same(word, other));
    let nearest = same.min_by_key(|(_, other)| (middle(word) - middle(other)).abs());
    nearest.map(|(index, _)| index).map(|index| words.remove(index))
}

impl Stitcher {
    /// Begins anew at `at`: what was heard before has nothing to do with what comes.
    pub(super) fn begin(&mut self, at: Timestamp) {
        self.settled = self.settled.max(Some(at));
        self.told.clear();
        self.pending.clear();
    }

    /// There is nothing to hear before `until`.
    pub(super) fn pass(&mut self, until: Timestamp) {
        self.settled = self.settled.max(Some(until));
        self.pending.clear();
        self.forget();
    }

    /// Up to where nothing more will be told.
    pub(super) fn settled(&self) -> Option<Timestamp> {
        self.settled
    }

    /// Takes what was heard in a window that ends at `until`, and tells what is final of it. `is_last`: no window follows it.
    pub(super) fn stitch(
        &mut self,
        until: Timestamp,
        is_last: bool,
        heard: Vec<HeardWord>,
        words: &mut Vec<HeardWord>,
    ) {
        let before = self.settled.unwrap_or(Timestamp::from_flicks(i64::MIN / 2));
        let tail = if is_last { 0 } else { TAIL_MS };
        let horizon = (until - TimeDelta::from_millis(tail)).max(before);
        let mut settled = horizon;
        let mut told = self.told.clone();
        let mut pending = std::mem::take(&mut self.pending);
        let mut fresh: Vec<HeardWord> = Vec::new();
        for mut word in heard {
            word.until = word.until.min(until).max(word.from);
            if word.until <= before - TimeDelta::from_millis(JITTER_MS) || take_same(&mut told, &word).is_some() {
                continue;
            }
            if let Some(earlier) = take_same(&mut pending, &word) {
                // Which of the two hearings has the better times is unknown.
                word.from = word.from.min(earlier.from);
                word.until = word.until.max(earlier.until);
            } else if self.is_revision(&word, before) {
                continue;
            }
            if word.until > before {
                word.from = word.from.max(before);
                fresh.push(word);
            }
        }
        fresh.sort_by_key(|word| word.from);
        for word in fresh {
            let is_final = word.until <= horizon || word.from <= horizon - TimeDelta::from_millis(LONGEST_MS);
            if is_last || (is_final && self.pending.is_empty()) {
                self.told.push(word.clone());
                words.push(word);
            } else {
                settled = settled.min(word.from);
                self.pending.push(word);
            }
        }
        self.settled = Some(settled);
        self.forget();
    }

    /// Whether it is a second opinion on what was told as another word and is past.
    fn is_revision(&self, word: &HeardWord, before: Timestamp) -> bool {
        middle(word) < before
            && self
                .told
                .iter()
                .any(|told| overlap(told, word) * 2 >= (word.until - word.from))
    }

    fn forget(&mut self) {
        if let Some(settled) = self.settled {
            let oldest = settled - TimeDelta::from_millis(MEMORY_MS);
            self.told.retain(|word| word.until > oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn word(text: &str, from: i64, until: i64) -> HeardWord {
        HeardWord {
            text: text.to_owned(),
            from: ms(from),
            until: ms(until),
            confidence: 1.0,
            is_keyword: false,
        }
    }

    /// Windows, each with its end and what is heard in it, in; what is told after each, and what is settled then, out.
    type Heard<'a> = (i64, &'a [(&'a str, i64, i64)]);
    type Told<'a> = (&'a [(&'a str, i64, i64)], i64);

    fn check(name: &str, windows: &[(Heard, Told)]) {
        let mut stitcher = Stitcher::default();
        stitcher.begin(ms(0));
        for ((until, heard), (told, settled)) in windows {
            let heard = heard
                .iter()
                .map(|(text, from, until)| word(text, *from, *until))
                .collect();
            let mut words = Vec::new();
            stitcher.stitch(ms(*until), false, heard, &mut words);
            let words: Vec<_> = words
                .iter()
                .map(|word| (word.text.as_str(), word.from.to_millis(), word.until.to_millis()))
                .collect();
            assert_eq!(words, *told, "{name}, window to {until}");
            assert_eq!(stitcher.settled(), Some(ms(*settled)), "{name}, window to {until}");
        }
    }

    #[test]
    fn windows_are_stitched() {
        let a = ("a", 300, 700);
        check(
            "a word is told when it is final, and once",
            &[
                ((1000, &[a]), (&[], 200)),
                (
                    (2000, &[("a", 300, 700), ("b", 1100, 1500)]),
                    (&[("a", 300, 700)], 1100),
                ),
                (
                    (3000, &[("A,", 350, 800), ("b", 1100, 1500)]),
                    (&[("b", 1100, 1500)], 2200),
                ),
            ],
        );
        check(
            "a word cut off becomes another",
            &[
                ((2000, &[("dam", 1700, 2000)]), (&[], 1200)),
                ((3000, &[("damage", 1700, 2150)]), (&[("damage", 1700, 2150)], 2200)),
            ],
        );
        check(
            "the same word twice is two words",
            &[
                (
                    (2000, &[("no", 500, 700), ("no", 800, 1000)]),
                    (&[("no", 500, 700), ("no", 800, 1000)], 1200),
                ),
                (
                    (3000, &[("no", 520, 720), ("no", 830, 1030), ("no", 1250, 1500)]),
                    (&[("no", 1250, 1500)], 2200),
                ),
            ],
        );
        check(
            "the first of two is out of the window",
            &[
                (
                    (2000, &[("no", 500, 700), ("no", 800, 1000)]),
                    (&[("no", 500, 700), ("no", 800, 1000)], 1200),
                ),
                (
                    (3000, &[("no", 830, 1030), ("no", 1150, 1300)]),
                    (&[("no", 1200, 1300)], 2200),
                ),
            ],
        );
        check(
            "a second opinion on what is past is not told, one that reaches beyond is",
            &[
                ((2000, &[("their", 700, 1150)]), (&[("their", 700, 1150)], 1200)),
                (
                    (3000, &[("there", 750, 1210), ("damn", 1150, 1600)]),
                    (&[("damn", 1200, 1600)], 2200),
                ),
            ],
        );
        check(
            "a word that waits and is then heard too early is not lost",
            &[
                ((2000, &[("damn", 1250, 1500)]), (&[], 1200)),
                ((3000, &[("damn", 950, 1180)]), (&[("damn", 1200, 1500)], 2200)),
            ],
        );
        check(
            "nothing waits for ever",
            &[
                ((2000, &[("mmm", 100, 2000)]), (&[], 100)),
                ((3000, &[("mmm", 100, 3000)]), (&[("mmm", 100, 3000)], 2200)),
                (
                    (4000, &[("mmm", 100, 3900), ("so", 2700, 2900)]),
                    (&[("so", 2700, 2900)], 3200),
                ),
            ],
        );
    }

    #[test]
    fn the_last_window_keeps_nothing_back_and_silence_settles() {
        let mut stitcher = Stitcher::default();
        stitcher.begin(ms(0));
        let mut words = Vec::new();
        stitcher.stitch(
            ms(1000),
            true,
            vec![word("a", 100, 400), word("b", 800, 1300)],
            &mut words,
        );
        assert_eq!(words, [word("a", 100, 400), word("b", 800, 1000)]);
        assert_eq!(stitcher.settled(), Some(ms(1000)));
        stitcher.begin(ms(5000));
        stitcher.pass(ms(5010));
        assert_eq!(stitcher.settled(), Some(ms(5010)));
        // The same word at the same place after a gap would be another, but time does not go back.
        stitcher.begin(ms(4000));
        assert_eq!(stitcher.settled(), Some(ms(5010)));
    }

    proptest! {
        /// Whatever a model claims: order, no word before what is settled, and nothing that waits for ever.
        #[test]
        fn the_contract_holds(windows in prop::collection::vec(prop::collection::vec((0..4_usize, -6500..500_i64, 0..4000_i64), 0..12), 1..20)) {
            let mut stitcher = Stitcher::default();
            stitcher.begin(ms(0));
            let mut last = ms(i64::MIN / 1_000_000_000);
            for (index, heard) in windows.into_iter().enumerate() {
                let until = (index as i64 + 1) * 1000;
                let heard = heard
                    .into_iter()
                    .map(|(text, from, length)| word(["a", "b", "a b", ""][text], until + from, until + from + length))
                    .collect();
                let before = stitcher.settled().unwrap();
                let mut words = Vec::new();
                stitcher.stitch(ms(until), false, heard, &mut words);
                for word in &words {
                    prop_assert!(word.from >= before && word.from >= last);
                    prop_assert!(word.until >= word.from && word.until <= ms(until).max(word.from));
                    last = word.from;
                }
                let settled = stitcher.settled().unwrap();
                prop_assert!(settled >= before && settled >= last.min(ms(until - TAIL_MS)));
                prop_assert!(settled >= ms(until - TAIL_MS - LONGEST_MS).min(ms(until)));
            }
        }

        /// Words whose times shake from window to window are told once each, in order.
        #[test]
        fn words_that_shake_are_told_once(gaps in prop::collection::vec((0..600_i64, 250..700_i64), 1..25), shakes in prop::collection::vec(-100..100_i64, 64)) {
            let mut at = 300;
            let truth: Vec<(String, i64, i64)> = gaps
                .iter()
                .enumerate()
                .map(|(index, (gap, length))| {
                    let from = at + gap;
                    at = from + length;
                    (format!("w{index}"), from, at)
                })
                .collect();
            let mut stitcher = Stitcher::default();
            stitcher.begin(ms(0));
            let (mut words, mut turn) = (Vec::new(), 0);
            for until in (1..=(at / 1000 + 3)).map(|second| second * 1000) {
                let heard = truth
                    .iter()
                    .filter(|(_, from, end)| *from >= until - 6000 && *end + 100 <= until)
                    .map(|(text, from, end)| {
                        turn += 1;
                        let shake = shakes[turn * 7 % shakes.len()];
                        word(text, from + shake, end + shake)
                    })
                    .collect();
                stitcher.stitch(ms(until), false, heard, &mut words);
            }
            let told: Vec<_> = words.iter().map(|word| word.text.clone()).collect();
            let said: Vec<_> = truth.iter().map(|(text, ..)| text.clone()).collect();
            prop_assert_eq!(told, said);
        }
    }
}
