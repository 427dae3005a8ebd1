//! Requests about the ways from one scene to the next.

use serde_json::{Value, json};

use super::super::code::Status;
use super::super::names::{Thing, Way, uuid, way, ways};
use super::scenes::needs_studio_mode;
use super::{Fields, Handler, Outcome, Refusal, View, done, order};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("GetTransitionKindList", kinds),
    ("GetSceneTransitionList", list),
    ("GetCurrentSceneTransition", current),
    ("SetCurrentSceneTransition", set),
    ("SetCurrentSceneTransitionDuration", set_duration),
    ("GetCurrentSceneTransitionCursor", cursor),
    ("TriggerStudioModeTransition", trigger),
];

/// The longest that the command takes.
const MOST_MS: f64 = 10_000.0;

fn kinds(_: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    let kinds: Vec<_> = ways().map(|way| way.kind).collect();
    done(json!({ "transitionKinds": kinds }))
}

fn about(way: Way) -> Value {
    json!({
        "transitionName": way.name,
        "transitionUuid": uuid(Thing::Transition, way.name),
        "transitionKind": way.kind,
        "transitionFixed": way.is_fixed(),
        "transitionConfigurable": false,
    })
}

fn list(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    let now = way(view.studio.transition.kind);
    done(json!({
        "currentSceneTransitionName": now.name,
        "currentSceneTransitionUuid": uuid(Thing::Transition, now.name),
        "currentSceneTransitionKind": now.kind,
        "transitions": ways().map(about).collect::<Vec<_>>(),
    }))
}

fn current(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    let transition = &view.studio.transition;
    let now = way(transition.kind);
    let mut answer = about(now);
    let duration = transition.duration.to_millis();
    answer["transitionDuration"] = if now.is_fixed() { Value::Null } else { duration.into() };
    answer["transitionSettings"] = Value::Null;
    done(answer)
}

fn set(_: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let name = fields.text("transitionName")?;
    let way = ways().find(|way| way.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let known: Vec<_> = ways().map(|way| way.name).collect();
        let comment = format!("there is no such transition; there is {}", known.join(", "));
        Refusal::new(Status::ResourceNotFound, comment)
    })?;
    order(["transition", way.word])
}

fn set_duration(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let ms = fields.number("transitionDuration", 50.0..=MOST_MS)?;
    let now = way(view.studio.transition.kind);
    order(["transition", now.word, &format!("{ms:.0}ms")])
}

/// How far the take under way has come, from 0 to 1.
fn cursor(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    let share = view.studio.fade.as_ref().map_or(1.0, |fade| {
        let (gone, all) = ((view.now - fade.start).as_secs_f64(), fade.duration.as_secs_f64());
        if all > 0.0 { (gone / all).clamp(0.0, 1.0) } else { 1.0 }
    });
    done(json!({ "transitionCursor": share }))
}

fn trigger(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    needs_studio_mode(view)?;
    order(["take"])
}
