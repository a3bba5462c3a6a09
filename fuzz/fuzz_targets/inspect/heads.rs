//! Requests and responses that are mostly valid.

use arbitrary::Arbitrary;
use hybi::inspect::Sender;
use hybi_fuzz::http::{Change, Dictionary, Head};

const REQUEST: [(&str, &str); 7] = [
    ("Host", "server.example.com"),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Protocol", "chat"),
    ("Sec-WebSocket-Extensions", "permessage-deflate, x-other"),
    ("Sec-WebSocket-Version", "13"),
];
const RESPONSE: [(&str, &str); 3] = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
];

/// A head of either sender, with changes.
#[derive(Debug, Arbitrary)]
pub(crate) enum ChangedHead<'a> {
    Request(Vec<Change<'a>>),
    Response(Vec<Change<'a>>),
    Bytes(bool, &'a [u8]),
}

impl ChangedHead<'_> {
    pub(crate) fn step(&self) -> (Sender, Vec<u8>) {
        let (sender, mut head, changes) = match self {
            ChangedHead::Request(changes) => {
                (Sender::Client, Head::new("GET /chat HTTP/1.1", &REQUEST), changes)
            }
            ChangedHead::Response(changes) => {
                let start = "HTTP/1.1 101 Switching Protocols";
                (Sender::Server, Head::new(start, &RESPONSE), changes)
            }
            ChangedHead::Bytes(is_client, bytes) => {
                let sender = if *is_client { Sender::Client } else { Sender::Server };
                return (sender, bytes.to_vec());
            }
        };
        for change in changes {
            head.change(change, &DICTIONARY);
        }
        (sender, written(&head))
    }
}

/// A valid request, and a response that accepts these extensions.
pub(crate) fn opening(extensions: &str) -> [(Sender, Vec<u8>); 2] {
    let request = Head::new("GET /chat HTTP/1.1", &REQUEST);
    let mut fields = RESPONSE.to_vec();
    if !extensions.is_empty() {
        fields.push(("Sec-WebSocket-Extensions", extensions));
    }
    let response = Head::new("HTTP/1.1 101 Switching Protocols", &fields);
    [(Sender::Client, written(&request)), (Sender::Server, written(&response))]
}

fn written(head: &Head<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    head.write(&mut bytes);
    bytes
}

const DICTIONARY: Dictionary = Dictionary {
    starts: &[
        "GET / HTTP/1.1",
        "HEAD / HTTP/1.1",
        "POST /chat HTTP/1.1",
        "GET chat HTTP/1.1",
        "GET / HTTP/1.0",
        "HTTP/1.1 101",
        "HTTP/1.0 101 Switching Protocols",
        "HTTP/1.1 100 Continue",
        "HTTP/1.1 200 OK",
        "HTTP/1.1 204 No Content",
        "HTTP/1.1 426 Upgrade Required",
    ],
    names: &[
        "Host",
        "Upgrade",
        "Connection",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Accept",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
        "Origin",
        "Content-Length",
        "Transfer-Encoding",
        "Cookie",
    ],
    values: &[
        "websocket",
        "Upgrade",
        "h2c",
        "13",
        "0",
        "5",
        "chunked",
        "chat",
        "chat, chat",
        "a,,b",
        "x-other",
        "permessage-deflate",
        "x-other, permessage-deflate",
        "x-other, x-other",
        "permessage-deflate; client_max_window_bits=9; server_no_context_takeover",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; a=b",
        "a;",
    ],
};
