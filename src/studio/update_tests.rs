//! The update as tables: a command line in, effects and model out. Time is a number here; hours take no time.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::encode::{AudioRate, Channels};
use crate::media::TimeDelta;
use crate::media::{FrameRate, RateControl};
use crate::scene::OcclusionSettings;
use crate::scene::Preset;
use crate::studio::command::{Scope, table::TABLE};
use crate::studio::command::{parse, split_words};
use crate::studio::model::{
    AdaptModel, Alarms, BusSettings, DataModel, EVENTS_KEPT, Edits, EncoderKind, EncoderModel, History, MaskKind,
    Moderation, Occlusion, OcclusionLevel, PictureSettings, Policy, ProgramFormat, ProgramWatch, RecordingModel,
    Region, Regions, RenditionModel, RulesModel, SceneModel, Sight, SourceModel, Strip, Undo, WorkerModel, WorkerState,
};
use crate::studio::model::{SourceState, Stats, StripSettings, WorkerReport};

/// Three levels: everything hidden, eyes shown, everything shown.
fn occlusion() -> Occlusion {
    let level = |open: Regions, strength| OcclusionLevel { open, strength };
    let eyes = Regions::NONE.with(Region::Eyes);
    let levels = vec![OcclusionLevel::HIDDEN, level(eyes, 1.0), level(eyes, 0.0)];
    let policy = |name: &str| Policy::new(name.into(), String::new(), None, levels.clone()).unwrap();
    let mut occlusion = Occlusion::new(&OcclusionSettings {
        is_armed: true,
        policy: policy("regions"),
        level: 0,
        mask: MaskKind::Solid,
        sticker: None,
        zones: Vec::new(),
    });
    occlusion.policies = vec![policy("regions"), policy("blur")];
    occlusion
}

pub(super) fn studio() -> Studio {
    let scene = |name: &str, sources: &[&str]| SceneModel {
        name: name.into(),
        sources: sources.iter().map(|source| (*source).to_owned()).collect(),
        ..SceneModel::default()
    };
    let source = |name: &str| SourceModel {
        name: name.into(),
        kind: "pattern".into(),
        location: String::new(),
        state: SourceState::Starting,
        format: None,
        dropped_frames: 0,
        dropped_blocks: 0,
        controls: Vec::new(),
        is_on_program: name == "camera",
        is_on_preview: name == "slides",
        picture: PictureSettings::default(),
    };
    let strip = |name: &str| Strip {
        name: name.into(),
        settings: StripSettings::default(),
    };
    let rendition = |name: &str| RenditionModel {
        name: name.into(),
        width: 854,
        height: 480,
        video_kbps: 700,
        occlusion_level: None,
        measured_kbps: 0,
    };
    Studio {
        name: "test".into(),
        now: Timestamp::ZERO,
        format: ProgramFormat {
            width: 1280,
            height: 720,
            frame_rate: FrameRate::whole(30),
        },
        scenes: vec![
            scene("wide", &["camera"]),
            scene("talk", &["slides"]),
            scene("both", &["slides", "camera"]),
        ],
        program: "wide".into(),
        preview: "talk".into(),
        transition: Transition {
            kind: TransitionKind::Cut,
            duration: TimeDelta::from_millis(500),
            direction: crate::picture::WipeDirection::default(),
            stinger: None,
        },
        edits: Edits::default(),
        lent: Vec::new(),
        fade: None,
        air: crate::studio::model::AirModel::default(),
        sources: vec![source("camera"), source("slides")],
        strips: vec![strip("camera"), strip("slides")],
        buses: BusSettings::default(),
        silence_alarm_s: 10.0,
        presets: vec![],
        occlusion: occlusion(),
        moderation: Moderation::default(),
        destinations: vec![],
        encoder: EncoderModel {
            video_kbps: 2500,
            width: 1280,
            height: 720,
            divisor: 1,
            control: RateControl::Constant,
            audio_kbps: 128,
            audio_rate: AudioRate::default(),
            audio_channels: Channels::default(),
            gop_seconds: 2.0,
            seconds_over: 0,
            codec: EncoderKind { has_nasm: true },
        },
        adapt: AdaptModel::default(),
        renditions: vec![rendition("720p"), rendition("480p")],
        relay: None,
        obs: None,
        recording: RecordingModel::default(),
        workers: Vec::new(),
        data: DataModel::default(),
        rules: RulesModel::default(),
        undo: Undo::default(),
        live: crate::studio::model::Live::default(),
        choosing: crate::studio::model::Choosing::default(),
        cues: crate::cue::Cues::default(),
        stats: Stats::default(),
        alarms: Alarms::default(),
        watch: ProgramWatch::default(),
        history: History::default(),
        events: VecDeque::new(),
    }
}

fn ms(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn run(studio: &mut Studio, line: &str, at: Timestamp) -> Result<Vec<Effect>, Refusal> {
    let command = parse(&split_words(line)).unwrap();
    update(studio, Input::Command(command), at)
}

/// The effects without events, which have tests of their own.
fn acts(effects: Vec<Effect>) -> Vec<Effect> {
    effects
        .into_iter()
        .filter(|effect| !matches!(effect, Effect::Event(_)))
        .collect()
}

#[test]
fn take_swaps_program_and_preview() {
    let mut studio = studio();
    let soon = TimeDelta::from_millis(20);
    assert_eq!(
        acts(run(&mut studio, "take", ms(100)).unwrap()),
        [
            // What follows the picture closes and opens over the cut.
            Effect::OnProgram(0, false, soon),
            Effect::OnProgram(1, true, soon),
            Effect::Picture
        ]
    );
    assert_eq!((studio.program.as_str(), studio.preview.as_str()), ("talk", "wide"));
    assert!(!studio.sources[0].is_on_program && studio.sources[0].is_on_preview);
    run(&mut studio, "take", ms(200)).unwrap();
    assert_eq!((studio.program.as_str(), studio.preview.as_str()), ("wide", "talk"));
    // A take of a third scene leaves preview alone, and one of the scene on program does nothing.
    run(&mut studio, "take 3", ms(300)).unwrap();
    assert_eq!((studio.program.as_str(), studio.preview.as_str()), ("both", "talk"));
    assert_eq!(run(&mut studio, "take both", ms(400)).unwrap(), []);
}

#[test]
fn a_fade_lasts_as_long_as_it_says() {
    let mut studio = studio();
    run(&mut studio, "transition fade 400ms", ms(0)).unwrap();
    run(&mut studio, "take", ms(1000)).unwrap();
    let fade = crate::studio::model::Fade {
        from: "wide".into(),
        start: ms(1000),
        duration: TimeDelta::from_millis(400),
        occlusion_level: 0,
        kind: crate::studio::model::FadeKind::Fade,
        since: Timestamp::ZERO,
    };
    assert_eq!(studio.fade, Some(fade));
    assert!(
        studio.sources.iter().all(|source| source.is_on_program),
        "both are seen while it lasts"
    );
    assert_eq!(update(&mut studio, Input::Tick, ms(1399)).unwrap(), []);
    assert_eq!(update(&mut studio, Input::Tick, ms(1400)).unwrap(), [Effect::Picture]);
    assert_eq!(studio.fade, None);
    assert!(!studio.sources[0].is_on_program);
}

#[test]
fn strips_do_as_they_are_told() {
    let mut studio = studio();
    let mut expected = StripSettings::default();
    for (line, change) in [
        (
            "gain camera -6",
            &(|s: &mut StripSettings| s.gain_db = -6.0) as &dyn Fn(&mut StripSettings),
        ),
        ("gain camera +3", &|s| s.gain_db = -3.0),
        ("gain camera +90", &|s| s.gain_db = 24.0),
        ("mute camera", &|s| s.is_muted = true),
        ("mute camera on", &|s| s.is_muted = true),
        ("solo camera on", &|s| s.is_solo = true),
        ("denoise camera", &|s| s.denoise.is_on = true),
        ("mute camera off", &|s| s.is_muted = false),
    ] {
        change(&mut expected);
        assert_eq!(
            acts(run(&mut studio, line, ms(0)).unwrap()),
            [Effect::Strip(0, expected)],
            "{line}"
        );
    }
    assert_eq!(studio.strips[1].settings, StripSettings::default());
}

#[test]
fn every_parameter_of_a_picture_can_be_set_reset_and_copied() {
    use crate::studio::model::PICTURE_PARAMS;
    let mut studio = studio();
    for param in PICTURE_PARAMS {
        let done = run(&mut studio, &format!("picture set camera {} next", param.name), ms(0));
        let done = done.unwrap_or_else(|refusal| panic!("{}: {refusal}", param.name));
        let settings = studio.sources[0].picture;
        assert_ne!((param.get)(&settings), param.default_value(), "{}", param.name);
        assert_eq!(acts(done), [Effect::Enhance(0, settings)], "{}", param.name);
    }
    let camera = studio.sources[0].picture;
    let done = run(&mut studio, "picture copy camera slides", ms(0)).unwrap();
    assert_eq!(acts(done), [Effect::Enhance(1, camera)]);
    run(&mut studio, "picture reset camera tone", ms(0)).unwrap();
    let expected = PictureSettings {
        tone: PictureSettings::default().tone,
        ..camera
    };
    assert_eq!(studio.sources[0].picture, expected);
    run(&mut studio, "picture reset camera denoise_percent", ms(0)).unwrap();
    assert!(studio.sources[0].picture.denoise.is_on, "only the one parameter");
    run(&mut studio, "picture reset camera", ms(0)).unwrap();
    assert_eq!(studio.sources[0].picture, PictureSettings::default());
    assert_eq!(studio.sources[1].picture, camera);
    let before = studio.clone();
    let refused = run(&mut studio, "picture copy slides nobody", ms(0)).unwrap_err();
    assert!(
        refused.to_string().starts_with("there is no source 'nobody'"),
        "{refused}"
    );
    assert_eq!(studio, before);
}

#[test]
fn every_parameter_can_be_set_reset_and_copied() {
    use crate::studio::model::STRIP_PARAMS;
    let mut studio = studio();
    for param in STRIP_PARAMS {
        // All but this one begin below their end.
        let step = if param.name == "denoise_percent" {
            "previous"
        } else {
            "next"
        };
        let last = run(&mut studio, &format!("set camera {} {step}", param.name), ms(0));
        last.unwrap_or_else(|refusal| panic!("{}: {refusal}", param.name));
        let settings = studio.strips[0].settings;
        assert_ne!((param.get)(&settings), param.default_value(), "{}", param.name);
    }
    run(&mut studio, "copy strip camera slides", ms(0)).unwrap();
    let (camera, slides) = (studio.strips[0].settings, studio.strips[1].settings);
    for param in STRIP_PARAMS {
        let is_copied = (param.get)(&camera) == (param.get)(&slides);
        assert_eq!(
            is_copied,
            !["mute", "solo", "afv"].contains(&param.name),
            "{}",
            param.name
        );
    }
    run(&mut studio, "reset camera eq", ms(0)).unwrap();
    assert_eq!(studio.strips[0].settings.eq, crate::sound::Eq::default());
    assert_eq!(studio.strips[0].settings.gate, camera.gate);
    run(&mut studio, "reset camera gate_ratio", ms(0)).unwrap();
    let expected = crate::studio::model::StripSettings { ..camera };
    assert!(studio.strips[0].settings.gate != expected.gate, "the ratio is back");
    run(&mut studio, "reset camera", ms(0)).unwrap();
    let expected = StripSettings {
        is_muted: true,
        is_solo: true,
        is_afv: true,
        ..StripSettings::default()
    };
    assert_eq!(studio.strips[0].settings, expected, "what is heard now stays");
    assert_eq!(
        acts(run(&mut studio, "bus set duck_by_db -=2", ms(0)).unwrap()),
        [Effect::Buses(studio.buses)]
    );
    assert_eq!(studio.buses.ducking.by_db.to_bits(), 10.0_f32.to_bits());
    run(&mut studio, "bus reset duck", ms(0)).unwrap();
    assert_eq!(studio.buses, BusSettings::default());
}

#[test]
fn a_preset_changes_how_a_strip_sounds_and_not_what_is_heard() {
    let mut studio = studio();
    for line in [
        "gain camera -6",
        "mute camera on",
        "set camera pan_percent 30",
        "set camera gate on",
    ] {
        run(&mut studio, line, ms(0)).unwrap();
    }
    let read = |text: &str| Box::new(Preset::read("street", "street.toml", text).unwrap());
    let preset = read("[strip]\nrole = \"voice\"\neq = true\neq_low_db = -4.5");
    let before = studio.clone();
    let no_strip = update(&mut studio, Input::Preset(preset.clone(), None), ms(0)).unwrap_err();
    assert_eq!(no_strip.to_string(), "preset street is for a strip: say which one");
    assert_eq!(studio, before);
    update(&mut studio, Input::Preset(preset, Some("camera".into())), ms(0)).unwrap();
    let mut expected = StripSettings {
        role: crate::studio::model::Role::Voice,
        gain_db: -6.0,
        is_muted: true,
        pan_percent: 30.0,
        ..StripSettings::default()
    };
    expected.eq.is_on = true;
    expected.eq.low.gain_db = -4.5;
    assert_eq!(studio.strips[0].settings, expected);

    let buses = read("[bus]\ntarget_lufs = -23");
    let refused = update(&mut studio, Input::Preset(buses.clone(), Some("camera".into())), ms(0)).unwrap_err();
    assert_eq!(refused.to_string(), "preset street is for the buses, not for a strip");
    let effects = acts(update(&mut studio, Input::Preset(buses, None), ms(0)).unwrap());
    let expected = BusSettings {
        target_lufs: -23.0,
        ..BusSettings::default()
    };
    assert_eq!(effects, [Effect::Buses(expected)]);
}

#[test]
fn refusals_say_what_there_is() {
    let mut studio = studio();
    for (line, expected) in [
        ("take nowhere", "there is no scene 'nowhere'; there is wide, talk, both"),
        ("preview 0", "there is no scene '0'; there is wide, talk, both"),
        ("mute host", "there is no strip 'host'; there is camera, slides"),
        (
            "gain camera 30",
            "a gain of +30.0 dB is out of range; from -60 to +24 dB can be set",
        ),
        (
            "copy strip camera host",
            "there is no strip 'host'; there is camera, slides",
        ),
        ("destination stop a", "there is no destination 'a'; there is none"),
        ("source restart x", "there is no source 'x'; there is camera, slides"),
    ] {
        let before = studio.clone();
        assert_eq!(run(&mut studio, line, ms(0)).unwrap_err().to_string(), expected);
        assert_eq!(studio, before, "{line}: a refusal changes nothing");
    }
}

#[test]
fn a_destination_lives_and_its_key_is_never_shown() {
    let mut studio = studio();
    let effects = acts(run(&mut studio, "destination add live rtmp://host/app/sk-secret", ms(0)).unwrap());
    assert!(matches!(&effects[..], [Effect::AddDestination(..), Effect::StartDestination(name)] if name == "live"));
    assert!(!format!("{effects:?} {studio:?} {}", serde_json::to_string(&studio).unwrap()).contains("sk-secret"));
    let refused = run(&mut studio, "destination add live rtmp://host/app/sk-secret", ms(0)).unwrap_err();
    assert!(!refused.to_string().contains("sk-secret"));

    let state = |state| Input::DestinationState("live".into(), state);
    update(&mut studio, state(DestinationState::Live), ms(10)).unwrap();
    assert!(studio.is_on_air());
    let lost = |attempt| DestinationState::Backoff {
        reason: "closed".into(),
        retry_in_ms: 0,
        attempt,
    };
    assert_eq!(
        update(&mut studio, state(lost(1)), ms(20)).unwrap().len(),
        1,
        "the loss is an event"
    );
    update(&mut studio, state(DestinationState::Connecting), ms(25)).unwrap();
    assert_eq!(
        update(&mut studio, state(lost(2)), ms(30)).unwrap(),
        [],
        "the same reason again is not, nor after an attempt"
    );
    assert_eq!(
        run(&mut studio, "retry", ms(40)).unwrap(),
        [Effect::RetryDestination("live".into())]
    );
    run(&mut studio, "destination remove live", ms(50)).unwrap();
    assert!(studio.destinations.is_empty());
}

#[test]
fn late_frames_are_told_once_per_second() {
    let mut studio = studio();
    let stats = |skipped_frames, skipped_in_renditions| {
        let stats = Stats {
            skipped_frames,
            skipped_in_renditions,
            ..Stats::default()
        };
        Input::Stats(stats, Vec::new())
    };
    let last = |studio: &Studio| studio.events.back().map(|event| event.text.clone());
    assert_eq!(update(&mut studio, stats(0, 0), ms(1000)).unwrap(), []);
    assert_eq!(update(&mut studio, stats(3, 0), ms(2000)).unwrap().len(), 1);
    assert_eq!(update(&mut studio, stats(3, 0), ms(3000)).unwrap(), []);
    assert_eq!(last(&studio).as_deref(), Some("late: 3 frames skipped"));
    assert_eq!(update(&mut studio, stats(3, 2), ms(4000)).unwrap().len(), 1);
    assert_eq!(
        last(&studio).as_deref(),
        Some("late: 2 frames of smaller renditions skipped")
    );
}

#[test]
fn the_lives_of_a_worker_are_told() {
    let mut studio = studio();
    let second = TimeDelta::from_millis(1000);
    let backoff = WorkerState::Backoff { retry_in_ms: 1000 };
    let reports = [
        (WorkerReport::State(WorkerState::Running, Some(7)), None),
        (
            WorkerReport::State(WorkerState::Slow, Some(7)),
            Some("is slow, and gets on with it"),
        ),
        (WorkerReport::State(WorkerState::Running, Some(7)), None),
        (WorkerReport::Lost("killed by SIGKILL".into(), TimeDelta::ZERO), None),
        (WorkerReport::State(WorkerState::Running, Some(8)), None),
        (
            WorkerReport::Replaced("killed by SIGKILL".into(), TimeDelta::from_millis(12)),
            Some("replaced within 12 ms: killed by SIGKILL"),
        ),
        (
            WorkerReport::Lost("exit code 1".into(), second),
            Some("lost: exit code 1; the next one starts in 1.0 s"),
        ),
        (WorkerReport::State(backoff.clone(), None), None),
        // The same again, from one that did not come up.
        (WorkerReport::Lost("exit code 1".into(), second), None),
        (WorkerReport::State(backoff.clone(), None), None),
        (
            WorkerReport::SpareLost("killed by SIGKILL".into()),
            Some("the spare was lost: killed by SIGKILL"),
        ),
    ];
    for (report, told) in reports {
        let effects = update(&mut studio, Input::Worker("encode".into(), report.clone()), ms(0)).unwrap();
        let text = effects.first().map(|effect| match effect {
            Effect::Event(event) => (event.subject.as_str(), event.text.as_str()),
            _ => panic!("{effect:?}"),
        });
        assert_eq!(text, told.map(|text| ("worker encode", text)), "{report:?}");
    }
    let expected = WorkerModel {
        name: "encode".into(),
        state: backoff,
        pid: None,
        losses: 3,
        last_loss: Some("exit code 1".into()),
    };
    assert_eq!(studio.workers, [expected]);
}

#[test]
fn a_rendition_has_a_level_of_its_own_until_the_policy_changes() {
    let mut studio = studio();
    let top = studio.occlusion.policy.top();
    let level = |name: &str, level| Input::Command(Command::RenditionLevel(name.into(), level));
    let effects = update(&mut studio, level("480p", Some(top)), ms(0)).unwrap();
    assert!(effects.contains(&Effect::Occlusion) && effects.contains(&Effect::Picture));
    assert_eq!(studio.renditions[1].occlusion_level, Some(top));
    assert_eq!(studio.renditions[0].occlusion_level, None);
    assert!(update(&mut studio, level("480p", Some(top + 1)), ms(0)).is_err());
    let refusal = update(&mut studio, level("4k", None), ms(0)).unwrap_err().to_string();
    assert_eq!(refusal, "there is no rendition '4k'; there is 720p, 480p");
    // What the number showed in one policy may be a whole face in the next.
    let name = studio.occlusion.policies[0].name.clone();
    update(&mut studio, Input::Command(Command::OcclusionPolicy(name)), ms(1)).unwrap();
    assert_eq!(studio.renditions[1].occlusion_level, Some(0));
    assert!(update(&mut studio, level("480p", None), ms(2)).is_ok());
    assert_eq!(studio.renditions[1].occlusion_level, None);
    let rates = Input::Stats(Stats::default(), vec![0, 655]);
    update(&mut studio, rates, ms(1000)).unwrap();
    assert_eq!(studio.renditions[1].measured_kbps, 655);
}

#[test]
fn a_picture_too_hard_for_its_bitrate_is_told_once() {
    let mut studio = studio();
    let mut told = Vec::new();
    for (second, video_kbps) in [2900, 3100, 3100, 3100, 3100, 2500, 3100].into_iter().enumerate() {
        let stats = Stats {
            video_kbps,
            ..Stats::default()
        };
        let stats = Input::Stats(stats, Vec::new());
        let effects = update(&mut studio, stats, ms(1000 * second as i64)).unwrap();
        told.extend((!effects.is_empty()).then_some(second));
    }
    assert_eq!(told, [3]);
}

proptest! {
    /// Whatever is typed in whatever order: nothing panics, program and preview exist, events stay bounded.
    #[test]
    fn any_evening_keeps_the_model_sound(
        steps in proptest::collection::vec((0..TABLE.len(), 0..6usize, 0..6usize, 0..5_000i64), 0..400)
    ) {
        let words = ["camera", "talk", "both", "+3", "toggle", "rtmp://h/a/k"];
        let mut studio = studio();
        let mut now = 0;
        for (pick, first, second, wait) in steps {
            now += wait;
            let spec = &TABLE[pick];
            if spec.scope == Scope::Client {
                continue;
            }
            let mut line = split_words(spec.name);
            line.extend([words[first], words[second]].into_iter().take(spec.args.len()).map(str::to_owned));
            if let Ok(command) = parse(&line) {
                let _ = update(&mut studio, Input::Command(command), ms(now));
            }
            prop_assert!(studio.scene(&studio.program).is_some() && studio.scene(&studio.preview).is_some());
            prop_assert!(studio.events.len() <= EVENTS_KEPT);
            prop_assert!(studio.strips.iter().all(|strip| GAIN_RANGE_DB.contains(&strip.settings.gain_db)));
        }
    }
}

#[test]
fn a_step_shows_more_or_hides_more_as_far_as_there_are_levels() {
    let mut studio = studio();
    let level = |studio: &Studio| studio.occlusion.level;
    let mut levels = Vec::new();
    for line in [
        "occlusion less",
        "occlusion less",
        "occlusion less",
        "occlusion more",
        "occlusion level 0",
    ] {
        run(&mut studio, line, ms(0)).unwrap();
        levels.push(level(&studio));
    }
    assert_eq!(levels, [1, 2, 2, 1, 0]);
    let refusal = run(&mut studio, "occlusion level 3", ms(0)).unwrap_err();
    assert_eq!(refusal.to_string(), "level 3 is above 2, the highest of this policy");
    // The levels of another policy mean something else.
    run(&mut studio, "occlusion level 2", ms(0)).unwrap();
    run(&mut studio, "occlusion policy blur", ms(0)).unwrap();
    assert_eq!((studio.occlusion.policy.name.as_str(), level(&studio)), ("blur", 0));
    assert!(run(&mut studio, "occlusion policy hats", ms(0)).is_err());
}

#[test]
fn a_scene_sets_its_level_and_a_fade_keeps_to_the_safer_one() {
    let mut studio = studio();
    studio.scenes[1].occlusion_level = Some(2);
    run(&mut studio, "transition fade 400ms", ms(0)).unwrap();
    run(&mut studio, "take talk", ms(1000)).unwrap();
    assert_eq!((studio.occlusion.level, studio.occlusion_level()), (2, 0));
    update(&mut studio, Input::Tick, ms(1400)).unwrap();
    assert_eq!(studio.occlusion_level(), 2);
    // A scene that sets none leaves it; one that sets a level that the policy does not have gets the highest.
    run(&mut studio, "cut both", ms(2000)).unwrap();
    assert_eq!(studio.occlusion.level, 2);
    studio.scenes[0].occlusion_level = Some(9);
    run(&mut studio, "cut wide", ms(3000)).unwrap();
    assert_eq!(studio.occlusion.level, 2);
}

#[test]
fn an_exemption_ends_with_the_sight_of_its_face() {
    let mut studio = studio();
    let face = |track, sight| crate::studio::model::FaceModel { track, sight };
    let tell = |studio: &mut Studio, faces: &[_]| update(studio, Input::Faces(faces.to_vec(), None), ms(0)).unwrap();
    assert!(
        run(&mut studio, "face exempt 7", ms(0)).is_err(),
        "there is no such face"
    );
    tell(&mut studio, &[face(7, Sight::Seen), face(8, Sight::Held)]);
    run(&mut studio, "face exempt 7", ms(0)).unwrap();
    assert!(run(&mut studio, "face exempt 8", ms(0)).is_err(), "it is not seen");
    assert!(studio.occlusion.is_exempt(7));
    assert_eq!(tell(&mut studio, &[face(7, Sight::Seen)]), []);
    assert_eq!(tell(&mut studio, &[face(7, Sight::Held)]), [Effect::Occlusion]);
    assert!(!studio.occlusion.is_exempt(7));
    tell(&mut studio, &[face(7, Sight::Seen)]);
    assert!(!studio.occlusion.is_exempt(7), "nor does it come back");
    run(&mut studio, "face exempt 7", ms(0)).unwrap();
    run(&mut studio, "occlusion off", ms(0)).unwrap();
    run(&mut studio, "occlusion on", ms(0)).unwrap();
    assert!(!studio.occlusion.is_exempt(7) && studio.occlusion.faces.is_empty());
}

#[test]
fn a_zone_is_a_part_of_the_program() {
    let mut studio = studio();
    run(&mut studio, "zone add door 75% 0 25% 50%", ms(0)).unwrap();
    let rect = studio.occlusion.zones[0].rect;
    assert_eq!((rect.x, rect.y, rect.width, rect.height), (960, 0, 320, 360));
    run(&mut studio, "zone add door 0 0 10 10", ms(0)).unwrap();
    assert_eq!(studio.occlusion.zones.len(), 1, "moved");
    assert!(run(&mut studio, "zone remove window", ms(0)).is_err());
    run(&mut studio, "zone remove door", ms(0)).unwrap();
    assert!(studio.occlusion.zones.is_empty());
}
