//! WebSockets in an HTTP server: hyper serves plain HTTP and WebSockets on one port, in HTTP/1.1 and
//! in HTTP/2. The application and the [`Session`] are the same in both.

use std::{
    convert::Infallible,
    future::ready,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use http::{Method, Response, StatusCode, Version};
use hybi::{
    Connection, Origins, Server,
    deflate::Deflate,
    server::{ConnectFault, Error, Refusal, Request},
};
use hyper::{body::Incoming, ext::Protocol, service::service_fn, upgrade::OnUpgrade};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, split},
    sync::mpsc::Receiver,
};

use crate::{
    application::{Application, Joined},
    report::report,
    tokio_echo::{CONFIG, Failure, Session, echo},
    tokio_transport::{Transport, wait_opening},
};

/// The most WebSockets and requests of one client in HTTP/2 at the same time.
const MAX_STREAMS: u32 = 100;

/// How many bytes a client may send on a stream in HTTP/2 before they are read.
const WINDOW: u32 = 64 * 1024;

/// How long a client may be silent in HTTP/2 before hyper sends a ping. The WebSockets have deadlines of
/// their own.
const SILENCE: Duration = Duration::from_secs(20);

/// How long it may take to answer that ping.
const PONG: Duration = Duration::from_secs(10);

/// Serves one connection over HTTP/1.1 or HTTP/2, and the WebSockets on it.
pub async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    deflate: &Deflate,
    application: &impl Application,
) -> Result<(), Failure> {
    let is_http2 = AtomicBool::new(false);
    let service = service_fn(|request: http::Request<Incoming>| {
        is_http2.fetch_or(request.version() == Version::HTTP_2, Relaxed);
        ready(Ok::<_, Infallible>(answer(request, deflate, application)))
    });
    let builder = builder();
    let mut serving = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    // One deadline for the request and the response, because a peer may read the response slowly.
    match wait_opening(&mut serving).await {
        Ok(ended) => ended,
        // Further requests may come at any time. hyper sends pings, and closes the connection if the
        // peer does not answer them.
        Err(_) if is_http2.load(Relaxed) => serving.await,
        Err(cause) => Err(cause.into()),
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().keep_alive(false);
    builder
        .http2()
        // Sends SETTINGS_ENABLE_CONNECT_PROTOCOL = 1. Without it, no client requests a WebSocket.
        .enable_connect_protocol()
        .max_concurrent_streams(MAX_STREAMS)
        // Room for all streams, so that a WebSocket that is not read does not slow down the others.
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(MAX_STREAMS * WINDOW)
        .timer(TokioTimer::new())
        .keep_alive_interval(SILENCE)
        .keep_alive_timeout(PONG);
    builder
}

/// Responds to any request.
fn answer(
    mut request: http::Request<Incoming>,
    deflate: &Deflate,
    application: &impl Application,
) -> Response<String> {
    match accept(&request, deflate, application) {
        Ok((response, websocket, messages)) => {
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                if let Err(failure) = converse(upgrade, websocket, messages).await {
                    report(format_args!("a WebSocket failed: {failure}"));
                }
            });
            response.map(|()| String::new())
        }
        // This server has one page. A request with a key has lost its Upgrade field, so it gets 426.
        Err(Error::Refused(
            Refusal::NotWebSocket | Refusal::Connect(ConnectFault::NotExtended),
        )) if request.method() == Method::GET
            && request.uri().path() == "/"
            && !request.headers().contains_key("Sec-WebSocket-Key") =>
        {
            Response::new("This server echoes over WebSockets.\n".into())
        }
        Err(Error::Refused(refusal)) => refusal.to_http().map(String::from),
        Err(error) => {
            let mut response = Response::new(error.to_string());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}

/// Accepts a WebSocket request.
fn accept(
    request: &http::Request<Incoming>,
    deflate: &Deflate,
    application: &impl Application,
) -> Result<Joined, Error> {
    // Pages of this server, and clients that are not browsers.
    let origins = Origins::same_host().or_no_browser();
    let version = request.version();
    let request = if version == Version::HTTP_2 {
        let protocol = request.extensions().get::<Protocol>().map(Protocol::as_str);
        Request::from_http_connect(request, protocol, &origins)?
    } else {
        Request::from_http(request, &origins)?
    };
    let (accept, messages) = application.join(request, version);
    let (response, websocket) = accept.config(CONFIG).deflate(deflate).finish_http()?;
    Ok((response, websocket, messages))
}

/// Takes over the connection in HTTP/1.1, or the stream in HTTP/2, after the response is sent.
async fn converse(
    upgrade: OnUpgrade,
    websocket: Connection<Server>,
    messages: Receiver<String>,
) -> Result<(), Failure> {
    // The bytes that hyper has already read come first.
    let (reader, writer) = split(TokioIo::new(upgrade.await?));
    let mut transport = Transport::new(reader, writer);
    let ended = Session::new(&mut transport, websocket, messages).run(echo).await;
    // Also after an error: the outbox holds a Close with the reason.
    let finished = transport.finish().await;
    ended?;
    Ok(finished?)
}
