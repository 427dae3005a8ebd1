//! What an operator can do, as values.

use crate::media::TimeDelta;
use crate::secret::SecretUrl;
use crate::studio::model::TransitionKind;

/// One operator action.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Puts preview (or the named scene) on program by the set transition.
    Take(Option<String>),
    /// The same from one frame to the next.
    Cut(Option<String>),
    /// The same by a fade of the given or the set duration.
    Fade(Option<TimeDelta>),
    /// Chooses the scene on preview.
    Preview(String),
    /// Sets what `take` does.
    Transition(TransitionKind, Option<TimeDelta>),
    /// Sets or changes a strip's gain.
    Gain(String, Gain),
    /// Mutes a strip on program.
    Mute(String, Switch),
    /// Hears a strip alone on the monitor bus.
    Solo(String, Switch),
    /// Voice denoise of a strip.
    Denoise(String, Switch),
    /// Video bitrate in kbit/s.
    Bitrate(u32),
    /// Makes the next picture an IDR.
    Keyframe,
    /// Adds a destination and starts it.
    DestinationAdd(String, SecretUrl),
    /// Stops and forgets a destination.
    DestinationRemove(String),
    /// Starts a destination.
    DestinationStart(String),
    /// Stops a destination.
    DestinationStop(String),
    /// Tries a lost destination again at once; without a name, all of them.
    Retry(Option<String>),
    /// Opens a source anew.
    SourceRestart(String),
    /// Ends the show and the studio.
    End,
    /// Something that concerns only the client where it was typed.
    Client(ClientCommand),
}

/// What only the TUI that it is typed in can do. A script has no screen to do it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCommand {
    /// Shows or hides the help.
    Help,
    /// Opens the command prompt.
    Prompt,
    /// Leaves the TUI; the show goes on.
    Detach,
    /// How monitors are drawn; `None` goes to the next way.
    Monitor(Option<MonitorMode>),
    /// Moves the selection.
    Select(Selection, Step),
    /// Draws the screen anew.
    Redraw,
}

/// How monitors are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonitorMode {
    /// What suits the terminal best.
    Auto,
    /// Two pixels per cell, coloured.
    HalfBlocks,
    /// Characters by brightness; needs no colour.
    Ascii,
    /// Real pixels.
    Sixel,
    /// No pictures.
    Off,
}

/// What is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// A strip of the mixer.
    Strip,
    /// A source.
    Source,
    /// A destination.
    Destination,
    /// The focused pane.
    Pane,
}

/// Which way a selection moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Forth.
    Next,
    /// Back.
    Previous,
}

/// `on`, `off`, or the other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Switch on.
    On,
    /// Switch off.
    Off,
    /// Change over.
    Toggle,
}

impl Switch {
    /// What becomes of `now`.
    #[must_use]
    pub fn apply(self, now: bool) -> bool {
        match self {
            Self::On => true,
            Self::Off => false,
            Self::Toggle => !now,
        }
    }
}

/// A gain in dB, absolute (`-6`, `0`) or by a step (`+3dB`, `-=3`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gain {
    /// To this.
    Set(f32),
    /// By this.
    Change(f32),
}
