//! What a word sounds like, roughly, from its English spelling: for near misses, which only warn.
//!
//! In the line of Metaphone (L. Philips, 1990), but vowels count: a recogniser that did not know a word writes the nearest that it does
//! know, and that has the vowel of the word or a neighbour of it. A key without vowels would take `fake`, `fog` and `folk` for one word.

/// The key of `word`, which is folded. Equal keys sound alike. Empty where too little is left to compare, or it is not in Latin letters.
#[must_use]
pub fn key(word: &str) -> String {
    let letters = word.as_bytes();
    if letters.len() < 3 || !letters.iter().all(u8::is_ascii_lowercase) {
        return String::new();
    }
    let mut key = String::new();
    let mut at = 0;
    while at < letters.len() {
        let rest = &letters[at..];
        let (sound, length) = sound(rest, at == 0);
        if let Some(sound) = sound
            && !key.ends_with(sound)
        {
            key.push(sound);
        }
        at += length;
    }
    if key.len() < 3 { String::new() } else { key }
}

/// The sound that `rest` of a word begins with, if any, and how many letters spell it.
fn sound(rest: &[u8], is_first: bool) -> (Option<char>, usize) {
    const SPELLED: &[(&str, Option<char>)] = &[
        ("tch", Some('C')),
        ("sch", Some('X')),
        ("ck", Some('k')),
        ("ch", Some('C')),
        ("sh", Some('X')),
        ("ph", Some('f')),
        ("gh", None),
        ("th", Some('0')),
        ("wh", Some('w')),
        ("dg", Some('j')),
        ("qu", Some('k')),
        ("ou", Some('o')),
        ("oo", Some('o')),
        ("ow", Some('o')),
        ("ea", Some('i')),
        ("ee", Some('i')),
        ("ey", Some('i')),
        ("ie", Some('i')),
        ("ay", Some('e')),
        ("ai", Some('e')),
        ("au", Some('o')),
        ("aw", Some('o')),
    ];
    let starts = |(spelled, _): &&(&str, Option<char>)| rest.starts_with(spelled.as_bytes());
    if let Some((spelled, sound)) = SPELLED.iter().find(starts) {
        return (*sound, spelled.len());
    }
    let next = rest.get(1).copied();
    let is_soft = matches!(next, Some(b'e' | b'i' | b'y'));
    let is_last = rest.len() == 1;
    let sound = match rest[0] {
        b'k' if is_first && next == Some(b'n') => None,
        b'w' if is_first && next == Some(b'r') => None,
        b'e' if is_last && !is_first => None,
        b'h' if !is_first => None,
        b'c' if is_soft => Some('s'),
        b'g' if is_soft => Some('j'),
        b'a' => Some('a'),
        b'e' => Some('e'),
        b'i' | b'y' => Some('i'),
        b'o' | b'u' => Some('o'),
        b'c' | b'k' | b'q' => Some('k'),
        b'z' | b's' => Some('s'),
        other => Some(char::from(other)),
    };
    // mn at the end: damn, and mb: dumb.
    if rest.len() == 2 && rest[0] == b'm' && matches!(next, Some(b'n' | b'b')) {
        return (Some('m'), 2);
    }
    (sound, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sounds_alike_has_one_key() {
        for (a, b, is_same) in [
            ("damn", "dam", true),
            ("frog", "phrogg", true),
            ("beach", "bitch", true),
            ("duck", "dock", true),
            ("knight", "nit", true),
            ("sheet", "shit", true),
            ("fake", "folk", false),
            ("duck", "tuck", false),
            ("hell", "hall", false),
            ("hell", "help", false),
            ("duck", "ducks", false),
            ("fox", "fock", false),
        ] {
            assert_eq!(key(a) == key(b), is_same, "{a} {} {b} {}", key(a), key(b));
        }
        for short in ["as", "a", "", "ee", "лягушка", "r2d2", "he'll"] {
            assert_eq!(key(short), "", "{short}");
        }
    }
}
