//! RTMP without IO, after Adobe's "Real Time Messaging Protocol 1.0" (sections by number).
//!
//! ```text
//! bytes from the socket → Handshake → ChunkReader → Message ─┐
//!                                                            ├─ Publisher: connect → createStream → publish → media
//! bytes to the socket   ←             ChunkWriter ← commands ┘
//! ```
//! [`Publisher`] is the client side of one connection. It holds no socket and asks no clock; a driver feeds it what
//! arrives and writes what it has to say. The parts are public because the other side of a connection (tests today,
//! ingest later) is built from the same ones.

pub mod chunk_reader;
pub mod chunk_writer;
pub mod error;
pub mod handshake;
pub mod message;
pub mod publisher;
pub mod session;
pub mod target;

pub use chunk_reader::ChunkReader;
pub use chunk_writer::ChunkWriter;
pub use error::{ChunkProblem, Rejection, RejectionKind, RtmpError};
pub use handshake::Handshake;
pub use message::{Message, kind};
pub use publisher::{Event, Publisher, Stage};
pub use session::RtmpSession;
pub use target::{PublishTarget, TargetError};

/// The port where none is given (§5.1 of common practice; IANA: macromedia-fcs).
pub const DEFAULT_PORT: u16 = 1935;

/// The port of RTMP inside TLS where none is given.
pub const DEFAULT_TLS_PORT: u16 = 443;

/// The chunk size of a connection before anyone changes it (§5.4.1).
pub const DEFAULT_CHUNK_SIZE: usize = 128;
