//! From a destination's URL to the session that speaks its protocol.

use std::path::PathBuf;

use super::{DestinationSpec, PublishError, StreamConfig};
use crate::secret::{Secret, SecretUrl};
use crate::wire::rtmp::{DEFAULT_PORT, DEFAULT_TLS_PORT, PublishTarget, Publisher, RtmpSession};
use crate::wire::rtp::RtpTrack;
use crate::wire::rtp_push::{self, AudioChoice, Credentials, PlainPush, PushTarget, WebSocketPush, tracks};
use crate::wire::rtsp_push::{self, RtspPush};
use crate::wire::sdp::{SessionDescription, Way};
use crate::wire::session::Session;
use crate::wire::websocket::UpgradeRequest;

/// What is spoken with a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `rtmp`
    Rtmp,
    /// `rtmps`: inside TLS.
    Rtmps,
    /// `ws`: `rtp4571.rigcast.v1`.
    Ws,
    /// `wss`: inside TLS.
    Wss,
    /// `rtp+tcp`: RFC 4571 on a bare connection.
    RtpTcp,
    /// `rtsp+ws`: RTSP inside a WebSocket.
    RtspWs,
    /// `rtsp+wss`: inside TLS.
    RtspWss,
}

impl Scheme {
    /// What a URL says; `None` for what is not spoken here.
    #[must_use]
    pub fn of(url: &SecretUrl) -> Option<Self> {
        Some(match url.expose().scheme() {
            "rtmp" => Self::Rtmp,
            "rtmps" => Self::Rtmps,
            "ws" => Self::Ws,
            "wss" => Self::Wss,
            "rtp+tcp" => Self::RtpTcp,
            "rtsp+ws" => Self::RtspWs,
            "rtsp+wss" => Self::RtspWss,
            _ => return None,
        })
    }

    /// Whether the connection is inside TLS.
    #[must_use]
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Rtmps | Self::Wss | Self::RtspWss)
    }

    /// The port where the URL has none; bare TCP has no usual one.
    #[must_use]
    pub const fn default_port(self) -> Option<u16> {
        match self {
            Self::Rtmp => Some(DEFAULT_PORT),
            Self::Rtmps => Some(DEFAULT_TLS_PORT),
            Self::Ws | Self::RtspWs => Some(80),
            Self::Wss | Self::RtspWss => Some(443),
            Self::RtpTcp => None,
        }
    }

    /// Whether it can carry Opus.
    #[must_use]
    pub const fn has_opus(self) -> bool {
        !matches!(self, Self::Rtmp | Self::Rtmps)
    }
}

/// What one connection needs.
pub(super) struct Opening {
    pub(super) session: Box<dyn Session>,
    /// A session description for the reader, to be written before connecting: where, and what.
    pub(super) sdp: Option<(PathBuf, String)>,
}

/// Makes ready one connection to `spec`. `random` gives a number that is different every time.
pub(super) fn open(
    spec: &DestinationSpec,
    stream: &StreamConfig,
    random: impl Fn() -> u64,
) -> Result<Opening, PublishError> {
    let peer = || spec.url.peer();
    let Some(scheme) = Scheme::of(&spec.url) else {
        return Err(PublishError::Scheme { peer: peer() });
    };
    if matches!(scheme, Scheme::Rtmp | Scheme::Rtmps) {
        let target =
            PublishTarget::from_url(&spec.url).map_err(|source| PublishError::Target { peer: peer(), source })?;
        let publisher = Publisher::new(target, random());
        let session = RtmpSession::new(publisher, stream.video.clone(), stream.audio.clone());
        return Ok(Opening {
            session: Box::new(session),
            sdp: None,
        });
    }
    let target_error = |source| PublishError::PushTarget { peer: peer(), source };
    let mut target = PushTarget::from_url(&spec.url).map_err(target_error)?;
    if let Some(token) = &spec.token {
        target.credentials = Credentials::token(token).map_err(target_error)?;
    }
    let audio = match target.audio {
        AudioChoice::Aac => stream.audio.as_ref(),
        AudioChoice::Opus => stream.opus.as_ref(),
    };
    // Silence where there should be sound is worse than no show.
    if audio.is_none() && (stream.audio.is_some() || stream.opus.is_some()) {
        return Err(PublishError::NoSuchSound { peer: peer() });
    }
    let tracks = tracks(stream.video.as_ref(), audio);
    let mut sdp = None;
    let session: Box<dyn Session> = match scheme {
        Scheme::RtpTcp => {
            let port = spec.url.expose().port();
            let port = port.ok_or_else(|| target_error(rtp_push::PushTargetError::NoPort))?;
            let address = spec.url.host().unwrap_or_default();
            sdp = target.sdp_file.map(|file| {
                let description = SessionDescription::new(&spec.name, tracks.clone());
                (PathBuf::from(file), description.write(Way::Tcp { address, port }))
            });
            Box::new(PlainPush::new(tracks, random()))
        }
        Scheme::RtspWs | Scheme::RtspWss => Box::new(rtsp(scheme, target, tracks, random())),
        _ => {
            let request = UpgradeRequest {
                host: target.host,
                path: target.path,
                subprotocol: rtp_push::SUBPROTOCOL,
                may_be_unnamed: false,
                authorization: target.credentials.header(),
            };
            Box::new(WebSocketPush::new(request, tracks, random()))
        }
    };
    Ok(Opening { session, sdp })
}

/// The path of the URL is that of the stream, and the WebSocket is at the root, where gortsplib's own client asks for it. A
/// token goes onto the upgrade, for whatever guards it; a user and password are for the RTSP server.
fn rtsp(scheme: Scheme, target: PushTarget, tracks: Vec<RtpTrack>, seed: u64) -> RtspPush {
    let plain = if scheme.is_tls() { "rtsps" } else { "rtsp" };
    let url = Secret::new(format!("{plain}://{}{}", target.host, target.path.expose()));
    let header = target.credentials.header();
    let (on_upgrade, on_request) = match target.credentials {
        Credentials::Password(_) => (None, header),
        _ => (header, None),
    };
    let upgrade = UpgradeRequest {
        host: target.host,
        path: Secret::new("/"),
        subprotocol: rtsp_push::SUBPROTOCOL,
        // gortsplib, and so MediaMTX, upgrades without naming it.
        may_be_unnamed: true,
        authorization: on_upgrade,
    };
    RtspPush::new(upgrade, url, on_request, tracks, seed)
}
