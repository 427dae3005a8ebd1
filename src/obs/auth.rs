//! The password, which never crosses the wire (protocol.md, "Creating an authentication string").
//!
//! What the client sends is `base64(sha256(base64(sha256(password + salt)) + challenge))`: it holds for this connection alone.

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::secret::Secret;

/// What one connection is asked for.
#[derive(Clone, Debug)]
pub struct Challenge {
    salt: String,
    challenge: String,
    expected: Secret,
}

impl Challenge {
    /// Asks for `password`. Salt and challenge are texts that nobody can foretell.
    #[must_use]
    pub fn new(password: &Secret, salt: String, challenge: String) -> Self {
        let expected = Secret::new(answer(password.expose(), &salt, &challenge));
        Self {
            salt,
            challenge,
            expected,
        }
    }

    /// For `Hello`.
    #[must_use]
    pub fn salt(&self) -> &str {
        &self.salt
    }

    /// For `Hello`.
    #[must_use]
    pub fn challenge(&self) -> &str {
        &self.challenge
    }

    /// Whether `given` comes of the password. Takes a time that tells nothing of how much of it is right.
    #[must_use]
    pub fn is_met_by(&self, given: &str) -> bool {
        let expected = self.expected.expose().as_bytes();
        let given = given.as_bytes();
        let mut difference = expected.len() ^ given.len();
        for (at, byte) in expected.iter().enumerate() {
            difference |= usize::from(*byte ^ given.get(at).copied().unwrap_or_default());
        }
        black_box(difference) == 0
    }
}

/// What a client sends that knows the password.
#[must_use]
pub fn answer(password: &str, salt: &str, challenge: &str) -> String {
    let hash = |one: &str, two: &str| STANDARD.encode(Sha256::new().chain_update(one).chain_update(two).finalize());
    hash(&hash(password, salt), challenge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The figures of protocol.md.
    const SALT: &str = "lM1GncleQOaCu9lT1yeUZhFYnqhsLLP1G5lAGo3ixaI=";
    const CHALLENGE: &str = "+IxH4CnCiqpX1rM9scsNynZzbOe4KhDeYcTNS3PDaeY=";

    #[test]
    fn the_right_password_alone_is_right() {
        // Made by: printf %s "supersecretpassword$SALT" | openssl dgst -sha256 -binary | base64, and again with the challenge.
        let right = "1Ct943GAT+6YQUUX47Ia/ncufilbe6+oD6lY+5kaCu4=";
        assert_eq!(answer("supersecretpassword", SALT, CHALLENGE), right);
        let asked = Challenge::new(&Secret::new("supersecretpassword"), SALT.into(), CHALLENGE.into());
        assert!(asked.is_met_by(right));
        assert!(!asked.is_met_by(&answer("Supersecretpassword", SALT, CHALLENGE)));
        assert!(!asked.is_met_by(""));
        assert!(!format!("{asked:?}").contains(right));
    }

    proptest! {
        #[test]
        fn nothing_else_is(given in ".{0,60}") {
            let asked = Challenge::new(&Secret::new("p"), SALT.into(), CHALLENGE.into());
            prop_assert!(!asked.is_met_by(&given));
            let right = answer("p", SALT, CHALLENGE);
            let (longer, shorter) = (format!("{right}{given}x"), &right[..right.len() - 1]);
            prop_assert!(!asked.is_met_by(&longer) && !asked.is_met_by(shorter));
        }
    }
}
