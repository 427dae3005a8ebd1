//! Waiting for an event, with a limit.

use std::time::{Duration, Instant};

/// What an event may take that is not measured. Generous: tests share a small machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `probe` gives something, looking again as often as is decent; fails with `what` after `limit`.
pub fn wait_for<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
