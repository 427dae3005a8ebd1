//! A server with a stat page as nginx-rtmp has it, whose count and manners a test sets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How a question is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// With the stat page.
    Page,
    /// With these bytes instead of HTTP.
    Garbage(Vec<u8>),
    /// With this status, these further header lines (each with its line end), and this body.
    Answer(u16, String, String),
    /// Not at all, while the connection stays open.
    Stall,
    /// With the head and the first half of the page, and then no more.
    StallInside,
    /// By closing the connection.
    Close,
    /// With a page that never ends.
    Endless,
    /// With the stat page, but then the connection is kept for good.
    Linger,
}

struct State {
    viewers: u64,
    manner: Manner,
    /// The heads of all questions so far.
    asked: Vec<String>,
    is_over: bool,
}

/// Serves until dropped.
pub struct StatServer {
    pub address: SocketAddr,
    shared: Arc<(Mutex<State>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl StatServer {
    /// One publisher, no viewers, on a free port of loopback.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            viewers: 0,
            manner: Manner::Page,
            asked: Vec::new(),
            is_over: false,
        };
        let shared = Arc::new((Mutex::new(state), Condvar::new()));
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                for stream in listener.incoming() {
                    if shared.0.lock().unwrap().is_over {
                        return;
                    }
                    let (Ok(stream), shared) = (stream, Arc::clone(&shared)) else {
                        continue;
                    };
                    // Ends with its connection: nobody is left waiting for a client that is gone.
                    std::thread::spawn(move || drop(serve(stream, &shared)));
                }
            }
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// Of its stat page, or of anything else: it answers the same everywhere.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many watch from now on.
    pub fn set_viewers(&self, viewers: u64) {
        self.shared.0.lock().unwrap().viewers = viewers;
    }

    /// How it answers from now on.
    pub fn set_manner(&self, manner: Manner) {
        self.shared.0.lock().unwrap().manner = manner;
    }

    /// How many questions there were.
    pub fn asked(&self) -> usize {
        self.shared.0.lock().unwrap().asked.len()
    }

    /// The head of question `at`, from 0; waits for it.
    pub fn question(&self, at: usize) -> String {
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut state = self.shared.0.lock().unwrap();
        while state.asked.len() <= at {
            let left = deadline.checked_duration_since(Instant::now());
            state = self.shared.1.wait_timeout(state, left.expect("nobody asks")).unwrap().0;
        }
        state.asked[at].clone()
    }
}

impl Drop for StatServer {
    fn drop(&mut self) {
        self.shared.0.lock().unwrap().is_over = true;
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().unwrap().join();
    }
}

/// The stat page of nginx-rtmp 1.2.2 with one stream `live/show`: a publisher and so many viewers, who are not listed.
pub fn page(viewers: u64) -> String {
    let clients = viewers + 1;
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\r\n<rtmp>\r\n<nginx_version>1.22.1</nginx_version>\r\n<server>\r\n<application>\r\n\
         <name>live</name>\r\n<live>\r\n<stream>\r\n<name>show</name>\r\n<nclients>{clients}</nclients>\r\n<publishing/>\r\n<active/>\r\n\
         </stream>\r\n<nclients>{clients}</nclients>\r\n</live>\r\n</application>\r\n</server>\r\n</rtmp>\r\n"
    )
}

fn serve(mut stream: TcpStream, shared: &(Mutex<State>, Condvar)) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let (viewers, manner) = {
        let mut state = shared.0.lock().unwrap();
        state.asked.push(String::from_utf8_lossy(&head).into_owned());
        shared.1.notify_all();
        (state.viewers, state.manner.clone())
    };
    let page = page(viewers);
    let ok = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
        page.len()
    );
    match manner {
        Manner::Page => stream.write_all(format!("{ok}{page}").as_bytes()),
        Manner::Garbage(bytes) => stream.write_all(&bytes),
        Manner::Answer(status, headers, body) => {
            let length = body.len();
            let answer = format!("HTTP/1.1 {status} whatever\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes())
        }
        Manner::Stall => wait_for_end(stream),
        Manner::StallInside => {
            stream.write_all(format!("{ok}{}", &page[..page.len() / 2]).as_bytes())?;
            wait_for_end(stream)
        }
        Manner::Close => Ok(()),
        Manner::Linger => {
            stream.write_all(format!("{ok}{page}").as_bytes())?;
            wait_for_end(stream)
        }
        Manner::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n<rtmp>")?;
            loop {
                stream.write_all(&[b' '; 16384])?;
            }
        }
    }
}

/// Until the other side closes.
fn wait_for_end(mut stream: TcpStream) -> std::io::Result<()> {
    while stream.read(&mut [0; 64])? > 0 {}
    Ok(())
}
