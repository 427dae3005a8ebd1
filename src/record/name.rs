//! Names of files: a template filled in for each part, and never the name of a file that is there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::error::RecordError;

/// What may stand in braces.
const PLACEHOLDERS: [&str; 4] = ["name", "date", "time", "part"];

/// A checked template.
#[derive(Clone, Debug)]
pub(super) struct Template {
    folder: PathBuf,
    /// Of the file's name, without its extension.
    stem: String,
    extension: String,
}

impl Template {
    /// Checks `path`. Only the file's name may hold placeholders; without extension it gets `.mp4`.
    pub(super) fn parse(path: &Path) -> Result<Self, RecordError> {
        let wrong = |problem: String| RecordError::Template {
            path: path.to_owned(),
            problem,
        };
        let text = path.to_str().ok_or_else(|| wrong("the name is not UTF-8".to_owned()))?;
        let file = match path.file_name().and_then(|name| name.to_str()) {
            Some(file) if !text.ends_with('/') => file,
            _ => return Err(wrong("this names a folder, not a file".to_owned())),
        };
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        if folder.to_string_lossy().contains(['{', '}']) {
            return Err(wrong(
                "placeholders are for the file's name, not for its folder".to_owned(),
            ));
        }
        let mut rest = file;
        while let Some((_, behind)) = rest.split_once('{') {
            let Some((word, behind)) = behind.split_once('}') else {
                return Err(wrong("a brace is not closed".to_owned()));
            };
            if !PLACEHOLDERS.contains(&word) {
                let known = PLACEHOLDERS.map(|word| format!("{{{word}}}")).join(", ");
                return Err(wrong(format!("{{{word}}} is not known; known are {known}")));
            }
            rest = behind;
        }
        let (stem, extension) = match file.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() && !extension.contains('}') => (stem, extension),
            _ => (file, "mp4"),
        };
        Ok(Self {
            folder,
            stem: stem.to_owned(),
            extension: extension.to_owned(),
        })
    }

    /// The folder that all parts lie in.
    pub(super) fn folder(&self) -> &Path {
        if self.folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &self.folder
        }
    }

    /// The name of a part that starts `unix` after 1970, in order of preference: the name itself, then with `-2`, `-3` …
    pub(super) fn candidates(&self, name: &str, part: u32, unix: Duration) -> impl Iterator<Item = PathBuf> + '_ {
        let (date, time) = utc(unix);
        let name = name.replace(['/', '\0'], "_");
        let stem = self
            .stem
            .replace("{date}", &date)
            .replace("{time}", &time)
            .replace("{part}", &format!("{part:03}"))
            .replace("{name}", &name);
        (1_u32..).map(move |turn| {
            let suffix = if turn == 1 { String::new() } else { format!("-{turn}") };
            self.folder.join(format!("{stem}{suffix}.{}", self.extension))
        })
    }
}

/// Date and time of day in UTC as file names carry them: `2026-11-21` and `16-05-09`. UTC, since a show that runs through
/// a change of the clocks must not get one name twice or names in the wrong order.
fn utc(unix: Duration) -> (String, String) {
    let at = i64::try_from(unix.as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    let at = at.unwrap_or(Timestamp::MAX);
    (at.strftime("%Y-%m-%d").to_string(), at.strftime("%H-%M-%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(template: &str, part: u32, turn: usize) -> String {
        let template = Template::parse(Path::new(template)).unwrap();
        let path = template
            .candidates("ma/in", part, Duration::from_secs(1_709_210_096))
            .nth(turn)
            .unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn placeholders_are_filled_in() {
        let cases = [
            ("/a/show.mp4", 1, 0, "/a/show.mp4"),
            ("/a/show.mp4", 2, 2, "/a/show-3.mp4"),
            ("show", 1, 1, "show-2.mp4"),
            (
                "{name}-{date}-{time}-{part}.m4v",
                7,
                0,
                "ma_in-2024-02-29-12-34-56-007.m4v",
            ),
            ("b/{date}", 1, 0, "b/2024-02-29.mp4"),
            ("v1.{part}", 1, 0, "v1.001.mp4"),
        ];
        for (template, part, turn, expected) in cases {
            assert_eq!(name(template, part, turn), expected, "{template}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            (
                "a/{nmae}.mp4",
                "{nmae} is not known; known are {name}, {date}, {time}, {part}",
            ),
            ("a/{name.mp4", "a brace is not closed"),
            ("a/", "this names a folder, not a file"),
            (
                "{date}/a.mp4",
                "placeholders are for the file's name, not for its folder",
            ),
        ];
        for (template, expected) in cases {
            let error = Template::parse(Path::new(template)).unwrap_err();
            assert_eq!(error.to_string(), format!("{template}: {expected}"));
        }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let cases = [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (4_107_542_400, "2100-03-01"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(utc(Duration::from_secs(seconds)).0, expected);
        }
        assert_eq!(utc(Duration::from_secs(86_399)).1, "23-59-59");
    }

    proptest! {
        #[test]
        fn later_days_sort_behind_earlier_ones(day in 0_u64..100_000) {
            let of = |day: u64| utc(Duration::from_secs(day * 86_400)).0;
            prop_assert!(of(day) < of(day + 1));
        }
    }
}
