//! From a destination's URL to the session that speaks its protocol.

use super::{DestinationSpec, PublishError, StreamConfig};
use crate::wire::rtmp::{PublishTarget, Publisher, RtmpSession};
use crate::wire::session::Session;

/// A session for one connection to `spec`. `random` gives a number that is different every time.
pub(super) fn open(
    spec: &DestinationSpec,
    stream: &StreamConfig,
    random: impl Fn() -> u64,
) -> Result<Box<dyn Session>, PublishError> {
    let target = PublishTarget::from_url(&spec.url).map_err(|source| PublishError::Target {
        peer: spec.url.peer(),
        source,
    })?;
    let publisher = Publisher::new(target, random());
    Ok(Box::new(RtmpSession::new(
        publisher,
        stream.video.clone(),
        stream.audio.clone(),
    )))
}
