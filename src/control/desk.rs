//! Where clients meet the studio: channels, and nothing else of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::taps::Taps;
use crate::clock::Clock;
use crate::studio::command::{Answer, Command};
use crate::studio::model::{Event, Meters, Studio};

/// Events that a slow client may lag behind before it is told that it missed some.
pub const EVENTS_BEHIND: usize = 256;

/// A command on its way to the studio.
#[derive(Debug)]
pub struct Order {
    /// What is wanted.
    pub command: Command,
    /// Where the answer goes: what there is to say, or what the studio refused, in words.
    pub reply: oneshot::Sender<Result<Answer, String>>,
}

/// What a client connection works with. Clones share everything.
#[derive(Clone, Debug)]
pub struct Desk {
    /// To the studio.
    pub orders: mpsc::Sender<Order>,
    /// The newest state.
    pub state: watch::Receiver<Arc<Studio>>,
    /// What happens.
    pub events: broadcast::Sender<Event>,
    /// The newest meters.
    pub meters: watch::Receiver<Arc<Meters>>,
    /// Who wants which pictures.
    pub taps: Taps,
    /// How many watch.
    pub audience: Audience,
    /// Why the show has ended, once it has. A connection that has said so lets go of its desk.
    pub ended: watch::Receiver<Option<String>>,
    /// The studio clock, for whoever asks for the state now.
    pub clock: Clock,
}

/// Counts the screens that watch a studio. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct Audience(Arc<AtomicU32>);

impl Audience {
    /// Counts one more, until the seat is dropped.
    #[must_use]
    pub fn join(&self) -> Seat {
        self.0.fetch_add(1, Ordering::Relaxed);
        Seat(self.clone())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One of an [`Audience`].
#[derive(Debug)]
pub struct Seat(Audience);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
