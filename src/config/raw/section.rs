//! Typed values with their places.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::civil::{Date, Time};

use crate::model::Secret;
use crate::report::{Place, Problem};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) enum Origin {
    /// The file.
    File(Place),
    /// An environment variable.
    Variable(String),
    /// Nobody wrote it.
    Default,
}

impl Origin {
    /// Puts a problem where the value was written: at the place, or with the variable's name in front.
    pub(in crate::config) fn blame(&self, mut problem: Problem) -> Problem {
        match self {
            Self::File(place) => problem.at(place.clone()),
            Self::Variable(name) => {
                problem.message = format!("environment variable {name}: {}", problem.message);
                problem
            }
            Self::Default => problem,
        }
    }
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct At<T> {
    /// The value.
    pub(in crate::config) value: T,
    /// Where it comes from.
    pub(in crate::config) origin: Origin,
}

impl<T> At<T> {
    /// An error about it.
    pub(in crate::config) fn error(&self, code: &'static str, message: impl Into<String>) -> Problem {
        self.origin.blame(Problem::error(code, message))
    }

    /// A warning about it.
    pub(in crate::config) fn warning(&self, code: &'static str, message: impl Into<String>) -> Problem {
        self.origin.blame(Problem::warning(code, message))
    }
}

/// What a key may hold, once its kind is right.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) enum Value {
    Text(String),
    Flag(bool),
    Count(u32),
    Span(SignedDuration),
    Date(Date),
    Time(Time),
    Secret(Secret),
    List(Vec<At<Value>>),
    Words(BTreeMap<String, String>),
    Table(Section),
    Named(Vec<(At<String>, Section)>),
    Repeated(Vec<Section>),
}

/// One table of the file, known keys of the right kind only.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct Section {
    /// Its header; where a missing key is reported.
    pub(in crate::config) origin: Origin,
    pub(super) values: BTreeMap<&'static str, At<Value>>,
}

impl Section {
    /// The value of a key with its place; none: left out without a default, or wrong (which was said already).
    pub(in crate::config) fn get<T: Typed>(&self, key: &str) -> Option<At<T>> {
        let at = self.values.get(key)?;
        Some(At { value: T::of(&at.value)?, origin: at.origin.clone() })
    }

    /// The bare value of a key.
    pub(in crate::config) fn value<T: Typed>(&self, key: &str) -> Option<T> {
        self.get(key).map(|at| at.value)
    }

    /// Whether the key stands there and is of the right kind.
    pub(in crate::config) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// The table under a key.
    pub(in crate::config) fn table(&self, key: &str) -> Option<&Section> {
        match &self.values.get(key)?.value {
            Value::Table(section) => Some(section),
            _ => None,
        }
    }

    /// The tables of `[key.NAME]`, in the file's order.
    pub(in crate::config) fn named(&self, key: &str) -> &[(At<String>, Section)] {
        match self.values.get(key).map(|at| &at.value) {
            Some(Value::Named(sections)) => sections,
            _ => &[],
        }
    }

    /// The tables of `[[key]]`.
    pub(in crate::config) fn repeated(&self, key: &str) -> &[Section] {
        match self.values.get(key).map(|at| &at.value) {
            Some(Value::Repeated(sections)) => sections,
            _ => &[],
        }
    }
}

/// A type that a [`Value`] can be taken as.
pub(in crate::config) trait Typed: Sized {
    /// The value as this type, if it is one.
    fn of(value: &Value) -> Option<Self>;
}

macro_rules! typed {
    ($($variant:ident => $type:ty),+ $(,)?) => {
        $(impl Typed for $type {
            fn of(value: &Value) -> Option<Self> {
                match value {
                    Value::$variant(inner) => Some(inner.clone()),
                    _ => None,
                }
            }
        })+
    };
}

typed! {
    Text => String,
    Flag => bool,
    Count => u32,
    Span => SignedDuration,
    Date => Date,
    Time => Time,
    Secret => Secret,
    Words => BTreeMap<String, String>,
}

impl<T: Typed> Typed for Vec<At<T>> {
    fn of(value: &Value) -> Option<Self> {
        let Value::List(items) = value else { return None };
        items.iter().map(|at| Some(At { value: T::of(&at.value)?, origin: at.origin.clone() })).collect()
    }
}
