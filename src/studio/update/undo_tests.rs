//! What is taken back is as it was: for every command that can be, on studios that operators have worked on.

use proptest::prelude::*;

use super::*;
use crate::media::{TimeDelta, Timestamp};
use crate::scene::Zone;
use crate::studio::command::table::TABLE;
use crate::studio::command::{ArgKind, PinWord, Scope, parse, split_words};
use crate::studio::model::{
    AdaptPolicyModel, BUS_PARAMS, ControlRange, Edits, FaceModel, HeldWord, MaskKind, PICTURE_PARAMS, Pin,
    STRIP_PARAMS, Shown, Sight, SourceControl, SourceState, TextItem, TextStyle, UNDO_KEPT, Undo, item_paths,
};
use crate::studio::update::{Input, update};

/// The demo, with everything in it that a command could be about.
fn studio() -> Studio {
    let show = crate::scene::demo(&[], &|_| None).unwrap();
    let mut studio = crate::studio::opening::studio("test", &show);
    let library = crate::scene::Library::new(&|_: &str| None);
    studio.occlusion.policies = library.policies();
    studio.occlusion.policy = studio.occlusion.policies[0].clone();
    studio.occlusion.stickers = library.sticker_names();
    studio.occlusion.sticker = studio.occlusion.stickers.first().cloned();
    studio.occlusion.is_armed = true;
    studio.occlusion.faces = [3, 5]
        .map(|track| FaceModel {
            track,
            sight: Sight::Seen,
        })
        .to_vec();
    studio.occlusion.zones.push(Zone {
        name: "door".into(),
        rect: crate::studio::model::Rect {
            x: 7,
            y: 11,
            width: 333,
            height: 97,
        },
    });
    let control = SourceControl::for_tests;
    let steps = ControlRange::Number {
        min: -64,
        max: 64,
        step: 1,
    };
    studio.sources[0].state = SourceState::Live;
    studio.sources[0].controls = vec![
        control("brightness", steps, 7, 0),
        control("focus_auto", ControlRange::Switch, 0, 1),
    ];
    let letters = Shown::Text(TextItem {
        text: "{price}".into(),
        style: TextStyle::default(),
    });
    let scene = &mut studio.scenes[2];
    let mut text = scene.items[0].clone();
    text.name = "text".into();
    text.what = letters;
    scene.items.push(text);
    scene.parameters.push(("price".into(), "9.90".into()));
    studio.edits = Edits::none(&studio.scenes);
    studio.moderation.lists = vec!["en".into()];
    studio.moderation.hold.now = TimeDelta::from_millis(5000);
    studio.moderation.hold.target = studio.moderation.hold.now;
    studio.moderation.hear(HeldWord {
        id: 7,
        text: "word".into(),
        from: NOW - TimeDelta::from_millis(2000),
        until: NOW - TimeDelta::from_millis(1500),
    });
    studio.adapt.state.is_on = true;
    studio.adapt.state.policy = "steady".into();
    studio.adapt.policies = ["steady", "sports"]
        .map(|name| AdaptPolicyModel {
            name: name.to_owned(),
            title: String::new(),
        })
        .to_vec();
    studio
}

const NOW: Timestamp = Timestamp::from_flicks(100 * 705_600_000);

fn run(studio: &mut Studio, line: &str) -> Result<Vec<Effect>, Refusal> {
    let command = parse(&split_words(line)).unwrap_or_else(|error| panic!("{line}: {error}"));
    update(studio, Input::Command(command), NOW)
}

/// What operators set, in an order that does not depend on who was there first.
fn settings(studio: &Studio) -> String {
    let mut of = studio.clone();
    let sorted = |zones: &mut Vec<Zone>| zones.sort_by(|a, b| a.name.cmp(&b.name));
    sorted(&mut of.occlusion.zones);
    of.occlusion.exempt.sort_unstable();
    of.moderation.muted_strips.sort();
    let mut pins: Vec<String> = of.adapt.state.pins.iter().map(|pin| format!("{pin:?}")).collect();
    pins.sort();
    // Those of mutes stay where nobody was heard; those of an operator's own are let out again.
    let is_own = |why: &str| why.ends_with("by the operator");
    let spans = of
        .moderation
        .spans
        .iter()
        .filter(|span| !span.is_restored && is_own(&span.why));
    let live_spans = spans.count();
    let destinations: Vec<&str> = of.destinations.iter().map(|to| to.name.as_str()).collect();
    format!(
        "{:?}",
        (
            (
                &of.preview,
                of.transition,
                &of.strips,
                of.buses,
                &of.scenes,
                &of.edits.changed
            ),
            of.sources
                .iter()
                .map(|source| (source.picture, &source.controls))
                .collect::<Vec<_>>(),
            (
                of.occlusion.settings(),
                &of.occlusion.exempt,
                of.moderation.standing(),
                live_spans
            ),
            of.renditions.iter().map(|it| it.occlusion_level).collect::<Vec<_>>(),
            (
                of.encoder.video_kbps,
                of.adapt.state.is_on,
                &of.adapt.state.policy,
                pins
            ),
            destinations,
        )
    )
}

/// What is to be there again when `line` has been undone. Who disarms gives exemptions up for good: each was for a face that
/// was seen, and nobody looks for faces then.
fn again(line: &str, before: &Studio) -> String {
    let mut before = before.clone();
    if line == "occlusion off" {
        before.occlusion.exempt.clear();
    }
    settings(&before)
}

/// A word for an argument: one of those that fit it.
fn word(kind: ArgKind, before: Option<&str>, pick: usize, studio: &Studio) -> String {
    let one_of = |words: Vec<String>| {
        words
            .get(pick % words.len().max(1))
            .cloned()
            .unwrap_or_else(|| "1".to_owned())
    };
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let names = |names: Vec<&String>| names.into_iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>();
    let params = |names: Vec<&str>| owned(&names);
    one_of(match kind {
        ArgKind::Scene => names(studio.scenes.iter().map(|it| &it.name).collect()),
        ArgKind::Strip => names(studio.strips.iter().map(|it| &it.name).collect()),
        ArgKind::Source => names(studio.sources.iter().map(|it| &it.name).collect()),
        ArgKind::Item => match before.and_then(|scene| studio.scene(scene.trim_matches('"'))) {
            Some(scene) => item_paths(&scene.items),
            None => Vec::new(),
        },
        ArgKind::SceneParameter => owned(&["price"]),
        ArgKind::Shift => owned(&["40", "+10", "-=5%", "25%"]),
        ArgKind::Share => owned(&["40%", "+10%", "0.2", "-=5%"]),
        ArgKind::Height => owned(&["+1", "-=1", "3"]),
        ArgKind::Rendition => names(studio.renditions.iter().map(|it| &it.name).collect()),
        ArgKind::Choice(words) => owned(words),
        ArgKind::CameraControl => owned(&["brightness", "focus_auto"]),
        ArgKind::ControlValue => match before {
            Some("focus_auto") => owned(&["on", "0"]),
            _ => owned(&["12", "+5", "-=3"]),
        },
        ArgKind::Gain => owned(&["+3", "-=7.25", "-60", "24", "0"]),
        ArgKind::Kbps => owned(&["2500", "+250", "-=900"]),
        ArgKind::AdaptPolicy => owned(&["steady", "sports"]),
        ArgKind::PinValue => match before.and_then(PinWord::of) {
            Some(PinWord::FrameRate) => owned(&["30", "15", "10"]),
            Some(PinWord::Height) => owned(&["480", "240"]),
            Some(PinWord::Tier) => owned(&["good", "excellent"]),
            _ => owned(&["96", "128"]),
        },
        ArgKind::Duration => owned(&["0", "250ms", "1.5"]),
        ArgKind::Parameter => params(STRIP_PARAMS.iter().map(|it| it.name).collect()),
        ArgKind::BusParameter => params(BUS_PARAMS.iter().map(|it| it.name).collect()),
        ArgKind::PictureParameter => params(PICTURE_PARAMS.iter().map(|it| it.name).collect()),
        ArgKind::Part => params(STRIP_PARAMS.iter().flat_map(|it| [it.name, it.stage.key()]).collect()),
        ArgKind::BusPart => params(BUS_PARAMS.iter().flat_map(|it| [it.name, it.stage.key()]).collect()),
        ArgKind::PicturePart => params(PICTURE_PARAMS.iter().flat_map(|it| [it.name, it.stage.key()]).collect()),
        ArgKind::Value => owned(&["next", "previous", "+10steps", "-=3steps"]),
        ArgKind::Level => owned(&["0", "1", "2", "3"]),
        ArgKind::RenditionLevel => owned(&["show", "0", "1", "2"]),
        ArgKind::Policy => names(studio.occlusion.policies.iter().map(|it| &it.name).collect()),
        ArgKind::Stickers => names(studio.occlusion.stickers.iter().collect()),
        ArgKind::Face => owned(&["3", "5"]),
        ArgKind::Zone => owned(&["door"]),
        ArgKind::NewName => owned(&["door", "window"]),
        ArgKind::Percent => owned(&["0", "12.5", "50", "33"]),
        ArgKind::Hold => owned(&["3", "1.5", "0", "7.5"]),
        ArgKind::HeardWord => owned(&["7"]),
        ArgKind::Url => owned(&["rtmp://host/app/key"]),
        _ => owned(&["1"]),
    })
}

fn line_of(spec: usize, picks: &[usize], studio: &Studio) -> String {
    let spec = &TABLE[spec % TABLE.len()];
    let mut words = vec![spec.name.to_owned()];
    for (arg, pick) in spec.args.iter().zip(picks) {
        let before = words.last().map(String::as_str);
        // A scene that the next take shows is an optional argument as well; leave some out.
        if arg.is_optional && pick % 3 == 0 {
            break;
        }
        let next = word(arg.kind, before, *pick, studio);
        words.push(next);
    }
    words.join(" ")
}

fn try_line(studio: &mut Studio, line: &str) -> Option<Result<Vec<Effect>, Refusal>> {
    let command = parse(&split_words(line)).ok()?;
    Some(update(studio, Input::Command(command), NOW))
}

static START: std::sync::LazyLock<Studio> = std::sync::LazyLock::new(studio);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever has been done before, whatever is done: what is then taken back is as it was.
    #[test]
    fn what_is_undone_is_as_it_was(
        steps in proptest::collection::vec((any::<usize>(), proptest::array::uniform6(0usize..64)), 1..25)
    ) {
        let mut studio = START.clone();
        for (spec, picks) in steps {
            let line = line_of(spec, &picks, &studio);
            let before = (again(&line, &studio), studio.undo.count());
            if !matches!(try_line(&mut studio, &line), Some(Ok(_))) {
                continue;
            }
            if line.starts_with("undo") || studio.undo.count() <= before.1 {
                continue;
            }
            let mut undone = studio.clone();
            let effects = run(&mut undone, "undo");
            prop_assert!(effects.is_ok(), "{line}: {effects:?}");
            prop_assert_eq!(settings(&undone), before.0, "{}", line);
            prop_assert_eq!(undone.undo.count(), before.1);
        }
    }
}

/// The demo as it is, and as operators have left it: each command has something to change in one of them.
fn starts() -> [Studio; 3] {
    let worked = |lines: &[&str]| {
        let mut studio = studio();
        for line in lines {
            run(&mut studio, line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
        }
        studio.undo = Undo::default();
        studio
    };
    let names: Vec<String> = studio().sources.iter().map(|source| source.name.clone()).collect();
    let sharpened = format!("picture set {} sharpen on", names[0]);
    let hidden = [
        "bus set target_lufs -20",
        &sharpened,
        "occlusion level 2",
        "face exempt 3",
        "face exempt 5",
        "moderate on",
        "unjudged pass",
        "adapt pin sound 96",
        "item hide 1 1",
        "item move 2 1 +10 +10",
        "item move 3 1 +10 +10",
        "item raise 3 1",
        "scene set 3 price 8",
    ];
    [studio(), worked(&hidden), worked(&["occlusion off"])]
}

/// Every command that can be taken back, alone: so that none is left out by chance.
#[test]
fn each_command_is_undone_or_said_to_be_for_good() {
    let starts = starts();
    let mut for_good = Vec::new();
    for (at, spec) in TABLE.iter().enumerate().filter(|(_, spec)| spec.scope == Scope::Studio) {
        let (mut can_be, mut has_changed) = (false, false);
        for (pick, start) in (0..32usize).flat_map(|pick| starts.iter().map(move |start| (pick, start))) {
            let mut studio = start.clone();
            let picks = [pick, pick / 2 + 1, pick / 3 + 1, pick + 1, pick + 2, pick + 3];
            let line = line_of(at, &picks, &studio);
            if !matches!(try_line(&mut studio, &line), Some(Ok(_))) {
                continue;
            }
            if studio.undo.count() == 0 {
                has_changed |= settings(&studio) != settings(start);
                continue;
            }
            can_be = true;
            run(&mut studio, "undo").unwrap();
            assert_eq!(settings(&studio), again(&line, start), "{line}");
            assert_eq!(run(&mut studio, "undo"), Err(Refusal::NothingToUndo));
        }
        assert!(!can_be || !has_changed, "{} is not always undone", spec.name);
        if !can_be {
            for_good.push(spec.name);
        }
    }
    assert_eq!(
        for_good,
        [
            "take",
            "cut",
            "fade",
            "wipe",
            "stinger",
            "strip",
            "bus",
            "loudness reset",
            "preset apply",
            "preset diff",
            "preset save",
            "preset replace",
            "picture save",
            "picture replace",
            "camera controls",
            "face release",
            "dump",
            "moderate restore",
            "moderate reveal",
            "trace start",
            "trace stop",
            "keyframe",
            "record start",
            "record stop",
            "record split",
            "destination remove",
            "destination start",
            "destination stop",
            "retry",
            "source restart",
            "alarm ack",
            "undo",
            "end",
            // What the core task reads and writes: it takes these back itself (core/sourcing.rs).
            "source find",
            "source try",
            "source keep",
            "source drop",
            "source add",
            "source rename",
            "source raise",
            "source lower",
            "source remove",
            "source save",
            "source revert",
            "item add",
            "item remove",
            "apply",
            "plan",
            "reload",
            "confirm",
            "rollback",
            "data set",
            "data merge",
            "data clear",
            "rules",
            "rules release",
            "rules load",
            "rules explain",
            "scene save",
            "cue load",
            "cue run",
            "cue hold",
            "cue go",
            "cue skip",
            "cue fire",
            "cue stop",
        ]
    );
}

#[test]
fn it_is_said_what_would_be_undone_and_whether_that_reveals() {
    let mut studio = studio();
    let top = studio.occlusion.policy.top();
    for (line, did, is_asked) in [
        ("gain tone +3", "gain tone +3", false),
        ("gain tone +0", "gain tone +3", false),
        ("occlusion level 1", "occlusion level 1", false),
        ("occlusion more", "occlusion more", true),
        ("hold 2", "hold 2", false),
        ("hold 9", "hold 9", true),
        ("moderate program on", "moderate program on", true),
        ("moderate program off", "moderate program off", false),
        ("occlusion policy blur", "occlusion policy blur", false),
        ("zone add window 0 0 10 10", "zone add window 0 0 10 10", true),
        ("face exempt 3", "face exempt 3", false),
        ("face hide 3", "face hide 3", true),
        ("destination add live rtmp://h/a/sk-1", "destination add live", true),
        ("take", "destination add live", true),
    ] {
        if !studio.strips.iter().any(|strip| strip.name == "tone") {
            studio.strips[0].name = "tone".into();
        }
        run(&mut studio, line).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
        let note = studio.undo.next.clone().unwrap();
        assert_eq!((note.did.as_str(), note.is_asked), (did, is_asked), "{line}");
    }
    assert!(top > 0);
    let json = serde_json::to_value(&studio.undo).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"next": {"did": "destination add live", "is_asked": true}})
    );
}

#[test]
fn what_cannot_be_brought_back_is_refused_and_left_behind() {
    let mut studio = studio();
    run(&mut studio, "transition cut").unwrap();
    run(&mut studio, "transition fade 2").unwrap();
    run(&mut studio, "face hide 5").unwrap();
    assert_eq!(
        studio.undo.next.as_ref().unwrap().did,
        "transition fade 2",
        "it was hidden"
    );
    run(&mut studio, "face exempt 5").unwrap();
    run(&mut studio, "face hide 5").unwrap();
    studio.occlusion.faces.clear();
    let refusal = run(&mut studio, "undo").unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "face hide 5 cannot be undone: there is no face '5'; there is none"
    );
    let refusal = run(&mut studio, "undo").unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "face exempt 5 cannot be undone: there is no face '5'; there is none"
    );
    let effects = run(&mut studio, "undo").unwrap();
    assert!(matches!(&effects[..], [Effect::Event(event)] if event.text == "undone: transition fade 2"));
}

#[test]
fn the_newest_are_kept() {
    let mut studio = studio();
    for at in 0..UNDO_KEPT + 9 {
        run(&mut studio, &format!("bitrate {}", 500 + at)).unwrap();
    }
    for _ in 0..UNDO_KEPT {
        run(&mut studio, "undo").unwrap();
    }
    assert_eq!(run(&mut studio, "undo"), Err(Refusal::NothingToUndo));
    assert_eq!(studio.adapt.state.pins, [Pin::Kbps(0, 508)]);
}

#[test]
fn a_preset_is_undone_whole() {
    let mut studio = studio();
    let library = crate::scene::Library::new(&|_: &str| None);
    let preset = library.read("podcast-voice", std::path::Path::new("")).unwrap();
    let before = settings(&studio);
    let strip = studio.strips[0].name.clone();
    let input = Input::Preset(Box::new(preset), Some(strip));
    update(&mut studio, input, NOW).unwrap();
    assert_ne!(settings(&studio), before);
    assert_eq!(studio.undo.next.as_ref().unwrap().did, "preset apply podcast-voice");
    run(&mut studio, "undo").unwrap();
    assert_eq!(settings(&studio), before);
    assert_eq!(studio.occlusion.mask, MaskKind::Solid);
}

#[test]
fn a_preset_of_settings_is_undone_whole_and_reveals_nothing() {
    let mut studio = studio();
    let read = |text: &str| crate::scene::Preset::read("mine", "mine.toml", text).unwrap();
    let before = settings(&studio);
    let text = "[video]\nbitrate_kbps = 900\nwidth = 640\n[occlusion]\npolicy = \"blur\"\nmask = \"blur\"\n\
                [moderation]\nhold_s = 7\n[adapt]\npolicy = \"sports\"\n";
    update(&mut studio, Input::Preset(Box::new(read(text)), None), NOW).unwrap();
    assert_eq!(studio.occlusion.policy.name, "blur");
    assert_eq!(studio.moderation.hold.target, TimeDelta::from_millis(7000));
    assert_eq!(studio.adapt.state.policy, "sports");
    let said: Vec<&str> = studio.events.iter().map(|event| event.text.as_str()).collect();
    assert!(said.contains(&"for the next start: video.width"), "{said:?}");
    run(&mut studio, "undo").unwrap();
    assert_eq!(settings(&studio), before);

    // What hides goes on hiding; what cannot be done as a whole is not begun.
    let open = "[occlusion]\narmed = false\nlevel = 9\n[moderation]\nhold_s = 0\n";
    update(&mut studio, Input::Preset(Box::new(read(open)), None), NOW).unwrap();
    assert_eq!(settings(&studio), before);
    let said: Vec<&str> = studio.events.iter().map(|event| event.text.as_str()).collect();
    let left = "\"occlusion off\" was left out: it would reveal something; give the command itself";
    assert!(said.contains(&left), "{said:?}");
    let half = "[occlusion]\nmask = \"mosaic\"\n[adapt]\npolicy = \"nobody's\"\n";
    assert!(update(&mut studio, Input::Preset(Box::new(read(half)), None), NOW).is_err());
    assert_eq!(settings(&studio), before);
}
