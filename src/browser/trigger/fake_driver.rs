//! A driver that answers every command with null, and hangs up when it is told to.

use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

use crate::browser::Trust;

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"value\":null}";

/// A running one; it ends with the test.
pub(super) struct FakeDriver {
    pub(super) url: Url,
    pub(super) trust: Trust,
    heard: Arc<Mutex<Vec<String>>>,
}

impl FakeDriver {
    /// On a free port, with TLS or without.
    pub(super) async fn new(tls: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls { "https" } else { "http" };
        let url = format!("{scheme}://localhost:{}/", listener.local_addr().unwrap().port()).parse().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (acceptor, trust) = authority();
        let kept = heard.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, kept) = (acceptor.clone(), kept.clone());
                tokio::spawn(async move {
                    if !tls {
                        serve(stream, &kept).await;
                    } else if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, &kept).await;
                    }
                });
            }
        });
        Self { url, trust, heard }
    }

    /// The scripts that it was asked to run.
    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, heard: &Mutex<Vec<String>>) {
    let mut text = String::new();
    let mut bytes = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut bytes).await {
        text.push_str(&String::from_utf8_lossy(&bytes[..length]));
        let Some(body) = text.split_once("\r\n\r\n").map(|(_, body)| body).filter(|body| body.ends_with('}')) else {
            continue;
        };
        let script = serde_json::from_str::<serde_json::Value>(body).unwrap()["script"].as_str().unwrap().to_owned();
        assert!(text.starts_with("POST /session/s1/execute/sync "), "{text}");
        heard.lock().unwrap().push(script.clone());
        if script == "hang up" || stream.write_all(ANSWER).await.is_err() {
            return;
        }
        text.clear();
    }
}

fn authority() -> (TlsAcceptor, Trust) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = params.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    let server_key = rcgen::KeyPair::generate().unwrap();
    let server =
        rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&server_key, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(server_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), Trust::Roots(vec![root.der().clone()]))
}
