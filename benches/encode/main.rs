//! How an encoder spends its bits: what it was told, what it did, and what the pictures are worth afterwards.
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
use rigcast::media::{FrameRate, Packet, Plane};

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

    fn pictures(&mut self, count: usize, want_psnr: bool) {
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
            if want_psnr {
                let stream = avcc_to_annex_b(&packet.data, 4).unwrap();
                let picture = self.decoder.decode(&stream).unwrap().unwrap();
                let (stride, _, _) = picture.strides();
                let width = frame.width() as usize;
                let rows = frame
                    .plane(Plane::Y)
                    .chunks_exact(width)
                    .zip(picture.y().chunks(stride));
                let error: u64 = rows
                    .flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)))
                    .sum();
                let count = frame.plane(Plane::Y).len() as f64;
                self.psnrs.push(10.0 * (65025.0 * count / error.max(1) as f64).log10());
            }
        }
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

fn table(kbps: u32, count: usize) {
    println!(
        "| content | kbit/s | mean | least second | worst second | largest IDR kB | IDR mean kB | P max kB | PSNR | worst PSNR | ms |"
    );
    for kind in Kind::ALL {
        let settings = VideoSettings {
            bitrate_kbps: kbps,
            ..VideoSettings::default()
        };
        let mut run = Run::new(kind, &settings);
        run.pictures(count, true);
        let (low, high) = run.seconds();
        let idr = run.idrs.iter().map(|at| run.sizes[*at]).max().unwrap();
        let idr_mean = run.idrs.iter().map(|at| run.sizes[*at]).sum::<usize>() / run.idrs.len();
        let p = (0..count)
            .filter(|at| !run.idrs.contains(at))
            .map(|at| run.sizes[at])
            .max()
            .unwrap();
        let psnr = run.psnrs.iter().sum::<f64>() / count as f64;
        let worst = run.psnrs.iter().copied().fold(f64::MAX, f64::min);
        println!(
            "| {} | {kbps} | {:.0} | {low:.0} | {high:.0} | {:.1} | {:.1} | {:.1} | {psnr:.2} | {worst:.2} | {:.2} |",
            kind.name(),
            run.kbps(0, count),
            idr as f64 / 1000.0,
            idr_mean as f64 / 1000.0,
            p as f64 / 1000.0,
            run.took.as_secs_f64() * 1000.0 / count as f64
        );
    }
}

fn step(kind: Kind, from: u32, to: u32) {
    let settings = VideoSettings {
        bitrate_kbps: from,
        ..VideoSettings::default()
    };
    let mut run = Run::new(kind, &settings);
    run.pictures(135, true);
    let rate = run.encoder.rate().at(to);
    run.encoder.set_rate(rate).unwrap();
    run.pictures(75, true);
    let budget = f64::from(to) * 1000.0 / 30.0 / 8.0;
    print!("step {} {from} -> {to}, shares of the budget:", kind.name());
    for at in 135..210 {
        print!(" {:.2}", run.sizes[at] as f64 / budget);
    }
    println!();
    let psnr = run.psnrs[135..210].iter().sum::<f64>() / 75.0;
    let kbps = run.kbps(135, 210);
    println!("  mean {kbps:.0}, PSNR after {psnr:.2}");
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with("--")).collect();
    let count = arguments.first().and_then(|it| it.parse().ok()).unwrap_or(300);
    for kbps in [900, 2500, 4500] {
        table(kbps, count);
    }
    for kind in [Kind::Hard, Kind::Soft] {
        step(kind, 4500, 900);
        step(kind, 900, 4500);
    }
}
