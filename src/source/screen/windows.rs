//! The windows of a screen that have a title, the topmost first.
//!
//! Titles are those of EWMH (`_NET_WM_NAME`) or, without one, of ICCCM (`WM_NAME`). A window manager puts the windows of programs into
//! frames of its own; `WM_STATE` (ICCCM §4.1.3.1) marks the program's, which is the one that is meant. Without a window manager, as on a
//! headless rig, there is no such mark, and the outermost window with a title is it.

use x11rb::cookie::Cookie;
use x11rb::errors::ReplyError;
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, GetGeometryReply, GetPropertyReply, GetWindowAttributesReply, MapState, Window,
    WindowClass,
};

use super::display::Display;
use super::error::ScreenError;

/// Windows within windows are looked at this deep: window managers have a frame or two.
const DEPTH: usize = 4;

/// Windows that are looked at, at most.
const MOST: usize = 4_096;

/// Titles are read up to four times this many bytes.
const TITLE_WORDS: u32 = 128;

/// A window with a title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Titled {
    /// Its number.
    pub id: Window,
    /// As it says in its frame.
    pub title: String,
    /// Pixels, without the frame.
    pub size: (u32, u32),
    /// Whether it is shown, be it under others.
    pub is_shown: bool,
    /// Whether a window manager knows it as a program's window.
    is_managed: bool,
    /// Its place in the stack and in the windows around it: lesser ones are further up.
    path: Vec<usize>,
}

/// All of them, the topmost first.
///
/// # Errors
/// The server has gone.
pub(super) fn list(display: &Display) -> Result<Vec<Titled>, ScreenError> {
    let atoms = Atoms {
        net_name: display.atom("_NET_WM_NAME")?,
        state: display.atom("WM_STATE")?,
    };
    let mut found = Vec::new();
    let mut looked_at = 0;
    let mut level = vec![(display.root, Vec::new())];
    for _ in 0..DEPTH {
        let mut next = Vec::new();
        let asked = level
            .iter()
            .map(|(parent, path)| Ok((display.connection.query_tree(*parent)?, path)));
        for asked in asked.collect::<Result<Vec<_>, ScreenError>>()? {
            let (tree, path) = asked;
            let Some(tree) = answer(tree.reply())? else { continue };
            // The server has the lowest first.
            for (place, id) in tree.children.into_iter().rev().enumerate() {
                let mut path: Vec<usize> = path.clone();
                path.push(place);
                next.push((id, path));
            }
        }
        next.truncate(MOST - looked_at);
        looked_at += next.len();
        level = look_at(display, &atoms, next, &mut found)?;
    }
    Ok(of_programs(found))
}

struct Atoms {
    net_name: u32,
    state: u32,
}

type Pending<'c, R> = Cookie<'c, x11rb::rust_connection::RustConnection<super::display::Patient>, R>;

struct Questions<'c> {
    id: Window,
    path: Vec<usize>,
    attributes: Pending<'c, GetWindowAttributesReply>,
    geometry: Pending<'c, GetGeometryReply>,
    net_name: Pending<'c, GetPropertyReply>,
    name: Pending<'c, GetPropertyReply>,
    state: Pending<'c, GetPropertyReply>,
}

/// Asks about all of `windows` at once; gives those in which there may be more.
fn look_at(
    display: &Display,
    atoms: &Atoms,
    windows: Vec<(Window, Vec<usize>)>,
    found: &mut Vec<Titled>,
) -> Result<Vec<(Window, Vec<usize>)>, ScreenError> {
    let connection = &display.connection;
    let property = |id, atom, words| connection.get_property(false, id, atom, AtomEnum::ANY, 0, words);
    let ask = |(id, path): (Window, Vec<usize>)| {
        Ok(Questions {
            id,
            path,
            attributes: connection.get_window_attributes(id)?,
            geometry: connection.get_geometry(id)?,
            net_name: property(id, atoms.net_name, TITLE_WORDS)?,
            name: property(id, AtomEnum::WM_NAME.into(), TITLE_WORDS)?,
            state: property(id, atoms.state, 2)?,
        })
    };
    let asked = windows.into_iter().map(ask).collect::<Result<Vec<_>, ScreenError>>()?;
    let mut inner = Vec::new();
    for questions in asked {
        let attributes = answer(questions.attributes.reply())?;
        let geometry = answer(questions.geometry.reply())?;
        let net_name = answer(questions.net_name.reply())?;
        let name = answer(questions.name.reply())?;
        let state = answer(questions.state.reply())?;
        // Windows come and go while they are being asked about.
        let (Some(attributes), Some(geometry)) = (attributes, geometry) else {
            continue;
        };
        if attributes.class == WindowClass::INPUT_ONLY {
            continue;
        }
        let is_managed = state.is_some_and(|state| state.type_ != x11rb::NONE);
        let title = title_of(net_name).or_else(|| title_of(name));
        if let Some(title) = title {
            found.push(Titled {
                id: questions.id,
                title,
                size: (geometry.width.into(), geometry.height.into()),
                is_shown: attributes.map_state == MapState::VIEWABLE,
                is_managed,
                path: questions.path.clone(),
            });
        }
        if !is_managed {
            inner.push((questions.id, questions.path));
        }
    }
    Ok(inner)
}

/// What was answered; `None` where the window is gone.
fn answer<R>(reply: Result<R, ReplyError>) -> Result<Option<R>, ScreenError> {
    match reply {
        Ok(reply) => Ok(Some(reply)),
        Err(ReplyError::X11Error(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn title_of(property: Option<GetPropertyReply>) -> Option<String> {
    let property = property.filter(|property| property.format == 8 && !property.value.is_empty())?;
    let text = if property.type_ == u32::from(AtomEnum::STRING) {
        // Latin-1.
        property.value.iter().map(|byte| char::from(*byte)).collect()
    } else {
        String::from_utf8_lossy(&property.value).into_owned()
    };
    let text = text.trim_matches('\0').trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// In the order in which they lie, without frames around windows of programs and parts within windows that have a title.
fn of_programs(mut found: Vec<Titled>) -> Vec<Titled> {
    found.sort_by(|a, b| a.path.cmp(&b.path));
    let is_within =
        |inner: &Titled, outer: &Titled| inner.path.len() > outer.path.len() && inner.path.starts_with(&outer.path);
    let is_meant = |window: &Titled| {
        window.is_managed
            || !found
                .iter()
                .any(|other| (other.is_managed && is_within(other, window)) || is_within(window, other))
    };
    found.iter().filter(|window| is_meant(window)).cloned().collect()
}

/// The topmost of `windows` that is shown and has `title` in its own, in small letters or large.
///
/// # Errors
/// There is none, or it is not shown.
pub(super) fn choose<'w>(windows: &'w [Titled], title: &str) -> Result<&'w Titled, ScreenError> {
    let wanted = title.to_lowercase();
    let mut matching = windows
        .iter()
        .filter(|window| window.title.to_lowercase().contains(&wanted))
        .peekable();
    let is_any = matching.peek().is_some();
    matching.find(|window| window.is_shown).ok_or_else(|| {
        if is_any {
            ScreenError::Hidden(title.to_owned())
        } else {
            ScreenError::NoWindow(title.to_owned())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(id: Window, title: &str, path: &[usize], is_managed: bool) -> Titled {
        Titled {
            id,
            title: title.to_owned(),
            size: (640, 360),
            is_shown: true,
            is_managed,
            path: path.to_vec(),
        }
    }

    #[test]
    fn the_programs_window_is_meant_and_not_its_frame() {
        let found = vec![
            window(1, "frame of notes", &[1], false),
            window(2, "notes", &[1, 0, 2], true),
            window(3, "bare", &[0], false),
            window(4, "a part of bare", &[0, 3], false),
        ];
        let ids = of_programs(found).iter().map(|window| window.id).collect::<Vec<_>>();
        assert_eq!(ids, [3, 2]);
    }

    #[test]
    fn the_topmost_that_is_shown_is_chosen() {
        let mut windows = vec![
            window(1, "Notes (old)", &[0], true),
            window(2, "NOTES", &[1], true),
            window(3, "Ärger", &[2], true),
        ];
        assert_eq!(choose(&windows, "notes").unwrap().id, 1);
        windows[0].is_shown = false;
        assert_eq!(choose(&windows, "notes").unwrap().id, 2);
        assert_eq!(choose(&windows, "ärger").unwrap().id, 3);
        windows[1].is_shown = false;
        assert!(matches!(choose(&windows, "notes"), Err(ScreenError::Hidden(_))));
        assert!(matches!(choose(&windows, "mail"), Err(ScreenError::NoWindow(_))));
    }
}
