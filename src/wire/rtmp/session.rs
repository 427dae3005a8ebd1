//! The RTMP publisher as one of several protocols that a driver can run.

use super::{Event, Publisher, RejectionKind, RtmpError, Stage};
use crate::media::{AudioConfig, Packet, Timestamp, VideoConfig};
use crate::wire::session::{self, Moment, Session, SessionError, TrackChange};

/// A [`Publisher`] and what it has to tell before its first packet.
#[derive(Debug)]
pub struct RtmpSession {
    publisher: Publisher,
    video: Option<VideoConfig>,
    audio: Option<AudioConfig>,
    has_begun: bool,
}

impl RtmpSession {
    /// A session that will publish these tracks.
    #[must_use]
    pub fn new(publisher: Publisher, video: Option<VideoConfig>, audio: Option<AudioConfig>) -> Self {
        Self {
            publisher,
            video,
            audio,
            has_begun: false,
        }
    }
}

impl RtmpError {
    /// Whether only a human can help: credentials refused, or sound that RTMP does not carry.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Unfit(_) => true,
            Self::Rejected(rejection) => rejection.kind == RejectionKind::Credentials,
            _ => false,
        }
    }
}

impl Session for RtmpSession {
    fn stage(&self) -> session::Stage {
        match self.publisher.stage() {
            Stage::Live => session::Stage::Live,
            Stage::Closed => session::Stage::Closed,
            opening => session::Stage::Opening(opening.name()),
        }
    }

    fn receive(&mut self, bytes: &[u8], _now: Moment) -> Result<(), SessionError> {
        Ok(self.publisher.receive(bytes)?)
    }

    fn output(&self) -> &[u8] {
        self.publisher.output()
    }

    fn consume(&mut self, len: usize) {
        self.publisher.consume(len);
    }

    fn poll_event(&mut self) -> Option<session::Event> {
        Some(match self.publisher.poll_event()? {
            Event::Started => session::Event::Started,
            Event::Acknowledged { total } => session::Event::Acknowledged { total },
        })
    }

    fn begin(&mut self) -> Result<(), SessionError> {
        self.has_begun = true;
        let (video, audio) = (self.video.as_ref(), self.audio.as_ref());
        Ok(self.publisher.send_headers(video, audio)?)
    }

    fn reconfigure(&mut self, change: &TrackChange, at: Timestamp) -> Result<(), SessionError> {
        match change {
            TrackChange::Video(config) => self.video = Some(config.clone()),
            TrackChange::Audio(config) => self.audio = Some(config.clone()),
        }
        if self.has_begun {
            let (video, audio) = (self.video.as_ref(), self.audio.as_ref());
            self.publisher.send_metadata(video, audio, at);
            match change {
                TrackChange::Video(config) => self.publisher.send_video_header(config, at),
                TrackChange::Audio(config) => self.publisher.send_audio_header(config, at)?,
            }
        }
        Ok(())
    }

    fn send(&mut self, packet: &Packet, at: Timestamp) {
        self.publisher.send(packet, at);
    }

    /// Acknowledgements and pings are the server's business; nothing is due by the clock.
    fn tick(&mut self, _now: Moment) {}

    fn close(&mut self) {
        self.publisher.close();
    }
}
