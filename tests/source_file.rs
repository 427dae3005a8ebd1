//! Media files against ffmpeg: every picture the same, every sample in its place, every fault named.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod source_support;

use std::f64::consts::TAU;
use std::path::Path;

use rigcast::media::{FrameRate, Plane, TimeDelta, Timestamp, VideoFrame};
use rigcast::source::{SourceAudio, SourceReport, SourceState};
use source_support::{Played, ffmpeg, ffmpeg_raw, has_peer, play};

const FPS30: FrameRate = FrameRate::whole(30);
const X264: &str = "-c:v libx264 -preset veryfast -pix_fmt yuv420p";

fn bytes_of(frame: &VideoFrame) -> Vec<u8> {
    [Plane::Y, Plane::U, Plane::V]
        .iter()
        .flat_map(|plane| frame.plane(*plane).to_vec())
        .collect()
}

/// Pictures that are not the same memory as the one before.
fn distinct(played: &Played) -> Vec<VideoFrame> {
    let mut frames: Vec<VideoFrame> = Vec::new();
    for frame in &played.frames {
        if frames.last().is_none_or(|last| !last.is_same_picture(frame)) {
            frames.push(frame.clone());
        }
    }
    frames
}

fn assert_same_pictures_as_ffmpeg(path: &Path, played: &Played, has_b_frames: bool) {
    let raw = ffmpeg_raw(path, "-f rawvideo -pix_fmt yuv420p -vsync passthrough");
    let frames = distinct(played);
    let size = bytes_of(&frames[0]).len();
    assert_eq!(
        frames.len(),
        raw.len() / size,
        "number of pictures of {}",
        path.display()
    );
    for (at, (ours, theirs)) in frames.iter().zip(raw.chunks(size)).enumerate() {
        let ours = bytes_of(ours);
        let apart: u64 = ours.iter().zip(theirs).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        // OpenH264 rounds some of the blocks between two pictures differently. All else is the same to the bit.
        let allowed = if has_b_frames { ours.len() as u64 / 100 } else { 0 };
        assert!(apart <= allowed, "picture {at} of {} is off by {apart}", path.display());
    }
}

/// Amplitude of `hz` in `line`, and the worst distance of any sample from that sine.
fn fit_sine(line: &[f32], hz: f64) -> (f64, f64) {
    let (mut cosine, mut sine) = (0.0, 0.0);
    let whole = line.len() / 4_800 * 4_800;
    for (at, sample) in line[..whole].iter().enumerate() {
        let phase = TAU * hz * at as f64 / 48_000.0;
        cosine += f64::from(*sample) * phase.cos();
        sine += f64::from(*sample) * phase.sin();
    }
    let (cosine, sine) = (2.0 * cosine / whole as f64, 2.0 * sine / whole as f64);
    let worst = line
        .iter()
        .enumerate()
        .map(|(at, sample)| {
            let phase = TAU * hz * at as f64 / 48_000.0;
            (f64::from(*sample) - cosine * phase.cos() - sine * phase.sin()).abs()
        })
        .fold(0.0, f64::max);
    (cosine.hypot(sine), worst)
}

#[test]
fn a_movie_plays_picture_by_picture_with_its_sound_in_place() {
    if !has_peer("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, rate, options) in [
        ("720p30.mp4", FPS30, "-bf 0"),
        ("bframes.mp4", FPS30, "-bf 3"),
        (
            "bpyramid.mov",
            FPS30,
            "-bf 4 -b_strategy 2 -x264-params b-pyramid=normal:ref=4",
        ),
        (
            "ntsc.mp4",
            FrameRate { num: 30_000, den: 1001 },
            "-bf 2 -movflags +faststart",
        ),
        (
            "fragmented.mp4",
            FPS30,
            "-bf 2 -movflags +frag_keyframe+delay_moov+default_base_moof -g 15",
        ),
    ] {
        // A burst of 1 kHz in the sound from second 1 to 1.1.
        let input = format!(
            "-f lavfi -i testsrc2=s=1280x720:r={}/{} -f lavfi -i aevalsrc=between(t\\,1\\,1.1)*sin(2*PI*1000*t)*0.5:s=44100:c=stereo -t 2",
            rate.num, rate.den
        );
        let path = ffmpeg(
            folder.path(),
            &format!("{input} {X264} {options} -c:a aac -b:a 128k"),
            name,
        );
        let played = play(&path, false, 6_000, rate).unwrap();
        assert_eq!(played.error, None, "{name}");
        assert_eq!(played.notices(), Vec::<&str>::new(), "{name}");
        let video = played.format.video.unwrap();
        let (width, height, fps) = (video.width, video.height, video.fps.unwrap());
        assert_eq!((width, height), (1280, 720), "{name}");
        assert!((fps - rate.as_f64()).abs() < 0.05, "{name}: {fps}");
        assert_eq!(played.format.audio, Some(SourceAudio::new(44_100, 2)), "{name}");
        assert_same_pictures_as_ffmpeg(&path, &played, !options.contains("-bf 0"));

        // Pictures start on a tick and follow each other tick by tick.
        let frames = distinct(&played);
        let start = frames[0].pts;
        assert_eq!(rate.frame_time(rate.frame_at(start)), start, "{name}");
        for (at, frame) in frames.iter().enumerate() {
            let due = rate.frame_time(rate.frame_at(start) + at as i64);
            assert!(
                (frame.pts - due).abs() < TimeDelta::from_millis(1),
                "{name}: picture {at}"
            );
        }

        // The burst is where it belongs relative to the pictures.
        let line = played.left();
        let onset = line.iter().position(|sample| sample.abs() > 0.2).unwrap() as i64;
        let onset = Timestamp::from_48k(played.blocks[0].pts.to_48k() + onset) - start;
        assert!(
            (onset.to_millis() - 1_000).abs() <= 3,
            "{name}: the burst is heard after {} ms",
            onset.to_millis()
        );
        let length = (played.ended.unwrap() - start).to_millis();
        assert!((1_995..2_050).contains(&length), "{name}: {length} ms");
    }
}

#[test]
fn any_frame_rate_is_converted_to_that_of_the_program() {
    if !has_peer("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (fps, distinct_pictures) in [("15", 30), ("60", 60), ("25", 50)] {
        let input = format!("-f lavfi -i testsrc2=s=320x180:r={fps} -t 2 {X264}");
        let path = ffmpeg(folder.path(), &input, &format!("{fps}.mp4"));
        let played = play(&path, false, 6_000, FPS30).unwrap();
        let distinct = distinct(&played).len() as i64;
        assert!(
            (distinct - distinct_pictures).abs() <= 1,
            "{fps} fps: {distinct} pictures"
        );
        assert_eq!(played.format.audio, None);
        assert!(played.blocks.is_empty(), "a movie without sound makes none");
    }
}

#[test]
fn odd_and_cropped_sizes_are_as_the_sps_says() {
    if !has_peer("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for size in ["322x182", "640x362", "1920x1080"] {
        let path = ffmpeg(
            folder.path(),
            &format!("-f lavfi -i testsrc2=s={size}:r=30 -t 0.3 {X264} -bf 0"),
            &format!("{size}.mp4"),
        );
        let played = play(&path, false, 3_000, FPS30).unwrap();
        let frame = &played.frames[0];
        assert_eq!(format!("{}x{}", frame.width(), frame.height()), size);
        assert_same_pictures_as_ffmpeg(&path, &played, false);
    }
}

#[test]
fn a_loop_has_no_gap_and_no_phase_jump() {
    if !has_peer("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // 441 Hz: one period is 100 frames at 44.1 kHz, and 2 s hold 882 of them.
    for (name, codec, rate, tolerance) in [
        ("loop.wav", "-c:a pcm_s16le", 44_100, 0.01),
        ("loop48.wav", "-c:a pcm_f32le", 48_000, 0.001),
        ("loop.flac", "-c:a flac", 44_100, 0.01),
        (
            "loop.mp4",
            "-f lavfi -i testsrc2=s=160x90:r=30 -t 2 -c:v libx264 -c:a aac -b:a 192k",
            44_100,
            0.08,
        ),
        (
            "long_picture.mov",
            "-f lavfi -i testsrc2=s=160x90:r=25 -t 2 -c:v libx264 -c:a aac -b:a 192k",
            48_000,
            0.08,
        ),
    ] {
        let hz = if rate == 44_100 { 441 } else { 480 };
        let sine = format!("-f lavfi -i aevalsrc=0.5*sin(2*PI*{hz}*t):s={rate}:d=2:c=stereo");
        let path = ffmpeg(folder.path(), &format!("{sine} {codec}"), name);
        let played = play(&path, true, 9_000, FPS30).unwrap();
        assert_eq!(played.error, None, "{name}");
        assert!(
            played
                .blocks
                .windows(2)
                .all(|pair| pair[1].pts - pair[0].pts == rigcast::media::AudioBlock::duration())
        );
        let line = played.left();
        assert!(line.len() > 48_000 * 8, "{name}: {} frames", line.len());
        // Less the edges of the whole.
        let (amplitude, worst) = fit_sine(&line[4_800..line.len() - 4_800], f64::from(hz));
        assert!((amplitude - 0.5).abs() < 0.01, "{name}: amplitude {amplitude}");
        assert!(worst < tolerance, "{name}: a sample is off by {worst}");
        if name.contains("mp4") {
            let frames = distinct(&played);
            let steps = frames.windows(2).map(|pair| (pair[1].pts - pair[0].pts).to_rate(30));
            assert!(
                steps.clone().all(|step| step == 1 || step == 0),
                "{name}: {:?}",
                steps.collect::<Vec<_>>()
            );
            assert_eq!(
                bytes_of(&frames[0]),
                bytes_of(&frames[60]),
                "{name}: the second round starts with the first picture"
            );
        }
    }
}

#[test]
fn rounds_start_at_whole_multiples_of_the_length_for_ever() {
    if !has_peer("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // 29.97 fps and 44.1 kHz: neither length is a whole number of the other's units.
    let input = "-f lavfi -i testsrc2=s=64x64:r=30000/1001 -f lavfi -i sine=441:r=44100 -t 0.5";
    let path = ffmpeg(folder.path(), &format!("{input} {X264} -c:a aac"), "short.mp4");
    let rate = FrameRate { num: 30_000, den: 1001 };
    let played = play(&path, true, 60_000, rate).unwrap();
    let frames = distinct(&played);
    let first = bytes_of(&frames[0]);
    let starts: Vec<Timestamp> = frames
        .iter()
        .filter(|frame| bytes_of(frame) == first)
        .map(|frame| frame.pts)
        .collect();
    assert!(starts.len() > 100, "{}", starts.len());
    let length = starts[1] - starts[0];
    for (round, at) in starts.iter().enumerate() {
        assert_eq!(*at - starts[0], length * round as i64, "round {round}");
    }
    assert!(
        played
            .blocks
            .windows(2)
            .all(|pair| pair[1].pts - pair[0].pts == rigcast::media::AudioBlock::duration())
    );
}

#[test]
fn sound_files_of_every_sort_play_to_their_end() {
    if !has_peer("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, codec, channels) in [
        ("a.wav", "-c:a pcm_s24le", 2),
        ("a.flac", "-c:a flac", 1),
        ("a.mp3", "-c:a libmp3lame -b:a 192k", 2),
        ("a.ogg", "-c:a libvorbis -b:a 192k", 2),
        ("a.m4a", "-c:a aac -b:a 192k", 1),
        ("surround.wav", "-c:a pcm_s16le -ac 6", 6),
    ] {
        let sine = "-f lavfi -i aevalsrc=0.25*sin(2*PI*1000*t):s=44100:d=1.5";
        let path = ffmpeg(folder.path(), &format!("{sine} {codec} -ac {channels}"), name);
        let played = play(&path, false, 6_000, FPS30).unwrap();
        assert_eq!(played.error, None, "{name}");
        assert_eq!(played.format.audio, Some(SourceAudio::new(44_100, channels)), "{name}");
        assert!(played.frames.is_empty());
        let line = played.left();
        let sounding = line.iter().filter(|sample| sample.abs() > 0.001).count() as f64 / 48_000.0;
        assert!((1.43..1.56).contains(&sounding), "{name}: {sounding} s");
        let middle = &line[line.len() / 2 - 9_600..line.len() / 2 + 9_600];
        let (amplitude, worst) = fit_sine(middle, 1_000.0);
        assert!(worst < 0.03, "{name}: off by {worst}");
        assert!((0.12..0.4).contains(&amplitude), "{name}: amplitude {amplitude}");
        let length = (played.ended.unwrap() - played.blocks[0].pts).to_millis();
        assert!((1_495..1_600).contains(&length), "{name}: {length} ms");
    }
}

#[test]
fn stills_are_shown_in_their_colours_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = rigcast::picture::colour::yuv_of_rgb([200, 30, 60]);
    for (name, width, height, tolerance) in [("a.png", 320, 180, 1), ("a.jpg", 320, 180, 4), ("odd.png", 321, 181, 1)] {
        let path = folder.path().join(name);
        let colour = image::Rgb([200, 30, 60]);
        image::RgbImage::from_pixel(width, height, colour).save(&path).unwrap();
        let played = play(&path, false, 3_000, FPS30).unwrap();
        let frame = played.frames.last().unwrap();
        assert_eq!((frame.width(), frame.height()), (320, 180), "{name}");
        assert!(played.ended.is_none());
        for (plane, wanted) in [Plane::Y, Plane::U, Plane::V].into_iter().zip(wanted) {
            let worst = frame
                .plane(plane)
                .iter()
                .map(|value| value.abs_diff(wanted))
                .max()
                .unwrap();
            assert!(worst <= tolerance, "{name} {plane:?}: off by {worst}");
        }
    }
    // What is transparent lies on black.
    let path = folder.path().join("alpha.png");
    image::RgbaImage::from_pixel(64, 64, image::Rgba([255, 0, 0, 0]))
        .save(&path)
        .unwrap();
    let played = play(&path, false, 1_000, FPS30).unwrap();
    assert!(played.frames[0].plane(Plane::Y).iter().all(|luma| *luma == 16));
}

#[test]
fn broken_files_are_named_with_the_place_where_they_break() {
    if !has_peer("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let movie = "-f lavfi -i testsrc2=s=320x180:r=30 -f lavfi -i sine=440 -t 1";
    let whole = ffmpeg(folder.path(), &format!("{movie} {X264} -c:a aac"), "whole.mp4");
    let bytes = std::fs::read(&whole).unwrap();
    std::fs::write(at("cut.mp4"), &bytes[..bytes.len() * 6 / 10]).unwrap();
    std::fs::write(at("zero.mp4"), b"").unwrap();
    std::fs::write(
        at("text.mp4"),
        "not a movie, but a shopping list: milk, eggs, bread\n".repeat(50),
    )
    .unwrap();
    std::fs::write(at("short.png"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").unwrap();
    std::fs::create_dir(at("folder.mp4")).unwrap();
    ffmpeg(
        folder.path(),
        &format!("{movie} -c:v libx265 -x265-params log-level=none -tag:v hvc1"),
        "hevc.mp4",
    );
    ffmpeg(
        folder.path(),
        &format!("{movie} -c:v libx264 -pix_fmt yuv422p"),
        "422.mp4",
    );
    ffmpeg(
        folder.path(),
        &format!("{movie} -c:v libx264 -pix_fmt yuv420p10le"),
        "10bit.mp4",
    );
    ffmpeg(folder.path(), "-f lavfi -i color=red:s=5000x16 -frames:v 1", "wide.png");
    for (name, wanted) in [
        ("missing.mp4", "No such file"),
        ("zero.mp4", "empty (0 bytes)"),
        ("folder.mp4", "not a regular file"),
        ("text.mp4", "is not a picture, sound or movie"),
        ("short.png", "is not a picture"),
        ("wide.png", "is not a picture"),
        ("cut.mp4", "cut off"),
        ("hevc.mp4", "HEVC (hvc1)"),
        ("422.mp4", "4:2:2"),
        ("10bit.mp4", "10 bits"),
    ] {
        let error = match play(&at(name), false, 3_000, FPS30) {
            Err(error) => error.to_string(),
            Ok(played) => panic!("{name} plays: {} pictures, {:?}", played.frames.len(), played.error),
        };
        assert!(error.contains(wanted), "{name}: {error}");
        assert!(error.contains(name), "the file is not named: {error}");
    }
    for name in ["cut.mp4", "hevc.mp4", "422.mp4"] {
        let Err(error) = play(&at(name), false, 10, FPS30) else {
            panic!("{name}")
        };
        assert!(error.to_string().contains(" at byte "), "{error}");
    }
}

#[test]
fn a_truncated_file_plays_what_is_there_and_loops() {
    if !has_peer("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let movie = "-f lavfi -i testsrc2=s=320x180:r=30 -f lavfi -i sine=440 -t 2";
    for flags in ["+faststart", "+frag_keyframe+empty_moov+default_base_moof"] {
        let whole = ffmpeg(
            folder.path(),
            &format!("{movie} {X264} -g 10 -c:a aac -movflags {flags}"),
            "whole.mp4",
        );
        let bytes = std::fs::read(&whole).unwrap();
        let path = folder.path().join("cut.mp4");
        std::fs::write(&path, &bytes[..bytes.len() * 6 / 10]).unwrap();
        let once = play(&path, false, 4_000, FPS30).unwrap();
        let count = distinct(&once).len();
        assert!((15..58).contains(&count), "{flags}: {count} pictures");
        assert_eq!(once.error, None);
        assert!(once.ended.is_some());
        if flags == "+faststart" {
            assert!(
                once.notices().iter().any(|notice| notice.contains("beyond the end")),
                "{:?}",
                once.notices()
            );
        }
        let looped = play(&path, true, 6_000, FPS30).unwrap();
        assert!(distinct(&looped).len() > count * 2, "{flags}");
    }
}

#[test]
fn a_movie_whose_sound_is_not_played_is_shown_without_it() {
    if !has_peer("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let movie = "-f lavfi -i testsrc2=s=320x180:r=30 -f lavfi -i sine=440 -t 1";
    let path = ffmpeg(folder.path(), &format!("{movie} {X264} -c:a ac3"), "ac3.mp4");
    let played = play(&path, false, 3_000, FPS30).unwrap();
    assert_eq!(distinct(&played).len(), 30);
    assert!(
        played.notices().iter().any(|notice| notice.contains("AC-3")),
        "{:?}",
        played.notices()
    );
}

#[test]
fn damage_inside_is_survived() {
    if !has_peer("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let movie = "-f lavfi -i testsrc2=s=320x180:r=30 -f lavfi -i sine=440 -t 2";
    let path = ffmpeg(
        folder.path(),
        &format!("{movie} {X264} -g 15 -c:a aac -movflags +faststart"),
        "damaged.mp4",
    );
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    for (at, byte) in bytes[middle..middle + 4_000].iter_mut().enumerate() {
        *byte = (at * 7 + 13) as u8;
    }
    std::fs::write(&path, &bytes).unwrap();
    let played = play(&path, false, 4_000, FPS30).unwrap();
    assert_eq!(played.error, None);
    assert!(played.ended.is_some());
    assert!(distinct(&played).len() >= 30, "{}", distinct(&played).len());
}

#[test]
fn a_movie_with_any_byte_wrong_never_takes_the_process_down() {
    if !has_peer("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let movie = "-f lavfi -i testsrc2=s=64x64:r=30 -f lavfi -i sine=440 -t 0.3";
    let path = ffmpeg(
        folder.path(),
        &format!("{movie} {X264} -c:a aac -movflags +faststart"),
        "fuzz.mp4",
    );
    let whole = std::fs::read(&path).unwrap();
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..300 {
        let mut bytes = whole.clone();
        for _ in 0..4 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            // Mostly in the index, which comes first.
            let at = random as usize % 1_700.min(bytes.len());
            bytes[at] = (random >> 32) as u8;
        }
        std::fs::write(&path, &bytes).unwrap();
        // An error or a picture: both are fine, a panic or an abort is not.
        let _ = play(&path, false, 700, FPS30);
    }
}

#[test]
fn states_are_told_in_order() {
    if !has_peer("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = ffmpeg(
        folder.path(),
        &format!("-f lavfi -i testsrc2=s=64x64:r=30 -t 0.2 {X264}"),
        "a.mp4",
    );
    let (sender, reports) = std::sync::mpsc::channel();
    let spec = rigcast::source::SourceSpec {
        name: "clip".to_owned(),
        kind: rigcast::source::SourceKind::File(rigcast::source::FileSpec {
            path: path.clone(),
            is_looping: false,
        }),
    };
    let sender = std::sync::Mutex::new(sender);
    let handle = rigcast::source::start(spec, source_support::context(FPS30), move |report| {
        let _ = sender.lock().unwrap().send(report);
    });
    let next = || loop {
        if let SourceReport::State(state) = reports.recv_timeout(std::time::Duration::from_secs(10)).unwrap() {
            return state;
        }
    };
    assert_eq!(next(), SourceState::Live);
    assert_eq!(next(), SourceState::Ended);
    // Broken while it rests: a restart tells so at once, and a repaired file comes back by itself.
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, b"").unwrap();
    handle.restart();
    assert_eq!(next(), SourceState::Starting);
    assert!(matches!(next(), SourceState::Failed { reason } if reason.contains("empty")));
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(next(), SourceState::Live);
    assert_eq!(next(), SourceState::Ended);
}

#[test]
fn openh264_passes_these_tests_too() {
    // The decoder is chosen once per process: where libavcodec is found, the tests above are about it.
    if std::env::var_os("RIGCAST_DECODER").is_some() {
        return;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .env("RIGCAST_DECODER", "openh264")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
