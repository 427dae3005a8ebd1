//! The styles of the screen, as data: a shipped file in `presets/themes`, or the user's own merged over one.
//!
//! Colours only underline what words and shapes say already: without colour the same screen reads by bold, dim and reverse.
//! A theme is brought down to what a terminal has when it is loaded, so that drawing looks styles up and nothing else.

pub mod color;
mod file;
#[cfg(test)]
mod tests;

use std::sync::{LazyLock, Mutex, PoisonError};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

pub use color::Depth;
pub use file::ThemeError;

use file::Sheet;

/// The shipped themes: name and text.
const SHIPPED: [(&str, &str); 4] = [
    ("dark", include_str!("../../../../presets/themes/dark.toml")),
    ("light", include_str!("../../../../presets/themes/light.toml")),
    (
        "high-contrast",
        include_str!("../../../../presets/themes/high-contrast.toml"),
    ),
    ("none", include_str!("../../../../presets/themes/none.toml")),
];

/// What has a style of its own. The methods of [`Theme`] say what each is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the methods of Theme say it")]
pub enum Part {
    Text,
    Strong,
    Label,
    Frame,
    Accent,
    Selected,
    Program,
    Preview,
    ProgramBadge,
    PreviewBadge,
    OnBadge,
    Alarm,
    Good,
    Warning,
    Error,
    Reduction,
    Curve,
    Mark,
    MeterLow,
    MeterMiddle,
    MeterHigh,
    MeterDimLow,
    MeterDimMiddle,
    MeterDimHigh,
}

impl Part {
    /// All of them, as they are named in a file, in the order of the variants.
    pub const ALL: [(Self, &'static str); 24] = [
        (Self::Text, "text"),
        (Self::Strong, "strong"),
        (Self::Label, "label"),
        (Self::Frame, "frame"),
        (Self::Accent, "accent"),
        (Self::Selected, "selected"),
        (Self::Program, "program"),
        (Self::Preview, "preview"),
        (Self::ProgramBadge, "program_badge"),
        (Self::PreviewBadge, "preview_badge"),
        (Self::OnBadge, "on_badge"),
        (Self::Alarm, "alarm"),
        (Self::Good, "good"),
        (Self::Warning, "warning"),
        (Self::Error, "error"),
        (Self::Reduction, "reduction"),
        (Self::Curve, "curve"),
        (Self::Mark, "mark"),
        (Self::MeterLow, "meter_low"),
        (Self::MeterMiddle, "meter_middle"),
        (Self::MeterHigh, "meter_high"),
        (Self::MeterDimLow, "meter_dim_low"),
        (Self::MeterDimMiddle, "meter_dim_middle"),
        (Self::MeterDimHigh, "meter_dim_high"),
    ];
}

/// A theme at every depth.
#[derive(Debug, PartialEq, Eq)]
struct Look {
    sheet: Sheet,
    styles: [[Style; Part::ALL.len()]; Depth::ALL.len()],
}

impl Look {
    fn of(sheet: Sheet) -> Self {
        let styles = Depth::ALL.map(|depth| Part::ALL.map(|(part, _)| sheet.style(part, depth)));
        Self { sheet, styles }
    }
}

/// All looks of this process. They are few and small, and screens pass them around by value: none is ever given up.
static LOOKS: Mutex<Vec<&'static Look>> = Mutex::new(Vec::new());

/// The looks that are shipped, in the order of the files.
static SHIPPED_LOOKS: LazyLock<Vec<&'static Look>> = LazyLock::new(|| {
    let sheets = SHIPPED.iter().filter_map(|(name, _)| Sheet::shipped(name).ok());
    sheets.map(kept).collect()
});

/// The look of a sheet, made when it is new.
fn kept(sheet: Sheet) -> &'static Look {
    let mut looks = LOOKS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = looks.iter().find(|known| known.sheet == sheet) {
        return known;
    }
    let look: &'static Look = Box::leak(Box::new(Look::of(sheet)));
    looks.push(look);
    look
}

/// The styles of the screen, at the depth of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Only a build whose own files are broken has none, and then everything is plain.
    look: Option<&'static Look>,
    depth: Depth,
}

impl Theme {
    /// What a terminal gets that nobody has chosen a theme for: the dark one, or the one without colour.
    #[must_use]
    pub fn new(has_color: bool) -> Self {
        let (name, depth) = if has_color {
            ("dark", Depth::TrueColor)
        } else {
            ("none", Depth::None)
        };
        let look = SHIPPED_LOOKS.iter().find(|look| look.sheet.name == name).copied();
        Self { look, depth }
    }

    /// A shipped theme, for a terminal of 24 bits.
    #[must_use]
    pub fn shipped(name: &str) -> Option<Self> {
        let look = SHIPPED_LOOKS.iter().find(|look| look.sheet.name == name)?;
        Some(Self {
            look: Some(look),
            depth: Depth::TrueColor,
        })
    }

    /// The names of the shipped themes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// A theme from a user's file, merged over the shipped one that it names as its base. `file` is its name in errors and
    /// on the screen.
    ///
    /// # Errors
    /// The first thing that is wrong in it, with its position and what would be right.
    pub fn read(file: &str, text: &str) -> Result<Self, ThemeError> {
        let sheet = Sheet::read(file, text)?;
        Ok(Self {
            look: Some(kept(sheet)),
            depth: Depth::TrueColor,
        })
    }

    /// The same theme on a terminal with so many colours.
    #[must_use]
    pub fn at(self, depth: Depth) -> Self {
        Self { depth, ..self }
    }

    /// Its name: of a shipped one, or the name of the user's file.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.look.map_or("none", |look| &look.sheet.name)
    }

    /// The style of a part.
    #[must_use]
    pub fn style(self, part: Part) -> Style {
        self.look
            .map_or_else(Style::new, |look| look.styles[self.depth as usize][part as usize])
    }

    /// What the letters stand on; `None` where the terminal chooses.
    #[must_use]
    pub fn ground(self) -> Option<[u8; 3]> {
        self.look.and_then(|look| look.sheet.ground.rgb())
    }

    /// Whether letters are darker than what they stand on.
    #[must_use]
    pub fn is_light(self) -> bool {
        self.depth != Depth::None
            && self
                .ground()
                .is_some_and(|rgb| color::contrast(rgb, [0; 3]) > color::contrast(rgb, [255; 3]))
    }

    /// Puts the ground under everything that has none, where the theme brings its own. Drawn last: what clears cells on the
    /// way gives them back to the terminal.
    pub fn lay_ground(self, buf: &mut Buffer) {
        let Some(look) = self
            .look
            .filter(|look| look.sheet.is_painted && self.depth != Depth::None)
        else {
            return;
        };
        let ground = look.sheet.ground.at(self.depth);
        let ink = self.text().fg.unwrap_or(Color::Reset);
        for cell in &mut buf.content {
            if cell.bg == Color::Reset {
                cell.bg = ground;
            }
            if cell.fg == Color::Reset {
                cell.fg = ink;
            }
        }
    }

    /// Makes what is drawn in cells for a dark ground stand on one, where the theme's is light.
    pub fn darken(self, buf: &mut Buffer, area: Rect) {
        if self.is_light() {
            for position in area.intersection(buf.area).positions() {
                let cell = &mut buf[position];
                if cell.bg == Color::Reset {
                    cell.bg = color::Paint::Index(16).at(self.depth);
                }
            }
        }
    }

    /// What is read most.
    #[must_use]
    pub fn text(self) -> Style {
        self.style(Part::Text)
    }

    /// Titles and names.
    #[must_use]
    pub fn strong(self) -> Style {
        self.style(Part::Strong)
    }

    /// Labels and units.
    #[must_use]
    pub fn label(self) -> Style {
        self.style(Part::Label)
    }

    /// Frames.
    #[must_use]
    pub fn frame(self) -> Style {
        self.style(Part::Frame)
    }

    /// Frame of the focused pane, and what can be done.
    #[must_use]
    pub fn accent(self) -> Style {
        self.style(Part::Accent)
    }

    /// A row that keys act on.
    #[must_use]
    pub fn selected(self) -> Style {
        self.style(Part::Selected)
    }

    /// Program tally.
    #[must_use]
    pub fn program(self) -> Style {
        self.style(Part::Program)
    }

    /// Preview tally.
    #[must_use]
    pub fn preview(self) -> Style {
        self.style(Part::Preview)
    }

    /// `ON AIR`, `PGM`.
    #[must_use]
    pub fn program_badge(self) -> Style {
        self.style(Part::ProgramBadge)
    }

    /// `PVW`.
    #[must_use]
    pub fn preview_badge(self) -> Style {
        self.style(Part::PreviewBadge)
    }

    /// A switch that is on.
    #[must_use]
    pub fn on_badge(self) -> Style {
        self.style(Part::OnBadge)
    }

    /// What cannot be missed.
    #[must_use]
    pub fn alarm(self) -> Style {
        self.style(Part::Alarm)
    }

    /// As it should be.
    #[must_use]
    pub fn good(self) -> Style {
        self.style(Part::Good)
    }

    /// Not as it should be.
    #[must_use]
    pub fn warning(self) -> Style {
        self.style(Part::Warning)
    }

    /// Broken.
    #[must_use]
    pub fn error(self) -> Style {
        self.style(Part::Error)
    }

    /// What turns sound down now.
    #[must_use]
    pub fn reduction(self) -> Style {
        self.style(Part::Reduction)
    }

    /// A curve that is at work.
    #[must_use]
    pub fn curve(self) -> Style {
        self.style(Part::Curve)
    }

    /// The point of a curve that keys move.
    #[must_use]
    pub fn mark(self) -> Style {
        self.style(Part::Mark)
    }

    /// Meter by level in dBFS: one style up to −18, one up to −6, one above.
    #[must_use]
    pub fn meter(self, dbfs: f32) -> Style {
        self.style(if dbfs > -6.0 {
            Part::MeterHigh
        } else if dbfs > -18.0 {
            Part::MeterMiddle
        } else {
            Part::MeterLow
        })
    }

    /// The part of a meter between RMS and peak.
    #[must_use]
    pub fn meter_dim(self, dbfs: f32) -> Style {
        self.style(if dbfs > -6.0 {
            Part::MeterDimHigh
        } else if dbfs > -18.0 {
            Part::MeterDimMiddle
        } else {
            Part::MeterDimLow
        })
    }
}

/// The modifiers that a file can name.
const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];
