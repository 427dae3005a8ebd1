//! What a line does: a command for the studio, or a change of this screen only.

use super::complete::quoted;
use super::held::whole_seconds;
use super::times::{counted, times};
use super::{CommandPalette, Overlay, Prompt, UiAction, UiState, may_hold_secret, step};
use crate::studio::command::{self, ClientCommand, ColorMode, Command, Page, Scope, Selection, Step};
use crate::studio::model::{MaskKind, Shown, Studio, item_at};
use crate::tui::keymap::Placeholder;

impl UiState {
    /// Runs a line of a key or of the prompt: here, or by asking the studio.
    pub fn run_line(&mut self, studio: &Studio, line: &str) -> Vec<UiAction> {
        let count = self.count.take();
        let mut words = command::split_words(line);
        for word in &mut words {
            if let Some(placeholder) = Placeholder::of(word) {
                let Some(name) = self.filled(studio, placeholder, count.unwrap_or(1)) else {
                    self.say(placeholder.nothing(), true);
                    return Vec::new();
                };
                if placeholder == Placeholder::Until {
                    // The span is on its way; the next one begins anew.
                    self.marked_held = None;
                }
                *word = name;
            }
        }
        let (spec, args) = match command::find(&words) {
            Ok((spec, args)) => (spec, args.to_vec()),
            Err(error) => {
                self.say(error.to_string(), true);
                return Vec::new();
            }
        };
        let command = match command::parse(&words) {
            Ok(command) => command,
            Err(error) => {
                self.say(error.to_string(), true);
                return Vec::new();
            }
        };
        if spec.scope == Scope::Studio && command != Command::Undo && !may_hold_secret(line) {
            self.last_line = Some(line.to_owned());
        }
        self.note_sources(&command);
        // A line that counts in what it is filled with has used its count up.
        let is_paced = PACED.iter().any(|word| line.contains(word));
        let many = count.filter(|_| !is_paced).unwrap_or(1);
        let (args, again) = times(spec, &command, args, many);
        match command {
            Command::Client(client) => return self.run_client_again(studio, &client, count, again),
            command if spec.is_confirmed && command::reveals_or_ends(&command, studio) => {
                let name = spec.name.to_owned();
                self.asked_undo.clone_from(&studio.undo.next);
                self.overlay = Overlay::Confirm { name, args };
            }
            command => {
                let name = spec.name.to_owned();
                let args = command::meant_args(&command, args, studio);
                let is_asked = false;
                return vec![UiAction::Command { name, args, is_asked }; usize::from(again)];
            }
        }
        Vec::new()
    }

    /// Runs a command of this screen so many times. What only leads to another command hands the count on to it.
    fn run_client_again(
        &mut self,
        studio: &Studio,
        client: &ClientCommand,
        count: Option<u8>,
        again: u8,
    ) -> Vec<UiAction> {
        match client {
            ClientCommand::Count(_)
            | ClientCommand::Prompt(_)
            | ClientCommand::Palette
            | ClientCommand::Repeat
            | ClientCommand::Type(_) => {
                self.count = count;
            }
            _ => {}
        }
        let run = |_| self.run_client(studio, client.clone());
        (0..again).flat_map(run).collect()
    }

    fn filled(&self, studio: &Studio, placeholder: Placeholder, count: u8) -> Option<String> {
        let page = self.page.unwrap_or(Page::Strip);
        match placeholder {
            Placeholder::Strip => studio.strips.get(self.selected.strip).map(|strip| strip.name.clone()),
            Placeholder::Source => studio
                .sources
                .get(self.selected.source)
                .map(|source| source.name.clone()),
            Placeholder::Scene => Some(self.scene_of_page(studio)),
            Placeholder::Item => self.item(studio),
            Placeholder::Destination => studio
                .destinations
                .get(self.selected.destination)
                .map(|destination| destination.name.clone()),
            Placeholder::Parameter => self.place.entry(page).map(|entry| entry.name.to_owned()),
            Placeholder::Stage => self.place.entry(page).map(|entry| entry.stage.key().to_owned()),
            Placeholder::Switch => self.place.switch(page).map(|entry| entry.name.to_owned()),
            Placeholder::Marked => self.marked.clone(),
            Placeholder::MarkedSource => self.marked_source.clone(),
            Placeholder::Face => self.face(studio).map(|track| track.to_string()),
            Placeholder::Cue => self.cue(studio).map(str::to_owned),
            Placeholder::Find => self.find_number(studio),
            Placeholder::Trial => studio.choosing.trial.as_ref().map(|trial| trial.name.clone()),
            Placeholder::Word => self.held_word(studio).map(|id| id.to_string()),
            Placeholder::Span => self.held_span(studio).map(|id| id.to_string()),
            Placeholder::From => self.marked_seconds(studio).map(|(from, _)| from),
            Placeholder::Until => self.marked_seconds(studio).map(|(_, until)| until),
            Placeholder::HoldUp => Some(whole_seconds(studio.moderation.hold.target, Step::Next, count)),
            Placeholder::HoldDown => Some(whole_seconds(studio.moderation.hold.target, Step::Previous, count)),
            Placeholder::NextPolicy => {
                let names = studio.occlusion.policies.iter().map(|policy| policy.name.as_str());
                after(names, Some(&studio.occlusion.policy.name), count)
            }
            Placeholder::NextMask => after(
                MaskKind::WORDS.iter().copied(),
                Some(studio.occlusion.mask.word()),
                count,
            ),
            Placeholder::NextSticker => {
                let names = studio.occlusion.stickers.iter().map(String::as_str);
                after(names, studio.occlusion.sticker.as_deref(), count)
            }
        }
    }

    /// The beginning of a line with what its placeholders stand for.
    fn filled_in(&self, studio: &Studio, line: &str) -> Result<String, Placeholder> {
        let words = line.split(' ').map(|word| match Placeholder::of(word) {
            Some(placeholder) => {
                let name = self.filled(studio, placeholder, 1).ok_or(placeholder)?;
                Ok(quoted(&name))
            }
            None => Ok(word.to_owned()),
        });
        Ok(words.collect::<Result<Vec<String>, Placeholder>>()?.join(" "))
    }

    fn run_client(&mut self, studio: &Studio, client: ClientCommand) -> Vec<UiAction> {
        match client {
            ClientCommand::Help => {
                self.overlay = match self.overlay {
                    Overlay::Help { .. } => Overlay::None,
                    _ => Overlay::Help { scroll: 0 },
                };
            }
            ClientCommand::Prompt(line) => match self.filled_in(studio, &line.unwrap_or_default()) {
                Ok(line) => self.prompt = Some(Prompt::beginning(line)),
                Err(placeholder) => self.say(placeholder.nothing(), true),
            },
            ClientCommand::Type(beginning) => self.open_value(studio, &beginning.unwrap_or_default()),
            ClientCommand::Page(Some(Page::Strip)) if studio.strips.is_empty() => {
                self.say(Placeholder::Strip.nothing(), true);
            }
            ClientCommand::Page(Some(Page::Picture)) if studio.sources.is_empty() => {
                self.say(Placeholder::Source.nothing(), true);
            }
            ClientCommand::Page(page) => return self.turn_page(studio, page),
            ClientCommand::Layout(layout) => self.lay_out(layout),
            ClientCommand::Zoom(zoom) => self.zoom_to(studio, zoom),
            ClientCommand::Theme(name) => self.choose_theme(name),
            ClientCommand::Mark if self.page == Some(Page::Picture) => {
                match self.filled(studio, Placeholder::Source, 1) {
                    Some(name) => {
                        self.say(format!("{name} is marked to copy from"), false);
                        self.marked_source = Some(name);
                    }
                    None => self.say(Placeholder::Source.nothing(), true),
                }
            }
            ClientCommand::Mark if self.page == Some(Page::Moderation) => match self.mark_held(studio) {
                Some(name) => self.say(format!("a span begins at {name}"), false),
                None => self.say(Placeholder::From.nothing(), true),
            },
            ClientCommand::Mark => match self.filled(studio, Placeholder::Strip, 1) {
                Some(name) => {
                    self.say(format!("{name} is marked to copy from"), false);
                    self.marked = Some(name);
                }
                None => self.say(Placeholder::Strip.nothing(), true),
            },
            ClientCommand::Detach => {
                let first = self.leave_trial();
                return first.into_iter().chain([UiAction::Detach]).collect();
            }
            ClientCommand::Redraw => return vec![UiAction::Redraw],
            ClientCommand::Monitor(mode) => {
                self.monitor_mode = mode.unwrap_or_else(|| self.next_mode());
                self.say(format!("monitors: {}", self.renderer().name()), false);
            }
            ClientCommand::Colors(mode) => {
                self.color_mode = mode.unwrap_or_else(|| {
                    let at = ColorMode::ALL.iter().position(|mode| *mode == self.color_mode);
                    ColorMode::ALL[(at.unwrap_or(0) + 1) % ColorMode::ALL.len()]
                });
                self.say(format!("colours: {}", self.color_mode.word()), false);
            }
            ClientCommand::Cap(cap) => {
                self.cap_kb = cap;
                self.say(
                    cap.map_or_else(
                        || "pictures take what the link carries".to_owned(),
                        |kb| format!("pictures take at most {kb} kB/s"),
                    ),
                    false,
                );
            }
            ClientCommand::Bell(switch) => self.switch_bell(switch),
            ClientCommand::Events(command) => return self.run_events(studio, command),
            ClientCommand::Select(what, by) => self.select(studio, what, by),
            ClientCommand::Count(digit) => self.count = counted(self.count, digit),
            ClientCommand::Palette => {
                self.overlay = Overlay::Palette(CommandPalette::open(&self.keymap, self.context()));
            }
            ClientCommand::Repeat => match self.last_line.clone() {
                Some(line) => return self.run_line(studio, &line),
                None => self.say("there is nothing to repeat", true),
            },
        }
        Vec::new()
    }

    /// Opens the prompt with all of the line that sets the selected parameter but the rest of the value.
    fn open_value(&mut self, studio: &Studio, beginning: &str) {
        let page = self.page.unwrap_or(Page::Strip);
        if page == Page::Items {
            return self.open_item(studio, beginning);
        }
        let Some(entry) = self.place.entry(page) else {
            return self.say(Placeholder::Parameter.nothing(), true);
        };
        let line = match page {
            Page::Buses => format!("bus set {} {beginning}", entry.name),
            Page::Picture => {
                let Some(source) = self.filled(studio, Placeholder::Source, 1) else {
                    return self.say(Placeholder::Source.nothing(), true);
                };
                format!("picture set {} {} {beginning}", quoted(&source), entry.name)
            }
            Page::Strip
            | Page::Faces
            | Page::Network
            | Page::Moderation
            | Page::Events
            | Page::Charts
            | Page::Rules
            | Page::Cues
            | Page::Sources
            | Page::Items => {
                let Some(strip) = self.filled(studio, Placeholder::Strip, 1) else {
                    return self.say(Placeholder::Strip.nothing(), true);
                };
                format!("set {} {} {beginning}", quoted(&strip), entry.name)
            }
        };
        self.prompt = Some(Prompt::beginning(line));
    }

    /// Opens the prompt with what says what the selected item shows, where that is letters, else with what moves it.
    fn open_item(&mut self, studio: &Studio, beginning: &str) {
        let scene = self.items_scene(studio);
        let (Some(scene), Some(path)) = (scene, self.item(studio)) else {
            return self.say(Placeholder::Item.nothing(), true);
        };
        let is_text = item_at(&scene.items, &path).is_some_and(|item| matches!(item.what, Shown::Text(_)));
        let verb = if is_text && beginning.is_empty() {
            "text"
        } else {
            "move"
        };
        let line = format!("item {verb} {} {} {beginning}", quoted(&scene.name), quoted(&path));
        self.prompt = Some(Prompt::beginning(line));
    }

    /// Moves a selection. A strip and the source whose sound it is are selected together.
    pub(super) fn select(&mut self, studio: &Studio, what: Selection, by: Step) {
        let selected = &mut self.selected;
        match what {
            Selection::Strip => {
                selected.strip = step(selected.strip, studio.strips.len(), by);
                let name = studio.strips.get(selected.strip).map(|strip| &strip.name);
                if let Some(at) = studio.sources.iter().position(|source| Some(&source.name) == name) {
                    selected.source = at;
                }
            }
            Selection::Source => {
                let at = step(selected.source, studio.sources.len(), by);
                self.select_source(studio, at);
            }
            Selection::Destination => {
                selected.destination = step(selected.destination, studio.destinations.len(), by);
            }
            Selection::Parameter => self.place.step(self.page.unwrap_or(Page::Strip), by),
            Selection::Stage => self.place.step_stage(self.page.unwrap_or(Page::Strip), by),
            Selection::Face => self.step_face(studio, by),
            Selection::Word => self.step_held(studio, by),
            Selection::Event => self.step_event(studio, by),
            Selection::Item => self.step_item(studio, by),
            Selection::Scene => self.step_items_scene(studio, by),
            Selection::Cue => self.step_cue(studio, by),
            Selection::Find => self.step_find(studio, by),
            Selection::Pane => self.step_focus(studio, by),
        }
    }
}

/// What is filled with a value that is a step, or several, from the one that is.
const PACED: [&str; 5] = [
    "{hold_up}",
    "{hold_down}",
    "{next_policy}",
    "{next_mask}",
    "{next_sticker}",
];

/// The name `count` after `now` in the list, round its end; counted from before the first where `now` is not in it.
fn after<'a>(names: impl Iterator<Item = &'a str>, now: Option<&str>, count: u8) -> Option<String> {
    let names: Vec<&str> = names.collect();
    let at = names.iter().position(|name| Some(*name) == now);
    let first = at.map_or(0, |at| at + 1);
    let to = (first + usize::from(count) - 1).checked_rem(names.len())?;
    names.get(to).map(|name| (*name).to_owned())
}
