//! PocketSphinx on the sentences, streaming and tuned: what it finds, what it finds that is not there, where, and how late.

use std::path::PathBuf;

use rigcast::media::{AudioBlock, TimeDelta, Timestamp};
use rigcast::speech::engine::{open, usable};
use rigcast::speech::{EngineSettings, HeardWord, Keyword};

use crate::peers::{peer, skip};
use crate::recordings::{blocks, spoken};
use crate::sentences::{SENTENCES, WORDS};

const VOICES: [&str; 4] = ["en-us", "en-gb", "en-us+f3", "en-gb-scotland+m3"];
/// Noise below speech, in dB, in the band that speech has.
const NOISE_DB: f32 = 20.0;

fn settings() -> EngineSettings {
    let keyword = |word: &str| Keyword {
        phrase: word.to_owned(),
        say: None,
        threshold: None,
    };
    EngineSettings {
        tuning: Some(PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/words/tuning.toml"
        ))),
        keywords: WORDS.map(keyword).to_vec(),
        ..EngineSettings::default()
    }
}

/// Whether there is PocketSphinx; says that the test is skipped where there is none.
pub fn has_pocketsphinx() -> bool {
    let report = usable()
        .into_iter()
        .find(|report| report.name == "pocketsphinx")
        .unwrap();
    if !report.is_usable {
        skip(&report.text);
    }
    report.is_usable
}

#[test]
fn most_prohibited_words_are_found_and_few_others() {
    let (true, Some(espeak), Some(_)) = (has_pocketsphinx(), peer("espeak-ng"), peer("sox")) else {
        return;
    };
    let (mut hits, mut said, mut touched, mut clean) = (0, 0, 0, 0);
    for voice in VOICES {
        let mut engine = open(&settings()).unwrap();
        let (mut index, mut found) = (0, (0, 0));
        let mut settled = Timestamp::from_flicks(i64::MIN);
        for (seed, (word, text)) in SENTENCES.iter().enumerate() {
            let mut sound = spoken(&espeak, voice, text, NOISE_DB, seed as u64 + 1);
            // A pause, in which all is judged.
            sound.resize(sound.len() + 48_000 * 2, 0.0);
            let mut heard: Vec<HeardWord> = Vec::new();
            for block in blocks(&sound, index) {
                let count = heard.len();
                let end = block.pts + AudioBlock::duration();
                if let Some(now) = engine.hear(&block, &mut heard).unwrap() {
                    assert!(
                        heard[count..].iter().all(|word| word.from >= settled),
                        "told after it was final"
                    );
                    assert!(now > settled && now <= end);
                    settled = now;
                }
                for word in &heard[count..] {
                    let late = end - word.until;
                    assert!(
                        late < TimeDelta::from_millis(1_500),
                        "{} was told {late:?} late",
                        word.text
                    );
                    assert!(word.from < word.until && word.is_keyword && (0.0..=1.0).contains(&word.confidence));
                }
                index += 1;
            }
            let end = AudioBlock::time_of(index);
            assert!(end - settled < TimeDelta::from_millis(200), "silence is judged at once");
            if let Some(word) = word {
                said += 1;
                found.0 += usize::from(heard.iter().any(|heard| heard.text == *word));
            } else {
                clean += 1;
                found.1 += usize::from(!heard.is_empty());
            }
        }
        eprintln!("{voice}: {} found, {} of the clean sentences touched", found.0, found.1);
        hits += found.0;
        touched += found.1;
    }
    eprintln!("{hits} of {said} found, {touched} of {clean} touched");
    assert!(hits * 100 >= said * 85, "{hits} of {said} were found");
    assert!(
        touched * 100 <= clean * 5,
        "{touched} of {clean} clean sentences were touched"
    );
}

#[test]
fn a_word_alone_is_found_where_it_is_even_after_a_gap() {
    let (true, Some(espeak), Some(_)) = (has_pocketsphinx(), peer("espeak-ng"), peer("sox")) else {
        return;
    };
    let mut engine = open(&settings()).unwrap();
    let sound = spoken(&espeak, "en-us", "casino", 40.0, 1);
    let loud = |sample: &f32| sample.abs() > 0.01;
    let first = sound.iter().position(loud).unwrap() as i64;
    let last = sound.iter().rposition(loud).unwrap() as i64;
    // The second time an hour later, with nothing in between.
    for start in [100, 360_000] {
        let mut heard = Vec::new();
        let silence = vec![0.0; 48_000 * 2];
        for block in blocks(&[sound.as_slice(), silence.as_slice()].concat(), start) {
            engine.hear(&block, &mut heard).unwrap();
        }
        let word = heard.iter().find(|word| word.text == "casino").expect("it was said");
        let (from, until) = (
            word.from - AudioBlock::time_of(start),
            word.until - AudioBlock::time_of(start),
        );
        let off = |found: TimeDelta, sample: i64| (found - TimeDelta::from_rate(sample, 48_000)).abs().to_millis();
        assert!(
            off(from, first) < 120 && off(until, last) < 120,
            "{from:?} to {until:?}"
        );
    }
}

#[test]
fn a_word_without_sounds_is_named_with_the_remedy() {
    if !has_pocketsphinx() {
        return;
    }
    let keyword = |say: Option<&str>| Keyword {
        phrase: "damn rigcastle".to_owned(),
        say: say.map(str::to_owned),
        threshold: None,
    };
    let refused = |keyword: Keyword| {
        let settings = EngineSettings {
            keywords: vec![keyword],
            ..EngineSettings::default()
        };
        open(&settings).map(|_| ()).unwrap_err().to_string()
    };
    let error = refused(keyword(None));
    assert!(
        error.contains("\"rigcastle\" is not in") && error.contains("say = "),
        "{error}"
    );
    assert!(refused(keyword(Some("D AE M QQ"))).contains("\"QQ\" is no sound"));
    let settings = EngineSettings {
        keywords: vec![keyword(Some("D AE M R IH G K AE S AH L"))],
        ..EngineSettings::default()
    };
    assert!(open(&settings).is_ok());
}
