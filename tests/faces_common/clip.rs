//! A clip: shots, each with faces that move over a backdrop, and the truth about every picture.

use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use rigcast::media::{FramePool, FrameRate, Plane, VideoFrame};
use rigcast::vision::FaceBox;

use super::draw::{self, Backdrop};
use super::photo::Photo;

/// Where and how a face is drawn. Lengths are shares of the picture's height, so that a clip can have any size; `x` begins
/// at the picture's left edge.
#[derive(Clone, Copy, Debug)]
pub struct Pose {
    /// Centre of the face.
    pub x: f32,
    pub y: f32,
    /// From forehead to chin.
    pub size: f32,
    /// Added to the tilt that the head has in the photograph; radians, clockwise.
    pub roll: f32,
    /// Width of the head against what it is from the front: a turned one is narrower.
    pub squeeze: f32,
    /// 1 is as photographed.
    pub light: f32,
}

/// Upright, from the front.
pub const fn pose(x: f32, y: f32, size: f32) -> Pose {
    Pose {
        x,
        y,
        size,
        roll: 0.0,
        squeeze: 1.0,
        light: 1.0,
    }
}

impl Pose {
    /// Tilted.
    pub fn tilted(self, degrees: f32) -> Self {
        Self {
            roll: degrees.to_radians(),
            ..self
        }
    }

    /// Turned away a bit.
    pub fn turned(self, squeeze: f32) -> Self {
        Self { squeeze, ..self }
    }

    /// Lit otherwise.
    pub fn lit(self, light: f32) -> Self {
        Self { light, ..self }
    }

    fn towards(self, other: Self, share: f32) -> Self {
        let mix = |a: f32, b: f32| a + (b - a) * share;
        Self {
            x: mix(self.x, other.x),
            y: mix(self.y, other.y),
            size: mix(self.size, other.size),
            roll: mix(self.roll, other.roll),
            squeeze: mix(self.squeeze, other.squeeze),
            light: mix(self.light, other.light),
        }
    }
}

/// A face and its way through a shot.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Which of the photograph's.
    pub face: usize,
    /// Share of the shot at which it is in that pose; straight and steady in between.
    pub way: Vec<(f32, Pose)>,
    /// How far it sways about its way, in sizes of the face.
    pub sway: f32,
}

/// A board in front of everything, in shares of the picture's height: left, top, width, height; at the start and at the end.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    pub from: [f32; 4],
    pub to: [f32; 4],
}

/// What is seen between two cuts.
#[derive(Clone, Debug)]
pub struct Shot {
    /// What it is there for.
    pub name: &'static str,
    pub frames: u32,
    pub backdrop: Backdrop,
    /// Those behind come first.
    pub actors: Vec<Actor>,
    pub boards: Vec<Board>,
}

/// A place that can be seen or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    pub x: f32,
    pub y: f32,
    /// It lies in the picture, and nothing stands before it.
    pub is_visible: bool,
}

/// What is true about one face of one picture.
#[derive(Clone, Copy, Debug)]
pub struct TrueFace {
    /// Unique among the faces of a shot.
    pub actor: usize,
    /// Which one of the photograph.
    pub photo: usize,
    /// Pixels of the picture. `size` is its height; it is `size × squeeze` wide.
    pub face: FaceBox,
    pub squeeze: f32,
    /// The part of its roll that the head has in the photograph.
    pub own_roll: f32,
    /// Share of the box that can be seen, 0 to 1.
    pub visible: f32,
    pub eyes: [Mark; 2],
    pub nose: Mark,
    pub mouth: Mark,
}

impl TrueFace {
    /// Both eyes, the nose and the mouth.
    pub fn marks(&self) -> [Mark; 4] {
        [self.eyes[0], self.eyes[1], self.nose, self.mouth]
    }

    /// Nothing of it is hidden or outside.
    pub fn is_whole(&self) -> bool {
        self.visible > 0.99
    }

    /// Whether a box (left, top, width, height, in pixels of the picture) may be of this head: its middle lies on it, hair and
    /// chin included. One beside it is of something else.
    pub fn is_touched_by(&self, [left, top, width, height]: [f32; 4]) -> bool {
        let reach = self.face.size * 0.75;
        let apart = |centre: f32, from: f32, length: f32| (from + length * 0.5 - centre).abs();
        apart(self.face.x, left, width) < reach && apart(self.face.y, top, height) < reach
    }

    /// A point of the face, from the centre in sides of the box, as it stands in the picture. The axes are those of
    /// the photograph.
    pub fn at(&self, (u, v): (f32, f32)) -> (f32, f32) {
        let (sin, cos) = (self.face.roll - self.own_roll).sin_cos();
        let (u, v) = (u * self.face.size * self.squeeze, v * self.face.size);
        (self.face.x + u * cos - v * sin, self.face.y + u * sin + v * cos)
    }
}

/// Shots one after the other.
pub struct Clip {
    pub width: u32,
    pub height: u32,
    pub rate: FrameRate,
    pub shots: Vec<Shot>,
    /// Whether each picture has its number burnt in along the lower edge, as the test pattern has.
    pub is_numbered: bool,
    photo: Photo,
    pool: FramePool,
    /// The backdrop of the shot that was drawn last.
    drawn: Option<(usize, draw::Ground)>,
}

impl Clip {
    pub fn new(width: u32, height: u32, rate: FrameRate, shots: Vec<Shot>) -> Self {
        Self {
            width,
            height,
            rate,
            shots,
            is_numbered: false,
            photo: Photo::open(),
            pool: FramePool::new(),
            drawn: None,
        }
    }

    /// With numbers burnt in: what was received tells which picture it is.
    pub fn numbered(self) -> Self {
        Self {
            is_numbered: true,
            ..self
        }
    }

    /// How many pictures it has.
    pub fn frames(&self) -> u32 {
        self.shots.iter().map(|shot| shot.frames).sum()
    }

    /// The shot that picture `index` belongs to, and which picture of the shot that is.
    pub fn shot_at(&self, index: u32) -> (usize, u32) {
        let mut left = index;
        for (at, shot) in self.shots.iter().enumerate() {
            if left < shot.frames {
                return (at, left);
            }
            left -= shot.frames;
        }
        panic!("the clip has no picture {index}");
    }

    /// Whether picture `index` is the first of a shot.
    pub fn is_cut(&self, index: u32) -> bool {
        self.shot_at(index).1 == 0
    }

    /// Every face of picture `index`, also those outside of it.
    pub fn truth(&self, index: u32) -> Vec<TrueFace> {
        let (shot, at) = self.shot_at(index);
        let shot = &self.shots[shot];
        let poses = poses(shot, at, self.rate);
        let boards = boards(shot, at, self.height as f32);
        let drawn = shot.actors.iter().zip(&poses).map(|(actor, pose)| {
            let cut_out = &self.photo.faces[actor.face];
            (cut_out, *pose)
        });
        let drawn = drawn.collect::<Vec<_>>();
        let sees = |actor: usize, x: f32, y: f32| {
            let bottom = self.height as f32
                - if self.is_numbered {
                    draw::number_rows(self.height) as f32
                } else {
                    0.0
                };
            let inside = x >= 0.0 && y >= 0.0 && x < self.width as f32 && y < bottom;
            inside
                && !boards.iter().any(|board| board.holds(x, y))
                && !drawn[actor + 1..]
                    .iter()
                    .any(|(_, pose)| draw::matte_at(*pose, self.height as f32, x, y) > 0.5)
        };
        let face = |(actor, (cut_out, pose)): (usize, &(&super::photo::CutOut, Pose))| {
            let height = self.height as f32;
            let mut face = TrueFace {
                actor,
                photo: shot.actors[actor].face,
                face: FaceBox {
                    x: pose.x * height,
                    y: pose.y * height,
                    size: pose.size * height,
                    roll: pose.roll + cut_out.roll,
                },
                squeeze: pose.squeeze,
                own_roll: cut_out.roll,
                visible: 0.0,
                eyes: [Mark {
                    x: 0.0,
                    y: 0.0,
                    is_visible: false,
                }; 2],
                nose: Mark {
                    x: 0.0,
                    y: 0.0,
                    is_visible: false,
                },
                mouth: Mark {
                    x: 0.0,
                    y: 0.0,
                    is_visible: false,
                },
            };
            let mark = |part: (f32, f32)| {
                let (x, y) = face.at(part);
                let is_visible = sees(actor, x, y);
                Mark { x, y, is_visible }
            };
            let cells = (0..256).map(|cell| mark(((cell % 16) as f32 / 15.0 - 0.5, (cell / 16) as f32 / 15.0 - 0.5)));
            let visible = cells.filter(|mark| mark.is_visible).count() as f32 / 256.0;
            let (eyes, nose, mouth) = (cut_out.eyes.map(mark), mark(cut_out.nose), mark(cut_out.mouth));
            face = TrueFace {
                visible,
                eyes,
                nose,
                mouth,
                ..face
            };
            face
        };
        drawn.iter().enumerate().map(face).collect()
    }

    /// Picture `index`, at its time.
    pub fn frame(&mut self, index: u32) -> VideoFrame {
        let (number, at) = self.shot_at(index);
        let shot = &self.shots[number];
        if self.drawn.as_ref().is_none_or(|(drawn, _)| *drawn != number) {
            let ground = draw::Ground::new(shot.backdrop, &self.photo, self.width, self.height);
            self.drawn = Some((number, ground));
        }
        let (_, ground) = self.drawn.as_ref().unwrap();
        let mut frame = self.pool.frame(self.width, self.height);
        ground.draw(at, &mut frame);
        for (actor, pose) in shot.actors.iter().zip(poses(shot, at, self.rate)) {
            draw::face(&mut frame, &self.photo.faces[actor.face], pose);
        }
        for board in boards(shot, at, self.height as f32) {
            board.draw(&mut frame);
        }
        if self.is_numbered {
            draw::number(&mut frame, index);
        }
        frame.freeze(self.rate.frame_time(i64::from(index)))
    }

    /// Writes it as H.264 without sound, as well as makes no difference to the eye.
    pub fn write_mp4(&mut self, path: &Path) {
        let mut film = Film::create(path, self.width, self.height, self.rate);
        for index in 0..self.frames() {
            film.put(&self.frame(index));
        }
        film.finish();
    }
}

/// An MP4 that is being written.
pub struct Film {
    ffmpeg: Child,
    pipe: ChildStdin,
}

impl Film {
    pub fn create(path: &Path, width: u32, height: u32, rate: FrameRate) -> Self {
        let (size, rate) = (format!("{width}x{height}"), rate.as_f64().to_string());
        let mut ffmpeg = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-f", "rawvideo", "-pix_fmt", "yuv420p"])
            .args([
                "-color_range",
                "tv",
                "-colorspace",
                "bt709",
                "-s",
                &size,
                "-r",
                &rate,
                "-i",
                "-",
            ])
            .args([
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
                "-crf",
                "16",
                "-bf",
                "0",
                "-g",
                "60",
            ])
            .args([
                "-pix_fmt",
                "yuv420p",
                "-colorspace",
                "bt709",
                "-color_range",
                "tv",
                "-y",
            ])
            .arg(path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let pipe = ffmpeg.stdin.take().unwrap();
        Self { ffmpeg, pipe }
    }

    pub fn put(&mut self, frame: &VideoFrame) {
        for plane in [Plane::Y, Plane::U, Plane::V] {
            self.pipe.write_all(frame.plane(plane)).unwrap();
        }
    }

    pub fn finish(mut self) {
        drop(self.pipe);
        assert!(self.ffmpeg.wait().unwrap().success(), "ffmpeg wrote no film");
    }
}

/// Where everybody is in picture `at` of a shot.
fn poses(shot: &Shot, at: u32, rate: FrameRate) -> Vec<Pose> {
    let share = at as f32 / (shot.frames.max(2) - 1) as f32;
    let seconds = at as f32 / rate.as_f64() as f32;
    let pose = |(number, actor): (usize, &Actor)| {
        let after = actor.way.iter().position(|(time, _)| *time >= share);
        let after = after.unwrap_or(actor.way.len() - 1).max(1).min(actor.way.len() - 1);
        let (to, pose) = actor.way[after];
        let (from, before) = actor.way[after.saturating_sub(1)];
        let part = ((share - from) / (to - from).max(1e-6)).clamp(0.0, 1.0);
        let mut pose = before.towards(pose, part);
        let phase = number as f32 * 1.7;
        pose.x += actor.sway * pose.size * (seconds * 2.3 + phase).sin();
        pose.y += actor.sway * pose.size * 0.6 * (seconds * 3.1 + phase).sin();
        pose
    };
    shot.actors.iter().enumerate().map(pose).collect()
}

fn boards(shot: &Shot, at: u32, height: f32) -> Vec<draw::Slab> {
    let share = at as f32 / (shot.frames.max(2) - 1) as f32;
    let slab = |board: &Board| {
        let mix = |at: usize| (board.from[at] + (board.to[at] - board.from[at]) * share) * height;
        draw::Slab {
            left: mix(0),
            top: mix(1),
            width: mix(2),
            height: mix(3),
        }
    };
    shot.boards.iter().map(slab).collect()
}
