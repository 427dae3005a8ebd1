//! `rigcast man`: the manual page, made from the arguments and from the command table.

use std::fmt::Write as _;
use std::io::Write as _;

use clap::CommandFactory;

use super::{Cli, complain, exit};
use crate::studio::command::{Scope, table::TABLE};

/// Prints the page.
pub(super) fn run() -> u8 {
    match page() {
        Ok(page) => {
            // Nobody may read on: a pager was left.
            let _ = std::io::stdout().lock().write_all(&page);
            exit::OK
        }
        Err(error) => {
            complain(&error.to_string());
            exit::REFUSED
        }
    }
}

fn page() -> std::io::Result<Vec<u8>> {
    let mut cli = Cli::command();
    cli.build();
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(cli.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let mut rest = String::new();
    for sub in cli
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
    {
        subcommand(&mut rest, "rigcast", sub);
    }
    rest.push_str(".SH \"COMMANDS OF RIGCAST CTL\"\n");
    rest.push_str("Keys, the prompt, cue files and scripts know the same commands. \\fBrigcast ctl\\fR sends one to a running studio.\n");
    for spec in TABLE.iter().filter(|spec| spec.scope == Scope::Studio) {
        item(&mut rest, &spec.usage(), spec.doc);
    }
    rest.push_str(".SH \"COMMANDS OF A SCREEN\"\nThese concern the screen where they are typed.\n");
    for spec in TABLE.iter().filter(|spec| spec.scope == Scope::Client) {
        item(&mut rest, &spec.usage(), spec.doc);
    }
    page.extend(rest.into_bytes());
    man.render_extra_section(&mut page)?;
    man.render_version_section(&mut page)?;
    Ok(page)
}

/// A subcommand with its arguments, and those below it.
fn subcommand(page: &mut String, path: &str, command: &clap::Command) {
    let path = format!("{path} {}", command.get_name());
    let _ = writeln!(page, ".SH \"{}\"", escaped(&path.to_uppercase()));
    if let Some(about) = command.get_about() {
        let _ = writeln!(page, "{}.", line(&about.to_string()));
    }
    let arguments = command
        .get_arguments()
        .filter(|argument| !argument.is_hide_set() && argument.get_id() != "help");
    for argument in arguments {
        let value = argument
            .get_value_names()
            .and_then(|names| names.first())
            .map_or_else(String::new, ToString::to_string);
        let takes = argument.get_action().takes_values();
        let name = match (argument.get_long(), takes) {
            (Some(long), true) => format!("--{long} {value}"),
            (Some(long), false) => format!("--{long}"),
            (None, _) => value,
        };
        let help = argument.get_help().map_or_else(String::new, ToString::to_string);
        item(page, &name, &help);
    }
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        subcommand(page, &path, sub);
    }
}

fn item(page: &mut String, name: &str, doc: &str) {
    let _ = writeln!(page, ".TP\n\\fB{}\\fR\n{}", escaped(name), line(doc));
}

/// Text inside a line.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('\n', " ")
}

/// A line of its own: it must not begin like a request.
fn line(text: &str) -> String {
    let text = escaped(text);
    if text.starts_with(['.', '\'']) {
        format!("\\&{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_command_and_no_line_that_is_a_slip() {
        let page = String::from_utf8(page().unwrap()).unwrap();
        for spec in TABLE {
            assert!(page.contains(&escaped(&spec.usage())), "{}", spec.name);
        }
        for text in ["RIGCAST CTL", "RIGCAST CUES REHEARSE", "\\-\\-keep\\-going"] {
            assert!(page.contains(text), "{text}");
        }
        assert!(!page.contains("RIGCAST WORKER"), "what is hidden stays so");
    }
}
