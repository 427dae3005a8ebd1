//! Which rows of a picture have changed: a few bands, so that the rest is neither read, nor scaled, nor converted.
//!
//! Rows, not rectangles: memory runs along them, a band is one request to the server and one call of each kernel, and what moves on
//! screens (text that scrolls, a film in a window) is wide.

use std::ops::Range;

/// Bands that are nearer to each other than this many rows are one: a request costs more than these.
const NEAR: u32 = 16;

/// Bands at most. With more of them the two nearest become one.
const MOST: usize = 8;

/// Bands of rows: ascending, apart, none empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    bands: Vec<Range<u32>>,
}

impl Rows {
    /// All rows of a picture.
    pub(super) fn all(height: u32) -> Self {
        let mut rows = Self::default();
        rows.add(0..height);
        rows
    }

    /// Nothing has changed any more.
    pub(super) fn clear(&mut self) {
        self.bands.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bands.is_empty()
    }

    /// The bands, from the top down.
    pub(super) fn bands(&self) -> &[Range<u32>] {
        &self.bands
    }

    /// Whether they are all rows of a picture of that height.
    pub(super) fn is_all(&self, height: u32) -> bool {
        matches!(self.bands.as_slice(), [band] if band.start == 0 && band.end >= height)
    }

    /// Notes that these have changed too.
    pub(super) fn add(&mut self, band: Range<u32>) {
        if band.is_empty() {
            return;
        }
        let first = self
            .bands
            .partition_point(|known| known.end.saturating_add(NEAR) < band.start);
        let behind = self
            .bands
            .partition_point(|known| known.start <= band.end.saturating_add(NEAR));
        let touched = &self.bands[first..behind];
        let start = touched.first().map_or(band.start, |known| known.start.min(band.start));
        let end = touched.last().map_or(band.end, |known| known.end.max(band.end));
        self.bands.splice(first..behind, std::iter::once(start..end));
        if self.bands.len() > MOST {
            self.join_nearest();
        }
    }

    fn join_nearest(&mut self) {
        let gaps = self.bands.windows(2).map(|pair| pair[1].start - pair[0].end);
        if let Some((at, _)) = gaps.enumerate().min_by_key(|(_, gap)| *gap) {
            let next = self.bands.remove(at + 1);
            self.bands[at].end = next.end;
        }
    }

    /// The rows of a picture of `to` rows that are drawn from these, of a picture of `from` rows, by a filter that looks
    /// at rows up to `reach` away. Bands begin and end at even rows, as 4:2:0 needs it; `to` is even.
    pub(super) fn scaled(&self, from: u32, to: u32, reach: u32) -> Self {
        let mut scaled = Self::default();
        let (from, wide) = (u64::from(from.max(1)), u64::from(to));
        for band in &self.bands {
            let start = u64::from(band.start.saturating_sub(reach)) * wide / from;
            let end = (u64::from(band.end) + u64::from(reach)) * wide;
            let (start, end) = (
                start as u32 & !1,
                end.div_ceil(from).next_multiple_of(2).min(wide) as u32,
            );
            scaled.add(start..end);
        }
        scaled
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)] // One band of rows is meant.
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn near_bands_become_one() {
        let mut rows = Rows::default();
        rows.add(100..110);
        rows.add(200..210);
        assert_eq!(rows.bands(), [100..110, 200..210]);
        rows.add(115..190);
        assert_eq!(rows.bands(), [100..210]);
        assert!(!rows.is_all(210));
        rows.add(0..90);
        assert!(rows.is_all(210));
    }

    #[test]
    fn bands_of_another_size_are_even() {
        let mut rows = Rows::default();
        rows.add(301..302);
        let scaled = rows.scaled(1080, 720, 2);
        assert_eq!(scaled.bands(), [198..204]);
        assert_eq!(Rows::all(1080).scaled(1080, 720, 2), Rows::all(720));
        assert_eq!(rows.scaled(720, 720, 0).bands(), [300..302]);
    }

    proptest! {
        #[test]
        fn nothing_that_changed_is_left_out(
            bands in proptest::collection::vec((0u32..3000, 1u32..200), 0..60), from in 2u32..4000, to in 1u32..1100
        ) {
            let mut rows = Rows::default();
            for (start, len) in &bands {
                rows.add(*start..start + len);
            }
            let covers = |rows: &Rows, row: u32| rows.bands().iter().any(|band| band.contains(&row));
            for (start, len) in &bands {
                prop_assert!(covers(&rows, *start) && covers(&rows, start + len - 1));
            }
            prop_assert!(rows.bands().len() <= MOST);
            prop_assert!(rows.bands().windows(2).all(|pair| pair[0].end + NEAR < pair[1].start));
            let to = to * 2;
            let scaled = rows.scaled(from, to, 0);
            for band in scaled.bands() {
                prop_assert!(band.start % 2 == 0 && band.end % 2 == 0 && band.end <= to, "{band:?}");
            }
            for (start, _) in bands.iter().filter(|(start, _)| *start < from) {
                let there = (u64::from(*start) * u64::from(to) / u64::from(from)) as u32;
                prop_assert!(covers(&scaled, there.min(to - 1)));
            }
        }
    }
}
