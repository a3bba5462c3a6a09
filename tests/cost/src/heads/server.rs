//! Request heads at a server.

use std::rc::Rc;

use hybi::server::{Incoming, Opening};

use super::{DEFLATE, Shape, Size, Start, common, entry, requests};
use crate::{
    catalogue::{Entry, Input, Outcome, Run},
    wire::{arrive, inbox},
};

/// A request for a WebSocket.
const WEBSOCKET: Start<'_> = Start {
    line: "GET /chat HTTP/1.1\r\n",
    fields: "Host: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
};

/// Any other request.
const PLAIN: Start<'_> = Start { line: "GET /chat HTTP/1.1\r\n", fields: "Host: example.com\r\n" };

/// What the server calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    /// `Opening::receive`, after this many bytes each.
    Receive(usize),
    /// `Opening::receive_any`, for a request for no WebSocket.
    ReceiveAny,
    /// `Opening::receive`, then `Accept::finish` with compression.
    Accept,
}

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for shape in [common::shapes(), requests::shapes()].concat() {
        let mut add = |way: &str, start, call| {
            let name = format!("request: {}{way}", shape.name);
            let input =
                |name: &str, head, size, shape: &Shape| input(name, head, call, size, shape);
            entries.push(entry(name, &shape, start, input));
        };
        add("", WEBSOCKET, Call::Receive(usize::MAX));
        if shape.in_pieces {
            add(", byte by byte", WEBSOCKET, Call::Receive(1));
            add(", 16 bytes at a time", WEBSOCKET, Call::Receive(16));
        }
        if shape.is_negotiation {
            add(", accepted", WEBSOCKET, Call::Accept);
        } else {
            add(", for no WebSocket", PLAIN, Call::ReceiveAny);
        }
    }
    entries
}

fn input(name: &str, head: String, call: Call, size: Size, shape: &Shape) -> Input {
    let name = format!("request: {name}, {} bytes, {call:?}, {}", head.len(), size.head);
    let (head, origins) = (Rc::<str>::from(head), shape.origins.clone());
    let expected = match (call, shape.expected(size)) {
        (Call::ReceiveAny, expected) => expected.plain_request,
        (Call::Receive(_) | Call::Accept, expected) => expected.request,
    };
    Input::new(name, head.len(), expected, move || {
        prepare(Rc::clone(&head), call, Opening::with_limits(origins.clone(), size.limits()))
    })
}

fn prepare(head: Rc<str>, call: Call, mut opening: Opening<'static>) -> Run {
    let mut inbox = inbox(64 * 1024 + 1);
    let mut outbox = Vec::with_capacity(64 * 1024);
    let piece = if let Call::Receive(piece) = call { piece } else { usize::MAX };
    Box::new(move || {
        let outcome = arrive(head.as_bytes(), piece, &mut inbox, |inbox| {
            let result = match call {
                Call::Receive(_) => opening
                    .receive(inbox, &mut outbox)
                    .map(|request| request.map(|_| Outcome::Accepted)),
                Call::ReceiveAny => opening.receive_any(inbox, &mut outbox).map(|incoming| {
                    incoming.map(|incoming| match incoming {
                        Incoming::Http(_) => Outcome::Http,
                        Incoming::WebSocket(_) => Outcome::Accepted,
                    })
                }),
                Call::Accept => opening.receive(inbox, &mut outbox).and_then(|request| {
                    let Some(request) = request else { return Ok(None) };
                    request.accept().deflate(&DEFLATE).finish(&mut outbox)?;
                    Ok(Some(Outcome::Accepted))
                }),
            };
            result.transpose().map(|result| result.unwrap_or_else(Outcome::Refused))
        });
        outcome.unwrap_or(Outcome::Incomplete)
    })
}
