//! The JSON Schema of `booking.toml`, for editors that complete and check while one writes.

use serde_json::{Map, Value, json};

use super::duration;
use super::keys::{Key, Kind, ROOT, Table};
use super::raw;

/// The schema (draft 2020-12), made from the same description that the checks use.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let mut root = table(&ROOT, &mut definitions);
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "config/booking.toml of firstserve",
    });
    if let (Value::Object(root), Value::Object(head)) = (&mut root, head) {
        for (name, value) in head.into_iter().rev() {
            root.shift_insert(0, name, value);
        }
        root.insert("$defs".to_owned(), Value::Object(definitions));
    }
    root
}

fn table(table: &Table, definitions: &mut Map<String, Value>) -> Value {
    let shown = || table.keys.iter().filter(|key| !matches!(key.kind, Kind::Secret));
    let properties: Map<String, Value> = shown().map(|key| (key.name.to_owned(), property(key, definitions))).collect();
    let required: Vec<_> = shown().filter(|key| key.required).map(|key| key.name).collect();
    let beside: Map<String, Value> =
        shown().filter_map(|key| Some((key.name.to_owned(), json!([key.beside?])))).collect();
    let mut schema = json!({
        "description": table.doc,
        "type": "object",
        "properties": properties,
        "required": required,
        "dependentRequired": beside,
        "additionalProperties": false,
    });
    if !table.one_of.is_empty() {
        schema["oneOf"] = table.one_of.iter().map(|key| json!({ "required": [key] })).collect();
    }
    schema
}

fn property(key: &Key, definitions: &mut Map<String, Value>) -> Value {
    let mut schema = kind(key.kind, definitions);
    schema["description"] = json!(key.doc);
    if let Some(default) = raw::default_of(key) {
        schema["default"] = plain(&default);
    }
    schema
}

fn kind(kind_: Kind, definitions: &mut Map<String, Value>) -> Value {
    match kind_ {
        Kind::Text | Kind::Path | Kind::Secret => json!({ "type": "string", "minLength": 1 }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Count { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Span { .. } => json!({ "type": "string", "pattern": r"^\s*(\d+h)?\s*(\d+m)?\s*(\d+s)?\s*(\d+ms)?\s*$" }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::TimeToTheSecond => json!({ "type": "string", "pattern": r"^([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?$" }),
        Kind::Time => json!({ "type": "string", "pattern": r"^([01]?\d|2[0-3]):[0-5]\d(:00)?$" }),
        Kind::Word(words) => json!({ "enum": words }),
        Kind::List(inner) => json!({ "type": "array", "items": kind(*inner, definitions) }),
        Kind::Words => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Kind::Table(inner) => json!({ "$ref": reference(inner, definitions) }),
        Kind::WordOr(word, inner) => {
            json!({ "anyOf": [{ "const": word }, { "$ref": reference(inner, definitions) }] })
        }
        Kind::Named(inner) => {
            json!({ "type": "object", "additionalProperties": { "$ref": reference(inner, definitions) } })
        }
        Kind::Repeated(inner) => json!({ "type": "array", "items": { "$ref": reference(inner, definitions) } }),
    }
}

/// A table's definition, made once: `[site.NAME.court.NAME]` is `site.court`.
fn reference(inner: &Table, definitions: &mut Map<String, Value>) -> String {
    let name = inner.title.trim_matches(['[', ']']).replace(".NAME", "");
    if !definitions.contains_key(&name) {
        let schema = table(inner, definitions);
        definitions.insert(name.clone(), schema);
    }
    format!("#/$defs/{name}")
}

fn plain(value: &raw::Value) -> Value {
    match value {
        raw::Value::Text(text) => json!(text),
        raw::Value::Flag(flag) => json!(flag),
        raw::Value::Count(count) => json!(count),
        raw::Value::Span(span) => json!(duration::words(*span)),
        raw::Value::Date(date) => json!(date.to_string()),
        raw::Value::Time(time) => json!(time.strftime("%H:%M").to_string()),
        raw::Value::List(items) => items.iter().map(|item| plain(&item.value)).collect(),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClockRule, Patience};

    #[test]
    fn every_reference_is_defined_and_every_default_fits() {
        let schema = schema();
        let text = schema.to_string();
        let references: Vec<_> =
            text.split("#/$defs/").skip(1).map(|rest| rest.split('"').next().unwrap_or("")).collect();
        assert!(references.len() > 8, "{references:?}");
        for name in references {
            assert!(schema["$defs"][name].is_object(), "{name}");
        }
        assert!(!text.contains("smtp-password"));
    }

    #[test]
    fn defaults_agree_with_the_model() {
        let site = &schema()["$defs"]["site"]["properties"];
        let patience = Patience::default();
        for (key, length) in [
            ("login-lead", patience.login_lead),
            ("settle", patience.settle),
            ("verify-deadline", patience.verify_deadline),
            ("grace", patience.grace),
            ("answer-timeout", patience.answer),
            ("armed-lead", patience.armed_lead),
            ("lead-at-most", patience.lead_at_most),
            ("lead-guard", patience.lead_guard),
        ] {
            assert_eq!(site[key]["default"], duration::words(length), "{key}");
        }
        assert_eq!(site["max-submits"]["default"], patience.max_submits);
        assert_eq!(site["max-logins"]["default"], patience.max_logins);
        let clock = ClockRule::default();
        assert_eq!(site["clock"]["default"], clock.follow.as_str());
        assert_eq!(site["clock-give-up"]["default"], clock.give_up);
    }
}
