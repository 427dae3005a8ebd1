//! The hold between encoders and an outlet, in simulated time.

use bytes::Bytes;

use super::super::air::MaskPlan;
use super::super::outlet::{SOURCE, Taker, Track};
use super::*;
use crate::media::{AudioConfig, RateControl};

const RATE: FrameRate = FrameRate::whole(30);

/// Pictures of a GOP.
const GOP: i64 = 30;

fn ms(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

#[derive(Default)]
struct Viewer {
    seen: Mutex<Vec<Packet>>,
    configs: Mutex<usize>,
}

impl Taker for Viewer {
    fn take(&self, track: Track, packet: &Packet) {
        assert_eq!(track, Track::Video(SOURCE));
        lock(&self.seen).push(packet.clone());
    }
    fn configure(&self, _: usize, _: &VideoConfig) {
        *lock(&self.configs) += 1;
    }
    fn configure_sound(&self, _: &AudioConfig) {}
    fn wants(&self, track: Track) -> bool {
        track == Track::Video(SOURCE)
    }
}

fn packet(pts: Timestamp, is_idr: bool, data: &'static [u8]) -> Packet {
    Packet {
        track: TrackKind::Video,
        pts,
        dts: pts,
        is_idr,
        data: Bytes::from_static(data),
    }
}

/// Encoder, sound and thread of a show, one after the other and in no time.
struct Rig {
    holding: Arc<Holding>,
    outlet: Outlet,
    viewer: Arc<Viewer>,
    held: Option<SoundHold>,
    edits: Vec<Edit>,
    now: i64,
    tick: i64,
    since_idr: i64,
}

impl Rig {
    fn new(target_ms: i64) -> Self {
        // The clock does not count here, but for dumps: what is mixed is far in its past.
        let holding = Arc::new(Holding::new(Clock::start(), RATE, TimeDelta::from_millis(target_ms)));
        let rate = crate::media::Rate {
            control: RateControl::Constant,
            kbps: 500,
        };
        let outlet = Outlet::new(&[rate]).behind(Arc::clone(&holding));
        let viewer = Arc::new(Viewer::default());
        outlet.attach("viewer", Arc::clone(&viewer) as Arc<dyn Taker>);
        outlet.configure(
            SOURCE,
            &VideoConfig {
                width: 16,
                height: 16,
                frame_rate: RATE,
                sps: Bytes::from_static(b"s"),
                pps: Bytes::from_static(b"p"),
                bitrate_kbps: 500,
            },
        );
        Self {
            holding,
            outlet,
            viewer,
            held: None,
            edits: Vec::new(),
            now: 0,
            tick: 0,
            since_idr: 0,
        }
    }

    fn run(&mut self, for_ms: i64) {
        for _ in 0..for_ms / 10 {
            self.now += 10;
            let out = ms(self.now - 30);
            if self.now >= 30 && self.holding.is_sound_touched() {
                let held = self.held.get_or_insert_with(|| {
                    let mut held = SoundHold::new();
                    held.go_on(out);
                    held
                });
                held.put(&AudioBlock::silence(out), 1);
                let place = self.holding.advance(out, held, &mut self.edits);
                held.read(out, place, &self.edits, &mut |block| block);
                self.holding.went_out(out, held, 0);
            } else {
                self.held = None;
            }
            while RATE.frame_time(self.tick) <= ms(self.now) {
                if self.holding.wants_reel(SOURCE) {
                    let reel = (0..6).map(|at| packet(ms(0), at % 3 == 0, b"slate"));
                    self.holding
                        .set_reel(SOURCE, Reel::new(&reel.collect::<Vec<_>>()).unwrap());
                    self.outlet.want_idr(SOURCE);
                }
                let is_idr = self.outlet.take_idr_wish(SOURCE) || self.since_idr >= GOP || self.tick == 0;
                self.since_idr = if is_idr { 1 } else { self.since_idr + 1 };
                let pts = RATE.frame_time(self.tick);
                self.outlet.offer_video(SOURCE, &packet(pts, is_idr, b"picture"));
                self.tick += 1;
            }
            let mut leaving = Vec::new();
            self.holding.let_out(SOURCE, ms(self.now), &self.outlet, &mut leaving);
        }
    }

    /// What has come since the last call: when, and whether it was a slate.
    fn seen(&self) -> Vec<(Timestamp, bool)> {
        let seen = std::mem::take(&mut *lock(&self.viewer.seen));
        assert!(
            seen.windows(2).all(|pair| pair[0].pts < pair[1].pts),
            "nothing overtakes"
        );
        seen.iter()
            .map(|packet| (packet.pts, &*packet.data == b"slate"))
            .collect()
    }
}

#[test]
fn without_a_hold_packets_go_straight_out() {
    let mut rig = Rig::new(0);
    assert_eq!(*lock(&rig.viewer.configs), 1);
    rig.run(1000);
    assert!(!rig.holding.is_sound_touched() && rig.held.is_none());
    let seen = rig.seen();
    assert_eq!(seen.len(), rig.tick as usize);
    assert!(seen.iter().all(|(_, is_slate)| !is_slate));
    assert_eq!(rig.holding.state().phase, HoldPhase::Off);
    assert_eq!(
        rig.holding.state().bytes,
        rig.holding
            .lines
            .iter()
            .map(|line| lock(&line.pictures).bytes())
            .sum::<u64>()
    );
}

#[test]
fn a_show_that_begins_with_a_hold_begins_with_slate() {
    let mut rig = Rig::new(2000);
    rig.run(1000);
    let seen = rig.seen();
    assert!(!seen.is_empty() && seen.iter().all(|(_, is_slate)| *is_slate));
    let state = rig.holding.state();
    assert_eq!(
        (state.phase, state.target),
        (HoldPhase::Filling, TimeDelta::from_millis(2000))
    );
    rig.run(4000);
    let state = rig.holding.state();
    assert_eq!(
        (state.phase, state.now),
        (HoldPhase::Steady, TimeDelta::from_millis(2000))
    );
    assert_eq!(state.levels.len(), 20);
    assert!(state.bytes > 300_000 && state.newest - state.airing >= TimeDelta::from_millis(2000));
    let first = rig.seen().into_iter().find(|(_, is_slate)| !is_slate).unwrap();
    // The course begins with the first block of sound.
    assert!((first.0 - ms(2000)).abs() <= TimeDelta::from_millis(40), "{first:?}");
}

#[test]
fn a_hold_comes_and_goes_and_nothing_is_lost_on_the_way() {
    let mut rig = Rig::new(0);
    rig.run(1000);
    rig.holding.set(TimeDelta::from_millis(200), Pace::Slow);
    rig.run(6000);
    assert_eq!(rig.holding.state().now, TimeDelta::from_millis(200));
    rig.holding.set(TimeDelta::ZERO, Pace::Slow);
    // So short a hold does not show what is a pause: 2 %.
    rig.run(11_000);
    assert!(!rig.holding.is_active(), "{:?}", rig.holding.state());
    assert_eq!(rig.holding.state().phase, HoldPhase::Off);
    rig.run(100);
    let seen = rig.seen();
    assert_eq!(seen.len(), rig.tick as usize);
    assert!(seen.iter().all(|(_, is_slate)| !is_slate));
    assert!(rig.held.is_none(), "its memory is free");
    // And again.
    rig.holding.set(TimeDelta::from_millis(1000), Pace::Slate);
    rig.run(3000);
    assert!(rig.seen().iter().filter(|(_, is_slate)| *is_slate).count() > 4);
    rig.holding.set(TimeDelta::ZERO, Pace::Now);
    rig.run(3000);
    assert!(!rig.holding.is_active());
}

#[test]
fn a_hold_that_grows_under_a_slate_begins_it_at_an_idr() {
    let mut rig = Rig::new(2000);
    rig.run(5000);
    rig.seen();
    rig.holding.set(TimeDelta::from_millis(3000), Pace::Slate);
    rig.run(6000);
    assert_eq!(rig.holding.state().now, TimeDelta::from_millis(3000));
    let seen = rig.seen();
    let slates = seen.iter().filter(|(_, is_slate)| *is_slate).count();
    assert!((4..=10).contains(&slates), "{slates}");
    assert_eq!(rig.holding.state().slates, 0, "it costs no picture");
}

#[test]
fn a_dump_and_a_check_that_is_blind_show_slate() {
    let mut rig = Rig::new(1000);
    rig.run(4000);
    rig.seen();
    let held = (rig.holding.state().airing, ms(rig.now));
    rig.holding.cover(held.0, held.1);
    rig.run(900);
    assert!(rig.seen().iter().skip(2).all(|(_, is_slate)| *is_slate));
    rig.run(2000);
    assert!(rig.seen().iter().any(|(_, is_slate)| !is_slate));
    rig.holding.exit_gate().arm("pictures", TrackKind::Video);
    rig.run(500);
    assert!(rig.seen().iter().skip(2).all(|(_, is_slate)| *is_slate));
    rig.holding
        .exit_gate()
        .stamp("pictures", TrackKind::Video, ms(0), ms(1_000_000));
    rig.run(2000);
    assert_eq!(rig.seen().last().map(|(_, is_slate)| *is_slate), Some(false));
}

#[test]
fn edits_hold_without_a_hold_too() {
    let mut rig = Rig::new(0);
    rig.run(500);
    rig.holding.edit(Edit {
        id: 1,
        from: ms(600),
        until: Timestamp::from_flicks(i64::MAX),
        kind: EditKind::Mute,
        strips: None,
    });
    rig.run(300);
    assert!(rig.held.is_some() && !rig.edits.is_empty());
    assert!(!rig.holding.is_active());
    assert!(rig.holding.state().silenced > 10);
    assert!(rig.holding.restore(1) && !rig.holding.restore(1));
    rig.run(50);
    assert!(!rig.holding.is_sound_touched() && rig.held.is_none());
}

#[test]
fn the_thread_sleeps_until_it_is_woken_and_ends() {
    let holding = Arc::new(Holding::new(Clock::start(), RATE, TimeDelta::from_millis(500)));
    let outlet = Arc::new(Outlet::at_kbps(&[500]).behind(Arc::clone(&holding)));
    let viewer = Arc::new(Viewer::default());
    outlet.attach("viewer", Arc::clone(&viewer) as Arc<dyn Taker>);
    let watch = FaceWatch::new(RATE, MaskPlan::nothing());
    let stop = Arc::new(AtomicBool::new(false));
    let thread = {
        let (holding, outlet, stop) = (Arc::clone(&holding), Arc::clone(&outlet), Arc::clone(&stop));
        std::thread::spawn(move || holding.run(&outlet, &watch, &stop))
    };
    outlet.offer_video(SOURCE, &packet(ms(0), true, b"picture"));
    let mut held = SoundHold::new();
    let mut edits = Vec::new();
    for index in 0..200 {
        let out = AudioBlock::time_of(index);
        held.put(&AudioBlock::silence(out), 0);
        holding.advance(out, &held, &mut edits);
    }
    while lock(&viewer.seen).is_empty() {
        std::thread::yield_now();
    }
    assert_eq!(lock(&viewer.seen)[0].pts, ms(500));
    stop.store(true, Ordering::Relaxed);
    holding.wake();
    thread.join().unwrap();
}
