//! WebSockets behind an HTTP server: hyper parses the request and serves plain HTTP, and hands over the
//! connection when a WebSocket is accepted.

use std::{convert::Infallible, io::Cursor};

use hybi::{
    Connection, Origins, Server,
    deflate::Deflate,
    server::{Error, Refusal, Request},
};
use hyper::{
    Response, StatusCode,
    body::Incoming,
    server::conn::http1,
    service::service_fn,
    upgrade::{OnUpgrade, Parts},
};
use hyper_util::rt::TokioIo;
use tokio::{io::AsyncReadExt, net::TcpStream, sync::mpsc::Receiver, time::timeout};

use crate::{
    report::report,
    tokio_echo::{CONFIG, Failure, Session, echo},
    tokio_transport::{TIMEOUTS, Transport},
};

/// Serves one connection over HTTP, and over WebSocket after an upgrade. `join` returns the channel of
/// the messages that the application sends over it.
pub async fn serve(
    stream: TcpStream,
    deflate: &Deflate,
    join: impl Fn() -> Receiver<String>,
) -> Result<(), Failure> {
    let serving = http1::Builder::new()
        .keep_alive(false)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(async |request| Ok::<_, Infallible>(answer(request, deflate, &join))),
        )
        .with_upgrades();
    // One deadline for the request and the response, because a peer may read the response slowly.
    timeout(TIMEOUTS.opening, serving).await??;
    Ok(())
}

/// Responds to any request.
fn answer(
    mut request: hyper::Request<Incoming>,
    deflate: &Deflate,
    join: impl Fn() -> Receiver<String>,
) -> Response<String> {
    match accept(&request, deflate) {
        Ok((response, websocket)) => {
            let upgrade = hyper::upgrade::on(&mut request);
            let messages = join();
            tokio::spawn(async move {
                if let Err(failure) = converse(upgrade, websocket, messages).await {
                    report(format_args!("a connection failed: {failure}"));
                }
            });
            response.map(|()| String::new())
        }
        // This server has one page. A request with a key has lost its Upgrade field, so it gets 426.
        Err(Error::Refused(Refusal::NotWebSocket))
            if request.uri().path() == "/"
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
    request: &hyper::Request<Incoming>,
    deflate: &Deflate,
) -> Result<(Response<()>, Connection<Server>), Error> {
    // Pages of this server, and clients that are not browsers.
    let origins = Origins::same_host().or_no_browser();
    Request::from_http(request, &origins)?.accept().config(CONFIG).deflate(deflate).finish_http()
}

/// Takes over the connection after the response is written.
async fn converse(
    upgrade: OnUpgrade,
    websocket: Connection<Server>,
    messages: Receiver<String>,
) -> Result<(), Failure> {
    let upgraded = upgrade.await?.downcast::<TokioIo<TcpStream>>();
    let Parts { io, read_buf, .. } = upgraded.map_err(|_| "another transport was upgraded")?;
    let (reader, writer) = io.into_inner().into_split();
    // The bytes that hyper has already read come first.
    let mut transport = Transport::new(Cursor::new(read_buf).chain(reader), writer);
    let ended = Session::new(&mut transport, websocket, messages).run(echo).await;
    // Also after an error: the outbox holds a Close with the reason.
    let finished = transport.finish().await;
    ended?;
    Ok(finished?)
}
