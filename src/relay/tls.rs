//! TLS by certificate files.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{RelayError, TlsFiles};

/// Reads both files. Their contents are in no error.
pub(super) async fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, RelayError> {
    let certificate = read(&files.certificate).await?;
    let chain = CertificateDer::pem_slice_iter(&certificate)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| problem(&files.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(problem(&files.certificate, "has no certificate in it".to_owned()));
    }
    let key = read(&files.key).await?;
    let key = PrivateKeyDer::from_pem_slice(&key)
        .map_err(|_| problem(&files.key, "has no private key in it that can be used".to_owned()))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| problem(&files.certificate, error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| problem(&files.certificate, error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn read(path: &Path) -> Result<Vec<u8>, RelayError> {
    tokio::fs::read(path)
        .await
        .map_err(|error| problem(path, error.to_string()))
}

fn problem(path: &Path, problem: String) -> RelayError {
    RelayError::Tls {
        path: path.to_owned(),
        problem,
    }
}
