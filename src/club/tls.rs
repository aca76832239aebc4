//! The club over https: a certificate authority of its own, made at every start, for practice only.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::options::Versions;

/// The file that a browser or a program must be told of to believe the club.
pub(crate) const AUTHORITY_FILE: &str = "ca.pem";

/// How a club at that address takes TLS connections. The authority's certificate is written into `folder`; its key, and the
/// club's own, are nowhere but in memory.
pub(super) fn config(address: SocketAddr, versions: Versions, folder: &Path) -> io::Result<Arc<ServerConfig>> {
    let made = certificates(address).map_err(io::Error::other)?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join(AUTHORITY_FILE), &made.authority_pem)?;
    Ok(Arc::new(server(made, versions).map_err(io::Error::other)?))
}

/// What a club shows, and who vouches for it.
struct Certificates {
    authority_pem: String,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

fn certificates(address: SocketAddr) -> Result<Certificates, rcgen::Error> {
    let authority_key = KeyPair::generate()?;
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority.distinguished_name.push(DnType::CommonName, "practice club authority");
    let root = authority.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority, authority_key);

    let key = KeyPair::generate()?;
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned(), address.ip().to_string()];
    names.sort();
    names.dedup();
    let mut own = CertificateParams::new(names)?;
    own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    own.distinguished_name.push(DnType::CommonName, "practice club");
    let certificate = own.signed_by(&key, &issuer)?;
    Ok(Certificates {
        authority_pem: root.pem(),
        chain: vec![certificate.der().clone(), root.der().clone()],
        key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
    })
}

fn server(made: Certificates, versions: Versions) -> Result<ServerConfig, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?.with_no_client_auth();
    let mut config = builder.with_single_cert(made.chain, made.key)?;
    config.alpn_protocols = versions.alpn().iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(config)
}
