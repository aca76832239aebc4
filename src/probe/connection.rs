//! One blocking connection, plain or TLS, that asks for heads and knows when.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use url::{Position, Url};

use super::answer::Head;

/// A longer head is no answer.
const HEAD_LIMIT: usize = 64 * 1024;

/// More headers than any site sends.
const HEADERS: usize = 128;

/// How a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// Only the head.
    Head,
    /// For sites that do not know `HEAD`; the body is not read, so the connection serves once.
    Get,
}

/// An open connection.
pub(super) struct Connection {
    stream: Stream,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// An answer with the instants of its question.
pub(super) struct Answered {
    /// Before the first byte of the question was written.
    pub(super) sent: Timestamp,
    /// After the last byte of the head was read.
    pub(super) received: Timestamp,
    pub(super) head: Head,
    /// Whether the connection can be asked again.
    pub(super) reusable: bool,
}

impl Connection {
    /// Connects to the host of `url`, TLS handshake included, within `patience` for each address of the host.
    pub(super) fn open(url: &Url, tls: &Arc<ClientConfig>, patience: Duration) -> io::Result<Self> {
        let tcp = connect(url, patience)?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(patience))?;
        tcp.set_write_timeout(Some(patience))?;
        let secure = url.scheme() == "https";
        let stream = if secure { Stream::Tls(Box::new(shake_hands(url, tls, tcp)?)) } else { Stream::Plain(tcp) };
        Ok(Self { stream })
    }

    /// Asks once. `now` is read before the first byte is written and after the head is whole, so that the answer was dated
    /// between the two.
    pub(super) fn ask(&mut self, url: &Url, method: Method, now: impl Fn() -> Timestamp) -> io::Result<Answered> {
        let question = question(url, method);
        let sent = now();
        self.write(&question)?;
        let mut raw = Vec::new();
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let length = self.read(&mut buffer)?;
            let received = now();
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            raw.extend_from_slice(&buffer[..length]);
            if let Some((head, length)) = head(&raw)? {
                let reusable = method == Method::Head && head.keeps_alive() && raw.len() == length;
                return Ok(Answered { sent, received, head, reusable });
            }
            if raw.len() > HEAD_LIMIT {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the answer's head does not end"));
            }
        }
    }

    /// Whether the server has closed the connection, or said something unasked.
    pub(super) fn is_stale(&mut self) -> bool {
        let tcp = match &self.stream {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(tls) => &tls.sock,
        };
        if tcp.set_nonblocking(true).is_err() {
            return true;
        }
        let stale = match &mut self.stream {
            Stream::Plain(tcp) => !would_block(&tcp.peek(&mut [0])),
            // Tickets that come unasked are taken in by the read; they bring no text.
            Stream::Tls(tls) => !would_block(&tls.read(&mut [0])),
        };
        let tcp = match &self.stream {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(tls) => &tls.sock,
        };
        tcp.set_nonblocking(false).is_err() || stale
    }

    fn write(&mut self, question: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(tcp) => tcp.write_all(question),
            Stream::Tls(tls) => tls.write_all(question).and_then(|()| tls.flush()),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(tcp) => tcp.read(buffer),
            Stream::Tls(tls) => tls.read(buffer),
        }
    }
}

fn question(url: &Url, method: Method) -> Vec<u8> {
    let method = if method == Method::Head { "HEAD" } else { "GET" };
    let target = &url[Position::BeforePath..Position::AfterQuery];
    let host = &url[Position::BeforeHost..Position::AfterPort];
    format!(
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: firstserve/{}\r\nAccept: */*\r\n\
         Cache-Control: no-cache\r\nPragma: no-cache\r\n\r\n",
        env!("CARGO_PKG_VERSION")
    )
    .into_bytes()
}

/// The head of the final answer and where it ends; provisional ones (100, 103) are passed over.
fn head(raw: &[u8]) -> io::Result<Option<(Head, usize)>> {
    let mut skipped = 0;
    loop {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut answer = httparse::Response::new(&mut headers);
        let parsed = answer.parse(&raw[skipped..]);
        let parsed = parsed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
        let httparse::Status::Complete(length) = parsed else { return Ok(None) };
        skipped += length;
        let status = answer.code.unwrap_or(0);
        if (100..200).contains(&status) {
            continue;
        }
        let text = |header: &httparse::Header<'_>| {
            (header.name.to_owned(), String::from_utf8_lossy(header.value).trim().to_owned())
        };
        let headers = answer.headers.iter().map(text).collect();
        return Ok(Some((Head { status, http_1_0: answer.version == Some(0), headers }, skipped)));
    }
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

fn would_block(read: &io::Result<usize>) -> bool {
    matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provisional_answers_are_passed_over_and_half_a_head_is_none() {
        let text = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nDate: now\r\n\r\n";
        let (head_, length) = head(text).expect("it is HTTP").expect("it is whole");
        assert_eq!((head_.status, length), (200, text.len()));
        assert!(head(&text[..text.len() - 2]).expect("it is HTTP").is_none());
        assert!(head(b"SSH-2.0-OpenSSH\r\n").is_err());
    }

    #[test]
    fn a_question_names_the_host_with_its_port() {
        let url = "http://club.example:8090/a?b=c".parse().expect("an address");
        let text = String::from_utf8(question(&url, Method::Head)).expect("it is text");
        assert!(text.starts_with("HEAD /a?b=c HTTP/1.1\r\nHost: club.example:8090\r\n"), "{text}");
    }
}
