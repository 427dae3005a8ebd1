//! What changes how the screen is laid out: layout, focus, zoom, theme.

use super::{Focus, Pane, UiState, step};
use crate::studio::command::{Layout, Step, ThemeName, Zoom};
use crate::studio::model::Studio;
use crate::tui::keymap::Placeholder;
use crate::tui::view::theme::Theme;

/// Sources that the multiview shows at most.
pub const MULTIVIEW: usize = 9;

impl UiState {
    /// The pane that has the focus, if one has it.
    #[must_use]
    pub fn focused_pane(&self) -> Option<Pane> {
        let is_shown = self.page.is_none() && matches!(self.layout, Layout::Desk | Layout::Mixer);
        (is_shown && self.focus == Focus::Pane).then_some(self.pane)
    }

    pub(super) fn lay_out(&mut self, layout: Option<Layout>) {
        let at = self.layout as usize;
        self.layout = layout.unwrap_or(Layout::ALL[step(at, Layout::ALL.len(), Step::Next)]);
        (self.page, self.zoom) = (None, None);
        self.focus = match self.layout {
            Layout::Program | Layout::Multiview => Focus::Program,
            Layout::Desk | Layout::Mixer | Layout::Line => Focus::Pane,
        };
        if self.layout == Layout::Mixer {
            self.pane = Pane::Mixer;
        }
        self.say(format!("layout: {}", self.layout.word()), false);
    }

    /// Shows what is wanted over the whole body; what stands there already makes room again.
    pub(super) fn zoom_to(&mut self, studio: &Studio, wanted: Option<Zoom>) {
        let focused = match self.focus {
            _ if self.page.is_some() => Zoom::Part,
            Focus::Pane => Zoom::Pane,
            Focus::Program => Zoom::Program,
            Focus::Preview => Zoom::Preview,
            Focus::Source => Zoom::Source,
        };
        let zoom = match wanted {
            None => self.zoom.is_none().then_some(focused),
            Some(Zoom::Off) => None,
            Some(wanted) => (self.zoom != Some(wanted)).then_some(wanted),
        };
        if zoom == Some(Zoom::Source) && studio.sources.is_empty() {
            return self.say(Placeholder::Source.nothing(), true);
        }
        self.zoom = zoom;
    }

    /// Moves the focus over what the layout shows: panes of the desk, monitors of the multiview, both beside the mixer.
    pub(super) fn step_focus(&mut self, studio: &Studio, by: Step) {
        match self.layout {
            Layout::Desk | Layout::Line => {
                let at = Pane::ALL.iter().position(|pane| *pane == self.pane).unwrap_or(0);
                self.pane = Pane::ALL[step(at, Pane::ALL.len(), by)];
                self.focus = Focus::Pane;
            }
            Layout::Program => self.focus = Focus::Program,
            Layout::Mixer => {
                self.focus = match self.focus {
                    Focus::Pane => Focus::Program,
                    _ => Focus::Pane,
                };
            }
            Layout::Multiview => {
                let at = match self.focus {
                    Focus::Preview => 1,
                    Focus::Source => 2 + self.selected.source,
                    Focus::Pane | Focus::Program => 0,
                };
                match step(at, 2 + studio.sources.len(), by) {
                    0 => self.focus = Focus::Program,
                    1 => self.focus = Focus::Preview,
                    tile => {
                        self.focus = Focus::Source;
                        self.select_source(studio, tile - 2);
                    }
                }
            }
        }
        if self.zoom.is_some() && self.page.is_none() {
            self.zoom = None;
            self.zoom_to(studio, None);
        }
    }

    /// Selects a source, and the strip with its sound.
    pub(super) fn select_source(&mut self, studio: &Studio, at: usize) {
        self.selected.source = at;
        let name = studio.sources.get(at).map(|source| &source.name);
        if let Some(at) = studio.strips.iter().position(|strip| Some(&strip.name) == name) {
            self.selected.strip = at;
        }
    }

    /// Takes the theme that was given at the start; one that is not shipped is the operator's own.
    pub fn choose(&mut self, theme: Theme) {
        if Theme::shipped(theme.name()).is_none() {
            self.own_theme = Some(theme);
        }
        // Without colour there is one look, and it is made for that.
        if self.has_color() {
            self.theme = theme;
        }
    }

    pub(super) fn choose_theme(&mut self, name: Option<ThemeName>) {
        let known = ThemeName::ALL
            .into_iter()
            .filter_map(|name| Some((name, self.theme_of(name)?)));
        let known: Vec<(ThemeName, Theme)> = known.collect();
        let at = if name.is_some() {
            known.iter().position(|(known, _)| Some(*known) == name)
        } else {
            let now = known.iter().position(|(_, theme)| *theme == self.theme);
            Some(now.map_or(0, |at| step(at, known.len(), Step::Next)))
        };
        let chosen = at.and_then(|at| known.get(at));
        match chosen {
            Some((_, theme)) => {
                self.theme = *theme;
                self.say(format!("theme: {}", theme.name()), false);
            }
            None => self.say("there is no own theme: rigcast attach --theme FILE brings one", true),
        }
    }

    fn theme_of(&self, name: ThemeName) -> Option<Theme> {
        match name {
            ThemeName::Own => self.own_theme,
            shipped => Theme::shipped(shipped.word()),
        }
    }
}
