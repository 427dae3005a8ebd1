//! EAN-13, EAN-8, UPC-A and UPC-E (ISO/IEC 15420): digits of two bars and two spaces, seven modules wide.
//!
//! Each digit is told by its whole widths, of 1 to 4 modules. UPC-A is an EAN-13 that begins with 0 and is told as that.

use super::CodeKind;
use super::bars::Read;

/// Widths of the digits of set A, light first; set B is their mirror image, set C has the same widths dark first.
const DIGITS: [[u8; 4]; 10] = [
    [3, 2, 1, 1],
    [2, 2, 2, 1],
    [2, 1, 2, 2],
    [1, 4, 1, 1],
    [1, 1, 3, 2],
    [1, 2, 3, 1],
    [1, 1, 1, 4],
    [1, 3, 1, 2],
    [1, 2, 1, 3],
    [3, 1, 1, 2],
];

/// Which of six digits are of set B, the first highest, by the digit that this stands for (table 3).
const PARITIES: [u8; 10] = [
    0b00_0000, 0b00_1011, 0b00_1101, 0b00_1110, 0b01_0011, 0b01_1001, 0b01_1100, 0b01_0101, 0b01_0110, 0b01_1010,
];

/// How far, in modules, the four widths of a digit may be off together.
const SLACK: f32 = 1.6;

/// Reads the runs that begin here, the first of them dark.
pub(super) fn read(runs: &[f32], quiet: f32) -> Option<Read> {
    // Both guards are three modules, each run one.
    let guard = runs[0] + runs[1] + runs[2];
    if !are_ones(&runs[..3], guard / 3.0) || quiet < guard {
        return None;
    }
    ean13(runs).or_else(|| ean8(runs)).or_else(|| upc_e(runs))
}

fn ean13(runs: &[f32]) -> Option<Read> {
    let module = module_of(runs, 59, 95)?;
    if !are_ones(&runs[27..32], module) || !are_ones(&runs[56..59], module) {
        return None;
    }
    let mut digits = [0; 13];
    let mut parity = 0;
    for at in 0..6 {
        let (digit, is_b) = left_digit(&runs[3 + 4 * at..], module)?;
        digits[at + 1] = digit;
        parity = parity << 1 | u8::from(is_b);
        digits[at + 7] = digit_of(&runs[32 + 4 * at..], module, false)?;
    }
    digits[0] = PARITIES.iter().position(|known| *known == parity)? as u8;
    has_check(&digits).then(|| told(CodeKind::Ean13, &digits, 59))
}

fn ean8(runs: &[f32]) -> Option<Read> {
    let module = module_of(runs, 43, 67)?;
    if !are_ones(&runs[19..24], module) || !are_ones(&runs[40..43], module) {
        return None;
    }
    let mut digits = [0; 8];
    for at in 0..4 {
        digits[at] = digit_of(&runs[3 + 4 * at..], module, false)?;
        digits[at + 4] = digit_of(&runs[24 + 4 * at..], module, false)?;
    }
    has_check(&digits).then(|| told(CodeKind::Ean8, &digits, 43))
}

/// UPC-E: six digits whose sets say the check digit of the UPC-A that they stand for (annex on zero suppression).
fn upc_e(runs: &[f32]) -> Option<Read> {
    let module = module_of(runs, 33, 51)?;
    if !are_ones(&runs[27..33], module) {
        return None;
    }
    let mut six = [0; 6];
    let mut parity = 0;
    for (at, out) in six.iter_mut().enumerate() {
        let (digit, is_b) = left_digit(&runs[3 + 4 * at..], module)?;
        *out = digit;
        parity = parity << 1 | u8::from(is_b);
    }
    // For number system 0 the first digit is of set B where EAN-13 has set A; number system 1 is the other way round.
    let (system, check) = (0..2).find_map(|system: u8| {
        let wanted = if system == 0 { !parity & 0x3f } else { parity };
        PARITIES
            .iter()
            .position(|known| *known == wanted)
            .map(|check| (system, check as u8))
    })?;
    let [a, b, c, d, e, last] = six;
    let body = match last {
        0..=2 => [a, b, last, 0, 0, 0, 0, c, d, e],
        3 => [a, b, c, 0, 0, 0, 0, 0, d, e],
        4 => [a, b, c, d, 0, 0, 0, 0, 0, e],
        _ => [a, b, c, d, e, 0, 0, 0, 0, last],
    };
    let mut whole = [0; 12];
    whole[0] = system;
    whole[1..11].copy_from_slice(&body);
    whole[11] = check;
    if !has_check(&whole) {
        return None;
    }
    told(CodeKind::UpcE, &[system, a, b, c, d, e, last, check], 33).into()
}

fn told(kind: CodeKind, digits: &[u8], runs: usize) -> Read {
    Read {
        kind,
        text: digits.iter().map(|digit| char::from(b'0' + digit)).collect(),
        runs,
    }
}

/// The width of a module where so many runs are so many modules.
fn module_of(runs: &[f32], count: usize, modules: usize) -> Option<f32> {
    let module = runs.get(..count)?.iter().sum::<f32>() / modules as f32;
    (module > 0.9 && (0.4..1.9).contains(&(runs[0] / module))).then_some(module)
}

fn are_ones(runs: &[f32], module: f32) -> bool {
    runs.iter().all(|run| (0.35..1.85).contains(&(run / module)))
}

/// A digit of the left half, and whether it is of set B.
fn left_digit(runs: &[f32], module: f32) -> Option<(u8, bool)> {
    let a = nearest(runs, module, false);
    let b = nearest(runs, module, true);
    let (digit, error, is_b) = if a.1 <= b.1 {
        (a.0, a.1, false)
    } else {
        (b.0, b.1, true)
    };
    (error < SLACK).then_some((digit, is_b))
}

fn digit_of(runs: &[f32], module: f32, is_mirrored: bool) -> Option<u8> {
    let (digit, error) = nearest(runs, module, is_mirrored);
    (error < SLACK).then_some(digit)
}

/// The digit whose widths are the nearest, and by how many modules they are off.
fn nearest(runs: &[f32], module: f32, is_mirrored: bool) -> (u8, f32) {
    // Digits are seven modules wide, whatever the perspective.
    let sum: f32 = runs[..4].iter().sum();
    let scale = if (5.0..9.0).contains(&(sum / module)) {
        7.0 / sum
    } else {
        1.0 / module
    };
    let mut best = (0, f32::INFINITY);
    for (digit, widths) in DIGITS.iter().enumerate() {
        let error = |(run, width): (&f32, &u8)| (run * scale - f32::from(*width)).abs();
        let error: f32 = if is_mirrored {
            runs[..4].iter().zip(widths.iter().rev()).map(error).sum()
        } else {
            runs[..4].iter().zip(widths).map(error).sum()
        };
        if error < best.1 {
            best = (digit as u8, error);
        }
    }
    best
}

/// Whether the last digit checks the others: from the right they count once and three times in turn.
fn has_check(digits: &[u8]) -> bool {
    let weighted = digits.iter().rev().zip([1, 3].into_iter().cycle());
    weighted.map(|(digit, weight)| u32::from(*digit) * weight).sum::<u32>() % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits() {
        for (digits, expected) in [
            ("5901234123457", true),
            ("5901234123458", false),
            ("96385074", true),
            ("036000291452", true),
            ("063000291452", false),
        ] {
            let digits: Vec<u8> = digits.bytes().map(|byte| byte - b'0').collect();
            assert_eq!(has_check(&digits), expected, "{digits:?}");
        }
    }
}
