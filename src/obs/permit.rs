//! Whether a controller may do what it wants. A screen asks its operator before it reveals or ends something; a button has nobody
//! to ask, so the scene file says it beforehand.

use super::code::Status;
use super::request::Refusal;
use super::settings::Allowed;
use crate::studio::command::{self, ArgKind, Command, Scope, reveals_or_ends};
use crate::studio::model::Studio;

/// What a controller may have carried out.
#[derive(Debug)]
pub struct Permitted {
    /// What it wants.
    pub command: Command,
    /// Whether it may not, should it reveal or end something by the time that the studio gets to it.
    pub is_unasked: bool,
}

/// The command that `words` are, if a controller may have it carried out now.
///
/// # Errors
/// That it is none, or what would have to be allowed.
pub fn command(words: &[String], allowed: Allowed, studio: &Studio) -> Result<Permitted, Refusal> {
    let wrong = |error: command::UsageError| Refusal::new(Status::CannotAct, error.to_string());
    let (spec, args) = command::find(words).map_err(wrong)?;
    if spec.scope == Scope::Client {
        let comment = format!("{} concerns a screen; a controller has none", spec.name);
        return Err(Refusal::new(Status::CannotAct, comment));
    }
    let command = command::parse(words).map_err(wrong)?;
    let refused = |word: &str| {
        let comment =
            format!("controllers may not do that: allow = [\"{word}\"] under [obs] in the scene file lets them");
        Err(Refusal::new(Status::InvalidResourceState, comment))
    };
    let named = spec.args.iter().zip(args);
    let mut files = named.filter(|(arg, word)| match arg.kind {
        // A pipe reads files, and runs commands.
        ArgKind::File | ArgKind::RulesFile | ArgKind::CueFile | ArgKind::SourceSetting => true,
        ArgKind::Preset => word.contains(['/', '.']),
        _ => false,
    });
    if files.next().is_some() && !allowed.may_use_files {
        return refused("files");
    }
    let is_revealing = reveals_or_ends(&command, studio);
    if is_revealing {
        let (ends, reveals) = match &command {
            Command::DestinationRemove(_)
            | Command::DestinationStop(_)
            | Command::RecordStop
            | Command::CueStop
            | Command::PresetSave(..)
            | Command::PictureSave(..)
            | Command::End => (true, false),
            // What was done may have been either.
            Command::Undo => (true, true),
            _ => (false, true),
        };
        if ends && !allowed.may_end {
            return refused("end");
        }
        if reveals && !allowed.may_reveal {
            return refused("reveal");
        }
    }
    // What was allowed is no surprise; what reveals nothing yet may do so by then.
    let may_all = allowed.may_end && allowed.may_reveal;
    let is_unasked = !(is_revealing || may_all);
    Ok(Permitted { command, is_unasked })
}

#[cfg(test)]
mod tests {
    use super::super::for_tests::studio;
    use super::*;
    use crate::studio::command::split_words;

    #[test]
    fn what_is_not_allowed_is_refused_with_the_word_that_lets_it() {
        let mut studio = studio();
        studio.occlusion.level = 0;
        for (line, word) in [
            ("take", None),
            ("gain pattern -3", None),
            ("record start", None),
            ("occlusion level 0", None),
            ("end", Some("end")),
            ("destination stop main", Some("end")),
            ("record stop", Some("end")),
            ("occlusion off", Some("reveal")),
            ("occlusion level 1", Some("reveal")),
            ("record start /etc/passwd", Some("files")),
            ("trace start x", Some("files")),
            ("preset apply ../x.toml", Some("files")),
            ("source add x pipe command=sh", Some("files")),
            ("source add x 1", None),
            ("source rename pattern x", None),
        ] {
            let words = split_words(line);
            let found = command(&words, Allowed::default(), &studio);
            let said = found.err().map(|refusal| refusal.comment);
            assert_eq!(said.is_some(), word.is_some(), "{line}: {said:?}");
            if let Some(word) = word {
                assert!(said.unwrap_or_default().contains(&format!("[\"{word}\"]")), "{line}");
                assert!(
                    command(&words, Allowed::default().with(word), &studio).is_ok(),
                    "{line}"
                );
            }
        }
        // What hides more now may show more by the time that the studio gets to it.
        let is_unasked = |line: &str, allowed| command(&split_words(line), allowed, &studio).map(|it| it.is_unasked);
        let all = Allowed::default().with("reveal").with("end");
        assert_eq!(is_unasked("occlusion level 0", Allowed::default()).ok(), Some(true));
        assert_eq!(is_unasked("occlusion level 0", all).ok(), Some(false));
        for line in ["help", "tkae", "gain", "gain pattern loud", ""] {
            let found = command(&split_words(line), Allowed::default(), &studio);
            assert_eq!(
                found.map(|it| it.command).map_err(|refusal| refusal.status),
                Err(Status::CannotAct),
                "{line}"
            );
        }
    }
}
