//! The picture thread: at every program tick the newest frame of each source, composited and handed to the encoder.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use super::air::{FaceWatch, Outgoing};
use super::analysis::PictureFeed;
use super::cast::{Absence, Cast, Recast};
use super::graphics::Board;
use super::outlet::Outlet;
use super::plan::Plan;
use super::screen::{Coming, Screen};
use super::tap_loop::TapSlot;
use crate::clock::Clock;
use crate::media::{FramePool, FrameRate, TimeDelta, Timestamp};
use crate::picture::{PictureSettings, slate};

/// How far, in ms, the thread may fall behind before it gives up the ticks in between.
const GIVE_UP_AFTER_MS: i64 = 500;

/// How long, in ms, the slate of a source that is back waits for its first picture.
const FIRST_PICTURE_MS: i64 = 1000;

/// What the picture thread is told.
pub enum PictureMessage {
    /// Scenes, program, preview or fade are now these.
    Plan(Arc<Plan>),
    /// What has been drawn for scenes is this now.
    Graphics(Arc<Board>),
    /// The source of that number has nothing to show for this reason, or has again (`None`).
    Absent(usize, Option<String>),
    /// The picture of the source of that number is treated so from now on.
    Enhance(usize, PictureSettings),
    /// The source of that number is to be opened anew.
    Restart(usize),
    /// A control of the device of the source of that number is to be set; without a value, to its default.
    Control(usize, String, Option<i64>),
    /// Other sources take over. What is told after it is about those.
    Cast(Box<Recast>),
}

/// What the picture thread works with.
pub struct PictureLoop {
    /// The studio clock.
    pub clock: Clock,
    /// Program size.
    pub size: (u32, u32),
    /// Program ticks.
    pub frame_rate: FrameRate,
    /// Where program pictures are drawn.
    pub pool: FramePool,
    /// The sources, in the order that the plan numbers them. They stop with this thread.
    pub cast: Cast,
    /// Plan changes.
    pub messages: Receiver<PictureMessage>,
    /// To the encoder.
    pub encoder: SyncSender<Outgoing>,
    /// Whether pictures are held and looked at before they go out: then they all go that way, encoded or not.
    pub watch: Arc<FaceWatch>,
    /// Whether anyone wants encoded pictures, and the counters.
    pub outlet: Arc<Outlet>,
    /// To the analysis threads.
    pub analyses: Vec<PictureFeed>,
    /// To the tap thread.
    pub taps: Arc<TapSlot>,
    /// Set when the show is over.
    pub stop: Arc<AtomicBool>,
}

impl PictureLoop {
    /// Runs until `stop`, starting with `plan`.
    pub fn run(mut self, mut plan: Arc<Plan>) {
        // Slates and the scene that goes never reach the encoder as they are: they take no room from pictures that do.
        let pool = FramePool::new();
        let mut screen = Screen::new(self.size, &self.pool, &pool);
        let mut coming: Option<Coming> = None;
        let mut tick = self.frame_rate.frame_at(self.clock.now());

        while !self.stop.load(Ordering::Relaxed) {
            tick += 1;
            let mut at = self.frame_rate.frame_time(tick);
            self.clock.sleep_until(at);
            let now = self.clock.now();
            if now - at > TimeDelta::from_millis(GIVE_UP_AFTER_MS) {
                let newest = self.frame_rate.frame_at(now);
                self.outlet
                    .counters
                    .late_ticks
                    .fetch_add((newest - tick).unsigned_abs(), Ordering::Relaxed);
                tick = newest;
                at = self.frame_rate.frame_time(tick);
            }
            while let Ok(message) = self.messages.try_recv() {
                match message {
                    PictureMessage::Plan(new) => {
                        coming = Some(Coming::after(coming.take(), new, at));
                    }
                    PictureMessage::Graphics(new) => screen.board = new,
                    PictureMessage::Cast(recast) => {
                        // What waits has the numbers of before.
                        coming = None;
                        recast.take_over(&mut self.cast, &mut plan);
                        self.taps.rename(&self.cast.names);
                    }
                    PictureMessage::Absent(source, reason) => self.absent(source, reason, at),
                    PictureMessage::Enhance(source, settings) => {
                        if let Some(Some(player)) = self.cast.players.get_mut(source) {
                            player.chain.set(settings);
                        }
                    }
                    PictureMessage::Control(source, name, value) => {
                        if let Some(Some(player)) = self.cast.players.get(source) {
                            player.source.set_control(&name, value);
                        }
                    }
                    PictureMessage::Restart(source) => {
                        if let Some(Some(player)) = self.cast.players.get(source) {
                            player.source.restart();
                        }
                    }
                }
            }
            if let Some(Coming { plan: new, .. }) = coming.take_if(|coming| coming.is_ready(&screen.board, at)) {
                // A picture that has nothing in common with the one before costs less as an IDR.
                if new.program != plan.program && new.fade.is_none() {
                    self.outlet.want_idrs();
                }
                screen.change(&plan, &new, at);
                plan = new;
            }
            self.collect(at, &pool);
            for (source, player) in self.cast.players.iter_mut().enumerate() {
                let Some(player) = player else { continue };
                if !player.has_shown && player.absence.is_none() && self.cast.frames[source].is_some() {
                    player.has_shown = true;
                    // Once per source. What a start has cost until then is measured by this line.
                    tracing::info!("{now} {}: first picture", self.cast.names[source]);
                }
            }
            let is_here = |source: usize| {
                let player = self.cast.players.get(source).and_then(Option::as_ref);
                player.is_some_and(|player| player.absence.is_none())
            };
            let picture = screen.picture(&plan, &self.cast.frames, &is_here, at);
            self.outlet.counters.frames.fetch_add(1, Ordering::Relaxed);
            let is_held = self.watch.is_armed();
            if is_held || self.outlet.is_any_wanted() {
                let outgoing = Outgoing {
                    frame: picture.clone(),
                    levels: plan.levels,
                };
                if self.encoder.try_send(outgoing).is_err() {
                    self.outlet.counters.skipped_frames.fetch_add(1, Ordering::Relaxed);
                    // The encoder never saw it, so nothing refers to it: no IDR is due.
                }
            }
            for analysis in &mut self.analyses {
                analysis.put(&picture);
            }
            // What is held is shown when and as it goes out.
            let program = if is_held { None } else { Some(&picture) };
            self.taps.put(&plan, program, &self.cast.frames, &screen.board);
        }
    }

    /// The source of that number has nothing to show for this reason, or has again.
    fn absent(&mut self, source: usize, reason: Option<String>, at: Timestamp) {
        let Some(Some(player)) = self.cast.players.get_mut(source) else {
            return;
        };
        if let Some(reason) = reason {
            // What it showed before it went must not be taken for its first picture after.
            player.source.video().forget();
            player.absence = Some(Absence::new(reason));
        } else if let Some(absence) = &mut player.absence {
            absence.ends_by = Some(at + TimeDelta::from_millis(FIRST_PICTURE_MS));
        }
    }

    /// The newest picture of every source; its slate where it is absent.
    fn collect(&mut self, at: Timestamp, pool: &FramePool) {
        let (width, height) = self.size;
        let Cast { players, frames, names } = &mut self.cast;
        for ((player, frame), name) in players.iter_mut().zip(frames).zip(names.iter()) {
            let Some(player) = player else { continue };
            // Fetched even while absent: a paced source must never wait for its reader.
            let fresh = player.source.video().frame_at(at);
            let is_over = |absence: &Absence| absence.ends_by.is_some_and(|by| fresh.is_some() || at >= by);
            if player.absence.as_ref().is_some_and(is_over) {
                player.absence = None;
            }
            *frame = match &mut player.absence {
                None => fresh.map(|frame| player.chain.process(&frame, at)),
                Some(absence) => {
                    let paint = || slate(pool, width, height, name, &absence.reason, at);
                    Some(absence.slate.get_or_insert_with(paint).clone())
                }
            };
        }
    }
}
