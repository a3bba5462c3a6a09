//! The connections on a UDP socket: one task routes the datagrams to them. This module does not depend on
//! HTTP/3.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    io,
    net::SocketAddr,
    sync::Arc,
    time::Instant,
};

use quiche::{Config, Connection, ConnectionId, Header, MAX_CONN_ID_LEN, Type};
use tokio::{
    net::UdpSocket,
    sync::mpsc::{Receiver, Sender, channel},
};

use crate::{
    server::Datagram,
    transport::{RECEIVED_DATAGRAM, connection_id},
};

/// The most identifiers of connections. A connection has one or two. Datagrams that open others are
/// ignored.
const MAX_IDENTIFIERS: usize = 2048;

/// While there are more identifiers, a client must show that it receives at its address (RFC 9000, section
/// 8.1.2). Others could fill the table in the name of many addresses.
const UNVALIDATED: usize = 128;

/// How long the token that shows it is valid at least, in seconds, and at most twice as long.
const TOKEN_SECONDS: u64 = 15;

/// The most datagrams that wait for the task of a connection. Others are dropped.
const WAITING: usize = 64;

/// The smallest datagram that can open a connection (RFC 9000, section 14.1). A response is smaller, so
/// this server does not amplify.
const MIN_INITIAL: usize = 1200;

/// A socket, and the connections on it.
pub(crate) struct Listener {
    socket: Arc<UdpSocket>,
    local: SocketAddr,
    config: Config,
    /// Each connection has the identifier that its client chose first, unless it was sent a Retry, and
    /// that of this server.
    connections: HashMap<ConnectionId<'static>, Sender<Datagram>>,
    buffer: [u8; RECEIVED_DATAGRAM],
    tokens: Tokens,
}

/// A new connection, its client, and the datagrams that come for it.
pub(crate) type Accepted = (Connection, SocketAddr, Receiver<Datagram>);

impl Listener {
    pub(crate) fn new(socket: Arc<UdpSocket>, config: Config) -> io::Result<Self> {
        let local = socket.local_addr()?;
        let connections = HashMap::new();
        let buffer = [0; RECEIVED_DATAGRAM];
        Ok(Self { socket, local, config, connections, buffer, tokens: Tokens::new() })
    }

    /// Routes one datagram. Returns a connection if it opens one.
    pub(crate) async fn accept(&mut self) -> Option<Accepted> {
        // The error may be that of a datagram sent before, to an address without a listener.
        let (length, from) = self.socket.recv_from(&mut self.buffer).await.ok()?;
        let mut datagram = self.buffer[..length].to_vec();
        let header = Header::from_slice(&mut datagram, MAX_CONN_ID_LEN).ok()?;
        if let Some(datagrams) = self.connections.get(&header.dcid) {
            // Without room, it is dropped. QUIC sends its contents again.
            let _ = datagrams.try_send((datagram, from));
            return None;
        }
        if length < MIN_INITIAL || matches!(header.ty, Type::Short | Type::VersionNegotiation) {
            return None;
        }
        if !quiche::version_is_supported(header.version) {
            let (scid, dcid) = (&header.scid, &header.dcid);
            self.respond(from, |answer| quiche::negotiate_version(scid, dcid, answer)).await;
            return None;
        }
        self.connections.retain(|_, datagrams| !datagrams.is_closed());
        if header.ty != Type::Initial || self.connections.len() >= MAX_IDENTIFIERS {
            return None;
        }
        let original = self.tokens.check(header.token.as_deref().unwrap_or_default(), from);
        if original.is_none() && self.connections.len() > UNVALIDATED {
            self.retry(&header, from).await;
            return None;
        }
        // After a Retry, the client uses the identifier of this server.
        let id = match original {
            Some(_) => header.dcid.clone().into_owned(),
            None => connection_id().ok()?,
        };
        let quic =
            quiche::accept(&id, original.as_ref(), self.local, from, &mut self.config).ok()?;
        let (sender, datagrams) = channel(WAITING);
        // There is room, because the channel is new.
        let dcid = header.dcid.clone().into_owned();
        let _ = sender.try_send((datagram, from));
        self.connections.insert(id, sender.clone());
        self.connections.insert(dcid, sender);
        Some((quic, from, datagrams))
    }

    /// Asks the client to begin again with a token.
    async fn retry(&self, header: &Header<'_>, from: SocketAddr) {
        let Ok(id) = connection_id() else { return };
        let token = self.tokens.make(&header.dcid, from);
        let (scid, dcid, version) = (&header.scid, &header.dcid, header.version);
        self.respond(from, |answer| quiche::retry(scid, dcid, &id, &token, version, answer)).await;
    }

    /// Sends one datagram outside of a connection.
    async fn respond(
        &self,
        to: SocketAddr,
        write: impl FnOnce(&mut [u8]) -> quiche::Result<usize>,
    ) {
        let mut answer = [0; MIN_INITIAL];
        if let Ok(length) = write(&mut answer) {
            let _ = self.socket.send_to(&answer[..length], to).await;
        }
    }
}

/// Tokens that show that a client receives at its address.
struct Tokens {
    /// A hash function with a random key, which only this server can compute.
    key: RandomState,
    start: Instant,
}

impl Tokens {
    const CODE: usize = size_of::<u64>();

    fn new() -> Self {
        Self { key: RandomState::new(), start: Instant::now() }
    }

    /// A token for a client that chose this identifier.
    fn make(&self, id: &[u8], from: SocketAddr) -> Vec<u8> {
        [&self.code(self.period(), id, from)[..], id].concat()
    }

    /// Returns the identifier that the client chose, if the token is one for its address.
    fn check(&self, token: &[u8], from: SocketAddr) -> Option<ConnectionId<'static>> {
        let (code, id) = token.split_at_checked(Self::CODE)?;
        let now = self.period();
        let mut periods = [now, now.wrapping_sub(1)].into_iter();
        let is_valid = periods.any(|period| self.code(period, id, from) == code);
        is_valid.then(|| ConnectionId::from_vec(id.to_vec()))
    }

    fn code(&self, period: u64, id: &[u8], from: SocketAddr) -> [u8; Self::CODE] {
        self.key.hash_one((period, id, from)).to_be_bytes()
    }

    fn period(&self) -> u64 {
        self.start.elapsed().as_secs() / TOKEN_SECONDS
    }
}
