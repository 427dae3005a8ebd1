//! A command line as it may be told to others: quoted where it must be, with dots for what is secret.

use super::parse::find;
use super::sources::told_setting;
use super::spec::ArgKind;
use crate::secret::{DOTS, SecretUrl};

/// Business data that is longer is not told with every event that comes of it.
const LONGEST_JSON: usize = 80;

/// The line that these words make.
#[must_use]
pub fn told(words: &[String]) -> String {
    let (spec, first) = match find(words) {
        Ok((spec, args)) => (Some(spec), words.len() - args.len()),
        Err(_) => (None, 0),
    };
    let told = words.iter().enumerate().map(|(at, word)| {
        let arg = at.checked_sub(first).and_then(|at| spec?.args.get(at));
        if arg.is_some_and(|arg| matches!(arg.kind, ArgKind::Url)) {
            return SecretUrl::parse(word).map_or_else(|_| DOTS.to_owned(), |url| url.to_string());
        }
        if arg.is_some_and(|arg| matches!(arg.kind, ArgKind::SourceSetting)) {
            return quoted(&told_setting(word));
        }
        if arg.is_some_and(|arg| matches!(arg.kind, ArgKind::Json)) && word.len() > LONGEST_JSON {
            return "{…}".to_owned();
        }
        quoted(word)
    });
    told.collect::<Vec<_>>().join(" ")
}

/// The word as it can be typed.
fn quoted(word: &str) -> String {
    if word.starts_with('{') {
        word.to_owned()
    } else if word.is_empty() || word.contains(char::is_whitespace) {
        format!("\"{word}\"")
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::split_words;
    use super::*;

    #[test]
    fn a_line_can_be_typed_again_and_has_no_secret() {
        for (line, expected) in [
            ("take", "take"),
            ("take \"two shot\"", "take \"two shot\""),
            ("mute voice  on", "mute voice on"),
            (
                "destination add live rtmp://me:pw@host/app/sk-secret 480p",
                "destination add live rtmp://••••@host/app/•••• 480p",
            ),
            ("destination add live sk-secret", "destination add live ••••"),
        ] {
            let said = told(&split_words(line));
            assert!(!said.contains("sk-secret") && !said.contains("pw"), "{said}");
            assert_eq!(said, expected);
        }
    }
}
