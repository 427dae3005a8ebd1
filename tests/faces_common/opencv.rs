//! OpenCV's detector of faces, run over received media: the judge of what can be seen in it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use super::clip::Clip;

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

/// What OpenCV sees where somebody is; in a picture that nothing is known of, everything that it sees. What is left is seen
/// where there is nobody: in leaves, or in the shape of a mask.
pub fn of_somebody(found: &[Box], clip: &Clip, picture: Option<u32>) -> Vec<Box> {
    let Some(index) = picture.filter(|_| !found.is_empty()) else {
        return found.to_vec();
    };
    let truth = clip.truth(index);
    let scale = clip.width as f32 / WIDTH as f32;
    let is_of = |found: &&Box| {
        let found = found.map(|side| side as f32 * scale);
        truth.iter().any(|face| face.visible > 0.0 && face.is_touched_by(found))
    };
    found.iter().filter(is_of).copied().collect()
}

/// Whether OpenCV and its cascades are here; says so where not.
pub fn is_here(skip: impl FnOnce(&str)) -> bool {
    let output = Command::new(PYTHON).arg(SCRIPT).stdin(Stdio::null()).output();
    let is_here = output.is_ok_and(|output| output.status.success());
    if !is_here {
        skip("OpenCV with its cascades");
    }
    is_here
}

/// The faces of each `every`th picture of a file, from the first on.
pub fn faces_in(path: &Path, every: usize) -> Vec<Vec<Box>> {
    let judges = (0..CROWD).map(|turn| judge(path.to_owned(), every, turn));
    let judges = judges.collect::<Vec<_>>();
    let mut parts = judges
        .into_iter()
        .map(|judge| judge.join().unwrap().into_iter())
        .collect::<Vec<_>>();
    // They took turns: so does this.
    let mut faces = Vec::new();
    while let Some(found) = parts[faces.len() % CROWD].next() {
        faces.push(found);
    }
    faces
}

/// All pictures of a file from ffmpeg, in this size, one byte per pixel; `filter` before they are scaled.
pub fn grey(path: &Path, filter: &str, (width, height): (u32, u32)) -> Child {
    Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(path)
        .args(["-map", "0:v:0", "-vf"])
        .arg(format!("{filter},scale={width}:{height}:flags=area,format=gray"))
        .args(["-fps_mode", "passthrough", "-f", "rawvideo", "-"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// One process over the pictures whose turn it is.
fn judge(path: PathBuf, every: usize, turn: usize) -> JoinHandle<Vec<Vec<Box>>> {
    std::thread::spawn(move || {
        let filter = format!("select='eq(mod(n,{}),{})'", CROWD * every, turn * every);
        let mut ffmpeg = grey(&path, &filter, (WIDTH, HEIGHT));
        let mut child = Command::new(PYTHON)
            .arg(SCRIPT)
            .args([WIDTH.to_string(), HEIGHT.to_string()])
            .stdin(ffmpeg.stdout.take().unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let found = read_answers(&mut child);
        assert!(child.wait().unwrap().success() && ffmpeg.wait().unwrap().success());
        found
    })
}

fn read_answers(child: &mut Child) -> Vec<Vec<Box>> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let ready = lines.next().unwrap();
    assert!(ready.starts_with("ready "), "{ready}");
    lines.map(|line| serde_json::from_str(&line).unwrap()).collect()
}
