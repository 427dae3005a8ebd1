//! What a picture costs on its way to air: milliseconds here are shares of a frame's 33.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

#[path = "picture/enhance.rs"]
mod enhance;
#[path = "picture/masks.rs"]
mod masks;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use rigcast::encode::{H264Encoder, VideoEncoder, VideoSettings};
use rigcast::media::{FramePool, FrameRate, Plane, Timestamp, VideoFrame};
use rigcast::picture::lettering::{Letterer, own_fonts};
use rigcast::picture::{ChromaKey, Compositor, Cut, Fit, Layer, Rect, TextStyle, Thumbnailer, WipeDirection};

/// A textured picture that moves with `index`, with film grain: hard to compress.
fn picture(pool: &FramePool, width: u32, height: u32, index: i64) -> VideoFrame {
    let mut frame = pool.frame(width, height);
    let mut noise = 0x9e37_79b9_7f4a_7c15_u64 ^ (index as u64) << 17;
    let t = index as usize;
    for plane in [Plane::Y, Plane::U, Plane::V] {
        let stride = frame.stride(plane);
        for (y, row) in frame.plane_mut(plane).chunks_exact_mut(stride).enumerate() {
            for (x, out) in row.iter_mut().enumerate() {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                let texture = (((x + 3 * t) * 5) ^ ((y + t) * 3)) & 63;
                let grain = if plane == Plane::Y { noise as usize % 9 } else { 0 };
                *out = (60 + texture + ((x >> 5) & 7) * 8 + grain) as u8;
            }
        }
    }
    frame.freeze(FrameRate::whole(30).frame_time(index))
}

fn layer(frame: &VideoFrame, x: i32, y: i32, width: i32, height: i32) -> Layer<'_> {
    Layer {
        fit: Fit::Contain,
        ..Layer::new(frame, Rect { x, y, width, height })
    }
}

fn compose(c: &mut Criterion) {
    let pool = FramePool::new();
    let hd = [picture(&pool, 1920, 1080, 0), picture(&pool, 1920, 1080, 1)];
    let program = [picture(&pool, 1280, 720, 0), picture(&pool, 1280, 720, 1)];
    let logo = picture(&pool, 400, 200, 0);
    let mut compositor = Compositor::new(1280, 720, pool.clone());
    let mut turn = 0;
    let mut next = move || {
        turn ^= 1;
        turn
    };
    c.bench_function("compose/pass-through 720p", |b| {
        b.iter(|| compositor.compose(&[layer(&program[next()], 0, 0, 1280, 720)], Timestamp::ZERO));
    });
    c.bench_function("compose/1 layer 1080p to 720p", |b| {
        b.iter(|| compositor.compose(&[layer(&hd[next()], 0, 0, 1280, 720)], Timestamp::ZERO));
    });
    c.bench_function("compose/picture in picture and a still logo", |b| {
        b.iter(|| {
            let turn = next();
            let layers = [
                layer(&program[turn], 0, 0, 1280, 720),
                layer(&program[1 - turn], 900, 480, 320, 180),
                layer(&logo, 40, 40, 200, 100),
            ];
            compositor.compose(&layers, Timestamp::ZERO)
        });
    });
    c.bench_function("compose/4 layers 720p to quarters", |b| {
        b.iter(|| {
            let frame = &program[next()];
            let quarter = |x, y| layer(frame, x, y, 640, 360);
            let layers = [quarter(0, 0), quarter(640, 0), quarter(0, 360), quarter(640, 360)];
            compositor.compose(&layers, Timestamp::ZERO)
        });
    });
    c.bench_function("compose/unchanged", |b| {
        let layers = [layer(&hd[0], 0, 0, 1280, 720), layer(&logo, 40, 40, 200, 100)];
        b.iter(|| compositor.compose(&layers, Timestamp::ZERO));
    });
    let style = TextStyle {
        background: Some([0, 0, 0, 160]),
        ..TextStyle::default()
    };
    let mut letterer = Letterer::new(own_fonts(), "en-US");
    let mut letters = |text: &str| letterer.letter(text, &style, (800, 120), &pool).graphic;
    let title = letters("A lower third");
    let place = Rect {
        x: 80,
        y: 560,
        width: 800,
        height: 120,
    };
    c.bench_function("compose/text over video", |b| {
        b.iter(|| {
            let under = layer(&program[next()], 0, 0, 1280, 720);
            compositor.compose(&[under, Layer::of(&title, place)], Timestamp::ZERO)
        });
    });
    let mut second = 0;
    c.bench_function("letters 800x120", |b| {
        b.iter(|| {
            second += 1;
            letters(&format!("12:00:{:02}", second % 60))
        });
    });
    let key = ChromaKey {
        color: [0, 177, 64],
        similarity: 0.3,
        smoothness: 0.1,
        spill: 0.5,
    };
    c.bench_function("compose/chroma key over video", |b| {
        b.iter(|| {
            let turn = next();
            let keyed = Layer {
                cut: Cut::Key(key),
                ..layer(&program[1 - turn], 0, 0, 1280, 720)
            };
            compositor.compose(&[layer(&program[turn], 0, 0, 1280, 720), keyed], Timestamp::ZERO)
        });
    });
    for (name, direction) in [("right", WipeDirection::Right), ("down", WipeDirection::Down)] {
        c.bench_function(&format!("wipe 720p/{name}"), |b| {
            b.iter(|| compositor.wipe(&program[0], &program[1], 0.4, direction, Timestamp::ZERO));
        });
    }
    c.bench_function("fade 720p", |b| {
        b.iter(|| compositor.fade(&program[0], &program[1], 0.4, Timestamp::ZERO));
    });
    let mut thumbnailer = Thumbnailer::new();
    let mut rgb = Vec::new();
    for (width, height) in [(160, 90), (240, 136), (640, 360)] {
        c.bench_function(&format!("thumbnail 720p to {width}x{height}"), |b| {
            b.iter(|| thumbnailer.rgb(black_box(&program[next()]), width, height, &mut rgb));
        });
    }
}

fn encode(c: &mut Criterion) {
    let pool = FramePool::new();
    let pictures: Vec<VideoFrame> = (0..60).map(|index| picture(&pool, 1280, 720, index)).collect();
    for threads in [1, 2] {
        let settings = VideoSettings {
            threads,
            ..VideoSettings::default()
        };
        let mut encoder = H264Encoder::open(&settings).unwrap();
        let mut index = 0;
        c.bench_function(&format!("encode 720p 2500 kbit/s, {threads} threads"), |b| {
            b.iter(|| {
                let frame = pictures[index % 60].at(FrameRate::whole(30).frame_time(index as i64));
                index += 1;
                encoder.encode(&frame, false).unwrap()
            });
        });
    }
}

fn masks(c: &mut Criterion) {
    let pool = FramePool::new();
    let pictures = (0..8).map(|index| picture(&pool, 1280, 720, index));
    masks::masks(c, &pictures.collect::<Vec<_>>());
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = compose, encode, enhance::enhance, masks
}
criterion_main!(benches);
