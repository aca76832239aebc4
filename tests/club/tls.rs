//! The club over https: both versions of HTTP, stamps in time, and a shot at it.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use firstserve::browser::Trust;
use firstserve::browser::shot::{self, Form, Plan, Prepared, ShotError, Visitor};
use firstserve::clock::{Clock, SystemClock};
use firstserve::club::{Club, Options, Versions};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

/// A club over TLS; it ends with the value.
struct Secured {
    url: Url,
    folder: TempDir,
    _shutdown: DropGuard,
}

impl Secured {
    fn new(http: Versions) -> Self {
        let folder = TempDir::new().expect("a folder can be made");
        let options = Options { tls: Some(folder.path().to_owned()), http, ..Options::default() };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let shutdown = CancellationToken::new();
        let club = Club::new(listener, &options, shutdown.clone()).expect("the club is set up");
        let url = club.ready().expect("it has an address").url.parse().expect("an address");
        tokio::spawn(club.serve());
        Self { url, folder, _shutdown: shutdown.drop_guard() }
    }

    fn authority(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.folder.path().join("ca.pem")).expect("a certificate")
    }

    async fn connect(&self, version: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
        connect(&self.url, self.authority(), version).await
    }
}

async fn connect(url: &Url, root: CertificateDer<'static>, version: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(root).expect("it is an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = config.expect("versions").with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![version.to_vec()];
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    let port = url.port().expect("a port");
    TlsConnector::from(Arc::new(config)).connect(name, TcpStream::connect(("127.0.0.1", port)).await?).await
}

/// A request that is answered with the instant at which it began to arrive.
fn echo(url: &Url) -> Request<Body> {
    Request::get(url.join("/_club/echo").expect("an address").as_str())
        .header("host", url.authority())
        .body(Body::empty())
        .expect("a request")
}

async fn received(answer: axum::http::Response<hyper::body::Incoming>) -> Timestamp {
    assert_eq!(answer.status(), StatusCode::OK);
    let bytes = axum::body::to_bytes(Body::new(answer.into_body()), 64 * 1024).await.expect("a body");
    let answer: Value = serde_json::from_slice(&bytes).expect("JSON");
    let ns = answer["received_ns"].as_i64().expect("an instant");
    Timestamp::from_nanosecond(i128::from(ns)).expect("within the calendar")
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_over_http_2_bear_their_own_instants() {
    let club = Secured::new(Versions::Both);
    let stream = club.connect(b"h2").await.expect("it speaks HTTP/2");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut send, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("a connection");
    tokio::spawn(connection);
    for _ in 0..3 {
        let before = SystemClock.now();
        let first = tokio::spawn(send.send_request(echo(&club.url)));
        tokio::time::sleep(Duration::from_millis(20)).await;
        let between = SystemClock.now();
        let second = send.send_request(echo(&club.url)).await;
        let first = first.await.expect("no panic");
        let (first, second) = (received(first.expect("an answer")).await, received(second.expect("an answer")).await);
        assert!(first >= before && second >= between, "{before} {first} {between} {second}");
        assert!(second <= SystemClock.now());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_over_http_1_1_are_not_dated_by_the_handshake() {
    for versions in [Versions::Both, Versions::One] {
        let club = Secured::new(versions);
        let stream = club.connect(b"http/1.1").await.expect("it speaks HTTP/1.1");
        let (mut send, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("a connection");
        tokio::spawn(connection);
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let before = SystemClock.now();
            let at = received(send.send_request(echo(&club.url)).await.expect("an answer")).await;
            assert!(at >= before && at <= SystemClock.now(), "{before} {at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_it_does_not_speak_and_a_stranger_are_refused() {
    assert!(Secured::new(Versions::One).connect(b"h2").await.is_err());
    assert!(Secured::new(Versions::Two).connect(b"http/1.1").await.is_err());
    let (club, other) = (Secured::new(Versions::Both), Secured::new(Versions::Both));
    assert!(connect(&club.url, other.authority(), b"h2").await.is_err(), "every club has its own authority");
    assert!(!keys_in(club.folder.path()), "keys stay in memory");
}

fn keys_in(folder: &Path) -> bool {
    let files = std::fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("a file").path());
    let texts: Vec<String> = files.map(|path| std::fs::read_to_string(path).expect("text")).collect();
    assert_eq!(texts.len(), 1, "the authority's certificate");
    texts.iter().any(|text| text.contains("PRIVATE KEY"))
}

async fn shot_at(club: &Secured) -> (Timestamp, Result<shot::Landed, ShotError>) {
    let form = Form {
        method: "post".to_owned(),
        action: club.url.join("/reservar").expect("an address"),
        enctype: String::new(),
        fields: Vec::new(),
        page: club.url.clone(),
        charset: "UTF-8".to_owned(),
    };
    let prepared = Prepared::of_form(&form, &Visitor::default(), SystemClock.now()).expect("a request");
    let trust = Trust::Roots(vec![club.authority()]);
    let warm_with = club.url.join("/_club/echo").ok();
    let plan = Plan { prepared, trust, warm_with, answer: Duration::from_secs(5) };
    let at = SystemClock.now() + Duration::from_millis(1_200);
    (at, shot::fire_at(Arc::new(SystemClock), at, plan).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn shots_speak_http_1_1_and_say_where_that_is_not_spoken() {
    for versions in [Versions::Both, Versions::One] {
        let (at, landed) = shot_at(&Secured::new(versions)).await;
        let landed = landed.expect("it is answered");
        assert!(landed.woke_at >= at && landed.reply.status == 303, "{landed:?}");
    }
    let (_, landed) = shot_at(&Secured::new(Versions::Two)).await;
    assert!(matches!(landed, Err(ShotError::Unfit { .. })), "{landed:?}");
}
