//! What has been drawn: made anew with each change, and only read.

use crate::picture::Graphic;

/// Something drawn, and what was missing for it.
pub struct Drawn {
    /// Nothing, where there is nothing to show.
    pub graphic: Option<Graphic>,
    /// Characters that no font has.
    pub missing: Vec<char>,
}

/// The graphics of all scenes.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// By id, ascending: the id, the version, what came of it.
    entries: Vec<(u64, u64, Option<Graphic>)>,
}

impl Board {
    /// With these, by id and version.
    #[must_use]
    pub fn new(mut entries: Vec<(u64, u64, Option<Graphic>)>) -> Self {
        entries.sort_by_key(|(id, ..)| *id);
        Self { entries }
    }

    fn entry(&self, id: u64) -> Option<&(u64, u64, Option<Graphic>)> {
        let at = self.entries.binary_search_by_key(&id, |(id, ..)| *id).ok()?;
        self.entries.get(at)
    }

    /// The graphic of that id, where it could be drawn.
    #[must_use]
    pub fn graphic(&self, id: u64) -> Option<&Graphic> {
        self.entry(id)?.2.as_ref()
    }

    /// Whether what is there for `id` is of that version.
    #[must_use]
    pub fn has(&self, id: u64, version: u64) -> bool {
        self.entry(id).is_some_and(|(_, known, _)| *known == version)
    }
}
