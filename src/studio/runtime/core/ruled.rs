//! What the core task has to do with business data and rules.

use std::path::Path;

use super::super::data;
use super::Core;
use crate::control::desk::Reply;
use crate::rules::Data;
use crate::scene::RulesFile;
use crate::studio::command::Answer;
use crate::studio::model::Cause;
use crate::studio::update::{Input, RulesNews, update_for};

impl Core {
    /// Lets the rules look at the data, and does what they choose.
    pub(super) fn rule(&mut self) {
        let now = self.clock.now();
        let Some(ruled) = self.ruling.look(&self.studio, now) else {
            return;
        };
        let cause = ruled.choice.as_ref().filter(|choice| choice.is_change);
        let cause = cause.map(|choice| Cause {
            by: choice.called.clone(),
            command: format!("take {}", choice.scene),
        });
        match update_for(&mut self.studio, Input::Ruled(Box::new(ruled)), now, cause.as_ref()) {
            Ok(effects) => self.carry_out(effects),
            // Only commands are refused.
            Err(refusal) => tracing::error!(%refusal, "an input was refused"),
        }
        self.is_dirty = true;
    }

    /// Takes rules that were read, if all that they name is there.
    pub(super) fn load_rules(&mut self, file: RulesFile, path: &Path, reply: Reply) {
        let set = match data::settle(file, &self.show.scenes) {
            Ok(set) => set,
            Err(error) => return reply.send(Err(error)),
        };
        let news = RulesNews {
            file: path.display().to_string(),
            title: set.title.clone(),
            default: set.default.as_ref().map(|target| target.scene.clone()),
            count: set.rules.len(),
        };
        let said = Answer::text(format!("{} rules from {}", set.rules.len(), path.display()));
        self.ruling.load(set);
        self.obey(Input::Rules(news), said, reply);
        self.rule();
        self.publish();
    }

    /// Why the rules choose what they choose.
    pub(super) fn explain(&self, asked: Option<&Data>) -> Result<Answer, String> {
        let explanation = self.ruling.explain(&self.studio, asked, self.clock.now())?;
        let fields = serde_json::to_value(&explanation).unwrap_or_default();
        Ok(Answer::text(explanation.text()).with("explanation", fields))
    }
}
