//! What stands in braces in the texts of a scene: `{clock}`, `{price}`. Read here, filled in while the show runs.
//!
//! `{{` is a brace; a `}` without a partner stands for itself. What a scene calls a parameter is one, whatever else may be
//! called so.

use std::fmt;

use crate::media::TimeDelta;
use crate::suggest;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Letters as they are.
    Text(String),
    /// What is filled in.
    Field(Placeholder),
}

/// What is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// `{price}`: a parameter of the scene. The show may know none of that name.
    Parameter(String),
    /// `{clock}`, `{clock %H:%M:%S}`: the time of day, in the form of `strftime`.
    Clock(String),
    /// `{countdown 21:00}`, `{countdown 21:00:30}`: hours, minutes and seconds of the day until which is counted.
    CountdownTo(u8, u8, u8),
    /// `{countdown 5m}`, `{countdown 1h30m}`, `{countdown 90s}`: counted from the moment the scene came on program.
    CountdownFor(TimeDelta),
    /// `{viewers}`: how many watch.
    Viewers,
    /// `{title}`: of the show.
    Title,
    /// `{scene}`: the name of the scene on program.
    Scene,
    /// `{uptime}`: since the show began.
    Uptime,
    /// `{data product.price}`: business data, by its dotted path.
    Data(String),
    /// `{status encoder.kbps}`: what the status says, by its dotted path.
    Status(String),
}

/// The names that always mean something, with what may follow them.
const KNOWN: &[&str] = &[
    "clock",
    "countdown",
    "viewers",
    "title",
    "scene",
    "uptime",
    "data",
    "status",
];

/// How a clock shows the time where nobody says how.
const USUAL_CLOCK: &str = "%H:%M";

/// Longer than any countdown of a show, in seconds: 100 hours.
const LONGEST_COUNTDOWN_S: i64 = 360_000;

/// Why a text cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceholderError {
    /// A brace that nothing closes.
    #[error("\"{{{0}\" is never closed by a }}; a brace itself is written {{{{")]
    Open(String),
    /// Nothing is called so.
    #[error("nothing is called {{{name}}}{hint}; a brace itself is written {{{{")]
    Unknown {
        /// As written.
        name: String,
        /// What may be meant.
        hint: String,
    },
    /// Something follows a name that takes nothing.
    #[error("{{{0}}} takes nothing behind it")]
    Extra(&'static str),
    /// The words behind a name are not what it takes.
    #[error("{{{name} {found}}}: expected {expected}")]
    Argument {
        /// The name.
        name: &'static str,
        /// What is there.
        found: String,
        /// What is right.
        expected: &'static str,
    },
}

/// The parts of `text`. A name for which `is_parameter` says so is a parameter; one that has the form of a name and means
/// nothing else is one too, so that a text can be filled in by who knows more.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn pieces(text: &str, is_parameter: &dyn Fn(&str) -> bool) -> Result<Vec<Piece>, PlaceholderError> {
    let mut found = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            plain.push('{');
            rest = after;
            continue;
        }
        let Some((inside, after)) = rest.split_once('}') else {
            return Err(PlaceholderError::Open(rest.chars().take(24).collect()));
        };
        if !plain.is_empty() {
            found.push(Piece::Text(std::mem::take(&mut plain)));
        }
        found.push(Piece::Field(Placeholder::parse(inside.trim(), is_parameter)?));
        rest = after;
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        found.push(Piece::Text(plain));
    }
    Ok(found)
}

/// What is wrong with `text` in a scene with these parameters, if anything is: here a name that nothing is called is wrong.
pub(super) fn wrong(text: &str, parameters: &[String]) -> Option<PlaceholderError> {
    let is_parameter = |name: &str| parameters.iter().any(|known| known == name);
    let found = match pieces(text, &is_parameter) {
        Ok(found) => found,
        Err(error) => return Some(error),
    };
    found.into_iter().find_map(|piece| match piece {
        Piece::Field(Placeholder::Parameter(name)) if !is_parameter(&name) => {
            let known = parameters.iter().map(String::as_str).chain(KNOWN.iter().copied());
            let hint = suggest::hint(&name, known);
            Some(PlaceholderError::Unknown { name, hint })
        }
        _ => None,
    })
}

/// What would be filled in first in `text`, if it were one that is filled in.
pub(super) fn first(text: &str) -> Option<Placeholder> {
    let found = pieces(text, &|_| false).ok()?;
    found.into_iter().find_map(|piece| match piece {
        Piece::Field(field) => Some(field),
        Piece::Text(_) => None,
    })
}

impl Placeholder {
    /// What is meant by the words between two braces.
    fn parse(inside: &str, is_parameter: &dyn Fn(&str) -> bool) -> Result<Self, PlaceholderError> {
        if is_parameter(inside) {
            return Ok(Self::Parameter(inside.to_owned()));
        }
        let (name, argument) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
        let argument = argument.trim();
        let alone = |name: &'static str, meant: Self| match argument {
            "" => Ok(meant),
            _ => Err(PlaceholderError::Extra(name)),
        };
        let wrong = |name: &'static str, expected: &'static str| PlaceholderError::Argument {
            name,
            found: argument.to_owned(),
            expected,
        };
        match name {
            "clock" if argument.is_empty() => Ok(Self::Clock(USUAL_CLOCK.to_owned())),
            "clock" if is_clock(argument) => Ok(Self::Clock(argument.to_owned())),
            "clock" => Err(wrong("clock", "a form as %H:%M:%S or %d.%m.%Y")),
            "countdown" => countdown(argument)
                .ok_or_else(|| wrong("countdown", "a time of day as 21:00, or a time as 5m, 90s or 1h30m")),
            "viewers" => alone("viewers", Self::Viewers),
            "title" => alone("title", Self::Title),
            "scene" => alone("scene", Self::Scene),
            "uptime" => alone("uptime", Self::Uptime),
            "data" if is_path(argument) => Ok(Self::Data(argument.to_owned())),
            "data" => Err(wrong("data", "the dotted path of a value as product.price")),
            "status" if is_path(argument) => Ok(Self::Status(argument.to_owned())),
            "status" => Err(wrong("status", "the dotted path of a value as video.height")),
            _ if argument.is_empty() && super::schema::is_name(name) => Ok(Self::Parameter(name.to_owned())),
            _ => Err(PlaceholderError::Unknown {
                name: inside.chars().take(24).collect(),
                hint: suggest::hint(name, KNOWN.iter().copied()),
            }),
        }
    }
}

/// Whether the time of day can be shown in that form.
fn is_clock(form: &str) -> bool {
    let noon = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
    form.contains('%') && jiff::fmt::strtime::format(form, &noon).is_ok()
}

fn is_path(text: &str) -> bool {
    !text.is_empty() && text.split('.').all(|part| !part.is_empty()) && !text.contains(char::is_whitespace)
}

/// `21:00`, `21:00:30`, `5m`, `90s`, `1h30m`.
fn countdown(text: &str) -> Option<Placeholder> {
    if text.contains(':') {
        let mut parts = text.split(':').map(|part| match part.len() {
            1 | 2 => part.parse::<u8>().ok().filter(|_| !part.starts_with('+')),
            _ => None,
        });
        let (hours, minutes) = (parts.next()??, parts.next()??);
        let seconds = match parts.next() {
            Some(seconds) => seconds?,
            None => 0,
        };
        let is_time = hours < 24 && minutes < 60 && seconds < 60 && parts.next().is_none();
        return is_time.then_some(Placeholder::CountdownTo(hours, minutes, seconds));
    }
    let (mut total, mut number, mut last) = (0_i64, None::<i64>, i64::MAX);
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(i64::from(digit))?);
            continue;
        }
        let unit = match c {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        // Each unit once, the largest first.
        if unit >= last {
            return None;
        }
        last = unit;
        total = total.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    let is_whole = number.is_none() && (1..=LONGEST_COUNTDOWN_S).contains(&total);
    is_whole.then(|| Placeholder::CountdownFor(TimeDelta::from_millis(total * 1000)))
}

impl fmt::Display for Placeholder {
    /// As it is written, without the braces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => f.write_str(name),
            Self::Clock(form) => write!(f, "clock {form}"),
            Self::CountdownTo(hours, minutes, seconds) => write!(f, "countdown {hours:02}:{minutes:02}:{seconds:02}"),
            Self::CountdownFor(time) => write!(f, "countdown {}s", time.to_millis() / 1000),
            Self::Viewers => f.write_str("viewers"),
            Self::Title => f.write_str("title"),
            Self::Scene => f.write_str("scene"),
            Self::Uptime => f.write_str("uptime"),
            Self::Data(path) => write!(f, "data {path}"),
            Self::Status(path) => write!(f, "status {path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<Piece>, String> {
        pieces(text, &|name| name == "price" || name == "title").map_err(|error| error.to_string())
    }

    fn field(text: &str) -> Placeholder {
        match read(text).unwrap().as_slice() {
            [Piece::Field(field)] => field.clone(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn braces_hold_what_is_filled_in() {
        assert_eq!(
            read("only {price} € {{now}").unwrap(),
            [
                Piece::Text("only ".to_owned()),
                Piece::Field(Placeholder::Parameter("price".to_owned())),
                Piece::Text(" € {now}".to_owned()),
            ]
        );
        assert_eq!(read("").unwrap(), []);
        assert_eq!(read("a } b").unwrap(), [Piece::Text("a } b".to_owned())]);
        assert_eq!(field("{clock}"), Placeholder::Clock("%H:%M".to_owned()));
        assert_eq!(field("{ clock  %H:%M:%S }"), Placeholder::Clock("%H:%M:%S".to_owned()));
        assert_eq!(field("{countdown 21:00}"), Placeholder::CountdownTo(21, 0, 0));
        assert_eq!(field("{countdown 9:05:30}"), Placeholder::CountdownTo(9, 5, 30));
        let minutes = |n: i64| Placeholder::CountdownFor(TimeDelta::from_millis(n * 60_000));
        assert_eq!(field("{countdown 5m}"), minutes(5));
        assert_eq!(field("{countdown 120s}"), minutes(2));
        assert_eq!(field("{countdown 1h30m}"), minutes(90));
        assert_eq!(field("{viewers}"), Placeholder::Viewers);
        assert_eq!(
            field("{data product.price}"),
            Placeholder::Data("product.price".to_owned())
        );
        // Parameters win.
        assert_eq!(field("{title}"), Placeholder::Parameter("title".to_owned()));
    }

    #[test]
    fn what_is_wrong_says_what_would_be_right() {
        for (text, expected) in [
            (
                "{price",
                "\"{price\" is never closed by a }; a brace itself is written {{",
            ),
            ("{viewers now}", "{viewers} takes nothing behind it"),
            ("{clock %H:%}", "{clock %H:%}: expected a form as %H:%M:%S or %d.%m.%Y"),
            ("{clock now}", "{clock now}: expected a form as %H:%M:%S or %d.%m.%Y"),
            (
                "{countdown 25:00}",
                "{countdown 25:00}: expected a time of day as 21:00, or a time as 5m, 90s or 1h30m",
            ),
            (
                "{countdown 5}",
                "{countdown 5}: expected a time of day as 21:00, or a time as 5m, 90s or 1h30m",
            ),
            (
                "{countdown 5m1h}",
                "{countdown 5m1h}: expected a time of day as 21:00, or a time as 5m, 90s or 1h30m",
            ),
            (
                "{countdown}",
                "{countdown }: expected a time of day as 21:00, or a time as 5m, 90s or 1h30m",
            ),
            (
                "{data a..b}",
                "{data a..b}: expected the dotted path of a value as product.price",
            ),
            (
                "{viewer}s",
                "nothing is called {viewer}; did you mean \"viewers\"?; a brace itself is written {{",
            ),
            (
                "{prise}",
                "nothing is called {prise}; did you mean \"price\"?; a brace itself is written {{",
            ),
            (
                "{}",
                "nothing is called {}; known: clock, countdown, viewers, title, scene, uptime, data, status; a brace itself is written {{",
            ),
        ] {
            let found = wrong(text, &["price".to_owned()]).unwrap().to_string();
            assert_eq!(found, expected);
        }
        assert_eq!(wrong("{price} {clock %H}", &["price".to_owned()]), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[{}a-z0-9:%. é]{0,40}") {
            if let Ok(pieces) = read(&text) {
                // Nothing is lost but braces and what is between them.
                let plain: usize = pieces.iter().map(|piece| match piece {
                    Piece::Text(text) => text.len(),
                    Piece::Field(_) => 0,
                }).sum();
                prop_assert!(plain <= text.len());
            }
        }

        #[test]
        fn text_without_braces_is_itself(text in "[^{]{1,40}") {
            prop_assert_eq!(read(&text).unwrap(), vec![Piece::Text(text)]);
        }
    }
}
