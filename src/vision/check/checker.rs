//! All checks of pictures together.

use super::blocked::{Found, ImageFinder};
use super::classify::{Classifier, Eye};
use super::codes::{Code, CodeKind, CodeReader};
use super::presence::{Presence, Sighting};
use super::settings::{CheckError, CheckSettings};
use super::verdict::{CheckKind, PictureVerdict};
use crate::media::{Timestamp, Turn, VideoFrame};
use crate::picture::{BlackWatch, FrozenWatch};

/// Looks at pictures for everything that it is asked to.
pub struct PictureChecker {
    settings: CheckSettings,
    codes: CodeReader,
    images: ImageFinder,
    black: BlackWatch,
    frozen: FrozenWatch,
    is_black: bool,
    is_frozen: bool,
    eye: Option<Eye>,
    presence: Presence,
    found_codes: Vec<Code>,
    found_images: Vec<Found>,
    sightings: Vec<Sighting>,
}

impl PictureChecker {
    /// Checks for what `settings` say; `classifier` is what their classifier was opened as.
    ///
    /// # Errors
    /// An image of the block list is none, or a classifier is asked for and there is none.
    pub fn new(settings: &CheckSettings, classifier: Option<Box<dyn Classifier>>) -> Result<Self, CheckError> {
        let images: &[_] = if settings.blocked_action.is_on() {
            &settings.blocked
        } else {
            &[]
        };
        let wanted = settings
            .classifier
            .as_ref()
            .filter(|classifier| classifier.action.is_on());
        let eye = match (wanted, classifier) {
            (None, _) => None,
            (Some(wanted), Some(classifier)) => Some(Eye::new(wanted, classifier)),
            (Some(wanted), None) => {
                return Err(CheckError::Classifier {
                    classifier: wanted.source.to_string(),
                    reason: "has not been opened".to_owned(),
                });
            }
        };
        Ok(Self {
            codes: CodeReader::default(),
            images: ImageFinder::new(images, settings.distance)?,
            black: BlackWatch::new(settings.black_after),
            frozen: FrozenWatch::new(settings.frozen_after),
            is_black: false,
            is_frozen: false,
            eye,
            presence: Presence::default(),
            found_codes: Vec::new(),
            found_images: Vec::new(),
            sightings: Vec::new(),
            settings: settings.clone(),
        })
    }

    /// Looks at a picture and adds what there is to say to `found`. Gives up to which PTS it is done: to this one, but for a
    /// classifier that takes longer.
    ///
    /// # Errors
    /// The classifier has failed. Nothing is known of this picture, and the checker is of no more use.
    pub fn look(
        &mut self,
        frame: &VideoFrame,
        found: &mut Vec<PictureVerdict>,
    ) -> Result<Option<Timestamp>, CheckError> {
        self.sightings.clear();
        if self.settings.codes.is_on() {
            self.read_codes(frame);
        }
        self.find_images(frame);
        self.watch(frame);
        let done = match &mut self.eye {
            Some(eye) => eye.look(frame, &mut self.sightings)?,
            None => Some(frame.pts),
        };
        self.presence.note(frame.pts, &self.sightings, found);
        Ok(done)
    }

    fn read_codes(&mut self, frame: &VideoFrame) {
        self.found_codes.clear();
        self.codes.look(frame, &mut self.found_codes);
        let action = self.settings.codes;
        self.sightings.extend(self.found_codes.drain(..).map(|code| Sighting {
            kind: if code.kind == CodeKind::Qr {
                CheckKind::Code
            } else {
                CheckKind::Barcode
            },
            what: code.text,
            place: Some(code.place),
            action,
            since: None,
        }));
    }

    fn find_images(&mut self, frame: &VideoFrame) {
        self.found_images.clear();
        self.images.look(frame, &mut self.found_images);
        for found in self.found_images.drain(..) {
            self.sightings.push(Sighting {
                kind: CheckKind::Blocked,
                what: self.images.name(found.index).to_owned(),
                place: Some(found.place),
                action: self.settings.blocked_action,
                since: None,
            });
        }
    }

    fn watch(&mut self, frame: &VideoFrame) {
        let note = |turn: Option<Turn>, is_now: &mut bool| {
            if let Some(turn) = turn {
                *is_now = matches!(turn, Turn::Began { .. });
            }
            *is_now
        };
        let (black, frozen) = (self.settings.black, self.settings.frozen);
        let mut say = |kind, what: &str, action| {
            self.sightings.push(Sighting {
                kind,
                what: what.to_owned(),
                place: None,
                action,
                since: None,
            });
        };
        if black.is_on() && note(self.black.look(frame), &mut self.is_black) {
            say(CheckKind::Black, "black", black);
        }
        if frozen.is_on() && note(self.frozen.look(frame), &mut self.is_frozen) {
            say(CheckKind::Frozen, "frozen", frozen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::{CheckAction, ClassifierSettings, ClassifierSource, InputSettings, Scores};
    use super::*;
    use crate::media::{FramePool, FrameRate, Plane};
    use proptest::prelude::*;

    const LOOKS: FrameRate = FrameRate::whole(5);

    fn settings() -> CheckSettings {
        CheckSettings {
            codes: CheckAction::Blur,
            black: CheckAction::Warn,
            frozen: CheckAction::Cover,
            ..CheckSettings::default()
        }
    }

    /// Grey that moves, with the golden QR code in it or black.
    fn picture(look: i64, is_code: bool, is_black: bool) -> VideoFrame {
        let mut frame = FramePool::new().frame(640, 360);
        frame.fill([if is_black { 16 } else { 90 + (look % 20) as u8 * 4 }, 128, 128]);
        if is_code {
            let path = format!("{}/tests/data/codes/qr-short.png", env!("CARGO_MANIFEST_DIR"));
            let code = image::open(path).unwrap().to_luma8();
            for (x, y, pixel) in code.enumerate_pixels() {
                for at in 0..16 {
                    let (x, y) = (200 + x as usize * 4 + at % 4, 100 + y as usize * 4 + at / 4);
                    frame.plane_mut(Plane::Y)[y * 640 + x] = pixel.0[0].clamp(16, 235);
                }
            }
        }
        frame.freeze(LOOKS.frame_time(look))
    }

    fn story(settings: &CheckSettings, pictures: impl Iterator<Item = VideoFrame>) -> Vec<PictureVerdict> {
        let mut checker = PictureChecker::new(settings, None).unwrap();
        let mut found = Vec::new();
        for frame in pictures {
            assert_eq!(checker.look(&frame, &mut found), Ok(Some(frame.pts)));
        }
        found
    }

    #[test]
    fn a_code_is_told_with_its_place_and_its_end() {
        let found = story(
            &settings(),
            (0..12).map(|look| picture(look, (3..6).contains(&look), false)),
        );
        let (first, last) = (&found[0], found.last().unwrap());
        assert_eq!(
            (first.kind, first.what.as_str(), first.action),
            (CheckKind::Code, "RIGCAST", CheckAction::Blur)
        );
        assert_eq!((first.since, first.pts), (LOOKS.frame_time(1), LOOKS.frame_time(3)));
        assert!(first.is_new && !first.is_over && last.is_over && last.id == first.id);
        assert_eq!(last.pts, LOOKS.frame_time(8));
        let [left, top, width, height] = first.place.unwrap();
        assert!(
            left * 640.0 <= 216.0 && (left + width) * 640.0 >= 300.0,
            "{left} {width}"
        );
        assert!(
            top * 360.0 <= 116.0 && (top + height) * 360.0 >= 200.0,
            "{top} {height}"
        );
    }

    #[test]
    fn black_and_frozen_have_actions_of_their_own() {
        let found = story(
            &settings(),
            (0..60).map(|look| picture(look, false, (10..45).contains(&look))),
        );
        let told: Vec<_> = found
            .iter()
            .filter(|verdict| verdict.is_new || verdict.is_over)
            .collect();
        let kinds: Vec<_> = told
            .iter()
            .map(|verdict| (verdict.kind, verdict.action, verdict.is_over))
            .collect();
        assert_eq!(
            kinds,
            [
                (CheckKind::Black, CheckAction::Warn, false),
                (CheckKind::Frozen, CheckAction::Cover, false),
                (CheckKind::Black, CheckAction::Warn, true),
                (CheckKind::Frozen, CheckAction::Cover, true),
            ]
        );
    }

    #[test]
    fn what_is_off_is_not_looked_for() {
        let found = story(
            &CheckSettings::default(),
            (0..40).map(|look| picture(look, true, false)),
        );
        assert_eq!(found, []);
        assert!(CheckSettings::default().is_off() && !settings().is_off());
    }

    #[test]
    fn a_classifier_that_is_not_there_is_an_error() {
        let settings = CheckSettings {
            classifier: Some(ClassifierSettings {
                source: ClassifierSource::Model("none.onnx".into()),
                labels: Vec::new(),
                threshold: 0.5,
                action: CheckAction::Warn,
                input: InputSettings::default(),
                scores: Scores::default(),
            }),
            ..CheckSettings::default()
        };
        assert!(PictureChecker::new(&settings, None).is_err_and(|error| error.to_string().contains("none.onnx")));
    }

    #[test]
    fn settings_cross_a_border() {
        let mut settings = settings();
        settings.classifier = serde_json::from_str(r#"{"command":["look","-x"],"action":"dump"}"#).unwrap();
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<CheckSettings>(&json).unwrap(), settings);
        assert_eq!(
            serde_json::from_str::<CheckSettings>("{}").unwrap(),
            CheckSettings::default()
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn no_size_panics(width in 1_u32..80, height in 1_u32..80, seed in any::<u8>()) {
            let mut checker = PictureChecker::new(&settings(), None).unwrap();
            let mut found = Vec::new();
            for look in 0..4 {
                let mut frame = FramePool::new().frame(width * 2, height * 2);
                let mut state = u32::from(seed) + look;
                let (y, u, v) = frame.planes_mut();
                for byte in y.iter_mut().chain(u).chain(v) {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *byte = (state >> 24) as u8;
                }
                prop_assert!(checker.look(&frame.freeze(LOOKS.frame_time(look.into())), &mut found).is_ok());
            }
        }
    }
}
