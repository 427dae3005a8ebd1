//! The hold with a real encoder before it and a real decoder behind it, in simulated time: all that it lets out decodes, flashes and
//! beeps stay together however it grows and shrinks, and it takes the memory that is promised.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

#[path = "common/counting.rs"]
mod counting;
#[path = "common/extent.rs"]
mod extent;

use std::collections::VecDeque;

use bytes::Bytes;
use openh264::decoder::Decoder;
use openh264::formats::YUVSource;
use rigcast::encode::{H264Encoder, VideoEncoder, VideoSettings};
use rigcast::hold::{Course, Edit, EditKind, EditList, Leaving, Pace, PictureHold, Plan, Reel, SoundHold};
use rigcast::media::h264::avcc_nals;
use rigcast::media::{
    AudioBlock, BLOCK_FRAMES, FramePool, FrameRate, Packet, TimeDelta, Timestamp, TrackKind, VideoConfig, VideoFrame,
};
use rigcast::picture::slate;

const RATE: FrameRate = FrameRate::whole(30);
const SIZE: (u32, u32) = (160, 90);

/// How late the sound's way out is against the clock, and a packet against its picture.
const SOUND_LATE_MS: i64 = 30;
const PICTURE_LATE_MS: i64 = 20;

fn ms(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

/// What a viewer sees and hears.
struct Viewer {
    decoder: Decoder,
    config: Option<VideoConfig>,
    last: Option<Timestamp>,
    is_white: bool,
    /// When the picture became white, when the sound became loud.
    flashes: Vec<Timestamp>,
    beeps: Vec<Timestamp>,
    quiet_for: i64,
    pictures: u64,
}

impl Viewer {
    fn see(&mut self, leaving: Leaving) {
        let packet = match leaving {
            Leaving::Config(config) => {
                self.config = Some(config);
                return;
            }
            Leaving::Packet(packet) => packet,
        };
        assert!(self.last.is_none_or(|last| packet.pts > last), "time goes on");
        self.last = Some(packet.pts);
        let mut annex_b = Vec::new();
        if packet.is_idr {
            let config = self.config.as_ref().expect("a configuration comes first");
            for set in [&config.sps, &config.pps] {
                annex_b.extend([0, 0, 0, 1]);
                annex_b.extend_from_slice(set);
            }
        }
        for nal in avcc_nals(&packet.data, 4) {
            annex_b.extend([0, 0, 0, 1]);
            annex_b.extend_from_slice(nal.unwrap());
        }
        let decoded = self.decoder.decode(&annex_b).expect("it decodes");
        let decoded = decoded.expect("each packet is a picture");
        let is_white = decoded.y()[45 * decoded.strides().0 + 80] > 200;
        if is_white && !self.is_white {
            self.flashes.push(packet.pts);
        }
        self.is_white = is_white;
        self.pictures += 1;
    }

    fn hear(&mut self, block: &AudioBlock) {
        for (at, sample) in block.channels[0].iter().enumerate() {
            if sample.abs() > 0.2 {
                if self.quiet_for > 4800 {
                    self.beeps.push(block.pts + TimeDelta::from_rate(at as i64, 48_000));
                }
                self.quiet_for = 0;
            } else {
                self.quiet_for += 1;
            }
        }
    }

    /// The largest distance of a flash from a beep, among those of which both got through, and how many those are.
    fn worst_ms(&self) -> (f64, usize) {
        let (mut worst, mut pairs) = (0.0_f64, 0);
        for flash in &self.flashes {
            let distances = self.beeps.iter().map(|beep| (*beep - *flash).abs());
            if let Some(nearest) = distances.min().filter(|nearest| *nearest < TimeDelta::from_millis(300)) {
                worst = worst.max(nearest.as_secs_f64() * 1000.0);
                pairs += 1;
            }
        }
        (worst, pairs)
    }

    fn forget(&mut self) {
        self.flashes.clear();
        self.beeps.clear();
    }
}

/// A show that flashes and beeps at the beginning of each second.
struct Show {
    encoder: H264Encoder,
    pool: FramePool,
    pictures: PictureHold,
    sound: SoundHold,
    course: Course,
    plan: Plan,
    edits: EditList,
    found: Vec<Edit>,
    viewer: Viewer,
    is_idr_wanted: bool,
    underway: VecDeque<Packet>,
    now: i64,
    tick: i64,
    /// A tone below the beeps, so that there are no pauses.
    murmur: f32,
}

impl Show {
    fn new(target_ms: i64) -> Self {
        let settings = VideoSettings {
            width: SIZE.0,
            height: SIZE.1,
            frame_rate: RATE,
            bitrate_kbps: 300,
            ..VideoSettings::default()
        };
        let encoder = H264Encoder::open(&settings).unwrap();
        let mut pictures = PictureHold::new(RATE.frame_duration());
        pictures.configure(encoder.config().clone());
        Self {
            encoder,
            pool: FramePool::new(),
            pictures,
            sound: SoundHold::new(),
            course: Course::new(ms(0), ms(0)),
            plan: Plan::new(TimeDelta::from_millis(target_ms), Pace::Slate),
            edits: EditList::default(),
            found: Vec::new(),
            viewer: Viewer {
                decoder: Decoder::new().unwrap(),
                config: None,
                last: None,
                is_white: false,
                flashes: Vec::new(),
                beeps: Vec::new(),
                quiet_for: 48_000,
                pictures: 0,
            },
            is_idr_wanted: false,
            underway: VecDeque::new(),
            now: 0,
            tick: 0,
            murmur: 0.0,
        }
    }

    fn set(&mut self, target_ms: i64, pace: Pace) {
        self.plan = Plan::new(TimeDelta::from_millis(target_ms), pace);
        self.is_idr_wanted = true;
    }

    fn dump(&mut self, last_ms: i64) {
        let (from, until) = (ms(self.now - last_ms), ms(self.now));
        self.edits.add(Edit {
            id: self.now as u64,
            from,
            until,
            kind: EditKind::Mute,
            strips: None,
        });
        self.pictures.cover(from, until);
        self.is_idr_wanted = true;
    }

    fn frame(&self, tick: i64) -> VideoFrame {
        let mut frame = self.pool.frame(SIZE.0, SIZE.1);
        let is_flash = tick % 30 == 0;
        frame.fill([if is_flash { 235 } else { 60 + (tick % 60) as u8 }, 128, 128]);
        frame.freeze(RATE.frame_time(tick))
    }

    /// Two GOPs of slate between the last picture and the one of this tick, as a line of the studio makes them.
    fn make_reel(&mut self) {
        let slate = slate(&self.pool, SIZE.0, SIZE.1, "stand by", "", ms(0));
        let step = RATE.frame_duration() / 21;
        let pictures = (0..20).map(|index| {
            let at = RATE.frame_time(self.tick) - step * (20 - index);
            self.encoder.encode(&slate.at(at), index % 10 == 0).unwrap().unwrap()
        });
        let reel = Reel::new(&pictures.collect::<Vec<_>>()).unwrap();
        self.pictures.set_reel(reel);
        self.is_idr_wanted = true;
    }

    fn run(&mut self, for_ms: i64) {
        for _ in 0..for_ms / 10 {
            self.now += 10;
            let (now, out) = (ms(self.now), ms(self.now - SOUND_LATE_MS));
            if out >= ms(0) {
                let block = self.mixed(out);
                self.sound.put(&block, 1);
                let sound = &self.sound;
                self.plan
                    .extend(&mut self.course, out, |content| sound.is_pause(content));
                let place = self.course.at(out);
                let (from, until) = SoundHold::reach(place);
                self.edits.find(from, until, &mut self.found);
                self.edits.forget_before(from);
                let left = self.sound.read(out, place, &self.found, &mut |block| block);
                self.viewer.hear(&left);
            }
            while RATE.frame_time(self.tick) <= now {
                if self.tick == 3 {
                    self.make_reel();
                }
                let is_idr = std::mem::take(&mut self.is_idr_wanted);
                let packet = self.encoder.encode(&self.frame(self.tick), is_idr).unwrap().unwrap();
                self.underway.push_back(packet);
                self.tick += 1;
            }
            let late = TimeDelta::from_millis(PICTURE_LATE_MS);
            while self.underway.front().is_some_and(|packet| packet.pts + late <= now) {
                self.pictures.put(self.underway.pop_front().unwrap());
            }
            let viewer = &mut self.viewer;
            self.pictures
                .poll(now, &self.course, true, &|_| true, &mut |leaving| viewer.see(leaving));
            self.is_idr_wanted |= self.pictures.lacks_idr(now);
        }
    }

    fn mixed(&self, pts: Timestamp) -> AudioBlock {
        let mut block = AudioBlock::silence(pts);
        for at in 0..BLOCK_FRAMES {
            let now = pts.to_48k() + at as i64;
            let level = if now % 48_000 < 2880 { 0.5 } else { self.murmur };
            let sample = level * (2.0 * std::f64::consts::PI * 1000.0 * now as f64 / 48_000.0).cos() as f32;
            block.channels = block.channels.map(|mut channel| {
                channel[at] = sample;
                channel
            });
        }
        block
    }

    fn together(&mut self, what: &str, at_least: usize) {
        let (worst, pairs) = self.viewer.worst_ms();
        assert!(pairs >= at_least, "{what}: {pairs} pairs");
        assert!(worst <= 20.0, "{what}: {worst:.1} ms");
        eprintln!("{what}: flash and beep within {worst:.1} ms, {pairs} pairs");
        self.viewer.forget();
    }

    fn hold_ms(&self) -> i64 {
        self.course.hold_at_end().to_millis()
    }
}

#[test]
fn flash_and_beep_stay_together_however_the_hold_changes() {
    let mut show = Show::new(2000);
    show.run(2000 + 5000);
    show.together("steady", 3);
    show.murmur = 0.02;
    show.set(3000, Pace::Slow);
    show.run(27_000);
    assert_eq!(show.hold_ms(), 3000);
    show.together("growing slowly", 22);
    show.set(5000, Pace::Slate);
    show.run(8000);
    assert_eq!(show.hold_ms(), 5000);
    show.together("growing under a slate", 3);
    show.dump(3000);
    show.run(12_000);
    show.together("a dump", 5);
    show.murmur = 0.0;
    show.set(1000, Pace::Slow);
    show.run(25_000);
    assert_eq!(show.hold_ms(), 1000);
    show.together("shrinking in pauses", 18);
    show.murmur = 0.02;
    show.set(500, Pace::Slow);
    show.run(30_000);
    assert_eq!(show.hold_ms(), 500);
    show.together("shrinking in talk", 22);
    show.set(0, Pace::Now);
    show.run(4000);
    assert_eq!(show.hold_ms(), 0);
    show.together("without a hold", 2);
    assert!(show.pictures.is_through(true));
}

#[test]
fn nothing_of_a_dump_is_seen_or_heard() {
    let mut show = Show::new(5000);
    show.run(14_900);
    show.viewer.forget();
    // Held is what was mixed from 10.5 s on. The flashes of 11 to 15 s go, that of 10 s has left.
    show.run(600);
    show.dump(4900);
    show.run(5000);
    assert_eq!(show.viewer.flashes.len(), 1, "{:?}", show.viewer.flashes);
    assert_eq!(show.viewer.beeps.len(), 1, "{:?}", show.viewer.beeps);
    show.viewer.forget();
    show.run(8000);
    show.together("after it", 5);
    assert_eq!(show.hold_ms(), 5000, "time is not shifted");
    assert!(show.pictures.slates() >= 140);
}

#[test]
fn a_soak_neither_drifts_nor_leaks() {
    let minutes = extent::extent(1, 10);
    let mut show = Show::new(5000);
    show.run(20_000);
    show.viewer.forget();
    let bytes = show.pictures.bytes() + show.sound.bytes();
    for minute in 0..minutes {
        show.run(20_000);
        show.dump(1000);
        show.set(4500, Pace::Slow);
        show.run(20_000);
        show.set(5000, Pace::Slate);
        show.run(20_000);
        show.together(&format!("minute {minute}"), 45);
        assert_eq!(show.hold_ms(), 5000);
        let now = show.pictures.bytes() + show.sound.bytes();
        assert!(now < bytes + 300_000, "{now} bytes after {bytes}");
    }
}

#[test]
fn twenty_seconds_take_less_than_twelve_megabytes() {
    let mut sound = SoundHold::new();
    let mut pictures = PictureHold::new(RATE.frame_duration());
    let mut course = Course::new(ms(0), ms(0));
    let plan = Plan::new(TimeDelta::from_millis(20_000), Pace::Slate);
    let (mut most, mut tick) = (0, 0);
    for index in 0..6000 {
        let out = AudioBlock::time_of(index);
        let mut block = AudioBlock::silence(out);
        block.channels[0][0] = 0.5;
        sound.put(&block, 1);
        plan.extend(&mut course, out, |_| false);
        let before = counting::allocations();
        std::hint::black_box(sound.read(out, course.at(out), &[], &mut |block| block));
        assert_eq!(counting::allocations(), before, "leaving allocates nothing");
        while RATE.frame_time(tick) <= out {
            pictures.put(Packet {
                track: TrackKind::Video,
                pts: RATE.frame_time(tick),
                dts: RATE.frame_time(tick),
                is_idr: tick % 60 == 0,
                // 2.5 Mbit/s.
                data: Bytes::from(vec![0; 10_417]),
            });
            tick += 1;
        }
        pictures.poll(out, &course, true, &|_| true, &mut |_| {});
        most = most.max(sound.bytes() + pictures.bytes());
    }
    eprintln!("20 s take {:.1} MB", most as f64 / 1e6);
    assert!(most < 12_000_000, "{most}");
    // Once it is full, blocks come in without anything being allocated either.
    let before = counting::allocations();
    for index in 6000..7000 {
        let out = AudioBlock::time_of(index);
        sound.put(&AudioBlock::silence(out), 1);
        plan.extend(&mut course, out, |_| false);
        std::hint::black_box(sound.read(out, course.at(out), &[], &mut |block| block));
    }
    assert_eq!(counting::allocations(), before);
}
