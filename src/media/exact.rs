//! Timestamps to the flick in messages. Elsewhere JSON has milliseconds, which people read; a clearance that is rounded would
//! clear what was not seen, or not clear what was. For `#[serde(with = "exact")]`.

use serde::{Deserialize, Deserializer, Serializer};

use super::time::Timestamp;

/// As a number of flicks.
///
/// # Errors
/// The serializer's own.
pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(at.to_flicks())
}

/// From a number of flicks.
///
/// # Errors
/// No whole number.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    i64::deserialize(deserializer).map(Timestamp::from_flicks)
}
