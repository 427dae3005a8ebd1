//! Where one is on a page: which parameter is selected, and what belongs to it. The same for every page, whatever its
//! parameters are parameters of.

use super::step;
use crate::studio::command::{Page, Step};
use crate::studio::model::{BUS_PARAMS, PICTURE_PARAMS, Param, ParamKind, STRIP_PARAMS, Stage};

/// A parameter as far as keys are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As commands call it.
    pub name: &'static str,
    /// What it belongs to.
    pub stage: Stage,
    /// Whether it is on or off and nothing else.
    pub is_switch: bool,
}

/// The parameters of a page, in their order.
#[must_use]
pub fn entries(page: Page) -> Vec<Entry> {
    fn of<S>(params: &'static [Param<S>]) -> Vec<Entry> {
        let entry = |param: &Param<S>| Entry {
            name: param.name,
            stage: param.stage,
            is_switch: matches!(param.kind, ParamKind::Switch),
        };
        params.iter().map(entry).collect()
    }
    match page {
        Page::Strip => of(STRIP_PARAMS),
        Page::Buses => of(BUS_PARAMS),
        Page::Picture => of(PICTURE_PARAMS),
        Page::Faces
        | Page::Network
        | Page::Moderation
        | Page::Events
        | Page::Charts
        | Page::Rules
        | Page::Cues
        | Page::Sources
        | Page::Items => Vec::new(),
    }
}

/// The switch of a whole stage carries the stage's name.
#[must_use]
pub fn is_stage_switch<S>(param: &Param<S>) -> bool {
    param.name == param.stage.key() && matches!(param.kind, ParamKind::Switch)
}

/// Which parameter is selected on each page; kept while the page is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    strip: usize,
    buses: usize,
    picture: usize,
}

impl Place {
    /// The position in the list of the page.
    #[must_use]
    pub const fn on(&self, page: Page) -> usize {
        match page {
            Page::Strip => self.strip,
            Page::Buses => self.buses,
            Page::Picture => self.picture,
            Page::Faces
            | Page::Network
            | Page::Moderation
            | Page::Events
            | Page::Charts
            | Page::Rules
            | Page::Cues
            | Page::Sources
            | Page::Items => 0,
        }
    }

    fn set(&mut self, page: Page, at: usize) {
        match page {
            Page::Strip => self.strip = at,
            Page::Buses => self.buses = at,
            Page::Picture => self.picture = at,
            Page::Faces
            | Page::Network
            | Page::Moderation
            | Page::Events
            | Page::Charts
            | Page::Rules
            | Page::Cues
            | Page::Sources
            | Page::Items => {}
        }
    }

    /// The selected parameter.
    #[must_use]
    pub fn entry(&self, page: Page) -> Option<Entry> {
        entries(page).get(self.on(page)).copied()
    }

    /// What switches the selected parameter's stage on and off; where a stage cannot be, the parameter itself if that can.
    #[must_use]
    pub fn switch(&self, page: Page) -> Option<Entry> {
        let selected = self.entry(page)?;
        entries(page)
            .into_iter()
            .find(|entry| entry.is_switch && entry.name == selected.stage.key())
            .or_else(|| Some(selected).filter(|entry| entry.is_switch))
    }

    /// Moves to the next parameter or the one before, round the end.
    pub fn step(&mut self, page: Page, by: Step) {
        self.set(page, step(self.on(page), entries(page).len(), by));
    }

    /// Moves to the beginning of the next stage or of the one before, round the end.
    pub fn step_stage(&mut self, page: Page, by: Step) {
        let entries = entries(page);
        let firsts: Vec<usize> = (0..entries.len())
            .filter(|at| *at == 0 || entries[*at - 1].stage != entries[*at].stage)
            .collect();
        let here = self.on(page);
        let now = firsts.iter().rposition(|first| *first <= here).unwrap_or(0);
        if let Some(to) = firsts.get(step(now, firsts.len(), by)) {
            self.set(page, *to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_follow_one_another_round_the_end() {
        let mut place = Place::default();
        let mut seen = Vec::new();
        for _ in 0..10 {
            seen.push(place.entry(Page::Strip).unwrap().stage.key());
            place.step_stage(Page::Strip, Step::Next);
        }
        assert_eq!(
            seen,
            [
                "strip",
                "high_pass",
                "denoise",
                "gate",
                "eq",
                "compressor",
                "de_esser",
                "ride",
                "fader",
                "strip"
            ]
        );
        place.step_stage(Page::Strip, Step::Previous);
        place.step_stage(Page::Strip, Step::Previous);
        place.step(Page::Strip, Step::Previous);
        assert_eq!(place.entry(Page::Strip).unwrap().name, "ride_range_db");
    }

    #[test]
    fn every_stage_that_can_be_off_has_its_switch() {
        for page in [Page::Strip, Page::Buses, Page::Picture] {
            for (at, entry) in entries(page).into_iter().enumerate() {
                let mut place = Place::default();
                place.set(page, at);
                let switch = place.switch(page).map(|entry| entry.name);
                let expected = match entry.stage {
                    Stage::Strip | Stage::Fader | Stage::Loudness | Stage::Limiter | Stage::Picture | Stage::Tone => {
                        entry.is_switch.then_some(entry.name)
                    }
                    stage => Some(stage.key()),
                };
                assert_eq!(switch, expected, "{}", entry.name);
            }
        }
    }
}
