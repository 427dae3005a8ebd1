//! Every command of the table, by the key that does it or typed where there is none: what it asks of the studio, or what it
//! changes on the screen. A command that is not here fails the test, and so does one without a key that is not marked so.

use crate::tui_fixture;
use rigcast::studio::command::table::{TABLE, spec};
use rigcast::studio::command::{CommandSpec, KeyNeed, Scope, find, split_words};
use rigcast::studio::model::{ControlRange, PresetModel, SourceControl};
use rigcast::tui::app::{Overlay, UiAction, complete};
use rigcast::tui::keymap::Keymap;
use tui_fixture::*;

/// What comes of it.
enum Then {
    /// The studio is asked for this line.
    Asked(&'static str),
    /// The same, but the operator is asked first.
    Sure(&'static str),
    /// This is on the screen, and was not before.
    Shown(&'static str),
    /// The screen itself is asked to do this.
    Done(UiAction),
}
use Then::{Asked, Done, Shown, Sure};

/// A command, the keys, what is typed into the prompt that they open, and what comes of it.
type Row = (&'static str, &'static str, &'static str, Then);

fn on_air() -> Vec<Row> {
    vec![
        ("take", "space", "", Asked("take")),
        ("cut", "c", "", Asked("cut")),
        ("fade", "f", "", Asked("fade")),
        ("wipe", ":", "wipe left 400ms", Asked("wipe left 400ms")),
        ("stinger", ":", "stinger", Asked("stinger")),
        ("preview", "3", "", Asked("preview 3")),
        ("transition", "t c", "", Asked("transition cut")),
        ("keyframe", "K", "", Asked("keyframe")),
    ]
}

fn sound() -> Vec<Row> {
    vec![
        ("gain", "up", "", Asked("gain camera +1")),
        ("mute", "right m", "", Asked("mute guest toggle")),
        ("solo", "s", "", Asked("solo camera toggle")),
        ("denoise", "d", "", Asked("denoise camera toggle")),
        ("set", "b", "", Asked("set camera bypass toggle")),
        ("reset", "enter backspace", "", Asked("reset camera role")),
        ("copy strip", "y right Y", "", Asked("copy strip camera guest")),
        (
            "strip",
            ":",
            "strip camera record 5s /tmp/a.wav",
            Asked("strip camera record 5s /tmp/a.wav"),
        ),
        (
            "bus",
            ":",
            "bus program record 5s /tmp/a.wav",
            Asked("bus program record 5s /tmp/a.wav"),
        ),
        ("bus set", "B right", "", Asked("bus set target_lufs next")),
        ("bus reset", "B backspace", "", Asked("bus reset target_lufs")),
        ("loudness reset", "B L", "", Asked("loudness reset")),
        (
            "preset apply",
            "enter P",
            "music camera",
            Asked("preset apply music camera"),
        ),
        (
            "preset diff",
            "enter =",
            "music camera",
            Asked("preset diff music camera"),
        ),
        (
            "preset save",
            "enter w",
            "mine camera",
            Asked("preset save mine camera"),
        ),
        (
            "preset replace",
            ":",
            "preset replace mine camera",
            Sure("preset replace mine camera"),
        ),
    ]
}

fn picture() -> Vec<Row> {
    vec![
        ("picture set", "tab b", "", Asked("picture set camera bypass toggle")),
        (
            "picture reset",
            "i tab backspace",
            "",
            Asked("picture reset camera denoise"),
        ),
        ("picture copy", "i y ] p", "", Asked("picture copy camera guest")),
        ("picture save", "i w", "mine camera", Asked("picture save mine camera")),
        (
            "picture replace",
            ":",
            "picture replace mine camera",
            Sure("picture replace mine camera"),
        ),
        ("occlusion on", "A", "", Asked("occlusion on")),
        ("occlusion off", "F X", "", Sure("occlusion off")),
        ("occlusion more", "H", "", Asked("occlusion more")),
        ("occlusion less", "S", "", Sure("occlusion less")),
        ("occlusion level", "F 0", "", Asked("occlusion level 0")),
        ("occlusion level", "F 2", "", Sure("occlusion level 2")),
        ("rendition level", "F n", "480p 0", Asked("rendition level 480p 0")),
        ("rendition level", "F n", "480p 3", Sure("rendition level 480p 3")),
        ("occlusion policy", "F p", "", Asked("occlusion policy blur")),
        ("occlusion mask", "F m", "", Asked("occlusion mask mosaic")),
        ("occlusion sticker", "F s", "", Asked("occlusion sticker cat")),
        ("face exempt", "F down e", "", Sure("face exempt 3")),
        ("face hide", "F down down h", "", Asked("face hide 5")),
        ("face release", "F r", "", Sure("face release")),
        (
            "zone add",
            "F z",
            "window 0 0 10 10",
            Asked("zone add window 0 0 10 10"),
        ),
        ("zone add", "F z", "door 0 0 10 10", Sure("zone add door 0 0 10 10")),
        ("zone remove", "F Z", "door", Sure("zone remove door")),
    ]
}

fn moderation() -> Vec<Row> {
    vec![
        ("hold", "W +", "", Asked("hold 6")),
        ("hold", "W -", "", Sure("hold 4")),
        ("dump", "D", "", Asked("dump")),
        ("moderate on", "W o", "", Asked("moderate on")),
        ("moderate off", "W O", "", Sure("moderate off")),
        ("unjudged mute", "W U", "mute", Asked("unjudged mute")),
        ("unjudged pass", "W U", "pass", Sure("unjudged pass")),
        ("moderate program", "M", "", Asked("moderate program on")),
        ("moderate strip", "x", "", Asked("moderate strip camera on")),
        ("moderate word", "W left b", "", Asked("moderate word 13 beep")),
        ("moderate span", "W n", "", Asked("moderate span 2 0 mute")),
        ("moderate restore", "W left r", "", Sure("moderate restore 2")),
        ("moderate reveal", "W R", "4", Sure("moderate reveal 4")),
    ]
}

fn delivery() -> Vec<Row> {
    vec![
        ("bitrate", "a k", "", Asked("bitrate +250")),
        ("adapt", "a a", "", Asked("adapt toggle")),
        ("adapt policy", "a n", "steady", Asked("adapt policy steady")),
        ("adapt pin", "a p", "bitrate 900", Asked("adapt pin bitrate 900")),
        ("adapt release", "a r", "", Asked("adapt release")),
        (
            "trace start",
            "N T",
            "start /tmp/t.ndjson",
            Asked("trace start /tmp/t.ndjson"),
        ),
        ("trace stop", "N T", "stop", Asked("trace stop")),
        ("record start", "g r", "", Asked("record start")),
        ("record split", "g n", "", Asked("record split")),
        ("record stop", "g e", "", Sure("record stop")),
        (
            "destination add",
            "g a",
            "x rtmp://h/a/k",
            Asked("destination add x rtmp://h/a/k"),
        ),
        ("destination remove", "g d", "", Sure("destination remove main")),
        ("destination start", "} g s", "", Asked("destination start backup")),
        ("destination stop", "g x", "", Sure("destination stop main")),
        ("retry", "r", "", Asked("retry main")),
        ("source restart", "] o", "", Asked("source restart guest")),
        ("alarm ack", "!", "", Asked("alarm ack")),
        ("cue load", ":", "cue load /tmp/a.toml", Asked("cue load /tmp/a.toml")),
        ("cue run", "U R", "", Asked("cue run")),
        ("cue run", "U down r", "", Asked("cue run talk")),
        ("cue hold", "U w", "", Asked("cue hold")),
        ("cue go", "n", "", Asked("cue go")),
        ("cue skip", "U s", "", Asked("cue skip")),
        ("cue fire", "U enter", "", Asked("cue fire doors")),
        ("cue fire", "U up enter", "", Sure("cue fire close")),
        ("cue stop", "U X", "", Sure("cue stop")),
        ("page sources", "+", "", Shown("IN THE SHOW")),
        ("select find", "+ down", "", Shown("▸ 2 screen")),
        ("source find", "+ f", "", Asked("source find")),
        ("source try", "+ space", "", Asked("source try 1")),
        ("source keep", "+ enter", "2", Asked("source keep desk2")),
        ("source drop", "+ backspace", "", Asked("source drop")),
        (
            "source add",
            "+ a",
            "door camera device=/dev/video2",
            Asked("source add door camera device=/dev/video2"),
        ),
        ("source rename", "+ n", "host", Asked("source rename camera host")),
        ("source raise", "+ ] pageup", "", Asked("source raise guest")),
        ("source lower", "+ pagedown", "", Asked("source lower camera")),
        ("source remove", "+ delete", "", Sure("source remove camera")),
        ("source save", "+ w", "", Asked("source save")),
        ("source revert", "+ X", "", Asked("source revert")),
        ("item add", "I a", "guest", Asked("item add two shot guest")),
        ("item remove", "I D", "", Sure("item remove two shot guest")),
        ("page cues", "U", "", Shown("CUES evening")),
        ("select cue", "U down", "", Shown("doors + 1:30 ·")),
        ("undo", "u", "", Asked("undo")),
        ("apply", ":", "apply /tmp/a.toml 30s", Asked("apply /tmp/a.toml 30s")),
        ("plan", ":", "plan /tmp/a.toml", Asked("plan /tmp/a.toml")),
        ("reload", ":", "reload", Asked("reload")),
        ("confirm", "ctrl-y", "", Asked("confirm")),
        ("rollback", "ctrl-r", "", Asked("rollback")),
        ("watch", ":", "watch off", Asked("watch off")),
        ("end", "Q", "", Sure("end")),
    ]
}

fn screen() -> Vec<Row> {
    vec![
        ("help", "?", "", Shown("HELP")),
        ("prompt", ":", "tkae", Shown("there is no command 'tkae'")),
        ("detach", "q", "", Done(UiAction::Detach)),
        ("redraw", "ctrl-l", "", Done(UiAction::Redraw)),
        ("monitor", "v", "", Shown("monitors: ")),
        ("select strip", "right", "", Shown("▸guest")),
        ("select source", "tab down", "", Shown("▸guest")),
        ("select destination", "}", "", Shown("▸○ backup")),
        ("select pane", "tab", "", Shown("[SOURCES]")),
        ("select parameter", "enter down", "", Shown("▸")),
        ("select stage", "enter tab tab", "", Shown("▸")),
        ("select face", "F down", "", Shown("▸")),
        ("select word", "W right", "", Shown("▸")),
        ("page strip", "enter", "", Shown("STRIP camera")),
        ("page buses", "B", "", Shown("SHORT-TERM")),
        ("page faces", "F", "", Shown("REGIONS NOW")),
        ("page picture", "i", "", Shown("PICTURE camera")),
        ("page network", "N", "", Shown("CHANGES, AND WHY")),
        ("page moderation", "W", "", Shown("WHO JUDGES")),
        ("page close", "B esc", "", Shown("MIXER")),
        ("type", "enter -", "", Shown(":set camera role -")),
        ("mark", "y", "", Shown("camera is marked to copy from")),
        ("count", "alt-1 alt-2", "", Shown("12 ×")),
        ("repeat", "d right .", "", Asked("denoise guest toggle")),
        ("palette", "p", "", Shown("COMMANDS · enter runs")),
        ("layout", "L v", "", Shown("▸ PGM")),
        ("zoom", "z", "", Shown("GR -6")),
        ("theme", "T", "", Shown("theme: light")),
        ("colors", "g c", "", Shown("colours: truecolor")),
        ("cap", "g k", "120", Shown("pictures take at most 120 kB/s")),
        ("page events", "E", "", Shown("newest at the bottom")),
        ("page charts", "C", "", Shown("the last ten minutes")),
        ("page items", "I", "", Shown("ITEMS two shot")),
        ("select item", "I j", "", Shown("▸● camera")),
        ("select scene", "I ]", "", Shown("ITEMS clip")),
        ("page rules", "O", "", Shown("a take by hand holds program")),
        ("select event", "E up", "", Shown("▸00:10:13")),
        ("events filter", "E /", "camera", Shown("1/")),
        ("events level", "E w", "", Shown("warnings and errors are shown")),
        ("events go", "E home", "", Shown("▸00:00:00")),
        ("events copy", "E y", "", Shown("no command has caused that")),
        ("events edit", "E enter", "", Shown("no command has caused that")),
        ("bell", "g b", "", Shown("the bell rings when an alarm begins")),
    ]
}

fn scenes() -> Vec<Row> {
    vec![
        ("item move", "I right", "", Asked("item move two shot guest +1% +0")),
        ("item size", "I +", "", Asked("item size two shot guest +2%")),
        ("item crop", "I c", "left 5%", Asked("item crop two shot guest left 5%")),
        ("item opacity", "I {", "", Asked("item opacity two shot guest -=5%")),
        (
            "item z",
            ":",
            "item z \"two shot\" guest 3",
            Asked("item z two shot guest 3"),
        ),
        ("item raise", "I pageup", "", Asked("item raise two shot guest")),
        ("item lower", "I pagedown", "", Asked("item lower two shot guest")),
        ("item fit", "I f", "", Asked("item fit two shot guest")),
        ("item hide", ":", "item hide clip 1", Asked("item hide clip 1")),
        ("item show", ":", "item show clip 1", Asked("item show clip 1")),
        ("item toggle", "I space", "", Asked("item toggle two shot guest")),
        ("item text", "I e", "Hello", Asked("item text two shot guest Hello")),
        ("item reset", "I backspace", "", Asked("item reset two shot guest")),
        ("scene set", "I s", "price 8", Asked("scene set two shot price 8")),
        ("scene reset", "I X", "", Asked("scene reset two shot")),
        ("scene save", "I w", "", Asked("scene save two shot")),
    ]
}
fn cameras() -> Vec<Row> {
    let typed = |name, line| (name, ":", line, Asked(line));
    vec![
        typed("camera controls", "camera controls camera"),
        typed("camera set", "camera set camera focus_absolute 120"),
        typed("camera reset", "camera reset camera focus_absolute"),
    ]
}
fn rules() -> Vec<Row> {
    vec![
        ("data set", "O s", "{\"a\": 1}", Asked("data set {\"a\": 1}")),
        ("data merge", "O m", "{\"a\": null}", Asked("data merge {\"a\": null}")),
        ("data clear", "O x", "", Asked("data clear")),
        ("rules", "O t", "", Asked("rules toggle")),
        ("rules release", "g o", "", Asked("rules release")),
        (
            "rules load",
            "O f",
            "/tmp/a.rules.toml",
            Asked("rules load /tmp/a.rules.toml"),
        ),
        ("rules explain", "O e", "", Asked("rules explain")),
    ]
}

fn rows() -> Vec<Row> {
    [
        scenes(),
        on_air(),
        sound(),
        picture(),
        moderation(),
        delivery(),
        rules(),
        cameras(),
        screen(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A show in which every command has something to act on.
fn desk() -> Screen {
    let mut screen = Screen::new(160, 50);
    armed(&mut screen.studio);
    held(&mut screen.studio);
    screen.studio.occlusion.level = 1;
    screen.studio.choosing.trial = Some(rigcast::studio::model::Trial {
        name: "desk".into(),
        ..rigcast::studio::model::Trial::default()
    });
    screen.studio.scenes[0].parameters = vec![("price".into(), "9.90".into())];
    screen.studio.occlusion.stickers = vec!["cat".into()];
    screen.studio.renditions = vec![rigcast::studio::model::RenditionModel {
        name: "480p".into(),
        width: 854,
        height: 480,
        video_kbps: 700,
        occlusion_level: Some(1),
        measured_kbps: 0,
    }];
    screen.studio.presets = vec![PresetModel {
        name: "music".into(),
        title: String::new(),
        is_for_strip: true,
        is_for_buses: false,
        is_for_picture: false,
    }];
    screen.ui.follow(&screen.studio);
    screen
}

#[test]
fn every_command_does_what_it_says() {
    let mut failed = Vec::new();
    let rows = rows();
    for row in &rows {
        // Where all panes are shown, the focus is a colour.
        let mut screen = if row.0 == "select pane" {
            Screen::new(60, 16)
        } else {
            desk()
        };
        if let Err(reason) = check(&mut screen, row) {
            failed.push(format!("{} ({} {}): {reason}", row.0, row.1, row.2));
        }
    }
    assert_eq!(failed, [""; 0], "{}", failed.join("\n"));
    let missing: Vec<&str> = TABLE
        .iter()
        .map(|spec| spec.name)
        .filter(|name| !rows.iter().any(|row| row.0 == *name))
        .collect();
    assert_eq!(missing, [""; 0], "no row of this file presses a key for them");
}

fn check(screen: &mut Screen, (name, keys, typed, then): &Row) -> Result<(), String> {
    let spec = spec(name).ok_or("there is no such command")?;
    let is_typed = *keys == ":" && !typed.is_empty();
    if is_typed && spec.key == KeyNeed::Key && *name != "prompt" {
        return Err("it has a key: press that".to_owned());
    }
    let (first, last) = keys.rsplit_once(' ').unwrap_or(("", keys));
    if !first.is_empty() {
        screen.press(first);
    }
    let before = screen.text();
    let mut actions = screen.press(last);
    if !typed.is_empty() {
        screen.prompt_is_open()?;
        screen.type_text(typed);
        actions = screen.press("enter");
    }
    let is_asked = matches!(screen.ui.overlay, Overlay::Confirm { .. });
    if is_asked != matches!(then, Sure(_)) {
        return Err(format!("asked first: {is_asked}"));
    }
    if is_asked {
        actions = screen.press("y");
    }
    match then {
        Asked(line) | Sure(line) => match actions.last() {
            Some(UiAction::Command {
                name: asked,
                args,
                is_asked: is_said,
            }) => {
                if *is_said != is_asked {
                    return Err(format!("says that the operator was asked: {is_said}"));
                }
                let said: Vec<&str> = std::iter::once(asked.as_str())
                    .chain(args.iter().map(String::as_str))
                    .collect();
                let is_own = asked == spec.name || spec.name == "repeat";
                if said.join(" ") == *line && is_own {
                    Ok(())
                } else {
                    Err(format!("asked for {said:?}"))
                }
            }
            other => Err(format!("asked for {other:?}; {:?}", screen.ui.toast)),
        },
        Shown(text) => {
            let after = screen.text();
            if spec.scope == Scope::Client && after != before && after.contains(text) {
                Ok(())
            } else {
                Err(format!("not shown:\n{after}"))
            }
        }
        Done(action) if actions.last() == Some(action) => Ok(()),
        Done(_) => Err(format!("{actions:?}")),
    }
}

trait Opened {
    fn prompt_is_open(&self) -> Result<(), String>;
}

impl Opened for Screen {
    fn prompt_is_open(&self) -> Result<(), String> {
        self.ui
            .prompt
            .as_ref()
            .map(drop)
            .ok_or_else(|| "no prompt to type into".to_owned())
    }
}

/// Whether a line does a command, or opens the prompt with the beginning of it.
fn leads_to(line: &str, spec: &CommandSpec) -> bool {
    let words = split_words(line);
    let does = find(&words).is_ok_and(|(found, _)| found.name == spec.name);
    let begins = |begun: &str| spec.name.starts_with(begun.trim_end()) || begun.starts_with(spec.name);
    does || matches!(words.as_slice(), [prompt, begun] if prompt == "prompt" && begins(begun))
}

/// Everything that has a name in the studio is completed: what cannot be is a number, a time, a new name, a file.
#[test]
fn every_argument_that_can_be_known_is_completed() {
    let mut screen = desk();
    screen.studio.adapt.policies = vec![rigcast::studio::model::AdaptPolicyModel {
        name: "steady".into(),
        title: String::new(),
    }];
    for source in &mut screen.studio.sources {
        source.controls = vec![SourceControl {
            name: "focus_automatic_continuous".into(),
            title: "Focus, Automatic Continuous".into(),
            range: ControlRange::Switch,
            value: 1,
            default: 1,
            is_inactive: false,
        }];
    }
    let mut free = std::collections::BTreeSet::new();
    for spec in TABLE {
        let mut line = spec.name.to_owned();
        for arg in spec.args {
            line.push(' ');
            let completion = complete(&line, &screen.studio);
            let word = if let Some(first) = completion.candidates.first() {
                first.word.clone()
            } else {
                free.insert(format!("{:?}", arg.kind));
                "1".to_owned()
            };
            assert!(!completion.hint.is_empty(), "{line}: nothing is said of {}", arg.name);
            line.push_str(&word);
        }
    }
    let free: Vec<&str> = free.iter().map(String::as_str).collect();
    assert_eq!(
        free,
        [
            "Cap",
            "Count",
            "CueFile",
            "Duration",
            "File",
            "Gain",
            "Height",
            "Hold",
            "Json",
            "Kbps",
            "Length",
            "NewName",
            "Percent",
            "PinValue",
            "RulesFile",
            "Share",
            "Shift",
            "SourceSetting",
            "Text",
            "Url",
            "Value",
        ],
        "all others have names or words"
    );
    let words = |line: &str| -> Vec<String> {
        complete(line, &screen.studio)
            .candidates
            .into_iter()
            .map(|it| it.word)
            .collect()
    };
    assert_eq!(words("adapt pin tier "), ["normal", "good", "excellent"]);
    assert_eq!(words("adapt pin frame-rate "), ["30", "15", "10"]);
    assert_eq!(words("take sht"), ["\"two shot\""], "letters from the middle");
    assert_eq!(words("gain ues"), ["guest"]);
    assert_eq!(words("ocllvl")[0], "occlusion level");
}

#[test]
fn every_command_has_a_key_or_is_marked_as_typed() {
    let keymap = Keymap::shipped().unwrap();
    for spec in TABLE {
        let bound = keymap
            .bindings()
            .into_iter()
            .find(|binding| leads_to(&binding.line, spec));
        match (spec.key, bound) {
            (KeyNeed::Key, None) => panic!(
                "{} has no key in presets/keymap.toml: bind it, or mark its row prompt_only(…) and say why",
                spec.name
            ),
            (KeyNeed::PromptOnly(_), Some(binding)) => {
                panic!("{} is marked as typed, and {} does it", spec.name, binding.keys_text());
            }
            (KeyNeed::PromptOnly(why), None) => assert!(!why.is_empty(), "{}", spec.name),
            (KeyNeed::Key, Some(_)) => {}
        }
    }
}
