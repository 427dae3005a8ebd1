//! What a service manager is told: that the studio is ready, how it is, that it ends; and, while all of it moves, that it lives
//! (sd_notify(3), systemd.service(5) `WatchdogSec=`).
//!
//! A timer proves nothing about a show. The sign of life goes out only when the picture thread has ticked, the sound thread
//! has mixed and the core task has had its turn since the last one: a studio in which one of them hangs is restarted. All of
//! this runs on a thread of its own, so that a service manager that does not listen holds up nothing but its own news.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::watch;

use super::outlet::Outlet;
use crate::studio::model::{DestinationState, Studio};

/// How often the status is looked at where no watchdog wants more.
const EVERY: Duration = Duration::from_secs(1);

/// How long the end of the show waits for its announcement.
const PATIENCE: Duration = Duration::from_millis(200);

/// The line to the service manager; there is none where nobody has asked for news.
pub struct Service(Option<Sender<SyncSender<()>>>);

impl Service {
    /// Says that the studio is ready, and tells how it is from then on. Without `NOTIFY_SOCKET` nothing happens.
    pub fn start(state: watch::Receiver<Arc<Studio>>, outlet: Arc<Outlet>) -> Self {
        if std::env::var_os("NOTIFY_SOCKET").is_none() {
            return Self(None);
        }
        let mut watchdog_us = 0;
        // Left in the environment: this process may be asked again; those that it starts get a cleared one.
        let is_watched = sd_notify::watchdog_enabled(false, &mut watchdog_us);
        let every = if is_watched {
            // Twice as often as sd_watchdog_enabled(3) asks for: one that finds no progress yet is not the last chance.
            EVERY.min(Duration::from_micros(watchdog_us / 4))
        } else {
            EVERY
        };
        let (end, told) = channel();
        let reporter = Reporter {
            state,
            outlet,
            heartbeat: Heartbeat::default(),
            is_watched,
            every,
            last_status: String::new(),
        };
        let thread = std::thread::Builder::new()
            .name("service".to_owned())
            .spawn(move || reporter.run(&told));
        if let Err(error) = thread {
            tracing::warn!(%error, "the service manager gets no news");
            return Self(None);
        }
        Self(Some(end))
    }

    /// Says that the show ends. Waits a moment for it to be out.
    pub fn stopping(&mut self) {
        let (done, is_done) = sync_channel(1);
        if let Some(end) = self.0.take()
            && end.send(done).is_ok()
        {
            // Late news are worth nothing: the process is gone then.
            let _ = is_done.recv_timeout(PATIENCE);
        }
    }
}

struct Reporter {
    state: watch::Receiver<Arc<Studio>>,
    outlet: Arc<Outlet>,
    heartbeat: Heartbeat,
    is_watched: bool,
    every: Duration,
    last_status: String,
}

impl Reporter {
    fn run(mut self, end: &Receiver<SyncSender<()>>) {
        self.last_status = status(&self.state.borrow());
        tell(&[NotifyState::Ready, NotifyState::Status(&self.last_status)]);
        loop {
            match end.recv_timeout(self.every) {
                Ok(done) => {
                    tell(&[NotifyState::Stopping, NotifyState::Status("the show ends")]);
                    let _ = done.send(());
                    return;
                }
                // The studio ends without a word: so does this.
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => self.turn(),
            }
        }
    }

    fn turn(&mut self) {
        let counters = &self.outlet.counters;
        let progress = Progress {
            frames: counters.frames.load(Ordering::Relaxed),
            blocks: counters.blocks.load(Ordering::Relaxed),
            turns: counters.turns.load(Ordering::Relaxed),
        };
        if self.heartbeat.beats(progress) && self.is_watched {
            tell(&[NotifyState::Watchdog]);
        }
        let now = status(&self.state.borrow());
        if now != self.last_status {
            tell(&[NotifyState::Status(&now)]);
            self.last_status = now;
        }
    }
}

fn tell(news: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(false, news) {
        tracing::debug!(%error, "the service manager does not listen");
    }
}

/// Counts of what must go on for a show to go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    frames: u64,
    blocks: u64,
    turns: u64,
}

/// Decides when there is life to be told of.
#[derive(Debug, Default)]
struct Heartbeat {
    last: Progress,
}

impl Heartbeat {
    /// Whether everything has moved since this was last the case.
    fn beats(&mut self, now: Progress) -> bool {
        let last = self.last;
        let has_moved = now.frames > last.frames && now.blocks > last.blocks && now.turns > last.turns;
        if has_moved {
            self.last = now;
        }
        has_moved
    }
}

/// A line for `systemctl status`. Names only: addresses hold keys.
fn status(studio: &Studio) -> String {
    let live = studio
        .destinations
        .iter()
        .filter(|destination| destination.state == DestinationState::Live);
    let program = &studio.program;
    match (live.count(), studio.destinations.len()) {
        (0, 0) => format!("no destination; scene {program}"),
        (0, all) => format!("off air, none of {all} destinations is live; scene {program}"),
        (live, all) => format!("on air, {live} of {all} destinations live; scene {program}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::DestinationStats;
    use crate::studio::model::DestinationModel;

    #[test]
    fn a_heart_beats_while_everything_moves() {
        let progress = |frames, blocks, turns| Progress { frames, blocks, turns };
        let mut heart = Heartbeat::default();
        for (now, beats) in [
            (progress(0, 0, 0), false),
            (progress(30, 100, 20), true),
            (progress(60, 200, 40), true),
            // Sound hangs, then pictures, then the core task: no sign of life, however long the others go on.
            (progress(90, 200, 60), false),
            (progress(120, 200, 80), false),
            (progress(121, 201, 81), true),
            (progress(121, 300, 90), false),
            (progress(122, 301, 90), true),
            (progress(150, 400, 90), false),
            (progress(180, 500, 90), false),
            // Each has moved since the last beat, if not in the same turn.
            (progress(180, 500, 91), true),
        ] {
            assert_eq!(heart.beats(now), beats, "{now:?}");
        }
    }

    #[test]
    fn the_status_names_scene_and_destinations_without_addresses() {
        let show = crate::scene::demo(&[], &|_| None).unwrap();
        let mut studio = crate::studio::opening::studio("test", &show);
        assert_eq!(status(&studio), "no destination; scene bars");
        for state in [DestinationState::Live, DestinationState::Connecting] {
            studio.destinations.push(DestinationModel {
                name: "main".into(),
                url: "rtmp://host/live/••••".into(),
                rendition: None,
                state,
                loss: None,
                stats: DestinationStats::default(),
            });
        }
        assert_eq!(status(&studio), "on air, 1 of 2 destinations live; scene bars");
        studio.destinations.remove(0);
        assert_eq!(status(&studio), "off air, none of 1 destinations is live; scene bars");
    }
}
