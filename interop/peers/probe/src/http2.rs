//! WebSockets in HTTP/2 (RFC 8441), for proxies that translate between versions of HTTP.
//!
//! The crate `h2` runs on a thread of its own. It copies the data of each stream from and to a local socket,
//! so that the checks are the same as in HTTP/1.1.

use std::{
    future::poll_fn,
    net::{Ipv4Addr, TcpListener, TcpStream},
    thread,
};

use bytes::Bytes;
use h2::{Ping, RecvStream, SendStream, ext::Protocol, server::SendResponse};
use http::{Request, Response};
use hybi::{
    Inbox, Origins, Uri,
    client::{self, Response as Answer},
    server,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream as AsyncStream,
    runtime::{Builder, Runtime},
};

use crate::{
    Failure,
    connect::Opened,
    link::Link,
    policy,
    serve::{self, refuses},
};

/// Sends a request to a server that is known to speak HTTP/2.
pub(crate) fn open(uri: &Uri<'_>, request: client::Request<'_>) -> Result<Opened, Failure> {
    let (mut request, mut exchange) = request.send_http_connect()?;
    request.extensions_mut().insert(Protocol::from_static("websocket"));
    let sent = send(uri.authority().to_string(), request);
    let (response, socket) = runtime()?.block_on(sent)?;
    match exchange.receive_http(&response)? {
        Some(Answer::Accepted(accepted)) => {
            let subprotocol = accepted.subprotocol().map(String::from);
            let extensions = accepted.extensions().count();
            let mut link = Link::new(accepted.finish(), Inbox::with_capacity(64 * 1024), socket);
            (link.subprotocol, link.extensions) = (subprotocol, extensions);
            Ok(Opened::Accepted(link.into()))
        }
        Some(Answer::Rejected(rejected)) => Ok(Opened::Rejected(rejected.status())),
        None => Err("an interim response is not the last one".into()),
    }
}

/// Returns the response, and the local socket of the stream.
async fn send(address: String, request: Request<()>) -> Result<(Response<()>, TcpStream), Failure> {
    let stream = AsyncStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (requests, mut connection) = h2::client::handshake(stream).await?;
    let ping = connection.ping_pong();
    tokio::spawn(connection);
    // The SETTINGS of the server precede its pong.
    if let Some(mut ping) = ping {
        ping.ping(Ping::opaque()).await?;
    }
    let mut requests = requests.ready().await?;
    if !requests.is_extended_connect_protocol_enabled() {
        return Err("SETTINGS_ENABLE_CONNECT_PROTOCOL is not 1".into());
    }
    let (response, outgoing) = requests.send_request(request, false)?;
    let (head, incoming) = response.await?.into_parts();
    let (ours, socket) = sockets()?;
    tokio::spawn(copy(incoming, outgoing, socket));
    Ok((Response::from_parts(head, ()), ours))
}

/// Accepts and serves connections forever.
pub(crate) fn serve(listener: TcpListener, origins: &Origins<'static>) -> Result<(), Failure> {
    listener.set_nonblocking(true)?;
    runtime()?.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            let origins = origins.clone();
            tokio::spawn(async move {
                if let Err(error) = connection(stream, &origins).await {
                    println!("error {error}");
                }
            });
        }
    })
}

async fn connection(stream: AsyncStream, origins: &Origins<'static>) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut builder = h2::server::Builder::new();
    builder.enable_connect_protocol();
    let mut connection = builder.handshake::<_, Bytes>(stream).await?;
    while let Some(request) = connection.accept().await {
        let (request, mut respond) = request?;
        accept(request, &mut respond, origins)?;
    }
    Ok(())
}

fn accept(
    request: Request<RecvStream>,
    respond: &mut SendResponse<Bytes>,
    origins: &Origins<'static>,
) -> Result<(), Failure> {
    let target = request.uri().path().to_owned();
    let protocol = request.extensions().get::<Protocol>().map(Protocol::as_str);
    let response = match server::Request::from_http_connect(&request, protocol, origins) {
        Ok(rejected) if refuses(&target) => rejected.reject(403).to_http()?.map(|_| ()),
        Ok(accepted) => {
            let mut accept = accepted.accept().select_subprotocol(&[policy::SUBPROTOCOL]);
            let deflate = policy::deflate_at(&target);
            if let Some(deflate) = &deflate {
                accept = accept.deflate(deflate);
            }
            let subprotocol = accept.selected_subprotocol().map(String::from);
            let (response, websocket) = accept.finish_http()?;
            let outgoing = respond.send_response(response, false)?;
            let (ours, socket) = sockets()?;
            tokio::spawn(copy(request.into_body(), outgoing, socket));
            let mut link = Link::new(websocket, Inbox::with_capacity(64 * 1024), ours);
            link.subprotocol = subprotocol;
            thread::spawn(move || serve::report(serve::converse(&target, &mut link)));
            return Ok(());
        }
        Err(refusal) => refusal.to_http().map(|_| ()),
    };
    respond.send_response(response, true)?;
    Ok(())
}

/// Copies in both directions until both have ended, or one has failed. A reset of the stream ends the
/// socket.
async fn copy(
    mut incoming: RecvStream,
    mut outgoing: SendStream<Bytes>,
    socket: TcpStream,
) -> Result<(), Failure> {
    let (mut reader, mut writer) = AsyncStream::from_std(socket)?.into_split();
    let receive = async {
        while let Some(data) = incoming.data().await {
            let data = data?;
            writer.write_all(&data).await?;
            incoming.flow_control().release_capacity(data.len())?;
        }
        writer.shutdown().await?;
        Ok(())
    };
    let send = async {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let length = reader.read(&mut buffer).await?;
            if length == 0 {
                outgoing.send_data(Bytes::new(), true)?;
                return Ok(());
            }
            let mut data = Bytes::copy_from_slice(&buffer[..length]);
            while !data.is_empty() {
                outgoing.reserve_capacity(data.len());
                let capacity = poll_fn(|context| outgoing.poll_capacity(context)).await;
                let capacity = capacity.ok_or("the stream has ended")??;
                outgoing.send_data(data.split_to(capacity.min(data.len())), false)?;
            }
        }
    };
    tokio::try_join!(receive, send).map(|((), ())| ())
}

/// Two ends of a local connection. The second is for a task.
fn sockets() -> Result<(TcpStream, TcpStream), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let ours = TcpStream::connect(listener.local_addr()?)?;
    let (other, _) = listener.accept()?;
    ours.set_nodelay(true)?;
    other.set_nodelay(true)?;
    other.set_nonblocking(true)?;
    Ok((ours, other))
}

/// A runtime that runs until the end of the process.
fn runtime() -> Result<&'static Runtime, Failure> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    Ok(Box::leak(Box::new(runtime)))
}
