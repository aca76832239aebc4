//! The HTTP client under thirtyfour: never through a proxy, and every command has its own deadline.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::{Method, Request, Response};
use thirtyfour::error::{WebDriverError, WebDriverResult};
use thirtyfour::session::http::{Body, HttpClient};

use super::Deadlines;

/// The driver counts the page's time itself; this much later it is no longer waited for.
const MARGIN: Duration = Duration::from_secs(5);

/// How long connecting to a driver may take.
const CONNECT: Duration = Duration::from_secs(5);

/// A client whose every command is bounded.
#[derive(Clone, Debug)]
pub(super) struct Bounded {
    client: reqwest::Client,
    deadlines: Deadlines,
}

impl Bounded {
    /// A client of its own, with its own connections.
    pub(super) fn new(deadlines: Deadlines) -> Result<Self, reqwest::Error> {
        // A proxy from the environment would get the commands for a driver on this machine.
        let client = reqwest::Client::builder().no_proxy().connect_timeout(CONNECT).tcp_nodelay(true).build()?;
        Ok(Self { client, deadlines })
    }

    /// The client for requests that are no WebDriver commands.
    pub(super) fn plain(&self) -> &reqwest::Client {
        &self.client
    }

    fn deadline(&self, method: &Method, path: &str) -> Duration {
        let mut words = path.rsplit('/');
        let (last, before) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        match (method, last) {
            (&Method::POST, "session") => self.deadlines.start,
            (&Method::POST, "url" | "back" | "forward" | "refresh" | "click" | "sync" | "async") => {
                self.deadlines.command.max(self.deadlines.page_load + MARGIN)
            }
            (&Method::DELETE, _) if before == "session" => self.deadlines.end,
            _ => self.deadlines.command,
        }
    }
}

type Sent<'a> = Pin<Box<dyn Future<Output = WebDriverResult<Response<Bytes>>> + Send + 'a>>;

impl HttpClient for Bounded {
    fn send<'a, 'b, 'c>(&'a self, request: Request<Body<'b>>) -> Sent<'c>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        let deadline = self.deadline(request.method(), request.uri().path());
        let what = format!("{} {}", request.method(), request.uri().path());
        Box::pin(async move {
            match tokio::time::timeout(deadline, HttpClient::send(&self.client, request)).await {
                Ok(answer) => answer,
                Err(_) => Err(WebDriverError::Timeout(format!("{what}: no answer within {} ms", deadline.as_millis()))),
            }
        })
    }

    fn new<'a, 'c>(&'a self) -> Pin<Box<dyn Future<Output = Arc<dyn HttpClient>> + Send + 'c>>
    where
        'a: 'c,
        Self: 'c,
    {
        Box::pin(async move { Arc::new(self.clone()) as Arc<dyn HttpClient> })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_load_may_take_longer_than_a_look() {
        super::super::tls::install_provider();
        let deadlines = Deadlines {
            start: Duration::from_secs(90),
            command: Duration::from_secs(3),
            page_load: Duration::from_secs(30),
            end: Duration::from_secs(8),
        };
        let client = Bounded::new(deadlines).unwrap();
        assert_eq!(client.deadline(&Method::POST, "/session"), Duration::from_secs(90));
        assert_eq!(client.deadline(&Method::POST, "/wd/hub/session"), Duration::from_secs(90));
        assert_eq!(client.deadline(&Method::POST, "/session/1/url"), Duration::from_secs(35));
        assert_eq!(client.deadline(&Method::GET, "/session/1/url"), Duration::from_secs(3));
        assert_eq!(client.deadline(&Method::DELETE, "/session/1"), Duration::from_secs(8));
        assert_eq!(client.deadline(&Method::DELETE, "/wd/hub/session/1"), Duration::from_secs(8));
        assert_eq!(client.deadline(&Method::DELETE, "/session/1/cookie"), Duration::from_secs(3));
    }
}
