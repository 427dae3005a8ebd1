//! The forms of a listed word: plural, possessive, past, participle and the rest, made from it once, when a list is taken up.
//!
//! Forms are made rather than endings cut off: cutting turns `assess` into `ass`, making turns `ass` into `asses` and no more. English
//! has its rules here. A list in another language names the endings that its words take, which are put behind them.

/// The forms of `word` (folded, one word) in `language`, with the `suffixes` of its list. Without `word` itself.
#[must_use]
pub fn forms(word: &str, language: &str, suffixes: &[String]) -> Vec<String> {
    let mut forms = Vec::new();
    if language == "en" {
        english(word, &mut forms);
    }
    forms.extend(suffixes.iter().map(|suffix| format!("{word}{suffix}")));
    forms.sort();
    forms.dedup();
    forms.retain(|form| form != word);
    forms
}

fn is_vowel(c: char) -> bool {
    matches!(c, 'a' | 'e' | 'i' | 'o' | 'u')
}

/// Regular English endings, by the rules of spelling.
fn english(word: &str, forms: &mut Vec<String>) {
    let letters = word.chars().collect::<Vec<_>>();
    let [.., before, last] = letters[..] else { return };
    if !letters.iter().all(char::is_ascii_alphabetic) {
        return;
    }
    let hisses = matches!(last, 's' | 'x' | 'z') || last == 'h' && matches!(before, 'c' | 's');
    let has_soft_y = last == 'y' && !is_vowel(before);
    let stem = &word[..word.len() - 1];
    // shit → shitt-: one syllable that ends in one vowel and one consonant.
    let syllables = letters
        .chunk_by(|a, b| is_vowel(*a) == is_vowel(*b))
        .filter(|run| is_vowel(run[0]))
        .count();
    let before_that = letters.len().checked_sub(3).map(|at| letters[at]);
    let is_doubled = syllables == 1
        && is_vowel(before)
        && !is_vowel(last)
        && !matches!(last, 'w' | 'x' | 'y')
        && before_that.is_none_or(|c| !is_vowel(c));
    let (base, plural) = match () {
        () if has_soft_y => (format!("{stem}i"), format!("{stem}ies")),
        () if last == 'e' => (stem.to_owned(), format!("{word}s")),
        () if is_doubled => (format!("{word}{last}"), format!("{word}s")),
        () => (word.to_owned(), format!("{word}{}", if hisses { "es" } else { "s" })),
    };
    // A y stays before -ing.
    let stays = if has_soft_y { word } else { base.as_str() };
    forms.extend([format!("{word}'s"), format!("{plural}'s")]);
    for ending in ["ed", "er", "ers", "er's", "est"] {
        forms.push(format!("{base}{ending}"));
    }
    for ending in ["ing", "ings", "in", "in'", "ingly"] {
        forms.push(format!("{stays}{ending}"));
    }
    if !has_soft_y {
        forms.extend(["y", "ier", "iest"].map(|ending| format!("{base}{ending}")));
    }
    forms.push(format!("{}ly", if has_soft_y { &base } else { word }));
    forms.push(plural);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_words_take_their_endings() {
        for (word, expected, not) in [
            (
                "crap",
                &[
                    "craps", "crap's", "crapped", "crapping", "crappin", "crapper", "crappy", "crappier",
                ][..],
                &["craped", "craping"][..],
            ),
            (
                "damn",
                &["damns", "damned", "damning", "damnin", "damner"],
                &["damnned"],
            ),
            ("ass", &["asses", "ass's", "assed"], &["asss", "assess", "assert"]),
            ("bitch", &["bitches", "bitching", "bitchy", "bitches's"], &["bitchs"]),
            ("arse", &["arses", "arsed", "arsing", "arsy"], &["arseing"]),
            (
                "bloody",
                &["bloodied", "bloodying", "bloodier", "bloodily"],
                &["bloodyed"],
            ),
            ("bugger", &["buggers", "buggered", "buggering"], &["buggerred"]),
            ("screw", &["screwed", "screwing"], &["screwwed"]),
            ("poo", &["pooed", "poos"], &["pooo"]),
        ] {
            let forms = forms(word, "en", &[]);
            for form in expected {
                assert!(forms.iter().any(|known| known == form), "{word}: {form} of {forms:?}");
            }
            for form in not {
                assert!(!forms.iter().any(|known| known == form), "{word}: {form}");
            }
        }
    }

    #[test]
    fn other_languages_take_the_endings_of_their_list() {
        let endings = ["e", "en", "s"].map(str::to_owned);
        assert_eq!(forms("frosch", "de", &endings), ["frosche", "froschen", "froschs"]);
        assert!(forms("frosch", "de", &[]).is_empty());
        assert!(forms("", "en", &[]).is_empty() && forms("x", "en", &[]).is_empty());
        assert!(forms("лягушка", "en", &[]).is_empty());
    }
}
