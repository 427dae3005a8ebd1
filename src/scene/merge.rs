//! Three shows into one: what was, what is to be, and what operators have made of the first meanwhile.
//!
//! A save of the scene file changes what it changes and nothing else: each value that differs between `base` and `theirs` is
//! taken from `theirs`, and everything else stays as `ours` has it. The same turned round takes a save back
//! (`merge(after, before, now)`), and leaves alone what it had not touched.
//!
//! Things with names are compared by their names. Where the file puts them in another order, the file's order holds.

use crate::param::Param;
use crate::picture::{PICTURE_PARAMS, Rect};
use crate::scene::{
    Item, MAX_ITEMS, ModerationSettings, OcclusionSettings, Scene, SceneStrip, Show, Shown, TextItem,
    TransitionSettings,
};
use crate::sound::{BUS_PARAMS, STRIP_PARAMS};

/// What `ours` becomes by what has changed from `base` to `theirs`.
#[must_use]
pub fn merge(base: &Show, theirs: &Show, ours: &Show) -> Show {
    let renames = renames(base, theirs);
    let (base, ours) = (&renamed(base, &renames), &renamed(ours, &renames));
    let mut show = theirs.clone();
    show.title = pick(&base.title, &theirs.title, &ours.title);
    show.video = {
        let (base, theirs, ours) = (&base.video, &theirs.video, &ours.video);
        crate::encode::VideoSettings {
            width: pick(&base.width, &theirs.width, &ours.width),
            height: pick(&base.height, &theirs.height, &ours.height),
            frame_rate: pick(&base.frame_rate, &theirs.frame_rate, &ours.frame_rate),
            bitrate_kbps: pick(&base.bitrate_kbps, &theirs.bitrate_kbps, &ours.bitrate_kbps),
            rate_control: pick(&base.rate_control, &theirs.rate_control, &ours.rate_control),
            gop_seconds: pick(&base.gop_seconds, &theirs.gop_seconds, &ours.gop_seconds),
            threads: pick(&base.threads, &theirs.threads, &ours.threads),
        }
    };
    show.audio = {
        let (base, theirs, ours) = (&base.audio, &theirs.audio, &ours.audio);
        crate::encode::AudioSettings {
            bitrate_kbps: pick(&base.bitrate_kbps, &theirs.bitrate_kbps, &ours.bitrate_kbps),
            sample_rate: pick(&base.sample_rate, &theirs.sample_rate, &ours.sample_rate),
            channels: pick(&base.channels, &theirs.channels, &ours.channels),
        }
    };
    show.sources = named(&base.sources, &theirs.sources, &ours.sources, |it| &it.name, pick);
    show.strips = named(
        &base.strips,
        &theirs.strips,
        &ours.strips,
        |(name, _)| name,
        |base, theirs, ours| (theirs.0.clone(), parameters(STRIP_PARAMS, &base.1, &theirs.1, ours.1)),
    );
    show.pictures = named(
        &base.pictures,
        &theirs.pictures,
        &ours.pictures,
        |(name, _)| name,
        |base, theirs, ours| (theirs.0.clone(), parameters(PICTURE_PARAMS, &base.1, &theirs.1, ours.1)),
    );
    show.buses = parameters(BUS_PARAMS, &base.buses, &theirs.buses, ours.buses);
    show.scenes = named(&base.scenes, &theirs.scenes, &ours.scenes, |it| &it.name, scene);
    show.start.program = pick(&base.start.program, &theirs.start.program, &ours.start.program);
    show.start.preview = pick(&base.start.preview, &theirs.start.preview, &ours.start.preview);
    show.transition = transition(&base.transition, &theirs.transition, &ours.transition);
    show.analysis.black = pick(&base.analysis.black, &theirs.analysis.black, &ours.analysis.black);
    show.analysis.frozen = pick(&base.analysis.frozen, &theirs.analysis.frozen, &ours.analysis.frozen);
    show.analysis.silence = pick(&base.analysis.silence, &theirs.analysis.silence, &ours.analysis.silence);
    show.occlusion = occlusion(&base.occlusion, &theirs.occlusion, &ours.occlusion);
    show.moderation = moderation(&base.moderation, &theirs.moderation, &ours.moderation);
    show.relay = pick(&base.relay, &theirs.relay, &ours.relay);
    show.obs = pick(&base.obs, &theirs.obs, &ours.obs);
    show.recording.record = pick(&base.recording.record, &theirs.recording.record, &ours.recording.record);
    show.recording.is_at_start = pick(
        &base.recording.is_at_start,
        &theirs.recording.is_at_start,
        &ours.recording.is_at_start,
    );
    show.recording.strips = pick(&base.recording.strips, &theirs.recording.strips, &ours.recording.strips);
    show.uplink_kbps = pick(&base.uplink_kbps, &theirs.uplink_kbps, &ours.uplink_kbps);
    show.adapt.is_on = pick(&base.adapt.is_on, &theirs.adapt.is_on, &ours.adapt.is_on);
    show.adapt.policy = pick(&base.adapt.policy, &theirs.adapt.policy, &ours.adapt.policy);
    show.adapt.chosen = if base.adapt.policy == theirs.adapt.policy {
        pick(&base.adapt.chosen, &theirs.adapt.chosen, &ours.adapt.chosen)
    } else {
        theirs.adapt.chosen.clone()
    };
    show.adapt.pins = pick(&base.adapt.pins, &theirs.adapt.pins, &ours.adapt.pins);
    show.adapt.trace = pick(&base.adapt.trace, &theirs.adapt.trace, &ours.adapt.trace);
    show.audience = named(&base.audience, &theirs.audience, &ours.audience, |it| &it.name, pick);
    show.renditions = named(
        &base.renditions,
        &theirs.renditions,
        &ours.renditions,
        |it| &it.name,
        |base, theirs, ours| crate::encode::RenditionSettings {
            name: theirs.name.clone(),
            width: pick(&base.width, &theirs.width, &ours.width),
            height: pick(&base.height, &theirs.height, &ours.height),
            bitrate_kbps: pick(&base.bitrate_kbps, &theirs.bitrate_kbps, &ours.bitrate_kbps),
            occlusion_level: pick(&base.occlusion_level, &theirs.occlusion_level, &ours.occlusion_level),
        },
    );
    show.is_watched = pick(&base.is_watched, &theirs.is_watched, &ours.is_watched);
    show.obs = pick(&base.obs, &theirs.obs, &ours.obs);
    show.rules = pick(&base.rules, &theirs.rules, &ours.rules);
    show.data = pick(&base.data, &theirs.data, &ours.data);
    show.cues = pick(&base.cues, &theirs.cues, &ours.cues);
    show.destinations = named(
        &base.destinations,
        &theirs.destinations,
        &ours.destinations,
        |it| &it.name,
        pick,
    );
    show
}

/// `target` as far as it can be had while `running` runs: what waits for the next start ([`super::When`]) stays as it runs.
#[must_use]
pub fn keep_running(running: &Show, target: &Show) -> Show {
    let mut show = running.clone();
    show.video.bitrate_kbps = target.video.bitrate_kbps;
    show.audio.bitrate_kbps = target.audio.bitrate_kbps;
    show.audio.sample_rate = target.audio.sample_rate;
    show.sources.clone_from(&target.sources);
    show.strips.clone_from(&target.strips);
    show.pictures.clone_from(&target.pictures);
    show.buses = target.buses;
    show.scenes.clone_from(&target.scenes);
    show.transition.clone_from(&target.transition);
    show.occlusion.clone_from(&target.occlusion);
    show.moderation.hold = target.moderation.hold;
    show.moderation.pace = target.moderation.pace;
    show.moderation.unjudged = target.moderation.unjudged;
    show.moderation.slate.clone_from(&target.moderation.slate);
    show.recording.record.clone_from(&target.recording.record);
    show.recording.strips.clone_from(&target.recording.strips);
    show.uplink_kbps = target.uplink_kbps;
    show.adapt.is_on = target.adapt.is_on;
    show.adapt.policy.clone_from(&target.adapt.policy);
    show.adapt.chosen.clone_from(&target.adapt.chosen);
    show.adapt.pins.clone_from(&target.adapt.pins);
    show.audience.clone_from(&target.audience);
    for rendition in &mut show.renditions {
        if let Some(wanted) = target.renditions.iter().find(|wanted| wanted.name == rendition.name) {
            rendition.occlusion_level = wanted.occlusion_level;
        }
    }
    show.destinations.clone_from(&target.destinations);
    show.is_watched = target.is_watched;
    show.files.clone_from(&target.files);
    show.script.clone_from(&target.script);
    show
}

/// `show` with everything that has a place or a size in pixels as it would be on a canvas of that size: what a file says for pictures of
/// another size than those that run.
#[must_use]
pub fn on_canvas(show: &Show, (width, height): (u32, u32)) -> Show {
    let mut show = show.clone();
    let own = (show.video.width, show.video.height);
    if own == (width, height) {
        return show;
    }
    let across = f64::from(width) / f64::from(own.0.max(1));
    let down = f64::from(height) / f64::from(own.1.max(1));
    for scene in &mut show.scenes {
        scene.items.iter_mut().for_each(|item| scale(item, across, down));
    }
    for zone in &mut show.occlusion.zones {
        zone.rect = scaled(zone.rect, across, down);
    }
    show
}

fn scale(item: &mut Item, across: f64, down: f64) {
    item.target = scaled(item.target, across, down);
    match &mut item.what {
        Shown::Group(items) => items.iter_mut().for_each(|item| scale(item, across, down)),
        Shown::Text(text) => {
            let style = &mut text.style;
            let length = |pixels: f32| (f64::from(pixels) * down) as f32;
            style.size = length(style.size);
            style.padding = length(style.padding);
            style.outline = style.outline.map(|(width, color)| (length(width), color));
        }
        Shown::Source(_) | Shown::Scene { .. } | Shown::Image(_) | Shown::Color(_) => {}
    }
}

fn scaled(rect: Rect, across: f64, down: f64) -> Rect {
    let by = |pixels: i32, by: f64| (f64::from(pixels) * by).round() as i32;
    Rect {
        x: by(rect.x, across),
        y: by(rect.y, down),
        width: by(rect.width, across),
        height: by(rect.height, down),
    }
}

/// Scenes that have got another name and nothing else: the old name and the new one.
#[must_use]
pub fn renames(old: &Show, new: &Show) -> Vec<(String, String)> {
    let is_same = |a: &Scene, b: &Scene| {
        let named_as = |scene: &Scene| Scene {
            name: String::new(),
            ..scene.clone()
        };
        named_as(a) == named_as(b)
    };
    let gone = old.scenes.iter().filter(|scene| new.scene(&scene.name).is_none());
    let mut come: Vec<_> = new
        .scenes
        .iter()
        .filter(|scene| old.scene(&scene.name).is_none())
        .collect();
    let mut found = Vec::new();
    for scene in gone {
        if let Some(at) = come.iter().position(|new| is_same(scene, new)) {
            found.push((scene.name.clone(), come.remove(at).name.clone()));
        }
    }
    found
}

/// `show` with scenes called by their new names, wherever they are named. One whose new name is taken stays as it is.
fn renamed(show: &Show, renames: &[(String, String)]) -> Show {
    let mut show = show.clone();
    let fits = |(old, new): &&(String, String)| {
        show.scenes.iter().any(|scene| scene.name == *old) && show.scenes.iter().all(|scene| scene.name != *new)
    };
    let renames = renames.iter().filter(fits).cloned().collect::<Vec<_>>();
    let rename = |name: &mut String| {
        if let Some((_, new)) = renames.iter().find(|(old, _)| old == name) {
            name.clone_from(new);
        }
    };
    for scene in &mut show.scenes {
        rename(&mut scene.name);
        scene.items.iter_mut().for_each(|item| rename_in(item, &rename));
    }
    rename(&mut show.start.program);
    rename(&mut show.start.preview);
    show
}

fn rename_in(item: &mut Item, rename: &dyn Fn(&mut String)) {
    match &mut item.what {
        Shown::Scene { name, .. } => rename(name),
        Shown::Group(items) => items.iter_mut().for_each(|item| rename_in(item, rename)),
        Shown::Source(_) | Shown::Text(_) | Shown::Image(_) | Shown::Color(_) => {}
    }
}

/// The first name in `show` that points nowhere, in words: two changes that are right by themselves may not fit together.
#[must_use]
pub fn dangling(show: &Show) -> Option<String> {
    let is_source = |name: &str| show.sources.iter().any(|source| source.name == name);
    let stinger = |transition: &TransitionSettings| {
        let name = transition.stinger.as_ref().map(|stinger| stinger.source.clone())?;
        (!is_source(&name)).then(|| format!("a stinger plays source {name}, which is gone"))
    };
    let in_scenes = show.scenes.iter().find_map(|scene| {
        let of = |what: String| format!("scene {} shows {what}, which is gone", scene.name);
        let missing = scene.items.iter().find_map(|item| missing_in(item, show));
        let strip = scene.strips.iter().find(|strip| !is_source(&strip.strip));
        let too_many = (scene.items.len() > MAX_ITEMS)
            .then(|| format!("scene {} would have more than {MAX_ITEMS} items", scene.name));
        missing
            .map(of)
            .or_else(|| strip.map(|strip| format!("scene {} sets strip {}, which is gone", scene.name, strip.strip)))
            .or_else(|| scene.transition.as_ref().and_then(stinger))
            .or(too_many)
    });
    in_scenes.or_else(|| stinger(&show.transition))
}

fn missing_in(item: &Item, show: &Show) -> Option<String> {
    match &item.what {
        Shown::Source(name) => show.source_index(name).is_none().then(|| format!("source {name}")),
        Shown::Scene { name, .. } => show.scene(name).is_none().then(|| format!("scene {name}")),
        Shown::Group(items) => items.iter().find_map(|item| missing_in(item, show)),
        Shown::Text(_) | Shown::Image(_) | Shown::Color(_) => None,
    }
}

/// Theirs where they have changed it, else ours.
fn pick<T: PartialEq + Clone>(base: &T, theirs: &T, ours: &T) -> T {
    if base == theirs { ours.clone() } else { theirs.clone() }
}

/// Each parameter by itself.
fn parameters<S>(params: &'static [Param<S>], base: &S, theirs: &S, mut ours: S) -> S {
    for param in params {
        let wanted = (param.get)(theirs);
        if (param.get)(base) != wanted {
            (param.set)(&mut ours, wanted);
        }
    }
    ours
}

/// Things with names, each by itself: `one` merges what all three have.
fn named<T: PartialEq + Clone, N: PartialEq + ?Sized>(
    base: &[T],
    theirs: &[T],
    ours: &[T],
    name: impl Fn(&T) -> &N,
    one: impl Fn(&T, &T, &T) -> T,
) -> Vec<T> {
    let find = |list: &'_ [T], of: &T| list.iter().position(|thing| name(thing) == name(of));
    let merged = |thing: &T| match (find(base, thing), find(ours, thing)) {
        (Some(was), Some(now)) => Some(one(&base[was], thing, &ours[now])),
        // Taken away by an operator: it stays away as long as the file has nothing new to say of it.
        (Some(was), None) => (base[was] != *thing).then(|| thing.clone()),
        (None, _) => Some(thing.clone()),
    };
    let is_same_order = base.len() == theirs.len() && base.iter().zip(theirs).all(|(a, b)| name(a) == name(b));
    if is_same_order {
        let kept = ours.iter().filter_map(|thing| match find(theirs, thing) {
            Some(at) => merged(&theirs[at]),
            None => Some(thing.clone()),
        });
        let mut kept: Vec<T> = kept.collect();
        let back = theirs.iter().filter(|thing| find(ours, thing).is_none());
        kept.extend(back.filter_map(merged));
        return kept;
    }
    let own = ours
        .iter()
        .filter(|thing| find(theirs, thing).is_none() && find(base, thing).is_none());
    let mut kept: Vec<T> = theirs.iter().filter_map(merged).collect();
    kept.extend(own.cloned());
    kept
}

fn scene(base: &Scene, theirs: &Scene, ours: &Scene) -> Scene {
    Scene {
        name: theirs.name.clone(),
        items: items(&base.items, &theirs.items, &ours.items),
        occlusion_level: pick(&base.occlusion_level, &theirs.occlusion_level, &ours.occlusion_level),
        strips: named(
            &base.strips,
            &theirs.strips,
            &ours.strips,
            |it| &it.strip,
            |base, theirs, ours| SceneStrip {
                strip: theirs.strip.clone(),
                set: named(&base.set, &theirs.set, &ours.set, |(name, _)| name, pick),
            },
        ),
        transition: pick(&base.transition, &theirs.transition, &ours.transition),
        parameters: named(
            &base.parameters,
            &theirs.parameters,
            &ours.parameters,
            |(name, _)| name,
            pick,
        ),
    }
}

fn items(base: &[Item], theirs: &[Item], ours: &[Item]) -> Vec<Item> {
    let mut items = named(base, theirs, ours, |item| &item.name, item);
    // The lowest first, whoever has moved what.
    items.sort_by_key(|item| item.z);
    items
}

fn item(base: &Item, theirs: &Item, ours: &Item) -> Item {
    let rect = |of: fn(&Rect) -> i32| pick(&of(&base.target), &of(&theirs.target), &of(&ours.target));
    Item {
        name: theirs.name.clone(),
        what: shown(&base.what, &theirs.what, &ours.what),
        target: Rect {
            x: rect(|rect| rect.x),
            y: rect(|rect| rect.y),
            width: rect(|rect| rect.width),
            height: rect(|rect| rect.height),
        },
        fit: pick(&base.fit, &theirs.fit, &ours.fit),
        crop: pick(&base.crop, &theirs.crop, &ours.crop),
        key: pick(&base.key, &theirs.key, &ours.key),
        z: pick(&base.z, &theirs.z, &ours.z),
        opacity: pick(&base.opacity, &theirs.opacity, &ours.opacity),
        is_hidden: pick(&base.is_hidden, &theirs.is_hidden, &ours.is_hidden),
    }
}

fn shown(base: &Shown, theirs: &Shown, ours: &Shown) -> Shown {
    match (base, theirs, ours) {
        (Shown::Text(base), Shown::Text(theirs), Shown::Text(ours)) => Shown::Text(TextItem {
            text: pick(&base.text, &theirs.text, &ours.text),
            style: pick(&base.style, &theirs.style, &ours.style),
        }),
        (Shown::Group(base), Shown::Group(theirs), Shown::Group(ours)) => Shown::Group(items(base, theirs, ours)),
        _ => pick(base, theirs, ours),
    }
}

fn transition(base: &TransitionSettings, theirs: &TransitionSettings, ours: &TransitionSettings) -> TransitionSettings {
    TransitionSettings {
        kind: pick(&base.kind, &theirs.kind, &ours.kind),
        duration: pick(&base.duration, &theirs.duration, &ours.duration),
        direction: pick(&base.direction, &theirs.direction, &ours.direction),
        stinger: pick(&base.stinger, &theirs.stinger, &ours.stinger),
    }
}

fn occlusion(base: &OcclusionSettings, theirs: &OcclusionSettings, ours: &OcclusionSettings) -> OcclusionSettings {
    OcclusionSettings {
        is_armed: pick(&base.is_armed, &theirs.is_armed, &ours.is_armed),
        policy: pick(&base.policy, &theirs.policy, &ours.policy),
        level: pick(&base.level, &theirs.level, &ours.level),
        mask: pick(&base.mask, &theirs.mask, &ours.mask),
        sticker: pick(&base.sticker, &theirs.sticker, &ours.sticker),
        zones: named(&base.zones, &theirs.zones, &ours.zones, |zone| &zone.name, pick),
    }
}

fn moderation(base: &ModerationSettings, theirs: &ModerationSettings, ours: &ModerationSettings) -> ModerationSettings {
    ModerationSettings {
        hold: pick(&base.hold, &theirs.hold, &ours.hold),
        pace: pick(&base.pace, &theirs.pace, &ours.pace),
        words: pick(&base.words, &theirs.words, &ours.words),
        unjudged: pick(&base.unjudged, &theirs.unjudged, &ours.unjudged),
        log: pick(&base.log, &theirs.log, &ours.log),
        slate: pick(&base.slate, &theirs.slate, &ours.slate),
        pictures: pick(&base.pictures, &theirs.pictures, &ours.pictures),
    }
}

#[cfg(test)]
#[path = "merge_tests.rs"]
pub(super) mod tests;
