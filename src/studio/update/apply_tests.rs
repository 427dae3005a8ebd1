//! A show that becomes another while it runs.

#![allow(clippy::float_cmp, reason = "what is set is compared with what was written")]

use proptest::prelude::*;

use super::super::{Input, update};
use super::*;
use crate::media::Timestamp;
use crate::scene::{diff, from_text, keep_running, merge, renames};
use crate::studio::command::Command;
use crate::studio::model::SourceState;
use crate::studio::opening;

const BASE: &str = r#"
[source.one]
kind = "pattern"
[source.two]
kind = "pattern"
style = "ramp"
[strip.one]
gain_db = -3
[scene.wide]
items = [{ source = "one" }, { source = "two", position = ["50%", 0], size = ["50%", "50%"] }]
[scene.close]
items = [{ source = "two" }]
[destination.main]
url = "rtmp://host/live"
key = "secret"
"#;

fn read(text: &str) -> Show {
    from_text("/shows/show.toml", text, &[], &|_| None).unwrap_or_else(|errors| panic!("{errors}"))
}

/// What the core task makes of a file that was read.
fn new_show(studio: &Studio, running: &Show, from: &Show, to: &Show, why: Why) -> NewShow {
    let live = live_show(running, studio, &running.destinations);
    let show = keep_running(&live, &merge(from, to, &live));
    let other = |name: &str| {
        let of = |show: &Show| show.sources.iter().find(|spec| spec.name == name).cloned();
        of(&live).is_some() && of(&live) != of(&show)
    };
    let moved = show.destinations.iter().filter(|spec| {
        let was = live.destinations.iter().find(|was| was.name == spec.name);
        was.is_some_and(|was| was != *spec)
    });
    NewShow {
        read: to.scenes.clone(),
        renames: renames(from, to),
        source_renames: Vec::new(),
        replaced: show
            .sources
            .iter()
            .map(|spec| spec.name.clone())
            .filter(|name| other(name))
            .collect(),
        moved: moved.map(|spec| spec.name.clone()).collect(),
        differences: diff(from, to),
        waits: Vec::new(),
        show,
        why,
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::ZERO + TimeDelta::from_millis(ms)
}

fn applied(studio: &mut Studio, from: &str, to: &str, why: Why) -> Result<(Vec<Effect>, Vec<String>), Refusal> {
    let (from, to) = (read(from), read(to));
    let new = new_show(studio, &from, &from, &to, why);
    let effects = update(studio, Input::Show(Box::new(new)), at(1000))?;
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::Event(event) => Some(format!("{}: {}", event.subject, event.text)),
        _ => None,
    });
    let told = told.collect();
    Ok((effects, told))
}

fn studio() -> Studio {
    opening::studio("test", &read(BASE))
}

#[test]
fn a_save_is_told_difference_by_difference_and_in_one_line() {
    let mut studio = studio();
    let to = BASE
        .replace("size = [\"50%\", \"50%\"]", "size = [\"60%\", \"60%\"]")
        .replace("gain_db = -3", "gain_db = -6");
    let (effects, told) = applied(&mut studio, BASE, &to, Why::Saved).unwrap();
    assert_eq!(
        told,
        [
            "strip one: gain_db -3dB → -6dB",
            "scene wide: item two size 50% → 60%",
            "show: the scene file was saved: 2 changes",
        ]
    );
    assert!(effects.contains(&Effect::Picture));
    assert!(
        matches!(effects.iter().find(|effect| matches!(effect, Effect::Strip(..))), Some(Effect::Strip(0, settings)) if settings.gain_db == -6.0)
    );
    assert!(effects.iter().all(|effect| !matches!(effect, Effect::Sources(_))));
    assert_eq!(studio.scene("wide").unwrap().items[1].target.width, 768);
    assert_eq!(studio.live.applied, 1);
}

#[test]
fn sources_come_and_go_with_everything_that_is_numbered_after_them() {
    let mut studio = studio();
    studio.strips[1].settings.gain_db = 4.0;
    studio.sources[1].state = SourceState::Live;
    let to = BASE
        .replace("[source.one]", "[source.zero]\nkind = \"pattern\"\n[source.one]")
        .replace("style = \"ramp\"", "style = \"grid\"")
        .replace("{ source = \"one\" }", "{ source = \"zero\" }");
    let to = to
        .replace("[source.one]\nkind = \"pattern\"\n", "")
        .replace("[strip.one]\ngain_db = -3\n", "");
    let (effects, _) = applied(&mut studio, BASE, &to, Why::Saved).unwrap();
    let recasting = effects.iter().find_map(|effect| match effect {
        Effect::Sources(recasting) => Some(recasting.clone()),
        _ => None,
    });
    assert_eq!(
        recasting,
        Some(Recasting {
            from: vec![None, Some(1)],
            is_fresh: vec![true, true],
        })
    );
    let names = studio
        .sources
        .iter()
        .map(|source| source.name.as_str())
        .collect::<Vec<_>>();
    assert_eq!(names, ["zero", "two"]);
    // What an operator has set on a source that comes from elsewhere now stays set.
    assert_eq!(
        (studio.strips[1].name.as_str(), studio.strips[1].settings.gain_db),
        ("two", 4.0)
    );
    assert_eq!(studio.sources[1].state, SourceState::Starting);
    assert!(studio.sources[0].is_on_program && studio.sources[1].is_on_program);
    assert_eq!(studio.scene("wide").unwrap().sources, ["zero", "two"]);
    let back = applied(&mut studio, &to, BASE, Why::Saved).unwrap();
    assert!(
        back.1.iter().any(|line| line.starts_with("source zero: removed")),
        "{:?}",
        back.1
    );
}

#[test]
fn program_is_never_taken_away_unless_it_has_only_got_another_name() {
    let mut studio = studio();
    let without = BASE.replace(
        "[scene.wide]\nitems = [{ source = \"one\" }, { source = \"two\", position = [\"50%\", 0], size = [\"50%\", \"50%\"] }]\n",
        "",
    );
    let before = studio.clone();
    let refused = applied(&mut studio, BASE, &without, Why::Saved).unwrap_err();
    assert_eq!(refused, Refusal::SceneOnAir("wide".into(), "program"));
    assert_eq!((&studio.scenes, &studio.sources), (&before.scenes, &before.sources));
    let renamed = BASE.replace("scene.wide", "scene.everybody");
    applied(&mut studio, BASE, &renamed, Why::Saved).unwrap();
    assert_eq!(
        (studio.program.as_str(), studio.preview.as_str()),
        ("everybody", "close")
    );
}

#[test]
fn a_destination_with_another_key_is_connected_anew_and_one_that_was_stopped_stays_so() {
    let mut studio = studio();
    let to = BASE.replace("secret", "other");
    studio.destinations[0].state = DestinationState::Live;
    let (effects, told) = applied(&mut studio, BASE, &to, Why::Saved).unwrap();
    assert!(effects.contains(&Effect::RemoveDestination("main".into())));
    assert!(effects.contains(&Effect::KnowDestination("main".into(), true)));
    assert!(
        told.iter()
            .all(|line| !line.contains("secret") && !line.contains("other")),
        "{told:?}"
    );
    studio.destinations[0].state = DestinationState::Idle;
    let (effects, _) = applied(&mut studio, &to, BASE, Why::Saved).unwrap();
    assert!(effects.contains(&Effect::KnowDestination("main".into(), false)));
}

#[test]
fn what_is_not_confirmed_is_told_and_goes_back() {
    let mut studio = studio();
    let to = BASE.replace("gain_db = -3", "gain_db = -6");
    let within = Some(TimeDelta::from_millis(20_000));
    applied(&mut studio, BASE, &to, Why::Applied("/shows/other.toml".into(), within)).unwrap();
    assert_eq!(studio.live.confirm.as_ref().unwrap().left_s(at(1000)), 20);
    let again = applied(&mut studio, BASE, &to, Why::Applied("/shows/other.toml".into(), None)).unwrap_err();
    assert_eq!(again, Refusal::Unconfirmed);
    let mut told = Vec::new();
    let mut back = 0;
    for ms in (1000..23_000).step_by(50) {
        for effect in update(&mut studio, Input::Tick, at(ms)).unwrap() {
            match effect {
                Effect::Event(event) => told.push((ms, event.text)),
                Effect::Rollback => back += 1,
                _ => {}
            }
        }
    }
    let said = |ms: i64, seconds: i64| {
        (
            ms,
            format!("what was applied goes back in {seconds} s unless it is confirmed"),
        )
    };
    assert_eq!(told, [said(11_000, 10), said(16_000, 5)]);
    assert_eq!(back, 1);
    let mut kept = self::studio();
    applied(&mut kept, BASE, &to, Why::Applied("/shows/other.toml".into(), within)).unwrap();
    let effects = update(&mut kept, Input::Command(Command::Confirm), at(2000)).unwrap();
    assert_eq!(effects[0], Effect::Confirmed);
    assert_eq!(
        update(&mut kept, Input::Command(Command::Rollback), at(2000)),
        Err(Refusal::NothingWaits)
    );
}

#[test]
fn what_is_wrong_with_the_file_is_told_once() {
    let mut studio = studio();
    let invalid = || Input::Disk(DiskState::Invalid, vec!["show.toml:3:1: scene: no items".into()]);
    let first = update(&mut studio, invalid(), at(0)).unwrap();
    let again = update(&mut studio, invalid(), at(1)).unwrap();
    assert_eq!((first.len(), again.len()), (1, 0));
    assert_eq!(studio.live.disk, DiskState::Invalid);
}

/// Gains, opacities and places that a file may say.
fn texts() -> impl Strategy<Value = String> {
    (-20i32..20, 0i32..10, 0i32..100, any::<bool>(), any::<bool>()).prop_map(|(gain, opacity, share, has_third, is_ramp)| {
        let mut text = BASE
            .replace("gain_db = -3", &format!("gain_db = {gain}"))
            .replace("{ source = \"one\" }", &format!("{{ source = \"one\", opacity = {} }}", f64::from(opacity) / 10.0))
            .replace("[\"50%\", 0]", &format!("[\"{share}%\", 0]"));
        if has_third {
            text = text.replace("[scene.close]", "[source.three]\nkind = \"pattern\"\n[scene.third]\nitems = [{ source = \"three\" }]\n[scene.close]");
        }
        if !is_ramp {
            text = text.replace("style = \"ramp\"", "style = \"grid\"");
        }
        // Scenes that come do not become the ones to start with: what is on preview would have to stay.
        text + "[start]\nprogram = \"wide\"\npreview = \"close\"\n"
    })
}

proptest! {
    #[test]
    fn the_model_becomes_what_the_file_says_and_goes_back(from in texts(), to in texts()) {
        let (a, b) = (read(&from), read(&to));
        let mut studio = opening::studio("test", &a);
        let before = live_show(&a, &studio, &a.destinations);
        let new = new_show(&studio, &a, &a, &b, Why::Saved);
        let running = new.show.clone();
        update(&mut studio, Input::Show(Box::new(new)), at(0)).unwrap();
        let after = live_show(&running, &studio, &b.destinations);
        prop_assert_eq!(diff(&after, &b), []);
        let back = new_show(&studio, &running, &after, &before, Why::Back("rolled back"));
        let running = back.show.clone();
        update(&mut studio, Input::Show(Box::new(back)), at(1)).unwrap();
        let again = live_show(&running, &studio, &a.destinations);
        prop_assert_eq!(diff(&again, &before), []);
    }
}
