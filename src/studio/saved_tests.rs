//! What is saved comes back, on paper and in the show; what is broken is refused with its place, or left out with a word.

use proptest::prelude::*;

use super::*;
use crate::media::Timestamp;
use crate::scene;
use crate::scene::{MAX_ZONES, Zone};
use crate::studio::command::{parse, split_words};
use crate::studio::model::{ItemPatch, MaskKind, ModerationStanding, OcclusionLevel, Policy, Rect, StripSettings};
use crate::studio::opening;
use crate::studio::update::{Input, update};

const SCENE: &str = "
[source.bars]
kind = \"pattern\"
[source.grid]
kind = \"pattern\"
[scene.one]
items = [{ source = \"bars\" }]
[scene.two]
items = [{ source = \"grid\" }]
[destination.main]
url = \"rtmp://127.0.0.1/live/sk-main\"
[destination.spare]
url = \"rtmp://127.0.0.1/live/sk-spare\"
";

fn show() -> Show {
    scene::from_text("show.toml", SCENE, &[], &|_| None).unwrap()
}

/// The show after these command lines, with what the studio would know of its destinations then.
fn after(lines: &[&str]) -> (Studio, Vec<DestinationSpec>) {
    use crate::studio::update::Effect;
    let show = show();
    let mut studio = opening::studio("test", &show);
    let mut specs = show.destinations;
    for line in lines {
        let command = parse(&split_words(line)).unwrap();
        for effect in update(&mut studio, Input::Command(command), Timestamp::ZERO).unwrap() {
            match effect {
                Effect::AddDestination(name, url, rendition) => specs.push(DestinationSpec {
                    rendition,
                    ..DestinationSpec::new(name, url)
                }),
                Effect::RemoveDestination(name) => specs.retain(|spec| spec.name != name),
                _ => {}
            }
        }
    }
    (studio, specs)
}

fn standing(studio: &Studio, specs: &[DestinationSpec], stopped: &[&str]) -> Standing {
    Standing::of(studio, specs, &show().destinations, |name| !stopped.contains(&name))
}

fn script() -> Script {
    Script {
        inside: Some(Secret::new("[source.a]\nkey = \"sk-inside\"")),
        on_disk: BTreeMap::from([(PathBuf::from("/show.toml"), Secret::new("# as it was"))]),
        unsaved: vec!["added a".to_owned()],
        scene: Some("/shows/show.toml".into()),
        folder: "/shows".into(),
        overrides: vec![("destination.main.key".into(), Secret::new("sk-set"))],
        environment: BTreeMap::from([("SHOW_KEY".to_owned(), Secret::new("sk-env"))]),
        texts: BTreeMap::from([(PathBuf::from("/shows/show.toml"), Secret::new(SCENE))]),
    }
}

#[test]
fn what_operators_changed_comes_back() {
    let (studio, specs) = after(&[
        "cut two",
        "preview two",
        "transition fade 1.5s",
        "gain bars -6.5",
        "mute grid on",
        "solo bars on",
        "denoise grid on",
        "set grid gate on",
        "set grid gate_threshold_db -33",
        "bus set duck_by_db 9",
        "picture set grid denoise on",
        "picture set grid contrast_percent 15",
        "bitrate 3100",
        "destination remove spare",
        "destination add more rtmp://127.0.0.1/live/sk-more",
        // Under the name of one that is gone: not the scene's any more.
        "destination add spare rtmp://127.0.0.1/live/sk-other",
    ]);
    let url = SecretUrl::parse("rtmp://127.0.0.1/live/sk-given").unwrap();
    let saved = Saved::new(
        &script(),
        std::slice::from_ref(&url),
        standing(&studio, &specs, &["more"]),
    );
    let read = Saved::from_json(&saved.to_json().unwrap()).unwrap();
    assert_eq!(read, saved);
    assert_eq!(read.script(), script());
    assert_eq!(read.published(), [url]);

    let mut resumed = show();
    let applied = read.standing().apply(&mut resumed);
    assert_eq!(
        applied,
        Applied {
            stopped: vec!["more".into()],
            missing: vec![]
        }
    );
    let again = opening::studio("test", &resumed);
    assert_eq!((again.program.as_str(), again.preview.as_str()), ("two", "two"));
    assert_eq!((&again.transition, again.encoder), (&studio.transition, studio.encoder));
    assert_eq!(again.strips, studio.strips);
    let pictures = |studio: &Studio| studio.sources.iter().map(|source| source.picture).collect::<Vec<_>>();
    assert_eq!(pictures(&again), pictures(&studio));
    assert!(again.sources[1].picture.denoise.is_on);
    assert_eq!(again.destinations, studio.destinations);
    assert_eq!(resumed.destinations, specs);
    assert!(again.sources[1].is_on_program && !again.sources[0].is_on_program);
    // Saved again it is the same: nothing wears off from crash to crash.
    assert_eq!(standing(&again, &resumed.destinations, &["more"]), *read.standing());
}

#[test]
fn secrets_are_in_the_file_and_nowhere_else() {
    let (studio, specs) = after(&["destination add more rtmp://127.0.0.1/live/sk-more"]);
    let url = SecretUrl::parse("rtmp://127.0.0.1/live/sk-given").unwrap();
    let saved = Saved::new(&script(), &[url], standing(&studio, &specs, &[]));
    let file = String::from_utf8(saved.to_json().unwrap()).unwrap();
    for key in ["sk-more", "sk-given", "sk-set", "sk-env", "sk-main"] {
        assert!(file.contains(key), "{key}");
    }
    let shown = format!("{saved:?}");
    assert!(!shown.contains("sk-"), "{shown}");
    // The scene says where its own destinations are.
    let json: serde_json::Value = serde_json::from_str(&file).unwrap();
    let urls = json["standing"]["destinations"].as_array().unwrap().iter();
    let urls: Vec<_> = urls.map(|destination| destination["url"].as_str()).collect();
    assert_eq!(urls, [None, None, Some("rtmp://127.0.0.1/live/sk-more")]);
}

#[test]
fn what_is_no_state_is_refused_with_its_place() {
    let (studio, specs) = after(&[]);
    let file = Saved::new(&script(), &[], standing(&studio, &specs, &[]))
        .to_json()
        .unwrap();
    // As a crash in the middle of a plain write would leave it. (The last byte closes the text.)
    for end in 0..file.len() {
        let error = Saved::from_json(&file[..end]).unwrap_err();
        assert!(matches!(error, SavedError::Torn { .. }), "{end}: {error}");
    }
    let other = String::from_utf8(file)
        .unwrap()
        .replacen("\"version\":3", "\"version\":1", 1);
    let error = Saved::from_json(other.as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "it was written in form 1; this program reads form 3");
    for (text, expected) in [
        ("{\n  \"version\": 3,\n  sk-key }", "3:3: this is no saved state"),
        ("{\"version\": \"sk-key\"}", "1:20: this is no saved state"),
        ("{\"version\": 3}", "1:14: this is no saved state"),
        ("", "1:0: it ends in the middle"),
        ("[1, 2]", "1:1: this is no saved state"),
    ] {
        let error = Saved::from_json(text.as_bytes()).unwrap_err().to_string();
        assert!(!error.contains("sk-"), "{error}");
        assert_eq!(error.split(": ").last(), expected.split(": ").last(), "{text}: {error}");
    }
}

fn any_standing() -> impl Strategy<Value = Standing> {
    let name = prop::sample::select(vec!["one", "two", "bars", "grid", "main", "spare", "gone", ""]);
    let strip = (name.clone(), any::<u32>(), any::<bool>()).prop_map(|(name, gain, is_muted)| Strip {
        name: name.to_owned(),
        settings: StripSettings {
            gain_db: f32::from_bits(gain),
            is_muted,
            ..StripSettings::default()
        },
    });
    let picture = (name.clone(), any::<u32>()).prop_map(|(name, bits)| {
        let mut settings = PictureSettings::default();
        settings.tone.contrast_percent = f32::from_bits(bits);
        (name.to_owned(), settings)
    });
    let url = prop::option::of(prop::sample::select(vec![
        "rtmp://127.0.0.1/a/b",
        "http://127.0.0.1/",
        "",
        "rtmps://h/a",
    ]));
    let destination = (name.clone(), url, any::<bool>()).prop_map(|(name, url, is_started)| SavedDestination {
        name: name.to_owned(),
        url: url.map(|url| Clear(Secret::new(url))),
        rendition: None,
        is_started,
    });
    let lists = (
        prop::collection::vec(strip, 0..5),
        prop::collection::vec(destination, 0..5),
        prop::collection::vec(picture, 0..5),
    );
    (name.clone(), name, any::<i64>(), any::<u32>(), lists).prop_map(|(program, preview, ms, video_kbps, lists)| {
        Standing {
            program: program.to_owned(),
            preview: preview.to_owned(),
            transition: Transition {
                kind: scene::TransitionKind::Fade,
                duration: TimeDelta::from_millis(ms % 1_000_000),
                direction: crate::picture::WipeDirection::default(),
                stinger: None,
            },
            strips: lists.0,
            pictures: lists.2,
            buses: BusSettings::default(),
            video_kbps,
            rules: (ms % 13 != 0).then(|| RulesKept {
                is_on: ms % 2 == 0,
                overridden: (ms % 3 == 0).then(|| (preview.to_owned(), program.to_owned())),
                ..RulesKept::default()
            }),
            cues: None,
            moderation: (ms % 5 != 0).then(|| ModerationStanding {
                hold: TimeDelta::from_millis(ms % 100_000),
                is_armed: ms % 2 == 0,
                is_unjudged_passed: ms % 7 == 0,
                is_program_muted: ms % 11 == 0,
                muted_strips: vec![preview.to_owned()],
            }),
            adapt: (ms % 3 != 0).then(|| SavedAdapt {
                is_on: ms % 2 == 0,
                policy: program.to_owned(),
                pins: vec![
                    Pin::Kbps(0, video_kbps),
                    Pin::Height(7, 0),
                    Pin::FrameRate(0, ms as u32),
                ],
            }),
            rendition_levels: vec![("480p".to_owned(), (ms % 2 == 0).then_some(ms as u8))],
            occlusion: any_occlusion(ms),
            scenes: any_scenes(program, ms),
            destinations: lists.1,
        }
    })
}

/// Edits of a scene that may not be there, with values that no item can have.
fn any_scenes(name: &str, ms: i64) -> ScenesStanding {
    let patch = ItemPatch {
        target: Some(Rect {
            x: ms as i32,
            y: 0,
            width: (ms % 9) as i32,
            height: i32::MAX,
        }),
        opacity: Some(ms as f32),
        order: Some(vec![(name.to_owned(), i32::MIN)]),
        ..ItemPatch::default()
    };
    ScenesStanding {
        edits: vec![SceneEdits {
            name: name.to_owned(),
            items: vec![("bars".to_owned(), patch)],
            parameters: vec![("price".to_owned(), "1".to_owned())],
            by_hand: vec!["price".to_owned()],
        }],
        lent: Vec::new(),
    }
}

/// A policy of two levels, and numbers that may be beyond it.
fn any_occlusion(number: i64) -> OcclusionSettings {
    let open = OcclusionLevel {
        strength: 0.0,
        ..OcclusionLevel::HIDDEN
    };
    let levels = vec![OcclusionLevel::HIDDEN, open];
    let zone = Zone {
        name: "door".into(),
        rect: Rect {
            x: number as i32,
            y: 0,
            width: 10,
            height: 10,
        },
    };
    OcclusionSettings {
        is_armed: number % 2 == 0,
        policy: Policy::new("mine".into(), String::new(), None, levels).unwrap(),
        level: number as u8,
        mask: MaskKind::Mosaic,
        sticker: None,
        zones: vec![zone; (number as usize) % 40],
    }
}

proptest! {
    #[test]
    fn any_standing_leaves_a_show_that_can_start(standing in any_standing()) {
        let mut resumed = show();
        let applied = standing.apply(&mut resumed);
        prop_assert!(resumed.occlusion.level <= resumed.occlusion.policy.top());
        prop_assert!(resumed.occlusion.zones.len() <= MAX_ZONES);
        prop_assert!(resumed.scene(&resumed.start.program).is_some() && resumed.scene(&resumed.start.preview).is_some());
        prop_assert_eq!(resumed.strips.len(), 2);
        for (_, settings) in &resumed.strips {
            prop_assert_eq!(*settings, settings.sanitised());
        }
        prop_assert_eq!(resumed.pictures.len(), 2);
        for (_, settings) in &resumed.pictures {
            prop_assert_eq!(*settings, settings.sanitised());
        }
        prop_assert!(KBPS.contains(&resumed.video.bitrate_kbps));
        prop_assert!((TimeDelta::ZERO..=TimeDelta::from_millis(LONGEST_FADE_MS)).contains(&resumed.transition.duration));
        let names: std::collections::BTreeSet<_> = resumed.destinations.iter().map(|spec| &spec.name).collect();
        prop_assert_eq!(names.len(), resumed.destinations.len());
        prop_assert!(resumed.destinations.iter().all(|spec| DestinationSpec::accepts(&spec.url)));
        prop_assert_eq!(resumed.destinations.len() + applied.missing.iter().filter(|text| text.contains("destination")).count(),
            standing.destinations.len());
    }

    #[test]
    fn damaged_states_are_read_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let (studio, specs) = after(&["destination add more rtmp://127.0.0.1/live/sk-more"]);
        let mut file = Saved::new(&script(), &[], standing(&studio, &specs, &[])).to_json().unwrap();
        let at = at.index(file.len());
        file[at] = byte;
        file.truncate(cut.index(file.len() * 2));
        match Saved::from_json(&file) {
            Ok(saved) => { let _ = saved.standing().apply(&mut show()); }
            Err(error) => prop_assert!(!error.to_string().contains("sk-")),
        }
    }
}

#[test]
fn what_waits_to_be_confirmed_goes_on_waiting_or_goes_back() {
    let other = SCENE.replace(
        "kind = \"pattern\"\n[source.grid]",
        "kind = \"pattern\"\nstyle = \"ramp\"\n[source.grid]",
    ) + "[strip.bars]\ngain_db = -9\n";
    let file = scene::from_text("show.toml", &other, &[], &|_| None).unwrap();
    // Before it an operator had set something, and something else since.
    let (studio, specs) = after(&["gain bars -3"]);
    let before = standing(&studio, &specs, &[]);
    let (studio, specs) = after(&["gain bars -9", "mute grid on"]);
    let begun = Duration::from_secs(1_000);
    let until = begun + Duration::from_secs(30);
    let mut saved = Saved::new(&script(), &[], standing(&studio, &specs, &[]));
    saved.set_show(&script(), Some(SavedWaiting::new(&script(), before, until)));
    let saved = Saved::from_json(&saved.to_json().unwrap()).unwrap();
    let waiting = saved.waiting().unwrap();
    assert_eq!(
        waiting.left(begun + Duration::from_secs(10)),
        Some(Duration::from_secs(20))
    );
    assert_eq!(waiting.left(until), None);
    let opened = |left| opening::Opening::resumed_waiting(file.clone(), &saved, show(), waiting.standing(), left);
    let gains = |show: &Show| (show.strips[0].1.gain_db, show.strips[1].1.is_muted);
    let waits = opened(Some(Duration::from_secs(20)));
    assert_eq!(gains(&waits.show), (-9.0, true));
    assert_eq!(
        (waits.read, waits.show.sources[0].clone()),
        (file.clone(), file.sources[0].clone())
    );
    assert_eq!(waits.waiting.unwrap().left, Duration::from_secs(20));
    let back = opened(None);
    assert_eq!(gains(&back.show), (-3.0, true));
    assert_eq!(back.show.sources, show().sources);
    assert_eq!(back.read, show());
    assert!(back.waiting.is_none() && back.news.iter().any(|(_, text)| text.contains("taken back")));
}

#[test]
fn what_was_changed_by_hand_in_scenes_comes_back() {
    let (mut studio, specs) = after(&[
        "cut two",
        "item move two grid 25% 10",
        "item hide one bars",
        "item opacity two 1 30%",
    ]);
    studio.scenes[1].strips = vec![crate::scene::SceneStrip {
        strip: "grid".into(),
        set: vec![("gain_db".into(), crate::param::Value::Number(-6.0))],
    }];
    studio.change_scene_strips();
    let saved = Saved::new(&script(), &[], standing(&studio, &specs, &[]));
    let saved = Saved::from_json(&saved.to_json().unwrap()).unwrap();
    let mut fresh = show();
    fresh.scenes[1].strips.clone_from(&studio.scenes[1].strips);
    let opening = opening::Opening::resumed(fresh, &saved);
    let mut again = opening::studio("test", &opening.show);
    opening::resume_scenes(&mut again, &opening.show, opening.scenes.as_ref().unwrap());
    assert_eq!(again.scenes, studio.scenes);
    assert_eq!(again.edits.changed, studio.edits.changed);
    assert_eq!(again.strips, studio.strips);
    assert_eq!(again.lent, studio.lent);
    let marks = |studio: &Studio| {
        studio
            .sources
            .iter()
            .map(|source| (source.is_on_program, source.is_on_preview))
            .collect::<Vec<_>>()
    };
    assert_eq!(marks(&again), marks(&studio));
    let command = parse(&split_words("cut one")).unwrap();
    update(&mut again, Input::Command(command), Timestamp::ZERO).unwrap();
    assert!(
        again.strips[1].settings.gain_db.abs() < f32::EPSILON,
        "what was there before is known"
    );
}
