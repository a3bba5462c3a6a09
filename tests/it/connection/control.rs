//! Pings and pongs.

use hybi::{Config, FixedOutbox, Inbox, Misuse, Pongs, State};

use crate::support::{
    feed::{Cut, Heard, client, feed, receive, server},
    wire::{BOTH, CLOSE, FIN, From, PING, PONG, TEXT, close_body, frame},
};

fn pings(from: From, payloads: &[&[u8]]) -> Vec<u8> {
    payloads.iter().flat_map(|payload| frame(from, FIN | PING, payload)).collect()
}

fn pongs(from: From, payloads: &[&[u8]]) -> Vec<u8> {
    payloads.iter().flat_map(|payload| frame(from, FIN | PONG, payload)).collect()
}

// 6455-5.5.2-a, 6455-5.5.3-a
#[test]
fn a_ping_is_answered_with_its_payload() {
    let long = [0xee; 125];
    for payload in [&b""[..], b"\xff", b"Hello", &long] {
        let bytes = pings(From::Client, &[payload]);
        for cut in Cut::all(bytes.len()) {
            let outcome = feed(From::Client, Config::new(), &bytes, &cut);
            assert_eq!(outcome.heard, [Heard::Ping(payload.into())]);
            assert_eq!(outcome.outbox, pongs(From::Server, &[payload]));
        }
        let bytes = pings(From::Server, &[payload]);
        let outcome = feed(From::Server, Config::new(), &bytes, &Cut::Whole);
        assert_eq!(outcome.outbox, pongs(From::Client, &[payload]));
    }
}

// P-cl-h
#[test]
fn by_default_every_ping_is_answered() {
    let bytes = pings(From::Client, &[b"1", b"2", b"3"]);
    let outcome = feed(From::Client, Config::new(), &bytes, &Cut::Whole);
    assert_eq!(outcome.outbox, pongs(From::Server, &[b"1", b"2", b"3"]));
}

// 6455-5.5.3-b, P-cl-h
#[test]
fn only_the_latest_ping_of_a_batch_is_answered_if_configured() {
    let config = Config::new().pongs(Pongs::Latest);
    let bytes = pings(From::Client, &[b"1", b"2", b"3"]);
    let outcome = feed(From::Client, config, &bytes, &Cut::Whole);
    assert_eq!(outcome.outbox, pongs(From::Server, &[b"3"]));
    // If the input arrives byte by byte, each ping is a batch.
    let outcome = feed(From::Client, config, &bytes, &Cut::Every(1));
    assert_eq!(outcome.outbox, pongs(From::Server, &[b"1", b"2", b"3"]));
}

// P-cl-h, P-fe-b, G-01, G-02
#[test]
fn above_the_backlog_only_the_latest_ping_is_answered() {
    let config = Config::new().pongs(Pongs::All { max_backlog: 3 }).outbox_high_water(10);
    let bytes = pings(From::Client, &[b"1", b"2", b"3", b"4", b"5"]);
    let mut websocket = server(config);
    let mut inbox = Inbox::with_capacity(100);
    assert_eq!(inbox.copy_from(&bytes), bytes.len());
    let mut outbox = vec![0; 10]; // at the high-water mark
    while websocket.receive(&mut inbox, &mut outbox).unwrap().is_some() {}
    assert_eq!(outbox.len(), 10);
    outbox.clear();
    assert_eq!(websocket.receive(&mut inbox, &mut outbox).unwrap(), None);
    assert_eq!(outbox, pongs(From::Server, &[b"5"]));
}

// P-cl-h
#[test]
fn a_ping_is_answered_at_once_while_less_than_the_backlog_waits() {
    for (waiting, answered) in [(2, true), (3, false)] {
        let mut websocket = server(Config::new().pongs(Pongs::All { max_backlog: 3 }));
        let mut inbox = Inbox::with_capacity(100);
        let bytes = pings(From::Client, &[b"1", b"2"]);
        assert_eq!(inbox.copy_from(&bytes), bytes.len());
        let mut outbox = vec![0; waiting];
        // The first of two pings: more input follows it.
        assert!(websocket.receive(&mut inbox, &mut outbox).unwrap().is_some());
        let expected = pongs(From::Server, if answered { &[b"1"] } else { &[] });
        assert_eq!(outbox[waiting..], expected);
    }
}

#[test]
fn with_manual_pongs_no_ping_is_answered() {
    let config = Config::new().pongs(Pongs::Manual);
    let mut websocket = server(config);
    let bytes = pings(From::Client, &[b"1"]);
    let inbox = Inbox::with_capacity(100);
    assert_eq!(receive(&mut websocket, inbox, &bytes, &Cut::Whole).outbox, b"");
    let mut outbox = Vec::new();
    websocket.send_pong(b"1", &mut outbox).unwrap();
    assert_eq!(outbox, pongs(From::Server, &[b"1"]));
}

// 6455-5.5.2-b
#[test]
fn a_pending_pong_is_sent_before_the_next_message() {
    let mut websocket = server(Config::new().pongs(Pongs::Latest));
    let mut inbox = Inbox::with_capacity(100);
    assert!(inbox.copy_from(&pings(From::Client, &[b"?"])) > 0);
    let mut outbox = Vec::new();
    assert!(websocket.receive(&mut inbox, &mut outbox).unwrap().is_some());
    websocket.send_text("data", &mut outbox).unwrap();
    let expected = [pongs(From::Server, &[b"?"]), frame(From::Server, FIN | TEXT, b"data")];
    assert_eq!(outbox, expected.concat());
}

#[test]
fn a_pong_waits_for_room_in_a_fixed_outbox() {
    let mut websocket = server(Config::new());
    let mut inbox = Inbox::with_capacity(100);
    assert!(inbox.copy_from(&pings(From::Client, &[b"12345678"])) > 0);
    let mut outbox = FixedOutbox::over([0; 10]);
    websocket.send_binary(b"123", &mut outbox).unwrap();
    while websocket.receive(&mut inbox, &mut outbox).unwrap().is_some() {}
    assert_eq!(outbox.bytes().len(), 5);
    outbox.clear();
    assert_eq!(websocket.receive(&mut inbox, &mut outbox).unwrap(), None);
    assert_eq!(outbox.bytes(), pongs(From::Server, &[b"12345678"]));
}

// 6455-5.5.2-b
#[test]
fn a_pending_pong_is_sent_before_a_close_if_there_is_room_for_both() {
    let pong = pongs(From::Server, &[b"12345678"]);
    let close = frame(From::Server, FIN | CLOSE, &close_body(1000, "bye"));
    let both = [&pong[..], &close].concat();
    for (size, expected) in [(both.len(), &both), (both.len() - 1, &close)] {
        let mut websocket = server(Config::new().pongs(Pongs::Latest));
        let mut inbox = Inbox::with_capacity(100);
        assert!(inbox.copy_from(&pings(From::Client, &[b"12345678"])) > 0);
        let mut outbox = FixedOutbox::over(vec![0; size]);
        assert!(websocket.receive(&mut inbox, &mut outbox).unwrap().is_some());
        websocket.close(hybi::CloseCode::NORMAL, "bye", &mut outbox).unwrap();
        assert_eq!(outbox.bytes(), expected);
    }
}

// 6455-5.5.3-c, G-03
#[test]
fn unsolicited_pongs_are_not_answered() {
    for from in BOTH {
        let bytes = pongs(from, &[b"", b"x"]);
        let outcome = feed(from, Config::new(), &bytes, &Cut::Whole);
        assert_eq!(outcome.heard, [Heard::Pong(vec![]), Heard::Pong(b"x".into())]);
        assert_eq!(outcome.outbox, b"");
    }
}

// P-cl-c
#[test]
fn pings_after_our_close_are_not_answered() {
    let mut websocket = client(Config::new());
    let mut outbox = Vec::new();
    websocket.close(hybi::CloseCode::NORMAL, "", &mut outbox).unwrap();
    let bytes = pings(From::Server, &[b"?"]);
    let outcome = receive(&mut websocket, Inbox::with_capacity(100), &bytes, &Cut::Whole);
    assert_eq!(outcome.heard, [Heard::Ping(b"?".into())]);
    assert_eq!(outcome.outbox, b"");
}

// 6455-5.5.2-a
#[test]
fn pings_after_the_peers_close_are_ignored() {
    let mut bytes = frame(From::Client, FIN | CLOSE, &close_body(1000, ""));
    bytes.extend(pings(From::Client, &[b"?"]));
    let outcome = feed(From::Client, Config::new(), &bytes, &Cut::Whole);
    assert_eq!(outcome.heard, [Heard::Close(Some(1000), String::new())]);
    assert_eq!(outcome.outbox, frame(From::Server, FIN | CLOSE, &close_body(1000, "")));
}

// 6455-5.5.2-c, 6455-5.5-c
#[test]
fn pings_and_pongs_are_sent_only_in_the_open_state() {
    let mut websocket = client(Config::new());
    let mut outbox = Vec::new();
    let long = [b'x'; 126];
    websocket.send_ping(&long[..125], &mut outbox).unwrap();
    assert_eq!(outbox, frame(From::Client, FIN | PING, &long[..125]));
    let before = outbox.clone();
    let refused = Err(Misuse::ControlTooLong(126).into());
    assert_eq!(websocket.send_ping(&long, &mut outbox), refused);
    assert_eq!(websocket.send_pong(&long, &mut outbox), refused);
    assert_eq!(outbox, before);

    websocket.close_without_code(&mut outbox).unwrap();
    assert_eq!(websocket.state(), State::CloseSent);
    assert_eq!(websocket.send_ping(b"", &mut outbox), Err(Misuse::NotOpen.into()));
    assert_eq!(websocket.send_pong(b"", &mut outbox), Err(Misuse::NotOpen.into()));
}
