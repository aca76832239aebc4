//! The least HTTP client: one connection, one write, one answer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, bail};
use url::Url;

/// No answer is waited for longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open connection to one host.
pub(crate) struct Wire {
    stream: TcpStream,
    host: String,
}

impl Wire {
    pub(crate) fn open(url: &Url) -> anyhow::Result<Self> {
        let host = url.authority().to_owned();
        let stream = TcpStream::connect(&host).with_context(|| format!("failed to connect to {host}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, host })
    }

    /// A request as it goes over the wire. `headers` are whole lines.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &[String], body: &str) -> Vec<u8> {
        let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let (host, length) = (&self.host, body.len());
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
            .into_bytes()
    }

    pub(crate) fn send(&mut self, request: &[u8]) -> anyhow::Result<()> {
        Ok(self.stream.write_all(request)?)
    }

    /// Status and body.
    pub(crate) fn receive(&mut self) -> anyhow::Result<(u16, String)> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 16 * 1024];
        loop {
            if let Some((status, head, length)) = head(&bytes)?
                && bytes.len() >= head + length
            {
                return Ok((status, String::from_utf8_lossy(&bytes[head..head + length]).into_owned()));
            }
            match self.stream.read(&mut buffer)? {
                0 => bail!("the connection to {} was closed", self.host),
                read => bytes.extend_from_slice(&buffer[..read]),
            }
        }
    }

    /// Sends and receives.
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
        let request = self.request(method, path, &["Content-Type: application/json".to_owned()], body);
        self.send(&request)?;
        match self.receive()? {
            (200..=299, body) => Ok(body),
            (status, body) => bail!("{method} {path} was answered {status}: {body}"),
        }
    }
}

/// Status, length of the head and length of the body, once the head is whole.
fn head(bytes: &[u8]) -> anyhow::Result<Option<(u16, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(bytes)? else { return Ok(None) };
    let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.map(|header| String::from_utf8_lossy(header.value).trim().parse()).transpose()?;
    let status = response.code.unwrap_or_default();
    match length {
        Some(length) => Ok(Some((status, head, length))),
        None if status == 204 => Ok(Some((status, head, 0))),
        None => bail!("an answer without a length"),
    }
}
