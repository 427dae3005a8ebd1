//! Requests about what leaves the studio: its destinations, together as the stream and each as an output, and the recording.

use serde_json::{Value, json};

use super::super::code::Status;
use super::super::names::timecode;
use super::{Fields, Handler, Outcome, Refusal, View, done, order, words};
use crate::media::TimeDelta;
use crate::studio::model::{DestinationModel, DestinationState, Studio};

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("GetStreamStatus", stream_status),
    ("StartStream", start_stream),
    ("StopStream", stop_stream),
    ("ToggleStream", toggle_stream),
    ("GetRecordStatus", record_status),
    ("StartRecord", start_record),
    ("StopRecord", stop_record),
    ("ToggleRecord", toggle_record),
    ("SplitRecordFile", split_record),
    ("GetOutputList", outputs),
    ("GetOutputStatus", output_status),
    ("StartOutput", start_output),
    ("StopOutput", stop_output),
    ("ToggleOutput", toggle_output),
    ("GetVirtualCamStatus", inactive),
    ("GetReplayBufferStatus", inactive),
];

/// The output that is the recording, beside those that are destinations.
const RECORDING: &str = "recording";

/// A queue that is so long is as full as can be, for the figure of congestion.
const FULL_QUEUE_MS: f64 = 2000.0;

/// How the stream is, which is all destinations together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StreamPhase {
    /// No destination is on.
    #[default]
    Stopped,
    /// One is on its way, for the first time.
    Starting,
    /// One takes media.
    Live,
    /// None takes media, and one did.
    Reconnecting,
}

/// How the stream is.
#[must_use]
pub fn stream_phase(studio: &Studio) -> StreamPhase {
    let mut phase = StreamPhase::Stopped;
    for destination in &studio.destinations {
        match destination.state {
            DestinationState::Live => return StreamPhase::Live,
            DestinationState::Backoff { .. } => phase = StreamPhase::Reconnecting,
            DestinationState::Connecting if destination.loss.is_some() => phase = StreamPhase::Reconnecting,
            DestinationState::Connecting if phase == StreamPhase::Stopped => phase = StreamPhase::Starting,
            DestinationState::Connecting | DestinationState::Idle | DestinationState::Failed { .. } => {}
        }
    }
    phase
}

fn is_on(destination: &DestinationModel) -> bool {
    !matches!(
        destination.state,
        DestinationState::Idle | DestinationState::Failed { .. }
    )
}

fn stream_status(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    let phase = stream_phase(view.studio);
    let all = &view.studio.destinations;
    let queue = all
        .iter()
        .map(|destination| destination.stats.queue_ms)
        .max()
        .unwrap_or(0);
    let length = view.live_since.map_or(TimeDelta::ZERO, |since| view.now - since);
    let stats = || all.iter().map(|destination| &destination.stats);
    done(json!({
        "outputActive": matches!(phase, StreamPhase::Live | StreamPhase::Reconnecting),
        "outputReconnecting": phase == StreamPhase::Reconnecting,
        "outputTimecode": timecode(length),
        "outputDuration": length.to_millis(),
        "outputCongestion": (f64::from(queue) / FULL_QUEUE_MS).min(1.0),
        "outputBytes": stats().map(|stats| stats.sent_bytes).sum::<u64>(),
        "outputSkippedFrames": stats().map(|stats| stats.dropped_frames).sum::<u64>(),
        "outputTotalFrames": view.studio.stats.frames,
    }))
}

/// Starts or stops all destinations that are not so yet.
fn stream(view: View<'_>, start: bool) -> Result<Outcome, Refusal> {
    if view.studio.destinations.is_empty() {
        let comment = "the show has no destination: [destination.NAME] in the scene file";
        return Err(Refusal::new(Status::ResourceNotFound, comment));
    }
    let verb = if start { "start" } else { "stop" };
    let others = view.studio.destinations.iter().filter(|one| is_on(one) != start);
    let lines: Vec<_> = others.map(|one| words(["destination", verb, &one.name])).collect();
    if lines.is_empty() {
        return Err(match start {
            true => Refusal::new(Status::OutputRunning, "all destinations are started"),
            false => Refusal::new(Status::OutputNotRunning, "all destinations are stopped"),
        });
    }
    Ok(Outcome::Order(lines, None))
}

fn start_stream(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    stream(view, true)
}

fn stop_stream(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    stream(view, false)
}

fn toggle_stream(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    let start = !view.studio.destinations.iter().any(is_on);
    match stream(view, start)? {
        Outcome::Order(lines, _) => Ok(Outcome::Order(lines, Some(json!({ "outputActive": start })))),
        other => Ok(other),
    }
}

fn record_length(studio: &Studio) -> TimeDelta {
    TimeDelta::from_secs_f64(studio.recording.seconds)
}

fn record_status(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    let recording = &view.studio.recording;
    let length = record_length(view.studio);
    done(json!({
        "outputActive": recording.is_on,
        "outputPaused": false,
        "outputTimecode": timecode(length),
        "outputDuration": length.to_millis(),
        "outputBytes": recording.bytes,
    }))
}

fn start_record(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    if view.studio.recording.is_on {
        return Err(Refusal::new(Status::OutputRunning, "the show is being recorded"));
    }
    order(["record", "start"])
}

fn needs_recording(view: View<'_>) -> Result<(), Refusal> {
    if view.studio.recording.is_on {
        return Ok(());
    }
    Err(Refusal::new(Status::OutputNotRunning, "the show is not being recorded"))
}

fn stop_record(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    needs_recording(view)?;
    let path = json!({ "outputPath": view.studio.recording.path });
    Ok(Outcome::Order(vec![words(["record", "stop"])], Some(path)))
}

fn toggle_record(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    let start = !view.studio.recording.is_on;
    let verb = if start { "start" } else { "stop" };
    Ok(Outcome::Order(
        vec![words(["record", verb])],
        Some(json!({ "outputActive": start })),
    ))
}

fn split_record(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    needs_recording(view)?;
    order(["record", "split"])
}

fn outputs(view: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    let studio = view.studio;
    let about = |name: &str, kind: &str, is_active: bool, is_network: bool| {
        json!({
            "outputName": name,
            "outputKind": kind,
            "outputWidth": studio.format.width,
            "outputHeight": studio.format.height,
            "outputActive": is_active,
            "outputFlags": {
                "OBS_OUTPUT_VIDEO": true,
                "OBS_OUTPUT_AUDIO": true,
                "OBS_OUTPUT_ENCODED": true,
                "OBS_OUTPUT_MULTI_TRACK": !is_network,
                "OBS_OUTPUT_SERVICE": is_network,
            },
        })
    };
    let destinations = studio.destinations.iter();
    let mut all: Vec<Value> = destinations
        .map(|one| {
            about(
                &one.name,
                "rigcast_destination",
                one.state == DestinationState::Live,
                true,
            )
        })
        .collect();
    all.push(about(RECORDING, "rigcast_recording", studio.recording.is_on, false));
    done(json!({ "outputs": all }))
}

/// The destination of that name; none is the recording.
fn output<'a>(view: View<'a>, fields: &Fields<'a>) -> Result<Option<&'a DestinationModel>, Refusal> {
    let name = fields.text("outputName")?;
    let destination = view.studio.destinations.iter().find(|one| one.name == name);
    if destination.is_none() && name != RECORDING {
        return Err(Refusal::new(
            Status::ResourceNotFound,
            "there is no such output; GetOutputList has them",
        ));
    }
    Ok(destination)
}

fn output_status(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let Some(destination) = output(view, fields)? else {
        let recording = &view.studio.recording;
        let length = record_length(view.studio);
        return done(json!({
            "outputActive": recording.is_on,
            "outputReconnecting": false,
            "outputTimecode": timecode(length),
            "outputDuration": length.to_millis(),
            "outputCongestion": 0,
            "outputBytes": recording.bytes,
            "outputSkippedFrames": recording.dropped_frames,
            "outputTotalFrames": view.studio.stats.frames,
        }));
    };
    let is_live = destination.state == DestinationState::Live;
    // How long this one has been live is not known; the stream is live as long as any is.
    let length = view
        .live_since
        .filter(|_| is_live)
        .map_or(TimeDelta::ZERO, |since| view.now - since);
    done(json!({
        "outputActive": is_live,
        "outputReconnecting": matches!(destination.state, DestinationState::Backoff { .. }),
        "outputTimecode": timecode(length),
        "outputDuration": length.to_millis(),
        "outputCongestion": (f64::from(destination.stats.queue_ms) / FULL_QUEUE_MS).min(1.0),
        "outputBytes": destination.stats.sent_bytes,
        "outputSkippedFrames": destination.stats.dropped_frames,
        "outputTotalFrames": view.studio.stats.frames,
    }))
}

fn start_output(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    match output(view, fields)? {
        None => start_record(view, fields),
        Some(one) if is_on(one) => Err(Refusal::new(Status::OutputRunning, "it is started")),
        Some(one) => order(["destination", "start", &one.name]),
    }
}

fn stop_output(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    match output(view, fields)? {
        None => stop_record(view, fields),
        Some(one) if is_on(one) => order(["destination", "stop", &one.name]),
        Some(_) => Err(Refusal::new(Status::OutputNotRunning, "it is stopped")),
    }
}

fn toggle_output(view: View<'_>, fields: &Fields<'_>) -> Result<Outcome, Refusal> {
    let Some(one) = output(view, fields)? else {
        return toggle_record(view, fields);
    };
    let start = !is_on(one);
    let verb = if start { "start" } else { "stop" };
    let line = words(["destination", verb, &one.name]);
    Ok(Outcome::Order(vec![line], Some(json!({ "outputActive": start }))))
}

/// What a studio has not is off: controllers ask without end, and show what they hear.
fn inactive(_: View<'_>, _: &Fields<'_>) -> Result<Outcome, Refusal> {
    done(json!({ "outputActive": false }))
}
