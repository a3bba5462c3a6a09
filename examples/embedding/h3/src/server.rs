//! A server: each connection is a task that serves all its WebSockets.

use std::{
    collections::HashMap,
    fmt::Display,
    future::poll_fn,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use http::Version;
use hybi::{
    Connection, Origins, Server,
    deflate::Deflate,
    server::{ConnectFault, Error, Refusal, Request},
};
use hybi_embedding_async::{
    application::Application,
    tokio_echo::{CONFIG, Failure, echo},
};
use quiche::{
    Shutdown,
    h3::{self, Event, Header, NameValue as _},
};
use tokio::{net::UdpSocket, select, sync::mpsc::Receiver};

use crate::{
    listener::Listener,
    report::report,
    transport::{
        MESSAGE_ERROR, NO_ERROR, REQUEST_CANCELLED, Transport, config, poll, reset, sleep_until,
    },
    websocket::{WebSocket, opening_deadline},
};

/// The page of this server.
const PAGE: &[u8] = b"This server echoes over WebSockets.\n";

/// A datagram, and who has sent it.
pub(crate) type Datagram = (Vec<u8>, SocketAddr);

/// Serves all connections on this socket, with a certificate chain and a key in files in the PEM format.
pub async fn serve(
    socket: UdpSocket,
    certificate: &str,
    key: &str,
    application: Arc<impl Application + 'static>,
) -> Result<(), Failure> {
    let mut config = config()?;
    config.load_cert_chain_from_pem_file(certificate)?;
    config.load_priv_key_from_pem_file(key)?;
    let socket = Arc::new(socket);
    let mut listener = Listener::new(Arc::clone(&socket), config)?;
    let deflate = Deflate::new();
    loop {
        let Some((quic, from, datagrams)) = listener.accept().await else { continue };
        let transport = Transport::new(quic, Arc::clone(&socket))?;
        let (deflate, application) = (deflate.clone(), Arc::clone(&application));
        tokio::spawn(async move {
            let mut session = Session::new(transport, &deflate, &*application);
            if let Err(failure) = session.serve(datagrams).await {
                report(format_args!("{from}: {failure}"));
            }
        });
    }
}

/// A connection.
struct Session<'a, A> {
    transport: Transport,
    deflate: &'a Deflate,
    application: &'a A,
    streams: HashMap<u64, Stream>,
    /// When to close the connection because it has no WebSocket. The client may open another connection.
    unused_until: Option<Instant>,
}

/// A response, and what follows it.
struct Stream {
    /// `None` once they are sent.
    fields: Option<Vec<Header>>,
    body: Body,
}

enum Body {
    WebSocket(Box<WebSocket<Server>>),
    /// The rest of it. The stream ends with it.
    Bytes(&'static [u8]),
}

impl<'a, A: Application> Session<'a, A> {
    fn new(transport: Transport, deflate: &'a Deflate, application: &'a A) -> Self {
        let (streams, unused_until) = (HashMap::new(), opening_deadline());
        Self { transport, deflate, application, streams, unused_until }
    }

    /// Serves until the connection is closed.
    async fn serve(&mut self, mut datagrams: Receiver<Datagram>) -> Result<(), Failure> {
        loop {
            let advanced = self.advance();
            let now = Instant::now();
            if advanced.is_err() || self.unused_until.is_some_and(|deadline| deadline <= now) {
                // Only the first call has an effect.
                let _ = self.transport.quic.close(true, NO_ERROR, b"");
            }
            self.transport.flush().await?;
            advanced?;
            if self.transport.quic.is_closed() {
                return Ok(());
            }
            let deadline = self.next_timer();
            select! {
                datagram = datagrams.recv() => {
                    let Some((mut datagram, from)) = datagram else { return Ok(()) };
                    self.transport.receive(&mut datagram, from);
                    while let Ok((mut datagram, from)) = datagrams.try_recv() {
                        self.transport.receive(&mut datagram, from);
                    }
                }
                () = poll_fn(|context| self.poll_message(context)) => {}
                () = sleep_until(deadline) => self.transport.quic.on_timeout(),
            }
        }
    }

    /// Handles all events, and advances all streams.
    fn advance(&mut self) -> Result<(), Failure> {
        let Some((http, quic)) = self.transport.http()? else { return Ok(()) };
        loop {
            let mut is_idle = true;
            while let Some((id, event)) = poll(http, quic)? {
                is_idle = false;
                match (event, self.streams.get_mut(&id)) {
                    (Event::Headers { list, .. }, None) => {
                        match respond(id, &list, self.deflate, self.application) {
                            Ok(stream) => drop(self.streams.insert(id, stream)),
                            Err(code) => reset(quic, id, code),
                        }
                    }
                    (Event::Finished, Some(Stream { body: Body::WebSocket(websocket), .. })) => {
                        websocket.on_finished();
                    }
                    // Nothing but DATA may follow on the stream of a CONNECT.
                    (
                        Event::Reset(_) | Event::Headers { .. },
                        Some(Stream { body: Body::WebSocket(websocket), .. }),
                    ) => websocket.on_reset(quic),
                    // Before the request is complete.
                    (Event::Reset(_), None) => reset(quic, id, REQUEST_CANCELLED),
                    _ => {}
                }
            }
            self.streams.retain(|id, stream| !stream.advance(*id, http, quic));
            if is_idle {
                break;
            }
        }
        let is_used = self.streams.values().any(|stream| matches!(stream.body, Body::WebSocket(_)));
        self.unused_until =
            if is_used { None } else { self.unused_until.or_else(opening_deadline) };
        Ok(())
    }

    /// The next time at which something is due.
    fn next_timer(&self) -> Option<Instant> {
        let quic = &self.transport.quic;
        if quic.is_draining() || quic.local_error().is_some() {
            // The connection is closed, and ends after the next timeout of QUIC.
            return self.transport.timeout().or_else(|| Some(Instant::now()));
        }
        let websockets = self.streams.values().filter_map(|stream| match &stream.body {
            Body::WebSocket(websocket) => websocket.deadline(),
            Body::Bytes(_) => None,
        });
        let timers = [self.unused_until, self.transport.timeout()];
        websockets.chain(timers.into_iter().flatten()).min()
    }

    /// Waits until the application has sent a message on one of the WebSockets.
    fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<()> {
        for stream in self.streams.values_mut() {
            if let Body::WebSocket(websocket) = &mut stream.body
                && websocket.poll_message(context).is_ready()
            {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

impl Stream {
    /// Sends as much as the peer has room for. Returns whether the stream is over.
    fn advance(
        &mut self,
        id: u64,
        http: &mut h3::Connection,
        quic: &mut quiche::Connection,
    ) -> bool {
        if let Some(fields) = &self.fields {
            match http.send_response(quic, id, fields, false) {
                Ok(()) => self.fields = None,
                Err(h3::Error::StreamBlocked | h3::Error::Done) => match &mut self.body {
                    Body::WebSocket(websocket) => {
                        websocket.expire_opening(quic);
                        return is_over(id, websocket);
                    }
                    Body::Bytes(_) => return false,
                },
                // The peer has reset the stream.
                Err(_) => return true,
            }
        }
        match &mut self.body {
            Body::WebSocket(websocket) => {
                websocket.advance(http, quic, echo);
                is_over(id, websocket)
            }
            Body::Bytes(rest) => match http.send_body(quic, id, rest, true) {
                Ok(length) if length < rest.len() => {
                    *rest = &rest[length..];
                    false
                }
                Err(h3::Error::Done) => false,
                _ => {
                    // The content of the request, if there is any, has no effect.
                    let _ = quic.stream_shutdown(id, Shutdown::Read, NO_ERROR);
                    true
                }
            },
        }
    }
}

/// Whether a WebSocket is over. Then reports how, if it has failed.
fn is_over(id: u64, websocket: &mut WebSocket<Server>) -> bool {
    if websocket.is_over()
        && let Err(failure) = websocket.ending()
    {
        report(format_args!("stream {id}: {failure}"));
    }
    websocket.is_over()
}

/// Responds to any request. The error is the code to reset the stream with.
fn respond(
    id: u64,
    list: &[Header],
    deflate: &Deflate,
    application: &impl Application,
) -> Result<Stream, u64> {
    let request: Vec<_> = list.iter().map(|field| (field.name(), field.value())).collect();
    let mut fields = Vec::new();
    let body = match accept(&request, deflate, application, &mut fields) {
        Ok((websocket, messages)) => {
            Body::WebSocket(Box::new(WebSocket::new(id, websocket, messages)))
        }
        // This server has one page.
        Err(Error::Refused(Refusal::Connect(ConnectFault::NotExtended)))
            if request.contains(&(b":method", b"GET")) && request.contains(&(b":path", b"/")) =>
        {
            fields.push(Header::new(b":status", b"200"));
            Body::Bytes(PAGE)
        }
        Err(Error::Refused(Refusal::Connect(ConnectFault::Section(_)))) => {
            return Err(MESSAGE_ERROR);
        }
        Err(Error::Refused(refusal)) => {
            Body::Bytes(refusal.send_fields(|name, value| fields.push(field(name, value))))
        }
        Err(error) => {
            report(format_args!("stream {id}: {error}"));
            fields.push(Header::new(b":status", b"500"));
            Body::Bytes(b"")
        }
    };
    Ok(Stream { fields: Some(fields), body })
}

/// Accepts a WebSocket request.
fn accept(
    request: &[(&[u8], &[u8])],
    deflate: &Deflate,
    application: &impl Application,
    fields: &mut Vec<Header>,
) -> Result<(Connection<Server>, Receiver<String>), Error> {
    // Pages of this server, and clients that are not browsers.
    let origins = Origins::same_host().or_no_browser();
    let request = Request::from_connect(request, &origins)?;
    let (accept, messages) = application.join(request, Version::HTTP_3);
    let accept = accept.config(CONFIG).deflate(deflate);
    let websocket = accept.finish_fields(|name, value| fields.push(field(name, value)))?;
    Ok((websocket, messages))
}

/// A field in the type of quiche.
pub(crate) fn field(name: &dyn Display, value: &dyn Display) -> Header {
    Header::new(name.to_string().as_bytes(), value.to_string().as_bytes())
}
