//! One question by HTTP/1.1 (RFC 9112), on a connection of its own: a stat page is asked for every few seconds, and a
//! connection kept open between would be one more client in its own figures.
//!
//! Bounded in time and bytes, whatever the server does. Redirects are not followed: they could lead a token elsewhere.

use std::pin::pin;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONNECTION, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Response, body::Body, body::Incoming};
use hyper_util::rt::TokioIo;
use url::Url;

use super::connect::connect;
use super::{AudienceError, StatsKind, StatsSpec};

/// The longest answer that is read: nginx's page with some 20,000 clients on it.
pub(super) const MAX_ANSWER: usize = 4 << 20;

/// The longest head of an answer.
const MAX_HEAD: usize = 32 << 10;

/// The page that `spec` is about.
pub(super) async fn fetch(spec: &StatsSpec, within: Duration) -> Result<Vec<u8>, AudienceError> {
    let late = |_| AudienceError::Timeout {
        peer: spec.url.peer(),
        within,
    };
    tokio::time::timeout(within, ask(spec)).await.map_err(late)?
}

async fn ask(spec: &StatsSpec) -> Result<Vec<u8>, AudienceError> {
    let http = |source| AudienceError::Http {
        peer: spec.url.peer(),
        source,
    };
    let request = request(spec)?;
    let stream = connect(spec).await?;
    let (mut sender, mut connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(http)?;
    let mut exchange = pin!(async {
        let response = sender.send_request(request).await.map_err(http)?;
        read(spec, response).await
    });
    // Both in this task: when it is given up, nothing goes on in the background. What breaks the connection is told to
    // the exchange, and what a server does with a connection whose answer has been read is its own affair.
    tokio::select! {
        page = &mut exchange => page,
        _ = &mut connection => exchange.await,
    }
}

async fn read(spec: &StatsSpec, response: Response<Incoming>) -> Result<Vec<u8>, AudienceError> {
    let peer = || spec.url.peer();
    let status = response.status();
    if status != hyper::StatusCode::OK {
        return Err(AudienceError::Status { peer: peer(), status });
    }
    let too_long = || AudienceError::TooLong {
        peer: peer(),
        limit: MAX_ANSWER,
        is_nginx: matches!(spec.kind, StatsKind::NginxRtmp { .. }),
    };
    let mut body = response.into_body();
    if body.size_hint().lower() > MAX_ANSWER as u64 {
        return Err(too_long());
    }
    let mut page = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|source| AudienceError::Http { peer: peer(), source })?;
        let Ok(data) = frame.into_data() else { continue };
        if page.len() + data.len() > MAX_ANSWER {
            return Err(too_long());
        }
        page.extend_from_slice(&data);
    }
    Ok(page)
}

fn request(spec: &StatsSpec) -> Result<Request<Empty<Bytes>>, AudienceError> {
    let problem = |problem| AudienceError::Address {
        peer: spec.url.peer(),
        problem,
    };
    let url = spec.url.expose();
    let mut request = Request::builder()
        .uri(spec.target())
        .header(HOST, spec.url.peer())
        .header(ACCEPT, "application/json, text/xml, */*;q=0.5")
        .header(USER_AGENT, concat!("rigcast/", env!("CARGO_PKG_VERSION")))
        .header(CONNECTION, "close");
    if let Some(value) = authorization(spec, url) {
        let mut value =
            HeaderValue::try_from(value).map_err(|_| problem("cannot be sent the token: it is not plain text"))?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    request
        .body(Empty::new())
        .map_err(|_| problem("has a path that cannot be asked for"))
}

/// Bearer (RFC 6750) for a token, Basic (RFC 7617) for user and password in the URL.
fn authorization(spec: &StatsSpec, url: &Url) -> Option<String> {
    if let Some(token) = &spec.token {
        return Some(format!("Bearer {}", token.expose()));
    }
    let password = url.password().unwrap_or_default();
    if url.username().is_empty() && password.is_empty() {
        return None;
    }
    let mut pair = percent_decoded(url.username());
    pair.push(b':');
    pair.extend(percent_decoded(password));
    Some(format!("Basic {}", STANDARD.encode(pair)))
}

/// A URL keeps what is special in it as `%XX`.
fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    while let Some(byte) = bytes.get(at) {
        if let (b'%', Some(high), Some(low)) = (byte, digit(at + 1), digit(at + 2)) {
            decoded.push((high * 16 + low) as u8);
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{Secret, SecretUrl};

    fn spec(url: &str) -> StatsSpec {
        let kind = StatsKind::Json { pointer: String::new() };
        StatsSpec::new("x", kind, SecretUrl::parse(url).unwrap())
    }

    #[test]
    fn who_asks_is_told_as_the_server_wants_it() {
        let shown = |spec: &StatsSpec| {
            let request = request(spec).unwrap();
            let header = request.headers().get(AUTHORIZATION)?;
            assert!(header.is_sensitive());
            Some(header.to_str().unwrap().to_owned())
        };
        assert_eq!(shown(&spec("http://h/")), None);
        // The example of RFC 7617, section 2.
        let basic = spec("http://Aladdin:open%20sesame@h:81/");
        assert_eq!(shown(&basic).as_deref(), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        let token = StatsSpec {
            token: Some(Secret::new("abc")),
            ..basic
        };
        assert_eq!(shown(&token).as_deref(), Some("Bearer abc"));
        let broken = StatsSpec {
            token: Some(Secret::new("a\nb-secret")),
            ..token
        };
        let error = request(&broken).unwrap_err().to_string();
        assert_eq!(error, "h:81: cannot be sent the token: it is not plain text");
    }

    #[test]
    fn the_host_is_named_as_the_address_has_it() {
        for (url, host) in [
            ("http://h/", "h"),
            ("http://h:81/", "h:81"),
            ("https://[::1]:8/", "[::1]:8"),
        ] {
            assert_eq!(request(&spec(url)).unwrap().headers()[HOST], host);
        }
    }

    #[test]
    fn percent_signs_are_taken_as_far_as_they_make_sense() {
        for (text, expected) in [
            ("a%20b", "a b"),
            ("%", "%"),
            ("%2", "%2"),
            ("%zz%41", "%zzA"),
            ("%+1", "%+1"),
        ] {
            assert_eq!(percent_decoded(text), expected.as_bytes(), "{text}");
        }
    }
}
