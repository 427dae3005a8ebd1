//! Where a source waits for whoever pushes to it: a bounded queue from the listener's thread to the source's.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::secret::Secret;
use crate::wire::flv::TagKind;

/// Bytes that wait for the source before its pusher is not read any further.
const MAX_BYTES: usize = 8 << 20;

/// Messages that wait for the source, likewise.
const MAX_TAGS: usize = 4_096;

/// Notices that wait; later ones are left out.
const MAX_NOTICES: usize = 16;

/// Notices that are told within [`NOTICE_SPAN`]: whoever tries keys must not drown all else.
const NOTICES: u32 = 5;

const NOTICE_SPAN: Duration = Duration::from_secs(10);

/// What a source is told.
#[derive(Debug)]
pub(super) enum Message {
    /// Somebody with the right key has begun.
    Begun {
        /// From where.
        peer: SocketAddr,
    },
    /// A message of sound or pictures.
    Tag(Tag),
    /// Whoever pushed does not any more, for that reason.
    Ended(String),
    /// Something to be told.
    Notice(String),
}

/// The payload of a message with sound or pictures: the body of an FLV tag.
#[derive(Debug)]
pub(super) struct Tag {
    pub(super) kind: TagKind,
    /// Milliseconds of the pusher's clock, 32 bits of them.
    pub(super) ms: u32,
    pub(super) body: Bytes,
}

/// A place for one pusher.
#[derive(Debug)]
pub(super) struct Seat {
    app: String,
    key: Secret,
    state: Mutex<State>,
    /// There is something for the source.
    filled: Condvar,
    /// For the connection: there is room again, or it is to end.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<Message>,
    bytes: usize,
    tags: usize,
    pusher: Option<SocketAddr>,
    /// The connection is to end.
    is_dismissed: bool,
    /// The source is gone.
    is_closed: bool,
    notices: u32,
    notices_since: Option<Instant>,
    unsaid: u64,
}

/// How a connection finds its seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// More may be read.
    Free,
    /// Not before the source has taken something.
    Full,
    /// The connection is to end.
    Over,
}

impl Seat {
    pub(super) fn new(app: &str, key: &Secret) -> Self {
        Self {
            app: app.to_owned(),
            key: key.clone(),
            state: Mutex::default(),
            filled: Condvar::new(),
            changed: Notify::new(),
        }
    }

    /// Whether it is for that application.
    pub(super) fn is_for_app(&self, app: &str) -> bool {
        self.app == app
    }

    /// Whether it is for that key. Takes as long for a wrong one as for the right one.
    pub(super) fn is_for(&self, app: &str, key: &str) -> bool {
        let (ours, theirs) = (self.key.expose().as_bytes(), key.as_bytes());
        let difference = ours
            .iter()
            .zip(theirs.iter().chain(std::iter::repeat(&0)))
            .fold(ours.len() ^ theirs.len(), |sum, (a, b)| sum | usize::from(a ^ b));
        difference == 0 && self.is_for_app(app)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, state: &mut State, message: Message) {
        state.messages.push_back(message);
        self.filled.notify_one();
    }

    // The source's side.

    /// What is next; waits for it. Media only where it `is_wanted`.
    pub(super) fn next(&self, wait: Duration, is_wanted: bool) -> Option<Message> {
        let until = Instant::now() + wait;
        let mut state = self.lock();
        loop {
            let is_media = matches!(state.messages.front(), Some(Message::Tag(_)));
            if !state.messages.is_empty() && (is_wanted || !is_media) {
                break;
            }
            let left = until.checked_duration_since(Instant::now())?;
            let waited = self.filled.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let message = state.messages.pop_front();
        if let Some(Message::Tag(tag)) = &message {
            let was_full = state.is_full();
            state.bytes -= tag.body.len();
            state.tags -= 1;
            if was_full && !state.is_full() {
                self.changed.notify_one();
            }
        }
        message
    }

    /// Ends the push that is going on.
    pub(super) fn dismiss(&self) {
        let mut state = self.lock();
        if state.pusher.is_some() {
            state.is_dismissed = true;
            // What it has sent until here is of no use.
            state.messages.retain(|message| !matches!(message, Message::Tag(_)));
            (state.bytes, state.tags) = (0, 0);
        }
        self.changed.notify_one();
    }

    /// The source is gone.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_one();
    }

    // The listener's side.

    /// Lets `peer` push here.
    ///
    /// # Errors
    /// Who pushes already.
    pub(super) fn begin(self: &Arc<Self>, peer: SocketAddr) -> Result<Push, SocketAddr> {
        let mut state = self.lock();
        if let Some(other) = state.pusher {
            return Err(other);
        }
        state.pusher = Some(peer);
        state.is_dismissed = false;
        self.tell(&mut state, Message::Begun { peer });
        drop(state);
        Ok(Push {
            seat: Arc::clone(self),
            reason: format!("{peer} has gone"),
        })
    }

    /// Tells the source something, if it is not the same thing over and over.
    pub(super) fn notice(&self, text: String) {
        let mut state = self.lock();
        let now = Instant::now();
        if state.notices_since.is_none_or(|since| now - since > NOTICE_SPAN) {
            state.notices_since = Some(now);
            state.notices = 0;
        }
        if state.notices >= NOTICES || state.messages.len() > MAX_TAGS + MAX_NOTICES {
            state.unsaid += 1;
            return;
        }
        state.notices += 1;
        let more = std::mem::take(&mut state.unsaid);
        let text = if more > 0 {
            format!("{text} (and {more} times more)")
        } else {
            text
        };
        self.tell(&mut state, Message::Notice(text));
    }
}

impl State {
    fn is_full(&self) -> bool {
        self.bytes > MAX_BYTES || self.tags > MAX_TAGS
    }
}

/// The right to push to a seat; given back when dropped.
#[derive(Debug)]
pub(super) struct Push {
    seat: Arc<Seat>,
    reason: String,
}

impl Push {
    /// Hands over a message. It is taken even where the seat is full: whoever reads for it asks for [`room`](Self::room) first.
    pub(super) fn give(&self, tag: Tag) {
        let mut state = self.seat.lock();
        if state.is_dismissed || state.is_closed {
            return;
        }
        state.bytes += tag.body.len();
        state.tags += 1;
        self.seat.tell(&mut state, Message::Tag(tag));
    }

    /// Whether more may be read.
    pub(super) fn room(&self) -> Room {
        let state = self.seat.lock();
        if state.is_dismissed || state.is_closed {
            Room::Over
        } else if state.is_full() {
            Room::Full
        } else {
            Room::Free
        }
    }

    /// Waits until [`room`](Self::room) may say something else.
    pub(super) async fn changed(&self) {
        self.seat.changed.notified().await;
    }

    /// Why it ends, for the source.
    pub(super) fn because(&mut self, reason: String) {
        self.reason = reason;
    }
}

impl Drop for Push {
    fn drop(&mut self) {
        let mut state = self.seat.lock();
        state.pusher = None;
        let reason = std::mem::take(&mut self.reason);
        self.seat.tell(&mut state, Message::Ended(reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat() -> Arc<Seat> {
        Arc::new(Seat::new("live", &Secret::new("k3y")))
    }

    fn peer(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn tag(size: usize) -> Tag {
        Tag {
            kind: TagKind::Video,
            ms: 0,
            body: vec![0; size].into(),
        }
    }

    fn told(seat: &Seat) -> Vec<Message> {
        std::iter::from_fn(|| seat.next(Duration::ZERO, true)).collect()
    }

    #[test]
    fn only_the_whole_key_fits() {
        let seat = seat();
        assert!(seat.is_for("live", "k3y"));
        for (app, key) in [
            ("live", ""),
            ("live", "k3"),
            ("live", "k3y\0"),
            ("live", "k3yy"),
            ("life", "k3y"),
        ] {
            assert!(!seat.is_for(app, key), "{app} {key}");
        }
        assert!(!format!("{seat:?}").contains("k3y"));
    }

    #[test]
    fn one_pushes_at_a_time() {
        let seat = seat();
        let push = seat.begin(peer(1)).unwrap();
        assert_eq!(seat.begin(peer(2)).unwrap_err(), peer(1));
        drop(push);
        let _push = seat.begin(peer(2)).unwrap();
        let told = told(&seat);
        assert!(matches!(
            &told[..],
            [Message::Begun { .. }, Message::Ended(reason), Message::Begun { .. }] if reason == "127.0.0.1:1 has gone"
        ));
    }

    #[test]
    fn what_is_not_taken_holds_the_pusher_back() {
        let seat = seat();
        let push = seat.begin(peer(1)).unwrap();
        while push.room() == Room::Free {
            push.give(tag(1 << 20));
        }
        assert_eq!(push.room(), Room::Full);
        assert!(matches!(seat.next(Duration::ZERO, false), Some(Message::Begun { .. })));
        assert!(seat.next(Duration::ZERO, false).is_none(), "media is not wanted");
        assert!(matches!(seat.next(Duration::ZERO, true), Some(Message::Tag(_))));
        assert_eq!(push.room(), Room::Free);
        seat.dismiss();
        assert_eq!(push.room(), Room::Over);
        push.give(tag(1));
        assert!(told(&seat).is_empty());
    }

    #[test]
    fn who_tries_keys_is_not_told_for_ever() {
        let seat = seat();
        for _ in 0..1_000 {
            seat.notice("no".to_owned());
        }
        assert_eq!(told(&seat).len(), NOTICES as usize);
    }
}
