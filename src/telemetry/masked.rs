//! A writer that masks: one call is one event, and becomes one line.

use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

use super::Redactor;

/// Makes writers that mask.
#[derive(Clone, Debug)]
pub(super) struct Masked<M> {
    inner: M,
    redactor: Redactor,
}

impl<M> Masked<M> {
    pub(super) fn new(inner: M, redactor: Redactor) -> Self {
        Self { inner, redactor }
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Masked<M> {
    type Writer = MaskedWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        MaskedWriter { inner: self.inner.make_writer(), redactor: self.redactor.clone() }
    }
}

/// Masks what it is given and hands it on.
#[derive(Debug)]
pub(super) struct MaskedWriter<W> {
    inner: W,
    redactor: Redactor,
}

impl<W: Write> Write for MaskedWriter<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = one_line(&self.redactor.clean_bytes(event));
        self.inner.write_all(&line)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A site's text with line ends in it cannot look like lines of ours.
fn one_line(event: &[u8]) -> Vec<u8> {
    let (text, end) = match event.strip_suffix(b"\n") {
        Some(text) => (text, &b"\n"[..]),
        None => (event, &b""[..]),
    };
    let mut line = Vec::with_capacity(event.len());
    for byte in text {
        match byte {
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            other => line.push(*other),
        }
    }
    line.extend_from_slice(end);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line() {
        assert_eq!(one_line(b"a\r\nb\n"), b"a\\r\\nb\n");
        assert_eq!(one_line(b"a"), b"a");
    }
}
