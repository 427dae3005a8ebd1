//! Protocols without IO: bytes in, messages out, and back. Whoever holds a socket drives them; tests need none.
//!
//! Knows `media` and `secret`, nothing of tokio. Every parser here bounds what it keeps by what it has received, never
//! by what a peer claims, and names the byte at which it stopped understanding.

pub mod amf0;
pub mod flv;
pub mod fmp4;
pub mod rtmp;
pub mod rtp;
pub mod rtp_push;
pub mod rtsp_push;
pub mod sdp;
pub mod session;
mod text;
pub mod ts;
pub mod websocket;
