//! When requests of an HTTP/2 connection began to arrive: a stream that watches the frames go by.
//!
//! Requests share the connection with each other and with frames that are none, so the rule of [`super::receipt`] (the first
//! read after a write) does not hold here. Each request begins with a HEADERS frame of a stream that is new; its stamp is
//! that of the read from the socket in which the frame's first byte came. They are served in the order of these frames.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::receipt::Receipts;

/// What a client says before its first frame.
const PREFACE: usize = 24;

/// The head of a frame: length, type, flags, stream.
const FRAME_HEAD: usize = 9;

/// The type of a frame that begins a request.
const HEADERS: u8 = 1;

/// More requests than a connection has unserved.
const MOST: usize = 1_000;

/// The stamps of the requests of one connection that are not served yet.
#[derive(Debug)]
pub(crate) struct Heads {
    receipts: Arc<Receipts>,
    watch: Mutex<Watch>,
}

#[derive(Debug, Default)]
struct Watch {
    /// Bytes seen of the preface.
    preface: usize,
    head: Vec<u8>,
    began: Option<Timestamp>,
    payload: usize,
    last_stream: u32,
    arrived: VecDeque<Timestamp>,
}

impl Heads {
    /// Heads on a connection whose reads from the socket are stamped into `receipts`.
    pub(crate) fn new(receipts: Arc<Receipts>) -> Self {
        Self { receipts, watch: Mutex::default() }
    }

    /// When the next request began that is served.
    pub(crate) fn of_request(&self) -> Timestamp {
        self.watch().arrived.pop_front().unwrap_or_else(|| self.receipts.latest())
    }

    fn on_read(&self, bytes: &[u8]) {
        let at = self.receipts.latest();
        self.watch().on_read(bytes, at);
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    fn on_read(&mut self, mut bytes: &[u8], at: Timestamp) {
        while !bytes.is_empty() {
            let used = if self.preface < PREFACE {
                let used = bytes.len().min(PREFACE - self.preface);
                self.preface += used;
                used
            } else if self.payload > 0 {
                let used = bytes.len().min(self.payload);
                self.payload -= used;
                used
            } else {
                self.on_head(bytes, at)
            };
            bytes = &bytes[used..];
        }
    }

    /// Takes bytes of a frame's head; gives how many.
    fn on_head(&mut self, bytes: &[u8], at: Timestamp) -> usize {
        let began = *self.began.get_or_insert(at);
        let used = bytes.len().min(FRAME_HEAD - self.head.len());
        self.head.extend_from_slice(&bytes[..used]);
        if let [a, b, c, kind, _, s0, s1, s2, s3] = self.head[..] {
            self.payload = u32::from_be_bytes([0, a, b, c]) as usize;
            let stream = u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]);
            if kind == HEADERS && stream > self.last_stream {
                self.last_stream = stream;
                self.arrived.push_back(began);
                self.arrived.truncate(MOST);
            }
            self.head.clear();
            self.began = None;
        }
        used
    }
}

/// A stream of plain bytes whose frames are watched.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    stream: S,
    heads: Arc<Heads>,
}

impl<S> Watched<S> {
    /// Watches for `heads`.
    pub(crate) fn new(stream: S, heads: Arc<Heads>) -> Self {
        Self { stream, heads }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.heads.on_read(&buf.filled()[before..]);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("within the calendar")
    }

    fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("it is short").to_be_bytes();
        [&length[1..], &[kind, 0], &stream.to_be_bytes(), payload].concat()
    }

    /// Settings, one request in two frames, a window update, a second request and trailers of it.
    fn said() -> Vec<Vec<u8>> {
        vec![
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
            frame(4, 0, &[0; 6]),
            frame(1, 1, b"head"),
            frame(0, 1, b"body"),
            frame(8, 0, &[0; 4]),
            frame(1, 3, b"another"),
            frame(1, 3, b"trailers"),
        ]
    }

    #[test]
    fn each_request_bears_the_stamp_of_its_own_first_frame() {
        let mut watch = Watch::default();
        for (second, bytes) in (1..).zip(said()) {
            watch.on_read(&bytes, at(second));
        }
        assert_eq!(watch.arrived, [at(3), at(6)]);
    }

    #[test]
    fn frames_in_pieces_are_the_same_frames() {
        let mut watch = Watch::default();
        for (second, byte) in (1..).zip(said().concat()) {
            watch.on_read(&[byte], at(second));
        }
        // 24 of the preface, 9 + 6 of the settings: the first head begins with the 40th byte.
        assert_eq!(watch.arrived.len(), 2);
        assert_eq!(watch.arrived[0], at(40));
    }
}
