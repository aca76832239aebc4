//! When a request began to arrive: a stream that stamps every read.
//!
//! The stamp of a request is taken when its first byte is read from the socket, before anything is parsed, so that no delay of
//! the club itself makes a request look later than it was.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll};

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::clock::{Clock, SystemClock};

/// The stamps of one connection, in nanoseconds of this machine's clock; 0 is none.
///
/// The first read after something was written begins a request. Reads that follow it are the rest of its head and its body.
/// A request that was already read together with the one before it (pipelining) bears the stamp of the latest read.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    began: AtomicI64,
    latest: AtomicI64,
}

impl Receipts {
    fn on_read(&self, at_ns: i64) {
        self.latest.store(at_ns, Ordering::Relaxed);
        if self.began.load(Ordering::Relaxed) == 0 {
            self.began.store(at_ns, Ordering::Relaxed);
        }
    }

    fn on_write(&self) {
        self.began.store(0, Ordering::Relaxed);
    }

    /// What was read until now belongs to no request: the handshake of TLS is over.
    pub(crate) fn begin_anew(&self) {
        self.on_write();
    }

    /// The instant at which the request began whose head has just been read.
    pub(crate) fn of_request(&self) -> Timestamp {
        match self.began.load(Ordering::Relaxed) {
            0 => self.latest(),
            began => timestamp(began),
        }
    }

    /// The latest read.
    pub(crate) fn latest(&self) -> Timestamp {
        timestamp(self.latest.load(Ordering::Relaxed))
    }
}

/// A stream whose reads are stamped.
#[derive(Debug)]
pub(crate) struct Stamped<S> {
    stream: S,
    receipts: Arc<Receipts>,
}

impl<S> Stamped<S> {
    /// Stamps into `receipts`.
    pub(crate) fn new(stream: S, receipts: Arc<Receipts>) -> Self {
        Self { stream, receipts }
    }

    fn noted(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(count)) if count > 0) {
            self.receipts.on_write();
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stamped<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.receipts.on_read(system_ns());
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stamped<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.noted(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

fn timestamp(ns: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(ns)).expect("64 bits of nanoseconds are within the calendar")
}

fn system_ns() -> i64 {
    i64::try_from(SystemClock.now().as_nanosecond()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ns(receipts: &Receipts) -> i128 {
        receipts.of_request().as_nanosecond()
    }

    #[test]
    fn a_request_in_pieces_bears_the_stamp_of_its_first_byte() {
        let receipts = Receipts::default();
        receipts.on_read(10);
        receipts.on_read(20);
        assert_eq!(ns(&receipts), 10);
    }

    #[test]
    fn on_a_kept_connection_a_body_does_not_date_the_next_request() {
        let receipts = Receipts::default();
        receipts.on_read(10);
        assert_eq!(ns(&receipts), 10);
        receipts.on_read(20);
        receipts.on_write();
        receipts.on_read(30);
        assert_eq!(ns(&receipts), 30);
    }

    #[test]
    fn a_request_read_with_the_one_before_bears_the_latest_stamp() {
        let receipts = Receipts::default();
        receipts.on_read(10);
        receipts.on_write();
        assert_eq!(ns(&receipts), 10);
    }

    #[tokio::test]
    async fn the_stream_stamps_reads_and_forgets_at_writes() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut client, served) = tokio::io::duplex(64);
        let receipts = Arc::new(Receipts::default());
        let mut served = Stamped::new(served, Arc::clone(&receipts));
        let before = SystemClock.now();
        client.write_all(b"one").await.expect("the pipe is open");
        served.read_u8().await.expect("a byte is there");
        let first = receipts.of_request();
        assert!(first >= before && first <= SystemClock.now());
        served.read_u8().await.expect("a byte is there");
        assert_eq!(receipts.of_request(), first, "the same request");
        served.write_all(b"answer").await.expect("the pipe is open");
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        served.read_u8().await.expect("a byte is there");
        assert!(receipts.of_request() > first, "the next request");
    }
}
