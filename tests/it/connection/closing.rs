//! The closing handshake, in both roles.

use hybi::{CloseCode, Config, Error, FixedOutbox, Inbox, Misuse, OutboxFull, State};

use super::pair::Pair;
use crate::support::{
    feed::{Cut, Heard, binary, client, feed, receive, server, text},
    wire::{BINARY, CLOSE, CONTINUATION, FIN, From, TEXT, close_body, frame},
};

fn close_frame(from: From, code: u16) -> Vec<u8> {
    frame(from, FIN | CLOSE, &close_body(code, ""))
}

// 6455-5.5.1-f, P-cl-e, 6455-7.1.5-a, 6455-7.1.6-a, 6455-7.1.3-a, 6455-5.5.1-d
#[test]
fn the_reply_to_a_close_echoes_its_code() {
    let bytes = frame(From::Client, FIN | CLOSE, &close_body(4321, "so long"));
    for cut in Cut::all(bytes.len()) {
        let outcome = feed(From::Client, Config::new(), &bytes, &cut);
        assert_eq!(outcome.heard, [Heard::Close(Some(4321), "so long".into())]);
        assert_eq!(outcome.outbox, close_frame(From::Server, 4321));
        assert_eq!((outcome.state, outcome.close_code), (State::Closed, Some(4321)));
    }
    let bytes = frame(From::Server, FIN | CLOSE, &close_body(1001, ""));
    let outcome = feed(From::Server, Config::new(), &bytes, &Cut::Whole);
    assert_eq!(outcome.outbox, close_frame(From::Client, 1001));
}

// 6455-7.1.5-a, 6455-5.5.1-f
#[test]
fn the_reply_to_an_empty_close_is_empty() {
    let bytes = frame(From::Client, FIN | CLOSE, b"");
    let outcome = feed(From::Client, Config::new(), &bytes, &Cut::Whole);
    assert_eq!(outcome.heard, [Heard::Close(None, String::new())]);
    assert_eq!(outcome.outbox, frame(From::Server, FIN | CLOSE, b""));
    assert_eq!(outcome.close_code, Some(1005));
}

// G-15, 6455-7.4.1-a, 6455-7.4.1-e, 6455-7.4.2-c, 6455-7.4.2-d, IANA-close-a
#[test]
fn every_code_that_may_be_sent_is_accepted_and_echoed() {
    let codes = (1000..=1003).chain(1007..=1014).chain([3000, 3999, 4000, 4999]);
    for code in codes {
        for (from, to) in [(From::Client, From::Server), (From::Server, From::Client)] {
            let outcome = feed(from, Config::new(), &close_frame(from, code), &Cut::Whole);
            assert_eq!((outcome.error, outcome.close_code), (None, Some(code)));
            assert_eq!(outcome.outbox, close_frame(to, code));
        }
    }
}

// 6455-7.1.2-a, 6455-5.5.1-i, 6455-5.5.1-j, 6455-7.1.1-c
#[test]
fn a_server_begins_the_closing_handshake() {
    let mut pair = Pair::new(Config::new());
    let server = &mut pair.server;
    server.websocket.close(CloseCode::GOING_AWAY, "bye", &mut server.outbox).unwrap();
    assert_eq!(server.outbox, frame(From::Server, FIN | CLOSE, &close_body(1001, "bye")));
    assert!(!server.websocket.should_close_transport() && server.websocket.is_closing());
    pair.settle();
    assert_eq!(pair.client.heard, [Heard::Close(Some(1001), "bye".into())]);
    assert_eq!(pair.server.heard, [Heard::Close(Some(1001), String::new())]);
    // The server closes the transport at once. The client waits for the server to do so.
    assert!(pair.server.websocket.should_close_transport() && !pair.server.websocket.is_closing());
    assert!(!pair.client.websocket.should_close_transport() && pair.client.websocket.is_closing());
    assert_eq!(pair.client.websocket.end_of_input(), Ok(()));
    assert!(pair.client.websocket.should_close_transport());
    assert_eq!(pair.client.websocket.state(), State::Ended);
}

// 6455-7.1.2-a, 6455-6.1-d
#[test]
fn a_client_begins_the_closing_handshake() {
    let mut pair = Pair::new(Config::new());
    let client = &mut pair.client;
    client.websocket.close_without_code(&mut client.outbox).unwrap();
    assert_eq!(client.outbox, frame(From::Client, FIN | CLOSE, b""));
    pair.settle();
    assert_eq!(pair.server.websocket.close_code(), Some(1005));
    assert!(pair.server.websocket.should_close_transport());
    assert!(!pair.client.websocket.should_close_transport());
}

// 6455-5.5.1-k, 6455-5.5.1-h
#[test]
fn close_frames_cross() {
    let mut pair = Pair::new(Config::new());
    let Pair { server, client } = &mut pair;
    server.websocket.close(CloseCode::NORMAL, "server", &mut server.outbox).unwrap();
    client.websocket.close(CloseCode::GOING_AWAY, "client", &mut client.outbox).unwrap();
    pair.settle();
    assert_eq!(pair.server.heard, [Heard::Close(Some(1001), "client".into())]);
    assert_eq!(pair.client.heard, [Heard::Close(Some(1000), "server".into())]);
    for state in [pair.server.websocket.state(), pair.client.websocket.state()] {
        assert_eq!(state, State::Closed);
    }
}

// 6455-5.5.1-h, 6455-7.3-a, 6455-6.1-a, 6455-5.5.1-a
#[test]
fn nothing_is_sent_after_a_close() {
    let mut websocket = server(Config::new());
    let mut outbox = Vec::new();
    websocket.close(CloseCode::NORMAL, "", &mut outbox).unwrap();
    let sent = outbox.clone();
    let refused = Err(Error::Misuse(Misuse::NotOpen));
    for _ in 0..2 {
        assert_eq!(websocket.close(CloseCode::NORMAL, "", &mut outbox), refused);
        assert_eq!(websocket.close_without_code(&mut outbox), refused);
        assert_eq!(websocket.send_text("x", &mut outbox), refused);
        assert_eq!(websocket.send_binary(b"x", &mut outbox), refused);
        let last = hybi::Fragment::Last;
        assert_eq!(websocket.send_text_fragment("x", last, &mut outbox), refused);
        assert_eq!(websocket.frame_text("x").map(|_| ()), refused);
        assert_eq!(websocket.frame_binary(b"x").map(|_| ()), refused);
        assert_eq!(outbox, sent);
        // Nor after the peer's Close has arrived.
        let bytes = close_frame(From::Client, 1000);
        let outcome = receive(&mut websocket, Inbox::with_capacity(64), &bytes, &Cut::Whole);
        assert_eq!(outcome.outbox, b"");
    }
}

// G-12, 6455-5.5-c, P-cl-i, 6455-7.4.1-b, 6455-7.4.1-e, 6455-7.4.1-g
#[test]
fn a_close_that_cannot_be_sent_changes_nothing() {
    let long = "é".repeat(62); // 124 bytes
    let mut outbox = Vec::new();
    let mut websocket = server(Config::new());
    assert_eq!(
        websocket.close(CloseCode::NORMAL, &long, &mut outbox),
        Err(Misuse::ReasonTooLong(124).into())
    );
    assert_eq!(
        websocket.close(CloseCode::MANDATORY_EXTENSION, "", &mut outbox),
        Err(Misuse::MandatoryExtensionByServer.into())
    );
    assert_eq!((outbox.len(), websocket.state()), (0, State::Open));
    assert!(
        [0, 999, 1004, 1005, 1006, 1015, 2999, 5000]
            .map(CloseCode::new)
            .iter()
            .all(Option::is_none)
    );

    let reason = format!("{}x", "é".repeat(61)); // 123 bytes
    websocket.close(CloseCode::NORMAL, &reason, &mut outbox).unwrap();
    assert_eq!(outbox, frame(From::Server, FIN | CLOSE, &close_body(1000, &reason)));

    for code in [CloseCode::MANDATORY_EXTENSION, CloseCode::INTERNAL_ERROR] {
        let mut outbox = Vec::new();
        client(Config::new()).close(code, "", &mut outbox).unwrap();
        assert_eq!(outbox, close_frame(From::Client, code.get()));
    }
}

// P-cl-a, G-09
#[test]
fn bytes_after_a_close_are_discarded() {
    let mut bytes = close_frame(From::Client, 1000);
    bytes.extend(frame(From::Client, FIN | TEXT, b"late"));
    bytes.extend([0xff; 1000]);
    for cut in [Cut::Whole, Cut::Every(1), Cut::At(9)] {
        let outcome = feed(From::Client, Config::new(), &bytes, &cut);
        assert_eq!(outcome.heard, [Heard::Close(Some(1000), String::new())]);
        assert_eq!((outcome.error, outcome.state), (None, State::Closed));
        assert_eq!(outcome.outbox, close_frame(From::Server, 1000));
    }
}

// P-cl-b, 6455-5.5.1-g
#[test]
fn a_close_inside_a_message_abandons_it() {
    let mut bytes = frame(From::Client, TEXT, b"never to be");
    bytes.extend(close_frame(From::Client, 1000));
    let mut websocket = server(Config::new());
    let mut outbox = Vec::new();
    websocket.send_text_fragment("abandoned", hybi::Fragment::More, &mut outbox).unwrap();
    let outcome = receive(&mut websocket, Inbox::with_capacity(64), &bytes, &Cut::Whole);
    assert_eq!(outcome.heard, [Heard::Close(Some(1000), String::new())]);
    assert_eq!(outcome.outbox, close_frame(From::Server, 1000));
}

// 6455-5.1-d
#[test]
fn data_after_our_close_is_checked_and_dropped_or_delivered() {
    let mut bytes = frame(From::Client, TEXT, b"half ");
    bytes.extend(frame(From::Client, FIN | CONTINUATION, b"a message"));
    bytes.extend(frame(From::Client, FIN | BINARY, &[7; 300]));
    bytes.extend(close_frame(From::Client, 1000));
    let close = Heard::Close(Some(1000), String::new());
    let messages = [text("half a message"), binary(&[7; 300]), close.clone()];
    for cut in Cut::all(bytes.len()) {
        let mut outbox = Vec::new();
        let mut dropping = server(Config::new());
        dropping.close(CloseCode::NORMAL, "", &mut outbox).unwrap();
        let inbox = Inbox::over([0; 160]); // dropped messages need no room
        let outcome = receive(&mut dropping, inbox, &bytes, &cut);
        assert_eq!((outcome.heard, outcome.error), (vec![close.clone()], None));

        let mut delivering = server(Config::new().deliver_while_closing(true));
        delivering.close(CloseCode::NORMAL, "", &mut outbox).unwrap();
        let outcome = receive(&mut delivering, Inbox::with_capacity(64), &bytes, &cut);
        assert_eq!(outcome.heard, messages);
    }
    let mut websocket = server(Config::new());
    websocket.close(CloseCode::NORMAL, "", &mut Vec::new()).unwrap();
    let bytes = frame(From::Client, FIN | TEXT, b"\xff");
    let outcome = receive(&mut websocket, Inbox::with_capacity(64), &bytes, &Cut::Whole);
    assert_eq!(outcome.error, Some(hybi::Violation::TextNotUtf8.into()));
    // Our Close was already sent, so there is no second one.
    assert_eq!((outcome.outbox.len(), outcome.state), (0, State::Failed));
    assert!(websocket.should_close_transport());
}

#[test]
fn our_close_in_the_middle_of_a_received_message() {
    let message = frame(From::Client, FIN | TEXT, b"in two halves");
    let (head, tail) = message.split_at(9);
    for deliver in [false, true] {
        let mut websocket = server(Config::new().deliver_while_closing(deliver));
        let mut inbox = Inbox::with_capacity(64);
        let mut outbox = Vec::new();
        assert_eq!(inbox.copy_from(head), 9);
        assert_eq!(websocket.receive(&mut inbox, &mut outbox).unwrap(), None);
        websocket.close(CloseCode::NORMAL, "", &mut outbox).unwrap();
        assert_eq!(inbox.copy_from(tail), tail.len());
        let heard = websocket.receive(&mut inbox, &mut outbox).unwrap();
        assert_eq!(heard, deliver.then_some(hybi::Event::Text("in two halves")));
    }
}

// 6455-7.2.1-a, 6455-7.1.4-a, G-07, P-cl-g, 6455-7.1.7-f
#[test]
fn the_end_of_input_in_every_state() {
    let open = || server(Config::new());
    let close_sent = || {
        let mut websocket = open();
        websocket.close(CloseCode::NORMAL, "", &mut Vec::new()).unwrap();
        websocket
    };
    let fed = |mut websocket: hybi::Connection<_>, bytes: &[u8]| {
        receive(&mut websocket, Inbox::with_capacity(64), bytes, &Cut::Whole);
        websocket
    };
    let peer_close = close_frame(From::Client, 1000);
    let lost = Err(Error::ConnectionLost);
    let cases = [
        ("open", open(), lost, State::Lost, 1006),
        ("inside a header", fed(open(), b"\x81"), lost, State::Lost, 1006),
        ("inside a frame", fed(open(), b"\x82\x85\x01\x02\x03\x04x"), lost, State::Lost, 1006),
        (
            "inside a message",
            fed(open(), &frame(From::Client, TEXT, b"x")),
            lost,
            State::Lost,
            1006,
        ),
        ("after our Close", close_sent(), lost, State::Lost, 1006),
        ("after the peer's Close", fed(open(), &peer_close), Ok(()), State::Ended, 1000),
        ("after both Close frames", fed(close_sent(), &peer_close), Ok(()), State::Ended, 1000),
        ("after a failure", fed(open(), b"\xff"), Ok(()), State::Failed, 1006),
    ];
    for (name, mut websocket, expected, state, code) in cases {
        assert_eq!(websocket.end_of_input(), expected, "{name}");
        assert_eq!(websocket.end_of_input(), Ok(()), "{name}, a second time");
        assert_eq!((websocket.state(), websocket.close_code()), (state, Some(code)), "{name}");
        assert!(websocket.should_close_transport() && !websocket.is_closing(), "{name}");
        let outcome =
            receive(&mut websocket, Inbox::with_capacity(64), b"\x81\x80\0\0\0\0", &Cut::Whole);
        assert_eq!((outcome.heard, outcome.outbox), (vec![], vec![]), "{name}: nothing follows");
    }
}

// 6455-5.5.1-f
#[test]
fn the_reply_to_a_close_waits_for_room() {
    let mut websocket = server(Config::new());
    let mut inbox = Inbox::with_capacity(64);
    assert!(inbox.copy_from(&close_frame(From::Client, 1000)) > 0);
    let mut outbox = FixedOutbox::over([0; 4]);
    websocket.send_text("hi", &mut outbox).unwrap();
    assert!(matches!(websocket.receive(&mut inbox, &mut outbox), Ok(Some(hybi::Event::Close(_)))));
    assert_eq!(websocket.state(), State::CloseReceived);
    assert!(!websocket.should_close_transport());
    outbox.clear();
    assert_eq!(websocket.receive(&mut inbox, &mut outbox).unwrap(), None);
    assert_eq!(outbox.bytes(), close_frame(From::Server, 1000));
    assert!(websocket.should_close_transport());
}

// P-cl-j, 6455-5.5.1-f, 6455-7.1.7-e: a peer may close only its sending direction
#[test]
fn a_pending_close_can_be_sent_after_the_end_of_input() {
    fn check<R: hybi::Role>(mut websocket: hybi::Connection<R>, input: &[u8], answer: &[u8]) {
        let mut inbox = Inbox::with_capacity(64);
        assert_eq!(inbox.copy_from(input), input.len());
        let mut full = FixedOutbox::over([0; 0]);
        while let Ok(Some(_)) = websocket.receive(&mut inbox, &mut full) {}
        for _ in 0..2 {
            assert_eq!(websocket.end_of_input(), Ok(()));
            assert!(
                !websocket.should_close_transport() && websocket.is_closing(),
                "{:?}",
                websocket.state()
            );
        }
        let mut outbox = Vec::new();
        assert_eq!(websocket.receive(&mut inbox, &mut outbox), Ok(None));
        assert_eq!(outbox, answer);
        assert!(websocket.should_close_transport() && !websocket.is_closing());
    }
    for (peer, from) in [(From::Client, From::Server), (From::Server, From::Client)] {
        let cases = [
            (close_frame(peer, 1001), close_frame(from, 1001)),
            (frame(peer, FIN | CLOSE, b""), frame(from, FIN | CLOSE, b"")),
            (b"\xff".to_vec(), close_frame(from, 1002)),
        ];
        for (input, answer) in cases {
            match from {
                From::Server => check(server(Config::new()), &input, &answer),
                From::Client => check(client(Config::new()), &input, &answer),
            }
        }
    }
}

// P-cl-j: a Close that can never be sent does not delay the end
#[test]
fn a_client_without_a_key_for_its_reply_closes_the_transport() {
    #[derive(Debug)]
    struct NoKey;
    impl hybi::random::Entropy for NoKey {
        fn fill(&mut self, _: &mut [u8]) -> Result<(), hybi::random::EntropyError> {
            Err(hybi::random::EntropyError)
        }
    }
    for (input, code) in [(close_frame(From::Server, 1001), 1001), (b"\xff".to_vec(), 1006)] {
        let mut websocket = hybi::Connection::client(Config::new(), NoKey);
        let inbox = Inbox::with_capacity(64);
        let outcome = receive(&mut websocket, inbox, &input, &Cut::Whole);
        assert_eq!((outcome.outbox, outcome.close_code), (vec![], Some(code)));
        assert!(
            websocket.should_close_transport() && !websocket.is_closing(),
            "{:?}",
            websocket.state()
        );
    }
}

#[test]
fn the_close_of_a_failure_waits_for_room() {
    fn check<R: hybi::Role>(mut websocket: hybi::Connection<R>, answer: &[u8]) {
        let mut inbox = Inbox::with_capacity(64);
        assert_eq!(inbox.copy_from(b"\xff"), 1);
        assert!(websocket.receive(&mut inbox, &mut FixedOutbox::over([0; 0])).is_err());
        assert_eq!((websocket.state(), websocket.should_close_transport()), (State::Failed, false));
        assert!(websocket.is_closing(), "the peer may not read");
        let mut outbox = Vec::new();
        assert_eq!(websocket.receive(&mut inbox, &mut outbox), Ok(None));
        assert_eq!(outbox, answer);
        assert!(websocket.should_close_transport());
    }
    check(server(Config::new()), &close_frame(From::Server, 1002));
    check(client(Config::new()), &close_frame(From::Client, 1002));
}

#[test]
fn a_close_can_be_retried_when_there_is_room() {
    let mut websocket = server(Config::new());
    let mut outbox = FixedOutbox::over([0; 5]);
    websocket.send_text("hi", &mut outbox).unwrap();
    let full = Err(OutboxFull { needed: 4, room: 1 }.into());
    assert_eq!(websocket.close(CloseCode::NORMAL, "", &mut outbox), full);
    assert_eq!(websocket.state(), State::Open);
    outbox.clear();
    websocket.close(CloseCode::NORMAL, "", &mut outbox).unwrap();
    assert_eq!(websocket.state(), State::CloseSent);
}
