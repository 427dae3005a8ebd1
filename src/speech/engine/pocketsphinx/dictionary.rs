//! How words are said: the pronouncing dictionary of the model, read for the words that matter.
//!
//! A line of it is `word S OU N D S`; further ways to say the same word are `word(2) …`. It is read once, and nothing of it is kept but
//! what was asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};

/// The sounds of the model, ARPAbet without stress.
const SOUNDS: [&str; 39] = [
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH", "K",
    "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
];

/// Most sounds that a phrase is said with. The longest word of the dictionary has 32.
const MOST_SOUNDS: usize = 64;
/// Most ways to say one phrase that are listened for.
const MOST_WAYS: usize = 12;
/// Longest line of a dictionary, in bytes.
const LONGEST_LINE: u64 = 4096;

/// The words that were looked up, each with the ways to say it.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    words: BTreeMap<String, Vec<String>>,
}

impl Dictionary {
    /// Reads what `file` has of `wanted`, which are in lower case.
    pub(super) fn read(file: impl BufRead, wanted: &BTreeSet<String>) -> io::Result<Self> {
        let mut words: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut file = file;
        let mut line = Vec::new();
        loop {
            line.clear();
            if io::Read::take(&mut file, LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
                return Ok(Self { words });
            }
            let Ok(text) = std::str::from_utf8(&line) else { continue };
            let Some((word, sounds)) = text.split_once(char::is_whitespace) else {
                continue;
            };
            let word = word.split('(').next().unwrap_or(word);
            if let Some(word) = wanted.get(word) {
                let sounds = sounds.split_whitespace().collect::<Vec<_>>().join(" ");
                words.entry(word.clone()).or_default().push(sounds);
            }
        }
    }

    /// The ways to say `word`, which is in lower case; none for a word that it does not have.
    pub(super) fn ways(&self, word: &str) -> &[String] {
        self.words.get(word).map_or(&[], Vec::as_slice)
    }

    /// The ways to say a phrase: each of its words in each of its ways.
    ///
    /// # Errors
    /// The first word that is not in the dictionary.
    pub(super) fn ways_of_phrase(&self, phrase: &str) -> Result<Vec<String>, String> {
        let mut ways = vec![String::new()];
        for word in phrase.to_lowercase().split_whitespace() {
            let found = self.ways(word);
            if found.is_empty() {
                return Err(word.to_owned());
            }
            let longer = ways.iter().flat_map(|start| {
                found
                    .iter()
                    .map(move |sounds| format!("{start} {sounds}").trim_start().to_owned())
            });
            ways = longer.take(MOST_WAYS).collect();
        }
        Ok(ways)
    }
}

/// Sounds as an operator wrote them: ARPAbet, ways separated by `|`, stress marks taken off.
///
/// # Errors
/// What is wrong with them.
pub(super) fn read_say(say: &str) -> Result<Vec<String>, String> {
    let mut ways = Vec::new();
    for way in say.split('|') {
        let mut sounds = Vec::new();
        for written in way.split_whitespace() {
            let sound = written.trim_end_matches(['0', '1', '2']).to_uppercase();
            if !SOUNDS.contains(&sound.as_str()) {
                return Err(format!("\"{written}\" is no sound; there are {}", SOUNDS.join(" ")));
            }
            sounds.push(sound);
        }
        if sounds.is_empty() {
            return Err("a way to say it is empty".to_owned());
        }
        if sounds.len() > MOST_SOUNDS {
            return Err(format!(
                "{} sounds; at most {MOST_SOUNDS} can be listened for",
                sounds.len()
            ));
        }
        ways.push(sounds.join(" "));
    }
    if ways.len() > MOST_WAYS {
        return Err(format!(
            "{} ways to say it; at most {MOST_WAYS} can be listened for",
            ways.len()
        ));
    }
    Ok(ways)
}

/// Sounds that speakers of other accents make instead: the American's and the Briton's mostly.
const ACCENTS: [(&str, &str); 6] = [
    ("AE", "AA"),
    ("ER", "AH"),
    ("AO", "AA"),
    ("AA", "AO"),
    ("AH", "UH"),
    ("AA R", "AA"),
];

/// How `sounds` may be said in other accents: each exchange alone, and all of them together.
pub(super) fn accents(sounds: &str) -> Vec<String> {
    let exchange = |sounds: &str, (from, to): (&str, &str)| {
        let padded = format!(" {sounds} ").replace(&format!(" {from} "), &format!(" {to} "));
        padded.trim().to_owned()
    };
    let mut found: Vec<String> = ACCENTS.iter().map(|pair| exchange(sounds, *pair)).collect();
    found.push(
        ACCENTS[..2]
            .iter()
            .fold(sounds.to_owned(), |sounds, pair| exchange(&sounds, *pair)),
    );
    found.retain(|other| other != sounds);
    found.dedup();
    found
}

/// Words that may be inflected forms of `word`, in lower case: whether there are such words is for the dictionary to say.
pub(super) fn inflected(word: &str) -> Vec<String> {
    let mut forms: Vec<String> = ["s", "es", "'s", "ed", "d", "ing", "er", "ers", "y", "in'"]
        .iter()
        .map(|end| format!("{word}{end}"))
        .collect();
    if let Some(stem) = word.strip_suffix('e') {
        forms.extend(["ing", "y"].map(|end| format!("{stem}{end}")));
    }
    if let Some(stem) = word.strip_suffix('y') {
        forms.extend(["ies", "ied", "ier"].map(|end| format!("{stem}{end}")));
    }
    let is_vowel = |c: char| "aeiou".contains(c);
    let mut backwards = word.chars().rev();
    if let (Some(last), Some(before)) = (backwards.next(), backwards.next())
        && !is_vowel(last)
        && is_vowel(before)
    {
        forms.extend(["ed", "ing", "er", "ers", "y"].map(|end| format!("{word}{last}{end}")));
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str =
        "crap K R AE P\ncraps K R AE P S\ncrapped K R AE P T\nread R EH D\nread(2) R IY D\nthe DH AH\nthe(2) DH IY\n";

    fn dictionary(wanted: &[&str]) -> Dictionary {
        let wanted = wanted.iter().map(|word| (*word).to_owned()).collect();
        Dictionary::read(TEXT.as_bytes(), &wanted).unwrap()
    }

    #[test]
    fn a_phrase_is_said_in_all_ways_of_its_words() {
        let dictionary = dictionary(&["read", "the", "gone"]);
        assert_eq!(dictionary.ways("read"), ["R EH D", "R IY D"]);
        assert!(dictionary.ways("crap").is_empty(), "it was not asked for");
        let ways = dictionary.ways_of_phrase("Read the").unwrap();
        assert_eq!(ways, ["R EH D DH AH", "R EH D DH IY", "R IY D DH AH", "R IY D DH IY"]);
        assert_eq!(dictionary.ways_of_phrase("read gone"), Err("gone".to_owned()));
    }

    #[test]
    fn inflected_forms_are_guessed() {
        let has = |word: &str, form: &str| assert!(inflected(word).contains(&form.to_owned()), "{word} → {form}");
        has("crap", "crapped");
        has("crap", "crappy");
        has("bitch", "bitches");
        has("bloody", "bloodied");
        has("whore", "whoring");
    }

    #[test]
    fn accents_exchange_whole_sounds() {
        let found = accents("B AE S T ER D");
        assert_eq!(found, ["B AA S T ER D", "B AE S T AH D", "B AA S T AH D"]);
        assert!(accents("SH IH T").is_empty());
    }

    #[test]
    fn sounds_are_checked() {
        assert_eq!(read_say("k R ae1 P | K R AA P").unwrap(), ["K R AE P", "K R AA P"]);
        assert!(read_say("K R Q").unwrap_err().contains("\"Q\" is no sound"));
        assert!(read_say("K |").unwrap_err().contains("empty"));
        assert!(read_say(&"K ".repeat(65)).unwrap_err().contains("65 sounds"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_dictionary(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let wanted = ["a".to_owned()].into();
            prop_assert!(Dictionary::read(bytes.as_slice(), &wanted).is_ok());
        }

        #[test]
        fn any_text_may_be_said_or_refused(text in ".{0,200}") {
            let _ = read_say(&text);
            let _ = inflected(&text);
        }
    }
}
