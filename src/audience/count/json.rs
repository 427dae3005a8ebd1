//! Any JSON, by a pointer (RFC 6901) to the count: a number, a number written as text (as YouTube's API does), or a list with an
//! entry for each viewer.

use serde_json::Value;

use super::{CountError, json_error};

pub(super) fn viewers(answer: &[u8], pointer: &str) -> Result<u64, CountError> {
    let answer: Value = serde_json::from_slice(answer).map_err(|error| json_error(&error, "a server"))?;
    let value = answer.pointer(pointer).ok_or_else(|| CountError::Nothing {
        pointer: pointer.to_owned(),
    })?;
    let no_count = |found: &'static str| CountError::NoCount {
        pointer: pointer.to_owned(),
        found,
    };
    match value {
        Value::Number(number) => number
            .as_u64()
            .or_else(|| number.as_f64().and_then(whole))
            .ok_or_else(|| no_count("a number that counts nothing")),
        Value::String(text) => text.trim().parse().map_err(|_| no_count("a text")),
        Value::Array(entries) => Ok(entries.len() as u64),
        Value::Object(_) => Err(no_count("an object")),
        Value::Bool(_) => Err(no_count("true or false")),
        Value::Null => Err(no_count("null")),
    }
}

/// What lies between whole numbers is an average of somebody's; half a viewer is none.
fn whole(number: f64) -> Option<u64> {
    /// 2⁵³: up to here every whole number is one.
    const MOST: f64 = 9_007_199_254_740_992.0;
    (0.0..=MOST).contains(&number).then_some(number as u64)
}
