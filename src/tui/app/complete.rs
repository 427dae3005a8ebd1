//! Completion of a command line, from the command table and the names in the studio.

use super::fuzzy::Fuzzy;
use crate::studio::command::split_words;
use crate::studio::command::{ArgKind, Bus, CommandSpec, PinWord, scene_at, setting_keys, source_kinds, table};
use crate::studio::model::{
    BUS_PARAMS, ControlRange, PICTURE_PARAMS, Param, ParamKind, STRIP_PARAMS, SceneModel, SeenPicture, Span, Studio,
    Tier, bus_param, item_paths, picture_param, strip_param,
};

/// What could stand at the end of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Byte position in the line from which a candidate replaces it.
    pub start: usize,
    /// In the order of the table or of the studio.
    pub candidates: Vec<Candidate>,
    /// What is expected there, in words.
    pub hint: String,
}

/// One thing that could be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// As it is put into the line, quoted where it must be.
    pub word: String,
    /// What it is, in a few words; empty for names.
    pub doc: &'static str,
}

impl Completion {
    /// As far as all candidates agree.
    #[must_use]
    pub fn common(&self) -> &str {
        let Some((first, rest)) = self.candidates.split_first() else {
            return "";
        };
        let mut end = first.word.len();
        for other in rest {
            let same = first
                .word
                .bytes()
                .zip(other.word.bytes())
                .take_while(|(a, b)| a == b)
                .count();
            end = end.min(same);
        }
        while !first.word.is_char_boundary(end) {
            end -= 1;
        }
        &first.word[..end]
    }
}

/// What could stand at the end of `line`.
#[must_use]
pub fn complete(line: &str, studio: &Studio) -> Completion {
    let words = split_words(line);
    let is_open_quote = line.matches('"').count() % 2 == 1;
    let is_between = line.is_empty() || (line.ends_with(char::is_whitespace) && !is_open_quote);
    for take in [2, 1] {
        let is_complete = words.len() > take || (words.len() == take && is_between);
        if !is_complete {
            continue;
        }
        if let Some(spec) = table::spec(&words[..take].join(" ")) {
            let partial = if is_between { None } else { words.last() };
            let at = words.len() - take - usize::from(partial.is_some());
            return complete_argument(line, spec, at, partial.map_or("", String::as_str), studio);
        }
    }
    let typed = words.join(" ");
    let start = line.len() - line.trim_start().len();
    let typed = if is_between && !typed.is_empty() {
        typed + " "
    } else {
        typed
    };
    let all = table::TABLE.iter().map(|spec| Candidate {
        word: spec.name.to_owned(),
        doc: spec.doc,
    });
    Completion {
        start,
        candidates: meant(all.collect(), &typed),
        hint: String::new(),
    }
}

/// Those that begin as was typed; where none does, those in which the letters are found, the best first.
fn meant(candidates: Vec<Candidate>, typed: &str) -> Vec<Candidate> {
    let (begun, others): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|it| it.word.starts_with(typed));
    if !begun.is_empty() {
        return begun;
    }
    let mut fuzzy = Fuzzy::new(typed);
    let found = others
        .into_iter()
        .filter_map(|it| Some((fuzzy.scattered(&it.word)?.0, it)));
    let mut found: Vec<(u32, Candidate)> = found.collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

fn complete_argument(line: &str, spec: &'static CommandSpec, at: usize, partial: &str, studio: &Studio) -> Completion {
    let words = split_words(line);
    let before = at.checked_sub(1).and_then(|at| {
        let name = spec.name.split(' ').count();
        words.get(name + at).map(String::as_str)
    });
    let arg = spec.args.get(at);
    let mut candidates = match arg {
        Some(arg) if arg.kind == ArgKind::SourceSetting => settings_of(&words),
        Some(arg) => known_words(arg.kind, before, studio),
        None => Vec::new(),
    };
    candidates = meant(candidates, partial);
    for candidate in &mut candidates {
        candidate.word = quoted(&candidate.word);
    }
    let hint = match (arg, before) {
        (None, _) => spec.doc.to_owned(),
        (Some(arg), before) => {
            let expected = before
                .filter(|_| arg.kind == ArgKind::Value)
                .and_then(expected_value)
                .unwrap_or_else(|| arg.kind.expected());
            format!("{}: {} ({expected})", spec.usage(), arg.name)
        }
    };
    Completion {
        start: word_start(line, partial),
        candidates,
        hint,
    }
}

/// The words that an argument can be, where they are known; `before` is the argument before it.
fn known_words(kind: ArgKind, before: Option<&str>, studio: &Studio) -> Vec<Candidate> {
    fn names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Candidate> {
        let candidate = |name: &str| Candidate {
            word: name.to_owned(),
            doc: "",
        };
        names.map(candidate).collect()
    }
    match kind {
        ArgKind::Scene => names(studio.scenes.iter().map(|scene| scene.name.as_str())),
        ArgKind::Item => {
            let items = scene_of(before, studio).map_or_else(Vec::new, |scene| item_paths(&scene.items));
            items.into_iter().map(|word| Candidate { word, doc: "" }).collect()
        }
        ArgKind::SceneParameter => {
            let parameters = scene_of(before, studio).map_or(&[][..], |scene| &scene.parameters);
            names(parameters.iter().map(|(name, _)| name.as_str()))
        }
        ArgKind::Strip => names(studio.strips.iter().map(|strip| strip.name.as_str())),
        ArgKind::Source => names(studio.sources.iter().map(|source| source.name.as_str())),
        ArgKind::Destination => names(studio.destinations.iter().map(|to| to.name.as_str())),
        ArgKind::Choice(words) => names(words.iter().copied()),
        ArgKind::Bus => names(Bus::WORDS.iter().copied()),
        ArgKind::Preset => names(studio.presets.iter().map(|preset| preset.name.as_str())),
        ArgKind::Parameter => parameters(STRIP_PARAMS),
        ArgKind::BusParameter => parameters(BUS_PARAMS),
        ArgKind::Part => parts(STRIP_PARAMS),
        ArgKind::BusPart => parts(BUS_PARAMS),
        ArgKind::PictureParameter => parameters(PICTURE_PARAMS),
        ArgKind::PicturePart => parts(PICTURE_PARAMS),
        ArgKind::CameraControl => {
            let source = studio.sources.iter().find(|source| before == Some(&source.name));
            let controls = source.map_or(&[][..], |source| &source.controls);
            names(controls.iter().map(|control| control.name.as_str()))
        }
        ArgKind::ControlValue => names(entries(before, studio)),
        ArgKind::Value => names(before.map_or(&[][..], values).iter().copied()),
        ArgKind::Level => {
            let levels = (0..=studio.occlusion.policy.top()).map(|level| level.to_string());
            levels.map(|word| Candidate { word, doc: "" }).collect()
        }
        ArgKind::Rendition => names(studio.renditions.iter().map(|rendition| rendition.name.as_str())),
        ArgKind::RenditionLevel => {
            let levels = (0..=studio.occlusion.policy.top()).map(|level| level.to_string());
            let words = std::iter::once("show".to_owned()).chain(levels);
            words.map(|word| Candidate { word, doc: "" }).collect()
        }
        ArgKind::AdaptPolicy => names(studio.adapt.policies.iter().map(|policy| policy.name.as_str())),
        ArgKind::Policy => names(studio.occlusion.policies.iter().map(|policy| policy.name.as_str())),
        ArgKind::Stickers => names(studio.occlusion.stickers.iter().map(String::as_str)),
        ArgKind::Face => {
            let tracks = studio.occlusion.faces.iter().map(|face| face.track.to_string());
            tracks.map(|word| Candidate { word, doc: "" }).collect()
        }
        ArgKind::HeardWord => {
            let held = studio.moderation.words.iter().map(|word| word.id.to_string());
            held.map(|word| Candidate { word, doc: "" }).collect()
        }
        ArgKind::Seen => {
            let word = |seen: &SeenPicture| Candidate {
                word: seen.id.to_string(),
                doc: "",
            };
            studio.moderation.seen.iter().map(word).collect()
        }
        ArgKind::Span => {
            let spans = studio.moderation.spans.iter().filter(|span| !span.is_restored);
            let word = |span: &Span| Candidate {
                word: span.id.to_string(),
                doc: span.kind.word(),
            };
            spans.map(word).collect()
        }
        ArgKind::Zone => names(studio.occlusion.zones.iter().map(|zone| zone.name.as_str())),
        ArgKind::PinValue => pin_values(before, studio),
        ArgKind::Cue => names(
            studio
                .cues
                .list
                .iter()
                .flat_map(|list| &list.cues)
                .map(|cue| cue.name.as_str()),
        ),
        ArgKind::Find => {
            let inventory = &studio.choosing.inventory;
            let found = inventory.found.iter().map(|found| found.name.as_str());
            let words = found.map(str::to_owned).chain(source_kinds().map(str::to_owned));
            words.map(|word| Candidate { word, doc: "" }).collect()
        }
        ArgKind::Percent
        | ArgKind::SourceSetting
        | ArgKind::Shift
        | ArgKind::Share
        | ArgKind::Height
        | ArgKind::NewName
        | ArgKind::Gain
        | ArgKind::Kbps
        | ArgKind::Duration
        | ArgKind::Hold
        | ArgKind::Length
        | ArgKind::Url
        | ArgKind::Text
        | ArgKind::Count
        | ArgKind::Cap
        | ArgKind::Json
        | ArgKind::RulesFile
        | ArgKind::CueFile
        | ArgKind::File => Vec::new(),
    }
}

/// The keys that the source which these words add can be given, but for those that it has.
fn settings_of(words: &[String]) -> Vec<Candidate> {
    let keys = words.get(3).map_or(&[][..], |kind| setting_keys(kind));
    let key = |key: &&str| format!("{key}=");
    let is_given = |key: &String| words.iter().rev().skip(1).any(|word| word.starts_with(key));
    let keys = keys.iter().map(key).filter(|key| !is_given(key));
    keys.map(|word| Candidate { word, doc: "" }).collect()
}

/// What the control of that name can be, where it is one of a few. The name is enough: those that cameras share mean the same.
fn entries<'a>(name: Option<&str>, studio: &'a Studio) -> impl Iterator<Item = &'a str> {
    let mut controls = studio.sources.iter().flat_map(|source| &source.controls);
    let found = name.and_then(|name| controls.find(|control| control.name == name));
    let (entries, switch): (&[(i64, String)], &[&str]) = match found.map(|control| &control.range) {
        Some(ControlRange::Menu { entries }) => (entries, &[]),
        Some(ControlRange::Switch) => (&[], &["on", "off"]),
        _ => (&[], &[]),
    };
    let words = entries.iter().map(|(_, name)| name.as_str());
    words.chain(switch.iter().copied())
}

/// The scene that the word before is about.
fn scene_of<'a>(before: Option<&str>, studio: &'a Studio) -> Option<&'a SceneModel> {
    let at = scene_at(studio, before?).ok()?;
    studio.scenes.get(at)
}

/// What a value can be pinned to, where it is one of a few.
fn pin_values(what: Option<&str>, studio: &Studio) -> Vec<Candidate> {
    let candidate = |word: String| Candidate { word, doc: "" };
    match what.and_then(PinWord::of) {
        Some(PinWord::Tier) => Tier::ALL.map(|tier| candidate(tier.word().to_owned())).to_vec(),
        Some(PinWord::FrameRate) => {
            let rate = studio.format.frame_rate.as_f64();
            [1.0, 2.0, 3.0]
                .map(|by| candidate(format!("{:.0}", rate / by)))
                .to_vec()
        }
        Some(PinWord::Height) => {
            let heights = studio.renditions.iter().map(|rendition| rendition.height);
            let heights = std::iter::once(studio.format.height).chain(heights);
            heights.map(|height| candidate(height.to_string())).collect()
        }
        Some(PinWord::Bitrate | PinWord::Sound) | None => Vec::new(),
    }
}

fn parameters<S>(params: &'static [Param<S>]) -> Vec<Candidate> {
    let candidate = |param: &Param<S>| Candidate {
        word: param.name.to_owned(),
        doc: param.doc,
    };
    params.iter().map(candidate).collect()
}

/// Stages, then parameters. A switch that has its stage's name is the stage.
fn parts<S>(params: &'static [Param<S>]) -> Vec<Candidate> {
    let mut parts: Vec<Candidate> = Vec::new();
    for stage in params.iter().map(|param| param.stage) {
        if parts.last().is_none_or(|part| part.word != stage.key()) {
            parts.push(Candidate {
                word: stage.key().to_owned(),
                doc: "all of the stage",
            });
        }
    }
    let single = parameters(params)
        .into_iter()
        .filter(|param| parts.iter().all(|part| part.word != param.word))
        .collect::<Vec<_>>();
    parts.extend(single);
    parts
}

/// The words that a parameter can be set to; numbers are not listed.
fn values(parameter: &str) -> &'static [&'static str] {
    let kind = strip_param(parameter)
        .map(|param| param.kind)
        .or_else(|| bus_param(parameter).map(|param| param.kind))
        .or_else(|| picture_param(parameter).map(|param| param.kind));
    match kind {
        Some(ParamKind::Switch) => &["on", "off", "toggle"],
        Some(ParamKind::Choice(words)) => words,
        Some(ParamKind::Number { .. }) | None => &[],
    }
}

fn expected_value(parameter: &str) -> Option<String> {
    strip_param(parameter)
        .map(Param::expected)
        .or_else(|| bus_param(parameter).map(Param::expected))
        .or_else(|| picture_param(parameter).map(Param::expected))
}

/// Where the last word of the line begins, its opening quote included.
fn word_start(line: &str, partial: &str) -> usize {
    if let Some(quote) = line.rfind('"').filter(|_| line.matches('"').count() % 2 == 1) {
        return quote;
    }
    if partial.is_empty() {
        return line.len();
    }
    line.rfind(char::is_whitespace)
        .map_or(0, |at| at + line[at..].chars().next().map_or(1, char::len_utf8))
}

/// A name as one word of a line.
pub fn quoted(name: &str) -> String {
    if name.contains(char::is_whitespace) {
        format!("\"{name}\"")
    } else {
        name.to_owned()
    }
}
