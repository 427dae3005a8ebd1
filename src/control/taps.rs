//! Who wants which monitor pictures, and the newest ones on their way there.
//!
//! Each tap connection has one slot per monitor. The studio's tap thread puts pictures in, the connection's task takes
//! them out; a picture that was not fetched in time is replaced by the next and counted. So nothing waits for a client,
//! and a slow link gets fewer pictures rather than older ones.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::protocol::{MAX_MARKS, MAX_PICTURE, PictureHeader, TapMonitor};
use crate::studio::model::FaceMark;

/// The most monitors one connection may ask for.
pub const MAX_MONITORS: usize = 32;

/// One tap connection.
#[derive(Debug)]
pub struct TapClient {
    id: u64,
    inner: Mutex<Inner>,
    fresh: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    generation: u16,
    monitors: Vec<TapMonitor>,
    slots: Vec<Option<Picture>>,
    /// Where the next search for a waiting picture starts, so that every monitor has its turn.
    turn: usize,
    replaced: u64,
}

/// A picture with its header and the faces in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Says which monitor, the size, and how many marks.
    pub header: PictureHeader,
    /// The faces in it, as many as the header says.
    pub marks: Vec<FaceMark>,
    /// RGB, 3 bytes per pixel, rows without padding.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// A picture of `size` for a monitor of a wish; of its faces, the first [`MAX_MARKS`] are marked.
    #[must_use]
    pub fn new(wish: (u16, u16), size: (u16, u16), marks: &[FaceMark], rgb: Vec<u8>) -> Self {
        let marks = marks[..marks.len().min(MAX_MARKS)].to_vec();
        let header = PictureHeader {
            generation: wish.0,
            monitor: wish.1,
            width: size.0,
            height: size.1,
            marks: marks.len() as u16,
        };
        Self { header, marks, rgb }
    }
}

impl TapClient {
    fn new(id: u64) -> Self {
        Self {
            id,
            inner: Mutex::default(),
            fresh: Notify::new(),
        }
    }

    /// Unlike that of any other connection to this studio.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client wants these monitors from now on. Sizes and rates are held within sane bounds.
    pub fn want(&self, mut monitors: Vec<TapMonitor>) {
        monitors.truncate(MAX_MONITORS);
        for monitor in &mut monitors {
            monitor.width = monitor.width.clamp(1, MAX_PICTURE);
            monitor.height = monitor.height.clamp(1, MAX_PICTURE);
            monitor.per_second = if monitor.per_second.is_finite() {
                monitor.per_second.clamp(0.1, 60.0)
            } else {
                1.0
            };
        }
        let mut inner = self.lock();
        inner.generation = inner.generation.wrapping_add(1);
        inner.slots = vec![None; monitors.len()];
        inner.turn = 0;
        inner.monitors = monitors;
    }

    /// What is wanted, with the generation that pictures for it must carry.
    #[must_use]
    pub fn wanted(&self) -> (u16, Vec<TapMonitor>) {
        let inner = self.lock();
        (inner.generation, inner.monitors.clone())
    }

    /// The generation of the newest wish: changes when [`want`](Self::want) was called.
    #[must_use]
    pub fn generation(&self) -> u16 {
        self.lock().generation
    }

    /// Puts a picture into its slot. One for an older wish is dropped.
    pub fn offer(&self, picture: Picture) {
        let mut inner = self.lock();
        if picture.header.generation != inner.generation {
            return;
        }
        let Some(slot) = inner.slots.get_mut(usize::from(picture.header.monitor)) else {
            return;
        };
        if slot.replace(picture).is_some() {
            inner.replaced += 1;
        }
        drop(inner);
        self.fresh.notify_one();
    }

    /// The next picture that waits, in turns over the monitors; waits for one.
    pub async fn next(&self) -> Picture {
        loop {
            let fresh = self.fresh.notified();
            if let Some(picture) = self.take() {
                return picture;
            }
            fresh.await;
        }
    }

    fn take(&self) -> Option<Picture> {
        let mut inner = self.lock();
        let count = inner.slots.len();
        let at = (0..count)
            .map(|step| (inner.turn + step) % count)
            .find(|at| inner.slots[*at].is_some())?;
        let picture = inner.slots[at].take();
        inner.turn = at + 1;
        let more = inner.slots.iter().any(Option::is_some);
        drop(inner);
        if more {
            self.fresh.notify_one();
        }
        picture
    }

    /// Pictures that were replaced before they were fetched.
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.lock().replaced
    }
}

/// All tap connections. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Taps {
    clients: Arc<Mutex<Vec<Arc<TapClient>>>>,
    joined: Arc<AtomicU64>,
}

impl Taps {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<TapClient>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection; it is forgotten when the guard is dropped.
    #[must_use]
    pub fn join(&self) -> TapGuard {
        let client = Arc::new(TapClient::new(self.joined.fetch_add(1, Ordering::Relaxed)));
        self.lock().push(Arc::clone(&client));
        TapGuard {
            taps: self.clone(),
            client,
        }
    }

    /// The connections now.
    #[must_use]
    pub fn clients(&self) -> Vec<Arc<TapClient>> {
        self.lock().clone()
    }

    /// Whether nobody looks: then no picture need be made.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}

/// A connection among the [`Taps`], until dropped.
#[derive(Debug)]
pub struct TapGuard {
    taps: Taps,
    /// The connection.
    pub client: Arc<TapClient>,
}

impl Drop for TapGuard {
    fn drop(&mut self) {
        self.taps.lock().retain(|client| !Arc::ptr_eq(client, &self.client));
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::MonitorTarget;
    use super::*;

    fn picture(generation: u16, shade: u8) -> Picture {
        Picture::new((generation, 0), (1, 1), &[], vec![shade; 3])
    }

    #[tokio::test]
    async fn the_newest_picture_wins_and_stale_ones_are_dropped() {
        let taps = Taps::default();
        let guard = taps.join();
        let monitor = TapMonitor {
            what: MonitorTarget::Program,
            width: 1,
            height: 1,
            per_second: f32::NAN,
        };
        guard.client.want(vec![monitor.clone()]);
        guard.client.offer(picture(1, 10));
        guard.client.offer(picture(1, 20));
        assert_eq!(guard.client.next().await, picture(1, 20));
        assert_eq!(guard.client.replaced(), 1);
        guard.client.offer(picture(1, 30));
        guard.client.want(vec![monitor]);
        guard.client.offer(picture(1, 40));
        guard.client.offer(picture(2, 50));
        assert_eq!(guard.client.next().await, picture(2, 50));
        drop(guard);
        assert!(taps.is_empty());
    }
}
