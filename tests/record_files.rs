//! Recordings as others read them: whole, in parts, cut off at any byte, and from disks that are late, full or gone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod common;
mod record_support;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use common::{Guard, PATIENCE, extent, peer, wait_for};
use record_support::disks::Controls;
use record_support::{Reports, Show, decode, decode_with, packets_of, probe, settings};
use rigcast::clock::Clock;
use rigcast::media::{TimeDelta, TrackKind};
use rigcast::record::{RecordReport, RecordSettings, RecorderHandle, TrackConfig, mend, start, start_on};
use rigcast::wire::fmp4;

fn offer(recorder: &RecorderHandle, show: &Show, turns: std::ops::Range<i64>) {
    for turn in turns {
        for (track, packet) in show.stretch(turn) {
            recorder.offer(track, &packet);
        }
    }
}

/// Offers stretches of the show, no faster than they are written, until `is_over`. Returns how many.
fn offer_until(recorder: &RecorderHandle, show: &Show, first: i64, mut is_over: impl FnMut() -> bool) -> i64 {
    let mut turn = first;
    wait_for("the recorder", PATIENCE, || {
        offer(recorder, show, turn..turn + 1);
        turn += 1;
        is_over().then_some(())
    });
    turn
}

/// `bytes` of the file at `path`, as one in which fragments are listed.
fn listing(path: &Path) -> fmp4::Listing {
    fmp4::read(&mut File::open(path).unwrap()).unwrap()
}

fn index_of(path: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(format!("{}.index.ndjson", path.display())).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_was_offered_is_in_the_file_at_its_time() {
    let (Some(_), Some(_)) = (peer("ffmpeg"), peer("ffprobe")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let show = Show::new();
    let reports = Reports::default();
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let clock = Clock::start();
    let path = folder.path().join("{name}-{part}");
    let recorder = start(settings(path), show.tracks.clone(), clock, reports.sink()).unwrap();
    offer(&recorder, &show, 0..5);
    recorder.stop().unwrap();

    let path = folder.path().join("main-001.mp4");
    assert_eq!(reports.finished(), std::slice::from_ref(&path));
    assert_eq!((reports.dropped(), reports.failures()), ((0, 0), vec![]));
    let probed = probe(&path);
    let streams = probed["streams"].as_array().unwrap();
    let names: Vec<_> = streams
        .iter()
        .map(|stream| (stream["codec_name"].clone(), stream["tags"]["handler_name"].clone()))
        .collect();
    let expected = [("h264", "program"), ("aac", "program"), ("opus", "mic")];
    assert_eq!(names, expected.map(|(codec, name)| (codec.into(), name.into())));
    let default: Vec<_> = streams
        .iter()
        .map(|stream| stream["disposition"]["default"].clone())
        .collect();
    assert_eq!(default, [1, 1, 0], "players take the program's sound");
    for (track, step) in [(0, 0.032), (1, 1024.0 / 48_000.0), (2, 0.02)] {
        let packets = packets_of(&probed, track);
        let sizes: Vec<usize> = packets.iter().map(|(_, size)| *size).collect();
        assert_eq!(sizes, show.sizes(track).repeat(5), "track {track}");
        let first = packets[0].0;
        assert!((0.0..0.03).contains(&first), "track {track} starts at {first}");
        if track < 2 {
            for (index, (pts, _)) in packets.iter().enumerate() {
                let expected = first + index as f64 * step;
                assert!(
                    (pts - expected).abs() < 0.001,
                    "track {track}: {pts} instead of {expected}"
                );
            }
        }
    }
    let (decoded, complaints) = decode(&path);
    assert_eq!(complaints, "");
    assert_eq!(decoded[0].len(), 5 * show.count(0));

    // The index says the same as the file, and both when it was.
    let (index, listing) = (index_of(&path), listing(&path));
    assert_eq!(index[0]["tracks"][2]["name"], "mic");
    assert_eq!((index.len(), listing.fragments.len()), (11, 10), "a fragment per GOP");
    let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let made_before = before.saturating_sub(clock.now().since_zero().to_duration()) + Duration::from_millis(777_123);
    for (line, fragment) in index[1..].iter().zip(&listing.fragments) {
        assert_eq!(line["offset"], fragment.bytes.start);
        assert_eq!(line["starts_with_idr"], true);
        let end = line["offset"].as_u64().unwrap() + line["bytes"].as_u64().unwrap();
        assert_eq!(end, fragment.bytes.end);
        for (told, run) in line["runs"].as_array().unwrap().iter().zip(&fragment.runs) {
            assert_eq!(told["offset"], run.data.start);
            assert_eq!(told["samples"], run.samples);
            let made_us = u64::try_from(run.made_at.unwrap().as_micros()).unwrap();
            assert!(told["unix_us"].as_u64().unwrap().abs_diff(made_us) <= 1);
        }
    }
    // The show's clock was 777.123 s on when the show began, and the recorder's at zero.
    let first = listing.fragments[0].runs[0].made_at.unwrap();
    let range = made_before.saturating_sub(Duration::from_millis(5))..after + Duration::from_millis(777_124);
    assert!(range.contains(&first), "{first:?} is not in {range:?}");
    let second = listing.fragments[1].runs[0].made_at.unwrap();
    assert_eq!(second.saturating_sub(first).as_millis(), 512);
    // A fragment holds the sound of its pictures.
    for fragment in &listing.fragments {
        let [video, sound, mic] = &fragment.runs[..] else {
            panic!("three runs")
        };
        let ends = [sound, mic].map(|run| run.start + run.duration);
        for (start, end) in [sound.start, mic.start].into_iter().zip(ends) {
            assert!((start - video.start).abs() < TimeDelta::from_millis(22));
            assert!((end - video.start - video.duration).abs() < TimeDelta::from_millis(22));
        }
    }
}

#[test]
fn parts_follow_each_other_without_a_seam_and_overwrite_nothing() {
    let Some(_) = peer("ffprobe") else { return };
    let folder = tempfile::tempdir().unwrap();
    let show = Show::new();
    let record = |name: &str, change: &dyn Fn(&mut RecordSettings)| {
        let reports = Reports::default();
        let mut settings = settings(folder.path().join(name));
        change(&mut settings);
        let recorder = start(settings, show.tracks.clone(), Clock::start(), reports.sink()).unwrap();
        offer(&recorder, &show, 0..4);
        recorder.split_now();
        offer(&recorder, &show, 4..8);
        recorder.stop().unwrap();
        assert_eq!((reports.dropped(), reports.failures()), ((0, 0), vec![]), "{name}");
        reports.finished()
    };
    let mine = folder.path().join("order.mp4");
    fs::write(&mine, "somebody's film").unwrap();
    let by_order = record("order.mp4", &|_| {});
    assert_eq!(
        by_order,
        ["order-2.mp4", "order-3.mp4"].map(|name| folder.path().join(name))
    );
    assert_eq!(fs::read(&mine).unwrap(), b"somebody's film");
    let by_time = record("time.mp4", &|settings| {
        settings.split_every = Some(TimeDelta::from_millis(1500));
    });
    assert!((5..=6).contains(&by_time.len()), "{by_time:?}");
    let largest = 40_000;
    let by_size = record("size.mp4", &|settings| {
        settings.split_bytes = Some(largest);
    });
    assert!(by_size.len() > 2, "{by_size:?}");
    for path in &by_size {
        let bytes = fs::metadata(path).unwrap().len();
        assert!(bytes <= largest, "{} has {bytes} bytes", path.display());
    }
    for parts in [by_order, by_time, by_size] {
        for track in 0..3 {
            let sizes = parts.iter().flat_map(|path| packets_of(&probe(path), track));
            let sizes: Vec<usize> = sizes.map(|(_, size)| size).collect();
            assert_eq!(sizes, show.sizes(track).repeat(8), "track {track} of {parts:?}");
        }
        for path in &parts {
            assert!(listing(path).fragments[0].runs[0].start == TimeDelta::ZERO);
        }
    }
}

#[test]
fn a_picture_of_another_size_begins_a_part_without_a_seam() {
    let Some(_) = peer("ffprobe") else { return };
    let folder = tempfile::tempdir().unwrap();
    let show = Show::new();
    let reports = Reports::default();
    let settings = settings(folder.path().join("size.mp4"));
    let recorder = start(settings, show.tracks.clone(), Clock::start(), reports.sink()).unwrap();
    let at = show
        .tracks
        .iter()
        .position(|track| track.kind() == TrackKind::Video)
        .unwrap();
    let mut smaller = show.tracks[at].clone();
    let TrackConfig::Video(config) = &mut smaller else {
        panic!()
    };
    (config.width, config.height) = (config.width / 2, config.height / 2);
    offer(&recorder, &show, 0..3);
    // A change that is taken back before anything came of it is none.
    recorder.set_track(at, smaller.clone());
    recorder.set_track(at, show.tracks[at].clone());
    offer(&recorder, &show, 3..4);
    recorder.set_track(at, smaller);
    offer(&recorder, &show, 4..8);
    recorder.stop().unwrap();
    assert_eq!((reports.dropped(), reports.failures()), ((0, 0), vec![]));
    let parts = reports.finished();
    assert_eq!(parts, ["size.mp4", "size-2.mp4"].map(|name| folder.path().join(name)));
    for track in 0..3 {
        let sizes = parts.iter().flat_map(|path| packets_of(&probe(path), track));
        let sizes: Vec<usize> = sizes.map(|(_, size)| size).collect();
        assert_eq!(sizes, show.sizes(track).repeat(8), "track {track}");
    }
}

/// Not a test: the process that [`every_cut_of_a_killed_recording_plays`] kills.
#[test]
#[ignore = "it is started by another test"]
fn the_recorder_that_is_killed() {
    let Some(path) = std::env::var_os("RIGCAST_RECORD_TO") else {
        return;
    };
    let show = Show::new();
    let recorder = start(settings(path), show.tracks.clone(), Clock::start(), |_| {}).unwrap();
    for turn in 0..10_000 {
        offer(&recorder, &show, turn..turn + 1);
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn every_cut_of_a_killed_recording_plays() {
    let Some(_) = peer("ffmpeg") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("killed.mp4");
    let mut child = Guard::spawn(
        Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "the_recorder_that_is_killed"])
            .env("RIGCAST_RECORD_TO", &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    let size = || fs::metadata(&path).map_or(0, |file| file.len());
    wait_for("a recording of some length", PATIENCE, || {
        (size() > 200_000).then_some(())
    });
    child.kill();

    let whole = fs::read(&path).unwrap();
    let all = listing(&path);
    let (reference, _) = decode(&path);
    let samples = |listing: &fmp4::Listing, track: usize| -> usize {
        let runs = listing.fragments.iter().flat_map(|fragment| &fragment.runs);
        runs.filter(|run| run.track == track).map(|run| run.samples).sum()
    };
    assert!(all.fragments.len() > 10);
    // What lies behind the last whole fragment may be decoded as well, or not.
    assert!(reference[0].len() >= samples(&all, 0));
    let init = all.fragments[0].bytes.start as usize;
    // Whether a file of `fragments` whole fragments, as `options` of ffmpeg have it read, plays up to the last of them.
    let plays = |path: &Path, options: &[&str], fragments: usize, what: &str| {
        let left = listing(path);
        assert_eq!(left.fragments.len(), fragments, "{what}");
        let (decoded, said) = decode_with(options, path);
        for track in 0..3 {
            let count = samples(&left, track);
            assert!(
                decoded[track].len() >= count && decoded[track][..count] == reference[track][..count],
                "{what}: {} of {count} of track {track}; {said}",
                decoded[track].len()
            );
        }
    };
    let check = |cut: usize, turn: usize| {
        let path = folder.path().join(format!("cut-{turn}.mp4"));
        fs::write(&path, &whole[..cut]).unwrap();
        let before = all.fragments.iter().filter(|fragment| fragment.bytes.end <= cut as u64);
        let fragments = before.count();
        let what = format!("cut at {cut}");
        let torn = all.fragments.get(fragments);
        if torn.is_some_and(|torn| torn.bytes.start < cut as u64 && (cut as u64) < torn.runs[0].data.start) {
            // Inside an index: ffmpeg wants to be told to read on, or the file to be mended.
            plays(&path, &["-fflags", "+ignidx"], fragments, &what);
            let mended = mend(&path).unwrap();
            assert_eq!(mended.fragments, fragments);
            assert_eq!(mended.cut_bytes, cut as u64 - fs::metadata(&path).unwrap().len());
        }
        plays(&path, &[], fragments, &what);
        // As a crash leaves it: what is being written is still covered. That needs nobody's help.
        if let Some(torn) = torn.filter(|torn| torn.bytes.start < cut as u64) {
            let mut crashed = whole[..cut].to_vec();
            let kind = torn.bytes.start as usize + 3 * 32 + 4;
            let kind = (kind - 3 * 4..=kind)
                .find(|at| &whole[*at..*at + 4] == b"moof")
                .expect("behind three prft");
            for (at, byte) in (kind..).zip(b"free") {
                if let Some(there) = crashed.get_mut(at) {
                    *there = *byte;
                }
            }
            fs::write(&path, crashed).unwrap();
            plays(&path, &[], fragments, &format!("crash at {cut}"));
        }
        fs::remove_file(&path).unwrap();
    };
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let cuts: Vec<usize> = (0..extent(24, 200))
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            init + state as usize % (whole.len() - init)
        })
        .collect();
    std::thread::scope(|scope| {
        for (turn, cuts) in cuts.chunks(cuts.len().div_ceil(2)).enumerate() {
            let check = &check;
            scope.spawn(move || cuts.iter().for_each(|cut| check(*cut, turn)));
        }
    });
    eprintln!(
        "{} cuts of {} bytes in {} fragments played",
        cuts.len(),
        whole.len(),
        all.fragments.len()
    );
}

#[test]
fn a_disk_that_stands_still_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let show = Show::new();
    let reports = Reports::default();
    let controls = Controls::new();
    controls.open_gate(false);
    let settings = settings(folder.path().join("late.mp4"));
    let recorder = start_on(
        controls.disk(),
        settings,
        show.tracks.clone(),
        Clock::start(),
        reports.sink(),
    )
    .unwrap();
    // No write comes back before all of this has been offered: if offering waited for one, it would wait for ever.
    offer(&recorder, &show, 0..40);
    let refused = recorder.refused();
    let all = 40 * show.count(0) as u64;
    assert!(
        refused.video > all / 2 && refused.video < all && refused.audio > 0,
        "{refused:?}"
    );
    controls.open_gate(true);
    // The disk is back: the show from here on is whole again.
    let path = reports.wait("the part", |report| match report {
        RecordReport::State { path, duration, .. } if *duration > TimeDelta::from_millis(5000) => Some(path.clone()),
        _ => None,
    });
    offer(&recorder, &show, 40..44);
    recorder.stop().unwrap();
    let dropped = reports.dropped();
    assert_eq!(
        dropped,
        (refused.video, refused.audio),
        "nothing more was refused or lost"
    );
    let runs = listing(&path).fragments.into_iter().flat_map(|fragment| fragment.runs);
    let recorded: usize = runs.map(|run| run.samples).sum();
    let offered = 44 * (0..3).map(|track| show.count(track)).sum::<usize>();
    assert_eq!(recorded as u64 + refused.video + refused.audio, offered as u64);
    assert!(reports.failures().is_empty());
}

#[test]
fn a_full_disk_ends_the_part_at_its_last_fragment_and_the_other_place_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (small, large) = (folder.path().join("small"), folder.path().join("large"));
    fs::create_dir(&small).unwrap();
    fs::create_dir(&large).unwrap();
    let show = Show::new();
    let reports = Reports::default();
    let controls = Controls::new();
    controls.room.store(50_000, Ordering::SeqCst);
    let settings = RecordSettings {
        fallback: Some(large.join("film.mp4")),
        ..settings(small.join("film.mp4"))
    };
    let recorder = start_on(
        controls.disk(),
        settings,
        show.tracks.clone(),
        Clock::start(),
        reports.sink(),
    )
    .unwrap();
    offer(&recorder, &show, 0..8);
    recorder.stop().unwrap();
    let [reason] = &reports.failures()[..] else {
        panic!("{:?}", reports.all())
    };
    assert!(reason.contains("small/film.mp4: cannot be written at byte"), "{reason}");
    assert_eq!(reports.finished(), [small.join("film.mp4"), large.join("film.mp4")]);
    let (first, second) = (listing(&small.join("film.mp4")), listing(&large.join("film.mp4")));
    assert_eq!(
        (first.length, second.length),
        (first.whole_bytes, second.whole_bytes),
        "no torn ends"
    );
    let samples = |listing: &fmp4::Listing, is_counted: fn(usize) -> bool| -> usize {
        let runs = listing.fragments.iter().flat_map(|fragment| &fragment.runs);
        runs.filter(|run| is_counted(run.track)).map(|run| run.samples).sum()
    };
    // One fragment was lost, and all of it is owned up to.
    let (video, audio) = reports.dropped();
    assert_eq!(video, 16);
    let recorded = |is_counted| samples(&first, is_counted) + samples(&second, is_counted);
    assert_eq!(recorded(|track| track == 0) + video as usize, 8 * show.count(0));
    assert_eq!(
        recorded(|track| track > 0) + audio as usize,
        8 * (show.count(1) + show.count(2))
    );
}

#[test]
fn space_is_watched_and_left() {
    const MB: u64 = 1_000_000;
    let folder = tempfile::tempdir().unwrap();
    let show = Show::new();
    let reports = Reports::default();
    let controls = Controls::new();
    let settings = RecordSettings {
        keep_free_bytes: 100 * MB,
        ..settings(folder.path().join("film.mp4"))
    };
    controls.free.store(300 * MB, Ordering::SeqCst);
    let recorder = start_on(
        controls.disk(),
        settings,
        show.tracks.clone(),
        Clock::start(),
        reports.sink(),
    )
    .unwrap();
    let parts = |reports: &Reports| {
        let states = reports.all().into_iter();
        states
            .filter(|report| matches!(report, RecordReport::State { .. }))
            .count()
    };
    let warnings = |reports: &Reports| {
        let all = reports.all().into_iter();
        all.filter(|report| matches!(report, RecordReport::SpaceLow { .. }))
            .count()
    };
    let mut turn = offer_until(&recorder, &show, 0, || parts(&reports) > 3);
    assert_eq!(warnings(&reports), 0);
    controls.free.store(199 * MB, Ordering::SeqCst);
    let so_far = parts(&reports);
    turn = offer_until(&recorder, &show, turn, || parts(&reports) > so_far + 3);
    assert_eq!(warnings(&reports), 1, "told once");
    controls.free.store(99 * MB, Ordering::SeqCst);
    turn = offer_until(&recorder, &show, turn, || !reports.failures().is_empty());
    let reason = reports.failures().remove(0);
    assert!(
        reason.ends_with("film.mp4: 99 MB are free, and 100 MB are to stay free"),
        "{reason}"
    );
    assert_eq!(reports.finished().len(), 1, "what is there is complete");
    // It goes on by itself when there is space again, and not before there is some to spare.
    controls.free.store(150 * MB, Ordering::SeqCst);
    turn = offer_until(&recorder, &show, turn, || reports.failures().len() > 1);
    controls.free.store(200 * MB, Ordering::SeqCst);
    let so_far = parts(&reports);
    offer_until(&recorder, &show, turn, || parts(&reports) > so_far + 2);
    recorder.stop().unwrap();
    assert_eq!(reports.finished().len(), 2);
    assert!(reports.dropped().0 > 0, "what was not recorded is counted");
}

#[test]
fn a_file_that_is_deleted_and_a_folder_that_is_gone_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("usb");
    fs::create_dir(&place).unwrap();
    let show = Show::new();
    let reports = Reports::default();
    let path = place.join("film.mp4");
    let recorder = start(settings(&path), show.tracks.clone(), Clock::start(), reports.sink()).unwrap();
    let mut turn = offer_until(&recorder, &show, 0, || path.exists());
    fs::remove_dir_all(&place).unwrap();
    turn = offer_until(&recorder, &show, turn, || !reports.failures().is_empty());
    assert!(
        reports.failures()[0].ends_with("the file was deleted"),
        "{:?}",
        reports.failures()
    );
    // Nothing is recorded to where the disk should be; it is told again at the next try.
    turn = offer_until(&recorder, &show, turn, || reports.failures().len() > 1);
    let reason = reports.failures().remove(1);
    assert!(reason.contains("film.mp4: cannot be created: No such file"), "{reason}");
    assert!(!place.exists());
    fs::create_dir(&place).unwrap();
    offer_until(&recorder, &show, turn, || path.exists());
    recorder.stop().unwrap();
    assert!(reports.dropped().0 > 0);
}
