//! Lists that are wrong, and what is said about them; the shipped one against a dictionary.

use proptest::prelude::*;

use super::*;
use crate::media::{TimeDelta, Timestamp};
use crate::speech::{HeardWord, Judge, JudgeSettings, MatchKind};

fn read(text: &str) -> Result<WordList, String> {
    read_word_list("mine", "mine.toml", text).map_err(|errors| errors.to_string())
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, expected) in [
        (
            "mute = [\"toad\"]",
            "mine.toml: needs the key \"language\": two letters, as in language = \"en\"",
        ),
        (
            "language = \"English\"\nmute = [\"toad\"]",
            "mine.toml:1:12: language: expected two small letters, as in \"en\" or \"de\"",
        ),
        (
            "language = \"en\"",
            "mine.toml: has no words: mute = [\"…\"], beep, warn, or tables [[word]]",
        ),
        (
            "language = \"en\"\nmuet = [\"toad\"]",
            "mine.toml:2:1: muet: unknown key; did you mean \"mute\"?",
        ),
        (
            "language = \"en\"\nmute = \"toad\"",
            "mine.toml:2:8: mute: expected a list of texts, found text; write it in square brackets, as [\"…\"]",
        ),
        (
            "language = \"en\"\nmute = [\"toad\",\n  \"Tóad\"]",
            "mine.toml:3:3: mute[1]: \"Tóad\" is listed already",
        ),
        (
            "language = \"en\"\nbeep = [\"toad\", \"…\"]",
            "mine.toml:2:17: beep[1]: expected a word or a phrase of 80 letters at most",
        ),
        (
            "language = \"en\"\nmute = [\"toad\"]\nallow = [\"Toad\"]",
            "mine.toml:3:10: allow[0]: \"Toad\" is listed in this file, too: it is one or the other",
        ),
        (
            "language = \"en\"\n[[word]]\nseverity = \"mute\"",
            "mine.toml:2:1: word[0]: needs the key \"phrase\"",
        ),
        (
            "language = \"en\"\n[[word]]\nphrase = \"toad\"\nseverity = \"meep\"",
            "mine.toml:4:12: word[0].severity: expected one of \"mute\", \"beep\", \"warn\"; did you mean \"beep\"?",
        ),
        (
            "language = \"en\"\n[[word]]\nphrase = \"a toad\"\ninside = true",
            "mine.toml:4:10: word[0].inside: goes with a single word",
        ),
        (
            "language = \"en\"\n[[word]]\nphrase = \"toad\"\nbetween = 2",
            "mine.toml:4:11: word[0].between: goes with a phrase of several words",
        ),
        (
            "language = \"en\"\n[[word]]\nphrase = \"toad\"\nforms = [\"toad y\"]",
            "mine.toml:4:10: word[0].forms[0]: expected one word",
        ),
        (
            "language = \"en\"\n[[word]]\nphrase = \"toad\"\nsay = \"T OW1 D\"",
            "mine.toml:4:7: word[0].say: OW1 is no sound of ARPAbet; write OW: in capitals, without figures for stress",
        ),
        (
            "language = \"en\"\n[[word]]\nphrase = \"toad\"\nsay = \"T OW D |\"",
            "mine.toml:4:7: word[0].say: expected sounds, as in \"D AE M\", alternatives separated by |",
        ),
        (
            "language = \"en\"\n[[word]]\nphrase = \"toad\"\nthreshold = 3",
            "mine.toml:4:13: word[0].threshold: expected a number from -200 to 0, found 3",
        ),
    ] {
        assert_eq!(read(text).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn both_forms_come_to_the_same() {
    let short = read("language = \"en\"\nbeep = [\"toad\"]").unwrap();
    let long = read("language = \"en\"\n[[word]]\nphrase = \"toad\"\nseverity = \"beep\"").unwrap();
    assert_eq!(short, long);
    let word = "phrase = \"toad\"\ninflections = false\nforms = [\"taod\"]\ninside = true\nsay = \"T OW D\"\nthreshold = -30\nallow = [\"toad hall\"]";
    let list = read(&format!(
        "title = \"pond\"\nlanguage = \"de\"\nsuffixes = [\"-en\"]\nfillers = [\"äh\"]\n[[word]]\n{word}"
    ))
    .unwrap();
    assert_eq!(
        (list.title.as_str(), list.suffixes[0].as_str(), list.fillers[0].as_str()),
        ("pond", "en", "äh")
    );
    let expected = ListedWord {
        has_inflections: false,
        forms: vec!["taod".to_owned()],
        is_inside: true,
        say: Some("T OW D".to_owned()),
        threshold: Some(-30.0),
        allow: vec!["toad hall".to_owned()],
        ..ListedWord::new("toad")
    };
    assert_eq!(list.words, [expected]);
}

fn judge(list: WordList, near_misses: bool) -> impl FnMut(&str) -> Vec<MatchKind> {
    let settings = JudgeSettings {
        lists: vec![list],
        near_misses,
        ..JudgeSettings::default()
    };
    let mut judge = Judge::new(&settings);
    let mut count = 0;
    move |text| {
        // So far apart that none has to do with another.
        let from = Timestamp::from_millis(count * 10_000);
        count += 1;
        let word = HeardWord {
            text: text.to_owned(),
            from,
            until: from + TimeDelta::from_millis(400),
            confidence: 1.0,
            is_keyword: false,
        };
        let mut found = Vec::new();
        judge.judge(&[word], &mut found);
        found.into_iter().map(|verdict| verdict.match_kind).collect()
    }
}

#[test]
fn the_shipped_list_hits_swear_words_and_no_others() {
    let library = Library::new(&|_: &str| None);
    let list = library.read_words("en", Path::new("")).unwrap();
    let mut judge = judge(list, false);
    for (text, expected) in [
        ("shitty", Some(MatchKind::Inflected)),
        ("horseshit", Some(MatchKind::Inside)),
        ("d4mn", Some(MatchKind::Folded)),
        ("goddamned", Some(MatchKind::Phrase)),
        ("scunthorpe", None),
        ("shiitake", None),
        ("matsushita's", None),
        ("assess", None),
        ("hello", None),
        ("damning", None),
    ] {
        assert_eq!(judge(text).first().copied(), expected, "{text}");
    }
}

/// All words of a pronouncing dictionary: which of them the shipped list hits was read through by a person.
#[test]
fn a_dictionary_has_no_false_hit() {
    const DICTIONARY: &str = "/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict";
    const SWEARING: &[&str] = &[
        "arse", "ass", "bastard", "bitch", "bloody", "bugger", "shit", "crap", "damn", "fuck", "hell", "piss",
    ];
    let Ok(dictionary) = std::fs::read_to_string(DICTIONARY) else {
        assert!(std::env::var_os("CI").is_none(), "{DICTIONARY} is missing");
        eprintln!("SKIPPED: {DICTIONARY} is missing; apt-get install pocketsphinx-en-us");
        return;
    };
    let list = Library::new(&|_: &str| None).read_words("en", Path::new("")).unwrap();
    let words = dictionary.lines().filter_map(|line| line.split([' ', '(']).next());
    let words = words.collect::<HashSet<_>>();
    let mut sure = judge(list.clone(), false);
    let hits = words.iter().filter(|word| !sure(word).is_empty()).collect::<Vec<_>>();
    let is_true = |word: &&&&str| SWEARING.iter().any(|swearing| word.contains(swearing));
    let wrong = hits.iter().filter(|word| !is_true(word)).collect::<Vec<_>>();
    let mut near = judge(list, true);
    let near = words.iter().filter(|word| near(word) == [MatchKind::Near]).count();
    println!(
        "{} words: {} hits, {} of them wrong, {near} near misses",
        words.len(),
        hits.len(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!((55..75).contains(&hits.len()), "{hits:?}");
    assert!(near < 40, "{near}");
}

#[test]
fn the_reference_of_word_lists_is_up_to_date() {
    const BEGIN: &str = "<!-- made from the schema: UPDATE=1 ./test --lib scene::words -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/moderation.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, _) = page.split_once(BEGIN).unwrap();
    let fresh = format!("{before}{BEGIN}\n{}", word_list_markdown());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    assert!(
        page == fresh || std::env::var_os("UPDATE").is_some(),
        "docs/moderation.md is stale: UPDATE=1"
    );
}

#[test]
fn a_file_is_known_for_a_list_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        let path = folder.path().join("pond.toml");
        std::fs::write(&path, text).unwrap();
        let found = crate::scene::check(&[path], &|_: &str| None);
        found.into_iter().map(|error| error.to_string()).collect::<Vec<_>>()
    };
    assert!(check("language = \"en\"\nmute = [\"toad\"]").is_empty());
    let found = check("langage = \"en\"\nwarn = [\"toad\"]");
    assert_eq!(found.len(), 1, "{found:?}");
    let expected = "pond.toml:1:1: langage: unknown key; did you mean \"language\"?";
    assert!(found[0].ends_with(expected), "{found:?}");
}

#[test]
fn own_lists_come_first_and_names_are_suggested() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().to_str().unwrap().to_owned();
    let library = Library::new(&|name: &str| (name == "XDG_CONFIG_HOME").then(|| folder.clone()));
    let own = home.path().join("rigcast/presets/words");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("pond.toml"), "language = \"en\"\nmute = [\"toad\"]").unwrap();
    assert_eq!(library.word_list_names(), ["pond", "en"]);
    assert_eq!(library.read_words("pond", Path::new("")).unwrap().words.len(), 1);
    assert_eq!(
        library
            .read_words("words/pond.toml", own.parent().unwrap())
            .unwrap()
            .name,
        "pond"
    );
    let error = library.read_words("pnod", Path::new("")).unwrap_err();
    assert_eq!(error, "there is no word list \"pnod\"; did you mean \"pond\"?");
}

proptest! {
    #[test]
    fn no_text_panics(text in "(language = \"en\"\n)?((mute|beep|allow|suffixes) = \\[(\"[a-zé* .-]{0,9}\",?){0,3}\\]\n){0,2}(\\[\\[word\\]\\]\n([a-z]{1,9} = [a-z0-9\".-]{0,9}\n){0,3}){0,2}.{0,20}") {
        if let Ok(list) = read_word_list("any", "any", &text) {
            judge(list, true)("toad");
        }
    }
}
