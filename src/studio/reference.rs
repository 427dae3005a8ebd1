//! docs/commands.md, made from the command table. A test holds the file to it.

use std::fmt::Write;

use super::command::table::TABLE;
use super::command::{ArgKind, ArgSpec, CommandSpec, Scope};

/// The reference page as Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(
        "# Commands\n\n\
         Made from the command table (`src/studio/command/table.rs`); a test keeps it so. Every command of the first table can be\n\
         typed at the prompt (`:`), bound to a key, or sent by a script: `rigcast ctl gain voice +3`. Where it says that a\n\
         command asks first, a screen asks before it reveals or ends something; what hides more is done at once, and a script\n\
         is never asked. How keys are bound: [keys.md](keys.md).\n",
    );
    section(&mut page, "For keys and scripts", Scope::Studio);
    section(&mut page, "For the screen where they are typed", Scope::Client);
    page
}

fn section(page: &mut String, title: &str, scope: Scope) {
    // Writing to a String cannot fail.
    let _ = write!(page, "\n## {title}\n\n| command | what it does |\n| --- | --- |\n");
    for spec in TABLE.iter().filter(|spec| spec.scope == scope) {
        let asks = if spec.is_confirmed { " (asks first)" } else { "" };
        let _ = writeln!(page, "| `{}` | {}{asks}{} |", spec.usage(), spec.doc, words(spec));
    }
}

fn words(spec: &CommandSpec) -> String {
    let is_open = |arg: &&ArgSpec| !matches!(arg.kind, ArgKind::Choice([_]));
    let kinds = spec
        .args
        .iter()
        .filter(is_open)
        .map(|arg| format!("{}: {}", arg.name, arg.kind.expected()));
    kinds.fold(String::new(), |all, kind| format!("{all}<br>{kind}"))
}
