//! The head of a model file of whisper.cpp: looked at before whisper.cpp sees it, which throws when it believes a wrong number and takes the process with it.
//!
//! All numbers are 32 bits, little endian: the magic, eleven sizes, the mel filters (bands, bins, and as many floats), the vocabulary (how many
//! words, and each with its length), then the weights, whose number whisper.cpp checks itself.

use std::io::Read;
use std::ops::RangeInclusive;

/// "ggml", read as a number.
pub(super) const MAGIC: i32 = 0x6767_6d6c;
/// The sizes, in the order of the file, and what the models there are (tiny to large, all versions) leave room for.
const SIZES: [(&str, RangeInclusive<i32>); 11] = [
    ("vocabulary", 51_864..=51_900),
    ("encoder places", 100..=1500),
    ("encoder width", 64..=2048),
    ("encoder heads", 1..=64),
    ("encoder layers", 1..=64),
    ("decoder places", 64..=448),
    ("decoder width", 64..=2048),
    ("decoder heads", 1..=64),
    ("decoder layers", 1..=64),
    ("mel bands", 80..=128),
    // The type of the weights, and above 1000 the version of its format.
    ("type", 0..=9_999),
];
/// Bins of a spectrum, which the mel filters are made for.
const BINS: i32 = 201;
/// Longest word of a vocabulary, in bytes.
const LONGEST_WORD: i32 = 1024;
/// Words that whisper.cpp takes for granted.
const NEEDED: [&[u8]; 3] = [b" ", b" -", b" '"];

fn number(from: &mut impl Read) -> Result<i32, String> {
    let mut bytes = [0; 4];
    from.read_exact(&mut bytes).map_err(|error| error.to_string())?;
    Ok(i32::from_le_bytes(bytes))
}

fn number_in(from: &mut impl Read, what: &str, range: &RangeInclusive<i32>) -> Result<i32, String> {
    let value = number(from)?;
    if range.contains(&value) {
        Ok(value)
    } else {
        Err(format!(
            "{what}: {value} is not from {} to {}",
            range.start(),
            range.end()
        ))
    }
}

fn skip(from: &mut impl Read, bytes: u64) -> Result<(), String> {
    let skipped = std::io::copy(&mut from.take(bytes), &mut std::io::sink()).map_err(|error| error.to_string())?;
    if skipped == bytes {
        Ok(())
    } else {
        Err("it ends too early".to_owned())
    }
}

/// Reads up to where the weights begin.
///
/// # Errors
/// What whisper.cpp would stumble over.
pub(super) fn check(from: &mut impl Read) -> Result<(), String> {
    if number(from)? != MAGIC {
        return Err("it does not begin as a model of whisper.cpp does".to_owned());
    }
    let mut sizes = [0; SIZES.len()];
    for (size, (what, range)) in sizes.iter_mut().zip(&SIZES) {
        *size = number_in(from, what, range)?;
    }
    let [vocabulary, _, width, heads, _, _, text_width, text_heads, _, bands, _] = sizes;
    if width != text_width || width % heads != 0 || width % text_heads != 0 {
        return Err("its widths and heads do not go together".to_owned());
    }
    number_in(from, "mel filters", &(bands..=bands))?;
    number_in(from, "bins", &(BINS..=BINS))?;
    skip(from, u64::from((bands * BINS).unsigned_abs()) * 4)?;
    let mut has = NEEDED.map(|_| false);
    for _ in 0..number_in(from, "words", &(1..=vocabulary))? {
        let length = number_in(from, "length of a word", &(0..=LONGEST_WORD))?;
        let mut word = [0; LONGEST_WORD as usize];
        let word = &mut word[..length as usize];
        from.read_exact(word).map_err(|error| error.to_string())?;
        for (has, needed) in has.iter_mut().zip(NEEDED) {
            *has |= word == needed;
        }
    }
    if has.contains(&false) {
        return Err("its vocabulary has no space, hyphen or apostrophe".to_owned());
    }
    Ok(())
}

/// A model as whisper.cpp's own tests use it: the shape of one, and no weights. It loads and runs, and what it hears is nonsense.
#[cfg(test)]
pub(super) fn stub() -> Vec<u8> {
    let numbers = |numbers: &[i32]| {
        numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect::<Vec<_>>()
    };
    let mut bytes = numbers(&[MAGIC, 51_864, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1, 80, BINS]);
    bytes.extend(std::iter::repeat_n(0.01_f32.to_le_bytes(), 80 * 201).flatten());
    bytes.extend(numbers(&[50_257]));
    for word in 0..50_257_usize {
        let word = NEEDED
            .get(word)
            .map_or_else(|| format!(" w{word}").into_bytes(), |word| word.to_vec());
        bytes.extend(numbers(&[word.len() as i32]));
        bytes.extend(word);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static STUB: LazyLock<Vec<u8>> = LazyLock::new(stub);

    #[test]
    fn a_model_passes_and_what_is_cut_off_does_not() {
        let stub = &*STUB;
        assert_eq!(check(&mut stub.as_slice()), Ok(()));
        for length in [0, 3, 4, 20, 48, 56, 1000, 64_376, 64_380, stub.len() - 1] {
            assert!(check(&mut &stub[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let with = |at: usize, value: i32| {
            let mut bytes = STUB.clone();
            bytes[at * 4..at * 4 + 4].copy_from_slice(&value.to_le_bytes());
            check(&mut bytes.as_slice()).unwrap_err()
        };
        assert!(with(0, 7).contains("does not begin"));
        assert_eq!(with(1, -1), "vocabulary: -1 is not from 51864 to 51900");
        assert!(with(4, 5).contains("do not go together"));
        assert!(with(12, 81).contains("mel filters"));
        assert!(with(14 + 80 * 201, i32::MAX).contains("words"));
        assert!(with(15 + 80 * 201, i32::MAX).contains("length of a word"));
        let mut bytes = STUB.clone();
        // The first word: the space.
        bytes[(16 + 80 * 201) * 4] = b'x';
        assert!(check(&mut bytes.as_slice()).unwrap_err().contains("no space"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_model_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0..64_400_usize) {
            let _ = check(&mut bytes.as_slice());
            let mut model = STUB[..at + bytes.len() + 2000].to_vec();
            model[at..at + bytes.len()].copy_from_slice(&bytes);
            prop_assert!(check(&mut model.as_slice()).is_err(), "it is cut off");
        }
    }
}
