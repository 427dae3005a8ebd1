//! Where sound servers listen: what somebody wrote, or the usual places.
//!
//! The form is that of `$PULSE_SERVER`: several addresses with spaces between, each `unix:/PATH` or a path, `tcp:HOST:PORT`,
//! or just `HOST`, each perhaps with `{MACHINE}` before it. Without one it is looked for where libpulse does.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::source::microphone::MicrophoneError;

/// The port of PulseAudio's protocol.
const PORT: u16 = 4713;

/// One place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::source::microphone) enum Address {
    /// A socket in the file system.
    Unix(PathBuf),
    /// Host and port.
    Tcp(String, u16),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
        }
    }
}

/// All addresses in `text`.
///
/// # Errors
/// A word that is none.
pub(super) fn parse(text: &str) -> Result<Vec<Address>, MicrophoneError> {
    let addresses: Result<Vec<_>, _> = text.split_whitespace().map(parse_one).collect();
    addresses.and_then(|found| {
        if found.is_empty() {
            return Err(MicrophoneError::BadAddress("nothing".to_owned()));
        }
        Ok(found)
    })
}

fn parse_one(word: &str) -> Result<Address, MicrophoneError> {
    let bad = || MicrophoneError::BadAddress(word.to_owned());
    let rest = match word.strip_prefix('{') {
        Some(machine) => machine.split_once('}').ok_or_else(bad)?.1,
        None => word,
    };
    let path = rest
        .strip_prefix("unix:")
        .or_else(|| rest.starts_with('/').then_some(rest));
    if let Some(path) = path {
        return if path.starts_with('/') {
            Ok(Address::Unix(PathBuf::from(path)))
        } else {
            Err(bad())
        };
    }
    let rest = ["tcp:", "tcp4:", "tcp6:"]
        .iter()
        .find_map(|scheme| rest.strip_prefix(scheme))
        .unwrap_or(rest);
    let (host, port) = match rest.strip_prefix('[') {
        Some(inner) => {
            let (host, after) = inner.split_once(']').ok_or_else(bad)?;
            (host, after.strip_prefix(':'))
        }
        None => match rest.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => (host, Some(port)),
            _ => (rest, None),
        },
    };
    if host.is_empty() || host.contains(['/', '=']) {
        return Err(bad());
    }
    let port = port.map_or(Ok(PORT), |port| port.parse().map_err(|_| bad()))?;
    Ok(Address::Tcp(host.to_owned(), port))
}

/// Where it is looked for when nobody says: by what `variable` gives of the environment.
pub(super) fn usual(variable: impl Fn(&str) -> Option<OsString>, user: u32) -> Vec<Address> {
    let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(text) = variable("PULSE_SERVER").and_then(|text| text.into_string().ok())
        && let Ok(addresses) = parse(&text)
    {
        return addresses;
    }
    let mut paths = Vec::new();
    paths.extend(folder("PULSE_RUNTIME_PATH").map(|folder| folder.join("native")));
    paths.extend(folder("XDG_RUNTIME_DIR").map(|folder| folder.join("pulse/native")));
    paths.push(PathBuf::from(format!("/run/user/{user}/pulse/native")));
    // Without a runtime folder a server makes one for itself, and a link to it here.
    if let Some(home) = folder("HOME") {
        paths.extend(
            [".config/pulse", ".pulse"]
                .iter()
                .flat_map(|kept| runtimes(&home.join(kept))),
        );
    }
    paths.push(PathBuf::from("/run/pulse/native"));
    let mut seen = Vec::new();
    for path in paths {
        if !seen.contains(&path) {
            seen.push(path);
        }
    }
    seen.into_iter().map(Address::Unix).collect()
}

/// The sockets in the runtime folders that are linked from `folder`: few, as there is one for each machine with this home.
fn runtimes(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries.take(64).filter_map(Result::ok).map(|entry| entry.path());
    let mut found: Vec<PathBuf> = names
        .filter(|path| path.to_string_lossy().ends_with("-runtime"))
        .map(|path| path.join("native"))
        .collect();
    found.sort();
    found
}

/// What a client shows to be let in: the server's cookie, where it can be read; zeros otherwise, which do for the same user.
pub(super) fn cookie(variable: impl Fn(&str) -> Option<OsString>) -> Vec<u8> {
    /// `PA_NATIVE_COOKIE_LENGTH`.
    const LENGTH: usize = 256;
    let home = variable("HOME").map(PathBuf::from).unwrap_or_default();
    let places = [
        variable("PULSE_COOKIE").map(PathBuf::from),
        Some(home.join(".config/pulse/cookie")),
        Some(home.join(".pulse-cookie")),
    ];
    let read = |path: PathBuf| {
        use std::io::Read;
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).ok()?;
        file.take(LENGTH as u64).read_to_end(&mut bytes).ok()?;
        (bytes.len() == LENGTH).then_some(bytes)
    };
    places
        .into_iter()
        .flatten()
        .find_map(read)
        .unwrap_or_else(|| vec![0; LENGTH])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unix(path: &str) -> Address {
        Address::Unix(PathBuf::from(path))
    }

    fn tcp(host: &str, port: u16) -> Address {
        Address::Tcp(host.to_owned(), port)
    }

    #[test]
    fn addresses_are_those_of_pulse_server() {
        for (text, wanted) in [
            ("unix:/run/pulse/native", vec![unix("/run/pulse/native")]),
            ("/tmp/native", vec![unix("/tmp/native")]),
            ("{0123}unix:/a tcp:studio:4000", vec![unix("/a"), tcp("studio", 4000)]),
            ("studio", vec![tcp("studio", 4713)]),
            ("192.0.2.1:9", vec![tcp("192.0.2.1", 9)]),
            ("tcp6:[::1]:9", vec![tcp("::1", 9)]),
            ("::1", vec![tcp("::1", 4713)]),
        ] {
            assert_eq!(parse(text).unwrap(), wanted, "{text}");
        }
        for text in ["", "unix:native", "tcp:", "host:port", "{a", "autospawn=no"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn without_an_address_the_usual_places_are_tried_in_their_order() {
        let variables = |name: &str| match name {
            "PULSE_RUNTIME_PATH" => Some(OsString::from("/a")),
            "XDG_RUNTIME_DIR" => Some(OsString::from("/run/user/7")),
            _ => None,
        };
        let places = usual(variables, 7);
        assert_eq!(
            places,
            ["/a/native", "/run/user/7/pulse/native", "/run/pulse/native"].map(unix)
        );
        let named = usual(|name| (name == "PULSE_SERVER").then(|| OsString::from("unix:/s")), 7);
        assert_eq!(named, [unix("/s")]);
    }

    #[test]
    fn a_server_without_a_runtime_folder_is_found_by_its_link() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".config/pulse/8c-runtime");
        std::fs::create_dir_all(&folder).unwrap();
        let places = usual(|name| (name == "HOME").then(|| home.path().into()), 7);
        assert!(places.contains(&Address::Unix(folder.join("native"))), "{places:?}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            let _ = parse(&text);
        }
    }
}
