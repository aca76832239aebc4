//! Who is let in: so many connections at once, each for so long, one request on each. Whoever only holds connections open must
//! not take the descriptors that a booking needs.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Connections at once; more are closed as soon as they come.
const CONNECTIONS: usize = 32;

/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(5);

/// How long a connection may last in all.
const LONGEST: Duration = Duration::from_secs(10);

/// How long the door stays shut after the system refused a connection (no descriptors left).
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// How long open connections may finish after the stop.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves until `stop` is over, and then for at most a second more.
pub(super) async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let mut guests = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            Some(_) = guests.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) if guests.len() < CONNECTIONS => drop(guests.spawn(answer(stream, router.clone()))),
            Ok((stream, _)) => drop(stream),
            Err(error) => {
                tracing::debug!(%error, "a connection could not be taken");
                tokio::time::sleep(AFTER_REFUSAL).await;
            }
        }
    }
    // Who is slower than that is cut off.
    let _ = tokio::time::timeout(FAREWELL, async { while guests.join_next().await.is_some() {} }).await;
}

async fn answer(stream: TcpStream, router: Router) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // An error is a guest who has left, or was too slow.
    let _ = tokio::time::timeout(LONGEST, connection).await;
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// So long a guest is certainly noticed.
    const SOON: Duration = Duration::from_secs(4);

    async fn door() -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let router = Router::new().route("/", get(|| async { "here" }));
        (address, tokio::spawn(serve(listener, router, std::future::pending())))
    }

    async fn asked(address: std::net::SocketAddr) -> std::io::Result<String> {
        let mut guest = TcpStream::connect(address).await?;
        guest.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await?;
        let mut answer = String::new();
        guest.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    /// Whether the door has closed it.
    async fn is_closed(guest: &mut TcpStream, within: Duration) -> bool {
        tokio::time::timeout(within, guest.read(&mut [0; 1])).await.is_ok_and(|read| matches!(read, Ok(0) | Err(_)))
    }

    #[tokio::test]
    async fn the_excess_is_closed_at_once_and_the_slow_in_time() {
        let (address, task) = door().await;
        let mut held = Vec::new();
        for _ in 0..CONNECTIONS {
            held.push(TcpStream::connect(address).await.expect("there is a place"));
        }
        let mut excess = TcpStream::connect(address).await.expect("the system takes it");
        assert!(is_closed(&mut excess, SOON).await, "one more than there are places for");
        assert!(!is_closed(&mut held[0], Duration::from_millis(10)).await, "control: the others stay for a while");
        for guest in &mut held {
            assert!(is_closed(guest, HEAD + SOON).await, "who says nothing goes");
        }
        assert!(asked(address).await.expect("there is a place again").ends_with("here"));
        task.abort();
    }
}
