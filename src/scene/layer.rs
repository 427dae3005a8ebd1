//! One layer of a show: a file, an environment variable or a `--set` argument, held against the schema while the text is
//! at hand, so that every error has its line and column. What comes out are plain values for `config` to merge.

use std::ops::Range;
use std::sync::Arc;

use config::{Map, Value, ValueKind};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Diagnostic, Place, Spot};
use super::places::Places;
use super::schema::{self, Key, Kind, ROOT};
use super::toml_errors::remedy;
use super::value::{Length, parse_color, parse_rate};
use crate::suggest;

/// Values by key, as `config` takes them.
pub(super) type Table = Map<String, Value>;

/// Where the characters of a layer are.
enum Locator<'a> {
    /// In a text: the name of its file, and the byte at which each line starts.
    Text {
        file: Arc<str>,
        text: &'a str,
        lines: Vec<usize>,
    },
    /// All in one place: a variable, an argument.
    Spot(Spot),
}

impl<'a> Locator<'a> {
    /// Finds places in `text`, the content of `file`.
    fn of(file: &Arc<str>, text: &'a str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Self::Text {
            file: Arc::clone(file),
            text,
            lines: lines.collect(),
        }
    }
}

/// Reads the tables of one layer against the schema.
struct Reader<'a> {
    layer: usize,
    locator: Locator<'a>,
    places: &'a mut Places,
    errors: &'a mut Vec<Diagnostic>,
}

/// Reads `text`, the content of `file`, whose top level may have `keys`. `None` where it is no TOML; the errors then say why.
pub(super) fn read_text(
    layer: usize,
    file: &Arc<str>,
    text: &str,
    keys: &'static [Key],
    places: &mut Places,
    errors: &mut Vec<Diagnostic>,
) -> Option<Table> {
    let mut reader = Reader {
        layer,
        locator: Locator::of(file, text),
        places,
        errors,
    };
    match DeTable::parse(text) {
        Ok(root) => Some(reader.table("", root.get_ref(), keys)),
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            let message = remedy(error.message(), text, &span);
            reader.error(&span, "", message);
            None
        }
    }
}

/// Reads what the preset in `text`, the content of `file`, has for `section`, as if it were written at the dotted key `path`. `None`
/// where it has no such table, or is no TOML, which is an error then.
pub(super) fn read_section(
    layer: usize,
    file: &Arc<str>,
    text: &str,
    (section, path): (&str, &str),
    places: &mut Places,
    errors: &mut Vec<Diagnostic>,
) -> Option<Table> {
    let Kind::Table(keys) = schema::PRESET.iter().find(|key| key.name == section)?.kind else {
        return None;
    };
    let mut reader = Reader {
        layer,
        locator: Locator::of(file, text),
        places,
        errors,
    };
    let root = match DeTable::parse(text) {
        Ok(root) => root,
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            let message = remedy(error.message(), text, &span);
            reader.error(&span, "", message);
            return Some(Table::new());
        }
    };
    let DeValue::Table(found) = root.get_ref().get(section)?.get_ref() else {
        return None;
    };
    let table = reader.table(path, found, keys);
    let mut around = table;
    for part in path.rsplit('.') {
        around = std::iter::once((part.to_owned(), plain(around))).collect();
    }
    Some(around)
}

/// Reads `text` as the value of the dotted key `path`. It was typed on a command line or in an environment: it needs no
/// quotes. `None` where there is no such key.
pub(super) fn read_typed(
    layer: usize,
    spot: Spot,
    path: &str,
    text: &str,
    places: &mut Places,
    errors: &mut Vec<Diagnostic>,
) -> Option<Table> {
    let document = format!("value = {text}");
    let value = typed(schema::kind_at(path), text, &document);
    let mut reader = Reader {
        layer,
        locator: Locator::Spot(spot),
        places,
        errors,
    };
    let parts: Vec<&str> = path.split('.').collect();
    let (first, rest) = parts.split_first()?;
    let value = rest.iter().rev().fold(value, |value, part| {
        let entry = (Spanned::new(0..0, (*part).into()), Spanned::new(0..0, value));
        DeValue::Table(std::iter::once(entry).collect())
    });
    let entry = (Spanned::new(0..0, (*first).into()), Spanned::new(0..0, value));
    Some(reader.table("", &std::iter::once(entry).collect(), ROOT))
}

/// `text` as the TOML value in `document` where the schema wants something that TOML writes in its own way, otherwise as it
/// is.
fn typed<'a>(kind: Option<&Kind>, text: &'a str, document: &'a str) -> DeValue<'a> {
    let quoted = DeValue::String(text.into());
    if matches!(
        kind,
        None | Some(Kind::Text | Kind::Address | Kind::Color | Kind::Length | Kind::Choice(_) | Kind::Rate)
    ) {
        return quoted;
    }
    let Ok(mut parsed) = DeTable::parse(document) else {
        return quoted;
    };
    // A second key would mean that the text had a line end in it and went on.
    let mut entries = std::mem::take(parsed.get_mut()).into_iter();
    match (entries.next(), entries.next(), kind) {
        (Some((_, value)), None, Some(Kind::Secret)) if !value.get_ref().is_table() => quoted,
        (Some((_, value)), None, _) => value.into_inner(),
        _ => quoted,
    }
}

/// `parent.key`, or `key` at the top.
fn join(parent: &str, key: &str) -> String {
    if parent.is_empty() {
        key.to_owned()
    } else {
        format!("{parent}.{key}")
    }
}

/// What kind of value this is, in the words of TOML.
fn describe(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// What to write instead of `value`, where that is plain to see. Says nothing of what may be a secret.
fn instead(value: &DeValue<'_>, kind: &Kind, path: &str) -> String {
    let said = match (kind, value) {
        (Kind::Flag, DeValue::String(text)) => match text.to_lowercase().as_str() {
            "true" | "yes" | "on" => "true, without quotes",
            "false" | "no" | "off" => "false, without quotes",
            _ => return String::new(),
        },
        (Kind::Flag, DeValue::Integer(_)) => match integer(value) {
            Some(0) => "false",
            Some(1) => "true",
            _ => return String::new(),
        },
        (Kind::Integer(..) | Kind::Number(..) | Kind::OneOf(_), DeValue::String(text))
            if text.parse::<f64>().is_ok() =>
        {
            "the number without quotes"
        }
        (Kind::Integer(..) | Kind::OneOf(_), DeValue::Float(_)) => return "; whole numbers have no point".to_owned(),
        (Kind::List(_), DeValue::Table(_)) if path.contains('[') => "it in square brackets, as [{ … }]",
        (Kind::List(_), DeValue::Table(_)) => return format!("; write [[{path}]] with two brackets, or [{{ … }}]"),
        (Kind::Texts, DeValue::String(_)) => "it in square brackets, as [\"…\"]",
        (Kind::Lengths, DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_)) => "both, as [\"50%\", \"50%\"]",
        (Kind::Text | Kind::Address, DeValue::Integer(_) | DeValue::Float(_)) => "it in quotes",
        _ => return String::new(),
    };
    format!("; write {said}")
}

/// What may be meant by the key `name`, where only `keys` are known: a near name, one that goes on like this, or the table that it
/// belongs into. `is_inside` is whether these are the keys of a table.
fn meant(name: &str, keys: &'static [Key], is_inside: bool) -> String {
    let near = suggest::nearest(name, keys.iter().map(|key| key.name));
    if near.is_none() {
        let longer = |key: &&Key| key.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'));
        if let Some(key) = keys.iter().find(longer) {
            return format!("; did you mean \"{}\"?", key.name);
        }
        let has = |inner: &[Key]| inner.iter().any(|inner| inner.name == name);
        let around = keys
            .iter()
            .find(|key| matches!(key.kind, Kind::Table(inner) if has(inner)));
        if let Some(key) = around {
            return if is_inside {
                format!("; it belongs into {} = {{ {name} = … }}", key.name)
            } else {
                format!("; it belongs under [{}]", key.name)
            };
        }
        let named = keys
            .iter()
            .find(|key| matches!(key.kind, Kind::Named(inner) if has(inner)));
        if let Some(key) = named.filter(|_| !is_inside) {
            return format!("; it belongs under [{}.NAME]", key.name);
        }
        if is_inside && has(ROOT) {
            return "; it belongs at the top of the file, before the first [table]".to_owned();
        }
    }
    suggest::hint(name, keys.iter().map(|key| key.name))
}

/// What the schema asks for, in words.
fn wanted(kind: &Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Flag => "true or false".to_owned(),
        Kind::Integer(low, high) => format!("a whole number from {low} to {high}"),
        Kind::OneOf(numbers) => numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "),
        Kind::Number(low, high) => format!("a number from {low} to {high}"),
        Kind::Choice(words) => format!("one of \"{}\"", words.join("\", \"")),
        Kind::Rate => "frames per second from 1 to 120, as 30 or \"30000/1001\"".to_owned(),
        Kind::Lengths => "two lengths, each in pixels or as \"50%\" of the program".to_owned(),
        Kind::Length => "a length in pixels or as \"5%\" of the program's height".to_owned(),
        Kind::Color => "a colour as \"#rrggbb\", or \"#rrggbbaa\" with its opacity".to_owned(),
        Kind::Address => "an address as text".to_owned(),
        Kind::Values => "a table of texts as { price = \"9.90\" }".to_owned(),
        Kind::Secret => "text, { env = \"VARIABLE\" } or { file = \"path\" }".to_owned(),
        Kind::Texts => "a list of texts".to_owned(),
        Kind::Table(_) => "a table".to_owned(),
        Kind::Named(_) => "tables with names".to_owned(),
        Kind::List(_) => "a list of tables".to_owned(),
    }
}

fn plain(kind: impl Into<ValueKind>) -> Value {
    Value::new(None, kind)
}

impl Reader<'_> {
    /// The place of the first character of `span`.
    fn place(&self, span: &Range<usize>) -> Place {
        let spot = match &self.locator {
            Locator::Text { file, text, lines } => {
                let line = lines.partition_point(|start| *start <= span.start);
                let start = lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
                let column = text.get(start..span.start).map_or(0, |before| before.chars().count()) + 1;
                Spot::Text {
                    file: Arc::clone(file),
                    line,
                    column,
                }
            }
            Locator::Spot(spot) => spot.clone(),
        };
        Place {
            layer: self.layer,
            spot,
        }
    }

    fn error(&mut self, span: &Range<usize>, key: &str, message: impl Into<String>) {
        let place = self.place(span);
        self.errors.push(Diagnostic::error(place, key, message));
    }

    /// "expected … , found …", without the value itself, which may be a secret.
    fn mismatch(&mut self, path: &str, value: &Spanned<DeValue<'_>>, kind: &Kind) {
        let found = value.get_ref();
        let message = format!("expected {}, found {}", wanted(kind), describe(found));
        let hint = instead(found, kind, path);
        self.error(&value.span(), path, format!("{message}{hint}"));
    }

    fn table(&mut self, path: &str, table: &DeTable<'_>, keys: &'static [Key]) -> Table {
        let mut read = Table::new();
        for (name, value) in in_order(table) {
            let path = join(path, name.get_ref());
            let Some(key) = keys.iter().find(|key| key.name == name.get_ref().as_ref()) else {
                self.error(
                    &name.span(),
                    &path,
                    format!(
                        "unknown key{}",
                        meant(name.get_ref(), keys, path.len() > name.get_ref().len())
                    ),
                );
                continue;
            };
            let span = match key.kind {
                Kind::Table(_) | Kind::Named(_) | Kind::List(_) | Kind::Values => name.span(),
                _ => value.span(),
            };
            let place = self.place(&span);
            self.places.set(&path, place);
            let value = match &key.kind {
                Kind::Named(keys) => self.named(&path, value, keys, &key.kind),
                kind => self.value(&path, value, kind),
            };
            if let Some(value) = value {
                read.insert(key.name.to_owned(), value);
            }
        }
        read
    }

    fn named(
        &mut self,
        section: &str,
        value: &Spanned<DeValue<'_>>,
        keys: &'static [Key],
        kind: &Kind,
    ) -> Option<Value> {
        let DeValue::Table(tables) = value.get_ref() else {
            self.mismatch(section, value, kind);
            return None;
        };
        let mut read = Table::new();
        for (name, value) in in_order(tables) {
            let path = join(section, name.get_ref());
            if !schema::is_name(name.get_ref()) {
                let message = "not a name: letters, digits, \"-\" and \"_\", 32 at most";
                self.error(&name.span(), &path, message);
                continue;
            }
            let DeValue::Table(table) = value.get_ref() else {
                let message = format!("expected a table [{path}], found {}", describe(value.get_ref()));
                self.error(&value.span(), &path, message);
                continue;
            };
            let place = self.place(&name.span());
            self.places.set(&path, place);
            self.places.add_name(section, name.get_ref());
            let table = self.table(&path, table, keys);
            read.insert(name.get_ref().to_string(), plain(table));
        }
        Some(plain(read))
    }

    /// `value` as the schema wants it. Secrets and lengths come out as lists of texts: a list replaces what a lower layer
    /// says, where tables would be merged key by key.
    fn value(&mut self, path: &str, value: &Spanned<DeValue<'_>>, kind: &Kind) -> Option<Value> {
        match (kind, value.get_ref()) {
            (Kind::Table(keys), DeValue::Table(table)) => return Some(plain(self.table(path, table, keys))),
            (Kind::List(keys), DeValue::Array(entries)) => return Some(self.list(path, entries, keys)),
            (Kind::Texts, DeValue::Array(entries)) => return Some(self.texts(path, entries)),
            (Kind::Values, DeValue::Table(table)) => return Some(self.values(path, table)),
            (Kind::Text | Kind::Address, DeValue::String(text)) => return Some(plain(text.as_ref())),
            (Kind::Color, DeValue::String(text)) => {
                let color = parse_color(text).map(|_| text.as_ref());
                return self.in_range(path, value, kind, color);
            }
            (Kind::Length, DeValue::Integer(_) | DeValue::Float(_) | DeValue::String(_)) => {
                let text = written(value.get_ref());
                return self.in_range(path, value, kind, text.filter(|text| Length::parse(text).is_some()));
            }
            (Kind::Flag, DeValue::Boolean(flag)) => return Some(plain(*flag)),
            (Kind::Choice(words), DeValue::String(text)) => {
                if words.contains(&text.as_ref()) {
                    return Some(plain(text.as_ref()));
                }
                let hint = suggest::nearest(text, words.iter().copied());
                let hint = hint.map_or_else(String::new, |word| format!("; did you mean \"{word}\"?"));
                self.error(&value.span(), path, format!("expected {}{hint}", wanted(kind)));
                return None;
            }
            (Kind::Integer(low, high), DeValue::Integer(_)) => {
                let number = integer(value.get_ref());
                return self.in_range(path, value, kind, number.filter(|n| (low..=high).contains(&n)));
            }
            (Kind::OneOf(numbers), DeValue::Integer(_)) => {
                let number = integer(value.get_ref());
                return self.in_range(path, value, kind, number.filter(|n| numbers.contains(n)));
            }
            (Kind::Number(low, high), DeValue::Integer(_) | DeValue::Float(_)) => {
                let number = number(value.get_ref()).filter(|n| (low..=high).contains(&n));
                return self.in_range(path, value, kind, number);
            }
            (Kind::Rate, DeValue::Integer(_) | DeValue::Float(_) | DeValue::String(_)) => {
                let text = written(value.get_ref());
                let rate = text.as_deref().and_then(parse_rate).and(text);
                return self.in_range(path, value, kind, rate);
            }
            (Kind::Lengths, DeValue::Array(entries)) if entries.len() == 2 => {
                let lengths = entries.iter().map(|entry| {
                    let text = written(entry.get_ref());
                    let text = text.filter(|text| Length::parse(text).is_some());
                    self.in_range(path, entry, kind, text)
                });
                let lengths: Vec<Option<Value>> = lengths.collect();
                return lengths.into_iter().collect::<Option<Vec<Value>>>().map(plain);
            }
            (Kind::Secret, DeValue::String(text)) => return Some(plain(vec!["text", text.as_ref()])),
            (Kind::Secret, DeValue::Table(table)) => {
                let mut entries = table
                    .iter()
                    .map(|(key, value)| (key.get_ref().as_ref(), value.get_ref()));
                if let (Some((from @ ("env" | "file"), DeValue::String(name))), None) = (entries.next(), entries.next())
                {
                    return Some(plain(vec![from, name.as_ref()]));
                }
            }
            _ => {}
        }
        self.mismatch(path, value, kind);
        None
    }

    /// `found`, or an error that names the bounds.
    fn in_range<T: Into<ValueKind>>(
        &mut self,
        path: &str,
        value: &Spanned<DeValue<'_>>,
        kind: &Kind,
        found: Option<T>,
    ) -> Option<Value> {
        if found.is_none() {
            let found = written(value.get_ref()).unwrap_or_else(|| describe(value.get_ref()).to_owned());
            self.error(&value.span(), path, format!("expected {}, found {found}", wanted(kind)));
        }
        found.map(plain)
    }

    fn list(&mut self, path: &str, entries: &[Spanned<DeValue<'_>>], keys: &'static [Key]) -> Value {
        self.places.forget_entries(path);
        let mut read = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("{path}[{index}]");
            let place = self.place(&entry.span());
            self.places.set(&path, place);
            if let DeValue::Table(table) = entry.get_ref() {
                read.push(plain(self.table(&path, table, keys)));
            } else {
                let message = format!("expected a table, found {}", describe(entry.get_ref()));
                self.error(&entry.span(), &path, message);
            }
        }
        plain(read)
    }

    /// Texts with names that the writer chooses. A number is taken as it is written: a price is no less a text.
    fn values(&mut self, path: &str, table: &DeTable<'_>) -> Value {
        let mut read = Table::new();
        for (name, value) in in_order(table) {
            let name_text = name.get_ref();
            let key = join(path, name_text);
            if !schema::is_name(name_text) {
                let message = "not a name: letters, digits, \"-\" and \"_\", 32 at most";
                self.error(&name.span(), &key, message);
                continue;
            }
            let place = self.place(&value.span());
            self.places.set(&key, place);
            self.places.add_name(path, name_text);
            match written(value.get_ref()) {
                Some(text) => {
                    read.insert(name_text.to_string(), plain(text));
                }
                None => self.mismatch(&key, value, &Kind::Text),
            }
        }
        plain(read)
    }

    fn texts(&mut self, path: &str, entries: &[Spanned<DeValue<'_>>]) -> Value {
        self.places.forget_entries(path);
        let mut read = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let path = format!("{path}[{index}]");
            let place = self.place(&entry.span());
            self.places.set(&path, place);
            if let DeValue::String(text) = entry.get_ref() {
                read.push(plain(text.as_ref()));
            } else {
                self.mismatch(&path, entry, &Kind::Text);
            }
        }
        plain(read)
    }
}

/// The entries of `table` in the order of the text (the parser sorts them by name).
fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let DeValue::Integer(integer) = value else { return None };
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Float(float) => float.as_str().parse().ok(),
        _ => integer(value).map(|integer| integer as f64),
    }
}

/// The text of a number, or text as it is.
fn written(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Float(float) => Some(float.as_str().to_owned()),
        DeValue::Integer(_) => integer(value).map(|integer| integer.to_string()),
        _ => None,
    }
}
