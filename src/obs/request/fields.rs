//! The fields of a request, each with what is said where it is missing or makes no sense.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::super::code::Status;
use super::super::names::{Thing, uuid};
use crate::studio::model::{SceneModel, SourceModel, Strip, Studio};

/// Why a request is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For programs.
    pub status: Status,
    /// For people.
    pub comment: String,
}

impl Refusal {
    /// For that reason.
    pub fn new(status: Status, comment: impl Into<String>) -> Self {
        let comment = comment.into();
        Self { status, comment }
    }
}

/// `requestData`.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    given: Option<&'a Map<String, Value>>,
}

impl<'a> Fields<'a> {
    /// Those of `data`. What is no object has none.
    #[must_use]
    pub fn new(data: &'a Value) -> Self {
        Self {
            given: data.as_object(),
        }
    }

    /// The field of that name; `null` is as good as none.
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.given?.get(name).filter(|value| !value.is_null())
    }

    /// That a field must be there.
    #[must_use]
    pub fn missing(&self, name: &str) -> Refusal {
        match self.given {
            Some(_) => Refusal::new(Status::MissingRequestField, format!("the field \"{name}\" is missing")),
            None => Refusal::new(
                Status::MissingRequestData,
                format!("there is no requestData with the field \"{name}\""),
            ),
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// That it is missing, empty, or none.
    pub fn text(&self, name: &str) -> Result<&'a str, Refusal> {
        self.maybe_text(name)?.ok_or_else(|| self.missing(name))
    }

    /// A text that may be left out.
    ///
    /// # Errors
    /// That it is empty, or none.
    pub fn maybe_text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.as_str() {
            Some("") => Err(Refusal::new(
                Status::RequestFieldEmpty,
                format!("the field \"{name}\" is empty"),
            )),
            Some(text) => Ok(Some(text)),
            None => Err(mistyped(name, "a text")),
        }
    }

    /// A number that must be there.
    ///
    /// # Errors
    /// That it is missing, out of range, or none.
    pub fn number(&self, name: &str, range: RangeInclusive<f64>) -> Result<f64, Refusal> {
        self.maybe_number(name, range)?.ok_or_else(|| self.missing(name))
    }

    /// A number that may be left out.
    ///
    /// # Errors
    /// That it is out of range, or none.
    pub fn maybe_number(&self, name: &str, range: RangeInclusive<f64>) -> Result<Option<f64>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_f64().ok_or_else(|| mistyped(name, "a number"))?;
        if !range.contains(&number) {
            let (low, high) = range.into_inner();
            let comment = format!("the field \"{name}\" is {number}; from {low} to {high} can be set");
            return Err(Refusal::new(Status::RequestFieldOutOfRange, comment));
        }
        Ok(Some(number))
    }

    /// True or false, which must be there.
    ///
    /// # Errors
    /// That it is missing, or neither.
    pub fn flag(&self, name: &str) -> Result<bool, Refusal> {
        let value = self.get(name).ok_or_else(|| self.missing(name))?;
        value.as_bool().ok_or_else(|| mistyped(name, "true or false"))
    }

    /// An object that must be there.
    ///
    /// # Errors
    /// That it is missing, or none.
    pub fn object(&self, name: &str) -> Result<&'a Value, Refusal> {
        let value = self.get(name).ok_or_else(|| self.missing(name))?;
        if value.is_object() {
            Ok(value)
        } else {
            Err(mistyped(name, "an object"))
        }
    }

    /// What is called by `{what}Name` or by `{what}Uuid`, among things of some kinds.
    fn thing<T: 'a>(
        &self,
        what: &str,
        noun: &str,
        mut all: impl Iterator<Item = (Thing, &'a str, T)>,
    ) -> Result<T, Refusal> {
        let (name_field, uuid_field) = (format!("{what}Name"), format!("{what}Uuid"));
        let name = self.maybe_text(&name_field)?;
        let id = self.maybe_text(&uuid_field)?;
        let (found, called) = match (name, id) {
            (Some(name), _) => (all.find(|(_, known, _)| *known == name), name),
            (None, Some(id)) => (
                all.find(|(thing, known, _)| uuid(*thing, known).eq_ignore_ascii_case(id)),
                id,
            ),
            (None, None) => return Err(self.missing(&name_field)),
        };
        let found = found.map(|(_, _, found)| found);
        found.ok_or_else(|| {
            let called = called.chars().take(64).collect::<String>();
            Refusal::new(Status::ResourceNotFound, format!("there is no {noun} \"{called}\""))
        })
    }

    /// The scene that is meant.
    ///
    /// # Errors
    /// That none is.
    pub fn scene(&self, studio: &'a Studio) -> Result<&'a SceneModel, Refusal> {
        let scenes = studio.scenes.iter();
        self.thing(
            "scene",
            "scene",
            scenes.map(|scene| (Thing::Scene, scene.name.as_str(), scene)),
        )
    }

    /// The input that is meant.
    ///
    /// # Errors
    /// That none is.
    pub fn input(&self, studio: &'a Studio) -> Result<&'a SourceModel, Refusal> {
        let sources = studio.sources.iter();
        self.thing(
            "input",
            "input",
            sources.map(|source| (Thing::Input, source.name.as_str(), source)),
        )
    }

    /// The strip of the input that is meant.
    ///
    /// # Errors
    /// That no input is, or that it has no sound.
    pub fn strip(&self, studio: &'a Studio) -> Result<&'a Strip, Refusal> {
        let input = self.input(studio)?;
        let strip = studio.strips.iter().find(|strip| strip.name == input.name);
        strip.ok_or_else(|| {
            let comment = format!("the input \"{}\" has no sound", input.name);
            Refusal::new(Status::InvalidResourceState, comment)
        })
    }

    /// The scene or the input that is meant. Where a scene and a source have the same name it is the scene.
    ///
    /// # Errors
    /// That none is.
    pub fn source(&self, studio: &'a Studio) -> Result<(Thing, &'a str), Refusal> {
        let scenes = studio.scenes.iter().map(|scene| (Thing::Scene, scene.name.as_str()));
        let inputs = studio.sources.iter().map(|source| (Thing::Input, source.name.as_str()));
        let all = scenes.chain(inputs);
        self.thing(
            "source",
            "scene or input",
            all.map(|(thing, name)| (thing, name, (thing, name))),
        )
    }
}

fn mistyped(name: &str, expected: &str) -> Refusal {
    let comment = format!("the field \"{name}\" is not {expected}");
    Refusal::new(Status::InvalidRequestFieldType, comment)
}
