//! The opening handshake of a server and of a client: a connection is opened and dropped.

use std::{hint::black_box, io::Write, rc::Rc};

use ::wtx::web_socket::WebSocketBuffer;
use bytes::BytesMut;

use super::Make;
use crate::{
    answer::key,
    candidates::{
        hybi, nago_wss, sockudo_ws, soketto, tokio_websockets, tungstenite, websocketz, ws_framer,
        wtx,
    },
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
    type MakeKind = fn(String) -> Row;
    let kinds = [
        ("server opens, new buffers", server_with_new_buffers as MakeKind),
        ("server opens, reused buffers", server_with_reused_buffers),
        ("client opens, new buffers", client_with_new_buffers),
        ("client opens, reused buffers", client_with_reused_buffers),
    ];
    for (kind, make) in kinds {
        rows.push((kind.into(), Box::new(move || make(kind.into()))));
    }
}

/// The buffer that sockudo-ws reads into.
fn sockudo_buffer() -> BytesMut {
    BytesMut::with_capacity(4096)
}

/// Each handshake allocates what it needs.
fn server_with_new_buffers(kind: String) -> Row {
    use Standing::{Ours, Peer};
    let entrants = vec![
        server("hybi", Ours, |mut to| {
            drop(black_box(hybi::Buffers::new().accept(&mut to)));
        }),
        server("tungstenite", Peer, |to| drop(black_box(tungstenite::accept(to)))),
        server("soketto", Peer, |to| {
            let stream = soketto::buffered(to);
            drop(black_box(soketto::accept(stream, &mut BytesMut::new())));
        }),
        server("soketto, unbuffered", Peer, |to| {
            drop(black_box(soketto::accept(to, &mut BytesMut::new())));
        }),
        server("tokio-websockets", Peer, |to| drop(black_box(tokio_websockets::accept(to)))),
        server("sockudo-ws", Peer, |mut to| {
            drop(black_box(sockudo_ws::accept(&mut sockudo_buffer(), &mut to)));
        }),
        server("websocketz", Peer, |mut to| {
            let mut buffers = websocketz::Buffers::new();
            black_box(buffers.accept(&mut to));
        }),
        server("ws-framer", Peer, |mut to| {
            let mut buffers = ws_framer::Buffers::new();
            black_box(buffers.accept(&mut to));
        }),
        server("nago-wss", Peer, |to| drop(black_box(nago_wss::accept(to)))),
        server("wtx", Peer, |to| drop(black_box(wtx::accept(WebSocketBuffer::new(), to)))),
    ];
    let goals = vec![Goal::OfBestPeer(0.8)];
    Row { kind, size: 0, messages: OPENINGS, entrants, goals }
}

/// The buffers of the connection before are used again, by those that can.
fn server_with_reused_buffers(kind: String) -> Row {
    use Standing::{Ours, Peer};
    let entrants = vec![
        server_with("hybi", Ours, hybi::Buffers::new, |buffers, mut to| {
            drop(black_box(buffers.accept(&mut to)));
        }),
        server_with("soketto, unbuffered", Peer, BytesMut::new, |buffer, to| {
            drop(black_box(soketto::accept(to, buffer)));
        }),
        server_with("sockudo-ws", Peer, sockudo_buffer, |buffer, mut to| {
            drop(black_box(sockudo_ws::accept(buffer, &mut to)));
        }),
        server_with("websocketz", Peer, websocketz::Buffers::new, |buffers, mut to| {
            black_box(buffers.accept(&mut to));
        }),
        server_with("ws-framer", Peer, ws_framer::Buffers::new, |buffers, mut to| {
            black_box(buffers.accept(&mut to));
        }),
        server_with("wtx", Peer, WebSocketBuffer::new, |buffer, to| {
            drop(black_box(wtx::accept(buffer, to)));
        }),
    ];
    let goals = vec![Goal::OfBestPeer(0.8), Goal::NoAllocation];
    Row { kind, size: 0, messages: OPENINGS, entrants, goals }
}

/// Each handshake allocates what it needs.
fn client_with_new_buffers(kind: String) -> Row {
    use Standing::{Ours, Peer};
    let entrants = vec![
        client("hybi", Ours, |mut to| {
            drop(black_box(hybi::Buffers::new().connect(&mut to)));
        }),
        client("tungstenite", Peer, |to| drop(black_box(tungstenite::connect(to)))),
        client("soketto", Peer, |to| {
            let stream = soketto::buffered(to);
            drop(black_box(soketto::connect(stream, &mut BytesMut::new())));
        }),
        client("soketto, unbuffered", Peer, |to| {
            drop(black_box(soketto::connect(to, &mut BytesMut::new())));
        }),
        client("tokio-websockets", Peer, |to| drop(black_box(tokio_websockets::connect(to)))),
        client("sockudo-ws", Peer, |mut to| {
            drop(black_box(sockudo_ws::connect(&mut sockudo_buffer(), &mut to)));
        }),
        client("websocketz", Peer, |mut to| {
            let mut buffers = websocketz::Buffers::new();
            black_box(buffers.connect(&mut to));
        }),
        client("ws-framer", Peer, |mut to| {
            let mut buffers = ws_framer::Buffers::new();
            black_box(buffers.connect(&mut to));
        }),
        client("nago-wss", Peer, |to| drop(black_box(nago_wss::connect(to)))),
        client("wtx", Peer, |to| drop(black_box(wtx::connect(WebSocketBuffer::new(), to)))),
        answer(),
    ];
    let goals = vec![Goal::OfBestPeerBeyondLimits(0.8)];
    Row { kind, size: 0, messages: OPENINGS, entrants, goals }
}

/// The buffers of the connection before are used again, by those that can.
fn client_with_reused_buffers(kind: String) -> Row {
    use Standing::{Ours, Peer};
    let entrants = vec![
        client_with("hybi", Ours, hybi::Buffers::new, |buffers, mut to| {
            drop(black_box(buffers.connect(&mut to)));
        }),
        client_with("soketto, unbuffered", Peer, BytesMut::new, |buffer, to| {
            drop(black_box(soketto::connect(to, buffer)));
        }),
        client_with("sockudo-ws", Peer, sockudo_buffer, |buffer, mut to| {
            drop(black_box(sockudo_ws::connect(buffer, &mut to)));
        }),
        client_with("websocketz", Peer, websocketz::Buffers::new, |buffers, mut to| {
            black_box(buffers.connect(&mut to));
        }),
        client_with("ws-framer", Peer, ws_framer::Buffers::new, |buffers, mut to| {
            black_box(buffers.connect(&mut to));
        }),
        client_with("wtx", Peer, WebSocketBuffer::new, |buffer, to| {
            drop(black_box(wtx::connect(buffer, to)));
        }),
        answer(),
    ];
    let goals = vec![Goal::OfBestPeerBeyondLimits(0.8), Goal::NoAllocation];
    Row { kind, size: 0, messages: OPENINGS, entrants, goals }
}

/// The response depends on the request, so it is made during the measurement.
fn answer() -> Entrant {
    client("the server's answer", Standing::Limit, |mut to| {
        assert_ne!(to.write(REQUEST.as_bytes()).unwrap(), 0);
    })
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

fn server(name: &'static str, standing: Standing, open: fn(Transport)) -> Entrant {
    server_with(name, standing, || (), move |(), transport| open(transport))
}

/// A server with a state that its handshakes share.
fn server_with<S: 'static>(
    name: &'static str,
    standing: Standing,
    state: fn() -> S,
    open: impl Fn(&mut S, Transport) + Copy + 'static,
) -> Entrant {
    let request: Rc<[u8]> = REQUEST.as_bytes().into();
    Entrant::new(name, standing, move || {
        let transport = Transport::new(Rc::clone(&request), Fate::Discarded);
        opening(transport, state(), open, is_response)
    })
}

fn client(name: &'static str, standing: Standing, open: fn(Transport)) -> Entrant {
    client_with(name, standing, || (), move |(), transport| open(transport))
}

/// A client with a state that its handshakes share.
fn client_with<S: 'static>(
    name: &'static str,
    standing: Standing,
    state: fn() -> S,
    open: impl Fn(&mut S, Transport) + Copy + 'static,
) -> Entrant {
    Entrant::new(name, standing, move || opening(Transport::to_server(), state(), open, is_request))
}

fn opening<S>(
    transport: Transport,
    mut state: S,
    open: impl Fn(&mut S, Transport),
    is_right: fn(&[u8]) -> bool,
) -> Opening<impl FnMut()> {
    let to = transport.clone();
    Opening { open: move || open(&mut state, to.clone()), transport, is_right }
}
