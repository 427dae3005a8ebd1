//! What may be said after `cargo bench --bench network --`.

use std::path::PathBuf;

const HELP: &str = "\
What a viewer gets of a show whose line gets worse: this program and its peers, on the same lines.

    cargo bench --bench network -- [--trace NAME,…] [--pusher NAME,…] [--scale X] [--out DIR]

    --trace NAME,…       step, loss, walk, outage, competing (all)
    --pusher NAME,…      rigcast, ffmpeg, gstreamer, obs (all that are installed)
    --scale X            how much longer or shorter everything takes: 0.5 halves it (1)
    --out DIR            where the table, the figures and the charts go (a folder of the build's)
    --rigcast PATH       another program to measure instead of the one that was built just now
    --scene TEXT         more lines of its scene file, such as '[adapt]' and 'policy = \"off\"' with a line end between
    --congestion NAME    TCP's congestion control for who does not choose: cubic, bbr, reno (cubic)

It needs root (or the right to make network namespaces), iproute2, /dev/net/tun, nginx with its RTMP module, ffmpeg, and those
of its peers that it is to be compared with. A run takes as long as its trace, since it is real traffic; everything else of
that machine should rest meanwhile. It writes:

    tables.md            a table for each trace
    figures.ndjson       the same figures, a line for each run
    TRACE.svg            capacity, what was delivered, and the lag at the viewer, over time
    TRACE-PUSHER.ndjson  what came, in tenths of a second, and what a studio said of itself meanwhile";

/// What was said.
pub struct Arguments {
    traces: Vec<String>,
    pushers: Vec<String>,
    pub scale: f64,
    pub out: PathBuf,
    pub rigcast: PathBuf,
    pub scene: String,
    pub congestion: String,
}

impl Arguments {
    /// `None` where help was asked for and has been given.
    pub fn parse() -> Option<Self> {
        let mut parsed = Self {
            traces: Vec::new(),
            pushers: Vec::new(),
            scale: 1.0,
            out: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("network"),
            rigcast: PathBuf::from(env!("CARGO_BIN_EXE_rigcast")),
            scene: String::new(),
            congestion: "cubic".to_owned(),
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_else(|| refuse(&format!("{word} needs a value")));
            let names = |list: String| list.split(',').map(str::to_owned).collect::<Vec<_>>();
            match word.as_str() {
                "--trace" => parsed.traces = names(value()),
                "--pusher" => parsed.pushers = names(value()),
                "--scale" => parsed.scale = value().parse().unwrap_or_else(|_| refuse("--scale needs a number")),
                "--out" => parsed.out = PathBuf::from(value()),
                "--rigcast" => parsed.rigcast = PathBuf::from(value()),
                "--scene" => parsed.scene = value(),
                "--congestion" => parsed.congestion = value(),
                "--help" | "-h" => {
                    println!("{HELP}");
                    return None;
                }
                // What cargo adds.
                "--bench" => {}
                _ => refuse(&format!("unknown argument '{word}'")),
            }
        }
        Some(parsed)
    }

    /// All, where none was named.
    pub fn wants_trace(&self, name: &str) -> bool {
        self.traces.is_empty() || self.traces.iter().any(|wanted| wanted == name)
    }

    pub fn wants_pusher(&self, name: &str) -> bool {
        self.pushers.is_empty() || self.pushers.iter().any(|wanted| wanted == name)
    }
}

fn refuse(why: &str) -> ! {
    eprintln!("{why}\n\n{HELP}");
    std::process::exit(2)
}
