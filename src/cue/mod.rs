//! Cues: commands at their time, as an operator has written them down; and what a run of them does next.
//!
//! Pure: what is known of the show and the time come in, the commands that are due come out. `scene` reads the files,
//! `studio/runtime` runs them, `rigcast cues rehearse` runs them against a clock that can be stepped.
