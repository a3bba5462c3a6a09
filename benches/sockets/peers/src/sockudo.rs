//! sockudo-ws. The handshake is assembled from its parsers, as in its examples, because its own one does not
//! negotiate compression.

use sockudo_ws::{
    CompressedWebSocketStream, Config, Message, WebSocketStream,
    deflate::{DeflateConfig, DeflateNegotiation, negotiate_server_deflate},
    handshake::{build_response, generate_accept_key, parse_request},
    protocol::Role,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{Failure, echo::echo};

pub(crate) async fn serve(mut stream: TcpStream, batched: bool) -> Result<(), Failure> {
    let policy = DeflateConfig {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        ..DeflateConfig::default()
    };
    let mut input = Vec::with_capacity(4096);
    let (consumed, response, deflate) = loop {
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
        if let Some((request, consumed)) = parse_request(&input)? {
            let offers = request.extensions.unwrap_or_default();
            let deflate = negotiate_server_deflate(offers, &policy);
            let extensions = deflate.as_ref().map(DeflateNegotiation::to_response_header);
            let accept = generate_accept_key(request.key);
            let response = build_response(&accept, None, extensions.as_deref());
            break (consumed, response, deflate);
        }
    };
    stream.write_all(&response).await?;
    let rest = (input.len() > consumed).then(|| input.split_off(consumed).into());
    let config = Config::default();
    if let Some(deflate) = deflate {
        let deflate = deflate.config;
        let websocket =
            CompressedWebSocketStream::server_with_leftover(stream, config, deflate, rest);
        echo(websocket, batched, is_data).await
    } else {
        let websocket = WebSocketStream::from_raw_with_leftover(stream, Role::Server, config, rest);
        echo(websocket, batched, is_data).await
    }
}

const fn is_data(message: &Message) -> bool {
    matches!(message, Message::Text(_) | Message::Binary(_))
}
