//! Cues: commands at their time, as an operator has written them down; and what a run of them does next.
//!
//! Pure: what is known of the show and the time come in, the cues that are due come out. `scene/cues.rs` reads the files,
//! `studio/update/cues.rs` keeps [`Cues`] in the model, `studio/runtime/cueing.rs` waits and carries the commands out, and `rigcast
//! cues rehearse` does the same against a clock that can be stepped.
//!
//! ```text
//! CueList   what is written: names, triggers, command lines           list, watch, clock
//! Run       a run of it: a clock that can stand, what each cue does    run
//! Cues      both, and what was asked for by hand                       cues
//! ```
//! A run counts **positions** from its beginning. A cue that comes by itself is due at a position, not when somebody happens to look: a
//! chain of cues is as exact as its numbers, however late each step is made.

mod clock;
mod cues;
mod list;
mod run;
mod watch;

pub use clock::{clock_text, parse_day, parse_time};
pub use cues::{Cues, Firing, Next};
pub use list::{Cue, CueList, LONGEST_HOURS, MAX_CUES, MAX_LINES, OnError, Trigger, is_key};
pub use run::{CuePhase, CueState, REST, Run, RunPhase};
pub use watch::{Facts, Watch};
