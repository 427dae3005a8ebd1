//! What controllers can want: each request is looked at against the studio as it is now, and becomes an answer or something to
//! be done.
//!
//! Pure. Whatever changes something becomes lines of the one command table: a controller can do nothing that a script cannot.

mod fields;
mod general;
mod inputs;
mod items;
mod outputs;
mod scenes;
mod shot;
mod transitions;

use serde_json::Value;

pub use fields::{Fields, Refusal};
pub use inputs::{about as about_input, gain};
pub use items::place;
pub use outputs::{StreamPhase, stream_phase};
pub use scenes::list as scene_list;
pub use shot::{Format, Shot};

use super::code::Status;
use super::session::Request;
use crate::media::{TimeDelta, Timestamp};
use crate::studio::model::Studio;

/// What a request is looked at against.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The studio as it is now.
    pub studio: &'a Studio,
    /// The studio clock.
    pub now: Timestamp,
    /// Whether controllers are told that there is a preview. There always is one; those that are made for one picture alone
    /// can switch it out of sight.
    pub is_studio_mode: bool,
    /// Since when the show has been live.
    pub live_since: Option<Timestamp>,
    /// Messages from and to this client.
    pub messages: (u64, u64),
}

/// What is to be done about a request.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// It has been answered.
    Done(Option<Value>),
    /// The desk is to carry out these lines, in their words, one after the other; then it is answered by that.
    Order(Vec<Vec<String>>, Option<Value>),
    /// The desk is to carry out that line, and what it says is the answer.
    Vendor(Vec<String>),
    /// A picture is to be made.
    Screenshot(Shot),
    /// A batch is to wait.
    Sleep(TimeDelta),
    /// All clients are to get that as a `CustomEvent`.
    Broadcast(Value),
    /// Preview is to be seen by controllers, or not.
    StudioMode(bool),
}

type Handler = fn(View<'_>, &Fields<'_>) -> Result<Outcome, Refusal>;

const PARTS: [&[(&str, Handler)]; 7] = [
    general::HANDLERS,
    scenes::HANDLERS,
    items::HANDLERS,
    inputs::HANDLERS,
    shot::HANDLERS,
    transitions::HANDLERS,
    outputs::HANDLERS,
];

/// The names of all requests that are known here.
pub fn known() -> impl Iterator<Item = &'static str> {
    PARTS.into_iter().flatten().map(|(name, _)| *name)
}

/// What is to be done about `request`.
///
/// # Errors
/// Why nothing is.
pub fn look(view: View<'_>, request: &Request) -> Result<Outcome, Refusal> {
    if request.kind.is_empty() {
        return Err(Refusal::new(
            Status::MissingRequestType,
            "the request has no requestType",
        ));
    }
    let handler = PARTS.into_iter().flatten().find(|(name, _)| *name == request.kind);
    let Some((_, handler)) = handler else {
        let hint = format!(
            "there is no request \"{}\" here",
            request.kind.chars().take(64).collect::<String>()
        );
        return Err(Refusal::new(Status::UnknownRequestType, hint));
    };
    handler(view, &Fields::new(&request.data))
}

/// The words of a line.
fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

fn done(value: Value) -> Result<Outcome, Refusal> {
    Ok(Outcome::Done(Some(value)))
}

fn order<const N: usize>(line: [&str; N]) -> Result<Outcome, Refusal> {
    Ok(Outcome::Order(vec![words(line)], None))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
