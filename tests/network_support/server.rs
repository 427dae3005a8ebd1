//! nginx with its RTMP module at the far end. (The one of `common` listens on loopback only, where nobody comes by cable.)

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::namespace::Namespace;
use crate::common::{Guard, peer, skip, wait_for};

const MODULE: &str = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

/// RTMP's own: the namespace has no other server.
pub const PORT: u16 = 1935;

pub struct Server {
    folder: tempfile::TempDir,
    _process: Guard,
}

impl Server {
    /// Starts it in `namespace`; `None` where it is not installed.
    pub fn start(namespace: &Namespace) -> Option<Self> {
        let program = peer("nginx")?;
        if !Path::new(MODULE).exists() {
            skip("libnginx-mod-rtmp");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().display();
        let conf = format!(
            "daemon off; master_process off; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log info;\n\
             load_module {MODULE};\nevents {{ worker_connections 64; }}\n\
             rtmp {{ access_log off; server {{ listen {PORT}; chunk_size 4096; notify_method get;\n\
               application live {{ live on; record off; }} }} }}\n"
        );
        fs::write(folder.path().join("nginx.conf"), conf).unwrap();
        let mut command = Command::new(program);
        command.arg("-c").arg(folder.path().join("nginx.conf"));
        command.arg("-p").arg(folder.path());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let process = namespace.spawn(command);
        let server = Self {
            folder,
            _process: process,
        };
        wait_for("nginx", Duration::from_secs(30), || {
            namespace.run(|| TcpStream::connect(("127.0.0.1", PORT)).ok())
        });
        Some(server)
    }

    /// How many times anybody began to publish, by the server's own log.
    pub fn publishes(&self) -> usize {
        let log = fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default();
        log.lines().filter(|line| line.contains(" publish: name=")).count()
    }

    /// Where viewers in the server's namespace pull from.
    pub fn pull_url() -> String {
        format!("rtmp://127.0.0.1:{PORT}/live/show")
    }
}
