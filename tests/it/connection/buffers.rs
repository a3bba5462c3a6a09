//! Inboxes that are shared, split and shrunk, and Close frames that the caller replies to.

use hybi::{CloseCode, CloseReply, Config, Error, Event, Inbox, Misuse, Overrun, State};

use crate::support::{
    feed::{Cut, Heard, client, own, server},
    wire::{BINARY, BOTH, CLOSE, CONTINUATION, FIN, From, PING, TEXT, frame, header},
};

/// A conversation with fragments, a control frame between them, and text that is split inside
/// characters.
fn conversation() -> Vec<u8> {
    let mut bytes = frame(From::Client, TEXT, "naï".as_bytes());
    bytes.extend(frame(From::Client, FIN | PING, b"ping"));
    bytes.extend(frame(From::Client, FIN | CONTINUATION, "ve €𝄞".as_bytes()));
    bytes.extend(frame(From::Client, FIN | BINARY, &[9; 200]));
    bytes.extend(frame(From::Client, FIN | TEXT, "é".as_bytes()));
    bytes
}

// L-04
#[test]
fn connections_share_an_inbox_however_their_input_is_split() {
    let bytes = conversation();
    for cut in Cut::all(bytes.len()) {
        let mut shared = Inbox::with_capacity(1024);
        // Three connections take turns. Each moves its unfinished input to an inbox of its own.
        let mut connections: Vec<_> =
            (0..3).map(|_| (server(Config::new()), None::<Inbox>, Vec::<Heard>::new())).collect();
        for piece in cut.pieces(&bytes) {
            for (websocket, own_inbox, heard) in &mut connections {
                let inbox = own_inbox.as_mut().unwrap_or(&mut shared);
                let mut rest = piece;
                loop {
                    rest = &rest[inbox.copy_from(rest)..];
                    while let Some(event) = websocket.receive(inbox, &mut Vec::new()).unwrap() {
                        heard.push(own(&event));
                    }
                    if rest.is_empty() {
                        break;
                    }
                }
                *own_inbox = match own_inbox.take() {
                    Some(inbox) => Some(inbox).filter(|inbox| !inbox.is_empty()),
                    None => Some(shared.split_off()).filter(|inbox| !inbox.is_empty()),
                };
                assert!(shared.is_empty());
            }
        }
        for (_, own_inbox, heard) in &connections {
            assert!(own_inbox.is_none());
            assert_eq!(
                *heard,
                [
                    Heard::Ping(b"ping".into()),
                    Heard::Text("naïve €𝄞".into()),
                    Heard::Binary(vec![9; 200]),
                    Heard::Text("é".into()),
                ]
            );
        }
    }
}

#[test]
fn an_inbox_keeps_its_contents_when_it_shrinks() {
    let message = frame(From::Client, FIN | TEXT, &[b'x'; 100]);
    for end in 0..message.len() {
        let (mut websocket, mut inbox) = (server(Config::new()), Inbox::with_capacity(4096));
        let _ = inbox.copy_from(&message[..end]);
        assert_eq!(websocket.receive(&mut inbox, &mut Vec::new()), Ok(None));
        inbox.shrink_to_fit();
        let _ = inbox.copy_from(&message[end..]);
        let text = "x".repeat(100);
        assert_eq!(websocket.receive(&mut inbox, &mut Vec::new()), Ok(Some(Event::Text(&text))));
    }
}

#[test]
fn an_inbox_grows_to_what_the_last_frame_of_a_message_needs() {
    // Of a last frame, the payload and one byte of the next frame. The length of a
    // message in fragments is unknown: twice as much.
    for (first, capacity) in [(FIN | BINARY, 8001), (BINARY, 8192)] {
        let (mut websocket, mut inbox) = (server(Config::new()), Inbox::with_capacity(4096));
        let _ = inbox.copy_from(&header(From::Client, first, 8000));
        assert_eq!(websocket.receive(&mut inbox, &mut Vec::new()), Ok(None));
        assert_eq!(inbox.copy_from(&[0; 8000]), 8000);
        assert_eq!(inbox.capacity(), capacity);
    }
    // Chunks need no more than there is.
    for first in [FIN | BINARY, BINARY] {
        let (mut websocket, mut inbox) = (server(Config::new()), Inbox::with_capacity(4096));
        let _ = inbox.copy_from(&header(From::Client, first, 8000));
        assert_eq!(websocket.receive_chunk(&mut inbox, &mut Vec::new()), Ok(None));
        assert_eq!(inbox.copy_from(&[0; 8000]), 4096);
    }
}

#[test]
fn an_inbox_moves_its_contents_to_free_as_much_as_it_moves() {
    for (consumed, is_moved) in [(3000, true), (1000, false)] {
        let (mut websocket, mut inbox) = (server(Config::new()), Inbox::with_capacity(4096));
        // Something that was consumed, and the start of a message.
        let mut bytes = vec![0; consumed];
        bytes.extend(header(From::Client, FIN | BINARY, 4000));
        bytes.resize(4000, 7);
        assert_eq!(inbox.copy_from(&bytes), 4000);
        inbox.consume(consumed).unwrap();
        assert_eq!(websocket.receive(&mut inbox, &mut Vec::new()), Ok(None));
        let held = inbox.len();
        let room = inbox.spare().unwrap().len();
        if is_moved {
            assert_eq!((held + room, inbox.capacity()), (4096, 4096));
        } else {
            assert!(inbox.capacity() > 4096, "grown instead");
        }
    }
}

#[test]
fn an_inbox_does_not_grow_while_a_quarter_of_it_is_free() {
    let (mut websocket, mut inbox) = (server(Config::new()), Inbox::with_capacity(4096));
    let bytes = frame(From::Client, FIN | BINARY, &[7; 5000]);
    assert_eq!(inbox.copy_from(&bytes[..3000]), 3000);
    assert_eq!(websocket.receive(&mut inbox, &mut Vec::new()), Ok(None));
    assert_eq!((inbox.spare().unwrap().len(), inbox.capacity()), (1096, 4096));
}

#[test]
fn a_fixed_inbox_offers_all_its_memory() {
    assert_eq!(Inbox::over(vec![0; 100_000]).spare().unwrap().len(), 100_000);
}

#[test]
fn a_shared_inbox_that_is_used_for_large_messages_keeps_its_memory() {
    let message = frame(From::Client, FIN | BINARY, &[7; 1000]);
    let mut shared = Inbox::with_capacity(64);
    for n in 0..200 {
        let mut websocket = server(Config::new());
        let mut rest = &message[..message.len() - 1];
        rest = &rest[shared.copy_from(&rest[..10])..];
        assert!(n == 0 || shared.capacity() >= 1000, "freed after {n} messages");
        loop {
            let copied = shared.copy_from(rest);
            rest = &rest[copied..];
            assert_eq!(websocket.receive(&mut shared, &mut Vec::new()), Ok(None));
            if rest.is_empty() {
                break;
            }
        }
        assert_eq!(shared.split_off().len(), 999);
    }
}

#[test]
fn an_inbox_reports_its_contents_and_its_memory() {
    let (mut websocket, mut inbox) = (server(Config::new()), Inbox::with_capacity(4096));
    assert_eq!((inbox.len(), inbox.capacity()), (0, 0), "it allocates on the first read");
    let message = frame(From::Client, FIN | BINARY, &[7; 100]);
    let _ = inbox.copy_from(&message[..26]);
    assert_eq!((inbox.len(), inbox.capacity()), (26, 4096));
    assert_eq!(websocket.receive(&mut inbox, &mut Vec::new()), Ok(None));
    assert_eq!(inbox.len(), 20, "the payload after a header of 6 bytes");
    let mut own = inbox.split_off();
    assert_eq!((inbox.len(), inbox.capacity()), (0, 4096));
    assert_eq!((own.len(), own.capacity()), (20, 20));
    let _ = own.copy_from(&message[26..]);
    let event = websocket.receive(&mut own, &mut Vec::new());
    assert_eq!(event, Ok(Some(Event::Binary(&[7; 100]))));
    assert_eq!(own.len(), 0);
    own.release();
    assert_eq!(own.capacity(), 0);
}

#[test]
fn unread_bytes_are_consumed_from_the_front() {
    let mut inbox = Inbox::over([0; 8]);
    assert_eq!(inbox.copy_from(b"HTTP body"), 8);
    inbox.consume(5).unwrap();
    assert_eq!(inbox.unread(), b"bod");
    assert_eq!(inbox.consume(4), Err(Overrun { count: 4, available: 3 }));
    assert_eq!(inbox.unread(), b"bod");
    assert_eq!(inbox.copy_from(b"y, more"), 5, "consumed bytes make room");
    assert_eq!(inbox.unread(), b"body, mo");
    inbox.consume(8).unwrap();
    assert!(inbox.is_empty());
}

// 6455-5.5.1-g, 6455-5.5.1-h
#[test]
fn a_caller_may_finish_its_message_before_it_replies_to_a_close() {
    let config = Config::new().close_reply(CloseReply::Manual);
    let mut websocket = server(config);
    let (mut inbox, mut outbox) = (Inbox::with_capacity(64), Vec::new());
    websocket.send_text_fragment("one", hybi::Fragment::More, &mut outbox).unwrap();
    let _ = inbox.copy_from(&frame(From::Client, FIN | CLOSE, b"\x03\xe9"));
    let close = websocket.receive(&mut inbox, &mut outbox).unwrap();
    assert!(
        matches!(close, Some(Event::Close(close)) if close.code() == Some(CloseCode::GOING_AWAY))
    );
    assert_eq!(outbox, b"\x01\x03one", "no reply yet");
    assert_eq!(websocket.state(), State::CloseReceived);
    assert!(websocket.is_closing() && !websocket.should_close_transport());
    assert_eq!(websocket.close_code(), Some(1001));

    websocket.send_text_fragment("two", hybi::Fragment::Last, &mut outbox).unwrap();
    websocket.send_binary(b"3", &mut outbox).unwrap();
    // The peer may have closed its sending direction by now.
    assert_eq!(websocket.end_of_input(), Ok(()));
    assert!(!websocket.should_close_transport());
    websocket.close(CloseCode::NORMAL, "bye", &mut outbox).unwrap();
    assert_eq!(outbox, b"\x01\x03one\x80\x03two\x82\x013\x88\x05\x03\xe8bye");
    assert_eq!(websocket.state(), State::Ended);
    assert!(websocket.should_close_transport());
    let late = Err(Error::Misuse(Misuse::NotOpen));
    assert_eq!(websocket.send_text("late", &mut outbox), late);
    assert_eq!(websocket.close(CloseCode::NORMAL, "", &mut outbox), late);
}

// 6455-5.5.1-j
#[test]
fn a_client_whose_caller_has_replied_waits_for_the_end_of_input() {
    let mut websocket = client(Config::new().close_reply(CloseReply::Manual));
    let (mut inbox, mut outbox) = (Inbox::with_capacity(64), Vec::new());
    let _ = inbox.copy_from(&frame(From::Server, FIN | CLOSE, b""));
    assert!(websocket.receive(&mut inbox, &mut outbox).unwrap().is_some());
    websocket.close_without_code(&mut outbox).unwrap();
    assert_eq!(outbox, frame(From::Client, FIN | CLOSE, b""));
    assert!(!websocket.should_close_transport());
    assert_eq!(websocket.end_of_input(), Ok(()));
    assert_eq!(websocket.state(), State::Ended);
    assert!(websocket.should_close_transport());
}

// 6455-5.5.1-k: the Close frames cross.
#[test]
fn a_close_that_crosses_ours_needs_no_reply_from_the_caller() {
    for from in BOTH {
        let config = Config::new().close_reply(CloseReply::Manual);
        let bytes = frame(from, FIN | CLOSE, b"\x03\xe8");
        let (mut inbox, mut outbox) = (Inbox::with_capacity(64), Vec::new());
        let _ = inbox.copy_from(&bytes);
        let state = match from {
            From::Client => {
                let mut websocket = server(config);
                websocket.close(CloseCode::NORMAL, "", &mut outbox).unwrap();
                assert!(websocket.receive(&mut inbox, &mut outbox).unwrap().is_some());
                websocket.state()
            }
            From::Server => {
                let mut websocket = client(config);
                websocket.close(CloseCode::NORMAL, "", &mut outbox).unwrap();
                assert!(websocket.receive(&mut inbox, &mut outbox).unwrap().is_some());
                websocket.state()
            }
        };
        assert_eq!(state, State::Closed);
    }
}

// 6455-5.5.1-j
#[test]
fn the_end_of_the_input_before_the_reply_of_the_caller_counts_after_it() {
    let mut websocket = client(Config::new().close_reply(CloseReply::Manual));
    let (mut inbox, mut outbox) = (Inbox::with_capacity(64), Vec::new());
    let _ = inbox.copy_from(&frame(From::Server, FIN | CLOSE, b"\x03\xe8"));
    assert!(websocket.receive(&mut inbox, &mut outbox).unwrap().is_some());
    assert_eq!(websocket.end_of_input(), Ok(()));
    assert_eq!(websocket.state(), State::CloseReceived);
    websocket.close_without_code(&mut outbox).unwrap();
    assert_eq!(websocket.state(), State::Ended);
    assert!(websocket.should_close_transport());
}

#[test]
fn an_empty_inbox_serves_another_connection_between_a_header_and_its_payload() {
    let mut shared = Inbox::with_capacity(4096);
    let (mut one, mut other) = (server(Config::new()), server(Config::new()));
    let frames = frame(From::Client, FIN | BINARY, &[7; 200]);
    let (header, payload) = frames.split_at(frames.len() - 200);
    let _ = shared.copy_from(header);
    assert_eq!(one.receive(&mut shared, &mut Vec::new()), Ok(None));
    assert!(shared.is_empty());

    let _ = shared.copy_from(&frame(From::Client, FIN | TEXT, b"Hello"));
    let event = other.receive(&mut shared, &mut Vec::new());
    assert_eq!(event, Ok(Some(Event::Text("Hello"))));

    let _ = shared.copy_from(payload);
    let event = one.receive(&mut shared, &mut Vec::new());
    assert_eq!(event, Ok(Some(Event::Binary(&[7; 200]))));
}

#[test]
fn an_inbox_that_was_split_off_is_read_into_like_any_other() {
    let mut shared = Inbox::with_capacity(4096);
    let frames = frame(From::Client, FIN | TEXT, b"Hello");
    for end in 1..frames.len() {
        assert_eq!(shared.copy_from(&frames[..end]), end);
        let mut own = shared.split_off();
        assert!(own.spare().is_ok(), "nothing was received from it yet");
        let _ = own.copy_from(&frames[end..]);
        let mut websocket = server(Config::new());
        let event = websocket.receive(&mut own, &mut Vec::new());
        assert_eq!(event, Ok(Some(Event::Text("Hello"))));
    }
}

#[test]
fn what_another_connection_found_is_forgotten_by_a_call_that_fails() {
    let mut inbox = Inbox::with_capacity(64);
    let mut begun = server(Config::new());
    let mut part = Inbox::with_capacity(64);
    let _ = part.copy_from(&frame(From::Client, TEXT, b"part"));
    assert_eq!(begun.receive(&mut part, &mut Vec::new()), Ok(None));
    let _ = inbox.copy_from(&frame(From::Client, FIN | TEXT, b"Hello"));
    assert_eq!(server(Config::new()).advance(&mut inbox, &mut Vec::new()), Ok(true));
    assert_eq!(inbox.event(), Some(Event::Text("Hello")));
    let error = begun.advance(&mut inbox, &mut Vec::new());
    assert_eq!(error, Err(Error::Misuse(Misuse::InboxChanged)));
    assert_eq!(inbox.event(), None);
}
