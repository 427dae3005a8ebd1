//! Why a camera gives no pictures, and what helps.

use std::io;

use crate::source::SourceError;

/// What ended an attempt. Each says what can be done about it, where there is something.
#[derive(Debug, thiserror::Error)]
pub enum CameraError {
    /// No node of that name.
    #[error("is not there; plugged in, it is taken up by itself")]
    Absent,
    /// No camera at all.
    #[error("there is none on this machine; plugged in, it is taken up by itself")]
    None,
    /// No camera that is called so.
    #[error("no camera is called so; there is {0}")]
    NoName(String),
    /// It was there a moment ago.
    #[error("was unplugged; plugged in again, it is taken up by itself")]
    Gone,
    /// The system does not let us.
    #[error("may not be opened; add yourself to its group: sudo usermod -aG video $USER, then log in again")]
    Permission,
    /// Somebody else has its pictures.
    #[error("is in use by {}", .0.as_deref().unwrap_or("another program (of another user, or in a container)"))]
    Busy(Option<String>),
    /// The node is something else.
    #[error("is no camera")]
    NotACamera,
    /// The node belongs to a camera, and gives no pictures.
    #[error("gives no pictures: it is a camera's node for something else; try the one before it")]
    NoPictures,
    /// A sensor without the interface of a webcam.
    #[error(
        "gives pictures only in several planes (a sensor on a board, driver {0}), which is not read here; feed them by a source of kind pipe"
    )]
    MultiPlanar(String),
    /// It cannot stream.
    #[error("cannot stream (driver {0})")]
    NotStreaming(String),
    /// None of its formats can be read.
    #[error("gives pictures only as {0}, which is not read here")]
    Unreadable(String),
    /// Not the format that the scene file wants.
    #[error("does not give that format; it gives {0}")]
    NoFormat(String),
    /// Not the size that the scene file wants.
    #[error("does not give that size; it gives {0}")]
    NoSize(String),
    /// It agreed to something and then did not do it.
    #[error("was asked for {wanted} and gives {given}")]
    Changed {
        /// What was asked for.
        wanted: String,
        /// What came.
        given: String,
    },
    /// The bus is full.
    #[error(
        "the USB bus has no room for it: plug it into another port, or ask for a smaller size, a lower rate or format = \"mjpeg\""
    )]
    Bandwidth,
    /// Nothing comes.
    #[error("has given no picture for {0} s")]
    Stalled(i64),
    /// Nothing that can be used comes.
    #[error("has given nothing but damaged pictures for {seconds} s: {last}")]
    Damaged {
        /// For how long.
        seconds: i64,
        /// What is wrong with the last one.
        last: String,
    },
    /// The kernel refuses something.
    #[error("{doing}: {error}")]
    Kernel {
        /// What was asked for.
        doing: &'static str,
        /// What it says.
        error: io::Error,
    },
    /// There is no decoder for its pictures.
    #[error("{0}")]
    Decoder(String),
}

impl CameraError {
    /// What `error` means, that came of `doing`.
    pub(super) fn of(doing: &'static str, error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::ENODEV | libc::ENXIO) => Self::Gone,
            Some(libc::ENOENT) => Self::Absent,
            Some(libc::EACCES | libc::EPERM) => Self::Permission,
            Some(libc::EBUSY) => Self::Busy(None),
            Some(libc::ENOTTY) => Self::NotACamera,
            Some(libc::ENOSPC) => Self::Bandwidth,
            _ => Self::Kernel { doing, error },
        }
    }

    /// Whether it may come right by itself.
    pub(super) fn is_away(&self) -> bool {
        match self {
            Self::Absent
            | Self::None
            | Self::NoName(_)
            | Self::Gone
            | Self::Busy(_)
            | Self::Stalled(_)
            | Self::Damaged { .. }
            | Self::Kernel { .. } => true,
            Self::Permission
            | Self::NotACamera
            | Self::NoPictures
            | Self::MultiPlanar(_)
            | Self::NotStreaming(_)
            | Self::Unreadable(_)
            | Self::NoFormat(_)
            | Self::NoSize(_)
            | Self::Changed { .. }
            | Self::Bandwidth
            | Self::Decoder(_) => false,
        }
    }

    /// The same about `device`, as the studio tells it.
    pub(super) fn about(&self, device: &str) -> SourceError {
        SourceError::Device {
            what: format!("camera {device}").trim_end().to_owned(),
            reason: self.to_string(),
            is_away: self.is_away(),
        }
    }
}
