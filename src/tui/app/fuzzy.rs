//! What was perhaps meant by a few letters: they appear in this order, and the nearer to each other the better.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// Finds letters in texts.
pub struct Fuzzy {
    matcher: Matcher,
    scattered: Pattern,
    together: Pattern,
    buffer: Vec<char>,
}

impl Fuzzy {
    /// Looks for `query`; its words may stand in any order.
    #[must_use]
    pub fn new(query: &str) -> Self {
        let pattern = |kind| Pattern::new(query, CaseMatching::Ignore, Normalization::Smart, kind);
        Self {
            matcher: Matcher::new(Config::DEFAULT),
            scattered: pattern(AtomKind::Fuzzy),
            together: pattern(AtomKind::Substring),
            buffer: Vec::new(),
        }
    }

    /// How well the letters are found in `text`, and where: positions of characters.
    pub fn scattered(&mut self, text: &str) -> Option<(u32, Vec<u32>)> {
        let mut at = Vec::new();
        let text = Utf32Str::new(text, &mut self.buffer);
        let score = self.scattered.indices(text, &mut self.matcher, &mut at)?;
        at.sort_unstable();
        at.dedup();
        Some((score, at))
    }

    /// How well each word is found whole: for sentences, in which scattered letters are found always.
    pub fn together(&mut self, text: &str) -> Option<u32> {
        let text = Utf32Str::new(text, &mut self.buffer);
        self.together.score(text, &mut self.matcher)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_order_are_found_and_near_ones_are_better() {
        let mut fuzzy = Fuzzy::new("oclv");
        let (score, at) = fuzzy.scattered("occlusion level").unwrap();
        assert!(score > 0);
        assert_eq!(at.len(), 4);
        assert_eq!(fuzzy.scattered("level occlusion").map(|(_, at)| at), None);
        assert_eq!(fuzzy.together("occlusion level"), None);
        assert!(Fuzzy::new("LEVEL occ").together("occlusion level").is_some());
        let score = |text| Fuzzy::new("dst").scattered(text).unwrap().0;
        assert!(score("destination stop") > score("gated long lost"));
    }
}
