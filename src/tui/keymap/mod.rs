//! Keys are data: a file binds each to a line of the command language, so that every key is also a command for scripts.
//!
//! The shipped file `presets/keymap.toml` is the default; a user's file is merged over it by the same loader. What is wrong
//! in a file is named with its line and column before anything starts: an unknown key or command, a key bound twice, a key
//! that can never be reached because it begins another.
//!
//! Most keys hold everywhere. Those in tables whose heading begins with `Page`, or with the name of a page (`Strip page`,
//! `Faces page` …), hold only while such a page is open; those under the name of a pane (`Mixer pane` …) while that pane has
//! the focus and no page is open. There they go before the others. Each [`Context`] has a [trie](Node) of its own; what holds
//! at a place is one merged over the other.

mod context;
mod key;
mod node;
mod placeholder;
mod read;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

pub use context::Context;
pub use key::Key;
pub use node::Node;
pub use placeholder::Placeholder;

/// The shipped keymap.
const DEFAULT: &str = include_str!("../../../presets/keymap.toml");
const DEFAULT_NAME: &str = "presets/keymap.toml";

/// What a key does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// One key, or several to be pressed one after the other.
    pub keys: Vec<Key>,
    /// The command line, with its placeholders.
    pub line: String,
    /// The heading it stands under in the help.
    pub section: String,
    /// Where it holds, which the heading says.
    pub context: Context,
    /// Where it is written.
    pub origin: Origin,
    /// Its number among all bindings, in the order of the files.
    pub order: usize,
}

/// A place in a keymap file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// As it was named.
    pub file: Arc<str>,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Binding {
    /// The keys as the help shows them.
    #[must_use]
    pub fn keys_text(&self) -> String {
        let names: Vec<String> = self.keys.iter().map(Key::to_string).collect();
        names.join(" ")
    }
}

/// What pressed keys mean.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// They are bound.
    Bound(&'a Binding),
    /// They begin a longer sequence; these are the ways on.
    Pending(Vec<&'a Binding>),
    /// They mean nothing.
    Unbound,
}

/// All bindings.
#[derive(Clone, PartialEq, Eq)]
pub struct Keymap {
    /// What the files bind in each context.
    written: HashMap<Context, Node>,
    /// What holds at each place where keys are pressed, one context merged over the other.
    holding: HashMap<Context, Node>,
    /// How many bindings have been read.
    read: usize,
}

impl fmt::Debug for Keymap {
    /// How many bindings there are: hundreds, each in the tries of many places, would be read by nobody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keymap({} bindings)", self.bindings().len())
    }
}

/// What is wrong in a keymap file, and where.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{at}: {problem}")]
pub struct KeymapError {
    /// The place.
    pub at: Origin,
    /// What is wrong there.
    pub problem: String,
}

impl Keymap {
    /// The shipped keymap.
    ///
    /// # Errors
    /// Never in a tested build: a test loads it.
    pub fn shipped() -> Result<Self, KeymapError> {
        let mut keymap = Self::empty();
        keymap.merge(DEFAULT_NAME, DEFAULT)?;
        Ok(keymap)
    }

    fn empty() -> Self {
        Self {
            written: HashMap::new(),
            holding: HashMap::new(),
            read: 0,
        }
    }

    /// Merges a file over this keymap.
    ///
    /// # Errors
    /// The first thing that is wrong in it, with its position; the keymap is then as it was.
    pub fn merge(&mut self, file: &str, text: &str) -> Result<(), KeymapError> {
        let tries = read::read(file, text, self.read)?;
        for (context, trie) in tries {
            self.read += trie.leaves().len();
            self.written.entry(context).or_default().merge(&trie);
        }
        self.holding = Context::places()
            .map(|place| {
                let mut holding = Node::default();
                for layer in place.layers() {
                    holding.merge(self.written.get(&layer).unwrap_or(&Node::default()));
                }
                (place, holding)
            })
            .collect();
        Ok(())
    }

    /// What these keys, pressed one after the other, mean in `context`.
    #[must_use]
    pub fn lookup(&self, context: Context, keys: &[Key]) -> Lookup<'_> {
        match self.holding.get(&context).and_then(|node| node.at(keys)) {
            None => Lookup::Unbound,
            Some(Node::Leaf(binding)) => Lookup::Bound(binding),
            Some(node) => {
                let ways = in_order(node.leaves());
                if ways.is_empty() {
                    Lookup::Unbound
                } else {
                    Lookup::Pending(ways)
                }
            }
        }
    }

    /// The bindings that hold in `context`, in the order of the files: of those that cannot both be reached, the one of the
    /// narrower context.
    pub fn active(&self, context: Context) -> impl Iterator<Item = &Binding> {
        let holding = self.holding.get(&context).map(Node::leaves).unwrap_or_default();
        in_order(holding).into_iter()
    }

    /// All bindings, in the order of the files.
    #[must_use]
    pub fn bindings(&self) -> Vec<&Binding> {
        in_order(self.written.values().flat_map(Node::leaves).collect())
    }
}

fn in_order(bindings: Vec<&Arc<Binding>>) -> Vec<&Binding> {
    let mut bindings: Vec<&Binding> = bindings.into_iter().map(AsRef::as_ref).collect();
    bindings.sort_by_key(|binding| binding.order);
    bindings
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
