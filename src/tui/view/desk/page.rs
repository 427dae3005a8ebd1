//! Pages: what takes the whole screen for one strip, the buses, faces or a source's picture, but for status line, footer and,
//! where there is room, the picture on air.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::areas::Areas;
use super::curves::Curves;
use super::meter;
use super::sheet::{self, Sheet};
use super::{buses, mixer, picture};
use crate::studio::command::Page;
use crate::studio::model::{BUS_PARAMS, Role, STRIP_PARAMS, Stage, Strip, StripMeter};
use crate::tui::view::Scene;
use crate::tui::view::charts;
use crate::tui::view::cues;
use crate::tui::view::events;
use crate::tui::view::faces;
use crate::tui::view::finds;
use crate::tui::view::items;
use crate::tui::view::moderation;
use crate::tui::view::monitors;
use crate::tui::view::network;
use crate::tui::view::pane::{framed, titled};
use crate::tui::view::rules;
use crate::tui::view::text::Row;

/// Draws the page that is open.
pub fn draw(buf: &mut Buffer, areas: &Areas, page: Page, scene: &Scene<'_>) {
    if areas.program.width > 0 {
        monitors::program(buf, areas.program, scene);
    }
    match page {
        Page::Strip => strip(buf, areas, scene),
        Page::Buses => buses_page(buf, areas, scene),
        Page::Faces => faces::page::draw(buf, areas, scene),
        Page::Picture => picture::draw(buf, areas, scene),
        Page::Moderation => moderation::page::draw(buf, areas, scene),
        Page::Network => network::draw(buf, areas, scene),
        Page::Events => events::page(buf, areas, scene),
        Page::Charts => charts::page(buf, areas, scene),
        Page::Items => items::draw(buf, areas, scene),
        Page::Rules => rules::page(buf, areas, scene),
        Page::Cues => cues::page(buf, areas, scene),
        Page::Sources => finds::page(buf, areas, scene),
    }
}

fn strip(buf: &mut Buffer, areas: &Areas, scene: &Scene<'_>) {
    let (theme, ui) = (scene.theme, scene.ui);
    let at = ui.selected.strip;
    let Some(strip) = scene.studio.strips.get(at) else {
        return;
    };
    let reading = ui.meters.strips.get(at).copied().unwrap_or_default();
    let selected = ui.place.on(Page::Strip);

    let (inner, edge) = framed(buf, areas.sheet, theme.accent());
    strip_title(&mut Row::new(buf, edge, 0), strip, at, scene);
    let stages = reading.stages;
    let change_db = move |stage: Stage| match stage {
        Stage::HighPass => Some(stages.high_pass_db),
        Stage::Denoise => Some(stages.denoise_db),
        Stage::Gate => Some(stages.gate_db),
        Stage::Eq => Some(stages.eq_db),
        Stage::Compressor => Some(stages.compressor_db),
        Stage::DeEsser => Some(stages.de_esser_db),
        Stage::Ride => Some(stages.ride_db),
        // What the buses do to the strip is told where its level is set.
        Stage::Fader if stages.duck_db < 0.0 => Some(stages.duck_db),
        _ => None,
    };
    Sheet {
        params: STRIP_PARAMS,
        settings: &strip.settings,
        selected,
        change_db: &change_db,
        is_left_out: &|stage| strip.settings.is_bypassed && stage.is_treatment(),
    }
    .draw(buf, inner, theme);

    if let Some(param) = STRIP_PARAMS.get(selected) {
        sheet::note(buf, areas.note, param, theme);
        let curves = Curves {
            settings: &strip.settings,
            reading: &reading,
            parameter: param.name,
            stage: param.stage,
            theme,
        };
        if !areas.tone.is_empty() {
            curves.tone(buf, areas.tone);
        }
        if !areas.dynamics.is_empty() {
            curves.dynamics(buf, areas.dynamics);
        }
    }
    levels(buf, areas.levels, strip, &reading, scene);
}

/// Which strip, what it is, and whether it is seen and heard.
fn strip_title(row: &mut Row<'_>, strip: &Strip, at: usize, scene: &Scene<'_>) {
    let theme = scene.theme;
    let count = scene.studio.strips.len();
    row.right(&format!(" {}/{count} ", at + 1), theme.label());
    row.put(" STRIP ", theme.label())
        .put(&strip.name, theme.strong())
        .put(" ", theme.text());
    let is_moderated = scene.studio.is_moderated(&strip.name);
    let is_shut = !mixer::is_heard(strip, scene.studio);
    mixer::switches(row, &strip.settings, is_moderated, is_shut, theme);
    row.put(" ", theme.text());
    let source = scene.studio.sources.iter().find(|source| source.name == strip.name);
    if let Some((word, style)) = source.and_then(|source| monitors::tally(source, scene).1) {
        row.put(word, style).put(" ", theme.text());
    }
    if strip.settings.is_bypassed {
        row.put("BYPASS", theme.on_badge()).put(" ", theme.text());
    }
    if scene.ui.marked.as_ref() == Some(&strip.name) {
        row.put("marked ", theme.accent());
    }
    let role = match strip.settings.role {
        Role::Other => return,
        Role::Voice => "voice ",
        Role::Music => "music ",
    };
    row.put(role, theme.label());
}

/// Left, right and gain reduction as long bars.
fn levels(buf: &mut Buffer, area: Rect, strip: &Strip, reading: &StripMeter, scene: &Scene<'_>) {
    let theme = scene.theme;
    let is_heard = mixer::is_heard(strip, scene.studio);
    let is_moderated = scene.studio.is_moderated(&strip.name);
    let title = match (strip.settings.is_muted, is_heard) {
        _ if is_moderated => "OUT muted by moderation",
        (true, _) => "OUT muted",
        (_, false) => "OUT silent until its source is on program (AFV)",
        _ => "OUT",
    };
    let inner = titled(buf, area, title, theme.frame(), theme.label());
    if reading.is_input_clipping {
        let edge = Rect {
            x: area.x + 1,
            width: area.width.saturating_sub(2),
            height: 1,
            ..area
        };
        Row::new(buf, edge, 0).right(" INPUT CLIPS ", theme.program_badge());
    }
    let is_silenced = strip.settings.is_muted || is_moderated || !is_heard;
    let below = meter::stereo(buf, inner, reading, inner.height >= 4, is_silenced, theme);
    let mut row = Row::new(buf, inner, below);
    let db = meter::reduction_db(&reading.stages);
    row.put("GR ", theme.label());
    let bar = row.left().saturating_sub(7);
    meter::change_bar(&mut row, db, bar, theme);
    row.number(&meter::gain(db), 6, theme.reduction());
}

fn buses_page(buf: &mut Buffer, areas: &Areas, scene: &Scene<'_>) {
    let (theme, ui) = (scene.theme, scene.ui);
    let inner = titled(buf, areas.sheet, "BUSES", theme.accent(), theme.strong());
    let limiter_db = -ui.meters.limiter_reduction_db.max(0.0);
    let ducked_db = ui
        .meters
        .strips
        .iter()
        .map(|strip| strip.stages.duck_db)
        .fold(0.0, f32::min);
    let change_db = move |stage: Stage| match stage {
        Stage::Limiter => Some(limiter_db),
        Stage::Ducking => Some(ducked_db),
        _ => None,
    };
    let selected = ui.place.on(Page::Buses);
    Sheet {
        params: BUS_PARAMS,
        settings: &scene.studio.buses,
        selected,
        change_db: &change_db,
        is_left_out: &|_| false,
    }
    .draw(buf, inner, theme);
    if let Some(param) = BUS_PARAMS.get(selected) {
        sheet::note(buf, areas.note, param, theme);
    }
    buses::loudness(buf, areas.loudness, scene);
    if !areas.mixer.is_empty() {
        let inner = titled(buf, areas.mixer, "MIXER", theme.frame(), theme.label());
        mixer::draw(buf, inner, scene);
    }
}
