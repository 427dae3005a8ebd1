//! Where on the screen a key holds.

use crate::studio::command::Page;
use crate::tui::app::Pane;

/// Where a binding holds, and where a key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// On all of the screen.
    Everywhere,
    /// While any page is open.
    AnyPage,
    /// While this page is open.
    Page(Page),
    /// While this pane has the focus, and no page is open.
    Pane(Pane),
}

/// How the headings of tables begin whose keys hold on pages or in panes only, whatever the case of the letters.
const HEADINGS: [(&str, Context); 17] = [
    ("page", Context::AnyPage),
    ("strip page", Context::Page(Page::Strip)),
    ("buses page", Context::Page(Page::Buses)),
    ("faces page", Context::Page(Page::Faces)),
    ("picture page", Context::Page(Page::Picture)),
    ("network page", Context::Page(Page::Network)),
    ("moderation page", Context::Page(Page::Moderation)),
    ("events page", Context::Page(Page::Events)),
    ("charts page", Context::Page(Page::Charts)),
    ("items page", Context::Page(Page::Items)),
    ("rules page", Context::Page(Page::Rules)),
    ("cues page", Context::Page(Page::Cues)),
    ("sources page", Context::Page(Page::Sources)),
    ("mixer pane", Context::Pane(Pane::Mixer)),
    ("sources pane", Context::Pane(Pane::Sources)),
    ("destinations pane", Context::Pane(Pane::Destinations)),
    ("events pane", Context::Pane(Pane::Events)),
];

impl Context {
    /// Where the keys of a table hold.
    #[must_use]
    pub fn of_section(section: &str) -> Self {
        let section = section.to_lowercase();
        HEADINGS
            .into_iter()
            .find(|(beginning, _)| section.starts_with(beginning))
            .map_or(Self::Everywhere, |(_, context)| context)
    }

    /// Where keys are pressed while this page is open, or none and this pane has the focus, or a monitor has it.
    #[must_use]
    pub fn of(page: Option<Page>, pane: Option<Pane>) -> Self {
        page.map(Self::Page)
            .or(pane.map(Self::Pane))
            .unwrap_or(Self::Everywhere)
    }

    /// What else holds here, the widest first: the keys of each replace those of the ones before.
    #[must_use]
    pub fn layers(self) -> Vec<Self> {
        match self {
            Self::Everywhere => vec![self],
            Self::AnyPage | Self::Pane(_) => vec![Self::Everywhere, self],
            Self::Page(_) => vec![Self::Everywhere, Self::AnyPage, self],
        }
    }

    /// All places where keys can be pressed, and everywhere.
    pub fn places() -> impl Iterator<Item = Self> {
        let pages = Page::ALL.into_iter().map(Self::Page);
        let panes = Pane::ALL.into_iter().map(Self::Pane);
        [Self::Everywhere, Self::AnyPage].into_iter().chain(pages).chain(panes)
    }

    /// In words.
    #[must_use]
    pub fn holds(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::AnyPage => "on every page",
            Self::Page(_) => "on that page",
            Self::Pane(_) => "while that pane has the focus",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_say_where_keys_hold() {
        for (heading, expected) in [
            ("On air", Context::Everywhere),
            ("Page", Context::AnyPage),
            ("STRIP PAGE", Context::Page(Page::Strip)),
            ("Moderation page: words", Context::Page(Page::Moderation)),
            ("Mixer pane", Context::Pane(Pane::Mixer)),
            ("Sources and destinations", Context::Everywhere),
        ] {
            assert_eq!(Context::of_section(heading), expected, "{heading}");
        }
    }

    #[test]
    fn every_page_and_pane_has_its_heading() {
        for pane in Pane::ALL {
            assert!(
                HEADINGS.iter().any(|(_, context)| *context == Context::Pane(pane)),
                "{pane:?}"
            );
        }
        for page in Page::ALL {
            assert!(
                HEADINGS.iter().any(|(_, context)| *context == Context::Page(page)),
                "{page:?}"
            );
        }
    }
}
