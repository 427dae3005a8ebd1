//! What a command that was carried out has to say.

use serde_json::{Map, Value};

/// An answer beyond "done": a sentence for a person, and fields for a script. Most commands have none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    fields: Map<String, Value>,
}

impl Answer {
    /// An answer that says `text`.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::default().with("text", text.into())
    }

    /// The same with a field more.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(field.to_owned(), value.into());
        self
    }

    /// The sentence; empty where there is none.
    #[must_use]
    pub fn said(&self) -> &str {
        self.fields.get("text").and_then(Value::as_str).unwrap_or_default()
    }

    /// As it goes over the control socket: `{"ok": true, …}`.
    #[must_use]
    pub fn into_json(mut self) -> Value {
        self.fields.insert("ok".to_owned(), true.into());
        Value::Object(self.fields)
    }
}
