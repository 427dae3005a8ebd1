//! What sound inputs this rig has, each with the text that makes it a source; and what it lacks, with what helps.

use std::collections::BTreeSet;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::MicrophoneError;
use super::alsa;
use super::pulse::{self, Here};
use crate::source::devices::MicrophoneSpec;
use crate::source::inventory::{Found, Inventory};

/// How the scene file calls this kind.
const KIND: &str = "microphone";

/// A server that does not answer within this is not there.
const PATIENCE: Duration = Duration::from_millis(800);

/// Letters of a proposed name.
const NAME: usize = 24;

/// Notes what is here.
pub(in crate::source) fn look(inventory: &mut Inventory) {
    let mut names = BTreeSet::new();
    match ask() {
        Ok(here) => note_server(&here, inventory, &mut names),
        Err(error) => inventory.lacks("microphone (sound server)", error.to_string()),
    }
    match alsa::inputs() {
        Ok(inputs) => {
            let has_server = inventory.found.iter().any(|found| found.kind == KIND);
            for input in inputs {
                inventory.has(of_alsa(&input, has_server, &mut names));
            }
        }
        Err(reason) => inventory.lacks("microphone (alsa)", reason),
    }
}

/// Asks on a thread of its own: finding the address of a host may take longer than anybody waits here.
fn ask() -> Result<Here, MicrophoneError> {
    let (sender, answer) = channel();
    let asking = std::thread::Builder::new()
        .name("look-sound".to_owned())
        .spawn(move || {
            let found = pulse::places(&MicrophoneSpec::default()).and_then(|places| Here::ask(&places, PATIENCE));
            // Who asked may have given up.
            let _ = sender.send(found);
        });
    asking.map_err(|_| MicrophoneError::Silent)?;
    answer.recv_timeout(PATIENCE).unwrap_or(Err(MicrophoneError::Silent))
}

fn note_server(here: &Here, inventory: &mut Inventory, names: &mut BTreeSet<String>) {
    let before = inventory.found.len();
    for (source, title, is_default, is_desktop) in here.inputs() {
        let is_monitor = source.monitor_of_sink_name.is_some();
        let channels = source.sample_spec.channels;
        let mut details = vec![format!(
            "{} Hz, {}",
            source.sample_spec.sample_rate,
            if channels == 1 {
                "1 channel".to_owned()
            } else {
                format!("{channels} channels")
            }
        )];
        if is_monitor {
            details.push("what is played there".to_owned());
        }
        if source.muted {
            details.push("muted in the sound server".to_owned());
        }
        details.push(format!("sound server at {}", here.address));
        let device = if is_desktop {
            MicrophoneSpec::DESKTOP.to_owned()
        } else {
            source.name.to_string_lossy().into_owned()
        };
        let name = if is_desktop {
            MicrophoneSpec::DESKTOP.to_owned()
        } else {
            short(&title)
        };
        inventory.has(Found {
            kind: KIND.to_owned(),
            name: unique(&name, names),
            title,
            details,
            scene: scene(&[("device", &device)]),
            is_default,
        });
    }
    if inventory.found.len() == before {
        let address = &here.address;
        inventory.lacks(
            "microphone (sound server)",
            format!(
                "the sound server at {address} has no input: {}",
                MicrophoneError::NoDefault
            ),
        );
    }
}

fn of_alsa(input: &alsa::Input, has_server: bool, names: &mut BTreeSet<String>) -> Found {
    let mut details = vec![format!("ALSA {}", input.device)];
    if has_server {
        details.push("the sound server has it while somebody listens there".to_owned());
    }
    if !input.is_allowed {
        let error = MicrophoneError::NoPermission {
            device: input.device.clone(),
        };
        details.push(error.to_string());
    }
    Found {
        kind: KIND.to_owned(),
        name: unique(&short(&input.title), names),
        title: input.title.clone(),
        details,
        scene: scene(&[("device", &input.device), ("system", "alsa")]),
        is_default: false,
    }
}

/// The lines under `[source.NAME]`.
fn scene(keys: &[(&str, &str)]) -> String {
    let mut lines = vec![format!("kind = \"{KIND}\"")];
    lines.extend(
        keys.iter()
            .map(|(key, value)| format!("{key} = {}", toml::Value::from(*value))),
    );
    lines.join("\n")
}

/// A name for a source out of what people call the device: small letters, figures and dashes.
fn short(title: &str) -> String {
    let mut name = String::new();
    for letter in title.to_lowercase().chars() {
        if letter.is_ascii_alphanumeric() {
            name.push(letter);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
        if name.len() >= NAME {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() {
        KIND.to_owned()
    } else {
        name.to_owned()
    }
}

fn unique(name: &str, names: &mut BTreeSet<String>) -> String {
    let mut tried = name.to_owned();
    for number in 2.. {
        if names.insert(tried.clone()) {
            break;
        }
        tried = format!("{name}-{number}");
    }
    tried
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_each_is_another() {
        let mut names = BTreeSet::new();
        for (title, wanted) in [
            ("RØDE NT-USB Mono", "r-de-nt-usb-mono"),
            ("Monitor of Null Output", "monitor-of-null-output"),
            ("Monitor of Null Output", "monitor-of-null-output-2"),
            ("マイク", "microphone"),
            ("  Built-in Audio Analog Stereo, somewhere", "built-in-audio-analog-st"),
        ] {
            assert_eq!(unique(&short(title), &mut names), wanted);
        }
    }

    #[test]
    fn the_text_for_a_scene_is_toml_whatever_a_device_is_called() {
        let text = scene(&[("device", "a \"b\" \\ c\n")]);
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["device"].as_str(), Some("a \"b\" \\ c\n"));
        assert!(text.starts_with("kind = \"microphone\"\n"), "{text}");
    }
}
