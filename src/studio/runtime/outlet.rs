//! From the encoders to everybody who takes packets: the fan-out that nobody can hold up, and what is asked of the encoders.
//!
//! Each rendition of the picture is a *line*: line 0 is the source rendition, the others are the ladder's. What nobody takes
//! is not encoded.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::holding::Holding;
use crate::encode::{AudioSettings, MAX_RENDITIONS};
use crate::media::{AudioConfig, Packet, Rate, RateControl, TrackKind, VideoConfig};
use crate::publish::{DestinationHandle, TrackChange};

/// Lines of pictures at most.
pub const LINES: usize = 1 + MAX_RENDITIONS;

/// The line of the program as it is.
pub const SOURCE: usize = 0;

/// Which encoding of the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// For RTMP, recordings and viewers.
    Aac,
    /// For RTP destinations that ask for it.
    Opus,
}

/// What a packet belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// Pictures of that line.
    Video(usize),
    /// The program's sound.
    Sound(Sound),
}

/// Somebody in this process who takes packets: a recording, the relay.
pub trait Taker: Send + Sync {
    /// Takes a packet, without waiting for anything.
    fn take(&self, track: Track, packet: &Packet);
    /// Learns what a decoder of that line needs, before its first packet.
    fn configure(&self, line: usize, config: &VideoConfig);
    /// Learns what a decoder of the AAC needs from the next packet on, where that changes.
    fn configure_sound(&self, config: &AudioConfig);
    /// Whether packets of `track` are of any use to it now.
    fn wants(&self, track: Track) -> bool;
}

/// A destination and what it is sent.
struct Reader {
    name: String,
    line: usize,
    sound: Sound,
    handle: DestinationHandle,
}

/// What is asked of one encoder of pictures.
#[derive(Default)]
struct Line {
    is_wanted: AtomicBool,
    /// Somebody is about to take it, and waits to be told its configuration.
    is_awaited: AtomicBool,
    is_idr_wanted: AtomicBool,
    target: Mutex<LineTarget>,
    config: Mutex<Option<VideoConfig>>,
}

/// What a line is to be encoded as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTarget {
    /// What may be spent.
    pub rate: Rate,
    /// One of so many pictures is encoded: 1 is all of them.
    pub divisor: u32,
    /// Pixels across and down; none is the size that the scene file says.
    pub size: Option<(u32, u32)>,
}

impl Default for LineTarget {
    fn default() -> Self {
        Self {
            rate: Rate {
                control: RateControl::Constant,
                kbps: 0,
            },
            divisor: 1,
            size: None,
        }
    }
}

/// Where packets go now, and what the encoders are asked for.
#[derive(Default)]
pub struct Outlet {
    destinations: RwLock<Vec<Reader>>,
    takers: RwLock<Vec<(String, Arc<dyn Taker>)>>,
    lines: [Line; LINES],
    /// What the sound is to be encoded as, and what decoders of the AAC need once that was changed.
    sound: Mutex<AudioSettings>,
    sound_config: Mutex<Option<AudioConfig>>,
    is_sound_wanted: [AtomicBool; 2],
    /// What packets of pictures go through first.
    holding: Arc<Holding>,
    /// Measured by the encoder threads, read once per second.
    pub counters: Counters,
}

/// Sums since the start; whoever wants rates takes differences.
#[derive(Default)]
pub struct Counters {
    /// Program ticks composited.
    pub frames: AtomicU64,
    /// Sound blocks mixed.
    pub blocks: AtomicU64,
    /// Turns of the core task, 20 per second.
    pub turns: AtomicU64,
    /// Frames that found the encoder's queue full, or that its rate control left out.
    pub skipped_frames: AtomicU64,
    /// The same of the ladder's renditions.
    pub ladder_skipped: AtomicU64,
    /// Ticks that the compositor missed.
    pub late_ticks: AtomicU64,
    /// Blocks that the mixer missed.
    pub late_blocks: AtomicU64,
    /// Pictures that the gate covered.
    pub covered_frames: AtomicU64,
    /// Blocks that the gate silenced.
    pub silenced_blocks: AtomicU64,
    /// Pictures and blocks that analysis had no time for.
    pub unseen: AtomicU64,
    /// Frames encoded.
    pub encoded_frames: AtomicU64,
    /// Time spent in the video encoder, in microseconds.
    pub encode_us: AtomicU64,
    /// Encoded video of each line, in bytes.
    pub video_bytes: [AtomicU64; LINES],
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Outlet {
    /// An outlet that nobody takes from, with the rates of its lines.
    #[must_use]
    pub fn new(rates: &[Rate]) -> Self {
        let outlet = Self::default();
        for (line, rate) in rates.iter().enumerate().take(LINES) {
            outlet.aim(line, |target| target.rate = *rate);
        }
        outlet
    }

    /// The same behind `holding`.
    #[must_use]
    pub fn behind(mut self, holding: Arc<Holding>) -> Self {
        self.holding = holding;
        self
    }

    /// What packets of pictures go through first.
    #[must_use]
    pub const fn holding(&self) -> &Arc<Holding> {
        &self.holding
    }

    /// The same at constant bitrates.
    #[cfg(test)]
    pub fn at_kbps(kbps: &[u32]) -> Self {
        let control = RateControl::Constant;
        Self::new(
            &kbps
                .iter()
                .map(|kbps| Rate { control, kbps: *kbps })
                .collect::<Vec<_>>(),
        )
    }

    /// As if the source line and its sound were taken.
    #[cfg(test)]
    pub fn want_for_test(&self) {
        self.lines[SOURCE].is_wanted.store(true, Ordering::Relaxed);
        self.is_sound_wanted[Sound::Aac as usize].store(true, Ordering::Relaxed);
    }

    /// Whether pictures of any line are to be made.
    #[must_use]
    pub fn is_any_wanted(&self) -> bool {
        (0..LINES).any(|line| self.is_wanted(line))
    }

    /// Whether that line is to be encoded: without anybody who takes it, it is not, and a rehearsal costs no encoder.
    #[must_use]
    pub fn is_wanted(&self, line: usize) -> bool {
        let line = &self.lines[line];
        line.is_wanted.load(Ordering::Relaxed) || line.is_awaited.load(Ordering::Relaxed)
    }

    /// Whether somebody takes packets of that line now.
    #[must_use]
    pub fn is_taken(&self, line: usize) -> bool {
        self.lines[line].is_wanted.load(Ordering::Relaxed)
    }

    /// Whether sound is to be encoded so.
    #[must_use]
    pub fn is_sound_wanted(&self, sound: Sound) -> bool {
        self.is_sound_wanted[sound as usize].load(Ordering::Relaxed)
    }

    /// Looks who wants what. To be called when a taker has changed its mind.
    pub fn look_round(&self) {
        let destinations = self.destinations.read().unwrap_or_else(PoisonError::into_inner);
        let takers = self.takers.read().unwrap_or_else(PoisonError::into_inner);
        let takes = |track| takers.iter().any(|(_, taker)| taker.wants(track));
        for (at, line) in self.lines.iter().enumerate() {
            let is_wanted = destinations.iter().any(|reader| reader.line == at) || takes(Track::Video(at));
            line.is_wanted.store(is_wanted, Ordering::Relaxed);
        }
        for sound in [Sound::Aac, Sound::Opus] {
            let is_wanted = destinations.iter().any(|reader| reader.sound == sound) || takes(Track::Sound(sound));
            self.is_sound_wanted[sound as usize].store(is_wanted, Ordering::Relaxed);
        }
    }

    /// Takes a picture of a line from its encoder: for the hold, or for everybody who takes the line. Never blocks on one of them.
    pub fn offer_video(&self, line: usize, packet: &Packet) {
        debug_assert_eq!(packet.track, TrackKind::Video);
        self.counters.video_bytes[line].fetch_add(packet.data.len() as u64, Ordering::Relaxed);
        if !self.holding.put(line, packet) {
            self.hand_out_video(line, packet);
        }
    }

    /// Hands a picture of a line to everybody who takes them.
    pub fn hand_out_video(&self, line: usize, packet: &Packet) {
        self.hand_out(Track::Video(line), packet, |reader| reader.line == line);
    }

    /// The same with sound.
    pub fn offer_sound(&self, sound: Sound, packet: &Packet) {
        self.hand_out(Track::Sound(sound), packet, |reader| reader.sound == sound);
    }

    fn hand_out(&self, track: Track, packet: &Packet, is_for: impl Fn(&Reader) -> bool) {
        for reader in &*self.destinations.read().unwrap_or_else(PoisonError::into_inner) {
            if is_for(reader) {
                reader.handle.offer(packet);
            }
        }
        for (_, taker) in &*self.takers.read().unwrap_or_else(PoisonError::into_inner) {
            taker.take(track, packet);
        }
    }

    /// What decoders of `line` need from its next packet on. It goes the way of the packets.
    pub fn configure(&self, line: usize, config: &VideoConfig) {
        let is_held = self.holding.configure(line, config);
        // The first one is told at once: nothing of the line is on its way, and somebody may wait for it.
        if !is_held || self.config(line).is_none() {
            self.tell_config(line, config);
        }
    }

    /// Tells everybody who takes `line` what its decoders need.
    pub fn tell_config(&self, line: usize, config: &VideoConfig) {
        *held(&self.lines[line].config) = Some(config.clone());
        self.reconfigure(&TrackChange::Video(config.clone()), |reader| reader.line == line);
        for (_, taker) in &*self.takers.read().unwrap_or_else(PoisonError::into_inner) {
            taker.configure(line, config);
        }
    }

    /// Tells everybody who takes AAC what its decoders need from the next packet on. A recording begins a new part with it, and
    /// parts begin with an IDR: it is not to wait for the next GOP.
    pub fn configure_sound(&self, config: &AudioConfig) {
        *held(&self.sound_config) = Some(config.clone());
        self.reconfigure(&TrackChange::Audio(config.clone()), |reader| reader.sound == Sound::Aac);
        for (_, taker) in &*self.takers.read().unwrap_or_else(PoisonError::into_inner) {
            taker.configure_sound(config);
        }
        self.want_idrs();
    }

    fn reconfigure(&self, change: &TrackChange, is_for: impl Fn(&Reader) -> bool) {
        for reader in &*self.destinations.read().unwrap_or_else(PoisonError::into_inner) {
            if is_for(reader) {
                reader.handle.configure(change);
            }
        }
    }

    /// What decoders of the AAC need, where it is not what it was at the start.
    #[must_use]
    pub fn sound_config(&self) -> Option<AudioConfig> {
        held(&self.sound_config).clone()
    }

    /// What decoders of that line need, once its encoder has been open.
    #[must_use]
    pub fn config(&self, line: usize) -> Option<VideoConfig> {
        held(&self.lines[line].config).clone()
    }

    /// Has the encoder of `line` opened, for the sake of its configuration, until somebody takes it.
    pub fn await_line(&self, line: usize, is_awaited: bool) {
        self.lines[line].is_awaited.store(is_awaited, Ordering::Relaxed);
    }

    /// Adds a running destination. It starts with an IDR at once rather than with the next GOP.
    pub fn add(&self, name: String, line: usize, sound: Sound, handle: DestinationHandle) {
        let reader = Reader {
            name,
            line,
            sound,
            handle,
        };
        self.destinations
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(reader);
        self.await_line(line, false);
        self.look_round();
        self.want_idr(line);
    }

    /// Takes a destination out, for its owner to stop.
    pub fn remove(&self, name: &str) -> Option<DestinationHandle> {
        let mut destinations = self.destinations.write().unwrap_or_else(PoisonError::into_inner);
        let at = destinations.iter().position(|reader| reader.name == name)?;
        let reader = destinations.remove(at);
        drop(destinations);
        self.look_round();
        Some(reader.handle)
    }

    /// All of them, for the end of the show.
    pub fn remove_all(&self) -> Vec<DestinationHandle> {
        let mut destinations = self.destinations.write().unwrap_or_else(PoisonError::into_inner);
        let all = destinations.drain(..).map(|reader| reader.handle).collect();
        drop(destinations);
        self.look_round();
        all
    }

    /// Runs `act` on a running destination; `false` where there is none of that name.
    pub fn with(&self, name: &str, act: impl FnOnce(&DestinationHandle)) -> bool {
        let destinations = self.destinations.read().unwrap_or_else(PoisonError::into_inner);
        let found = destinations.iter().find(|reader| reader.name == name);
        found.map(|reader| act(&reader.handle)).is_some()
    }

    /// Adds somebody in this process; it is told at once what is known of the lines.
    pub fn attach(&self, name: &str, taker: Arc<dyn Taker>) {
        for line in 0..LINES {
            if let Some(config) = self.config(line) {
                taker.configure(line, &config);
            }
        }
        let mut takers = self.takers.write().unwrap_or_else(PoisonError::into_inner);
        takers.push((name.to_owned(), taker));
        drop(takers);
        self.look_round();
    }

    /// Takes that one out.
    pub fn detach(&self, name: &str) {
        let mut takers = self.takers.write().unwrap_or_else(PoisonError::into_inner);
        takers.retain(|(known, _)| known != name);
        drop(takers);
        self.look_round();
    }

    /// The next picture of `line` is to be an IDR.
    pub fn want_idr(&self, line: usize) {
        self.lines[line].is_idr_wanted.store(true, Ordering::Relaxed);
    }

    /// The next picture of every line is.
    pub fn want_idrs(&self) {
        for line in 0..LINES {
            self.want_idr(line);
        }
    }

    /// Whether an IDR was asked for since the last call.
    #[must_use]
    pub fn take_idr_wish(&self, line: usize) -> bool {
        let is_held_wanted = self.holding.take_idr_wish(line);
        self.lines[line].is_idr_wanted.swap(false, Ordering::Relaxed) || is_held_wanted
    }

    /// Changes what a line is to be encoded as, from its next picture on.
    pub fn aim(&self, line: usize, change: impl FnOnce(&mut LineTarget)) {
        change(&mut held(&self.lines[line].target));
    }

    /// Changes what the sound is to be encoded as, from its next block on.
    pub fn aim_sound(&self, change: impl FnOnce(&mut AudioSettings)) {
        change(&mut held(&self.sound));
    }

    /// What the sound is to be encoded as.
    #[must_use]
    pub fn sound_target(&self) -> AudioSettings {
        *held(&self.sound)
    }

    /// What a line is to be encoded as.
    #[must_use]
    pub fn target(&self, line: usize) -> LineTarget {
        *held(&self.lines[line].target)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use bytes::Bytes;

    use super::*;
    use crate::media::Timestamp;

    #[derive(Default)]
    struct Viewer {
        wants: Mutex<Vec<Track>>,
        got: Mutex<Vec<Track>>,
        configured: Mutex<Vec<usize>>,
    }

    impl Taker for Viewer {
        fn take(&self, track: Track, _: &Packet) {
            held(&self.got).push(track);
        }
        fn configure(&self, line: usize, _: &VideoConfig) {
            held(&self.configured).push(line);
        }
        fn configure_sound(&self, _: &AudioConfig) {}
        fn wants(&self, track: Track) -> bool {
            held(&self.wants).contains(&track)
        }
    }

    fn packet(track: TrackKind) -> Packet {
        Packet {
            track,
            pts: Timestamp::ZERO,
            dts: Timestamp::ZERO,
            is_idr: true,
            data: Bytes::from_static(b"12345"),
        }
    }

    #[test]
    fn what_is_wanted_is_what_somebody_takes() {
        let outlet = Outlet::at_kbps(&[2500, 700]);
        assert_eq!((outlet.target(0).rate.kbps, outlet.target(1).rate.kbps), (2500, 700));
        let viewer = Arc::new(Viewer::default());
        outlet.attach("relay", Arc::clone(&viewer) as Arc<dyn Taker>);
        assert!(!outlet.is_any_wanted() && !outlet.is_sound_wanted(Sound::Aac));
        held(&viewer.wants).extend([Track::Video(1), Track::Sound(Sound::Aac)]);
        outlet.look_round();
        assert!(outlet.is_wanted(1) && !outlet.is_wanted(SOURCE) && outlet.is_any_wanted());
        assert!(outlet.is_sound_wanted(Sound::Aac) && !outlet.is_sound_wanted(Sound::Opus));
        outlet.offer_video(1, &packet(TrackKind::Video));
        outlet.offer_sound(Sound::Aac, &packet(TrackKind::Audio));
        assert_eq!(*held(&viewer.got), [Track::Video(1), Track::Sound(Sound::Aac)]);
        assert_eq!(outlet.counters.video_bytes[1].load(Ordering::Relaxed), 5);
        outlet.detach("relay");
        assert!(!outlet.is_any_wanted());
    }

    #[test]
    fn who_comes_late_is_told_what_is_known() {
        let outlet = Outlet::at_kbps(&[2500]);
        let config = VideoConfig {
            width: 16,
            height: 16,
            frame_rate: crate::media::FrameRate::whole(30),
            sps: Bytes::from_static(b"s"),
            pps: Bytes::from_static(b"p"),
            bitrate_kbps: 700,
        };
        outlet.configure(2, &config);
        let viewer = Arc::new(Viewer::default());
        outlet.attach("relay", Arc::clone(&viewer) as Arc<dyn Taker>);
        outlet.configure(1, &config);
        assert_eq!(*held(&viewer.configured), [2, 1]);
        assert_eq!(outlet.config(2), Some(config));
    }

    #[test]
    fn sound_of_another_kind_comes_with_idrs() {
        let outlet = Outlet::at_kbps(&[2500]);
        assert!(!outlet.take_idr_wish(SOURCE));
        outlet.configure_sound(&AudioConfig {
            codec: crate::media::AudioCodec::Opus,
            sample_rate: 48_000,
            channels: 2,
            bitrate_kbps: 96,
        });
        assert!(outlet.take_idr_wish(SOURCE));
    }

    #[test]
    fn a_line_that_is_awaited_is_encoded() {
        let outlet = Outlet::at_kbps(&[2500]);
        outlet.await_line(3, true);
        assert!(outlet.is_wanted(3));
        outlet.await_line(3, false);
        assert!(!outlet.is_wanted(3));
    }

    #[test]
    fn each_line_has_its_own_wish_for_an_idr() {
        let outlet = Outlet::at_kbps(&[1, 2]);
        outlet.want_idr(1);
        assert!(!outlet.take_idr_wish(0) && outlet.take_idr_wish(1) && !outlet.take_idr_wish(1));
        outlet.want_idrs();
        assert!(outlet.take_idr_wish(0) && outlet.take_idr_wish(LINES - 1));
    }
}
