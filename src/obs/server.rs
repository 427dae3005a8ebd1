//! Lets controllers in: one task each, no more than there are seats, none that anybody waits for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, broadcast, watch};

use super::connection;
use super::events::Event;
use super::request::{StreamPhase, stream_phase};
use super::settings::ObsSettings;
use crate::control::desk::Desk;
use crate::media::Timestamp;

/// The most controllers at a time. One more is not let in.
pub const MAX_CONTROLLERS: usize = 16;

/// Events that a controller may lag behind before it misses some.
const EVENTS_BEHIND: usize = 256;

/// What a server tells its studio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// Something an operator may want to know.
    Event {
        /// Whether it is trouble.
        is_warning: bool,
        /// In words.
        text: String,
    },
    /// So many controllers are connected and known.
    Controllers(usize),
}

/// What all connections have in common.
pub(super) struct Shared {
    pub settings: ObsSettings,
    pub desk: Desk,
    /// Whether controllers are told that there is a preview.
    pub studio_mode: watch::Sender<bool>,
    /// Since when the show has been live.
    pub live_since: watch::Sender<Option<Timestamp>>,
    /// Events that do not come of the model.
    pub told: broadcast::Sender<Event>,
    pub report: Box<dyn Fn(Report) + Send + Sync>,
    /// How many are known now.
    known: AtomicU32,
}

impl Shared {
    /// One more is known, or one less.
    pub fn count(&self, is_more: bool) {
        let before = if is_more {
            self.known.fetch_add(1, Ordering::Relaxed)
        } else {
            self.known.fetch_sub(1, Ordering::Relaxed)
        };
        let now = if is_more { before + 1 } else { before.saturating_sub(1) };
        (self.report)(Report::Controllers(now as usize));
    }

    pub fn tell(&self, is_warning: bool, text: String) {
        (self.report)(Report::Event { is_warning, text });
    }
}

/// Serves controllers until the show ends, or the task is dropped.
pub async fn serve(
    listener: TcpListener,
    settings: ObsSettings,
    desk: Desk,
    report: impl Fn(Report) + Send + Sync + 'static,
) {
    let mut ended = desk.ended.clone();
    let mut state = desk.state.clone();
    let shared = Arc::new(Shared {
        settings,
        desk,
        studio_mode: watch::Sender::new(true),
        live_since: watch::Sender::new(None),
        told: broadcast::channel(EVENTS_BEHIND).0,
        report: Box::new(report),
        known: AtomicU32::new(0),
    });
    let seats = Arc::new(Semaphore::new(MAX_CONTROLLERS));
    let mut number = 0;
    note(&shared, &state);
    loop {
        tokio::select! {
            () = over(&mut ended) => return,
            () = change(&mut state) => note(&shared, &state),
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let Ok(seat) = Arc::clone(&seats).try_acquire_owned() else {
                        shared.tell(true, full(peer));
                        continue;
                    };
                    number += 1;
                    let shared = Arc::clone(&shared);
                    tokio::spawn(async move {
                        connection::run(stream, peer, number, shared).await;
                        drop(seat);
                    });
                }
                // Out of descriptors or the like: the show goes on, controllers must wait.
                Err(error) => {
                    tracing::warn!(%error, "controllers");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
}

/// Waits for the end of the show.
pub(super) async fn over(ended: &mut watch::Receiver<Option<String>>) {
    // Whoever would say so may be gone without a word: that is the end as well.
    let _ = ended.wait_for(Option::is_some).await;
}

/// Waits for the next value. There is none when the studio ends, which [`over`] tells a moment later.
pub(super) async fn change<T>(values: &mut watch::Receiver<T>) {
    if values.changed().await.is_err() {
        std::future::pending().await
    }
}

fn full(peer: SocketAddr) -> String {
    format!("{peer} was turned away: {MAX_CONTROLLERS} controllers are connected")
}

/// Notes since when the show has been live.
fn note(shared: &Shared, state: &watch::Receiver<Arc<crate::studio::model::Studio>>) {
    let phase = stream_phase(&state.borrow());
    let now = shared.desk.clock.now();
    shared.live_since.send_if_modified(|since| {
        let was = *since;
        *since = match phase {
            StreamPhase::Live => since.or(Some(now)),
            StreamPhase::Reconnecting => *since,
            StreamPhase::Stopped | StreamPhase::Starting => None,
        };
        was != *since
    });
}
