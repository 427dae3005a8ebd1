//! What an RTSP server says: answers, requests of its own, and packets between them (RFC 2326 §6, §7, §10.12).

use super::RtspError;

/// The longest head of a message.
const MAX_HEAD: usize = 16 * 1024;

/// The longest body: servers have little to say to publishers.
const MAX_BODY: usize = 64 * 1024;

/// One thing said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The answer to a request.
    Response {
        /// §7.1.1.
        status: u16,
        /// In the server's words: not yet fit for eyes.
        reason: String,
        /// Names in lower case, values without space around them.
        headers: Vec<(String, String)>,
    },
    /// A request of the server.
    Request {
        /// Its `CSeq`, to be repeated in the answer.
        sequence: String,
    },
    /// A packet on a channel.
    Packet {
        /// Its channel.
        channel: u8,
        /// What came on it.
        payload: Vec<u8>,
    },
}

impl Said {
    /// The values of all headers of that name, in lower case.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let headers = match self {
            Self::Response { headers, .. } => &headers[..],
            _ => &[],
        };
        headers
            .iter()
            .filter(move |(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first of them.
    #[must_use]
    pub fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.headers(name).next()
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.as_str())
}

/// Cuts bytes into what was said. Keeps what was received and not yet read, and no more.
#[derive(Debug, Default)]
pub struct Reader {
    bytes: Vec<u8>,
    /// Bytes read away before those.
    position: u64,
}

impl Reader {
    /// Takes bytes of the server.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next thing that is complete.
    ///
    /// # Errors
    /// Where it is no RTSP, or longer than anyone needs.
    pub fn next_said(&mut self) -> Result<Option<Said>, RtspError> {
        let (said, len) = match self.bytes[..] {
            [b'$', channel, high, low, ref rest @ ..] => {
                let len = usize::from(u16::from_be_bytes([high, low]));
                let Some(payload) = rest.get(..len) else {
                    return Ok(None);
                };
                let payload = payload.to_vec();
                (Said::Packet { channel, payload }, 4 + len)
            }
            [] | [b'$', ..] => return Ok(None),
            _ => match self.message()? {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        self.bytes.drain(..len);
        self.position += len as u64;
        Ok(Some(said))
    }

    fn syntax(&self, problem: &'static str) -> RtspError {
        let position = self.position;
        RtspError::Syntax { position, problem }
    }

    /// An answer or a request, and its length with its body.
    fn message(&self) -> Result<Option<(Said, usize)>, RtspError> {
        let looked_at = &self.bytes[..self.bytes.len().min(MAX_HEAD)];
        let Some(end) = looked_at.windows(4).position(|window| window == b"\r\n\r\n") else {
            if looked_at.len() == MAX_HEAD {
                return Err(self.syntax("a message whose head does not end"));
            }
            // Told early, or it would wait for the end of what never was RTSP.
            let is_text = looked_at
                .iter()
                .all(|byte| !byte.is_ascii_control() || b"\r\n\t".contains(byte));
            return if is_text {
                Ok(None)
            } else {
                Err(self.syntax("neither a message nor a packet"))
            };
        };
        let head = std::str::from_utf8(&looked_at[..end]).map_err(|_| self.syntax("a head that is no text"))?;
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| self.syntax("a header without a colon"))?;
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        let body = match find(&headers, "content-length").map(str::parse::<usize>) {
            None => 0,
            Some(Ok(len)) if len <= MAX_BODY => len,
            Some(_) => return Err(self.syntax("a length of a body that makes no sense")),
        };
        let len = end + 4 + body;
        if self.bytes.len() < len {
            return Ok(None);
        }
        let said = self.first_line(first, headers)?;
        Ok(Some((said, len)))
    }

    fn first_line(&self, line: &str, headers: Vec<(String, String)>) -> Result<Said, RtspError> {
        if let Some(rest) = line.strip_prefix("RTSP/1.0 ") {
            let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
            let status = status.parse().map_err(|_| self.syntax("an answer without a status"))?;
            let reason = reason.to_owned();
            return Ok(Said::Response {
                status,
                reason,
                headers,
            });
        }
        if line.ends_with(" RTSP/1.0") {
            let sequence = find(&headers, "cseq").unwrap_or("0").to_owned();
            return Ok(Said::Request { sequence });
        }
        Err(self.syntax("neither an answer nor a request of RTSP/1.0"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8], cut: usize) -> Result<Vec<Said>, RtspError> {
        let (mut reader, mut said) = (Reader::default(), Vec::new());
        for piece in bytes.chunks(cut) {
            reader.push(piece);
            while let Some(next) = reader.next_said()? {
                said.push(next);
            }
        }
        Ok(said)
    }

    /// As gortsplib writes it, with a packet right behind.
    const SETUP_ANSWER: &[u8] = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nServer: gortsplib\r\n\
        Session: 9f2a;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n$\x01\x00\x03abc\
        RTSP/1.0 404 Not Found\r\nCSeq: 3\r\nContent-Length: 2\r\n\r\nhi\
        OPTIONS * RTSP/1.0\r\nCSeq: 7\r\n\r\n";

    #[test]
    fn answers_packets_and_requests_come_in_any_pieces() {
        for cut in [1, 3, 50, 10_000] {
            let said = read(SETUP_ANSWER, cut).unwrap();
            assert_eq!(said.len(), 4, "{said:?}");
            assert_eq!(said[0].header("session"), Some("9f2a;timeout=60"));
            let (channel, payload) = (1, b"abc".to_vec());
            assert_eq!(said[1], Said::Packet { channel, payload });
            assert!(matches!(&said[2], Said::Response { status: 404, reason, .. } if reason == "Not Found"));
            let sequence = "7".to_owned();
            assert_eq!(said[3], Said::Request { sequence });
        }
    }

    #[test]
    fn nonsense_is_named_with_its_position() {
        let junk = [&SETUP_ANSWER[..4], b"\x00\x01"].concat();
        for (bytes, problem) in [
            (junk, "neither a message nor a packet"),
            (b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), "neither an answer"),
            (b"RTSP/1.0 OK\r\n\r\n".to_vec(), "without a status"),
            (
                b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n".to_vec(),
                "makes no sense",
            ),
            (b"RTSP/1.0 200 OK\r\nno colon\r\n\r\n".to_vec(), "without a colon"),
            (vec![b'a'; 20_000], "does not end"),
        ] {
            let error = read(&bytes, 1000).unwrap_err().to_string();
            assert!(error.starts_with("RTSP byte 0: ") && error.contains(problem), "{error}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 1_usize..40, at in 0_usize..200) {
            let _ = read(&bytes, cut);
            let mut nearly = SETUP_ANSWER.to_vec();
            let at = at % nearly.len();
            nearly.splice(at..at, bytes);
            let _ = read(&nearly, cut);
        }
    }
}
