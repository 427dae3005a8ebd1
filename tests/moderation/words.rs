//! Sentences of several voices: the words that must not go out are silent in the pulled stream, and the others are as they were.

use std::time::Duration;

use crate::common::media::Pull;
use crate::common::nginx::Nginx;
use crate::common::pace::in_real_time_beside;
use crate::common::studio::Studio;
use crate::common::{extent, peer};
use crate::heard::Heard;
use crate::sentences::{SENTENCES, WORDS};
use crate::spoken::{Line, Spoken};

/// How long everything is held.
const HOLD_S: f64 = 5.0;

/// A word counts as silenced if so much of it is silent: what is left of its edges is no word.
const SILENCED: f64 = 0.8;

/// A clean sentence counts as touched if so many seconds of it in a row are silent.
const TOUCHED_S: f64 = 0.05;

/// The voices, in turn.
const VOICES: [&str; 4] = ["en-us", "gmw/en", "en-us+f3", "en-gb-scotland+m3"];

/// Of the fifty sentences those that are spoken: every fifth by the next voice, or each by all four.
fn lines() -> Vec<Line> {
    let line = |at: usize, voice: usize| {
        let (word, text) = SENTENCES[at];
        (VOICES[voice % VOICES.len()], text, word)
    };
    let brief = (0..SENTENCES.len())
        .step_by(5)
        .enumerate()
        .map(|(turn, at)| line(at, turn));
    let full = (0..VOICES.len()).flat_map(|voice| (0..SENTENCES.len()).map(move |at| line(at, voice)));
    extent(brief.collect(), full.collect())
}

#[test]
fn words_that_must_not_go_out_are_silent_and_the_others_are_not() {
    let (Some(nginx), Some(_)) = (Nginx::start(), peer("ffmpeg")) else {
        return;
    };
    let Some(spoken) = Spoken::of(&lines()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let list = format!("language = \"en\"\ntitle = \"test\"\nmute = {WORDS:?}\n");
    std::fs::write(folder.path().join("test.toml"), list).unwrap();
    let tuning = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/words/tuning.toml");
    let scene = folder.path().join("show.toml");
    let text = format!(
        "[video]\nwidth = 320\nheight = 180\nframe_rate = 30\nbitrate_kbps = 300\n\
         [audio]\nbitrate_kbps = 128\n\
         [moderation]\nhold_s = {HOLD_S}\nwords = [\"test.toml\"]\ntuning = \"{tuning}\"\nlog = \"log.ndjson\"\n\
         [source.card]\nkind = \"pattern\"\ntone_hz = 0\nflash = false\n\
         [source.voice]\nkind = \"file\"\npath = \"{}\"\nloop = false\n\
         [scene.card]\nitems = [{{ source = \"card\" }}, {{ source = \"voice\" }}]\n",
        spoken.path.display()
    );
    std::fs::write(&scene, text).unwrap();
    in_real_time_beside("words before air", |witness| {
        let url = nginx.url("words");
        let mut studio = Studio::start(&[scene.to_str().unwrap(), "--publish", &url]);
        let pull = Pull::start(&url, spoken.seconds + HOLD_S + 3.0).save(Duration::from_mins(20));
        let status = studio.status();
        witness.hear(&status);
        studio.order("end");
        assert_eq!(studio.wait_end(Duration::from_mins(1)), Some(0));
        let heard = Heard::of(&pull);
        let zero = heard.pip_end();
        let (mut hits, mut words, mut touched, mut clean) = (0, 0, 0, 0);
        for sentence in &spoken.sentences {
            let (voice, text) = (sentence.voice, sentence.text);
            if let Some((from, until)) = sentence.word {
                // The edges of the engine's times are a matter of taste.
                let (from, until) = (zero + from + 0.03, zero + until - 0.03);
                let share = heard.silent_share(from, until);
                words += 1;
                hits += u32::from(share >= SILENCED);
                eprintln!("{voice:14} {:3.0} % of the word silent: {text}", share * 100.0);
            } else {
                let longest = heard.longest_silence(zero + sentence.from, zero + sentence.until);
                clean += 1;
                touched += u32::from(longest >= TOUCHED_S);
                eprintln!("{voice:14} {longest:.2} s silent at most: {text}");
            }
        }
        eprintln!("{hits} of {words} words silenced, {touched} of {clean} clean sentences touched");
        assert!(f64::from(hits) >= 0.85 * f64::from(words), "{hits} of {words}");
        assert!(f64::from(touched) <= 0.05 * f64::from(clean), "{touched} of {clean}");
        // Each is written down, masked, by whom and why.
        let log = std::fs::read_to_string(folder.path().join("log.ndjson")).unwrap();
        let entries: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of_words: Vec<_> = entries.iter().filter(|entry| entry["kind"] == "word").collect();
        assert!(of_words.len() >= hits as usize, "{log}");
        for word in WORDS {
            assert!(!log.contains(word), "{word} is in the log: {log}");
        }
        std::fs::remove_file(folder.path().join("log.ndjson")).unwrap();
    });
}
