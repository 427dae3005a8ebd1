//! Where clients meet the studio: channels, and nothing else of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::taps::Taps;
use crate::clock::Clock;
use crate::studio::command::{Answer, Command};
use crate::studio::model::{Cause, Event, Meters, Studio};

/// Events that a slow client may lag behind before it is told that it missed some.
pub const EVENTS_BEHIND: usize = 256;

/// A command on its way to the studio.
#[derive(Debug)]
pub struct Order {
    /// What is wanted.
    pub command: Command,
    /// Whether it is refused if it reveals or ends something by the time that it is carried out: nobody has said yes to that.
    pub is_unasked: bool,
    /// Where the answer goes.
    pub reply: Reply,
}

/// Who asked, and where the answer goes: what there is to say, or what the studio refused, in words.
#[derive(Debug)]
pub struct Reply {
    to: oneshot::Sender<Result<Answer, String>>,
    cause: Cause,
}

impl Reply {
    /// For somebody who waits at the other end.
    #[must_use]
    pub fn new(cause: Cause) -> (Self, oneshot::Receiver<Result<Answer, String>>) {
        let (to, answer) = oneshot::channel();
        (Self { to, cause }, answer)
    }

    /// Who asked, and how.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// Answers. Whoever asked may have gone.
    pub fn send(self, answer: Result<Answer, String>) {
        let _ = self.to.send(answer);
    }
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

/// Counts the screens that watch a studio, and numbers them. Clones share both.
#[derive(Clone, Debug, Default)]
pub struct Audience(Arc<Seats>);

#[derive(Debug, Default)]
struct Seats {
    taken: AtomicU32,
    /// How many there have been.
    given: AtomicU32,
    /// Who wants meters without being a screen.
    listening: AtomicU32,
}

impl Audience {
    /// Counts one more, until the seat is dropped.
    #[must_use]
    pub fn join(&self) -> Seat {
        self.0.taken.fetch_add(1, Ordering::Relaxed);
        Seat {
            number: self.0.given.fetch_add(1, Ordering::Relaxed) + 1,
            audience: self.clone(),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.taken.load(Ordering::Relaxed)
    }

    /// Has meters made for somebody who is no screen, until that is dropped.
    #[must_use]
    pub fn listen(&self) -> Listening {
        self.0.listening.fetch_add(1, Ordering::Relaxed);
        Listening(self.clone())
    }

    /// Whether anybody looks at meters.
    #[must_use]
    pub fn wants_meters(&self) -> bool {
        self.count() > 0 || self.0.listening.load(Ordering::Relaxed) > 0
    }
}

/// Somebody who wants meters and is no screen.
#[derive(Debug)]
pub struct Listening(Audience);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.0.listening.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One of an [`Audience`].
#[derive(Debug)]
pub struct Seat {
    number: u32,
    audience: Audience,
}

impl Seat {
    /// From 1, in the order in which they were taken.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.audience.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}
