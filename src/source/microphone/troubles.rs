//! Interruptions of the sound of a device, told to the operator without filling the log.

use super::feed::Trouble;
use crate::media::{TimeDelta, Timestamp};
use crate::source::outlet::Outlet;

/// They are told this often at most.
const PAUSE_MS: i64 = 10_000;

/// What has happened and is still to be told.
#[derive(Debug, Default)]
pub(super) struct Troubles {
    told_at: Option<Timestamp>,
    losses: u32,
    lost: TimeDelta,
}

impl Troubles {
    /// Something has happened at `now`.
    pub(super) fn note(&mut self, trouble: Trouble, now: Timestamp, outlet: &Outlet) {
        if let Some(text) = self.text(trouble, now) {
            outlet.notice(text);
        }
    }

    fn text(&mut self, trouble: Trouble, now: Timestamp) -> Option<String> {
        match trouble {
            // Rare by itself: it grows a few times at most.
            Trouble::Late(latency) => Some(format!(
                "sound came too late and was interrupted: its latency is {} ms from now on",
                latency.to_millis()
            )),
            Trouble::Lost(lost) => {
                self.losses += 1;
                self.lost += lost.abs();
                if self
                    .told_at
                    .is_some_and(|told| now - told < TimeDelta::from_millis(PAUSE_MS))
                {
                    return None;
                }
                let (losses, lost) = (std::mem::take(&mut self.losses), std::mem::take(&mut self.lost));
                self.told_at = Some(now);
                let times = if losses == 1 {
                    String::new()
                } else {
                    format!(", {losses} times")
                };
                Some(format!(
                    "sound was interrupted for {} ms{times}: the device or its server left it out",
                    lost.to_millis()
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_losses_are_told_together() {
        let mut troubles = Troubles::default();
        let lost = Trouble::Lost(TimeDelta::from_millis(30));
        let told: Vec<String> = (0..25)
            .filter_map(|second| troubles.text(lost, Timestamp::from_millis(second * 1_000)))
            .collect();
        assert_eq!(told.len(), 3);
        assert!(told[0].contains("for 30 ms:"), "{told:?}");
        assert!(told[1].contains("for 300 ms, 10 times:"), "{told:?}");
    }
}
