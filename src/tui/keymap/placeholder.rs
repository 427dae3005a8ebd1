//! Words of a key's line that stand for what is selected.

use crate::studio::command::{self, UsageError, split_words};
use crate::studio::model::{BUS_PARAMS, MaskKind, PICTURE_PARAMS, Param, ParamKind, STRIP_PARAMS};

/// The place that fills a placeholder: which of the selected things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// The selected strip.
    Strip,
    /// The selected source.
    Source,
    /// The scene on preview; on the page of items the one that the page is about.
    Scene,
    /// The selected item of that scene.
    Item,
    /// The selected destination.
    Destination,
    /// The selected parameter of the page.
    Parameter,
    /// The stage that it belongs to.
    Stage,
    /// The switch of that stage.
    Switch,
    /// The strip that was marked to copy from.
    Marked,
    /// The source that was marked to copy from.
    MarkedSource,
    /// The selected face.
    Face,
    /// The policy after the one that is set.
    NextPolicy,
    /// The kind of mask after the one that is set.
    NextMask,
    /// The set of stickers after the one that is set.
    NextSticker,
    /// The selected word of those that are held.
    Word,
    /// The span that changes the sound of what is selected of what is held.
    Span,
    /// So many seconds ago began what is marked, or what is selected where nothing is marked.
    From,
    /// So many seconds ago what is selected ended.
    Until,
    /// The selected cue.
    Cue,
    /// The number of what is selected of what could be a source.
    Find,
    /// The source on trial.
    Trial,
    /// The hold, a second longer.
    HoldUp,
    /// The hold, a second shorter.
    HoldDown,
}

impl Placeholder {
    const ALL: [(&'static str, Self); 23] = [
        ("{strip}", Self::Strip),
        ("{source}", Self::Source),
        ("{scene}", Self::Scene),
        ("{item}", Self::Item),
        ("{destination}", Self::Destination),
        ("{parameter}", Self::Parameter),
        ("{stage}", Self::Stage),
        ("{switch}", Self::Switch),
        ("{marked}", Self::Marked),
        ("{marked_source}", Self::MarkedSource),
        ("{face}", Self::Face),
        ("{next_policy}", Self::NextPolicy),
        ("{next_mask}", Self::NextMask),
        ("{next_sticker}", Self::NextSticker),
        ("{word}", Self::Word),
        ("{span}", Self::Span),
        ("{from}", Self::From),
        ("{until}", Self::Until),
        ("{cue}", Self::Cue),
        ("{find}", Self::Find),
        ("{trial}", Self::Trial),
        ("{hold_up}", Self::HoldUp),
        ("{hold_down}", Self::HoldDown),
    ];

    /// The placeholder that a word is.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(text, _)| *text == word)
            .map(|(_, placeholder)| placeholder)
    }

    /// Why nothing can be put in its place.
    #[must_use]
    pub const fn nothing(self) -> &'static str {
        match self {
            Self::Strip => "there is no strip to do that to",
            Self::Source => "there is no source to do that to",
            Self::Scene => "there is no scene to do that to",
            Self::Item => "there is no item to do that to",
            Self::Destination => "there is no destination to do that to",
            Self::Parameter | Self::Stage => "there is no parameter to do that to",
            Self::Switch => "there is nothing to switch on and off here",
            Self::Marked => "no strip is marked to copy from",
            Self::MarkedSource => "no source is marked to copy from",
            Self::Face => "no face is selected",
            Self::NextPolicy => "there is no other policy",
            Self::NextMask => "there is no other mask",
            Self::NextSticker => "there is no set of stickers",
            Self::Word => "no word is selected",
            Self::Span => "nothing is done here that could be taken back",
            Self::From | Self::Until => "nothing is selected of what is held",
            Self::Cue => "no cue is selected",
            Self::Find => "nothing that is here is selected",
            Self::Trial => "nothing is on trial: space tries what is selected",
            Self::HoldUp | Self::HoldDown => "there is no hold",
        }
    }
}

/// Checks a line against the command table, with something in place of each placeholder: it must be right for one of the
/// things that can be selected.
pub fn check_line(line: &str) -> Result<(), String> {
    let words = split_words(line);
    if words.is_empty() {
        return Ok(());
    }
    let unknown = words
        .iter()
        .find(|word| word.starts_with('{') && word.ends_with('}') && Placeholder::of(word).is_none());
    if let Some(word) = unknown {
        let known: Vec<&str> = Placeholder::ALL.iter().map(|(text, _)| *text).collect();
        return Err(format!(
            "there is no placeholder '{word}'; there are {}",
            known.join(", ")
        ));
    }
    let check = |words: &[String]| command::parse(words).map(drop);
    let first = check_with(&words, &STRIP_PARAMS[0], &check);
    let is_right = first.is_ok()
        || STRIP_PARAMS
            .iter()
            .any(|param| check_with(&words, param, &check).is_ok())
        || BUS_PARAMS.iter().any(|param| check_with(&words, param, &check).is_ok())
        || PICTURE_PARAMS
            .iter()
            .any(|param| check_with(&words, param, &check).is_ok());
    if is_right {
        Ok(())
    } else {
        first.map_err(|error| error.to_string())
    }
}

/// Checks the words of a line as they are while `param` is selected.
fn check_with<S>(
    words: &[String],
    param: &Param<S>,
    check: &dyn Fn(&[String]) -> Result<(), UsageError>,
) -> Result<(), UsageError> {
    let is_switch = matches!(param.kind, ParamKind::Switch);
    let filled: Vec<String> = words
        .iter()
        .map(|word| match Placeholder::of(word) {
            None => word.clone(),
            Some(Placeholder::Parameter) => param.name.to_owned(),
            Some(Placeholder::Switch) if is_switch => param.name.to_owned(),
            Some(Placeholder::Stage) => param.stage.key().to_owned(),
            Some(
                Placeholder::Face
                | Placeholder::Word
                | Placeholder::Span
                | Placeholder::From
                | Placeholder::Until
                | Placeholder::HoldUp
                | Placeholder::HoldDown,
            ) => "1".to_owned(),
            Some(Placeholder::NextMask) => MaskKind::WORDS[0].to_owned(),
            Some(_) => "name".to_owned(),
        })
        .collect();
    check(&filled)
}
