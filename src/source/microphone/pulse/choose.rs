//! Which of a sound server's inputs is meant.

use std::ffi::CString;

use pulseaudio::protocol::{ChannelMap, ChannelPosition, ServerInfo, SourceInfo};

use crate::source::devices::MicrophoneSpec;
use crate::source::microphone::MicrophoneError;
use crate::source::microphone::mix::Place;

/// Inputs that an error names at most.
const NAMED: usize = 6;

/// The input that `device` means: one of that name, of that description, or the first whose description has it in it; the
/// monitor of the default output for [`MicrophoneSpec::DESKTOP`]; the default one for `None`.
///
/// # Errors
/// There is none, and what there is instead.
pub(super) fn choose<'a>(
    device: Option<&str>,
    server: &ServerInfo,
    sources: &'a [SourceInfo],
) -> Result<&'a SourceInfo, MicrophoneError> {
    let Some(name) = device else {
        return sources
            .iter()
            .find(|source| is_default(source, server))
            .ok_or(MicrophoneError::NoDefault);
    };
    if name == MicrophoneSpec::DESKTOP {
        return sources
            .iter()
            .find(|source| is_desktop(source, server))
            .ok_or(MicrophoneError::NoDesktop);
    }
    let wanted = name.to_lowercase();
    let title = |source: &SourceInfo| title(source).to_lowercase();
    let by_name = sources.iter().find(|source| text(&source.name) == name);
    by_name
        .or_else(|| sources.iter().find(|source| title(source) == wanted))
        .or_else(|| sources.iter().find(|source| title(source).contains(&wanted)))
        .ok_or_else(|| MicrophoneError::NoDevice {
            name: name.to_owned(),
            here: here(sources),
        })
}

/// Whether the server would choose it.
pub(super) fn is_default(source: &SourceInfo, server: &ServerInfo) -> bool {
    server.default_source_name.as_ref() == Some(&source.name)
}

/// Whether it is what is played on this machine.
pub(super) fn is_desktop(source: &SourceInfo, server: &ServerInfo) -> bool {
    source.monitor_of_sink_name.is_some() && source.monitor_of_sink_name == server.default_sink_name
}

/// What people call it.
pub(super) fn title(source: &SourceInfo) -> String {
    source.description.as_ref().map_or_else(|| text(&source.name), text)
}

/// A text of the server's, which may be anything.
pub(super) fn text(text: &CString) -> String {
    text.to_string_lossy().into_owned()
}

fn here(sources: &[SourceInfo]) -> String {
    if sources.is_empty() {
        return "there is none at all".to_owned();
    }
    let mut titles: Vec<String> = sources.iter().take(NAMED).map(title).collect();
    if sources.len() > NAMED {
        titles.push(format!("{} more", sources.len() - NAMED));
    }
    format!("there are: {}", titles.join(", "))
}

/// Where its channels sit.
pub(super) fn places(map: &ChannelMap) -> Vec<Place> {
    use ChannelPosition as At;
    map.into_iter()
        .map(|position| match position {
            At::FrontLeft | At::FrontLeftOfCenter => Place::Left,
            At::FrontRight | At::FrontRightOfCenter => Place::Right,
            At::RearLeft | At::SideLeft | At::TopFrontLeft | At::TopRearLeft => Place::FarLeft,
            At::RearRight | At::SideRight | At::TopFrontRight | At::TopRearRight => Place::FarRight,
            At::FrontCenter | At::RearCenter | At::TopCenter | At::TopFrontCenter | At::TopRearCenter => Place::Centre,
            At::Lfe => Place::Nowhere,
            // One alone is mono; several are the inputs of a sound card for studios.
            _ => Place::Input,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, description: &str, monitored: Option<&str>) -> SourceInfo {
        SourceInfo {
            name: CString::new(name).unwrap(),
            description: Some(CString::new(description).unwrap()),
            monitor_of_sink_name: monitored.map(|sink| CString::new(sink).unwrap()),
            ..SourceInfo::default()
        }
    }

    fn sources() -> Vec<SourceInfo> {
        vec![
            source("alsa_input.pci", "Built-in Audio", None),
            source("alsa_input.usb", "RODE NT-USB Mono", None),
            source("stage.monitor", "Monitor of Stage", Some("stage")),
            source("odd", "alsa_input.usb", None),
        ]
    }

    fn server() -> ServerInfo {
        ServerInfo {
            default_source_name: Some(c"alsa_input.pci".to_owned()),
            default_sink_name: Some(c"stage".to_owned()),
            ..ServerInfo::default()
        }
    }

    #[test]
    fn inputs_are_found_by_name_and_by_what_they_are_called() {
        let sources = sources();
        for (device, wanted) in [
            (None, "alsa_input.pci"),
            (Some("desktop"), "stage.monitor"),
            (Some("alsa_input.usb"), "alsa_input.usb"),
            (Some("nt-usb"), "alsa_input.usb"),
            (Some("monitor of STAGE"), "stage.monitor"),
        ] {
            assert_eq!(
                text(&choose(device, &server(), &sources).unwrap().name),
                wanted,
                "{device:?}"
            );
        }
    }

    #[test]
    fn what_is_not_there_is_said_with_what_is() {
        let error = choose(Some("focusrite"), &server(), &sources()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no input is called focusrite; there are: Built-in Audio, RODE NT-USB Mono, Monitor of Stage, alsa_input.usb"
        );
        let bare = ServerInfo::default();
        assert_eq!(choose(None, &bare, &[]), Err(MicrophoneError::NoDefault));
        assert_eq!(
            choose(Some("desktop"), &bare, &sources()),
            Err(MicrophoneError::NoDesktop)
        );
        assert!(
            choose(Some("x"), &bare, &[])
                .unwrap_err()
                .to_string()
                .contains("none at all")
        );
    }

    #[test]
    fn channels_sit_where_the_server_says() {
        let map = ChannelMap::new([ChannelPosition::FrontRight, ChannelPosition::Lfe, ChannelPosition::Mono]);
        assert_eq!(places(&map), [Place::Right, Place::Nowhere, Place::Input]);
    }
}
