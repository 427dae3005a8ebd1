//! How an encoder spends its bits: what it was told, what it did, and what the pictures are worth afterwards.
//! `cargo bench --bench encode -- 300` takes so many pictures of each kind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

mod content;

use std::time::{Duration, Instant};

use content::{Content, Kind};
use openh264::decoder::Decoder;
use openh264::formats::YUVSource;
use rigcast::encode::{H264Encoder, VideoEncoder, VideoSettings};
use rigcast::media::h264::avcc_to_annex_b;
use rigcast::media::{FrameRate, Packet, Plane, RateControl, VideoFrame};

const RATE: FrameRate = FrameRate::whole(30);

struct Run {
    encoder: H264Encoder,
    content: Content,
    decoder: Decoder,
    sizes: Vec<usize>,
    idrs: Vec<usize>,
    psnrs: Vec<f64>,
    took: Duration,
}

impl Run {
    fn new(kind: Kind, settings: &VideoSettings) -> Self {
        let encoder = H264Encoder::open(settings).unwrap();
        let mut decoder = Decoder::new().unwrap();
        let mut head = Vec::new();
        for set in [&encoder.config().sps, &encoder.config().pps] {
            head.extend([0, 0, 0, 1]);
            head.extend_from_slice(set);
        }
        let _ = decoder.decode(&head);
        Self {
            encoder,
            content: Content::new(kind, settings.width, settings.height),
            decoder,
            sizes: Vec::new(),
            idrs: Vec::new(),
            psnrs: Vec::new(),
            took: Duration::ZERO,
        }
    }

    fn pictures(&mut self, count: usize) {
        for _ in 0..count {
            let index = self.sizes.len() as i64;
            let frame = self.content.frame(index, RATE);
            let start = Instant::now();
            let packet: Packet = self.encoder.encode(&frame, false).unwrap().unwrap();
            self.took += start.elapsed();
            self.sizes.push(packet.data.len());
            if packet.is_idr {
                self.idrs.push(index as usize);
            }
            let psnr = self.psnr(&frame, &packet);
            self.psnrs.push(psnr);
        }
    }

    /// Of the luma, as a decoder shows the packet.
    fn psnr(&mut self, frame: &VideoFrame, packet: &Packet) -> f64 {
        let stream = avcc_to_annex_b(&packet.data, 4).unwrap();
        let picture = self.decoder.decode(&stream).unwrap().unwrap();
        let (stride, _, _) = picture.strides();
        let luma = frame.plane(Plane::Y);
        let rows = luma
            .chunks_exact(frame.width() as usize)
            .zip(picture.y().chunks(stride));
        let error: u64 = rows
            .flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)))
            .sum();
        10.0 * (65025.0 * luma.len() as f64 / error.max(1) as f64).log10()
    }

    fn kbps(&self, from: usize, to: usize) -> f64 {
        let bytes: usize = self.sizes[from..to].iter().sum();
        bytes as f64 * 8.0 * 30.0 / (to - from) as f64 / 1000.0
    }

    fn seconds(&self) -> (f64, f64) {
        let rates = (0..=self.sizes.len() - 30).map(|at| self.kbps(at, at + 30));
        rates.fold((f64::MAX, 0.0), |(low, high), rate| (rate.min(low), rate.max(high)))
    }
}

/// One line by content: what came of `kbps` under that control.
fn table(kbps: u32, rate_control: RateControl, count: usize) {
    println!("\n{rate_control:?} at {kbps} kbit/s");
    println!("| content | mean | least second | worst second | largest IDR, kB | PSNR, dB | ms |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for kind in Kind::ALL {
        let settings = VideoSettings {
            bitrate_kbps: kbps,
            rate_control,
            ..VideoSettings::default()
        };
        let mut run = Run::new(kind, &settings);
        run.pictures(count);
        let (low, high) = run.seconds();
        let idr = run.idrs.iter().map(|at| run.sizes[*at]).max().unwrap();
        println!(
            "| {} | {:.0} | {low:.0} | {high:.0} | {:.0} | {:.2} | {:.2} |",
            kind.name(),
            run.kbps(0, count),
            idr as f64 / 1000.0,
            run.psnrs.iter().sum::<f64>() / count as f64,
            run.took.as_secs_f64() * 1000.0 / count as f64
        );
    }
}

/// What the pictures cost after a live change, in shares of the new budget.
fn step(kind: Kind, from: u32, to: u32) {
    let settings = VideoSettings {
        bitrate_kbps: from,
        ..VideoSettings::default()
    };
    let mut run = Run::new(kind, &settings);
    run.pictures(135);
    let rate = run.encoder.rate().at(to);
    run.encoder.set_rate(rate).unwrap();
    run.pictures(75);
    let budget = f64::from(to) * 1000.0 / 30.0 / 8.0;
    let shares: Vec<f64> = run.sizes[135..165].iter().map(|size| *size as f64 / budget).collect();
    let psnr = run.psnrs[135..].iter().sum::<f64>() / 75.0;
    println!("\n{} {from} to {to} kbit/s: {shares:.2?}", kind.name());
    println!("2.5 s after it: {:.0} kbit/s, {psnr:.2} dB", run.kbps(135, 210));
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|it| !it.starts_with("--"));
    let count = arguments
        .next_back()
        .and_then(|it| it.parse().ok())
        .unwrap_or(300)
        .max(60);
    for kbps in [900, 2500, 4500] {
        table(kbps, RateControl::Constant, count);
    }
    let modes = [
        RateControl::Capped { max_kbps: 4000 },
        RateControl::Average,
        RateControl::Quality { quantiser: 30 },
    ];
    for mode in modes {
        table(2000, mode, 2 * count);
    }
    for kind in [Kind::Hard, Kind::Soft] {
        step(kind, 4500, 900);
        step(kind, 900, 4500);
    }
}
