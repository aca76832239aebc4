//! An HTTP request of a flow.

use std::ops::Range;

use serde_json::{Map, Number, Value as Json};
use toml::de::DeValue;

use super::condition::{self, Condition};
use super::pen::Pen;
use super::raw::{Reader, Table, Value};
use super::rows::needs_page;
use super::template::{Context, RenderError, Template, Word};
use super::wire;

/// The keys of a request.
const KEYS: [&str; 7] = ["method", "url", "headers", "form", "json", "read", "expect"];

/// The methods a site may want.
const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

/// The method of a request that does not say one.
const DEFAULT_METHOD: &str = "GET";

/// A request with its templates.
#[derive(Clone, Debug)]
pub(super) struct Request {
    method: String,
    url: Template,
    headers: Vec<(String, Template)>,
    body: Body,
    read: Vec<(String, Template)>,
    expect: Option<Condition>,
}

#[derive(Clone, Debug)]
enum Body {
    Empty,
    Form(Vec<(String, Template)>),
    Json(JsonTemplate),
    JsonText(Template),
}

/// JSON whose texts are templates.
#[derive(Clone, Debug)]
enum JsonTemplate {
    Text(Template),
    Scalar(Json),
    Array(Vec<JsonTemplate>),
    Object(Vec<(String, JsonTemplate)>),
}

/// Reads `request = { … }`.
pub(super) fn request(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Request> {
    let table = reader.table(value)?;
    reader.refuse_unknown(table, "in a request", &KEYS);
    let method = table.get("method").map_or(Some(DEFAULT_METHOD.to_owned()), |value| method(reader, value));
    let Some(url) = table.get("url") else {
        reader.missing(table, "url", "request = { method = \"POST\", url = \"{site.url}api/bookings\" }");
        return None;
    };
    let url = address(reader, url);
    let headers = table.get("headers").map_or(Some(Vec::new()), |value| pairs(reader, value));
    let body = body(reader, table);
    let expect = table.get("expect").map(|value| condition::condition(reader, value));
    let read = table.get("read").map_or(Some(Vec::new()), |value| read(reader, value));
    if expect.as_ref().and_then(Option::as_ref).is_some_and(Condition::needs_page) {
        needs_page(reader, table, "expect");
    }
    Some(Request {
        method: method?,
        url: url?,
        headers: headers?,
        body: body?,
        read: read?,
        expect: expect.map_or(Some(None), |expect| expect.map(Some))?,
    })
}

/// The `GET` of an address.
pub(super) fn get(url: Template) -> Request {
    let method = DEFAULT_METHOD.to_owned();
    Request { method, url, headers: Vec::new(), body: Body::Empty, read: Vec::new(), expect: None }
}

/// An absolute address; it must hold no secret, for addresses are written into every log on the way.
pub(super) fn address(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Template> {
    let text = reader.filled_text(value)?;
    let template = reader.template(value, Context::Text)?;
    let absolute =
        template.begins_with_hole() || ["http://", "https://", "about:"].iter().any(|start| text.starts_with(start));
    if !absolute {
        let help = format!("write \"{{site.url}}{}\"", text.trim_start_matches('/'));
        reader.error_with_help("relative-address", "this address is not absolute", help, value.span());
    }
    if template.words().any(|(word, ..)| *word == Word::Text("password".to_owned())) {
        let help = "send it in a form: fill = …, with = \"{password}\", or request = { form = { … } }";
        reader.error_with_help("secret-in-address", "a password does not belong in an address", help, value.span());
    }
    Some(template)
}

fn method(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<String> {
    let method = reader.text(value)?;
    if !METHODS.contains(&method) {
        reader.unknown("unknown-method", "method", method, &METHODS, value.span());
        return None;
    }
    Some(method.to_owned())
}

fn pairs(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Vec<(String, Template)>> {
    let entries = reader.table(value)?.entries();
    let pairs: Vec<_> = entries
        .into_iter()
        .map(|(name, _, value)| Some((name.to_owned(), reader.template(value, Context::Text)?)))
        .collect();
    pairs.into_iter().collect()
}

fn body(reader: &mut Reader<'_>, table: Table<'_>) -> Option<Body> {
    match (table.get("form"), table.get("json")) {
        (None, None) => Some(Body::Empty),
        (Some(form), None) => pairs(reader, form).map(Body::Form),
        (None, Some(json)) if json.get_ref().is_str() => reader.template(json, Context::Json).map(Body::JsonText),
        (None, Some(json)) => self::json(reader, json).map(Body::Json),
        (Some(_), Some(_)) => {
            let help = "keep one of them: a request carries one body";
            reader.error_with_help("two-bodies", "`form` and `json` exclude each other", help, table.line_of("json"));
            None
        }
    }
}

fn json(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<JsonTemplate> {
    match value.get_ref() {
        DeValue::String(_) => reader.template(value, Context::Text).map(JsonTemplate::Text),
        DeValue::Boolean(flag) => Some(JsonTemplate::Scalar(Json::from(*flag))),
        DeValue::Integer(digits) => {
            let number = i64::from_str_radix(digits.as_str(), digits.radix()).ok();
            scalar(reader, number.map(Number::from), value.span())
        }
        DeValue::Float(digits) => scalar(reader, digits.as_str().parse().ok().and_then(Number::from_f64), value.span()),
        DeValue::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| json(reader, item)).collect();
            items.into_iter().collect::<Option<_>>().map(JsonTemplate::Array)
        }
        DeValue::Table(_) => {
            let entries = reader.table(value)?.entries();
            let members: Vec<_> =
                entries.into_iter().map(|(name, _, value)| Some((name.to_owned(), json(reader, value)?))).collect();
            members.into_iter().collect::<Option<_>>().map(JsonTemplate::Object)
        }
        DeValue::Datetime(_) => reader.wrong_type(value, "a text, a number, true or false, a list or a table"),
    }
}

fn scalar(reader: &mut Reader<'_>, number: Option<Number>, span: Range<usize>) -> Option<JsonTemplate> {
    if number.is_none() {
        let help = "write a smaller number, or a text in quotes";
        reader.error_with_help("out-of-bounds", "this number cannot be written in JSON", help, span);
    }
    number.map(|number| JsonTemplate::Scalar(Json::Number(number)))
}

/// `read = { token = "/token" }`: variables from the JSON answer.
fn read(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Vec<(String, Template)>> {
    let entries = reader.table(value)?.entries();
    let mut variables = Vec::new();
    for (name, span, value) in entries {
        reader.reads(name, span);
        variables.push((name.to_owned(), condition::pointer(reader, value)?));
    }
    Some(variables)
}

impl Request {
    /// Where it goes.
    pub(super) fn address(&self) -> &Template {
        &self.url
    }

    /// Whether it reads variables from its answer.
    pub(super) fn reads(&self) -> bool {
        !self.read.is_empty()
    }

    /// Whether it reads that variable.
    pub(super) fn reads_into(&self, name: &str) -> bool {
        self.read.iter().any(|(into, _)| into == name)
    }

    /// Whether it asks a site for the same as another one, as far as their text says: by one method, at one address. A site that
    /// has one address for everything is told in the body what is wanted, in a field that both write out in different words.
    pub(super) fn asks_the_same(&self, other: &Self) -> bool {
        self.method == other.method && self.url == other.url && !self.body.says_otherwise(&other.body)
    }

    /// Renders it.
    pub(super) fn render(&self, pen: &mut Pen<'_>) -> Result<wire::Request, RenderError> {
        Ok(wire::Request {
            method: self.method.clone(),
            url: pen.write(&self.url)?,
            headers: pen.write_pairs(&self.headers)?,
            body: self.body.render(pen)?,
            read: pen.write_pairs(&self.read)?,
            expect: self.expect.as_ref().map(|condition| condition.render(pen)).transpose()?,
        })
    }
}

impl Body {
    fn says_otherwise(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Form(fields), Self::Form(others)) => any_shared(fields, others, says_otherwise),
            (Self::Json(json), Self::Json(other)) => json.says_otherwise(other),
            (Self::Form(fields), Self::Json(JsonTemplate::Object(members)))
            | (Self::Json(JsonTemplate::Object(members)), Self::Form(fields)) => any_shared(
                fields,
                members,
                |field, member| matches!(member, JsonTemplate::Text(text) if says_otherwise(field, text)),
            ),
            (Self::JsonText(text), Self::JsonText(other)) => text != other,
            _ => false,
        }
    }

    fn render(&self, pen: &mut Pen<'_>) -> Result<wire::Body, RenderError> {
        Ok(match self {
            Self::Empty => wire::Body::Empty,
            Self::Form(fields) => wire::Body::Form(pen.write_pairs(fields)?),
            Self::Json(json) => wire::Body::Json(json.render(pen)?.to_string()),
            Self::JsonText(text) => wire::Body::Json(pen.write(text)?),
        })
    }
}

impl JsonTemplate {
    fn says_otherwise(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(text), Self::Text(other)) => says_otherwise(text, other),
            (Self::Scalar(value), Self::Scalar(other)) => value != other,
            (Self::Array(items), Self::Array(others)) => {
                items.iter().zip(others).any(|(item, other)| item.says_otherwise(other))
            }
            (Self::Object(members), Self::Object(others)) => any_shared(members, others, Self::says_otherwise),
            _ => false,
        }
    }

    fn render(&self, pen: &mut Pen<'_>) -> Result<Json, RenderError> {
        Ok(match self {
            Self::Text(template) => Json::String(pen.write(template)?),
            Self::Scalar(value) => value.clone(),
            Self::Array(items) => Json::Array(items.iter().map(|item| item.render(pen)).collect::<Result<_, _>>()?),
            Self::Object(members) => {
                let mut object = Map::new();
                for (name, value) in members {
                    object.insert(name.clone(), value.render(pen)?);
                }
                Json::Object(object)
            }
        })
    }
}

/// Whether both are written out, in different words: what stands in a hole is not known yet.
fn says_otherwise(text: &Template, other: &Template) -> bool {
    matches!((text.whole_text(), other.whole_text()), (Some(text), Some(other)) if text != other)
}

/// Whether something is so of a field that both have.
fn any_shared<T, U>(fields: &[(String, T)], others: &[(String, U)], is_so: impl Fn(&T, &U) -> bool) -> bool {
    fields.iter().any(|(name, value)| others.iter().any(|(other, theirs)| name == other && is_so(value, theirs)))
}
