//! Code 39 (ISO/IEC 16388): characters of five bars and four spaces, three of the nine wide, between asterisks.

use super::CodeKind;
use super::bars::Read;

/// The characters, in the order of [`PATTERNS`].
const ALPHABET: &[u8; 43] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";

/// Which of nine runs are wide, the first highest.
const PATTERNS: [u16; 43] = [
    0x034, 0x121, 0x061, 0x160, 0x031, 0x130, 0x070, 0x025, 0x124, 0x064, 0x109, 0x049, 0x148, 0x019, 0x118, 0x058,
    0x00d, 0x10c, 0x04c, 0x01c, 0x103, 0x043, 0x142, 0x013, 0x112, 0x052, 0x007, 0x106, 0x046, 0x016, 0x181, 0x0c1,
    0x1c0, 0x091, 0x190, 0x0d0, 0x085, 0x184, 0x0c4, 0x0a8, 0x0a2, 0x08a, 0x02a,
];

/// The asterisk at both ends.
const ASTERISK: u16 = 0x094;

/// Fewer characters than this are no code: there is no check character to trust.
const FEWEST: usize = 3;

/// The most characters that are read.
const MOST: usize = 80;

/// Reads the runs that begin here, the first of them dark.
pub(super) fn read(runs: &[f32], quiet: f32) -> Option<Read> {
    let first = runs.get(..9)?;
    // By how much blur and threshold have made all bars wider and all spaces narrower: the narrow ones of an asterisk say it.
    let (bars, spaces) = (first[0] + first[2] + first[8], first[3] + first[5] + first[7]);
    let spread = (bars - spaces) / 6.0;
    if spread.abs() > (bars + spaces) / 10.0 || pattern(first, spread)? != ASTERISK {
        return None;
    }
    let width: f32 = first.iter().sum();
    // The narrowest are a thirteenth to a sixteenth of it.
    if width < 14.0 || quiet < width * 0.3 {
        return None;
    }
    let mut text = String::new();
    let mut at = 10;
    loop {
        let runs = runs.get(at..at + 9)?;
        let sum: f32 = runs.iter().sum();
        if !(0.75..1.33).contains(&(sum / width)) {
            return None;
        }
        let pattern = pattern(runs, spread)?;
        at += 10;
        if pattern == ASTERISK {
            break;
        }
        let value = PATTERNS.iter().position(|known| *known == pattern)?;
        text.push(char::from(ALPHABET[value]));
        if text.len() > MOST {
            return None;
        }
    }
    (text.len() >= FEWEST).then(|| Read {
        kind: CodeKind::Code39,
        text,
        runs: at - 1,
    })
}

/// Which of nine runs are wide, where it is clear that three are; bars have been spread by so much on both sides together.
fn pattern(runs: &[f32], spread: f32) -> Option<u16> {
    let run = |at: usize| {
        if at.is_multiple_of(2) {
            runs[at] - spread
        } else {
            runs[at] + spread
        }
    };
    let runs: [f32; 9] = std::array::from_fn(run);
    let mut sorted = runs;
    sorted.sort_unstable_by(f32::total_cmp);
    let (narrow, wide) = (sorted[5], sorted[6]);
    // Wide runs are two to three times as wide as narrow ones.
    if wide < 1.35 * narrow || sorted[8] > 2.2 * wide || narrow > 3.0 * sorted[0].max(0.5) {
        return None;
    }
    let middle = f32::midpoint(narrow, wide);
    Some(runs.iter().fold(0, |bits, run| bits << 1 | u16::from(*run > middle)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_has_three_wide_runs_and_no_two_are_alike() {
        let mut seen = std::collections::BTreeSet::from([ASTERISK]);
        for pattern in PATTERNS {
            assert_eq!(pattern.count_ones(), 3, "{pattern:#x}");
            assert!(seen.insert(pattern));
        }
    }
}
