//! The page that plays, and what it is made of. Everything comes from here: nothing is fetched from elsewhere, and the
//! headers forbid it.

use axum::http::header;
use axum::response::{IntoResponse, Response};

const INDEX: &str = include_str!("page/index.html");
const PLAYER: &str = include_str!("page/player.js");
const STYLE: &str = include_str!("page/style.css");

/// Scripts and styles of our own, media from memory, connections to this host (WebSockets named apart, as browsers want it).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
     media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'";

/// The page itself. Which stream it plays it sees from its own address.
pub(super) async fn index() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-cache"),
        // The address may hold a token.
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, INDEX).into_response()
}

/// What makes the page play.
pub(super) async fn player() -> Response {
    asset("text/javascript; charset=utf-8", PLAYER)
}

/// What makes it look decent.
pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", STYLE)
}

fn asset(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}
