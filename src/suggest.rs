//! "Did you mean …?": the known word that is nearest to a mistyped one.

/// Edits (insert, delete, replace, swap neighbours) from `a` to `b`: optimal string alignment distance.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

/// The words of a known vocabulary nobody would type more of: longer input is not compared.
const LONGEST: usize = 64;

/// Words that an error lists; whoever wants more of them reads the reference.
const MOST_LISTED: usize = 14;

/// The nearest of `known` to `typed`, where it is near enough to be meant: a third of its letters wrong at most, and one
/// right.
#[must_use]
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = typed.chars().count();
    if length > LONGEST {
        return None;
    }
    known
        .into_iter()
        .map(|word| (distance(&typed.to_lowercase(), &word.to_lowercase()), word))
        .filter(|(edits, word)| *edits < length && *edits <= (length.max(word.chars().count()) / 3).max(1))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, word)| word)
}

/// `; did you mean "word"?` where one is near, else `; known: a, b, c`, else nothing.
#[must_use]
pub fn hint<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(typed, known.iter().copied()) {
        Some(word) => format!("; did you mean \"{word}\"?"),
        None if known.is_empty() => String::new(),
        None if known.len() <= MOST_LISTED => format!("; known: {}", known.join(", ")),
        None => {
            let (shown, more) = known.split_at(MOST_LISTED);
            format!("; known: {} and {} more", shown.join(", "), more.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_seen_through() {
        let known = ["gain_db", "mute", "solo", "denoise"];
        for (typed, meant) in [
            ("gain_bd", Some("gain_db")),
            ("gian_db", Some("gain_db")),
            ("gaindb", Some("gain_db")),
            ("Mute", Some("mute")),
            ("denose", Some("denoise")),
            ("slo", Some("solo")),
            ("volume", None),
            ("d", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known), meant, "{typed}");
        }
        assert_eq!(distance("abcd", "acbd"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(hint("volume", known), "; known: gain_db, mute, solo, denoise");
        let many: Vec<String> = (0..20).map(|n| format!("k{n}")).collect();
        let hint = hint("volume", many.iter().map(String::as_str));
        assert!(hint.ends_with(", k12, k13 and 6 more"), "{hint}");
    }
}
