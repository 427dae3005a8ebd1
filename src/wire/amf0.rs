//! AMF0, the value format of RTMP commands and FLV metadata (Adobe's "Action Message Format AMF 0", sections by number).
//!
//! The decoder is made for hostile input: depth and number of values are capped, and nothing is allocated by a count
//! that the bytes merely claim.

use thiserror::Error;

/// Objects and arrays inside one another before the decoder refuses.
pub const MAX_DEPTH: usize = 16;

/// Values in one message before the decoder refuses.
pub const MAX_VALUES: usize = 4096;

/// One AMF0 value. Names of properties keep their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// §2.2
    Number(f64),
    /// §2.3
    Boolean(bool),
    /// §2.4, or §2.14 (long string) where it has more than 65 535 bytes.
    String(String),
    /// §2.5; a typed object (§2.18) decodes to this too, without its class name.
    Object(Vec<(String, Value)>),
    /// §2.7
    Null,
    /// §2.8; "unsupported" (§2.15) decodes to this too.
    Undefined,
    /// §2.10: what FLV metadata is.
    EcmaArray(Vec<(String, Value)>),
    /// §2.12
    StrictArray(Vec<Value>),
    /// §2.13: milliseconds since 1970. The time zone is reserved and left out.
    Date(f64),
}

/// Why bytes are not AMF0.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("AMF0 at byte {position}: {problem}")]
pub struct Amf0Error {
    /// Where in the message, counted from its first byte.
    pub position: usize,
    /// What is wrong there.
    pub problem: Amf0Problem,
}

/// What can be wrong with AMF0.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Amf0Problem {
    /// The message stops inside a value.
    #[error("ends inside a value")]
    Truncated,
    /// A type marker that no command uses (references, AMF3).
    #[error("unknown type marker {0:#04x}")]
    UnknownMarker(u8),
    /// More than [`MAX_DEPTH`] levels.
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// More than [`MAX_VALUES`] values.
    #[error("more than {MAX_VALUES} values")]
    TooMany,
}

mod marker {
    pub(super) const NUMBER: u8 = 0;
    pub(super) const BOOLEAN: u8 = 1;
    pub(super) const STRING: u8 = 2;
    pub(super) const OBJECT: u8 = 3;
    pub(super) const NULL: u8 = 5;
    pub(super) const UNDEFINED: u8 = 6;
    pub(super) const ECMA_ARRAY: u8 = 8;
    pub(super) const OBJECT_END: u8 = 9;
    pub(super) const STRICT_ARRAY: u8 = 10;
    pub(super) const DATE: u8 = 11;
    pub(super) const LONG_STRING: u8 = 12;
    pub(super) const UNSUPPORTED: u8 = 13;
    pub(super) const XML: u8 = 15;
    pub(super) const TYPED_OBJECT: u8 = 16;
}

impl Value {
    /// A string value.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// An object out of names and values.
    pub fn object<'a>(properties: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        Self::Object(
            properties
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// The text, where it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, where it is one.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The first property of that name, where it is an object or ECMA array.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Object(properties) | Self::EcmaArray(properties) => properties
                .iter()
                .find(|(candidate, _)| candidate == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// Appends the value to `out`. A property name beyond 65 535 bytes is cut at a character.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Number(number) => {
                out.push(marker::NUMBER);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Self::Boolean(truth) => out.extend_from_slice(&[marker::BOOLEAN, u8::from(*truth)]),
            Self::String(text) => encode_string(text, out),
            Self::Object(properties) => {
                out.push(marker::OBJECT);
                encode_properties(properties, out);
            }
            Self::Null => out.push(marker::NULL),
            Self::Undefined => out.push(marker::UNDEFINED),
            Self::EcmaArray(properties) => {
                out.push(marker::ECMA_ARRAY);
                out.extend_from_slice(&(properties.len() as u32).to_be_bytes());
                encode_properties(properties, out);
            }
            Self::StrictArray(values) => {
                out.push(marker::STRICT_ARRAY);
                out.extend_from_slice(&(values.len() as u32).to_be_bytes());
                for value in values {
                    value.encode(out);
                }
            }
            Self::Date(millis) => {
                out.push(marker::DATE);
                out.extend_from_slice(&millis.to_be_bytes());
                out.extend_from_slice(&[0, 0]);
            }
        }
    }
}

/// Appends a string value without an owned [`Value`]: what keeps stream keys out of printable types.
pub fn encode_string(text: &str, out: &mut Vec<u8>) {
    if let Ok(len) = u16::try_from(text.len()) {
        out.push(marker::STRING);
        out.extend_from_slice(&len.to_be_bytes());
    } else {
        out.push(marker::LONG_STRING);
        out.extend_from_slice(&(text.len() as u32).to_be_bytes());
    }
    out.extend_from_slice(text.as_bytes());
}

fn encode_properties(properties: &[(String, Value)], out: &mut Vec<u8>) {
    for (name, value) in properties {
        let name = &name[..name.floor_char_boundary(usize::from(u16::MAX))];
        out.extend_from_slice(&(name.len() as u16).to_be_bytes());
        out.extend_from_slice(name.as_bytes());
        value.encode(out);
    }
    out.extend_from_slice(&[0, 0, marker::OBJECT_END]);
}

/// All values of `bytes`, one after the other: the shape of a command.
///
/// # Errors
/// [`Amf0Error`] names the byte. Text that is not UTF-8 is no error: what is broken in it is replaced.
pub fn decode_all(bytes: &[u8]) -> Result<Vec<Value>, Amf0Error> {
    let mut decoder = Decoder {
        bytes,
        position: 0,
        values: 0,
    };
    let mut values = Vec::new();
    while decoder.position < bytes.len() {
        values.push(decoder.value(0)?);
    }
    Ok(values)
}

struct Decoder<'a> {
    bytes: &'a [u8],
    position: usize,
    values: usize,
}

impl<'a> Decoder<'a> {
    fn error(&self, problem: Amf0Problem) -> Amf0Error {
        Amf0Error {
            position: self.position,
            problem,
        }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Amf0Error> {
        let rest = &self.bytes[self.position..];
        let taken = rest.get(..len).ok_or_else(|| self.error(Amf0Problem::Truncated))?;
        self.position += len;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Amf0Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn short_text(&mut self) -> Result<String, Amf0Error> {
        let len = u16::from_be_bytes(self.array()?);
        Ok(String::from_utf8_lossy(self.take(usize::from(len))?).into_owned())
    }

    fn long_text(&mut self) -> Result<String, Amf0Error> {
        let len = u32::from_be_bytes(self.array()?);
        Ok(String::from_utf8_lossy(self.take(len as usize)?).into_owned())
    }

    fn value(&mut self, depth: usize) -> Result<Value, Amf0Error> {
        if depth >= MAX_DEPTH {
            return Err(self.error(Amf0Problem::TooDeep));
        }
        if self.values >= MAX_VALUES {
            return Err(self.error(Amf0Problem::TooMany));
        }
        self.values += 1;
        let at = self.position;
        let [kind] = self.array()?;
        Ok(match kind {
            marker::NUMBER => Value::Number(f64::from_be_bytes(self.array()?)),
            marker::BOOLEAN => Value::Boolean(self.array::<1>()? != [0]),
            marker::STRING => Value::String(self.short_text()?),
            marker::LONG_STRING | marker::XML => Value::String(self.long_text()?),
            marker::OBJECT => Value::Object(self.properties(depth)?),
            marker::TYPED_OBJECT => {
                self.short_text()?;
                Value::Object(self.properties(depth)?)
            }
            marker::ECMA_ARRAY => {
                // The count is a hint that many writers leave at zero: the end marker decides.
                self.array::<4>()?;
                Value::EcmaArray(self.properties(depth)?)
            }
            marker::STRICT_ARRAY => {
                let count = u32::from_be_bytes(self.array()?);
                let mut values = Vec::new();
                for _ in 0..count {
                    values.push(self.value(depth + 1)?);
                }
                Value::StrictArray(values)
            }
            marker::DATE => {
                let millis = f64::from_be_bytes(self.array()?);
                self.array::<2>()?;
                Value::Date(millis)
            }
            marker::NULL => Value::Null,
            marker::UNDEFINED | marker::UNSUPPORTED => Value::Undefined,
            unknown => {
                return Err(Amf0Error {
                    position: at,
                    problem: Amf0Problem::UnknownMarker(unknown),
                });
            }
        })
    }

    fn properties(&mut self, depth: usize) -> Result<Vec<(String, Value)>, Amf0Error> {
        let mut properties = Vec::new();
        loop {
            let name = self.short_text()?;
            if name.is_empty() && self.bytes.get(self.position) == Some(&marker::OBJECT_END) {
                self.position += 1;
                return Ok(properties);
            }
            properties.push((name, self.value(depth + 1)?));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            (-1e12f64..1e12).prop_map(Value::Number),
            any::<bool>().prop_map(Value::Boolean),
            ".{0,12}".prop_map(Value::String),
            Just(Value::Null),
            Just(Value::Undefined),
            (0f64..1e13).prop_map(Value::Date),
        ];
        leaf.prop_recursive(4, 48, 6, |inner| {
            let named = prop::collection::vec(("[a-z]{1,8}", inner.clone()), 0..6);
            prop_oneof![
                named.clone().prop_map(Value::Object),
                named.prop_map(Value::EcmaArray),
                prop::collection::vec(inner, 0..6).prop_map(Value::StrictArray),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_the_same(values in prop::collection::vec(any_value(), 0..5)) {
            let mut bytes = Vec::new();
            for value in &values { value.encode(&mut bytes); }
            prop_assert_eq!(decode_all(&bytes).unwrap(), values);
        }

        #[test]
        fn a_cut_message_is_an_error_within_it(value in any_value(), share in 0.0f64..1.0) {
            let mut bytes = Vec::new();
            value.encode(&mut bytes);
            let cut = (bytes.len() as f64 * share) as usize;
            if cut > 0 {
                let error = decode_all(&bytes[..cut]).unwrap_err();
                prop_assert!(error.position <= cut);
                prop_assert_eq!(error.problem, Amf0Problem::Truncated);
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Err(error) = decode_all(&bytes) {
                prop_assert!(error.position <= bytes.len());
            }
        }
    }

    #[test]
    fn limits_hold_against_hostile_messages() {
        let nested: Vec<u8> = [10, 0, 0, 0, 1].repeat(1000);
        assert_eq!(decode_all(&nested).unwrap_err().problem, Amf0Problem::TooDeep);
        assert_eq!(
            decode_all(&[5; MAX_VALUES + 1]).unwrap_err().problem,
            Amf0Problem::TooMany
        );
        // An array that claims four thousand million entries costs nothing.
        assert_eq!(
            decode_all(&[10, 255, 255, 255, 255]).unwrap_err(),
            Amf0Error {
                position: 5,
                problem: Amf0Problem::Truncated
            }
        );
        assert_eq!(
            decode_all(&[5, 17]).unwrap_err(),
            Amf0Error {
                position: 1,
                problem: Amf0Problem::UnknownMarker(17)
            }
        );
    }

    #[test]
    fn long_text_takes_the_long_form() {
        let text = Value::string("x".repeat(70_000));
        let mut bytes = Vec::new();
        text.encode(&mut bytes);
        assert_eq!(bytes[..5], [12, 0, 1, 0x11, 0x70]);
        assert_eq!(decode_all(&bytes).unwrap(), [text]);
    }
}
