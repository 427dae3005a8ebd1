//! The encoder as the studio sees it: a [`VideoEncoder`] like any other, whose work is done by a worker.

use std::sync::Arc;

use bytes::Bytes;

use super::message::{self, Answer, Greeting, Picture};
use crate::clock::Clock;
use crate::encode::h264::{check_frame_rate, check_rate};
use crate::encode::{EncodeError, VideoEncoder, VideoSettings, check_size};
use crate::media::h264::{Sps, avcc_nals, idr_pic_id};
use crate::media::{FrameRate, Packet, Rate, Timestamp, VideoConfig, VideoFrame};
use crate::worker::arena::Arena;
use crate::worker::crew::{Crew, Parts, Reporter, Unanswered};
use crate::worker::spawn::Program;

/// Encodes in a worker process. A worker that is lost is replaced within [`encode`](VideoEncoder::encode): the picture that
/// it had is encoded by the next one, as an IDR with the same parameter sets, so a decoder notices nothing but a larger
/// picture. A picture that costs two workers is left out.
#[derive(Debug)]
pub struct RemoteEncoder {
    crew: Crew,
    arena: Arc<Arena>,
    config: VideoConfig,
    rate: Rate,
    sps: Sps,
    /// The number of the IDR that the last packet was; `None` where it was none.
    last_idr: Option<u32>,
}

impl RemoteEncoder {
    /// Starts the worker and waits until its encoder is open. `arena` is where pictures are expected; others are copied
    /// into it.
    ///
    /// # Errors
    /// What the encoder does not like about `settings`, or why no worker comes up.
    pub fn open(
        settings: &VideoSettings,
        program: Program,
        arena: Arc<Arena>,
        clock: Clock,
        report: Reporter,
    ) -> Result<Self, EncodeError> {
        let parts = Parts {
            program,
            role: "encode",
            arena: Arc::clone(&arena),
            clock,
            has_spare: true,
            report,
        };
        let (crew, greeting) = Crew::open::<Greeting>(parts, settings).map_err(|loss| EncodeError::Worker(loss.0))?;
        let sps = Sps::parse(&greeting.sps).map_err(|error| EncodeError::Worker(format!("its greeting: {error}")))?;
        Ok(Self {
            crew,
            arena,
            rate: settings.rate(),
            sps,
            last_idr: None,
            config: VideoConfig {
                width: settings.width,
                height: settings.height,
                frame_rate: settings.frame_rate,
                sps: Bytes::from(greeting.sps),
                pps: Bytes::from(greeting.pps),
                bitrate_kbps: settings.bitrate_kbps,
            },
        })
    }
}

impl RemoteEncoder {
    /// Has the picture in `slot` encoded, by this worker or the next.
    fn ask(&mut self, slot: u32, pts: Timestamp, is_idr_wanted: bool) -> Result<Option<Packet>, EncodeError> {
        let (rate, frame_rate) = (self.rate, self.config.frame_rate);
        let ask = |is_fresh, payload: &mut Vec<u8>| {
            Picture {
                slot,
                pts,
                is_idr_wanted: is_idr_wanted || is_fresh,
                rate,
                frame_rate,
            }
            .encode(payload);
            message::PICTURE
        };
        let read = |message| match Answer::decode(message) {
            Ok(Answer::Packet(packet)) if packet.pts != pts => Err("it answers for another picture".to_owned()),
            Ok(answer) => Ok(answer),
            Err(error) => Err(error.to_string()),
        };
        match self.crew.ask(ask, read) {
            Ok(Answer::Packet(packet)) => Ok(Some(packet)),
            Ok(Answer::Failed(reason)) => Err(EncodeError::Worker(reason)),
            // What became of a picture that nobody answered for has been reported by the crew.
            Ok(Answer::LeftOut) | Err(Unanswered) => Ok(None),
        }
    }

    fn idr_number(&self, packet: &Packet) -> Option<u32> {
        let nal = avcc_nals(&packet.data, 4).next()?.ok()?;
        idr_pic_id(nal, &self.sps)
    }
}

impl VideoEncoder for RemoteEncoder {
    fn config(&self) -> &VideoConfig {
        &self.config
    }

    fn encode(&mut self, frame: &VideoFrame, is_idr_wanted: bool) -> Result<Option<Packet>, EncodeError> {
        check_size(&self.config, frame)?;
        // Held until the worker has answered or is gone: nobody draws on what it reads.
        let Some((frame, slot)) = self.arena.settle(frame) else {
            return Ok(None);
        };
        let Some(mut packet) = self.ask(slot, frame.pts, is_idr_wanted)? else {
            return Ok(None);
        };
        let mut idr = self.idr_number(&packet);
        if idr.is_some() && idr == self.last_idr {
            // A new encoder counts its IDRs from the start. Two in a row with the same number would be slices of one picture
            // to a decoder (§7.4.3): the same picture again has the next number.
            let Some(again) = self.ask(slot, frame.pts, true)? else {
                return Ok(None);
            };
            packet = again;
            idr = self.idr_number(&packet);
        }
        self.last_idr = idr;
        Ok(Some(packet))
    }

    fn set_rate(&mut self, rate: Rate) -> Result<(), EncodeError> {
        check_rate(rate)?;
        self.rate = rate;
        self.config.bitrate_kbps = rate.kbps;
        Ok(())
    }

    fn rate(&self) -> Rate {
        self.rate
    }

    fn set_frame_rate(&mut self, rate: FrameRate) -> Result<(), EncodeError> {
        check_frame_rate(rate)?;
        self.config.frame_rate = rate;
        Ok(())
    }
}
