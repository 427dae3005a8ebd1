//! A description from text.

use sdp_types::{Media, Session};

use super::format::{self, Parameters};
use super::{MAX_BYTES, MAX_MEDIA, SdpError, SessionDescription};
use crate::media::TrackKind;
use crate::wire::rtp::RtpTrack;

impl SessionDescription {
    /// Reads a description. Media that this crate cannot read, and those with port 0 on a connection of their own, are
    /// [`refused`](Self::refused), not errors. Text before the `v=` line, which some programs print, is passed over.
    ///
    /// # Errors
    /// Where the text is no SDP, or beyond what is looked at.
    pub fn parse(text: &str) -> Result<Self, SdpError> {
        if text.len() > MAX_BYTES {
            return Err(SdpError::TooLong(text.len()));
        }
        let start = if text.starts_with("v=") {
            0
        } else {
            text.find("\nv=").map_or(0, |at| at + 1)
        };
        let session = Session::parse(&text.as_bytes()[start..])?;
        if session.medias.len() > MAX_MEDIA {
            return Err(SdpError::TooManyMedia(session.medias.len()));
        }
        let mut description = Self::new(&session.session_name, Vec::new());
        for (place, media) in session.medias.iter().enumerate() {
            if let Some(track) = read_track(media) {
                description.tracks.push(track);
            } else {
                let words = [&media.media, &media.proto, &media.fmt].map(Clone::clone);
                description.refused.push((place, words));
            }
        }
        Ok(description)
    }
}

/// The first format of a medium that this crate reads.
fn read_track(media: &Media) -> Option<RtpTrack> {
    let kind = match media.media.to_ascii_lowercase().as_str() {
        "video" => TrackKind::Video,
        "audio" => TrackKind::Audio,
        _ => return None,
    };
    // Where the connection is part of the description, port 0 refuses; RTSP always writes it.
    if media.port == 0 && media.proto.to_ascii_uppercase().starts_with("TCP/") {
        return None;
    }
    media.fmt.split_whitespace().find_map(|format| {
        let payload_type = format.parse().ok().filter(|number| *number < 128)?;
        let parameters = attribute(media, "fmtp", format)
            .map(Parameters::read)
            .unwrap_or_default();
        let (codec, clock_rate) = format::codec(attribute(media, "rtpmap", format)?, &parameters)?;
        let is_video = matches!(codec, crate::wire::rtp::RtpCodec::H264 { .. });
        (is_video == (kind == TrackKind::Video)).then_some(RtpTrack {
            kind,
            payload_type,
            clock_rate,
            codec,
        })
    })
}

/// What an attribute says of one format: `name:FORMAT value`.
fn attribute<'a>(media: &'a Media, name: &str, format: &str) -> Option<&'a str> {
    media.attributes.iter().find_map(|attribute| {
        if !attribute.attribute.eq_ignore_ascii_case(name) {
            return None;
        }
        let (found, value) = attribute.value.as_deref()?.trim_start().split_once([' ', '\t'])?;
        (found == format).then_some(value)
    })
}
