//! Debian's nginx with libnginx-mod-rtmp on a loopback port.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Guard, free_port, peer, skip, wait_for};

const MODULE: &str = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

pub struct Nginx {
    pub port: u16,
    folder: tempfile::TempDir,
    process: Option<Guard>,
}

impl Nginx {
    /// Starts it; `None` where it is not installed.
    pub fn start() -> Option<Self> {
        peer("nginx")?;
        if !Path::new(MODULE).exists() {
            skip("libnginx-mod-rtmp");
            return None;
        }
        let mut nginx = Self {
            port: free_port(),
            folder: tempfile::tempdir().unwrap(),
            process: None,
        };
        let dir = nginx.folder.path().display();
        let conf = format!(
            "daemon off; master_process off; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log info;\n\
             load_module {MODULE};\nevents {{ worker_connections 64; }}\n\
             rtmp {{ access_log off; server {{ listen 127.0.0.1:{port}; chunk_size 4096; notify_method get;\n\
               application live {{ live on; record off; }} }} }}\n",
            port = nginx.port
        );
        fs::write(nginx.folder.path().join("nginx.conf"), conf).unwrap();
        nginx.resume();
        Some(nginx)
    }

    /// Starts it again after [`kill`](Self::kill), on the same port.
    pub fn resume(&mut self) {
        let mut command = Command::new(peer("nginx").unwrap());
        command
            .arg("-c")
            .arg(self.folder.path().join("nginx.conf"))
            .arg("-p")
            .arg(self.folder.path());
        self.process = Some(Guard::spawn(command.stdout(Stdio::null()).stderr(Stdio::null())));
        wait_for("nginx", Duration::from_secs(30), || {
            // Somebody else's server must not be taken for this one.
            assert!(!self.log().contains(" bind() to "), "{}", self.log());
            TcpStream::connect(("127.0.0.1", self.port)).ok()
        });
    }

    /// SIGKILL: every connection breaks.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Stops it without ending it, as a hung disk or a debugger would: connections stay, and nothing is read.
    pub fn freeze(&self) {
        self.process.as_ref().unwrap().signal(rustix::process::Signal::STOP);
    }

    /// Lets it go on after [`freeze`](Self::freeze).
    pub fn thaw(&self) {
        self.process.as_ref().unwrap().signal(rustix::process::Signal::CONT);
    }

    /// How many times anybody began to publish, by the server's own log.
    pub fn publishes(&self) -> usize {
        self.log()
            .lines()
            .filter(|line| line.contains(" publish: name="))
            .count()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }

    pub fn url(&self, key: &str) -> String {
        format!("rtmp://127.0.0.1:{}/live/{key}", self.port)
    }
}
