//! All parameters of a picture chain, in the order of the signal: names, ranges, steps and sentences. What is not here cannot
//! be set by anybody.

use super::settings::PictureSettings;
use crate::param::{Param, ParamKind, Unit, row};

/// A change from −100 to 100 around as it is.
const EITHER_WAY: ParamKind = ParamKind::number(-100.0, 100.0, 5.0, Unit::Percent);
const SHARE: ParamKind = ParamKind::number(0.0, 100.0, 5.0, Unit::Percent);

/// The parameters of a source's picture.
#[rustfmt::skip]
pub const PICTURE_PARAMS: &[Param<PictureSettings>] = &[
    row!(PictureSettings, "bypass", Picture, "bypass", switch, is_bypassed, "leaves out the whole chain, to compare"),
    row!(PictureSettings, "denoise", Denoise, "on", switch, denoise.is_on, "takes out noise that changes from picture to picture"),
    row!(PictureSettings, "denoise_percent", Denoise, "strength", SHARE, denoise.percent, "how large a change is still taken for noise and not for movement"),
    row!(PictureSettings, "sharpen", Sharpen, "on", switch, sharpen.is_on, "raises edges"),
    row!(PictureSettings, "sharpen_percent", Sharpen, "strength", SHARE, sharpen.percent, "by how much edges are raised"),
    row!(PictureSettings, "sharpen_floor", Sharpen, "floor", ParamKind::number(0.0, 16.0, 1.0, Unit::Plain), sharpen.floor, "what stands out by fewer of 256 steps is noise, and is not raised"),
    row!(PictureSettings, "levels", Levels, "on", switch, levels.is_on, "moves the darkest parts to black and the brightest to white, slowly"),
    row!(PictureSettings, "levels_percent", Levels, "strength", SHARE, levels.percent, "how far of the way to black and white"),
    row!(PictureSettings, "levels_s", Levels, "time", ParamKind::scale(0.5, 30.0, std::f64::consts::SQRT_2, Unit::Seconds), levels.seconds, "within this time most of a change of light is followed"),
    row!(PictureSettings, "brightness_percent", Tone, "brightness", EITHER_WAY, tone.brightness_percent, "lifts or lowers the middle tones; black and white stay"),
    row!(PictureSettings, "contrast_percent", Tone, "contrast", EITHER_WAY, tone.contrast_percent, "steeper or flatter around middle grey"),
    row!(PictureSettings, "saturation_percent", Tone, "saturation", EITHER_WAY, tone.saturation_percent, "more or less colour: -100 is grey"),
];

/// The parameter of a picture that is called so.
#[must_use]
pub fn picture_param(name: &str) -> Option<&'static Param<PictureSettings>> {
    PICTURE_PARAMS.iter().find(|param| param.name == name)
}

impl PictureSettings {
    /// The same settings with numbers that the chain can apply: what is out of range comes to its end, what is no number to
    /// its default.
    #[must_use]
    pub fn sanitised(mut self) -> Self {
        for param in PICTURE_PARAMS {
            param.sanitise(&mut self);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::{Adjust, Value, check_list};
    use proptest::prelude::*;

    #[test]
    fn each_row_reads_and_sets_its_own_field() {
        check_list(PICTURE_PARAMS);
    }

    #[test]
    fn a_chain_begins_with_nothing_switched_on() {
        for param in PICTURE_PARAMS {
            assert_ne!(param.default_value(), Value::Switch(true), "{}", param.name);
        }
    }

    proptest! {
        #[test]
        fn any_number_becomes_one_that_can_be_applied(at in 0..PICTURE_PARAMS.len(), bits in any::<u32>(), steps in -40..40) {
            let param = &PICTURE_PARAMS[at];
            let mut settings = PictureSettings::default();
            (param.set)(&mut settings, Value::Number(f32::from_bits(bits)));
            let mut settings = settings.sanitised();
            prop_assert!(param.allows((param.get)(&settings)));
            prop_assert_eq!(settings.sanitised(), settings);
            let _ = param.adjust(&mut settings, Adjust::Steps(steps));
            prop_assert!(param.allows((param.get)(&settings)));
        }
    }
}
