//! `rigcast completions SHELL`: what a shell needs to complete arguments, made from the arguments themselves; and the words after `rigcast ctl`, which
//! come from the command table and, while a studio runs, from its names.
//!
//! The script that is printed asks this program (`rigcast complete`) for what could stand after `ctl`: it is then never older than the program.

use std::time::Duration;

use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::Value;

use super::{Address, Cli, Session, client_runtime, complain, exit, say};
use crate::control::client::Client;
use crate::scene;
use crate::studio::command::{Scope, find, table::TABLE};
use crate::studio::model::Studio;
use crate::studio::opening;
use crate::tui::app::complete;

/// How long a shell waits for the names of a studio.
const PATIENCE: Duration = Duration::from_millis(300);

/// The shells that are known.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Kind {
    /// Bourne again shell
    Bash,
    /// Z shell
    Zsh,
    /// Friendly interactive shell
    Fish,
}

/// After `ctl`, bash asks the program.
const BASH: &str = r#"
_rigcast_words() {
    local at
    for ((at = 1; at < COMP_CWORD; at++)); do
        if [[ ${COMP_WORDS[at]} == ctl ]]; then
            local found word
            COMPREPLY=()
            mapfile -t found < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:at+1:COMP_CWORD-at}" 2>/dev/null)
            for word in "${found[@]}"; do
                COMPREPLY+=("$(printf '%q' "$word")")
            done
            return 0
        fi
    done
    _rigcast "$@"
}
complete -o default -F _rigcast_words rigcast
"#;

/// The same for zsh, before its script ends with the function being called.
const ZSH: &str = r#"
functions[_rigcast_options]=$functions[_rigcast]
_rigcast() {
    local at=${words[(ie)ctl]}
    if (( at < CURRENT )); then
        local -a found
        found=("${(@f)$(${words[1]} complete -- "${(@)words[at+1,CURRENT]}" 2>/dev/null)}")
        compadd -a found
        return
    fi
    _rigcast_options "$@"
}
"#;

/// The same for fish.
const FISH: &str = r"
function __rigcast_words
    set -l typed (commandline -opc) (commandline -ct)
    set -l at (contains -i -- ctl $typed)
    $typed[1] complete -- $typed[(math $at + 1)..] 2>/dev/null
end
complete -c rigcast -n '__fish_seen_subcommand_from ctl' -f -a '(__rigcast_words)'
";

/// Prints the script for a shell.
pub(super) fn run(kind: Kind) -> u8 {
    say(script(kind).trim_end());
    exit::OK
}

fn script(kind: Kind) -> String {
    let shell = match kind {
        Kind::Bash => Shell::Bash,
        Kind::Zsh => Shell::Zsh,
        Kind::Fish => Shell::Fish,
    };
    let mut made = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "rigcast", &mut made);
    let made = String::from_utf8_lossy(&made).into_owned();
    match kind {
        Kind::Bash => made + BASH,
        Kind::Fish => made + FISH,
        Kind::Zsh => match made.rfind("\nif [ \"$funcstack[1]\"") {
            Some(at) => format!("{}{ZSH}{}", &made[..at], &made[at..]),
            None => made,
        },
    }
}

/// Prints what could stand in the place of the last of `words`, which follow `rigcast ctl`: one per line.
pub(super) fn words(words: &[String]) -> u8 {
    let (words, address) = without_options(words);
    let Some((partial, before)) = words.split_last() else {
        return exit::OK;
    };
    let studio = running(&address).or_else(nobody);
    for word in candidates(before, partial, studio.as_ref()) {
        if !say(&word) {
            break;
        }
    }
    exit::OK
}

/// The words without the options of `ctl`, and the studio that those name.
fn without_options(words: &[String]) -> (Vec<String>, Address) {
    let mut address = Address {
        session: Session {
            name: "studio".to_owned(),
        },
        socket: None,
    };
    let mut left = Vec::new();
    let mut given = words.iter().peekable();
    while let Some(word) = given.next() {
        // The one that is being typed is no option yet.
        let is_last = given.peek().is_none();
        match (word.as_str(), is_last) {
            ("--name", false) if left.is_empty() => address.session.name = given.next().cloned().unwrap_or_default(),
            ("--socket", false) if left.is_empty() => address.socket = given.next().map(Into::into),
            ("--within", false) if left.is_empty() => drop(given.next()),
            ("--keep-going", false) if left.is_empty() => {}
            _ => left.push(word.clone()),
        }
    }
    (left, address)
}

/// What can be typed after `before`, as far as it begins with `partial`.
fn candidates(before: &[String], partial: &str, studio: Option<&Studio>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |word: &str| {
        if word.starts_with(partial) && !found.iter().any(|known| known == word) {
            found.push(word.to_owned());
        }
    };
    if before.is_empty() {
        ["status", "watch"].into_iter().for_each(&mut add);
    }
    for spec in TABLE.iter().filter(|spec| spec.scope == Scope::Studio) {
        let name: Vec<&str> = spec.name.split(' ').collect();
        if name.len() > before.len() && name.iter().zip(before).all(|(name, word)| name == word) {
            add(name[before.len()]);
        }
    }
    let is_command = !before.is_empty() && find(before).is_ok();
    if let Some(studio) = studio.filter(|_| is_command) {
        let quoted = before.iter().map(|word| format!("\"{word}\""));
        let line = quoted.collect::<Vec<_>>().join(" ") + " ";
        for candidate in complete(&line, studio).candidates {
            add(candidate.word.trim_matches('"'));
        }
    }
    found
}

/// The state of the studio that runs there.
fn running(address: &Address) -> Option<Studio> {
    let path = address.path().ok()?;
    let status = async {
        let mut client = Client::connect(&path).await.ok()?;
        client.request("status", Value::Null).await.ok()
    };
    let status = client_runtime()
        .ok()?
        .block_on(async { tokio::time::timeout(PATIENCE, status).await.ok()? })?;
    serde_json::from_value(status).ok()
}

/// A studio without names: what can be typed whatever runs.
fn nobody() -> Option<Studio> {
    let demo = scene::demo(&[], &|_| None);
    let demo = demo.map_err(|errors| complain(&errors.to_string())).ok()?;
    let mut studio = opening::studio("nobody", &demo);
    studio.scenes.clear();
    studio.sources.clear();
    studio.strips.clear();
    studio.destinations.clear();
    studio.renditions.clear();
    Some(studio)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let (words, _) = without_options(&words);
        let (partial, before) = words.split_last().unwrap();
        candidates(before, partial, nobody().as_ref())
    }

    #[test]
    fn words_come_from_the_table() {
        assert_eq!(found("cu"), ["cut", "cue"]);
        assert_eq!(found("cue s"), ["skip", "stop"]);
        assert_eq!(found("mute voice "), ["on", "off", "toggle"]);
        assert_eq!(found("--name other tak"), ["take"]);
        assert!(found("").contains(&"status".to_owned()));
        assert_eq!(found("layout "), [] as [&str; 0], "a script has no screen");
    }

    #[test]
    fn names_come_from_the_studio() {
        let demo = scene::demo(&[], &|_| None).unwrap();
        let studio = opening::studio("demo", &demo);
        let scenes: Vec<String> = studio.scenes.iter().map(|scene| scene.name.clone()).collect();
        assert_eq!(candidates(&["take".to_owned()], "", Some(&studio)), scenes);
    }

    #[test]
    fn each_shell_asks_the_program() {
        for kind in [Kind::Bash, Kind::Zsh, Kind::Fish] {
            let script = script(kind);
            assert!(script.contains("complete -- "), "{kind:?}");
            assert!(script.contains("rehearse"), "{kind:?}");
        }
        // What calls the function comes last.
        let zsh = script(Kind::Zsh);
        assert!(zsh.find("_rigcast_options()").is_none());
        assert!(zsh.find("functions[_rigcast_options]") < zsh.find("if [ \"$funcstack[1]\""));
    }
}
