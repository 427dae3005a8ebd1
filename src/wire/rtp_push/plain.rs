//! RFC 4571 on a bare TCP connection: frames from the first byte on, all tracks and their reports together (RFC 5761).

use super::RtpSender;
use crate::media::{Packet, Timestamp};
use crate::wire::rtp::framing::push_frame;
use crate::wire::rtp::{FrameReader, RtpTrack, is_rtcp};
use crate::wire::session::{Event, Moment, Output, Session, SessionError, Stage, TrackChange};

/// One connection. It is live at once: there is nobody to ask.
#[derive(Debug)]
pub struct PlainPush {
    stage: Stage,
    sender: RtpSender,
    frames: FrameReader,
    output: Output,
    event: Option<Event>,
}

impl PlainPush {
    /// A connection that sends these tracks. `seed` should differ between connections.
    #[must_use]
    pub fn new(tracks: Vec<RtpTrack>, seed: u64) -> Self {
        Self {
            stage: Stage::Live,
            sender: RtpSender::new(tracks, seed),
            frames: FrameReader::new(),
            output: Output::default(),
            event: Some(Event::Started),
        }
    }
}

impl Session for PlainPush {
    fn stage(&self) -> Stage {
        self.stage
    }

    /// Whatever comes is cut into frames; only reports mean anything.
    fn receive(&mut self, bytes: &[u8], now: Moment) -> Result<(), SessionError> {
        self.frames.push(bytes);
        while let Some(frame) = self.frames.next_frame() {
            if is_rtcp(frame)
                && let Some(reception) = self.sender.receive(frame, now)
            {
                self.event.get_or_insert(Event::Reception(reception));
            }
        }
        Ok(())
    }

    fn output(&self) -> &[u8] {
        self.output.waiting()
    }

    fn consume(&mut self, len: usize) {
        self.output.consume(len);
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.event.take()
    }

    fn begin(&mut self) -> Result<(), SessionError> {
        Ok(())
    }

    fn reconfigure(&mut self, change: &TrackChange, _at: Timestamp) -> Result<(), SessionError> {
        self.sender.reconfigure(change)
    }

    fn send(&mut self, packet: &Packet, at: Timestamp) {
        if self.stage == Stage::Live
            && let Some((_, packetizer)) = self.sender.track_of(packet)
        {
            packetizer.packetize_framed(packet, at, self.output.end());
        }
    }

    fn tick(&mut self, now: Moment) {
        if self.stage == Stage::Live {
            let output = self.output.end();
            self.sender.report(now, |_, report| {
                push_frame(output, |out| out.extend_from_slice(report));
            });
        }
    }

    fn close(&mut self) {
        if self.stage == Stage::Live {
            let output = self.output.end();
            self.sender.bye(|_, report| {
                push_frame(output, |out| out.extend_from_slice(report));
            });
        }
        self.stage = Stage::Closed;
    }
}
