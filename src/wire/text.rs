//! What a peer says, fit for eyes: servers like to repeat what they were told, and to people that must not be shown.

use crate::secret::{DOTS, Secret};

/// `text` without control characters, no longer than 200 characters, and with dots wherever it repeats one of `secrets`.
pub(super) fn scrub(text: &str, secrets: &[&str]) -> String {
    let mut text: String = text.chars().filter(|c| !c.is_control()).collect();
    let mut secrets: Vec<&str> = secrets.iter().copied().filter(|secret| !secret.is_empty()).collect();
    // The whole before its parts.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets {
        if secret.len() >= 4 {
            text = text.replace(secret, DOTS);
        } else if text.contains(secret) {
            // Too short to be cut out without making nonsense of the rest.
            return DOTS.to_owned();
        }
    }
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// What may be a credential in a path with its query: all but the first segment, as [`SecretUrl`](crate::secret::SecretUrl)
/// shows it, and each value of the query.
pub(super) fn secrets_of_path(path: &Secret) -> Vec<&str> {
    let (path, query) = path.expose().split_once('?').unwrap_or((path.expose(), ""));
    let mut secrets: Vec<&str> = path.trim_matches('/').split('/').skip(1).collect();
    secrets.push(query);
    secrets.extend(query.split('&').filter_map(|pair| Some(pair.split_once('=')?.1)));
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_in_confidence_is_not_repeated() {
        let path = Secret::new("/live/sk-secret?pass=hunter2&x=");
        let secrets = secrets_of_path(&path);
        assert_eq!(
            scrub("no stream live/sk-secret here\r\n", &secrets),
            "no stream live/•••• here"
        );
        assert_eq!(scrub("pass=hunter2&x= is wrong", &secrets), "•••• is wrong");
        assert_eq!(scrub("hunter2!", &secrets), "••••!");
        assert_eq!(scrub("key k refused", &["k"]), DOTS);
        assert_eq!(scrub(&"é".repeat(500), &[]).chars().count(), 201);
    }
}
