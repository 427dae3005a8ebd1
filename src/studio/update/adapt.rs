//! What the update makes of adaptation: the operator's orders to the controller, and the controller's decisions.

use super::{Effect, Refusal, Unit};
use crate::adapt::{Change, Pin, PinKind, Quality, State, What};
use crate::media::Rate;
use crate::studio::command::{Kbps, PinWord, Pinned, Switch};
use crate::studio::model::{Adapted, EventLevel};

const ADAPT: &str = "adapt";

/// The source rendition: what an operator pins.
const SOURCE: usize = 0;

/// What a bitrate may be set to, in kbit/s.
const KBPS: std::ops::RangeInclusive<u32> = 50..=100_000;

/// The most that a frame rate is divided by.
const MOST_DIVISOR: u32 = 3;

/// What the controller is told to do.
#[derive(Clone, Debug, PartialEq)]
pub enum AdaptOrder {
    /// To adapt at all.
    On(bool),
    /// By which policy.
    Policy(String),
    /// To leave a value as it is held.
    Pin(Pin),
    /// To take one back, or all.
    Release(Option<PinKind>),
}

impl Unit<'_> {
    fn order(&mut self, order: AdaptOrder) {
        self.effects.push(Effect::Adapt(order));
    }

    pub(super) fn bitrate(&mut self, kbps: Kbps) {
        let encoder = &mut self.studio.encoder;
        let now = Rate {
            control: encoder.control,
            kbps: encoder.video_kbps,
        };
        let kbps = match kbps {
            Kbps::Set(kbps) => kbps,
            Kbps::Change(step) => now.kbps.saturating_add_signed(step),
        };
        let kbps = kbps.clamp(*KBPS.start(), *KBPS.end());
        let rate = now.at(kbps);
        (encoder.video_kbps, encoder.control) = (rate.kbps, rate.control);
        self.effects.push(Effect::Rate(SOURCE, rate));
        self.pinned(Pin::Kbps(SOURCE, kbps), format!("video bitrate is {kbps} kbit/s"));
    }

    /// The controller is told, and whoever looks.
    fn pinned(&mut self, pin: Pin, text: String) {
        let pins = &mut self.studio.adapt.state.pins;
        pins.retain(|held| held.kind() != pin.kind());
        pins.push(pin);
        self.order(AdaptOrder::Pin(pin));
        let text = if self.studio.adapt.state.is_on {
            format!("{text}, held until it is released")
        } else {
            text
        };
        self.event(EventLevel::Info, ADAPT, text);
    }

    pub(super) fn adapt(&mut self, switch: Switch) {
        let is_on = switch.apply(self.studio.adapt.state.is_on);
        self.studio.adapt.state.is_on = is_on;
        self.order(AdaptOrder::On(is_on));
        let text = if is_on {
            format!("follows network and audience by policy {}", self.studio.adapt.state.policy)
        } else {
            "off: everything is as the scene file says".to_owned()
        };
        self.event(EventLevel::Info, ADAPT, text);
    }

    pub(super) fn adapt_policy(&mut self, name: String) -> Result<(), Refusal> {
        let mut names = self.studio.adapt.policies.iter().map(|policy| &policy.name);
        if !names.clone().any(|known| *known == name) {
            return Err(super::unknown("adapt policy", name, &mut names));
        }
        self.event(EventLevel::Info, ADAPT, format!("policy is {name}"));
        self.studio.adapt.state.policy.clone_from(&name);
        self.order(AdaptOrder::Policy(name));
        Ok(())
    }

    pub(super) fn pin(&mut self, pinned: Pinned) -> Result<(), Refusal> {
        let (pin, text) = match pinned {
            Pinned::Bitrate(kbps) => {
                self.bitrate(kbps);
                return Ok(());
            }
            Pinned::FrameRate(wanted) => {
                let program = self.studio.format.frame_rate.as_f64();
                let divisor = (program / f64::from(wanted.max(1))).round() as u32;
                let is_near = (program / f64::from(divisor.max(1)) - f64::from(wanted)).abs() < 1.0;
                if !is_near || !(1..=MOST_DIVISOR).contains(&divisor) {
                    let rates = (1..=MOST_DIVISOR).map(|by| format!("{:.4}", program / f64::from(by)));
                    let rates = rates.map(|rate| rate.trim_end_matches('0').trim_end_matches('.').to_owned());
                    return Err(Refusal::FrameRate {
                        wanted,
                        known: rates.collect::<Vec<_>>().join(", "),
                    });
                }
                let text = format!("{wanted} pictures per second");
                (Pin::FrameRate(SOURCE, divisor), text)
            }
            Pinned::Height(height) => {
                let most = self.studio.format.height;
                if height > most {
                    return Err(Refusal::Height { height, most });
                }
                (Pin::Height(SOURCE, height & !1), format!("pictures have {height} lines"))
            }
            Pinned::Sound(kbps) => (Pin::SoundKbps(kbps), format!("sound is {kbps} kbit/s")),
            Pinned::Tier(tier) => (Pin::Tier(tier), format!("the audience counts as {}", tier.word())),
        };
        self.pinned(pin, text);
        Ok(())
    }

    pub(super) fn release(&mut self, what: Option<PinWord>) -> Result<(), Refusal> {
        let kind = what.map(PinWord::kind);
        let pins = &mut self.studio.adapt.state.pins;
        let before = pins.len();
        pins.retain(|pin| kind.is_some_and(|kind| pin.kind() != kind));
        if pins.len() == before {
            return Err(Refusal::NothingPinned);
        }
        self.order(AdaptOrder::Release(kind));
        let text = match what {
            Some(what) => format!("{} is given back", what.word()),
            None => "everything is given back".to_owned(),
        };
        self.event(EventLevel::Info, ADAPT, text);
        Ok(())
    }

    /// The controller has decided.
    pub(super) fn adapted(&mut self, changes: Vec<Change>, state: State) {
        for Change { what, reason } in changes {
            let level = match &what {
                // Twice a second while it climbs: those are listed with their reasons, and nobody is called for them.
                What::Rate(..) => None,
                What::Quality(Quality::Poor) | What::LeftBehind(_, true) => Some(EventLevel::Warning),
                _ => Some(EventLevel::Info),
            };
            if let Some(level) = level {
                self.event(level, ADAPT, reason.clone());
            }
            let at = self.now;
            self.studio.adapt.remember(Adapted { at, reason });
            self.follow(what);
        }
        self.studio.adapt.state = state;
    }

    fn follow(&mut self, what: What) {
        let encoder = &mut self.studio.encoder;
        let effect = match what {
            What::Rate(line, rate) => {
                if line == SOURCE {
                    (encoder.video_kbps, encoder.control) = (rate.kbps, rate.control);
                    // What was measured belongs to another target.
                    encoder.seconds_over = 0;
                } else if let Some(rendition) = self.studio.renditions.get_mut(line - 1) {
                    rendition.video_kbps = rate.kbps;
                }
                Effect::Rate(line, rate)
            }
            What::FrameRate(line, divisor) => {
                if line == SOURCE {
                    encoder.divisor = divisor;
                }
                Effect::FrameRate(line, divisor)
            }
            What::Size(line, width, height) => {
                if line == SOURCE {
                    (encoder.width, encoder.height) = (width, height);
                }
                Effect::Size(line, width, height)
            }
            What::Sound { kbps } => {
                encoder.audio_kbps = kbps;
                Effect::SoundKbps(kbps)
            }
            What::SoundRate(rate) => {
                if let Ok(rate) = rate.try_into() {
                    encoder.audio_rate = rate;
                }
                Effect::SoundRate(encoder.audio_rate)
            }
            What::Ladder(count) => Effect::Ladder(count),
            What::Quality(_) | What::Tier(_) | What::LeftBehind(..) => return,
        };
        self.effects.push(effect);
    }

    pub(super) fn trace(&mut self, path: Result<Option<String>, String>) {
        let text = match path {
            Ok(path) => {
                let text = match &path {
                    Some(path) => format!("what is seen of the network is written to {path}"),
                    None => "the trace has ended".to_owned(),
                };
                self.studio.adapt.trace = path;
                text
            }
            Err(reason) => {
                self.studio.adapt.trace = None;
                return self.event(EventLevel::Error, "trace", reason);
            }
        };
        self.event(EventLevel::Info, "trace", text);
    }
}
