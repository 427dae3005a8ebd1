//! What is seen of the load between two looks at it.

use super::Load;
use crate::media::{TimeDelta, Timestamp};

/// So often one looks how good previews can be.
const LOOK_S: f64 = 0.25;

/// So often the figures for the screen are counted: more often than that they cannot be read.
const COUNT_S: f64 = 1.0;

/// What went out of pictures with a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Bytes.
    pub bytes: usize,
    /// Bytes of the largest picture of pixels, where there was one.
    pub largest: Option<usize>,
    /// Some of them are not out yet.
    pub is_waiting: bool,
}

/// Counts what goes out.
#[derive(Debug, Default)]
pub struct Watch {
    since: Option<Timestamp>,
    /// Since when pictures wait, if they do.
    waiting_since: Option<Timestamp>,
    waited: TimeDelta,
    pictures: usize,
    largest: Option<usize>,
    counted_since: Option<Timestamp>,
    all: usize,
    whole: u32,
    counted: Option<(u32, u32)>,
}

impl Watch {
    /// A frame of so many bytes went out, with what was in it of pictures.
    pub fn note(&mut self, bytes: usize, pictures: Sent, now: Timestamp) {
        self.all += bytes;
        self.pictures += pictures.bytes;
        self.largest = self.largest.max(pictures.largest);
        if pictures.bytes > 0 && !pictures.is_waiting {
            self.whole += 1;
        }
        match (pictures.is_waiting, self.waiting_since) {
            (true, None) => self.waiting_since = Some(now),
            (false, Some(since)) => {
                self.waited += now - since;
                self.waiting_since = None;
            }
            _ => {}
        }
    }

    /// The load since the last look, if that was long enough ago. `room` and `rate` are as in [`Load`].
    pub fn look(&mut self, now: Timestamp, room: f64, rate: f64) -> Option<Load> {
        let since = *self.since.get_or_insert(now);
        let seconds = (now - since).as_secs_f64();
        if seconds < LOOK_S {
            return None;
        }
        if let Some(since) = &mut self.waiting_since {
            self.waited += now - *since;
            *since = now;
        }
        let load = Load {
            waiting: self.waited.as_secs_f64() / seconds,
            used: self.pictures as f64 / seconds,
            room,
            rate,
            largest: self.largest.take(),
        };
        self.since = Some(now);
        self.waited = TimeDelta::ZERO;
        self.pictures = 0;
        let counted_since = *self.counted_since.get_or_insert(now);
        let counted_s = (now - counted_since).as_secs_f64();
        if counted_s >= COUNT_S {
            let per_second = |count: f64| (count / counted_s).round() as u32;
            self.counted = Some((per_second(self.all as f64), per_second(f64::from(self.whole))));
            (self.all, self.whole) = (0, 0);
            self.counted_since = Some(now);
        }
        Some(load)
    }

    /// Bytes per second of all that went out, and changes of pictures per second that went out whole; once a second.
    pub fn counted(&mut self) -> Option<(u32, u32)> {
        self.counted.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_out_and_what_waits_is_counted() {
        let mut watch = Watch::default();
        let at = Timestamp::from_millis;
        assert_eq!(watch.look(at(0), 1000.0, 2000.0), None);
        let pictures = |is_waiting| Sent {
            bytes: 100,
            largest: None,
            is_waiting,
        };
        watch.note(150, pictures(true), at(100));
        watch.note(150, pictures(false), at(200));
        assert_eq!(watch.look(at(240), 1000.0, 2000.0), None, "too soon");
        let load = watch.look(at(400), 1000.0, 2000.0).unwrap();
        assert!(
            (load.waiting - 0.25).abs() < 1e-9 && (load.used - 500.0).abs() < 1e-9,
            "{load:?}"
        );
        assert_eq!((load.room, load.rate), (1000.0, 2000.0));
        watch.note(200, pictures(true), at(500));
        let load = watch.look(at(900), 1000.0, 2000.0).unwrap();
        assert!((load.waiting - 0.8).abs() < 1e-9, "what waits on counts: {load:?}");
        assert_eq!(watch.counted(), None);
        watch.look(at(1400), 1000.0, 2000.0).unwrap();
        assert_eq!(watch.counted(), Some((500, 1)));
        assert_eq!(watch.counted(), None, "once");
    }
}
