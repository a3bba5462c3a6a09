//! The stream of a client: plain, or with TLS.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream, or TLS over it.
#[derive(Debug)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant)] // the variants have the types of tokio-tungstenite
pub enum MaybeTlsStream<S> {
    /// The stream.
    Plain(S),
    /// TLS by rustls.
    #[cfg(feature = "rustls")]
    Rustls(tokio_rustls::client::TlsStream<S>),
}

/// How a client encrypts its connection.
#[derive(Clone)]
#[non_exhaustive]
pub enum Connector {
    /// It does not. `wss` is an error.
    Plain,
    /// With this configuration of rustls, if the scheme is `wss`.
    #[cfg(feature = "rustls")]
    Rustls(std::sync::Arc<crate::rustls::ClientConfig>),
}

/// Shows the variant only.
impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            #[cfg(feature = "rustls")]
            Self::Rustls(_) => "Rustls",
        })
    }
}

impl<S> MaybeTlsStream<S> {
    /// The stream without TLS.
    pub fn get_ref(&self) -> &S {
        match self {
            Self::Plain(stream) => stream,
            #[cfg(feature = "rustls")]
            Self::Rustls(stream) => stream.get_ref().0,
        }
    }
}

macro_rules! inner {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            MaybeTlsStream::Plain($stream) => $call,
            #[cfg(feature = "rustls")]
            MaybeTlsStream::Rustls($stream) => $call,
        }
    };
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for MaybeTlsStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        inner!(self, stream => Pin::new(stream).poll_read(context, buffer))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for MaybeTlsStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        inner!(self, stream => Pin::new(stream).poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        inner!(self, stream => Pin::new(stream).poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        inner!(self, stream => Pin::new(stream).poll_shutdown(context))
    }
}
