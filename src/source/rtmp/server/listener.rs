//! One listener per address, for as long as a source sits there.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;

use tokio::sync::Notify;

use super::connection;
use super::error::IngestError;
use super::seat::Seat;
use crate::source::devices::IngestSpec;

/// Connections at one listener at a time. Those beyond are closed at once.
const MAX_CONNECTIONS: usize = 32;

/// The crate reads nested values by recursion; what it gets has sixteen levels at most.
const STACK: usize = 4 << 20;

/// All listeners of this process.
static LISTENERS: Mutex<BTreeMap<SocketAddr, Weak<Listener>>> = Mutex::new(BTreeMap::new());

fn listeners() -> MutexGuard<'static, BTreeMap<SocketAddr, Weak<Listener>>> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The seats at one address.
#[derive(Debug, Default)]
pub(super) struct Seats(Mutex<Vec<Arc<Seat>>>);

impl Seats {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The seat for that application and key.
    pub(super) fn find(&self, app: &str, key: &str) -> Option<Arc<Seat>> {
        // All are looked at, so that time does not tell which is near.
        let seats = self.lock();
        let found: Vec<_> = seats.iter().filter(|seat| seat.is_for(app, key)).collect();
        found.first().map(|seat| Arc::clone(seat))
    }

    /// Tells everybody whom it may concern: those with that application, or all where nobody has it.
    pub(super) fn notice(&self, app: Option<&str>, text: &str) {
        let seats = self.lock();
        let is_known = app.is_some_and(|app| seats.iter().any(|seat| seat.is_for_app(app)));
        let concerned = |seat: &&Arc<Seat>| !is_known || app.is_none_or(|app| seat.is_for_app(app));
        for seat in seats.iter().filter(concerned) {
            seat.notice(text.to_owned());
        }
    }
}

#[derive(Debug)]
struct Listener {
    seats: Arc<Seats>,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    fn start(address: SocketAddr) -> Result<Self, IngestError> {
        let failed = |error| IngestError::Listen { address, error };
        let socket = TcpListener::bind(address).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let seats = Arc::<Seats>::default();
        let stop = Arc::<Notify>::default();
        let (for_thread, stopped) = (Arc::clone(&seats), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name(format!("rtmp-{}", address.port()))
            .stack_size(STACK)
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = accept(socket, for_thread) => {}
                        () = stopped.notified() => {}
                    }
                });
            })
            .map_err(failed)?;
        Ok(Self {
            seats,
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Listener {
    /// The port is free when this returns.
    fn drop(&mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(socket: TcpListener, seats: Arc<Seats>) {
    let Ok(socket) = tokio::net::TcpListener::from_std(socket) else {
        return;
    };
    let room = Arc::new(tokio::sync::Semaphore::new(MAX_CONNECTIONS));
    loop {
        let (connection, peer) = match socket.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Too many open files, as a rule: that passes, but not at once.
                tracing::debug!(%error, "RTMP accept");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            seats.notice(
                None,
                &format!("{peer} was not let in: {MAX_CONNECTIONS} are connected already"),
            );
            continue;
        };
        let seats = Arc::clone(&seats);
        tokio::spawn(async move {
            connection::serve(connection, peer, &seats).await;
            drop(permit);
        });
    }
}

/// A source's place at a listener, left when dropped.
#[derive(Debug)]
pub(super) struct Place {
    address: SocketAddr,
    listener: Option<Arc<Listener>>,
    seat: Arc<Seat>,
}

impl Place {
    pub(super) fn seat(&self) -> &Seat {
        &self.seat
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // While nobody can come: the last one closes the port, which the next may want at once.
        let mut listeners = listeners();
        self.seat.close();
        if let Some(listener) = self.listener.take() {
            listener.seats.lock().retain(|seat| !Arc::ptr_eq(seat, &self.seat));
            drop(listener);
        }
        if listeners
            .get(&self.address)
            .is_some_and(|listener| listener.strong_count() == 0)
        {
            listeners.remove(&self.address);
        }
    }
}

/// Takes the place that `spec` names; listens there if nobody does yet.
///
/// # Errors
/// The port cannot be had, or another source has this place.
pub(super) fn sit(spec: &IngestSpec) -> Result<Place, IngestError> {
    let mut listeners = listeners();
    let known = listeners.get(&spec.listen).and_then(Weak::upgrade);
    let listener = match known {
        Some(listener) if listener.thread.as_ref().is_some_and(JoinHandle::is_finished) => {
            return Err(IngestError::Gone(spec.listen));
        }
        Some(listener) => listener,
        None => {
            let listener = Arc::new(Listener::start(spec.listen)?);
            listeners.insert(spec.listen, Arc::downgrade(&listener));
            listener
        }
    };
    if listener.seats.find(&spec.app, spec.key.expose()).is_some() {
        return Err(IngestError::Taken);
    }
    let seat = Arc::new(Seat::new(&spec.app, &spec.key));
    listener.seats.lock().push(Arc::clone(&seat));
    Ok(Place {
        address: spec.listen,
        listener: Some(listener),
        seat,
    })
}
