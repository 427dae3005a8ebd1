//! One controller: what it says, what it is told, and when it has to go.
//!
//! Nothing in the studio waits for it. States and meters come as the newest there is; what is written for it and not fetched is
//! bounded, and one that fetches nothing for long is let go.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Buf as _;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{FuturesUnordered, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tungstenite::Message;
use tungstenite::handshake::client::generate_key;
use tungstenite::protocol::frame::coding;

use super::auth::Challenge;
use super::carry::{self, Asker};
use super::code::{CloseCode, intent};
use super::encoding::Encoding;
use super::events::{Event, events};
use super::levels::levels;
use super::server::{Shared, change, over};
use super::session::{Session, Step, event};
use super::socket::{Incoming, Socket, Upgraded};
use crate::control::desk::Listening;
use crate::studio::model::{Meters, Studio};

/// Requests under way. One that asks for more is not read until some are answered.
const MAX_ASKED: usize = 64;

/// What may wait to be fetched before something more is written.
const MAX_WAITING: usize = 8 << 20;

/// How long a client may take to say who it is.
const TO_IDENTIFY: Duration = Duration::from_secs(10);

/// How long it may fetch nothing of what waits.
const TO_FETCH: Duration = Duration::from_secs(10);

/// How often it is looked at how it does.
const TO_LOOK: Duration = Duration::from_secs(1);

/// Silence after which it is asked whether it is there.
const TO_PING: Duration = Duration::from_secs(20);

/// Silence after which it is not.
const TO_LIVE: Duration = Duration::from_secs(60);

/// How long its goodbye may take.
const TO_LEAVE: Duration = Duration::from_secs(1);

/// Who gave a wrong password waits so long for the answer.
const TO_GUESS: Duration = Duration::from_millis(300);

/// Why a connection ends that did not end by itself.
#[derive(Debug)]
enum Gone {
    /// It did so, or its socket broke.
    Left,
    /// It does not fetch what is written.
    Slow,
    /// It said nothing for too long.
    Silent,
}

struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    name: String,
    shared: Arc<Shared>,
    socket: Socket,
    encoding: Encoding,
    agent: Option<String>,
    session: Session,
    asked: FuturesUnordered<BoxFuture<'static, Value>>,
    /// Messages from and to it.
    messages: (u64, u64),
    /// The state that it was told last.
    known: Arc<Studio>,
    state: watch::Receiver<Arc<Studio>>,
    meters: watch::Receiver<Arc<Meters>>,
    told: broadcast::Receiver<Event>,
    listening: Option<Listening>,
    /// When it was heard last.
    heard: Instant,
    /// When it was looked at last.
    looked: Instant,
    /// Since when it has fetched nothing of what waits.
    stalled: Option<Instant>,
    is_pinged: bool,
}

/// Serves the controller at the other end of `stream`.
pub async fn run(stream: TcpStream, peer: SocketAddr, number: u32, shared: Arc<Shared>) {
    // Answers are small, and each is waited for.
    let _ = stream.set_nodelay(true);
    let password = shared.settings.password.as_ref();
    let challenge = password.map(|password| {
        // 128 bits each that nobody can foretell: what a client proves its handshake with.
        Challenge::new(password, generate_key(), generate_key())
    });
    let is_any_origin_taken = password.is_some();
    let known = Arc::clone(&shared.desk.state.borrow());
    let connection = Connection {
        stream,
        peer,
        name: format!("controller {number}"),
        socket: Socket::new(is_any_origin_taken),
        encoding: Encoding::default(),
        agent: None,
        session: Session::new(challenge),
        asked: FuturesUnordered::new(),
        messages: (0, 0),
        known,
        state: shared.desk.state.clone(),
        meters: shared.desk.meters.clone(),
        told: shared.told.subscribe(),
        listening: None,
        heard: Instant::now(),
        looked: Instant::now(),
        stalled: None,
        is_pinged: false,
        shared,
    };
    connection.serve().await;
}

impl Connection {
    async fn serve(mut self) {
        let began = Instant::now();
        let gone = loop {
            if let Err(gone) = self.turn(began).await {
                break gone;
            }
        };
        // Before the goodbye: those who count see at once that it is gone.
        let name = std::mem::take(&mut self.name);
        if self.session.is_identified() {
            self.shared.count(false);
            match gone {
                Gone::Left => self.shared.tell(false, format!("{name} has left")),
                Gone::Slow => self
                    .shared
                    .tell(true, format!("{name} was let go: it reads too slowly")),
                Gone::Silent => self.shared.tell(true, format!("{name} was let go: it does not answer")),
            }
        }
        let _ = timeout(TO_LEAVE, self.flush()).await;
    }

    /// Deals with what has come, and waits for something more.
    async fn turn(&mut self, began: Instant) -> Result<(), Gone> {
        while self.asked.len() < MAX_ASKED {
            let Some(incoming) = self.socket.next() else { break };
            self.take(incoming).await;
        }
        if self.socket.is_over() {
            return Err(Gone::Left);
        }
        let is_read = self.asked.len() < MAX_ASKED;
        let has_output = !self.socket.output().is_empty();
        let is_known = self.session.is_identified();
        let mut ended = self.shared.desk.ended.clone();
        let look = sleep_until(self.looked + TO_LOOK);
        tokio::select! {
            ready = self.stream.readable(), if is_read => {
                ready.map_err(|_| Gone::Left)?;
                self.read()?;
            }
            ready = self.stream.writable(), if has_output => {
                ready.map_err(|_| Gone::Left)?;
                self.write()?;
            }
            Some(answer) = self.asked.next() => self.send(&answer)?,
            () = change(&mut self.state), if is_known => self.tell_state()?,
            () = change(&mut self.meters), if self.listening.is_some() => self.tell_levels()?,
            told = self.told.recv(), if is_known => match told {
                Ok(event) => self.tell(event)?,
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return Err(Gone::Left),
            },
            () = over(&mut ended) => {
                self.tell(Event { kind: "ExitStarted", intent: intent::GENERAL, data: None })?;
                self.socket.close(coding::CloseCode::Away.into(), "the show has ended");
            }
            () = look => self.look(began)?,
        }
        Ok(())
    }

    fn read(&mut self) -> Result<(), Gone> {
        let mut bytes = [0; 16 * 1024];
        match self.stream.try_read(&mut bytes) {
            Ok(0) => Err(Gone::Left),
            Ok(len) => {
                (self.heard, self.is_pinged) = (Instant::now(), false);
                self.socket.receive(&bytes[..len]);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(_) => Err(Gone::Left),
        }
    }

    fn write(&mut self) -> Result<(), Gone> {
        let output = self.socket.output();
        match self.stream.try_write(output) {
            Ok(len) => {
                output.advance(len);
                self.stalled = (!output.is_empty()).then(Instant::now);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(_) => Err(Gone::Left),
        }
    }

    /// Writes all that waits.
    async fn flush(&mut self) {
        while !self.socket.output().is_empty() {
            if self.stream.writable().await.is_err() || self.write().is_err() {
                return;
            }
        }
    }

    /// Once a second: whether it is still there.
    fn look(&mut self, began: Instant) -> Result<(), Gone> {
        self.looked = Instant::now();
        let silence = self.heard.elapsed();
        if !self.session.is_identified() && began.elapsed() > TO_IDENTIFY {
            self.socket
                .close(CloseCode::NotIdentified.number(), "say \"Identify\" in time");
            return Err(Gone::Left);
        }
        if self.stalled.is_some_and(|since| since.elapsed() > TO_FETCH) {
            return Err(Gone::Slow);
        }
        if silence > TO_LIVE {
            return Err(Gone::Silent);
        }
        if silence > TO_PING && !self.is_pinged {
            self.is_pinged = true;
            self.socket.send(Message::Ping(bytes::Bytes::new()));
        }
        Ok(())
    }

    async fn take(&mut self, incoming: Incoming) {
        let message = match incoming {
            Incoming::Upgraded(Upgraded { encoding, agent }) => {
                (self.encoding, self.agent) = (encoding, agent);
                let hello = self.session.hello();
                let _ = self.send(&hello);
                return;
            }
            Incoming::Message(message) => message,
        };
        self.messages.0 += 1;
        let step = match self.encoding.decode(&message) {
            Ok(message) => self.session.take(message),
            Err(code) => Step::Close(code, format!("no message of {}", self.encoding.subprotocol())),
        };
        let asker = Asker {
            name: self.name.clone(),
            messages: self.messages,
        };
        let shared = Arc::clone(&self.shared);
        match step {
            Step::Send(answer) => {
                let _ = self.send(&answer);
                self.listen();
            }
            Step::Identified(answer) => {
                self.begin();
                let _ = self.send(&answer);
            }
            Step::Request(request) => self.asked.push(carry::one(shared, asker, request).boxed()),
            Step::Batch(batch) => self.asked.push(carry::many(shared, asker, batch).boxed()),
            Step::Close(code, reason) => {
                if code == CloseCode::AuthenticationFailed {
                    self.shared
                        .tell(true, format!("{} was turned away: {reason}", self.peer));
                    tokio::time::sleep(TO_GUESS).await;
                }
                self.socket.close(code.number(), &reason);
            }
        }
    }

    /// It is known from now on, and is told what changes from here.
    fn begin(&mut self) {
        self.known = Arc::clone(&self.state.borrow_and_update());
        self.told = self.told.resubscribe();
        self.listen();
        self.shared.count(true);
        let agent = self
            .agent
            .as_deref()
            .map_or_else(String::new, |agent| format!(" ({agent})"));
        self.shared
            .tell(false, format!("{} has come from {}{agent}", self.name, self.peer));
    }

    /// Meters are made only while somebody wants them.
    fn listen(&mut self) {
        let wants = self.session.wants(intent::INPUT_VOLUME_METERS);
        if wants != self.listening.is_some() {
            self.listening = wants.then(|| self.shared.desk.audience.listen());
        }
    }

    fn tell_state(&mut self) -> Result<(), Gone> {
        let now = Arc::clone(&self.state.borrow_and_update());
        let before = std::mem::replace(&mut self.known, Arc::clone(&now));
        for event in events(&before, &now) {
            self.tell(event)?;
        }
        Ok(())
    }

    fn tell_levels(&mut self) -> Result<(), Gone> {
        let meters = Arc::clone(&self.meters.borrow_and_update());
        // Who has not fetched the last ones gets none: these are worth something now or never.
        if !self.socket.output().is_empty() {
            return Ok(());
        }
        let data = levels(&self.known, &meters);
        let (kind, intent) = ("InputVolumeMeters", intent::INPUT_VOLUME_METERS);
        let data = Some(data);
        self.tell(Event { kind, intent, data })
    }

    fn tell(&mut self, told: Event) -> Result<(), Gone> {
        if !self.session.wants(told.intent) {
            return Ok(());
        }
        self.send(&event(told.kind, told.intent, told.data))
    }

    fn send(&mut self, value: &Value) -> Result<(), Gone> {
        if self.socket.output().len() > MAX_WAITING {
            return Err(Gone::Slow);
        }
        self.messages.1 += 1;
        self.socket.send(self.encoding.encode(value));
        if self.stalled.is_none() {
            self.stalled = Some(Instant::now());
        }
        // Mostly it goes out at once.
        self.write()
    }
}
