//! The keys of `[source.NAME]`: what each kind of source is told.

use std::fmt::Write;

use super::schema::{Key, Kind, is_name, key};
use super::write_back::quoted;
use crate::secret::Secret;
use crate::suggest;

/// The keys of each kind of source; `kind` itself belongs to all.
pub(super) const SOURCE_KINDS: &[(&str, &[&str])] = &[
    ("pattern", &["style", "label", "tone_hz", "level_dbfs", "flash"]),
    ("file", &["path", "loop"]),
    ("rtsp", &["url", "transport", "user", "password"]),
    (
        "camera",
        &["device", "width", "height", "frame_rate", "format", "controls"],
    ),
    (
        "screen",
        &["display", "region", "window", "monitor", "cursor", "frame_rate"],
    ),
    ("microphone", &["device", "system", "server", "channels"]),
    ("rtmp", &["listen", "app", "key"]),
    ("pipe", &["path", "command"]),
];

pub(super) const SOURCE: &[Key] = &[
    key(
        "kind",
        Kind::Choice(&[
            "pattern",
            "file",
            "rtsp",
            "camera",
            "screen",
            "microphone",
            "rtmp",
            "pipe",
        ]),
        "what sort of source this is",
    ),
    key(
        "style",
        Kind::Choice(&["bars", "ramp", "grid"]),
        "pattern: colour bars, a ramp from black to white, or a grid with a circle (default bars)",
    ),
    key(
        "label",
        Kind::Text,
        "pattern: the words burnt into the picture; else the source's name",
    ),
    key(
        "tone_hz",
        Kind::Number(0.0, 20_000.0),
        "pattern: pitch of the steady tone; 0 is none (default 440)",
    ),
    key(
        "level_dbfs",
        Kind::Number(-96.0, 0.0),
        "pattern: peak of that tone, in dBFS (default -20)",
    ),
    key(
        "flash",
        Kind::Flag,
        "pattern: each second starts with a white frame and a beep, to measure A/V offset (default true)",
    ),
    key(
        "path",
        Kind::Text,
        "file: MP4, MOV, PNG, JPEG, WAV, FLAC, MP3 or OGG, relative to this file; pipe: a named pipe, or - for the studio's standard input",
    ),
    key("loop", Kind::Flag, "file: start again at the end (default true)"),
    key("url", Kind::Address, "rtsp: rtsp://HOST[:PORT]/PATH"),
    key(
        "transport",
        Kind::Choice(&["tcp", "udp"]),
        "rtsp: how the media travels (default tcp)",
    ),
    key("user", Kind::Text, "rtsp: who to log in as"),
    key("password", Kind::Secret, "rtsp: the password of that user"),
    key(
        "device",
        Kind::Text,
        "camera: /dev/videoN, a link to it, or a part of its name (default the first that gives pictures); microphone: an input's name or a part of what it is called, or desktop for what is played here (default the default input)",
    ),
    key(
        "width",
        Kind::Integer(16, 7680),
        "camera: pixels to ask it for, with height (default what the program needs)",
    ),
    key(
        "height",
        Kind::Integer(16, 4320),
        "camera: pixels to ask it for, with width",
    ),
    key(
        "frame_rate",
        Kind::Rate,
        "camera, screen: pictures per second to ask for (default that of the program)",
    ),
    key(
        "format",
        Kind::Choice(&["yuyv", "nv12", "mjpeg", "h264"]),
        "camera: how its pictures come (default what costs the least for that size and rate)",
    ),
    key(
        "controls",
        Kind::Values,
        "camera: controls by name, as camera controls lists them, set whenever it is opened: { focus_auto = 0, focus_absolute = 120 }",
    ),
    key(
        "display",
        Kind::Text,
        "screen: the X display, as :0 (default that of the studio's environment)",
    ),
    key(
        "region",
        Kind::Text,
        "screen: a part of it as WIDTHxHEIGHT+X+Y in pixels (default all of it)",
    ),
    key(
        "window",
        Kind::Text,
        "screen: the window whose title contains this, wherever it is moved",
    ),
    key(
        "monitor",
        Kind::Text,
        "screen: the monitor of this name, as xrandr has it",
    ),
    key("cursor", Kind::Flag, "screen: draw the pointer (default true)"),
    key(
        "system",
        Kind::Choice(&["auto", "pulse", "alsa"]),
        "microphone: whose input it is (default auto: the sound server where there is one, else ALSA)",
    ),
    key(
        "server",
        Kind::Text,
        "microphone: the sound server, as in PULSE_SERVER (default where it usually listens)",
    ),
    key(
        "channels",
        Kind::Text,
        "microphone: the channel that is heard, counted from 1, or two for left and right as \"3,4\" (default all, mixed down)",
    ),
    key(
        "listen",
        Kind::Text,
        "rtmp: where connections are taken, as ADDRESS:PORT (default 127.0.0.1:1935); sources may share it",
    ),
    key(
        "app",
        Kind::Text,
        "rtmp: the first part of the path that is pushed to (default live)",
    ),
    key(
        "key",
        Kind::Secret,
        "rtmp: the stream key, by which this source is found",
    ),
    key(
        "command",
        Kind::Texts,
        "pipe: a program and its arguments, whose standard output it is",
    ),
];

/// Whether a source can be called so.
#[must_use]
pub fn is_source_name(name: &str) -> bool {
    is_name(name)
}

/// What a source can be, as scene files call it.
pub fn source_kinds() -> impl Iterator<Item = &'static str> {
    SOURCE_KINDS.iter().map(|(kind, _)| *kind)
}

/// The keys that a source of that kind has besides `kind`.
#[must_use]
pub fn source_keys_of(kind: &str) -> &'static [&'static str] {
    let own = SOURCE_KINDS.iter().find(|(known, _)| *known == kind);
    own.map_or(&[], |(_, keys)| keys)
}

/// Whether there is a kind of source that is called so.
#[must_use]
pub fn is_source_kind(kind: &str) -> bool {
    SOURCE_KINDS.iter().any(|(known, _)| *known == kind)
}

/// The lines under `[source.NAME]` of a source of that kind with these settings, in TOML. Whether the values are right is a question
/// of the check.
///
/// # Errors
/// In words, a key that the kind does not have.
pub fn source_lines(kind: &str, settings: &[(String, Secret)]) -> Result<Secret, String> {
    let own = SOURCE_KINDS.iter().find(|(known, _)| *known == kind);
    let (_, own) = own.ok_or_else(|| format!("there is no kind of source called {kind}"))?;
    let mut lines = format!("kind = \"{kind}\"\n");
    for (name, value) in settings {
        let found = SOURCE.iter().find(|key| key.name == name && own.contains(&key.name));
        let found = found.ok_or_else(|| {
            let hint = suggest::hint(name, own.iter().copied());
            format!(
                "a source of kind {kind} has no \"{name}\"{hint}; it has {}",
                own.join(", ")
            )
        })?;
        let value = value.expose();
        let value = match found.kind {
            Kind::Text | Kind::Choice(_) | Kind::Address | Kind::Secret => quoted(value),
            Kind::Texts => {
                let words = value.split_whitespace().map(quoted);
                format!("[{}]", words.collect::<Vec<_>>().join(", "))
            }
            // Numbers, switches, tables: as TOML has them, and what is none of it is a text that the check refuses.
            _ if format!("x = {value}")
                .parse::<toml::Table>()
                .is_ok_and(|table| table.len() == 1) =>
            {
                value.to_owned()
            }
            _ => quoted(value),
        };
        // Writing to a text cannot fail.
        let _ = writeln!(lines, "{name} = {value}");
    }
    Ok(Secret::new(lines))
}

#[cfg(test)]
mod tests {
    //! Settings as they are typed.

    use super::*;

    #[test]
    fn settings_become_lines_of_toml_and_nothing_more() {
        let lines = |kind: &str, settings: &[(&str, &str)]| {
            let settings = settings
                .iter()
                .map(|(key, value)| ((*key).to_owned(), Secret::new(*value)));
            source_lines(kind, &settings.collect::<Vec<_>>()).map(|lines| lines.expose().to_owned())
        };
        assert_eq!(
            lines(
                "camera",
                &[("device", "/dev/video0"), ("width", "1280"), ("frame_rate", "30")]
            )
            .unwrap(),
            "kind = \"camera\"\ndevice = \"/dev/video0\"\nwidth = 1280\nframe_rate = 30\n"
        );
        assert_eq!(
            lines("pipe", &[("command", "ffmpeg -i a")]).unwrap(),
            "kind = \"pipe\"\ncommand = [\"ffmpeg\", \"-i\", \"a\"]\n"
        );
        assert_eq!(
            lines("screen", &[("cursor", "false")]).unwrap(),
            "kind = \"screen\"\ncursor = false\n"
        );
        // Nobody gets out of a value.
        for value in ["1\n[scene.x]", "1 # y", "1\ny = 2"] {
            let made = lines("camera", &[("width", value)]).unwrap();
            assert_eq!(made.parse::<toml::Table>().unwrap().len(), 2, "{made}");
        }
        let error = lines("camera", &[("url", "x")]).unwrap_err();
        assert!(error.contains("no \"url\"") && error.contains("device"), "{error}");
        assert!(lines("cam", &[]).unwrap_err().contains("cam"));
    }
}
