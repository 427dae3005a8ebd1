//! `rigcast ctl` with a script on its standard input: one command per line, and lines that wait.
//!
//! ```text
//! # doors
//! take host
//! wait 2s
//! wait until scene product
//! gain voice +3
//! ```
//! All lines are held against the command table before the first is done: a script with a slip of the hand does nothing at all. All of it goes over
//! one connection.

use std::io::Read;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::failed::failed;
use super::{Address, complain, exit, reach, say, time_span};
use crate::control::client::{Client, ClientError};
use crate::control::protocol::RpcError;
use crate::studio::command::{self, split_words};

/// How a script is carried out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// Whether it goes on after a line that was refused.
    pub is_going_on: bool,
    /// How long one line waits for something to happen.
    pub within: Duration,
}

/// No script is longer.
const LONGEST: u64 = 1 << 20;

/// How often the state is asked for while a line waits for something.
const LOOK: Duration = Duration::from_millis(50);

/// A line of a script that does something.
#[derive(Debug, PartialEq)]
struct Line {
    /// From 1.
    number: usize,
    /// As it was written, without the comment.
    text: String,
    step: Step,
}

#[derive(Debug, PartialEq)]
enum Step {
    /// A command, in words.
    Command(Vec<String>),
    /// The state is told.
    Status,
    /// So much time passes.
    Wait(Duration),
    /// It waits until this is so.
    Until(Condition),
}

/// What a script can wait for.
#[derive(Debug, PartialEq)]
enum Condition {
    /// The scene is on program.
    Scene(String),
    /// The destination is live.
    Live(String),
    /// What `status` says at that dotted path is that.
    Status(String, String),
}

impl Condition {
    fn parse(words: &[String]) -> Option<Self> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["scene", name] => Some(Self::Scene((*name).to_owned())),
            ["live", name] => Some(Self::Live((*name).to_owned())),
            ["status", path, "=", value] => Some(Self::Status((*path).to_owned(), (*value).to_owned())),
            _ => None,
        }
    }

    fn holds(&self, status: &Value) -> bool {
        match self {
            Self::Scene(name) => status["program"] == name.as_str(),
            Self::Live(name) => status["destinations"].as_array().is_some_and(|all| {
                let mut all = all.iter();
                all.any(|to| to["name"] == name.as_str() && to["state"]["state"] == "live")
            }),
            Self::Status(path, value) => {
                let pointer = format!("/{}", path.replace('.', "/"));
                status.pointer(&pointer).is_some_and(|found| match found {
                    Value::String(text) => text == value,
                    other => serde_json::from_str(value).is_ok_and(|value: Value| value == *other),
                })
            }
        }
    }
}

/// Whether something was piped or redirected into this process that could be a script.
pub(super) fn is_piped() -> bool {
    use rustix::fs::FileType;
    let stat = rustix::fs::fstat(std::io::stdin().as_fd());
    let kind = stat.map(|stat| FileType::from_raw_mode(stat.st_mode));
    matches!(kind, Ok(FileType::Fifo | FileType::RegularFile | FileType::Socket))
}

/// Carries out the script on standard input. `None` where there is nothing in it.
pub(super) fn run(address: &Address, manner: Manner) -> Option<u8> {
    let mut text = String::new();
    if let Err(error) = std::io::stdin().lock().take(LONGEST).read_to_string(&mut text) {
        complain(&format!("the script cannot be read: {error}"));
        return Some(exit::USAGE);
    }
    let lines = match read(&text) {
        Ok(lines) if lines.is_empty() => return None,
        Ok(lines) => lines,
        Err(errors) => {
            for error in errors {
                complain(&error);
            }
            return Some(exit::USAGE);
        }
    };
    let (path, runtime) = match reach(address) {
        Ok(found) => found,
        Err(code) => return Some(code),
    };
    let done = runtime.block_on(play(&path, &lines, manner));
    Some(match done {
        Ok(true) => exit::OK,
        Ok(false) => exit::REFUSED,
        Err(error) => failed(address, &path, &error),
    })
}

/// The lines of a script, or what is wrong with each that is wrong.
fn read(text: &str) -> Result<Vec<Line>, Vec<String>> {
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    for (at, line) in text.lines().enumerate() {
        let text = without_comment(line).trim();
        if text.is_empty() {
            continue;
        }
        let number = at + 1;
        match step(text) {
            Ok(step) => lines.push(Line {
                number,
                text: text.to_owned(),
                step,
            }),
            Err(error) => errors.push(format!("line {number}: {error}")),
        }
    }
    if errors.is_empty() { Ok(lines) } else { Err(errors) }
}

/// A comment begins with `#` at the beginning of a line, or between blanks: a colour is `#00b140`.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with('#') {
        return "";
    }
    let mut is_quoted = false;
    let mut last = ' ';
    for (at, character) in line.char_indices() {
        match character {
            '"' => is_quoted = !is_quoted,
            '#' if !is_quoted && last.is_whitespace() && line[at + 1..].starts_with([' ', '\t']) => return &line[..at],
            _ => {}
        }
        last = character;
    }
    line
}

fn step(text: &str) -> Result<Step, String> {
    let words = split_words(text);
    let first = words.first().map(String::as_str).unwrap_or_default();
    match first {
        "status" if words.len() == 1 => Ok(Step::Status),
        "wait" => match &words[1..] {
            [until, condition @ ..] if until == "until" => {
                Condition::parse(condition).map(Step::Until).ok_or_else(|| {
                    "wait until: expected 'scene NAME', 'live DESTINATION' or 'status PATH = VALUE'".to_owned()
                })
            }
            [time] => time_span(time)
                .map(Step::Wait)
                .map_err(|error| format!("wait: {error}")),
            _ => Err("wait: expected a time, 2s, or 'until' and what is waited for".to_owned()),
        },
        _ => command::parse(&words)
            .map(|_| Step::Command(words))
            .map_err(|error| error.to_string()),
    }
}

/// Does one line after the other. Whether none was refused.
async fn play(path: &Path, lines: &[Line], manner: Manner) -> Result<bool, ClientError> {
    let mut client = Client::connect(path).await?;
    let folder = std::env::current_dir().unwrap_or_default();
    let mut is_clean = true;
    for line in lines {
        let Err(reason) = play_line(&mut client, line, &folder, manner).await? else {
            continue;
        };
        complain(&format!("line {}: {}: {reason}", line.number, line.text));
        say(&json!({ "ok": false, "error": reason, "line": line.number }).to_string());
        is_clean = false;
        if !manner.is_going_on {
            break;
        }
    }
    Ok(is_clean)
}

/// One line: done, or why it was refused.
async fn play_line(
    client: &mut Client,
    line: &Line,
    folder: &Path,
    manner: Manner,
) -> Result<Result<(), String>, ClientError> {
    match &line.step {
        Step::Wait(time) => {
            tokio::time::sleep(*time).await;
            Ok(Ok(()))
        }
        Step::Status => {
            let status = client.request("status", Value::Null).await?;
            say(&status.to_string());
            Ok(Ok(()))
        }
        Step::Until(condition) => {
            let deadline = tokio::time::Instant::now() + manner.within;
            loop {
                let status = client.request("status", Value::Null).await?;
                if condition.holds(&status) {
                    return Ok(Ok(()));
                }
                if tokio::time::Instant::now() >= deadline {
                    return Ok(Err(format!("not within {} s", manner.within.as_secs_f64())));
                }
                tokio::time::sleep(LOOK).await;
            }
        }
        Step::Command(words) => {
            let words = command::with_whole_paths(words.clone(), folder);
            let params = json!({ "name": words[0], "args": words[1..] });
            match client.request("command", params).await {
                Ok(answer) => {
                    say(&answer.to_string());
                    Ok(Ok(()))
                }
                Err(ClientError::Rpc(RpcError { message, .. })) => Ok(Err(message)),
                // The show has ended because this line said so.
                Err(ClientError::Ended(_)) if words[0] == "end" => Ok(Ok(())),
                Err(error) => Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_commands_waits_and_comments() {
        let lines = read("# doors\n\ntake host # now\n  wait 1.5s\nwait until scene \"two shot\"\nstatus\nwait until status encoder.video_kbps = 900").unwrap();
        let steps: Vec<(usize, &Step)> = lines.iter().map(|line| (line.number, &line.step)).collect();
        assert_eq!(
            steps,
            [
                (3, &Step::Command(vec!["take".into(), "host".into()])),
                (4, &Step::Wait(Duration::from_millis(1500))),
                (5, &Step::Until(Condition::Scene("two shot".into()))),
                (6, &Step::Status),
                (
                    7,
                    &Step::Until(Condition::Status("encoder.video_kbps".into(), "900".into()))
                ),
            ]
        );
        assert_eq!(without_comment("take \"a # b\""), "take \"a # b\"");
        assert_eq!(without_comment("take #b"), "take #b");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let errors = read("take host\ntkae\nwait\nwait until rain\nwait soon").unwrap_err();
        assert_eq!(
            errors,
            [
                "line 2: there is no command 'tkae'; did you mean 'take'?",
                "line 3: wait: expected a time, 2s, or 'until' and what is waited for",
                "line 4: wait until: expected 'scene NAME', 'live DESTINATION' or 'status PATH = VALUE'",
                "line 5: wait: expected a time such as 20s, 5m or 1h",
            ]
        );
    }

    #[test]
    fn what_is_waited_for_is_found_in_the_status() {
        let status = json!({ "program": "host", "encoder": { "video_kbps": 900 },
                             "destinations": [{ "name": "main", "state": { "state": "live" } }] });
        let holds = |line: &str| Condition::parse(&split_words(line)).unwrap().holds(&status);
        assert!(holds("scene host") && holds("live main") && holds("status encoder.video_kbps = 900"));
        assert!(!holds("scene wide") && !holds("live other") && !holds("status encoder.none = 900"));
    }

    proptest! {
        #[test]
        fn no_script_panics(text in "((take|wait|wait until|#|status)? ?[a-z\"# ]{0,9}\n){0,5}.{0,20}") {
            let _ = read(&text);
        }
    }
}
