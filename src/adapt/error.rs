//! What can be wrong with a policy.

use thiserror::Error;

/// What is wrong with a policy, and where.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{reason}")]
pub struct PolicyError {
    /// The key of its file that is concerned.
    pub key: &'static str,
    /// What is wrong, in words.
    pub reason: String,
}
