//! The relay's figures in the text format that Prometheus reads (version 0.0.4).

use std::fmt::{Display, Write};

use super::{RelayStats, RenditionStats, StreamStats};

/// What to answer with.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All figures. Names of streams and renditions need no escaping: see [`is_name`](super::access::is_name).
pub(super) fn text(stats: &RelayStats) -> String {
    let mut out = String::new();
    let mut single = |name: &str, kind: &str, help: &str, value: &dyn Display| {
        head(&mut out, name, kind, help);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "rigcast_relay_{name} {value}");
    };
    single("connections", "gauge", "TCP connections right now.", &stats.connections);
    single("viewers", "gauge", "Viewers over WebSocket right now.", &stats.viewers);
    single(
        "sent_bytes_total",
        "counter",
        "Bytes sent to viewers over WebSocket.",
        &stats.sent_bytes,
    );
    single(
        "hls_bytes_total",
        "counter",
        "Bytes of HLS asked for.",
        &stats.hls_bytes,
    );
    single(
        "refused_tokens_total",
        "counter",
        "Requests without a valid token.",
        &stats.refused_tokens,
    );
    single(
        "refused_viewers_total",
        "counter",
        "Viewers beyond the limits.",
        &stats.refused_viewers,
    );

    type Figure = fn(&RenditionStats) -> u64;
    let figures: [(&str, &str, &str, Figure); 7] = [
        ("rendition_viewers", "gauge", "Viewers of the rendition.", |it| {
            it.viewers as u64
        }),
        (
            "rendition_wanted",
            "gauge",
            "Whether the rendition is encoded for someone.",
            |it| u64::from(it.is_wanted),
        ),
        ("rendition_kbps", "gauge", "Nominal kbit/s.", |it| {
            u64::from(it.info.kbps())
        }),
        (
            "rendition_sent_bytes_total",
            "counter",
            "Bytes sent to its viewers.",
            |it| it.sent_bytes,
        ),
        (
            "rendition_sent_frames_total",
            "counter",
            "Pictures sent to its viewers.",
            |it| it.sent_frames,
        ),
        (
            "rendition_dropped_frames_total",
            "counter",
            "Pictures its viewers did not get.",
            |it| it.dropped_frames,
        ),
        (
            "rendition_switches_total",
            "counter",
            "Viewers that came from another one.",
            |it| it.switches,
        ),
    ];
    for (name, kind, help, figure) in figures {
        head(&mut out, name, kind, help);
        for StreamStats {
            name: stream,
            renditions,
            ..
        } in &stats.streams
        {
            for rendition in renditions {
                let labels = format!("stream=\"{stream}\",rendition=\"{}\"", rendition.info.name);
                let _ = writeln!(out, "rigcast_relay_{name}{{{labels}}} {}", figure(rendition));
            }
        }
    }
    type Ingest = fn(&super::IngestStats) -> u64;
    let figures: [(&str, &str, Ingest); 3] = [
        ("ingest_received_bytes_total", "Bytes of RTP and RTCP.", |it| {
            it.received_bytes
        }),
        ("ingest_units_total", "Access units received.", |it| it.units),
        ("ingest_lost_packets_total", "RTP packets lost.", |it| it.lost_packets),
    ];
    for (name, help, figure) in figures {
        head(&mut out, name, "counter", help);
        for stream in &stats.streams {
            if let Some(ingest) = &stream.ingest {
                let _ = writeln!(
                    out,
                    "rigcast_relay_{name}{{stream=\"{}\"}} {}",
                    stream.name,
                    figure(ingest)
                );
            }
        }
    }
    out
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(
        out,
        "# HELP rigcast_relay_{name} {help}\n# TYPE rigcast_relay_{name} {kind}"
    );
}
