//! What client and studio say to each other.
//!
//! **Control connection:** newline-delimited JSON-RPC 2.0 both ways, so that `socat` and a few lines of any language can
//! drive a studio. Requests: `command {name, args, asked}`, `status`, `watch {state, meters, samples}`. After `watch` the studio sends
//! notifications: `event`, and as far as they are wanted `state` (the whole [`Studio`] on change; the first one has all events
//! and ten minutes of history, the others of these what is new), `meters` at 20 Hz and a `sample` of the figures each second.
//!
//! A show that ends as it should says `ended {reason}` on every control connection before it closes it. A connection that
//! closes without it has been cut: the studio has died, or what carries the connection (`ssh -L`) has.
//!
//! **Tap connection:** the first line is a `tap` request; from then on the studio sends binary pictures, each behind a
//! [`PictureHeader`] of 14 bytes and the marks of its faces ([`marks`](super::marks)), and the client may send further `tap` lines to change what it wants. Pictures have a
//! connection of their own so that a key or an event never waits behind one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::marks::MARK_LEN;
use crate::studio::model::{Event, Meters, Sample, Studio};

/// The longest line that either side accepts, in bytes: no peer makes the other allocate more.
pub const MAX_LINE: usize = 1 << 20;

/// The most faces that are marked in one picture.
pub const MAX_MARKS: usize = 32;

/// The largest monitor picture in either direction, in pixels.
pub const MAX_PICTURE: u32 = 1920;

/// A request or a notification.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Always `2.0`.
    pub jsonrpc: String,
    /// Echoed in the response; absent for a notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// What is asked.
    pub method: String,
    /// With what.
    #[serde(default)]
    pub params: Value,
}

/// The answer to a request: either `result` or `error`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Response {
    /// Always `2.0`.
    pub jsonrpc: String,
    /// The request's.
    pub id: Value,
    /// What it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why it gave nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RpcError>,
}

/// A JSON-RPC error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RpcError {
    /// One of the constants below.
    pub code: i32,
    /// A sentence for a person.
    pub message: String,
}

impl RpcError {
    /// The line is no JSON.
    pub const PARSE: i32 = -32700;
    /// No such method.
    pub const METHOD: i32 = -32601;
    /// Arguments that do not fit the command table (exit code 2 of `rigcast ctl`).
    pub const PARAMS: i32 = -32602;
    /// The studio refuses: no such scene, nothing to do (exit code 1).
    pub const REFUSED: i32 = -32000;
}

/// Parameters of `command`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandParams {
    /// A name of the command table, with its spaces.
    pub name: String,
    /// Its arguments as typed.
    #[serde(default)]
    pub args: Vec<String>,
    /// Whether an operator was asked and said yes. A screen asks by the state that it has, which may be older than the
    /// studio's: with `false`, a command that reveals or ends something by now is refused and nothing is done. Scripts
    /// have nobody to ask, and leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<bool>,
}

/// Parameters of `watch`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchParams {
    /// Whether meters are wanted, 20 times per second.
    #[serde(default)]
    pub meters: bool,
    /// Whether the whole state is wanted at each change.
    #[serde(default)]
    pub state: bool,
    /// Whether a sample of what is measured is wanted once a second, by itself. Whoever watches the state has them in it.
    #[serde(default)]
    pub samples: bool,
}

/// Parameters of `tap`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapParams {
    /// What is wanted; the position in this list comes back in each [`PictureHeader`].
    pub monitors: Vec<TapMonitor>,
}

/// One monitor of a tap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapMonitor {
    /// What it shows.
    pub what: MonitorTarget,
    /// Pixels, at most [`MAX_PICTURE`].
    pub width: u32,
    /// Pixels, at most [`MAX_PICTURE`].
    pub height: u32,
    /// Pictures per second, at most the program's rate. Unchanged pictures are not sent again.
    pub per_second: f32,
}

/// What a monitor shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MonitorTarget {
    /// What goes out.
    Program,
    /// What `take` would put there.
    Preview,
    /// One source, by name.
    Source(String),
    /// One scene, by name, whether it is on program, on preview or neither.
    Scene(String),
}

/// Goes before each picture on a tap connection: all big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureHeader {
    /// Counts the `tap` lines of this connection from 1: pictures of an older list can be told apart.
    pub generation: u16,
    /// Position in [`TapParams::monitors`].
    pub monitor: u16,
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// Faces that are marked in it, at most [`MAX_MARKS`].
    pub marks: u16,
}

impl PictureHeader {
    /// Bytes on the wire: magic `RGB2`, then the five fields.
    pub const LEN: usize = 14;
    const MAGIC: [u8; 4] = *b"RGB2";

    /// The header as it goes over the wire. The marks follow it, then `width × height × 3` bytes of RGB.
    #[must_use]
    pub fn encode(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..4].copy_from_slice(&Self::MAGIC);
        for (at, field) in [self.generation, self.monitor, self.width, self.height, self.marks]
            .into_iter()
            .enumerate()
        {
            bytes[4 + 2 * at..6 + 2 * at].copy_from_slice(&field.to_be_bytes());
        }
        bytes
    }

    /// Reads a header; `None` where the magic or the size is wrong.
    #[must_use]
    pub fn decode(bytes: [u8; Self::LEN]) -> Option<Self> {
        let field = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let header = Self {
            generation: field(4),
            monitor: field(6),
            width: field(8),
            height: field(10),
            marks: field(12),
        };
        let fits = |side: u16| (1..=MAX_PICTURE).contains(&u32::from(side));
        let is_right = bytes[..4] == Self::MAGIC && usize::from(header.marks) <= MAX_MARKS;
        (is_right && fits(header.width) && fits(header.height)).then_some(header)
    }

    /// Bytes of marks that follow.
    #[must_use]
    pub fn marks_len(self) -> usize {
        usize::from(self.marks) * MARK_LEN
    }

    /// Bytes of RGB that follow them.
    #[must_use]
    pub fn payload_len(self) -> usize {
        usize::from(self.width) * usize::from(self.height) * 3
    }
}

/// What the studio sends unasked after `watch`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", content = "params", rename_all = "snake_case")]
pub enum Notification {
    /// The whole state; its events are empty except in the first one, and its history has what is new since the one before.
    State(Box<Studio>),
    /// Something happened.
    Event(Event),
    /// The meters.
    Meters(Meters),
    /// What was measured in a second.
    Sample(Sample),
    /// The show has ended; nothing follows.
    Ended {
        /// Why, as its last event says.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn picture_headers_round_trip(
            generation: u16, monitor: u16, width in 1u16..=1920, height in 1u16..=1920, marks in 0u16..=32,
        ) {
            let header = PictureHeader { generation, monitor, width, height, marks };
            prop_assert_eq!(PictureHeader::decode(header.encode()), Some(header));
        }

        #[test]
        fn no_header_promises_more_than_the_largest_picture(bytes: [u8; 14]) {
            if let Some(header) = PictureHeader::decode(bytes) {
                prop_assert!(header.payload_len() <= (MAX_PICTURE * MAX_PICTURE * 3) as usize);
                prop_assert!(header.marks_len() <= MAX_MARKS * MARK_LEN);
            }
        }
    }
}
