//! Business data and rules in a running studio: the engine and its clock, and the two ways by which data comes in from outside.
//!
//! Whoever brings data is a client of the desk like any other: a post and a file become the command `data set`, with their
//! name as who asked. So data has one way in, and everything that comes of it is told with its cause.

use std::sync::Arc;

use super::data_file;
use super::data_server;
use super::reporters::{Inputs, post};
use crate::control::desk::Desk;
use crate::media::Timestamp;
use crate::rules::{Data, Engine, Explanation, Mode, RuleSet, Step, Wait};
use crate::scene::{DataChoice, RulesChoice, RulesFile, Scene, read_rules};
use crate::studio::model::{EventLevel, RuleChoice, RuleModel, RulesStanding, Studio};
use crate::studio::update::{DataNews, Input, Ruled, RuledChoice};

/// The longest rules file.
const MAX_RULES_BYTES: u64 = 1 << 20;

/// Follows the data by the rules.
pub struct Ruling {
    engine: Option<Engine>,
    /// When to look again.
    next: Option<Timestamp>,
    /// Whether it has been told that the budget is spent.
    is_budget_told: bool,
    /// Likewise that there is no data any more that counts.
    is_stale_told: bool,
}

impl Ruling {
    /// By the rules of a scene file.
    pub fn new(choice: &RulesChoice) -> Self {
        Self {
            engine: choice.set.clone().map(Engine::new),
            next: None,
            is_budget_told: false,
            is_stale_told: true,
        }
    }

    /// By other rules from now on.
    pub fn load(&mut self, set: RuleSet) {
        self.engine = Some(Engine::new(Arc::new(set)));
        (self.next, self.is_budget_told) = (None, false);
    }

    /// The next look chooses anew.
    pub fn forget_choice(&mut self) {
        if let Some(engine) = &mut self.engine {
            engine.forget_choice();
        }
    }

    /// Whether something may come of time alone.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.next.is_some_and(|next| next <= now)
    }

    /// Looks at the data of `studio`. Nothing where there is nothing new.
    pub fn look(&mut self, studio: &Studio, now: Timestamp) -> Option<Ruled> {
        let engine = self.engine.as_mut()?;
        let step = engine.step(held(studio), now, mode(studio));
        self.next = step.next;
        let standing = standing(engine, &step, now);
        let is_new = step.is_change || step.is_refill || standing != studio.rules.standing;
        let news = self.news(&step, studio);
        let engine = self.engine.as_ref()?;
        let chosen = engine.chosen().filter(|_| step.is_change || step.is_refill);
        let choice = chosen.map(|chosen| RuledChoice {
            called: engine.called(chosen.by),
            scene: chosen.scene.clone(),
            with: chosen.with.clone(),
            is_change: step.is_change,
        });
        (is_new || news.is_some()).then_some(Ruled { standing, choice, news })
    }

    /// What is to be told, once.
    fn news(&mut self, step: &Step, studio: &Studio) -> Option<(EventLevel, String)> {
        let is_spent = matches!(step.wait, Some(Wait::Budget(_)));
        let is_stale = step.is_stale && studio.data.at.is_some();
        let was_spent = std::mem::replace(&mut self.is_budget_told, is_spent);
        let was_stale = std::mem::replace(&mut self.is_stale_told, step.is_stale);
        let engine = self.engine.as_ref()?;
        if is_spent && !was_spent {
            let most = engine.set().changes_per_minute;
            let text =
                format!("{most} changes in a minute are enough: program stays as it is until there is room again");
            return Some((EventLevel::Warning, text));
        }
        if is_stale && !was_stale {
            let text = "the data is too old to say anything".to_owned();
            return Some((EventLevel::Warning, text));
        }
        None
    }

    /// Why the rules choose what they choose, by the data of now or by `asked` if it came now.
    ///
    /// # Errors
    /// There are no rules.
    pub fn explain(&self, studio: &Studio, asked: Option<&Data>, now: Timestamp) -> Result<Explanation, String> {
        let engine = self.engine.as_ref();
        let engine = engine.ok_or("there are no rules: rules load FILE, or [rules] in the scene file")?;
        let data = asked.map(|asked| (asked, now)).or_else(|| held(studio));
        Ok(engine.explain(data, now, mode(studio)))
    }
}

/// The data of a studio, and when it came.
fn held(studio: &Studio) -> Option<(&Data, Timestamp)> {
    studio.data.at.map(|at| (&studio.data.values, at))
}

fn mode(studio: &Studio) -> Mode {
    if studio.rules.are_choosing() {
        Mode::Active
    } else {
        Mode::Watching
    }
}

fn standing(engine: &Engine, step: &Step, now: Timestamp) -> RulesStanding {
    let rules = engine.set().rules.iter().enumerate();
    RulesStanding {
        rules: rules
            .map(|(at, rule)| RuleModel {
                name: rule.name.clone(),
                when: rule.when.text().to_owned(),
                scene: rule.target.scene.clone(),
                priority: rule.priority,
                holds_since: engine.holding(at),
                ready_at: engine.ready(at),
            })
            .collect(),
        chosen: engine.chosen().map(|chosen| RuleChoice {
            rule: engine.rule_name(chosen.by),
            scene: chosen.scene.clone(),
            with: chosen.with.clone(),
            since: chosen.since,
            until: chosen.since + engine.hold(chosen.by),
        }),
        wish: step.wish.map(|by| engine.called(by)),
        wait: step.wait.map(Into::into),
        is_stale: step.is_stale,
        changes: engine.changes(now),
        changes_per_minute: engine.set().changes_per_minute,
    }
}

/// Reads a rules file; which scenes there are is held against it later.
///
/// # Errors
/// Everything that is wrong with it, each with its place.
pub fn read(path: &std::path::Path) -> Result<RulesFile, String> {
    use std::io::Read;
    let label = path.display().to_string();
    let failed = |error: std::io::Error| format!("{label}: {error}");
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(MAX_RULES_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_RULES_BYTES {
        return Err(format!("{label}: longer than {MAX_RULES_BYTES} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("{label}: not UTF-8 text"))?;
    read_rules(&label, &text).map_err(|errors| errors.to_string())
}

/// The rules of `file` for a show with these scenes.
///
/// # Errors
/// Names that point nowhere, each with its place.
pub fn settle(file: RulesFile, scenes: &[Scene]) -> Result<RuleSet, String> {
    let scenes = scenes
        .iter()
        .map(|scene| (scene.name.as_str(), scene.parameters.as_slice()));
    file.settle(scenes).map_err(|errors| errors.to_string())
}

/// Where data comes from: each goes on for as long as this is held, and fails alone.
#[derive(Default)]
pub struct Feeds {
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Feeds {
    /// Begins to listen and to watch as `choice` says.
    pub async fn start(choice: &DataChoice, desk: &Desk, inputs: &Inputs) -> Self {
        let mut tasks = Vec::new();
        if let Some(address) = choice.listen {
            match data_server::listen(address).await {
                Ok((listener, address)) => {
                    post(inputs, Input::Data(DataNews::Listens(address.to_string())));
                    let server = data_server::Server::new(desk.clone(), choice.token.clone(), inputs.clone());
                    tasks.push(tokio::spawn(server.run(listener)));
                }
                Err(error) => {
                    let text = format!("nothing can be posted: {address}: {error}");
                    post(inputs, Input::Data(DataNews::Trouble(text)));
                }
            }
        }
        if let Some(file) = &choice.file {
            post(inputs, Input::Data(DataNews::File(file.display().to_string())));
            tasks.push(tokio::spawn(data_file::follow(
                file.clone(),
                desk.clone(),
                inputs.clone(),
            )));
        }
        Self { tasks }
    }
}

impl Drop for Feeds {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}
