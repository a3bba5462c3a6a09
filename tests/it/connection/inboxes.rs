//! Changing the inbox in the middle of messages.

use hybi::{ChunkEvent, Config, Fragment, Inbox, Misuse};

use crate::support::{
    changes::{Conversation, change_everywhere, share_everywhere},
    feed::{Heard, binary, server, text},
    wire::{BINARY, CLOSE, CONTINUATION, FIN, From, PING, TEXT, close_body, frame},
};

fn frames(frames: &[(u8, &[u8])]) -> Vec<u8> {
    frames.iter().flat_map(|(first, payload)| frame(From::Client, *first, payload)).collect()
}

fn close() -> Heard {
    Heard::Close(Some(1000), "bye".into())
}

fn conversations() -> Vec<Conversation> {
    let (word, body) = ("κόσμε 🦀", close_body(1000, "bye"));
    let bytes = word.as_bytes();
    let data = [7; 300];
    let new =
        |name, bytes, heard| Conversation { name, bytes, heard, server: || server(Config::new()) };
    vec![
        new(
            "fragments of text, split inside characters",
            frames(&[
                (TEXT, &bytes[..1]),
                (CONTINUATION, &bytes[1..4]),
                (FIN | PING, b"ping"),
                (CONTINUATION, b""),
                (CONTINUATION, &bytes[4..13]),
                (FIN | CONTINUATION, &bytes[13..]),
                (FIN | TEXT, "éé".as_bytes()),
                (FIN | CLOSE, &body),
            ]),
            vec![Heard::Ping(b"ping".into()), text(word), text("éé"), close()],
        ),
        new(
            "a long frame between short ones",
            frames(&[
                (FIN | TEXT, b"a"),
                (FIN | BINARY, &data),
                (FIN | TEXT, b""),
                (FIN | CLOSE, &body),
            ]),
            vec![text("a"), binary(&data), text(""), close()],
        ),
        new(
            "a Close inside a message",
            frames(&[(TEXT, b"secret"), (CONTINUATION, "é".as_bytes()), (FIN | CLOSE, &body)]),
            vec![close()],
        ),
    ]
}

/// The inbox of a connection that ended in the middle of a message.
fn foreign() -> Inbox {
    let mut inbox = Inbox::with_capacity(4096);
    let bytes = frame(From::Client, BINARY, &[b'X'; 1000]);
    assert_eq!(inbox.copy_from(&bytes), bytes.len());
    let mut websocket = server(Config::new());
    assert_eq!(websocket.receive(&mut inbox, &mut Vec::new()), Ok(None));
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

// P-ra-e, P-u8-a
#[test]
fn a_missing_start_of_a_character_is_a_misuse_and_recoverable() {
    let bytes = frame(From::Client, FIN | TEXT, "éé".as_bytes());
    let (mut websocket, mut outbox) = (server(Config::new()), Vec::new());
    let mut inbox = Inbox::with_capacity(64);
    // Up to the first byte of the first "é".
    assert_eq!(inbox.copy_from(&bytes[..7]), 7);
    assert_eq!(websocket.receive_chunk(&mut inbox, &mut outbox), Ok(None));
    let kept = inbox.clone();
    inbox.release();
    let misuse = Err(Misuse::InboxChanged.into());
    assert_eq!(websocket.receive_chunk(&mut inbox, &mut outbox), misuse);
    inbox = kept;
    assert_eq!(inbox.copy_from(&bytes[7..]), 3);
    let chunk = websocket.receive_chunk(&mut inbox, &mut outbox);
    assert_eq!(chunk, Ok(Some(ChunkEvent::Text { text: "éé", fragment: Fragment::Last })));
    assert!(inbox.is_empty());
}
