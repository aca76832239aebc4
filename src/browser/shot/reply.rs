//! Reading an HTTP/1.1 answer: head, then a body that is measured, in chunks, or until the end. Bounded.

use std::io;

use url::Url;

use crate::flow::chain;

/// A longer head is no answer to a form.
const HEAD_LIMIT: usize = 64 * 1024;

/// A longer body is cut.
pub(super) const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// What is read of an answer in all, however it is wrapped: what goes on behind it is cut off.
const RAW_LIMIT: usize = HEAD_LIMIT + 2 * BODY_LIMIT;

/// More headers than any site sends.
const HEADERS: usize = 128;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The address that gave it.
    pub url: Url,
    /// Its status.
    pub status: u16,
    /// Its headers, in order; names as they came.
    pub headers: Vec<(String, String)>,
    /// Its body, at most 4 MiB.
    pub body: Vec<u8>,
    /// Whether the body is whole: neither cut by the limit nor ended by the server before its announced length.
    pub complete: bool,
    /// Whether the connection can be used again.
    pub(super) keeps_alive: bool,
}

impl Reply {
    /// The first value of a header, any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Every value of a header, any case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fits = move |(header, _): &&(String, String)| header.eq_ignore_ascii_case(name);
        self.headers.iter().filter(fits).map(|(_, value)| value.as_str())
    }

    /// Why the body is not whole; none: it is.
    pub fn shortened(&self) -> Option<String> {
        let most = BODY_LIMIT / 1024 / 1024;
        match self.complete {
            true => None,
            false if self.body.len() >= BODY_LIMIT => {
                Some(format!("the answer is larger than {most} MiB and was cut off"))
            }
            false => Some("the site broke the answer off".to_owned()),
        }
    }

    /// The body as text, in the character set that the server or the document says.
    pub fn text(&self) -> String {
        chain::decode(&self.body, self.header("content-type"))
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("the server closed the connection without an answer")]
    Closed,
    #[error("the server closed the connection in the middle of the answer's head")]
    ClosedEarly,
    #[error("no answer in time")]
    Late,
    #[error("read the answer: {0}")]
    Io(#[source] io::Error),
    #[error("the answer is not HTTP: {0}")]
    NotHttp(String),
}

/// Reads one answer. `read` gives the next bytes into the buffer, and 0 at the end. An answer to `HEAD` has no body.
pub(super) fn receive(
    url: &Url,
    to_head: bool,
    read: impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> Result<Reply, ReadError> {
    receive_at_most(RAW_LIMIT, url, to_head, read)
}

fn receive_at_most(
    limit: usize,
    url: &Url,
    to_head: bool,
    mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> Result<Reply, ReadError> {
    let mut raw = Vec::new();
    let mut buffer = vec![0; 32 * 1024];
    let mut ended = false;
    loop {
        if let Some(head) = head(&raw)? {
            let body = body(&head, to_head, &raw[head.length..], ended || raw.len() > limit);
            if let Some(body) = body {
                return Ok(reply(url, head, body));
            }
        } else if ended {
            return Err(if raw.is_empty() { ReadError::Closed } else { ReadError::ClosedEarly });
        }
        match read(&mut buffer) {
            Ok(0) => ended = true,
            Ok(length) => raw.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                return Err(ReadError::Late);
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => ended = true,
            Err(error) => return Err(ReadError::Io(error)),
        }
    }
}

struct Head {
    status: u16,
    headers: Vec<(String, String)>,
    http_1_0: bool,
    length: usize,
}

struct Body {
    bytes: Vec<u8>,
    complete: bool,
    /// Whether the answer says itself where it ends.
    measured: bool,
}

/// The head of the final answer, once it is whole; provisional ones (100, 103) are passed over.
fn head(raw: &[u8]) -> Result<Option<Head>, ReadError> {
    let mut skipped = 0;
    loop {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut answer = httparse::Response::new(&mut headers);
        let parsed = answer.parse(&raw[skipped..]).map_err(|error| ReadError::NotHttp(error.to_string()))?;
        let httparse::Status::Complete(length) = parsed else {
            return if raw.len() > HEAD_LIMIT {
                Err(ReadError::NotHttp("its head does not end".to_owned()))
            } else {
                Ok(None)
            };
        };
        skipped += length;
        let status = answer.code.unwrap_or(0);
        if (100..200).contains(&status) && status != 101 {
            continue;
        }
        let text = |header: &httparse::Header<'_>| {
            (header.name.to_owned(), String::from_utf8_lossy(header.value).trim().to_owned())
        };
        let headers = answer.headers.iter().map(text).collect();
        return Ok(Some(Head { status, headers, http_1_0: answer.version == Some(0), length: skipped }));
    }
}

/// The body, once it is whole, cut, or as whole as it will ever be.
fn body(head: &Head, to_head: bool, raw: &[u8], ended: bool) -> Option<Body> {
    let value = |name: &str| {
        head.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    };
    if to_head || matches!(head.status, 101 | 204 | 304) {
        return Some(Body { bytes: Vec::new(), complete: true, measured: true });
    }
    let (bytes, whole, measured) =
        if value("transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().contains("chunked")) {
            let (bytes, whole) = chunks(raw);
            (bytes, whole, true)
        } else if let Some(length) = value("content-length").and_then(|value| value.parse::<usize>().ok()) {
            (raw[..raw.len().min(length)].to_vec(), raw.len() >= length, true)
        } else {
            (raw.to_vec(), ended, false)
        };
    let cut = bytes.len() > BODY_LIMIT;
    let mut bytes = bytes;
    bytes.truncate(BODY_LIMIT);
    (whole || cut || ended).then_some(Body { bytes, complete: whole && !cut, measured })
}

/// The chunks so far, and whether the last one was there.
fn chunks(mut raw: &[u8]) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    while let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(raw) {
        if size == 0 {
            return (bytes, true);
        }
        let Some(size) = usize::try_from(size).ok().filter(|size| *size <= usize::MAX / 2) else { break };
        let end = raw.len().min(start + size);
        bytes.extend_from_slice(&raw[start..end]);
        if raw.len() < start + size + 2 {
            break;
        }
        raw = &raw[start + size + 2..];
    }
    (bytes, false)
}

fn reply(url: &Url, head: Head, body: Body) -> Reply {
    let closing = head
        .headers
        .iter()
        .any(|(name, value)| name.eq_ignore_ascii_case("connection") && value.to_ascii_lowercase().contains("close"));
    Reply {
        url: url.clone(),
        status: head.status,
        keeps_alive: body.complete && body.measured && !closing && !head.http_1_0,
        headers: head.headers,
        body: body.bytes,
        complete: body.complete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the text in pieces of `step` bytes.
    fn received(text: &str, step: usize, to_head: bool) -> Result<Reply, ReadError> {
        let mut left = text.as_bytes();
        receive(&"http://c.example/".parse().unwrap(), to_head, |buffer| {
            let length = left.len().min(step).min(buffer.len());
            buffer[..length].copy_from_slice(&left[..length]);
            left = &left[length..];
            Ok(length)
        })
    }

    #[test]
    fn a_body_is_measured_chunked_or_ends_with_the_connection() {
        for step in [1, 7, 10_000] {
            let measured = received("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nholaXmore", step, false).unwrap();
            assert_eq!((measured.text().as_str(), measured.complete, measured.keeps_alive), ("holaX", true, true));
            let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhola\r\n3;x=y\r\n!!!\r\n0\r\n\r\n";
            let chunked = received(chunked, step, false).unwrap();
            assert_eq!((chunked.text().as_str(), chunked.complete), ("hola!!!", true));
            let open = received("HTTP/1.0 200 OK\r\n\r\nhola", step, false).unwrap();
            assert_eq!((open.text().as_str(), open.complete, open.keeps_alive), ("hola", true, false));
        }
    }

    #[test]
    fn a_body_that_ends_early_is_not_complete() {
        let short = received("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhola", 9, false).unwrap();
        assert_eq!((short.status, short.complete), (200, false));
        let short = received("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhola", 9, false).unwrap();
        assert_eq!((short.text().as_str(), short.complete), ("hola", false));
    }

    /// What is read of an answer that goes on for ever, and how much of it: no more than so many pieces are given.
    fn endless(head: &str, piece: &str, limit: usize) -> (Result<Reply, ReadError>, usize) {
        const PIECES: usize = 400;
        let (mut given, mut read) = (0, 0);
        let reply = receive_at_most(limit, &"http://c.example/".parse().unwrap(), false, |buffer| {
            assert!(given < PIECES, "it reads on and on: {read} bytes");
            let text = if given == 0 { head.to_owned() } else { piece.repeat(buffer.len() / piece.len()) };
            given += 1;
            read += text.len();
            buffer[..text.len()].copy_from_slice(text.as_bytes());
            Ok(text.len())
        });
        (reply, read)
    }

    #[test]
    fn an_answer_that_never_ends_is_cut_off() {
        for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 900000000000\r\n\r\n"] {
            let (reply, read) = endless(head, "x", RAW_LIMIT);
            let reply = reply.expect("what came is an answer");
            assert_eq!((reply.body.len(), reply.complete, reply.keeps_alive), (BODY_LIMIT, false, false), "{head}");
            assert!(read < BODY_LIMIT + 2 * HEAD_LIMIT, "{read}");
        }
        // Wrapping that holds almost nothing: six bytes for one, or for none.
        let limit = 4 * HEAD_LIMIT;
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (head, piece) in [(chunked, "1\r\nx\r\n"), (&format!("{chunked}1;"), "y")] {
            let (reply, read) = endless(head, piece, limit);
            let reply = reply.expect("what came is an answer");
            assert!(
                !reply.complete && !reply.keeps_alive && reply.body.len() < limit / 4,
                "{} bytes",
                reply.body.len()
            );
            assert!((limit..limit + HEAD_LIMIT).contains(&read), "{read} bytes for a limit of {limit}");
        }
        let (provisional, read) = endless("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", limit);
        assert!(matches!(provisional, Err(ReadError::NotHttp(_))) && read < 3 * HEAD_LIMIT, "{read}");
    }

    #[test]
    fn no_answer_is_told_from_half_an_answer() {
        assert!(matches!(received("", 1, false), Err(ReadError::Closed)));
        assert!(matches!(received("HTTP/1.1 200 OK\r\nConte", 5, false), Err(ReadError::ClosedEarly)));
        assert!(matches!(received("SSH-2.0-OpenSSH\r\n", 50, false), Err(ReadError::NotHttp(_))));
    }

    #[test]
    fn provisional_answers_are_passed_over_and_head_has_no_body() {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 302 Found\r\nlocation: /x\r\nContent-Length: 9\r\nConnection: close\r\n\r\n";
        let found = received(text, 3, true).unwrap();
        assert_eq!((found.status, found.header("Location"), found.keeps_alive), (302, Some("/x"), false));
    }

    #[test]
    fn a_huge_body_is_cut_at_the_limit() {
        let text =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", BODY_LIMIT + 9, "x".repeat(BODY_LIMIT + 9));
        let cut = received(&text, 1 << 20, false).unwrap();
        assert_eq!((cut.body.len(), cut.complete), (BODY_LIMIT, false));
        assert_eq!(cut.shortened().as_deref(), Some("the answer is larger than 4 MiB and was cut off"));
        let broken = received("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhola", 7, false).unwrap();
        assert_eq!(broken.shortened().as_deref(), Some("the site broke the answer off"));
        let whole = received("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhola", 7, false).unwrap();
        assert_eq!(whole.shortened(), None);
    }

    #[test]
    fn latin_one_is_read_as_such() {
        let mut reply = received(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=ISO-8859-1\r\nContent-Length: 0\r\n\r\n",
            9,
            false,
        )
        .unwrap();
        reply.body = vec![b's', b'e', 0xF1, b'a', b'l'];
        assert_eq!(reply.text(), "señal");
    }
}
