//! A browser without a window, and what its pages show: Chromium, steered over its DevTools protocol.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket, client};

use crate::common::{Guard, PATIENCE, peer};

/// A browser with a profile of its own; ends with this value.
pub struct Chromium {
    _process: Guard,
    _profile: tempfile::TempDir,
    /// Host and port of its DevTools.
    host: String,
    control: Session,
}

impl Chromium {
    /// `None` where there is no Chromium.
    pub fn start() -> Option<Self> {
        let program = peer("chromium")?;
        let profile = tempfile::tempdir().unwrap();
        let mut process = Guard::spawn(
            Command::new(program)
                .args([
                    "--headless=new",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                ])
                .args([
                    "--no-first-run",
                    "--disable-extensions",
                    "--disable-background-networking",
                    "--mute-audio",
                ])
                .args([
                    "--autoplay-policy=no-user-gesture-required",
                    "--remote-debugging-port=0",
                ])
                .args([
                    "--disable-background-timer-throttling",
                    "--disable-renderer-backgrounding",
                ])
                .arg("--disable-backgrounding-occluded-windows")
                .arg(format!("--user-data-dir={}", profile.path().display()))
                .arg("about:blank")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped()),
        );
        let mut said = BufReader::new(process.0.stderr.take().unwrap());
        let url = loop {
            let mut line = String::new();
            assert!(
                said.read_line(&mut line).unwrap() > 0,
                "Chromium ended before it listened"
            );
            if let Some((_, url)) = line.split_once("DevTools listening on ") {
                break url.trim().to_owned();
            }
        };
        // It goes on talking, and must not be held up by a full pipe.
        std::thread::spawn(move || said.lines().map_while(Result::ok).for_each(drop));
        let host = url.strip_prefix("ws://").unwrap().split('/').next().unwrap().to_owned();
        Some(Self {
            control: Session::connect(&host, &url),
            _process: process,
            _profile: profile,
            host,
        })
    }

    /// A new tab.
    pub fn open(&mut self, url: &str) -> Page {
        let target = self
            .control
            .ask("Target.createTarget", &json!({ "url": url, "newWindow": true }));
        let id = target["targetId"].as_str().unwrap();
        let mut session = Session::connect(&self.host, &format!("ws://{}/devtools/page/{id}", self.host));
        session.ask("Runtime.enable", &json!({}));
        Page { session }
    }
}

/// A tab.
pub struct Page {
    session: Session,
}

impl Page {
    /// The value of an expression in the page; of a promise, what it comes to.
    pub fn value(&mut self, expression: &str) -> Value {
        let request = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.session.ask("Runtime.evaluate", &request);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }
}

struct Session {
    socket: WebSocket<TcpStream>,
    asked: u64,
}

impl Session {
    fn connect(host: &str, url: &str) -> Self {
        let stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let (socket, _) = client(url, stream).unwrap();
        Self { socket, asked: 0 }
    }

    /// A command and its result; events between are passed over.
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let command = json!({ "id": self.asked, "method": method, "params": params });
        self.socket.send(Message::text(command.to_string())).unwrap();
        loop {
            let Message::Text(text) = self.socket.read().unwrap() else {
                continue;
            };
            let answer: Value = serde_json::from_str(&text).unwrap();
            if answer["id"] == self.asked {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }
}
