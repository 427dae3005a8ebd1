//! Meters as events: `InputVolumeMeters`, twenty times a second for those who ask for them.

use serde_json::{Value, json};

use super::names::{Thing, mul, uuid};
use crate::studio::model::{Meters, Studio};

/// Below this a level is nothing.
const FLOOR_DBFS: f32 = -90.0;

/// `eventData`: for each input with sound and each channel the RMS, the peak, and the peak before the fader, as factors.
///
/// Meters of a strip stand behind its gain and before its mute. So a muted one has a peak before the fader alone, as it has in
/// OBS; and that peak is the one behind the fader with the gain taken out, not what the source sent, which no meter shows.
#[must_use]
pub fn levels(studio: &Studio, meters: &Meters) -> Value {
    let strips = studio.strips.iter().zip(&meters.strips);
    let inputs = strips.map(|(strip, meter)| {
        let is_muted = studio.effective(strip).is_muted;
        let factor = |db: f32| if db <= FLOOR_DBFS { 0.0 } else { mul(db.into()) };
        let heard = |db: f32| if is_muted { 0.0 } else { factor(db) };
        let channels = meter.rms_dbfs.iter().zip(meter.peak_dbfs);
        let channels: Vec<_> = channels
            .map(|(rms, peak)| {
                [
                    heard(*rms),
                    heard(peak),
                    factor(peak) / mul(strip.settings.gain_db.into()),
                ]
            })
            .collect();
        json!({
            "inputName": strip.name,
            "inputUuid": uuid(Thing::Input, &strip.name),
            "inputLevelsMul": channels,
        })
    });
    let inputs: Vec<_> = inputs.collect();
    json!({ "inputs": inputs })
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::studio;
    use super::*;
    use crate::studio::model::StripMeter;

    #[test]
    fn a_muted_input_is_seen_to_work() {
        let mut studio = studio();
        let meter = StripMeter {
            peak_dbfs: [-6.0, -90.0],
            rms_dbfs: [-20.0, -90.0],
            ..StripMeter::default()
        };
        let meters = Meters {
            strips: vec![meter; studio.strips.len()],
            ..Meters::default()
        };
        studio.strips[0].settings.gain_db = -6.0;
        let near = |value: &Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 1e-3;
        let all = levels(&studio, &meters);
        let left = &all["inputs"][0]["inputLevelsMul"][0];
        assert!(
            near(&left[0], 0.1) && near(&left[1], 0.501) && near(&left[2], 1.0),
            "{left}"
        );
        assert_eq!(all["inputs"][0]["inputLevelsMul"][1], json!([0.0, 0.0, 0.0]));
        studio.strips[0].settings.is_muted = true;
        let left = &levels(&studio, &meters)["inputs"][0]["inputLevelsMul"][0];
        assert!(
            near(&left[0], 0.0) && near(&left[1], 0.0) && near(&left[2], 1.0),
            "{left}"
        );
    }
}
