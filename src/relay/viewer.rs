//! The driver of one viewer: a task that owns the socket and moves messages from the log of a rendition into it.
//!
//! A message leaves the log only when the ones before have gone to the kernel, so what is late stays where it can be skipped.
//! Moving to another rendition has two halves: the new one is asked for and watched while the old one goes on, and at the
//! first IDR of the new one that is not in the past the viewer steps over. Pictures and sound go on where they were.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tungstenite::Message;
use tungstenite::protocol::frame::coding::CloseCode;

use super::chooser::Chooser;
use super::connection::Connection;
use super::log::{Log, Setup};
use super::mux::Mux;
use super::reader::{Reader, Sent};
use super::stream::{Seat, Stream};
use super::websocket::ServerSocket;
use crate::clock::Clock;
use crate::media::{TimeDelta, Timestamp};

/// The longest thing a viewer may say.
const MAX_MESSAGE: usize = 4096;

/// Slices in one write.
const SLICES: usize = 32;

/// How often the connection is looked at.
const TICK: Duration = Duration::from_secs(1);

/// A viewer that says nothing is pinged after so many ticks …
const PING_AFTER: u32 = 15;

/// … and given up after so many.
const GONE_AFTER: u32 = 45;

/// For the goodbye to be answered.
const GOODBYE: Duration = Duration::from_millis(500);

/// How much of what a viewer has seen it may be sent again when it steps over. Renditions are encoded one after the other, so
/// that whoever is up to date has always seen the picture whose IDR comes next; players leave out what they have shown.
const STEP_BACK_MS: i64 = 500;

/// What a viewer may say.
#[derive(Debug, Default, Deserialize)]
struct Said {
    /// The name of a rendition, or `auto`.
    rendition: Option<String>,
    report: Option<Report>,
}

/// How a viewer's page fares.
#[derive(Debug, Default, Deserialize)]
struct Report {
    latency_ms: Option<f64>,
}

/// What a viewer asked for in its address.
pub(super) struct Ticket {
    pub(super) stream: Arc<Stream>,
    /// `None`: the relay chooses.
    pub(super) rendition: Option<usize>,
    /// What to begin with.
    pub(super) start: usize,
    /// Where messages come from.
    pub(super) format: Format,
}

/// In which form media are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Access units, for `WebCodecs`.
    Units,
    /// Fragmented MP4, for Media Source Extensions.
    Fragments,
}

/// A rendition that is being read, or is about to be.
struct Place {
    seat: Seat,
    /// What makes the fragments, where they are wanted.
    _mux: Option<Arc<Mux>>,
    log: Arc<Log>,
    bell: watch::Receiver<Timestamp>,
}

impl Place {
    fn take(stream: &Arc<Stream>, rendition: usize, format: Format) -> Self {
        let seat = stream.sit(rendition, true);
        let mux = (format == Format::Fragments).then(|| Mux::of(stream, rendition));
        let log = Arc::clone(mux.as_ref().map_or(&seat.rendition().log, |mux| &mux.log));
        Self {
            bell: log.bell(),
            log,
            _mux: mux,
            seat,
        }
    }
}

/// Everything of one viewer.
pub(super) struct Viewer {
    connection: Connection,
    socket: ServerSocket,
    stream: Arc<Stream>,
    format: Format,
    clock: Clock,
    total_bytes: Arc<AtomicU64>,
    place: Place,
    reader: Reader,
    sent: Sent,
    pending: VecDeque<Bytes>,
    /// Where it is about to go.
    next: Option<Place>,
    /// The rendition that it asked for; `None`: the relay chooses.
    wish: Option<usize>,
    chooser: Option<Chooser>,
    /// Up to which change of what is offered it has gone, and been told, and after which other message.
    offer_version: u64,
    offer_told: u64,
    told_after: Option<Arc<Setup>>,
    /// Since when the oldest pending message has waited for the socket.
    blocked_since: Option<Timestamp>,
    /// What got through since the last tick, and in the one before.
    written: u64,
    sent_kbps: f64,
    quiet_ticks: u32,
}

impl Viewer {
    pub(super) fn new(
        connection: Connection,
        early: &[u8],
        ticket: Ticket,
        clock: Clock,
        total_bytes: Arc<AtomicU64>,
    ) -> Self {
        let place = Place::take(&ticket.stream, ticket.start, ticket.format);
        let now = clock.now();
        let reader = Reader::join(&place.log.read(), now);
        let mut viewer = Self {
            connection,
            socket: ServerSocket::new(MAX_MESSAGE, early),
            stream: ticket.stream,
            format: ticket.format,
            clock,
            total_bytes,
            place,
            reader,
            sent: Sent::default(),
            pending: VecDeque::new(),
            next: None,
            wish: ticket.rendition,
            chooser: None,
            // What is offered when it comes is what it begins with; but it has not been told what that is.
            offer_version: 0,
            offer_told: 0,
            told_after: None,
            blocked_since: None,
            written: 0,
            sent_kbps: 0.0,
            quiet_ticks: 0,
        };
        if viewer.wish.is_none() {
            viewer.choose_freely(ticket.start);
        }
        viewer
    }

    /// Serves the viewer until it or the stream ends.
    pub(super) async fn run(mut self) {
        if self.serve().await.is_ok() {
            self.part().await;
        }
    }

    async fn serve(&mut self) -> io::Result<()> {
        let mut ticker = interval_at(Instant::now() + TICK, TICK);
        ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.hear();
        loop {
            self.fill();
            if self.socket.is_over() {
                return Ok(());
            }
            if self.pending.is_empty() && self.place.log.read().is_over() {
                self.socket.close(CloseCode::Away, "the stream is over");
                return Ok(());
            }
            tokio::select! {
                biased;
                moved = exchange(&mut self.connection, &mut self.pending, &mut self.socket) => match moved? {
                    Moved::Sent(len) => self.note_written(len),
                    Moved::Heard => {
                        self.quiet_ticks = 0;
                        self.hear();
                    }
                },
                _ = self.place.bell.changed(), if self.pending.is_empty() => {}
                () = rings(&mut self.next) => {}
                _ = ticker.tick() => self.tick()?,
            }
        }
    }

    /// Moves messages from the log to a pending queue that has run empty, and steps over to another rendition when it is time.
    fn fill(&mut self) {
        self.pending.extend(self.socket.take_output());
        if !self.pending.is_empty() {
            return;
        }
        self.heed_offer();
        let now = self.clock.now();
        let step = self.next.as_ref().and_then(|next| {
            let entries = next.log.read();
            let after = if next.seat.rendition().info.has_video() {
                self.sent.video
            } else {
                self.sent.audio
            };
            match after {
                Some(after) => entries.join_after(after - TimeDelta::from_millis(STEP_BACK_MS)),
                None => entries.join().and_then(|join| Some((join, entries.get(join)?.pts))),
            }
        });
        let stop_at = step.map(|(_, pts)| pts);
        // A value of its own: the bell must have been heard before the log is looked at.
        self.place.bell.mark_unchanged();
        let taken = {
            let entries = self.place.log.read();
            self.reader
                .take(&entries, now, stop_at, &mut self.sent, &mut self.pending)
        };
        let rendition = self.place.seat.rendition();
        if taken.frames > 0 {
            rendition.sent_frames.fetch_add(taken.frames, Ordering::Relaxed);
        }
        if taken.dropped > 0 {
            rendition.dropped_frames.fetch_add(taken.dropped, Ordering::Relaxed);
        }
        if !self.pending.is_empty() {
            self.blocked_since = Some(now);
        }
        // What is not offered any more may also not be made any more.
        let is_gone = !self.stream.offer().holds(self.place.seat.index());
        let is_stuck = taken.is_at_stop || self.reader.is_waiting() || self.place.log.read().is_over();
        if let Some((join, _)) = step
            && (is_stuck || (self.pending.is_empty() && (!rendition.info.has_video() || is_gone)))
        {
            self.step_over(join, now);
        } else {
            self.choose(taken.delay, taken.dropped > 0, now);
        }
    }

    fn step_over(&mut self, join: u64, now: Timestamp) {
        let Some(next) = self.next.take() else { return };
        self.reader = Reader::switch(&next.log.read(), join, &self.sent, now);
        self.place = next;
        self.place.bell.mark_changed();
        self.place.seat.rendition().switches.fetch_add(1, Ordering::Relaxed);
    }

    fn choose(&mut self, delay: TimeDelta, has_dropped: bool, now: Timestamp) {
        let choice = self.chooser.as_mut();
        if let Some(rendition) = choice.and_then(|chooser| chooser.look(now, delay, has_dropped, self.sent_kbps)) {
            self.go_to(rendition);
        }
    }

    /// Leaves the choice to the network, from rendition `current` on.
    fn choose_freely(&mut self, current: usize) {
        self.wish = None;
        let now = self.clock.now();
        self.chooser = Some(Chooser::new(self.stream.offer().all(), current, now));
    }

    /// Goes where it can still be, and is told what there is.
    fn heed_offer(&mut self) {
        let (version, to) = {
            let offer = self.stream.offer();
            let wanted = self.wish.unwrap_or_else(|| self.place.seat.index());
            (offer.version(), offer.nearest(wanted))
        };
        if version != self.offer_version {
            self.offer_version = version;
            if self.wish.is_none() {
                self.choose_freely(to);
            }
            self.go_to(to);
        }
        // With what decoders go on with right now: what they need next comes with the packets that need it. That was made at its
        // own time and may name what is not offered any more.
        let Some(setup) = &self.sent.setup else { return };
        let is_told = self.offer_told == version
            && (version == 0 || self.told_after.as_ref().is_some_and(|told| Arc::ptr_eq(told, setup)));
        if !is_told {
            self.offer_told = version;
            self.told_after = Some(Arc::clone(setup));
            let name = &self.place.seat.rendition().info.name;
            let (video, audio) = (setup.video.as_ref(), setup.audio.as_ref());
            self.pending.push_back(self.stream.config_message(name, video, audio));
        }
    }

    /// Asks for another rendition; the present one goes on until that has an IDR.
    fn go_to(&mut self, rendition: usize) {
        if rendition == self.place.seat.index() {
            self.next = None;
        } else if self.next.as_ref().is_none_or(|next| next.seat.index() != rendition) {
            let next = Place::take(&self.stream, rendition, self.format);
            if next.seat.rendition().info.has_video() {
                self.stream.wish_keyframe(rendition);
            }
            self.next = Some(next);
        }
    }

    fn note_written(&mut self, len: usize) {
        self.written += len as u64;
        self.total_bytes.fetch_add(len as u64, Ordering::Relaxed);
        let rendition = self.place.seat.rendition();
        rendition.sent_bytes.fetch_add(len as u64, Ordering::Relaxed);
        if self.pending.is_empty() {
            self.blocked_since = None;
        }
    }

    /// Reads what the viewer says.
    fn hear(&mut self) {
        while let Some(message) = self.socket.next() {
            match message {
                Message::Text(text) => match serde_json::from_str::<Said>(&text) {
                    Ok(said) => self.obey(&said),
                    Err(_) => self
                        .socket
                        .close(CloseCode::Policy, "not the JSON that a viewer may send"),
                },
                Message::Binary(_) => self
                    .socket
                    .close(CloseCode::Unsupported, "viewers send no binary messages"),
                _ => {}
            }
        }
    }

    fn obey(&mut self, said: &Said) {
        match said.rendition.as_deref() {
            None => {}
            Some("auto") => self.choose_freely(self.place.seat.index()),
            Some(name) => {
                if let Some(rendition) = self.stream.find(name) {
                    (self.wish, self.chooser) = (Some(rendition), None);
                    let nearest = self.stream.offer().nearest(rendition);
                    self.go_to(nearest);
                } else {
                    self.socket.close(CloseCode::Policy, "there is no such rendition");
                }
            }
        }
        if let Some(ms) = said.report.as_ref().and_then(|report| report.latency_ms)
            && (0.0..600_000.0).contains(&ms)
        {
            self.place.seat.rendition().note_latency(ms.round() as u32);
        }
    }

    /// Once a second: is anybody there, does anything move?
    fn tick(&mut self) -> io::Result<()> {
        let now = self.clock.now();
        self.sent_kbps = self.written as f64 * 8.0 / 1000.0 / TICK.as_secs_f64();
        self.written = 0;
        self.quiet_ticks += 1;
        if self.quiet_ticks == PING_AFTER {
            self.socket.ping();
        }
        if self.quiet_ticks > GONE_AFTER {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if let Some(since) = self.blocked_since {
            self.choose(now - since, false, now);
        }
        Ok(())
    }

    /// Writes the goodbye, and reads what is still on its way, so that a reset does not destroy it.
    async fn part(mut self) {
        self.pending.extend(self.socket.take_output());
        let goodbye = async {
            while let Some(mut frame) = self.pending.pop_front() {
                self.connection.write_all_buf(&mut frame).await?;
            }
            self.connection.shutdown().await?;
            let mut rest = [0; 512];
            while tokio::io::AsyncReadExt::read(&mut self.connection, &mut rest).await? > 0 {}
            io::Result::Ok(())
        };
        let _ = timeout(GOODBYE, goodbye).await;
    }
}

/// The bell of the place that a viewer is about to take; for ever silent without one.
async fn rings(next: &mut Option<Place>) {
    match next {
        Some(next) => {
            // The log outlives its places.
            let _ = next.bell.changed().await;
        }
        None => std::future::pending().await,
    }
}

/// What happened on the connection.
enum Moved {
    Sent(usize),
    Heard,
}

/// Writes what is pending, or hears what the viewer says: whichever can be done.
async fn exchange(
    connection: &mut Connection,
    pending: &mut VecDeque<Bytes>,
    socket: &mut ServerSocket,
) -> io::Result<Moved> {
    poll_fn(|cx| {
        if !pending.is_empty()
            && let Poll::Ready(written) = write_some(connection, pending, cx)
        {
            return Poll::Ready(written.map(Moved::Sent));
        }
        let mut bytes = [0; 512];
        let mut buf = ReadBuf::new(&mut bytes);
        match Pin::new(&mut *connection).poll_read(cx, &mut buf) {
            Poll::Ready(Ok(())) if buf.filled().is_empty() => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            Poll::Ready(Ok(())) => {
                socket.receive(buf.filled());
                Poll::Ready(Ok(Moved::Heard))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// One vectored write of pending frames; TLS is flushed with it.
fn write_some(
    connection: &mut Connection,
    pending: &mut VecDeque<Bytes>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut slices = [IoSlice::new(&[]); SLICES];
    let count = pending.len().min(SLICES);
    for (slice, frame) in slices.iter_mut().zip(pending.iter()) {
        *slice = IoSlice::new(frame);
    }
    let written = match Pin::new(&mut *connection).poll_write_vectored(cx, &slices[..count]) {
        Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
        Poll::Ready(Ok(written)) => written,
        Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
        Poll::Pending => return Poll::Pending,
    };
    let mut left = written;
    while left > 0
        && let Some(front) = pending.front_mut()
    {
        let part = front.len().min(left);
        front.advance(part);
        left -= part;
        if front.is_empty() {
            pending.pop_front();
        }
    }
    Poll::Ready(Ok(written))
}
