//! OpenCV's detector of faces, run over received media: the judge of what can be seen in it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faces_common/opencv_faces.py");

/// Debian's own python: another one first in the path has no OpenCV.
const PYTHON: &str = "/usr/bin/python3";

/// Pictures are looked through in this size.
pub const WIDTH: u32 = 640;
pub const HEIGHT: u32 = 360;

/// Processes that look through one file together.
const CROWD: usize = 2;

/// A face that it found: left, top, width, height, in pixels of [`WIDTH`] × [`HEIGHT`].
pub type Box = [i32; 4];

/// Whether OpenCV and its cascades are here; says so where not.
pub fn is_here(skip: impl FnOnce(&str)) -> bool {
    let output = Command::new(PYTHON).arg(SCRIPT).stdin(Stdio::null()).output();
    let is_here = output.is_ok_and(|output| output.status.success());
    if !is_here {
        skip("OpenCV with its cascades");
    }
    is_here
}

/// The faces of each picture of a file.
pub fn faces_in(path: &Path) -> Vec<Vec<Box>> {
    let pictures = grey(path, WIDTH, HEIGHT);
    let size = (WIDTH * HEIGHT) as usize;
    let part = pictures.len().div_ceil(size).div_ceil(CROWD).max(1) * size;
    let parts = pictures.chunks(part);
    let judges = parts.map(|part| judge(part.to_vec())).collect::<Vec<_>>();
    judges.into_iter().flat_map(|judge| judge.join().unwrap()).collect()
}

/// All pictures of a file in this size, one byte per pixel.
pub fn grey(path: &Path, width: u32, height: u32) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(path)
        .args(["-map", "0:v:0", "-vf"])
        .arg(format!("scale={width}:{height}:flags=area,format=gray"))
        .args(["-fps_mode", "passthrough", "-f", "rawvideo", "-"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// One process over pictures that follow each other.
fn judge(pictures: Vec<u8>) -> JoinHandle<Vec<Vec<Box>>> {
    std::thread::spawn(move || {
        let mut child = Command::new(PYTHON)
            .arg(SCRIPT)
            .args([WIDTH.to_string(), HEIGHT.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let count = pictures.len() / (WIDTH * HEIGHT) as usize;
        let mut pipe = child.stdin.take().unwrap();
        let feeder = std::thread::spawn(move || pipe.write_all(&pictures).unwrap());
        let found = read_answers(&mut child);
        feeder.join().unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(found.len(), count, "an answer for each picture");
        found
    })
}

fn read_answers(child: &mut Child) -> Vec<Vec<Box>> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let ready = lines.next().unwrap();
    assert!(ready.starts_with("ready "), "{ready}");
    lines.map(|line| serde_json::from_str(&line).unwrap()).collect()
}
