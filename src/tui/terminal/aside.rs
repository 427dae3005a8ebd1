//! What is told to a terminal besides the screen: its bell, and a text for the clipboard of whoever sits at it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// BEL (ECMA-48 8.3.3).
pub const BELL: &[u8] = b"\x07";

/// Puts a text into the clipboard of the terminal, if it lets us: OSC 52 of xterm's ctlseqs. It goes through SSH to where the
/// operator is.
#[must_use]
pub fn clipboard(text: &str) -> Vec<u8> {
    format!("\x1b]52;c;{}\x1b\\", STANDARD.encode(text)).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_goes_as_base64() {
        assert_eq!(clipboard("take \"two shot\""), b"\x1b]52;c;dGFrZSAidHdvIHNob3Qi\x1b\\");
    }
}
