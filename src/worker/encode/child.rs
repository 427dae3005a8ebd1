//! `rigcast worker encode`: pictures out of shared memory, access units back.

use std::os::fd::{AsFd, BorrowedFd};

use super::message::{self, Greeting, Opening, Picture, packet_head};
use crate::encode::{EncodeError, H264Encoder, VideoEncoder};
use crate::worker::arena::View;
use crate::worker::channel::{Channel, ChannelError};
use crate::worker::fence;
use crate::worker::message::Message;
use crate::worker::serve::{ServeError, at_end};

/// Serves until the studio closes the socket.
pub(in crate::worker) fn serve(mut channel: Channel<impl AsFd>, memory: BorrowedFd<'_>) -> Result<(), ServeError> {
    let opening = match channel.receive() {
        Ok(message) => message,
        Err(error) => return at_end(error),
    };
    let opened = open(&opening, memory);
    let (view, encoder) = match opened {
        Ok(opened) => opened,
        Err(reason) => {
            // The studio gets the answer as such, and the log gets it as this worker's last words.
            let _ = channel.send(message::FAILED, &[reason.as_bytes()]);
            return Err(ServeError::new(reason));
        }
    };
    let greeting = serde_json::to_vec(&Greeting::of(encoder.config())).map_err(ServeError::new)?;
    fence::close();
    let mut worker = Worker {
        rate: encoder.config().frame_rate,
        kbps: encoder.config().bitrate_kbps,
        encoder,
        view,
        channel,
    };
    let sent = worker.channel.send(message::READY, &[&greeting]);
    match sent.and_then(|()| worker.run()) {
        Ok(()) => Ok(()),
        Err(error) => at_end(error),
    }
}

fn open(opening: &Message, memory: BorrowedFd<'_>) -> Result<(View, H264Encoder), String> {
    if opening.kind != message::OPEN {
        return Err(opening.wrong("not how to begin").to_string());
    }
    let opening = serde_json::from_slice::<Opening>(&opening.payload).map_err(|error| error.to_string())?;
    let view = View::open(memory, opening.layout).map_err(|error| format!("the pictures: {error}"))?;
    let encoder = H264Encoder::open(&opening.settings).map_err(|error| error.to_string())?;
    Ok((view, encoder))
}

struct Worker<F> {
    channel: Channel<F>,
    view: View,
    encoder: H264Encoder,
    kbps: u32,
    rate: crate::media::FrameRate,
}

impl<F: AsFd> Worker<F> {
    fn run(&mut self) -> Result<(), ChannelError> {
        loop {
            let request = self.channel.receive()?;
            let picture = Picture::decode(&request)?;
            match self.encode(&picture) {
                Ok(Some(packet)) => {
                    let head = packet_head(&packet);
                    self.channel.send(message::PACKET, &[&head, &packet.data])?;
                }
                Ok(None) => self.channel.send(message::LEFT_OUT, &[])?,
                Err(error) => self.channel.send(message::FAILED, &[error.to_string().as_bytes()])?,
            }
        }
    }

    fn encode(&mut self, picture: &Picture) -> Result<Option<crate::media::Packet>, EncodeError> {
        if picture.bitrate_kbps != self.kbps {
            self.encoder.set_bitrate(picture.bitrate_kbps)?;
            self.kbps = picture.bitrate_kbps;
        }
        if picture.frame_rate != self.rate {
            self.encoder.set_frame_rate(picture.frame_rate)?;
            self.rate = picture.frame_rate;
        }
        let Some(frame) = self.view.frame(picture.slot) else {
            return Err(EncodeError::Slot(picture.slot));
        };
        self.encoder.encode(&frame.at(picture.pts), picture.is_idr_wanted)
    }
}
