//! Folding: one spelling for what is one word, however it is written down.
//!
//! Two steps, kept apart so that clean text stays clean. [`plain`] is what every word goes through: lower case, no accents, one
//! kind of apostrophe. [`Piece::disguises`] undoes what a person does to hide a word (`fr0g`, `f.r.o.g`, `froooog`, `f**g`), and
//! only where there is a sign of it: a figure or symbol among letters, a letter three times in a row. So `ill` never becomes `lll`,
//! `as` never `ass`, and a number is never a word.

/// The most spellings that one disguised word is tried as.
const MOST_SPELLINGS: usize = 32;

/// Words longer than this are compared as they are.
const LONGEST: usize = 64;

/// Stands for one letter that was left out: `f**g`.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, '*' | '#')
}

/// Lower case without accents, full-width forms as plain ones, one kind of apostrophe and hyphen, nothing invisible.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
            continue;
        }
        for c in c.to_lowercase() {
            match c {
                '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => {}
                '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{b4}' => folded.push('\''),
                '\u{2010}'..='\u{2015}' | '\u{2212}' => folded.push('-'),
                '\u{ff01}'..='\u{ff5e}' => {
                    let narrow = char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c);
                    folded.push(narrow.to_ascii_lowercase());
                }
                _ => match without_accent(c) {
                    "" => folded.push(c),
                    base => folded.push_str(base),
                },
            }
        }
    }
    folded
}

/// The letters under the accent of `c`, which is lower case; empty where it has none that is known.
fn without_accent(c: char) -> &'static str {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' => "a",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ё' => "е",
        _ => "",
    }
}

/// A word of what was heard: what stands between spaces and hyphens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// As [`plain`] has it.
    pub plain: String,
    /// What it may be under a disguise; empty for nearly every word.
    pub disguises: Vec<String>,
}

/// The words in the text of one heard word: nearly always one. Signs around a word are dropped, letters with dots or hyphens between
/// them are one word, and words joined by hyphens are several, of which the last may also be all of them together.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece> {
    let text = plain(text);
    let mut pieces = Vec::new();
    for chunk in text.split_whitespace() {
        let chunk = trimmed(chunk);
        let parts = chunk
            .split(is_separator)
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>();
        let joined = parts.concat();
        if parts.len() > 1 && parts.iter().all(|part| part.chars().nth(1).is_none()) {
            // Spelled out inside one word.
            let mut disguises = spellings(&joined);
            disguises.push(joined);
            pieces.push(Piece {
                plain: chunk.to_owned(),
                disguises,
            });
            continue;
        }
        for part in &parts {
            pieces.push(Piece {
                plain: (*part).to_owned(),
                disguises: spellings(part),
            });
        }
        if parts.len() > 1
            && let Some(last) = pieces.last_mut()
        {
            last.disguises.extend(spellings(&joined));
            last.disguises.push(joined);
        }
    }
    pieces
}

/// Stands between letters or words without being one.
fn is_separator(c: char) -> bool {
    matches!(c, '-' | '.' | '_' | '/' | '~' | ',' | '\u{b7}')
}

/// Without the signs around a word; those that may stand for a letter stay, but for a `!` at the end, which nearly always means itself.
fn trimmed(chunk: &str) -> &str {
    let is_sign = |c: char| !c.is_alphanumeric() && !is_blank(c) && !matches!(c, '$' | '@');
    chunk.trim_start_matches(is_sign).trim_end_matches(is_sign)
}

/// The letters that a figure or symbol may stand for.
fn letters_of(c: char) -> &'static [char] {
    match c {
        '4' | '@' => &['a'],
        '8' => &['b'],
        '3' => &['e'],
        '9' => &['g'],
        '1' | '!' | '|' => &['i', 'l'],
        '0' => &['o'],
        '5' | '$' => &['s'],
        '7' => &['t'],
        _ => &[],
    }
}

/// What `word` may be under a disguise; nothing where it shows none.
fn spellings(word: &str) -> Vec<String> {
    let has_letter = word.chars().any(char::is_alphabetic);
    if !has_letter || word.len() > LONGEST {
        return Vec::new();
    }
    let mut found = vec![String::new()];
    for c in word.chars() {
        let letters = letters_of(c);
        let grown = match letters {
            [] => None,
            [_] => Some(1),
            _ => Some(if found.len() * 2 > MOST_SPELLINGS {
                1
            } else {
                letters.len()
            }),
        };
        let Some(count) = grown else {
            for spelling in &mut found {
                spelling.push(c);
            }
            continue;
        };
        let with = |letter: &char| {
            found
                .iter()
                .map(|spelling| format!("{spelling}{letter}"))
                .collect::<Vec<_>>()
        };
        found = letters.iter().take(count).flat_map(with).collect();
    }
    let mut all = Vec::new();
    for spelling in found {
        shorter(&spelling, &mut all);
        all.push(spelling);
    }
    all.retain(|spelling| spelling != word);
    all.dedup();
    all.truncate(MOST_SPELLINGS);
    all
}

/// Adds `word` with its drawn-out letters (three or more in a row, or two of a vowel that is never double in usual words) once and
/// twice each.
fn shorter(word: &str, all: &mut Vec<String>) {
    let letters = word.chars().collect::<Vec<_>>();
    let runs = letters.chunk_by(|a, b| a == b);
    let is_drawn_out =
        |run: &[char]| run[0].is_alphabetic() && (run.len() > 2 || run.len() == 2 && matches!(run[0], 'a' | 'i' | 'u'));
    if !runs.clone().any(is_drawn_out) {
        return;
    }
    let mut found = vec![String::new()];
    for run in runs {
        if !is_drawn_out(run) {
            for spelling in &mut found {
                spelling.extend(run);
            }
            continue;
        }
        let twice = if found.len() * 2 > MOST_SPELLINGS {
            Vec::new()
        } else {
            found
                .iter()
                .map(|spelling| format!("{spelling}{0}{0}", run[0]))
                .collect()
        };
        for spelling in &mut found {
            spelling.push(run[0]);
        }
        found.extend(twice);
    }
    all.extend(found);
}

/// Whether `word`, which has blanks in it, may be `form`: the same length, and every letter that is there the same.
pub(super) fn fills(word: &str, form: &str) -> bool {
    let mut letters = form.chars();
    let is_same = word
        .chars()
        .all(|c| letters.next().is_some_and(|letter| is_blank(c) || c == letter));
    is_same && letters.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_have_one_spelling() {
        for (text, folded) in [
            ("Frog", "frog"),
            ("GRENOUILLE", "grenouille"),
            ("Überfrosch", "uberfrosch"),
            ("u\u{308}ber", "uber"),
            ("Groß", "gross"),
            ("ＦＲＯＧ", "frog"),
            ("frog’s", "frog's"),
            ("fr\u{ad}og\u{200b}", "frog"),
            ("лягушка", "лягушка"),
            ("青蛙", "青蛙"),
            ("", ""),
        ] {
            assert_eq!(plain(text), folded, "{text}");
        }
    }

    fn found(text: &str) -> Vec<Vec<String>> {
        let with = |piece: Piece| std::iter::once(piece.plain).chain(piece.disguises).collect();
        pieces(text).into_iter().map(with).collect()
    }

    #[test]
    fn a_disguise_is_undone_where_there_is_a_sign_of_one() {
        for (text, expected) in [
            ("frog", &[&["frog"][..]][..]),
            ("\"Frog!\"", &[&["frog"]]),
            ("(frog's)...", &[&["frog's"]]),
            ("fr0g", &[&["fr0g", "frog"]]),
            ("fr0g$", &[&["fr0g$", "frogs"]]),
            ("1ap", &[&["1ap", "iap", "lap"]]),
            ("frooog", &[&["frooog", "frog", "froog"]]),
            ("froog", &[&["froog"]]),
            ("fruug", &[&["fruug", "frug"]]),
            ("f.r.o.g.", &[&["f.r.o.g", "frog"]]),
            ("f-r-0-g", &[&["f-r-0-g", "frog", "fr0g"]]),
            ("tree-frog", &[&["tree"], &["frog", "treefrog"]]),
            ("tree frog", &[&["tree"], &["frog"]]),
            ("455", &[&["455"]]),
            ("f**g", &[&["f**g"]]),
            ("...", &[]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn blanks_stand_for_one_letter_each() {
        for (word, form, is_same) in [
            ("f**g", "frog", true),
            ("f***", "frog", true),
            ("f**g", "flag", true),
            ("f**g", "frogs", false),
            ("f**", "frog", false),
            ("#rog", "frog", true),
            ("d**g", "frog", false),
        ] {
            assert_eq!(fills(word, form), is_same, "{word} {form}");
        }
    }
}
