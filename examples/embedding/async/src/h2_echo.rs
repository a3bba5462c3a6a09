//! A server in HTTP/2: the crate `h2` serves the streams, and each extended CONNECT (RFC 8441) is a
//! WebSocket with a [`Session`] of its own.

use std::sync::Arc;

use bytes::Bytes;
use h2::{
    RecvStream,
    ext::Protocol,
    server::{Builder, SendResponse},
};
use http::{Request, Response, Version};
use hybi::{
    Connection, Origins, Server,
    deflate::Deflate,
    server::{self, ConnectFault, Refusal},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc::Receiver,
};

use crate::{
    application::{Application, Joined},
    h2_stream::{Reader, Writer},
    report::report,
    tokio_echo::{CONFIG, Failure, Session, echo},
    tokio_transport::{Transport, wait_opening},
};

/// The most WebSockets and requests of one client at the same time.
const MAX_STREAMS: u32 = 100;

/// How many bytes a client may send on a stream before they are read.
const WINDOW: u32 = 64 * 1024;

/// Serves one HTTP/2 connection and the WebSockets on it, until the client closes it or does not use it.
pub async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    deflate: &Deflate,
    application: &impl Application,
) -> Result<(), Failure> {
    let mut builder = Builder::new();
    // Sends SETTINGS_ENABLE_CONNECT_PROTOCOL = 1. Without it, no client requests a WebSocket.
    builder
        .enable_connect_protocol()
        .max_concurrent_streams(MAX_STREAMS)
        // Room for all streams, so that a WebSocket that is not read does not slow down the others.
        .initial_window_size(WINDOW)
        .initial_connection_window_size(MAX_STREAMS * WINDOW);
    let handshake = builder.handshake::<_, Bytes>(stream);
    let mut connection = wait_opening(handshake).await??;
    // Each task of a WebSocket has a clone.
    let is_used = Arc::new(());
    loop {
        let (request, mut respond) = match wait_opening(connection.accept()).await {
            Ok(Some(request)) => request?,
            Ok(None) => return Ok(()),
            Err(cause) if Arc::strong_count(&is_used) == 1 => return Err(cause.into()),
            // The WebSockets have deadlines of their own.
            Err(_) => continue,
        };
        match accept(&request, deflate, application) {
            Ok((response, websocket, messages)) => {
                let writer = Writer::new(respond.send_response(response, false)?);
                let reader = Reader::new(request.into_body());
                let is_used = Arc::clone(&is_used);
                tokio::spawn(async move {
                    if let Err(failure) = converse(reader, writer, websocket, messages).await {
                        report(format_args!("a stream failed: {failure}"));
                    }
                    drop(is_used);
                });
            }
            Err(error) => reject(&request, &mut respond, error)?,
        }
    }
}

/// Accepts a request for a WebSocket.
fn accept(
    request: &Request<RecvStream>,
    deflate: &Deflate,
    application: &impl Application,
) -> Result<Joined, server::Error> {
    let protocol = request.extensions().get::<Protocol>().map(Protocol::as_str);
    // Pages of this server, and clients that are not browsers.
    let origins = Origins::same_host().or_no_browser();
    let request = server::Request::from_http_connect(request, protocol, &origins)?;
    let (accept, messages) = application.join(request, Version::HTTP_2);
    let (response, websocket) = accept.config(CONFIG).deflate(deflate).finish_http()?;
    Ok((response, websocket, messages))
}

/// Responds to any other request.
fn reject(
    request: &Request<RecvStream>,
    respond: &mut SendResponse<Bytes>,
    error: server::Error,
) -> Result<(), Failure> {
    let response = match error {
        // This server has one page.
        server::Error::Refused(Refusal::Connect(ConnectFault::NotExtended))
            if request.uri().path() == "/" =>
        {
            Response::new("This server echoes over WebSockets.\n")
        }
        server::Error::Refused(refusal) => refusal.to_http(),
        error => return Err(error.into()),
    };
    let (head, body) = response.into_parts();
    let mut stream = respond.send_response(Response::from_parts(head, ()), false)?;
    Ok(stream.send_data(Bytes::from_static(body.as_bytes()), true)?)
}

/// One WebSocket.
async fn converse(
    reader: Reader,
    writer: Writer,
    websocket: Connection<Server>,
    messages: Receiver<String>,
) -> Result<(), Failure> {
    let mut transport = Transport::new(reader, writer);
    let ended = Session::new(&mut transport, websocket, messages).run(echo).await;
    // Also after an error: the outbox holds a Close with the reason. END_STREAM follows it.
    let finished = transport.finish().await;
    ended?;
    Ok(finished?)
}
