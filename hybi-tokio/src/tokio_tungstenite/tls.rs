//! TLS for clients, by rustls.

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use super::{
    client::{Connected, Target, connect, open},
    config::WebSocketConfig,
    error::{Result, TlsError, UrlError},
    request::IntoClientRequest,
    stream::{Connector, MaybeTlsStream},
};
use crate::{connect::default_tls, rustls::pki_types::ServerName};

/// As [`connect_async_with_config`](super::connect_async_with_config), with this configuration of TLS.
///
/// # Errors
///
/// As for [`connect_async`](super::connect_async).
pub async fn connect_async_tls_with_config<R>(
    request: R,
    config: Option<WebSocketConfig>,
    disable_nagle: bool,
    connector: Option<Connector>,
) -> Result<Connected<MaybeTlsStream<TcpStream>>>
where
    R: IntoClientRequest + Unpin,
{
    connect(request.into_client_request()?, config, disable_nagle, connector).await
}

/// As [`client_async`](super::client_async), but encrypts the stream if the scheme is `wss`.
///
/// # Errors
///
/// As for [`connect_async`](super::connect_async).
pub async fn client_async_tls<R, S>(request: R, stream: S) -> Result<Connected<MaybeTlsStream<S>>>
where
    R: IntoClientRequest + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    client_async_tls_with_config(request, stream, None, None).await
}

/// As [`client_async_tls`], with these settings and this configuration of TLS.
///
/// # Errors
///
/// As for [`connect_async`](super::connect_async).
pub async fn client_async_tls_with_config<R, S>(
    request: R,
    stream: S,
    config: Option<WebSocketConfig>,
    connector: Option<Connector>,
) -> Result<Connected<MaybeTlsStream<S>>>
where
    R: IntoClientRequest + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let request = request.into_client_request()?;
    let (host, config) = (Target::of(&request)?, config.unwrap_or_default());
    open(&request, config, encrypt(stream, &host, connector)).await
}

/// Performs the TLS handshake if the scheme is `wss`.
pub(super) async fn encrypt<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    target: &Target<'_>,
    connector: Option<Connector>,
) -> Result<MaybeTlsStream<S>> {
    if !target.is_secure {
        return Ok(MaybeTlsStream::Plain(stream));
    }
    let config = match connector {
        None => default_tls()?,
        Some(Connector::Rustls(config)) => config,
        Some(Connector::Plain) => return Err(UrlError::TlsFeatureNotEnabled.into()),
    };
    let name =
        ServerName::try_from(target.host.to_owned()).map_err(|_| TlsError::InvalidDnsName)?;
    let connector = tokio_rustls::TlsConnector::from(config);
    Ok(MaybeTlsStream::Rustls(connector.connect(name, stream).await?))
}
