//! The relay in this studio: started where it is wanted, fed from the outlet, and asked what its viewers read.
//!
//! The relay calls from its own tasks when viewers come and go. Those calls set flags and nothing else: the core task looks at
//! them twenty times a second, so no lock of the relay is ever held while one of the outlet is waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::outlet::{LINES, Outlet, Sound, Taker, Track};
use super::reporters::{Inputs, post};
use crate::clock::Clock;
use crate::media::{AudioConfig, Packet, VideoConfig};
use crate::relay::{DEFAULT_LISTEN, Demand, Feed, Relay, RelayError, RelayReport, RelaySettings, RenditionInfo};
use crate::scene::{RelayChoice, Show};
use crate::studio::model::EventLevel;
use crate::studio::update::{Input, RelayNews};

/// Ports above the usual one that are tried where nobody has said which: other shows on this machine have theirs.
const MORE_PORTS: u16 = 9;

/// The name in the outlet, and of its events.
const NAME: &str = "relay";

/// What viewers read now, line by line.
#[derive(Debug, Default)]
struct Wishes {
    lines: [AtomicBool; LINES],
    sound: AtomicBool,
    is_changed: AtomicBool,
}

/// Gives the outlet's packets to the relay.
struct RelayTaker {
    feed: Feed,
    wishes: Arc<Wishes>,
}

impl Taker for RelayTaker {
    fn take(&self, track: Track, packet: &Packet) {
        match track {
            Track::Video(line) if self.wishes.lines[line].load(Ordering::Relaxed) => self.feed.offer(line, packet),
            Track::Sound(Sound::Aac) => self.feed.offer_audio(packet),
            Track::Video(_) | Track::Sound(Sound::Opus) => {}
        }
    }

    fn configure(&self, line: usize, config: &VideoConfig) {
        self.feed.set_video(line, config.clone());
    }

    fn configure_sound(&self, config: &AudioConfig) {
        self.feed.set_audio(config);
    }

    fn wants(&self, track: Track) -> bool {
        match track {
            Track::Video(line) => self.wishes.lines[line].load(Ordering::Relaxed),
            // Whoever sees pictures hears them, too.
            Track::Sound(sound) => {
                let mut lines = self.wishes.lines.iter().chain([&self.wishes.sound]);
                sound == Sound::Aac && lines.any(|flag| flag.load(Ordering::Relaxed))
            }
        }
    }
}

/// The relay of a show, or that it has none.
#[derive(Default)]
pub struct Relaying {
    relay: Option<Relay>,
    taker: Option<Arc<RelayTaker>>,
    /// The source, the ladder, and sound alone.
    renditions: usize,
    wishes: Arc<Wishes>,
}

/// What a show is offered as.
pub struct Offer {
    /// The stream's name: that of the session.
    pub name: String,
    /// What its sound is.
    pub audio: AudioConfig,
    /// The source, the ladder, and sound alone.
    pub renditions: Vec<RenditionInfo>,
}

impl Offer {
    /// All renditions of `show`.
    #[must_use]
    pub fn new(name: &str, show: &Show, audio: AudioConfig) -> Self {
        let audio_kbps = audio.bitrate_kbps;
        let info = |name: &str, width, height, video_kbps| RenditionInfo {
            name: name.to_owned(),
            width,
            height,
            frame_rate: (width > 0).then_some(show.video.frame_rate),
            video_kbps,
            audio_kbps,
        };
        let video = &show.video;
        let mut renditions = vec![info("source", video.width, video.height, video.bitrate_kbps)];
        let ladder = show.renditions.iter();
        renditions.extend(ladder.map(|it| info(&it.name, it.width, it.height, it.bitrate_kbps)));
        renditions.push(info("audio", 0, 0, 0));
        Self {
            name: name.to_owned(),
            audio,
            renditions,
        }
    }
}

/// The settings of the relay that a show is to have, and whether somebody has said where it is to listen.
fn wanted(show: &Show) -> Option<(RelaySettings, bool)> {
    match &show.relay {
        RelayChoice::Off => None,
        RelayChoice::On(settings) => Some((RelaySettings::clone(settings), true)),
        // Nobody is at the other end of such a show yet: it is to be seen on this machine at least.
        RelayChoice::Unsaid => show.destinations.is_empty().then(|| (RelaySettings::default(), false)),
    }
}

impl Relaying {
    /// Starts the relay of `show` if it is to have one. What cannot be had is told, and the show goes on without.
    pub async fn start(show: &Show, offer: Offer, clock: Clock, outlet: &Arc<Outlet>, inputs: &Inputs) -> Self {
        let Some((settings, is_asked)) = wanted(show) else {
            return Self::default();
        };
        let scheme = if settings.tls.is_some() { "https" } else { "http" };
        match listen(settings, is_asked, clock, inputs).await {
            Ok(relay) => {
                let url = format!("{scheme}://{}/", relay.address());
                match Self::offer(relay, offer, outlet) {
                    Ok(relaying) => {
                        post(inputs, Input::Relay(RelayNews::Listens(url)));
                        relaying
                    }
                    Err(error) => Self::without(&error, inputs),
                }
            }
            Err(error) => Self::without(&error, inputs),
        }
    }

    fn without(error: &RelayError, inputs: &Inputs) -> Self {
        post(inputs, Input::Relay(RelayNews::Failed(error.to_string())));
        Self::default()
    }

    fn offer(relay: Relay, offer: Offer, outlet: &Arc<Outlet>) -> Result<Self, RelayError> {
        let wishes = Arc::new(Wishes::default());
        let sound_alone = offer.renditions.len() - 1;
        let (asked, idrs) = (Arc::clone(&wishes), Arc::clone(outlet));
        let demand = move |demand| match demand {
            Demand::Wanted { rendition, is_wanted } => {
                let flag = if rendition == sound_alone {
                    &asked.sound
                } else {
                    &asked.lines[rendition]
                };
                flag.store(is_wanted, Ordering::Relaxed);
                asked.is_changed.store(true, Ordering::Release);
            }
            Demand::Keyframe { rendition } if rendition != sound_alone => idrs.want_idr(rendition),
            Demand::Keyframe { .. } => {}
        };
        let renditions = offer.renditions.len();
        let feed = relay.publish(&offer.name, offer.renditions, offer.audio, demand)?;
        let taker = Arc::new(RelayTaker {
            feed,
            wishes: Arc::clone(&wishes),
        });
        outlet.attach(NAME, Arc::clone(&taker) as Arc<dyn Taker>);
        Ok(Self {
            relay: Some(relay),
            taker: Some(taker),
            renditions,
            wishes,
        })
    }

    /// Offers viewers so many renditions beside the source and the sound alone.
    pub fn offer_only(&self, count: usize) {
        if let Some(taker) = &self.taker {
            taker.feed.offer_only(&offered(self.renditions, count));
        }
    }

    /// Has the outlet look again at what is wanted, if viewers have come or gone.
    pub fn tick(&self, outlet: &Outlet) {
        if !self.wishes.is_changed.swap(false, Ordering::AcqRel) {
            return;
        }
        outlet.look_round();
    }

    /// Ends it: viewers are told.
    pub async fn stop(self, outlet: &Outlet) {
        outlet.detach(NAME);
        if let Some(relay) = self.relay {
            relay.stop().await;
        }
    }
}

/// Which of `renditions`, the last of which is sound alone, are offered where `count` may be beside the source and the sound: the
/// smallest, for it is those with a weak network who need another one.
fn offered(renditions: usize, count: usize) -> Vec<bool> {
    let sound_alone = renditions.saturating_sub(1);
    (0..renditions)
        .map(|at| at == 0 || at == sound_alone || at + count >= sound_alone)
        .collect()
}

async fn listen(settings: RelaySettings, is_asked: bool, clock: Clock, inputs: &Inputs) -> Result<Relay, RelayError> {
    let first = settings.listen.port();
    let ports = if is_asked || settings.listen != DEFAULT_LISTEN {
        first..=first
    } else {
        first..=first + MORE_PORTS
    };
    let mut last = None;
    for port in ports {
        let mut settings = settings.clone();
        settings.listen.set_port(port);
        let inputs = inputs.clone();
        let report = move |report| {
            let input = match report {
                RelayReport::Event { is_warning, text } => {
                    let level = if is_warning {
                        EventLevel::Warning
                    } else {
                        EventLevel::Info
                    };
                    Input::Event(level, NAME.to_owned(), text)
                }
                RelayReport::Stats(stats) => Input::Relay(RelayNews::Stats(Box::new(stats))),
            };
            post(&inputs, input);
        };
        match Relay::start(settings, clock, report).await {
            Ok(relay) => return Ok(relay),
            Err(error @ RelayError::Listen { .. }) => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    // There is one port at least.
    Err(last.unwrap_or_else(|| RelayError::Io(std::io::ErrorKind::AddrInUse.into())))
}

#[cfg(test)]
mod tests {
    use super::offered;

    #[test]
    fn the_source_the_sound_and_the_smallest_stay() {
        assert_eq!(offered(4, 9), [true, true, true, true]);
        assert_eq!(offered(4, 2), [true, true, true, true]);
        assert_eq!(offered(4, 1), [true, false, true, true]);
        assert_eq!(offered(4, 0), [true, false, false, true]);
        assert_eq!(offered(2, 0), [true, true]);
    }
}
