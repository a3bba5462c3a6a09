//! The input of the server: requests that are mostly valid, or arbitrary bytes.

use arbitrary::Arbitrary;
use hybi_fuzz::http::{Change, Dictionary, Head};

#[derive(Debug, Arbitrary)]
pub(crate) enum Source<'a> {
    Bytes(&'a [u8]),
    /// The number of empty lines before each request and its changes, and the bytes that follow the last
    /// request.
    Requests(Vec<(u8, Vec<Change<'a>>)>, &'a [u8]),
}

impl Source<'_> {
    pub(crate) fn bytes(&self, edits: &[(u16, u8)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Source::Bytes(raw) => bytes.extend_from_slice(raw),
            Source::Requests(requests, trailing) => {
                for (empty_lines, changes) in requests {
                    bytes.extend(b"\r\n".repeat(usize::from(empty_lines % 8)));
                    let mut head = Head::new("GET /chat HTTP/1.1", &FIELDS);
                    for change in changes {
                        head.change(change, &DICTIONARY);
                    }
                    head.write(&mut bytes);
                }
                bytes.extend_from_slice(trailing);
            }
        }
        for &(place, byte) in edits {
            if let Some(place) = usize::from(place).checked_rem(bytes.len()) {
                bytes[place] = byte;
            }
        }
        bytes
    }
}

const DICTIONARY: Dictionary = Dictionary {
    starts: &[
        "GET / HTTP/1.1",
        "GET /chat?room=1 HTTP/1.1",
        "GET http://example.com/chat HTTP/1.1",
        "GET https://example.com?q HTTP/1.9",
        "GET * HTTP/1.1",
        "GET ws://example.com/chat HTTP/1.1",
        "GET WSS://other.example:8080/chat HTTP/1.1",
        "GET / HTTP/1.0",
        "CONNECT example.com:443 HTTP/1.1",
        "PRI * HTTP/2.0",
        "PING",
        "GET / HTTP/2.0",
        "HEAD / HTTP/1.1",
        "POST / HTTP/1.1",
        "get / HTTP/1.1",
        "GET  / HTTP/1.1",
        "GET /#a HTTP/1.1",
    ],
    names: &[
        "Host",
        "Upgrade",
        "Connection",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Key1",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
        "Origin",
        "Content-Length",
        "Transfer-Encoding",
        "Expect",
        "Cookie",
        "sec-websocket-key",
        "HOST",
        "Host ",
        "",
    ],
    values: &[
        "example.com",
        "example.com:8080",
        "[::1]:80",
        "a,b",
        "user@example.com",
        "websocket",
        "WebSocket, h2c",
        "websocketx",
        "Upgrade",
        "keep-alive, ,upgrade",
        "close",
        "keep-alive",
        ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,",
        "13",
        "013",
        "8",
        "255",
        "256",
        "dGhlIHNhbXBsZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25jZR==",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZTE=",
        "chat, superchat",
        "chat,chat",
        ",",
        "permessage-deflate; client_max_window_bits=\"10\"",
        "a;b=",
        "https://example.com",
        "HTTPS://EXAMPLE.COM:443",
        "http://example.com",
        "null",
        "0",
        "1",
        "0, 0",
        "chunked",
        "100-continue",
        "",
    ],
};

pub(crate) const FIELDS: [(&str, &str); 5] = [
    ("Host", "example.com"),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];
