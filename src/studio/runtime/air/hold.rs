//! What waits for its time to go out: a queue of pictures or of blocks that leave a constant time after their own.
//!
//! Time is passed in; nothing here waits.

use std::collections::VecDeque;
use std::time::Duration;

use crate::media::{AudioBlock, TimeDelta, Timestamp, VideoFrame};

/// Something that has its time.
pub trait Timed {
    /// When it is shown or heard.
    fn pts(&self) -> Timestamp;
}

impl Timed for VideoFrame {
    fn pts(&self) -> Timestamp {
        self.pts
    }
}

impl Timed for AudioBlock {
    fn pts(&self) -> Timestamp {
        self.pts
    }
}

/// Items in the order in which they came.
#[derive(Debug)]
pub struct Hold<T> {
    items: VecDeque<T>,
}

impl<T: Timed> Hold<T> {
    /// An empty one that holds `room` items without allocating.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self {
            items: VecDeque::with_capacity(room),
        }
    }

    /// Adds an item.
    pub fn put(&mut self, item: T) {
        self.items.push_back(item);
    }

    /// The oldest item, if it is `delay` old at `now`.
    pub fn take(&mut self, now: Timestamp, delay: TimeDelta) -> Option<T> {
        let due = self.items.front()?.pts() + delay;
        if now < due {
            return None;
        }
        self.items.pop_front()
    }

    /// How long from `now` until [`take`](Self::take) gives something; `None` while nothing is held.
    #[must_use]
    pub fn wait(&self, now: Timestamp, delay: TimeDelta) -> Option<Duration> {
        let due = self.items.front()?.pts() + delay;
        Some(Duration::from_secs_f64((due - now).as_secs_f64().max(0.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Timed for i64 {
        fn pts(&self) -> Timestamp {
            Timestamp::from_millis(*self)
        }
    }

    #[test]
    fn items_leave_when_they_are_old_enough() {
        let delay = TimeDelta::from_millis(200);
        let at = Timestamp::from_millis;
        let mut hold = Hold::new(4);
        assert_eq!(hold.wait(at(0), delay), None);
        hold.put(100);
        hold.put(133);
        assert_eq!(hold.wait(at(250), delay), Some(Duration::from_millis(50)));
        assert_eq!(hold.take(at(299), delay), None);
        assert_eq!(hold.take(at(300), delay), Some(100));
        assert_eq!(hold.take(at(300), delay), None);
        // Without a delay everything goes at once.
        assert_eq!(hold.take(at(300), TimeDelta::ZERO), Some(133));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_the_order_stays(steps in prop::collection::vec((0i64..50, 0i64..300), 1..60)) {
            let mut hold = Hold::new(8);
            let (mut now, mut put, mut taken) = (0, Vec::new(), Vec::new());
            for (step, delay) in steps {
                now += step;
                hold.put(now);
                put.push(now);
                while let Some(item) = hold.take(Timestamp::from_millis(now), TimeDelta::from_millis(delay)) {
                    prop_assert!(item + delay <= now);
                    taken.push(item);
                }
            }
            while let Some(item) = hold.take(Timestamp::from_millis(now), TimeDelta::ZERO) {
                taken.push(item);
            }
            prop_assert_eq!(put, taken);
        }
    }
}
