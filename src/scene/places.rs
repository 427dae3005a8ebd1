//! Where each key was written, and in which order the names came.
//!
//! Layering through `config` keeps the values and forgets the text. This map remembers the text: the last layer that set
//! a key owns its place, and names (sources, scenes …) keep the order in which they first appeared.

use std::collections::{BTreeMap, HashMap};

use super::error::Place;

/// Places by dotted key (`scene.duo.items[0].source`), and the order of names by table.
#[derive(Debug, Default)]
pub(super) struct Places {
    by_key: BTreeMap<String, Place>,
    order: HashMap<String, Vec<String>>,
}

impl Places {
    /// Notes that `key` was written at `place`; a later layer replaces an earlier one.
    pub fn set(&mut self, key: &str, place: Place) {
        self.by_key.insert(key.to_owned(), place);
    }

    /// Forgets the entries of the list `key`: a later layer replaces lists as a whole.
    pub fn forget_entries(&mut self, key: &str) {
        let prefix = format!("{key}[");
        self.by_key.retain(|key, _| !key.starts_with(&prefix));
        self.order.retain(|key, _| !key.starts_with(&prefix));
    }

    /// Notes that the table of names `section`, a dotted key, has `name`.
    pub fn add_name(&mut self, section: &str, name: &str) {
        let names = self.order.entry(section.to_owned()).or_default();
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }

    /// The names in `section`, in the order of the text, lower layers first.
    pub fn names(&self, section: &str) -> &[String] {
        self.order.get(section).map_or(&[], Vec::as_slice)
    }

    /// Whether `key` was written at all.
    pub fn has(&self, key: &str) -> bool {
        self.by_key.contains_key(key)
    }

    /// Where `key` was written; where it was not, the nearest table around it that was, else `whole`.
    pub fn of(&self, key: &str, whole: &Place) -> Place {
        let mut key = key;
        loop {
            if let Some(place) = self.by_key.get(key) {
                return place.clone();
            }
            match key.rfind(['.', '[']) {
                Some(end) => key = &key[..end],
                None => return whole.clone(),
            }
        }
    }
}
