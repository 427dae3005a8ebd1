//! The sound cards of this machine as the kernel lists them: no library is needed to know what there is.

use std::fs;
use std::path::Path;

/// An input of a sound card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::source::microphone) struct Input {
    /// ALSA's name for it, with whatever conversion it takes: `plughw:CARD=PCH,DEV=0`.
    pub(in crate::source::microphone) device: String,
    /// What people call it.
    pub(in crate::source::microphone) title: String,
    /// Whether this user may open it.
    pub(in crate::source::microphone) is_allowed: bool,
}

/// Lines of the kernel's lists that are looked at: more cards than that nobody has.
const MOST: usize = 256;

/// The inputs of all sound cards.
///
/// # Errors
/// In words, why there is none.
pub(super) fn inputs() -> Result<Vec<Input>, String> {
    let folder = Path::new("/proc/asound");
    let Ok(devices) = fs::read_to_string(folder.join("pcm")) else {
        return Err(
            "this machine has no sound card (/proc/asound/pcm is not there): plug one in, or use a sound server"
                .to_owned(),
        );
    };
    let cards = fs::read_to_string(folder.join("cards")).unwrap_or_default();
    let found: Vec<Input> = listed(&devices, &cards)
        .into_iter()
        .map(|(card, device, input)| Input {
            is_allowed: is_allowed(&format!("/dev/snd/pcmC{card}D{device}c")),
            ..input
        })
        .collect();
    if found.is_empty() {
        return Err("no sound card of this machine has an input".to_owned());
    }
    Ok(found)
}

fn is_allowed(node: &str) -> bool {
    rustix::fs::access(node, rustix::fs::Access::READ_OK).is_ok()
}

/// What `/proc/asound/pcm` and `/proc/asound/cards` list: card, device, and what is known of the input.
fn listed(devices: &str, cards: &str) -> Vec<(u32, u32, Input)> {
    let cards: Vec<(u32, &str, &str)> = cards.lines().take(MOST).filter_map(card).collect();
    let inputs = devices.lines().take(MOST).filter_map(|line| {
        let mut parts = line.split(": ");
        let (card, device) = parts.next()?.trim().split_once('-')?;
        let (card, device) = (card.parse::<u32>().ok()?, device.parse::<u32>().ok()?);
        let title = parts.next().unwrap_or_default().trim();
        if !parts.any(|part| part.trim().starts_with("capture")) {
            return None;
        }
        let (id, name) = cards
            .iter()
            .find(|(number, ..)| *number == card)
            .map_or_else(|| (card.to_string(), ""), |(_, id, name)| ((*id).to_owned(), *name));
        let title = match (name, title) {
            ("", title) => title.to_owned(),
            (name, "") => name.to_owned(),
            (name, title) => format!("{name}, {title}"),
        };
        let input = Input {
            device: format!("plughw:CARD={id},DEV={device}"),
            title,
            is_allowed: true,
        };
        Some((card, device, input))
    });
    inputs.collect()
}

/// ` 0 [PCH            ]: HDA-Intel - HDA Intel PCH`: number, short name, long name.
fn card(line: &str) -> Option<(u32, &str, &str)> {
    let (number, rest) = line.split_once('[')?;
    let (id, rest) = rest.split_once(']')?;
    let name = rest.split_once(" - ").map_or("", |(_, name)| name.trim());
    Some((number.trim().parse().ok()?, id.trim(), name))
}

/// Who records from a sound card now: `by NAME (pid N)`, all of them; nothing where that is not known.
pub(super) fn owners() -> String {
    let mut pids = Vec::new();
    for card in folders(Path::new("/proc/asound"), "card") {
        for device in folders(&card, "pcm")
            .into_iter()
            .filter(|path| path.to_string_lossy().ends_with('c'))
        {
            for part in folders(&device, "sub") {
                let status = fs::read_to_string(part.join("status")).unwrap_or_default();
                pids.extend(owner(&status));
            }
        }
    }
    pids.sort_unstable();
    pids.dedup();
    let names = pids.iter().map(|pid| {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        format!("{} (pid {pid})", name.trim())
    });
    let names = names.collect::<Vec<_>>().join(", ");
    if names.is_empty() {
        names
    } else {
        format!(" by {names}")
    }
}

fn folders(folder: &Path, prefix: &str) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.take(MOST).filter_map(Result::ok);
    paths
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
        .collect()
}

fn owner(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("owner_pid"))?;
    line.trim_start_matches([' ', ':', '\t']).trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PCM: &str = "00-00: ALC269VC Analog : ALC269VC Analog : playback 1 : capture 1\n\
                       00-03: HDMI 0 : HDMI 0 : playback 1\n01-00: USB Audio : USB Audio : capture 1\n";
    const CARDS: &str = " 0 [PCH            ]: HDA-Intel - HDA Intel PCH\n                      HDA Intel PCH at 0xdc340000 irq 145\n \
                         1 [Mini           ]: USB-Audio - RODE NT-USB Mini\n                      RODE at usb-1\n";

    #[test]
    fn inputs_have_the_names_that_alsa_takes() {
        let found: Vec<(String, String)> = listed(PCM, CARDS)
            .into_iter()
            .map(|(.., input)| (input.device, input.title))
            .collect();
        let wanted = [
            ("plughw:CARD=PCH,DEV=0", "HDA Intel PCH, ALC269VC Analog"),
            ("plughw:CARD=Mini,DEV=0", "RODE NT-USB Mini, USB Audio"),
        ];
        assert_eq!(
            found,
            wanted.map(|(device, title)| (device.to_owned(), title.to_owned()))
        );
        let nameless = listed(PCM, "");
        assert_eq!(nameless[1].2.device, "plughw:CARD=1,DEV=0");
    }

    #[test]
    fn an_owner_is_read() {
        assert_eq!(owner("state: RUNNING\nowner_pid   : 812\ntrigger_time: 1"), Some(812));
        assert_eq!(owner("closed\n"), None);
    }

    proptest! {
        #[test]
        fn any_list_is_read(devices in "([0-9:\\- a-z\n]){0,80}", cards in "([0-9:\\[\\]\\- a-z\n]){0,80}") {
            let _ = listed(&devices, &cards);
        }
    }
}
