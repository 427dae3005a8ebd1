//! Lines of bounded length from any byte stream.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use super::protocol::MAX_LINE;

/// Reads lines. What has come of a line stays here, so [`next`](Self::next) may be cancelled in a `select!` at any time.
#[derive(Debug)]
pub struct LineReader<R> {
    reader: BufReader<R>,
    partial: Vec<u8>,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    /// Lines of `reader`.
    pub fn new(reader: R) -> Self {
        Self {
            reader: BufReader::new(reader),
            partial: Vec::new(),
        }
    }

    /// The next line without its newline; `None` at the end of the stream. A last line without newline still counts.
    ///
    /// # Errors
    /// What the stream says, and `InvalidData` for a line beyond [`MAX_LINE`] or one that is no UTF-8: such a peer is
    /// not worth talking to further.
    pub async fn next(&mut self) -> std::io::Result<Option<String>> {
        loop {
            let chunk = self.reader.fill_buf().await?;
            if chunk.is_empty() {
                if self.partial.is_empty() {
                    return Ok(None);
                }
                break;
            }
            let newline = chunk.iter().position(|byte| *byte == b'\n');
            let part = &chunk[..newline.unwrap_or(chunk.len())];
            if self.partial.len() + part.len() > MAX_LINE {
                return Err(invalid(format!("a line of more than {MAX_LINE} bytes")));
            }
            self.partial.extend_from_slice(part);
            let used = newline.map_or(chunk.len(), |at| at + 1);
            self.reader.consume(used);
            if newline.is_some() {
                break;
            }
        }
        let line = String::from_utf8(std::mem::take(&mut self.partial));
        line.map(Some)
            .map_err(|error| invalid(format!("a line that is no UTF-8: {}", error.utf8_error())))
    }
}

fn invalid(text: String) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    #[tokio::test]
    async fn lines_come_apart() {
        let mut lines = LineReader::new(&b"one\n\ntwo\nlast"[..]);
        let mut seen = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            seen.push(line);
        }
        assert_eq!(seen, ["one", "", "two", "last"]);
    }

    #[tokio::test]
    async fn a_cancelled_read_loses_nothing() {
        let (mut writer, reader) = tokio::io::duplex(64);
        let mut lines = LineReader::new(reader);
        writer.write_all(b"ha").await.unwrap();
        let cancelled = futures::poll!(std::pin::pin!(lines.next()));
        assert!(cancelled.is_pending());
        writer.write_all(b"lf\n").await.unwrap();
        assert_eq!(lines.next().await.unwrap().as_deref(), Some("half"));
    }

    #[tokio::test]
    async fn a_line_without_end_is_refused() {
        let error = LineReader::new(tokio::io::repeat(b'x')).next().await.unwrap_err();
        assert_eq!(error.to_string(), "a line of more than 1048576 bytes");
    }
}
