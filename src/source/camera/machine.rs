//! The cameras of a machine: which nodes there are, which of them is meant, who has one.
//!
//! A node is looked at again whenever it is needed, and no list is kept: a camera that is plugged in elsewhere gets another number.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::device::Device;
use super::error::CameraError;
use super::kernel::Kernel;
use super::session;

/// Nodes that are looked at.
const MAX_NODES: usize = 64;

/// A node that may be a camera's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// `/dev/video0`.
    pub path: PathBuf,
    /// What people call the card; empty where the system does not say.
    pub card: String,
}

/// Where cameras are: this machine, or one that a test has made up.
pub(super) trait Machine {
    /// All nodes there are, in the order of their numbers.
    fn nodes(&self) -> Vec<Node>;

    /// Opens one.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Device>>;

    /// Who has it open besides this source: `obs (pid 812)`.
    fn holder(&self, path: &Path) -> Option<String>;
}

/// The machine that we run on.
pub(super) struct Here;

impl Machine for Here {
    fn nodes(&self) -> Vec<Node> {
        let Ok(entries) = fs::read_dir("/dev") else {
            return Vec::new();
        };
        let numbers = entries.filter_map(|entry| {
            let name = entry.ok()?.file_name();
            name.to_str()?.strip_prefix("video")?.parse::<u32>().ok()
        });
        let mut numbers: Vec<u32> = numbers.collect();
        numbers.sort_unstable();
        numbers.truncate(MAX_NODES);
        let node = |number: u32| {
            let card = fs::read_to_string(format!("/sys/class/video4linux/video{number}/name"));
            Node {
                path: PathBuf::from(format!("/dev/video{number}")),
                card: card.unwrap_or_default().trim().to_owned(),
            }
        };
        numbers.into_iter().map(node).collect()
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Device>> {
        Ok(Box::new(Kernel::open(path)?))
    }

    fn holder(&self, path: &Path) -> Option<String> {
        // A link, as those of /dev/v4l/by-id, leads to the node.
        let node = fs::canonicalize(path).ok()?;
        let own = std::process::id();
        let processes = fs::read_dir("/proc").ok()?;
        let holders = processes.filter_map(|entry| {
            let entry = entry.ok()?;
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let mut files = fs::read_dir(entry.path().join("fd")).ok()?;
            let is_it = |file: io::Result<fs::DirEntry>| {
                let target = file.and_then(|file| fs::read_link(file.path()));
                target.is_ok_and(|target| target == node)
            };
            if pid == own {
                // Once is this source itself, which has just tried.
                let is_twice = files.filter_map(|file| is_it(file).then_some(())).nth(1).is_some();
                return is_twice.then(|| "another source of this studio".to_owned());
            }
            files.any(is_it).then_some(())?;
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            Some(format!("{} (pid {pid})", name.trim()))
        });
        let holders: Vec<String> = holders.take(4).collect();
        (!holders.is_empty()).then(|| holders.join(", "))
    }
}

/// The camera that `wanted` means, open and checked: a path, a part of a card's name, or the first that gives pictures.
///
/// # Errors
/// Each with what it is about.
pub(super) fn find(
    machine: &dyn Machine,
    wanted: Option<&str>,
) -> Result<(PathBuf, Box<dyn Device>), (String, CameraError)> {
    let Some(wanted) = wanted else {
        return first(machine, |_| true).unwrap_or(Err((String::new(), CameraError::None)));
    };
    if wanted.starts_with('/') {
        let path = PathBuf::from(wanted);
        return match open(machine, &path) {
            Ok(device) => Ok((path, device)),
            Err(error) => Err((wanted.to_owned(), error)),
        };
    }
    let part = wanted.to_lowercase();
    let is_meant = |node: &Node| node.card.to_lowercase().contains(&part);
    first(machine, is_meant).unwrap_or_else(|| {
        let mut cards: Vec<String> = machine.nodes().into_iter().map(|node| node.card).collect();
        cards.dedup();
        let known = if cards.is_empty() {
            "none".to_owned()
        } else {
            cards.join(", ")
        };
        Err((wanted.to_owned(), CameraError::NoName(known)))
    })
}

type Opened = Result<(PathBuf, Box<dyn Device>), (String, CameraError)>;

/// The first of the nodes that are meant that gives pictures; else why the first does not; `None` where none is meant.
fn first(machine: &dyn Machine, is_meant: impl Fn(&Node) -> bool) -> Option<Opened> {
    let mut refused = None;
    for node in machine.nodes().into_iter().filter(|node| is_meant(node)) {
        match open(machine, &node.path) {
            Ok(device) => return Some(Ok((node.path, device))),
            Err(error) => {
                // That a camera's second node gives no pictures is of no interest where there is a better reason.
                let is_better = !matches!(error, CameraError::NoPictures | CameraError::NotACamera);
                if refused.is_none() || is_better {
                    refused = Some((node.path.display().to_string(), error));
                }
                if is_better {
                    break;
                }
            }
        }
    }
    refused.map(Err)
}

fn open(machine: &dyn Machine, path: &Path) -> Result<Box<dyn Device>, CameraError> {
    let mut device = machine
        .open(path)
        .map_err(|error| CameraError::of("opening it", error))?;
    session::check(device.as_mut())?;
    Ok(device)
}
