//! A WebSocket through a tunnel, with one inbox for all of it.

use hybi::{
    Event, Inbox, Uri, client,
    http1::HeadLimits,
    proxy::{self, Connect},
};

use super::support::opening;
use crate::support::handshake::{
    client::{HELLO, SampleNonce, answer},
    cut::cuts,
};

// 9110-9.3.6-d, P-px-a, P-px-c, I-07, B-08
#[test]
fn a_message_comes_through_the_inbox_that_the_tunnel_was_opened_with() {
    let uri = Uri::parse("ws://server.example.com/chat").unwrap();
    let established = b"HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\n";
    let bytes = [&established[..], &answer().bytes(), &HELLO].concat();
    for pieces in cuts(&bytes) {
        let mut inbox = Inbox::with_capacity(512);
        let mut outbox = Vec::new();
        let mut tunnel = Connect::new(&uri).basic_auth("u", "secret").send(&mut outbox).unwrap();
        let asked = outbox.len();
        let (mut handshake, mut websocket) = (None, None);
        let mut heard = Vec::new();
        let mut is_open = false;
        for piece in pieces {
            assert_eq!(inbox.copy_from(piece), piece.len());
            if !is_open {
                match tunnel.receive(&mut inbox).unwrap() {
                    Some(proxy::Response::Tunnel(_)) => is_open = true,
                    Some(refused) => panic!("{refused:?}"),
                    None => {
                        assert_eq!(outbox.len(), asked, "nothing is sent before the 2xx");
                        continue;
                    }
                }
                let request = client::Request::new(&uri);
                handshake = Some(request.send_with(SampleNonce, &mut outbox).unwrap());
            }
            if let Some(opening) = &mut handshake {
                match opening.receive(&mut inbox).unwrap() {
                    Some(client::Response::Accepted(accepted)) => {
                        websocket = Some(accepted.finish());
                        handshake = None;
                    }
                    Some(rejected @ client::Response::Rejected(_)) => panic!("{rejected:?}"),
                    None => {}
                }
            }
            if let Some(websocket) = &mut websocket {
                while let Some(event) = websocket.receive(&mut inbox, &mut Vec::new()).unwrap() {
                    let Event::Text(text) = event else { panic!("{event:?}") };
                    heard.push(text.to_owned());
                }
            }
        }
        assert_eq!(heard, ["Hello"]);
        let inner = String::from_utf8(outbox.split_off(asked)).unwrap();
        assert!(inner.starts_with("GET /chat HTTP/1.1\r\n"));
        assert!(!inner.to_lowercase().contains("proxy-"), "{inner}");
    }
}

// 9110-9.3.6-d
#[test]
fn the_first_bytes_of_tls_are_taken_out_of_the_inbox() {
    let mut inbox = Inbox::with_capacity(64);
    let bytes = b"HTTP/1.1 200 x\r\n\r\n\x16\x03\x03\x00\x01x";
    assert_eq!(inbox.copy_from(bytes), bytes.len());
    assert_eq!(opening(HeadLimits::new()).advance(&mut inbox), Ok(true));
    assert_eq!(inbox.unread(), b"\x16\x03\x03\x00\x01x");
    inbox.consume(6).unwrap();
    assert!(inbox.is_empty());
}
