//! How the monitors of this screen are drawn: what the operator asked for, made to fit the terminal and the link.

use super::{Flow, UiState};
use crate::studio::command::{ColorMode, MonitorMode};
use crate::tui::monitor::{CellSize, Glyphs, Palette, Renderer};
use crate::tui::terminal::{Blocks, Colors};

impl UiState {
    /// How monitors are drawn on this terminal.
    #[must_use]
    pub fn renderer(&self) -> Renderer {
        let cells = |glyphs| Renderer::Cells(glyphs, self.palette());
        match self.monitor_mode {
            MonitorMode::Auto => self.best(),
            MonitorMode::Kitty => Renderer::Kitty,
            MonitorMode::Sixel => Renderer::Sixel,
            MonitorMode::Iterm => Renderer::Iterm,
            MonitorMode::Octants => cells(Glyphs::Octants),
            MonitorMode::Sextants => cells(Glyphs::Sextants),
            MonitorMode::Quadrants => cells(Glyphs::Quadrants),
            MonitorMode::HalfBlocks => cells(Glyphs::HalfBlocks),
            MonitorMode::Braille => cells(Glyphs::Braille),
            MonitorMode::Ascii => Renderer::Cells(Glyphs::Ascii, Palette::Mono),
            MonitorMode::Off => Renderer::Off,
        }
    }

    /// What the terminal does best, as far as the link carries it.
    fn best(&self) -> Renderer {
        if self.colors() == Colors::None {
            return Renderer::Cells(Glyphs::Ascii, Palette::Mono);
        }
        if self.step.has_pixels
            && let Some(pixels) = self.pixels()
        {
            return pixels;
        }
        let glyphs = match (self.colors(), self.capabilities.blocks) {
            // Consoles of sixteen colours have the fonts of their time.
            (Colors::Ansi16, _) => Glyphs::HalfBlocks,
            (_, Blocks::Quadrants) => Glyphs::Quadrants,
            (_, Blocks::Sextants) => Glyphs::Sextants,
            (_, Blocks::Octants) => Glyphs::Octants,
        };
        Renderer::Cells(glyphs, self.palette())
    }

    /// Real pixels, where the terminal has them.
    fn pixels(&self) -> Option<Renderer> {
        let can = self.capabilities;
        if can.has_kitty {
            Some(Renderer::Kitty)
        } else if can.has_sixel {
            Some(Renderer::Sixel)
        } else {
            can.has_iterm.then_some(Renderer::Iterm)
        }
    }

    /// Whether the governor may choose real pixels.
    #[must_use]
    pub fn has_pixels(&self) -> bool {
        match self.monitor_mode {
            MonitorMode::Auto => self.colors() != Colors::None && self.pixels().is_some(),
            mode => matches!(mode, MonitorMode::Kitty | MonitorMode::Sixel | MonitorMode::Iterm),
        }
    }

    /// The way of drawing after the present one, of those that this terminal can.
    pub(super) fn next_mode(&self) -> MonitorMode {
        let can = self.capabilities;
        let modes: Vec<MonitorMode> = MonitorMode::ALL
            .into_iter()
            .filter(|mode| match mode {
                MonitorMode::Kitty => can.has_kitty,
                MonitorMode::Sixel => can.has_sixel,
                MonitorMode::Iterm => can.has_iterm,
                MonitorMode::Octants => can.blocks >= Blocks::Octants,
                MonitorMode::Sextants => can.blocks >= Blocks::Sextants,
                _ => true,
            })
            .collect();
        let at = modes.iter().position(|mode| *mode == self.monitor_mode).unwrap_or(0);
        modes[(at + 1) % modes.len()]
    }

    /// How many colours are used.
    #[must_use]
    pub fn colors(&self) -> Colors {
        match self.color_mode {
            ColorMode::Auto => self.capabilities.colors,
            ColorMode::TrueColor => Colors::TrueColor,
            ColorMode::Xterm256 => Colors::Xterm256,
            ColorMode::Ansi16 => Colors::Ansi16,
            ColorMode::None => Colors::None,
        }
    }

    /// Whether the screen shows colours.
    #[must_use]
    pub fn has_color(&self) -> bool {
        self.colors() != Colors::None
    }

    /// The colours of pictures. Where the screen has none and blocks are asked for by name, the pictures are grey.
    fn palette(&self) -> Palette {
        match self.colors() {
            Colors::TrueColor => Palette::TrueColor,
            Colors::Xterm256 => Palette::Xterm256,
            Colors::Ansi16 => Palette::Ansi16,
            Colors::None => Palette::Mono,
        }
    }

    /// Pixels of a character cell.
    #[must_use]
    pub fn cell_size(&self) -> CellSize {
        self.capabilities.cell.unwrap_or_default()
    }

    /// Bytes of pictures per second at most.
    #[must_use]
    pub fn cap_bytes(&self) -> Option<f64> {
        self.cap_kb.map(|kb| f64::from(kb) * 1000.0)
    }

    /// What goes on between pictures and the link, for the corner of the screen: as long, and as short, as it may be.
    #[must_use]
    pub fn corner(&self) -> [String; 2] {
        let name = self.renderer().name();
        let Flow {
            bytes_per_second,
            pictures_per_second,
            round_trip,
            depth,
        } = self.flow;
        if self.renderer() == Renderer::Off || bytes_per_second == 0 {
            return [name.to_owned(), name.to_owned()];
        }
        let lowered = if depth > 0 {
            format!(" ▼{depth}")
        } else {
            String::new()
        };
        let cap = self.cap_kb.map_or_else(String::new, |kb| format!(" cap {kb}"));
        let took = round_trip.map_or_else(String::new, |took| format!(" {} ms", took.to_millis()));
        let kb = bytes_per_second.div_ceil(1000);
        [
            format!("{name}{lowered} {pictures_per_second}/s {kb} kB/s{cap}{took}"),
            format!("{name}{lowered}"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::TimeDelta;
    use crate::tui::governor::Step;
    use crate::tui::keymap::Keymap;
    use crate::tui::terminal::Capabilities;

    fn ui(capabilities: Capabilities) -> UiState {
        UiState::new(Keymap::shipped().unwrap(), capabilities)
    }

    #[test]
    fn the_best_is_chosen_that_terminal_and_link_can() {
        let all = Capabilities {
            has_kitty: true,
            has_sixel: true,
            has_iterm: true,
            ..Capabilities::default()
        };
        let blocks = |glyphs| Renderer::Cells(glyphs, Palette::Xterm256);
        for (capabilities, expected) in [
            (all, Renderer::Kitty),
            (
                Capabilities {
                    has_kitty: false,
                    ..all
                },
                Renderer::Sixel,
            ),
            (
                Capabilities {
                    has_kitty: false,
                    has_sixel: false,
                    ..all
                },
                Renderer::Iterm,
            ),
            (Capabilities::default(), blocks(Glyphs::Quadrants)),
            (
                Capabilities {
                    blocks: Blocks::Octants,
                    ..Capabilities::default()
                },
                blocks(Glyphs::Octants),
            ),
            (
                Capabilities {
                    colors: Colors::Ansi16,
                    ..Capabilities::default()
                },
                Renderer::Cells(Glyphs::HalfBlocks, Palette::Ansi16),
            ),
            (
                Capabilities {
                    colors: Colors::None,
                    ..all
                },
                Renderer::Cells(Glyphs::Ascii, Palette::Mono),
            ),
        ] {
            let mut ui = ui(capabilities);
            assert_eq!(ui.renderer(), expected, "{capabilities:?}");
            assert_eq!(ui.has_pixels(), expected.is_pixels());
            ui.step = Step {
                has_pixels: false,
                ..Step::BEST
            };
            assert!(!ui.renderer().is_pixels(), "a link that does not carry pixels");
            for mode in MonitorMode::ALL.into_iter().skip(1) {
                ui.monitor_mode = mode;
                assert_eq!(ui.renderer().name(), mode.word(), "what is asked for by name is had");
            }
        }
    }

    #[test]
    fn the_key_goes_through_what_the_terminal_can_and_comes_back() {
        for (blocks, has_sixel, count) in [(Blocks::Quadrants, false, 6), (Blocks::Octants, true, 9)] {
            let mut ui = ui(Capabilities {
                has_sixel,
                blocks,
                ..Capabilities::default()
            });
            let mut seen = vec![ui.monitor_mode];
            loop {
                ui.monitor_mode = ui.next_mode();
                if ui.monitor_mode == seen[0] {
                    break;
                }
                seen.push(ui.monitor_mode);
            }
            assert_eq!(seen.len(), count, "{seen:?}");
        }
    }

    #[test]
    fn the_corner_says_what_the_governor_does() {
        let mut ui = ui(Capabilities::default());
        assert_eq!(ui.corner()[0], "quadrants");
        ui.flow = Flow {
            bytes_per_second: 61_200,
            pictures_per_second: 6,
            round_trip: Some(TimeDelta::from_millis(152)),
            depth: 2,
        };
        ui.cap_kb = Some(80);
        assert_eq!(ui.corner(), ["quadrants ▼2 6/s 62 kB/s cap 80 152 ms", "quadrants ▼2"]);
    }
}
