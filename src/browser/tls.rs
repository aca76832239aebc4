//! TLS of our own connections: one provider, the platform's roots.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::clock::Stopwatch;

/// How long the platform's roots are taken to be the same.
const KEPT: Duration = Duration::from_secs(600);

static PLATFORM: Mutex<Option<(Stopwatch, Arc<ClientConfig>)>> = Mutex::new(None);

/// Whom a connection of ours believes.
#[derive(Clone, Debug, Default)]
pub enum Trust {
    /// The roots of the platform, as the browser does.
    #[default]
    Platform,
    /// Only these roots, for tests and for clubs with a certificate authority of their own.
    Roots(Vec<CertificateDer<'static>>),
}

impl Trust {
    /// The configuration for HTTP/1.1 connections. The platform's is kept for a while: reading its roots takes many
    /// milliseconds, and hundreds of shots may want them at once.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        if let Self::Roots(_) = self {
            return self.made();
        }
        let mut kept = PLATFORM.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, config)) = kept.as_ref().filter(|(since, _)| since.elapsed() < KEPT) {
            return Ok(Arc::clone(config));
        }
        let config = self.made()?;
        *kept = Some((Stopwatch::start(), Arc::clone(&config)));
        Ok(config)
    }

    fn made(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
        let mut config = match self {
            Self::Platform => {
                let verifier: Arc<dyn ServerCertVerifier> = Arc::new(Verifier::new(provider)?);
                builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
            }
            Self::Roots(roots) => {
                let mut store = RootCertStore::empty();
                for root in roots {
                    store.add(root.clone())?;
                }
                builder.with_root_certificates(store).with_no_client_auth()
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// Makes ring the provider of the process, unless one is there already: reqwest and thirtyfour's WebSocket ask for it.
pub fn install_provider() {
    // An error means that somebody (`main`) was quicker.
    let _ = ring::default_provider().install_default();
}
