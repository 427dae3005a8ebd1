//! One connection: between the peer's socket and the crate's session.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::time::Duration;

use rtmp::session::server_session::ServerSession;
use streamhub::define::{FrameData, FrameDataReceiver, StreamHubEvent, StreamHubEventReceiver};
use streamhub::errors::{StreamHubError, StreamHubErrorValue};
use streamhub::stream::StreamIdentifier;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, sleep_until, timeout};

use super::front::{Front, Request, refusal};
use super::listener::Seats;
use super::seat::{Push, Room, Tag};
use crate::secret::Secret;
use crate::wire::flv::TagKind;

/// Who does not say within that time what it wants to push is cut off.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who pushes and then sends nothing for so long is gone: whoever comes back for it must not find its place taken.
const SILENCE: Duration = Duration::from_secs(5);

/// Well below the two seconds after which the session gives up.
const KEEP_ALIVE: Duration = Duration::from_millis(700);

/// What is left after the peer's last byte must have been seen by then.
const LAST: Duration = Duration::from_secs(1);

/// Writing to a peer that does not read is given up after so long.
const WRITE: Duration = Duration::from_secs(5);

/// Bytes read at once.
const PIECE: usize = 64 << 10;

/// The crate's session, ended with this value.
struct Session(JoinHandle<()>);

impl Drop for Session {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Connection<'a> {
    peer: SocketAddr,
    seats: &'a Seats,
    socket: TcpStream,
    /// To the session and from it.
    inner: UnixStream,
    front: Front,
    events: StreamHubEventReceiver,
    frames: Option<FrameDataReceiver>,
    push: Option<Push>,
    /// The application and the key that were let in.
    place: Option<(String, Secret)>,
    heard: Instant,
}

/// How a connection goes on.
enum Next {
    On,
    /// The peer has said goodbye: what it has sent before is still to be seen.
    Last,
    Over,
}

/// Serves `socket` until it is closed.
pub(super) async fn serve(socket: TcpStream, peer: SocketAddr, seats: &Seats) {
    let _ = socket.set_nodelay(true);
    let (sender, events) = unbounded_channel();
    // Two ends of a socket without a network: the session takes nothing but a socket.
    let Ok((inner, theirs)) = pair() else { return };
    let mut session = ServerSession::new(theirs, sender, 0, None, None);
    let session = Session(tokio::spawn(async move {
        // Its error may quote what the peer has sent, and so the key: it is told nowhere.
        let _ = session.run().await;
    }));
    let mut connection = Connection {
        peer,
        seats,
        socket,
        inner,
        front: Front::new(),
        events,
        frames: None,
        push: None,
        place: None,
        heard: Instant::now(),
    };
    if let Err(reason) = connection.run(session).await {
        match &mut connection.push {
            Some(push) => push.because(format!("{peer} {reason}")),
            None => seats.notice(None, &format!("{peer} was sent away: it {reason}")),
        }
    }
}

fn pair() -> std::io::Result<(UnixStream, TcpStream)> {
    let (ours, theirs) = StdUnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let theirs = std::net::TcpStream::from(OwnedFd::from(theirs));
    theirs.set_nonblocking(true)?;
    Ok((UnixStream::from_std(ours)?, TcpStream::from_std(theirs)?))
}

/// The next frame of the session; never, where there is none to come.
async fn next_frame(frames: &mut Option<FrameDataReceiver>) -> FrameData {
    if let Some(receiver) = frames {
        if let Some(frame) = receiver.recv().await {
            return frame;
        }
        *frames = None;
    }
    std::future::pending().await
}

async fn changed(push: Option<&Push>) {
    match push {
        Some(push) => push.changed().await,
        None => std::future::pending().await,
    }
}

impl Connection<'_> {
    async fn run(&mut self, mut session: Session) -> Result<(), String> {
        let (mut outer, mut answer) = (vec![0; PIECE], vec![0; 4_096]);
        let mut alive = interval(KEEP_ALIVE);
        let mut deadline = Instant::now() + PATIENCE;
        let mut is_last = false;
        loop {
            let room = self.push.as_ref().map_or(Room::Free, Push::room);
            if room == Room::Over {
                return Err("was let go".to_owned());
            }
            let next = tokio::select! {
                // What the session has made of what it was given comes before more of it: nothing piles up.
                biased;
                frame = next_frame(&mut self.frames) => {
                    self.frame(frame);
                    Next::On
                }
                Some(event) = self.events.recv() => self.event(event),
                count = self.inner.read(&mut answer) => match count {
                    Ok(count @ 1..) => {
                        self.tell(&answer[..count]).await?;
                        Next::On
                    }
                    _ => Next::Over,
                },
                _ = &mut session.0 => Next::Over,
                () = sleep_until(deadline), if self.push.is_none() || is_last => {
                    if is_last {
                        Next::Over
                    } else {
                        return Err(format!("did not say within {} s what it pushes", PATIENCE.as_secs()));
                    }
                }
                _ = alive.tick() => {
                    if room == Room::Full {
                        // It is us who do not listen.
                        self.heard = Instant::now();
                    }
                    if self.push.is_some() && self.heard.elapsed() > SILENCE && !is_last {
                        return Err(format!("sent nothing for {} s", SILENCE.as_secs()));
                    }
                    let mut bytes = Vec::new();
                    self.front.keep_alive(&mut bytes);
                    self.give(&bytes).await?;
                    Next::On
                }
                () = changed(self.push.as_ref()) => Next::On,
                count = self.socket.read(&mut outer), if room == Room::Free && !is_last => match count {
                    Ok(count @ 1..) => {
                        self.heard = Instant::now();
                        self.read(&outer[..count]).await?
                    }
                    // Closed, or torn off.
                    _ => Next::Last,
                },
            };
            match next {
                Next::On => {}
                Next::Last => {
                    is_last = true;
                    deadline = Instant::now() + LAST;
                    let _ = self.inner.shutdown().await;
                }
                Next::Over if self.push.is_some() && !is_last => {
                    return Err("sent what makes no sense".to_owned());
                }
                Next::Over => return Ok(()),
            }
        }
    }

    /// Takes what the peer has sent.
    async fn read(&mut self, bytes: &[u8]) -> Result<Next, String> {
        let mut input = bytes;
        while !input.is_empty() {
            let mut out = Vec::new();
            let request = self.front.read(&mut input, &mut out).map_err(|error| match self.push {
                // The words of such an error are ours, and none of the peer's.
                Some(_) => format!("sent what makes no sense: {error}"),
                None => error.to_string(),
            })?;
            match request {
                None => {}
                Some(Request::Publish { app, key }) => {
                    if !self.admit(app, key).await {
                        return Ok(Next::Over);
                    }
                    self.front.admit(&mut out);
                }
                Some(Request::End) => {
                    self.give(&out).await?;
                    return Ok(Next::Last);
                }
            }
            self.give(&out).await?;
        }
        Ok(Next::On)
    }

    /// Whether the peer may push there. If not, it is told, and so is whoever waits for a push.
    async fn admit(&mut self, app: String, key: Secret) -> bool {
        let peer = self.peer;
        let Some(seat) = self.seats.find(&app, key.expose()) else {
            self.seats.notice(
                Some(&app),
                &format!("{peer} was refused: its stream key is not known here"),
            );
            self.refuse("no such stream key").await;
            return false;
        };
        match seat.begin(peer) {
            Ok(push) => {
                self.push = Some(push);
                self.place = Some((app, key));
                true
            }
            Err(other) => {
                seat.notice(format!("{peer} was refused: {other} pushes here already"));
                self.refuse("somebody pushes here already").await;
                false
            }
        }
    }

    /// Tells the peer no, and waits until it has heard it: a connection that is closed over unread bytes takes back what
    /// was sent last.
    async fn refuse(&mut self, description: &str) {
        let _ = self.tell(&refusal(description)).await;
        let _ = self.socket.shutdown().await;
        let mut rest = [0; 4_096];
        let drained = async { while let Ok(1..) = self.socket.read(&mut rest).await {} };
        let _ = timeout(LAST, drained).await;
    }

    async fn give(&mut self, bytes: &[u8]) -> Result<(), String> {
        // A session that has ended says so elsewhere.
        match timeout(WRITE, self.inner.write_all(bytes)).await {
            Ok(_) => Ok(()),
            Err(_) => Err("could not be followed".to_owned()),
        }
    }

    async fn tell(&mut self, bytes: &[u8]) -> Result<(), String> {
        match timeout(WRITE, self.socket.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err("does not listen".to_owned()),
        }
    }

    fn event(&mut self, event: StreamHubEvent) -> Next {
        match event {
            StreamHubEvent::Publish {
                identifier: StreamIdentifier::Rtmp { app_name, stream_name },
                result_sender,
                ..
            } => {
                let is_ours = self.frames.is_none()
                    && self
                        .place
                        .as_ref()
                        .is_some_and(|(app, key)| *app == app_name && key.expose() == stream_name);
                if is_ours {
                    let (sender, receiver) = unbounded_channel();
                    self.frames = Some(receiver);
                    let _ = result_sender.send(Ok((Some(sender), None, None)));
                    Next::On
                } else {
                    let value = StreamHubErrorValue::Exists;
                    let _ = result_sender.send(Err(StreamHubError { value }));
                    Next::Over
                }
            }
            // There is nothing to be had here.
            _ => Next::Over,
        }
    }

    fn frame(&mut self, frame: FrameData) {
        let (kind, ms, body) = match frame {
            FrameData::Video { timestamp, data } => (TagKind::Video, timestamp, data),
            FrameData::Audio { timestamp, data } => (TagKind::Audio, timestamp, data),
            FrameData::MetaData { .. } | FrameData::MediaInfo { .. } => return,
        };
        if let Some(push) = &self.push {
            let body = body.freeze();
            push.give(Tag { kind, ms, body });
        }
    }
}
