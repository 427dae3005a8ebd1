//! Requests about the program itself, its settings, hotkeys and vendors.

use serde_json::{Value, json};

use super::super::code::Status;
use super::super::session::{LIKE_OBS, LIKE_WEBSOCKET, RPC_VERSION};
use super::{Fields, Handler, Outcome, Refusal, View, done, known};
use crate::media::TimeDelta;
use crate::studio::command::{Scope, find, split_words, table};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("GetVersion", version),
    ("GetStats", stats),
    ("BroadcastCustomEvent", broadcast),
    ("CallVendorRequest", vendor),
    ("GetHotkeyList", hotkeys),
    ("TriggerHotkeyByName", hotkey),
    ("Sleep", sleep),
    ("GetPersistentData", no_data),
    ("SetPersistentData", no_data),
    ("GetSceneCollectionList", collections),
    ("GetProfileList", profiles),
    ("GetVideoSettings", video),
    ("GetStudioModeEnabled", studio_mode),
    ("SetStudioModeEnabled", set_studio_mode),
];

/// The vendor that this program is.
const VENDOR: &str = "rigcast";

/// The longest that a batch waits at once.
const MAX_SLEEP_MS: f64 = 50_000.0;

/// The same in frames.
const MAX_SLEEP_FRAMES: f64 = 10_000.0;

fn version(_: View<'_>, _: Fields<'_>) -> Result<Outcome, Refusal> {
    done(json!({
        "obsVersion": LIKE_OBS,
        "obsWebSocketVersion": LIKE_WEBSOCKET,
        "rpcVersion": RPC_VERSION,
        "availableRequests": known().collect::<Vec<_>>(),
        "supportedImageFormats": ["jpeg", "jpg", "png"],
        "platform": "linux",
        "platformDescription": concat!("rigcast ", env!("CARGO_PKG_VERSION")),
    }))
}

fn stats(view: View<'_>, _: Fields<'_>) -> Result<Outcome, Refusal> {
    let stats = &view.studio.stats;
    let (received, sent) = view.messages;
    done(json!({
        "cpuUsage": stats.cpu_percent,
        "memoryUsage": stats.memory_mb,
        // Not measured here: events tell when it gets short.
        "availableDiskSpace": Value::Null,
        "activeFps": stats.fps,
        "averageFrameRenderTime": stats.encode_ms,
        "renderSkippedFrames": stats.late_ticks,
        "renderTotalFrames": stats.frames,
        "outputSkippedFrames": stats.skipped_frames + stats.skipped_in_renditions,
        "outputTotalFrames": stats.frames,
        "webSocketSessionIncomingMessages": received,
        "webSocketSessionOutgoingMessages": sent,
    }))
}

fn broadcast(_: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
    Ok(Outcome::Broadcast(fields.object("eventData")?.clone()))
}

/// `command` with `{ "line": … }` is any line of the command table.
fn vendor(_: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
    let (name, kind) = (fields.text("vendorName")?, fields.text("requestType")?);
    if name != VENDOR {
        let comment = format!("there is no such vendor; there is {VENDOR}");
        return Err(Refusal::new(Status::ResourceNotFound, comment));
    }
    if kind != "command" {
        let comment = "there is no such request; there is command, with { \"line\": \"…\" }";
        return Err(Refusal::new(Status::ResourceNotFound, comment));
    }
    let words = split_words(Fields::new(fields.object("requestData")?).text("line")?);
    if words.is_empty() {
        return Err(Refusal::new(Status::RequestFieldEmpty, "the field \"line\" is empty"));
    }
    Ok(Outcome::Vendor(words))
}

/// Commands that need no more words: what a button can do without knowing more.
fn buttons() -> impl Iterator<Item = &'static str> {
    let rows = table::TABLE.iter();
    let rows = rows.filter(|row| row.scope == Scope::Studio && row.args.iter().all(|arg| arg.is_optional));
    rows.map(|row| row.name)
}

fn hotkeys(_: View<'_>, _: Fields<'_>) -> Result<Outcome, Refusal> {
    done(json!({ "hotkeys": buttons().collect::<Vec<_>>() }))
}

fn hotkey(_: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
    let name = fields.text("hotkeyName")?;
    if !buttons().any(|known| known == name) {
        let words = split_words(name);
        let comment = match find(&words) {
            Ok((spec, _)) => format!("{} needs more words, or a screen: CallVendorRequest", spec.name),
            Err(_) => "there is no such hotkey; GetHotkeyList has them".to_owned(),
        };
        return Err(Refusal::new(Status::ResourceNotFound, comment));
    }
    Ok(Outcome::Order(vec![split_words(name)], None))
}

fn sleep(view: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
    if let Some(frames) = fields.maybe_number("sleepFrames", 0.0..=MAX_SLEEP_FRAMES)? {
        let frames = TimeDelta::from_secs_f64(frames / view.studio.format.frame_rate.as_f64());
        return Ok(Outcome::Sleep(frames));
    }
    let ms = fields.number("sleepMillis", 0.0..=MAX_SLEEP_MS)?;
    Ok(Outcome::Sleep(TimeDelta::from_millis(ms as i64)))
}

fn no_data(_: View<'_>, _: Fields<'_>) -> Result<Outcome, Refusal> {
    let comment = "nothing is kept for controllers here";
    Err(Refusal::new(Status::InvalidResourceState, comment))
}

/// A studio runs one show: it is the only collection.
fn collections(view: View<'_>, _: Fields<'_>) -> Result<Outcome, Refusal> {
    let name = &view.studio.name;
    done(json!({ "currentSceneCollectionName": name, "sceneCollections": [name] }))
}

fn profiles(view: View<'_>, _: Fields<'_>) -> Result<Outcome, Refusal> {
    let name = &view.studio.name;
    done(json!({ "currentProfileName": name, "profiles": [name] }))
}

fn video(view: View<'_>, _: Fields<'_>) -> Result<Outcome, Refusal> {
    let format = view.studio.format;
    let (width, height) = (format.width, format.height);
    done(json!({
        "baseWidth": width,
        "baseHeight": height,
        "outputWidth": width,
        "outputHeight": height,
        "fpsNumerator": format.frame_rate.num,
        "fpsDenominator": format.frame_rate.den,
    }))
}

fn studio_mode(view: View<'_>, _: Fields<'_>) -> Result<Outcome, Refusal> {
    done(json!({ "studioModeEnabled": view.is_studio_mode }))
}

fn set_studio_mode(_: View<'_>, fields: Fields<'_>) -> Result<Outcome, Refusal> {
    Ok(Outcome::StudioMode(fields.flag("studioModeEnabled")?))
}
