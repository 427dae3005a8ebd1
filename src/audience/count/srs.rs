//! SRS (<https://ossrs.io>, "HTTP API", srs_app_statistic.cpp): the list of streams, or that of clients.
//!
//! `clients` of a stream counts everybody, the publisher too, who is there while `publish.active`. A client says of itself whether
//! it publishes. Both lists come in pages of ten unless more are asked for, without a word on how many there are in all; so
//! a large page is asked for, and streams are the better question.

use serde::Deserialize;

use super::{CountError, json_error};

const SERVER: &str = "SRS";

#[derive(Deserialize)]
struct Answer {
    code: i64,
    streams: Option<Vec<Stream>>,
    clients: Option<Vec<Client>>,
}

#[derive(Deserialize)]
struct Stream {
    name: String,
    clients: u64,
    publish: Publish,
}

#[derive(Deserialize)]
struct Publish {
    active: bool,
}

#[derive(Deserialize)]
struct Client {
    /// The address of the stream as the client gave it: in older versions without the name, which `name` has.
    #[serde(default)]
    url: String,
    name: Option<String>,
    publish: bool,
}

impl Client {
    fn stream(&self) -> &str {
        let last = || self.url.rsplit('/').next().unwrap_or_default();
        self.name.as_deref().unwrap_or_else(last)
    }
}

pub(super) fn viewers(answer: &[u8], stream: Option<&str>) -> Result<u64, CountError> {
    let answer: Answer = serde_json::from_slice(answer).map_err(|error| json_error(&error, SERVER))?;
    if answer.code != 0 {
        return Err(CountError::Refused {
            server: SERVER,
            code: answer.code,
        });
    }
    let is_wanted = |name: &str| stream.is_none_or(|wanted| name == wanted);
    match (answer.streams, answer.clients) {
        (Some(streams), _) => Ok(streams
            .iter()
            .filter(|stream| is_wanted(&stream.name))
            .map(|stream| stream.clients.saturating_sub(u64::from(stream.publish.active)))
            .fold(0, u64::saturating_add)),
        (None, Some(clients)) => Ok(clients
            .iter()
            .filter(|client| !client.publish && is_wanted(client.stream()))
            .count() as u64),
        (None, None) => Err(CountError::Nothing {
            pointer: "/streams".to_owned(),
        }),
    }
}
