//! All parameters of a strip and of the buses, in the order of the signal: the one place where names, ranges, steps and
//! sentences are. What is not here cannot be set by anybody.

use super::bus::BusSettings;
use super::strip::{MAX_GAIN_DB, MIN_GAIN_DB, Role, StripSettings};
use crate::param::{Param, ParamKind, Stage, Step, Unit, Value, row};

const ROLES: &[&str] = &["other", "voice", "music"];

const fn level(low: f64, high: f64, step: f64) -> ParamKind {
    ParamKind::Number {
        low,
        high,
        step: Step::Add(step),
        unit: Unit::Db,
        has_off: true,
    }
}

/// A sixth of an octave.
const HZ: f64 = 1.122_462_048_309_373;

/// The settings of sends below which nothing is sent.
const SEND_OFF_DB: f32 = -60.0;

macro_rules! send {
    ($name:literal, $label:literal, $field:ident, $doc:literal) => {
        Param::<StripSettings> {
            name: $name,
            stage: Stage::Fader,
            label: $label,
            kind: level(SEND_OFF_DB as f64, 12.0, 1.0),
            doc: $doc,
            get: |settings| Value::Number(settings.$field.unwrap_or(SEND_OFF_DB)),
            set: |settings, value| {
                if let Value::Number(number) = value {
                    settings.$field = (number > SEND_OFF_DB).then_some(number);
                }
            },
        }
    };
}

/// The parameters of a strip.
#[rustfmt::skip]
pub const STRIP_PARAMS: &[Param<StripSettings>] = &[
    Param {
        name: "role",
        stage: Stage::Strip,
        label: "role",
        kind: ParamKind::Choice(ROLES),
        doc: "what it carries: music ducks under a voice",
        get: |settings| Value::Choice(settings.role as usize),
        set: |settings, value| {
            if let Value::Choice(at) = value {
                settings.role = [Role::Other, Role::Voice, Role::Music].get(at).copied().unwrap_or_default();
            }
        },
    },
    row!(StripSettings, "bypass", Strip, "bypass", switch, is_bypassed, "leaves out every stage from high-pass to ride, to compare"),
    row!(StripSettings, "high_pass", HighPass, "on", switch, high_pass.is_on, "takes out rumble"),
    row!(StripSettings, "high_pass_hz", HighPass, "frequency", ParamKind::scale(20.0, 400.0, HZ, Unit::Hz), high_pass.hz, "where the high-pass is 3 dB down"),
    row!(StripSettings, "denoise", Denoise, "on", switch, denoise.is_on, "takes steady noise out of a voice"),
    row!(StripSettings, "denoise_percent", Denoise, "strength", ParamKind::number(0.0, 100.0, 5.0, Unit::Percent), denoise.percent, "how much of what is heard is denoised"),
    row!(StripSettings, "gate", Gate, "on", switch, gate.is_on, "turns down what is quiet: pauses"),
    row!(StripSettings, "gate_threshold_db", Gate, "threshold", ParamKind::number(-80.0, 0.0, 1.0, Unit::Db), gate.threshold_db, "below this level the gate turns down"),
    row!(StripSettings, "gate_ratio", Gate, "ratio", ParamKind::scale(1.0, 20.0, HZ, Unit::Ratio), gate.ratio, "how steeply: 2 is a soft expander, 20 a gate"),
    row!(StripSettings, "gate_range_db", Gate, "range", ParamKind::number(0.0, 80.0, 1.0, Unit::Db), gate.range_db, "the gate never turns down by more"),
    row!(StripSettings, "gate_attack_ms", Gate, "attack", ParamKind::scale(0.1, 100.0, HZ, Unit::Ms), gate.attack_ms, "how fast the gate opens"),
    row!(StripSettings, "gate_hold_ms", Gate, "hold", ParamKind::number(0.0, 2000.0, 10.0, Unit::Ms), gate.hold_ms, "how long the gate stays open after the level has fallen"),
    row!(StripSettings, "gate_release_ms", Gate, "release", ParamKind::scale(5.0, 4000.0, HZ, Unit::Ms), gate.release_ms, "how fast the gate closes"),
    row!(StripSettings, "eq", Eq, "on", switch, eq.is_on, "shapes the tone in four bands"),
    row!(StripSettings, "eq_low_db", Eq, "low gain", ParamKind::number(-18.0, 18.0, 0.5, Unit::Db), eq.low.gain_db, "gain below eq_low_hz"),
    row!(StripSettings, "eq_low_hz", Eq, "low frequency", ParamKind::scale(30.0, 500.0, HZ, Unit::Hz), eq.low.hz, "the low shelf's corner"),
    row!(StripSettings, "eq_mid1_db", Eq, "mid 1 gain", ParamKind::number(-18.0, 18.0, 0.5, Unit::Db), eq.mid1.gain_db, "gain around eq_mid1_hz"),
    row!(StripSettings, "eq_mid1_hz", Eq, "mid 1 frequency", ParamKind::scale(60.0, 8000.0, HZ, Unit::Hz), eq.mid1.hz, "the lower bell's middle"),
    row!(StripSettings, "eq_mid1_q", Eq, "mid 1 Q", ParamKind::scale(0.3, 10.0, HZ, Unit::Plain), eq.mid1.q, "how narrow the lower bell is"),
    row!(StripSettings, "eq_mid2_db", Eq, "mid 2 gain", ParamKind::number(-18.0, 18.0, 0.5, Unit::Db), eq.mid2.gain_db, "gain around eq_mid2_hz"),
    row!(StripSettings, "eq_mid2_hz", Eq, "mid 2 frequency", ParamKind::scale(200.0, 16000.0, HZ, Unit::Hz), eq.mid2.hz, "the upper bell's middle"),
    row!(StripSettings, "eq_mid2_q", Eq, "mid 2 Q", ParamKind::scale(0.3, 10.0, HZ, Unit::Plain), eq.mid2.q, "how narrow the upper bell is"),
    row!(StripSettings, "eq_high_db", Eq, "high gain", ParamKind::number(-18.0, 18.0, 0.5, Unit::Db), eq.high.gain_db, "gain above eq_high_hz"),
    row!(StripSettings, "eq_high_hz", Eq, "high frequency", ParamKind::scale(1500.0, 18000.0, HZ, Unit::Hz), eq.high.hz, "the high shelf's corner"),
    row!(StripSettings, "compressor", Compressor, "on", switch, compressor.is_on, "evens out loud and quiet"),
    row!(StripSettings, "compressor_threshold_db", Compressor, "threshold", ParamKind::number(-60.0, 0.0, 1.0, Unit::Db), compressor.threshold_db, "above this level the compressor turns down"),
    row!(StripSettings, "compressor_ratio", Compressor, "ratio", ParamKind::scale(1.0, 20.0, HZ, Unit::Ratio), compressor.ratio, "so many dB more going in are one dB more coming out"),
    row!(StripSettings, "compressor_knee_db", Compressor, "knee", ParamKind::number(0.0, 24.0, 1.0, Unit::Db), compressor.knee_db, "over so many dB the curve bends"),
    row!(StripSettings, "compressor_attack_ms", Compressor, "attack", ParamKind::scale(0.1, 200.0, HZ, Unit::Ms), compressor.attack_ms, "how fast the compressor turns down"),
    row!(StripSettings, "compressor_release_ms", Compressor, "release", ParamKind::scale(5.0, 2000.0, HZ, Unit::Ms), compressor.release_ms, "how fast the compressor lets go"),
    row!(StripSettings, "compressor_makeup_db", Compressor, "make-up", ParamKind::number(0.0, 24.0, 0.5, Unit::Db), compressor.makeup_db, "added behind the compressor"),
    row!(StripSettings, "de_esser", DeEsser, "on", switch, de_esser.is_on, "turns down sharp s-sounds"),
    row!(StripSettings, "de_esser_hz", DeEsser, "frequency", ParamKind::scale(2500.0, 12000.0, HZ, Unit::Hz), de_esser.hz, "above this frequency the de-esser listens and turns down"),
    row!(StripSettings, "de_esser_threshold_db", DeEsser, "threshold", ParamKind::number(-60.0, 0.0, 1.0, Unit::Db), de_esser.threshold_db, "above this level up there the de-esser turns down"),
    row!(StripSettings, "de_esser_range_db", DeEsser, "range", ParamKind::number(0.0, 24.0, 1.0, Unit::Db), de_esser.range_db, "the de-esser never turns down by more"),
    row!(StripSettings, "ride", Ride, "on", switch, ride.is_on, "rides the gain by itself towards the loudness target of the buses"),
    row!(StripSettings, "ride_range_db", Ride, "range", ParamKind::number(0.0, 20.0, 1.0, Unit::Db), ride.range_db, "the ride never goes further from the set gain"),
    row!(StripSettings, "gain_db", Fader, "gain", ParamKind::number(MIN_GAIN_DB as f64, MAX_GAIN_DB as f64, 1.0, Unit::Db), gain_db, "louder or quieter"),
    row!(StripSettings, "pan_percent", Fader, "pan", ParamKind::number(-100.0, 100.0, 5.0, Unit::Percent), pan_percent, "-100 is left, 100 is right"),
    row!(StripSettings, "delay_ms", Fader, "delay", ParamKind::number(0.0, 500.0, 5.0, Unit::Ms), delay_ms, "later by so much, for pictures that come late"),
    send!("send_a_db", "send A", send_a_db, "how much of it goes to aux bus A"),
    send!("send_b_db", "send B", send_b_db, "how much of it goes to aux bus B"),
    row!(StripSettings, "afv", Fader, "AFV", switch, is_afv, "audio follows video: heard only while its source is seen on program"),
    row!(StripSettings, "mute", Fader, "mute", switch, is_muted, "silent on program"),
    row!(StripSettings, "solo", Fader, "solo", switch, is_solo, "alone on the monitor bus, PFL"),
];

/// The parameters of the buses.
#[rustfmt::skip]
pub const BUS_PARAMS: &[Param<BusSettings>] = &[
    row!(BusSettings, "target_lufs", Loudness, "target", ParamKind::number(-40.0, -5.0, 1.0, Unit::Lufs), target_lufs, "how loud the show is meant to be: what the meter is held against and rides aim for"),
    row!(BusSettings, "ceiling_dbtp", Limiter, "ceiling", ParamKind::number(-12.0, -0.1, 0.5, Unit::Dbtp), ceiling_dbtp, "what program does not exceed, true peak"),
    row!(BusSettings, "duck", Ducking, "on", switch, ducking.is_on, "turns strips of role music down while one of role voice is heard"),
    row!(BusSettings, "duck_by_db", Ducking, "by", ParamKind::number(0.0, 60.0, 1.0, Unit::Db), ducking.by_db, "by how much music goes down"),
    row!(BusSettings, "duck_threshold_db", Ducking, "threshold", ParamKind::number(-70.0, 0.0, 1.0, Unit::Db), ducking.threshold_db, "a voice above this level is heard"),
    row!(BusSettings, "duck_attack_ms", Ducking, "attack", ParamKind::scale(5.0, 500.0, HZ, Unit::Ms), ducking.attack_ms, "how long music takes to go down"),
    row!(BusSettings, "duck_hold_ms", Ducking, "hold", ParamKind::number(0.0, 5000.0, 50.0, Unit::Ms), ducking.hold_ms, "how long music stays down after the last word"),
    row!(BusSettings, "duck_release_ms", Ducking, "release", ParamKind::scale(50.0, 5000.0, HZ, Unit::Ms), ducking.release_ms, "how long music takes to come back"),
];

/// The parameter of a strip that is called so.
#[must_use]
pub fn strip_param(name: &str) -> Option<&'static Param<StripSettings>> {
    STRIP_PARAMS.iter().find(|param| param.name == name)
}

/// The parameter of the buses that is called so.
#[must_use]
pub fn bus_param(name: &str) -> Option<&'static Param<BusSettings>> {
    BUS_PARAMS.iter().find(|param| param.name == name)
}

impl StripSettings {
    /// The same settings with numbers that a strip can apply: what is out of range comes to its end, what is no number
    /// to its default.
    #[must_use]
    pub fn sanitised(mut self) -> Self {
        for param in STRIP_PARAMS {
            param.sanitise(&mut self);
        }
        self
    }
}

impl BusSettings {
    /// The same settings with numbers that the buses can apply.
    #[must_use]
    pub fn sanitised(mut self) -> Self {
        for param in BUS_PARAMS {
            param.sanitise(&mut self);
        }
        self
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;
    use crate::param::{Adjust, check_list};
    use proptest::prelude::*;

    #[test]
    fn each_row_reads_and_sets_its_own_field() {
        check_list(STRIP_PARAMS);
        check_list(BUS_PARAMS);
    }

    #[test]
    fn words_become_values() {
        for (name, word, shown) in [
            ("gain_db", "-6", "-6dB"),
            ("gain_db", "-6dB", "-6dB"),
            ("gain_db", "+3", "3dB"),
            ("gain_db", "-=1.5", "-1.5dB"),
            ("high_pass_hz", "0.1k", "100Hz"),
            ("eq_mid2_hz", "2.5k", "2500Hz"),
            ("gate", "toggle", "on"),
            ("gate", "off", "off"),
            ("role", "music", "music"),
            ("role", "previous", "music"),
            ("send_a_db", "-12", "-12dB"),
            ("send_a_db", "off", "off"),
            ("gate_ratio", "2:1", "2:1"),
            ("compressor_attack_ms", "next", "8.98ms"),
            ("gain_db", "next", "1dB"),
            ("gain_db", "+10steps", "10dB"),
            ("gain_db", "-=3steps", "-3dB"),
            ("gate", "+10steps", "on"),
            ("pan_percent", "-50%", "-50%"),
        ] {
            let param = strip_param(name).unwrap();
            let mut settings = StripSettings::default();
            let adjust = param.read(word).unwrap_or_else(|| panic!("{name} {word}"));
            param.adjust(&mut settings, adjust).unwrap();
            assert_eq!(param.show((param.get)(&settings)).to_string(), shown, "{name} {word}");
        }
        for (name, word) in [
            ("gain_db", "loud"),
            ("gate", "1"),
            ("role", "drum"),
            ("gain_db", "inf"),
            ("gain_db", ""),
            ("gain_db", "10steps"),
            ("gain_db", "+-2steps"),
            ("gain_db", "+9999steps"),
        ] {
            assert_eq!(strip_param(name).unwrap().read(word), None, "{name} {word}");
        }
    }

    #[test]
    fn what_is_out_of_range_is_refused_and_steps_stop_at_the_ends() {
        let gain = strip_param("gain_db").unwrap();
        let mut settings = StripSettings::default();
        let refused = gain
            .adjust(&mut settings, Adjust::Set(Value::Number(25.0)))
            .unwrap_err();
        assert_eq!(refused.expected, "-60 to 24 dB; +1 and -=1 change it");
        assert_eq!(settings, StripSettings::default());
        gain.adjust(&mut settings, Adjust::Change(400.0)).unwrap();
        assert_eq!(settings.gain_db, 24.0);
        gain.adjust(&mut settings, Adjust::Steps(-200)).unwrap();
        assert_eq!(settings.gain_db, -60.0);
    }

    proptest! {
        #[test]
        fn any_number_becomes_one_that_can_be_applied(at in 0..STRIP_PARAMS.len(), bits in any::<u32>()) {
            let param = &STRIP_PARAMS[at];
            let mut settings = StripSettings::default();
            (param.set)(&mut settings, Value::Number(f32::from_bits(bits)));
            let settings = settings.sanitised();
            prop_assert!(param.allows((param.get)(&settings)));
            prop_assert_eq!(settings.sanitised(), settings);
        }

        #[test]
        fn steps_up_and_down_stay_in_range(at in 0..STRIP_PARAMS.len(), steps in proptest::collection::vec(-3..=3, 0..60)) {
            let param = &STRIP_PARAMS[at];
            let mut settings = StripSettings::default();
            for by in steps {
                let _ = param.adjust(&mut settings, Adjust::Steps(by));
                prop_assert!(param.allows((param.get)(&settings)));
            }
        }

        #[test]
        fn no_word_panics(at in 0..STRIP_PARAMS.len(), word in ".{0,12}") {
            let param = &STRIP_PARAMS[at];
            if let Some(adjust) = param.read(&word) {
                let mut settings = StripSettings::default();
                let _ = param.adjust(&mut settings, adjust);
                prop_assert!(param.allows((param.get)(&settings)));
            }
        }
    }
}
