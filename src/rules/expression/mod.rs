//! Conditions on data: `product.stock > 0 and room == 'live'`.
//!
//! ```text
//! either     = both { "or" both }
//! both       = refused { "and" refused }
//! refused    = "not" refused | condition
//! condition  = "(" either ")"
//!            | "exists" path
//!            | value [ ("==" | "!=" | "<" | "<=" | ">" | ">=" | ["not"] "in" | ["not"] "contains") value ]
//! value      = number | 'text' | "text" | "true" | "false" | "[" value, … "]" | path
//! path       = name { "." (name | number | 'name') }
//! ```
//! A value that is not there, or is `null`, makes its condition false, whatever the condition is; that is no error, since data
//! comes and goes. Values of different kinds are never equal and never in an order: `"3"` is not `3`.

mod evaluate;
mod parse;
mod token;

use std::fmt;

use serde_json::Value;
use thiserror::Error;

pub use evaluate::Leaf;

/// Letters of an expression at most.
pub const MAX_EXPRESSION: usize = 1000;

/// A condition that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    text: String,
    root: Node,
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct ExpressionError {
    /// Letters before it.
    pub at: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Or(Vec<Node>),
    And(Vec<Node>),
    Not(Box<Node>),
    Condition(Condition),
}

/// Something that is true or not of the data.
#[derive(Clone, Debug, PartialEq)]
struct Condition {
    /// As it is written.
    text: String,
    what: What,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    /// The value is there, and neither false, 0 nor empty.
    Truth(Operand),
    Exists(Path),
    Compare(Operand, Comparison, Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Contains,
    ContainsNot,
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Value(Value),
    Path(Path),
}

/// Names from the outermost object on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Path(Vec<String>);

impl Expression {
    /// Reads `text`.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        parse::parse(text).map(|root| Self {
            text: text.to_owned(),
            root,
        })
    }

    /// What never holds.
    #[must_use]
    pub fn never() -> Self {
        let condition = Condition {
            text: "false".to_owned(),
            what: What::Truth(Operand::Value(Value::Bool(false))),
        };
        Self {
            text: condition.text.clone(),
            root: Node::Condition(condition),
        }
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

#[cfg(test)]
mod tests;
