//! What must be true of every list of parameters, for the tests of each.

use std::collections::HashSet;

use super::{Adjust, Param, ParamKind, Value};

/// Each row has a name of its own, reads and sets its own field and no other, and shows what can be typed.
pub(crate) fn check_list<S: Default + Clone + PartialEq + std::fmt::Debug>(params: &'static [Param<S>]) {
    let mut seen = HashSet::new();
    for param in params {
        let name = param.name;
        assert!(seen.insert(name), "{name} twice");
        assert!(!param.doc.ends_with('.') && !param.doc.is_empty(), "{name}");
        let default = param.default_value();
        assert!(param.allows(default), "{name}: the default is out of range");
        // What is set can be read again, and nothing else has changed.
        let others = match param.kind {
            ParamKind::Switch => vec![Value::Switch(true), Value::Switch(false)],
            ParamKind::Choice(words) => (0..words.len()).map(Value::Choice).collect(),
            ParamKind::Number { low, high, .. } => [low, f64::midpoint(low, high).round(), high]
                .map(|n| Value::Number(n as f32))
                .to_vec(),
        };
        for value in others {
            let mut settings = S::default();
            param.adjust(&mut settings, Adjust::Set(value)).unwrap();
            assert_eq!((param.get)(&settings), value, "{name}");
            // What is shown can be typed.
            let shown = param.show(value).to_string();
            assert_eq!(param.read(&shown), Some(Adjust::Set(value)), "{name}: {shown}");
            for other in params.iter().filter(|other| other.name != name) {
                assert_eq!(
                    (other.get)(&settings),
                    other.default_value(),
                    "{name} sets {}",
                    other.name
                );
            }
        }
    }
}
