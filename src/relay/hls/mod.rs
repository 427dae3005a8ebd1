//! HLS with low latency, for players that want an address: `/hls/STREAM/index.m3u8`.
//!
//! Players say which state of a playlist they have, and get their answer when there is a newer one (blocking reload); the part
//! that comes next can be asked for before it is there. A token of the address goes on into every address of a playlist.

#![expect(
    clippy::result_large_err,
    reason = "the error is the answer, made once for each request"
)]

pub(super) mod playlist;

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;
use url::form_urlencoded;

use super::access::{Wish, query_token};
use super::hub::Hub;
use super::message::{WallClock, audio_codec, video_codec};
use super::mux::Mux;
use super::routes::{let_in, missing, value};
use super::stream::{Rendition, Stream};
use crate::media::Timestamp;
use playlist::{Found, Piece, Playlist};

/// How long an answer may wait for what it is about.
const WAIT: Duration = Duration::from_secs(8);

/// Asked for something further ahead than this many segments, a player is told that it is wrong (rfc8216bis §6.2.5.2).
const AHEAD: u64 = 2;

const PLAYLIST: &str = "application/vnd.apple.mpegurl";

type Shared = State<Arc<Hub>>;

/// The renditions of a stream, the best first.
pub(super) async fn master(State(hub): Shared, Path(name): Path<String>, request: Request) -> Response {
    if let Err(refusal) = let_in(&hub, Wish::Watch, &request) {
        return refusal;
    }
    let Some(stream) = hub.find(&name) else {
        return missing("there is no such stream\n");
    };
    let suffix = suffix(&request);
    let mut offered = stream.offer().all().collect::<Vec<_>>();
    offered.sort_by_key(|(_, kbps)| std::cmp::Reverse(*kbps));
    let mut text = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-INDEPENDENT-SEGMENTS\n".to_owned();
    for (rendition, _) in offered {
        text.push_str(&variant(&stream.renditions[rendition], &suffix));
    }
    playlist_answer(&hub, text)
}

fn variant(rendition: &Rendition, suffix: &str) -> String {
    let info = rendition.info_now();
    // Writing to a string cannot fail. What it peaks at is not known; encoders of a constant rate stay below this.
    let bandwidth = u64::from(info.kbps()) * 1200;
    let mut line = format!("#EXT-X-STREAM-INF:BANDWIDTH={bandwidth}");
    let setup = rendition.setup();
    let video = setup.video.as_ref().map(video_codec);
    // A codec that is not known yet is better not named at all.
    if video.is_some() || !info.has_video() {
        let codecs = video.into_iter().chain(setup.audio.as_ref().map(audio_codec));
        let _ = write!(line, ",CODECS=\"{}\"", codecs.collect::<Vec<_>>().join(","));
    }
    if info.has_video() {
        let _ = write!(line, ",RESOLUTION={}x{}", info.width, info.height);
    }
    if let Some(rate) = info.frame_rate {
        let _ = write!(line, ",FRAME-RATE={:.3}", rate.as_f64());
    }
    format!("{line}\n{}/index.m3u8{suffix}\n", info.name)
}

/// The playlist of a rendition, when it has come as far as the player asks.
pub(super) async fn media(
    State(hub): Shared,
    Path((name, rendition)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (stream, mux) = match open(&hub, &name, &rendition, &request) {
        Ok(opened) => opened,
        Err(refusal) => return refusal,
    };
    let Ok((segment, part)) = asked_for(&request) else {
        return (StatusCode::BAD_REQUEST, "_HLS_msn and _HLS_part are numbers\n").into_response();
    };
    let suffix = suffix(&request);
    drop(request);
    if segment.is_some_and(|segment| segment > mux.playlist().edge().0 + AHEAD) {
        return (StatusCode::BAD_REQUEST, "that is too far ahead\n").into_response();
    }
    let is_ready = |playlist: &Playlist| match segment {
        Some(segment) => playlist.has_reached(segment, part),
        None => playlist.has_segment(),
    };
    let wall = stream.wall();
    let text = wait(&mux, |playlist| {
        is_ready(playlist).then(|| playlist.text(&suffix, |pts| date(wall, pts)))
    });
    match text.await {
        Some(text) => playlist_answer(&hub, text),
        None => late(),
    }
}

/// Which segment, and which part of it, a player wants to see in the playlist (rfc8216bis §6.2.5.2).
fn asked_for(request: &Request) -> Result<(Option<u64>, Option<usize>), ()> {
    let number = |key: &str| {
        value(request, key)
            .map(|value| value.parse::<u64>())
            .transpose()
            .map_err(|_| ())
    };
    let (segment, part) = (number("_HLS_msn")?, number("_HLS_part")?);
    if part.is_some() && segment.is_none() {
        return Err(());
    }
    Ok((segment, part.map(|part| usize::try_from(part).unwrap_or(usize::MAX))))
}

/// An initialisation segment, a segment or a part.
pub(super) async fn piece(
    State(hub): Shared,
    Path((name, rendition, file)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    let (_, mux) = match open(&hub, &name, &rendition, &request) {
        Ok(opened) => opened,
        Err(refusal) => return refusal,
    };
    drop(request);
    let Some(piece) = Piece::parse(&file) else {
        return missing("there is no such file\n");
    };
    let found = wait(&mux, |playlist| match playlist.find(piece) {
        Found::Here(bytes) => Some(Some(bytes)),
        Found::Never => Some(None),
        Found::Soon => None,
    });
    match found.await {
        Some(Some(bytes)) => {
            hub.hls_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            let headers = [
                (header::CONTENT_TYPE, "video/mp4"),
                (header::CACHE_CONTROL, "private, max-age=60"),
            ];
            (headers, bytes).into_response()
        }
        Some(None) => missing("there is no such file any more\n"),
        None => late(),
    }
}

fn open(hub: &Hub, name: &str, rendition: &str, request: &Request) -> Result<(Arc<Stream>, Arc<Mux>), Response> {
    let_in(hub, Wish::Watch, request)?;
    let stream = hub.find(name).ok_or_else(|| missing("there is no such stream\n"))?;
    // Players go over to another one when theirs is not there any more.
    let rendition = stream
        .find(rendition)
        .filter(|rendition| stream.offer().holds(*rendition))
        .ok_or_else(|| missing("there is no such rendition\n"))?;
    let mux = Mux::of(&stream, rendition);
    mux.note_player();
    Ok((stream, mux))
}

/// Looks into the playlist until `look` finds what it wants; `None` if that takes too long.
async fn wait<T>(mux: &Mux, mut look: impl FnMut(&Playlist) -> Option<T>) -> Option<T> {
    let mut version = mux.version();
    let found = async {
        loop {
            version.mark_unchanged();
            if let Some(found) = look(&mux.playlist()) {
                return Some(found);
            }
            if mux.log.read().is_over() {
                return None;
            }
            version.changed().await.ok()?;
        }
    };
    timeout(WAIT, found).await.ok().flatten()
}

fn late() -> Response {
    let wait = [(header::RETRY_AFTER, HeaderValue::from_static("2"))];
    (StatusCode::SERVICE_UNAVAILABLE, wait, "nothing has come\n").into_response()
}

fn playlist_answer(hub: &Hub, text: String) -> Response {
    hub.hls_bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
    let headers = [(header::CONTENT_TYPE, PLAYLIST), (header::CACHE_CONTROL, "no-store")];
    (headers, text).into_response()
}

/// The token of a request, for the addresses in its answer.
fn suffix(request: &Request) -> String {
    let token = request.uri().query().and_then(query_token);
    token.map_or_else(String::new, |token| {
        let token = form_urlencoded::byte_serialize(token.as_bytes()).collect::<String>();
        format!("?token={token}")
    })
}

/// When something was made, as ISO 8601 has it.
fn date(wall: WallClock, pts: Timestamp) -> String {
    let millis = wall.at(pts).div_euclid(1000);
    let (days, millis) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    // Days to a date of the Gregorian calendar, counted in eras of 400 years that begin in March.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 {
        (era * 400 + year, month + 3)
    } else {
        (era * 400 + year + 1, month - 9)
    };
    let (hour, minute) = (millis / 3_600_000, millis / 60_000 % 60);
    let (second, millis) = (millis / 1000 % 60, millis % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_as_date_writes_them() {
        // From `date -u -d @…`.
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.250Z"),
            (951_782_400, "2000-02-29T00:00:00.250Z"),
            (1_709_251_199, "2024-02-29T23:59:59.250Z"),
            (1_798_761_599, "2026-12-31T23:59:59.250Z"),
            (4_107_542_400, "2100-03-01T00:00:00.250Z"),
        ] {
            assert_eq!(date(WallClock(seconds * 1_000_000), Timestamp::from_millis(250)), text);
        }
    }
}
