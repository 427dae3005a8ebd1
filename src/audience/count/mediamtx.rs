//! MediaMTX (bluenviron/mediamtx, api/openapi.yaml): the list of paths, or one path. The publisher is a path's `source` and not
//! among its `readers`. All HLS viewers of a path together are one reader, its muxer.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{CountError, json_error};

const SERVER: &str = "MediaMTX";

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "pageCount")]
    page_count: Option<u64>,
    items: Option<Vec<Path>>,
    readers: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
struct Path {
    name: String,
    /// `null` where nobody reads, in some versions.
    readers: Option<Vec<IgnoredAny>>,
}

pub(super) fn viewers(answer: &[u8], path: Option<&str>) -> Result<u64, CountError> {
    let answer: Answer = serde_json::from_slice(answer).map_err(|error| json_error(&error, SERVER))?;
    match (answer.items, answer.readers) {
        (Some(items), _) => {
            if let Some(pages) = answer.page_count.filter(|pages| *pages > 1) {
                return Err(CountError::Pages { pages });
            }
            let wanted = items
                .iter()
                .filter(|item| path.is_none_or(|wanted| item.name == wanted));
            Ok(wanted
                .map(|item| item.readers.as_ref().map_or(0, Vec::len) as u64)
                .sum())
        }
        (None, Some(readers)) => Ok(readers.len() as u64),
        (None, None) => Err(CountError::Nothing {
            pointer: "/items".to_owned(),
        }),
    }
}
