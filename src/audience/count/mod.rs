//! From a server's answer to the number of those who watch. Pure: bytes in, a count or the reason why not out.
//!
//! Publishers are not viewers, nor are the connections by which a server hands a stream on to others where it tells them
//! apart. A stream that is not there has no viewers: it is not on air yet. Something larger that is not there (an application,
//! a field) is an error, since it is a name that somebody mistyped.

mod json;
mod mediamtx;
mod nginx_rtmp;
mod srs;
#[cfg(test)]
mod tests;

use serde_json::error::Category;

use super::spec::StatsKind;

/// Why an answer gives no count. Never repeats what was in it, but for names that the operator gave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CountError {
    /// No XML.
    #[error("the answer is no XML: line {line}, column {column}")]
    Xml {
        /// Counted from 1.
        line: u32,
        /// Likewise.
        column: u32,
    },
    /// XML of something else.
    #[error("the answer is no stat page of nginx-rtmp")]
    NoStatPage,
    /// None of that name.
    #[error("the stat page has no application \"{wanted}\"{}", also(.known))]
    NoApplication {
        /// The name that was asked for.
        wanted: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// No JSON.
    #[error("the answer is no JSON: line {line}, column {column}")]
    Json {
        /// Counted from 1.
        line: usize,
        /// Likewise.
        column: usize,
    },
    /// JSON of something else.
    #[error("the answer is not what {server} sends: line {line}, column {column}")]
    Shape {
        /// What kind of server was thought to be there.
        server: &'static str,
        /// Counted from 1.
        line: usize,
        /// Likewise.
        column: usize,
    },
    /// The server says that it will not.
    #[error("{server} answers with the error code {code}")]
    Refused {
        /// What kind of server it is.
        server: &'static str,
        /// Its own code.
        code: i64,
    },
    /// Only a part of the list was sent.
    #[error("the list has {pages} pages, of which one was sent; ask for one path: …/v3/paths/get/NAME")]
    Pages {
        /// How many.
        pages: u64,
    },
    /// Nothing is where the count should be.
    #[error("nothing at {pointer} in the answer")]
    Nothing {
        /// Where was looked.
        pointer: String,
    },
    /// What is there cannot be counted.
    #[error("{pointer} in the answer is {found}, not a count")]
    NoCount {
        /// Where was looked.
        pointer: String,
        /// What kind of value is there.
        found: &'static str,
    },
}

/// How many watch, as the answer of a server of that kind says.
///
/// # Errors
/// Why it does not say.
pub fn viewers(kind: &StatsKind, answer: &[u8]) -> Result<u64, CountError> {
    match kind {
        StatsKind::NginxRtmp { application, stream } => {
            nginx_rtmp::viewers(answer, application.as_deref(), stream.as_deref())
        }
        StatsKind::Srs { stream } => srs::viewers(answer, stream.as_deref()),
        StatsKind::MediaMtx { path } => mediamtx::viewers(answer, path.as_deref()),
        StatsKind::Json { pointer } => json::viewers(answer, pointer),
    }
}

fn also(known: &[String]) -> String {
    if known.is_empty() {
        return String::new();
    }
    format!("; it has {}", known.join(", "))
}

/// What is wrong with the JSON of a `server`. The library's own words may quote the answer.
fn json_error(error: &serde_json::Error, server: &'static str) -> CountError {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        Category::Data => CountError::Shape { server, line, column },
        _ => CountError::Json { line, column },
    }
}
