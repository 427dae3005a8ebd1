//! What else shows video in a terminal, on the same clip.

use std::process::{Command, Stdio};

use super::clips::Clip;
use super::glass::Glass;
use super::{COLUMNS, Cost, ROWS};

/// Runs those that are here and prints what they cost.
pub fn measure(clip: &Clip) {
    let geometry = format!("{COLUMNS}x{ROWS}");
    let mut timg = Command::new("timg");
    timg.args(["-ph", "-V", "--threads=1", "-g", &geometry]).arg(&clip.path);
    // A frame begins where it goes up to where the last one began.
    video(clip, "timg half-blocks", &mut timg, format!("\x1b[{ROWS}A").as_bytes());
    let mut mpv = Command::new("mpv");
    mpv.args([
        "--no-config",
        "--no-audio",
        "--really-quiet",
        "--untimed",
        "--no-keepaspect",
        "--vo=tct",
        "--vo-tct-algo=half-blocks",
    ])
    .arg(format!("--vo-tct-width={COLUMNS}"))
    .arg(format!("--vo-tct-height={ROWS}"))
    .arg(&clip.path);
    video(clip, "mpv half-blocks", &mut mpv, b"\x1b[0;0f");
    chafa(clip, &geometry);
}

/// CPU of the children that have ended.
fn children_ms() -> f64 {
    // SAFETY: `getrusage` fills what it is given.
    #[allow(unsafe_code)]
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    };
    let ms = |time: libc::timeval| time.tv_sec as f64 * 1e3 + time.tv_usec as f64 / 1e3;
    ms(usage.ru_utime) + ms(usage.ru_stime)
}

/// What a program writes, and the CPU it takes.
fn run(name: &str, command: &mut Command) -> Option<(Vec<u8>, f64)> {
    let begun = children_ms();
    let Ok(output) = command.stdin(Stdio::null()).stderr(Stdio::null()).output() else {
        eprintln!("SKIPPED: there is no {name}");
        return None;
    };
    Some((output.stdout, children_ms() - begun))
}

fn video(clip: &Clip, name: &str, command: &mut Command, begin: &[u8]) {
    let Some((bytes, cpu_ms)) = run(name, command) else {
        return;
    };
    let starts: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(begin)).collect();
    let frames: Vec<&[u8]> = (0..=starts.len())
        .map(|at| &bytes[at.checked_sub(1).map_or(0, |at| starts[at])..*starts.get(at).unwrap_or(&bytes.len())])
        .filter(|frame| frame.len() > 1000)
        .collect();
    let mut glass = Glass::new(COLUMNS + 1, ROWS + 6);
    let mut psnr = 0.0;
    for (frame, source) in frames.iter().zip(&clip.source) {
        glass.write(&tidy(frame));
        psnr += super::glass::psnr(&glass.part(COLUMNS, ROWS), source);
    }
    let count = frames.len().max(1);
    Cost {
        cpu_ms: cpu_ms / count as f64,
        bytes: bytes.len() / count,
        psnr: (frames.len() >= clip.source.len() - 1).then(|| psnr / clip.source.len().min(count) as f64),
    }
    .print(clip.name, name);
}

/// As a terminal gets it from its line discipline: line feeds with returns.
fn tidy(bytes: &[u8]) -> Vec<u8> {
    let returned = bytes.iter().flat_map(|byte| match byte {
        b'\n' => &b"\r\n"[..],
        _ => std::slice::from_ref(byte),
    });
    returned.copied().collect()
}

/// Shows no video, so each picture is a run of its own: every tenth.
fn chafa(clip: &Clip, geometry: &str) {
    let folder = clip.path.with_extension("pictures");
    let _ = std::fs::create_dir_all(&folder);
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y", "-i"])
        .arg(&clip.path)
        .args(["-vf", "select=not(mod(n\\,10))", "-fps_mode", "vfr"])
        .arg(folder.join("%02d.png"))
        .status();
    assert!(made.unwrap().success());
    let sources: Vec<_> = clip.source.iter().step_by(10).collect();
    let (mut cpu_ms, mut bytes, mut psnr) = (0.0, 0, 0.0);
    for (at, source) in sources.iter().enumerate() {
        let mut chafa = Command::new("chafa");
        chafa
            .args([
                "-f",
                "symbols",
                "-c",
                "full",
                "--symbols",
                "space+solid+vhalf+hhalf+quad",
                "--stretch",
                "--size",
                geometry,
            ])
            .arg(folder.join(format!("{:02}.png", at + 1)));
        let Some((text, took)) = run("chafa", &mut chafa) else {
            return;
        };
        let mut glass = Glass::new(COLUMNS + 1, ROWS + 6);
        glass.write(&tidy(&text));
        cpu_ms += took;
        bytes += text.len();
        psnr += super::glass::psnr(&glass.part(COLUMNS, ROWS), source);
    }
    let count = sources.len();
    Cost {
        cpu_ms: cpu_ms / count as f64,
        bytes: bytes / count,
        psnr: Some(psnr / count as f64),
    }
    .print(clip.name, "chafa quadrants, a process per picture");
}
