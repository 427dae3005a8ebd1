//! What real muxers write is read: every picture and every frame of sound, with its time.

use std::process::Command;

use rigcast::media::TimeDelta;
use rigcast::wire::flv::{TagReader, VideoBody, parse_video};
use rigcast::wire::ts::{Item, Reader};

use crate::common::peer;
use crate::rig::clip;

/// PTS of each packet of a track in seconds, as ffprobe reads them.
fn probed(path: &std::path::Path, track: &str) -> Vec<f64> {
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-select_streams",
            track,
            "-show_entries",
            "packet=pts_time",
            "-of",
            "csv=p=0",
        ])
        .arg(path)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut times: Vec<f64> = text
        .lines()
        .filter_map(|line| line.trim_matches(',').parse().ok())
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

fn assert_same(ours: &[TimeDelta], theirs: &[f64]) {
    let mut ours: Vec<f64> = ours.iter().map(|time| time.as_secs_f64()).collect();
    ours.sort_by(f64::total_cmp);
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() < 0.0015, "{ours} is {theirs}");
    }
}

/// All times of pictures and sound of a transport stream.
fn times_of_ts(bytes: &[u8]) -> (Vec<TimeDelta>, Vec<TimeDelta>, u32) {
    let (mut pictures, mut sounds, mut idrs) = (Vec::new(), Vec::new(), 0);
    let mut reader = Reader::new();
    let mut take = |reader: &mut Reader| {
        while let Some(item) = reader.poll() {
            match item {
                Item::Picture { pts, is_idr, .. } => {
                    pictures.push(pts);
                    idrs += u32::from(is_idr);
                }
                Item::Sound { pts, header, .. } => {
                    assert_eq!((header.sample_rate, header.channels), (48_000, 2));
                    sounds.push(pts);
                }
                Item::Program(program) => assert_eq!(program.unplayable().count(), 0),
            }
        }
    };
    for piece in bytes.chunks(4_000) {
        reader.push(piece);
        take(&mut reader);
    }
    reader.finish();
    take(&mut reader);
    assert_eq!(reader.counts(), rigcast::wire::ts::Counts::default());
    (pictures, sounds, idrs)
}

#[test]
fn transport_streams_of_ffmpeg_are_read_whole() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, coding) in [
        ("plain.ts", "-f mpegts"),
        ("reordered.ts", "-bf 3 -g 50 -f mpegts"),
        ("long_sound.ts", "-b:a 48k -f mpegts"),
    ] {
        let path = clip(folder.path(), name, 4, coding);
        let (pictures, sounds, idrs) = times_of_ts(&std::fs::read(&path).unwrap());
        assert_same(&pictures, &probed(&path, "v:0"));
        assert_same(&sounds, &probed(&path, "a:0"));
        assert!((2..=4).contains(&idrs), "{name}: {idrs}");
    }
}

#[test]
fn transport_streams_of_gstreamer_are_read_whole() {
    if peer("gst-launch-1.0").is_none() || peer("ffprobe").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gst.ts");
    let pipeline = format!(
        "mpegtsmux name=m ! filesink location={} \
         videotestsrc num-buffers=75 ! video/x-raw,width=320,height=180,framerate=25/1 ! x264enc key-int-max=25 ! h264parse ! m. \
         audiotestsrc num-buffers=141 ! audio/x-raw,rate=48000,channels=2 ! voaacenc ! aacparse ! m.",
        path.display()
    );
    let status = Command::new("gst-launch-1.0")
        .arg("-q")
        .args(pipeline.split_whitespace())
        .status();
    assert!(status.unwrap().success());
    let (pictures, sounds, _) = times_of_ts(&std::fs::read(&path).unwrap());
    assert_eq!(pictures.len(), 75);
    assert_same(&pictures, &probed(&path, "v:0"));
    assert_same(&sounds, &probed(&path, "a:0"));
}

#[test]
fn flv_of_ffmpeg_is_read_in_pieces() {
    if peer("ffmpeg").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = clip(folder.path(), "clip.flv", 4, "-bf 2 -f flv");
    let mut reader = TagReader::new();
    let mut pictures = Vec::new();
    for piece in std::fs::read(&path).unwrap().chunks(999) {
        reader.push(piece);
        while let Some(tag) = reader.poll().unwrap() {
            if tag.kind == rigcast::wire::flv::TagKind::Video
                && let VideoBody::AccessUnit { composition, .. } = parse_video(&tag.body).unwrap()
            {
                pictures.push(tag.timestamp.since_zero() + composition);
            }
        }
    }
    assert_same(&pictures, &probed(&path, "v:0"));
}
