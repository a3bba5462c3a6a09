//! A connection of QUIC, and HTTP/3 on it. This module does not depend on WebSockets.

use std::{future::pending, io, net::SocketAddr, sync::Arc, time::Instant};

use hybi_embedding_async::tokio_echo::Failure;
use quiche::{
    Config, ConnectionId, RecvInfo, Shutdown,
    h3::{self, APPLICATION_PROTOCOL, Event},
};
use tokio::{net::UdpSocket, time};

/// The codes of errors of a stream (RFC 9114, section 8.1).
pub(crate) const NO_ERROR: u64 = 0x100;
pub(crate) const REQUEST_CANCELLED: u64 = 0x10c;
pub(crate) const MESSAGE_ERROR: u64 = 0x10e;

/// The most WebSockets and requests of one client at the same time.
const MAX_STREAMS: u32 = 100;

/// How many bytes a peer may send on a stream before they are read.
const WINDOW: u32 = 64 * 1024;

/// How long a connection may be silent, in milliseconds. The pings of WebSockets are more frequent.
const IDLE: u64 = 60_000;

/// The most bytes in all fields of a request or a response.
const MAX_FIELDS: u64 = 16 * 1024;

/// The largest datagram to send. It fits an Ethernet frame with room for a tunnel.
const SENT_DATAGRAM: usize = 1350;

/// The largest datagram to receive: what fits an Ethernet frame.
pub(crate) const RECEIVED_DATAGRAM: usize = 1500;

/// The settings of QUIC for both roles. A server adds its certificate, and a client those that it trusts.
pub(crate) fn config() -> Result<Config, quiche::Error> {
    let mut config = Config::new(quiche::PROTOCOL_VERSION)?;
    config.set_application_protos(APPLICATION_PROTOCOL)?;
    config.set_max_idle_timeout(IDLE);
    config.set_max_recv_udp_payload_size(RECEIVED_DATAGRAM);
    config.set_max_send_udp_payload_size(SENT_DATAGRAM);
    let (stream, all) = (u64::from(WINDOW), u64::from(WINDOW * MAX_STREAMS));
    // Room for all streams, so that a WebSocket that is not read does not slow down the others.
    config.set_initial_max_data(all);
    config.set_max_connection_window(all);
    config.set_initial_max_stream_data_bidi_local(stream);
    config.set_initial_max_stream_data_bidi_remote(stream);
    config.set_initial_max_stream_data_uni(stream);
    config.set_max_stream_window(stream);
    config.set_initial_max_streams_bidi(MAX_STREAMS.into());
    // HTTP/3 has three, and a peer may try others.
    config.set_initial_max_streams_uni(16);
    config.set_disable_active_migration(true);
    Ok(config)
}

/// An identifier of a connection, which the other side cannot guess.
pub(crate) fn connection_id() -> Result<ConnectionId<'static>, getrandom::Error> {
    let mut id = vec![0; quiche::MAX_CONN_ID_LEN];
    getrandom::fill(&mut id)?;
    Ok(ConnectionId::from_vec(id))
}

/// A connection.
pub(crate) struct Transport {
    /// In a box, because it is large and a future contains it.
    pub(crate) quic: Box<quiche::Connection>,
    /// `None` before the handshake of QUIC is complete.
    http: Option<h3::Connection>,
    socket: Arc<UdpSocket>,
    local: SocketAddr,
}

impl Transport {
    pub(crate) fn new(quic: quiche::Connection, socket: Arc<UdpSocket>) -> io::Result<Self> {
        let local = socket.local_addr()?;
        Ok(Self { quic: Box::new(quic), http: None, socket, local })
    }

    /// Takes a datagram from this address.
    pub(crate) fn receive(&mut self, datagram: &mut [u8], from: SocketAddr) {
        // quiche ignores an invalid packet. Any other error closes the connection: see `is_closed`.
        let _ = self.quic.recv(datagram, RecvInfo { from, to: self.local });
    }

    /// HTTP/3 and QUIC, once the handshake of QUIC is complete.
    pub(crate) fn http(
        &mut self,
    ) -> Result<Option<(&mut h3::Connection, &mut quiche::Connection)>, Failure> {
        if self.http.is_none() && self.quic.is_established() {
            let mut config = h3::Config::new()?;
            // Sends SETTINGS_ENABLE_CONNECT_PROTOCOL = 1. Without it, no client requests a WebSocket.
            config.enable_extended_connect(true);
            config.set_max_field_section_size(MAX_FIELDS);
            self.http = Some(h3::Connection::with_transport(&mut self.quic, &config)?);
        }
        Ok(self.http.as_mut().map(|http| (http, &mut *self.quic)))
    }

    /// Sends all datagrams that are due.
    pub(crate) async fn flush(&mut self) -> Result<(), Failure> {
        let mut datagram = [0; SENT_DATAGRAM];
        loop {
            match self.quic.send(&mut datagram) {
                Ok((length, info)) => {
                    // After an error, it is lost. QUIC sends its contents again.
                    let _ = if self.socket.peer_addr().is_ok() {
                        self.socket.send(&datagram[..length]).await
                    } else {
                        self.socket.send_to(&datagram[..length], info.to).await
                    };
                }
                Err(quiche::Error::Done) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// When to call `on_timeout` of QUIC, if it has a timer.
    pub(crate) fn timeout(&self) -> Option<Instant> {
        self.quic.timeout_instant()
    }
}

/// Waits until the deadline, or for ever if there is none.
pub(crate) async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => time::sleep_until(deadline.into()).await,
        None => pending().await,
    }
}

/// The next event of HTTP/3.
pub(crate) fn poll(
    http: &mut h3::Connection,
    quic: &mut quiche::Connection,
) -> Result<Option<(u64, Event)>, Failure> {
    match http.poll(quic) {
        Ok(event) => Ok(Some(event)),
        Err(h3::Error::Done) => Ok(None),
        // quiche has closed the connection.
        Err(error) => Err(error.into()),
    }
}

/// Resets both directions of a stream.
pub(crate) fn reset(quic: &mut quiche::Connection, id: u64, code: u64) {
    // A direction that has ended cannot be reset.
    let _ = quic.stream_shutdown(id, Shutdown::Write, code);
    let _ = quic.stream_shutdown(id, Shutdown::Read, code);
}
