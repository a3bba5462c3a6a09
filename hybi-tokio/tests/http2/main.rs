//! Clients in HTTP/2, with this crate's server over hyper, and with a server of the crate `h2` that a test
//! controls.
#![cfg(all(feature = "h2", feature = "hyper", feature = "rustls", feature = "deflate"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod deadlines;
mod opening;
mod routes;
mod transfer;

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use h2::{RecvStream, server::SendResponse};
use http::{Request, Response};
use hybi_tokio::{
    Acceptor, Connect, Http2, Http2Stream, WebSocket,
    hybi::{Client, Event, Origins, Server, deflate::Deflate},
};
use hyper::{body::Incoming, server::conn::http2, service::service_fn, upgrade::Upgraded};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, duplex},
    task::JoinHandle,
};

type Socket = WebSocket<Http2Stream, Client>;

/// Longer than all deadlines, in the time of a test whose clock is paused.
const LONG: Duration = Duration::from_secs(3600);

fn acceptor() -> Acceptor {
    Acceptor::new(Origins::same_host().or_no_browser()).compression(Deflate::new())
}

async fn echo(mut websocket: WebSocket<TokioIo<Upgraded>, Server>) {
    while let Ok(Some((event, mut sender))) = websocket.next_with_sender().await {
        let sent = match event {
            Event::Text(text) => sender.feed_text(text).await,
            Event::Binary(data) => sender.feed_binary(data).await,
            _ => Ok(()),
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Echoes if the request is one for a WebSocket that may be opened.
async fn respond(mut request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let upgraded = acceptor().upgrade(&mut request, |accept| accept.select_subprotocol(&["chat"]));
    Ok(match upgraded {
        Ok((response, upgrading)) => {
            tokio::spawn(async move {
                if let Ok(websocket) = upgrading.open().await {
                    echo(websocket).await;
                }
            });
            response.map(|()| String::new())
        }
        Err(error) => error.to_http().map(String::from),
    })
}

/// Serves one connection by hyper, with a window of 65 535 bytes for each stream and for all together.
async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> hyper::Result<()> {
    http2::Builder::new(TokioExecutor::new())
        .enable_connect_protocol()
        .initial_stream_window_size(65_535)
        .initial_connection_window_size(65_535)
        .serve_connection(TokioIo::new(stream), service_fn(respond))
        .await
}

/// A connection to `serve`.
async fn connect() -> Http2 {
    let (stream, far) = duplex(16 * 1024);
    tokio::spawn(serve(far));
    Connect::new("ws://a/").connect_http2_over(stream).await.unwrap()
}

/// The request that a server of the crate `h2` has received, and the task of its connection.
struct Received {
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
    connection: JoinHandle<()>,
}

impl Received {
    async fn on(stream: DuplexStream) -> Self {
        let mut builder = h2::server::Builder::new();
        builder.enable_connect_protocol();
        let mut connection = builder.handshake::<_, Bytes>(stream).await.unwrap();
        let (request, respond) = connection.accept().await.unwrap().unwrap();
        let connection = tokio::spawn(async move { while connection.accept().await.is_some() {} });
        Self { request, respond, connection }
    }
}

/// Opens a WebSocket to a server that the test controls.
async fn opened() -> (Socket, h2::SendStream<Bytes>, RecvStream) {
    let (stream, far) = duplex(16 * 1024);
    let server = async {
        let Received { request, mut respond, .. } = Received::on(far).await;
        let sending = respond.send_response(Response::new(()), false).unwrap();
        (sending, request.into_body())
    };
    let client = async {
        let http2 = Connect::new("ws://a/").connect_http2_over(stream).await.unwrap();
        Connect::new("ws://a/").open_on(&http2).await.unwrap()
    };
    let (client, (sending, receiving)) = tokio::join!(client, server);
    (client, sending, receiving)
}
