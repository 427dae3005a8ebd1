//! What the core task has to do with the network: what the way out carries, who watches, what the controller makes of both.

use std::path::PathBuf;

use super::super::reporters::post;
use super::Core;
use crate::publish::{Scheme, Uplink, budget};
use crate::studio::model::EventLevel;
use crate::studio::update::Input;

impl Core {
    /// Warns where the destinations need more than the way out carries.
    pub(super) fn check_uplink(&mut self) {
        let Some(uplink_kbps) = self.show.uplink_kbps else {
            return;
        };
        let shares = self.destinations.specs().iter().filter_map(|spec| {
            let rendition = spec.rendition.as_ref();
            let rendition = rendition.and_then(|name| self.studio.renditions.iter().find(|known| known.name == *name));
            Some(Uplink {
                scheme: Scheme::of(&spec.url)?,
                video_kbps: rendition.map_or(self.studio.encoder.video_kbps, |rendition| rendition.video_kbps),
                frames_per_second: self.show.video.frame_rate.as_f64(),
                audio_kbps: self.sound.bitrate_kbps,
            })
        });
        let budget = budget(&shares.collect::<Vec<_>>());
        if budget.is_tight(uplink_kbps) {
            let text = format!(
                "the destinations take {} kbit/s together, and {uplink_kbps} is all that the uplink carries: a fifth of it should stay free",
                budget.total_kbps
            );
            self.tell(EventLevel::Warning, &text);
        }
    }

    /// Lets the controller see what there is to see, and does what it decides.
    pub(super) fn adapt(&mut self) {
        let now = self.clock.now();
        for note in self.counting.tick(now) {
            let level = if note.is_warning {
                EventLevel::Warning
            } else {
                EventLevel::Info
            };
            self.feed(Input::Event(level, "audience".to_owned(), note.text));
        }
        self.adapting.audience(self.counting.viewers(), now);
        if let Some((changes, state)) = self.adapting.tick(&self.outlet, now) {
            self.feed(Input::Adapted(changes, Box::new(state)));
        }
    }

    /// Writes what is seen of the network into the first of `paths` that is not there.
    pub(super) fn trace(&mut self, paths: &[PathBuf]) {
        let inputs = self.post.clone();
        let fail = move |reason| post(&inputs, Input::Trace(Err(reason)));
        let begun = self.adapting.trace(paths, fail);
        post(&self.post, Input::Trace(begun.map(Some)));
    }

    /// Once a second: who watches.
    pub(super) fn count(&mut self) {
        if self.studio.relay.is_some() {
            self.counting.relay(self.studio.viewers(), self.clock.now());
        }
        let counts = self.counting.counts();
        if counts != self.studio.adapt.audience {
            self.feed(Input::Audience(counts));
        }
    }
}
