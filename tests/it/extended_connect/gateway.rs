//! A gateway that forwards an extended CONNECT to a server in HTTP/1.1.

use hybi::{
    Inbox, Origins, Uri,
    client::{self, Response},
    server::Request,
};

use crate::support::handshake::{connect::sound, head::KEY};

/// Sends the request of the gateway, with the target of this request. Returns it with the status of this
/// response.
fn forward(request: &Request<'_>, response: &str) -> (String, Result<u16, client::Error>) {
    let uri = Uri::parse("ws://backend.example/").unwrap();
    let mut outbox = Vec::new();
    let upstream = client::Request::new(&uri).target(request.target());
    let mut opening = upstream.send(&mut outbox).unwrap();
    let mut inbox = Inbox::with_capacity(1024);
    assert_eq!(inbox.copy_from(response.as_bytes()), response.len());
    let status = opening.receive(&mut inbox).map(|response| match response.unwrap() {
        Response::Accepted(_) => 101,
        Response::Rejected(rejected) => rejected.status(),
    });
    (String::from_utf8(outbox).unwrap(), status)
}

// K-03, P-h2-d
#[test]
fn a_gateway_opens_a_tunnel_only_after_a_valid_response() {
    const UPGRADED: &str = "HTTP/1.1 101 Switching Protocols\r\n";
    const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    // The key of RFC 6455, section 1.3, and the accept value for it.
    let request = sound().and("sec-websocket-key", KEY);
    let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    let pairs = request.pairs();
    let request = Request::from_connect(&pairs, &Origins::any()).unwrap();
    for response in [
        // For the key of the client, which is not that of the gateway.
        [UPGRADED, UPGRADE, accept, "\r\n"].concat(),
        [UPGRADED, UPGRADE, "\r\n"].concat(),
        [UPGRADED, accept, "\r\n"].concat(),
    ] {
        let (sent, status) = forward(&request, &response);
        assert!(sent.starts_with("GET /chat HTTP/1.1\r\nHost: backend.example\r\n"), "{sent}");
        assert!(sent.contains("\r\nSec-WebSocket-Key: ") && !sent.contains(KEY), "{sent}");
        assert!(matches!(status, Err(client::Error::Failed(_))), "{response}: {status:?}");
    }
    for status in [200, 204, 403, 426] {
        let response = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(forward(&request, &response).1, Ok(status));
    }
}
