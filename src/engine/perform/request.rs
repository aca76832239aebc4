//! The request steps of a site without pages.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect;

use crate::flow::condition::{HttpAnswer, holds_for_answer};
use crate::flow::wire::{Body, Request};
use crate::model::Origins;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);

/// More than any list of bookings is.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// What is said of an answer that is more.
pub(super) const TOO_LARGE: &str = "the answer is larger than 4 MiB and was cut off";

/// Follows no more redirects than this.
const REDIRECTS: usize = 10;

/// A client that asks nobody but the origins that the person named.
pub(super) struct Client {
    http: reqwest::Client,
    origins: Origins,
}

/// A client with its own cookies. Redirects are followed as a browser does, but only to those origins: a body and headers go along.
/// Nothing is tried twice, and nothing between us and the site may answer for it: an old list would read as "not booked".
pub(super) fn client(patience: Duration, origins: Origins) -> Result<Client, reqwest::Error> {
    crate::browser::install_provider();
    let fresh = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-cache"))]);
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(only_to(origins.clone()))
        .default_headers(fresh)
        .cookie_store(true)
        .connect_timeout(CONNECT)
        .timeout(patience)
        .user_agent(concat!("firstserve/", env!("CARGO_PKG_VERSION")))
        .build()?;
    Ok(Client { http, origins })
}

fn only_to(origins: Origins) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| match origins.refuse(attempt.url().as_str()) {
        Some(why) => attempt.error(Elsewhere(format!("the site leads to another place: {why}"))),
        None if attempt.previous().len() > REDIRECTS => attempt.error("too many redirects"),
        None => attempt.follow(),
    })
}

/// A redirect that is not followed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Elsewhere(String);

/// Why a request step failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error("{method} {url}: {why}")]
    Unreachable { method: String, url: String, why: String },
    #[error("{method} {url}: {why}")]
    Elsewhere { method: String, url: String, why: String },
    #[error("{method} {url} answered {status}, which is not what the step expects")]
    Unexpected { method: String, url: String, status: u16, answer: Box<HttpAnswer> },
    #[error("{method} {url}: the answer has no `{pointer}`")]
    NotThere { method: String, url: String, pointer: String, answer: Box<HttpAnswer> },
    #[error("{method} {url}: {TOO_LARGE}")]
    CutOff { method: String, url: String, answer: Box<HttpAnswer> },
    #[error("{method} {url}: {what} cannot be sent; a line end or another control character is in it")]
    Unsendable { method: String, url: String, what: String },
}

impl RequestError {
    /// What the site answered, where it did.
    pub(super) fn answer(&self) -> Option<&HttpAnswer> {
        match self {
            Self::Unreachable { .. } | Self::Elsewhere { .. } | Self::Unsendable { .. } => None,
            Self::Unexpected { answer, .. } | Self::NotThere { answer, .. } | Self::CutOff { answer, .. } => {
                Some(answer)
            }
        }
    }

    /// Whether the site was not asked because of what the files say, or what was read for them.
    pub(super) fn is_of_files(&self) -> bool {
        matches!(self, Self::Elsewhere { .. } | Self::Unsendable { .. })
    }
}

/// What a request step brought.
pub(super) struct Brought {
    /// The answer.
    pub(super) answer: HttpAnswer,
    /// Whether only its beginning was read.
    pub(super) is_cut: bool,
    /// Variables that were read.
    pub(super) read: Vec<(String, String)>,
}

/// Sends one request and reads what the step wants of it.
pub(super) async fn send(client: &Client, request: &Request) -> Result<Brought, RequestError> {
    let (method, url) = (request.method.clone(), request.url.clone());
    if let Some(why) = client.origins.refuse(&url) {
        return Err(RequestError::Elsewhere { method, url, why });
    }
    if let Some(what) = unsendable(request) {
        return Err(RequestError::Unsendable { method, url, what });
    }
    let (answer, is_cut) = ask(&client.http, request).await.map_err(|error| failure(request, error))?;
    if let Some(expected) = &request.expect
        && !holds_for_answer(expected, &answer)
    {
        let (status, answer) = (answer.status, Box::new(answer));
        return Err(match is_cut {
            true => RequestError::CutOff { method, url, answer },
            false => RequestError::Unexpected { method, url, status, answer },
        });
    }
    let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let mut read = Vec::new();
    for (name, pointer) in &request.read {
        let Some(value) = json.pointer(pointer).and_then(scalar) else {
            let (pointer, answer) = (pointer.clone(), Box::new(answer));
            return Err(match is_cut {
                true => RequestError::CutOff { method, url, answer },
                false => RequestError::NotThere { method, url, pointer, answer },
            });
        };
        read.push((name.clone(), value));
    }
    Ok(Brought { answer, is_cut, read })
}

/// What of a request HTTP has no way to say.
fn unsendable(request: &Request) -> Option<String> {
    let (name, _) = request.headers.iter().find(|(name, value)| {
        HeaderName::from_bytes(name.as_bytes()).is_err() || HeaderValue::from_str(value).is_err()
    })?;
    Some(format!("the header `{}`", name.escape_debug()))
}

fn failure(request: &Request, error: reqwest::Error) -> RequestError {
    let (method, url) = (request.method.clone(), request.url.clone());
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(Elsewhere(why)) = inner.downcast_ref() {
            return RequestError::Elsewhere { method, url, why: why.clone() };
        }
        source = inner.source();
    }
    RequestError::Unreachable { method, url, why: error.without_url().to_string() }
}

/// The answer, and whether it was cut.
async fn ask(client: &reqwest::Client, request: &Request) -> Result<(HttpAnswer, bool), reqwest::Error> {
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
    let is_cut = body.len() > BODY_LIMIT;
    Ok((HttpAnswer { status, url, body: String::from_utf8_lossy(&body).into_owned() }, is_cut))
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
        let client = client(Duration::from_secs(5), Origins::default()).expect("a client");
        client.http.get(url).send().await.expect("an answer");
        let head = served.join().expect("served");
        assert!(head.contains("cache-control: no-cache"), "{head}");
    }

    /// Answers once, and says what it was asked; none: nobody has asked.
    fn answers_once(answer: String) -> (String, std::sync::mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/", listener.local_addr().expect("bound"));
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().expect("one asks");
            let (mut asked, mut some) = (Vec::new(), [0; 4096]);
            while !String::from_utf8_lossy(&asked).contains("s3cret-pass") {
                match socket.read(&mut some).expect("a request") {
                    0 => break,
                    length => asked.extend_from_slice(&some[..length]),
                }
            }
            let _ = tell.send(String::from_utf8_lossy(&asked).into_owned());
            let _ = socket.write_all(answer.as_bytes());
        });
        (url, told)
    }

    /// A log-in at a site that leads to another one with this status.
    async fn led(status: &str, allowed: bool) -> (Result<Brought, RequestError>, Option<String>) {
        let fine = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}".to_owned();
        let (there, caught) = answers_once(fine);
        let redirect =
            format!("HTTP/1.1 {status} x\r\nlocation: {there}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let (url, asked) = answers_once(redirect);
        let hosts: Vec<String> =
            allowed.then(|| there["http://".len()..there.len() - 1].to_owned()).into_iter().collect();
        let client = client(Duration::from_secs(5), Origins::of(&url, [], &hosts)).expect("a client");
        let body = Body::Form(vec![("password".to_owned(), "s3cret-pass".to_owned())]);
        let headers = vec![("X-Token".to_owned(), "s3cret-pass".to_owned())];
        let request = Request { method: "POST".to_owned(), url, headers, body, read: Vec::new(), expect: None };
        let answer = send(&client, &request).await;
        assert!(asked.recv_timeout(Duration::from_secs(5)).expect("the site is asked").contains("s3cret-pass"));
        (answer, caught.recv_timeout(Duration::from_millis(200)).ok())
    }

    #[tokio::test]
    async fn credentials_go_over_no_redirect_to_a_place_that_nobody_named() {
        for status in ["302", "307", "308"] {
            let (answer, caught) = led(status, false).await;
            assert_eq!(caught, None, "{status}");
            let told = answer.err().expect("refused").to_string();
            assert!(told.contains("login-hosts = [\"127.0.0.1:"), "{status}: {told}");
        }
        let (answer, caught) = led("307", true).await;
        assert!(
            answer.is_ok() && caught.is_some_and(|asked| asked.contains("password=s3cret-pass")),
            "a host that was named"
        );
    }

    #[tokio::test]
    async fn a_request_to_a_place_that_nobody_named_is_not_sent() {
        let (url, caught) = answers_once(String::new());
        let client = client(Duration::from_secs(5), Origins::of("http://127.0.0.1:1/", [], &[])).expect("a client");
        let (method, body) = ("GET".to_owned(), Body::Empty);
        let request = Request { method, url, headers: Vec::new(), body, read: Vec::new(), expect: None };
        assert!(matches!(send(&client, &request).await, Err(RequestError::Elsewhere { .. })));
        assert!(caught.recv_timeout(Duration::from_millis(200)).is_err());
    }

    fn asks(url: String, headers: Vec<(String, String)>, read: Vec<(String, String)>) -> Request {
        Request { method: "GET".to_owned(), url, headers, body: Body::Empty, read, expect: None }
    }

    #[tokio::test]
    async fn a_token_with_a_line_end_is_said_to_be_unsendable_and_is_not_sent() {
        let (url, caught) = answers_once(String::new());
        let client = client(Duration::from_secs(5), Origins::of(&url, [], &[])).expect("a client");
        let headers = vec![("Authorization".to_owned(), "Bearer one\r\nX-Two: 2".to_owned())];
        let error = send(&client, &asks(url, headers, Vec::new())).await.err().expect("refused");
        assert!(error.is_of_files() && error.answer().is_none());
        let told = error.to_string();
        assert!(told.contains("the header `Authorization` cannot be sent") && !told.contains("Bearer"), "{told}");
        assert!(caught.recv_timeout(Duration::from_millis(200)).is_err());
    }

    #[tokio::test]
    async fn an_answer_that_is_too_large_is_said_to_be_cut_off() {
        for (size, is_cut) in [(BODY_LIMIT + 1, true), (16, false)] {
            let body = " ".repeat(size);
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n{body}");
            let (url, _asked) = answers_once(answer);
            let client = client(Duration::from_secs(20), Origins::of(&url, [], &[])).expect("a client");
            // What the server waits for, before it answers.
            let headers = vec![("X-Token".to_owned(), "s3cret-pass".to_owned())];
            let read = vec![("token".to_owned(), "/token".to_owned())];
            let told = send(&client, &asks(url, headers, read)).await.err().expect("there is no token").to_string();
            assert_eq!(told.contains(TOO_LARGE), is_cut, "{told}");
            assert_eq!(told.contains("has no `/token`"), !is_cut, "{told}");
        }
    }
}
