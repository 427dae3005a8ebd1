//! What is a hit, what is none, and whose time a hit has.

use proptest::prelude::*;

use super::*;
use crate::speech::list::{ListedWord, WordList};

fn listed(phrase: &str, severity: Severity) -> ListedWord {
    ListedWord {
        severity,
        has_inflections: true,
        ..ListedWord::new(phrase)
    }
}

fn list(words: Vec<ListedWord>, allow: &[&str]) -> WordList {
    WordList {
        name: "test".to_owned(),
        language: "en".to_owned(),
        words,
        allow: allow.iter().map(|word| (*word).to_owned()).collect(),
        fillers: vec!["uh".to_owned()],
        ..WordList::default()
    }
}

/// Frogs are prohibited here.
fn settings() -> JudgeSettings {
    let mut words = vec![
        listed("frog", Severity::Mute),
        listed("toad", Severity::Beep),
        listed("ass", Severity::Beep),
        listed("green", Severity::Warn),
        listed("god frog", Severity::Mute),
        listed("son of a newt", Severity::Mute),
    ];
    words[1].allow = vec!["toad in the hole".to_owned(), "toad hall".to_owned()];
    words[0].is_inside = true;
    let mut between = listed("kiss it", Severity::Beep);
    between.between = 2;
    words.push(between);
    JudgeSettings {
        lists: vec![list(words, &["frogmore", "toady"])],
        ..JudgeSettings::default()
    }
}

/// Word `n` of a text begins at `n` half seconds and takes 300 ms: margins do not meet.
fn at(n: usize) -> (Timestamp, Timestamp) {
    let from = Timestamp::from_millis(n as i64 * 500);
    (from, from + TimeDelta::from_millis(300))
}

fn heard(text: &str) -> Vec<HeardWord> {
    let word = |(n, text): (usize, &str)| {
        let (from, until) = at(n);
        HeardWord {
            text: text.to_owned(),
            from,
            until,
            confidence: 1.0,
            is_keyword: false,
        }
    };
    text.split(' ').enumerate().map(word).collect()
}

/// Each verdict as `first..last: severity word kind`, counted in words.
fn verdicts_of(settings: &JudgeSettings, words: &[HeardWord]) -> Vec<String> {
    let (mut judge, mut found) = (Judge::new(settings), Vec::new());
    judge.judge(words, &mut found);
    found.iter().map(|verdict| described(verdict, settings)).collect()
}

fn described(verdict: &WordVerdict, settings: &JudgeSettings) -> String {
    let first = (verdict.from + settings.head).to_millis() / 500;
    let last = (verdict.until - settings.tail - TimeDelta::from_millis(300)).to_millis() / 500;
    let (severity, kind) = (verdict.severity, verdict.match_kind.word());
    format!(
        "{first}..{last}: {} {} {kind}",
        format!("{severity:?}").to_lowercase(),
        verdict.word
    )
}

#[test]
fn words_are_found_in_all_their_dress() {
    for (text, expected) in [
        ("the frog sat", &["1..1: mute frog as listed"][..]),
        ("The FROG! sat", &["1..1: mute frog as listed"]),
        ("two frogs sat", &["1..1: mute frog inflected"]),
        ("the frog's pond", &["1..1: mute frog inflected"]),
        ("froggin' about", &["0..0: mute frog inflected"]),
        ("a fr0g sat", &["1..1: mute frog disguised"]),
        ("a frooooog sat", &["1..1: mute frog disguised"]),
        ("a f.r.o.g sat", &["1..1: mute frog disguised"]),
        ("a f r o g sat", &["1..4: mute frog disguised"]),
        ("a f**g sat", &["1..1: mute frog disguised"]),
        ("frög", &["0..0: mute frog as listed"]),
        ("bullfrog", &["0..0: mute frog inside a word"]),
        ("tree-frog", &["0..0: mute frog as listed"]),
        ("frogmore house", &[]),
        ("frogmore's house", &[]),
        ("a toad sat", &["1..1: beep toad as listed"]),
        ("toadstool", &[]),
        ("toad hall", &[]),
        ("toad in the hole", &[]),
        ("toad in the pond", &["0..0: beep toad as listed"]),
        ("toady", &[]),
        ("an ass", &["1..1: beep ass as listed"]),
        ("a pass assessed as glass", &[]),
        ("as s", &[]),
        (
            "455 green 4ss",
            &["1..1: warn green as listed", "2..2: beep ass disguised"],
        ),
        ("he'll i'll we'll", &[]),
        ("son of a newt", &["0..3: mute son of a newt phrase"]),
        ("sons of a newt", &["0..3: mute son of a newt phrase"]),
        ("son of uh a uh newt", &["0..5: mute son of a newt phrase"]),
        ("son of the newt", &[]),
        ("son of a son of a newt", &["3..6: mute son of a newt phrase"]),
        ("kiss it", &["0..1: beep kiss it phrase"]),
        ("kiss my big it", &["0..3: beep kiss it phrase"]),
        ("kiss my big fat it", &[]),
        ("god frog", &["0..1: mute god frog phrase"]),
        ("godfrog", &["0..0: mute god frog phrase"]),
        (
            "frog frog toad",
            &[
                "0..0: mute frog as listed",
                "1..1: mute frog as listed",
                "2..2: beep toad as listed",
            ],
        ),
        ("nothing at all", &[]),
    ] {
        assert_eq!(verdicts_of(&settings(), &heard(text)), expected, "{text}");
    }
}

#[test]
fn a_phrase_may_come_in_parts_and_is_given_once() {
    let settings = settings();
    let words = heard("you son of a newt frog");
    for cut in 0..words.len() {
        let (mut judge, mut found) = (Judge::new(&settings), Vec::new());
        judge.judge(&words[..cut], &mut found);
        judge.judge(&words[cut..], &mut found);
        judge.judge(&[], &mut found);
        let described = found
            .iter()
            .map(|verdict| described(verdict, &settings))
            .collect::<Vec<_>>();
        assert_eq!(
            described,
            ["1..4: mute son of a newt phrase", "5..5: mute frog as listed"]
        );
    }
    // The same words again, as an engine that overlaps its windows reports them.
    let (mut judge, mut found) = (Judge::new(&settings), Vec::new());
    judge.judge(&words[4..], &mut found);
    judge.judge(&words[4..], &mut found);
    assert_eq!(found.len(), 1);
}

#[test]
fn a_pause_ends_a_phrase() {
    let settings = settings();
    let mut words = heard("son of a newt");
    words[3].from = words[2].until + TimeDelta::from_millis(801);
    words[3].until = words[3].from + TimeDelta::from_millis(300);
    assert!(verdicts_of(&settings, &words).is_empty());
}

#[test]
fn overlapping_verdicts_become_one_and_the_harder_wins() {
    let settings = JudgeSettings {
        lists: vec![list(
            vec![
                listed("frog", Severity::Mute),
                listed("toad", Severity::Mute),
                listed("newt", Severity::Warn),
            ],
            &[],
        )],
        ..JudgeSettings::default()
    };
    let touching = |texts: [&str; 2]| {
        let mut words = heard(&texts.join(" "));
        words[1].from = words[0].until;
        let (mut judge, mut found) = (Judge::new(&settings), Vec::new());
        judge.judge(&words, &mut found);
        found
    };
    let one = touching(["frog", "toad"]);
    assert_eq!(one.len(), 1);
    assert_eq!(
        (one[0].word.as_str(), one[0].masked.as_str()),
        ("frog, toad", "f**g, t**d")
    );
    assert_eq!(one[0].from, Timestamp::from_millis(-80));
    assert_eq!(one[0].until, at(1).1 + TimeDelta::from_millis(80));
    assert_eq!(touching(["frog", "frog"])[0].word, "frog");
    assert_eq!(touching(["frog", "newt"]).len(), 2, "different things are to be done");

    let mut harder = settings.clone();
    harder.lists.push(list(vec![listed("frog", Severity::Warn)], &[]));
    assert_eq!(verdicts_of(&harder, &heard("frog")), ["0..0: mute frog as listed"]);
}

#[test]
fn keywords_go_to_their_rule_but_for_what_is_allowed() {
    let mut settings = settings();
    settings.lists[0].allow.push("green".to_owned());
    let keyword = |text: &str| {
        let mut words = heard(&text.replace(' ', "_"));
        words[0].text = text.to_owned();
        words[0].is_keyword = true;
        words[0].confidence = 0.0;
        verdicts_of(&settings, &words)
    };
    assert_eq!(keyword("frog"), ["0..0: mute frog spotted"]);
    assert_eq!(keyword("son of a newt"), ["0..0: mute son of a newt spotted"]);
    assert!(keyword("green").is_empty() && keyword("newt").is_empty());
}

#[test]
fn near_misses_warn_where_they_are_asked_for() {
    let mut settings = settings();
    assert!(verdicts_of(&settings, &heard("phrogg")).is_empty());
    settings.near_misses = true;
    assert_eq!(
        verdicts_of(&settings, &heard("phrogg frog")),
        ["0..0: warn frog sounds like it", "1..1: mute frog as listed"]
    );
}

#[test]
fn what_is_still_open_is_not_stamped_and_is_not_waited_for_long() {
    let settings = settings();
    let ms = Timestamp::from_millis;
    let (mut judge, mut found) = (Judge::new(&settings), Vec::new());
    let words = heard("the toad");
    let stamp = judge.judge_until(&words[..1], ms(450), &mut found);
    assert_eq!(stamp, ms(450 - 80), "a head margin short");
    // "toad": perhaps "toad hall".
    let stamp = judge.judge_until(&words[1..], ms(1200), &mut found);
    assert_eq!((stamp, found.len()), (ms(500 - 80), 0));
    let stamp = judge.judge_until(&[], ms(1750), &mut found);
    assert_eq!((stamp, found.len()), (ms(1750 - 80), 1));

    let (mut judge, mut found) = (Judge::new(&settings), Vec::new());
    let words = heard("toad hall son of");
    judge.judge_until(&words[..1], ms(450), &mut found);
    let stamp = judge.judge_until(&words[1..3], ms(1500), &mut found);
    assert_eq!(
        (stamp, found.len()),
        (ms(1000 - 80), 0),
        "allowed, and a phrase has begun"
    );
    let stamp = judge.judge_until(&words[3..], ms(3000), &mut found);
    assert_eq!((stamp, found.len()), (ms(3000 - 80), 0));
}

proptest! {
    /// Whatever stands around it: the span of a listed word is that word's, to the flick.
    #[test]
    fn positions_are_one_to_one(
        before in proptest::collection::vec("[b-eh-mp-z][a-z]{1,9}", 0..20),
        after in proptest::collection::vec("[b-eh-mp-z][a-z]{1,9}", 0..20),
        gaps in proptest::collection::vec((0_i64..2000, 1_i64..900), 41),
        cut in 0_usize..41,
        dress in prop::sample::select(vec!["frog", "Frogs,", "FR0G", "f.r.o.g", "frooog", "“frogging”", "f**g"]),
    ) {
        let settings = settings();
        let is_clean = |word: &&String| verdicts_of(&settings, &heard(word)).is_empty();
        let (before, after) = (before.iter().filter(is_clean), after.iter().filter(is_clean));
        let texts = before.clone().map(String::as_str).chain([dress]).chain(after.map(String::as_str)).collect::<Vec<_>>();
        let place = before.count();
        let mut now = Timestamp::from_millis(-500);
        let words = texts.iter().zip(&gaps).map(|(text, (gap, length))| {
            let from = now + TimeDelta::from_millis(*gap);
            now = from + TimeDelta::from_millis(*length);
            HeardWord { text: (*text).to_owned(), from, until: now, confidence: 0.1, is_keyword: false }
        }).collect::<Vec<_>>();
        let (mut judge, mut found) = (Judge::new(&settings), Vec::new());
        let cut = cut.min(words.len());
        judge.judge(&words[..cut], &mut found);
        judge.judge(&words[cut..], &mut found);
        let spans = found.iter().map(|verdict| (verdict.from + settings.head, verdict.until - settings.tail)).collect::<Vec<_>>();
        prop_assert_eq!(spans, [(words[place].from, words[place].until)]);
    }

    /// Any text at all: no panic, spans inside what was heard and in order.
    #[test]
    fn any_text_is_judged(texts in proptest::collection::vec(".{0,12}|[fro0g4a5s*.$ -]{0,10}|frog|toad|hall|son|of|a|newt|kiss|it", 0..30), cut in 0_usize..30) {
        let settings = settings();
        let mut words = heard(&"x ".repeat(texts.len()));
        for (word, text) in words.iter_mut().zip(&texts) {
            word.text.clone_from(text);
        }
        words.truncate(texts.len());
        let (mut judge, mut found) = (Judge::new(&settings), Vec::new());
        let cut = cut.min(words.len());
        let done = words.last().map_or(Timestamp::ZERO, |word| word.until);
        let early = words.get(cut).map_or(done, |word| word.from);
        let stamp = judge.judge_until(&words[..cut], early, &mut found);
        let given = found.len();
        let end = judge.judge_until(&words[cut..], done, &mut found);
        prop_assert!(end <= done - settings.head);
        // What was stamped has no verdict later.
        for verdict in &found[given..] {
            prop_assert!(verdict.from >= stamp, "{verdict:?} {stamp:?}");
        }
        for verdict in &found {
            prop_assert!(verdict.from >= Timestamp::ZERO - settings.head && verdict.until <= done + settings.tail);
            prop_assert!(verdict.from < verdict.until);
        }
    }
}

/// What a word costs; printed for `--nocapture`.
#[test]
fn a_word_costs_microseconds() {
    let words = heard(&"the quick brown fox jumps over the lazy toad and says fr0g twice ".repeat(1000));
    let (mut judge, mut found) = (Judge::new(&settings()), Vec::new());
    let began = std::time::Instant::now();
    judge.judge(&words, &mut found);
    let micros = began.elapsed().as_secs_f64() * 1e6 / words.len() as f64;
    println!("{micros:.2} µs for each of {} words", words.len());
    assert_eq!(found.len(), 2000);
}
