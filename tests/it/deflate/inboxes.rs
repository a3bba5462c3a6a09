//! Changing the inbox in the middle of compressed messages.

use hybi::{ChunkEvent, Config, Connection, Event, Fragment, Inbox, Misuse, Server};

use super::{
    endpoint::{connect, policy, stored, stored_block},
    receiving::{AGAIN, HELLO},
};
use crate::support::{
    changes::{Conversation, change_everywhere, share_everywhere},
    feed::{Heard, binary, text},
    wire::{BINARY, CLOSE, CONTINUATION, FIN, From, PING, RSV1, TEXT, close_body, frame},
};

fn takeover() -> Connection<Server> {
    connect(&policy(true), &policy(true), Config::new()).0
}

fn no_takeover() -> Connection<Server> {
    connect(&policy(false), &policy(false), Config::new()).0
}

fn frames(frames: &[(u8, &[u8])]) -> Vec<u8> {
    frames.iter().flat_map(|(first, payload)| frame(From::Client, *first, payload)).collect()
}

/// 40,000 zeros in consecutive matches of fixed codes. They exceed a chunk.
fn zeros() -> Vec<u8> {
    // A literal 0 (0b00110000), then length 258 at distance 1 (0b11000101 and 0b00000) 155 times.
    let mut bits = vec![0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0];
    for _ in 0..155 {
        bits.extend([1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
    }
    // The end of the block, and an empty stored block without its tail.
    bits.extend([0; 10]);
    let byte = |bits: &[u8]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | bit);
    bits.chunks(8).map(byte).collect()
}

fn conversations() -> Vec<Conversation> {
    let (word, body) = ("κόσμε 🦀".as_bytes(), close_body(1000, "bye"));
    let close = || Heard::Close(Some(1000), "bye".into());
    let long = vec![0; 1 + 155 * 258];
    let mut all = Vec::new();
    for server in [takeover as fn() -> _, no_takeover] {
        all.push(Conversation {
            name: "fragments of text, split inside characters",
            bytes: frames(&[
                (RSV1 | TEXT, &stored_block(0, &word[..3])),
                (FIN | PING, b"ping"),
                (CONTINUATION, b""),
                (CONTINUATION, &stored_block(0, &word[3..12])[..6]),
                (CONTINUATION, &stored_block(0, &word[3..12])[6..]),
                (FIN | CONTINUATION, &stored(&word[12..])),
                (FIN | TEXT, b"plain"),
                (FIN | RSV1 | TEXT, &HELLO),
                (FIN | CLOSE, &body),
            ]),
            heard: vec![
                Heard::Ping(b"ping".into()),
                text("κόσμε 🦀"),
                text("plain"),
                text("Hello"),
                close(),
            ],
            server,
        });
        all.push(Conversation {
            name: "a long message of few bytes",
            bytes: frames(&[
                (FIN | RSV1 | BINARY, &zeros()),
                (FIN | RSV1 | BINARY, &[0x00]),
                (FIN | CLOSE, &body),
            ]),
            heard: vec![binary(&long), binary(b""), close()],
            server,
        });
        all.push(Conversation {
            name: "a Close inside a compressed message",
            bytes: frames(&[(RSV1 | TEXT, &stored_block(0, b"secret")), (FIN | CLOSE, &body)]),
            heard: vec![close()],
            server,
        });
    }
    all.push(Conversation {
        name: "a window that carries over",
        bytes: frames(&[
            (FIN | RSV1 | TEXT, &HELLO),
            (FIN | RSV1 | TEXT, &AGAIN),
            (FIN | CLOSE, &body),
        ]),
        heard: vec![text("Hello"), text("Hello"), close()],
        server: takeover,
    });
    all
}

/// The inbox of a connection that ended in the middle of a compressed message.
fn foreign() -> Inbox {
    let mut inbox = Inbox::with_capacity(4096);
    let bytes = frame(From::Client, RSV1 | BINARY, &stored_block(0, &[b'X'; 1000]));
    assert_eq!(inbox.copy_from(&bytes), bytes.len());
    assert_eq!(takeover().receive(&mut inbox, &mut Vec::new()), Ok(None));
    assert!(!inbox.is_empty());
    inbox
}

// P-cl-a, P-ra-e
#[test]
fn an_empty_inbox_may_be_changed() {
    for conversation in conversations() {
        change_everywhere(&conversation, foreign);
    }
}

// P-cl-a, P-ra-e
#[test]
fn another_connection_may_use_an_empty_inbox() {
    for first in conversations() {
        for second in conversations() {
            share_everywhere(&first, &second);
        }
    }
}

// P-cl-a
#[test]
fn a_message_abandoned_by_a_close_leaves_the_inbox_empty() {
    for chunks in [false, true] {
        let mut inbox = Inbox::with_capacity(64);
        let mut outbox = Vec::new();
        let mut first = takeover();
        let bytes =
            frames(&[(RSV1 | TEXT, &stored_block(0, b"A ")), (FIN | CLOSE, &close_body(1000, ""))]);
        assert_eq!(inbox.copy_from(&bytes), bytes.len());
        if chunks {
            while first.receive_chunk(&mut inbox, &mut outbox).unwrap().is_some() {}
        } else {
            while first.receive(&mut inbox, &mut outbox).unwrap().is_some() {}
        }
        assert!(inbox.is_empty());
        // The next connection limits messages to three bytes, and receives one.
        let config = Config::new().max_message_size(3);
        let mut second = connect(&policy(true), &policy(true), config).0;
        let bytes = frame(From::Client, FIN | RSV1 | TEXT, &stored(b"B"));
        assert_eq!(inbox.copy_from(&bytes), bytes.len());
        let event = second.receive(&mut inbox, &mut outbox).unwrap();
        assert_eq!(event, Some(Event::Text("B")));
    }
}

#[test]
fn an_inbox_reports_its_decompressed_bytes_and_their_memory() {
    let (mut websocket, mut inbox) = (takeover(), Inbox::with_capacity(4096));
    let bytes = frame(From::Client, RSV1 | BINARY, &stored_block(0, &[7; 100]));
    assert_eq!(inbox.copy_from(&bytes), bytes.len());
    assert_eq!(websocket.receive(&mut inbox, &mut Vec::new()), Ok(None));
    assert_eq!(inbox.len(), 100);
    assert_eq!(inbox.capacity(), 4096 + 4096);
    // The memory doubles when it is full.
    let bytes = frame(From::Client, CONTINUATION, &stored_block(0, &[7; 4000]));
    assert_eq!(inbox.copy_from(&bytes), bytes.len());
    assert_eq!(websocket.receive(&mut inbox, &mut Vec::new()), Ok(None));
    assert_eq!((inbox.len(), inbox.capacity()), (4100, 4096 + 8192));
}

#[test]
fn a_message_in_progress_is_split_off_with_its_decompressed_part() {
    let word = "κόσμε 🦀";
    for chunks in [false, true] {
        for cut in 1..word.len() {
            let (first, last) = word.as_bytes().split_at(cut);
            let (mut websocket, mut joined) = (takeover(), String::new());
            let mut hear = |inbox: &mut Inbox, first: u8, payload: &[u8]| {
                let bytes = frame(From::Client, first, payload);
                assert_eq!(inbox.copy_from(&bytes), bytes.len());
                if chunks {
                    while let Some(chunk) = websocket.receive_chunk(inbox, &mut Vec::new()).unwrap()
                    {
                        let ChunkEvent::Text { text, .. } = chunk else { panic!("{chunk:?}") };
                        joined.push_str(text);
                    }
                } else if let Some(event) = websocket.receive(inbox, &mut Vec::new()).unwrap() {
                    assert_eq!(event, Event::Text(word));
                    joined.push_str(word);
                }
            };
            let mut shared = Inbox::with_capacity(4096);
            hear(&mut shared, RSV1 | TEXT, &stored_block(0, first));
            let mut own = shared.split_off();
            assert_eq!((shared.is_empty(), shared.len()), (true, 0));
            let complete = (0..=cut).rev().find(|end| word.is_char_boundary(*end)).unwrap();
            assert_eq!(own.len(), if chunks { cut - complete } else { cut });
            hear(&mut own, FIN | CONTINUATION, &stored(last));
            assert_eq!((joined.as_str(), own.is_empty()), (word, true));
        }
    }
}

// P-ra-e
#[test]
fn inboxes_with_pending_compressed_payload_are_not_mixed_up() {
    let frame = frames(&[(FIN | RSV1 | BINARY, &zeros())]);
    let begin = |chunks| {
        let (mut websocket, mut inbox) = (takeover(), Inbox::with_capacity(4096));
        assert_eq!(inbox.copy_from(&frame), frame.len());
        for _ in 0..chunks {
            assert!(websocket.receive_chunk(&mut inbox, &mut Vec::new()).unwrap().is_some());
        }
        (websocket, inbox)
    };
    // Less of the frame is left after two chunks than after one, so the change is detected.
    let ((mut one, mut own), (_, mut other)) = (begin(2), begin(1));
    let misuse = Err(Misuse::InboxChanged.into());
    assert_eq!(one.receive_chunk(&mut other, &mut Vec::new()), misuse);
    let last = one.receive_chunk(&mut own, &mut Vec::new()).unwrap();
    assert!(matches!(last, Some(ChunkEvent::Binary { fragment: Fragment::Last, .. })), "{last:?}");
    // The inboxes hold as many bytes. The result may be garbage, but nothing worse.
    let ((mut one, _), (_, mut other)) = (begin(1), begin(2));
    while let Ok(Some(_)) = one.receive_chunk(&mut other, &mut Vec::new()) {}
}
