//! whisper.cpp, writing down everything: built in with the cargo feature `whisper`, with a model file that the operator names.
//!
//! It knows whole recordings only, so [`Windows`] asks it about the last seconds once a second. The model must manage that in well under a
//! second, or the worker falls behind and sound goes out unjudged, which is silence: on two cores that is what the tiny models do.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState, WhisperTokenId,
};

use super::ggml;
use super::resample::RATE;
use super::window::{STEP, Scribe, Windows, Written};
use crate::media::{AudioBlock, Timestamp};
use crate::speech::{EngineSettings, HeardWord, Recogniser, RecogniserError};

/// What it is called everywhere.
pub(super) const NAME: &str = "whisper";
/// What to do without a model.
const MODEL: &str = "name a model file of whisper.cpp, as in model = \"ggml-tiny.en.bin\"; \
                     models/download-ggml-model.sh tiny.en of its sources fetches that one";

/// Threads of the model; the studio needs the other cores.
const THREADS: i32 = 2;
/// Places of the encoder, of 20 ms each, that are worked out, of 1500 for its 30 s. More than a window needs: with too few, models babble.
const PLACES: i32 = 512;
/// Most tokens of a window: nobody says more in 6 s, and a model that goes in circles ends.
const MOST_TOKENS: i32 = 96;
/// Samples in the unit of its times: 10 ms.
const UNIT: i64 = RATE as i64 / 100;

/// What it is, for reports.
pub(super) fn describe() -> String {
    let version = whisper_rs::WHISPER_CPP_VERSION;
    format!("whisper.cpp {version}, in this build; {MODEL}")
}

/// See the head of this file.
pub(super) struct Whisper(Windows<Model>);

impl Whisper {
    /// Loads the model and has it hear a second of silence: what it still needs of the system it gets now.
    ///
    /// # Errors
    /// No model is named, it is not there, or it is none.
    pub(super) fn open(settings: &EngineSettings) -> Result<Self, RecogniserError> {
        let missing = |what: String| RecogniserError::Missing {
            engine: NAME.to_owned(),
            what,
            remedy: MODEL.to_owned(),
        };
        let Some(path) = &settings.model else {
            return Err(missing("its model".to_owned()));
        };
        if !path.is_file() {
            return Err(missing(path.display().to_string()));
        }
        let mut model = Model::load(path)?;
        model.write(&vec![0.0; STEP]).map_err(failed)?;
        Ok(Self(Windows::new(model)))
    }
}

fn failed(reason: String) -> RecogniserError {
    RecogniserError::Failed {
        engine: NAME.to_owned(),
        reason,
    }
}

impl Recogniser for Whisper {
    fn name(&self) -> &'static str {
        NAME
    }

    fn hear(&mut self, block: &AudioBlock, words: &mut Vec<HeardWord>) -> Result<Option<Timestamp>, RecogniserError> {
        self.0.hear(block, words).map_err(failed)
    }
}

/// A model that is loaded, and its working memory.
struct Model {
    state: WhisperState,
    places: i32,
    is_multilingual: bool,
    /// From this token on there is no text.
    end_of_text: WhisperTokenId,
}

impl Model {
    fn load(path: &Path) -> Result<Self, RecogniserError> {
        // Else it writes pages of its own on standard error, and once a second.
        whisper_rs::install_logging_hooks();
        let not_a_model = |reason: String| RecogniserError::Unfit {
            engine: NAME.to_owned(),
            what: path.display().to_string(),
            reason: format!("whisper.cpp cannot load it as a model: {reason}"),
        };
        let file = File::open(path).map_err(|error| not_a_model(error.to_string()))?;
        ggml::check(&mut BufReader::new(file)).map_err(not_a_model)?;
        let unfit = |error: whisper_rs::WhisperError| not_a_model(error.to_string());
        let context = WhisperContext::new_with_params(path, WhisperContextParameters::default()).map_err(unfit)?;
        Ok(Self {
            state: context.create_state().map_err(unfit)?,
            places: context.n_audio_ctx().min(PLACES),
            is_multilingual: context.is_multilingual(),
            end_of_text: context.token_eot(),
        })
    }

    /// As it is asked: one pass over one window, and no second try, so that it takes the same time whatever it hears.
    fn params(&self) -> FullParams<'static, 'static> {
        let mut params = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
        params.set_n_threads(THREADS);
        params.set_audio_ctx(self.places);
        params.set_single_segment(true);
        params.set_max_tokens(MOST_TOKENS);
        params.set_temperature_inc(0.0);
        // What an earlier window got wrong is not to lead this one astray.
        params.set_no_context(true);
        params.set_suppress_blank(true);
        params.set_suppress_nst(true);
        // A segment for each word, with the times of its tokens.
        params.set_token_timestamps(true);
        params.set_max_len(1);
        params.set_split_on_word(true);
        params.set_print_progress(false);
        params.set_print_realtime(false);
        params.set_print_timestamps(false);
        if self.is_multilingual {
            // Its default is English; a model of English alone has nothing to detect.
            params.set_language(None);
        }
        params
    }
}

impl Scribe for Model {
    fn write(&mut self, sound: &[f32]) -> Result<Vec<Written>, String> {
        let params = self.params();
        self.state.full(params, sound).map_err(|error| error.to_string())?;
        let mut words = Vec::new();
        for segment in self.state.as_iter() {
            let text = segment.to_str_lossy().map_err(|error| error.to_string())?;
            let text = text.trim();
            if !text.contains(char::is_alphanumeric) {
                continue;
            }
            // Its segments reach up to the next word; the tokens know where this one ends.
            let (mut from, mut until, mut sum, mut count) = (None, 0, 0.0, 0.0);
            for token in (0..segment.n_tokens()).filter_map(|index| segment.get_token(index)) {
                if token.token_id() < self.end_of_text {
                    let data = token.token_data();
                    from.get_or_insert(data.t0);
                    until = data.t1.max(until);
                    sum += data.p;
                    count += 1.0;
                }
            }
            words.push(Written {
                text: text.to_owned(),
                from: from.unwrap_or_else(|| segment.start_timestamp()).saturating_mul(UNIT),
                until: until.saturating_mul(UNIT),
                confidence: if count > 0.0 { sum / count } else { 0.0 },
            });
        }
        Ok(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn open(model: Option<PathBuf>) -> Result<Whisper, RecogniserError> {
        Whisper::open(&EngineSettings {
            model,
            ..EngineSettings::default()
        })
    }

    #[test]
    fn what_is_no_model_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let error = |model| open(model).err().unwrap().to_string();
        assert!(error(None).starts_with("whisper: its model is missing; name a model file"));
        assert!(error(Some(folder.path().join("none.bin"))).contains("none.bin is missing; name a model file"));
        for bytes in [&b""[..], b"lmgg", &[0x6c, 0x6d, 0x67, 0x67, 1, 0, 0, 0], &[7; 4096]] {
            let path = folder.path().join("wrong.bin");
            std::fs::write(&path, bytes).unwrap();
            assert!(error(Some(path)).contains("cannot load it as a model"), "{bytes:?}");
        }
    }

    /// Loading, running and telling, with a model that cannot hear. How well a real one does is not known from it.
    #[test]
    fn a_model_loads_runs_and_settles() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stub.bin");
        std::fs::write(&path, ggml::stub()).unwrap();
        let mut whisper = open(Some(path)).unwrap();
        assert_eq!(whisper.name(), "whisper");
        let mut words = Vec::new();
        let mut settled = None;
        for index in 0..250 {
            let mut block = AudioBlock::silence(AudioBlock::time_of(index));
            for (at, place) in block.channels[0].iter_mut().enumerate() {
                *place = ((index * 480 + at as i64) as f32 * 0.05).sin() * 0.3;
            }
            if let Some(time) = whisper.hear(&block, &mut words).unwrap() {
                assert!(settled < Some(time));
                settled = Some(time);
            }
        }
        assert!(words.is_sorted_by_key(|word| word.from));
        // Two windows: the second ends at 2 s, and what ends 0.8 s before that is final, unless a word waits.
        assert!(settled.unwrap() <= Timestamp::from_millis(1200));
    }
}
