//! What the update makes of commands to the picture chains of sources.

use super::desk::{adjusted, no_parameter, reset};
use super::{Effect, Refusal, Unit, unknown_source};
use crate::studio::command::Reset;
use crate::studio::model::{Adjust, EventLevel, PICTURE_PARAMS, PictureSettings, picture_param};

impl Unit<'_> {
    pub(super) fn picture_set(&mut self, source: &str, name: &'static str, adjust: Adjust) -> Result<(), Refusal> {
        let Some(param) = picture_param(name) else {
            return Err(no_parameter(name));
        };
        // Tried on a copy: what is refused changes nothing.
        let mut tried = self.studio.sources[self.source_at(source)?].picture;
        adjusted(param, &mut tried, adjust)?;
        self.picture(source, |settings| *settings = tried)?;
        if name == "bypass" {
            let told = if tried.is_bypassed {
                "picture chain bypassed"
            } else {
                "picture chain at work"
            };
            self.event(EventLevel::Info, format!("source {source}"), told);
        }
        Ok(())
    }

    pub(super) fn picture_reset(&mut self, source: &str, what: Reset) -> Result<(), Refusal> {
        self.picture(source, |settings| reset(settings, PICTURE_PARAMS, what, |_| false))?;
        if what == Reset::All {
            self.event(
                EventLevel::Info,
                format!("source {source}"),
                "picture is back to the defaults",
            );
        }
        Ok(())
    }

    pub(super) fn picture_copy(&mut self, from: &str, to: &str) -> Result<(), Refusal> {
        let copied = self.studio.sources[self.source_at(from)?].picture;
        self.picture(to, |settings| *settings = copied)?;
        self.event(
            EventLevel::Info,
            format!("source {to}"),
            format!("has the picture settings of {from}"),
        );
        Ok(())
    }

    /// Changes the picture of a source and tells the picture thread.
    pub(super) fn picture(&mut self, name: &str, change: impl FnOnce(&mut PictureSettings)) -> Result<(), Refusal> {
        let at = self.source_at(name)?;
        let settings = &mut self.studio.sources[at].picture;
        change(settings);
        let settings = *settings;
        self.effects.push(Effect::Enhance(at, settings));
        Ok(())
    }

    /// The number of the source of that name.
    fn source_at(&self, name: &str) -> Result<usize, Refusal> {
        let sources = &self.studio.sources;
        let at = sources.iter().position(|source| source.name == name);
        at.ok_or_else(|| unknown_source(self.studio, name))
    }
}
