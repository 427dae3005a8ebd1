//! Whether conditions hold, and what was seen.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::super::data::{find, kind};
use super::{Comparison, Condition, Expression, Node, Operand, Path, What};

/// One condition of an expression, held against data.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// As it is written.
    pub text: String,
    /// Whether it holds.
    pub is_true: bool,
    /// The paths in it, and what stood there.
    pub values: Vec<(String, Option<Value>)>,
    /// What keeps it from ever holding with such values, where something does.
    pub note: Option<String>,
}

impl Expression {
    /// Whether it holds for `data`.
    #[must_use]
    pub fn holds(&self, data: &Map<String, Value>) -> bool {
        holds(&self.root, data)
    }

    /// Whether any of the values that it names is there.
    #[must_use]
    pub fn sees(&self, data: &Map<String, Value>) -> bool {
        let leaves = self.leaves(data);
        leaves
            .iter()
            .any(|leaf| leaf.values.iter().any(|(_, value)| value.is_some()))
    }

    /// Each of its conditions, in the order in which they are written.
    #[must_use]
    pub fn leaves(&self, data: &Map<String, Value>) -> Vec<Leaf> {
        let mut found = Vec::new();
        collect(&self.root, data, &mut found);
        found
    }
}

fn holds(node: &Node, data: &Map<String, Value>) -> bool {
    match node {
        Node::Or(nodes) => nodes.iter().any(|node| holds(node, data)),
        Node::And(nodes) => nodes.iter().all(|node| holds(node, data)),
        Node::Not(node) => !holds(node, data),
        Node::Condition(condition) => condition.holds(data),
    }
}

fn collect(node: &Node, data: &Map<String, Value>, found: &mut Vec<Leaf>) {
    match node {
        Node::Or(nodes) | Node::And(nodes) => nodes.iter().for_each(|node| collect(node, data, found)),
        Node::Not(node) => collect(node, data, found),
        Node::Condition(condition) => found.push(condition.leaf(data)),
    }
}

impl Path {
    fn find<'v>(&self, data: &'v Map<String, Value>) -> Option<&'v Value> {
        find(data, self.0.iter().map(String::as_str))
    }
}

impl Operand {
    fn value<'v>(&'v self, data: &'v Map<String, Value>) -> Option<&'v Value> {
        match self {
            Self::Value(value) => Some(value),
            Self::Path(path) => path.find(data),
        }
    }

    fn seen(&self, data: &Map<String, Value>) -> Option<(String, Option<Value>)> {
        match self {
            Self::Value(_) => None,
            Self::Path(path) => Some((path.to_string(), path.find(data).cloned())),
        }
    }
}

impl Condition {
    fn holds(&self, data: &Map<String, Value>) -> bool {
        match &self.what {
            What::Truth(operand) => operand.value(data).is_some_and(is_something),
            What::Exists(path) => path.find(data).is_some(),
            What::Compare(left, comparison, right) => match (left.value(data), right.value(data)) {
                (Some(left), Some(right)) => comparison.holds(left, right),
                _ => false,
            },
        }
    }

    fn leaf(&self, data: &Map<String, Value>) -> Leaf {
        let (values, note) = match &self.what {
            What::Truth(operand) => (operand.seen(data).into_iter().collect(), None),
            What::Exists(path) => (vec![(path.to_string(), path.find(data).cloned())], None),
            What::Compare(left, comparison, right) => {
                let values = left.seen(data).into_iter().chain(right.seen(data)).collect();
                let note = match (left.value(data), right.value(data)) {
                    (Some(left), Some(right)) => comparison.mismatch(left, right),
                    _ => None,
                };
                (values, note)
            }
        };
        Leaf {
            text: self.text.clone(),
            is_true: self.holds(data),
            values,
            note,
        }
    }
}

impl Comparison {
    fn holds(self, left: &Value, right: &Value) -> bool {
        let order = || order(left, right);
        match self {
            Self::Equal => is_equal(left, right),
            Self::NotEqual => !is_equal(left, right),
            Self::Less => order() == Some(Ordering::Less),
            Self::LessOrEqual => matches!(order(), Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order() == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(order(), Some(Ordering::Greater | Ordering::Equal)),
            Self::In => contains(right, left) == Some(true),
            Self::NotIn => contains(right, left) == Some(false),
            Self::Contains => contains(left, right) == Some(true),
            Self::ContainsNot => contains(left, right) == Some(false),
        }
    }

    /// Why this comparison says nothing about such values.
    fn mismatch(self, left: &Value, right: &Value) -> Option<String> {
        let is_odd = match self {
            Self::Equal | Self::NotEqual => std::mem::discriminant(left) != std::mem::discriminant(right),
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => order(left, right).is_none(),
            Self::In | Self::NotIn => contains(right, left).is_none(),
            Self::Contains | Self::ContainsNot => contains(left, right).is_none(),
        };
        is_odd.then(|| format!("{} and {} cannot be compared so", kind(left), kind(right)))
    }
}

/// Neither false, nor 0, nor empty.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is_true) => *is_true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

fn is_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare(left, right) == Some(Ordering::Equal),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_equal(left, right))
        }
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare(left, right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Whole numbers exactly, others as floating point.
fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    let whole = |number: &Number| {
        number
            .as_i64()
            .map(i128::from)
            .or_else(|| number.as_u64().map(i128::from))
    };
    if let (Some(left), Some(right)) = (whole(left), whole(right)) {
        return Some(left.cmp(&right));
    }
    left.as_f64()?.partial_cmp(&right.as_f64()?)
}

/// Whether `part` is an entry of the list `whole`, a name in the object, or a part of the text.
fn contains(whole: &Value, part: &Value) -> Option<bool> {
    match (whole, part) {
        (Value::Array(list), part) => Some(list.iter().any(|value| is_equal(value, part))),
        (Value::String(text), Value::String(part)) => Some(text.contains(part.as_str())),
        (Value::Object(map), Value::String(name)) => Some(map.contains_key(name)),
        _ => None,
    }
}
