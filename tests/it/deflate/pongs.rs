//! Automatic pongs while a message is sent in fragments. Some peers fail the connection if a
//! control frame arrives inside a compressed message.

use hybi::{CloseCode, Config, Connection, FixedOutbox, Fragment, Inbox, Outbox, Pongs, Role};

use super::endpoint::{connect, policy};
use crate::support::wire::{CLOSE, CONTINUATION, FIN, From, PING, PONG, RSV1, TEXT, frame};

const POLICIES: [Pongs; 3] = [Pongs::all(), Pongs::Latest, Pongs::Manual];

/// An endpoint that sends a message in fragments and receives pings meanwhile.
struct End<R: Role> {
    websocket: Connection<R>,
    inbox: Inbox,
    /// The role of its peer.
    peer: From,
}

/// Runs the same steps for a server and a client with these policies.
macro_rules! both {
    ($config:expr, |$end:ident| $check:expr) => {{
        let (server, client) = connect(&policy(true), &policy(true), $config);
        {
            let $end = &mut End::new(server, From::Client);
            $check;
        }
        {
            let $end = &mut End::new(client, From::Server);
            $check;
        }
    }};
}

impl<R: Role> End<R> {
    fn new(websocket: Connection<R>, peer: From) -> Self {
        Self { websocket, inbox: Inbox::with_capacity(256), peer }
    }

    /// Receives these frames in one batch.
    fn hear(&mut self, frames: &[(u8, &[u8])], outbox: &mut impl Outbox) {
        for (first, payload) in frames {
            let bytes = frame(self.peer, *first, payload);
            assert_eq!(self.inbox.copy_from(&bytes), bytes.len());
        }
        while self.websocket.receive(&mut self.inbox, outbox).unwrap().is_some() {}
    }

    fn hear_pings(&mut self, payloads: &[&[u8]], outbox: &mut impl Outbox) {
        let pings: Vec<_> = payloads.iter().map(|payload| (FIN | PING, *payload)).collect();
        self.hear(&pings, outbox);
    }

    fn send(&mut self, text: &str, fragment: Fragment, outbox: &mut impl Outbox) {
        self.websocket.send_text_fragment(text, fragment, outbox).unwrap();
    }

    fn frame(&self, first: u8, payload: &[u8]) -> Vec<u8> {
        let from = if self.peer == From::Client { From::Server } else { From::Client };
        frame(from, first, payload)
    }

    fn pongs(&self, payloads: &[&[u8]]) -> Vec<u8> {
        payloads.iter().flat_map(|payload| self.frame(FIN | PONG, payload)).collect()
    }
}

/// Takes the pending bytes.
fn take(outbox: &mut Vec<u8>) -> Vec<u8> {
    std::mem::take(outbox)
}

// P-cl-k
#[test]
fn a_pong_waits_for_the_end_of_a_compressed_message() {
    use Fragment::{Last, More};
    for pongs in POLICIES {
        both!(Config::new().pongs(pongs), |end| {
            let mut outbox = Vec::new();
            end.send("one", More, &mut outbox);
            assert_eq!(take(&mut outbox)[0], RSV1 | TEXT);
            end.hear_pings(&[b"1", b"2"], &mut outbox);
            end.hear_pings(&[b"3"], &mut outbox);
            assert_eq!(take(&mut outbox), b"", "{pongs:?}: inside the message");
            end.send("two", More, &mut outbox);
            let sent = take(&mut outbox);
            assert_eq!(sent[0], CONTINUATION);
            assert!(!sent.ends_with(&end.pongs(&[b"3"])), "{pongs:?}: inside the message");
            end.hear_pings(&[], &mut outbox);
            assert_eq!(take(&mut outbox), b"", "{pongs:?}: inside the message");

            // Of several pongs, one stays pending. It is sent at the end of the message, and only
            // once.
            end.send("three", Last, &mut outbox);
            let sent = take(&mut outbox);
            assert_eq!(sent[0], FIN | CONTINUATION);
            let latest: &[&[u8]] = if pongs == Pongs::Manual { &[] } else { &[b"3"] };
            let pong = end.pongs(latest);
            assert!(sent.ends_with(&pong), "{pongs:?}: after the message");
            let header = if end.peer == From::Client { 2 } else { 6 };
            assert_eq!(sent.len(), header + usize::from(sent[1] & 0x7f) + pong.len());
            end.hear_pings(&[], &mut outbox);
            assert_eq!(outbox, b"");

            // Between messages, pongs do not wait.
            end.hear_pings(&[b"4"], &mut outbox);
            let at_once: &[&[u8]] = if pongs == Pongs::Manual { &[] } else { &[b"4"] };
            assert_eq!(take(&mut outbox), end.pongs(at_once));
            end.websocket.send_text(&"whole ".repeat(9), &mut outbox).unwrap();
            assert_eq!(take(&mut outbox)[0], FIN | RSV1 | TEXT);
            end.hear_pings(&[b"4"], &mut outbox);
            assert_eq!(outbox, end.pongs(at_once));
        });
    }
}

// P-cl-k, 6455-5.4-e, 6455-5.5.2-b
#[test]
fn a_pong_is_sent_between_uncompressed_fragments() {
    use Fragment::{Last, More};
    for (pongs, expected) in [
        (Pongs::all(), &[&b"1"[..], b"2"][..]),
        (Pongs::Latest, &[&b"2"[..]][..]),
        (Pongs::Manual, &[][..]),
    ] {
        both!(Config::new().pongs(pongs), |end| {
            let mut outbox = Vec::new();
            end.websocket.set_compression(false);
            end.send("one", More, &mut outbox);
            // The setting at the first fragment applies.
            end.websocket.set_compression(true);
            assert_eq!(take(&mut outbox), end.frame(TEXT, b"one"));
            end.hear_pings(&[b"1", b"2"], &mut outbox);
            assert_eq!(take(&mut outbox), end.pongs(expected), "{pongs:?}");
            end.send("two", Last, &mut outbox);
            assert_eq!(outbox, end.frame(FIN | CONTINUATION, b"two"));
        });
    }
}

// P-cl-k, P-cl-h
#[test]
fn the_caller_may_send_control_frames_inside_a_compressed_message() {
    both!(Config::new().pongs(Pongs::Manual), |end| {
        let mut outbox = Vec::new();
        end.send("one", Fragment::More, &mut outbox);
        end.hear_pings(&[b"1"], &mut outbox);
        outbox.clear();
        end.websocket.send_pong(b"1", &mut outbox).unwrap();
        end.websocket.send_ping(b"?", &mut outbox).unwrap();
        let expected = [end.pongs(&[b"1"]), end.frame(FIN | PING, b"?")].concat();
        assert_eq!(outbox, expected);
    });
}

// P-cl-k, 6455-5.5.2-b
#[test]
fn a_pending_pong_is_sent_before_the_first_fragment() {
    both!(Config::new().pongs(Pongs::Latest), |end| {
        let mut outbox = Vec::new();
        let ping = frame(end.peer, FIN | PING, b"1");
        assert_eq!(end.inbox.copy_from(&ping), ping.len());
        assert!(end.websocket.receive(&mut end.inbox, &mut outbox).unwrap().is_some());
        assert_eq!(outbox, b"", "the batch may contain more pings");
        end.send("one", Fragment::More, &mut outbox);
        assert!(outbox.starts_with(&end.pongs(&[b"1"])));
    });
}

// P-cl-k, P-fe-b
#[test]
fn a_pong_without_room_after_the_message_is_not_lost() {
    use Fragment::{Last, More};
    both!(Config::new(), |end| {
        let mut outbox = FixedOutbox::over([0; 64]);
        end.send("one", More, &mut outbox);
        end.hear_pings(&[&[b'x'; 40]], &mut outbox);
        outbox.clear();
        outbox.append(&[b'.'; 24]);
        end.send("two", Last, &mut outbox);
        let sent = outbox.bytes().len();
        end.hear_pings(&[], &mut outbox);
        assert_eq!(outbox.bytes().len(), sent, "the outbox has no room");
        outbox.clear();
        end.hear_pings(&[], &mut outbox);
        assert_eq!(outbox.bytes(), end.pongs(&[&[b'x'; 40]]));
    });
}

// P-cl-k, 6455-5.5.2-a
#[test]
fn a_close_abandons_the_message_and_the_pong_is_sent_before_it() {
    both!(Config::new(), |end| {
        let mut outbox = Vec::new();
        end.send("one", Fragment::More, &mut outbox);
        end.hear_pings(&[b"1"], &mut outbox);
        outbox.clear();
        end.websocket.close(CloseCode::NORMAL, "", &mut outbox).unwrap();
        let close = end.frame(FIN | CLOSE, &[3, 232]);
        assert_eq!(take(&mut outbox), [end.pongs(&[b"1"]), close].concat());
        end.hear_pings(&[b"2"], &mut outbox);
        assert_eq!(outbox, b"");
    });
    // Without room for both, only the Close is sent.
    both!(Config::new(), |end| {
        end.send("one", Fragment::More, &mut Vec::new());
        end.hear_pings(&[b"1"], &mut Vec::new());
        let mut outbox = FixedOutbox::over([0; 10]);
        outbox.append(&[b'.'; 4][..if end.peer == From::Client { 4 } else { 0 }]);
        end.websocket.close(CloseCode::NORMAL, "", &mut outbox).unwrap();
        assert!(outbox.bytes().ends_with(&end.frame(FIN | CLOSE, &[3, 232])));
        outbox.clear();
        end.hear_pings(&[], &mut outbox);
        assert_eq!(outbox.bytes(), b"");
    });
}

// P-cl-k, 6455-5.5.2-a
#[test]
fn the_peers_close_drops_the_pending_pong() {
    both!(Config::new(), |end| {
        let mut outbox = Vec::new();
        end.send("one", Fragment::More, &mut outbox);
        outbox.clear();
        end.hear(&[(FIN | PING, b"1"), (FIN | CLOSE, &[3, 232])], &mut outbox);
        assert_eq!(outbox, end.frame(FIN | CLOSE, &[3, 232]));
    });
}
