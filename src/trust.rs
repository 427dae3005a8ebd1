//! Whom to trust inside TLS: the usual root certificates, and those of a file that the operator names.
//!
//! For everything here that calls others over TLS. The file is read anew for each connection, so that a renewed certificate
//! counts at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// Why there is nobody to trust.
#[derive(Debug, Error)]
pub enum TrustError {
    /// The file with root certificates cannot be used.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The TLS library cannot be set up.
    #[error(transparent)]
    Library(#[from] rustls::Error),
}

/// What begins TLS sessions with peers whose certificates lead back to the usual roots, or to one in `ca_file` (PEM).
///
/// # Errors
/// [`TrustError`].
pub async fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, TrustError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(path) = ca_file {
        let added = tokio::fs::read(path)
            .await
            .map_err(|error| error.to_string())
            .and_then(|pem| add(&mut roots, &pem));
        added.map_err(|problem| TrustError::File {
            path: path.to_owned(),
            problem,
        })?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn add(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), String> {
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.len() == before {
        return Err("has no certificate in it".to_owned());
    }
    Ok(())
}
