//! What is shown of data: `{product.price}` in the values that a rule gives to the parameters of its scene.

use std::fmt::Write;

use serde_json::{Map, Value};
use thiserror::Error;

use super::data::{find, shown};

/// Letters of a value that is shown at most: more than fits on a picture.
pub const MAX_TEXT: usize = 500;

/// A text with places for data in it: `{path}`, `{path:.2}` with so many decimals, `{path|otherwise}`; `{{` and `}}` are braces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filling {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field {
        path: Vec<String>,
        decimals: Option<usize>,
        otherwise: String,
    },
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct FillingError {
    /// Letters before it.
    pub at: usize,
    /// What is wrong, and what would be right.
    pub message: &'static str,
}

impl Filling {
    /// Reads `text`.
    ///
    /// # Errors
    /// A brace without its other one, no path inside, or decimals that are none.
    pub fn parse(text: &str) -> Result<Self, FillingError> {
        let letters: Vec<char> = text.chars().collect();
        let (mut pieces, mut plain, mut at) = (Vec::new(), String::new(), 0);
        while let Some(letter) = letters.get(at).copied() {
            let is_doubled = letters.get(at + 1) == Some(&letter);
            match letter {
                '{' | '}' if is_doubled => {
                    plain.push(letter);
                    at += 2;
                }
                '{' => {
                    let rest = letters.get(at + 1..).unwrap_or_default();
                    let Some(length) = rest.iter().position(|letter| *letter == '}') else {
                        return Err(FillingError {
                            at,
                            message: "this { is never closed; a brace that is shown is written {{",
                        });
                    };
                    let inside: String = rest.iter().take(length).collect();
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(field(&inside).map_err(|message| FillingError { at, message })?);
                    at += length + 2;
                }
                '}' => {
                    return Err(FillingError {
                        at,
                        message: "this } has no { before it; a brace that is shown is written }}",
                    });
                }
                _ => {
                    plain.push(letter);
                    at += 1;
                }
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self {
            text: text.to_owned(),
            pieces,
        })
    }

    /// `text` as it is: braces in it are braces.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self {
            text: text.replace('{', "{{").replace('}', "}}"),
            pieces: vec![Piece::Text(text.to_owned())],
        }
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text with what `data` has for its places: nothing where it has nothing, and [`MAX_TEXT`] letters at most, none of which
    /// would move a cursor. What stands in the data is taken as it is: braces in it are braces.
    #[must_use]
    pub fn fill(&self, data: &Map<String, Value>) -> String {
        let mut filled = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Field {
                    path,
                    decimals,
                    otherwise,
                } => match find(data, path.iter().map(String::as_str)) {
                    Some(value) => match decimals.zip(value.as_f64()) {
                        Some((decimals, number)) => {
                            let _ = write!(filled, "{number:.decimals$}");
                        }
                        None => filled.push_str(&shown(value)),
                    },
                    None => filled.push_str(otherwise),
                },
            }
        }
        clean(&filled)
    }
}

fn field(inside: &str) -> Result<Piece, &'static str> {
    let (inside, otherwise) = inside.split_once('|').unwrap_or((inside, ""));
    let (path, decimals) = match inside.split_once(':') {
        None => (inside, None),
        Some((path, format)) => {
            let digits = format
                .trim()
                .strip_prefix('.')
                .and_then(|digits| digits.parse::<usize>().ok());
            let digits = digits.filter(|digits| *digits <= 9);
            (
                path,
                Some(digits.ok_or("after : comes the number of decimals, as in {product.price:.2}")?),
            )
        }
    };
    let path: Vec<String> = path.trim().split('.').map(|name| name.trim().to_owned()).collect();
    if path.iter().any(String::is_empty) {
        return Err("expected a path in the braces, as in {product.price}");
    }
    Ok(Piece::Field {
        path,
        decimals,
        otherwise: otherwise.to_owned(),
    })
}

/// Letters that can be shown, and not too many of them.
fn clean(text: &str) -> String {
    let shown = text.chars().map(|letter| match letter {
        '\n' => '\n',
        letter if letter.is_control() => ' ',
        letter => letter,
    });
    if text.chars().count() <= MAX_TEXT {
        return shown.collect();
    }
    shown.take(MAX_TEXT - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn filled(text: &str, data: &Value) -> String {
        Filling::parse(text).unwrap().fill(data.as_object().unwrap())
    }

    #[test]
    fn data_is_shown_and_never_looked_into() {
        let data = json!({
            "product": { "title": "Tea {product.price} {{x}}", "price": 9.9, "stock": 3, "tags": ["a", "b"] },
            "long": "x".repeat(2 * MAX_TEXT),
            "wild": "a\u{1b}[31m\tb\nc\u{7}",
        });
        for (text, expected) in [
            ("{product.price:.2} €", "9.90 €"),
            ("{product.stock:.2}", "3.00"),
            ("{product.stock} left", "3 left"),
            ("{ product.title }", "Tea {product.price} {{x}}"),
            ("{product.title:.2}", "Tea {product.price} {{x}}"),
            ("{product.tags}/{product.tags.1}", "a, b/b"),
            ("<{nothing}>", "<>"),
            ("<{nothing|soon}>", "<soon>"),
            ("{{{product.stock}}}", "{3}"),
            ("{wild}", "a [31m b\nc "),
            ("", ""),
        ] {
            assert_eq!(filled(text, &data), expected, "{text}");
        }
        let long = filled("{long}", &data);
        assert_eq!((long.chars().count(), long.chars().last()), (MAX_TEXT, Some('…')));
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        for (text, at) in [
            ("a{b", 1),
            ("ab}", 2),
            ("x {}", 2),
            ("{a..b}", 0),
            ("{a:2}", 0),
            ("{a:.99}", 0),
        ] {
            assert_eq!(Filling::parse(text).unwrap_err().at, at, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_none_is_too_long(text in "\\PC{0,60}", value in "\\PC{0,800}") {
            if let Ok(filling) = Filling::parse(&text) {
                let data = json!({ "a": value });
                prop_assert!(filling.fill(data.as_object().unwrap()).chars().count() <= MAX_TEXT);
            }
            let shown = filled("{a}", &json!({ "a": value }));
            prop_assert!(shown.chars().count() <= MAX_TEXT);
        }
    }
}
