//! What brings parameters back: those that lie in what is about to change.

use crate::studio::command::{Command, Reset};
use crate::studio::model::{Adjust, Param};

/// What sets those parameters of `settings` back that `is_meant`.
fn back<S>(
    params: &'static [Param<S>],
    settings: &S,
    is_meant: impl Fn(&Param<S>) -> bool,
    set: impl Fn(&'static str, Adjust) -> Command,
) -> Vec<Command> {
    let meant = params.iter().filter(|param| is_meant(param));
    meant
        .map(|param| set(param.name, Adjust::Set((param.get)(settings))))
        .collect()
}

fn is_in<S>(param: &Param<S>, what: Reset) -> bool {
    match what {
        Reset::All => true,
        Reset::Stage(stage) => param.stage == stage,
        Reset::Param(name) => param.name == name,
    }
}

fn differs<S>(param: &Param<S>, before: &S, after: &S) -> bool {
    (param.get)(before) != (param.get)(after)
}

/// Of strips.
pub(super) mod strip {
    use super::{Command, Reset, back, differs, is_in};
    use crate::studio::model::{STRIP_PARAMS, Strip, StripSettings};

    pub fn param(strip: &Strip, name: &'static str) -> Vec<Command> {
        part(strip, Reset::Param(name))
    }

    pub fn part(strip: &Strip, what: Reset) -> Vec<Command> {
        back(STRIP_PARAMS, &strip.settings, |param| is_in(param, what), set(strip))
    }

    pub fn difference(strip: &Strip, after: &StripSettings) -> Vec<Command> {
        let before = &strip.settings;
        back(STRIP_PARAMS, before, |param| differs(param, before, after), set(strip))
    }

    fn set(strip: &Strip) -> impl Fn(&'static str, super::Adjust) -> Command {
        |name, adjust| Command::Set(strip.name.clone(), name, adjust)
    }
}

/// Of the buses.
pub(super) mod buses {
    use super::{Command, Reset, back, differs, is_in};
    use crate::studio::model::{BUS_PARAMS, BusSettings};

    pub fn part(buses: &BusSettings, what: Reset) -> Vec<Command> {
        back(BUS_PARAMS, buses, |param| is_in(param, what), Command::BusSet)
    }

    pub fn difference(before: &BusSettings, after: &BusSettings) -> Vec<Command> {
        back(
            BUS_PARAMS,
            before,
            |param| differs(param, before, after),
            Command::BusSet,
        )
    }
}

/// Of sources' pictures.
pub(super) mod picture {
    use super::{Command, Reset, back, differs, is_in};
    use crate::studio::model::{PICTURE_PARAMS, PictureSettings, SourceModel};

    pub fn part(source: &SourceModel, what: Reset) -> Vec<Command> {
        back(PICTURE_PARAMS, &source.picture, |param| is_in(param, what), set(source))
    }

    pub fn difference(source: &SourceModel, after: &PictureSettings) -> Vec<Command> {
        let before = &source.picture;
        back(
            PICTURE_PARAMS,
            before,
            |param| differs(param, before, after),
            set(source),
        )
    }

    fn set(source: &SourceModel) -> impl Fn(&'static str, super::Adjust) -> Command {
        |name, adjust| Command::PictureSet(source.name.clone(), name, adjust)
    }
}
