//! From words to conditions.

use serde_json::{Number, Value};

use super::token::{Kind, Token, error, tokens};
use super::{Comparison, Condition, ExpressionError, Node, Operand, Path, What};

/// Brackets and `not` inside each other.
const MAX_DEPTH: usize = 32;

/// Words that are no names.
const RESERVED: &[&str] = &["and", "or", "not", "in", "exists", "contains", "true", "false", "null"];

/// Reads a whole expression.
pub(super) fn parse(text: &str) -> Result<Node, ExpressionError> {
    let letters: Vec<char> = text.chars().collect();
    let tokens = tokens(&letters)?;
    let mut parser = Parser {
        letters: &letters,
        tokens: &tokens,
        at: 0,
    };
    let root = parser.either(0)?;
    match parser.peek() {
        None => Ok(root),
        Some(Kind::Sign(")")) => Err(parser.here("this ) has no ( before it")),
        Some(Kind::Sign("==" | "!=" | "<" | "<=" | ">" | ">=")) => {
            Err(parser.here("one comparison at a time: 1 < x and x < 3"))
        }
        Some(_) => Err(parser.here("expected \"and\", \"or\" or the end")),
    }
}

struct Parser<'a> {
    letters: &'a [char],
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Kind::Word(found)) if found == word)
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let is_it = self.is_word(word);
        self.at += usize::from(is_it);
        is_it
    }

    fn eat_sign(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Kind::Sign(found)) if *found == sign);
        self.at += usize::from(is_it);
        is_it
    }

    /// Where the next word begins.
    fn start(&self) -> usize {
        self.tokens.get(self.at).map_or(self.letters.len(), |token| token.start)
    }

    /// Where the last word ended.
    fn end(&self) -> usize {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        last.map_or(0, |token| token.end)
    }

    fn here(&self, message: impl Into<String>) -> ExpressionError {
        error(self.start(), message)
    }

    fn either(&mut self, depth: usize) -> Result<Node, ExpressionError> {
        let mut nodes = vec![self.both(depth)?];
        while self.eat_word("or") {
            nodes.push(self.both(depth)?);
        }
        Ok(joined(nodes, Node::Or))
    }

    fn both(&mut self, depth: usize) -> Result<Node, ExpressionError> {
        let mut nodes = vec![self.refused(depth)?];
        while self.eat_word("and") {
            nodes.push(self.refused(depth)?);
        }
        Ok(joined(nodes, Node::And))
    }

    fn refused(&mut self, depth: usize) -> Result<Node, ExpressionError> {
        if depth > MAX_DEPTH {
            return Err(self.here(format!("more than {MAX_DEPTH} brackets inside each other")));
        }
        if self.eat_word("not") {
            return Ok(Node::Not(Box::new(self.refused(depth + 1)?)));
        }
        if matches!(self.peek(), Some(Kind::Sign("("))) {
            let open = self.start();
            self.at += 1;
            let node = self.either(depth + 1)?;
            if !self.eat_sign(")") {
                return Err(match self.peek() {
                    None => error(open, "this ( is never closed"),
                    Some(_) => self.here("expected \"and\", \"or\" or )"),
                });
            }
            return Ok(node);
        }
        self.condition()
    }

    fn condition(&mut self) -> Result<Node, ExpressionError> {
        let start = self.start();
        let what = if self.eat_word("exists") {
            let has_bracket = self.eat_sign("(");
            let place = self.here("expected a path as in product.price");
            let Operand::Path(path) = self.operand()? else {
                return Err(place);
            };
            if has_bracket && !self.eat_sign(")") {
                return Err(self.here("expected )"));
            }
            What::Exists(path)
        } else {
            let left = self.operand()?;
            match self.comparison()? {
                None => What::Truth(left),
                Some(comparison) => What::Compare(left, comparison, self.operand()?),
            }
        };
        let text = self.letters.get(start..self.end()).unwrap_or_default().iter().collect();
        Ok(Node::Condition(Condition { text, what }))
    }

    fn comparison(&mut self) -> Result<Option<Comparison>, ExpressionError> {
        let found = match self.peek() {
            Some(Kind::Sign("==")) => Comparison::Equal,
            Some(Kind::Sign("!=")) => Comparison::NotEqual,
            Some(Kind::Sign("<")) => Comparison::Less,
            Some(Kind::Sign("<=")) => Comparison::LessOrEqual,
            Some(Kind::Sign(">")) => Comparison::Greater,
            Some(Kind::Sign(">=")) => Comparison::GreaterOrEqual,
            Some(Kind::Word(word)) => match word.as_str() {
                "in" => Comparison::In,
                "contains" => Comparison::Contains,
                "not" => {
                    self.at += 1;
                    match self.peek() {
                        Some(Kind::Word(word)) if word == "in" => Comparison::NotIn,
                        Some(Kind::Word(word)) if word == "contains" => Comparison::ContainsNot,
                        _ => return Err(self.here("expected \"in\" or \"contains\" after \"not\"")),
                    }
                }
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(found))
    }

    fn operand(&mut self) -> Result<Operand, ExpressionError> {
        if matches!(self.peek(), Some(Kind::Word(word)) if !RESERVED.contains(&word.as_str())) {
            return self.path().map(Operand::Path);
        }
        if matches!(self.peek(), Some(Kind::Sign("["))) {
            return self.list().map(Operand::Value);
        }
        self.literal().map(Operand::Value)
    }

    fn list(&mut self) -> Result<Value, ExpressionError> {
        let open = self.start();
        self.at += 1;
        let mut values = Vec::new();
        while !self.eat_sign("]") {
            if self.peek().is_none() {
                return Err(error(open, "this [ is never closed"));
            }
            values.push(self.literal()?);
            if !self.eat_sign(",") && !matches!(self.peek(), Some(Kind::Sign("]"))) {
                return Err(match self.peek() {
                    None => error(open, "this [ is never closed"),
                    Some(_) => self.here("expected , or ]"),
                });
            }
        }
        Ok(Value::Array(values))
    }

    fn literal(&mut self) -> Result<Value, ExpressionError> {
        let wanted = "expected a number, a 'text', true, false or a path as in product.stock";
        let value = match self.peek() {
            Some(Kind::Text(text)) => Value::String(text.clone()),
            Some(Kind::Number(text)) => {
                let whole = text.parse::<i64>().ok().map(Number::from);
                let number = whole.or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64));
                Value::Number(number.ok_or_else(|| self.here("this number is too large"))?)
            }
            Some(Kind::Word(word)) => match word.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => return Err(self.here("a value that is null is as if it were not there: not exists …")),
                _ => return Err(self.here(wanted)),
            },
            None => return Err(self.here(format!("it ends here; {wanted}"))),
            Some(Kind::Sign(_)) => return Err(self.here(wanted)),
        };
        self.at += 1;
        Ok(value)
    }

    fn path(&mut self) -> Result<Path, ExpressionError> {
        let mut names = Vec::new();
        loop {
            match self.peek() {
                Some(Kind::Word(name)) => names.push(name.clone()),
                Some(Kind::Number(name) | Kind::Text(name)) if !names.is_empty() => names.push(name.clone()),
                _ => return Err(self.here("expected a name after the dot")),
            }
            self.at += 1;
            if !self.eat_sign(".") {
                return Ok(Path(names));
            }
        }
    }
}

/// One node by itself, several together.
fn joined(mut nodes: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        Some(last) => {
            nodes.push(last);
            join(nodes)
        }
        None => join(nodes),
    }
}
