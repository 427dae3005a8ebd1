//! The sources as the picture thread has them, and how others take their place while it runs.
//!
//! Whoever wants another cast makes all of it outside: lists of the right length, new sources that run already, and the plan
//! that numbers them. The picture thread then moves what stays from the old lists to the new ones, between two pictures: no
//! memory is taken or given back there, and what is left over goes back to where it came from.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::plan::Plan;
use crate::media::{FramePool, Timestamp, VideoFrame};
use crate::picture::{Enhancer, PictureSettings};
use crate::source::SourceHandle;

/// A source's picture while it has none.
pub struct Absence {
    /// What the slate says.
    pub reason: String,
    /// The slate, once it has been painted.
    pub slate: Option<VideoFrame>,
    /// The source has said that it is back: its first picture ends this, or this moment, for it may have sound only.
    pub ends_by: Option<Timestamp>,
}

impl Absence {
    /// For this reason, until further notice.
    #[must_use]
    pub fn new(reason: String) -> Self {
        Self {
            reason,
            slate: None,
            ends_by: None,
        }
    }
}

/// One source and all that the picture thread keeps for it.
pub struct Player {
    /// The source. It stops when this is dropped.
    pub source: SourceHandle,
    /// What is done to its pictures.
    pub chain: Enhancer,
    /// Why it has none.
    pub absence: Option<Absence>,
    /// Whether its first picture has been told.
    pub has_shown: bool,
}

impl Player {
    /// A source that has just been started, treated by `settings`, its pictures from `pool`.
    #[must_use]
    pub fn new(source: SourceHandle, settings: PictureSettings, pool: FramePool) -> Self {
        let mut chain = Enhancer::new(pool);
        chain.set(settings);
        Self {
            source,
            chain,
            absence: Some(Absence::new("starting".to_owned())),
            has_shown: false,
        }
    }
}

/// All sources, by the numbers that plans have for them.
#[derive(Default)]
pub struct Cast {
    /// `None` only where the source plays on in another cast.
    pub players: Vec<Option<Player>>,
    /// The newest picture of each.
    pub frames: Vec<Option<VideoFrame>>,
    /// What each is called.
    pub names: Arc<Vec<String>>,
}

impl Cast {
    /// These, in this order.
    #[must_use]
    pub fn new(players: Vec<Option<Player>>, names: Vec<String>) -> Self {
        Self {
            frames: vec![None; players.len()],
            players,
            names: Arc::new(names),
        }
    }
}

/// Another cast that is to take over.
pub struct Recast {
    /// The new one, with room for those that stay; afterwards the old one.
    pub cast: Cast,
    /// For each place of the new cast the number that its source has had, if it stays.
    pub from: Vec<Option<usize>>,
    /// The plan that goes with it.
    pub plan: Arc<Plan>,
    back: SyncSender<Box<Self>>,
}

impl Recast {
    /// A message for the picture thread, and where what is left over comes back.
    #[must_use]
    pub fn new(cast: Cast, from: Vec<Option<usize>>, plan: Arc<Plan>) -> (Box<Self>, Receiver<Box<Self>>) {
        let (back, left) = sync_channel(1);
        let recast = Self { cast, from, plan, back };
        (Box::new(recast), left)
    }

    /// Puts this in the place of `cast` and `plan`, and sends the rest back.
    pub fn take_over(mut self: Box<Self>, cast: &mut Cast, plan: &mut Arc<Plan>) {
        for (at, was) in self.from.iter().enumerate() {
            let Some(was) = *was else { continue };
            if let (Some(place), Some(player)) = (self.cast.players.get_mut(at), cast.players.get_mut(was)) {
                *place = player.take();
            }
            if let (Some(place), Some(frame)) = (self.cast.frames.get_mut(at), cast.frames.get_mut(was)) {
                *place = frame.take();
            }
        }
        std::mem::swap(cast, &mut self.cast);
        std::mem::swap(plan, &mut self.plan);
        let back = self.back.clone();
        // There is room for the one that will ever come.
        let _ = back.try_send(self);
    }
}
