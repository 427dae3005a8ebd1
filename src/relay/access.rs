//! Who may do what: tokens, origins, names in addresses.
//!
//! A token comes as `Authorization: Bearer TOKEN` (RFC 6750 §2.1) or as `?token=TOKEN` (§2.3), since a page cannot give
//! headers to a WebSocket. Tokens are compared in a time that tells nothing, and printed nowhere.

use std::hint::black_box;
use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use url::{Url, form_urlencoded};

use super::RelaySettings;
use crate::secret::Secret;

/// The longest name of a stream or a rendition.
pub(super) const MAX_NAME: usize = 64;

/// Whether `name` can stand in an address as it is.
pub(super) fn is_name(name: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=MAX_NAME).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(is_fine)
}

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Watch,
    Publish,
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No token, or none that counts.
    Token,
    /// A web page of someone else's.
    Origin,
}

/// Decides about a request by its headers, its query and where it comes from.
pub(super) fn check(
    settings: &RelaySettings,
    wish: Wish,
    headers: &HeaderMap,
    query: &str,
    peer: IpAddr,
) -> Result<(), Refusal> {
    if !is_own_origin(headers) && allowed_origin(settings, headers).is_none() {
        return Err(Refusal::Origin);
    }
    let tokens = match wish {
        Wish::Watch if settings.is_public => return Ok(()),
        Wish::Watch => &settings.read_tokens,
        Wish::Publish => &settings.publish_tokens,
    };
    if tokens.is_empty() {
        // A name that leads here in someone else's DNS would make any web page on this machine a viewer.
        return if peer.to_canonical().is_loopback() && is_local_host(headers) {
            Ok(())
        } else {
            Err(Refusal::Token)
        };
    }
    let given = bearer(headers).or_else(|| query_token(query)).unwrap_or_default();
    if is_one_of(tokens, &given) {
        Ok(())
    } else {
        Err(Refusal::Token)
    }
}

/// The token of a request's query.
pub(super) fn query_token(query: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(key, _)| key == "token")
        .map(|(_, value)| value.into_owned())
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// Looks at every token to its end, whatever is found on the way. Only lengths could be told from the time it takes.
fn is_one_of(tokens: &[Secret], given: &str) -> bool {
    let is_same = |token: &Secret| {
        let token = token.expose().as_bytes();
        let difference = token
            .iter()
            .zip(given.bytes())
            .fold(0, |all, (a, b)| black_box(all | (a ^ b)));
        difference == 0 && token.len() == given.len() && !token.is_empty()
    };
    tokens.iter().fold(false, |any, token| any | is_same(token))
}

/// Whether a request comes from no page at all, or from one that this server gave out: its origin is the host asked.
fn is_own_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let (Ok(origin), Some(host)) = (origin.to_str(), host(headers)) else {
        return false;
    };
    origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"))
        .is_some_and(|origin| origin.eq_ignore_ascii_case(host))
}

/// The origin of a request, where pages from there may use this relay.
pub(super) fn allowed_origin<'a>(settings: &RelaySettings, headers: &'a HeaderMap) -> Option<&'a str> {
    let origin = headers.get(header::ORIGIN)?.to_str().ok()?;
    let is_allowed = |allowed: &String| allowed == "*" || allowed.eq_ignore_ascii_case(origin);
    settings.origins.iter().any(is_allowed).then_some(origin)
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

/// Whether the host asked for is this machine by its own name or an address.
fn is_local_host(headers: &HeaderMap) -> bool {
    let Some(Ok(url)) = host(headers).map(|host| Url::parse(&format!("http://{host}/"))) else {
        return false;
    };
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(_) => true,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    use axum::http::HeaderValue;
    use proptest::prelude::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn tokens_let_in_and_nothing_else_does() {
        let with = RelaySettings {
            read_tokens: vec![Secret::new("one"), Secret::new("two")],
            publish_tokens: vec![Secret::new("three")],
            ..RelaySettings::default()
        };
        let host = ("host", "127.0.0.1:8480");
        for (wish, authorization, query, is_let_in) in [
            (Wish::Watch, "Bearer one", "", true),
            (Wish::Watch, "bearer two", "", true),
            (Wish::Watch, "", "rendition=auto&token=two", true),
            (Wish::Watch, "", "token=tw%6f", true),
            (Wish::Watch, "", "", false),
            (Wish::Watch, "Bearer ", "", false),
            (Wish::Watch, "Bearer on", "", false),
            (Wish::Watch, "Bearer onee", "", false),
            (Wish::Watch, "Basic one", "", false),
            (Wish::Watch, "Bearer three", "", false),
            (Wish::Publish, "Bearer three", "", true),
            (Wish::Publish, "Bearer one", "", false),
        ] {
            let headers = headers(&[host, ("authorization", authorization)]);
            let checked = check(&with, wish, &headers, query, HERE);
            assert_eq!(checked.is_ok(), is_let_in, "{wish:?} {authorization:?} {query:?}");
        }
    }

    #[test]
    fn without_tokens_this_machine_is_let_in() {
        let without = RelaySettings::default();
        let public = RelaySettings {
            is_public: true,
            ..RelaySettings::default()
        };
        for (settings, wish, peer, host, is_let_in) in [
            (&without, Wish::Watch, HERE, "127.0.0.1:8480", true),
            (&without, Wish::Watch, HERE, "localhost:8480", true),
            (&without, Wish::Watch, "::1".parse().unwrap(), "[::1]:8480", true),
            (
                &without,
                Wish::Publish,
                "::ffff:127.0.0.1".parse().unwrap(),
                "127.0.0.1",
                true,
            ),
            (&without, Wish::Watch, HERE, "rebound.example:8480", false),
            (&without, Wish::Watch, THERE, "192.0.2.1:8480", false),
            (&without, Wish::Publish, THERE, "192.0.2.1:8480", false),
            (&public, Wish::Watch, THERE, "rig.example", true),
            (&public, Wish::Publish, THERE, "rig.example", false),
        ] {
            let checked = check(settings, wish, &headers(&[("host", host)]), "", peer);
            assert_eq!(checked.is_ok(), is_let_in, "{wish:?} {peer} {host}");
        }
    }

    #[test]
    fn pages_of_others_need_to_be_named() {
        let named = RelaySettings {
            origins: vec!["https://tv.example".to_owned()],
            ..RelaySettings::default()
        };
        for (settings, origin, is_let_in) in [
            (RelaySettings::default(), "http://127.0.0.1:8480", true),
            (RelaySettings::default(), "https://evil.example", false),
            (RelaySettings::default(), "http://127.0.0.1:3000", false),
            (RelaySettings::default(), "null", false),
            (named.clone(), "https://tv.example", true),
            (named, "https://tv.example.evil", false),
        ] {
            let headers = headers(&[("host", "127.0.0.1:8480"), ("origin", origin)]);
            let checked = check(&settings, Wish::Watch, &headers, "", HERE);
            assert_eq!(checked.is_ok(), is_let_in, "{origin}");
        }
    }

    proptest! {
        #[test]
        fn no_query_is_too_strange(query in ".{0,200}", host in "[ -~]{0,60}") {
            let headers = HeaderValue::from_str(&host).map(|host| HeaderMap::from_iter([(header::HOST, host)]));
            let settings = RelaySettings { read_tokens: vec![Secret::new("only")], ..RelaySettings::default() };
            let checked = check(&settings, Wish::Watch, &headers.unwrap_or_default(), &query, HERE);
            prop_assert_eq!(checked.is_ok(), query_token(&query).as_deref() == Some("only"));
        }

        #[test]
        fn names_need_no_escaping(name in ".{0,70}") {
            if is_name(&name) {
                let url = Url::parse(&format!("http://host/live/{name}")).unwrap();
                prop_assert_eq!(url.path(), format!("/live/{name}"));
            }
        }
    }
}
