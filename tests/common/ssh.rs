//! OpenSSH on loopback: a server of our own with keys of its own, and tunnels through it.

use std::fs;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Guard, PATIENCE, free_port, peer, wait_for};

/// An sshd that lets this user in by one key, and knows nothing of the machine's own configuration.
pub struct Sshd {
    folder: tempfile::TempDir,
    port: u16,
    _process: Guard,
}

/// A unix socket here that leads to one on the other side, as long as it is held.
pub struct Tunnel {
    pub socket: PathBuf,
    process: Guard,
}

impl Sshd {
    /// Starts it; `None` where OpenSSH is not installed.
    pub fn start() -> Option<Self> {
        let (sshd, keygen) = (peer("sshd")?, peer("ssh-keygen")?);
        peer("ssh")?;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["host", "user"] {
            let made = Command::new(&keygen)
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(at(name))
                .status();
            assert!(made.unwrap().success());
        }
        fs::copy(at("user.pub"), at("authorized_keys")).unwrap();
        let port = free_port();
        let host = fs::read_to_string(at("host.pub")).unwrap();
        fs::write(at("known_hosts"), format!("[127.0.0.1]:{port} {host}")).unwrap();
        let dir = folder.path().display();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {dir}/host\nAuthorizedKeysFile {dir}/authorized_keys\n\
             PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\nAllowStreamLocalForwarding yes\nLogLevel VERBOSE\n"
        );
        fs::write(at("sshd_config"), config).unwrap();
        // Where it is root it wants an empty folder to lock itself into; whoever starts Debian's service makes it.
        if rustix::process::getuid().is_root() {
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let mut command = Command::new(sshd);
        command.args(["-D", "-e", "-f"]).arg(at("sshd_config"));
        let log = fs::File::create(at("log")).unwrap();
        let mut process = Guard::spawn(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log));
        wait_for("sshd", PATIENCE, || {
            let log = || fs::read_to_string(at("log")).unwrap_or_default();
            assert!(process.0.try_wait().unwrap().is_none(), "sshd has ended: {}", log());
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Some(Self {
            folder,
            port,
            _process: process,
        })
    }

    /// `ssh -N -L SOCKET:REMOTE`.
    pub fn tunnel(&self, remote: &Path) -> Tunnel {
        let at = |name: &str| self.folder.path().join(name);
        let socket = at("local.sock");
        let mut command = Command::new("ssh");
        command
            .args(["-F", "none", "-N", "-p", &self.port.to_string(), "-i"])
            .arg(at("user"));
        command
            .arg("-L")
            .arg(format!("{}:{}", socket.display(), remote.display()));
        let known = format!("UserKnownHostsFile={}", at("known_hosts").display());
        for option in [
            &known,
            "BatchMode=yes",
            "IdentitiesOnly=yes",
            "StrictHostKeyChecking=yes",
            "ExitOnForwardFailure=yes",
            // One that was killed has left its socket behind.
            "StreamLocalBindUnlink=yes",
        ] {
            command.args(["-o", option]);
        }
        let log = fs::File::create(at("client.log")).unwrap();
        command.arg("127.0.0.1").env_remove("SSH_AUTH_SOCK");
        let mut process = Guard::spawn(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log));
        wait_for("the tunnel", PATIENCE, || {
            let log = |name: &str| fs::read_to_string(at(name)).unwrap_or_default();
            assert!(
                process.0.try_wait().unwrap().is_none(),
                "ssh has ended: {}{}",
                log("client.log"),
                log("log")
            );
            UnixStream::connect(&socket).ok()
        });
        Tunnel { socket, process }
    }
}

impl Tunnel {
    /// The line drops.
    pub fn cut(mut self) {
        self.process.kill();
    }
}
