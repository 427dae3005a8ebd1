//! The whole way from a publisher to the server: namespaces, devices, addresses, the bottleneck and the cable.

use std::path::Path as FilePath;
use std::time::Duration;

use super::border;
use super::namespace::Namespace;
use super::server::{PORT, Server};
use super::wire::Wire;
use crate::common::peer;

/// Where the server is, seen from the publisher.
const FAR: &str = "10.99.0.2";
const NEAR: &str = "10.99.0.1";

/// What the bottleneck lets through at once after a pause: four full packets.
const BURST_BYTES: u32 = 6_000;

/// How long a packet may wait in the bottleneck's queue before there is no room for it, at the capacity of the moment. More
/// than a good router has, less than the worst.
pub const QUEUE_MS: u32 = 200;

/// What the kernel cannot do or does not allow is no peer that could be installed: that is said, and skipped wherever it is.
fn unable(what: &str) -> Option<Path> {
    eprintln!("SKIPPED: no bad network can be made here: {what}");
    None
}

/// A publisher's network and a server's, and what lies between.
pub struct Path {
    pub near: Namespace,
    pub far: Namespace,
    pub wire: Wire,
    pub server: Server,
}

impl Path {
    /// Sets it up at `kbps`, with TCP as `congestion` says for who does not choose. `None`, visibly, where that cannot be done
    /// on this machine.
    pub fn new(kbps: u32, congestion: &str, seed: u64) -> Option<Self> {
        for program in ["ip", "tc", "ffmpeg"] {
            peer(program)?;
        }
        if !FilePath::new("/dev/net/tun").exists() {
            return unable("/dev/net/tun is not there");
        }
        let (Ok(near), Ok(far)) = (Namespace::new(), Namespace::new()) else {
            return unable("network namespaces may not be made (by others than root)");
        };
        let (Ok(up), Ok(down)) = (near.run(|| border::tun("up")), far.run(|| border::tun("down"))) else {
            return unable("TUN devices may not be made");
        };
        for (namespace, device, own, other) in [(&near, "up", NEAR, FAR), (&far, "down", FAR, NEAR)] {
            // Packets as a network card would send them: one at a time.
            namespace.order(
                "ip",
                &["link", "set", "dev", device, "mtu", "1500", "gso_max_segs", "1", "up"],
            );
            namespace.order("ip", &["address", "add", own, "peer", other, "dev", device]);
            // By the route and not by the namespace's default, which a kernel restricts to those that it lets anybody choose. Who
            // chooses for a socket of its own has its way.
            let route = [
                "route", "change", other, "dev", device, "src", own, "congctl", congestion,
            ];
            if let Err(error) = namespace.try_order("ip", &route) {
                return unable(&error);
            }
            // Each run meets the network for the first time.
            namespace.set("ipv4/tcp_no_metrics_save", "1");
        }
        let wire = Wire::join(up, down, PORT, seed);
        let server = Server::start(&far)?;
        let path = Self {
            near,
            far,
            wire,
            server,
        };
        match path.shape("add", kbps) {
            Ok(_) => Some(path),
            Err(error) => unable(&error),
        }
    }

    /// The capacity from now on, in kilobits of IP per second.
    pub fn set_kbps(&self, kbps: u32) {
        self.shape("change", kbps).unwrap_or_else(|error| panic!("{error}"));
    }

    fn shape(&self, verb: &str, kbps: u32) -> Result<String, String> {
        let (rate, burst, latency) = (
            format!("{kbps}kbit"),
            format!("{BURST_BYTES}b"),
            format!("{QUEUE_MS}ms"),
        );
        self.near.try_order(
            "tc",
            &[
                "qdisc", verb, "dev", "up", "root", "handle", "1:", "tbf", "rate", &rate, "burst", &burst, "latency",
                &latency,
            ],
        )
    }

    /// Delay in one direction, and packets of a hundred that are lost.
    pub fn set_wire(&self, delay: Duration, loss_percent: f64) {
        self.wire.set(delay, loss_percent);
    }

    /// Packets that found the bottleneck's queue full, by the kernel's own count.
    pub fn queue_drops(&self) -> u64 {
        let said = self.near.order("tc", &["-j", "-s", "qdisc", "show", "dev", "up"]);
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        said[0]["drops"].as_u64().unwrap()
    }
}

/// Where to publish to.
pub fn publish_url() -> String {
    format!("rtmp://{FAR}:{PORT}/live/show")
}

/// The server's address for others than the publisher.
pub const fn far_address() -> &'static str {
    FAR
}
