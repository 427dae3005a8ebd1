//! The page that plays, and what it is made of. Everything comes from here: nothing is fetched from elsewhere, and the
//! headers forbid it.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

const INDEX: &str = include_str!("page/index.html");

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// What the page is made of: name, type, text.
const ASSETS: [(&str, &str, &str); 9] = [
    ("figures.js", SCRIPT, include_str!("page/figures.js")),
    ("link.js", SCRIPT, include_str!("page/link.js")),
    ("pictures.js", SCRIPT, include_str!("page/pictures.js")),
    ("player.js", SCRIPT, include_str!("page/player.js")),
    ("segments.js", SCRIPT, include_str!("page/segments.js")),
    ("sound.js", SCRIPT, include_str!("page/sound.js")),
    ("style.css", "text/css; charset=utf-8", include_str!("page/style.css")),
    ("surface.js", SCRIPT, include_str!("page/surface.js")),
    ("timing.js", SCRIPT, include_str!("page/timing.js")),
];

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

/// One of the files that make it play and look decent.
pub(super) async fn asset(Path(name): Path<String>) -> Response {
    let Some((_, content_type, text)) = ASSETS.iter().find(|(own, ..)| *own == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, *content_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, *text).into_response()
}
