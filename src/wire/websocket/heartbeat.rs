//! Signs of life through a WebSocket (RFC 6455 §5.5.2): a ping says how much was sent before it, and its echo thereby how much
//! the peer's program has read. What RTMP has as acknowledgements, every WebSocket server gives without knowing.

use super::Client;
use crate::media::{TimeDelta, Timestamp};
use crate::wire::session::Event;

/// Between pings.
const EVERY_MS: i64 = 1000;

/// When to ask, and what was asked.
#[derive(Debug, Default)]
pub struct Heartbeat {
    due: Option<Timestamp>,
    /// The count in our newest ping: nobody can have read more.
    asked: u64,
}

impl Heartbeat {
    /// Sends a ping where one is due.
    pub fn beat(&mut self, client: &mut Client, now: Timestamp) {
        if client.is_open() && self.due.is_none_or(|due| now >= due) {
            self.due = Some(now + TimeDelta::from_millis(EVERY_MS));
            self.asked = client.sent();
            client.ping(&self.asked.to_be_bytes());
        }
    }

    /// What a pong says, if it is one of ours.
    #[must_use]
    pub fn read(&self, content: &[u8]) -> Option<Event> {
        let total = u64::from_be_bytes(content.try_into().ok()?);
        (total <= self.asked).then_some(Event::Acknowledged { total })
    }
}
