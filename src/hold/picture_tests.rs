//! Held packets: what leaves can be decoded, and nothing leaves that is covered.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::hold::{Pace, Plan, Tempo};
use crate::media::{AudioBlock, FrameRate, TrackKind};

const RATE: FrameRate = FrameRate::whole(30);

/// Pictures of a GOP of the show.
const GOP: i64 = 60;

fn ms(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn config(width: u32) -> VideoConfig {
    VideoConfig {
        width,
        height: 16,
        frame_rate: RATE,
        sps: Bytes::from_static(b"s"),
        pps: Bytes::from_static(b"p"),
        bitrate_kbps: 700,
    }
}

/// What a packet of these tests is: `b'c'` content or `b's'` slate, its configuration, GOP and place in it.
fn data(kind: u8, config: u8, gop: i64, at: i64) -> Bytes {
    Bytes::from(format!("{}{config}:{gop}:{at}", char::from(kind)))
}

fn parts(packet: &Packet) -> (char, u8, i64, i64) {
    let text = std::str::from_utf8(&packet.data).unwrap();
    let mut parts = text[1..].split(':').map(|part| part.parse::<i64>().unwrap());
    let mut next = || parts.next().unwrap();
    (text.chars().next().unwrap(), next() as u8, next(), next())
}

fn reel(config: u8) -> Reel {
    let pictures = (0..20_i64).map(|index| Packet {
        track: TrackKind::Video,
        pts: Timestamp::ZERO,
        dts: Timestamp::ZERO,
        is_idr: index % 10 == 0,
        data: data(b's', config, index / 10, index % 10),
    });
    Reel::new(&pictures.collect::<Vec<_>>()).unwrap()
}

/// A decoder that knows only whether each picture can be decoded.
#[derive(Default)]
struct Decoder {
    config: Option<u8>,
    /// The picture before.
    last: Option<(char, u8, i64, i64)>,
    pts: Option<Timestamp>,
    /// The time at which content went out, and its own.
    content: Vec<(Timestamp, i64)>,
    slates: Vec<Timestamp>,
}

impl Decoder {
    fn take(&mut self, leaving: Leaving) {
        let packet = match leaving {
            Leaving::Config(config) => {
                self.config = Some(config.width as u8);
                self.last = None;
                return;
            }
            Leaving::Packet(packet) => packet,
        };
        assert_eq!(packet.pts, packet.dts);
        assert!(self.pts.is_none_or(|last| packet.pts > last), "time goes on");
        self.pts = Some(packet.pts);
        let (kind, config, gop, at) = parts(&packet);
        assert_eq!(self.config, Some(config));
        if packet.is_idr {
            assert!(
                self.last
                    .is_none_or(|last| last.3 > 0 || (last.0, last.2) != (kind, gop)),
                "two IDRs of one number"
            );
        } else {
            assert_eq!(
                self.last,
                Some((kind, config, gop, at - 1)),
                "it refers to the one before"
            );
        }
        self.last = Some((kind, config, gop, at));
        if kind == 'c' {
            self.content.push((packet.pts, gop * GOP + at));
        } else {
            self.slates.push(packet.pts);
        }
    }
}

/// A line whose pictures run through a hold, in no time.
struct Rig {
    hold: PictureHold,
    course: Course,
    plan: Plan,
    now: i64,
    tick: i64,
    decoder: Decoder,
    is_wanted: bool,
    /// How late pictures come out of the encoder.
    latency_ms: i64,
}

impl Rig {
    fn new(target_ms: i64) -> Self {
        let mut hold = PictureHold::new(RATE.frame_duration());
        hold.configure(config(1));
        hold.set_reel(reel(1));
        Self {
            hold,
            course: Course::new(ms(0), ms(0)),
            plan: Plan::new(TimeDelta::from_millis(target_ms), Pace::Slate),
            now: 0,
            tick: 0,
            decoder: Decoder::default(),
            is_wanted: true,
            latency_ms: 15,
        }
    }

    fn set(&mut self, target_ms: i64, pace: Pace) {
        self.plan = Plan::new(TimeDelta::from_millis(target_ms), pace);
    }

    fn run(&mut self, for_ms: i64) {
        self.run_cleared(for_ms, &|_| true);
    }

    /// The sound draws the course 30 ms behind the clock; the pictures' way out looks every 5 ms.
    fn run_cleared(&mut self, for_ms: i64, is_cleared: &dyn Fn(Timestamp) -> bool) {
        for _ in 0..for_ms / 5 {
            if self.now % 10 == 0 && self.now >= 30 {
                self.plan.extend(&mut self.course, ms(self.now - 30), |_| false);
            }
            while RATE.frame_time(self.tick) + TimeDelta::from_millis(self.latency_ms) <= ms(self.now) {
                self.hold.put(Packet {
                    track: TrackKind::Video,
                    pts: RATE.frame_time(self.tick),
                    dts: RATE.frame_time(self.tick),
                    is_idr: self.tick % GOP == 0,
                    data: data(b'c', 1, self.tick / GOP, self.tick % GOP),
                });
                self.tick += 1;
            }
            let decoder = &mut self.decoder;
            let next = self
                .hold
                .poll(ms(self.now), &self.course, self.is_wanted, is_cleared, &mut |leaving| {
                    decoder.take(leaving);
                });
            assert!(next.is_none_or(|next| next > ms(self.now)));
            if self.tick > 0 && self.is_wanted && self.decoder.config == Some(1) && self.hold.is_through(true) {
                // From here on the encoder's pictures may go straight out: the next refers to the one before.
                let before = self.tick - 1;
                let newest = Some(('c', 1, before / GOP, before % GOP));
                assert_eq!(self.decoder.last, newest, "at {} ms", self.now);
            }
            self.now += 5;
        }
    }

    /// How long the content that left last was held.
    fn held_ms(&self) -> f64 {
        let (out, tick) = self.decoder.content.last().unwrap();
        (*out - RATE.frame_time(*tick)).as_secs_f64() * 1000.0
    }
}

#[test]
fn a_show_begins_with_slate_and_then_has_all_its_pictures() {
    let mut rig = Rig::new(5000);
    rig.run(12_000);
    let content = &rig.decoder.content;
    assert_eq!(content[0], (ms(5000), 0));
    assert!(content.windows(2).all(|pair| pair[1].1 == pair[0].1 + 1));
    assert!((rig.held_ms() - 5000.0).abs() < 0.1);
    let slates = &rig.decoder.slates;
    assert!((24..32).contains(&slates.len()), "{}", slates.len());
    assert!(slates.iter().all(|slate| *slate < ms(5000)));
    assert_eq!(rig.hold.slates(), 0, "nothing was replaced");
}

#[test]
fn without_a_hold_pictures_go_through_as_they_come() {
    let mut rig = Rig::new(0);
    rig.run(4000);
    assert!(rig.decoder.slates.is_empty());
    assert_eq!(rig.decoder.content.len(), rig.tick as usize);
    assert!(rig.held_ms() < 0.1 && rig.hold.is_through(true));
}

#[test]
fn nothing_of_a_covered_span_leaves_and_content_comes_back_with_an_idr() {
    let mut rig = Rig::new(3000);
    rig.run(8000);
    // What is held: the show from 5 s to 8 s.
    rig.hold.cover(ms(5000), ms(8000));
    rig.run(8000);
    let content = &rig.decoder.content;
    let covered = |(_, tick): &&(Timestamp, i64)| (150..=240).contains(tick);
    assert_eq!(content.iter().filter(covered).count(), 0);
    let back = content.iter().find(|(_, tick)| *tick > 240).unwrap();
    assert_eq!(
        *back,
        (RATE.frame_time(300) + TimeDelta::from_millis(3000), 300),
        "the next IDR"
    );
    assert!(rig.decoder.slates.iter().filter(|slate| **slate >= ms(8000)).count() > 20);
    assert_eq!(rig.hold.slates(), 150);
    assert!((rig.held_ms() - 3000.0).abs() < 0.1, "time is not shifted");
}

#[test]
fn what_no_check_has_seen_is_slate() {
    let mut rig = Rig::new(1000);
    let is_cleared = |pts: Timestamp| !(ms(4000)..ms(6500)).contains(&pts);
    rig.run_cleared(12_000, &is_cleared);
    let ticks = rig.decoder.content.iter().map(|(_, tick)| *tick).collect::<Vec<_>>();
    assert!(ticks.contains(&119) && !ticks.iter().any(|tick| (120..240).contains(tick)) && ticks.contains(&240));
}

#[test]
fn pictures_follow_the_course_as_it_grows_and_shrinks() {
    let mut rig = Rig::new(0);
    rig.run(1000);
    rig.set(2000, Pace::Slow);
    rig.run(52_000);
    assert!((rig.held_ms() - 2000.0).abs() < 0.1, "{}", rig.held_ms());
    rig.set(4000, Pace::Slate);
    rig.run(10_000);
    assert!((rig.held_ms() - 4000.0).abs() < 0.1);
    assert!(rig.decoder.slates.len() > 8);
    let slates = rig.decoder.slates.len();
    rig.set(3000, Pace::Slow);
    rig.run(52_000);
    assert!((rig.held_ms() - 3000.0).abs() < 0.1);
    assert_eq!(rig.decoder.slates.len(), slates, "no slate while it shrinks");
    rig.set(0, Pace::Now);
    rig.run(4000);
    assert!(rig.held_ms() < 0.1 && rig.hold.is_through(true));
}

#[test]
fn another_configuration_comes_in_order_and_with_its_own_reel() {
    let mut rig = Rig::new(2000);
    rig.run(4000);
    rig.hold.configure(config(2));
    rig.hold.set_reel(reel(2));
    let from = rig.tick;
    for tick in from..from + 90 {
        rig.hold.put(Packet {
            track: TrackKind::Video,
            pts: RATE.frame_time(tick),
            dts: RATE.frame_time(tick),
            is_idr: tick == from,
            data: data(b'c', 2, from, tick - from),
        });
    }
    rig.tick += 100_000;
    rig.run(2000);
    assert_eq!(rig.decoder.config, Some(2));
    rig.run(8000);
    assert_eq!(
        rig.decoder.last.map(|last| (last.0, last.1)),
        Some(('s', 2)),
        "then it has run dry"
    );
}

#[test]
fn a_line_that_is_taken_again_shows_slate_until_its_pictures_are_due() {
    let mut rig = Rig::new(2000);
    rig.run(6000);
    let slates = rig.decoder.slates.len();
    // Nobody takes it, so it is not encoded.
    rig.is_wanted = false;
    rig.tick += 100_000;
    rig.run(10_000);
    assert_eq!(rig.decoder.slates.len(), slates);
    rig.is_wanted = true;
    rig.tick = 480 + 60;
    rig.run(1900);
    assert!(
        (6..14).contains(&(rig.decoder.slates.len() - slates)),
        "{}",
        rig.decoder.slates.len() - slates
    );
    rig.run(4000);
    assert!((rig.held_ms() - 2000.0).abs() < 0.1);
}

#[test]
fn ten_minutes_neither_drift_nor_leak() {
    let mut rig = Rig::new(5000);
    rig.run(60_000);
    let bytes = rig.hold.bytes();
    for round in 0..10 {
        let dump = rig.now;
        rig.hold.cover(ms(dump - 2000), ms(dump));
        rig.set(if round % 2 == 0 { 4000 } else { 5000 }, Pace::Slow);
        rig.run(60_000);
        rig.decoder.content.drain(..rig.decoder.content.len() - 1);
        assert!(rig.hold.bytes() <= bytes + 1000, "{} after {bytes}", rig.hold.bytes());
    }
    assert!((rig.held_ms() - 5000.0).abs() < 0.1);
}

#[test]
fn what_nobody_fetches_is_not_kept_for_ever() {
    let mut hold = PictureHold::new(RATE.frame_duration());
    for tick in 0..30 * 300 {
        hold.put(Packet {
            track: TrackKind::Video,
            pts: RATE.frame_time(tick),
            dts: RATE.frame_time(tick),
            is_idr: tick % GOP == 0,
            data: Bytes::from_static(&[0; 100]),
        });
    }
    assert!(hold.packets <= 35 * 30 + 1);
    assert!(hold.bytes() < 400_000, "{}", hold.bytes());
}

#[derive(Clone, Debug)]
enum Act {
    Set(i64, Pace),
    Dump(i64),
    Blind(i64),
    Absent,
    Slow(i64),
    Run(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let pace = prop::sample::select(vec![Pace::Slow, Pace::Slate, Pace::Now]);
    prop_oneof![
        (0_i64..8000, pace).prop_map(|(target, pace)| Act::Set(target, pace)),
        (0_i64..6000).prop_map(Act::Dump),
        (0_i64..3000).prop_map(Act::Blind),
        Just(Act::Absent),
        (0_i64..400).prop_map(Act::Slow),
        (0_i64..6000).prop_map(Act::Run),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_happens_what_leaves_can_be_decoded(acts in prop::collection::vec(act(), 1..20)) {
        let mut rig = Rig::new(1000);
        let mut dumped: Vec<(i64, i64)> = Vec::new();
        for act in acts {
            match act {
                Act::Set(target, pace) => rig.set(target, pace),
                Act::Dump(last) => {
                    let left = rig.decoder.content.last().map_or(-1, |(_, tick)| *tick);
                    rig.hold.cover(ms(rig.now - last), ms(rig.now));
                    let first = RATE.frame_at(ms(rig.now - last)) + 1;
                    dumped.push((first.max(left + 1), RATE.frame_at(ms(rig.now))));
                }
                Act::Blind(for_ms) => rig.run_cleared(for_ms, &|_| false),
                Act::Absent => rig.is_wanted = !rig.is_wanted,
                Act::Slow(latency_ms) => rig.latency_ms = latency_ms,
                Act::Run(for_ms) => rig.run(for_ms),
            }
            rig.run(50);
        }
        for (_, tick) in &rig.decoder.content {
            prop_assert!(!dumped.iter().any(|(from, until)| (*from..=*until).contains(tick)), "{tick} was dumped");
        }
        // And in the end all is well.
        rig.is_wanted = true;
        rig.latency_ms = 15;
        rig.set(1000, Pace::Now);
        rig.run(8000);
        prop_assert!((rig.held_ms() - 1000.0).abs() < 0.1);
        prop_assert_eq!(rig.decoder.last.map(|last| last.0), Some('c'));
    }
}

#[test]
fn a_slate_of_the_course_is_not_content() {
    // What is asked of the tempo here is what `Course` says of it.
    assert!(Tempo::SLATE.is_slate() && !Tempo::STEADY.is_slate());
    assert_eq!(Tempo::STEADY.per_block(), AudioBlock::duration());
}
