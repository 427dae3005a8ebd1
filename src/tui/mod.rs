//! The terminal client: keys in, screen out.
//!
//! ```text
//! key     terminal event → app::UiState::on_key → command for the studio, or a change of this screen only
//! state   control::client → app::UiState::follow ┐
//! picture control::client → monitor (own thread) ┴→ view → screen, as much as governor allows → terminal::Output (own thread)
//! ```
//!
//! It knows of the studio what the control socket says: model, commands, pictures. Losing it costs the show nothing.

pub mod app;
pub mod governor;
pub mod history_file;
pub mod keymap;
pub mod monitor;
mod options;
pub mod plain;
mod run;
mod screen;
pub mod terminal;
pub mod view;

pub use options::{Flags, Options, OptionsError};
pub use plain::talk;
pub use run::{Leave, run};
pub use screen::Screen;
pub use terminal::describe_terminal;
