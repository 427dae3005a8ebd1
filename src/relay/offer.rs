//! Which renditions of a stream are offered now, of all that it has. Logic only.

/// Offered or not, one by one.
#[derive(Debug)]
pub(super) struct Offer {
    kbps: Vec<u32>,
    is_offered: Vec<bool>,
    version: u64,
}

impl Offer {
    /// All of them, given with what they take.
    pub(super) fn new(kbps: Vec<u32>) -> Self {
        Self {
            is_offered: vec![true; kbps.len()],
            kbps,
            version: 0,
        }
    }

    /// Offers those from now on; one that is not spoken of is not. None at all would be the end of the stream, and is not heeded.
    pub(super) fn set(&mut self, is_offered: &[bool]) {
        let named = is_offered.iter().copied().chain(std::iter::repeat(false));
        let new = named.take(self.kbps.len()).collect::<Vec<_>>();
        if new != self.is_offered && new.contains(&true) {
            self.is_offered = new;
            self.version += 1;
        }
    }

    /// Counts the changes.
    pub(super) const fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn holds(&self, rendition: usize) -> bool {
        self.is_offered.get(rendition).is_some_and(|is_offered| *is_offered)
    }

    /// Those that are offered, with what they take.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, u32)> {
        let all = self.kbps.iter().copied().enumerate();
        all.filter(|(rendition, _)| self.holds(*rendition))
    }

    /// What whoever wants `rendition` gets: that, or the best that takes no more, or the smallest.
    pub(super) fn nearest(&self, rendition: usize) -> usize {
        if self.holds(rendition) {
            return rendition;
        }
        let wanted = self.kbps.get(rendition).copied().unwrap_or(0);
        let below = self.all().filter(|(_, kbps)| *kbps <= wanted);
        let below = below.max_by_key(|(at, kbps)| (*kbps, std::cmp::Reverse(*at)));
        let smallest = || self.all().min_by_key(|(_, kbps)| *kbps);
        below.or_else(smallest).map_or(rendition, |(at, _)| at)
    }

    /// The best that is offered.
    pub(super) fn best(&self) -> usize {
        let best = self.all().max_by_key(|(at, kbps)| (*kbps, std::cmp::Reverse(*at)));
        best.map_or(0, |(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_wants_what_is_not_offered_gets_the_next_below() {
        // 720p, source, 480p, sound: in no order.
        let mut offer = Offer::new(vec![2200, 4000, 1200, 128]);
        assert_eq!((offer.version(), offer.best()), (0, 1));
        assert_eq!([0, 1, 2, 3].map(|at| offer.nearest(at)), [0, 1, 2, 3]);
        offer.set(&[false, false, true, true]);
        assert_eq!((offer.version(), offer.best()), (1, 2));
        assert_eq!([0, 1, 2, 3].map(|at| offer.nearest(at)), [2, 2, 2, 3]);
        // Nothing is below the sound.
        offer.set(&[true, true]);
        assert_eq!([0, 1, 2, 3].map(|at| offer.nearest(at)), [0, 1, 0, 0]);
        assert_eq!(offer.version(), 2);
        offer.set(&[true, true, false]);
        offer.set(&[]);
        offer.set(&[false; 9]);
        assert_eq!(offer.version(), 2, "nothing has changed, or nothing would be left");
        assert_eq!(offer.all().collect::<Vec<_>>(), [(0, 2200), (1, 4000)]);
    }
}
