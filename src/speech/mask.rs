//! Words as logs and screens show them.

/// `word` with its first and last letter only: `damn` is `d**n`. Of several words, each; words of one or two letters stay, for they say
/// nothing. A single word of two letters keeps its first.
#[must_use]
pub fn masked(word: &str) -> String {
    let words = word.split_whitespace().collect::<Vec<_>>();
    let is_phrase = words.len() > 1;
    words
        .iter()
        .map(|word| one(word, is_phrase))
        .collect::<Vec<_>>()
        .join(" ")
}

fn one(word: &str, is_phrase: bool) -> String {
    let count = word.chars().count();
    if is_phrase && count <= 2 {
        return word.to_owned();
    }
    let keeps = |at: usize| at == 0 && count > 1 || at + 1 == count && count > 2;
    let shown = |(at, c): (usize, char)| if keeps(at) || !c.is_alphanumeric() { c } else { '*' };
    word.chars().enumerate().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_letter_are_left() {
        for (word, shown) in [
            ("damn", "d**n"),
            ("ass", "a*s"),
            ("bs", "b*"),
            ("x", "*"),
            ("son of a bitch", "s*n of a b***h"),
            ("", ""),
            ("crème", "c***e"),
            ("jack-ass", "j***-**s"),
        ] {
            assert_eq!(masked(word), shown);
        }
    }
}
