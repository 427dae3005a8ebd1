//! Sources by other names: a show as it would be if some of them were called otherwise.
//!
//! A file in which a source has got another name is held against the show as it runs. What operators have set belongs to the source
//! and not to its name, so the names are changed in what runs first.

use super::{Item, Show, Shown, TransitionSettings};

/// `show` with sources called by other names, each pair the old one and the new one, all at once. `like` is what it is to be held
/// against: items that are called as their source is, for want of a name of their own, are called as they are there.
#[must_use]
pub fn with_sources_renamed(show: &Show, renames: &[(String, String)], like: &Show) -> Show {
    let mut show = show.clone();
    let of = |name: &str| renames.iter().find(|(old, _)| old == name).map(|(_, new)| new.clone());
    let rename = |name: &mut String| {
        if let Some(new) = of(name) {
            *name = new;
        }
    };
    show.sources.iter_mut().for_each(|source| rename(&mut source.name));
    show.strips.iter_mut().for_each(|(name, _)| rename(name));
    show.pictures.iter_mut().for_each(|(name, _)| rename(name));
    show.recording.strips.iter_mut().for_each(&rename);
    let stinger = |transition: &mut TransitionSettings| {
        if let Some(stinger) = &mut transition.stinger {
            rename(&mut stinger.source);
        }
    };
    stinger(&mut show.transition);
    for scene in &mut show.scenes {
        scene.strips.iter_mut().for_each(|strip| rename(&mut strip.strip));
        scene.transition.iter_mut().for_each(stinger);
        let like = like.scene(&scene.name).map_or(&[][..], |scene| &scene.items);
        items(&mut scene.items, like, &of);
    }
    show
}

fn items(items_of: &mut [Item], like: &[Item], of: &dyn Fn(&str) -> Option<String>) {
    for item in items_of {
        let own = item.name.clone();
        match &mut item.what {
            Shown::Source(source) => {
                let Some(new) = of(source) else { continue };
                // Called after its source, and not any more where it is looked for.
                let is_gone = |name: &str| like.iter().all(|other| other.name != name);
                if let Some(rest) = own.strip_prefix(source.as_str())
                    && is_gone(&own)
                    && !is_gone(&format!("{new}{rest}"))
                {
                    item.name = format!("{new}{rest}");
                }
                *source = new;
            }
            Shown::Group(group) => {
                let like = like.iter().find(|other| other.name == own);
                let like = like.map_or(&[][..], |other| match &other.what {
                    Shown::Group(items) => items,
                    _ => &[],
                });
                items(group, like, of);
            }
            Shown::Scene { .. } | Shown::Text(_) | Shown::Image(_) | Shown::Color(_) => {}
        }
    }
}
