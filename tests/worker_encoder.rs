//! The encoder behind the process border, held against the same encoder in this process, and killed in every way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

#[path = "common/counting.rs"]
mod counting;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use counting::allocations;
use rigcast::clock::Clock;
use rigcast::encode::{EncodeError, H264Encoder, VideoEncoder, VideoSettings};
use rigcast::media::h264::{Sps, avcc_nals, idr_pic_id};
use rigcast::media::{FramePool, FrameRate, Packet, Plane, TimeDelta, VideoFrame};
use rigcast::worker::arena::Arena;
use rigcast::worker::{Program, RemoteEncoder, Report, WorkerState};
use rustix::process::{Pid, Signal, kill_process};

/// For what comes in moments, on a machine that may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

const RATE: FrameRate = FrameRate::whole(30);

fn settings() -> VideoSettings {
    VideoSettings {
        width: 320,
        height: 180,
        bitrate_kbps: 400,
        ..VideoSettings::default()
    }
}

/// A texture that moves.
fn picture(pool: &FramePool, index: i64) -> VideoFrame {
    let mut frame = pool.frame(320, 180);
    frame.fill([128; 3]);
    for (y, row) in frame.plane_mut(Plane::Y).chunks_exact_mut(320).enumerate() {
        for (x, out) in row.iter_mut().enumerate() {
            *out = (((x + 3 * index as usize) * 5) ^ (y * 3)) as u8 & 127;
        }
    }
    frame.freeze(RATE.frame_time(index))
}

struct Rig {
    arena: Arc<Arena>,
    encoder: RemoteEncoder,
    reports: Reports,
    next: i64,
}

type Reports = Arc<Mutex<Vec<Report>>>;

fn open(program: Program, settings: &VideoSettings) -> Result<(Arc<Arena>, RemoteEncoder, Reports), EncodeError> {
    let arena = Arc::new(Arena::new(320, 180, 8).unwrap());
    let reports = Reports::default();
    let sink = Arc::clone(&reports);
    let report = Arc::new(move |report| sink.lock().unwrap().push(report));
    let encoder = RemoteEncoder::open(settings, program, Arc::clone(&arena), Clock::start(), report)?;
    Ok((arena, encoder, reports))
}

impl Rig {
    fn start() -> Self {
        let (arena, encoder, reports) = open(Program::at(env!("CARGO_BIN_EXE_rigcast")), &settings()).unwrap();
        Self {
            arena,
            encoder,
            reports,
            next: 0,
        }
    }

    fn encode(&mut self) -> Option<Packet> {
        let frame = picture(self.arena.pool(), self.next);
        self.next += 1;
        let packet = self.encoder.encode(&frame, false).unwrap();
        if let Some(packet) = &packet {
            assert_eq!(packet.pts, frame.pts);
        }
        packet
    }

    fn pid(&self) -> Pid {
        let reports = self.reports.lock().unwrap();
        let pid = reports.iter().rev().find_map(|report| match report {
            Report::State(WorkerState::Running, pid) => *pid,
            _ => None,
        });
        Pid::from_raw(pid.unwrap() as i32).unwrap()
    }

    /// Encodes until a spare must be ready: it is started 300 ms after the worker, and greets on its own.
    fn wait_for_spare(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while workers() < 2 {
            assert!(Instant::now() < deadline, "no spare");
            self.encode();
        }
        for _ in 0..100 {
            self.encode();
        }
    }
}

/// How many worker processes this thread has started and not lost.
fn workers() -> usize {
    let tid = rustix::thread::gettid().as_raw_nonzero();
    let children = std::fs::read_to_string(format!("/proc/self/task/{tid}/children")).unwrap();
    children.split_whitespace().count()
}

#[test]
fn a_worker_encodes_exactly_as_this_process_does() {
    let mut rig = Rig::start();
    let mut here = H264Encoder::open(&settings()).unwrap();
    assert_eq!(rig.encoder.config(), here.config());
    let pool = FramePool::new();
    for index in 0..70 {
        if index == 20 {
            rig.encoder.set_rate(rig.encoder.rate().at(200)).unwrap();
            here.set_rate(here.rate().at(200)).unwrap();
        }
        let expected = here.encode(&picture(&pool, index), false).unwrap();
        assert_eq!(rig.encode(), expected, "picture {index}");
    }
    assert!(rig.encoder.set_rate(rig.encoder.rate().at(0)).is_err());
}

#[test]
fn pictures_from_elsewhere_are_taken_as_well() {
    let mut rig = Rig::start();
    let mut here = H264Encoder::open(&settings()).unwrap();
    let frame = picture(&FramePool::new(), 0);
    assert_eq!(
        rig.encoder.encode(&frame, false).unwrap(),
        here.encode(&frame, false).unwrap()
    );
    let small = FramePool::new().frame(64, 36).freeze(RATE.frame_time(1));
    assert!(matches!(
        rig.encoder.encode(&small, false),
        Err(EncodeError::FrameSize { .. })
    ));
}

#[test]
fn one_that_is_lost_is_replaced_and_goes_on_with_an_idr() {
    for (signal, reason) in [
        (Signal::KILL, "killed by SIGKILL"),
        (Signal::SEGV, "killed by SIGSEGV"),
        (Signal::ABORT, "killed by SIGABRT"),
        (Signal::STOP, "it is stopped"),
    ] {
        for has_spare in [false, true] {
            let mut rig = Rig::start();
            for _ in 0..5 {
                rig.encode();
            }
            if has_spare {
                rig.wait_for_spare();
            }
            let victim = rig.pid();
            rig.reports.lock().unwrap().clear();
            kill_process(victim, signal).unwrap();
            // A signal takes a moment to arrive; the worker may still answer for a picture or two.
            let packet = loop {
                let packet = rig.encode().expect("no picture is left out");
                if !rig.reports.lock().unwrap().is_empty() {
                    break packet;
                }
            };
            assert!(packet.is_idr, "{reason}");
            assert_ne!(rig.pid(), victim);
            let reports = rig.reports.lock().unwrap().clone();
            assert_eq!(reports[0], Report::Lost(reason.to_owned(), TimeDelta::ZERO));
            assert!(
                matches!(reports.last(), Some(Report::Replaced(why, _)) if why == reason),
                "{reports:?}"
            );
            assert!(
                rustix::process::test_kill_process(victim).is_err(),
                "{reason}: it is still there"
            );
            assert!(!rig.encode().unwrap().is_idr);
        }
    }
}

#[test]
fn two_idrs_in_a_row_are_never_taken_for_one() {
    let mut rig = Rig::start();
    let sps = Sps::parse(&rig.encoder.config().sps).unwrap();
    let number = |packet: &Packet| {
        let nal = avcc_nals(&packet.data, 4).next().unwrap().unwrap();
        idr_pic_id(nal, &sps)
    };
    let mut last = number(&rig.encode().unwrap());
    let mut pairs = 0;
    for _ in 0..3 {
        let victim = rig.pid();
        // At once after an IDR: so the first picture of the next encoder follows the first one of the last.
        kill_process(victim, Signal::KILL).unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "no IDR");
            let Some(packet) = rig.encode() else { continue };
            let next = number(&packet);
            assert_eq!(packet.is_idr, next.is_some());
            pairs += usize::from(next.is_some() && last.is_some());
            assert!(next.is_none() || next != last, "IDRs {last:?} and {next:?}");
            last = next;
            if packet.is_idr {
                break;
            }
        }
    }
    assert!(pairs > 0, "no IDR came directly after another");
}

#[test]
fn a_loop_of_deaths_is_slowed_down_and_ends() {
    let mut rig = Rig::start();
    let mut pauses = Vec::new();
    while pauses.len() < 3 {
        rig.encode();
        let serving = matches!(
            rig.reports.lock().unwrap().last(),
            Some(Report::State(WorkerState::Running, Some(_)) | Report::Replaced(..))
        );
        if serving {
            let _ = kill_process(rig.pid(), Signal::KILL);
        }
        let reports = rig.reports.lock().unwrap();
        let lost = reports.iter().filter_map(|report| match report {
            Report::Lost(_, pause) if *pause > TimeDelta::ZERO => Some(pause.to_millis()),
            _ => None,
        });
        pauses = lost.collect();
    }
    assert_eq!(pauses, [100, 200, 400]);
    let deadline = Instant::now() + PATIENCE;
    let packet = loop {
        assert!(Instant::now() < deadline);
        if let Some(packet) = rig.encode() {
            break packet;
        }
    };
    assert!(packet.is_idr);
}

#[test]
fn a_worker_that_does_not_come_up_is_told_with_its_last_words() {
    let error = |program: &str, settings: &VideoSettings| {
        let opened = open(Program::at(program), settings);
        opened.map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(error("/bin/false", &settings()), "the encoder worker: exit code 1");
    let missing = error("/nowhere/rigcast", &settings());
    assert!(missing.contains("no process can be started"), "{missing}");
    let odd = VideoSettings {
        gop_seconds: 1000.0,
        ..settings()
    };
    let refused = error(env!("CARGO_BIN_EXE_rigcast"), &odd);
    assert!(refused.contains("a GOP of 1000 s"), "{refused}");
}

#[test]
fn asking_allocates_nothing_for_a_picture() {
    let mut rig = Rig::start();
    for _ in 0..30 {
        rig.encode();
    }
    let pictures = 60;
    // Memory for packets comes in pieces for many of them, a spare is started once, and a worker that is late is looked at:
    // the least of several stretches is what asking costs.
    let stretches = (0..8).map(|_| {
        let before = allocations();
        for _ in 0..pictures {
            rig.encode();
        }
        allocations() - before
    });
    let least = stretches.min().unwrap();
    assert!(least < pictures / 10, "{least} for {pictures} pictures");
}
