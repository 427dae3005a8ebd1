//! `rigcast probe`: what this rig can do.

use super::{exit, say};
use crate::encode::aac::AacEncoder;
use crate::encode::h264::H264Encoder;
use crate::encode::{AudioSettings, EncodeError, HAS_NASM, VideoSettings};

/// Prints what works here and what is missing, with the command that helps.
pub fn run() -> u8 {
    say(&format!("rigcast {}", env!("CARGO_PKG_VERSION")));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    say(&format!("cores            {cores}"));
    let mut is_usable = true;
    let mut codec = |name: &str, opened: Result<String, EncodeError>| {
        let text = opened.unwrap_or_else(|error| {
            is_usable = false;
            format!("does not work: {error}")
        });
        say(&format!("{name:<16} {text}"));
    };
    let built = if HAS_NASM {
        "with nasm"
    } else {
        "WITHOUT nasm: more than twice the CPU; apt-get install nasm, build again"
    };
    codec(
        "video encoder",
        H264Encoder::open(&VideoSettings::default()).map(|_| format!("openh264, built {built}")),
    );
    codec(
        "sound encoder",
        AacEncoder::open(AudioSettings::default()).map(|_| "fdk-aac, AAC-LC".to_owned()),
    );
    let decoder = crate::source::describe_decoder().unwrap_or_else(|error| {
        is_usable = false;
        format!("does not work: {error}")
    });
    say(&format!("source decoder   {decoder}"));
    say("sources          pattern, file, rtsp");
    for engine in crate::speech::engine::usable() {
        let is_usable = if engine.is_usable { "" } else { "not here: " };
        say(&format!("recogniser       {}: {is_usable}{}", engine.name, engine.text));
    }
    say("destinations     rtmp, rtmps, ws, wss, rtsp+ws, rtsp+wss, rtp+tcp");
    say("controllers      obs-websocket 5 (JSON, MessagePack)");
    let network = crate::publish::describe_network();
    say(&format!("network          {network}"));
    let terminal = crate::tui::describe_terminal();
    say(&format!("terminal         {terminal}"));
    if is_usable { exit::OK } else { exit::REFUSED }
}
