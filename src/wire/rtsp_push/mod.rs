//! Publishing by RTSP without IO (RFC 2326 §10.3, §10.4, §10.11), inside a WebSocket (ONVIF streaming specification §5.1.1.5,
//! subprotocol `rtsp.onvif.org`): a way into stock media servers through whatever lets HTTP pass.
//!
//! upgrade → ANNOUNCE (session description) → SETUP of each track, interleaved → RECORD → `$` channel length packet (§10.12)
//!
//! A WebSocket is a stream here: messages are binary, and neither their borders nor those of frames mean anything.

mod error;
mod reader;
mod session;

pub use error::RtspError;
pub use reader::{Reader, Said};
pub use session::{RtspPush, SUBPROTOCOL};
