//! The task that asks one server, again and again, for as long as its handle lives.

use std::time::Duration;

use tokio::task::JoinHandle;

use super::fetch::fetch;
use super::{AudienceError, StatsSpec, count};
use crate::clock::Clock;
use crate::media::TimeDelta;

/// The shortest and the longest that an answer is waited for.
const ANSWER_WITHIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));

/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// The shortest time from one question to the next, whatever is asked for.
const SHORTEST: Duration = Duration::from_millis(100);

/// What a server that was asked said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AudienceReport {
    /// So many watch.
    Viewers(u64),
    /// It did not say, for this reason; the peer is named, no secret is in it.
    Failed(String),
}

/// Asks for as long as it lives.
#[derive(Debug)]
pub struct AudienceHandle {
    task: JoinHandle<()>,
}

impl Drop for AudienceHandle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Begins to ask the server of `spec`, at once and then every [`StatsSpec::every`]; after failures less and less often, up to once
/// a minute. Each question gets one report, from a task of the current tokio runtime.
pub fn start(spec: StatsSpec, clock: Clock, report: impl Fn(AudienceReport) + Send + Sync + 'static) -> AudienceHandle {
    AudienceHandle {
        task: tokio::spawn(run(spec, clock, report)),
    }
}

async fn run(spec: StatsSpec, clock: Clock, report: impl Fn(AudienceReport) + Send + Sync) {
    let every = spec.every.to_duration().max(SHORTEST);
    let within = every.clamp(ANSWER_WITHIN.0, ANSWER_WITHIN.1);
    let mut failures = 0;
    loop {
        let asked = clock.now();
        match ask(&spec, within).await {
            Ok(viewers) => {
                failures = 0;
                report(AudienceReport::Viewers(viewers));
            }
            Err(error) => {
                failures += 1;
                report(AudienceReport::Failed(error.to_string()));
            }
        }
        let next = asked + TimeDelta::from_duration(pause(every, failures));
        tokio::time::sleep_until(clock.instant_of(next).into()).await;
    }
}

async fn ask(spec: &StatsSpec, within: Duration) -> Result<u64, AudienceError> {
    let page = fetch(spec, within).await?;
    let kind = spec.kind.clone();
    // The page of a large audience takes tens of milliseconds, in which this thread's other tasks would send nothing.
    let counted = tokio::task::spawn_blocking(move || count::viewers(&kind, &page)).await;
    let peer = spec.url.peer();
    match counted {
        Ok(Ok(viewers)) => Ok(viewers),
        Ok(Err(source)) => Err(AudienceError::Count { peer, source }),
        Err(_) => Err(AudienceError::Broken { peer }),
    }
}

/// From the start of one question to the next, after so many failures in a row.
fn pause(every: Duration, failures: u32) -> Duration {
    // The first failure may be a hiccup: the usual pace tells soonest.
    let longer = every.saturating_mul(1 << failures.saturating_sub(1).min(10));
    longer.min(LONGEST_PAUSE).max(every)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_fails_is_asked_less_and_less_often() {
        let seconds = |every: u64, failures| pause(Duration::from_secs(every), failures).as_secs();
        let pauses: Vec<u64> = (0..7).map(|failures| seconds(5, failures)).collect();
        assert_eq!(pauses, [5, 5, 10, 20, 40, 60, 60]);
        assert_eq!(seconds(5, u32::MAX), 60);
        // Who asked for less often than that gets it.
        assert_eq!((seconds(600, 0), seconds(600, 9)), (600, 600));
    }
}
