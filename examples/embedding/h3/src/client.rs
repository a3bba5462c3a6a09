//! A client: one WebSocket on a connection of its own.

use std::{future::poll_fn, sync::Arc, time::Instant};

use hybi::{
    Client, Connection, Event, Host, Uri,
    client::{Exchange, Request, Response},
    deflate::Deflate,
};
use hybi_embedding_async::{
    tokio_echo::{CONFIG, Failure},
    tokio_transport::wait_opening,
};
use quiche::h3::{self, NameValue as _};
use tokio::{
    net::{UdpSocket, lookup_host},
    select,
    sync::mpsc::Receiver,
};

use crate::{
    server::field,
    transport::{NO_ERROR, RECEIVED_DATAGRAM, Transport, config, connection_id, poll, sleep_until},
    websocket::WebSocket,
};

/// Connects to the server of the URI, which has a certificate of the authority in this file, and opens a
/// WebSocket. Sends the messages, and calls `handle` with each event, until the WebSocket has ended.
pub async fn converse(
    uri: &Uri<'_>,
    authority: &str,
    request: Request<'_>,
    messages: Receiver<String>,
    mut handle: impl FnMut(Event<'_>),
) -> Result<(), Failure> {
    let mut session = Session::connect(uri, authority).await?;
    let opened = wait_opening(session.open(request)).await;
    let conversed = match opened {
        Ok(Ok((id, connection))) => {
            let websocket = WebSocket::new(id, connection, messages);
            session.converse(websocket, &mut handle).await
        }
        Ok(Err(failure)) => Err(failure),
        Err(cause) => Err(cause.into()),
    };
    let _ = session.transport.quic.close(true, NO_ERROR, b"");
    session.transport.flush().await?;
    conversed
}

/// A connection.
struct Session {
    transport: Transport,
    socket: Arc<UdpSocket>,
    buffer: Vec<u8>,
}

impl Session {
    /// Tries each address of the server.
    async fn connect(uri: &Uri<'_>, authority: &str) -> Result<Self, Failure> {
        let Host::Name(host) = uri.host() else {
            return Err("the certificate of a server contains its name".into());
        };
        let mut config = config()?;
        config.verify_peer(true);
        config.load_verify_locations_from_file(authority)?;
        let mut failure = "the host has no address".into();
        for server in lookup_host((host, uri.port())).await? {
            let any = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            let socket = Arc::new(UdpSocket::bind(any).await?);
            // So that the system reports a port without a listener.
            socket.connect(server).await?;
            let (id, local) = (connection_id()?, socket.local_addr()?);
            let quic = quiche::connect(Some(host), &id, local, server, &mut config)?;
            let transport = Transport::new(quic, Arc::clone(&socket))?;
            let mut session = Self { transport, socket, buffer: vec![0; RECEIVED_DATAGRAM] };
            match wait_opening(session.establish()).await {
                Ok(Ok(())) => return Ok(session),
                Ok(Err(error)) => failure = error,
                Err(cause) => failure = cause.into(),
            }
        }
        Err(failure)
    }

    /// The handshake of QUIC.
    async fn establish(&mut self) -> Result<(), Failure> {
        while self.transport.http()?.is_none() {
            self.transport.flush().await?;
            self.expect_connected()?;
            self.wait(None).await?;
        }
        Ok(())
    }

    fn expect_connected(&self) -> Result<(), Failure> {
        let quic = &self.transport.quic;
        if let Some(error) = quic.local_error().or(quic.peer_error()) {
            let reason = error.reason.escape_ascii();
            return Err(format!("closed with {:#x}: {reason}", error.error_code).into());
        }
        if quic.is_closed() { Err("the connection was closed".into()) } else { Ok(()) }
    }

    /// Waits for a datagram, or until a timer expires.
    async fn wait(&mut self, deadline: Option<Instant>) -> Result<(), Failure> {
        let timers = [deadline, self.transport.timeout()].into_iter().flatten();
        select! {
            received = self.socket.recv_from(&mut self.buffer) => {
                let (length, from) = received?;
                self.transport.receive(&mut self.buffer[..length], from);
            }
            () = sleep_until(timers.min()) => self.transport.quic.on_timeout(),
        }
        Ok(())
    }

    /// The opening handshake. Returns the stream of the WebSocket.
    async fn open(&mut self, request: Request<'_>) -> Result<(u64, Connection<Client>), Failure> {
        let deflate = Deflate::new();
        let request = request.config(CONFIG).deflate(&deflate);
        let mut fields = Vec::new();
        let mut exchange = request.send_fields(|name, value| fields.push(field(name, value)))?;
        let mut stream = None;
        loop {
            if let Some((http, quic)) = self.transport.http()? {
                while let Some((id, event)) = poll(http, quic)? {
                    match event {
                        h3::Event::Headers { list, .. } if stream == Some(id) => {
                            if let Some(connection) = accept(&mut exchange, &list)? {
                                return Ok((id, connection));
                            }
                        }
                        h3::Event::Reset(code) => {
                            return Err(
                                format!("the server reset the stream with {code:#x}").into()
                            );
                        }
                        _ => {}
                    }
                }
                // No WebSocket may be requested before the server's SETTINGS allow it.
                if stream.is_none() && http.peer_settings_raw().is_some() {
                    if !http.extended_connect_enabled_by_peer() {
                        return Err("the server does not support WebSockets in HTTP/3".into());
                    }
                    stream = Some(http.send_request(quic, &fields, false)?);
                }
            }
            self.transport.flush().await?;
            self.expect_connected()?;
            self.wait(None).await?;
        }
    }

    /// Sends and receives until the WebSocket has ended.
    async fn converse(
        &mut self,
        mut websocket: WebSocket<Client>,
        handle: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Failure> {
        loop {
            if let Some((http, quic)) = self.transport.http()? {
                loop {
                    websocket.advance(http, quic, |event, _, _| {
                        handle(event);
                        Ok(())
                    });
                    match poll(http, quic)? {
                        Some((_, h3::Event::Finished)) => websocket.on_finished(),
                        Some((_, h3::Event::Reset(_))) => websocket.on_reset(quic),
                        Some(_) => {}
                        None => break,
                    }
                }
            }
            self.transport.flush().await?;
            if websocket.is_over() {
                return websocket.ending();
            }
            self.expect_connected()?;
            let deadline = websocket.deadline();
            select! {
                waited = self.wait(deadline) => waited?,
                () = poll_fn(|context| websocket.poll_message(context)) => {}
            }
        }
    }
}

/// Checks a response. Returns `None` if it is an interim response.
fn accept(
    exchange: &mut Exchange<'_>,
    list: &[h3::Header],
) -> Result<Option<Connection<Client>>, Failure> {
    let fields: Vec<_> = list.iter().map(|field| (field.name(), field.value())).collect();
    match exchange.receive_fields(&fields)? {
        None => Ok(None),
        Some(Response::Accepted(accepted)) => Ok(Some(accepted.finish())),
        Some(Response::Rejected(rejected)) => {
            Err(format!("the server answered with status {}", rejected.status()).into())
        }
    }
}
