//! Colours, for a dark screen. They only underline what words and shapes say already: without colour the same screen reads
//! by bold, dim and reverse.

use ratatui::style::{Color, Modifier, Style};

/// The styles of the screen.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    has_color: bool,
}

impl Theme {
    /// With or without colour.
    #[must_use]
    pub fn new(has_color: bool) -> Self {
        Self { has_color }
    }

    fn color(self, index: u8) -> Style {
        if self.has_color {
            Style::new().fg(Color::Indexed(index))
        } else {
            Style::new()
        }
    }

    /// Letters on a coloured ground; reversed where there is no colour.
    fn badge(self, ink: u8, ground: u8) -> Style {
        let style = Style::new().add_modifier(Modifier::BOLD);
        if self.has_color {
            style.fg(Color::Indexed(ink)).bg(Color::Indexed(ground))
        } else {
            style.add_modifier(Modifier::REVERSED)
        }
    }

    /// What is read most.
    #[must_use]
    pub fn text(self) -> Style {
        self.color(252)
    }

    /// Titles and names.
    #[must_use]
    pub fn strong(self) -> Style {
        self.color(255).add_modifier(Modifier::BOLD)
    }

    /// Labels and units.
    #[must_use]
    pub fn label(self) -> Style {
        if self.has_color {
            self.color(245)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }

    /// Frames.
    #[must_use]
    pub fn frame(self) -> Style {
        if self.has_color {
            self.color(240)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }

    /// Frame of the focused pane, and what can be done.
    #[must_use]
    pub fn accent(self) -> Style {
        self.color(110)
    }

    /// A row that keys act on.
    #[must_use]
    pub fn selected(self) -> Style {
        let style = Style::new().add_modifier(Modifier::BOLD);
        if self.has_color {
            style.bg(Color::Indexed(236))
        } else {
            style
        }
    }

    /// Program tally.
    #[must_use]
    pub fn program(self) -> Style {
        self.color(203).add_modifier(Modifier::BOLD)
    }

    /// Preview tally.
    #[must_use]
    pub fn preview(self) -> Style {
        self.color(114).add_modifier(Modifier::BOLD)
    }

    /// `ON AIR`, `PGM`.
    #[must_use]
    pub fn program_badge(self) -> Style {
        self.badge(231, 160)
    }

    /// What must not be missed.
    #[must_use]
    pub fn alarm(self) -> Style {
        self.badge(231, 160)
    }

    /// `PVW`.
    #[must_use]
    pub fn preview_badge(self) -> Style {
        self.badge(16, 71)
    }

    /// A switch that is on.
    #[must_use]
    pub fn on_badge(self) -> Style {
        self.badge(16, 180)
    }

    /// As it should be.
    #[must_use]
    pub fn good(self) -> Style {
        self.color(114)
    }

    /// Not as it should be.
    #[must_use]
    pub fn warning(self) -> Style {
        self.color(221)
    }

    /// Broken.
    #[must_use]
    pub fn error(self) -> Style {
        self.color(203).add_modifier(Modifier::BOLD)
    }

    /// What turns sound down now.
    #[must_use]
    pub fn reduction(self) -> Style {
        self.color(215)
    }

    /// A curve that is at work.
    #[must_use]
    pub fn curve(self) -> Style {
        self.color(153).add_modifier(Modifier::BOLD)
    }

    /// The point of a curve that keys move.
    #[must_use]
    pub fn mark(self) -> Style {
        self.color(221).add_modifier(Modifier::BOLD)
    }

    /// Meter by level in dBFS: green, yellow above −18, red above −6.
    #[must_use]
    pub fn meter(self, dbfs: f32) -> Style {
        self.color(if dbfs > -6.0 {
            203
        } else if dbfs > -18.0 {
            221
        } else {
            71
        })
    }

    /// The part of a meter between RMS and peak, and its empty part.
    #[must_use]
    pub fn meter_dim(self, dbfs: f32) -> Style {
        if self.has_color {
            self.color(if dbfs > -6.0 {
                131
            } else if dbfs > -18.0 {
                136
            } else {
                65
            })
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }
}
