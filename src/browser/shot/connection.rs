//! One blocking connection, plain or TLS, that knows what was written on it.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use url::Url;
use zeroize::Zeroizing;

use super::reply::{ReadError, Reply, receive};
use crate::clock::Stopwatch;

/// An open connection, perhaps loaded with a request.
pub(super) struct Connection {
    stream: Stream,
    loaded: Zeroizing<Vec<u8>>,
    /// How much of it the system has taken; over TLS it is not the same bytes.
    sent: usize,
    blocking: bool,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// How a request left.
pub(super) enum Sent {
    /// The system took all of it.
    All,
    /// The system takes no more for now, of a connection that does not block: [`Connection::send`] goes on.
    Later,
    /// The system took nothing of it.
    Nothing(io::Error),
    /// The system took some of it.
    Part(io::Error),
}

impl Connection {
    /// Connects to the host of `url`, TLS handshake included, within `patience` for each address of the host.
    pub(super) fn open(url: &Url, tls: &Arc<ClientConfig>, patience: Duration) -> io::Result<Self> {
        let tcp = connect(url, patience)?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(patience))?;
        tcp.set_write_timeout(Some(patience))?;
        let stream = if url.scheme() == "https" {
            Stream::Tls(Box::new(shake_hands(url, tls, tcp)?))
        } else {
            Stream::Plain(tcp)
        };
        Ok(Self { stream, loaded: Zeroizing::default(), sent: 0, blocking: true })
    }

    /// Makes the request ready, so that sending it is only a write. Over TLS it is encrypted here.
    pub(super) fn load(&mut self, request: &[u8]) -> io::Result<()> {
        self.sent = 0;
        match &mut self.stream {
            Stream::Plain(_) => self.loaded = Zeroizing::new(request.to_vec()),
            Stream::Tls(tls) => {
                tls.conn.set_buffer_limit(None);
                tls.conn.writer().write_all(request)?;
            }
        }
        Ok(())
    }

    /// Sends what is loaded: one write, and more only when the system does not take it whole.
    pub(super) fn send(&mut self) -> Sent {
        loop {
            let (taken, rest) = match &mut self.stream {
                Stream::Plain(tcp) => (tcp.write(&self.loaded[self.sent..]), self.loaded.len() - self.sent),
                Stream::Tls(tls) => (tls.conn.write_tls(&mut tls.sock), usize::MAX),
            };
            match taken {
                Ok(0) if rest > 0 => return self.failed(io::ErrorKind::WriteZero.into()),
                Ok(taken) => self.sent += taken,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !self.blocking => return Sent::Later,
                Err(error) => return self.failed(error),
            }
            let all = match &self.stream {
                Stream::Plain(_) => self.sent >= self.loaded.len(),
                Stream::Tls(tls) => !tls.conn.wants_write(),
            };
            if all {
                return Sent::All;
            }
        }
    }

    fn failed(&self, error: io::Error) -> Sent {
        if self.sent == 0 { Sent::Nothing(error) } else { Sent::Part(error) }
    }

    /// Whether reading and writing wait until the system is ready.
    pub(super) fn set_blocking(&mut self, blocking: bool) -> io::Result<()> {
        if self.blocking != blocking {
            self.tcp().set_nonblocking(!blocking)?;
            self.blocking = blocking;
        }
        Ok(())
    }

    /// Reads the answer to a request for `url` within `patience`.
    pub(super) fn receive(&mut self, url: &Url, to_head: bool, patience: Duration) -> Result<Reply, ReadError> {
        let waiting = Stopwatch::start();
        receive(url, to_head, |buffer| {
            let left = patience.saturating_sub(waiting.elapsed());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.tcp().set_read_timeout(Some(left))?;
            match &mut self.stream {
                Stream::Plain(tcp) => tcp.read(buffer),
                Stream::Tls(tls) => tls.read(buffer),
            }
        })
    }

    /// Whether the server has closed the connection, or said something unasked, which comes before closing it.
    pub(super) fn is_stale(&mut self) -> bool {
        let before = self.blocking;
        if self.set_blocking(false).is_err() {
            return true;
        }
        let stale = match &mut self.stream {
            Stream::Plain(tcp) => !would_block(tcp.peek(&mut [0])),
            Stream::Tls(tls) => has_spoken(tls),
        };
        self.set_blocking(before).is_err() || stale
    }

    fn tcp(&self) -> &TcpStream {
        match &self.stream {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(tls) => &tls.sock,
        }
    }
}

/// Whether the server was there and did not come to terms with us about TLS or the version of HTTP.
pub(super) fn is_unfit(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

fn connect(url: &Url, patience: Duration) -> io::Result<TcpStream> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or(80);
    let mut last = io::Error::new(io::ErrorKind::NotFound, format!("{host} has no address"));
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, patience) {
            Ok(tcp) => return Ok(tcp),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn shake_hands(
    url: &Url,
    tls: &Arc<ClientConfig>,
    mut tcp: TcpStream,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    let mut connection = ClientConnection::new(tls.clone(), name).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut tcp)?;
    }
    Ok(StreamOwned::new(connection, tcp))
}

/// Takes in what the server has sent meanwhile: tickets are usual, an end or data are not.
fn has_spoken(tls: &mut StreamOwned<ClientConnection, TcpStream>) -> bool {
    loop {
        match tls.conn.read_tls(&mut tls.sock) {
            Ok(0) => return true,
            Ok(_) => match tls.conn.process_new_packets() {
                Ok(state) if !state.peer_has_closed() && state.plaintext_bytes_to_read() == 0 => {}
                _ => return true,
            },
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            Err(_) => return true,
        }
    }
}

fn would_block(peeked: io::Result<usize>) -> bool {
    matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}
