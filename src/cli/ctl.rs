//! `rigcast ctl`: one command, or the state, or what happens, as JSON.

use std::path::Path;

use serde_json::{Value, json};

use super::failed::failed;
use super::script::{self, Manner};
use super::{Address, complain, exit, reach, say};
use crate::control::client::{CUT, Client, ClientError};
use crate::control::protocol::Notification;
use crate::studio::command;
use crate::studio::command::{Scope, table::TABLE};

/// Sends `words` to the studio at `address`.
pub fn run(address: &Address, words: &[String], manner: Manner) -> u8 {
    let is_script = match words {
        [] => script::is_piped(),
        [only] => only == "-",
        _ => false,
    };
    if is_script && let Some(code) = script::run(address, manner) {
        return code;
    }
    let words = &super::plan::apply_words(words);
    let Some(first) = words.first().filter(|_| !is_script) else {
        return overview();
    };
    // `watch` follows what happens; `watch off` is about the scene file.
    let is_watch = is_watch(words);
    // Checked here first, so that a typo is a usage error even without a studio.
    if first != "status"
        && !is_watch
        && let Err(error) = command::parse(words)
    {
        complain(&format!("{error}; 'rigcast ctl' lists the commands"));
        return exit::USAGE;
    }
    let (path, runtime) = match reach(address) {
        Ok(found) => found,
        Err(code) => return code,
    };
    // The studio runs in another folder.
    let folder = std::env::current_dir().unwrap_or_default();
    let words = command::with_whole_paths(words.clone(), &folder);
    match runtime.block_on(talk(&path, &words)) {
        Ok(()) => exit::OK,
        Err(error) => failed(address, &path, &error),
    }
}

/// Whether what happens is to be followed.
fn is_watch(words: &[String]) -> bool {
    let is_switch = |word: &String| matches!(word.as_str(), "on" | "off" | "toggle");
    words.first().is_some_and(|first| first == "watch") && !words.get(1).is_some_and(is_switch)
}

async fn talk(path: &Path, words: &[String]) -> Result<(), ClientError> {
    let mut client = Client::connect(path).await?;
    match words[0].as_str() {
        "status" => {
            let status = client.request("status", Value::Null).await?;
            say(&serde_json::to_string_pretty(&status).unwrap_or_default());
        }
        "watch" if is_watch(words) => {
            // `watch state meters samples` asks for those as well; events come always.
            let wants = |word: &str| words.iter().any(|given| given == word);
            client.request("watch", watch_params(&wants)).await?;
            loop {
                let line = client.line().await?;
                let line = line.ok_or_else(|| ClientError::Lost(CUT.to_owned()))?;
                let is_last = matches!(serde_json::from_str(&line), Ok(Notification::Ended { .. }));
                if !say(&line) || is_last {
                    break;
                }
            }
        }
        _ => {
            let answer = client
                .request("command", json!({ "name": words[0], "args": words[1..] }))
                .await?;
            say(&answer.to_string());
        }
    }
    Ok(())
}

/// What is named only where it is wanted: a studio of an older build knows no samples.
fn watch_params(wants: &dyn Fn(&str) -> bool) -> Value {
    let mut params = json!({ "state": wants("state"), "meters": wants("meters") });
    if wants("samples") {
        params["samples"] = true.into();
    }
    params
}

fn overview() -> u8 {
    say("rigcast ctl [--name NAME | --socket PATH] COMMAND [ARG]...\n");
    say(&format!("  {:<32} {}", "status", "the whole state as JSON"));
    say(&format!(
        "  {:<32} {}",
        "watch [state] [meters] [samples]", "what happens, one JSON object per line"
    ));
    for spec in TABLE.iter().filter(|spec| spec.scope == Scope::Studio) {
        say(&format!("  {:<32} {}", spec.usage(), spec.doc));
    }
    exit::OK
}
