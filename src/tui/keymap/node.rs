//! The trie that keys are looked up in: a key leads on to other keys, or to what it does.
//!
//! Tries are merged over each other in the one same way wherever keys replace keys: a user's file over the shipped one, and
//! the keys of a page or a pane over those that hold everywhere.

use std::sync::Arc;

use super::{Binding, Key};

/// What a key leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// It is bound.
    Leaf(Arc<Binding>),
    /// It begins a sequence; the ways on are in the order of the file.
    Branch(Vec<(Key, Node)>),
}

impl Default for Node {
    fn default() -> Self {
        Self::Branch(Vec::new())
    }
}

impl Node {
    /// Binds `keys` below this node.
    ///
    /// # Errors
    /// The binding that is there already, or that could not be reached any more or would keep this one from being reached.
    pub fn insert(&mut self, keys: &[Key], binding: Arc<Binding>) -> Result<(), Arc<Binding>> {
        let ways = match self {
            Self::Leaf(there) => return Err(Arc::clone(there)),
            Self::Branch(ways) => ways,
        };
        let Some((first, rest)) = keys.split_first() else {
            if let Some(there) = self.leaves().first() {
                return Err(Arc::clone(there));
            }
            *self = Self::Leaf(binding);
            return Ok(());
        };
        let at = ways.iter().position(|(key, _)| key == first).unwrap_or_else(|| {
            ways.push((*first, Self::default()));
            ways.len() - 1
        });
        ways[at].1.insert(rest, binding)
    }

    /// Puts another trie over this one: what it binds replaces what it clashes with, and a line that is empty takes away what
    /// is under it.
    pub fn merge(&mut self, over: &Self) {
        match (self, over) {
            (Self::Branch(ways), Self::Branch(over)) => {
                for (key, node) in over {
                    if let Some(at) = ways.iter().position(|(known, _)| known == key) {
                        ways[at].1.merge(node);
                        if ways[at].1.is_empty() {
                            ways.remove(at);
                        }
                    } else {
                        let mut new = Self::default();
                        new.merge(node);
                        if !new.is_empty() {
                            ways.push((*key, new));
                        }
                    }
                }
            }
            (this, Self::Leaf(binding)) if binding.line.is_empty() => *this = Self::default(),
            (this, over) => {
                *this = Self::default();
                match over {
                    Self::Leaf(_) => this.clone_from(over),
                    Self::Branch(_) => this.merge(over),
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Branch(ways) if ways.is_empty())
    }

    /// Where `keys` lead.
    #[must_use]
    pub fn at(&self, keys: &[Key]) -> Option<&Self> {
        let Some((first, rest)) = keys.split_first() else {
            return Some(self);
        };
        match self {
            Self::Leaf(_) => None,
            Self::Branch(ways) => ways.iter().find(|(key, _)| key == first)?.1.at(rest),
        }
    }

    /// Everything that is bound here and below.
    #[must_use]
    pub fn leaves(&self) -> Vec<&Arc<Binding>> {
        match self {
            Self::Leaf(binding) => vec![binding],
            Self::Branch(ways) => ways.iter().flat_map(|(_, node)| node.leaves()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keymap::{Context, Origin};
    use proptest::prelude::*;

    fn binding(keys: &[Key], line: &str) -> Arc<Binding> {
        Arc::new(Binding {
            keys: keys.to_vec(),
            line: line.to_owned(),
            section: String::new(),
            context: Context::Everywhere,
            origin: Origin::default(),
            order: 0,
        })
    }

    fn trie(pairs: &[(Vec<Key>, String)]) -> Node {
        let mut node = Node::default();
        for (keys, line) in pairs {
            // What clashes is left out.
            let _ = node.insert(keys, binding(keys, line));
        }
        node
    }

    fn any_keys() -> impl Strategy<Value = Vec<(Vec<Key>, String)>> {
        let key = prop_oneof![Just("a"), Just("b"), Just("c")].prop_map(|name| Key::parse(name).unwrap());
        let line = prop_oneof![3 => Just("take"), 1 => Just("")].prop_map(str::to_owned);
        proptest::collection::vec((proptest::collection::vec(key, 1..4), line), 0..8)
    }

    proptest! {
        /// Merged as lists would be: what is over goes first, and what clashes with it is gone.
        #[test]
        fn a_merge_is_what_a_list_would_be(under in any_keys(), over in any_keys()) {
            let mut first = Node::default();
            first.merge(&trie(&under));
            let mut both = first.clone();
            both.merge(&trie(&over));
            let over = trie(&over);
            let clashes = |a: &[Key], b: &[Key]| a.starts_with(b) || b.starts_with(a);
            let mut expected: Vec<Vec<Key>> = first
                .leaves()
                .iter()
                .filter(|old| !over.leaves().iter().any(|new| clashes(&old.keys, &new.keys)))
                .chain(over.leaves().iter().filter(|new| !new.line.is_empty()))
                .map(|binding| binding.keys.clone())
                .collect();
            let mut found: Vec<Vec<Key>> = both.leaves().iter().map(|binding| binding.keys.clone()).collect();
            let text = |keys: &Vec<Key>| keys.iter().map(Key::to_string).collect::<String>();
            expected.sort_by_key(text);
            found.sort_by_key(text);
            prop_assert_eq!(&found, &expected);
            for keys in found {
                prop_assert!(matches!(both.at(&keys), Some(Node::Leaf(binding)) if binding.keys == keys));
            }
        }
    }
}
