//! The stream of a client: TCP, or TLS over it.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

#[cfg(feature = "rustls")]
use hybi::Host;
use hybi::Uri;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::ConnectError;

/// The stream of a client: TCP for `ws`, TLS over TCP for `wss`.
#[derive(Debug)]
pub struct Stream(Kind);

#[derive(Debug)]
enum Kind {
    Tcp(TcpStream),
    #[cfg(feature = "rustls")]
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

impl Stream {
    pub(super) const fn tcp(stream: TcpStream) -> Self {
        Self(Kind::Tcp(stream))
    }

    /// The TCP socket.
    pub fn tcp_stream(&self) -> &TcpStream {
        match &self.0 {
            Kind::Tcp(stream) => stream,
            #[cfg(feature = "rustls")]
            Kind::Tls(stream) => stream.get_ref().0,
        }
    }

    /// The protocol that was negotiated in TLS (ALPN, RFC 7301).
    #[cfg(all(feature = "h2", feature = "rustls"))]
    pub(super) fn alpn_protocol(&self) -> Option<&[u8]> {
        match &self.0 {
            Kind::Tcp(_) => None,
            Kind::Tls(stream) => stream.get_ref().1.alpn_protocol(),
        }
    }

    fn inner(self: Pin<&mut Self>) -> Pin<&mut dyn Both> {
        match &mut self.get_mut().0 {
            Kind::Tcp(stream) => Pin::new(stream),
            #[cfg(feature = "rustls")]
            Kind::Tls(stream) => Pin::new(&mut **stream),
        }
    }
}

trait Both: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Both for S {}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.inner().poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.inner().poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner().poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            Kind::Tcp(stream) => stream.is_write_vectored(),
            #[cfg(feature = "rustls")]
            Kind::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(context)
    }
}

/// Connects a socket without Nagle's algorithm, which delays small messages.
pub(super) async fn tcp(uri: &Uri<'_>) -> Result<TcpStream, ConnectError> {
    let address = format!("{}:{}", uri.host(), uri.port());
    match TcpStream::connect(&address).await {
        Ok(stream) => {
            stream.set_nodelay(true)?;
            Ok(stream)
        }
        Err(error) => Err(ConnectError::Tcp { address, error }),
    }
}

/// Performs the TLS handshake.
#[cfg(feature = "rustls")]
pub(super) async fn tls(
    config: Option<std::sync::Arc<crate::rustls::ClientConfig>>,
    host: Host<'_>,
    stream: TcpStream,
) -> Result<Stream, ConnectError> {
    use crate::rustls::pki_types::ServerName;

    let name = match host {
        Host::Name(name) => {
            ServerName::try_from(name.to_owned()).map_err(|_| ConnectError::ServerName)?
        }
        Host::V4(address) => ServerName::from(std::net::IpAddr::from(address)),
        Host::V6(address) => ServerName::from(std::net::IpAddr::from(address)),
    };
    let config = match config {
        Some(config) => config,
        None => default_tls()?,
    };
    let connector = tokio_rustls::TlsConnector::from(config);
    match connector.connect(name, stream).await {
        Ok(stream) => Ok(Stream(Kind::Tls(Box::new(stream)))),
        Err(error) => Err(ConnectError::Tls { host: host.to_string(), error }),
    }
}

/// The default configuration, created once: Mozilla's root certificates, and the provider of cryptography that
/// the process has installed, or *ring*.
#[cfg(feature = "rustls")]
pub(crate) fn default_tls() -> io::Result<std::sync::Arc<crate::rustls::ClientConfig>> {
    use std::sync::{Arc, OnceLock};

    use crate::rustls::{
        ClientConfig, RootCertStore,
        crypto::{CryptoProvider, ring},
    };

    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    // `ClientConfig::builder` would panic if another crate enables another provider.
    let provider = CryptoProvider::get_default().cloned();
    let provider = provider.unwrap_or_else(|| Arc::new(ring::default_provider()));
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}
