//! What a face's box says, in whatever way it is drawn: how much of the face is hidden, and why.

use crate::studio::model::{FaceMark, Region, Regions, Sight};

/// How much of a face a viewer sees, the most protected first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exposure {
    /// Nothing.
    Safe,
    /// Some of it.
    Partly,
    /// All of it.
    Shown,
}

/// How much is seen of a face at a place that is known, or not.
#[must_use]
pub fn exposure(mark: &FaceMark) -> Exposure {
    match (mark.is_hidden, is_guess(mark), mark.open == Regions::NONE) {
        (false, ..) => Exposure::Shown,
        // No region is open where the face only may be.
        (true, true, _) | (true, false, true) => Exposure::Safe,
        (true, false, false) => Exposure::Partly,
    }
}

/// Whether the face is not where the box is for certain: it was lost.
#[must_use]
pub fn is_guess(mark: &FaceMark) -> bool {
    matches!(mark.sight, Sight::Held | Sight::Band)
}

/// The track, and what is special about it: `3`, `3 held`, `3 lost`, `3 shown`.
#[must_use]
pub fn title(mark: &FaceMark) -> String {
    let word = match (mark.is_hidden, mark.sight) {
        (false, _) => " shown",
        (true, Sight::Held) => " held",
        (true, Sight::Band) => " lost",
        (true, Sight::Seen | Sight::Predicted) => "",
    };
    format!("{}{word}", mark.track)
}

/// Which regions of a face that is partly hidden are shown (`+`) or, where these are fewer, hidden (`-`), in `width` letters:
/// names if they fit, else how many of nine are shown.
#[must_use]
pub fn regions(mark: &FaceMark, width: usize) -> Option<String> {
    if exposure(mark) != Exposure::Partly {
        return None;
    }
    let names = |regions: Regions, sign: char| {
        let names: Vec<&str> = regions.iter().map(Region::word).collect();
        format!("{sign}{}", names.join(&format!(" {sign}")))
    };
    let (open, hidden) = (mark.open, mark.open.complement());
    let is_mostly_open = open.iter().count() > hidden.iter().count();
    let named = if is_mostly_open {
        names(hidden, '-')
    } else {
        names(open, '+')
    };
    let counted = format!("{}/{}", open.iter().count(), Region::ALL.len());
    [named, counted].into_iter().find(|text| text.len() <= width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(sight: Sight, is_hidden: bool, open: Regions) -> FaceMark {
        FaceMark {
            track: 3,
            x: 0.5,
            y: 0.5,
            width: 0.1,
            height: 0.2,
            roll: 0.0,
            sight,
            is_hidden,
            open,
        }
    }

    #[test]
    fn a_box_says_what_is_hidden_and_why() {
        let ears = Regions::NONE.with(Region::Ears).with(Region::Neck);
        let no_eyes = Regions::NONE.with(Region::Eyes).complement();
        for (mark, expected, level, wide, narrow) in [
            (mark(Sight::Seen, true, Regions::NONE), "3", Exposure::Safe, None, None),
            (
                mark(Sight::Predicted, true, ears),
                "3",
                Exposure::Partly,
                Some("+ears +neck"),
                Some("2/9"),
            ),
            (
                mark(Sight::Seen, true, no_eyes),
                "3",
                Exposure::Partly,
                Some("-eyes"),
                Some("8/9"),
            ),
            (mark(Sight::Held, true, ears), "3 held", Exposure::Safe, None, None),
            (mark(Sight::Band, true, ears), "3 lost", Exposure::Safe, None, None),
            (
                mark(Sight::Seen, false, Regions::ALL),
                "3 shown",
                Exposure::Shown,
                None,
                None,
            ),
        ] {
            assert_eq!((title(&mark).as_str(), exposure(&mark)), (expected, level));
            assert_eq!(regions(&mark, 12).as_deref(), wide, "{expected}");
            assert_eq!(regions(&mark, 4).as_deref(), narrow, "{expected}");
            assert_eq!(regions(&mark, 2), None);
        }
    }
}
