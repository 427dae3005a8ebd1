//! From an address to a byte stream, with TLS inside where it says `https`.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{AudienceError, StatsSpec};

/// Either kind of connection.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Connects to the host of `spec`: to its first address that answers.
pub(super) async fn connect(spec: &StatsSpec) -> Result<Box<dyn Stream>, AudienceError> {
    let peer = || spec.url.peer();
    let address = |problem| AudienceError::Address { peer: peer(), problem };
    let url = spec.url.expose();
    let is_tls = match url.scheme() {
        "http" => false,
        "https" => true,
        _ => return Err(address("is neither http:// nor https://")),
    };
    let host = url.host_str().ok_or_else(|| address("has no host"))?;
    // A v6 literal stands in brackets in a URL and without them everywhere else.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().ok_or_else(|| address("has no port"))?;

    let resolve = |source| AudienceError::Resolve { peer: peer(), source };
    let addresses = tokio::net::lookup_host((host, port)).await.map_err(resolve)?;
    let mut last = resolve(io::Error::from(io::ErrorKind::NotFound));
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) if is_tls => return start_tls(spec, stream, host).await,
            Ok(stream) => return Ok(Box::new(stream)),
            Err(source) => last = AudienceError::Connect { peer: peer(), source },
        }
    }
    Err(last)
}

async fn start_tls(spec: &StatsSpec, tcp: TcpStream, host: &str) -> Result<Box<dyn Stream>, AudienceError> {
    let tls = |source| AudienceError::Tls {
        peer: spec.url.peer(),
        source,
    };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| tls(io::Error::other(error)))?
        .with_root_certificates(roots(spec).await?)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| tls(io::Error::other(error)))?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await
        .map_err(tls)?;
    Ok(Box::new(stream))
}

/// The usual root certificates, and those of the file that `spec` names. Read anew for each connection, so that a renewed one
/// counts at once.
async fn roots(spec: &StatsSpec) -> Result<RootCertStore, AudienceError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(path) = &spec.ca_file {
        let problem = |problem: String| AudienceError::CaFile {
            path: path.clone(),
            problem,
        };
        let pem = tokio::fs::read(path)
            .await
            .map_err(|error| problem(error.to_string()))?;
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| problem(error.to_string()))?;
            roots.add(certificate).map_err(|error| problem(error.to_string()))?;
        }
        if roots.len() == before {
            return Err(problem("has no certificate in it".to_owned()));
        }
    }
    Ok(roots)
}
