//! Libraries whose opening handshake is in hyper.

use std::convert::Infallible;

use fastwebsockets::{FragmentCollector, upgrade};
use futures_util::FutureExt as _;
use http_body_util::Empty;
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use yawc::CompressionLevel;

use crate::{Failure, echo::echo};

/// Serves one HTTP connection. `upgrade` returns the response to a request, and the connection after it.
async fn serve<F>(
    stream: TcpStream,
    upgrade: impl Fn(Request<Incoming>) -> Result<(Response<Empty<Bytes>>, F), Failure>,
) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let service = service_fn(|request| {
        let response = if let Ok((response, connection)) = upgrade(request) {
            tokio::spawn(connection.map(drop));
            response
        } else {
            let mut response = Response::new(Empty::new());
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response
        };
        async move { Ok::<_, Infallible>(response) }
    });
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await?;
    Ok(())
}

pub(crate) async fn fastwebsockets(stream: TcpStream) -> Result<(), Failure> {
    use fastwebsockets::OpCode;
    serve(stream, |mut request| {
        let (response, upgraded) = upgrade::upgrade(&mut request)?;
        let connection = async move {
            let mut websocket = FragmentCollector::new(upgraded.await?);
            loop {
                let frame = websocket.read_frame().await?;
                match frame.opcode {
                    OpCode::Close => return Ok(()),
                    OpCode::Text | OpCode::Binary => websocket.write_frame(frame).await?,
                    _ => {}
                }
            }
        };
        Ok((response, connection))
    })
    .await
}

/// If it is `batched`, also with the buffers of its own benchmark.
pub(crate) async fn yawc(stream: TcpStream, batched: bool) -> Result<(), Failure> {
    serve(stream, |request| {
        let options = yawc::Options::default()
            .with_utf8()
            .with_limits(2 * 1024 * 1024, 4 * 1024 * 1024)
            .with_compression_level(CompressionLevel::fast())
            .server_no_context_takeover()
            .client_no_context_takeover();
        let options = if batched {
            options.with_read_buffer_capacity(128 * 1024).with_backpressure_boundary(64 * 1024)
        } else {
            options
        };
        let (response, upgraded) = yawc::WebSocket::upgrade_with_options(request, options)?;
        let connection = async move {
            let websocket = upgraded.await?;
            // Its stream has no errors: they end it.
            let websocket = futures_util::StreamExt::map(websocket, Ok::<_, yawc::WebSocketError>);
            echo(websocket, batched, |frame| !frame.opcode().is_control()).await
        };
        Ok((response, connection))
    })
    .await
}
