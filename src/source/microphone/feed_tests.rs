//! Hours of a device's sound through all that it goes through, as fast as this machine can: clock, resampler, grid, ring; and a mixer
//! that takes each block at its time.
//!
//! The sound is a ramp that says when it was made (on both sides, once per second from 0 to 1). So every block that comes out
//! tells how far it is off, and a sample that were missing or there twice would be a step in it. `RIGCAST_TESTS=full` runs
//! the eight hours that are promised; otherwise it is minutes.

use super::super::mix::{Mix, usual_places};
use super::*;
use crate::media::BLOCK_FRAMES;
use crate::source::sound::sound_queue;

const RATE: u32 = 48_000;

/// A device whose clock is off, and the machine that it is on.
#[derive(Clone, Copy)]
struct Device {
    rate: u32,
    ppm: f64,
    /// How late fragments are at most, in ms; nearly all are almost on time.
    jitter_ms: f64,
    /// Every so many seconds …
    every_s: f64,
    /// … so many ms are lost …
    lost_ms: f64,
    /// … which the device tells, or not.
    is_told: bool,
}

const STEADY: Device = Device {
    rate: RATE,
    ppm: 0.0,
    jitter_ms: 3.0,
    every_s: f64::INFINITY,
    lost_ms: 0.0,
    is_told: false,
};

/// What a mixer got.
#[derive(Debug, Default)]
struct Heard {
    blocks: i64,
    /// Blocks that it asked for in vain, and that came too late, once there was sound.
    missing: i64,
    late: i64,
    /// The same away from interruptions.
    missing_else: i64,
    /// How far blocks were off, in ms, away from interruptions.
    worst_ms: f64,
    /// The greatest step from one sample to the next beyond what is due, in samples, away from interruptions.
    worst_step: f64,
    troubles: Vec<Trouble>,
}

fn noise(n: u64) -> f64 {
    let mixed = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f64 / f64::from(1 << 24)
}

fn hear(device: Device, seconds: f64) -> Heard {
    let fragment = device.rate as usize / 100;
    let (mut writer, mut reader) = sound_queue();
    let mut ring = reader.take().unwrap();
    let mut feed = Feed::new(device.rate, Mix::new(&usual_places(1), &[]).unwrap(), fragment).unwrap();
    let mut heard = Heard::default();
    let (mut at, mut lost, mut next_loss, mut frame) = (1.0, 0.0, device.every_s, 0_u64);
    let mut arrived = 0.0_f64;
    let mut calm_from = 1.5_f64;
    let mut mixed = 0_i64;
    let mut last: Option<(i64, f32)> = None;
    let mut samples = vec![0.0_f32; fragment];
    let mut n = 0_u64;
    while at < seconds {
        if at >= next_loss {
            lost += device.lost_ms / 1_000.0;
            next_loss += device.every_s;
            if device.is_told {
                feed.stop(&mut writer);
            }
            // It takes as long as a loss is looked for, and the latency, until nothing of it is left.
            calm_from = at + lost.min(device.lost_ms / 1_000.0) + 0.8;
        }
        let made = |frame: u64| 1.0 + lost + frame as f64 / f64::from(device.rate) * (1.0 + device.ppm * 1e-6);
        for (offset, sample) in samples.iter_mut().enumerate() {
            *sample = made(frame + offset as u64).fract() as f32;
        }
        frame += fragment as u64;
        at = made(frame);
        n += 1;
        let late = noise(n) * noise(n + 77) * noise(n + 7_777);
        arrived = arrived.max(at + device.jitter_ms / 1_000.0 * late);
        // What the mixer does until then.
        let arrival = Timestamp::ZERO + TimeDelta::from_secs_f64(arrived);
        while AudioBlock::time_of(mixed + 1) <= arrival {
            mixed += 1;
            let now = AudioBlock::time_of(mixed);
            while ring.peek().is_ok_and(|block| block.pts < now) {
                ring.pop().unwrap();
                heard.late += 1;
            }
            let is_calm = now.as_secs_f64() > calm_from && now.as_secs_f64() + 0.1 < next_loss;
            let due = ring.peek().is_ok_and(|block| block.pts == now);
            if !due {
                if heard.blocks > 0 {
                    heard.missing += 1;
                    heard.missing_else += i64::from(is_calm);
                }
                last = None;
                continue;
            }
            let block = ring.pop().unwrap();
            heard.blocks += 1;
            if is_calm {
                look_at(&block, feed.latency, &mut last, &mut heard);
            } else {
                last = None;
            }
        }
        heard.troubles.extend(feed.put(arrival, &samples, &mut writer));
    }
    heard
}

/// How far a block is off, and whether its samples follow each other.
fn look_at(block: &AudioBlock, latency: TimeDelta, last: &mut Option<(i64, f32)>, heard: &mut Heard) {
    let start = block.pts - latency;
    for (at, sample) in block.channels[0].iter().enumerate() {
        let due = start.as_secs_f64() + at as f64 / f64::from(RATE);
        // The resampler rings where the ramp falls.
        if !(0.1..0.9).contains(&due.fract()) {
            *last = None;
            continue;
        }
        let number = block.pts.to_48k() + at as i64;
        if let Some((before, value)) = *last
            && before + 1 == number
        {
            let step = f64::from(sample - value) * f64::from(RATE);
            heard.worst_step = heard.worst_step.max((step - 1.0).abs());
        }
        *last = Some((number, *sample));
        if at == BLOCK_FRAMES / 2 {
            let off_ms = (due.fract() - f64::from(*sample)) * 1_000.0;
            heard.worst_ms = heard.worst_ms.max(off_ms.abs());
        }
    }
}

/// Seconds of a course that is promised for eight hours.
fn course() -> f64 {
    let is_full = std::env::var_os("RIGCAST_TESTS").is_some_and(|word| word == "full");
    if is_full { 8.0 * 3_600.0 } else { 120.0 }
}

fn all_of(devices: &[Device]) -> Vec<Heard> {
    std::thread::scope(|scope| {
        let courses: Vec<_> = devices
            .iter()
            .map(|device| scope.spawn(|| hear(*device, course())))
            .collect();
        courses.into_iter().map(|course| course.join().unwrap()).collect()
    })
}

/// Nothing is missing, late, or there twice, and all of it is in its place.
fn is_whole(heard: &Heard, what: &str) {
    assert!(heard.worst_ms < 5.0, "{what}: {heard:?}");
    assert!(heard.worst_step < 0.05, "{what}: {heard:?}");
    assert_eq!(
        (heard.missing, heard.late, heard.troubles.len()),
        (0, 0, 0),
        "{what}: {heard:?}"
    );
    assert!(heard.blocks as f64 > (course() - 2.0) * 100.0, "{what}: {heard:?}");
}

#[test]
fn hours_of_drift_leave_every_block_in_its_place() {
    let devices = [-200.0, 200.0].map(|ppm| Device { ppm, ..STEADY });
    for (heard, device) in all_of(&devices).iter().zip(devices) {
        eprintln!("{} ppm: {heard:?}", device.ppm);
        is_whole(heard, &format!("{} ppm", device.ppm));
    }
}

#[test]
fn a_thread_that_is_run_late_costs_nothing() {
    let devices = [
        Device {
            ppm: 200.0,
            jitter_ms: 14.0,
            ..STEADY
        },
        Device {
            ppm: -200.0,
            jitter_ms: 14.0,
            rate: 44_100,
            ..STEADY
        },
    ];
    for (heard, device) in all_of(&devices).iter().zip(devices) {
        eprintln!("{} Hz, {} ppm: {heard:?}", device.rate, device.ppm);
        is_whole(heard, &format!("{} Hz", device.rate));
    }
}

#[test]
fn what_a_device_loses_is_a_gap_and_nothing_else() {
    let lossy = Device {
        ppm: 200.0,
        every_s: 45.0,
        ..STEADY
    };
    let devices = [
        Device { lost_ms: 25.0, ..lossy },
        Device {
            lost_ms: 25.0,
            is_told: true,
            ..lossy
        },
        Device {
            lost_ms: 5_000.0,
            is_told: true,
            ppm: -200.0,
            ..lossy
        },
        Device {
            lost_ms: 5_000.0,
            ..lossy
        },
    ];
    for (heard, device) in all_of(&devices).iter().zip(devices) {
        eprintln!("{} ms lost: {heard:?}", device.lost_ms);
        assert!(heard.worst_ms < 5.0, "{} ms: {heard:?}", device.lost_ms);
        assert!(heard.worst_step < 0.05, "{} ms: {heard:?}", device.lost_ms);
        assert_eq!(heard.missing_else, 0, "{} ms: {heard:?}", device.lost_ms);
        assert!(!heard.troubles.is_empty(), "{heard:?}");
        assert!(
            heard.troubles.iter().all(|trouble| matches!(trouble, Trouble::Lost(_))),
            "{heard:?}"
        );
    }
}

#[test]
fn a_machine_that_is_too_slow_gets_more_latency() {
    let heard = hear(
        Device {
            jitter_ms: 120.0,
            ..STEADY
        },
        120.0,
    );
    let latest = heard.troubles.iter().rev().find_map(|trouble| match trouble {
        Trouble::Late(latency) => Some(latency.to_millis()),
        Trouble::Lost(_) => None,
    });
    assert!(latest.is_some_and(|latency| (60..=200).contains(&latency)), "{heard:?}");
    assert!(heard.missing < 100, "{heard:?}");
}

#[test]
fn formats_that_nothing_has_are_refused() {
    let mix = |channels| Mix::new(&usual_places(channels), &[]).unwrap();
    for (rate, channels) in [(0, 2), (1_000_000, 2), (48_000, 0), (48_000, 33)] {
        assert!(
            Feed::new(rate, mix(channels), 480).is_err(),
            "{rate} Hz, {channels} channels"
        );
    }
    let latency = |rate, fragment| Feed::new(rate, mix(2), fragment).unwrap().latency().to_millis();
    assert_eq!(latency(48_000, 480), 40);
    assert_eq!(latency(8_000, 80), 69);
    assert_eq!(latency(48_000, usize::MAX / 2), 200, "whatever a server says");
}
