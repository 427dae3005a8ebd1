//! The driver of one destination, whatever it speaks: a task that owns the socket, and keeps the clock for the logic.
//!
//! The protocol is a [`Session`] without IO. One task reads and writes: the socket is read whatever the state of writing, so that acknowledgements, pings and a
//! hangup are seen at once; and a message is taken from the queue only when the one before has gone to the kernel, so that
//! what is late stays where it can be dropped.

use std::hash::{BuildHasher, RandomState};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep_until, timeout};

use super::connect::{Connected, Connection, congestion_control, connect};
use super::life::Life;
use super::scheme::{self, Opening};
use super::shared::Shared;
use super::sight::Sight;
use super::timeline::Timeline;
use super::{DestinationReport, DestinationSpec, DestinationStats, PublishError, StreamConfig, TrackChange};
use crate::clock::Clock;
use crate::media::{TimeDelta, Timestamp};
use crate::wire::session::{Event, Moment, Session, SessionError, Stage};

/// From a TCP connection to the peer's consent.
const START_WITHIN_SECONDS: u64 = 10;

/// How often the connection is looked at.
const TICK: Duration = Duration::from_millis(50);

/// Of these looks, how many there are between two judgements, and between two measurements.
const LOOKS_PER_JUDGEMENT: u32 = 5;
const LOOKS_PER_SECOND: u32 = 20;

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
    clock: Clock,
    report: Box<dyn Fn(DestinationReport) + Send + Sync>,
    shared: Arc<Shared>,
    stop: watch::Receiver<bool>,
    life: Life,
    stats: DestinationStats,
}

/// One connection, with all that ends with it.
struct Course {
    session: Box<dyn Session>,
    /// What the session was made to send.
    stream: StreamConfig,
    timeline: Timeline,
    sight: Sight,
}

impl Driver {
    pub(super) fn new(
        spec: DestinationSpec,
        clock: Clock,
        report: Box<dyn Fn(DestinationReport) + Send + Sync>,
        shared: Arc<Shared>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            spec,
            clock,
            report,
            shared,
            stop,
            life: Life::new(),
            stats: DestinationStats::default(),
        }
    }

    /// Connects, sends, waits and connects again, until stopped.
    pub(super) async fn run(mut self) {
        loop {
            self.shared.is_retry_wanted.store(false, Ordering::Release);
            self.life.connecting();
            self.report_state();
            let outcome = self.connection().await;
            self.shared.offered().queue.close();
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
        let offered = self.shared.offered();
        let counts = offered.queue.counts();
        self.stats.queue_ms = u32::try_from(offered.queue.span().to_millis()).unwrap_or(0);
        drop(offered);
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
        self.stats.congestion = None;
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
        let stream = self.shared.offered().stream.clone();
        let Opening { session, sdp } = scheme::open(&self.spec, &stream, random)?;
        if let Some((path, text)) = sdp {
            let written = tokio::fs::write(&path, text).await;
            written.map_err(|source| PublishError::SdpFile { path, source })?;
        }
        let Connected {
            stream: connection,
            socket,
        } = tokio::select! {
            connected = connect(&self.spec) => connected?,
            () = stopped(&mut self.stop) => return Ok(Ended::Stopped),
        };
        self.stats.congestion = congestion_control(&socket);
        let course = Course {
            session,
            stream,
            timeline: Timeline::default(),
            sight: Sight::new(self.clock.now()),
        };
        match connection {
            Connection::Plain(connection) => self.serve(connection, socket, course).await,
            Connection::Tls(connection) => self.serve(connection, socket, course).await,
        }
    }

    async fn serve<S>(&mut self, connection: S, socket: OwnedFd, mut course: Course) -> Result<Ended, PublishError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let shared = Arc::clone(&self.shared);
        let mut stop = self.stop.clone();
        let (mut reading, mut writing) = tokio::io::split(connection);
        let mut input = vec![0; 16 * 1024];
        let mut needs_flush = false;
        let mut ticks = 0_u32;
        let mut ticker = interval(TICK);
        ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.obey(&mut course)?;
            self.fill(&mut course)?;
            let Course {
                session,
                timeline,
                sight,
                ..
            } = &mut course;
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
                    let now = self.moment(timeline);
                    let received = session.receive(&input[..len], now);
                    // Whatever came before the nonsense still counts.
                    self.obey(&mut course)?;
                    received.map_err(|source| self.broken(source))?;
                }
                wrote = write_or_flush(&mut writing, session.output(), needs_flush) => {
                    let len = wrote.map_err(|error| self.hung_up(error, session.stage()))?;
                    needs_flush = len > 0;
                    session.consume(len);
                    sight.wrote(len);
                    self.stats.sent_bytes += len as u64;
                }
                () = shared.has_packets.notified(), if is_idle => {}
                _ = ticker.tick() => {
                    ticks = ticks.wrapping_add(1);
                    self.look(&socket, &mut course);
                    if ticks.is_multiple_of(LOOKS_PER_JUDGEMENT) {
                        course.session.tick(self.moment(&course.timeline));
                        self.judge(&mut course)?;
                    }
                    if ticks.is_multiple_of(LOOKS_PER_SECOND) {
                        self.measure(&mut course);
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

    fn broken(&self, source: SessionError) -> PublishError {
        PublishError::Protocol {
            peer: self.spec.url.peer(),
            source,
        }
    }

    /// Moves packets from the queue to an output that has run empty.
    fn fill(&self, course: &mut Course) -> Result<(), PublishError> {
        let session = &mut course.session;
        let mut offered = self.shared.offered();
        let queue = &mut offered.queue;
        if session.stage() == Stage::Live && session.output().is_empty() {
            while session.output().len() < BATCH
                && let Some(next) = queue.pop()
            {
                let at = course.timeline.stamp(&next.packet);
                if let Some(change) = &next.change {
                    session.reconfigure(change, at).map_err(|error| self.broken(error))?;
                }
                session.send(&next.packet, at);
                let end = course.sight.progress.written + session.output().len() as u64;
                course.sight.marks.packed(&next.packet, next.offered, end);
            }
        }
        let is_keyframe_wanted = queue.take_keyframe_wish(course.sight.is_clear(self.clock.now()));
        drop(offered);
        if is_keyframe_wanted {
            (self.report)(DestinationReport::KeyframeWanted);
        }
        Ok(())
    }

    /// Takes note of what the session has to tell.
    fn obey(&mut self, course: &mut Course) -> Result<(), PublishError> {
        while let Some(event) = course.session.poll_event() {
            let now = self.clock.now();
            match event {
                Event::Started => self.begin(course, now)?,
                Event::Acknowledged { total } => course.sight.acknowledge(total, now),
                Event::Reception(reception) => course.sight.receive(reception, now),
            }
        }
        Ok(())
    }

    /// The peer takes media. It is told what there is now: that may not be what there was when we connected.
    fn begin(&mut self, course: &mut Course, now: Timestamp) -> Result<(), PublishError> {
        self.stats.connects += 1;
        self.life.started(now);
        let Course { session, sight, .. } = course;
        sight.progress.media_from = Some(sight.progress.written + session.output().len() as u64);
        let mut offered = self.shared.offered();
        offered.queue.open();
        let stream = offered.stream.clone();
        drop(offered);
        let wants_opus = self.spec.wants_opus();
        for change in changes(&course.stream, &stream, wants_opus) {
            session
                .reconfigure(&change, Timestamp::ZERO)
                .map_err(|error| self.broken(error))?;
        }
        course.stream = stream;
        session.begin().map_err(|error| self.broken(error))?;
        self.report_stats();
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

    /// Looks at the connection, and tells what is seen while media may be sent.
    fn look(&mut self, socket: &OwnedFd, course: &mut Course) {
        let now = self.clock.now();
        let Course { session, sight, .. } = course;
        sight.look(socket, !session.output().is_empty(), now);
        if session.stage() != Stage::Live {
            return;
        }
        let mut offered = self.shared.offered();
        if sight.is_choked(now) {
            offered.queue.choke();
        } else {
            offered.queue.unchoke();
        }
        let sample = sight.sample(self.stats.connects, &offered.queue, now);
        drop(offered);
        (self.report)(DestinationReport::Sample(sample));
    }

    /// Has the connection begun in time, does it move, has the server proven that it means it?
    fn judge(&mut self, course: &mut Course) -> Result<(), PublishError> {
        let now = self.clock.now();
        let (stage, progress) = (course.session.stage(), &course.sight.progress);
        let start_within = TimeDelta::from_millis(START_WITHIN_SECONDS as i64 * 1000);
        if stage.is_opening() && now - progress.opened > start_within {
            return Err(PublishError::Timeout {
                peer: self.spec.url.peer(),
                what: stage.to_string(),
                seconds: START_WITHIN_SECONDS,
            });
        }
        if let Some(seconds) = progress.stalled_for(now) {
            return Err(PublishError::Stalled {
                peer: self.spec.url.peer(),
                seconds,
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
    fn measure(&mut self, course: &mut Course) {
        let now = self.clock.now();
        let sight = &mut course.sight;
        let (since, written) = sight.progress.measured;
        let seconds = (now - since).as_secs_f64().max(0.001);
        let sent = sight.progress.written - written;
        self.stats.bitrate_kbps = (sent as f64 * 8.0 / 1000.0 / seconds).round() as u32;
        sight.progress.measured = (now, sight.progress.written);
        let reception = sight.reception(now);
        let rtt = sight.info.map(|info| info.rtt.as_secs_f64() * 1000.0);
        self.stats.rtt_ms = reception.and_then(|reception| reception.rtt_ms).or(rtt);
        self.stats.socket_bytes = sight.info.map(|info| info.unconfirmed);
        self.stats.loss = reception.map(|reception| reception.loss);
        self.stats.jitter_ms = reception.map(|reception| reception.jitter_ms);
        if self.shared.offered().queue.is_waiting_for_idr() {
            // The first wish may have been lost in an encoder that was just being replaced.
            (self.report)(DestinationReport::KeyframeWanted);
        }
        self.report_stats();
    }
}

/// What is different in `new` of that which a destination is sent.
fn changes(old: &StreamConfig, new: &StreamConfig, wants_opus: bool) -> impl Iterator<Item = TrackChange> {
    let video = new.video.clone().filter(|_| old.video != new.video);
    let sound = |stream: &StreamConfig| {
        let sound = if wants_opus { &stream.opus } else { &stream.audio };
        sound.clone()
    };
    let audio = sound(new).filter(|new| sound(old).as_ref() != Some(new));
    video
        .map(TrackChange::Video)
        .into_iter()
        .chain(audio.map(TrackChange::Audio))
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
