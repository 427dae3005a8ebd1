//! `rigcast words`: what a recogniser hears, tried out and tuned without a show.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, Subcommand};
use serde_json::json;

use super::words_sound::{add_noise, read, speak};
use super::{complain, exit, say};
use crate::media::AudioBlock;
use crate::scene::Library;
use crate::speech::engine::pocketsphinx::tuner::{PhraseReport, Tuner};
use crate::speech::engine::{open, usable};
use crate::speech::{EngineKind, EngineSettings, Keyword};

/// What a tuned voice says besides the phrases, so that tuning knows what they are not.
const CLEAN: [&str; 24] = [
    "Good evening and welcome to the show.",
    "Tonight we are talking about gardens and birds.",
    "The river was higher than in any other spring.",
    "Please remember to bring your own cups.",
    "We will be back right after the news.",
    "The bus leaves from platform seven at noon.",
    "My sister plays the violin in an orchestra.",
    "Nobody expected the bridge to open so early.",
    "Can you turn the lights on for me?",
    "She mastered the piano as a child.",
    "The blood test came back on Monday.",
    "A dam was built across the valley.",
    "The idea is to finish before lunch.",
    "He told us about the heroes of the sea.",
    "More of them arrived the next morning.",
    "They were shooting a film in the old station.",
    "The pool is open until the end of September.",
    "She bought a new coat and a pair of shoes.",
    "The children built a castle out of sand.",
    "I will call you when the meeting is over.",
    "Our team scored twice in the second half.",
    "Turn left at the church and go straight on.",
    "You can pay by card or in cash.",
    "Let me explain how the machine works.",
];

/// What the phrases are said in.
const CARRIERS: [&str; 4] = [
    "{}",
    "I heard him say {} again.",
    "{} is what they called it.",
    "Nobody wants that {} here.",
];

/// `rigcast words COMMAND`.
#[derive(Debug, Subcommand)]
pub(super) enum WordsCommand {
    /// Check word lists: whether they can be read, and whether the engine knows how their words are said
    #[command(after_help = "\
Examples:
  rigcast words check en
  rigcast words check mine.toml --tuning mine.tuning.toml

Exit codes: 0 all is well, 1 something is not, 2 usage.")]
    Check {
        /// Names or files of word lists
        #[arg(required = true, value_name = "NAME|FILE")]
        lists: Vec<String>,
        #[command(flatten)]
        engine: EngineArgs,
    },
    /// Say what the engine hears in a recording, and when
    #[command(after_help = "\
Examples:
  rigcast words listen show.wav --list en
  rigcast words listen show.wav --word \"bloody hell\" --json

Exit codes: 0 done, 1 the recording cannot be read or the engine cannot be used, 2 usage.")]
    Listen {
        /// A WAV file
        file: PathBuf,
        #[command(flatten)]
        what: WhatArgs,
        #[command(flatten)]
        engine: EngineArgs,
        /// One JSON object for each word
        #[arg(long)]
        json: bool,
    },
    /// Find out from recordings how sure the engine has to be of each word
    #[command(after_help = "\
Examples:
  rigcast words tune voices/ --list en --out en.tuning.toml
  rigcast words tune --speak --word casino --word \"bloody hell\"

A folder holds WAV files, each with what is said in it: NAME.txt beside NAME.wav, or one transcripts.tsv with lines of
FILE<tab>TEXT. What helps most: the voices of the show, each word alone and in two or three sentences, and some minutes without any of
the words. The tuning file names the phrases, how they are said, their thresholds, and examples of how they sounded.
Exit codes: 0 done, 1 nothing could be tuned, 2 usage.")]
    Tune {
        /// Folders with recordings
        #[arg(value_name = "FOLDER")]
        folders: Vec<PathBuf>,
        #[command(flatten)]
        what: WhatArgs,
        /// Where the tuning goes
        #[arg(long, value_name = "FILE", default_value = "words.tuning.toml")]
        out: PathBuf,
        /// Have espeak-ng say the phrases as well; worth little for human voices
        #[arg(long)]
        speak: bool,
        /// Its voices; may be given several times
        #[arg(long, value_name = "VOICE", default_values = ["en-us", "en-gb", "en-us+f3", "en-gb-scotland+m3"])]
        voice: Vec<String>,
        /// Noise, so many dB below each recording
        #[arg(long, value_name = "DB")]
        noise: Option<f32>,
        /// The model: a folder
        #[arg(long, value_name = "FOLDER")]
        model: Option<PathBuf>,
    },
}

/// What to listen for.
#[derive(Debug, Args)]
pub(super) struct WhatArgs {
    /// A word list: its name or file; may be given several times
    #[arg(long, value_name = "NAME|FILE")]
    list: Vec<String>,
    /// A phrase; may be given several times. How it is said, where no dictionary knows: "rigcast=R IH G K AE S T"
    #[arg(long, value_name = "PHRASE")]
    word: Vec<String>,
}

/// With what to listen.
#[derive(Debug, Args)]
pub(super) struct EngineArgs {
    /// The tuning that 'rigcast words tune' has written
    #[arg(long, value_name = "FILE")]
    tuning: Option<PathBuf>,
    /// The model: a folder
    #[arg(long, value_name = "FOLDER")]
    model: Option<PathBuf>,
    /// Another engine: a program that takes 16 kHz mono PCM and answers with JSON lines, with its arguments
    #[arg(long, value_name = "COMMAND")]
    program: Option<String>,
}

impl EngineArgs {
    fn settings(&self, keywords: Vec<Keyword>) -> EngineSettings {
        let kind = self
            .program
            .as_ref()
            .map_or(EngineKind::Auto, |program| EngineKind::External {
                command: program.split_whitespace().map(str::to_owned).collect(),
            });
        EngineSettings {
            kind,
            model: self.model.clone(),
            tuning: self.tuning.clone(),
            keywords,
        }
    }
}

impl WhatArgs {
    fn keywords(&self) -> Result<Vec<Keyword>, String> {
        let mut keywords = Vec::new();
        for list in &self.list {
            keywords.extend(read_list(list)?);
        }
        keywords.extend(self.word.iter().map(|word| {
            let (phrase, sounds) = word
                .split_once('=')
                .map_or((word.as_str(), None), |(phrase, say)| (phrase, Some(say)));
            let phrase = phrase.split_whitespace().collect::<Vec<_>>().join(" ");
            Keyword {
                phrase,
                say: sounds.map(|say| say.trim().to_owned()),
                threshold: None,
            }
        }));
        // A phrase of two lists is listened for once.
        let mut seen = std::collections::BTreeSet::new();
        keywords.retain(|keyword| seen.insert(keyword.phrase.clone()));
        if keywords.is_empty() {
            return Err(
                "nothing to listen for; name a list (--list en) or a phrase (--word \"bloody hell\")".to_owned(),
            );
        }
        Ok(keywords)
    }
}

fn read_list(name: &str) -> Result<Vec<Keyword>, String> {
    let library = Library::new(&|key: &str| std::env::var(key).ok());
    let list = library.read_words(name, Path::new(""))?;
    Ok(list.keywords().collect())
}

/// Runs it.
pub(super) fn run(command: &WordsCommand) -> u8 {
    let done = match command {
        WordsCommand::Check { lists, engine } => check(lists, engine),
        WordsCommand::Listen {
            file,
            what,
            engine,
            json,
        } => listen(file, what, engine, *json),
        WordsCommand::Tune {
            folders,
            what,
            out,
            speak,
            voice,
            noise,
            model,
        } => {
            let voices = if *speak { voice.as_slice() } else { &[] };
            let model = model.clone();
            what.keywords().and_then(|keywords| {
                let settings = EngineSettings {
                    model,
                    keywords,
                    ..EngineSettings::default()
                };
                tune(&settings, folders, voices, *noise, out)
            })
        }
    };
    match done {
        Ok(()) => exit::OK,
        Err(error) => {
            complain(&error);
            exit::REFUSED
        }
    }
}

fn check(lists: &[String], engine: &EngineArgs) -> Result<(), String> {
    for report in usable() {
        say(&format!("{:<14} {}", report.name, report.text));
    }
    let mut wrong = Vec::new();
    for name in lists {
        let opened = read_list(name).and_then(|keywords| {
            let count = keywords.len();
            open(&engine.settings(keywords))
                .map(|engine| (count, engine.name().to_owned()))
                .map_err(|error| error.to_string())
        });
        match opened {
            Ok((count, engine)) => {
                say(&format!("{name}: {count} phrases; {engine} listens for all of them"));
            }
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n"))
    }
}

fn listen(file: &Path, what: &WhatArgs, engine: &EngineArgs, is_json: bool) -> Result<(), String> {
    let keywords = if engine.program.is_some() {
        what.keywords().unwrap_or_default()
    } else {
        what.keywords()?
    };
    let mut recogniser = open(&engine.settings(keywords)).map_err(|error| error.to_string())?;
    let sound = read(file)?;
    let length = sound.len() as i64;
    let start = Instant::now();
    let (mut words, mut settled) = (Vec::new(), None);
    // Silence behind it, until all of it is judged; a program that says nothing final is not waited for longer than that.
    let rest = (length..length + 1_000).map(|index| AudioBlock::silence(AudioBlock::time_of(index)));
    for block in sound.iter().copied().chain(rest) {
        settled = recogniser
            .hear(&block, &mut words)
            .map_err(|error| error.to_string())?
            .or(settled);
        for word in words.drain(..) {
            let (from, until) = (word.from.as_secs_f64(), word.until.as_secs_f64());
            let line = if is_json {
                json!({ "word": word.text, "from": from, "until": until, "confidence": word.confidence }).to_string()
            } else {
                format!("{from:>9.2} to {until:>8.2} s  {:>4.2}  {}", word.confidence, word.text)
            };
            if !say(&line) {
                return Ok(());
            }
        }
        if settled.is_some_and(|settled| settled >= AudioBlock::time_of(length)) {
            break;
        }
        if engine.program.is_some() {
            // In time: a program may take as long as the sound does.
            let due = block.pts.since_zero().to_duration();
            std::thread::sleep(due.saturating_sub(start.elapsed()));
        }
    }
    let seconds = AudioBlock::time_of(length).as_secs_f64();
    let share = start.elapsed().as_secs_f64() / seconds.max(0.01);
    if !is_json {
        say(&format!(
            "{seconds:.1} s of sound by {} in {:.3} of its length",
            recogniser.name(),
            share
        ));
    }
    Ok(())
}

fn tune(
    settings: &EngineSettings,
    folders: &[PathBuf],
    voices: &[String],
    noise: Option<f32>,
    out: &Path,
) -> Result<(), String> {
    let mut recordings = Vec::new();
    for folder in folders {
        recordings.extend(recordings_of(folder)?);
    }
    let sentences: Vec<String> = settings
        .keywords
        .iter()
        .flat_map(|keyword| CARRIERS.map(|carrier| carrier.replace("{}", &keyword.phrase)))
        .chain(CLEAN.map(str::to_owned))
        .collect();
    let count = recordings.len() + voices.len() * sentences.len();
    if count == 0 {
        return Err("no recordings; name a folder with some, or --speak".to_owned());
    }
    let mut tuner = Tuner::new(settings).map_err(|error| error.to_string())?;
    let mut done = 0_usize;
    let mut hear = |sound: &[AudioBlock], text: &str| {
        done += 1;
        if done.is_multiple_of(50) {
            complain(&format!("{done} of {count} recordings heard"));
        }
        let heard = match noise {
            Some(below) => tuner.hear(&add_noise(sound, below, done as u64), text),
            None => tuner.hear(sound, text),
        };
        heard.map_err(|error| error.to_string())
    };
    for (path, text) in &recordings {
        hear(&read(path)?, text)?;
    }
    for voice in voices {
        for text in &sentences {
            hear(&speak(voice, text)?, text)?;
        }
    }
    let (tuning, reports) = tuner.finish();
    let head = format!("Made by rigcast words tune, from {count} recordings. See docs/moderation.md.");
    std::fs::write(out, tuning.write(&head)).map_err(|error| format!("{}: {error}", out.display()))?;
    for line in table(&reports) {
        say(&line);
    }
    say(&format!("{} written", out.display()));
    Ok(())
}

fn table(reports: &[PhraseReport]) -> Vec<String> {
    let width = reports
        .iter()
        .map(|report| report.phrase.chars().count())
        .max()
        .unwrap_or(0)
        .max(6);
    let mut lines = vec![format!("{:<width$}  found   wrong   examples", "phrase")];
    lines.extend(reports.iter().map(|report| {
        let PhraseReport {
            phrase,
            said,
            hits,
            clean,
            falses,
            examples,
        } = report;
        let note = if *said == 0 { "  in none of the recordings" } else { "" };
        format!(
            "{phrase:<width$}  {:>7} {:>7} {examples:>7}{note}",
            format!("{hits}/{said}"),
            format!("{falses}/{clean}")
        )
    }));
    lines
}

/// The recordings of a folder with what is said in them, in order of their names.
fn recordings_of(folder: &Path) -> Result<Vec<(PathBuf, String)>, String> {
    let failed = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut texts: BTreeMap<PathBuf, String> = BTreeMap::new();
    let table = folder.join("transcripts.tsv");
    if table.is_file() {
        let text = std::fs::read_to_string(&table).map_err(|error| failed(&table, &error))?;
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let Some((file, said)) = line.split_once('\t') else {
                return Err(format!("{}:{}: expected FILE<tab>TEXT", table.display(), number + 1));
            };
            texts.insert(folder.join(file.trim()), said.trim().to_owned());
        }
    }
    for entry in std::fs::read_dir(folder).map_err(|error| failed(folder, &error))? {
        let path = entry.map_err(|error| failed(folder, &error))?.path();
        if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("wav")) && !texts.contains_key(&path) {
            let beside = path.with_extension("txt");
            let text = std::fs::read_to_string(&beside).map_err(|error| {
                format!(
                    "{}: what is said in it? {} ({error}), nor a line in {}",
                    path.display(),
                    beside.display(),
                    table.display()
                )
            })?;
            texts.insert(path, text.trim().to_owned());
        }
    }
    Ok(texts.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_have_their_words_beside_them_or_in_a_table() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        put("b.wav", "");
        put("a.wav", "");
        let error = recordings_of(folder.path()).unwrap_err();
        assert!(error.contains("what is said in it?"), "{error}");
        put("a.txt", " hello there \n");
        put("transcripts.tsv", "b.wav\tgood bye\n\n");
        let found: Vec<String> = recordings_of(folder.path())
            .unwrap()
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        assert_eq!(found, ["hello there", "good bye"]);
        put("transcripts.tsv", "b.wav good bye\n");
        assert!(
            recordings_of(folder.path())
                .unwrap_err()
                .contains("transcripts.tsv:1: expected FILE<tab>TEXT")
        );
    }

    #[test]
    fn phrases_come_from_lists_and_arguments() {
        let what = |list: &[&str], word: &[&str]| WhatArgs {
            list: list.iter().map(|list| (*list).to_owned()).collect(),
            word: word.iter().map(|word| (*word).to_owned()).collect(),
        };
        let keywords = what(&[], &["bloody  hell", "rigcast= R IH G", "bloody hell"])
            .keywords()
            .unwrap();
        let expected = [("bloody hell", None), ("rigcast", Some("R IH G"))];
        let found: Vec<_> = keywords
            .iter()
            .map(|keyword| (keyword.phrase.as_str(), keyword.say.as_deref()))
            .collect();
        assert_eq!(found, expected);
        assert!(what(&["en"], &[]).keywords().unwrap().len() > 5);
        assert!(what(&[], &[]).keywords().unwrap_err().contains("--list en"));
        assert!(what(&["enn"], &[]).keywords().is_err());
    }
}
