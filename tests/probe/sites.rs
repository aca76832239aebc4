//! Sites that make it hard: caches, several servers, no `HEAD`, no `Date`, no keep-alive, TLS.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use firstserve::browser::Trust;
use firstserve::clock::{Clock, SystemClock};
use firstserve::probe::ProbeError;
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{ask, bound_ms, error_ms, turn};

/// How long a connection may rest in these servers.
const REST: Duration = Duration::from_secs(20);

/// What one request is answered: the whole head, and whether the connection stays open.
type Answers = dyn Fn(usize, &str, Timestamp) -> (String, bool) + Send + Sync;

/// A server that answers what it is told; it counts requests.
struct Site {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl Site {
    fn new(answers: impl Fn(usize, &str, Timestamp) -> (String, bool) + Send + Sync + 'static) -> Self {
        Self::listening("http", answers, |stream| Some(Box::new(stream)))
    }

    fn listening(
        scheme: &str,
        answers: impl Fn(usize, &str, Timestamp) -> (String, bool) + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> Option<Box<dyn ReadWrite>> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("{scheme}://localhost:{}/", listener.local_addr().expect("an address").port());
        let asked = Arc::new(AtomicUsize::new(0));
        let (answers, counted): (Arc<Answers>, _) = (Arc::new(answers), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let ready = stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(REST)));
                let (answers, counted) = (Arc::clone(&answers), Arc::clone(&counted));
                if let (Ok(()), Some(stream)) = (ready, wrap(stream)) {
                    std::thread::spawn(move || serve(stream, &*answers, &counted));
                }
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

trait ReadWrite: Read + Write + Send {}
impl<T: Read + Write + Send> ReadWrite for T {}

fn serve(mut stream: Box<dyn ReadWrite>, answers: &Answers, asked: &AtomicUsize) {
    let (mut raw, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        while let Some(end) = raw.windows(4).position(|four| four == b"\r\n\r\n") {
            let question = String::from_utf8_lossy(&raw[..end]).into_owned();
            raw.drain(..end + 4);
            let nth = asked.fetch_add(1, Ordering::Relaxed);
            let (answer, stays) = answers(nth, &question, SystemClock.now());
            if stream.write_all(answer.as_bytes()).and_then(|()| stream.flush()).is_err() || !stays {
                return;
            }
        }
        match stream.read(&mut buffer) {
            Ok(length @ 1..) => raw.extend_from_slice(&buffer[..length]),
            _ => return,
        }
    }
}

fn date(at: Timestamp) -> String {
    at.strftime("Date: %a, %d %b %Y %H:%M:%S GMT\r\n").to_string()
}

fn ok(now: Timestamp, more: &str) -> (String, bool) {
    (format!("HTTP/1.1 200 OK\r\n{}{more}Content-Length: 0\r\n\r\n", date(now)), true)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_that_a_cache_kept_proves_nothing() {
    let began = SystemClock.now();
    let site = Site::new(move |_, _, _| ok(began - SignedDuration::from_secs(300), "Age: 300\r\n"));
    let error = ask(&site.url, Trust::default(), 15).await.expect_err("nothing can be known");
    assert!(matches!(error, ProbeError::Cached { .. }), "{error}");
    assert_eq!(site.asked(), 3, "it is not asked in vain");
}

/// Control: without the mark of a cache the same dates contradict each other, or would be believed.
#[tokio::test(flavor = "multi_thread")]
async fn a_date_that_stands_still_is_a_contradiction() {
    let began = SystemClock.now();
    let site = Site::new(move |_, _, _| ok(began, ""));
    let error = ask(&site.url, Trust::default(), 15).await.expect_err("nothing can be known");
    assert!(matches!(error, ProbeError::Contradiction { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_servers_with_a_clock_each_are_told() {
    let site = Site::new(|nth, _, now| {
        let behind = SignedDuration::from_secs(if nth % 2 == 0 { 0 } else { 2 });
        ok(now - behind, &format!("X-Served-By: web-{}\r\n", nth % 2))
    });
    let error = ask(&site.url, Trust::default(), 15).await.expect_err("nothing can be known");
    let told = error.to_string();
    assert!(matches!(error, ProbeError::Contradiction { .. }), "{told}");
    assert!(told.contains("web-0") && told.contains("web-1"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_servers_that_agree_are_believed_and_told() {
    let _turn = turn().await;
    let site = Site::new(|nth, _, now| ok(now, &format!("X-Served-By: web-{}\r\n", nth % 2)));
    let reading = ask(&site.url, Trust::default(), 15).await.expect("they agree");
    assert_eq!(reading.servers.len(), 2);
    assert!(error_ms(&reading, SignedDuration::ZERO).abs() <= bound_ms(&reading));
    let told = firstserve::probe::words::warnings(&reading.offset, &reading.servers);
    assert!(told.iter().any(|warning| warning.contains("2 servers")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_closes_after_each_answer_is_read_all_the_same() {
    let _turn = turn().await;
    let truth = SignedDuration::from_millis(700);
    let site = Site::new(move |_, _, now| (ok(now + truth, "Connection: close\r\n").0, false));
    let reading = ask(&site.url, Trust::default(), 15).await.expect("it answers");
    assert!(error_ms(&reading, truth).abs() <= bound_ms(&reading) && bound_ms(&reading) < 50.0, "{reading:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_dates_no_head_is_asked_for_the_page() {
    let _turn = turn().await;
    let site = Site::new(|_, question, now| match question.starts_with("GET ") {
        true => (format!("HTTP/1.1 200 OK\r\n{}Content-Length: 5\r\n\r\nhello", date(now)), true),
        false => ("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n".to_owned(), true),
    });
    let reading = ask(&site.url, Trust::default(), 15).await.expect("its pages are dated");
    assert!(error_ms(&reading, SignedDuration::ZERO).abs() <= bound_ms(&reading));
    let none = Site::new(|_, _, _| ("HTTP/1.1 204 No Content\r\n\r\n".to_owned(), true));
    let error = ask(&none.url, Trust::default(), 15).await.expect_err("nothing is dated");
    assert!(matches!(error, ProbeError::NoDate { .. }), "{error}");
    assert_eq!(none.asked(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_not_there_is_told_soon() {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let error = ask(&format!("http://{free}/"), Trust::default(), 15).await.expect_err("nobody listens");
    assert!(matches!(error, ProbeError::Unreachable { .. }), "{error}");
}

/// A server may greet with tickets that nobody asked for; they must not be taken for the answer.
#[tokio::test(flavor = "multi_thread")]
async fn over_tls_it_is_as_exact() {
    let _turn = turn().await;
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_no_client_auth().with_single_cert(vec![certificate.clone()], key);
    let config = Arc::new(config.expect("a certificate with its key"));
    let truth = SignedDuration::from_millis(-1_700);
    let site = Site::listening(
        "https",
        move |_, _, now| ok(now + truth, ""),
        move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).ok()?;
            Some(Box::new(StreamOwned::new(connection, stream)))
        },
    );
    let reading = ask(&site.url, Trust::Roots(vec![certificate]), 15).await.expect("it answers");
    let (error, bound) = (error_ms(&reading, truth), bound_ms(&reading));
    println!("site clock: over TLS: error {error:+.3} ms, bound {bound:.3} ms, {} asked", reading.requests);
    assert!(error.abs() <= bound && bound <= 20.0, "{error} {bound}");
}
