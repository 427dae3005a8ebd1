//! A description as text.

use std::fmt::Write;

use super::{SessionDescription, format};
use crate::media::TrackKind;
use crate::wire::rtp::RtpTrack;

/// How the media travel, and who reads the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way<'a> {
    /// From the side that opened the connection and sends on it.
    Offer,
    /// From the side that takes it.
    Answer,
    /// For a reader that waits at this address for RFC 4571 over TCP: all tracks on one connection.
    Tcp {
        /// Its IP address.
        address: &'a str,
        /// Its port.
        port: u16,
    },
    /// For a reader that waits at this address for datagrams: the first track at `port`, each other two above the one before,
    /// RTCP one above its track.
    Udp {
        /// Its IP address.
        address: &'a str,
        /// Its port.
        port: u16,
    },
    /// For an RTSP server: each track is set up as `streamid=N` (RFC 2326 §10.3, appendix C).
    Announce,
}

impl SessionDescription {
    /// The text for `way`.
    #[must_use]
    pub fn write(&self, way: Way<'_>) -> String {
        let address = match way {
            Way::Tcp { address, .. } | Way::Udp { address, .. } => address,
            _ => "0.0.0.0",
        };
        let family = if address.contains(':') { "IP6" } else { "IP4" };
        let name = if self.name.is_empty() { "-" } else { &self.name };
        let mut text = format!(
            "v=0\r\no=- 0 0 IN {family} {address}\r\ns={name}\r\nc=IN {family} {address}\r\nt=0 0\r\na=tool:rigcast {}\r\n",
            env!("CARGO_PKG_VERSION")
        );
        if way == Way::Announce {
            text.push_str("a=control:*\r\n");
        }
        let mut tracks = self.tracks.iter().enumerate();
        let mut refused = self.refused.iter().peekable();
        for place in 0..self.tracks.len() + self.refused.len() {
            if let Some((_, [kind, protocol, formats])) = refused.next_if(|(at, _)| *at == place) {
                let _ = write!(text, "m={kind} 0 {protocol} {formats}\r\n");
            } else if let Some((index, track)) = tracks.next() {
                write_track(&mut text, index, track, way);
            }
        }
        text
    }
}

/// Port 9 is "discard": the connection is there already, and its ports mean nothing (RFC 4145 §4.1).
fn write_track(text: &mut String, index: usize, track: &RtpTrack, way: Way<'_>) {
    let kind = match track.kind {
        TrackKind::Video => "video",
        TrackKind::Audio => "audio",
    };
    let (port, protocol) = match way {
        Way::Offer | Way::Answer => (9, "TCP/RTP/AVP"),
        Way::Tcp { port, .. } => (port, "TCP/RTP/AVP"),
        Way::Udp { port, .. } => (port.saturating_add(2 * index as u16), "RTP/AVP"),
        Way::Announce => (0, "RTP/AVP"),
    };
    let number = track.payload_type;
    let _ = write!(text, "m={kind} {port} {protocol} {number}\r\n");
    let _ = write!(text, "a=rtpmap:{number} {}\r\n", format::rtpmap(track));
    if let Some(parameters) = format::parameters(&track.codec) {
        let _ = write!(text, "a=fmtp:{number} {parameters}\r\n");
    }
    text.push_str(match way {
        Way::Offer => "a=setup:active\r\na=connection:new\r\na=sendonly\r\n",
        Way::Answer => "a=setup:passive\r\na=connection:new\r\na=recvonly\r\n",
        Way::Tcp { .. } => "a=setup:passive\r\na=connection:new\r\n",
        Way::Udp { .. } | Way::Announce => "",
    });
    if way == Way::Announce {
        let _ = write!(text, "a=control:streamid={index}\r\n");
    }
}
