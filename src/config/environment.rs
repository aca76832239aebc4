//! The environment, handed in as a map, and the variables of every key.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

/// What every variable of ours begins with.
pub(super) const PREFIX: &str = "FIRSTSERVE_";

/// Environment variables. An empty one counts as not set; `Debug` shows names only, because values may be secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, OsString>,
}

/// What a variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variable<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes that are not UTF-8.
    NotText,
}

impl Environment {
    /// Takes name and value pairs (`std::env::vars_os()`); a name that is not text is none of ours.
    pub fn new<K: Into<OsString>, V: Into<OsString>>(variables: impl IntoIterator<Item = (K, V)>) -> Self {
        let named =
            variables.into_iter().filter_map(|(name, value)| Some((name.into().into_string().ok()?, value.into())));
        Self { variables: named.filter(|(_, value)| !value.is_empty()).collect() }
    }

    /// The value of that variable.
    pub(super) fn get(&self, name: &str) -> Option<Variable<'_>> {
        let value = self.variables.get(name)?;
        Some(value.to_str().map_or(Variable::NotText, Variable::Text))
    }

    /// The names that begin as ours do.
    pub(super) fn ours(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str).filter(|name| name.starts_with(PREFIX))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

/// The variable of a key: `["site", "las-palmas"]`, `url` → `FIRSTSERVE_SITE_LAS_PALMAS_URL`.
pub(super) fn variable_name(path: &[String], key: &str) -> String {
    let words: Vec<String> = path.iter().map(String::as_str).chain([key]).map(word).collect();
    format!("{PREFIX}{}", words.join("_"))
}

fn word(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_upper_case_with_underscores() {
        assert_eq!(variable_name(&["server".into()], "db-pool-size"), "FIRSTSERVE_SERVER_DB_POOL_SIZE");
        assert_eq!(variable_name(&["site".into(), "las-palmas".into()], "url"), "FIRSTSERVE_SITE_LAS_PALMAS_URL");
    }

    #[test]
    fn empty_is_not_set_and_values_stay_hidden() {
        let environment = Environment::new([("SMTP_HOST", ""), ("SMTP_PASSWORD", "canary")]);
        assert_eq!(environment.get("SMTP_HOST"), None);
        assert_eq!(environment.get("SMTP_PASSWORD"), Some(Variable::Text("canary")));
        assert!(!format!("{environment:?}").contains("canary"));
    }
}
