//! What a source says of itself, waited for.

use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rigcast::source::{SourceReport, SourceState};

/// Waits for a state that `is_wanted`; what is said meanwhile is added to `seen`.
pub fn wait_for_state(
    reports: &Receiver<SourceReport>,
    seen: &mut Vec<SourceReport>,
    limit: Duration,
    is_wanted: impl Fn(&SourceState) -> bool,
) -> SourceState {
    let until = Instant::now() + limit;
    while let Ok(report) = reports.recv_timeout(until.saturating_duration_since(Instant::now())) {
        seen.push(report.clone());
        if let SourceReport::State(state) = report
            && is_wanted(&state)
        {
            return state;
        }
    }
    panic!("never came: {seen:?}")
}
