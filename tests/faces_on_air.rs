//! Faces are safe: what a viewer gets of a show in which faces are hidden, judged by a detector of another make.
//!
//! A file of moving faces (see `faces_common`) goes through a real studio to a real server; what ffmpeg pulls from there is
//! looked through by OpenCV, and compared with what is known to be true about each picture. The pictures have their numbers
//! burnt in, so that each that was received tells which one it is; a cover hides the number as well.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod common;
mod faces_common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use common::home::{Control, Home};
use common::media::{Pull, Received};
use common::nginx::Nginx;
use common::pace::{Turn, Witness, in_real_time};
use common::studio::Studio;
use common::{PATIENCE, peer, skip, wait_for};
use faces_common::clip::Clip;
use faces_common::draw;
use faces_common::opencv::{self, Box};
use faces_common::shots;
use rigcast::media::FrameRate;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;
const RATE: FrameRate = FrameRate::whole(30);

/// Pictures that must have been published and looked at, of a show that hides faces.
const PUBLISHED: usize = 3000;

/// Everything that faces do, with numbers burnt in.
fn clip() -> Clip {
    Clip::new(WIDTH, HEIGHT, RATE, shots::everything(1)).numbered()
}

/// The clip as a file, made once.
fn film() -> &'static Path {
    static FILM: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = FILM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faces.mp4");
        clip().write_mp4(&path);
        (folder, path)
    });
    path
}

/// Whether everything that these tests need is here.
fn peers() -> Option<Nginx> {
    peer("ffmpeg")?;
    opencv::is_here(skip).then(Nginx::start)?
}

/// A show of the film, and the line to its studio.
struct Show {
    control: Control,
    _studio: Studio,
    url: String,
    // Last: what it holds is used by all above.
    _home: Home,
}

impl Show {
    /// Starts it, with the keys of `[occlusion]`, and waits until it is live.
    fn start(film: &Path, occlusion: &str, url: String) -> Self {
        let home = Home::new();
        let scene = home.folder.path().join("show.toml");
        let text = format!(
            "[video]\nwidth = {WIDTH}\nheight = {HEIGHT}\nframe_rate = 30\nbitrate_kbps = 6000\n\
             [occlusion]\n{occlusion}\n\
             [source.film]\nkind = \"file\"\npath = {:?}\nloop = true\n\
             [scene.film]\nitems = [{{ source = \"film\" }}]\n",
            film.display().to_string()
        );
        fs::write(&scene, text).unwrap();
        let studio = Studio::start_in(&[scene.to_str().unwrap(), "--publish", &url], |command| {
            command.env("XDG_RUNTIME_DIR", home.folder.path());
        });
        let mut control = Control::open(&home);
        control.wait_until("a live destination and source", |status| {
            status["destinations"][0]["state"]["state"] == "live" && status["sources"][0]["state"]["state"] == "live"
        });
        Self {
            control,
            _studio: studio,
            url,
            _home: home,
        }
    }

    /// Waits until pictures go out that are not covered.
    fn wait_uncovered(&mut self) {
        self.control.wait_until("an analysis worker, and no cover", |status| {
            worker(status).is_some() && status["occlusion"]["cover"].is_null()
        });
    }

    /// Pulls what is published while `amid` runs.
    fn pull_amid(&mut self, amid: impl FnOnce(&mut Self)) -> Pull {
        let pull = Pull::start(&self.url, 600.0);
        wait_for("the viewer's first bytes", PATIENCE, || {
            fs::metadata(&pull.path).ok().filter(|file| file.len() > 10_000)
        });
        amid(self);
        pull.stop();
        pull.save(PATIENCE)
    }
}

/// The number of the process that looks for faces, while it serves.
fn worker(status: &Value) -> Option<Pid> {
    let mut workers = status["workers"].as_array()?.iter();
    let worker = workers.find(|worker| worker["name"] == "analyse")?;
    (worker["state"]["state"] == "running").then_some(())?;
    Pid::from_raw(i32::try_from(worker["pid"].as_i64()?).ok()?)
}

/// A picture as it was received, and the faces that OpenCV sees in it.
struct Seen {
    /// Seconds in the stream.
    pts: f64,
    /// Which picture of the clip it is; `None` where that cannot be read, as where it is covered.
    number: Option<u32>,
    faces: Vec<Box>,
}

/// Looks through a file. What cannot be a number of the clip is none.
fn look_through(path: &Path, clip: &Clip) -> Vec<Seen> {
    let received = Received::read(path);
    assert_eq!(received.complaints, "", "it decodes without a complaint");
    let faces = opencv::faces_in(path);
    assert_eq!(received.frames.len(), faces.len());
    let pictures = received.frames.iter().zip(faces);
    let seen = pictures.map(|(frame, faces)| Seen {
        pts: frame.pts,
        number: frame
            .number
            .and_then(draw::number_of)
            .filter(|number| *number < clip.frames()),
        faces,
    });
    seen.collect()
}

/// Keeps pictures for whoever wants to see what went wrong; says where.
fn keep(path: &Path, seen: &[Seen], what: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("faces-{what}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let wrong = seen
        .iter()
        .enumerate()
        .filter(|(_, seen)| !seen.faces.is_empty())
        .take(40);
    let wrong = wrong.map(|(at, _)| format!("eq(n,{at})")).collect::<Vec<_>>();
    if !wrong.is_empty() {
        let status = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-i"])
            .arg(path)
            .args(["-vf", &format!("select='{}',scale=640:-2", wrong.join("+"))])
            .args(["-fps_mode", "passthrough"])
            .arg(folder.join("%03d.png"))
            .status();
        assert!(status.unwrap().success());
    }
    fs::copy(path, folder.join("pulled.flv")).unwrap();
    folder.display().to_string()
}

/// Nobody may be seen in any picture.
fn assert_nobody_is_seen(path: &Path, seen: &[Seen], clip: &Clip, what: &str) {
    let slips = seen.iter().enumerate().filter(|(_, seen)| !seen.faces.is_empty());
    let slips = slips.map(|(at, seen)| {
        let shot = seen.number.map(|number| clip.shots[clip.shot_at(number).0].name);
        format!(
            "picture {at} at {:.2} s, number {:?} ({shot:?}): {:?}",
            seen.pts, seen.number, seen.faces
        )
    });
    let slips = slips.collect::<Vec<_>>();
    if !slips.is_empty() {
        let kept = keep(path, seen, what);
        panic!(
            "{what}: faces in {} of {} pictures (see {kept}):\n{}",
            slips.len(),
            seen.len(),
            slips.join("\n")
        );
    }
}

fn share(count: usize, of: usize) -> f64 {
    count as f64 / of.max(1) as f64
}

#[test]
fn over_thousands_of_pictures_nobody_is_seen_who_would_be_seen_otherwise() {
    let Some(nginx) = peers() else { return };
    let film = film();
    let clip = clip();
    in_real_time("a show that hides faces", |witness| {
        let open = shown(
            &nginx,
            film,
            "armed = false",
            clip.frames() as usize + 60,
            "open",
            witness,
        );
        let hidden = shown(
            &nginx,
            film,
            "armed = true\nlevel = 0",
            PUBLISHED + 30,
            "hidden",
            witness,
        );
        let open = look_through(&open.path, &clip);
        let seen = look_through(&hidden.path, &clip);

        // What OpenCV would have seen in each picture of the clip.
        let mut would_be_seen = vec![None; clip.frames() as usize];
        for picture in &open {
            if let Some(number) = picture.number {
                would_be_seen[number as usize] = Some(!picture.faces.is_empty());
            }
        }
        let numbers = seen.iter().filter_map(|picture| picture.number);
        let known = numbers
            .filter_map(|number| would_be_seen[number as usize])
            .collect::<Vec<_>>();
        let would = known.iter().filter(|would| **would).count();
        let covered = seen.iter().filter(|picture| picture.number.is_none()).count();
        eprintln!(
            "{} pictures with occlusion, {covered} of them without a number; of {} the same ones without it a face is seen in {would}",
            seen.len(),
            known.len()
        );
        assert_nobody_is_seen(&hidden.path, &seen, &clip, "level 0");
        assert!(seen.len() >= PUBLISHED, "{} pictures", seen.len());
        assert!(share(would, known.len()) >= 0.9, "{would} of {}", known.len());
        // A cover over everything would be no occlusion of faces.
        assert!(
            share(known.len(), seen.len()) >= 0.85,
            "{} of {} are not covered",
            known.len(),
            seen.len()
        );
    });
}

/// Publishes so many pictures of a show.
fn shown(nginx: &Nginx, film: &Path, occlusion: &str, pictures: usize, key: &str, witness: &Witness) -> Pull {
    let mut show = Show::start(film, occlusion, nginx.url(key));
    if occlusion.contains("true") {
        show.wait_uncovered();
    }
    let pull = show.pull_amid(|show| {
        show.control.hold(pictures as f64 / RATE.as_f64() + 1.0);
    });
    let status = show.control.status();
    witness.hear(&status);
    eprintln!("{key}: {}", status["stats"]);
    pull
}

/// What is done to the worker, again and again for so many seconds each.
const ATTACKS: [(&str, f64, fn(&mut Show, Duration)); 4] = [
    ("killed", 12.0, |show, time| {
        attack(show, time, |pid| {
            let _ = kill_process(pid, Signal::KILL);
            std::thread::sleep(Duration::from_millis(900));
        })
    }),
    ("stopped", 12.0, |show, time| {
        attack(show, time, |pid| {
            let _ = kill_process(pid, Signal::STOP);
            std::thread::sleep(Duration::from_millis(1500));
        })
    }),
    // It gets a tenth of the time.
    ("starved", 10.0, |show, time| {
        attack(show, time, |pid| pause(pid, 45, 5))
    }),
    // It is fed, and answers, up to 200 ms late.
    ("late", 10.0, |show, time| {
        attack(show, time, |pid| pause(pid, 200, 150))
    }),
];

/// Does `harm` to whatever worker there is, until the time is over.
fn attack(show: &mut Show, time: Duration, harm: impl Fn(Pid)) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        match worker(&show.control.status()) {
            Some(pid) => {
                for _ in 0..8 {
                    harm(pid);
                    if Instant::now() >= end || kill_process(pid, Signal::CONT).is_err() {
                        break;
                    }
                }
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

fn pause(pid: Pid, stopped_ms: u64, running_ms: u64) {
    let _ = kill_process(pid, Signal::STOP);
    std::thread::sleep(Duration::from_millis(stopped_ms));
    let _ = kill_process(pid, Signal::CONT);
    std::thread::sleep(Duration::from_millis(running_ms));
}

#[test]
fn whatever_happens_to_the_worker_no_face_leaves() {
    let Some(nginx) = peers() else { return };
    let film = film();
    let clip = clip();
    let _turn = Turn::take();
    let mut show = Show::start(film, "armed = true\nlevel = 0", nginx.url("attacked"));
    show.wait_uncovered();
    let mut took = Vec::new();
    let pull = show.pull_amid(|show| {
        for (name, seconds, run) in ATTACKS {
            let from = show.control.now();
            run(show, Duration::from_secs_f64(seconds));
            let until = show.control.now();
            show.wait_uncovered();
            took.push((name, until - from, show.control.now() - until));
            show.control.hold(2.0);
        }
    });
    let losses = worker_losses(&show.control.status());
    let seen = look_through(&pull.path, &clip);
    let covered = seen.iter().filter(|picture| picture.number.is_none()).count();
    for (name, lasted, uncovered) in took {
        eprintln!("{name} for {lasted:.1} s: shown again {uncovered:.2} s after");
    }
    eprintln!(
        "{} pictures, {covered} without a number, {losses} workers lost",
        seen.len()
    );
    assert_nobody_is_seen(&pull.path, &seen, &clip, "attacked");
    assert!(losses >= 10, "{losses} workers were lost");
    assert!(
        covered > 100 && covered < seen.len(),
        "{covered} of {} are covered",
        seen.len()
    );
}

fn worker_losses(status: &Value) -> u64 {
    let mut workers = status["workers"].as_array().unwrap().iter();
    let worker = workers.find(|worker| worker["name"] == "analyse").unwrap();
    worker["losses"].as_u64().unwrap()
}
