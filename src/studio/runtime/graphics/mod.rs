//! The graphics thread: letters, images and colours of all scenes, drawn off the picture thread.
//!
//! It draws what has changed and nothing else: what is on program first, then preview, then the rest. What it has drawn goes to the picture
//! thread as a whole [`Board`], which is only read there. A clock is filled in on the second; what the state of the studio says, as soon as
//! it says something else.

mod board;
mod draw;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use jiff::Zoned;

pub use board::{Board, Drawn};
use draw::{Artist, Subject};

use super::picture_loop::PictureMessage;
use super::plan::{Drawing, Plan, Wanted};
use crate::clock::Clock;
use crate::media::{TimeDelta, Timestamp};
use crate::picture::Graphic;
use crate::picture::lettering::Fonts;
use crate::studio::fill::{self, Facts, Piece};
use crate::studio::model::Studio;

/// The state as a document is made at most this often, in ms: it is large.
const STATUS_EVERY_MS: i64 = 500;

/// How long the thread sleeps at most, so that it sees when the show is over.
const NAP: Duration = Duration::from_millis(200);

/// What the graphics thread is told.
pub enum GraphicsMessage {
    /// What there is to draw is this now.
    Plan(Arc<Plan>),
    /// The studio's state is this: of use to texts that show some of it.
    State(Arc<Studio>),
    /// The fonts of the system, those of the program included.
    Fonts(Box<Fonts>),
}

/// Where it is told what could not be drawn, as a warning.
pub type Report = Arc<dyn Fn(String) + Send + Sync>;

/// What the graphics thread works with.
pub struct GraphicsLoop {
    /// The studio clock.
    pub clock: Clock,
    /// What it is told.
    pub messages: Receiver<GraphicsMessage>,
    /// Where boards go.
    pub pictures: Sender<PictureMessage>,
    /// Where trouble goes.
    pub report: Report,
    /// Set when the show is over.
    pub stop: Arc<AtomicBool>,
}

/// What is drawn for one wanted graphic.
struct Entry {
    version: u64,
    subject: Subject,
    graphic: Option<Graphic>,
}

/// The thread's own state.
struct Studies {
    clock: Clock,
    plan: Arc<Plan>,
    state: Option<Arc<Studio>>,
    status: Option<(Timestamp, serde_json::Value)>,
    artist: Artist,
    has_system_fonts: bool,
    entries: HashMap<u64, Entry>,
    pictures: Sender<PictureMessage>,
    report: Report,
    /// What has been told, so that it is told once.
    told: HashSet<String>,
}

/// Whether texts of `plan` show what the state of the studio says.
#[must_use]
pub fn asks_state(plan: &Plan) -> bool {
    plan.graphics.iter().any(|wanted| match &wanted.drawing {
        Drawing::Text { pieces, .. } => fill::asks_state(pieces),
        Drawing::Image(_) | Drawing::Color(_) => false,
    })
}

impl GraphicsLoop {
    /// Runs until `stop`, starting with `plan`.
    pub fn run(self, plan: Arc<Plan>) {
        let mut studies = Studies {
            clock: self.clock,
            plan,
            state: None,
            status: None,
            artist: Artist::new(),
            has_system_fonts: false,
            entries: HashMap::new(),
            pictures: self.pictures,
            report: self.report,
            told: HashSet::new(),
        };
        let mut waiting = VecDeque::new();
        let mut due = Some(studies.clock.now());
        while !self.stop.load(Ordering::Relaxed) {
            let wait = due.map_or(NAP, |due| {
                let left = (due - studies.clock.now()).as_secs_f64();
                Duration::from_secs_f64(left.max(0.0)).min(NAP)
            });
            if waiting.is_empty() {
                match self.messages.recv_timeout(wait) {
                    Ok(message) => waiting.push_back(message),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            waiting.extend(self.messages.try_iter());
            let is_due = due.is_some_and(|due| studies.clock.now() >= due);
            if waiting.is_empty() && !is_due {
                continue;
            }
            for message in waiting.drain(..) {
                studies.hear(message);
            }
            due = studies.draw(&mut || {
                waiting.extend(self.messages.try_iter());
                waiting
                    .iter()
                    .any(|message| matches!(message, GraphicsMessage::Plan(_)))
            });
        }
    }
}

impl Studies {
    fn hear(&mut self, message: GraphicsMessage) {
        match message {
            GraphicsMessage::Plan(plan) => {
                self.artist.forget_files();
                self.plan = plan;
            }
            GraphicsMessage::State(state) => self.state = Some(state),
            GraphicsMessage::Fonts(fonts) => {
                self.artist.set_fonts(*fonts);
                self.has_system_fonts = true;
                // What was drawn with what there was is looked at again.
                self.entries.retain(|_, entry| !entry.subject.is_text());
            }
        }
    }

    /// Draws what is not there or has changed, as long as nothing `is_interrupted`. Says when to look again.
    fn draw(&mut self, is_interrupted: &mut dyn FnMut() -> bool) -> Option<Timestamp> {
        let now = self.clock.now();
        let plan = Arc::clone(&self.plan);
        let mut due = self.keep_status(now);
        let order = in_order(&plan);
        let last_on_program = plan.on_program().count();
        let mut is_changed = self.forget(&plan);
        for (place, wanted) in order.into_iter().enumerate() {
            if place == last_on_program && is_changed {
                self.show();
                is_changed = false;
            }
            let (subject, soon) = self.subject(wanted, now);
            due = match (due, soon.map(|soon| now + soon)) {
                (Some(one), Some(two)) => Some(one.min(two)),
                (one, two) => one.or(two),
            };
            if let Some(entry) = self.entries.get_mut(&wanted.id)
                && entry.subject == subject
            {
                is_changed |= entry.version != wanted.version;
                entry.version = wanted.version;
                continue;
            }
            // The same may have been drawn for another scene.
            let known = self.entries.values().find(|entry| entry.subject == subject);
            let graphic = match known {
                Some(entry) => entry.graphic.clone(),
                None => self.drawn(&subject),
            };
            let version = wanted.version;
            self.entries.insert(
                wanted.id,
                Entry {
                    version,
                    subject,
                    graphic,
                },
            );
            is_changed = true;
            if is_interrupted() {
                due = Some(now);
                break;
            }
        }
        if is_changed {
            self.show();
        }
        due
    }

    /// Forgets what no scene shows any more. Says whether there was anything.
    fn forget(&mut self, plan: &Plan) -> bool {
        let ids: HashSet<u64> = plan.graphics.iter().map(|wanted| wanted.id).collect();
        let before = self.entries.len();
        self.entries.retain(|id, _| ids.contains(id));
        self.entries.len() < before
    }

    /// Makes a document of the state, where a text wants one and the last is old. Says when it will be.
    fn keep_status(&mut self, now: Timestamp) -> Option<Timestamp> {
        let wants = |wanted: &Wanted| match &wanted.drawing {
            Drawing::Text { pieces, .. } => pieces.iter().any(|piece| matches!(piece, Piece::Status(_))),
            Drawing::Image(_) | Drawing::Color(_) => false,
        };
        let state = self.state.as_ref()?;
        if !self.plan.graphics.iter().any(wants) {
            self.status = None;
            return None;
        }
        let every = TimeDelta::from_millis(STATUS_EVERY_MS);
        if self.status.as_ref().is_none_or(|(made, _)| now - *made >= every) {
            let value = serde_json::to_value(&**state).unwrap_or_default();
            self.status = Some((now, value));
        }
        self.status.as_ref().map(|(made, _)| *made + every)
    }

    /// What is to be drawn now, and for how long.
    fn subject(&mut self, wanted: &Wanted, now: Timestamp) -> (Subject, Option<TimeDelta>) {
        match &wanted.drawing {
            Drawing::Color(rgba) => (Subject::Color(*rgba), None),
            Drawing::Image(Some(path)) => (Subject::Image(self.artist.image(path)), None),
            Drawing::Image(None) => {
                self.tell("a value for the path of an image is no file name: it is not shown".to_owned());
                (Subject::Nothing, None)
            }
            Drawing::Text { pieces, style, size } => {
                for piece in pieces {
                    if let Piece::Unknown(name) = piece {
                        self.tell(format!("{{{name}}} in a text stands for nothing that is known"));
                    }
                }
                let wall = Zoned::now();
                let state = self.state.as_deref();
                let facts = Facts {
                    wall: &wall,
                    now,
                    since: self.plan.since(wanted.scene),
                    title: state.map_or("", |state| &state.air.title),
                    scene: self.plan.scenes.get(self.plan.program).map_or("", |scene| &scene.name),
                    viewers: state.map(watching),
                    data: state.map(|state| &state.data.values),
                    status: self.status.as_ref().map(|(_, status)| status),
                };
                let filled = fill::fill(pieces, &facts);
                let subject = Subject::Text {
                    text: filled.text,
                    style: style.clone(),
                    size: *size,
                };
                (subject, filled.changes_in)
            }
        }
    }

    fn drawn(&mut self, subject: &Subject) -> Option<Graphic> {
        match self.artist.draw(subject) {
            Ok(Drawn { graphic, missing }) => {
                if self.has_system_fonts && !missing.is_empty() {
                    let missing: String = missing.into_iter().take(20).collect();
                    self.tell(format!(
                        "no font has {missing}: boxes stand for them until one is installed that does"
                    ));
                }
                if let Subject::Text { style, .. } = subject
                    && let Some(family) = &style.font
                    && self.has_system_fonts
                    && !self.artist.has_family(family)
                {
                    let text = format!("there is no font \"{family}\" here: another one takes its place");
                    self.tell(text);
                }
                graphic
            }
            Err(reason) => {
                self.tell(reason);
                None
            }
        }
    }

    /// Tells something once.
    fn tell(&mut self, text: String) {
        /// More different troubles than anybody reads.
        const MOST_TOLD: usize = 200;
        if self.told.len() < MOST_TOLD && self.told.insert(text.clone()) {
            (self.report)(text);
        }
    }

    /// Hands out what there is.
    fn show(&self) {
        let entries = self.entries.iter();
        let drawn = entries.map(|(id, entry)| (*id, entry.version, entry.graphic.clone()));
        let board = Arc::new(Board::new(drawn.collect()));
        // The picture thread may have ended.
        let _ = self.pictures.send(PictureMessage::Graphics(board));
    }
}

/// What is on program first, then preview, then the rest.
fn in_order(plan: &Plan) -> Vec<&Wanted> {
    let from = plan.fade.as_ref().map(|fade| fade.from);
    let mut order: Vec<_> = plan.graphics.iter().collect();
    order.sort_by_key(|wanted| match wanted.scene {
        scene if scene == plan.program || Some(scene) == from => 0,
        scene if scene == plan.preview => 1,
        _ => 2,
    });
    order
}

/// How many watch, as far as it is known.
fn watching(studio: &Studio) -> u64 {
    let counts = &studio.adapt.audience;
    if counts.is_empty() {
        return studio.viewers() as u64;
    }
    counts.iter().filter_map(|count| count.viewers).sum()
}

#[cfg(test)]
mod tests;
