//! Listens, stamps what arrives, and serves it until the shutdown.

use std::fmt;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use jiff::Timestamp;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::court::{COURTS, Court};
use super::desk;
use super::heads::{Heads, Watched};
use super::http::{self, HangUp, Received};
use super::options::Options;
use super::receipt::{Receipts, Stamped};
use super::rivals;
use super::tls;
use super::window::Window;

/// How long open connections may finish after the shutdown.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long a client may take to come to terms about TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long the club waits after the system refused it a connection (no descriptors left).
const AFTER_REFUSAL: Duration = Duration::from_millis(50);

/// A club that has its address and its opening, and waits to be served.
#[derive(Debug)]
pub struct Club {
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    shared: Arc<desk::Club>,
    shutdown: CancellationToken,
}

/// Where the club is, and when it opens.
#[derive(Clone, Debug)]
pub struct Ready {
    /// `http://127.0.0.1:8090/`, or with `https`.
    pub url: String,
    /// The instant that was asked for, on the club's clock; none for a club that opens at its midnight.
    pub opening: Option<Timestamp>,
    window: Window,
}

impl Ready {
    /// The date that a court shows for the first time at the opening.
    pub fn date(&self, court: &Court) -> Option<jiff::civil::Date> {
        self.opening.map(|opening| self.window.newest(court, opening))
    }
}

/// The ready line: `club ready at http://127.0.0.1:8090/ opening=2026-11-21T03:00:10Z`.
impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "club ready at {}", self.url)?;
        self.opening.map_or(Ok(()), |opening| write!(f, " opening={opening}"))
    }
}

impl Club {
    /// Sets the club up on a listener; `opens_in` counts from here. The listener decides the address, not the options.
    ///
    /// # Errors
    /// The listener has no address, or the certificate of a club with TLS cannot be written.
    pub fn new(listener: TcpListener, options: &Options, shutdown: CancellationToken) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let tls = options.tls.as_deref().map(|folder| tls::config(address, options.http, folder)).transpose()?;
        let shared = Arc::new(desk::Club::new(options, shutdown.clone()));
        Ok(Self { listener, tls, shared, shutdown })
    }

    /// Where it is and when it opens.
    ///
    /// # Errors
    /// The listener has no address.
    pub fn ready(&self) -> io::Result<Ready> {
        let window = self.shared.desk().counter.window.clone();
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(Ready { url: format!("{scheme}://{}/", self.listener.local_addr()?), opening: window.asked_for(), window })
    }

    /// Serves until the shutdown, and then for at most a second more.
    ///
    /// # Errors
    /// The runtime cannot watch the listener.
    pub async fn serve(self) -> io::Result<()> {
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        let tls = self.tls.map(TlsAcceptor::from);
        let router = http::router(Arc::clone(&self.shared));
        let mut tasks = JoinSet::new();
        tasks.spawn(rivals::run(self.shared, self.shutdown.clone()));
        loop {
            let accepted = tokio::select! {
                () = self.shutdown.cancelled() => break,
                accepted = listener.accept() => accepted,
                Some(_) = tasks.join_next() => continue,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (tls, router) = (tls.clone(), router.clone());
                    tasks.spawn(connection(stream, tls, router, self.shutdown.clone()));
                }
                Err(_) => tokio::time::sleep(AFTER_REFUSAL).await,
            }
        }
        let _ = tokio::time::timeout(FAREWELL, async { while tasks.join_next().await.is_some() {} }).await;
        Ok(())
    }
}

/// Serves a club on a listener until the shutdown.
///
/// # Errors
/// The listener has no address or cannot be watched.
pub async fn serve(listener: TcpListener, options: Options, shutdown: CancellationToken) -> io::Result<()> {
    Club::new(listener, &options, shutdown)?.serve().await
}

/// The date that each court shows for the first time at the opening that was asked for, by site id.
pub(super) fn opening_dates(window: &Window) -> impl Iterator<Item = (&'static str, String)> {
    let opening = window.asked_for();
    COURTS.iter().filter_map(move |court| Some((court.id, window.newest(court, opening?).to_string())))
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, router: Router, shutdown: CancellationToken) {
    // A connection that cannot be set up is one that its client has already left.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let receipts = Arc::new(Receipts::default());
    let stream = Stamped::new(stream, Arc::clone(&receipts));
    let Some(tls) = tls else {
        return serve_1(stream, receipts, router, shutdown).await;
    };
    // The stamps stand below TLS: what a request costs to be decrypted does not make it late.
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await else { return };
    receipts.begin_anew();
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        serve_2(stream, receipts, router, shutdown).await;
    } else {
        serve_1(stream, receipts, router, shutdown).await;
    }
}

async fn serve_1<S: Stream>(stream: S, receipts: Arc<Receipts>, router: Router, shutdown: CancellationToken) {
    let service = stamping(router, move || receipts.of_request());
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    until_shutdown(connection, http1::Connection::graceful_shutdown, shutdown).await;
}

async fn serve_2<S: Stream>(stream: S, receipts: Arc<Receipts>, router: Router, shutdown: CancellationToken) {
    let heads = Arc::new(Heads::new(receipts));
    let stream = Watched::new(stream, Arc::clone(&heads));
    let service = stamping(router, move || heads.of_request());
    let connection = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service);
    until_shutdown(connection, http2::Connection::graceful_shutdown, shutdown).await;
}

/// What a connection is served on.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

/// The router, told of each request when it began.
fn stamping(
    router: Router,
    began: impl Fn() -> Timestamp,
) -> impl Service<Request<Incoming>, Response = Response<Body>, Error = io::Error, Future: Send> {
    let answer = TowerToHyperService::new(router);
    service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Received(began()));
        let answer = answer.call(request);
        async move { answer.await.map_err(|never| match never {}).and_then(unless_hung_up) }
    })
}

async fn until_shutdown<C: Future>(connection: C, farewell: impl FnOnce(Pin<&mut C>), shutdown: CancellationToken) {
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // Errors are connections that ended, by the client or on purpose.
        _ = connection.as_mut() => return,
        () = shutdown.cancelled() => farewell(connection.as_mut()),
    }
    let _ = connection.await;
}

/// An error closes the connection without a byte.
fn unless_hung_up<B>(response: Response<B>) -> Result<Response<B>, io::Error> {
    match response.extensions().get::<HangUp>() {
        Some(HangUp) => Err(io::Error::other("hung up on purpose")),
        None => Ok(response),
    }
}

#[cfg(test)]
mod tests {
    use axum::Extension;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::clock::{Clock, SystemClock};

    /// How long the handler of this test dawdles before it looks at the clock itself.
    const DAWDLE: Duration = Duration::from_millis(400);

    async fn dawdling(Extension(Received(at)): Extension<Received>) -> String {
        tokio::time::sleep(DAWDLE).await;
        format!("{at} {}", SystemClock.now())
    }

    /// The stamp, and the handler's own look at the clock.
    async fn ask(client: &mut TcpStream) -> [Timestamp; 2] {
        client.write_all(b"GET / HTTP/1.1\r\nhost: club\r\n\r\n").await.expect("the club reads");
        let mut answer = vec![0; 1024];
        let read = client.read(&mut answer).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        let (_, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let (stamp, own) = body.split_once(' ').expect("two instants");
        [stamp, own].map(|at| at.parse().expect("a timestamp"))
    }

    #[tokio::test]
    async fn a_dawdling_handler_does_not_make_a_request_late() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let mut client = TcpStream::connect(address).await.expect("it listens");
        let (served, _) = listener.accept().await.expect("a connection");
        let shutdown = CancellationToken::new();
        tokio::spawn(connection(served, None, Router::new().route("/", get(dawdling)), shutdown.clone()));
        for _ in 0..3 {
            let sent = SystemClock.now();
            let in_time = |at: Timestamp| at >= sent && at < sent + DAWDLE;
            let [stamp, own] = ask(&mut client).await;
            assert!(in_time(stamp), "{stamp} is not of a request sent at {sent}");
            assert!(!in_time(own), "the control: a handler that stamps for itself is too late");
        }
        shutdown.cancel();
    }
}
