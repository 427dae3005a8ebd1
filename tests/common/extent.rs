//! How much of a long test runs.

/// `full` where `RIGCAST_TESTS=full` is set, otherwise `brief`: every kind of thing once, in the time that a developer and
/// the gate have. What the project promises of whole hours and thousands of pictures is shown by the full run.
pub fn extent<T>(brief: T, full: T) -> T {
    let is_full = std::env::var_os("RIGCAST_TESTS").is_some_and(|word| word == "full");
    if is_full { full } else { brief }
}
