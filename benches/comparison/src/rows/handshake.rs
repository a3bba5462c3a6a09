//! The opening handshake of a server and of a client: a connection is opened and dropped.

use std::{hint::black_box, io::Write, rc::Rc};

use super::Make;
use crate::{
    answer::key,
    candidates::{hybi::Buffers, sockudo_ws, soketto, tokio_websockets, tungstenite, wtx},
    goal::Goal,
    row::{Entrant, OPENINGS, Opening, Row, Standing},
    transport::{Fate, Transport},
};

/// A request like that of a browser, with the key of section 1.3.
const REQUEST: &str = "GET /chat HTTP/1.1\r\n\
    Host: example.com\r\n\
    Connection: Upgrade\r\n\
    Pragma: no-cache\r\n\
    Cache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/140.0.0.0 Safari/537.36\r\n\
    Upgrade: websocket\r\n\
    Origin: https://example.com\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-US,en;q=0.9\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

pub(super) fn add(rows: &mut Vec<(String, Make)>) {
    rows.push(("server opens".into(), Box::new(server)));
    rows.push(("client opens".into(), Box::new(client)));
}

fn server() -> Row {
    use Standing::{Ours, Peer};
    let entrants = vec![
        server_entrant("hybi", Ours, |transport| {
            let mut buffers = Buffers::new();
            move || drop(black_box(buffers.accept(&mut transport.clone())))
        }),
        server_entrant("hybi, new buffers", Ours, |transport| {
            move || drop(black_box(Buffers::new().accept(&mut transport.clone())))
        }),
        server_entrant("tungstenite", Peer, |transport| {
            move || drop(black_box(tungstenite::accept(transport.clone())))
        }),
        server_entrant("soketto", Peer, |transport| {
            move || drop(black_box(soketto::accept(transport.clone())))
        }),
        server_entrant("tokio-websockets", Peer, |transport| {
            move || drop(black_box(tokio_websockets::accept(transport.clone())))
        }),
        server_entrant("sockudo-ws", Peer, |transport| {
            move || drop(black_box(sockudo_ws::accept(&mut transport.clone())))
        }),
        server_entrant("wtx", Peer, |transport| {
            move || drop(black_box(wtx::accept(transport.clone())))
        }),
    ];
    let goals = vec![Goal::OfBestPeer(0.7), Goal::NoAllocation];
    Row { kind: "server opens".into(), size: 0, messages: OPENINGS, entrants, goals }
}

fn client() -> Row {
    use Standing::{Limit, Ours, Peer};
    let entrants = vec![
        client_entrant("hybi", Ours, |transport| {
            let mut buffers = Buffers::new();
            move || drop(black_box(buffers.connect(&mut transport.clone())))
        }),
        client_entrant("hybi, new buffers", Ours, |transport| {
            move || drop(black_box(Buffers::new().connect(&mut transport.clone())))
        }),
        client_entrant("tungstenite", Peer, |transport| {
            move || drop(black_box(tungstenite::connect(transport.clone())))
        }),
        client_entrant("soketto", Peer, |transport| {
            move || drop(black_box(soketto::connect(transport.clone())))
        }),
        client_entrant("tokio-websockets", Peer, |transport| {
            move || drop(black_box(tokio_websockets::connect(transport.clone())))
        }),
        client_entrant("sockudo-ws", Peer, |transport| {
            move || drop(black_box(sockudo_ws::connect(&mut transport.clone())))
        }),
        client_entrant("wtx", Peer, |transport| {
            move || drop(black_box(wtx::connect(transport.clone())))
        }),
        // The response depends on the request, so it is made during the measurement.
        client_entrant("the server's answer", Limit, |transport| {
            move || assert_ne!(transport.clone().write(REQUEST.as_bytes()).unwrap(), 0)
        }),
    ];
    let goals = vec![Goal::OfBestPeerBeyondLimits(0.7), Goal::NoAllocation];
    Row { kind: "client opens".into(), size: 0, messages: OPENINGS, entrants, goals }
}

fn is_response(response: &[u8]) -> bool {
    let response = str::from_utf8(response).unwrap();
    response.starts_with("HTTP/1.1 101 ")
        && response.contains(&format!(": {ACCEPT}\r\n"))
        && response.ends_with("\r\n\r\n")
}

fn is_request(request: &[u8]) -> bool {
    request.starts_with(b"GET /chat HTTP/1.1\r\n")
        && key(request).len() == 24
        && request.ends_with(b"\r\n\r\n")
}

fn server_entrant<F: FnMut() + 'static>(
    name: &'static str,
    standing: Standing,
    make: impl Fn(Transport) -> F + 'static,
) -> Entrant {
    let request: Rc<[u8]> = REQUEST.as_bytes().into();
    Entrant::new(name, standing, move || {
        let transport = Transport::new(Rc::clone(&request), Fate::Discarded);
        Opening { open: make(transport.clone()), transport, is_right: is_response }
    })
}

fn client_entrant<F: FnMut() + 'static>(
    name: &'static str,
    standing: Standing,
    make: impl Fn(Transport) -> F + 'static,
) -> Entrant {
    Entrant::new(name, standing, move || {
        let transport = Transport::to_server();
        Opening { open: make(transport.clone()), transport, is_right: is_request }
    })
}
