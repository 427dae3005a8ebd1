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
            format!(
                "follows network and audience by policy {}",
                self.studio.adapt.state.policy
            )
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
                (
                    Pin::Height(SOURCE, height & !1),
                    format!("pictures have {height} lines"),
                )
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
            self.follow(&what);
        }
        self.studio.adapt.state = state;
    }

    fn follow(&mut self, what: &What) {
        let encoder = &mut self.studio.encoder;
        let effect = match *what {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapt::Tier;
    use crate::media::{RateControl, Timestamp};
    use crate::studio::command::Command;
    use crate::studio::model::{AdaptPolicyModel, Studio};
    use crate::studio::update::{Input, update};

    fn studio() -> Studio {
        let show = crate::scene::demo(&[], &|_| None).unwrap();
        let mut studio = crate::studio::opening::studio("test", &show);
        studio.adapt.state.is_on = true;
        studio.adapt.state.policy = "steady".to_owned();
        studio.adapt.policies = ["steady", "sports"]
            .map(|name| AdaptPolicyModel {
                name: name.to_owned(),
                title: String::new(),
            })
            .to_vec();
        studio
    }

    /// The effects without events, and the events' words.
    fn order(studio: &mut Studio, command: Command) -> Result<(Vec<Effect>, Vec<String>), Refusal> {
        feed(studio, Input::Command(command))
    }

    fn feed(studio: &mut Studio, input: Input) -> Result<(Vec<Effect>, Vec<String>), Refusal> {
        let (events, effects): (Vec<_>, Vec<_>) = update(studio, input, Timestamp::ZERO)?
            .into_iter()
            .partition(|effect| matches!(effect, Effect::Event(_)));
        let text = |effect| match effect {
            Effect::Event(event) => event.text,
            _ => unreachable!(),
        };
        Ok((effects, events.into_iter().map(text).collect()))
    }

    const CBR: RateControl = RateControl::Constant;

    #[test]
    fn a_pinned_bitrate_holds_at_once_and_steps_go_from_what_is() {
        let mut studio = studio();
        let (effects, told) = order(&mut studio, Command::Bitrate(Kbps::Set(1800))).unwrap();
        let rate = |kbps| Effect::Rate(0, Rate { control: CBR, kbps });
        let pin = |kbps| Effect::Adapt(AdaptOrder::Pin(Pin::Kbps(0, kbps)));
        assert_eq!(effects, [rate(1800), pin(1800)]);
        assert_eq!(told, ["video bitrate is 1800 kbit/s, held until it is released"]);
        let (effects, _) = order(&mut studio, Command::Bitrate(Kbps::Change(-250))).unwrap();
        assert_eq!(effects, [rate(1550), pin(1550)]);
        assert_eq!(studio.adapt.state.pins, [Pin::Kbps(0, 1550)], "one pin of a kind");
        let (effects, _) = order(&mut studio, Command::Bitrate(Kbps::Change(-9000))).unwrap();
        assert_eq!(effects, [rate(50), pin(50)]);
        order(&mut studio, Command::AdaptRelease(None)).unwrap();
        assert!(studio.adapt.state.pins.is_empty());
        assert_eq!(
            order(&mut studio, Command::AdaptRelease(None)),
            Err(Refusal::NothingPinned)
        );
    }

    #[test]
    fn what_cannot_be_held_is_refused_with_what_can() {
        let mut studio = studio();
        let pin = |pinned| Command::AdaptPin(pinned);
        let error = order(&mut studio, pin(Pinned::FrameRate(20))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "20 pictures per second cannot be had; the program's can be 30, 15, 10"
        );
        assert_eq!(
            order(&mut studio, pin(Pinned::Height(1080))),
            Err(Refusal::Height {
                height: 1080,
                most: 720
            })
        );
        let (effects, _) = order(&mut studio, pin(Pinned::FrameRate(15))).unwrap();
        assert_eq!(effects, [Effect::Adapt(AdaptOrder::Pin(Pin::FrameRate(0, 2)))]);
        let (effects, _) = order(&mut studio, pin(Pinned::Height(481))).unwrap();
        assert_eq!(effects, [Effect::Adapt(AdaptOrder::Pin(Pin::Height(0, 480)))]);
        let (effects, told) = order(&mut studio, pin(Pinned::Tier(Tier::Good))).unwrap();
        assert_eq!(effects, [Effect::Adapt(AdaptOrder::Pin(Pin::Tier(Tier::Good)))]);
        assert_eq!(told, ["the audience counts as good, held until it is released"]);
        let released = order(&mut studio, Command::AdaptRelease(Some(PinWord::Sound)));
        assert_eq!(released, Err(Refusal::NothingPinned));
        let (effects, _) = order(&mut studio, Command::AdaptRelease(Some(PinWord::Tier))).unwrap();
        assert_eq!(effects, [Effect::Adapt(AdaptOrder::Release(Some(PinKind::Tier)))]);
        assert_eq!(studio.adapt.state.pins.len(), 2);
    }

    #[test]
    fn policies_go_by_name_and_the_whole_can_be_switched_off() {
        let mut studio = studio();
        let error = order(&mut studio, Command::AdaptPolicy("sport".into())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no adapt policy 'sport'; there is steady, sports"
        );
        let (effects, _) = order(&mut studio, Command::AdaptPolicy("sports".into())).unwrap();
        assert_eq!(effects, [Effect::Adapt(AdaptOrder::Policy("sports".into()))]);
        let (effects, told) = order(&mut studio, Command::Adapt(Switch::Toggle)).unwrap();
        assert_eq!(effects, [Effect::Adapt(AdaptOrder::On(false))]);
        assert_eq!(told, ["off: everything is as the scene file says"]);
        let (_, told) = order(&mut studio, Command::Bitrate(Kbps::Set(900))).unwrap();
        assert_eq!(told, ["video bitrate is 900 kbit/s"], "nothing would take it away");
    }

    #[test]
    fn each_decision_is_done_and_kept_with_its_reason_and_few_are_events() {
        let mut studio = studio();
        let change = |what, reason: &str| Change {
            what,
            reason: reason.to_owned(),
        };
        let rate = Rate {
            control: CBR,
            kbps: 870,
        };
        let changes = vec![
            change(What::Rate(0, rate), "2500 → 870 kbit/s"),
            change(What::Rate(1, rate), "480p"),
            change(What::FrameRate(0, 2), "half"),
            change(What::Size(0, 854, 480), "smaller"),
            change(What::Sound { kbps: 96 }, "less sound"),
            change(What::SoundRate(44_100), "fewer samples"),
            change(What::Ladder(1), "fewer renditions"),
            change(What::Quality(Quality::Poor), "the network is poor"),
        ];
        let state = State {
            quality: Quality::Poor,
            ..State::default()
        };
        let (effects, told) = feed(&mut studio, Input::Adapted(changes, Box::new(state))).unwrap();
        assert_eq!(
            effects,
            [
                Effect::Rate(0, rate),
                Effect::Rate(1, rate),
                Effect::FrameRate(0, 2),
                Effect::Size(0, 854, 480),
                Effect::SoundKbps(96),
                Effect::SoundRate(crate::encode::AudioRate::Hz44100),
                Effect::Ladder(1),
            ]
        );
        assert_eq!(
            told,
            [
                "half",
                "smaller",
                "less sound",
                "fewer samples",
                "fewer renditions",
                "the network is poor"
            ]
        );
        let encoder = &studio.encoder;
        assert_eq!(
            (encoder.video_kbps, encoder.divisor, encoder.height, encoder.audio_kbps),
            (870, 2, 480, 96)
        );
        assert_eq!(studio.adapt.changes.len(), 8);
        assert_eq!(studio.adapt.state.quality, Quality::Poor);
    }

    #[test]
    fn a_trace_is_told_when_it_begins_and_ends() {
        let mut studio = studio();
        assert_eq!(order(&mut studio, Command::TraceStop), Err(Refusal::NoTrace));
        let relative = order(&mut studio, Command::TraceStart("a.ndjson".into()));
        assert_eq!(relative, Err(Refusal::RelativePath("a.ndjson".into())));
        feed(&mut studio, Input::Trace(Ok(Some("/tmp/a.ndjson".into())))).unwrap();
        assert_eq!(order(&mut studio, Command::TraceStop).unwrap().0, [Effect::TraceStop]);
        let (_, told) = feed(&mut studio, Input::Trace(Err("the disk is full".into()))).unwrap();
        assert_eq!((told, studio.adapt.trace), (vec!["the disk is full".to_owned()], None));
    }
}
