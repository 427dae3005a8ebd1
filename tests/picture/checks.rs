//! Checks of pictures against ffmpeg's: what it makes up holds no code and no blocked image, and what is laid over its pictures
//! is found after they were compressed.
//!
//! `cargo test --release --test picture checks -- --nocapture` says what each look costs.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::peers::peer;
use rigcast::media::{FramePool, FrameRate, VideoFrame};
use rigcast::vision::check::{BlockedImage, CheckAction, CheckKind, CheckSettings, PictureChecker, PictureVerdict};

const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;
const LOOKS: FrameRate = FrameRate::whole(5);

/// Runs ffmpeg with these arguments and gives its pictures one by one to `each`.
fn pictures(program: &Path, args: &[&str], mut each: impl FnMut(VideoFrame)) {
    let mut command = Command::new(program);
    command
        .args(["-nostdin", "-hide_banner", "-loglevel", "error"])
        .args(args);
    command
        .args(["-pix_fmt", "yuv420p", "-f", "rawvideo", "-"])
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let pool = FramePool::new();
    for index in 0.. {
        let mut frame = pool.frame(WIDTH, HEIGHT);
        let (y, u, v) = frame.planes_mut();
        let planes = [y, u, v].into_iter().try_for_each(|plane| out.read_exact(plane));
        if planes.is_err() {
            break;
        }
        each(frame.freeze(LOOKS.frame_time(index)));
    }
    assert!(child.wait().unwrap().success(), "ffmpeg {args:?}");
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// One picture of a source of ffmpeg's, as an image to block.
fn blocked(program: &Path, source: &str) -> BlockedImage {
    let mut command = Command::new(program);
    command.args([
        "-nostdin",
        "-loglevel",
        "error",
        "-f",
        "lavfi",
        "-i",
        source,
        "-frames:v",
        "1",
    ]);
    let output = command
        .args(["-pix_fmt", "rgb24", "-f", "rawvideo", "-"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    BlockedImage::of(source, &output.stdout, 640, 480).unwrap()
}

/// Of another kind than what is shown elsewhere: clean pictures must not have them by chance.
const BLOCKED: [&str; 3] = [
    "mandelbrot=s=640x480:start_scale=0.02:start_x=-0.75:start_y=0.1",
    "testsrc=s=640x480",
    "pal75bars=s=640x480",
];

/// What this thread has had of a processor.
fn busy() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

struct Outcome {
    looks: u32,
    verdicts: Vec<PictureVerdict>,
    mean: Duration,
    worst: Duration,
}

fn check(program: &Path, settings: &CheckSettings, args: &[&str]) -> Outcome {
    let mut checker = PictureChecker::new(settings, None).unwrap();
    let mut outcome = Outcome {
        looks: 0,
        verdicts: Vec::new(),
        mean: Duration::ZERO,
        worst: Duration::ZERO,
    };
    pictures(program, args, |frame| {
        let started = busy();
        checker.look(&frame, &mut outcome.verdicts).unwrap();
        let took = busy().saturating_sub(started);
        outcome.looks += 1;
        outcome.mean += took;
        outcome.worst = outcome.worst.max(took);
    });
    outcome.mean /= outcome.looks.max(1);
    outcome
}

#[test]
fn what_holds_nothing_is_left_alone() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let codes = CheckSettings {
        codes: CheckAction::Blur,
        ..CheckSettings::default()
    };
    let images = CheckSettings {
        blocked: BLOCKED.iter().map(|source| blocked(&ffmpeg, source)).collect(),
        blocked_action: CheckAction::Cover,
        ..CheckSettings::default()
    };
    let mut looks = 0;
    let mut wrong = Vec::new();
    for (source, frames) in [
        ("testsrc2=s=1280x720:r=5", "40"),
        ("mandelbrot=s=1280x720:r=5", "50"),
        (
            "life=s=320x180:mold=10:r=5:ratio=0.3:seed=7,scale=1280:720:flags=neighbor",
            "30",
        ),
        ("life=s=1280x720:mold=10:r=5:ratio=0.3:seed=8", "15"),
        ("smptehdbars=s=1280x720:r=5", "3"),
        ("rgbtestsrc=s=1280x720:r=5", "3"),
        (
            "cellauto=s=640x360:rule=110:r=5:seed=9,scale=1280:720:flags=neighbor",
            "30",
        ),
        ("sierpinski=s=1280x720:r=5:seed=10", "30"),
        ("gradients=s=1280x720:r=5:seed=11", "20"),
        ("nullsrc=s=1280x720:r=5,geq=random(1)*255:128:128", "10"),
        ("nullsrc=s=320x180:r=5,geq=random(1)*255:128:128,scale=1280:720", "30"),
        ("color=white:s=1280x720:r=5,drawgrid=w=7:h=90:t=2:c=black", "3"),
        ("color=white:s=1280x720:r=5,drawgrid=w=24:h=24:t=9:c=black", "3"),
    ] {
        let args = ["-f", "lavfi", "-i", source, "-frames:v", frames];
        for (what, settings) in [("codes", &codes), ("images", &images)] {
            let outcome = check(&ffmpeg, settings, &args);
            looks += outcome.looks;
            eprintln!(
                "{what}: {:.1} ms a look, {:.1} the worst: {source}",
                outcome.mean.as_secs_f64() * 1e3,
                outcome.worst.as_secs_f64() * 1e3
            );
            let told = outcome.verdicts.into_iter().filter(|verdict| verdict.is_new);
            wrong.extend(told.map(|verdict| format!("{source} at {}: {verdict:?}", verdict.pts)));
        }
    }
    eprintln!("{} of {looks} looks found what is not there", wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Looks at which something of `kind` was there, by verdicts.
fn is_there(verdicts: &[PictureVerdict], kind: CheckKind, text: &str, look: i64) -> bool {
    let at = LOOKS.frame_time(look);
    let of = verdicts
        .iter()
        .filter(|verdict| verdict.kind == kind && verdict.what == text);
    let last = of.filter(|verdict| verdict.pts <= at).max_by_key(|verdict| verdict.pts);
    last.is_some_and(|verdict| !verdict.is_over)
}

#[test]
fn what_is_laid_over_moving_pictures_is_found_after_they_were_compressed() {
    let Some(ffmpeg) = peer("ffmpeg") else { return };
    let settings = CheckSettings {
        codes: CheckAction::Blur,
        ..CheckSettings::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let clip = folder.path().join("clip.mp4");
    let clip = clip.to_str().unwrap();
    for (name, kind, text, scale) in [
        ("qr-url", CheckKind::Code, "https://example.org/join?show=rigcast", 4),
        ("qr-short", CheckKind::Code, "RIGCAST", 3),
        ("ean13", CheckKind::Barcode, "5901234123457", 2),
        ("code128", CheckKind::Barcode, "Rig-cast 2026 0123456789", 2),
    ] {
        let file = data(&format!("codes/{name}.png"));
        // Comes in after a second and moves; 700 kbit/s are few for this.
        let filter = format!(
            "[1]format=gray,scale=iw*{scale}:ih*{scale}:flags=neighbor[code];[0][code]overlay=x='80+60*t':y='200+20*sin(3*t)':enable='gte(t,1)',format=yuv420p"
        );
        let mut encode = Command::new(&ffmpeg);
        encode.args([
            "-nostdin",
            "-loglevel",
            "error",
            "-y",
            "-f",
            "lavfi",
            "-i",
            "mandelbrot=s=1280x720:r=25",
        ]);
        encode.args([
            "-loop",
            "1",
            "-framerate",
            "25",
            "-i",
            file.to_str().unwrap(),
            "-filter_complex",
            &filter,
        ]);
        encode.args([
            "-t",
            "6",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-b:v",
            "700k",
            "-maxrate",
            "700k",
            "-bufsize",
            "700k",
            clip,
        ]);
        assert!(encode.status().unwrap().success());
        let outcome = check(&ffmpeg, &settings, &["-i", clip, "-r", "5"]);
        let seen = (6..30)
            .filter(|look| is_there(&outcome.verdicts, kind, text, *look))
            .count();
        eprintln!(
            "{name}: there in {seen} of 24 looks, {:.1} ms each",
            outcome.mean.as_secs_f64() * 1e3
        );
        assert!(seen >= 23, "{name}: {seen} of 24: {:#?}", outcome.verdicts);
        let first = outcome.verdicts.iter().find(|verdict| verdict.what == text).unwrap();
        assert!(first.is_new && first.since <= LOOKS.frame_time(5), "{first:?}");
    }
}
