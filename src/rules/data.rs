//! Business data: one JSON object, bounded, replaced as a whole or changed by a merge patch (RFC 7396).

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use thiserror::Error;

/// The longest text that data can come as, and the longest that it can be written as.
pub const MAX_BYTES: usize = 64 * 1024;

/// Objects and lists inside each other, the outermost included.
pub const MAX_DEPTH: usize = 8;

/// Values in all, objects and lists included.
pub const MAX_VALUES: usize = 512;

/// A JSON object within these bounds. Copies share it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data(Arc<Map<String, Value>>);

/// Why something is no data. Never quotes what came.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DataError {
    /// Too many bytes.
    #[error("longer than {MAX_BYTES} bytes")]
    Long,
    /// Not JSON at all.
    #[error("{line}:{column}: no JSON: {reason}")]
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// In a few words.
        reason: &'static str,
    },
    /// JSON, but no object.
    #[error("no object but {0}")]
    NoObject(&'static str),
    /// Objects in objects in objects.
    #[error("more than {MAX_DEPTH} objects and lists inside each other")]
    Deep,
    /// More than anybody writes rules about.
    #[error("more than {MAX_VALUES} values")]
    Many,
}

impl Data {
    /// Reads what came from outside.
    ///
    /// # Errors
    /// It is too long, no JSON, no object, too deep, or has too many values.
    pub fn parse(bytes: &[u8]) -> Result<Self, DataError> {
        Self::new(parse_any(bytes)?)
    }

    /// Checks a value.
    ///
    /// # Errors
    /// It is no object, too long, too deep, or has too many values.
    pub fn new(value: Value) -> Result<Self, DataError> {
        let Value::Object(map) = value else {
            return Err(DataError::NoObject(kind(&value)));
        };
        let value = Value::Object(map);
        let mut values = 0;
        count(&value, 1, &mut values)?;
        if length(&value) > MAX_BYTES {
            return Err(DataError::Long);
        }
        let Value::Object(map) = value else {
            return Ok(Self::default());
        };
        Ok(Self(Arc::new(map)))
    }

    /// This with `patch` merged into it (RFC 7396): `null` removes, objects are merged, everything else replaces.
    ///
    /// # Errors
    /// The patch is no JSON object, or what comes of it is out of bounds; nothing changes then.
    pub fn patched(&self, patch: &[u8]) -> Result<Self, DataError> {
        let patch = parse_any(patch)?;
        if !patch.is_object() {
            return Err(DataError::NoObject(kind(&patch)));
        }
        let mut value = self.value();
        merge(&mut value, patch, 0)?;
        Self::new(value)
    }

    /// A copy as a JSON value.
    #[must_use]
    pub fn value(&self) -> Value {
        Value::Object((*self.0).clone())
    }

    /// Its names and values.
    #[must_use]
    pub fn map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What stands at the dotted `path`; see [`find`].
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Value> {
        find(&self.0, path.split('.'))
    }

    /// The same as it is shown to viewers; see [`shown`].
    #[must_use]
    pub fn text(&self, path: &str) -> Option<String> {
        self.find(path).map(shown)
    }

    /// How many values there are that are neither objects nor lists.
    #[must_use]
    pub fn len(&self) -> usize {
        fn leaves(value: &Value) -> usize {
            match value {
                Value::Object(map) => map.values().map(leaves).sum(),
                Value::Array(list) => list.iter().map(leaves).sum(),
                _ => 1,
            }
        }
        self.0.values().map(leaves).sum()
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = Map::deserialize(deserializer)?;
        Self::new(Value::Object(map)).map_err(serde::de::Error::custom)
    }
}

/// Any JSON within the length.
fn parse_any(bytes: &[u8]) -> Result<Value, DataError> {
    if bytes.len() > MAX_BYTES {
        return Err(DataError::Long);
    }
    serde_json::from_slice(bytes).map_err(|error| DataError::Json {
        line: error.line(),
        column: error.column(),
        reason: match error.classify() {
            serde_json::error::Category::Eof => "it ends in the middle",
            _ => "it is not written as JSON is",
        },
    })
}

/// Merges `patch` into `target` as RFC 7396 says.
///
/// # Errors
/// The patch is deeper than data can be.
pub fn merge(target: &mut Value, patch: Value, depth: usize) -> Result<(), DataError> {
    if depth > MAX_DEPTH {
        return Err(DataError::Deep);
    }
    let Value::Object(patch) = patch else {
        *target = patch;
        return Ok(());
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(target) = target {
        for (name, value) in patch {
            if value.is_null() {
                target.remove(&name);
            } else {
                merge(target.entry(name).or_insert(Value::Null), value, depth + 1)?;
            }
        }
    }
    Ok(())
}

fn count(value: &Value, depth: usize, values: &mut usize) -> Result<(), DataError> {
    *values += 1;
    if *values > MAX_VALUES {
        return Err(DataError::Many);
    }
    if depth > MAX_DEPTH && (value.is_object() || value.is_array()) {
        return Err(DataError::Deep);
    }
    match value {
        Value::Object(map) => map.values().try_for_each(|value| count(value, depth + 1, values)),
        Value::Array(list) => list.iter().try_for_each(|value| count(value, depth + 1, values)),
        _ => Ok(()),
    }
}

/// Bytes of `value` as JSON.
fn length(value: &Value) -> usize {
    /// Counts what would be written.
    struct Counter(usize);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    match serde_json::to_writer(&mut counter, value) {
        Ok(()) => counter.0,
        Err(_) => usize::MAX,
    }
}

/// What `value` is, in words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// What stands at `path` from `map` on: names of objects, numbers of entries of lists, from 0. `null` is as if it were not there.
pub fn find<'v, 'p>(map: &'v Map<String, Value>, path: impl IntoIterator<Item = &'p str>) -> Option<&'v Value> {
    let mut path = path.into_iter();
    let mut value = map.get(path.next()?)?;
    for name in path {
        value = match value {
            Value::Object(map) => map.get(name)?,
            Value::Array(list) => list.get(name.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    (!value.is_null()).then_some(value)
}

/// A value as viewers read it: texts without quotes, numbers as they came, `yes` and `no`, lists with commas. Objects show nothing.
#[must_use]
pub fn shown(value: &Value) -> String {
    match value {
        Value::Null | Value::Object(_) => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(shown).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
#[path = "data_tests.rs"]
mod tests;
