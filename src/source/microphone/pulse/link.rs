//! A connection to a sound server: made, introduced, asked.

use std::ffi::CString;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use pulseaudio::protocol::{
    AuthParams, AuthReply, Command, CommandReply, MIN_VERSION, Prop, Props, SetClientNameReply, SubscriptionMask,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::address::{self, Address};
use super::message::{self, Inbox, Incoming};
use crate::source::microphone::MicrophoneError;

/// How long a server may take to answer while nothing is heard anyway.
const PATIENCE: Duration = Duration::from_secs(1);

/// Bytes that are read at once: more than a second's worth of fragments of most devices.
const READ: usize = 32 * 1024;

/// The newest protocol that is spoken here. What came later says more about ports, which is of no use.
const VERSION: u16 = 33;

/// A connection on which the server knows who speaks.
pub(super) struct Link {
    socket: Socket,
    inbox: Inbox,
    version: u16,
    next: u32,
    address: Address,
}

enum Socket {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Link {
    /// Connects to the first of `addresses` that answers, within about a second.
    ///
    /// # Errors
    /// Nobody answers, or this client is not let in.
    pub(super) fn open(addresses: &[Address]) -> Result<Self, MicrophoneError> {
        let deadline = Instant::now() + PATIENCE;
        let mut looked = Vec::new();
        for address in addresses {
            match Socket::connect(address, deadline) {
                Ok(socket) => return Self::introduce(socket, address.clone(), deadline),
                Err(error) => looked.push(format!("{address}: {}", reason(&error))),
            }
        }
        let looked = looked.join(", ");
        Err(MicrophoneError::NoServer { looked })
    }

    fn introduce(socket: Socket, address: Address, deadline: Instant) -> Result<Self, MicrophoneError> {
        let mut link = Self {
            socket,
            inbox: Inbox::default(),
            version: VERSION,
            next: 0,
            address,
        };
        let auth = AuthParams {
            version: VERSION,
            supports_shm: false,
            supports_memfd: false,
            cookie: address::cookie(|name| std::env::var_os(name)),
        };
        let reply: AuthReply = link.converse("this client", &Command::Auth(auth), deadline)?;
        link.version = reply.version.min(VERSION);
        if link.version < MIN_VERSION {
            return Err(MicrophoneError::BadMessage(format!(
                "it speaks protocol {}",
                reply.version
            )));
        }
        let mut props = Props::new();
        props.set(Prop::ApplicationName, c"rigcast");
        if let Ok(process) = CString::new(std::process::id().to_string()) {
            props.set(Prop::ApplicationProcessId, process);
        }
        let _: SetClientNameReply = link.converse("this client", &Command::SetClientName(props), deadline)?;
        Ok(link)
    }

    /// Asks to be told of inputs and outputs that come, go and become the default.
    ///
    /// # Errors
    /// The connection broke.
    pub(super) fn subscribe(&mut self) -> Result<(), MicrophoneError> {
        let mask = SubscriptionMask::SOURCE | SubscriptionMask::SINK | SubscriptionMask::SERVER;
        self.ask(&Command::Subscribe(mask)).map(|_| ())
    }

    /// Where it leads.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Sends `command`, and gives the number that its answer will have.
    ///
    /// # Errors
    /// The connection broke.
    pub(super) fn ask(&mut self, command: &Command) -> Result<u32, MicrophoneError> {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let bytes = message::question(number, command, self.version)?;
        self.socket.write_all(&bytes)?;
        Ok(number)
    }

    /// Sends `command` and waits for its answer, however much else comes in before it.
    ///
    /// # Errors
    /// The connection broke, the server refused (`what` says what), or it does not answer.
    pub(super) fn converse<T: CommandReply>(
        &mut self,
        what: &'static str,
        command: &Command,
        deadline: Instant,
    ) -> Result<T, MicrophoneError> {
        let asked = self.ask(command)?;
        loop {
            while let Some(incoming) = self.take()? {
                match incoming {
                    Incoming::Reply(number, body) if number == asked => return self.answer(&body),
                    Incoming::Refused(number, why) if number == asked => {
                        let is_auth = matches!(command, Command::Auth(_)) || why == "access failure";
                        return Err(if is_auth {
                            MicrophoneError::NotAllowed
                        } else {
                            MicrophoneError::Refused { what, why }
                        });
                    }
                    _ => {}
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(MicrophoneError::Silent);
            }
            self.wait(left)?;
        }
    }

    /// The answer in a reply.
    ///
    /// # Errors
    /// Bytes that are none.
    pub(super) fn answer<T: CommandReply>(&self, body: &[u8]) -> Result<T, MicrophoneError> {
        message::answer(body, self.version)
    }

    /// Waits until something comes in, `limit` at most, and takes it in.
    ///
    /// # Errors
    /// The connection broke.
    pub(super) fn wait(&mut self, limit: Duration) -> Result<(), MicrophoneError> {
        let mut fds = [PollFd::new(&self.socket, PollFlags::IN)];
        let timeout = Timespec {
            tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(limit.subsec_nanos()),
        };
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
        let room = self.inbox.room(READ);
        match self.socket.read(room) {
            Ok(0) => Err(MicrophoneError::ServerGone("it closed the connection".to_owned())),
            Ok(count) => {
                self.inbox.keep(READ, count);
                Ok(())
            }
            Err(error) => {
                self.inbox.keep(READ, 0);
                match error.kind() {
                    io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock => Ok(()),
                    _ => Err(error.into()),
                }
            }
        }
    }

    /// The next message of those that have come in.
    ///
    /// # Errors
    /// What came in is none.
    pub(super) fn take(&mut self) -> Result<Option<Incoming>, MicrophoneError> {
        self.inbox.take(self.version)
    }

    /// The sound of a message that was taken.
    pub(super) fn bytes(&self, at: Range<usize>) -> &[u8] {
        self.inbox.bytes(at)
    }
}

impl Socket {
    fn connect(address: &Address, deadline: Instant) -> io::Result<Self> {
        // Writing is a few bytes now and then: who does not take them within that time hangs.
        match address {
            Address::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_write_timeout(Some(PATIENCE))?;
                stream.set_read_timeout(Some(PATIENCE))?;
                Ok(Self::Unix(stream))
            }
            Address::Tcp(host, port) => {
                let mut last = io::Error::from(io::ErrorKind::NotFound);
                for place in (host.as_str(), *port).to_socket_addrs()? {
                    let left = deadline.saturating_duration_since(Instant::now());
                    match TcpStream::connect_timeout(&place, left.max(Duration::from_millis(1))) {
                        Ok(stream) => {
                            stream.set_nodelay(true)?;
                            stream.set_write_timeout(Some(PATIENCE))?;
                            stream.set_read_timeout(Some(PATIENCE))?;
                            return Ok(Self::Tcp(stream));
                        }
                        Err(error) => last = error,
                    }
                }
                Err(last)
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.read(bytes),
            Self::Tcp(stream) => stream.read(bytes),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.write(bytes),
            Self::Tcp(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(stream) => stream.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
        }
    }
}

/// Why there is no connection, in two words where they do.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "not there".to_owned(),
        io::ErrorKind::ConnectionRefused => "nobody listens".to_owned(),
        io::ErrorKind::PermissionDenied => "not allowed".to_owned(),
        _ => error.to_string(),
    }
}
