//! Response heads at a client.

use std::{rc::Rc, sync::LazyLock};

use hybi::{
    Uri,
    client::{Opening, Request, Response},
    random::{Entropy, EntropyError},
    server,
};

use super::{DEFLATE, Shape, Size, Start, common, entry, responses};
use crate::{
    catalogue::{Entry, Input, Outcome, Run},
    wire::{arrive, inbox},
};

/// A response that accepts a WebSocket.
static ACCEPTANCE: LazyLock<String> = LazyLock::new(acceptance);

/// Any other response.
const REFUSAL: Start<'_> =
    Start { line: "HTTP/1.1 404 Not Found\r\n", fields: "Content-Length: 0\r\n" };

pub(super) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    let acceptance = Start { line: "HTTP/1.1 101 Switching Protocols\r\n", fields: &ACCEPTANCE };
    for shape in [common::shapes(), responses::shapes()].concat() {
        let mut add = |way: &str, start, piece| {
            let name = format!("response: {}{way}", shape.name);
            let input = |name: &str, head, size, shape: &Shape| {
                // The ordinary response answers the same request.
                input(name, head, start == acceptance, piece, size, shape)
            };
            entries.push(entry(name, &shape, start, input));
        };
        add("", acceptance, usize::MAX);
        if shape.in_pieces {
            add(", byte by byte", acceptance, 1);
            add(", 16 bytes at a time", acceptance, 16);
        }
        if !shape.is_negotiation {
            add(", for no WebSocket", REFUSAL, usize::MAX);
        }
    }
    entries
}

/// The usual fields of a response that accepts our request, as this crate's server gives them.
fn acceptance() -> String {
    let (mut request, mut response) = (Vec::new(), Vec::new());
    let _ = opening("", Size { head: 16_384, line: 8192 }, &mut request);
    let mut inbox = inbox(16 * 1024);
    assert_eq!(inbox.copy_from(&request), request.len());
    let mut opening = server::Opening::new(hybi::Origins::any());
    let request = opening.receive(&mut inbox, &mut response).expect("our own request");
    let request = request.expect("it is complete");
    let _ = request.accept().finish(&mut response).expect("there is nothing to refuse");
    let response = String::from_utf8(response).expect("a head is text");
    let fields = response.split_inclusive("\r\n").skip(1).filter(|line| *line != "\r\n");
    fields.collect()
}

/// A client that awaits an answer, with the request in the outbox.
fn opening(offers: &'static str, size: Size, outbox: &mut Vec<u8>) -> Opening<'static, Fixed> {
    let uri = Uri::parse("ws://example.com/chat").expect("it is one");
    let request = Request::new(&uri).subprotocols(&["chat", "superchat"]).extensions(offers);
    let request = request.deflate(&DEFLATE).limits(size.limits());
    request.send_with(Fixed, outbox).expect("nothing is wrong with it")
}

fn input(
    name: &str,
    head: String,
    accepts: bool,
    piece: usize,
    size: Size,
    shape: &Shape,
) -> Input {
    let length = head.len();
    let about = if accepts { "" } else { ", for no WebSocket" };
    let offers = if shape.offers.is_empty() { "" } else { ", to many offers" };
    let name =
        format!("response: {name}{about}{offers}, {length} bytes, by {piece}, {}", size.head);
    let expected = shape.expected(size);
    let expected = if accepts { expected.response } else { expected.plain_response };
    let (head, offers) = (Rc::<str>::from(head), shape.offers);
    Input::new(name, length, expected, move || prepare(Rc::clone(&head), piece, offers, size))
}

fn prepare(head: Rc<str>, piece: usize, offers: &'static str, size: Size) -> Run {
    let mut inbox = inbox(64 * 1024 + 1);
    let mut opening = opening(offers, size, &mut Vec::new());
    Box::new(move || {
        let outcome = arrive(head.as_bytes(), piece, &mut inbox, |inbox| {
            let result = opening.receive(inbox).map(|answer| {
                answer.map(|answer| match answer {
                    Response::Accepted(_) => Outcome::Accepted,
                    Response::Rejected(_) => Outcome::Http,
                })
            });
            result.transpose().map(|result| result.unwrap_or_else(Outcome::HandshakeFailed))
        });
        outcome.unwrap_or(Outcome::Incomplete)
    })
}

/// A nonce that is always the same, so that one answer serves every request.
struct Fixed;

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(0x5a);
        Ok(())
    }
}
