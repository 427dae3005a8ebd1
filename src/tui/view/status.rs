//! The uppermost line: on air or not, for how long, and whether the machine keeps up.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::network::quality_style;
use super::text::{Row, clock};
use super::{Scene, charts, cues, desk, faces, moderation};
use crate::studio::model::{DiskState, Quality, WorkerState};

/// From this width on there is room for the course of the last minute.
const WITH_SPARK: u16 = 140;

pub fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let stats = &studio.stats;
    let mut row = Row::new(buf, area, 0);
    if studio.is_on_air() {
        row.put(" ● ON AIR ", theme.program_badge());
    } else {
        row.put(" ○ off air ", theme.label());
    }
    row.put(" ", theme.text())
        .put(&clock(scene.ui.now), theme.strong())
        .put("  ", theme.text())
        .put(&studio.name, theme.text());

    // Nothing is worse than nothing to be heard.
    if let Some(seconds) = desk::mixer::silence_s(scene).filter(|_| studio.is_on_air()) {
        row.right(&format!(" SILENCE {seconds} s "), theme.program_badge());
    }
    moderation::tell::status(&mut row, scene);
    occlusion(&mut row, scene);
    cues::status(&mut row, scene);
    // What stands still comes first; the losses that were made up for are a number among others.
    for worker in &studio.workers {
        let text = match worker.state {
            WorkerState::Backoff { .. } => format!("NO {} WORKER ", worker.name),
            WorkerState::Slow => format!("{} slow ", worker.name),
            WorkerState::Starting | WorkerState::Running | WorkerState::Resting => continue,
        };
        row.right(&text, theme.error());
    }
    let adapt = &studio.adapt.state;
    if adapt.is_on && adapt.quality != Quality::Good && studio.is_on_air() {
        let text = format!("network {} ", adapt.quality.word());
        row.right(&text, quality_style(adapt.quality, theme));
    }
    live(&mut row, scene);
    if studio.recording.failure.is_some() {
        row.right("NO RECORDING ", theme.error());
    }
    let lost: u32 = studio.workers.iter().map(|worker| worker.losses).sum();
    if lost > 0 {
        row.right(&format!("workers lost {lost} "), theme.warning());
    }
    if !studio.encoder.codec.has_nasm {
        row.right("no nasm: slow encoder ", theme.warning());
    }
    let dropped: u64 = studio
        .destinations
        .iter()
        .map(|destination| destination.stats.dropped_frames)
        .sum();
    let wanted_fps = studio.format.frame_rate.as_f64();
    let skipped = stats.skipped_frames + stats.skipped_in_renditions;
    let late = stats.late_ticks + stats.late_blocks;
    let mut made = String::new();
    if area.width >= WITH_SPARK {
        let figures = charts::series(&studio.history, 60, |sample| Some(sample.made_kbps as f32));
        made = charts::spark(&figures, 10);
        made.extend((!made.is_empty()).then_some(' '));
    }
    let quiet = theme.label();
    let counted = |count: u64| if count > 0 { theme.warning() } else { quiet };
    // From the right, the most important first: what does not fit is left out whole.
    for (text, style) in [
        (
            format!("cpu {:.0}%", stats.cpu_percent),
            if stats.cpu_percent > 85.0 {
                theme.warning()
            } else {
                quiet
            },
        ),
        (format!("skipped {skipped}"), counted(skipped)),
        (format!("dropped {dropped}"), counted(dropped)),
        (
            format!("{:.1} fps", stats.fps),
            if stats.fps + 0.5 < wanted_fps {
                theme.warning()
            } else {
                quiet
            },
        ),
        (
            format!("{made}{}/{} kb/s", stats.video_kbps, studio.encoder.video_kbps),
            quiet,
        ),
        (format!("late {late}"), counted(late)),
        (format!("enc {:.1} ms", stats.encode_ms), quiet),
        (format!("{} MB", stats.memory_mb), quiet),
        (
            format!("{} client{}", stats.clients, if stats.clients == 1 { "" } else { "s" }),
            quiet,
        ),
    ] {
        if !row.right(&format!("{text} "), style) {
            break;
        }
    }
}

/// How the show stands to its scene file, where it is not the same; and how long there is to confirm what was applied.
fn live(row: &mut Row<'_>, scene: &Scene<'_>) {
    let (live, theme) = (&scene.studio.live, scene.theme);
    if let Some(confirm) = &live.confirm {
        let seconds = confirm.left_s(scene.ui.now);
        let badge = theme.program_badge();
        // The keys give way before the time does.
        if !row.right(&format!(" BACK IN {seconds} s: ctrl-y keeps, ctrl-r goes back "), badge) {
            row.right(&format!(" BACK IN {seconds} s "), badge);
        }
    }
    match live.disk {
        DiskState::Same => {}
        DiskState::Differs => {
            row.right("file differs ", theme.warning());
        }
        DiskState::Invalid => {
            row.right("FILE HAS ERRORS ", theme.error());
        }
    }
}

/// That the cover is on and why, and what is seen of faces while they are looked for.
fn occlusion(row: &mut Row<'_>, scene: &Scene<'_>) {
    let (studio, theme) = (scene.studio, scene.theme);
    let Some(state) = faces::tell::state(studio) else {
        return;
    };
    let exposure = faces::tell::exposure(studio);
    if let Some(reason) = &studio.occlusion.cover {
        let badge = theme.program_badge();
        // The reason gives way before the alarm does.
        if !row.right(&format!(" COVER ON: {reason} "), badge) {
            row.right(" COVER ON ", badge);
        }
    }
    row.right(&format!(" {state} "), faces::tell::badge(exposure, theme));
}
