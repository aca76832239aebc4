//! A small web server that stamps every request with the time of its receipt, and misbehaves on command.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firstserve::clock::{Clock, SystemClock};
use jiff::Timestamp;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What reached the server.
#[derive(Clone, Debug)]
pub(crate) struct Receipt {
    pub(crate) at: Timestamp,
    pub(crate) connection: usize,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// Answers with these bytes and keeps the connection.
    Answers(String),
    /// Answers with these bytes and closes the connection.
    AnswersAndCloses(String),
    /// Closes the connection without an answer.
    HangsUp,
    /// Never answers.
    Sleeps,
}

/// A running server; it ends with the test process.
pub(crate) struct Site {
    pub(crate) url: String,
    receipts: Arc<Mutex<Vec<Receipt>>>,
}

/// An HTML page as an answer.
pub(crate) fn page(body: &str) -> Does {
    let body = format!("<!doctype html><title>club</title>{body}");
    Does::Answers(format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

impl Site {
    /// A plain server on a free port of this machine.
    pub(crate) fn new(does: impl Fn(&Receipt) -> Does + Send + Sync + 'static) -> Self {
        Self::start(None, does)
    }

    /// The same with TLS.
    pub(crate) fn with_tls(tls: Arc<ServerConfig>, does: impl Fn(&Receipt) -> Does + Send + Sync + 'static) -> Self {
        Self::start(Some(tls), does)
    }

    /// Everything that was received so far.
    pub(crate) fn receipts(&self) -> Vec<Receipt> {
        self.receipts.lock().expect("no holder panics").clone()
    }

    /// What was received with this method.
    pub(crate) fn with_method(&self, method: &str) -> Vec<Receipt> {
        self.receipts().into_iter().filter(|receipt| receipt.method == method).collect()
    }

    fn start(tls: Option<Arc<ServerConfig>>, does: impl Fn(&Receipt) -> Does + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let port = listener.local_addr().expect("it is bound").port();
        let receipts = Arc::new(Mutex::new(Vec::new()));
        let (kept, does) = (receipts.clone(), Arc::new(does));
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().flatten().enumerate() {
                let (kept, does, tls) = (kept.clone(), does.clone(), tls.clone());
                std::thread::spawn(move || serve(stream, number, tls, &kept, &*does));
            }
        });
        let host = if scheme == "https" { "localhost" } else { "127.0.0.1" };
        Self { url: format!("{scheme}://{host}:{port}/"), receipts }
    }
}

fn serve(
    tcp: TcpStream,
    number: usize,
    tls: Option<Arc<ServerConfig>>,
    receipts: &Mutex<Vec<Receipt>>,
    does: &dyn Fn(&Receipt) -> Does,
) {
    tcp.set_nodelay(true).expect("a fresh socket");
    let closing = tcp.try_clone().expect("a fresh socket");
    match tls {
        None => talk(tcp, number, receipts, does),
        Some(config) => {
            let connection = ServerConnection::new(config).expect("a valid configuration");
            talk(StreamOwned::new(connection, tcp), number, receipts, does);
        }
    }
    // It may be closed already.
    let _ = closing.shutdown(Shutdown::Both);
}

fn talk(mut stream: impl Read + Write, number: usize, receipts: &Mutex<Vec<Receipt>>, does: &dyn Fn(&Receipt) -> Does) {
    while let Some(receipt) = receive(&mut stream, number) {
        receipts.lock().expect("no holder panics").push(receipt.clone());
        let (text, close) = match does(&receipt) {
            Does::Answers(text) => (text, false),
            Does::AnswersAndCloses(text) => (text, true),
            Does::HangsUp => return,
            Does::Sleeps => return std::thread::sleep(Duration::from_secs(60)),
        };
        if stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).is_err() || close {
            return;
        }
    }
}

fn receive(stream: &mut impl Read, connection: usize) -> Option<Receipt> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let mut at = None;
    loop {
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        at.get_or_insert_with(|| SystemClock.now());
        bytes.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let announced =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= announced.unwrap_or(0) {
            let mut words = head.split_whitespace();
            let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
            return Some(Receipt { at: at?, connection, method, path, text });
        }
    }
}
