//! The opening handshake in both roles, and URIs.

use std::{fmt::Write, hint::black_box, sync::LazyLock};

use hybi::{
    Origins, Uri,
    client::{Request, Response},
    deflate::Deflate,
    server::Opening,
};

use crate::{
    Scenario,
    wire::{Fixed, inbox},
};

const ORIGINS: [&str; 3] =
    ["https://other.example.com", "https://example.org:8443", "https://example.com"];

/// The last one is that of the request.
const MANY_ORIGINS: [&str; 20] = {
    let mut origins = ["https://another.example.com:8443"; 20];
    origins[19] = "https://example.com";
    origins
};

static DEFLATE: LazyLock<Deflate> = LazyLock::new(Deflate::new);

/// The request of a browser, without the end of the head.
const REQUEST: &str = "GET /chat?room=1&user=anna%20b HTTP/1.1\r\nHost: server.example.com\r\n\
    Connection: keep-alive, Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0\r\n\
    Upgrade: websocket\r\nOrigin: https://example.com\r\nSec-WebSocket-Version: 13\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9,de;q=0.8\r\n\
    Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat.v2, chat\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (what, fields) in fields() {
        for piece in [usize::MAX, 90, 1] {
            if piece == 1 && !fields.is_empty() {
                continue;
            }
            let request = format!("{REQUEST}{fields}\r\n");
            scenarios.push(Scenario::new(format!("request with {what}, by {piece}"), move || {
                let (request, mut inbox) = (request.clone(), inbox(16 * 1024));
                let mut outbox = Vec::with_capacity(4096);
                let mut opening = Opening::new(Origins::list(&ORIGINS).expect("they are origins"));
                move || {
                    for piece in request.as_bytes().chunks(piece) {
                        assert_eq!(inbox.copy_from(piece), piece.len());
                        let request = opening.receive(&mut inbox, &mut outbox).expect("valid");
                        if let Some(request) = request {
                            black_box(request.cookie("theme"));
                            let accept = request.accept().select_subprotocol(&["chat"]);
                            black_box(accept.deflate(&DEFLATE).finish(&mut outbox).is_ok());
                        }
                    }
                }
            }));
            let fields = fields.clone();
            scenarios.push(Scenario::new(format!("response with {what}, by {piece}"), move || {
                let mut request = Vec::new();
                let mut opening = asked(&mut request);
                let (response, mut inbox) = (answer(&request, &fields), inbox(16 * 1024));
                move || {
                    for piece in response.as_bytes().chunks(piece) {
                        assert_eq!(inbox.copy_from(piece), piece.len());
                        let response = opening.receive(&mut inbox).expect("valid");
                        if let Some(Response::Accepted(accepted)) = response {
                            black_box(accepted.finish());
                        }
                    }
                }
            }));
        }
    }
    scenarios.push(Scenario::new("request to a server with many origins".into(), || {
        let (request, mut inbox) = (format!("{REQUEST}\r\n"), inbox(16 * 1024));
        let mut opening = Opening::new(Origins::list(&MANY_ORIGINS).expect("they are origins"));
        move || {
            assert_eq!(inbox.copy_from(request.as_bytes()), request.len());
            let request = opening.receive(&mut inbox, &mut Vec::new()).expect("valid");
            assert!(request.is_some());
        }
    }));
    scenarios.push(Scenario::new("a request is sent".into(), || {
        let mut outbox = Vec::with_capacity(4096);
        move || {
            black_box(asked(&mut outbox));
        }
    }));
    scenarios.push(Scenario::new("a request is sent to a long name".into(), || {
        let uri = format!("ws://{}example.com/", "a-long-label.".repeat(18));
        let mut outbox = Vec::with_capacity(4096);
        move || {
            let uri = Uri::parse(&uri).expect("it is one");
            black_box(Request::new(&uri).send_with(Fixed, &mut outbox).is_ok());
        }
    }));
    for uri in URIS {
        scenarios.push(Scenario::new(format!("URI {uri}"), move || {
            let mut text = String::with_capacity(1024);
            move || {
                let uri = Uri::parse(uri).expect("it is one");
                write!(text, "{} {} {uri}", uri.host(), uri.authority()).expect("it is a string");
                black_box(&text);
            }
        }));
    }
    scenarios
}

const URIS: [&str; 5] = [
    "ws://localhost/",
    "wss://server.example.com:8443/chat/room?user=anna&page=1",
    "wss://Server.Example.COM/chat%20room?q=%C3%A4",
    "ws://[2001:db8::1]:9001/",
    "ws://192.0.2.1/a/long/path/without/a/percent/sign/of/about/a/hundred/characters/in/many/segments?and=query",
];

/// Fields that are added to a head.
fn fields() -> Vec<(&'static str, String)> {
    let many = |count: usize, field: &dyn Fn(usize) -> String| (0..count).map(field).collect();
    vec![
        ("ordinary fields", String::new()),
        ("many fields", many(80, &|n| format!("X-Field-{n}: value {n}\r\n"))),
        ("a long field", format!("X-Token: {}\r\n", "0123456789abcdef".repeat(400))),
        ("repeated fields", many(40, &|n| format!("Connection: keep-alive-{n}\r\n"))),
    ]
}

/// A client that awaits a response.
fn asked(outbox: &mut Vec<u8>) -> hybi::client::Opening<'static, Fixed> {
    let uri = Uri::parse("wss://server.example.com:8443/chat?room=1").expect("it is one");
    Request::new(&uri)
        .subprotocols(&["chat.v2", "chat"])
        .origin("https://example.com")
        .header("User-Agent", "hybi")
        .deflate(&DEFLATE)
        .send_with(Fixed, outbox)
        .expect("it is valid")
}

/// The response to a request, with these fields as well.
fn answer(request: &[u8], fields: &str) -> String {
    let (mut inbox, mut response) = (inbox(16 * 1024), Vec::new());
    assert_eq!(inbox.copy_from(request), request.len());
    let mut opening = Opening::new(Origins::any());
    let request = opening.receive(&mut inbox, &mut response).expect("it is valid");
    let accept = request.expect("it is complete").accept().subprotocol("chat");
    let _ = accept.deflate(&DEFLATE).finish(&mut response).expect("it is valid");
    let response = String::from_utf8(response).expect("it is ASCII");
    response.replace("\r\n\r\n", &format!("\r\n{fields}\r\n"))
}
