//! Programs that write sixels, and what they and we cost.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use rigcast::tui::monitor::Picture;

use super::content::{HEIGHT, WIDTH};
use super::{Row, decoded, psnr};

/// Ways of calling the peers: name, program, arguments.
const PEERS: [(&str, &str, &[&str]); 4] = [
    ("img2sixel, 256 colours", "img2sixel", &[]),
    (
        "img2sixel, 64 colours, -q low -d none",
        "img2sixel",
        &["-q", "low", "-d", "none", "-p", "64"],
    ),
    ("chafa", "chafa", &["-f", "sixels", "-s", "80x45", "--stretch"]),
    (
        "chafa, 240 colours, -w 1",
        "chafa",
        &["-f", "sixels", "-s", "80x45", "--stretch", "-c", "240", "-w", "1"],
    ),
];

/// A row for each peer; a peer that is missing is said so.
pub fn rows(pictures: &[Picture]) -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<_> = pictures
        .iter()
        .enumerate()
        .step_by(3)
        .map(|(at, picture)| {
            let path = folder.path().join(format!("{at}.ppm"));
            let mut file = fs::File::create(&path).unwrap();
            write!(file, "P6\n{WIDTH} {HEIGHT}\n255\n").unwrap();
            file.write_all(picture.rgb()).unwrap();
            (path, picture)
        })
        .collect();
    let mut rows = Vec::new();
    for (name, program, arguments) in PEERS {
        let (mut bytes, mut quality, mut judged) = (0, 0.0, 0);
        let before = children_cpu_ms();
        let outputs: Vec<_> = files
            .iter()
            .map_while(|(path, picture)| {
                let output = Command::new(program)
                    .args(arguments)
                    .arg(path)
                    .stdin(Stdio::null())
                    .output()
                    .ok()?;
                output.status.success().then_some((output.stdout, *picture))
            })
            .collect();
        if outputs.len() < files.len() {
            eprintln!("SKIPPED: {program} is missing or refuses");
            continue;
        }
        let cpu = children_cpu_ms() - before;
        for (output, picture) in &outputs {
            let from = output.windows(2).position(|two| two == b"\x1bP").unwrap_or(0);
            let sixels = &output[from..];
            bytes += sixels.len();
            // Some scale by themselves: then the pixels cannot be held against ours.
            if icy_sixel::SixelImage::decode(sixels).is_ok_and(|image| image.width == WIDTH && image.height >= HEIGHT) {
                quality += psnr(picture.rgb(), &decoded(sixels));
                judged += 1;
            }
        }
        rows.push(Row {
            name: format!("{name} (process)"),
            cpu_ms: cpu / files.len() as f64,
            bytes: bytes / files.len(),
            psnr: (judged > 0).then(|| quality / f64::from(judged)),
        });
    }
    rows
}

/// CPU milliseconds of this thread so far.
pub fn thread_cpu_ms() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e6
}

/// CPU milliseconds of the children that have ended: fields 16 and 17 of proc(5)'s stat, in ticks of 10 ms.
fn children_cpu_ms() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks: f64 = fields
        .split_whitespace()
        .skip(13)
        .take(2)
        .map(|field| field.parse::<f64>().unwrap())
        .sum();
    ticks * 10.0
}
