//! The one command table. Keymap, help, prompt, `rigcast ctl` and docs/commands.md are all made from it, so that help
//! cannot disagree with behaviour and the TUI can do nothing that a script cannot.
//!
//! Its rows stand in one file per subject, in the order of the reference page.

mod air;
mod camera;
mod cues;
mod delivery;
mod live;
mod moderation;
mod occlusion;
mod picture;
mod rules;
mod scenes;
mod screen;
mod sound;
mod sources;

use super::spec::CommandSpec;

const PARTS: [&[CommandSpec]; 13] = [
    air::ROWS,
    sound::ROWS,
    picture::ROWS,
    camera::ROWS,
    occlusion::ROWS,
    moderation::ROWS,
    delivery::ROWS,
    sources::ROWS,
    live::ROWS,
    rules::ROWS,
    scenes::ROWS,
    cues::ROWS,
    screen::ROWS,
];

/// Every command, in the order of the reference page.
pub static TABLE: &[CommandSpec] = &JOINED;

const COUNT: usize = {
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
};

static JOINED: [CommandSpec; COUNT] = {
    let mut rows = [PARTS[0][0]; COUNT];
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut at = 0;
        while at < PARTS[part].len() {
            rows[count] = PARTS[part][at];
            count += 1;
            at += 1;
        }
        part += 1;
    }
    rows
};

/// The row of that name.
#[must_use]
pub fn spec(name: &str) -> Option<&'static CommandSpec> {
    TABLE.iter().find(|spec| spec.name == name)
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
