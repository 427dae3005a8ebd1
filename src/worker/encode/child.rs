//! `rigcast worker encode`: pictures out of shared memory, access units back.

use std::os::fd::{AsFd, BorrowedFd};

use super::message::{self, Greeting, Picture, packet_head};
use crate::encode::{EncodeError, H264Encoder, VideoEncoder, VideoSettings};
use crate::media::Packet;
use crate::worker::arena::View;
use crate::worker::channel::{Channel, ChannelError};
use crate::worker::message::Message;
use crate::worker::serve::{ServeError, attend};

/// Serves until the studio closes the socket.
pub(in crate::worker) fn serve(channel: Channel<impl AsFd>, memory: BorrowedFd<'_>) -> Result<(), ServeError> {
    let prepare = |settings: VideoSettings, view| {
        let encoder = H264Encoder::open(&settings).map_err(|error| error.to_string())?;
        let greeting = Greeting::of(encoder.config());
        Ok((Worker { view, encoder }, greeting))
    };
    attend(channel, memory, prepare, Worker::answer)
}

struct Worker {
    view: View,
    encoder: H264Encoder,
}

impl Worker {
    fn answer(&mut self, request: &Message, channel: &mut Channel<impl AsFd>) -> Result<(), ChannelError> {
        match self.encode(&Picture::decode(request)?) {
            Ok(Some(packet)) => channel.send(message::PACKET, &[&packet_head(&packet), &packet.data]),
            Ok(None) => channel.send(message::LEFT_OUT, &[]),
            Err(error) => channel.send(message::FAILED, &[error.to_string().as_bytes()]),
        }
    }

    fn encode(&mut self, picture: &Picture) -> Result<Option<Packet>, EncodeError> {
        if picture.rate != self.encoder.rate() {
            self.encoder.set_rate(picture.rate)?;
        }
        if picture.frame_rate != self.encoder.config().frame_rate {
            self.encoder.set_frame_rate(picture.frame_rate)?;
        }
        let Some(frame) = self.view.frame(picture.slot) else {
            return Err(EncodeError::Slot(picture.slot));
        };
        self.encoder.encode(&frame.at(picture.pts), picture.is_idr_wanted)
    }
}
