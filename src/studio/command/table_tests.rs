//! The table itself: names, documentation, the order of arguments.

use super::*;
use std::collections::HashSet;

#[test]
fn names_are_unique_and_of_one_or_two_words() {
    let mut seen = HashSet::new();
    for spec in TABLE {
        assert!(seen.insert(spec.name), "{} twice", spec.name);
        assert!((1..=2).contains(&spec.name.split(' ').count()), "{}", spec.name);
        assert!(!spec.doc.is_empty() && !spec.doc.ends_with('.'), "{}", spec.name);
    }
}

#[test]
fn optional_arguments_come_last() {
    for spec in TABLE {
        let first_optional = spec
            .args
            .iter()
            .position(|arg| arg.is_optional)
            .unwrap_or(spec.args.len());
        assert!(
            spec.args[first_optional..].iter().all(|arg| arg.is_optional),
            "{}",
            spec.name
        );
    }
}
