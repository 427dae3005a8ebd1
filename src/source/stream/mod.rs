//! Streams that somebody brings here: MPEG-TS or FLV from a pipe, the messages of RTMP. What is common to them all.
//!
//! ```text
//! bytes ── Demux (ts | flv) ── Unit ─┐
//! RTMP messages ── Tags ────── Unit ─┴─ Player: queue ── Course (when is it shown?) ── decoders ── Outlet
//! ```
//!
//! A demultiplexer gives [`Unit`]s with times on the stream's own clock, which picture and sound share. The [`Course`]
//! puts that clock onto the studio's, once for both, so that they stay together. The [`Player`] holds what has come
//! until it is due: a writer that is faster than time fills the queue and is then not read any further. Nothing here knows
//! where the bytes come from.

mod course;
mod demux;
mod flv;
mod player;
mod unit;

pub(super) use demux::{Demux, DemuxError};
#[cfg(feature = "rtmp-ingest")]
pub(super) use flv::Tags;
pub(super) use player::{Player, StreamFault};
