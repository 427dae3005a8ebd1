//! A line while what is asked of it changes: sizes, rates, fewer pictures.

use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use super::*;
use crate::encode::H264Encoder;
use crate::media::h264::Sps;
use crate::media::{FramePool, Packet, RateControl};
use crate::studio::runtime::outlet::{Taker, Track};

/// Sees what everybody who takes the line sees: packets, and what decoders need, in the order in which they come.
#[derive(Default)]
struct Viewer {
    seen: Mutex<Vec<Seen>>,
}

#[derive(Clone, Debug)]
enum Seen {
    Config(u32, u32),
    Packet(Packet),
}

impl Taker for Viewer {
    fn take(&self, track: Track, packet: &Packet) {
        assert_eq!(track, Track::Video(SOURCE));
        self.seen.lock().unwrap().push(Seen::Packet(packet.clone()));
    }
    fn configure(&self, line: usize, config: &VideoConfig) {
        assert_eq!(line, SOURCE);
        let sps = Sps::parse(&config.sps).unwrap();
        self.seen.lock().unwrap().push(Seen::Config(sps.width, sps.height));
    }
    fn configure_sound(&self, _: &crate::media::AudioConfig) {}
    fn wants(&self, track: Track) -> bool {
        track == Track::Video(SOURCE)
    }
}

const RATE: FrameRate = FrameRate { num: 30, den: 1 };

fn base() -> VideoSettings {
    VideoSettings {
        width: 320,
        height: 180,
        frame_rate: RATE,
        bitrate_kbps: 500,
        gop_seconds: 10.0,
        ..VideoSettings::default()
    }
}

fn frame(tick: i64) -> VideoFrame {
    let mut frame = FramePool::new().frame(320, 180);
    frame.fill([(tick * 7 % 200) as u8 + 20, 128, 128]);
    frame.freeze(RATE.frame_time(tick))
}

struct Bench {
    outlet: Outlet,
    viewer: Arc<Viewer>,
    encoder: LineEncoder,
    told: Mutex<Vec<String>>,
    tick: i64,
}

impl Bench {
    fn new(open: Open) -> Self {
        let viewer = Arc::new(Viewer::default());
        let outlet = Outlet::at_kbps(&[500]);
        outlet.attach("viewer", Arc::clone(&viewer) as Arc<dyn Taker>);
        let opened = Opened::as_they_come(Box::new(H264Encoder::open(&base()).unwrap()));
        Self {
            outlet,
            viewer,
            encoder: LineEncoder::new(opened, SOURCE, base(), open),
            told: Mutex::default(),
            tick: 0,
        }
    }

    fn run(&mut self, pictures: usize) {
        for _ in 0..pictures {
            let told = &self.told;
            let report = |text| told.lock().unwrap().push(text);
            self.encoder.encode(frame(self.tick), &self.outlet, &report);
            self.tick += 1;
        }
    }

    /// Pictures, until one of that size has come.
    fn run_to_size(&mut self, size: (u32, u32)) {
        for _ in 0..3000 {
            self.run(1);
            let has_come = |seen: &Seen| matches!(seen, Seen::Config(width, height) if (*width, *height) == size);
            if self.seen().iter().any(has_come) {
                return;
            }
            // The other encoder is opened by another thread.
            std::thread::yield_now();
        }
        panic!("no picture of {size:?}");
    }

    fn seen(&self) -> Vec<Seen> {
        self.viewer.seen.lock().unwrap().clone()
    }
}

fn opener() -> Open {
    Arc::new(|settings| {
        let encoder = Box::new(H264Encoder::open(settings).unwrap());
        if (settings.width, settings.height) == (320, 180) {
            return Ok(Opened::as_they_come(encoder));
        }
        let arena = Arena::new(settings.width, settings.height, 4).unwrap();
        Ok(Opened::scaled(encoder, &arena))
    })
}

#[test]
fn another_size_begins_with_its_parameter_sets_and_an_idr_and_no_picture_is_missing() {
    let mut bench = Bench::new(opener());
    bench.run(3);
    bench.outlet.aim(SOURCE, |target| target.size = Some((160, 90)));
    bench.run_to_size((160, 90));
    bench.run(3);
    bench.outlet.aim(SOURCE, |target| target.size = Some((320, 180)));
    bench.run_to_size((320, 180));
    bench.run(3);
    let mut pts = Vec::new();
    let mut is_idr_due = true;
    let mut sizes = Vec::new();
    for seen in bench.seen() {
        match seen {
            Seen::Config(width, height) => {
                sizes.push((width, height));
                is_idr_due = true;
            }
            Seen::Packet(packet) => {
                assert_eq!(packet.is_idr, std::mem::take(&mut is_idr_due), "picture {}", pts.len());
                pts.push(packet.pts);
            }
        }
    }
    assert_eq!(sizes, [(160, 90), (320, 180)]);
    let expected: Vec<_> = (0..bench.tick).map(|tick| RATE.frame_time(tick)).collect();
    assert_eq!(pts, expected);
    assert_eq!(*bench.told.lock().unwrap(), [""; 0]);
}

#[test]
fn a_size_that_does_not_open_is_told_once_and_the_old_one_goes_on() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let mut bench = Bench::new(Arc::new(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Err(EncodeError::Worker("no memory".to_owned()))
    }));
    bench.outlet.aim(SOURCE, |target| target.size = Some((160, 90)));
    while bench.told.lock().unwrap().is_empty() {
        bench.run(1);
    }
    bench.run(30);
    assert_eq!(*bench.told.lock().unwrap(), ["the encoder worker: no memory"]);
    assert_eq!(tries.load(Ordering::Relaxed), 1, "not again for a while");
    assert_eq!(bench.seen().len(), usize::try_from(bench.tick).unwrap());
}

#[test]
fn fewer_pictures_keep_their_times_and_their_share_of_the_bits() {
    let mut bench = Bench::new(opener());
    bench.run(4);
    bench.outlet.aim(SOURCE, |target| {
        target.divisor = 2;
        target.rate = Rate {
            control: RateControl::Constant,
            kbps: 200,
        };
    });
    bench.run(6);
    // An IDR is not lost with the picture that is left out.
    bench.outlet.want_idr(SOURCE);
    bench.run(2);
    bench.outlet.aim(SOURCE, |target| target.divisor = 1);
    bench.run(2);
    let packets = bench.seen().into_iter().map(|seen| match seen {
        Seen::Packet(packet) => (packet.pts, packet.is_idr),
        Seen::Config(..) => panic!("the same parameter sets hold"),
    });
    let expected = [
        (0, true),
        (1, false),
        (2, false),
        (3, false),
        (5, false),
        (7, false),
        (9, false),
    ];
    let expected = expected.into_iter().chain([(11, true), (12, false), (13, false)]);
    assert_eq!(
        packets.collect::<Vec<_>>(),
        expected
            .map(|(tick, is_idr)| (RATE.frame_time(tick), is_idr))
            .collect::<Vec<_>>()
    );
    assert_eq!(
        bench.outlet.counters.skipped_frames.load(Ordering::Relaxed),
        0,
        "nothing was late"
    );
}
