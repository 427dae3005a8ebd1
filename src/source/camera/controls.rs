//! What can be set on a camera: focus, exposure, white balance and whatever else it has.
//!
//! Names are those that `v4l2-ctl` makes of the driver's titles, since that is what every guide on the web speaks of. What cannot be set
//! by a number is left out: buttons, texts, and what can only be read.

use std::collections::BTreeMap;
use std::io;

use super::device::{ControlInfo, Device, MenuEntry};
use crate::source::spec::{ControlRange, SourceControl};

/// `V4L2_CTRL_TYPE_…`: a number, a switch, a menu, a menu of numbers.
const INTEGER: u32 = 1;
const BOOLEAN: u32 = 2;
const MENU: u32 = 3;
const INTEGER_MENU: u32 = 9;
/// `V4L2_CTRL_FLAG_DISABLED`, `…_READ_ONLY`, `…_WRITE_ONLY`: there is nothing to set, or no telling what it is.
const UNUSABLE: u32 = 0x1 | 0x4 | 0x40;
/// `V4L2_CTRL_FLAG_INACTIVE`.
const INACTIVE: u32 = 0x10;

/// Controls of a device that are looked at.
const MAX_CONTROLS: usize = 128;
/// Entries of a menu that are looked at.
const MAX_ENTRIES: i64 = 64;

/// Why a control is not as it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// There is no such control.
    #[error("the camera has no control '{name}'; it has {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A value that it cannot have.
    #[error("{name} cannot be {value}; it can be {expected}")]
    Value {
        /// The control.
        name: String,
        /// What was asked for.
        value: i64,
        /// What can be had.
        expected: String,
    },
    /// It has no effect now.
    #[error("{0} has no effect now: an automatic control sees to it; switch that off first")]
    Automatic(String),
    /// The driver refuses.
    #[error("{name} cannot be set: {error}")]
    Refused {
        /// The control.
        name: String,
        /// What the kernel says.
        error: io::Error,
    },
}

/// What can be set on an open device.
#[derive(Debug, Default)]
pub(super) struct Controls {
    known: Vec<(u32, SourceControl)>,
}

impl Controls {
    /// Reads them all. A device without any has none, and that is no error.
    pub(super) fn read(device: &mut dyn Device) -> Self {
        let mut known: Vec<(u32, SourceControl)> = Vec::new();
        let mut after = 0;
        // Whatever the driver says: numbers ascend, and there is an end.
        for _ in 0..MAX_CONTROLS {
            let Ok(info) = device.control_after(after) else { break };
            if info.id <= after {
                break;
            }
            after = info.id;
            if let Some(control) = described(device, &info)
                && known.iter().all(|(_, other)| other.name != control.name)
            {
                known.push((info.id, control));
            }
        }
        Self { known }
    }

    /// For those who are shown them.
    pub(super) fn told(&self) -> Vec<SourceControl> {
        self.known.iter().map(|(_, control)| control.clone()).collect()
    }

    /// Asks to be told when one changes, by another program or by the camera itself.
    pub(super) fn watch(&self, device: &mut dyn Device) {
        for (id, _) in &self.known {
            // Where a driver has no events, what others set is seen when something is set here.
            if device.watch_control(*id).is_err() {
                break;
            }
        }
    }

    /// Sets all of `values`. Switches and menus go first: what is automatic must be off before its number can be set.
    pub(super) fn set_all(&self, device: &mut dyn Device, values: &BTreeMap<String, i64>) -> Vec<ControlError> {
        let (numbers, modes): (Vec<_>, Vec<_>) = values.iter().partition(|(name, _)| {
            let range = self.find(name).map(|(_, control)| &control.range);
            matches!(range, Some(ControlRange::Number { .. }))
        });
        let ordered = modes.into_iter().chain(numbers);
        ordered
            .filter_map(|(name, value)| self.set(device, name, Some(*value)).err())
            .collect()
    }

    /// Sets one; `None` for its default.
    pub(super) fn set(&self, device: &mut dyn Device, name: &str, value: Option<i64>) -> Result<(), ControlError> {
        let Some((id, control)) = self.find(name) else {
            return Err(ControlError::Unknown {
                name: name.to_owned(),
                known: self.names(),
            });
        };
        let value = value.unwrap_or(control.default);
        let is_fit = i32::try_from(value).ok().filter(|_| is_in(&control.range, value));
        let Some(fit) = is_fit else {
            return Err(ControlError::Value {
                name: control.name.clone(),
                value,
                expected: expected(&control.range),
            });
        };
        device
            .set_control(*id, fit)
            .map_err(|error| match error.raw_os_error() {
                Some(libc::EACCES | libc::EBUSY) => ControlError::Automatic(control.name.clone()),
                _ => ControlError::Refused {
                    name: control.name.clone(),
                    error,
                },
            })
    }

    fn find(&self, name: &str) -> Option<&(u32, SourceControl)> {
        self.known.iter().find(|(_, control)| control.name == name)
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.known.iter().map(|(_, control)| control.name.as_str()).collect();
        if names.is_empty() {
            return "none".to_owned();
        }
        names.join(", ")
    }
}

fn described(device: &mut dyn Device, info: &ControlInfo) -> Option<SourceControl> {
    if info.flags & UNUSABLE != 0 {
        return None;
    }
    let range = match info.kind {
        BOOLEAN => ControlRange::Switch,
        INTEGER => ControlRange::Number {
            min: info.min.into(),
            max: info.max.into(),
            step: i64::from(info.step).max(1),
        },
        MENU | INTEGER_MENU => ControlRange::Menu {
            entries: entries(device, info),
        },
        _ => return None,
    };
    let value = device.control(info.id).ok()?;
    let name = name_of(&info.title);
    (!name.is_empty()).then(|| SourceControl {
        name,
        title: info.title.clone(),
        range,
        value: value.into(),
        default: info.default.into(),
        is_inactive: info.flags & INACTIVE != 0,
    })
}

fn entries(device: &mut dyn Device, info: &ControlInfo) -> Vec<(i64, String)> {
    let first = i64::from(info.min).max(0);
    let last = i64::from(info.max).min(first + MAX_ENTRIES);
    let numbers = (first..=last).filter_map(|index| {
        let entry = device.menu_entry(info.id, u32::try_from(index).ok()?, info.kind == INTEGER_MENU);
        match entry.ok()? {
            MenuEntry::Name(name) => Some((index, name)),
            MenuEntry::Number(number) => Some((index, number.to_string())),
        }
    });
    numbers.collect()
}

/// The title as `v4l2-ctl` writes it: letters and digits in small, everything between them one underscore.
pub(super) fn name_of(title: &str) -> String {
    let words = title.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("_")
}

fn is_in(range: &ControlRange, value: i64) -> bool {
    match range {
        ControlRange::Switch => matches!(value, 0 | 1),
        // Between the steps the driver rounds.
        ControlRange::Number { min, max, .. } => (*min..=*max).contains(&value),
        ControlRange::Menu { entries } => entries.iter().any(|(known, _)| *known == value),
    }
}

fn expected(range: &ControlRange) -> String {
    match range {
        ControlRange::Switch => "0 or 1".to_owned(),
        ControlRange::Number { min, max, .. } => format!("{min} to {max}"),
        ControlRange::Menu { entries } => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(value, name)| format!("{value} ({name})"))
                .collect();
            entries.join(", ")
        }
    }
}
