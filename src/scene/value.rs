//! Values that are written as text and mean something else: lengths and frame rates.

use crate::media::FrameRate;

/// A length on the program: pixels, or a share of its width or height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Length {
    /// Pixels of the program.
    Pixels(f64),
    /// 1 is the whole width or height.
    Share(f64),
}

/// Lengths beyond this are slips of the hand: four times the largest program, either way.
const LARGEST_PIXELS: f64 = 16_384.0;
const LARGEST_SHARE: f64 = 10.0;

impl Length {
    /// `n` pixels; `None` where that is out of bounds.
    pub fn pixels(n: f64) -> Option<Self> {
        (n.abs() <= LARGEST_PIXELS).then_some(Self::Pixels(n))
    }

    /// `"50%"` or `"320"`; `None` where it is neither, or out of bounds.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_suffix('%') {
            Some(percent) => {
                let share = percent.trim_end().parse::<f64>().ok()? / 100.0;
                (share.abs() <= LARGEST_SHARE).then_some(Self::Share(share))
            }
            None => Self::pixels(text.parse().ok()?),
        }
    }

    /// In pixels, where the whole is `whole` pixels.
    pub fn of(self, whole: u32) -> f64 {
        match self {
            Self::Pixels(pixels) => pixels,
            Self::Share(share) => share * f64::from(whole),
        }
    }
}

/// `"#rgb"`, `"#rgba"`, `"#rrggbb"` or `"#rrggbbaa"`: red, green, blue and opacity.
pub(super) fn parse_color(text: &str) -> Option<[u8; 4]> {
    let digits = text.strip_prefix('#')?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(digits, 16).ok()?;
    // Each of four bits twice: "#f80" is "#ff8800".
    let doubled = |at: u32| ((number >> (4 * at)) & 0xf) * 0x11;
    let whole = match digits.len() {
        3 => doubled(2) << 24 | doubled(1) << 16 | doubled(0) << 8 | 0xff,
        4 => doubled(3) << 24 | doubled(2) << 16 | doubled(1) << 8 | doubled(0),
        6 => number << 8 | 0xff,
        8 => number,
        _ => return None,
    };
    Some(whole.to_be_bytes())
}

/// `30`, `29.97` (taken as 30000/1001, as everybody means it) or `30000/1001`; from 1 to 120 frames per second.
pub(super) fn parse_rate(text: &str) -> Option<FrameRate> {
    let rate = match text.split_once('/') {
        Some((num, den)) => FrameRate::new(num.trim().parse().ok()?, den.trim().parse().ok()?)?,
        None => match text {
            "23.976" | "23.98" => FrameRate::new(24_000, 1001)?,
            "29.97" => FrameRate::new(30_000, 1001)?,
            "59.94" => FrameRate::new(60_000, 1001)?,
            _ => FrameRate::new(text.parse().ok()?, 1)?,
        },
    };
    (1.0..=120.0).contains(&rate.as_f64()).then_some(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_pixels_or_shares() {
        for (text, meant) in [
            ("320", Some(Length::Pixels(320.0))),
            ("-16", Some(Length::Pixels(-16.0))),
            ("50%", Some(Length::Share(0.5))),
            ("33.5 %", Some(Length::Share(0.335))),
            ("-10%", Some(Length::Share(-0.1))),
            ("1001%", None),
            ("20000", None),
            ("NaN", None),
            ("inf%", None),
            ("50px", None),
            ("%", None),
            ("", None),
        ] {
            assert_eq!(Length::parse(text), meant, "{text}");
        }
        assert_eq!(Length::Share(0.5).of(1280).to_bits(), 640.0_f64.to_bits());
    }

    #[test]
    fn colours_have_four_parts() {
        for (text, meant) in [
            ("#00b140", Some([0x00, 0xb1, 0x40, 0xff])),
            ("#00B14080", Some([0x00, 0xb1, 0x40, 0x80])),
            ("#f80", Some([0xff, 0x88, 0x00, 0xff])),
            ("#f808", Some([0xff, 0x88, 0x00, 0x88])),
            ("00b140", None),
            ("#00b14", None),
            ("#+0b140", None),
            ("#ééé", None),
            ("green", None),
            ("#", None),
            ("", None),
        ] {
            assert_eq!(parse_color(text), meant, "{text}");
        }
    }

    #[test]
    fn rates_are_whole_or_fractions() {
        for (text, meant) in [
            ("30", FrameRate::new(30, 1)),
            ("30000/1001", FrameRate::new(30_000, 1001)),
            ("29.97", FrameRate::new(30_000, 1001)),
            ("25 / 1", FrameRate::new(25, 1)),
            ("0", None),
            ("121", None),
            ("1/2", None),
            ("30/0", None),
            ("12.5", None),
            ("fast", None),
        ] {
            assert_eq!(parse_rate(text), meant, "{text}");
        }
    }
}
