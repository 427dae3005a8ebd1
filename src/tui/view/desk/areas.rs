//! Where the parts of a page stand. What an operator must keep seeing, the picture on air, stays where there is room for it;
//! the status line above every page says whether it goes out.

use ratatui::layout::{Constraint, Layout, Rect};

use crate::studio::command::Page;
use crate::studio::model::ProgramFormat;
use crate::tui::view::shape::{columns_for, rows_for};

/// From this width on the list has two columns.
const TWO_COLUMNS: u16 = 150;

/// A plot lower than this, with its frame, tells nothing.
const LOWEST_PLOT: u16 = 7;

/// A monitor narrower than this, with its frame, shows nothing.
const NARROWEST_MONITOR: u16 = 16;

/// A plot of levels is at least so wide, with its frame and numbers.
const NARROWEST_LEVELS: u16 = 20;

/// A curve of shades is at least so wide, with its frame.
const NARROWEST_CURVE: u16 = 14;

/// The parts of a page, with their frames. What has no room is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    /// All parameters.
    pub sheet: Rect,
    /// One row: what the selected parameter is for.
    pub note: Rect,
    /// The picture on air.
    pub program: Rect,
    /// Of a strip: the curve of EQ and high-pass. Of a picture: what becomes of each shade.
    pub tone: Rect,
    /// Of a strip: the curve of gate and compressor.
    pub dynamics: Rect,
    /// Of a strip: its meters. Of sources: those of the one that is seen.
    pub levels: Rect,
    /// Of the buses: how loud program is.
    pub loudness: Rect,
    /// Of the buses: the strips that go into them.
    pub mixer: Rect,
    /// Of faces: those on program.
    pub faces: Rect,
    /// Of faces: what is hidden for good.
    pub zones: Rect,
    /// Of a picture: the source. Of sources: the one on trial, or the selected one.
    pub source: Rect,
    /// Of the network: how destinations are reached.
    pub network: Rect,
    /// Of the network: what was changed, and why.
    pub changes: Rect,
    /// Of moderation: the strip along the hold.
    pub hold: Rect,
    /// Of moderation: words and spans. Of rules: the data. Of sources: those of the show.
    pub held: Rect,
    /// Of events, items, cues and what could be a source: the selected one.
    pub detail: Rect,
    /// Of items: their scene.
    pub canvas: Rect,
}

impl Areas {
    /// Arranges a page. Where there is room for one curve, it is that of the dynamics if `wants_dynamics`.
    #[must_use]
    pub fn new(body: Rect, page: Page, wants_dynamics: bool, format: ProgramFormat) -> Self {
        let [main, note] = rows(body, [Constraint::Fill(1), Constraint::Length(1)]);
        let areas = Self {
            note,
            ..Self::default()
        };
        match page {
            Page::Strip => areas.strip(main, wants_dynamics, format),
            Page::Buses => areas.buses(main),
            Page::Faces => areas.faces(main, format),
            Page::Picture => areas.picture(main, format),
            Page::Network => areas.network(main, format),
            Page::Moderation => areas.moderation(main, format),
            Page::Events | Page::Cues => areas.events(main),
            Page::Charts => Self { sheet: main, ..areas },
            Page::Items => areas.items(main, format),
            Page::Rules => areas.rules(main, format),
            Page::Sources => areas.sources(main, format),
        }
    }

    fn strip(mut self, main: Rect, wants_dynamics: bool, format: ProgramFormat) -> Self {
        let list = match main.width {
            width if width >= TWO_COLUMNS => 92,
            width => (width * 48 / 100).clamp(34, 46),
        };
        let [sheet, right] = columns(main, [Constraint::Length(list), Constraint::Fill(1)]);
        let levels = if main.height >= 24 { 6 } else { 5 };
        let [plots, levels] = rows(right, [Constraint::Fill(1), Constraint::Length(levels)]);
        self.sheet = sheet;
        self.levels = levels;
        if plots.height < 2 * LOWEST_PLOT {
            let place = if wants_dynamics {
                &mut self.dynamics
            } else {
                &mut self.tone
            };
            *place = plots;
            return self;
        }
        let [tone, below] = rows(plots, [Constraint::Fill(1), Constraint::Length(plots.height / 2)]);
        self.tone = tone;
        let monitor = monitor_width(below.height, format).min(below.width.saturating_sub(NARROWEST_LEVELS));
        if monitor < NARROWEST_MONITOR {
            self.dynamics = below;
        } else {
            [self.dynamics, self.program] = columns(below, [Constraint::Fill(1), Constraint::Length(monitor)]);
        }
        self
    }

    fn buses(mut self, main: Rect) -> Self {
        let list = (main.width * 48 / 100).clamp(34, 96);
        let [left, right] = columns(main, [Constraint::Length(list), Constraint::Fill(1)]);
        // All parameters with their headings and a frame.
        let all = 12;
        if main.height < all + LOWEST_PLOT {
            (self.sheet, self.loudness) = (left, right);
            return self;
        }
        [self.sheet, self.mixer] = rows(left, [Constraint::Length(all), Constraint::Fill(1)]);
        let picture = (main.height * 2 / 5).max(LOWEST_PLOT);
        [self.loudness, self.program] = rows(right, [Constraint::Fill(1), Constraint::Length(picture)]);
        self
    }

    fn faces(mut self, main: Rect, format: ProgramFormat) -> Self {
        // Levels and regions side by side.
        let list = (main.width * 45 / 100).clamp(36, 56);
        let [sheet, right] = columns(main, [Constraint::Length(list), Constraint::Fill(1)]);
        self.sheet = sheet;
        let picture = rows_for(right.width.saturating_sub(2), format) + 2;
        // Six faces with their frame are more than most shows have.
        let picture = picture.min(right.height.saturating_sub(8));
        if picture < LOWEST_PLOT + 2 {
            [self.faces, self.zones] = rows(right, [Constraint::Fill(1), Constraint::Length(4)]);
            return self;
        }
        let [program, below] = rows(right, [Constraint::Length(picture), Constraint::Fill(1)]);
        self.program = program;
        [self.faces, self.zones] = columns(below, [Constraint::Fill(1), Constraint::Length(below.width * 2 / 5)]);
        self
    }

    fn network(mut self, main: Rect, format: ProgramFormat) -> Self {
        let list = (main.width * 45 / 100).clamp(36, 64);
        let top = (main.height / 2).clamp(13, 20).min(main.height);
        let [above, changes] = rows(main, [Constraint::Length(top), Constraint::Fill(1)]);
        let [sheet, right] = columns(above, [Constraint::Length(list), Constraint::Fill(1)]);
        (self.sheet, self.changes) = (sheet, changes);
        let monitor = monitor_width(changes.height, format).min(changes.width.saturating_sub(60));
        if monitor >= NARROWEST_MONITOR && changes.height >= LOWEST_PLOT {
            [self.changes, self.program] = columns(changes, [Constraint::Fill(1), Constraint::Length(monitor)]);
        }
        self.network = right;
        self
    }

    fn moderation(mut self, main: Rect, format: ProgramFormat) -> Self {
        // Bar, waveform, spans, words and ruler with their frame.
        let strip = (main.height / 3 + 3).clamp(8, 16);
        let [hold, below] = rows(main, [Constraint::Length(strip), Constraint::Fill(1)]);
        self.hold = hold;
        // Words are short: on a wide screen the picture takes what they leave.
        let widest = if main.width > 220 { main.width / 2 } else { 62 };
        let list = (main.width * 42 / 100).clamp(26, widest);
        [self.held, self.sheet] = columns(below, [Constraint::Fill(1), Constraint::Length(list)]);
        // All that is said of who judges, one thing that was seen, and the frame.
        let said = 10;
        if self.sheet.height >= said + LOWEST_PLOT {
            let [sheet, program] = rows(self.sheet, [Constraint::Length(said), Constraint::Fill(1)]);
            let width = monitor_width(program.height, format).min(program.width);
            self.sheet = sheet;
            if width >= NARROWEST_MONITOR {
                self.program = Rect { width, ..program };
            }
        }
        self
    }

    fn rules(mut self, main: Rect, format: ProgramFormat) -> Self {
        let list = (main.width * 58 / 100).max(44).min(main.width);
        let [sheet, right] = columns(main, [Constraint::Length(list), Constraint::Fill(1)]);
        (self.sheet, self.held) = (sheet, right);
        let picture = (main.height * 2 / 5).min(rows_for(right.width.saturating_sub(2), format) + 2);
        if picture >= LOWEST_PLOT && right.height - picture >= LOWEST_PLOT {
            let [program, data] = rows(right, [Constraint::Length(picture), Constraint::Fill(1)]);
            let width = monitor_width(program.height, format).min(program.width);
            (self.program, self.held) = (Rect { width, ..program }, data);
        }
        self
    }

    fn events(mut self, main: Rect) -> Self {
        // Two rows of text, who asked, and the frame; a row more of text where there is room.
        let detail = if main.height >= 20 { 6 } else { 5 };
        [self.sheet, self.detail] = rows(main, [Constraint::Fill(1), Constraint::Length(detail)]);
        self
    }

    fn items(mut self, main: Rect, format: ProgramFormat) -> Self {
        let list = (main.width * 45 / 100).clamp(34, 86);
        let [sheet, right] = columns(main, [Constraint::Length(list), Constraint::Fill(1)]);
        self.sheet = sheet;
        // Where it is, how large, how it is seen, and the frame; a row more where there is room.
        let said = if right.height >= 20 { 7 } else { 6 };
        let picture = rows_for(right.width.saturating_sub(2), format) + 2;
        let picture = picture.min(right.height.saturating_sub(said));
        if picture < LOWEST_PLOT {
            self.detail = right;
            return self;
        }
        let [canvas, below] = rows(right, [Constraint::Length(picture), Constraint::Fill(1)]);
        (self.canvas, self.detail) = (canvas, below);
        let monitor = monitor_width(below.height, format).min(below.width.saturating_sub(44));
        if monitor >= NARROWEST_MONITOR && below.height >= LOWEST_PLOT {
            [self.detail, self.program] = columns(below, [Constraint::Fill(1), Constraint::Length(monitor)]);
        }
        self
    }

    fn sources(mut self, main: Rect, format: ProgramFormat) -> Self {
        let list = (main.width * 48 / 100).clamp(34, 84);
        let [left, right] = columns(main, [Constraint::Length(list), Constraint::Fill(1)]);
        let shown = (main.height / 3).clamp(5, 14);
        [self.sheet, self.held] = rows(left, [Constraint::Fill(1), Constraint::Length(shown)]);
        // Left and right with their frame; what is known of the selected one with its own.
        let said = if main.height >= 28 { 7 } else { 5 };
        let [picture, levels, detail] = rows(
            right,
            [Constraint::Fill(1), Constraint::Length(4), Constraint::Length(said)],
        );
        (self.source, self.levels, self.detail) = (picture, levels, detail);
        let both = monitor_width(picture.height, format) * 2;
        let is_wide = picture.width >= both || picture.width >= 6 * NARROWEST_MONITOR;
        if is_wide && picture.height >= LOWEST_PLOT {
            [self.source, self.program] = columns(picture, [Constraint::Fill(1), Constraint::Fill(1)]);
        }
        self
    }

    fn picture(mut self, main: Rect, format: ProgramFormat) -> Self {
        let list = (main.width * 48 / 100).clamp(34, 60);
        let [sheet, right] = columns(main, [Constraint::Length(list), Constraint::Fill(1)]);
        self.sheet = sheet;
        if right.height < 2 * LOWEST_PLOT {
            self.source = right;
            return self;
        }
        let [source, below] = rows(right, [Constraint::Fill(1), Constraint::Length(right.height / 2)]);
        self.source = source;
        let monitor = monitor_width(below.height, format).min(below.width.saturating_sub(NARROWEST_CURVE));
        if monitor < NARROWEST_MONITOR {
            self.tone = below;
        } else {
            [self.tone, self.program] = columns(below, [Constraint::Fill(1), Constraint::Length(monitor)]);
        }
        self
    }
}

/// How wide a monitor of that height is, both with the frame.
fn monitor_width(height: u16, format: ProgramFormat) -> u16 {
    columns_for(height.saturating_sub(2), format) + 2
}

fn rows<const N: usize>(area: Rect, parts: [Constraint; N]) -> [Rect; N] {
    Layout::vertical(parts).areas(area)
}

fn columns<const N: usize>(area: Rect, parts: [Constraint; N]) -> [Rect; N] {
    Layout::horizontal(parts).areas(area)
}
