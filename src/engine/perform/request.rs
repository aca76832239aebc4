//! The request steps of a site without pages.

use std::time::Duration;

use crate::flow::condition::{HttpAnswer, holds_for_answer};
use crate::flow::wire::{Body, Request};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);

/// More than any list of bookings is.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// A client with its own cookies. Redirects are followed as a browser does; nothing is tried twice.
pub(super) fn client(patience: Duration) -> Result<reqwest::Client, reqwest::Error> {
    crate::browser::install_provider();
    reqwest::Client::builder()
        .no_proxy()
        .cookie_store(true)
        .connect_timeout(CONNECT)
        .timeout(patience)
        .user_agent(concat!("firstserve/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Why a request step failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error("{method} {url}: {why}")]
    Unreachable { method: String, url: String, why: String },
    #[error("{method} {url} answered {status}, which is not what the step expects")]
    Unexpected { method: String, url: String, status: u16, answer: Box<HttpAnswer> },
    #[error("{method} {url}: the answer has no `{pointer}`")]
    NotThere { method: String, url: String, pointer: String, answer: Box<HttpAnswer> },
}

impl RequestError {
    /// What the site answered, where it did.
    pub(super) fn answer(&self) -> Option<&HttpAnswer> {
        match self {
            Self::Unreachable { .. } => None,
            Self::Unexpected { answer, .. } | Self::NotThere { answer, .. } => Some(answer),
        }
    }
}

/// What a request step brought.
pub(super) struct Brought {
    /// The answer.
    pub(super) answer: HttpAnswer,
    /// Variables that were read.
    pub(super) read: Vec<(String, String)>,
}

/// Sends one request and reads what the step wants of it.
pub(super) async fn send(client: &reqwest::Client, request: &Request) -> Result<Brought, RequestError> {
    let (method, url) = (request.method.clone(), request.url.clone());
    let answer = ask(client, request).await.map_err(|error| RequestError::Unreachable {
        method: method.clone(),
        url: url.clone(),
        why: error.without_url().to_string(),
    })?;
    if let Some(expected) = &request.expect
        && !holds_for_answer(expected, &answer)
    {
        return Err(RequestError::Unexpected { method, url, status: answer.status, answer: Box::new(answer) });
    }
    let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let mut read = Vec::new();
    for (name, pointer) in &request.read {
        let Some(value) = json.pointer(pointer).and_then(scalar) else {
            let pointer = pointer.clone();
            return Err(RequestError::NotThere { method, url, pointer, answer: Box::new(answer) });
        };
        read.push((name.clone(), value));
    }
    Ok(Brought { answer, read })
}

async fn ask(client: &reqwest::Client, request: &Request) -> Result<HttpAnswer, reqwest::Error> {
    let method = reqwest::Method::from_bytes(request.method.as_bytes()).unwrap_or(reqwest::Method::GET);
    let mut ask = client.request(method, &request.url);
    for (name, value) in &request.headers {
        ask = ask.header(name, value);
    }
    ask = match &request.body {
        Body::Empty => ask,
        Body::Form(fields) => ask.form(fields),
        Body::Json(text) => ask.header(reqwest::header::CONTENT_TYPE, "application/json").body(text.clone()),
    };
    let mut response = ask.send().await?;
    let (status, url) = (response.status().as_u16(), response.url().to_string());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > BODY_LIMIT {
            break;
        }
    }
    Ok(HttpAnswer { status, url, body: String::from_utf8_lossy(&body).into_owned() })
}

fn scalar(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
