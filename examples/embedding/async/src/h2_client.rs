//! A client in HTTP/2: one WebSocket on a stream of a connection of the crate `h2` (RFC 8441).

use bytes::Bytes;
use h2::{
    Ping,
    client::{SendRequest, handshake},
    ext::Protocol,
};
use hybi::{
    Client, Connection, Event,
    client::{Request, Response},
    deadline::{Cause, Deadlines},
    deflate::Deflate,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc::Receiver,
};

use crate::{
    clock::timeouts,
    h2_stream::{Reader, Writer},
    report::report,
    tokio_client::follow,
    tokio_echo::{CONFIG, Failure},
    tokio_transport::{Transport, by, now},
};

/// Opens an HTTP/2 connection over this stream and a WebSocket on one of its streams. Sends the messages,
/// and calls `handle` with each event, until the WebSocket has ended.
pub async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<'_>,
    messages: Receiver<String>,
    handle: impl FnMut(Event<'_>),
) -> Result<(), Failure> {
    let opening = async {
        let requests = connect(stream).await?;
        open(requests, request).await
    };
    let deadlines = Deadlines::new(timeouts(), now());
    // In a box, because the futures of h2 are large.
    let opened = by(deadlines.deadline(), Box::pin(opening)).await;
    let (mut transport, websocket) = opened.ok_or(Cause::Opening)??;
    transport.deadlines = deadlines;
    follow(&mut transport, websocket, messages, handle).await
}

/// Opens an HTTP/2 connection to a server that allows the extended CONNECT.
async fn connect(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Bytes>, Failure> {
    let (requests, mut connection) = handshake(stream).await?;
    let ping = connection.ping_pong();
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            report(format_args!("the HTTP/2 connection failed: {error}"));
        }
    });
    // The server's SETTINGS come before anything else that it sends.
    if let Some(mut ping) = ping {
        ping.ping(Ping::opaque()).await?;
    }
    let requests = requests.ready().await?;
    if requests.is_extended_connect_protocol_enabled() {
        Ok(requests)
    } else {
        Err("the server does not support WebSockets in HTTP/2".into())
    }
}

/// The opening handshake.
async fn open(
    mut requests: SendRequest<Bytes>,
    request: Request<'_>,
) -> Result<(Transport<Reader, Writer>, Connection<Client>), Failure> {
    let deflate = Deflate::new();
    let (mut request, mut exchange) =
        request.config(CONFIG).deflate(&deflate).send_http_connect()?;
    request.extensions_mut().insert(Protocol::from_static("websocket"));
    let (response, writer) = requests.send_request(request, false)?;
    let response = response.await?;
    let websocket = match exchange.receive_http(&response)? {
        Some(Response::Accepted(accepted)) => accepted.finish(),
        Some(Response::Rejected(rejected)) => {
            return Err(format!("the server answered with status {}", rejected.status()).into());
        }
        None => return Err("an interim response is not the last one".into()),
    };
    let reader = Reader::new(response.into_body());
    Ok((Transport::new(reader, Writer::new(writer)), websocket))
}
