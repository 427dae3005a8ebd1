//! Code 128 (ISO/IEC 15417): characters of three bars and three spaces, eleven modules wide, in three code sets, with a check
//! character.

use super::CodeKind;
use super::bars::Read;

/// Widths of the characters 0 to 105, a digit for each run, dark first.
const CHARACTERS: [u32; 106] = [
    212_222, 222_122, 222_221, 121_223, 121_322, 131_222, 122_213, 122_312, 132_212, 221_213, 221_312, 231_212,
    112_232, 122_132, 122_231, 113_222, 123_122, 123_221, 223_211, 221_132, 221_231, 213_212, 223_112, 312_131,
    311_222, 321_122, 321_221, 312_212, 322_112, 322_211, 212_123, 212_321, 232_121, 111_323, 131_123, 131_321,
    112_313, 132_113, 132_311, 211_313, 231_113, 231_311, 112_133, 112_331, 132_131, 113_123, 113_321, 133_121,
    313_121, 211_331, 231_131, 213_113, 213_311, 213_131, 311_123, 311_321, 331_121, 312_113, 312_311, 332_111,
    314_111, 221_411, 431_111, 111_224, 111_422, 121_124, 121_421, 141_122, 141_221, 112_214, 112_412, 122_114,
    122_411, 142_112, 142_211, 241_211, 221_114, 413_111, 241_112, 134_111, 111_242, 121_142, 121_241, 114_212,
    124_112, 124_211, 411_212, 421_112, 421_211, 212_141, 214_121, 412_121, 111_143, 111_341, 131_141, 114_113,
    114_311, 411_113, 411_311, 113_141, 114_131, 311_141, 411_131, 211_412, 211_214, 211_232,
];

const START_A: u8 = 103;
const START_C: u8 = 105;

/// Widths of the stop character: seven runs.
const STOP: [u8; 7] = [2, 3, 3, 1, 1, 1, 2];

/// The most characters that are read.
const MOST: usize = 80;

/// How far, in modules, the widths of a character may be off together.
const SLACK: f32 = 2.2;

/// Reads the runs that begin here, the first of them dark.
pub(super) fn read(runs: &[f32], quiet: f32) -> Option<Read> {
    // Two modules of the start, of which all three begin with 2 1 1 or 2 1 1.
    let module = runs[..6].iter().sum::<f32>() / 11.0;
    if module < 0.9 || quiet < 4.0 * module || !(1.3..2.8).contains(&(runs[0] / module)) {
        return None;
    }
    let start = character(&runs[..6], module).filter(|start| (START_A..=START_C).contains(start))?;
    let mut values = [0_u8; MOST];
    let mut count = 0;
    let mut at = 6;
    loop {
        let next = runs.get(at..at + 6)?;
        // A character is as wide as the one before it, or nearly.
        if let Some(stop) = runs.get(at..at + 7)
            && is_stop(stop, module)
        {
            break;
        }
        *values.get_mut(count)? = character(next, module)?;
        count += 1;
        at += 6;
    }
    let (check, values) = values[..count].split_last()?;
    let weighted = (1..).zip(values).map(|(weight, value)| weight * u32::from(*value));
    if values.is_empty() || (u32::from(start) + weighted.sum::<u32>()) % 103 != u32::from(*check) {
        return None;
    }
    Some(Read {
        kind: CodeKind::Code128,
        text: text(start, values),
        runs: at + 7,
    })
}

fn is_stop(runs: &[f32], module: f32) -> bool {
    let widths = STOP.iter().map(|width| f32::from(*width));
    runs.iter()
        .zip(widths)
        .map(|(run, width)| (run / module - width).abs())
        .sum::<f32>()
        < SLACK * 1.2
}

fn character(runs: &[f32], module: f32) -> Option<u8> {
    let sum: f32 = runs.iter().sum();
    if !(8.5..13.5).contains(&(sum / module)) {
        return None;
    }
    let mut best = (0, SLACK);
    for (value, widths) in CHARACTERS.iter().enumerate() {
        let mut error = 0.0;
        let mut rest = *widths;
        for run in runs.iter().rev() {
            error += (run * 11.0 / sum - (rest % 10) as f32).abs();
            rest /= 10;
        }
        if error < best.1 {
            best = (value as u8, error);
        }
    }
    (best.1 < SLACK).then_some(best.0)
}

/// What characters say, without those that only switch or shift.
fn text(start: u8, values: &[u8]) -> String {
    let mut set = start;
    let mut shift = false;
    let mut text = String::new();
    for value in values {
        let now = match (set, shift) {
            (START_A, true) => START_A + 1,
            (START_C, _) => START_C,
            (_, true) => START_A,
            (set, false) => set,
        };
        shift = false;
        match (now, value) {
            (START_C, 0..=99) => text.extend([value / 10, value % 10].map(|digit| char::from(b'0' + digit))),
            (_, 101) if now != START_A => set = START_A,
            (_, 100) if now != START_A + 1 => set = START_A + 1,
            (_, 99) if now != START_C => set = START_C,
            (START_A, 0..=63) | (104, 0..=95) => text.push(char::from(value + 32)),
            (START_A, 64..=95) => text.push(char::from(value - 64)),
            (_, 98) => shift = true,
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_eleven_modules_and_no_two_are_alike() {
        let mut seen = std::collections::BTreeSet::new();
        for widths in CHARACTERS {
            let digits: u32 = widths.to_string().bytes().map(|digit| u32::from(digit - b'0')).sum();
            assert_eq!(digits, 11, "{widths}");
            assert!(seen.insert(widths));
        }
    }

    #[test]
    fn code_sets_switch_and_shift() {
        for (start, values, expected) in [
            (104, &[50, 73, 71][..], "Rig"),
            (105, &[20, 26, 100, 33], "2026A"),
            (103, &[33, 98, 65, 33], "AaA"),
            (104, &[33, 99, 7], "A07"),
        ] {
            assert_eq!(text(start, values), expected, "{values:?}");
        }
    }
}
