//! The recording of a running show: the outlet's packets and the strips' own tracks, to a recorder.
//!
//! Program pictures and sound are what went out, encoded once for everybody. A strip's track is encoded for the recording alone,
//! on a thread of its own that takes blocks from the sound thread's ring.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::outlet::{Outlet, SOURCE, Sound, Taker, Track};
use super::recording::Recorder;
use super::reporters::{Inputs, post};
use crate::clock::Clock;
use crate::encode::aac::AacEncoder;
use crate::encode::{AudioEncoder, AudioSettings};
use crate::media::{AudioBlock, AudioConfig, Packet, VideoConfig};
use crate::record::{self, RecordSettings, RecorderHandle, TrackConfig};
use crate::sound::Point;
use crate::studio::update::{Input, RecordingNews};

/// The name in the outlet.
const NAME: &str = "recording";

/// Tracks of the recorder.
const PICTURES: usize = 0;
const PROGRAM: usize = 1;
const FIRST_STRIP: usize = 2;

/// How the track of the program's sound is called.
const PROGRAM_NAME: &str = "program";

/// How often a strip's thread looks for blocks.
const LOOK: Duration = Duration::from_millis(50);

/// The recorder while there is one. Its lock is held for the time of a push.
struct Tape(Mutex<Option<RecorderHandle>>);

impl Tape {
    fn recorder(&self) -> MutexGuard<'_, Option<RecorderHandle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn offer(&self, track: usize, packet: &Packet) {
        if let Some(recorder) = &*self.recorder() {
            recorder.offer(track, packet);
        }
    }
}

impl Taker for Tape {
    fn take(&self, track: Track, packet: &Packet) {
        match track {
            Track::Video(SOURCE) => self.offer(PICTURES, packet),
            Track::Sound(Sound::Aac) => self.offer(PROGRAM, packet),
            Track::Video(_) | Track::Sound(Sound::Opus) => {}
        }
    }

    fn configure(&self, line: usize, config: &VideoConfig) {
        if line == SOURCE
            && let Some(recorder) = &*self.recorder()
        {
            recorder.set_track(PICTURES, TrackConfig::Video(config.clone()));
        }
    }

    fn configure_sound(&self, config: &AudioConfig) {
        if let Some(recorder) = &*self.recorder() {
            let (config, name) = (config.clone(), PROGRAM_NAME.to_owned());
            recorder.set_track(PROGRAM, TrackConfig::Audio { config, name });
        }
    }

    fn wants(&self, track: Track) -> bool {
        matches!(track, Track::Video(SOURCE) | Track::Sound(Sound::Aac))
    }
}

/// What is to be recorded.
pub struct Reel {
    /// Where to and in which parts.
    pub settings: RecordSettings,
    /// What the program's sound is.
    pub audio: AudioConfig,
    /// Strips with a track of their own: the name, and the number of the strip.
    pub strips: Vec<(String, usize)>,
}

/// The recording, if there is one.
#[derive(Default)]
pub struct Taping {
    tape: Option<Arc<Tape>>,
}

impl Taping {
    /// Starts to record. Gives what the sound thread is to be handed.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn start(
        &mut self,
        reel: Reel,
        clock: Clock,
        outlet: &Outlet,
        inputs: &Inputs,
    ) -> Result<Vec<Recorder>, String> {
        let video = outlet.config(SOURCE).ok_or("the encoder is not open yet")?;
        let (kbps, rate) = (reel.audio.bitrate_kbps, crate::encode::AudioRate::default());
        let mut tracks = vec![
            TrackConfig::Video(video),
            TrackConfig::Audio {
                config: reel.audio,
                name: PROGRAM_NAME.to_owned(),
            },
        ];
        let mut strips = Vec::new();
        for (name, strip) in reel.strips {
            let encoder = AacEncoder::open(AudioSettings {
                bitrate_kbps: kbps,
                sample_rate: rate,
                ..AudioSettings::default()
            });
            let encoder = encoder.map_err(|error| error.to_string())?;
            tracks.push(TrackConfig::Audio {
                config: encoder.config().clone(),
                name,
            });
            strips.push((encoder, strip));
        }
        let mut settings = reel.settings;
        settings.path = at_home(settings.path);
        let to = inputs.clone();
        let report = move |report| post(&to, Input::Recording(RecordingNews::Report(report)));
        let recorder = record::start(settings, tracks, clock, report).map_err(|error| error.to_string())?;
        let tape = Arc::new(Tape(Mutex::new(Some(recorder))));
        let mut taps = Vec::new();
        for (at, (encoder, strip)) in strips.into_iter().enumerate() {
            let (tap, blocks) = Recorder::endless(Point::Strip(strip));
            let tape = Arc::clone(&tape);
            let work = move || encode_strip(&tape, FIRST_STRIP + at, encoder, blocks);
            let thread = std::thread::Builder::new().name("record-strip".to_owned()).spawn(work);
            thread.map_err(|error| format!("no thread for a strip's track: {error}"))?;
            taps.push(tap);
        }
        outlet.attach(NAME, Arc::clone(&tape) as Arc<dyn Taker>);
        outlet.want_idr(SOURCE);
        self.tape = Some(tape);
        post(inputs, Input::Recording(RecordingNews::Started));
        Ok(taps)
    }

    /// Goes on in a new file.
    pub fn split(&self, outlet: &Outlet) {
        if let Some(tape) = &self.tape
            && let Some(recorder) = &*tape.recorder()
        {
            recorder.split_now();
        }
        outlet.want_idr(SOURCE);
    }

    /// Ends the recording: the way to wait until everything is written, in a thread that may.
    pub fn stop(&mut self, outlet: &Outlet) -> Option<impl FnOnce() -> Result<(), String> + Send + 'static> {
        let tape = self.tape.take()?;
        outlet.detach(NAME);
        let recorder = tape.recorder().take()?;
        Some(move || recorder.stop().map_err(|error| error.to_string()))
    }
}

/// Encodes what comes from a strip until the recording ends.
fn encode_strip(tape: &Tape, track: usize, mut encoder: AacEncoder, mut blocks: rtrb::Consumer<AudioBlock>) {
    loop {
        if tape.recorder().is_none() {
            return;
        }
        let is_last = blocks.is_abandoned();
        while let Ok(block) = blocks.pop() {
            // What cannot be encoded is a hole in this track, and the recorder knows holes.
            let _ = encoder.encode(&block, &mut |packet| tape.offer(track, &packet));
        }
        if is_last {
            return;
        }
        std::thread::sleep(LOOK);
    }
}

/// A path without a folder is one in the home of whoever runs the studio.
fn at_home(path: PathBuf) -> PathBuf {
    if path.is_absolute() {
        return path;
    }
    let home = std::env::var_os("HOME").filter(|home| Path::new(home).is_absolute());
    home.map_or_else(std::env::temp_dir, PathBuf::from).join(path)
}
