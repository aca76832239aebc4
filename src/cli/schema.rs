//! `firstserve schema`: the JSON Schema of booking.toml, for editors.

use std::io::{self, Write};

use crate::config;

/// Prints the schema as one JSON document.
///
/// # Errors
/// When `out` cannot be written.
pub fn run(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{:#}", config::schema())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_one_json_document() {
        let mut out = Vec::new();
        run(&mut out).expect("a Vec can be written");
        let schema: serde_json::Value = serde_json::from_slice(&out).expect("it is JSON");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}
