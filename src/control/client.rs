//! The client's side of the control socket: what `rigcast ctl` and the TUI speak through.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

use super::lines::LineReader;
use super::marks;
use super::protocol::{
    CommandParams, MonitorTarget, Notification, PictureHeader, Request, Response, RpcError, TapMonitor, TapParams,
};
use super::taps::Picture;

/// Why a client has no studio.
#[derive(Debug, Error)]
pub enum ClientError {
    /// Nothing listens there.
    #[error("no studio at {path}: {error}")]
    NoStudio {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The show ended before the answer came.
    #[error("the show has ended: {0}")]
    Ended(String),
    /// The connection broke: the studio has died, or what carries the connection has.
    #[error("the studio died or the connection to it broke: {0}")]
    Lost(String),
    /// The studio answered with an error.
    #[error("{}", .0.message)]
    Rpc(RpcError),
}

/// A connection for requests, one at a time: `rigcast ctl`.
#[derive(Debug)]
pub struct Client {
    lines: LineReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    next_id: u64,
}

async fn open(path: &Path) -> Result<UnixStream, ClientError> {
    UnixStream::connect(path).await.map_err(|error| ClientError::NoStudio {
        path: path.to_owned(),
        error,
    })
}

fn lost(error: impl std::fmt::Display) -> ClientError {
    ClientError::Lost(error.to_string())
}

/// What a connection says that closes without a word.
pub const CUT: &str = "it closed without a word";

async fn send_request(writer: &mut OwnedWriteHalf, id: u64, method: &str, params: Value) -> Result<(), ClientError> {
    let request = Request {
        jsonrpc: "2.0".to_owned(),
        id: Some(json!(id)),
        method: method.to_owned(),
        params,
    };
    let mut line = serde_json::to_vec(&request).map_err(lost)?;
    line.push(b'\n');
    writer.write_all(&line).await.map_err(lost)
}

impl Client {
    /// Connects to the studio whose socket lies at `path`.
    ///
    /// # Errors
    /// [`ClientError::NoStudio`].
    pub async fn connect(path: &Path) -> Result<Self, ClientError> {
        let (reader, writer) = open(path).await?.into_split();
        Ok(Self {
            lines: LineReader::new(reader),
            writer,
            next_id: 1,
        })
    }

    /// Sends a request and waits for its answer; notifications in between are passed over.
    ///
    /// # Errors
    /// The studio's error, or that it is gone.
    pub async fn request(&mut self, method: &str, params: Value) -> Result<Value, ClientError> {
        let id = self.next_id;
        self.next_id += 1;
        send_request(&mut self.writer, id, method, params).await?;
        loop {
            let line = self.line().await?.ok_or_else(|| lost(CUT))?;
            if let Ok(Notification::Ended { reason }) = serde_json::from_str(&line) {
                return Err(ClientError::Ended(reason));
            }
            let Ok(response) = serde_json::from_str::<Response>(&line) else {
                continue;
            };
            if response.id == json!(id) {
                return response.error.map_or_else(
                    || Ok(response.result.unwrap_or_default()),
                    |error| Err(ClientError::Rpc(error)),
                );
            }
        }
    }

    /// The next line as it came, a notification after `watch`; `None` when the connection has closed, which a studio does
    /// not do without [`Notification::Ended`].
    ///
    /// # Errors
    /// That the connection broke.
    pub async fn line(&mut self) -> Result<Option<String>, ClientError> {
        self.lines.next().await.map_err(lost)
    }
}

/// What a live connection brings.
#[derive(Debug)]
pub enum Incoming {
    /// State, event or meters.
    Notification(Notification),
    /// A monitor picture and what it shows.
    Picture(MonitorTarget, Picture),
    /// The answer to the command that was sent under this number.
    Reply {
        /// As [`Live::command`] gave it.
        id: u64,
        /// What it has to say beyond "done", or what the studio refused, in words.
        result: Result<Option<String>, String>,
    },
    /// The connection broke without [`Notification::Ended`]; nothing follows.
    Lost(String),
}

/// A live connection for a screen: notifications and pictures come in as they happen, commands go out without waiting.
///
/// Pictures come over a connection of their own and through a queue of their own, so that state and replies never wait
/// behind them.
#[derive(Debug)]
pub struct Live {
    /// State, events, meters, replies.
    pub news: mpsc::Receiver<Incoming>,
    /// Monitor pictures.
    pub pictures: mpsc::Receiver<Incoming>,
    writer: OwnedWriteHalf,
    tap: mpsc::Sender<Vec<TapMonitor>>,
    next_id: u64,
}

impl Live {
    /// Connects, and watches everything.
    ///
    /// # Errors
    /// [`ClientError::NoStudio`], or that it went away at once.
    pub async fn connect(path: &Path) -> Result<Self, ClientError> {
        let (reader, mut writer) = open(path).await?.into_split();
        let tap_stream = open(path).await?;
        send_request(&mut writer, 0, "watch", json!({ "meters": true, "state": true })).await?;
        let (news_in, news) = mpsc::channel(256);
        let (pictures_in, pictures) = mpsc::channel(16);
        let (tap, wanted) = mpsc::channel(4);
        tokio::spawn(read_news(LineReader::new(reader), news_in));
        tokio::spawn(read_pictures(tap_stream, wanted, pictures_in));
        Ok(Self {
            news,
            pictures,
            writer,
            tap,
            next_id: 1,
        })
    }

    /// Sends a command, and whether the operator has said yes to it; its [`Incoming::Reply`] will carry the number that this returns.
    ///
    /// # Errors
    /// That the studio is gone.
    pub async fn command(&mut self, name: &str, args: &[String], is_asked: bool) -> Result<u64, ClientError> {
        let id = self.next_id;
        self.next_id += 1;
        let params = CommandParams {
            name: name.to_owned(),
            args: args.to_vec(),
            asked: Some(is_asked),
        };
        // Words and a flag: serialising them cannot fail.
        let params = serde_json::to_value(params).unwrap_or_default();
        send_request(&mut self.writer, id, "command", params).await?;
        Ok(id)
    }

    /// Asks for other monitor pictures. Returns at once; where the last wish was not sent yet, this one is not taken and
    /// `false` says so: ask again later.
    pub fn want(&self, monitors: Vec<TapMonitor>) -> bool {
        self.tap.try_send(monitors).is_ok()
    }
}

async fn read_news(mut lines: LineReader<OwnedReadHalf>, news: mpsc::Sender<Incoming>) {
    let reason = loop {
        let line = match lines.next().await {
            Ok(Some(line)) => line,
            Ok(None) => break CUT.to_owned(),
            Err(error) => break error.to_string(),
        };
        let incoming = if let Ok(notification) = serde_json::from_str::<Notification>(&line) {
            Incoming::Notification(notification)
        } else if let Ok(response) = serde_json::from_str::<Response>(&line) {
            let said = || Some(response.result?.get("text")?.as_str()?.to_owned());
            let result = response.error.map_or_else(|| Ok(said()), |error| Err(error.message));
            // The answer to `watch` has number 0: nobody waits for it unless it is an error.
            match (response.id.as_u64().unwrap_or_default(), result) {
                (0, Ok(_)) => continue,
                (id, result) => Incoming::Reply { id, result },
            }
        } else {
            break "it speaks another version of the protocol".to_owned();
        };
        if news.send(incoming).await.is_err() {
            return;
        }
    };
    // The screen may be gone as well: then nobody is left to tell.
    let _ = news.send(Incoming::Lost(reason)).await;
}

async fn read_pictures(
    stream: UnixStream,
    mut wanted: mpsc::Receiver<Vec<TapMonitor>>,
    pictures: mpsc::Sender<Incoming>,
) {
    let (reader, mut writer) = stream.into_split();
    let (sent_in, sent) = mpsc::channel(8);
    let reading = tokio::spawn(read_picture_stream(BufReader::new(reader), sent, pictures));
    let mut generation = 0_u16;
    while let Some(monitors) = wanted.recv().await {
        generation = generation.wrapping_add(1);
        let targets = monitors.iter().map(|monitor| monitor.what.clone()).collect::<Vec<_>>();
        let Ok(params) = serde_json::to_value(TapParams { monitors }) else {
            continue;
        };
        // Announced before it is sent, so that the reader knows the list before its first picture comes.
        if sent_in.send((generation, targets)).await.is_err() {
            break;
        }
        if send_request(&mut writer, u64::from(generation), "tap", params)
            .await
            .is_err()
        {
            break;
        }
    }
    reading.abort();
}

async fn read_picture_stream(
    mut reader: BufReader<OwnedReadHalf>,
    mut announced: mpsc::Receiver<(u16, Vec<MonitorTarget>)>,
    pictures: mpsc::Sender<Incoming>,
) -> Option<()> {
    let mut lists = HashMap::new();
    loop {
        let mut header = [0; PictureHeader::LEN];
        reader.read_exact(&mut header).await.ok()?;
        let header = PictureHeader::decode(header)?;
        // Both lengths are within what the header may say at most.
        let mut marks = vec![0; header.marks_len()];
        reader.read_exact(&mut marks).await.ok()?;
        let marks = marks::decode(&marks)?;
        let mut rgb = vec![0; header.payload_len()];
        reader.read_exact(&mut rgb).await.ok()?;
        while let Ok((generation, targets)) = announced.try_recv() {
            lists.retain(|old: &u16, _| generation.wrapping_sub(*old) < 4);
            lists.insert(generation, targets);
        }
        let target = lists
            .get(&header.generation)
            .and_then(|targets: &Vec<_>| targets.get(usize::from(header.monitor)));
        if let Some(target) = target {
            pictures
                .send(Incoming::Picture(target.clone(), Picture { header, marks, rgb }))
                .await
                .ok()?;
        }
    }
}
