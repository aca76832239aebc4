//! The request steps of a site without pages.

use std::time::Duration;

use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::flow::condition::{HttpAnswer, holds_for_answer};
use crate::flow::wire::{Body, Request};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);

/// More than any list of bookings is.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// A client with its own cookies. Redirects are followed as a browser does; nothing is tried twice, and nothing between us and the
/// site may answer for it: an old list would read as "not booked".
pub(super) fn client(patience: Duration) -> Result<reqwest::Client, reqwest::Error> {
    crate::browser::install_provider();
    let fresh = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-cache"))]);
    reqwest::Client::builder()
        .no_proxy()
        .default_headers(fresh)
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
        Body::Json(text) => ask.header(CONTENT_TYPE, "application/json").body(text.clone()),
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn nothing_between_us_and_the_site_may_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/list", listener.local_addr().expect("bound"));
        let served = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().expect("one asks");
            let mut head = [0; 4096];
            let length = socket.read(&mut head).expect("a head");
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").expect("it listens");
            String::from_utf8_lossy(&head[..length]).to_lowercase()
        });
        let client = client(Duration::from_secs(5)).expect("a client");
        client.get(url).send().await.expect("an answer");
        let head = served.join().expect("served");
        assert!(head.contains("cache-control: no-cache"), "{head}");
    }
}
