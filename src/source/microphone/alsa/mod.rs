//! Inputs of ALSA, where there is no sound server: through its library, which is loaded if it is here.

mod cards;
mod raw;

use std::ffi::CString;

pub(super) use cards::Input;
use raw::{Fault, Format, Library, Pcm};

use super::MicrophoneError;
use super::feed::{FRAGMENT_MS, Feed};
use super::mix::{Mix, usual_places};
use super::troubles::Troubles;
use crate::media::{SAMPLE_RATE, TimeDelta};
use crate::source::attempt::Outcome;
use crate::source::devices::MicrophoneSpec;
use crate::source::outlet::Outlet;
use crate::source::spec::{SourceAudio, SourceFormat, SourceState};

/// ALSA's name of the input that a system chooses.
const DEFAULT: &str = "default";

/// What a device keeps for a thread that is late.
const BUFFER_US: u32 = 200_000;

/// An order to stop is seen within this.
const STEP_MS: u16 = 50;

/// An input that has given nothing for so long is silent.
const QUIET_MS: i64 = 2_000;

/// A device that is so far ahead of time has no clock (a file, nothing at all): it is waited for.
const AHEAD_MS: i64 = 15;

/// So often it is looked whether somebody else has come who should have the devices.
const LOOK_MS: i64 = 1_000;

/// The inputs of the sound cards of this machine.
///
/// # Errors
/// In words, why there is none that could be used.
pub(super) fn inputs() -> Result<Vec<Input>, String> {
    let inputs = cards::inputs()?;
    match Library::load() {
        Ok(_) => Ok(inputs),
        Err(reason) => Err(MicrophoneError::NoLibrary(reason).to_string()),
    }
}

/// Records from what `spec` means, until an order or an error ends it, or `has_server` says that a sound server has come.
///
/// # Errors
/// What ended it.
pub(super) fn run(
    spec: &MicrophoneSpec,
    outlet: &mut Outlet,
    has_server: impl Fn() -> bool,
) -> Result<Outcome, MicrophoneError> {
    if spec.device.as_deref() == Some(MicrophoneSpec::DESKTOP) {
        return Err(MicrophoneError::DesktopNeedsServer);
    }
    let device = name_of(spec.device.as_deref(), &cards::inputs().unwrap_or_default());
    let library = Library::load().map_err(MicrophoneError::NoLibrary)?;
    let in_words = |(what, code): Fault| match -code {
        libc::EBUSY => MicrophoneError::Busy {
            device: device.clone(),
            by: cards::owners(),
        },
        libc::EACCES | libc::EPERM => MicrophoneError::NoPermission { device: device.clone() },
        _ => MicrophoneError::Alsa {
            device: device.clone(),
            what,
            why: library.word(code),
        },
    };
    let name = CString::new(device.clone()).unwrap_or_default();
    let mut pcm = Pcm::open(&library, &name).map_err(in_words)?;
    let channels = spec.channels.iter().copied().max().unwrap_or(0).max(2);
    let setup = pcm
        .set_up(SAMPLE_RATE, u32::from(channels), FRAGMENT_MS * 1_000, BUFFER_US)
        .map_err(in_words)?;
    let mix = Mix::new(&usual_places(setup.channels), &spec.channels)?;
    let mut feed = Feed::new(setup.rate, mix, setup.period)?;
    outlet.set_format(SourceFormat {
        video: None,
        audio: Some(SourceAudio::new(setup.rate, setup.channels as u16)),
    });
    pcm.start().map_err(in_words)?;
    tracing::info!(
        device,
        ?setup,
        latency_ms = feed.latency().to_millis(),
        "sound input opened"
    );

    let mut bytes = vec![0; setup.period * setup.channels * setup.format.bytes()];
    let mut samples = Vec::with_capacity(setup.period * setup.channels);
    let mut troubles = Troubles::default();
    let (mut sounded_at, mut looked_at) = (outlet.now(), outlet.now());
    while !outlet.is_over() {
        let got = pcm
            .wait(STEP_MS)
            .and_then(|is_ready| if is_ready { pcm.read(&mut bytes) } else { Ok(0) });
        let now = outlet.now();
        match got {
            Ok(0) => {
                if now - sounded_at > TimeDelta::from_millis(QUIET_MS) {
                    outlet.sound().finish();
                    outlet.set_state(SourceState::Away {
                        reason: format!("{device} gives nothing"),
                    });
                }
            }
            Ok(frames) => {
                sounded_at = now;
                samples.clear();
                convert(
                    setup.format,
                    &bytes[..frames * setup.channels * setup.format.bytes()],
                    &mut samples,
                );
                if let Some(trouble) = feed.put(now, &samples, outlet.sound()) {
                    troubles.note(trouble, now, outlet);
                }
                outlet.set_state(SourceState::Live);
                let ahead = feed.is_ahead(now).unwrap_or(TimeDelta::ZERO);
                if ahead > TimeDelta::from_millis(AHEAD_MS) {
                    outlet.wait_until(now + ahead);
                }
            }
            Err((_, code)) if [libc::EPIPE, libc::ESTRPIPE, libc::EINTR].contains(&-code) => {
                feed.stop(outlet.sound());
                pcm.recover(code).map_err(in_words)?;
            }
            Err(fault) => return Err(in_words(fault)),
        }
        if now - looked_at > TimeDelta::from_millis(LOOK_MS) {
            looked_at = now;
            if has_server() {
                return Err(MicrophoneError::ServerCame);
            }
        }
        outlet.report_drops(now);
    }
    Ok(Outcome::Stopped)
}

/// ALSA's name for what somebody called `device`: that of a card with it in what people call it, or what was written.
fn name_of(device: Option<&str>, inputs: &[Input]) -> String {
    let Some(device) = device else {
        return DEFAULT.to_owned();
    };
    let wanted = device.to_lowercase();
    let is_meant = |input: &&Input| input.title.to_lowercase().contains(&wanted);
    let card = inputs
        .iter()
        .find(is_meant)
        .filter(|_| device != DEFAULT && !device.contains(':'));
    card.map_or_else(|| device.to_owned(), |input| input.device.clone())
}

/// Samples of a device as floats, ±1.
fn convert(format: Format, bytes: &[u8], samples: &mut Vec<f32>) {
    const FULL: f32 = 1.0 / 2_147_483_648.0;
    let wide = |bytes: [u8; 4]| i32::from_le_bytes(bytes) as f32 * FULL;
    match format {
        Format::Float => samples.extend(bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes))),
        Format::S32 => samples.extend(bytes.as_chunks().0.iter().map(|bytes| wide(*bytes))),
        // The upper byte of four may be anything.
        Format::S24 => samples.extend(bytes.as_chunks().0.iter().map(|[a, b, c, _]| wide([0, *a, *b, *c]))),
        Format::S24In3 => samples.extend(bytes.as_chunks().0.iter().map(|[a, b, c]| wide([0, *a, *b, *c]))),
        Format::S16 => samples.extend(bytes.as_chunks().0.iter().map(|[a, b]| wide([0, 0, *a, *b]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_the_same_full_scale() {
        for (format, bytes) in [
            (Format::Float, [-0.5_f32, 0.25].map(f32::to_le_bytes).concat()),
            (
                Format::S32,
                [i32::MIN / 2, i32::MAX / 4 + 1].map(i32::to_le_bytes).concat(),
            ),
            (Format::S24, vec![0, 0, 0xc0, 0x77, 0, 0, 0x20, 0]),
            (Format::S24In3, vec![0, 0, 0xc0, 0, 0, 0x20]),
            (Format::S16, vec![0, 0xc0, 0, 0x20]),
        ] {
            let mut samples = Vec::new();
            convert(format, &bytes, &mut samples);
            assert_eq!(samples, [-0.5, 0.25], "{format:?}");
        }
    }

    #[test]
    fn a_card_is_found_by_what_it_is_called() {
        let inputs = [Input {
            device: "plughw:CARD=Mini,DEV=0".to_owned(),
            title: "RODE NT-USB Mini, USB Audio".to_owned(),
            is_allowed: true,
        }];
        for (device, wanted) in [
            (None, "default"),
            (Some("default"), "default"),
            (Some("nt-usb"), "plughw:CARD=Mini,DEV=0"),
            (Some("hw:1,0"), "hw:1,0"),
            (Some("studio"), "studio"),
        ] {
            assert_eq!(name_of(device, &inputs), wanted, "{device:?}");
        }
    }
}
