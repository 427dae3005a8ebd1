//! Commands: what an operator can do, and how typed words become one.
//!
//! Words are checked against the one [`table`], whoever typed them: a key, the prompt, `rigcast ctl`.

mod action;
mod answer;
mod asks;
pub mod item;
mod item_patch;
mod monitor;
mod parse;
mod row;
mod sources;
mod spec;
pub mod table;
mod told;
pub mod word;

pub use action::{
    Bus, ClientCommand, Command, EventsCommand, Gain, Kbps, Layout, Leap, Page, PinWord, Pinned, Place, RecordPoint,
    Reset, Selection, Step, Switch, ThemeName, Zoom,
};
pub use answer::Answer;
pub use asks::{meant_args, reveals_or_ends};
pub use item::{ItemChange, ItemRef};
pub use item_patch::{Meant, Misfit, item_of, leaves_a_zone, meant, scene_at, told as item_told};
pub use monitor::{ColorMode, MonitorMode};
pub use parse::{find, parse, split_words, with_whole_paths};
pub use sources::{
    SourceChange, SourceSetting, SourcesBefore, SourcesCommand, Toward, setting_keys, source_kinds, told_setting,
};
pub use spec::{ArgKind, ArgSpec, CommandSpec, KeyNeed, Scope, Suggestion, UsageError, Words};
pub use told::told;
