//! `rigcast plan`: what a scene file would change on a running show, before anything is changed.

use std::path::Path;

use serde_json::{Value, json};

use super::failed::failed;
use super::{Address, complain, exit, reach, say};
use crate::control::client::{Client, ClientError};

/// Asks the studio at `address`, which reads the file itself: what counts is what it would see.
pub fn run(address: &Address, file: &Path, is_json: bool) -> u8 {
    let (path, runtime) = match reach(address) {
        Ok(found) => found,
        Err(code) => return code,
    };
    // The studio runs in another folder.
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let asked = runtime.block_on(async {
        let mut client = Client::connect(&path).await?;
        let params = json!({ "name": "plan", "args": [file.to_string_lossy()] });
        client.request("command", params).await
    });
    match asked {
        Ok(answer) => {
            if is_json {
                say(&serde_json::to_string_pretty(&answer).unwrap_or_default());
            } else {
                tell(&answer);
            }
            if answer["refused"].is_string() {
                exit::REFUSED
            } else {
                exit::OK
            }
        }
        Err(ClientError::Rpc(error)) => {
            complain(&error.message);
            exit::REFUSED
        }
        Err(error) => failed(address, &path, &error),
    }
}

/// A line for each difference, with a mark before it: `~` is changed at once, `.` waits for the next start, `!` is refused.
fn tell(answer: &Value) {
    let empty = Vec::new();
    let differences = answer["differences"].as_array().unwrap_or(&empty);
    for difference in differences {
        let word = |key: &str| difference[key].as_str().unwrap_or_default().to_owned();
        let change = match (difference["before"].as_str(), difference["after"].as_str()) {
            (Some(before), Some(after)) if before == after => format!("{after} has changed"),
            (Some(before), Some(after)) => format!("{before} → {after}"),
            (None, Some(after)) => format!("added: {after}"),
            _ => "removed".to_owned(),
        };
        let (mark, reason) = if word("when") == "live" {
            ("~", String::new())
        } else {
            (".", format!("  (at the next start: {})", word("reason")))
        };
        say(&format!("{mark} {}: {change}{reason}", word("key")));
    }
    if differences.is_empty() {
        say("nothing changes");
    }
    if let Some(reason) = answer["refused"].as_str() {
        say(&format!("! refused: {reason}"));
    }
}

/// `apply FILE --confirm-within 30s` as the command table has it: `apply FILE 30s`. Other words are as they were.
pub fn apply_words(words: &[String]) -> Vec<String> {
    const FLAG: &str = "--confirm-within";
    if words.first().is_none_or(|first| first != "apply") {
        return words.to_vec();
    }
    let (mut plain, mut within, mut is_next) = (Vec::new(), None, false);
    for word in words {
        match word.strip_prefix(FLAG) {
            Some("") => is_next = true,
            Some(value) => within = Some(value.trim_start_matches('=').to_owned()),
            None if is_next => {
                within = Some(word.clone());
                is_next = false;
            }
            None => plain.push(word.clone()),
        }
    }
    plain.extend(within);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_confirm_may_be_a_flag() {
        for (typed, meant) in [
            ("apply a.toml --confirm-within 30s", "apply a.toml 30s"),
            ("apply --confirm-within=30s a.toml", "apply a.toml 30s"),
            ("apply a.toml 30s", "apply a.toml 30s"),
            ("take --confirm-within", "take --confirm-within"),
        ] {
            let words = typed.split(' ').map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(apply_words(&words).join(" "), meant);
        }
    }
}
