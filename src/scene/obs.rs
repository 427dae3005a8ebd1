//! The table `[obs]`: whether controllers made for OBS may drive this show, from where, and how far.

use serde::Deserialize;

use super::check::Check;
use super::raw::RawSecret;
use super::schema::{Key, Kind, key};
use crate::obs::{Allowed, DEFAULT_LISTEN, ObsSettings};
use crate::suggest;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawObs {
    on: Option<bool>,
    listen: Option<String>,
    password: Option<RawSecret>,
    #[serde(default)]
    allow: Vec<String>,
}

impl Check<'_> {
    /// `[obs]`. Whoever may connect drives the show, so the table says who that is: there is no usual password.
    pub(super) fn obs(&mut self, raw: Option<RawObs>) -> Option<ObsSettings> {
        let raw = raw?;
        let listen = raw.listen.map_or(Some(DEFAULT_LISTEN), |text| {
            let address = text.parse().ok();
            if address.is_none() {
                let message = "expected an address and a port as in 127.0.0.1:4455, 0.0.0.0:4455 or [::]:4455";
                self.error("obs.listen", message);
            }
            address
        });
        let is_local = listen.is_none_or(|listen| listen.ip().is_loopback());
        let password = match raw.password {
            None => {
                if raw.on != Some(false) {
                    self.required(None::<()>, "obs", "password");
                }
                None
            }
            Some(RawSecret::Text(text)) if text.is_empty() => {
                if !is_local {
                    let message =
                        "controllers from other machines need a password: { env = \"NAME\" } or { file = \"PATH\" }";
                    self.error("obs.password", message);
                }
                None
            }
            Some(secret) => self.secret("obs.password", secret),
        };
        let mut allow = Allowed::default();
        for (at, word) in raw.allow.iter().enumerate() {
            if !Allowed::WORDS.contains(&word.as_str()) {
                let hint = suggest::hint(word, Allowed::WORDS.iter().copied());
                let message = format!("\"{word}\" cannot be allowed; {} can{hint}", Allowed::WORDS.join(", "));
                self.error(&format!("obs.allow[{at}]"), message);
            }
            allow = allow.with(word);
        }
        (raw.on != Some(false)).then(|| ObsSettings {
            listen: listen.unwrap_or(DEFAULT_LISTEN),
            password,
            allow,
        })
    }
}

/// The keys of `[obs]`.
pub(super) const OBS: &[Key] = &[
    key(
        "on",
        Kind::Flag,
        "whether controllers are served (default: yes where this table is)",
    ),
    key(
        "listen",
        Kind::Text,
        "address and port (default 127.0.0.1:4455: this machine only)",
    ),
    key(
        "password",
        Kind::Secret,
        "what controllers must know; \"\" lets whoever is on this machine drive the show",
    ),
    key(
        "allow",
        Kind::Texts,
        "what they may do that a screen asks about twice: \"end\" stops streams and recordings, \"reveal\" shows what is hidden, \"files\" names files of this machine (default none of them)",
    ),
];

#[cfg(test)]
mod tests {
    use crate::scene::{Show, from_text};

    /// A show with that table, or what is wrong with it.
    fn read(table: &str) -> Result<Show, String> {
        let text = format!("[source.a]\nkind = \"pattern\"\n[scene.a]\nitems = [{{ source = \"a\" }}]\n{table}");
        let env = |name: &str| (name == "DECK").then(|| "swordfish".to_owned());
        from_text("show.toml", &text, &[], &env).map_err(|errors| errors.to_string())
    }

    #[test]
    fn nobody_is_let_in_unless_the_file_says_who() {
        assert_eq!(read("").unwrap().obs, None);
        assert_eq!(read("[obs]\non = false\n").unwrap().obs, None);
        let obs = read("[obs]\npassword = { env = \"DECK\" }\nallow = [\"end\"]\n")
            .unwrap()
            .obs
            .unwrap();
        assert_eq!(obs.listen.to_string(), "127.0.0.1:4455");
        assert_eq!(
            obs.password.as_ref().map(crate::secret::Secret::expose),
            Some("swordfish")
        );
        assert!(obs.allow.may_end && !obs.allow.may_reveal && !obs.allow.may_use_files);
        let told = serde_json::to_string(&obs).unwrap() + &format!("{obs:?}");
        assert!(!told.contains("swordfish"), "{told}");
        let open = read("[obs]\npassword = \"\"\nlisten = \"[::1]:5000\"\n")
            .unwrap()
            .obs
            .unwrap();
        assert_eq!(open.password, None);
    }

    #[test]
    fn the_example_in_the_documentation_is_right() {
        let page = include_str!("../../docs/obs.md");
        let (_, rest) = page.split_once("```toml\n").unwrap();
        let (text, _) = rest.split_once("```").unwrap();
        let env = |name: &str| (name == "DECK_PASSWORD").then(|| "swordfish".to_owned());
        let show = from_text("obs.md", text, &[], &env).unwrap_or_else(|errors| panic!("{errors}"));
        assert!(show.obs.unwrap().allow.may_end);
    }

    #[test]
    fn mistakes_are_named() {
        for (table, expected) in [
            ("[obs]\n", "show.toml:5:2: obs: needs the key \"password\""),
            (
                "[obs]\npassword = \"\"\nlisten = \"0.0.0.0:4455\"\n",
                "show.toml:6:12: obs.password: controllers from other machines need a password",
            ),
            (
                "[obs]\npassword = \"x\"\nlisten = \"4455\"\n",
                "show.toml:7:10: obs.listen: expected an address and a port",
            ),
            (
                "[obs]\npassword = { env = \"NOBODY\" }\n",
                "show.toml:6:12: obs.password: environment variable NOBODY is not set",
            ),
            (
                "[obs]\npassword = \"x\"\nallow = [\"end\", \"revael\"]\n",
                "show.toml:7:17: obs.allow[1]: \"revael\" cannot be allowed; end, reveal, files can; did you mean \"reveal\"?",
            ),
            ("[obs]\npasswort = \"x\"\n", "show.toml:6:1: obs.passwort: "),
        ] {
            let said = read(table).expect_err(table);
            assert!(said.contains(expected), "{table}: {said}");
        }
    }
}
