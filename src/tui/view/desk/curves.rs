//! The curves of a strip: what high-pass and EQ make of each frequency, what gate and compressor make of each level. They
//! are drawn from the formulas that the stages themselves use.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::braille::Canvas;
use crate::studio::model::curve::{self, Biquad};
use crate::studio::model::{Stage, StripMeter, StripSettings};
use crate::tui::view::pane::titled;
use crate::tui::view::text::Row;
use crate::tui::view::theme::Theme;

/// The frequencies of the tone curve, in Hz.
const LOW_HZ: f32 = 20.0;
const HIGH_HZ: f32 = 20_000.0;

/// The tone curve reaches so far up and down, in dB.
const TONE_DB: f32 = 18.0;

/// The lowest level of the dynamics curve, in dB.
const LOW_DB: f32 = -60.0;

/// Cells for the numbers at the left.
const NUMBERS: u16 = 4;

/// Lines of the tone curve's grid, in dB; with how many rows they are drawn, and with how many they have a number.
const TONE_LINES: [(i8, u16, u16); 5] = [(12, 0, 0), (6, 9, 11), (0, 0, 0), (-6, 9, 11), (-12, 0, 0)];

/// Lines of the tone curve's grid, in Hz, and their names.
const HZ_LINES: [(f32, &str); 3] = [(100.0, "100"), (1000.0, "1k"), (10_000.0, "10k")];

/// Lines of the dynamics curve's grid, in dB; with how many rows and with how many columns they have a number.
const LEVEL_LINES: [(i8, u16, u16); 4] = [(-48, 9, 24), (-36, 0, 10), (-24, 9, 24), (-12, 0, 10)];

/// What a curve is drawn of.
pub struct Curves<'a> {
    /// Of the strip.
    pub settings: &'a StripSettings,
    /// The strip's meter.
    pub reading: &'a StripMeter,
    /// The selected parameter.
    pub parameter: &'static str,
    /// The stage that it belongs to.
    pub stage: Stage,
    /// Colours.
    pub theme: Theme,
}

/// A plot inside its frame, its numbers left and below.
struct Plot {
    area: Rect,
}

impl Plot {
    fn new(inner: Rect) -> Self {
        let numbers = NUMBERS.min(inner.width);
        Self {
            area: Rect {
                x: inner.x + numbers,
                width: inner.width - numbers,
                height: inner.height.saturating_sub(1),
                ..inner
            },
        }
    }

    fn canvas(&self) -> Canvas {
        Canvas::new(self.area)
    }

    /// A number beside the plot, where the share from the top is.
    fn number(&self, buf: &mut Buffer, share: f32, text: &str, theme: Theme) {
        // In the row of the dots that it belongs to.
        let dots = f32::from((self.area.height * 4).saturating_sub(1));
        let y = (share * dots).round() as u16 / 4;
        let place = Rect {
            x: self.area.x.saturating_sub(NUMBERS),
            width: NUMBERS,
            ..self.area
        };
        Row::new(buf, place, y).number(text, NUMBERS - 1, theme.label());
    }

    /// A number below the plot, where the share from the left is.
    fn below(&self, buf: &mut Buffer, share: f32, text: &str, theme: Theme) {
        let middle = share * f32::from(self.area.width.saturating_sub(1));
        let length = text.chars().count() as u16;
        let last = self.area.width.saturating_sub(length);
        let x = (middle.round() as u16).saturating_sub(length / 2).min(last);
        let place = Rect {
            x: self.area.x + x,
            y: self.area.bottom(),
            width: length,
            height: 1,
        };
        Row::new(buf, place, 0).put(text, theme.label());
    }

    /// A letter over the dots, at shares from the left and from the top; left out where that is outside.
    fn mark(&self, buf: &mut Buffer, across: f32, down: f32, text: &str, style: ratatui::style::Style) {
        let is_inside = (0.0..=1.0).contains(&across) && (0.0..=1.0).contains(&down);
        if !is_inside || self.area.is_empty() {
            return;
        }
        let x = (across * f32::from(self.area.width) - 0.5).round().max(0.0) as u16;
        let y = (down * f32::from(self.area.height) - 0.5).round().max(0.0) as u16;
        let position = (
            self.area.x + x.min(self.area.width - 1),
            self.area.y + y.min(self.area.height - 1),
        );
        if let Some(cell) = buf.cell_mut(position) {
            cell.set_symbol(text).set_style(style);
        }
    }
}

fn hz_share(hz: f32) -> f32 {
    (hz / LOW_HZ).ln() / (HIGH_HZ / LOW_HZ).ln()
}

fn share_hz(share: f32) -> f32 {
    LOW_HZ * (HIGH_HZ / LOW_HZ).powf(share)
}

fn tone_share(db: f32) -> f32 {
    (TONE_DB - db) / (2.0 * TONE_DB)
}

fn level_share(db: f32) -> f32 {
    1.0 - db / LOW_DB
}

impl Curves<'_> {
    /// The settings with the selected stage on: what it would do is worth seeing before it is switched on.
    fn as_if_on(&self) -> StripSettings {
        let mut settings = *self.settings;
        settings.is_bypassed = false;
        match self.stage {
            Stage::HighPass => settings.high_pass.is_on = true,
            Stage::Eq => settings.eq.is_on = true,
            Stage::Gate => settings.gate.is_on = true,
            Stage::Compressor => settings.compressor.is_on = true,
            _ => {}
        }
        settings
    }

    /// The curve of high-pass and EQ.
    pub fn tone(&self, buf: &mut Buffer, area: Rect) {
        let (theme, settings) = (self.theme, self.settings);
        let is_on = (settings.high_pass.is_on || settings.eq.is_on) && !settings.is_bypassed;
        let title = match (settings.high_pass.is_on, settings.eq.is_on) {
            _ if settings.is_bypassed => "TONE bypassed",
            (true, true) => "TONE high-pass + EQ",
            (true, false) => "TONE high-pass",
            (false, true) => "TONE EQ",
            (false, false) => "TONE off",
        };
        let plot = Plot::new(titled(buf, area, title, theme.frame(), theme.label()));
        self.tone_grid(buf, &plot);

        let wanted = self.as_if_on();
        let mut canvas = plot.canvas();
        let (last_x, last_y) = ((canvas.width() - 1).max(1) as f32, (canvas.height() - 1) as f32);
        let hz = |x: i32| share_hz(x as f32 / last_x);
        let band = self.band();
        if let Some((band, _)) = band {
            let band = curve::eq_bands(&wanted.eq)[band];
            canvas.curve(|x| tone_share(band.response_db(hz(x))) * last_y);
            canvas.draw(buf, theme.accent());
        }
        let mut canvas = plot.canvas();
        let filters = filters(&wanted);
        canvas.curve(|x| tone_share(response_db(&filters, hz(x))) * last_y);
        canvas.draw(buf, if is_on { theme.curve() } else { theme.label() });

        let (hz, db) = match (self.stage, band) {
            (_, Some((_, at))) => at,
            (Stage::HighPass, _) => (settings.high_pass.hz, response_db(&filters, settings.high_pass.hz)),
            (Stage::DeEsser, _) => (settings.de_esser.hz, 0.0),
            _ => return,
        };
        plot.mark(buf, hz_share(hz), tone_share(db), "◆", theme.mark());
    }

    fn tone_grid(&self, buf: &mut Buffer, plot: &Plot) {
        let theme = self.theme;
        let mut grid = plot.canvas();
        let (last_x, last_y) = ((grid.width() - 1) as f32, (grid.height() - 1) as f32);
        plot.below(buf, 0.0, "20", theme);
        for (hz, text) in HZ_LINES {
            let share = hz_share(hz);
            grid.down((share * last_x).round() as i32, 4);
            plot.below(buf, share, text, theme);
        }
        for (db, drawn, numbered) in TONE_LINES {
            let share = tone_share(f32::from(db));
            if plot.area.height >= drawn {
                grid.across((share * last_y).round() as i32, if db == 0 { 2 } else { 4 });
            }
            if plot.area.height >= numbered {
                let sign = if db > 0 { "+" } else { "" };
                plot.number(buf, share, &format!("{sign}{db}"), theme);
            }
        }
        grid.draw(buf, theme.frame());
    }

    /// The selected band of the EQ: its number, and where it is.
    fn band(&self) -> Option<(usize, (f32, f32))> {
        let eq = &self.settings.eq;
        let bands = [
            ("eq_low", eq.low.hz, eq.low.gain_db / 2.0),
            ("eq_mid1", eq.mid1.hz, eq.mid1.gain_db),
            ("eq_mid2", eq.mid2.hz, eq.mid2.gain_db),
            ("eq_high", eq.high.hz, eq.high.gain_db / 2.0),
        ];
        bands
            .iter()
            .position(|(name, ..)| self.parameter.starts_with(name))
            .map(|at| (at, (bands[at].1, bands[at].2)))
    }

    /// The curve of gate and compressor: across what goes in, up what comes out.
    pub fn dynamics(&self, buf: &mut Buffer, area: Rect) {
        let (theme, settings) = (self.theme, self.settings);
        let is_on = (settings.gate.is_on || settings.compressor.is_on) && !settings.is_bypassed;
        let title = match (settings.gate.is_on, settings.compressor.is_on) {
            _ if settings.is_bypassed => "LEVEL bypassed",
            (true, true) if area.width > 28 => "LEVEL gate + compressor",
            (true, true) => "LEVEL gate+comp",
            (true, false) => "LEVEL gate",
            (false, true) => "LEVEL compressor",
            (false, false) => "LEVEL off",
        };
        let plot = Plot::new(titled(buf, area, title, theme.frame(), theme.label()));
        let mut grid = plot.canvas();
        let (last_x, last_y) = ((grid.width() - 1).max(1) as f32, (grid.height() - 1) as f32);
        for (db, rows, columns) in LEVEL_LINES {
            let share = level_share(f32::from(db));
            grid.down((share * last_x).round() as i32, 4);
            grid.across(((1.0 - share) * last_y).round() as i32, 4);
            if plot.area.height >= rows {
                plot.number(buf, 1.0 - share, &db.to_string(), theme);
            }
            if plot.area.width >= columns {
                plot.below(buf, share, &db.to_string(), theme);
            }
        }
        grid.draw(buf, theme.frame());

        let wanted = self.as_if_on();
        let mut canvas = plot.canvas();
        canvas.curve(|x| (1.0 - level_share(output_db(&wanted, LOW_DB * (1.0 - x as f32 / last_x)))) * last_y);
        canvas.draw(buf, if is_on { theme.curve() } else { theme.label() });

        let threshold = match self.stage {
            Stage::Gate => Some(settings.gate.threshold_db),
            Stage::Compressor => Some(settings.compressor.threshold_db),
            _ => None,
        };
        if let Some(db) = threshold {
            let out = output_db(&wanted, db);
            plot.mark(buf, level_share(db), 1.0 - level_share(out), "◆", theme.mark());
        }
        if let Some((input, output)) = self.point().filter(|_| is_on) {
            plot.mark(buf, level_share(input), 1.0 - level_share(output), "●", theme.good());
        }
    }

    /// Where on the curve the strip is now: level going in and level coming out, reckoned back from what leaves the strip.
    /// What lies between gate and compressor, the EQ, counts as nothing, as it does in the curve.
    fn point(&self) -> Option<(f32, f32)> {
        let (settings, stages) = (self.settings, &self.reading.stages);
        let peak = self.reading.peak_dbfs[0].max(self.reading.peak_dbfs[1]);
        let output = peak - settings.gain_db - stages.ride_db;
        let makeup = if settings.compressor.is_on {
            settings.compressor.makeup_db
        } else {
            0.0
        };
        let input = output - makeup - stages.compressor_db - stages.gate_db;
        (LOW_DB..=6.0).contains(&input).then_some((input.min(0.0), output))
    }
}

/// The filters of high-pass and EQ, as far as they are on: made once for all the frequencies of a curve.
fn filters(settings: &StripSettings) -> Vec<Biquad> {
    let mut filters = Vec::with_capacity(5);
    if settings.high_pass.is_on && !settings.is_bypassed {
        filters.push(Biquad::high_pass(&settings.high_pass));
    }
    if settings.eq.is_on && !settings.is_bypassed {
        filters.extend(curve::eq_bands(&settings.eq));
    }
    filters
}

fn response_db(filters: &[Biquad], hz: f32) -> f32 {
    filters.iter().map(|filter| filter.response_db(hz)).sum()
}

/// What gate and compressor make of a steady level, as far as they are on.
fn output_db(settings: &StripSettings, input_db: f32) -> f32 {
    let mut level = input_db;
    if settings.is_bypassed {
        return level;
    }
    if settings.gate.is_on {
        level += curve::gating_db(&settings.gate, input_db);
    }
    if settings.compressor.is_on {
        level = curve::compressor_output_db(&settings.compressor, level);
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_what_is_heard() {
        let mut settings = StripSettings::default();
        settings.high_pass.is_on = true;
        settings.eq.is_on = true;
        settings.eq.mid1.gain_db = -6.0;
        settings.eq.high.gain_db = 4.0;
        for is_bypassed in [false, true] {
            settings.is_bypassed = is_bypassed;
            for hz in [20.0, 80.0, 400.0, 3_000.0, 15_000.0] {
                let (drawn, heard) = (response_db(&filters(&settings), hz), curve::tone_db(&settings, hz));
                assert!((drawn - heard).abs() < 1e-4, "{hz} Hz: {drawn} dB, not {heard} dB");
            }
        }
    }

    #[test]
    fn the_point_lies_on_the_curve() {
        let mut settings = StripSettings {
            gain_db: 3.0,
            ..StripSettings::default()
        };
        settings.compressor.is_on = true;
        settings.compressor.makeup_db = 5.0;
        for input_db in [-50.0, -20.0, -6.0] {
            let output = output_db(&settings, input_db);
            let mut reading = StripMeter {
                peak_dbfs: [output + 3.0 - 2.0, -70.0],
                ..StripMeter::default()
            };
            reading.stages.compressor_db = curve::compression_db(&settings.compressor, input_db);
            reading.stages.ride_db = -2.0;
            let curves = Curves {
                settings: &settings,
                reading: &reading,
                parameter: "compressor",
                stage: Stage::Compressor,
                theme: Theme::new(false),
            };
            let (input, level) = curves.point().unwrap();
            assert!(
                (input - input_db).abs() < 1e-3 && (level - output).abs() < 1e-3,
                "{input} {level}"
            );
        }
    }
}
