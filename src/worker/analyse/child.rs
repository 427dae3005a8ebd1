//! `rigcast worker analyse`: pictures out of shared memory and sound out of messages, findings and stamps back.

use std::os::fd::{AsFd, BorrowedFd};

use super::finding::Opening;
use super::message::{self, Beginning, Reply};
use super::registry::Registry;
use crate::worker::arena::View;
use crate::worker::channel::{Channel, ChannelError};
use crate::worker::fence;
use crate::worker::message::Message;
use crate::worker::serve::{ServeError, at_end};

/// Serves until the studio closes the socket.
pub(in crate::worker) fn serve(mut channel: Channel<impl AsFd>, memory: BorrowedFd<'_>) -> Result<(), ServeError> {
    let beginning = match channel.receive() {
        Ok(message) => message,
        Err(error) => return at_end(error),
    };
    let mut worker = match open(&beginning, memory) {
        Ok(worker) => worker,
        Err(reason) => {
            // The studio gets the answer as such, and the log gets it as this worker's last words.
            let _ = channel.send(message::FAILED, &[reason.as_bytes()]);
            return Err(ServeError::new(reason));
        }
    };
    let wants = serde_json::to_vec(&worker.registry.wants()).map_err(ServeError::new)?;
    fence::close();
    let sent = channel.send(message::READY, &[&wants]);
    match sent.and_then(|()| worker.run(&mut channel)) {
        Ok(()) => Ok(()),
        Err(error) => at_end(error),
    }
}

struct Worker {
    view: View,
    opening: Opening,
    registry: Registry,
}

fn open(beginning: &Message, memory: BorrowedFd<'_>) -> Result<Worker, String> {
    if beginning.kind != message::OPEN {
        return Err(beginning.wrong("not how to begin").to_string());
    }
    let beginning = serde_json::from_slice::<Beginning>(&beginning.payload).map_err(|error| error.to_string())?;
    let view = View::open(memory, beginning.layout).map_err(|error| format!("the pictures: {error}"))?;
    Ok(Worker {
        view,
        registry: Registry::new(&beginning.opening),
        opening: beginning.opening,
    })
}

impl Worker {
    fn run(&mut self, channel: &mut Channel<impl AsFd>) -> Result<(), ChannelError> {
        loop {
            let request = channel.receive()?;
            let reply = self.analyse(&request)?;
            let reply = serde_json::to_vec(&reply).map_err(|error| request.wrong(error.to_string()))?;
            channel.send(message::REPLY, &[&reply])?;
        }
    }

    fn analyse(&mut self, request: &Message) -> Result<Reply, ChannelError> {
        let (head, blocks) = message::decode(request)?;
        if let Some(told) = head.told {
            self.opening.told = told;
            self.registry = Registry::new(&self.opening);
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
        })
    }
}
