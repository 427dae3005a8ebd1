//! `rigcast worker analyse`: pictures out of shared memory and sound out of messages, findings and stamps back.

use std::os::fd::{AsFd, BorrowedFd};

use super::finding::Opening;
use super::message::{self, Reply};
use super::registry::Registry;
use super::settings::AnalysisSettings;
use crate::worker::arena::View;
use crate::worker::channel::{Channel, ChannelError};
use crate::worker::message::Message;
use crate::worker::serve::{ServeError, attend};

/// Serves until the studio closes the socket.
pub(in crate::worker) fn serve(channel: Channel<impl AsFd>, memory: BorrowedFd<'_>) -> Result<(), ServeError> {
    let prepare = |opening: Opening, view| {
        let registry = Registry::new(&opening)?;
        let settings = opening.settings;
        let wants = registry.wants();
        let worker = Worker {
            view,
            registry,
            settings,
        };
        Ok((worker, wants))
    };
    attend(channel, memory, prepare, Worker::answer)
}

struct Worker {
    view: View,
    registry: Registry,
    /// What the registry was made for.
    settings: AnalysisSettings,
}

impl Worker {
    fn answer(&mut self, request: &Message, channel: &mut Channel<impl AsFd>) -> Result<(), ChannelError> {
        let reply = self.analyse(request)?;
        let reply = serde_json::to_vec(&reply).map_err(|error| request.wrong(error.to_string()))?;
        channel.send(message::REPLY, &[&reply])
    }

    fn analyse(&mut self, request: &Message) -> Result<Reply, ChannelError> {
        let (head, blocks) = message::decode(request)?;
        // What opens models and programs was made before the fence, and has nothing to learn of the worker before it.
        let is_anew = |opening: &Opening| opening.settings != self.settings || !self.settings.opens_files();
        if let Some(opening) = head.opening.filter(is_anew) {
            self.registry = Registry::new(&opening).map_err(|reason| request.wrong(reason))?;
        }
        if head.is_release {
            self.registry.release();
        }
        let mut findings = Vec::new();
        for block in blocks {
            self.registry.listen(&block, &mut findings);
        }
        if let Some(picture) = head.picture {
            let frame = self.view.frame(picture.slot);
            let frame = frame.ok_or_else(|| request.wrong(format!("there is no slot {}", picture.slot)))?;
            self.registry.look(&frame.at(picture.pts), &mut findings);
        }
        Ok(Reply {
            findings,
            stamps: self.registry.stamps().collect(),
            wants: self.registry.wants(),
        })
    }
}
