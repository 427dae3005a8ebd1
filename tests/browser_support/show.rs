//! A show that can be recognised on a screen: each picture bears its number, and a tone is heard all the time. Encoded in two
//! sizes, live, and only while someone reads them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::SystemTime;

use rigcast::clock::Clock;
use rigcast::encode::{AacEncoder, AudioEncoder, AudioSettings, H264Encoder, VideoEncoder, VideoSettings};
use rigcast::media::{AudioBlock, FramePool, FrameRate, Plane, SAMPLE_RATE, TimeDelta, VideoFrame};
use rigcast::relay::{Demand, Feed, Relay, RelaySettings, RenditionInfo};

/// Sizes of the renditions, the best first.
pub const SIZES: [(&str, u32, u32, u32); 2] = [("source", 640, 360, 1200), ("small", 320, 180, 500)];

pub const FRAME_RATE: FrameRate = FrameRate::whole(30);

/// Pictures from one IDR to the next: so many that nobody can wait for one unnoticed.
pub const GOP: i64 = 150;

/// Bits of the number at the lower edge.
pub const BITS: u32 = 16;

/// RMS of the tone: full scale would be 0.707.
pub const TONE_RMS_DBFS: f64 = -23.0;

/// What is asked of the encoder of one rendition.
#[derive(Default)]
struct Wish {
    is_wanted: AtomicBool,
    is_idr_wanted: AtomicBool,
    idr_wishes: AtomicU64,
}

struct Shared {
    wishes: [Wish; 2],
    is_over: AtomicBool,
    /// Milliseconds since 1970 when each picture was made.
    made_ms: Mutex<Vec<f64>>,
}

/// A relay with the show on it, called `main`.
pub struct Show {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    makers: Vec<JoinHandle<()>>,
    relay: Option<Relay>,
    runtime: tokio::runtime::Runtime,
}

impl Show {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let clock = Clock::start();
        let settings = RelaySettings {
            listen: "127.0.0.1:0".parse().unwrap(),
            ..RelaySettings::default()
        };
        let relay = runtime.block_on(Relay::start(settings, clock, |_| {})).unwrap();
        let shared = Arc::new(Shared {
            wishes: Default::default(),
            is_over: AtomicBool::new(false),
            made_ms: Mutex::default(),
        });
        let audio = AacEncoder::open(AudioSettings::default()).unwrap();
        let renditions = SIZES.map(|(name, width, height, video_kbps)| RenditionInfo {
            name: name.to_owned(),
            width,
            height,
            frame_rate: Some(FRAME_RATE),
            video_kbps,
            audio_kbps: 128,
        });
        let asked = Arc::clone(&shared);
        let demand = move |demand| match demand {
            Demand::Wanted { rendition, is_wanted } => {
                asked.wishes[rendition].is_wanted.store(is_wanted, Ordering::Release);
            }
            Demand::Keyframe { rendition } => {
                asked.wishes[rendition].idr_wishes.fetch_add(1, Ordering::Relaxed);
                asked.wishes[rendition].is_idr_wanted.store(true, Ordering::Release);
            }
        };
        let feed = relay
            .publish("main", renditions.into(), audio.config().clone(), demand)
            .unwrap();
        let feed = Arc::new(feed);
        let (pictures, sound) = ((Arc::clone(&shared), Arc::clone(&feed)), Arc::clone(&shared));
        let makers = vec![
            std::thread::spawn(move || make_pictures(clock, &pictures.0, &pictures.1)),
            std::thread::spawn(move || make_sound(clock, audio, &sound, &feed)),
        ];
        Self {
            address: relay.address(),
            shared,
            makers,
            relay: Some(relay),
            runtime,
        }
    }

    pub fn url(&self, query: &str) -> String {
        format!("http://{}/live/main{query}", self.address)
    }

    /// How often viewers had to wait for an IDR of a rendition.
    pub fn idr_wishes(&self, rendition: usize) -> u64 {
        self.shared.wishes[rendition].idr_wishes.load(Ordering::Relaxed)
    }

    /// Since 1970, in milliseconds.
    pub fn made_ms(&self, number: usize) -> f64 {
        self.shared.made_ms.lock().unwrap()[number]
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for maker in self.makers.drain(..) {
            let _ = maker.join();
        }
        if let Some(relay) = self.relay.take() {
            self.runtime.block_on(relay.stop());
        }
    }
}

fn unix_ms() -> f64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
        * 1000.0
}

fn make_pictures(clock: Clock, shared: &Shared, feed: &Feed) {
    let open = |(_, width, height, bitrate_kbps): (&str, u32, u32, u32)| {
        H264Encoder::open(&VideoSettings {
            width,
            height,
            frame_rate: FRAME_RATE,
            bitrate_kbps,
            gop_seconds: GOP as f64 / FRAME_RATE.as_f64(),
            threads: 1,
            ..VideoSettings::default()
        })
        .unwrap()
    };
    let mut encoders = SIZES.map(open);
    let pool = FramePool::new();
    for number in 0.. {
        clock.sleep_until(FRAME_RATE.frame_time(number));
        if shared.is_over.load(Ordering::Relaxed) {
            return;
        }
        shared.made_ms.lock().unwrap().push(unix_ms());
        for (at, encoder) in encoders.iter_mut().enumerate() {
            let wish = &shared.wishes[at];
            if !wish.is_wanted.load(Ordering::Acquire) {
                continue;
            }
            let (_, width, height, _) = SIZES[at];
            let is_idr_wanted = wish.is_idr_wanted.swap(false, Ordering::AcqRel);
            let picture = picture(&pool, width, height, number);
            if let Some(packet) = encoder.encode(&picture, is_idr_wanted).unwrap() {
                feed.set_video(at, encoder.config().clone());
                feed.offer(at, &packet);
            }
        }
    }
}

/// A ramp that moves, and below it the number in black and white, the highest bit first.
fn picture(pool: &FramePool, width: u32, height: u32, number: i64) -> VideoFrame {
    let mut frame = pool.frame(width, height);
    frame.fill([16, 128, 128]);
    let stride = frame.stride(Plane::Y);
    let (width, height) = (width as usize, height as usize);
    for (y, row) in frame
        .plane_mut(Plane::Y)
        .chunks_exact_mut(stride)
        .take(height)
        .enumerate()
    {
        for (x, luma) in row[..width].iter_mut().enumerate() {
            *luma = if y < height - 16 {
                16 + ((x + y + 4 * number as usize) % 200) as u8
            } else {
                let bit = BITS as usize - 1 - x * BITS as usize / width;
                if number >> bit & 1 == 1 { 235 } else { 16 }
            };
        }
    }
    frame.freeze(FRAME_RATE.frame_time(number))
}

fn make_sound(clock: Clock, mut encoder: AacEncoder, shared: &Shared, feed: &Feed) {
    let mut block = AudioBlock::silence(AudioBlock::time_of(0));
    for index in 0.. {
        block.pts = AudioBlock::time_of(index);
        // A block is there once it has been heard.
        clock.sleep_until(block.pts + TimeDelta::from_millis(10));
        if shared.is_over.load(Ordering::Relaxed) {
            return;
        }
        for channel in &mut block.channels {
            for (at, sample) in channel.iter_mut().enumerate() {
                let time = (block.pts.to_48k() + at as i64) as f64 / f64::from(SAMPLE_RATE);
                *sample = (0.1 * (std::f64::consts::TAU * 440.0 * time).sin()) as f32;
            }
        }
        encoder.encode(&block, &mut |packet| feed.offer_audio(&packet)).unwrap();
    }
}
