//! The driver of one destination, whatever it speaks: a task that owns the socket, and keeps the clock for the logic.
//!
//! The protocol is a [`Session`] without IO. One task reads and writes: the socket is read whatever the state of writing, so that acknowledgements, pings and a
//! hangup are seen at once; and a message is taken from the queue only when the one before has gone to the kernel, so that
//! what is late stays where it can be dropped.

use std::hash::{BuildHasher, RandomState};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep_until, timeout};

use super::connect::{Connected, Connection, connect};
use super::life::Life;
use super::progress::{Progress, STALL_SECONDS};
use super::scheme::{self, Opening};
use super::shared::Shared;
use super::timeline::Timeline;
use super::{DestinationReport, DestinationSpec, DestinationStats, PublishError, StreamConfig, sockinfo};
use crate::clock::Clock;
use crate::media::{TimeDelta, Timestamp};
use crate::wire::session::{Event, Moment, Session, Stage};

/// From a TCP connection to the peer's consent.
const START_WITHIN_SECONDS: u64 = 10;

/// For how long the peer's own word on the round trip goes before the kernel's.
const REPORT_LIFETIME_MS: i64 = 10_000;

/// How often the connection is looked at.
const TICK: Duration = Duration::from_millis(250);

/// The output is filled up to here before it is written: fewer calls and TLS records for small packets.
const BATCH: usize = 16 * 1024;

/// After our goodbye: for the peer to close its side.
const GOODBYE: Duration = Duration::from_millis(500);

/// Whether a connection ended because it should.
enum Ended {
    Stopped,
}

/// Everything that outlives a connection.
pub(super) struct Driver {
    spec: DestinationSpec,
    stream: StreamConfig,
    clock: Clock,
    report: Box<dyn Fn(DestinationReport) + Send + Sync>,
    shared: Arc<Shared>,
    stop: watch::Receiver<bool>,
    life: Life,
    stats: DestinationStats,
    /// The round trip through the peer's program, in milliseconds, and when we heard of it.
    reported_rtt: Option<(Timestamp, f64)>,
}

impl Driver {
    pub(super) fn new(
        spec: DestinationSpec,
        stream: StreamConfig,
        clock: Clock,
        report: Box<dyn Fn(DestinationReport) + Send + Sync>,
        shared: Arc<Shared>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            spec,
            stream,
            clock,
            report,
            shared,
            stop,
            life: Life::new(),
            stats: DestinationStats::default(),
            reported_rtt: None,
        }
    }

    /// Connects, sends, waits and connects again, until stopped.
    pub(super) async fn run(mut self) {
        loop {
            self.shared.is_retry_wanted.store(false, Ordering::Release);
            self.life.connecting();
            self.report_state();
            let outcome = self.connection().await;
            self.shared.queue().close();
            match outcome {
                Ok(Ended::Stopped) => break,
                Err(error) => {
                    let jitter = (random() >> 11) as f64 / (1_u64 << 53) as f64;
                    self.life
                        .failed(self.clock.now(), error.failure(), error.to_string(), jitter);
                }
            }
            self.clear_gauges();
            if self.wait().await {
                break;
            }
        }
        self.life.stopped();
        self.clear_gauges();
        self.report_stats();
        self.report_state();
    }

    fn report_state(&self) {
        (self.report)(DestinationReport::State(self.life.state(self.clock.now())));
    }

    fn report_stats(&mut self) {
        let queue = self.shared.queue();
        let counts = queue.counts();
        self.stats.queue_ms = u32::try_from(queue.span().to_millis()).unwrap_or(0);
        drop(queue);
        self.stats.dropped_frames = counts.video;
        self.stats.dropped_audio = counts.audio;
        self.stats.missed_frames = counts.missed_video;
        self.stats.missed_audio = counts.missed_audio;
        (self.report)(DestinationReport::Stats(self.stats.clone()));
    }

    /// What describes a connection and not the destination.
    fn clear_gauges(&mut self) {
        self.stats.bitrate_kbps = 0;
        self.stats.rtt_ms = None;
        self.stats.socket_bytes = None;
        self.stats.loss = None;
        self.stats.jitter_ms = None;
        self.reported_rtt = None;
    }

    /// Waits for the next attempt, telling how long it still takes. True if stopped meanwhile.
    async fn wait(&mut self) -> bool {
        let shared = Arc::clone(&self.shared);
        self.report_state();
        let mut is_first = true;
        loop {
            let now = self.clock.now();
            if shared.is_retry_wanted.swap(false, Ordering::AcqRel) {
                self.life.retry_now(now);
            }
            self.report_stats();
            let next = self.life.next_attempt();
            if !is_first && next.is_some() {
                self.report_state();
            }
            is_first = false;
            if next.is_some_and(|at| at <= now) {
                return false;
            }
            let second = now + TimeDelta::from_millis(1000);
            let until = self.clock.instant_of(next.map_or(second, |at| at.min(second)));
            tokio::select! {
                () = stopped(&mut self.stop) => return true,
                () = shared.retry.notified() => {}
                () = sleep_until(until.into()) => {}
            }
        }
    }

    async fn connection(&mut self) -> Result<Ended, PublishError> {
        let Opening { session, sdp } = scheme::open(&self.spec, &self.stream, random)?;
        if let Some((path, text)) = sdp {
            let written = tokio::fs::write(&path, text).await;
            written.map_err(|source| PublishError::SdpFile { path, source })?;
        }
        let Connected { stream, socket } = tokio::select! {
            connected = connect(&self.spec) => connected?,
            () = stopped(&mut self.stop) => return Ok(Ended::Stopped),
        };
        match stream {
            Connection::Plain(stream) => self.serve(stream, socket, session).await,
            Connection::Tls(stream) => self.serve(stream, socket, session).await,
        }
    }

    async fn serve<S>(
        &mut self,
        stream: S,
        socket: OwnedFd,
        mut session: Box<dyn Session>,
    ) -> Result<Ended, PublishError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let peer = self.spec.url.peer();
        let shared = Arc::clone(&self.shared);
        let mut stop = self.stop.clone();
        let (mut reading, mut writing) = tokio::io::split(stream);
        let mut input = vec![0; 16 * 1024];
        let mut timeline = Timeline::default();
        let mut progress = Progress::new(self.clock.now());
        let mut needs_flush = false;
        let mut ticks = 0_u32;
        let mut ticker = interval(TICK);
        ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.obey(&mut *session, &mut progress)?;
            self.fill(&mut *session, &mut timeline);
            let is_closing = session.stage() == Stage::Closed;
            if is_closing && session.output().is_empty() && !needs_flush {
                break;
            }
            let is_idle = session.output().is_empty() && session.stage() == Stage::Live;
            tokio::select! {
                read = reading.read(&mut input) => {
                    let len = read.map_err(|error| self.hung_up(error, session.stage()))?;
                    if len == 0 {
                        if is_closing {
                            return Ok(Ended::Stopped);
                        }
                        return Err(self.hung_up(std::io::ErrorKind::UnexpectedEof.into(), session.stage()));
                    }
                    let received = session.receive(&input[..len], self.moment(&timeline));
                    // Whatever came before the nonsense still counts.
                    self.obey(&mut *session, &mut progress)?;
                    received.map_err(|source| PublishError::Protocol { peer: peer.clone(), source })?;
                }
                wrote = write_or_flush(&mut writing, session.output(), needs_flush) => {
                    let len = wrote.map_err(|error| self.hung_up(error, session.stage()))?;
                    needs_flush = len > 0;
                    session.consume(len);
                    progress.written += len as u64;
                    self.stats.sent_bytes += len as u64;
                }
                () = shared.has_packets.notified(), if is_idle => {}
                _ = ticker.tick() => {
                    session.tick(self.moment(&timeline));
                    self.look(&socket, &*session, &mut progress)?;
                    ticks += 1;
                    if ticks.is_multiple_of(4) {
                        self.measure(&mut progress);
                    }
                }
                () = stopped(&mut stop), if !is_closing => session.close(),
            }
        }
        // Our side is closed now; what the peer still says is read away, so that the goodbye is not lost to a reset.
        writing
            .shutdown()
            .await
            .map_err(|error| self.hung_up(error, Stage::Closed))?;
        let drained = async { while reading.read(&mut input).await.is_ok_and(|len| len > 0) {} };
        let _ = timeout(GOODBYE, drained).await;
        Ok(Ended::Stopped)
    }

    /// The end of a connection by the peer's hand. A reset before the server has proven anything is a hangup with data
    /// on the way: which of the two one sees is a race.
    fn hung_up(&self, source: std::io::Error, stage: Stage) -> PublishError {
        use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
        let peer = self.spec.url.peer();
        let is_early = !self.life.is_live();
        match source.kind() {
            UnexpectedEof => PublishError::Closed { peer, stage, is_early },
            ConnectionReset | BrokenPipe if is_early => PublishError::Closed { peer, stage, is_early },
            _ => PublishError::Io { peer, source },
        }
    }

    /// Moves packets from the queue to an output that has run empty.
    fn fill(&self, session: &mut dyn Session, timeline: &mut Timeline) {
        let mut queue = self.shared.queue();
        if session.stage() == Stage::Live && session.output().is_empty() {
            while session.output().len() < BATCH
                && let Some(packet) = queue.pop()
            {
                let at = timeline.stamp(&packet);
                session.send(&packet, at);
            }
        }
        let is_keyframe_wanted = queue.take_keyframe_wanted();
        drop(queue);
        if is_keyframe_wanted {
            (self.report)(DestinationReport::KeyframeWanted);
        }
    }

    /// Takes note of what the session has to tell.
    fn obey(&mut self, session: &mut dyn Session, progress: &mut Progress) -> Result<(), PublishError> {
        while let Some(event) = session.poll_event() {
            let now = self.clock.now();
            match event {
                Event::Started => {
                    self.stats.connects += 1;
                    self.life.started(now);
                    progress.media_from = Some(progress.written + session.output().len() as u64);
                    session.begin().map_err(|source| PublishError::Protocol {
                        peer: self.spec.url.peer(),
                        source,
                    })?;
                    self.shared.queue().open();
                    self.report_stats();
                }
                Event::Acknowledged { total } => progress.acknowledge(total, now),
                Event::Reception(reception) => {
                    // It speaks of media that has arrived, so the peer has come at least near to what was written.
                    progress.acknowledge(progress.written, now);
                    self.stats.loss = Some(reception.loss);
                    self.stats.jitter_ms = Some(reception.jitter_ms);
                    self.reported_rtt = reception.rtt_ms.map(|rtt| (now, rtt)).or(self.reported_rtt);
                }
            }
        }
        Ok(())
    }

    /// The present, for a session whose packets were stamped by `timeline`.
    fn moment(&self, timeline: &Timeline) -> Moment {
        let studio = self.clock.now();
        Moment {
            studio,
            connection: timeline.at(studio),
            wall: SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default(),
        }
    }

    /// Looks at the connection: has it begun in time, does it move, has the server proven that it means it?
    fn look(&mut self, socket: &OwnedFd, session: &dyn Session, progress: &mut Progress) -> Result<(), PublishError> {
        let now = self.clock.now();
        let info = sockinfo::probe(socket.as_fd());
        let fresh = now - TimeDelta::from_millis(REPORT_LIFETIME_MS);
        let reported = self.reported_rtt.filter(|(at, _)| *at > fresh).map(|(_, rtt)| rtt);
        self.stats.rtt_ms = reported.or(info.map(|info| info.rtt_ms));
        self.stats.socket_bytes = info.map(|info| info.unconfirmed);
        let unconfirmed = info.map_or(0, |info| u64::from(info.unconfirmed));
        progress.look(unconfirmed, !session.output().is_empty(), now);

        let start_within = TimeDelta::from_millis(START_WITHIN_SECONDS as i64 * 1000);
        if session.stage().is_opening() && now - progress.opened > start_within {
            return Err(PublishError::Timeout {
                peer: self.spec.url.peer(),
                what: session.stage().to_string(),
                seconds: START_WITHIN_SECONDS,
            });
        }
        if progress.is_stalled(now) {
            return Err(PublishError::Stalled {
                peer: self.spec.url.peer(),
                seconds: STALL_SECONDS,
            });
        }
        if let Some(from) = progress.media_from
            && self
                .life
                .progress(now, progress.acknowledged > from, progress.confirmed > from)
        {
            self.report_state();
        }
        Ok(())
    }

    /// Once a second: the bitrate since the last time, and all the figures.
    fn measure(&mut self, progress: &mut Progress) {
        let now = self.clock.now();
        let (since, written) = progress.measured;
        let seconds = (now - since).as_secs_f64().max(0.001);
        self.stats.bitrate_kbps = ((progress.written - written) as f64 * 8.0 / 1000.0 / seconds).round() as u32;
        progress.measured = (now, progress.written);
        if self.shared.queue().is_waiting_for_idr() {
            // The first wish may have been lost in an encoder that was just being replaced.
            (self.report)(DestinationReport::KeyframeWanted);
        }
        self.report_stats();
    }
}

/// Writes some of `output`; with none, flushes what TLS holds back and gives 0; with nothing to do, never ends.
async fn write_or_flush<W: AsyncWrite + Unpin>(
    writing: &mut W,
    output: &[u8],
    needs_flush: bool,
) -> std::io::Result<usize> {
    if !output.is_empty() {
        let len = writing.write(output).await?;
        return if len == 0 {
            Err(std::io::ErrorKind::WriteZero.into())
        } else {
            Ok(len)
        };
    }
    if needs_flush {
        writing.flush().await?;
        return Ok(0);
    }
    std::future::pending().await
}

/// Ends when the handle says stop, or is gone.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the handle was dropped, which is a stop that nobody waits for.
    let _ = stop.wait_for(|is_stopped| *is_stopped).await;
}

/// Different every time; nothing secret hangs on it.
fn random() -> u64 {
    RandomState::new().hash_one(0)
}
