//! The receiving end of RTMP, one listener for all sources that share an address.
//!
//! ```text
//! socket ── connection (handshake, whole messages, limits, the key) ── xiu's session ── its hub events and frames
//!                                                                                          │
//! source's thread ── Player ── Tags ── Seat (bounded: what is not taken is not read) ◀─────┘
//! ```
//!
//! A source takes a [`Seat`] at the listener of its address; the listener's thread runs while somebody sits there. What a peer sends
//! is made into whole messages by `wire::rtmp` first, and only the messages of a publisher go on to the crate's session,
//! one after another: it cannot tell messages that are interleaved, keeps whatever it is sent before it has looked at the
//! key, and does not bear a chunk size of zero.

mod connection;
mod error;
mod front;
mod listener;
mod seat;

use std::time::Duration;

use super::super::SourceError;
use super::super::attempt::Outcome;
use super::super::devices::IngestSpec;
use super::super::inventory::Found;
use super::super::outlet::Outlet;
use super::super::spec::SourceState;
use super::super::stream::{Player, Tags};
use crate::media::Timestamp;
use listener::sit;
use seat::{Message, Seat};

/// Orders are looked for at least that often.
const ORDERS_MS: i64 = 50;

/// So many messages in a row that make no sense end a push.
const MAX_DAMAGED: u32 = 100;

/// What plays the push that is going on.
struct Push {
    tags: Tags,
    player: Player,
    damaged: u32,
}

impl Push {
    fn new() -> Self {
        Self {
            tags: Tags::default(),
            player: Player::new(),
            damaged: 0,
        }
    }
}

/// Plays whoever pushes to the place that `spec` names, one after another, until an order comes in.
pub(super) fn run(spec: &IngestSpec, outlet: &mut Outlet) -> Result<Outcome, SourceError> {
    let what = spec.location();
    let place = sit(spec).map_err(|error| error.of(&what))?;
    let nobody = SourceState::Away {
        reason: format!("nobody pushes to {what}"),
    };
    let mut push: Option<Push> = None;
    outlet.set_state(nobody.clone());
    loop {
        if outlet.is_over() {
            if let Some(push) = &mut push {
                push.player.finish(outlet);
            }
            return Ok(Outcome::Stopped);
        }
        let now = outlet.now();
        let mut is_refused = false;
        let wait = match &mut push {
            Some(push) => match push.player.play(now, outlet) {
                Ok(next) => (next - now).to_millis().clamp(1, ORDERS_MS),
                Err(fault) => {
                    place.seat().dismiss();
                    outlet.notice(format!("what is pushed cannot be played: {fault}"));
                    is_refused = true;
                    0
                }
            },
            None => ORDERS_MS,
        };
        if is_refused && let Some(mut refused) = push.take() {
            // What is pushed next may be something else.
            refused.player.finish(outlet);
        }
        outlet.report_drops(now);
        let is_full = push.as_ref().is_some_and(|push| push.player.is_full(now));
        if is_full && let Some(push) = &mut push {
            push.player.hold();
        }
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
        let Some(message) = place.seat().next(wait, !is_full) else {
            continue;
        };
        match message {
            Message::Begun { peer } => {
                push = Some(Push::new());
                outlet.notice(format!("{peer} pushes"));
            }
            Message::Notice(text) => outlet.notice(text),
            Message::Ended(reason) => {
                if let Some(mut push) = push.take() {
                    push.player.finish(outlet);
                }
                outlet.notice(reason);
                outlet.set_state(nobody.clone());
            }
            Message::Tag(tag) => {
                if let Some(push) = &mut push {
                    take(push, &tag, place.seat(), outlet);
                }
            }
        }
    }
}

fn take(push: &mut Push, tag: &seat::Tag, seat: &Seat, outlet: &Outlet) {
    let now = outlet.now();
    let player = &mut push.player;
    let timestamp = Timestamp::from_millis(i64::from(tag.ms));
    let mut sink = |unit| player.take(unit, now, outlet);
    match push.tags.push(tag.kind, timestamp, &tag.body, &mut sink) {
        Ok(()) => push.damaged = 0,
        Err(_) if push.damaged < MAX_DAMAGED => push.damaged += 1,
        Err(reason) => {
            seat.dismiss();
            outlet.notice(format!("what is pushed makes no sense: {reason}"));
        }
    }
}

/// What can be made a source: a place for whoever pushes.
#[allow(clippy::unnecessary_wraps)] // Without the feature there is none, and this is asked in the same words.
pub(super) fn found() -> Result<Found, &'static str> {
    Ok(Found {
        kind: "rtmp".to_owned(),
        name: "push".to_owned(),
        title: "Whoever pushes RTMP to this rig".to_owned(),
        details: vec![
            "ffmpeg, OBS, a phone: rtmp://127.0.0.1:1935/live/KEY".to_owned(),
            "listen = \"0.0.0.0:1935\" takes it from other machines as well".to_owned(),
            "the key is taken from the environment: INGEST_KEY".to_owned(),
        ],
        scene: "kind = \"rtmp\"\nlisten = \"127.0.0.1:1935\"\nkey = { env = \"INGEST_KEY\" }\n".to_owned(),
        is_default: false,
    })
}
