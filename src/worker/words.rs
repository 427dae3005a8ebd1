//! How a worker speaks to people: lines on its standard error, which the studio passes on and remembers the last of.

use std::io::Write;

/// Writes a line where the studio listens.
pub(super) fn complain(text: &str) {
    // The studio may be gone, and then nobody is left to tell.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
