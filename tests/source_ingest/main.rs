//! Streams that are brought to the rig: MPEG-TS and FLV on pipes, and, where the feature `rtmp-ingest` is built in, RTMP that
//! ffmpeg and GStreamer push.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

#[path = "../common/mod.rs"]
mod common;
mod documents;
mod pipes;
#[cfg(feature = "rtmp-ingest")]
mod pushes;
mod readers;
mod rig;
mod show;
