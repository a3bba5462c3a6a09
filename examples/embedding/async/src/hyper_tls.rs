//! TLS for an HTTP server: the client chooses between HTTP/2 and HTTP/1.1 by ALPN (RFC 7301).

use std::{path::Path, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
    server::TlsStream,
};

use crate::{tokio_echo::Failure, tokio_transport::wait_opening};

/// The certificate of a server, and its key.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

impl Tls {
    /// Reads the certificate chain and the key from files in the PEM format.
    pub fn from_files(
        certificates: impl AsRef<Path>,
        key: impl AsRef<Path>,
    ) -> Result<Self, Failure> {
        let chain = CertificateDer::pem_file_iter(certificates)?.collect::<Result<_, _>>()?;
        let key = PrivateKeyDer::from_pem_file(key)?;
        let mut config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
        // In the server's order of preference. A browser opens a WebSocket in HTTP/2 only on a
        // connection that it already has, and otherwise offers only HTTP/1.1.
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// The handshake of TLS.
    pub async fn accept(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, Failure> {
        Ok(wait_opening(self.0.accept(stream)).await??)
    }
}
