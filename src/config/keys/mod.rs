//! Every key of `booking.toml` as data: name, kind, sentence, default.
//!
//! From this one description come the check for unknown keys, the check of kinds, the defaults, the JSON Schema and the
//! environment variables. What a *valid* value means beyond its kind (a zone that exists, a court of the site) is in
//! `validate`.

mod booking;
mod daemon;
mod site;

pub(super) use daemon::ROOT;

/// One table of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    /// How a message names it: `[server]`, `[[booking]]`, `opens`.
    pub(super) title: &'static str,
    /// What it is for.
    pub(super) doc: &'static str,
    /// Its keys, in the order of the documentation.
    pub(super) keys: &'static [Key],
    /// Exactly one of these keys must be there; empty: no such rule.
    pub(super) one_of: &'static [&'static str],
}

impl Table {
    /// The key of that name.
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The names that a user may write.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().filter(|key| !matches!(key.kind, Kind::Secret)).map(|key| key.name)
    }
}

/// One key of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// As it is written.
    pub(super) name: &'static str,
    /// What may stand after the `=`.
    pub(super) kind: Kind,
    /// A sentence for the schema and for help lines.
    pub(super) doc: &'static str,
    /// The value that holds when the key is left out, written as in an environment variable.
    pub(super) default: Option<&'static str>,
    /// Whether the table is wrong without it.
    pub(super) required: bool,
    /// The key that must stand beside it.
    pub(super) beside: Option<&'static str>,
    /// The environment variable of older deployments.
    pub(super) older: Option<&'static str>,
    /// A value that would do, as it is written in the file.
    pub(super) example: Option<&'static str>,
}

impl Key {
    const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, doc, default: None, required: false, beside: None, older: None, example: None }
    }

    const fn default(self, value: &'static str) -> Self {
        Self { default: Some(value), ..self }
    }

    const fn required(self, example: &'static str) -> Self {
        Self { required: true, example: Some(example), ..self }
    }

    const fn example(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }

    const fn beside(self, key: &'static str) -> Self {
        Self { beside: Some(key), ..self }
    }

    const fn older(self, variable: &'static str) -> Self {
        Self { older: Some(variable), ..self }
    }
}

/// What may stand after the `=`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Text in quotes, not empty.
    Text,
    /// A path, relative to the folder that holds `config/`.
    Path,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Count {
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// A length of time (`90s`, `250ms`, `1h30m`).
    Span {
        /// The shortest, in milliseconds.
        min: u64,
        /// The longest, in milliseconds.
        max: u64,
    },
    /// A calendar date.
    Date,
    /// A time of day.
    Time,
    /// `07:59:30`, or `07:00`.
    TimeToTheSecond,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A secret: only from the environment, never in the file.
    Secret,
    /// A list of the same kind.
    List(&'static Kind),
    /// A table of free words.
    Words,
    /// A table.
    Table(&'static Table),
    /// A word, or a table.
    WordOr(&'static str, &'static Table),
    /// Tables under names of the user's choice (`[site.NAME]`).
    Named(&'static Table),
    /// A list of tables (`[[booking]]`).
    Repeated(&'static Table),
}

/// Milliseconds of a second, a minute, an hour and a day, for the bounds of [`Kind::Span`].
const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_names_keys_that_exist() {
        let mut seen = 0;
        walk(&ROOT, &mut |table| {
            seen += 1;
            for name in table.one_of.iter().copied().chain(table.keys.iter().filter_map(|key| key.beside)) {
                assert!(table.key(name).is_some(), "{} has no key {name}", table.title);
            }
            for key in table.keys {
                assert!(key.doc.ends_with('.'), "{} {} needs a sentence", table.title, key.name);
                assert!(!(key.required && key.default.is_some()), "{} {}", table.title, key.name);
            }
        });
        assert!(seen > 8, "the walk found {seen} tables only");
    }

    fn walk(table: &'static Table, visit: &mut impl FnMut(&'static Table)) {
        visit(table);
        for key in table.keys {
            match key.kind {
                Kind::Table(inner) | Kind::WordOr(_, inner) | Kind::Named(inner) | Kind::Repeated(inner) => {
                    walk(inner, visit);
                }
                _ => {}
            }
        }
    }
}
