//! The opening handshake: from the first byte to the open connection.

use std::hint::black_box;

use criterion::{Criterion, criterion_group};
use hybi::{
    Client, Connection, Inbox, Origins, Server, Uri,
    client::{Opening, Request, Response},
    random::{Entropy, EntropyError, OsEntropy},
    server,
};

use crate::support::quick;

const URI: &str = "wss://server.example.com/chat?room=1";

/// A request of typical length from a browser.
const BROWSER: &[u8] = b"GET /chat?room=1 HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Connection: Upgrade\r\n\
    Pragma: no-cache\r\n\
    Cache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/140.0.0.0 Safari/537.36\r\n\
    Upgrade: websocket\r\n\
    Origin: https://server.example.com\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-US,en;q=0.9\r\n\
    Cookie: session=5f2b1c9e7a604d3f8e1b2a3c4d5e6f70; theme=dark\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

criterion_group! { name = benches; config = quick(); targets = handshake }

fn handshake(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("handshake");
    let (mut inbox, mut outbox) = (Inbox::with_capacity(16 * 1024), Vec::new());

    ask(Fixed, &mut outbox);
    let request = outbox.clone();
    group.bench_function("server", |bencher| {
        bencher.iter(|| accept(black_box(&request), &mut inbox, &mut outbox));
    });
    group.bench_function("server, browser", |bencher| {
        bencher.iter(|| accept(black_box(BROWSER), &mut inbox, &mut outbox));
    });

    accept(&request, &mut inbox, &mut outbox);
    let answer = outbox.clone();
    group.bench_function("client", |bencher| {
        bencher.iter(|| conclude(ask(Fixed, &mut outbox), black_box(&answer), &mut inbox));
    });

    let mut answer = Vec::new();
    group.bench_function("both", |bencher| {
        bencher.iter(|| {
            let opening = ask(OsEntropy::new(), &mut outbox);
            let server = accept(&outbox, &mut inbox, &mut answer);
            (server, conclude(opening, &answer, &mut inbox))
        });
    });
}

/// Always returns the same nonce, so that one response fits every request.
struct Fixed;

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(0x5a);
        Ok(())
    }
}

/// Clears the outbox and writes a client's request to it.
fn ask<E: Entropy>(entropy: E, outbox: &mut Vec<u8>) -> Opening<'static, E> {
    outbox.clear();
    let uri = Uri::parse(black_box(URI)).unwrap();
    Request::new(&uri).subprotocols(&["chat"]).send_with(entropy, outbox).unwrap()
}

/// Clears the outbox and writes a server's response to it.
fn accept(request: &[u8], inbox: &mut Inbox, outbox: &mut Vec<u8>) -> Connection<Server> {
    outbox.clear();
    assert_eq!(inbox.copy_from(request), request.len());
    let origins = Origins::list(&["https://server.example.com"]).unwrap().or_no_browser();
    let mut opening = server::Opening::new(origins);
    let request = opening.receive(inbox, outbox).unwrap().unwrap();
    request.accept().subprotocol("chat").finish(outbox).unwrap()
}

/// Checks the response as a client.
fn conclude<E: Entropy>(
    mut opening: Opening<'_, E>,
    answer: &[u8],
    inbox: &mut Inbox,
) -> Connection<Client<E>> {
    assert_eq!(inbox.copy_from(answer), answer.len());
    let Some(Response::Accepted(accepted)) = opening.receive(inbox).unwrap() else {
        unreachable!("it is an acceptance")
    };
    accepted.finish()
}
