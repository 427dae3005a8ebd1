//! Takes by wipes and stingers, and those that come while another transition is under way.

use super::super::tests::studio;
use super::*;
use crate::media::Timestamp;
use crate::picture::WipeDirection;
use crate::scene::Matte;
use crate::studio::command::{Command, parse, split_words};
use crate::studio::model::Studio;
use crate::studio::update::{Input, update};

fn ms(at: i64) -> Timestamp {
    Timestamp::from_millis(at)
}

fn run(studio: &mut Studio, line: &str, at: i64) -> Result<Vec<Effect>, Refusal> {
    let command: Command = parse(&split_words(line)).unwrap();
    update(studio, Input::Command(command), ms(at))
}

/// A show with two scenes of which the first is on program, and a clip.
fn with_stinger() -> Studio {
    let mut studio = studio();
    studio.transition.stinger = Some(Stinger {
        source: "slides".into(),
        cut_at: TimeDelta::from_millis(300),
        matte: Matte::Side,
    });
    studio
}

fn report(studio: &mut Studio, state: SourceState, at: i64) -> Vec<Effect> {
    update(studio, Input::SourceState("slides".into(), state), ms(at)).unwrap()
}

#[test]
fn a_wipe_goes_where_it_is_told() {
    let mut studio = studio();
    run(&mut studio, "wipe up 400ms", 1000).unwrap();
    let fade = studio.fade.clone().unwrap();
    assert_eq!(fade.kind, FadeKind::Wipe(WipeDirection::Up));
    assert_eq!(
        (fade.duration, studio.air.since),
        (TimeDelta::from_millis(400), ms(1000))
    );
    update(&mut studio, Input::Tick, ms(1400)).unwrap();
    assert_eq!(studio.fade, None);
    run(&mut studio, "transition wipe 200ms", 1500).unwrap();
    run(&mut studio, "take", 1600).unwrap();
    let fade = studio.fade.clone().unwrap();
    assert_eq!(
        (fade.kind, fade.since),
        (FadeKind::Wipe(WipeDirection::Right), ms(1000))
    );
}

#[test]
fn a_scene_may_have_a_transition_of_its_own() {
    let mut studio = studio();
    let next = studio.preview.clone();
    let own = Transition {
        kind: TransitionKind::Wipe,
        duration: TimeDelta::from_millis(700),
        direction: WipeDirection::Left,
        stinger: None,
    };
    studio
        .scenes
        .iter_mut()
        .find(|scene| scene.name == next)
        .unwrap()
        .transition = Some(own);
    run(&mut studio, "take", 0).unwrap();
    assert_eq!(studio.fade.as_ref().unwrap().kind, FadeKind::Wipe(WipeDirection::Left));
    // A cut is a cut.
    run(&mut studio, "take", 2000).unwrap();
    run(&mut studio, "cut", 4000).unwrap();
    assert_eq!(studio.fade, None);
}

#[test]
fn a_stinger_ends_with_its_clip() {
    let mut studio = with_stinger();
    assert_eq!(
        run(&mut super::super::tests::studio(), "stinger", 0),
        Err(Refusal::NoStinger)
    );
    let effects = run(&mut studio, "stinger", 1000).unwrap();
    let restart = effects
        .iter()
        .position(|effect| *effect == Effect::RestartSource("slides".into()));
    let picture = effects.iter().position(|effect| *effect == Effect::Picture);
    assert!(restart.unwrap() < picture.unwrap(), "{effects:?}");
    report(&mut studio, SourceState::Starting, 1010);
    report(&mut studio, SourceState::Live, 1100);
    update(&mut studio, Input::Tick, ms(3000)).unwrap();
    assert!(studio.fade.is_some(), "as long as it plays");
    let effects = report(&mut studio, SourceState::Ended, 3100);
    assert!(studio.fade.is_none() && effects.contains(&Effect::Picture));
}

#[test]
fn a_stinger_that_does_not_begin_is_a_cut_and_told() {
    for state in [
        None,
        Some(SourceState::Failed {
            reason: "no such file".into(),
        }),
    ] {
        let mut studio = with_stinger();
        run(&mut studio, "stinger", 1000).unwrap();
        if let Some(state) = state {
            report(&mut studio, state, 1200);
        } else {
            update(&mut studio, Input::Tick, ms(1499)).unwrap();
            assert!(studio.fade.is_some());
            update(&mut studio, Input::Tick, ms(1500)).unwrap();
            let told = studio.events.iter().any(|event| event.text.contains("does not begin"));
            assert!(told, "{:?}", studio.events);
        }
        assert_eq!(studio.fade, None);
    }
    // One that is known to be broken is not waited for.
    let mut studio = with_stinger();
    report(
        &mut studio,
        SourceState::Failed {
            reason: "broken".into(),
        },
        100,
    );
    run(&mut studio, "stinger", 1000).unwrap();
    assert_eq!(studio.fade, None);
}

#[test]
fn a_take_within_a_transition_keeps_to_the_more_protective_level() {
    let mut studio = studio();
    run(&mut studio, "fade 1s", 0).unwrap();
    studio.fade.as_mut().unwrap().occlusion_level = 0;
    studio.occlusion.level = 3;
    let from = studio.program.clone();
    run(&mut studio, "fade 1s", 500).unwrap();
    let fade = studio.fade.clone().unwrap();
    assert_eq!((fade.from, fade.occlusion_level, fade.start), (from, 0, ms(500)));
}
