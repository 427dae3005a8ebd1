//! `rigcast probe`: what this rig can do, and what it has that could be a source.

use serde_json::{Map, Value, json};

use super::{exit, say};
use crate::encode::aac::AacEncoder;
use crate::encode::h264::H264Encoder;
use crate::encode::{AudioSettings, EncodeError, HAS_NASM, VideoSettings};
use crate::source::{Found, Inventory, look_around};

/// Prints what works here and what is missing, with the command that helps; as JSON if `is_json`. What could be a source and is not
/// here is no error: a rig without a camera still runs.
pub fn run(is_json: bool) -> u8 {
    let facts = facts();
    let inventory = look_around();
    if is_json {
        say(&as_json(&facts, &inventory).to_string());
    } else {
        say(&format!("rigcast {}", env!("CARGO_PKG_VERSION")));
        for fact in &facts.lines {
            say(&format!("{:<16} {}", fact.0, fact.1));
        }
        for line in sources(&inventory) {
            say(&line);
        }
    }
    if facts.is_usable { exit::OK } else { exit::REFUSED }
}

/// What can be said in a line each, by what it is about.
struct Facts {
    lines: Vec<(&'static str, String)>,
    is_usable: bool,
}

fn facts() -> Facts {
    let mut lines = Vec::new();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    lines.push(("cores", cores.to_string()));
    let mut is_usable = true;
    let built = if HAS_NASM {
        "with nasm"
    } else {
        "WITHOUT nasm: more than twice the CPU; apt-get install nasm, build again"
    };
    let mut works = |opened: Result<String, EncodeError>| {
        opened.unwrap_or_else(|error| {
            is_usable = false;
            format!("does not work: {error}")
        })
    };
    let video = H264Encoder::open(&VideoSettings::default()).map(|_| format!("openh264, built {built}"));
    lines.push(("video encoder", works(video)));
    let sound = AacEncoder::open(AudioSettings::default()).map(|_| "fdk-aac, AAC-LC".to_owned());
    lines.push(("sound encoder", works(sound)));
    let decoder = crate::source::describe_decoder().unwrap_or_else(|error| {
        is_usable = false;
        format!("does not work: {error}")
    });
    lines.push(("source decoder", decoder));
    lines.push(("sources", crate::scene::source_kinds().collect::<Vec<_>>().join(", ")));
    for engine in crate::speech::engine::usable() {
        let is_usable = if engine.is_usable { "" } else { "not here: " };
        lines.push(("recogniser", format!("{}: {is_usable}{}", engine.name, engine.text)));
    }
    let destinations = "rtmp, rtmps, ws, wss, rtsp+ws, rtsp+wss, rtp+tcp";
    lines.push(("destinations", destinations.to_owned()));
    lines.push(("controllers", "obs-websocket 5 (JSON, MessagePack)".to_owned()));
    lines.push(("network", crate::publish::describe_network()));
    lines.push(("terminal", crate::tui::describe_terminal()));
    Facts { lines, is_usable }
}

/// What is here, each with the lines that a scene file takes; then what is not, and why.
fn sources(inventory: &Inventory) -> Vec<String> {
    let mut lines = vec![String::new()];
    if inventory.found.is_empty() {
        lines.push(
            "Nothing that this rig has could be a source of its own; patterns, files and RTSP cameras always can."
                .to_owned(),
        );
    } else {
        lines.push(
            "What is here; the lines below each go into a scene file, or + in the TUI adds it while the show runs:"
                .to_owned(),
        );
    }
    for found in &inventory.found {
        let mark = if found.is_default { ", the default" } else { "" };
        lines.push(String::new());
        lines.push(format!("  {} ({}{mark})", found.title, found.kind));
        lines.extend(found.details.iter().map(|detail| format!("    {detail}")));
        lines.extend(scene_text(found).lines().map(|line| format!("      {line}")));
    }
    if !inventory.absent.is_empty() {
        lines.push(String::new());
        lines.push("What is not, and what would change that:".to_owned());
        for absent in &inventory.absent {
            let mut reason = absent.reason.lines();
            lines.push(format!("  {}: {}", absent.kind, reason.next().unwrap_or_default()));
            lines.extend(reason.map(|line| format!("    {}", line.trim())));
        }
    }
    lines
}

/// What makes it a source, as a scene file has it.
fn scene_text(found: &Found) -> String {
    format!("[source.{}]\n{}", found.name, found.scene.trim_end())
}

fn as_json(facts: &Facts, inventory: &Inventory) -> Value {
    let mut object = Map::new();
    object.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
    object.insert("is_usable".to_owned(), facts.is_usable.into());
    for (name, text) in &facts.lines {
        let name = name.replace(' ', "_");
        match object.get_mut(&name) {
            // Recognisers are several.
            Some(Value::Array(all)) => all.push(text.as_str().into()),
            _ if name == "recogniser" => {
                object.insert(name, json!([text]));
            }
            _ => {
                object.insert(name, text.as_str().into());
            }
        }
    }
    let found = inventory.found.iter().map(|found| {
        let mut value = serde_json::to_value(found).unwrap_or_default();
        value["scene"] = scene_text(found).into();
        value
    });
    object.insert("found".to_owned(), found.collect::<Vec<_>>().into());
    object.insert(
        "absent".to_owned(),
        serde_json::to_value(&inventory.absent).unwrap_or_default(),
    );
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    //! What is printed can be pasted.

    use super::*;
    use crate::source::Absent;

    #[test]
    fn what_is_here_comes_with_lines_that_make_a_scene_file() {
        let inventory = Inventory {
            found: vec![Found {
                kind: "microphone".into(),
                name: "desk".into(),
                title: "Scarlett 2i2".into(),
                details: vec!["48 kHz, 2 channels".into()],
                scene: "kind = \"microphone\"\ndevice = \"a \\\"b\\\"\"\n".into(),
                is_default: true,
            }],
            absent: vec![Absent {
                kind: "screen".into(),
                reason: "no DISPLAY\n  Xvfb :7 &".into(),
            }],
        };
        let text = sources(&inventory).join("\n");
        assert!(
            text.contains("  Scarlett 2i2 (microphone, the default)\n    48 kHz, 2 channels\n"),
            "{text}"
        );
        assert!(text.contains("  screen: no DISPLAY\n    Xvfb :7 &"), "{text}");
        let facts = Facts {
            lines: vec![("recogniser", "a".into()), ("recogniser", "b".into())],
            is_usable: true,
        };
        let json = as_json(&facts, &inventory);
        assert_eq!(json["recogniser"], json!(["a", "b"]));
        let scene = json["found"][0]["scene"].as_str().unwrap();
        let show = format!("{scene}\n[scene.a]\nitems = [{{ source = \"desk\" }}]\n");
        let show = crate::scene::from_text("a", &show, &[], &|_| None).unwrap();
        assert_eq!(show.sources[0].name, "desk");
        assert!(
            sources(&Inventory::default())
                .join("\n")
                .contains("patterns, files and RTSP")
        );
    }
}
