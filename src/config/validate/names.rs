//! Names that a user chose, and references to them.

use crate::config::raw::At;
use crate::model::entry;
use crate::report::{Problem, did_you_mean};

/// Longer names are mistakes.
const MAX_NAME: usize = 100;

/// Checks the NAME of `[site.NAME]` or `[member.NAME]`: it becomes part of variables, file names and vault entries.
pub(super) fn table_name(name: &At<String>, what: &str) -> Option<Problem> {
    let good = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let right = !name.value.is_empty() && name.value.len() <= MAX_NAME && name.value.chars().all(good);
    let message = || format!("`{}` cannot be the name of a {what}", name.value.escape_debug());
    (!right).then(|| name.error("wrong-name", message()).help("use letters, digits, `-` and `_`"))
}

/// Checks a name that is only shown.
pub(super) fn free_name(name: &At<String>, what: &str) -> Option<Problem> {
    let trimmed = name.value.trim() == name.value && !name.value.is_empty();
    let right = trimmed && name.value.len() <= MAX_NAME && !name.value.chars().any(char::is_control);
    let message = || format!("`{}` cannot be the name of a {what}", name.value.escape_debug());
    let help = format!("at most {MAX_NAME} bytes, without spaces at either end");
    (!right).then(|| name.error("wrong-name", message()).help(help))
}

/// Checks the name of an entry of the vault, by the vault's own rule.
pub(super) fn vault_entry(name: &At<String>) -> Option<Problem> {
    let message = || format!("`{}` cannot name an entry of the vault", name.value.escape_debug());
    let help = || format!("use {}; it is the NAME of: firstserve vault set NAME", entry::MADE_OF);
    (!entry::is_name(&name.value)).then(|| name.error("wrong-entry", message()).help(help()))
}

/// A reference to something that does not exist.
pub(super) fn unknown(name: &At<String>, what: &str, known: &[&str], help: &str) -> Problem {
    let help = match did_you_mean(&name.value, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => help.to_owned(),
        None => format!("there is {}; {help}", list(known)),
    };
    name.error(code(what), format!("there is no {what} `{}`", name.value)).help(help)
}

fn code(what: &str) -> &'static str {
    match what {
        "site" => "unknown-site",
        "member" => "unknown-member",
        _ => "unknown-court",
    }
}

fn list(words: &[&str]) -> String {
    const MOST: usize = 12;
    let mut shown = words.iter().take(MOST).map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    if words.len() > MOST {
        shown.push_str(", …");
    }
    shown
}
