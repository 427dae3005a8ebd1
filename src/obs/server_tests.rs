//! The server without a studio: who is let in, who is let go, and what the desk hears.

use futures::FutureExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tungstenite::protocol::{Role, WebSocketContext};
use tungstenite::{Error, Message};

use super::super::auth::answer;
use super::super::for_tests::studio;
use super::super::settings::Allowed;
use super::*;
use crate::clock::Clock;
use crate::control::desk::{Audience, EVENTS_BEHIND, Order};
use crate::control::taps::Taps;
use crate::secret::Secret;
use crate::studio::model::{Meters, Studio};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

struct Table {
    address: SocketAddr,
    orders: mpsc::Receiver<Order>,
    state: watch::Sender<Arc<Studio>>,
    meters: watch::Sender<Arc<Meters>>,
    ended: watch::Sender<Option<String>>,
    audience: Audience,
    reports: mpsc::UnboundedReceiver<Report>,
}

impl Table {
    async fn set(password: Option<&str>) -> Self {
        let (orders_in, orders) = mpsc::channel(64);
        let (state, state_out) = watch::channel(Arc::new(studio()));
        let (meters, meters_out) = watch::channel(Arc::new(Meters::default()));
        let (ended, ended_out) = watch::channel(None);
        let audience = Audience::default();
        let desk = Desk {
            orders: orders_in,
            state: state_out,
            events: broadcast::channel(EVENTS_BEHIND).0,
            meters: meters_out,
            taps: Taps::default(),
            audience: audience.clone(),
            ended: ended_out,
            clock: Clock::start(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let settings = ObsSettings {
            listen: address,
            password: password.map(Secret::new),
            allow: Allowed::default(),
        };
        let (reports_in, reports) = mpsc::unbounded_channel();
        tokio::spawn(serve(listener, settings, desk, move |report| {
            drop(reports_in.send(report));
        }));
        Self {
            address,
            orders,
            state,
            meters,
            ended,
            audience,
            reports,
        }
    }

    /// A client that has been greeted.
    async fn guest(&self) -> Guest {
        let mut guest = Guest::connect(self.address).await;
        let hello = guest.next().await;
        assert_eq!(hello["op"], 0, "{hello}");
        guest
    }

    /// One that is known, and wants those events.
    async fn friend(&self, events: u64) -> Guest {
        let mut guest = self.guest().await;
        guest
            .send(1, json!({ "rpcVersion": 1, "eventSubscriptions": events }))
            .await;
        assert_eq!(guest.next().await["op"], 2);
        guest
    }

    /// Waits for a report that says that.
    async fn told(&mut self, text: &str) {
        let found = async {
            loop {
                match self.reports.recv().await {
                    Some(Report::Event { text: said, .. }) if said.contains(text) => return,
                    Some(_) => {}
                    None => panic!("nobody says \"{text}\""),
                }
            }
        };
        tokio::time::timeout(PATIENCE, found)
            .await
            .unwrap_or_else(|_| panic!("nobody says \"{text}\""));
    }
}

/// What tungstenite reads from and writes to.
#[derive(Default)]
struct Pipe {
    input: Vec<u8>,
    output: Vec<u8>,
}

impl std::io::Read for Pipe {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.input.is_empty() {
            return Err(std::io::ErrorKind::WouldBlock.into());
        }
        let len = self.input.len().min(out.len());
        out[..len].copy_from_slice(&self.input[..len]);
        self.input.drain(..len);
        Ok(len)
    }
}

impl std::io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.output.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The other end.
struct Guest {
    stream: TcpStream,
    context: WebSocketContext,
    pipe: Pipe,
}

impl Guest {
    async fn connect(address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        Self {
            stream,
            context: WebSocketContext::new(Role::Client, None),
            pipe: Pipe::default(),
        }
    }

    async fn send(&mut self, op: u64, data: Value) {
        self.say(Message::text(json!({ "op": op, "d": data }).to_string()))
            .await;
    }

    async fn say(&mut self, message: Message) {
        self.context.write(&mut self.pipe, message).unwrap();
        self.context.flush(&mut self.pipe).unwrap();
        self.stream
            .write_all(&std::mem::take(&mut self.pipe.output))
            .await
            .unwrap();
    }

    async fn request(&mut self, kind: &str, data: Value) {
        self.send(
            6,
            json!({ "requestId": kind, "requestType": kind, "requestData": data }),
        )
        .await;
    }

    /// The next message, or the code of the goodbye.
    async fn heard(&mut self) -> Result<Value, u16> {
        loop {
            match self.context.read(&mut self.pipe) {
                Ok(Message::Text(text)) => return Ok(serde_json::from_str(text.as_str()).unwrap()),
                Ok(Message::Close(frame)) => return Err(frame.map_or(0, |frame| frame.code.into())),
                Ok(_) => continue,
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
            let mut bytes = vec![0; 16 * 1024];
            let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut bytes)).await;
            let len = read.expect("nothing comes").unwrap_or(0);
            if len == 0 {
                return Err(0);
            }
            self.pipe.input.extend_from_slice(&bytes[..len]);
        }
    }

    async fn next(&mut self) -> Value {
        self.heard().await.expect("the server has closed")
    }

    /// The code of the goodbye, whatever is said before it.
    async fn goodbye(&mut self) -> u16 {
        loop {
            if let Err(code) = self.heard().await {
                return code;
            }
        }
    }
}

#[tokio::test]
async fn whoever_knows_the_password_is_let_in() {
    let mut table = Table::set(Some("pw")).await;
    for (password, is_right) in [("pw", true), ("PW", false)] {
        let mut guest = Guest::connect(table.address).await;
        let hello = guest.next().await;
        let asked = |name: &str| hello["d"]["authentication"][name].as_str().unwrap().to_owned();
        let authentication = answer(password, &asked("salt"), &asked("challenge"));
        guest
            .send(1, json!({ "rpcVersion": 1, "authentication": authentication }))
            .await;
        if is_right {
            assert_eq!(guest.next().await["op"], 2);
        } else {
            assert_eq!(guest.goodbye().await, 4009);
        }
    }
    table.told("turned away").await;
}

#[tokio::test]
async fn an_order_names_who_gave_it_and_its_answer_comes_back() {
    let mut table = Table::set(None).await;
    let mut deck = table.friend(0).await;
    for (result, code) in [(Ok(()), 100), (Err("there is no such thing".to_owned()), 702)] {
        deck.request("SetCurrentProgramScene", json!({ "sceneName": "close" }))
            .await;
        let order = table.orders.recv().await.unwrap();
        assert_eq!(
            (order.reply.cause().by.as_str(), order.reply.cause().command.as_str()),
            ("controller 1", "take close")
        );
        order
            .reply
            .send(result.clone().map(|()| crate::studio::command::Answer::default()));
        let answer = deck.next().await;
        assert_eq!(answer["d"]["requestStatus"]["code"], code);
        assert_eq!(
            answer["d"]["requestStatus"].get("comment").and_then(Value::as_str),
            result.err().as_deref()
        );
    }
    // Nothing that ends something goes to the desk.
    deck.request(
        "CallVendorRequest",
        json!({ "vendorName": "rigcast", "requestType": "command", "requestData": { "line": "end" } }),
    )
    .await;
    assert_eq!(deck.next().await["d"]["requestStatus"]["code"], 604);
    assert!(table.orders.recv().now_or_never().is_none());
}

#[tokio::test]
async fn what_changes_is_told_and_meters_are_made_while_they_are_wanted() {
    let table = Table::set(None).await;
    let mut deck = table.friend(1 << 2 | 1 << 16).await;
    let mut studio = studio();
    studio.program = "close".into();
    table.state.send_replace(Arc::new(studio));
    let event = deck.next().await;
    assert_eq!(event["d"]["eventType"], "CurrentProgramSceneChanged");
    assert_eq!(event["d"]["eventIntent"], 4);
    assert!(table.audience.wants_meters() && table.audience.count() == 0);
    table.meters.send_replace(Arc::new(Meters::default()));
    assert_eq!(deck.next().await["d"]["eventType"], "InputVolumeMeters");
    deck.send(3, json!({ "eventSubscriptions": 0 })).await;
    assert_eq!(deck.next().await["op"], 2);
    assert!(!table.audience.wants_meters());
}

#[tokio::test]
async fn one_too_many_is_turned_away_and_a_seat_is_free_again() {
    let mut table = Table::set(None).await;
    let mut seated = Vec::new();
    for _ in 0..MAX_CONTROLLERS {
        seated.push(table.friend(0).await);
    }
    let mut late = TcpStream::connect(table.address).await.unwrap();
    assert_eq!(late.read(&mut [0; 16]).await.unwrap_or(0), 0);
    table.told("was turned away").await;
    drop(seated.pop());
    table.told("has left").await;
    // The seat is given back a moment after it is told.
    let again = async {
        loop {
            let mut stream = TcpStream::connect(table.address).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            if stream.read(&mut [0; 16]).await.unwrap_or(0) > 0 {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, again).await.unwrap();
}

#[tokio::test]
async fn nonsense_is_answered_with_its_code() {
    let table = Table::set(None).await;
    for (message, code) in [
        (Message::text("{"), 4002),
        (Message::binary(vec![0x81]), 4002),
        (
            Message::text("{\"op\":6,\"d\":{\"requestId\":\"1\",\"requestType\":\"GetVersion\"}}"),
            4007,
        ),
        (Message::text("x".repeat((1 << 20) + 1)), 1009),
    ] {
        let mut guest = table.guest().await;
        guest.say(message).await;
        assert_eq!(guest.goodbye().await, code);
    }
}

#[tokio::test]
async fn a_controller_that_does_not_read_is_let_go_and_nobody_waits_for_it() {
    let mut table = Table::set(None).await;
    let mut lazy = table.friend(1).await;
    let mut deck = table.friend(1).await;
    // Until it is more than sockets hold: what is broadcast goes to both, and one of them does not look.
    let filler = "x".repeat(900_000);
    for number in 0.. {
        deck.request(
            "BroadcastCustomEvent",
            json!({ "eventData": { "number": number, "filler": filler } }),
        )
        .await;
        let (mut is_answered, mut is_told) = (false, false);
        while !(is_answered && is_told) {
            match deck.next().await {
                message if message["op"] == 7 => is_answered = true,
                message => is_told = message["d"]["eventData"]["number"] == number,
            }
        }
        let is_gone = std::iter::from_fn(|| table.reports.try_recv().ok()).any(|report| match report {
            Report::Event { text, .. } => text == "controller 1 was let go: it reads too slowly",
            Report::Controllers(_) => false,
        });
        if is_gone {
            break;
        }
        assert!(number < 500, "half a gigabyte waits for it");
    }
    lazy.goodbye().await;
}

#[tokio::test]
async fn the_end_is_told() {
    let table = Table::set(None).await;
    let mut deck = table.friend(1).await;
    table.ended.send_replace(Some("the operator ended the show".into()));
    assert_eq!(deck.next().await["d"]["eventType"], "ExitStarted");
    assert_eq!(deck.goodbye().await, 1001);
    tokio::time::timeout(PATIENCE, table.ended.closed())
        .await
        .expect("somebody holds the desk");
}

#[tokio::test]
async fn a_batch_is_done_in_its_order_and_stops_where_it_is_told_to() {
    let table = Table::set(None).await;
    let mut deck = table.friend(0).await;
    let requests = json!([
        { "requestType": "Sleep", "requestData": { "sleepMillis": 1 } },
        { "requestType": "GetSceneList", "requestId": "list" },
        { "requestType": "Nothing" },
        { "requestType": "GetVersion" },
    ]);
    for (is_halted, codes) in [(true, vec![100, 100, 204]), (false, vec![100, 100, 204, 100])] {
        deck.send(
            8,
            json!({ "requestId": "b", "requests": requests, "haltOnFailure": is_halted }),
        )
        .await;
        let answer = deck.next().await;
        let results = answer["d"]["results"].as_array().unwrap();
        let found: Vec<_> = results
            .iter()
            .map(|result| result["requestStatus"]["code"].as_u64().unwrap())
            .collect();
        assert_eq!(found, codes);
        assert_eq!(results[1]["requestId"], "list");
        assert_eq!(results[0].get("requestId"), None);
    }
}
