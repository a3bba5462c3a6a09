//! A client with the same [`Session`] as the server. Another task sends; this one receives.

use hybi::{
    Client, Connection, Error, Event, Host, Uri,
    client::{Request, Response},
    deadline::{Cause, Stage},
    deflate::Deflate,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, split},
    net::TcpStream,
    sync::mpsc::Receiver,
};

use crate::{
    tokio_echo::{CONFIG, Failure, Session},
    tokio_transport::{Transport, by, wait_opening},
};

/// Opens a WebSocket over this stream. Sends the messages, and calls `handle` with each event, until the
/// connection ends.
pub async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    request: Request<'_>,
    messages: Receiver<String>,
    handle: impl FnMut(Event<'_>),
) -> Result<(), Failure> {
    let (reader, writer) = split(stream);
    let mut transport = Transport::new(reader, writer);
    let until = transport.deadlines.deadline();
    let opened = by(until, open(&mut transport, request)).await;
    let websocket = opened.ok_or(Cause::Opening)??;
    follow(&mut transport, websocket, messages, handle).await
}

/// Sends the messages, and calls `handle` with each event, until the open connection ends.
pub(crate) async fn follow<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    transport: &mut Transport<R, W>,
    websocket: Connection<Client>,
    messages: Receiver<String>,
    mut handle: impl FnMut(Event<'_>),
) -> Result<(), Failure> {
    let mut session = Session::new(transport, websocket, messages);
    let ended = session
        .run(|event, _, _| {
            handle(event);
            Ok::<(), Error>(())
        })
        .await;
    // Also after an error: the outbox holds a Close with the reason.
    let finished = transport.finish().await;
    ended?;
    Ok(finished?)
}

/// Connects to the server of a URI without TLS.
pub async fn connect(uri: &Uri<'_>) -> Result<TcpStream, Failure> {
    if uri.is_secure() {
        return Err("wss needs TLS, which this client does not have".into());
    }
    let connecting = async {
        match uri.host() {
            Host::Name(name) => TcpStream::connect((name, uri.port())).await,
            Host::V4(address) => TcpStream::connect((address, uri.port())).await,
            Host::V6(address) => TcpStream::connect((address, uri.port())).await,
        }
    };
    let stream = wait_opening(connecting).await??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The opening handshake.
async fn open<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    transport: &mut Transport<R, W>,
    request: Request<'_>,
) -> Result<Connection<Client>, Failure> {
    let deflate = Deflate::new();
    let mut opening = request.config(CONFIG).deflate(&deflate).send(&mut transport.outbox)?;
    transport.flush(Stage::Opening).await?;
    loop {
        if transport.reading.read().await? == 0 {
            return Err("the server closed the connection during the opening handshake".into());
        }
        match opening.receive(&mut transport.reading.inbox)? {
            None => {}
            Some(Response::Accepted(accepted)) => return Ok(accepted.finish()),
            Some(Response::Rejected(rejected)) => {
                return Err(format!("the server answered with status {}", rejected.status()).into());
            }
        }
    }
}
