//! Proposals that overlap are one: the surest stays, and what others thought of it counts for it.

/// A square that may be a face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Proposal {
    /// Left edge.
    pub(super) x: f32,
    /// Top edge.
    pub(super) y: f32,
    pub(super) size: f32,
    pub(super) score: f32,
}

impl Proposal {
    /// Area shared by both, as a share of the area covered by either.
    pub(super) fn overlap(&self, other: &Self) -> f32 {
        let width = (self.x + self.size).min(other.x + other.size) - self.x.max(other.x);
        let height = (self.y + self.size).min(other.y + other.size) - self.y.max(other.y);
        if width <= 0.0 || height <= 0.0 {
            return 0.0;
        }
        let shared = width * height;
        shared / (self.size * self.size + other.size * other.size - shared)
    }
}

/// Leaves of all that overlap by more than `limit` only the surest, with the sum of their scores; surest first.
pub(super) fn merge(proposals: &mut Vec<Proposal>, limit: f32) {
    // Ties in the order of their places: the same proposals give the same result in whatever order they came.
    proposals.sort_unstable_by(|a, b| {
        let score = b.score.total_cmp(&a.score);
        score
            .then(a.y.total_cmp(&b.y))
            .then(a.x.total_cmp(&b.x))
            .then(a.size.total_cmp(&b.size))
    });
    let mut kept = 0;
    for index in 0..proposals.len() {
        let proposal = proposals[index];
        // Who is merged belongs to the surest that it overlaps, which comes first.
        let mut before = proposals[..kept].iter();
        if let Some(other) = before.position(|other| other.overlap(&proposal) > limit) {
            proposals[other].score += proposal.score;
        } else {
            proposals[kept] = proposal;
            kept += 1;
        }
    }
    proposals.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32, score: f32) -> Proposal {
        Proposal {
            x,
            y: 0.0,
            size: 10.0,
            score,
        }
    }

    #[test]
    fn the_surest_stays_and_takes_the_scores_of_the_others() {
        let mut proposals = vec![at(2.0, 0.25), at(0.0, 1.0), at(100.0, 0.5), at(1.0, 0.5)];
        merge(&mut proposals, 0.5);
        assert_eq!(proposals, [at(0.0, 1.75), at(100.0, 0.5)]);
    }

    #[test]
    fn overlap_is_intersection_over_union() {
        assert!((at(0.0, 1.0).overlap(&at(5.0, 1.0)) - 1.0 / 3.0).abs() < 1e-6);
        assert!(at(0.0, 1.0).overlap(&at(10.0, 1.0)) == 0.0);
    }
}
