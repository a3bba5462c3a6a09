//! A request that an HTTP server has parsed: hyper serves plain HTTP, and hands over the
//! connection when a request for a WebSocket is accepted.

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
    tokio_transport::{PATIENCE, Transport},
};

/// Serves one connection: plain HTTP and, once a WebSocket is accepted, that. What it is to send
/// besides the echo comes from `join`.
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
    // One deadline for a request and its response, which a peer may be slow to read.
    timeout(PATIENCE.opening, serving).await??;
    Ok(())
}

/// Answers any request.
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
        // This server has one page. With a key, the request has lost its Upgrade field on the way.
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

/// Accepts a request for a WebSocket.
fn accept(
    request: &hyper::Request<Incoming>,
    deflate: &Deflate,
) -> Result<(Response<()>, Connection<Server>), Error> {
    // Pages of this server, and clients that are no browsers.
    let origins = Origins::same_host().or_no_browser();
    Request::from_http(request, &origins)?.accept().config(CONFIG).deflate(deflate).finish_http()
}

/// Takes the connection over, once the response is written.
async fn converse(
    upgrade: OnUpgrade,
    websocket: Connection<Server>,
    messages: Receiver<String>,
) -> Result<(), Failure> {
    let upgraded = upgrade.await?.downcast::<TokioIo<TcpStream>>();
    let Parts { io, read_buf, .. } = upgraded.map_err(|_| "another transport was upgraded")?;
    let (reader, writer) = io.into_inner().into_split();
    // What hyper has read already comes first.
    let mut transport = Transport::new(Cursor::new(read_buf).chain(reader), writer);
    let ended = Session::new(&mut transport, websocket, messages).run(echo).await;
    // Also after an error: the Close that says what it was waits to be written.
    let finished = transport.finish().await;
    ended?;
    Ok(finished?)
}
