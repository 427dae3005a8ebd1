//! An expression as words.

use super::{ExpressionError, MAX_EXPRESSION};

/// A word of an expression, and where it is, in letters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A name or a reserved word.
    Word(String),
    /// A text in quotes.
    Text(String),
    /// A number, as it is written.
    Number(String),
    /// `==`, `(`, `.` …
    Sign(&'static str),
}

/// Longer ones first.
const SIGNS: &[&str] = &["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ",", "."];

/// What others write, and what is written here.
const FOREIGN: &[(&str, &str)] = &[
    ("&&", "\"&&\" is written \"and\""),
    ("||", "\"||\" is written \"or\""),
    ("=", "\"=\" is written \"==\" to compare"),
    ("!", "\"!\" is written \"not\""),
];

/// Cuts `letters` into words.
pub(super) fn tokens(letters: &[char]) -> Result<Vec<Token>, ExpressionError> {
    if letters.len() > MAX_EXPRESSION {
        return Err(error(
            MAX_EXPRESSION,
            format!("longer than {MAX_EXPRESSION} letters; make two rules of it"),
        ));
    }
    let mut found: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at).copied() {
        let start = at;
        let kind = match letter {
            _ if letter.is_whitespace() => {
                at += 1;
                continue;
            }
            '\'' | '"' => Kind::Text(quoted(letters, &mut at)?),
            // Behind a dot it is the number of an entry: `lots.0.price` has no 0.0 in it.
            '0'..='9' if is_in_path(&found, start) => Kind::Number(digits(letters, &mut at)),
            '0'..='9' | '-' | '+' => Kind::Number(number(letters, &mut at)?),
            _ if is_first(letter) => Kind::Word(take(letters, &mut at, |letter| {
                is_first(letter) || letter.is_ascii_digit() || letter == '-'
            })),
            _ => Kind::Sign(sign(letters, &mut at)?),
        };
        found.push(Token { kind, start, end: at });
    }
    Ok(found)
}

fn is_first(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_'
}

fn is_in_path(before: &[Token], start: usize) -> bool {
    before
        .last()
        .is_some_and(|last| last.kind == Kind::Sign(".") && last.end == start)
}

fn take(letters: &[char], at: &mut usize, is_part: impl Fn(char) -> bool) -> String {
    let rest = letters.get(*at..).unwrap_or_default();
    let word: String = rest.iter().copied().take_while(|letter| is_part(*letter)).collect();
    *at += word.chars().count();
    word
}

fn digits(letters: &[char], at: &mut usize) -> String {
    take(letters, at, |letter| letter.is_ascii_digit())
}

fn quoted(letters: &[char], at: &mut usize) -> Result<String, ExpressionError> {
    let (start, quote) = (*at, letters[*at]);
    let mut text = String::new();
    loop {
        *at += 1;
        match letters.get(*at).copied() {
            None => return Err(error(start, format!("this {quote} is never closed"))),
            Some(letter) if letter == quote => {
                *at += 1;
                return Ok(text);
            }
            Some('\\') => {
                *at += 1;
                match letters.get(*at).copied() {
                    Some(letter @ ('\\' | '\'' | '"')) => text.push(letter),
                    Some('n') => text.push('\n'),
                    _ => return Err(error(*at - 1, "after \\ comes \\, ', \" or n")),
                }
            }
            Some(letter) => text.push(letter),
        }
    }
}

fn number(letters: &[char], at: &mut usize) -> Result<String, ExpressionError> {
    let start = *at;
    let mut text = String::new();
    match letters.get(*at) {
        Some('-') => {
            text.push('-');
            *at += 1;
        }
        Some('+') => *at += 1,
        _ => {}
    }
    text.push_str(&digits(letters, at));
    let is_fraction = letters.get(*at) == Some(&'.') && letters.get(*at + 1).is_some_and(char::is_ascii_digit);
    if is_fraction {
        *at += 1;
        text.push('.');
        text.push_str(&digits(letters, at));
    }
    let is_unit = letters
        .get(*at)
        .is_some_and(|letter| is_first(*letter) || *letter == '%');
    let is_finite = text.parse::<f64>().is_ok_and(f64::is_finite);
    if is_unit || !is_finite {
        return Err(error(start, "expected a number as in 3, -1.5; there is no arithmetic"));
    }
    Ok(text)
}

fn sign(letters: &[char], at: &mut usize) -> Result<&'static str, ExpressionError> {
    let is_here = |sign: &str| {
        sign.chars()
            .enumerate()
            .all(|(index, letter)| letters.get(*at + index) == Some(&letter))
    };
    if let Some(sign) = SIGNS.iter().find(|sign| is_here(sign)) {
        *at += sign.len();
        return Ok(sign);
    }
    let foreign = FOREIGN.iter().find(|(sign, _)| is_here(sign));
    let message = foreign.map_or_else(
        || {
            format!(
                "\"{}\" means nothing here; names with other letters are quoted: room.'my name'",
                letters[*at]
            )
        },
        |(_, message)| (*message).to_owned(),
    );
    Err(error(*at, message))
}

pub(super) fn error(at: usize, message: impl Into<String>) -> ExpressionError {
    ExpressionError {
        at,
        message: message.into(),
    }
}
