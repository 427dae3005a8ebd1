//! Checks.
pub mod codes;
