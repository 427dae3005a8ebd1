//! The held pictures of one line: packets in as they are encoded, packets out as the course has it, and a slate where they may not be
//! seen or are not there.
//!
//! A picture that does not leave takes with it all that refer to it, so behind a slate content begins with an IDR. Configurations and
//! reels go through the queue with the packets, so that a decoder learns them in order.

use std::collections::VecDeque;

use super::{Course, Passage, Reel};
use crate::media::h264::{Sps, avcc_nals, idr_pic_id};
use crate::media::{Packet, TimeDelta, Timestamp, VideoConfig};

/// Between two slate pictures.
const SLATE_MS: i64 = 200;

/// How late a picture may come out of its encoder before a slate is shown in its place.
const LATE_MS: i64 = 200;

/// Without a picture for so long, a slate takes over.
const DRY_MS: i64 = 1000;

/// Packets older than this against the newest are not held, whoever does not fetch them.
const MOST_MS: i64 = 35_000;

/// Stretches that are to be covered; with more, the newest are joined.
const COVERS: usize = 256;

/// How often an IDR is asked for that does not come.
const ASK_MS: i64 = 500;

/// What leaves.
#[derive(Clone, Debug, PartialEq)]
pub enum Leaving {
    /// What decoders need from the next packet on.
    Config(VideoConfig),
    /// A picture, stamped with the time at which it goes out.
    Packet(Packet),
}

#[derive(Debug)]
enum Item {
    Config(VideoConfig),
    Reel(Reel),
    Packet(Packet),
}

/// What a decoder has seen last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// Nothing that anything could refer to.
    Nothing,
    /// Content, which may go on.
    Content,
    /// Slate; the next one is due then.
    Slate { next: Timestamp },
}

/// The pictures of one line between its encoder and the air.
#[derive(Debug)]
pub struct PictureHold {
    items: VecDeque<Item>,
    packets: usize,
    bytes: u64,
    reel: Option<Reel>,
    /// How long a picture is shown.
    frame: TimeDelta,
    shown: Shown,
    /// Since when nothing has been shown to those who take the line.
    since: Option<Timestamp>,
    /// When the last picture left.
    last: Option<Timestamp>,
    /// Of the configuration in force.
    sps: Option<Sps>,
    /// The number of the IDR that left last; none where a picture left since.
    last_idr: Option<u32>,
    covers: Vec<(Timestamp, Timestamp)>,
    slates: u64,
    /// A picture was lost that those after it may refer to.
    is_broken: bool,
    /// When an IDR was asked for.
    asked: Option<Timestamp>,
}

impl PictureHold {
    /// Nothing held, of a line whose pictures are shown for `frame` each.
    #[must_use]
    pub fn new(frame: TimeDelta) -> Self {
        Self {
            items: VecDeque::new(),
            packets: 0,
            bytes: 0,
            reel: None,
            frame,
            shown: Shown::Nothing,
            since: None,
            last: None,
            sps: None,
            last_idr: None,
            covers: Vec::new(),
            slates: 0,
            is_broken: false,
            asked: None,
        }
    }

    /// Pictures come this way from now on. `last` is when the last one left that did not; none where a decoder has seen nothing
    /// to which they could refer.
    pub fn enter(&mut self, last: Option<Timestamp>) {
        self.shown = if last.is_some() { Shown::Content } else { Shown::Nothing };
        self.last = self.last.max(last);
    }

    /// A picture was encoded.
    pub fn put(&mut self, packet: Packet) {
        let oldest = packet.pts - TimeDelta::from_millis(MOST_MS);
        while matches!(self.items.front(), Some(Item::Packet(first)) if first.pts < oldest) {
            self.pop();
            self.lose();
        }
        self.bytes += packet.data.len() as u64;
        self.packets += 1;
        self.items.push_back(Item::Packet(packet));
    }

    /// Packets from here on are another configuration's. Its reel is to follow.
    pub fn configure(&mut self, config: VideoConfig) {
        self.items.push_back(Item::Config(config));
    }

    /// The slate pictures of the configuration that was told last.
    pub fn set_reel(&mut self, reel: Reel) {
        let is_later = self
            .items
            .iter()
            .any(|item| matches!(item, Item::Config(_) | Item::Reel(_)));
        if self.reel.is_none() && !is_later {
            self.reel = Some(reel);
        } else {
            self.items.push_back(Item::Reel(reel));
        }
    }

    /// What is of that stretch of the show, its ends included, and has not left yet, does not.
    pub fn cover(&mut self, from: Timestamp, until: Timestamp) {
        let is_full = self.covers.len() >= COVERS;
        match self.covers.last_mut() {
            // A cover that goes on.
            Some(last) if is_full || (from <= last.1 && until >= last.0) => {
                *last = (from.min(last.0), until.max(last.1));
            }
            _ => self.covers.push((from, until)),
        }
    }

    /// Whether nothing waits and a decoder could go on with the encoder's next picture: what was lost, to which that may refer, has
    /// been made good by an IDR. Where nobody takes the line there is no decoder, and who comes is given an IDR.
    #[must_use]
    pub fn is_through(&self, is_wanted: bool) -> bool {
        let is_whole = !self.is_broken && !matches!(self.shown, Shown::Slate { .. });
        self.items.is_empty() && (is_whole || !is_wanted)
    }

    /// When the last picture left.
    #[must_use]
    pub const fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// Bytes of what is held.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let reel = self.reel.as_ref().map_or(0, Reel::bytes);
        self.bytes + reel + (self.items.capacity() * size_of::<Item>()) as u64
    }

    /// Pictures of the content that a slate has replaced.
    #[must_use]
    pub const fn slates(&self) -> u64 {
        self.slates
    }

    /// The time of the newest picture that is held.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.items.iter().rev().find_map(|item| match item {
            Item::Packet(packet) => Some(packet.pts),
            _ => None,
        })
    }

    /// The first held IDR at or after that moment of the show.
    #[must_use]
    pub fn idr_from(&self, content: Timestamp) -> Option<Timestamp> {
        self.items.iter().find_map(|item| match item {
            Item::Packet(packet) if packet.is_idr && packet.pts >= content => Some(packet.pts),
            _ => None,
        })
    }

    /// Whether the encoder is to make an IDR, for content cannot come back with any that is held; said not too often. To be asked
    /// after [`poll`](Self::poll), of the same `now`.
    pub fn lacks_idr(&mut self, now: Timestamp) -> bool {
        let again = TimeDelta::from_millis(ASK_MS);
        if !self.is_broken || self.asked.is_some_and(|asked| now - asked < again) {
            return false;
        }
        let is_idr = |item: &Item| matches!(item, Item::Packet(packet) if packet.is_idr);
        if self.items.iter().any(is_idr) {
            return false;
        }
        self.asked = Some(now);
        true
    }

    /// Nothing is held any more, nothing has been shown, and nobody knows of a reel.
    pub fn clear(&mut self) {
        let slates = self.slates;
        *self = Self {
            slates,
            last: self.last,
            ..Self::new(self.frame)
        };
    }

    /// Gives `sink` all that is due at `now` of the way out, and says when to look again. Of `is_cleared` it is asked whether a
    /// moment of the show may be seen. While `is_wanted` is false nobody takes the line, and no slate is shown.
    pub fn poll(
        &mut self,
        now: Timestamp,
        course: &Course,
        is_wanted: bool,
        is_cleared: &dyn Fn(Timestamp) -> bool,
        sink: &mut dyn FnMut(Leaving),
    ) -> Option<Timestamp> {
        let mut due = None;
        while let Some(front) = self.items.front() {
            let Item::Packet(packet) = front else {
                self.turn(sink);
                continue;
            };
            match course.passage(packet.pts) {
                Passage::Skipped => {
                    self.pop();
                    self.lose();
                }
                Passage::At(out) if out <= now => {
                    if let Some(packet) = self.pop() {
                        self.leave(packet, out, is_wanted, is_cleared, sink);
                    }
                }
                Passage::At(out) | Passage::NotBefore(out) => {
                    due = Some(out);
                    break;
                }
            }
        }
        let airing = course.at(now);
        self.covers
            .retain(|(_, until)| *until + TimeDelta::from_millis(DRY_MS) > airing.content);
        if self.shown != Shown::Nothing || !is_wanted {
            self.since = None;
        }
        let next = if is_wanted {
            self.show_slate(now, airing.tempo.is_slate(), due, sink)
        } else {
            if self.shown != Shown::Content {
                self.shown = Shown::Nothing;
            }
            None
        };
        // What is not decided yet is by the next block.
        let soon = now + TimeDelta::from_millis(10);
        let next = [due, next].into_iter().flatten().min();
        next.map(|next| next.max(soon))
    }

    /// A configuration or a reel that is at the front comes into force.
    fn turn(&mut self, sink: &mut dyn FnMut(Leaving)) {
        match self.items.pop_front() {
            Some(Item::Config(config)) => {
                self.reel = None;
                self.sps = Sps::parse(&config.sps).ok();
                self.last_idr = None;
                self.shown = Shown::Nothing;
                sink(Leaving::Config(config));
            }
            Some(Item::Reel(reel)) => self.reel = Some(reel),
            Some(Item::Packet(_)) | None => {}
        }
    }

    fn pop(&mut self) -> Option<Packet> {
        match self.items.pop_front() {
            Some(Item::Packet(packet)) => {
                self.packets -= 1;
                self.bytes -= packet.data.len() as u64;
                Some(packet)
            }
            _ => None,
        }
    }

    /// A picture does not leave: what comes after it may refer to it.
    fn lose(&mut self) {
        self.slates += 1;
        self.is_broken = true;
        if self.shown == Shown::Content {
            self.shown = Shown::Nothing;
        }
    }

    /// A picture that is due leaves, or a slate in its place.
    fn leave(
        &mut self,
        mut packet: Packet,
        out: Timestamp,
        is_wanted: bool,
        is_cleared: &dyn Fn(Timestamp) -> bool,
        sink: &mut dyn FnMut(Leaving),
    ) {
        // Slates that were due before it.
        self.fill(out - self.frame / 2, sink);
        let is_covered = |(from, until): &(Timestamp, Timestamp)| (*from..=*until).contains(&packet.pts);
        let is_open = packet.is_idr || self.shown == Shown::Content;
        let is_later = self.last.is_none_or(|last| out > last);
        if packet.is_idr && self.last_idr.is_some() && self.idr_number(&packet.data) == self.last_idr {
            // Two IDRs in a row of the same number, one of a reel, are one picture to a decoder (§7.4.3): another goes between.
            self.fill_at(out - self.frame / 4, sink);
        }
        if is_open && is_later && !self.covers.iter().any(is_covered) && is_cleared(packet.pts) {
            (packet.pts, packet.dts) = (out, out);
            self.shown = Shown::Content;
            self.is_broken = false;
            self.last = Some(out);
            self.last_idr = self.idr_number(&packet.data).filter(|_| packet.is_idr);
            sink(Leaving::Packet(packet));
            return;
        }
        self.lose();
        if is_wanted {
            self.begin_slate(out);
            self.fill(out + self.frame / 2, sink);
        }
    }

    fn begin_slate(&mut self, at: Timestamp) {
        if matches!(self.shown, Shown::Slate { .. }) {
            return;
        }
        let last_idr = self.last_idr;
        let Some(reel) = &mut self.reel else { return };
        // Content behind a slate begins with an IDR, even where none of it was lost.
        self.is_broken = true;
        reel.begin();
        let number = |reel: &Reel| self.sps.as_ref().and_then(|sps| idr_number(reel.front(), sps));
        if last_idr.is_some() && number(reel) == last_idr {
            reel.skip();
            reel.begin();
        }
        let next = self.last.map_or(at, |last| at.max(last + self.frame / 2));
        self.shown = Shown::Slate { next };
    }

    /// Shows the slates that are due before `until`.
    fn fill(&mut self, until: Timestamp, sink: &mut dyn FnMut(Leaving)) {
        while let Shown::Slate { next } = self.shown
            && next < until
        {
            if !self.show(next, sink) {
                return;
            }
        }
    }

    /// Shows the next slate at `at` where slates are shown now, and the last picture left before that.
    fn fill_at(&mut self, at: Timestamp, sink: &mut dyn FnMut(Leaving)) {
        if matches!(self.shown, Shown::Slate { .. }) && self.last.is_none_or(|last| at > last) {
            self.show(at, sink);
        }
    }

    /// Shows the next slate at `at`; false where there is no reel.
    fn show(&mut self, at: Timestamp, sink: &mut dyn FnMut(Leaving)) -> bool {
        let Some(reel) = &mut self.reel else { return false };
        let packet = reel.next(at);
        // An IDR has another picture close behind it, so that seldom two of them are next to each other.
        let gap = if packet.is_idr {
            self.frame
        } else {
            TimeDelta::from_millis(SLATE_MS)
        };
        self.last = Some(at);
        self.last_idr = self.idr_number(&packet.data).filter(|_| packet.is_idr);
        self.shown = Shown::Slate { next: at + gap };
        sink(Leaving::Packet(packet));
        true
    }

    fn idr_number(&self, data: &[u8]) -> Option<u32> {
        idr_number(data, self.sps.as_ref()?)
    }

    /// Shows slates where no content is due, and says when the next one is.
    fn show_slate(
        &mut self,
        now: Timestamp,
        is_slate: bool,
        due: Option<Timestamp>,
        sink: &mut dyn FnMut(Leaving),
    ) -> Option<Timestamp> {
        // What is not behind a picture that waits may still come before it.
        let late = TimeDelta::from_millis(LATE_MS);
        let limit = due.map_or(now - late, |due| (due - self.frame / 2).min(now));
        match self.shown {
            Shown::Slate { .. } => {}
            Shown::Nothing => {
                let since = *self.since.get_or_insert(now);
                if limit < since {
                    return self.reel.is_some().then_some(since + late);
                }
                self.begin_slate(since);
            }
            Shown::Content => {
                let is_dry = self.last.is_none_or(|last| now - last > TimeDelta::from_millis(DRY_MS));
                if !is_slate && !is_dry {
                    let dry = self.last.map(|last| last + TimeDelta::from_millis(DRY_MS));
                    return dry.filter(|_| self.reel.is_some());
                }
                self.begin_slate(limit);
            }
        }
        self.fill(limit + TimeDelta::from_rate(1, 705_600_000), sink);
        match self.shown {
            Shown::Slate { next } => Some(if due.is_some() { next } else { next + late }),
            _ => None,
        }
    }
}

/// The number of an IDR, by which it differs from those next to it.
fn idr_number(data: &[u8], sps: &Sps) -> Option<u32> {
    let nal = avcc_nals(data, 4).next()?.ok()?;
    idr_pic_id(nal, sps)
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
