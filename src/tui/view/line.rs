//! The whole studio in one line, for terminals too small for more and for who wants no more: alarms first, and what does not
//! fit is dropped by rank. Rows below it, where there are any, are for meters and for what happened last.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr as _;

use super::desk::{loudness, meter, mixer};
use super::text::{Row, clock, fitted};
use super::{Scene, destinations, events, faces, footer, help, moderation};
use crate::studio::model::{AlarmKind, DestinationState, WorkerState};
use crate::tui::app::Overlay;

/// The least and the most cells of the level bar.
const BAR: (u16, u16) = (6, 40);

/// A line narrower than this says whether it is on air in fewer letters.
const SHORT: u16 = 30;

/// A part of the line: the lower its rank, the longer it stays.
struct Part {
    rank: u8,
    text: String,
    style: Style,
}

/// Where the level bar goes, in cells.
const BAR_TEXT: &str = "\u{0}";

/// Draws the line and what is open over it; returns where the cursor stands, if it is shown.
pub fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let row = |y: u16| Rect {
        y: area.y + y,
        height: 1,
        ..area
    };
    let last = row(area.height - 1);
    if area.height > 1 {
        draw_line(buf, row(0), scene);
        let below = Rect {
            y: area.y + 1,
            height: area.height - 2,
            ..area
        };
        draw_below(buf, below, scene);
    }
    match &scene.ui.overlay {
        Overlay::Help { scroll } if area.height > 4 => help::draw(buf, super::body(area, scene.studio), *scroll, scene),
        Overlay::Confirm { name, args } if area.height < 8 => {
            let mut row = Row::new(buf, last, 0);
            let words = std::iter::once(name).chain(args).cloned().collect::<Vec<_>>();
            row.put("SURE? ", scene.theme.error())
                .put("y yes  any other no  ", scene.theme.text())
                .put(&words.join(" "), scene.theme.strong());
            return None;
        }
        Overlay::Confirm { name, args } => {
            footer::draw_question(buf, super::body(area, scene.studio), name, args, scene);
        }
        _ => {}
    }
    let ui = scene.ui;
    let is_answering = ui.prompt.is_some() || ui.toast.is_some() || !ui.pending.is_empty();
    if area.height > 1 || is_answering {
        return footer::draw(buf, last, area, scene);
    }
    draw_line(buf, last, scene);
    None
}

/// What there is room for below the line: the mixer, or program's meter and loudness; destinations; what happened last.
fn draw_below(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let mut rest = area;
    let mut take = |rows: u16| {
        let taken = Rect {
            height: rows.min(rest.height),
            ..rest
        };
        rest.y += taken.height;
        rest.height -= taken.height;
        taken
    };
    // Header, program and two rows of loudness.
    let mixer = scene.studio.strips.len() as u16 + 4;
    let destinations = scene.studio.destinations.len() as u16 * 2;
    if area.height >= mixer + destinations + 4 && area.width >= 60 {
        mixer::draw(buf, take(mixer), scene);
        destinations::draw(buf, take(destinations + 1), scene);
    } else if area.height >= 2 && area.width >= 30 {
        draw_program_meter(buf, take(1), scene);
        if area.height >= 4 {
            loudness::line(buf, take(1), scene);
        }
    }
    if !rest.is_empty() {
        events::draw(buf, rest, scene);
    }
}

fn draw_program_meter(buf: &mut Buffer, line: Rect, scene: &Scene<'_>) {
    let reading = scene.ui.meters.program;
    let mut row = Row::new(buf, line, 0);
    row.put(" PGM ", scene.theme.label());
    let place = Rect {
        x: row.x(),
        width: row.left().saturating_sub(7),
        ..line
    };
    row.skip(place.width);
    meter::peak(&mut row, &reading, 6, scene.theme);
    let is_muted = scene.studio.moderation.is_program_muted;
    meter::level(buf, place, &reading, meter::Channels::Both, is_muted, scene.theme);
}

fn draw_line(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let mut parts = parts(area.width, scene);
    let width = |part: &Part| {
        let text = if part.text == BAR_TEXT {
            usize::from(BAR.0)
        } else {
            part.text.width()
        };
        text as u16 + 1
    };
    let room = area.width + 1;
    while parts.iter().map(width).sum::<u16>() > room && parts.len() > 1 {
        // Of what cannot be missed the beginning stays.
        let worst = parts.iter().map(|part| part.rank).max().unwrap_or(0);
        if worst <= 1 {
            let others: u16 = parts.iter().filter(|part| part.rank == 0).map(width).sum();
            parts.retain(|part| part.rank == 0 || !part.text.is_empty());
            if let Some(alarm) = parts.iter_mut().find(|part| part.rank == 1) {
                alarm.text = fitted(&alarm.text, usize::from(room.saturating_sub(others + 1))).into_owned();
            }
            let mut is_first = true;
            parts.retain(|part| part.rank == 0 || std::mem::take(&mut is_first));
            break;
        }
        if let Some(at) = parts.iter().rposition(|part| part.rank == worst) {
            parts.remove(at);
        }
    }
    let taken: u16 = parts.iter().map(width).sum();
    let bar = (BAR.0 + room.saturating_sub(taken)).min(BAR.1);
    let mut row = Row::new(buf, area, 0);
    let mut place = None;
    for part in &parts {
        if part.text == BAR_TEXT {
            place = Some(Rect {
                x: row.x(),
                width: bar.min(row.left()),
                ..area
            });
            row.skip(bar + 1);
        } else {
            row.put(&part.text, part.style).skip(1);
        }
    }
    if let Some(place) = place {
        let is_muted = scene.studio.moderation.is_program_muted;
        let reading = scene.ui.meters.program;
        meter::level(buf, place, &reading, meter::Channels::Both, is_muted, scene.theme);
    }
}

/// All that could be said, in the order of the line.
fn parts(width: u16, scene: &Scene<'_>) -> Vec<Part> {
    let (studio, ui, theme) = (scene.studio, scene.ui, scene.theme);
    let mut parts = Vec::new();
    let mut say = |rank: u8, text: String, style: Style| parts.push(Part { rank, text, style });
    let (on_air, off_air) = if width < SHORT {
        ("● AIR", "○ off")
    } else {
        ("● ON AIR", "○ off air")
    };
    if studio.is_on_air() {
        say(0, on_air.to_owned(), theme.program_badge());
    } else {
        say(0, off_air.to_owned(), theme.label());
    }
    for alarm in alarms(scene) {
        say(1, alarm, theme.alarm());
    }
    say(2, clock(ui.now), theme.strong());
    say(3, BAR_TEXT.to_owned(), theme.text());
    let lufs = ui.meters.loudness.short_term_lufs;
    let (_, style) = loudness::difference(lufs, studio.buses.target_lufs, theme);
    say(4, format!("{} LUFS", loudness::figure(lufs)), style);
    say(5, format!("{} kb/s", studio.stats.video_kbps), theme.text());
    say(6, format!("PGM {}", studio.program), theme.program());
    if let Some(state) = faces::tell::state(studio) {
        say(7, state, faces::tell::badge(faces::tell::exposure(studio), theme));
    }
    if moderation::tell::is_holding(&studio.moderation) {
        let seconds = moderation::tell::seconds(&studio.moderation);
        say(8, format!("hold {seconds}"), theme.text());
    }
    if studio.recording.is_on {
        say(9, "REC".to_owned(), theme.error());
    }
    say(10, format!("next {}", studio.preview), theme.preview());
    if studio.relay.is_some() {
        say(11, format!("viewers {}", studio.viewers()), theme.text());
    }
    say(12, format!("cpu {:.0}%", studio.stats.cpu_percent), theme.label());
    parts
}

/// What is wrong, the worst first: alarms that hold, then what has not become one, or never will.
fn alarms(scene: &Scene<'_>) -> Vec<String> {
    let studio = scene.studio;
    let raised = studio.alarms.raised();
    let has = |kind: AlarmKind| raised.iter().any(|alarm| alarm.kind == kind);
    let mut alarms: Vec<String> = raised.iter().map(|alarm| alarm.kind.title().to_owned()).collect();
    let mut tell = |is_so: bool, text: String| {
        if is_so {
            alarms.push(text);
        }
    };
    if let Some(seconds) = mixer::silence_s(scene).filter(|_| studio.is_on_air()) {
        tell(!has(AlarmKind::Silence), format!("SILENCE {seconds} s"));
    }
    if let Some(reason) = &studio.occlusion.cover {
        tell(!has(AlarmKind::NoMask), format!("COVER ON: {reason}"));
    }
    for text in moderation::tell::alarms(studio) {
        tell(true, text.to_owned());
    }
    let is_told = has(AlarmKind::NoRecording) || has(AlarmKind::DiskFull);
    tell(
        studio.recording.failure.is_some() && !is_told,
        "NO RECORDING".to_owned(),
    );
    for worker in &studio.workers {
        let is_lost = matches!(worker.state, WorkerState::Backoff { .. });
        tell(
            is_lost && !has(AlarmKind::WorkerLost),
            format!("NO {} WORKER", worker.name),
        );
    }
    for destination in &studio.destinations {
        let is_lost = matches!(destination.state, DestinationState::Backoff { .. });
        let has_failed = matches!(destination.state, DestinationState::Failed { .. });
        tell(is_lost, format!("LOST {}", destination.name));
        tell(has_failed, format!("FAILED {}", destination.name));
    }
    alarms
}
