//! Named pipes and programs.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rigcast::source::{PipeSpec, SourceKind, SourceReport, SourceState};
use rustix::process::Signal;

use crate::common::pace::in_real_time_beside;
use crate::common::{Guard, peer, wait_for};
use crate::rig::{MOMENT, Rig, clip, ffmpeg, flashes, is_running};

fn program(coding: &str) -> SourceKind {
    let mut command = vec!["ffmpeg".to_owned()];
    command.extend(flashes("-re", coding));
    command.push("-".to_owned());
    SourceKind::Pipe(PipeSpec::Command(command))
}

fn fifo(folder: &Path) -> PathBuf {
    let path = folder.join("in");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

/// What comes of a live program, flash by flash.
fn plays(what: &str, coding: &str) {
    if peer("ffmpeg").is_none() {
        return;
    }
    in_real_time_beside(what, |_| {
        let mut rig = Rig::start(program(coding));
        rig.wait_live();
        // The first second may still be in the past.
        rig.watch(1_500);
        let seen = rig.watch(4_000);
        assert!(seen.pictures.len() >= 96, "{} pictures in 4 s", seen.pictures.len());
        assert!(seen.blocks.len() >= 395, "{} blocks in 4 s", seen.blocks.len());
        seen.assert_whole(2);
        assert!(
            !rig.said()
                .iter()
                .any(|report| matches!(report, SourceReport::Notice(_))),
            "{:?}",
            rig.seen
        );
    });
}

#[test]
fn a_program_that_writes_a_transport_stream_is_played_in_sync() {
    plays("MPEG-TS", "-f mpegts");
}

#[test]
fn a_program_that_writes_flv_is_played_in_sync() {
    plays("FLV", "-tune zerolatency -f flv");
}

#[test]
fn pictures_in_another_order_and_sound_in_large_bundles_are_played_in_sync() {
    plays("MPEG-TS with B-frames", "-bf 3 -b:a 48k -f mpegts");
}

#[test]
fn a_named_pipe_goes_from_one_writer_to_the_next() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = fifo(folder.path());
    let files = [
        clip(folder.path(), "clip.ts", 5, "-f mpegts"),
        clip(folder.path(), "clip.flv", 5, "-bf 2 -f flv"),
    ];
    in_real_time_beside("two writers of a named pipe", |_| {
        let mut rig = Rig::start(SourceKind::Pipe(PipeSpec::Path(path.clone())));
        for file in &files {
            let reason = rig.wait_away("waits for a writer");
            assert!(reason.contains(path.to_str().unwrap()), "{reason}");
            // It writes as fast as it is read, and is read as fast as it is shown.
            let mut writer = Guard::spawn(Command::new("cp").arg(file).arg(&path));
            rig.wait_live();
            let seen = rig.watch(4_500);
            seen.assert_whole(3);
            assert!(seen.pictures.len() >= 100, "{} pictures", seen.pictures.len());
            wait_for("the end of the writer", MOMENT, || writer.0.try_wait().unwrap());
        }
    });
}

#[test]
fn a_writer_that_is_faster_than_time_waits() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = fifo(folder.path());
    let bytes = std::fs::read(clip(folder.path(), "clip.ts", 30, "-b:v 400k -f mpegts")).unwrap();
    let written = Arc::<AtomicUsize>::default();
    in_real_time_beside("a writer without a clock", |_| {
        let mut rig = Rig::start(SourceKind::Pipe(PipeSpec::Path(path.clone())));
        rig.wait_away("waits for a writer");
        written.store(0, Ordering::Relaxed);
        let writer = {
            let (path, bytes, written) = (path.clone(), bytes.clone(), Arc::clone(&written));
            std::thread::spawn(move || {
                let mut pipe = OpenOptions::new().write(true).open(path).unwrap();
                for piece in bytes.chunks(4_096) {
                    if pipe.write_all(piece).is_err() {
                        return;
                    }
                    written.fetch_add(piece.len(), Ordering::Relaxed);
                }
            })
        };
        rig.wait_live();
        rig.watch(5_000).assert_whole(3);
        // Five seconds shown, less than two more read, and a pipe full.
        let most = bytes.len() * 8 / 30 + (128 << 10);
        let taken = written.load(Ordering::Relaxed);
        assert!(taken < most, "{taken} of {} bytes were taken", bytes.len());
        drop(rig);
        writer.join().unwrap();
    });
}

#[test]
fn what_cannot_be_played_is_said() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = fifo(folder.path());
    let mut rig = Rig::start(SourceKind::Pipe(PipeSpec::Path(path.clone())));
    rig.wait_away("waits for a writer");
    let latm = clip(folder.path(), "latm.ts", 4, "-mpegts_flags latm -f mpegts");
    let mut writer = Guard::spawn(Command::new("cp").arg(latm).arg(&path));
    rig.wait_notice("AAC in LATM is not played");
    rig.wait_live();
    writer.kill();
    rig.wait_away("waits for a writer");
    let matroska = clip(folder.path(), "clip.mkv", 1, "-f matroska");
    let _writer = Guard::spawn(Command::new("cp").arg(matroska).arg(&path));
    let reason = rig.wait_failed();
    assert!(reason.contains("Matroska") && reason.contains("-f mpegts"), "{reason}");
}

#[test]
fn what_is_no_pipe_is_refused_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none");
    for (path, wanted) in [
        (missing.as_path(), "mkfifo"),
        (folder.path(), "a folder"),
        (Path::new("/dev/null"), "a device"),
    ] {
        let reason = Rig::start(SourceKind::Pipe(PipeSpec::Path(path.to_owned()))).wait_failed();
        assert!(
            reason.contains(wanted) && reason.contains(path.to_str().unwrap()),
            "{reason}"
        );
    }
    let noise = folder.path().join("noise");
    std::fs::write(&noise, vec![b'x'; 2 << 20]).unwrap();
    let reason = Rig::start(SourceKind::Pipe(PipeSpec::Path(noise))).wait_failed();
    assert!(reason.contains("neither MPEG-TS nor FLV"), "{reason}");
}

#[test]
fn a_file_is_played_once() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "clip.ts", 2, "-f mpegts");
    let mut rig = Rig::start(SourceKind::Pipe(PipeSpec::Path(path)));
    rig.wait_live();
    rig.wait_for("its end", |report| {
        (*report == SourceReport::State(SourceState::Ended)).then_some(())
    });
}

#[test]
fn a_program_that_ends_is_started_again_and_its_last_words_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let starts = folder.path().join("starts");
    let script = format!("echo x >> {}; echo 'camera on fire' >&2; exit 7", starts.display());
    let command = ["/bin/sh", "-c", &script].map(str::to_owned).to_vec();
    let mut rig = Rig::start(SourceKind::Pipe(PipeSpec::Command(command)));
    let reason = rig.wait_away("camera on fire");
    assert_eq!(reason, "/bin/sh: it ended with code 7: camera on fire");
    wait_for("a second start", MOMENT, || {
        (std::fs::read_to_string(&starts).unwrap().lines().count() >= 2).then_some(())
    });
    let nothing = vec!["/no/such/program".to_owned()];
    let reason = Rig::start(SourceKind::Pipe(PipeSpec::Command(nothing))).wait_failed();
    assert!(reason.contains("not installed"), "{reason}");
}

#[test]
fn a_program_ends_with_its_source() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let script = format!(
        "sleep 1000 & echo $! $$ > {0}.new; mv {0}.new {0}; wait",
        file.display()
    );
    let command = ["/bin/sh", "-c", &script].map(str::to_owned).to_vec();
    let rig = Rig::start(SourceKind::Pipe(PipeSpec::Command(command)));
    let pids = wait_for("the program", MOMENT, || std::fs::read_to_string(&file).ok());
    drop(rig);
    for pid in pids.split_whitespace().map(|pid| pid.parse().unwrap()) {
        wait_for("its end", MOMENT, || (!is_running(pid)).then_some(()));
    }
}

#[test]
fn a_writer_that_stalls_is_away_and_comes_back() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = fifo(folder.path());
    let mut arguments = flashes("-re", "-f mpegts -y");
    arguments.push(path.to_str().unwrap().to_owned());
    let writer = Guard::spawn(ffmpeg(&arguments).stdout(Stdio::null()));
    let mut rig = Rig::start(SourceKind::Pipe(PipeSpec::Path(path)));
    rig.wait_live();
    writer.signal(Signal::STOP);
    let reason = rig.wait_away("no MPEG-TS has come for 5 s");
    assert!(!reason.is_empty());
    writer.signal(Signal::CONT);
    in_real_time_beside("a writer that goes on", |_| {
        // It first writes what it has missed, as fast as it can.
        rig.watch(3_000);
        rig.watch(3_000).assert_whole(1);
    });
    assert!(rig.said().contains(&SourceReport::State(SourceState::Live)));
}
