//! Sources that come, go, change places or get other names, and items that show them: in the text of a scene file.
//!
//! What is not meant stays as it is, byte for byte. A source is known by its name in many places: its own table, those of its strip
//! and its picture, items, stingers, what scenes set on strips, what is recorded. All of them are followed in all files of a show,
//! but for the lines of cues: who names a source there is told by the check, and nothing is changed.

use std::ops::Range;

use thiserror::Error;
use toml_edit::{Document, Item, Key, TableLike, Value};

use super::blocks::{Block, blocks, entry_with_comma, indentation, line_end, line_of, with_gap};
use super::names::listed_names;
use super::splice::{Splices, Spot, key_text, quoted};
use crate::secret::Secret;

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceEdit {
    /// A source that is new, after all others.
    Add {
        /// Its name.
        name: String,
        /// The lines under `[source.NAME]`. One may be a secret.
        lines: Secret,
        /// The lines under `[strip.NAME]`.
        strip: String,
    },
    /// A source gets another name.
    Rename {
        /// The name that it has.
        name: String,
        /// The new one.
        to: String,
    },
    /// Two sources change places.
    Swap(String, String),
    /// A source goes, with everything that is set on it.
    Remove {
        /// Its name.
        name: String,
        /// Whether the items go that show it.
        has_items: bool,
    },
    /// A source is shown by one more item of a scene, on top of the others.
    AddItem {
        /// The scene.
        scene: String,
        /// Keys and values of the item, in TOML.
        keys: Vec<(String, String)>,
    },
    /// An item of a scene goes.
    RemoveItem {
        /// The scene.
        scene: String,
        /// The names of the groups that it is in, and its own, with `/` between them.
        item: String,
    },
    /// Texts that were changed before, as a whole.
    Whole {
        /// As they were.
        before: Vec<Secret>,
        /// As they are to be.
        after: Vec<Secret>,
    },
}

/// Why a text cannot be changed so. A sentence for a person.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SourceEditError {
    /// A text is no TOML.
    #[error("a file of this show is no TOML any more; repair it first")]
    NoToml,
    /// The source stands elsewhere.
    #[error("source {0} does not stand in the files of this show")]
    NoSource(String),
    /// They do not stand in the same file, or not in the same way.
    #[error("sources {0} and {1} are not written in the same way in the same file: change their order there")]
    Apart(String, String),
    /// Something is written in a way that cannot be changed.
    #[error(
        "{0} is written in a way that cannot be changed here: write it as a table of its own, as docs/scenes.md has it"
    )]
    Odd(String),
    /// They are not as they were.
    #[error("the files of this show say something else now")]
    Changed,
    /// The scene stands elsewhere.
    #[error("the items of scene {0} do not stand in the files of this show")]
    NoItems(String),
    /// The scene has the items of another.
    #[error("scene {scene} has the items of its template {template}: change those")]
    OfTemplate {
        /// The scene.
        scene: String,
        /// Whose items they are.
        template: String,
    },
    /// The item stands elsewhere.
    #[error("item {item} does not stand in scene {scene}")]
    NoItem {
        /// The scene.
        scene: String,
        /// The item.
        item: String,
    },
}

/// The tables in which sources have something under their names.
const SECTIONS: [&str; 3] = ["source", "strip", "picture"];

impl SourceEdit {
    /// Makes the change in the texts of a show: the lowest first, the scene file last. After an error they are as they were.
    ///
    /// # Errors
    /// Why it cannot be made.
    pub fn apply(&self, texts: &mut [String]) -> Result<(), SourceEditError> {
        let mut made = texts.to_vec();
        match self {
            Self::Add { name, lines, strip } => {
                let last = made.last_mut().ok_or(SourceEditError::NoToml)?;
                *last = added(last, name, lines.expose(), strip)?;
            }
            Self::Rename { name, to } => {
                let mut is_found = false;
                for text in &mut made {
                    is_found |= with(text, |work| work.rename(name, to))?;
                }
                is_found
                    .then_some(())
                    .ok_or_else(|| SourceEditError::NoSource(name.clone()))?;
            }
            Self::Swap(one, other) => {
                let mut is_done = false;
                // The lowest file that has them says in which order they are.
                for text in &mut made {
                    if !is_done {
                        is_done = with(text, |work| work.swap(one, other))?;
                    }
                }
                let apart = || SourceEditError::Apart(one.clone(), other.clone());
                is_done.then_some(()).ok_or_else(apart)?;
            }
            Self::Remove { name, has_items } => {
                let mut is_found = false;
                for text in &mut made {
                    is_found |= with(text, |work| work.remove(name))?;
                    if *has_items {
                        with_all_items_gone(text, name)?;
                    }
                }
                is_found
                    .then_some(())
                    .ok_or_else(|| SourceEditError::NoSource(name.clone()))?;
            }
            Self::AddItem { scene, keys } => {
                let text = owner(&mut made, scene)?;
                with(text, |work| work.add_item(scene, keys))?;
            }
            Self::Whole { before, after } => {
                if !made.iter().eq(before.iter().map(Secret::expose)) {
                    return Err(SourceEditError::Changed);
                }
                made = after.iter().map(|text| text.expose().to_owned()).collect();
            }
            Self::RemoveItem { scene, item } => {
                let text = owner(&mut made, scene)?;
                with(text, |work| work.remove_item(scene, item))?;
            }
        }
        for (text, made) in texts.iter_mut().zip(made) {
            *text = made;
        }
        Ok(())
    }
}

/// The text in which the items of a scene stand; the one that is laid over the others, if there are several.
fn owner<'t>(texts: &'t mut [String], scene: &str) -> Result<&'t mut String, SourceEditError> {
    let mut template = None;
    for text in texts.iter_mut().rev() {
        let document = Document::parse(text.as_str()).map_err(|_| SourceEditError::NoToml)?;
        let all = Spot::root(document.as_table()).table("scene");
        let Some(found) = all.and_then(|all| all.table(scene)) else {
            continue;
        };
        if found.has("items") {
            return Ok(text);
        }
        template = template.or(found.text("template").map(str::to_owned));
    }
    let scene = scene.to_owned();
    Err(match template {
        Some(template) => SourceEditError::OfTemplate { scene, template },
        None => SourceEditError::NoItems(scene),
    })
}

/// A text that is read, and what is to be done to it.
struct Work<'t> {
    text: &'t str,
    document: &'t Document<&'t str>,
    blocks: Vec<Block>,
    /// Ranges that are to be something else, or nothing.
    cuts: Vec<(Range<usize>, String)>,
}

/// Lets `change` work on `text`; returns whether it has found anything to do.
fn with(
    text: &mut String,
    change: impl FnOnce(&mut Work<'_>) -> Result<bool, SourceEditError>,
) -> Result<bool, SourceEditError> {
    let document = Document::parse(text.as_str()).map_err(|_| SourceEditError::NoToml)?;
    let mut work = Work {
        text,
        blocks: blocks(text, &document),
        document: &document,
        cuts: Vec::new(),
    };
    let is_found = change(&mut work)?;
    let made = spliced(text, work.cuts);
    *text = made;
    Ok(is_found)
}

/// `text` with the cuts made. Those that reach into one another become one.
fn spliced(text: &str, mut cuts: Vec<(Range<usize>, String)>) -> String {
    cuts.sort_by_key(|(range, _)| (range.start, range.end));
    let mut joined: Vec<(Range<usize>, String)> = Vec::new();
    for (range, with) in cuts {
        match joined.last_mut() {
            Some((last, said)) if range.start < last.end => {
                last.end = last.end.max(range.end);
                said.push_str(&with);
            }
            _ => joined.push((range, with)),
        }
    }
    let mut splices = Splices::new(text);
    for (range, with) in joined {
        splices.put(range, with);
    }
    splices.done()
}

/// `text` with a source more, after the last one.
fn added(text: &str, name: &str, lines: &str, strip: &str) -> Result<String, SourceEditError> {
    let document = Document::parse(text).map_err(|_| SourceEditError::NoToml)?;
    let is_closed = |section: &str| {
        let item = document.as_table().get(section);
        item.is_some_and(|item| item.as_table().is_none_or(toml_edit::Table::is_dotted))
    };
    if let Some(section) = ["source", "strip"].into_iter().find(|section| is_closed(section)) {
        return Err(SourceEditError::Odd(section.to_owned()));
    }
    let end = line_end(text);
    let block = |section: &str, lines: &str| {
        let mut block = format!("[{section}.{}]", key_text(name));
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            block.push_str(end);
            block.push_str(line);
        }
        block
    };
    let mut all = block("source", lines);
    if !strip.is_empty() {
        all = format!("{all}{end}{end}{}", block("strip", strip));
    }
    let blocks = blocks(text, &document);
    // After the last source, and what is set on it right behind it.
    let last = blocks.iter().rposition(|block| block.is_within(&["source"]));
    let after = last.map(|last| {
        let own = blocks[last].path.get(1);
        let following = blocks[last + 1..].iter();
        let belonging =
            following.take_while(|block| block.path.get(1) == own && SECTIONS.contains(&block.path[0].as_str()));
        last + belonging.count()
    });
    let at = after.map(|at| blocks[at].body.end);
    Ok(match at {
        Some(at) => spliced(text, vec![(at..at, format!("{end}{end}{all}"))]),
        None if text.trim().is_empty() => format!("{all}{end}"),
        None => format!("{}{end}{end}{all}{end}", text.trim_end()),
    })
}

fn with_all_items_gone(text: &mut String, source: &str) -> Result<(), SourceEditError> {
    // One after the other: each changes where the next one stands.
    while with(text, |work| work.remove_item_of(source))? {}
    Ok(())
}

impl<'t> Work<'t> {
    fn root(&self) -> Spot<'t> {
        Spot::root(self.document.as_table())
    }

    fn scenes(&self) -> Vec<(String, Spot<'t>)> {
        let Some(all) = self.root().table("scene") else {
            return Vec::new();
        };
        let names = all.names();
        names
            .into_iter()
            .filter_map(|name| Some((name.clone(), all.table(&name)?)))
            .collect()
    }

    /// The tables that have things under names of sources, each with the way to it.
    fn sections(&self) -> Vec<(Vec<String>, Spot<'t>)> {
        let own = SECTIONS
            .iter()
            .map(|name| (vec![(*name).to_owned()], self.root().table(name)));
        let of_scenes = self.scenes().into_iter().map(|(name, scene)| {
            let path = vec!["scene".to_owned(), name, "strips".to_owned()];
            (path, scene.table("strips"))
        });
        own.chain(of_scenes)
            .filter_map(|(path, spot)| Some((path, spot?)))
            .collect()
    }

    fn put(&mut self, range: Range<usize>, with: impl Into<String>) {
        self.cuts.push((range, with.into()));
    }

    fn rename(&mut self, name: &str, to: &str) -> Result<bool, SourceEditError> {
        let mut is_found = false;
        for (path, section) in self.sections() {
            let Some((key, item)) = section.entry(name) else {
                continue;
            };
            is_found |= path[0] == "source";
            if is_with_headers(item) {
                self.rename_headers(&path, name, to)?;
            } else if let Some(span) = only_key(key, item) {
                self.put(span, key_text(to));
            } else {
                return Err(SourceEditError::Odd(format!("{}.{name}", path.join("."))));
            }
        }
        let mut values = Vec::new();
        for (_, scene) in self.scenes() {
            if let Some(items) = scene.list("items") {
                shown(&items, &mut values);
            }
            values.extend(scene.table("transition").and_then(|set| set.value("stinger")));
        }
        values.extend(self.root().table("transition").and_then(|set| set.value("stinger")));
        let recorded = self.root().table("recording").and_then(|set| set.value("strips"));
        values.extend(recorded.and_then(Value::as_array).into_iter().flatten());
        for value in values {
            if value.as_str() == Some(name)
                && let Some(span) = value.span()
            {
                self.put(span, quoted(to));
            }
        }
        Ok(is_found)
    }

    fn rename_headers(&mut self, section: &[String], name: &str, to: &str) -> Result<(), SourceEditError> {
        let mut path: Vec<&str> = section.iter().map(String::as_str).collect();
        path.push(name);
        let at = section.len();
        let blocks = self.blocks.clone();
        for block in blocks.iter().filter(|block| block.is_within(&path)) {
            let mut names = block.path.clone();
            to.clone_into(&mut names[at]);
            let dotted = names.iter().map(|name| key_text(name)).collect::<Vec<_>>().join(".");
            let header = self.text.get(block.header.clone()).unwrap_or_default();
            if !header.starts_with('[') || !header.ends_with(']') {
                return Err(SourceEditError::Odd(path.join(".")));
            }
            let made = if block.is_entry {
                format!("[[{dotted}]]")
            } else {
                format!("[{dotted}]")
            };
            self.put(block.header.clone(), made);
        }
        Ok(())
    }

    /// Where a source stands as a whole: its table with those within it that follow, or its line.
    fn whole(&self, name: &str) -> Result<Option<(bool, Range<usize>)>, SourceEditError> {
        let odd = || SourceEditError::Odd(format!("source.{name}"));
        let Some(section) = self.root().table("source") else {
            return Ok(None);
        };
        let Some((key, item)) = section.entry(name) else {
            return Ok(None);
        };
        if !is_with_headers(item) {
            let lines = self.lines(&section, key, item).ok_or_else(odd)?;
            return match lines.as_slice() {
                [line] => Ok(Some((false, line.clone()))),
                _ => Err(odd()),
            };
        }
        let is_own = |block: &&Block| block.is_within(&["source", name]);
        let first = self.blocks.iter().position(|block| is_own(&block)).ok_or_else(odd)?;
        let last = self.blocks[first..].iter().take_while(is_own).last().ok_or_else(odd)?;
        Ok(Some((true, self.blocks[first].body.start..last.body.end)))
    }

    fn swap(&mut self, one: &str, other: &str) -> Result<bool, SourceEditError> {
        let (Some((is_table, first)), Some((is_other_table, second))) = (self.whole(one)?, self.whole(other)?) else {
            return Ok(false);
        };
        if is_table != is_other_table || (first.start < second.end && second.start < first.end) {
            return Ok(false);
        }
        let texts = [&first, &second].map(|range| self.text.get(range.clone()).unwrap_or_default().to_owned());
        let [one, other] = texts;
        self.put(first, other);
        self.put(second, one);
        Ok(true)
    }

    fn remove(&mut self, name: &str) -> Result<bool, SourceEditError> {
        let mut is_found = false;
        for (path, section) in self.sections() {
            let Some((key, item)) = section.entry(name) else {
                continue;
            };
            is_found |= path[0] == "source";
            if is_with_headers(item) {
                let mut within: Vec<&str> = path.iter().map(String::as_str).collect();
                within.push(name);
                let bodies = self.blocks.iter().filter(|block| block.is_within(&within));
                let bodies: Vec<_> = bodies.map(|block| with_gap(self.text, &block.body)).collect();
                for body in bodies {
                    self.put(body, "");
                }
                continue;
            }
            let lines = self.lines(&section, key, item);
            let lines = lines.ok_or_else(|| SourceEditError::Odd(format!("{}.{name}", path.join("."))))?;
            for line in lines {
                let end = self
                    .text
                    .get(line.end..)
                    .map_or(0, |rest| rest.find('\n').map_or(rest.len(), |found| found + 1));
                self.put(line.start..line.end + end, "");
            }
        }
        // What is recorded of it is recorded no more.
        let recorded = self.root().table("recording").and_then(|set| set.value("strips"));
        if let Some(list) = recorded.and_then(Value::as_array)
            && let Some(at) = list.iter().position(|value| value.as_str() == Some(name))
            && is_found
        {
            let range = entry_with_comma(self.text, list, at);
            let range = range.ok_or_else(|| SourceEditError::Odd("recording.strips".to_owned()))?;
            self.put(range, "");
        }
        Ok(is_found)
    }

    /// The lines of something that is written without a header: one, or one for each of its dotted keys. `None` between braces.
    fn lines(&self, section: &Spot<'_>, key: &Key, item: &Item) -> Option<Vec<Range<usize>>> {
        if section.is_inline() {
            return None;
        }
        let mut spans = Vec::new();
        match item {
            Item::Value(value) if value.as_inline_table().is_none_or(|table| !table.is_dotted()) => {
                spans.push(key.span()?.start..value.span()?.end);
            }
            Item::Value(Value::InlineTable(table)) => leaves(table, &mut spans)?,
            Item::Table(table) => leaves(table, &mut spans)?,
            _ => return None,
        }
        let lines = spans.into_iter().map(|span| {
            let before = self.text.get(..span.start)?;
            let start = before.rfind('\n').map_or(0, |found| found + 1);
            Some(start..line_of(self.text, span.end, self.text.len()))
        });
        lines.collect()
    }

    fn add_item(&mut self, scene: &str, keys: &[(String, String)]) -> Result<bool, SourceEditError> {
        let odd = || SourceEditError::Odd(format!("scene.{scene}.items"));
        let end = line_end(self.text);
        let all = self.root().table("scene").ok_or_else(odd)?;
        let spot = all.table(scene).ok_or_else(odd)?;
        let pairs = keys.iter().map(|(key, value)| format!("{} = {value}", key_text(key)));
        let Some(list) = spot.value("items") else {
            let path = ["scene", scene, "items"];
            let last = self
                .blocks
                .iter()
                .rfind(|block| block.is_within(&path))
                .ok_or_else(odd)?;
            let lines: Vec<String> = pairs.collect();
            let header = format!("[[scene.{}.items]]", key_text(scene));
            let at = last.body.end;
            self.put(at..at, format!("{end}{end}{header}{end}{}", lines.join(end)));
            return Ok(true);
        };
        let list = list.as_array().ok_or_else(odd)?;
        let whole = list.span().ok_or_else(odd)?;
        let entry = format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "));
        let Some(last) = list.iter().last().and_then(Value::span) else {
            self.put(whole, format!("[{entry}]"));
            return Ok(true);
        };
        let inside = whole.start + 1..whole.end.saturating_sub(1);
        let rest = self.text.get(last.end..inside.end).unwrap_or_default();
        let has_comma = rest
            .lines()
            .any(|line| line.split('#').next().is_some_and(|said| said.contains(',')));
        let before = self.text.get(inside.start..last.start).unwrap_or_default();
        if !before.contains('\n') || !rest.contains('\n') {
            let at = last.end;
            self.put(at..at, format!(", {entry}"));
            return Ok(true);
        }
        if !has_comma {
            self.put(last.end..last.end, ",");
        }
        let at = line_of(self.text, last.end, inside.end);
        let comma = if has_comma { "," } else { "" };
        let deep = indentation(self.text, last.start);
        self.put(at..at, format!("{end}{deep}{entry}{comma}"));
        Ok(true)
    }

    fn remove_item(&mut self, scene: &str, item: &str) -> Result<bool, SourceEditError> {
        let missing = || SourceEditError::NoItem {
            scene: scene.to_owned(),
            item: item.to_owned(),
        };
        let mut around = self
            .root()
            .table("scene")
            .and_then(|all| all.table(scene))
            .ok_or_else(missing)?;
        let mut key = "items";
        let (groups, name) = item
            .rsplit_once('/')
            .map_or(("", item), |(groups, name)| (groups, name));
        for group in groups.split('/').filter(|group| !group.is_empty()) {
            let list = around.list(key).ok_or_else(missing)?;
            let at = listed_names(&list)
                .iter()
                .position(|known| known == group)
                .ok_or_else(missing)?;
            around = list.get(at).cloned().ok_or_else(missing)?;
            key = "group";
        }
        let list = around.list(key).ok_or_else(missing)?;
        let at = listed_names(&list)
            .iter()
            .position(|known| known == name)
            .ok_or_else(missing)?;
        let odd = || SourceEditError::Odd(format!("scene.{scene}.{key}"));
        let range = self.place_of(&around, key, &list, at).ok_or_else(odd)?;
        self.put(range, "");
        Ok(true)
    }

    /// Where the entry of that number stands in a list of items.
    fn place_of(&self, around: &Spot<'_>, key: &str, list: &[Spot<'_>], at: usize) -> Option<Range<usize>> {
        if let Some(list) = around.value(key) {
            return entry_with_comma(self.text, list.as_array()?, at);
        }
        let header = list.get(at)?.header()?;
        let first = self.blocks.iter().position(|block| block.header == header)?;
        let path: Vec<&str> = self.blocks[first].path.iter().map(String::as_str).collect();
        let within = self.blocks[first + 1..].iter();
        // A next entry of the same list is one of its own.
        let last = within.take_while(|block| block.is_within(&path) && block.path.len() > path.len());
        let last = last.last().unwrap_or(&self.blocks[first]);
        Some(with_gap(self.text, &(self.blocks[first].body.start..last.body.end)))
    }

    /// Takes the first item out that shows that source; whether there was one.
    fn remove_item_of(&mut self, source: &str) -> Result<bool, SourceEditError> {
        for (name, scene) in self.scenes() {
            let Some(items) = scene.list("items") else { continue };
            if let Some(item) = item_of(&items, source) {
                return self.remove_item(&name, &item);
            }
        }
        Ok(false)
    }
}

/// The way to the first item that shows that source.
fn item_of(items: &[Spot<'_>], source: &str) -> Option<String> {
    let names = listed_names(items);
    items.iter().zip(names).find_map(|(item, name)| {
        if item.text("source") == Some(source) {
            return Some(name);
        }
        let within = item_of(&item.list("group")?, source)?;
        Some(format!("{name}/{within}"))
    })
}

/// What items say that they show, in groups as well.
fn shown<'d>(items: &[Spot<'d>], values: &mut Vec<&'d Value>) {
    for item in items {
        values.extend(item.value("source"));
        if let Some(group) = item.list("group") {
            shown(&group, values);
        }
    }
}

/// Whether something has a header, or consists of things that have one.
fn is_with_headers(item: &Item) -> bool {
    item.as_table().is_some_and(|table| !table.is_dotted())
}

/// The place of a key that is written once.
fn only_key(key: &Key, item: &Item) -> Option<Range<usize>> {
    let dotted = match item {
        Item::Value(Value::InlineTable(table)) if table.is_dotted() => Some(table as &dyn TableLike),
        Item::Table(table) => Some(table as &dyn TableLike),
        _ => None,
    };
    if let Some(table) = dotted {
        let mut spans = Vec::new();
        leaves(table, &mut spans)?;
        if spans.len() != 1 {
            return None;
        }
    }
    key.span()
}

/// Keys and values of dotted keys, each as a whole.
fn leaves(table: &dyn TableLike, spans: &mut Vec<Range<usize>>) -> Option<()> {
    for (name, item) in table.iter() {
        match item {
            Item::Value(Value::InlineTable(inner)) if inner.is_dotted() => leaves(inner, spans)?,
            Item::Table(inner) if inner.is_dotted() => leaves(inner, spans)?,
            Item::Value(value) => spans.push(table.key(name)?.span()?.start..value.span()?.end),
            _ => return None,
        }
    }
    Some(())
}

#[cfg(test)]
#[path = "sources_tests.rs"]
mod tests;
