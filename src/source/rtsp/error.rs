//! What an RTSP peer can do wrong. Errors name the peer by host and port, and never carry what is secret in its URL.

/// Why an RTSP source is away.
#[derive(Debug, thiserror::Error)]
#[error("{peer}: {fault}")]
pub struct RtspError {
    /// Host and port.
    pub peer: String,
    /// What happened.
    pub fault: Fault,
}

/// What happened.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No runtime, no socket: our own side.
    #[error("cannot start: {0}")]
    Local(#[from] std::io::Error),
    /// The peer did not answer in time.
    #[error("no answer within {seconds} s while {doing}")]
    Timeout {
        /// What was going on.
        doing: &'static str,
        /// How long was waited.
        seconds: u64,
    },
    /// The peer refused, hung up, or sent what makes no sense.
    #[error("{doing}: {reason}")]
    Session {
        /// What was going on.
        doing: &'static str,
        /// What the session says about it, in one line.
        reason: String,
    },
    /// User or password are wrong or missing.
    #[error("refused the credentials (401)")]
    Unauthorized,
    /// There is nothing in the presentation that can be played.
    #[error("offers no track that can be played: {0}")]
    NoTracks(String),
    /// The stream ended: the peer closed it, or is gone.
    #[error("the stream ended")]
    Ended,
    /// Pictures come in, but nothing can be decoded.
    #[error("{track}: {reason}")]
    Undecodable {
        /// `video` or `sound`.
        track: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl Fault {
    /// A failure of the session while `doing` something. Credentials that the message might quote are cut out.
    pub(super) fn session(doing: &'static str, error: &retina::Error, secrets: &[String]) -> Self {
        if error.status_code() == Some(401) {
            return Self::Unauthorized;
        }
        Self::Session {
            doing,
            reason: one_line(&error.to_string(), secrets),
        }
    }
}

/// The first paragraph of `text` (what follows names sockets and offsets), without anything of `secrets`.
pub(super) fn one_line(text: &str, secrets: &[String]) -> String {
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let mut line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        line = line.replace(secret.as_str(), crate::secret::DOTS);
    }
    if let Some((at, _)) = line.char_indices().nth(300) {
        line.truncate(at);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_short_and_keep_secrets() {
        let text = format!(
            "bad thing at rtsp://u:hunter2@host\nmore of it\n\nconn: 1.2.3.4{}",
            "x".repeat(1_000)
        );
        let line = one_line(&text, &["hunter2".to_owned(), String::new()]);
        assert_eq!(line, "bad thing at rtsp://u:••••@host more of it");
        assert!(one_line(&"y".repeat(5_000), &[]).chars().count() <= 301);
    }
}
