//! From an address to a byte stream, with TLS inside where it says `https`.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::ServerName;

use super::{AudienceError, StatsSpec};
use crate::trust;

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
    let host = spec.url.host().ok_or_else(|| address("has no host"))?;
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
    let connector = trust::connector(spec.ca_file.as_deref()).await?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| tls(io::Error::other(error)))?;
    let stream = connector.connect(name, tcp).await.map_err(tls)?;
    Ok(Box::new(stream))
}
