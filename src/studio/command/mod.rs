//! Commands: what an operator can do, and how typed words become one.
//!
//! Words are checked against the one [`table`], whoever typed them: a key, the prompt, `rigcast ctl`.

mod action;
mod parse;
mod spec;
pub mod table;
pub mod word;

pub use action::{ClientCommand, Command, Gain, MonitorMode, Selection, Step, Switch};
pub use parse::{find, parse, split_words};
pub use spec::{ArgKind, ArgSpec, CommandSpec, Scope, Suggestion, UsageError, Words};
