//! Secrets do not belong into the file; where one stands there all the same, it is starred out of everything that is shown.

use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use crate::report::SourceFile;

/// Words that name a secret when a key ends with one of them.
const SECRET_WORDS: [&str; 16] = [
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "pass",
    "pwd",
    "pw",
    "contraseña",
    "contrasena",
    "clave",
    "secret",
    "secreto",
    "token",
    "apikey",
    "api-key",
    "pin",
];

/// Whether a key of that name would hold a secret.
pub(super) fn names_a_secret(key: &str) -> bool {
    let key = key.to_lowercase().replace('_', "-");
    SECRET_WORDS.iter().any(|word| {
        key.strip_suffix(word).is_some_and(|before| before.is_empty() || before.ends_with('-'))
            || (word.len() > 5 && key.ends_with(word))
    })
}

/// The bytes of the password in `scheme://user:password@host`, where there is one.
pub(in crate::config) fn password_in_address(text: &str) -> Option<Range<usize>> {
    let authority = text.find("://")? + 3;
    let end = text[authority..].find(['/', '?', '#', '"', '\'', ' ']).map_or(text.len(), |at| authority + at);
    let at_sign = authority + text[authority..end].rfind('@')?;
    let colon = authority + text[authority..at_sign].find(':')?;
    (colon + 1 < at_sign).then_some(colon + 1..at_sign)
}

/// The file with every secret starred out, byte for byte, so that places stay where they are.
pub(super) fn masked(file: &Arc<SourceFile>, tree: &DeTable<'_>) -> Arc<SourceFile> {
    let mut found = lines_with_secrets(file.text());
    collect(file.text(), tree, false, &mut found);
    if found.is_empty() {
        return Arc::clone(file);
    }
    let mut bytes = file.text().as_bytes().to_vec();
    for range in found {
        for byte in bytes[range].iter_mut().filter(|byte| **byte != b'\n' && **byte != b'\r') {
            *byte = b'*';
        }
    }
    let text = String::from_utf8(bytes).unwrap_or_else(|error| "*".repeat(error.as_bytes().len()));
    SourceFile::new(file.path(), text)
}

fn collect(text: &str, table: &DeTable<'_>, inside: bool, found: &mut Vec<Range<usize>>) {
    for (key, value) in table.iter() {
        let secret = inside || names_a_secret(key.get_ref());
        collect_value(text, value.get_ref(), &value.span(), secret, found);
    }
}

fn collect_value(text: &str, value: &DeValue<'_>, span: &Range<usize>, secret: bool, found: &mut Vec<Range<usize>>) {
    match value {
        DeValue::Table(table) => collect(text, table, secret, found),
        DeValue::Array(items) => {
            for item in items {
                collect_value(text, item.get_ref(), &item.span(), secret, found);
            }
        }
        _ if secret => found.extend(inner(text, span)),
        DeValue::String(_) => {
            let written = text.get(span.clone()).unwrap_or_default();
            let password = password_in_address(written);
            found.extend(password.map(|range| span.start + range.start..span.start + range.end));
        }
        _ => {}
    }
}

/// The value without its quotes.
fn inner(text: &str, span: &Range<usize>) -> Option<Range<usize>> {
    let written = text.get(span.clone())?;
    let quotes = written.len() - written.trim_start_matches(['"', '\'']).len();
    let end = written.trim_end_matches(['"', '\'']).len();
    (quotes < end).then(|| span.start + quotes..span.start + end)
}

/// What a broken line says after `password =`, which the tree may not hold.
fn lines_with_secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some((key, value)) = line.split_once('=') {
            let key = key.trim().trim_matches(['"', '\'']);
            if names_a_secret(key.rsplit('.').next().unwrap_or(key)) {
                let from = start + line.len() - value.len();
                let skip = value.len() - value.trim_start_matches([' ', '\t', '"', '\'']).len();
                let kept = value.trim_end_matches(['\n', '\r', ' ', '"', '\'']).len();
                found.extend((skip < kept).then(|| from + skip..from + kept));
            }
        }
        start += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let (tree, _) = DeTable::parse_recoverable(text);
        masked(&SourceFile::new("x", text), tree.get_ref()).text().to_owned()
    }

    #[test]
    fn a_secret_is_starred_and_nothing_moves() {
        let text = "user = \"ana\"\npassword = \"hunter2\"\n[a]\nb = { smtp-token = 'ñandú' }\n";
        let shown = shown(text);
        assert_eq!(shown, "user = \"ana\"\npassword = \"*******\"\n[a]\nb = { smtp-token = '*******' }\n");
        assert_eq!(shown.len(), text.len());
    }

    #[test]
    fn a_broken_line_and_an_address_are_starred_too() {
        assert_eq!(shown("password = hunter2\n"), "password = *******\n");
        assert_eq!(shown("clave = \"hunter2\n"), "clave = \"*******\n");
        assert_eq!(shown("database = \"postgres://me:p@ss@db/x\"\n"), "database = \"postgres://me:****@db/x\"\n");
        assert_eq!(shown("url = \"https://club.example/a:b@c\"\n"), "url = \"https://club.example/a:b@c\"\n");
    }

    #[test]
    fn several_lines_are_starred_whole() {
        assert_eq!(shown("token = \"\"\"ab\ncd\"\"\"\n"), "token = \"\"\"**\n**\"\"\"\n");
    }

    #[test]
    fn names() {
        for name in ["password", "smtp-password", "smtp_password", "Clave", "api_key", "mypassword", "pin"] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in ["passport-number", "token-name", "shopping", "clave-de-pista", "topspin", "vault", "compass"] {
            assert!(!names_a_secret(name), "{name}");
        }
    }
}
