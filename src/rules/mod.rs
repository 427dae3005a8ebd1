//! Rules: what the room is doing now, as data, chooses what is on program.
//!
//! Pure: data and time come in, a choice and its reasons come out. `scene` reads the files, `studio/runtime` feeds and obeys.
