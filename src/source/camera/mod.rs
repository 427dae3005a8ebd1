//! Cameras of this machine, by Video4Linux 2.
//!
//! ```text
//! spec ── machine.rs (which node, who has it) ── session.rs (ask, set, read) ── picture.rs ── Outlet
//!              │                                     │            │               ├ mjpeg.rs
//!              └ device.rs: one method per request   ├ mode.rs    └ controls.rs   └ unpack.rs, tint.rs
//!                └ kernel.rs: the ioctls             └ (pure: which mode, why)
//! ```
//!
//! The source lives with its camera being unplugged, taken by another program and coming back: it waits for it here, in its own attempt,
//! and looks twice a second, since whoever plugs a camera in does not want to wait for the supervisor's growing pauses.

mod controls;
mod device;
mod error;
mod kernel;
mod machine;
mod mjpeg;
mod mode;
mod picture;
mod session;
mod tint;
mod unpack;

pub use self::picture::Pictures;

use self::error::CameraError;
use self::machine::{Here, Machine, Node, find};
use self::mode::Need;
use super::SourceError;
use super::attempt::{Outcome, Source};
use super::devices::CameraSpec;
use super::inventory::{Found, Inventory};
use super::outlet::Outlet;
use super::spec::SourceState;
use crate::media::{FrameRate, TimeDelta};

/// How often a camera is looked for that is not there.
const LOOK_MS: i64 = 500;

/// One attempt at it.
pub struct Camera<'a> {
    spec: &'a CameraSpec,
    machine: &'a dyn Machine,
}

impl<'a> Camera<'a> {
    /// What `spec` names. Nothing is opened yet.
    #[must_use]
    pub fn new(spec: &'a CameraSpec) -> Self {
        Self { spec, machine: &Here }
    }

    fn session(&self, outlet: &mut Outlet) -> Result<Outcome, (String, CameraError)> {
        let (path, mut device) = find(self.machine, self.spec.device.as_deref())?;
        let result = session::run(device.as_mut(), self.spec, outlet);
        result.map_err(|error| {
            let error = match error {
                CameraError::Busy(_) => CameraError::Busy(self.machine.holder(&path)),
                other => other,
            };
            (path.display().to_string(), error)
        })
    }
}

impl Source for Camera<'_> {
    fn run(&mut self, outlet: &mut Outlet) -> Result<Outcome, SourceError> {
        loop {
            let (device, error) = match self.session(outlet) {
                Ok(outcome) => return Ok(outcome),
                Err(about) => about,
            };
            let error = error.about(&device);
            if !error.is_away() {
                return Err(error);
            }
            let state = SourceState::Away {
                reason: error.to_string(),
            };
            if *outlet.state() != state {
                tracing::warn!(%error, "camera is away");
                outlet.set_state(state);
            }
            // Orders for a camera that is not there are not kept until it is somebody else's.
            let _ = outlet.take_controls();
            let now = outlet.now();
            if !outlet.wait_until(now + TimeDelta::from_millis(LOOK_MS)) {
                return Ok(Outcome::Stopped);
            }
        }
    }
}

/// What a camera is measured against where there is no program: what most shows are.
const USUAL: Need = Need {
    width: 1920,
    height: 1080,
    rate: FrameRate::whole(30),
};

/// Notes what is here.
pub(super) fn look(inventory: &mut Inventory) {
    look_at(&Here, inventory);
}

fn look_at(machine: &dyn Machine, inventory: &mut Inventory) {
    let mut found: Vec<(Node, String, Vec<String>)> = Vec::new();
    let mut refused = Vec::new();
    for node in machine.nodes() {
        let path = node.path.display().to_string();
        let mut device = match find(machine, Some(&path)) {
            Ok((_, device)) => device,
            Err((_, CameraError::NoPictures | CameraError::NotACamera)) => continue,
            Err((_, error)) => {
                refused.push(format!("{path} {error}"));
                continue;
            }
        };
        let Ok(capability) = device.capability() else { continue };
        let offers = session::offers(device.as_mut(), USUAL).unwrap_or_default();
        let mut details = mode::in_short(&offers, USUAL);
        if details.is_empty() {
            refused.push(format!("{path} gives pictures in no form that is read here"));
            continue;
        }
        details.push(format!("{path}, {}", capability.bus));
        found.push((node, capability.card, details));
    }
    if found.is_empty() && refused.is_empty() {
        refused.push(NONE.to_owned());
    }
    for reason in refused {
        inventory.lacks("camera", reason);
    }
    for (at, (node, title, details)) in found.iter().enumerate() {
        // By its name it is found again wherever it is plugged in; where two have the same, by its place.
        let is_plain = |letter: char| letter.is_ascii_graphic() && !matches!(letter, '"' | '\\') || letter == ' ';
        let is_named = !node.card.is_empty()
            && node.card.chars().all(is_plain)
            && found
                .iter()
                .filter(|(other, ..)| other.card.contains(&node.card))
                .count()
                == 1;
        let device = if is_named {
            node.card.clone()
        } else {
            node.path.display().to_string()
        };
        inventory.has(Found {
            kind: "camera".to_owned(),
            name: if at == 0 {
                "camera".to_owned()
            } else {
                format!("camera{}", at + 1)
            },
            title: title.clone(),
            details: details.clone(),
            scene: format!("kind = \"camera\"\ndevice = \"{device}\"\n"),
            is_default: at == 0,
        });
    }
}

/// Why there is none.
const NONE: &str =
    "no /dev/video*: none is plugged in, or this machine (a container, a virtual machine) is not given one";

#[cfg(test)]
mod tests;
