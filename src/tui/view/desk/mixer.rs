//! The mixer: a row per strip, then program and its loudness. What there is no room for is left out, the least important
//! first: names, mute, gain, levels and clipping always stay.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::loudness;
use super::meter::{self, Channels, WORTH_SHOWING_DB};
use crate::studio::model::{Role, Strip, StripMeter, StripSettings, Studio};
use crate::tui::view::Scene;
use crate::tui::view::text::Row;
use crate::tui::view::theme::Theme;

/// A meter is not made narrower than this for what could stand beside it.
const METER_WANTS: u16 = 16;

/// Cells of what always stands beside name and meter: mark, flags, gain, reduction, peak, with their blanks.
const ALWAYS: u16 = 1 + 4 + 6 + 1 + 4 + 6;

/// The stages of a strip that are shown as letters, with AFV behind them.
const STAGES: &str = " HGECSRA";

/// Widths of the columns; 0 is left out.
struct Columns {
    name: u16,
    stages: u16,
    role: u16,
    meter: u16,
    reduction_bar: u16,
}

impl Columns {
    fn new(area: Rect, studio: &Studio) -> Self {
        let longest = studio.strips.iter().map(|strip| strip.name.chars().count()).max();
        let name = (longest.unwrap_or(0).max(7) as u16).min(area.width / 4).max(4);
        let mut free = area.width.saturating_sub(ALWAYS + name);
        let mut take = |width: u16| {
            if free >= METER_WANTS + width {
                free -= width;
                width
            } else {
                0
            }
        };
        let (stages, role, reduction_bar) = (take(STAGES.len() as u16), take(6), take(6));
        Self {
            name,
            stages,
            role,
            meter: free,
            reduction_bar,
        }
    }

    /// Where the meter begins.
    fn before_meter(&self) -> u16 {
        1 + self.name + 4 + self.stages + self.role + 6 + 1
    }
}

/// Which rows there are room for.
struct Rows {
    header: u16,
    strips: u16,
    loudness: u16,
}

impl Rows {
    /// Program always has its row, then come loudness, strips, header, and the second row of loudness.
    fn new(height: u16, strips: u16) -> Self {
        let mut free = height.saturating_sub(1);
        let mut take = |rows: u16, keep: u16| {
            let taken = if free >= rows + keep { rows } else { 0 };
            free -= taken;
            taken
        };
        let loudness = take(1, strips.min(2));
        // So many strips are seen that it is plain what the columns are.
        let header = take(1, strips.min(5));
        let strips = (1..=strips)
            .rev()
            .map(|rows| take(rows, 0))
            .find(|taken| *taken > 0)
            .unwrap_or(0);
        let loudness = loudness + if loudness > 0 { take(1, 0) } else { 0 };
        Self {
            header,
            strips,
            loudness,
        }
    }
}

/// Draws the pane inside its frame.
pub fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    if area.is_empty() {
        return;
    }
    let strips = &scene.studio.strips;
    let columns = Columns::new(area, scene.studio);
    let rows = Rows::new(area.height, strips.len() as u16);
    let line = |y: u16| Rect {
        y: area.y + y,
        height: 1,
        ..area
    };
    if rows.header > 0 {
        header(buf, line(0), &columns, scene.theme);
    }
    let room = usize::from(rows.strips);
    let first = (scene.ui.selected.strip + 1).saturating_sub(room);
    for (y, (at, strip)) in strips.iter().enumerate().skip(first).take(room).enumerate() {
        strip_row(buf, line(rows.header + y as u16), strip, at, &columns, scene);
    }
    let hidden = strips.len() - room.min(strips.len());
    if hidden > 0 {
        // On the frame: inside there is no row to spare.
        let text = format!(" +{hidden} more ");
        Row::new(
            buf,
            Rect {
                y: area.bottom(),
                height: 1,
                ..area
            },
            0,
        )
        .put(&text, scene.theme.label());
    }
    let below = rows.header + rows.strips;
    program_row(buf, line(below), &columns, scene);
    if rows.loudness == 1 {
        loudness::line(buf, line(below + 1), scene);
    } else if rows.loudness == 2 {
        loudness::upper_line(buf, line(below + 1), columns.before_meter(), columns.meter, scene);
        loudness::lower_line(buf, line(below + 2), scene);
    }
}

fn header(buf: &mut Buffer, area: Rect, columns: &Columns, theme: Theme) {
    let label = theme.label();
    let mut row = Row::new(buf, area, 0);
    row.skip(1)
        .column("strip", columns.name, label)
        .put(" MSD", label)
        .column(STAGES, columns.stages, label)
        .column(" role", columns.role, label)
        .number("gain", 6, label)
        .skip(1);
    let scale = Rect {
        x: row.x(),
        width: columns.meter.min(row.left()),
        ..area
    };
    row.skip(columns.meter)
        .skip(columns.reduction_bar)
        .number("GR", 4, label)
        .number("peak", 6, label);
    meter::scale(buf, scale, theme);
}

fn strip_row(buf: &mut Buffer, area: Rect, strip: &Strip, at: usize, columns: &Columns, scene: &Scene<'_>) {
    let theme = scene.theme;
    let is_selected = at == scene.ui.selected.strip;
    if is_selected {
        buf.set_style(area.intersection(buf.area), theme.selected());
    }
    let settings = &strip.settings;
    let reading = scene.ui.meters.strips.get(at).copied().unwrap_or_default();
    let is_heard = is_heard(strip, scene.studio);
    let mut row = Row::new(buf, area, 0);
    row.put(if is_selected { "▸" } else { " " }, theme.strong())
        .column(
            &strip.name,
            columns.name,
            if is_selected { theme.strong() } else { theme.text() },
        )
        .skip(1);
    // Where there is no letter for AFV, its small one stands in the place of mute: both keep a strip silent.
    let is_moderated = scene.studio.is_moderated(&strip.name);
    switches(
        &mut row,
        settings,
        is_moderated,
        columns.stages == 0 && !is_heard,
        theme,
    );
    if columns.stages > 0 {
        stages(row.skip(1), settings, is_heard, theme);
    }
    if columns.role > 0 {
        role(row.skip(1), settings.role, &reading, theme);
    }
    row.number(&meter::gain(settings.gain_db), 6, theme.text()).skip(1);
    let place = Rect {
        x: row.x(),
        width: columns.meter.min(row.left()),
        ..area
    };
    row.skip(columns.meter);
    reduction(&mut row, &reading, columns, theme);
    meter::peak(row.skip(1), &reading, 5, theme);
    meter::level(
        buf,
        place,
        &reading,
        Channels::Both,
        settings.is_muted || is_moderated || !is_heard,
        theme,
    );
}

/// Whether AFV lets the strip be heard now.
pub fn is_heard(strip: &Strip, studio: &Studio) -> bool {
    !strip.settings.is_afv
        || studio
            .sources
            .iter()
            .any(|source| source.name == strip.name && source.is_on_program)
}

/// `MSD`: mute, solo, denoise; in the place of mute `X` where moderation mutes the strip, `a` where it is AFV that keeps it
/// silent.
pub fn switches(row: &mut Row<'_>, settings: &StripSettings, is_moderated: bool, is_shut: bool, theme: Theme) {
    let mute = if is_moderated {
        Some(("X", theme.program_badge()))
    } else if settings.is_muted {
        Some(("M", theme.program_badge()))
    } else {
        is_shut.then(|| ("a", theme.label()))
    };
    let solo = settings.is_solo.then(|| ("S", theme.on_badge()));
    let denoise = settings.denoise.is_on.then(|| ("D", theme.preview_badge()));
    for letter in [mute, solo, denoise] {
        let (letter, style) = letter.unwrap_or(("·", theme.frame()));
        row.put(letter, style);
    }
}

/// A letter for each stage that is on; one word instead of them where all are bypassed. AFV is small while it keeps the
/// strip silent.
pub fn stages(row: &mut Row<'_>, settings: &StripSettings, is_heard: bool, theme: Theme) {
    if settings.is_bypassed {
        row.put("bypass", theme.warning());
    } else {
        for (letter, is_on) in [
            ("H", settings.high_pass.is_on),
            ("G", settings.gate.is_on),
            ("E", settings.eq.is_on),
            ("C", settings.compressor.is_on),
            ("S", settings.de_esser.is_on),
            ("R", settings.ride.is_on),
        ] {
            row.put(
                if is_on { letter } else { "·" },
                if is_on { theme.good() } else { theme.frame() },
            );
        }
    }
    match (settings.is_afv, is_heard) {
        (false, _) => row.put("·", theme.frame()),
        (true, true) => row.put("A", theme.on_badge()),
        (true, false) => row.put("a", theme.label()),
    };
}

fn role(row: &mut Row<'_>, role: Role, reading: &StripMeter, theme: Theme) {
    if is_ducked(reading) {
        row.put("DUCK", theme.on_badge()).skip(1);
        return;
    }
    let (word, style) = match role {
        Role::Other => ("", theme.label()),
        Role::Voice => ("voice", theme.text()),
        Role::Music => ("music", theme.text()),
    };
    row.column(word, 5, style);
}

/// Whether a voice turns the strip down now.
fn is_ducked(reading: &StripMeter) -> bool {
    reading.stages.duck_db < -0.5
}

/// Gain reduction as a figure, with a mark where ducking is part of it, and a bar where there is room.
fn reduction(row: &mut Row<'_>, reading: &StripMeter, columns: &Columns, theme: Theme) {
    let db = meter::reduction_db(&reading.stages);
    if columns.reduction_bar > 0 {
        meter::change_bar(row.skip(1), db, columns.reduction_bar - 1, theme);
    }
    let text = match db {
        db if db > -0.5 => String::new(),
        db if is_ducked(reading) => format!("▾{:.0}", db.max(-99.0)),
        db => format!("{:.0}", db.max(-99.0)),
    };
    row.number(&text, 4, theme.reduction());
}

fn program_row(buf: &mut Buffer, area: Rect, columns: &Columns, scene: &Scene<'_>) {
    let theme = scene.theme;
    let reading = scene.ui.meters.program;
    let mut row = Row::new(buf, area, 0);
    row.skip(1).column("PROGRAM", columns.name, theme.program());
    limiter(&mut row, columns.before_meter() - columns.name - 2, scene);
    row.skip(1);
    let place = Rect {
        x: row.x(),
        width: columns.meter.min(row.left()),
        ..area
    };
    row.skip(columns.meter + columns.reduction_bar + 4);
    meter::peak(row.skip(1), &reading, 5, theme);
    let alarm = if scene.studio.moderation.is_program_muted {
        Some("MUTED BY MODERATION".to_owned())
    } else {
        silence_s(scene).map(|seconds| format!("SILENCE {seconds} s"))
    };
    if let Some(alarm) = alarm {
        let width = place.width + columns.reduction_bar + 4;
        let text = format!("{alarm:^width$}", width = usize::from(width));
        Row::new(buf, place.union(Rect { width, ..place }), 0).put(&text, theme.program_badge());
    } else {
        meter::level(buf, place, &reading, Channels::Both, false, theme);
    }
}

/// What the limiter takes off now.
pub fn limiter(row: &mut Row<'_>, width: u16, scene: &Scene<'_>) {
    let reduction = scene.ui.meters.limiter_reduction_db;
    let (shown, style) = if reduction > WORTH_SHOWING_DB {
        (-reduction, scene.theme.reduction())
    } else {
        (0.0, scene.theme.label())
    };
    row.number(&format!("lim {shown:.1}"), width, style);
}

/// For how many seconds program has been silent, where that is an alarm.
pub fn silence_s(scene: &Scene<'_>) -> Option<u64> {
    let alarm_s = scene.studio.silence_alarm_s;
    let silent_ms = scene.ui.meters.silent_ms;
    (alarm_s > 0.0 && silent_ms as f64 >= alarm_s * 1000.0).then_some(silent_ms / 1000)
}
