//! A connection to an X server: opened with patience that has an end, asked what it can do, and emptied of events.
//!
//! x11rb waits without an end. Its stream is ours, so every wait ends after [`PATIENCE`], or at once when the source is to
//! stop: a server that hangs, or is held by another program (`GrabServer`), must not hold the thread of a source.

use std::io::{Error, ErrorKind, IoSlice};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::errors::ConnectError;
use x11rb::protocol::Event;
use x11rb::protocol::composite::{self, ConnectionExt as _};
use x11rb::protocol::damage::{self, ConnectionExt as _};
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::shm::{self, ConnectionExt as _};
use x11rb::protocol::xfixes::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{ConnectionExt as _, ImageOrder, Visualid, Window};
use x11rb::reexports::x11rb_protocol::parse_display::{ConnectAddress, parse_display};
use x11rb::reexports::x11rb_protocol::xauth::{Family, get_auth};
use x11rb::rust_connection::{DefaultStream, PollMode, RustConnection, Stream};
use x11rb::utils::RawFdContainer;

use super::error::ScreenError;

/// How long an answer may take. Window managers hold the whole server while somebody drags a window about, for seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often who waits asks whether he still should.
const LOOK: Duration = Duration::from_millis(50);

/// How long a server on another machine may take to accept a connection.
const ACCEPT: Duration = Duration::from_millis(1_500);

/// Events that are taken at a time, at most.
const EVENTS: usize = 10_000;

/// Asked during each wait: whether to give up.
pub(super) type GivesUp = Box<dyn Fn() -> bool + Send + Sync>;

/// The stream of a connection, which does not wait for ever.
pub(super) struct Patient {
    inner: DefaultStream,
    gives_up: GivesUp,
}

impl Stream for Patient {
    fn poll(&self, mode: PollMode) -> std::io::Result<()> {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, mode.readable());
        flags.set(PollFlags::OUT, mode.writable());
        let started = Instant::now();
        let slice = Timespec {
            tv_sec: 0,
            tv_nsec: LOOK.subsec_nanos().into(),
        };
        loop {
            match poll(&mut [PollFd::new(&self.inner, flags)], Some(&slice)) {
                Ok(0) if (self.gives_up)() || started.elapsed() >= PATIENCE => return Err(ErrorKind::TimedOut.into()),
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn read(&self, buffer: &mut [u8], descriptors: &mut Vec<RawFdContainer>) -> std::io::Result<usize> {
        self.inner.read(buffer, descriptors)
    }

    fn write(&self, buffer: &[u8], descriptors: &mut Vec<RawFdContainer>) -> std::io::Result<usize> {
        self.inner.write(buffer, descriptors)
    }

    fn write_vectored(&self, buffers: &[IoSlice<'_>], descriptors: &mut Vec<RawFdContainer>) -> std::io::Result<usize> {
        self.inner.write_vectored(buffers, descriptors)
    }
}

/// What has happened on a server since it was last asked.
#[allow(clippy::struct_excessive_bools)] // Four that come and go each by itself: no states of one thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Something was drawn.
    pub is_damaged: bool,
    /// Screen, monitors or the window that is watched may have another size.
    pub is_reshaped: bool,
    /// The pointer looks different.
    pub has_other_cursor: bool,
    /// The window that is watched is not shown any more, or is gone.
    pub is_hidden: bool,
}

/// An X server and one screen of it.
pub(super) struct Display {
    /// For requests.
    pub connection: RustConnection<Patient>,
    /// The window that is all of the screen.
    pub root: Window,
    /// Its visual.
    pub root_visual: Visualid,
    /// Whether pixels can come through shared memory.
    pub has_shared_memory: bool,
    /// Whether windows can be read that are covered.
    pub has_composite: bool,
    /// Whether it knows monitors.
    pub has_monitors: bool,
}

impl Display {
    /// Opens the display called `name`. Waits end when `gives_up` says so.
    ///
    /// # Errors
    /// Nobody is there, nobody is let in, or what capturing needs is missing.
    pub(super) fn open(name: &str, gives_up: GivesUp) -> Result<Self, ScreenError> {
        let (connection, screen, is_local) =
            connect(name, gives_up).map_err(|error| ScreenError::opening(name, error))?;
        for extension in [
            xfixes::X11_EXTENSION_NAME,
            damage::X11_EXTENSION_NAME,
            shm::X11_EXTENSION_NAME,
            composite::X11_EXTENSION_NAME,
            randr::X11_EXTENSION_NAME,
        ] {
            connection.prefetch_extension_information(extension)?;
        }
        let has = |extension| Ok::<_, ScreenError>(connection.extension_information(extension)?.is_some());
        if !has(xfixes::X11_EXTENSION_NAME)? {
            return Err(ScreenError::Lacks("XFIXES"));
        }
        if !has(damage::X11_EXTENSION_NAME)? {
            return Err(ScreenError::Lacks("DAMAGE"));
        }
        // A server takes requests of an extension only from clients that have said which version of it they mean.
        connection.xfixes_query_version(4, 0)?.reply()?;
        connection.damage_query_version(1, 1)?.reply()?;
        let has_composite = has(composite::X11_EXTENSION_NAME)? && {
            let version = connection.composite_query_version(0, 4)?.reply()?;
            (version.major_version, version.minor_version) >= (0, 2)
        };
        let has_monitors = has(randr::X11_EXTENSION_NAME)? && {
            let version = connection.randr_query_version(1, 5)?.reply()?;
            (version.major_version, version.minor_version) >= (1, 5)
        };
        // Descriptors go through a socket of this machine only, and servers take them since version 1.2.
        let has_shared_memory = is_local && has(shm::X11_EXTENSION_NAME)? && {
            let version = connection.shm_query_version()?.reply()?;
            (version.major_version, version.minor_version) >= (1, 2)
        };
        let setup = connection.setup();
        let root = setup
            .roots
            .get(screen)
            .ok_or_else(|| ScreenError::Name(name.to_owned()))?;
        let (root, root_visual) = (root.root, root.root_visual);
        Ok(Self {
            connection,
            root,
            root_visual,
            has_shared_memory,
            has_composite,
            has_monitors,
        })
    }

    /// Whether pixels of that depth and visual are what is converted here.
    ///
    /// # Errors
    /// What they are instead.
    pub(super) fn check_pixels(&self, depth: u8, visual: Visualid) -> Result<(), ScreenError> {
        let setup = self.connection.setup();
        let format = setup.pixmap_formats.iter().find(|format| format.depth == depth);
        let bits = format.map_or(0, |format| format.bits_per_pixel);
        let visuals = setup
            .roots
            .iter()
            .flat_map(|root| &root.allowed_depths)
            .flat_map(|depth| &depth.visuals);
        let masks = visuals.clone().find(|known| known.visual_id == visual);
        let is_red_first = masks
            .is_some_and(|visual| (visual.red_mask, visual.green_mask, visual.blue_mask) == (0xff_0000, 0xff00, 0xff));
        if matches!(depth, 24 | 32) && bits == 32 && is_red_first && setup.image_byte_order == ImageOrder::LSB_FIRST {
            Ok(())
        } else {
            Err(ScreenError::Depth { depth, bits })
        }
    }

    /// What has happened since the last time. `watched` is a window whose own size and visibility count.
    ///
    /// # Errors
    /// The server has gone.
    pub(super) fn changes(&self, watched: Window) -> Result<Changes, ScreenError> {
        let mut changes = Changes::default();
        for _ in 0..EVENTS {
            let Some(event) = self.connection.poll_for_event()? else {
                break;
            };
            match event {
                Event::DamageNotify(_) => changes.is_damaged = true,
                Event::RandrScreenChangeNotify(_) | Event::RandrNotify(_) => changes.is_reshaped = true,
                Event::ConfigureNotify(event) if event.window == self.root || event.window == watched => {
                    changes.is_reshaped = true;
                }
                Event::XfixesCursorNotify(_) => changes.has_other_cursor = true,
                Event::UnmapNotify(event) if event.window == watched => changes.is_hidden = true,
                Event::DestroyNotify(event) if event.window == watched => changes.is_hidden = true,
                _ => {}
            }
        }
        Ok(changes)
    }

    /// The number of a name, such as that of a property.
    ///
    /// # Errors
    /// The server has gone.
    pub(super) fn atom(&self, name: &str) -> Result<u32, ScreenError> {
        Ok(self.connection.intern_atom(false, name.as_bytes())?.reply()?.atom)
    }
}

type Opened = (RustConnection<Patient>, usize, bool);

fn connect(name: &str, gives_up: GivesUp) -> Result<Opened, ConnectError> {
    let parsed = parse_display(Some(name))?;
    let mut first = None;
    for address in parsed.connect_instruction() {
        let is_local = matches!(address, ConnectAddress::Socket(_));
        match reach(&address) {
            Ok((stream, (family, peer))) => {
                // Without a file of permissions, or with a broken one, the server says whether it needs one.
                let permission = get_auth(family, &peer, parsed.display).ok().flatten();
                let (kind, proof) = permission.unwrap_or_default();
                let stream = Patient {
                    inner: stream,
                    gives_up,
                };
                let screen = usize::from(parsed.screen);
                let connection = RustConnection::connect_to_stream_with_auth_info(stream, screen, kind, proof)?;
                return Ok((connection, screen, is_local));
            }
            // The socket of this machine comes first, and what is wrong with it is what helps.
            Err(error) => {
                first.get_or_insert(error);
            }
        }
    }
    Err(ConnectError::IoError(
        first.unwrap_or_else(|| ErrorKind::AddrNotAvailable.into()),
    ))
}

fn reach(address: &ConnectAddress<'_>) -> std::io::Result<(DefaultStream, (Family, Vec<u8>))> {
    match address {
        ConnectAddress::Socket(path) => DefaultStream::from_unix_stream(UnixStream::connect(path)?),
        ConnectAddress::Hostname(host, port) => {
            let mut last = Error::from(ErrorKind::AddrNotAvailable);
            for address in (*host, *port).to_socket_addrs()? {
                match TcpStream::connect_timeout(&address, ACCEPT) {
                    Ok(stream) => return DefaultStream::from_tcp_stream(stream),
                    Err(error) => last = error,
                }
            }
            Err(last)
        }
        _ => Err(ErrorKind::Unsupported.into()),
    }
}
