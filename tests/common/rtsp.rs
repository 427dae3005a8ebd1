//! GStreamer's RTSP server.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::{Guard, peer, skip};

pub struct RtspServer {
    pub process: Guard,
    pub port: u16,
}

impl RtspServer {
    /// Starts `tests/peers/rtsp_server.py ARGS`; `None` where GStreamer's server is not installed.
    pub fn start(args: &[&str]) -> Option<Self> {
        peer("gst-inspect-1.0")?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/rtsp_server.py");
        // Debian's own python: another one first in the path has no gi.
        let mut command = Command::new("/usr/bin/python3");
        command
            .arg(script)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = Guard::spawn(&mut command);
        let mut line = String::new();
        BufReader::new(process.0.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let Some(port) = line.trim().strip_prefix("port ") else {
            skip("GStreamer's RTSP server");
            return None;
        };
        Some(Self {
            process,
            port: port.parse().unwrap(),
        })
    }

    pub fn url(&self) -> String {
        format!("rtsp://127.0.0.1:{}/test", self.port)
    }
}
