//! Where on the screen a key holds.

use crate::studio::command::Page;

/// Where a binding holds, and where a key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// On all of the screen.
    Everywhere,
    /// While any page is open.
    AnyPage,
    /// While the page of a strip is open.
    StripPage,
    /// While the page of the buses is open.
    BusesPage,
    /// While the page of faces is open.
    FacesPage,
    /// While the page of a source's picture is open.
    PicturePage,
    /// While the page of the network is open.
    NetworkPage,
    /// While the page of moderation is open.
    ModerationPage,
    /// While the page of events is open.
    EventsPage,
    /// While the page of charts is open.
    ChartsPage,
}

/// How the headings of tables begin whose keys hold on pages only, whatever the case of the letters.
const HEADINGS: [(&str, Context); 9] = [
    ("page", Context::AnyPage),
    ("strip page", Context::StripPage),
    ("buses page", Context::BusesPage),
    ("faces page", Context::FacesPage),
    ("picture page", Context::PicturePage),
    ("network page", Context::NetworkPage),
    ("moderation page", Context::ModerationPage),
    ("events page", Context::EventsPage),
    ("charts page", Context::ChartsPage),
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

    /// Where keys are pressed while this page is open, or none.
    #[must_use]
    pub const fn of_page(page: Option<Page>) -> Self {
        match page {
            None => Self::Everywhere,
            Some(Page::Strip) => Self::StripPage,
            Some(Page::Buses) => Self::BusesPage,
            Some(Page::Faces) => Self::FacesPage,
            Some(Page::Picture) => Self::PicturePage,
            Some(Page::Network) => Self::NetworkPage,
            Some(Page::Moderation) => Self::ModerationPage,
            Some(Page::Events) => Self::EventsPage,
            Some(Page::Charts) => Self::ChartsPage,
        }
    }

    /// How far away bindings of `other` are from here: the nearest go first. `None` where they do not hold.
    #[must_use]
    pub fn rank(self, other: Self) -> Option<u8> {
        match other {
            Self::Everywhere => Some(2),
            Self::AnyPage => (self != Self::Everywhere).then_some(1),
            Self::StripPage
            | Self::BusesPage
            | Self::FacesPage
            | Self::PicturePage
            | Self::NetworkPage
            | Self::ModerationPage
            | Self::EventsPage
            | Self::ChartsPage => (self == other).then_some(0),
        }
    }
}
