//! Properties that hold for any input, however it is split.

use hybi::{Config, Fragment, Inbox, Pongs};
use proptest::{collection::vec, prelude::*};

use crate::support::{
    feed::{Cut, Heard, binary, client, feed, feed_chunks, receive, server, text},
    wire::{BOTH, CLOSE, CONTINUATION, FIN, From, PING, PONG, close_body, frame},
};

/// A message or a control frame to send.
#[derive(Clone, Debug)]
enum Message {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        ".{0,200}".prop_map(Message::Text),
        vec(any::<u8>(), 0..700).prop_map(Message::Binary),
        vec(any::<u8>(), 0..=125).prop_map(Message::Ping),
        vec(any::<u8>(), 0..=125).prop_map(Message::Pong),
    ]
}

/// The frames of a message, in fragments of this size with a pong between any two.
fn frames(from: From, message: &Message, fragment: usize) -> Vec<u8> {
    let (opcode, payload) = match message {
        Message::Text(text) => (1, text.as_bytes()),
        Message::Binary(data) => (2, &data[..]),
        Message::Ping(data) => return frame(from, FIN | PING, data),
        Message::Pong(data) => return frame(from, FIN | PONG, data),
    };
    let mut bytes = Vec::new();
    let mut opcode = opcode;
    for piece in payload.chunks(fragment) {
        bytes.extend(frame(from, opcode, piece));
        bytes.extend(frame(from, FIN | PONG, b"between"));
        opcode = CONTINUATION;
    }
    bytes.extend(frame(from, FIN | opcode, b""));
    bytes
}

fn expected(message: &Message, fragment: usize) -> Vec<Heard> {
    let between = |length: usize| vec![Heard::Pong(b"between".to_vec()); length.div_ceil(fragment)];
    match message {
        Message::Text(data) => [between(data.len()), vec![text(data)]].concat(),
        Message::Binary(data) => [between(data.len()), vec![binary(data)]].concat(),
        Message::Ping(data) => vec![Heard::Ping(data.clone())],
        Message::Pong(data) => vec![Heard::Pong(data.clone())],
    }
}

proptest! {
    // P-fd-d, 6455-5.4-a, G-17
    #[test]
    fn any_split_gives_the_same_messages(
        messages in vec((message(), 1..300_usize), 0..8),
        cuts in vec(any::<usize>(), 0..12),
    ) {
        for from in BOTH {
            let mut bytes = Vec::new();
            let mut heard = Vec::new();
            for (message, fragment) in &messages {
                bytes.extend(frames(from, message, *fragment));
                heard.extend(expected(message, *fragment));
            }
            bytes.extend(frame(from, FIN | CLOSE, &close_body(1000, "end")));
            heard.push(Heard::Close(Some(1000), "end".into()));

            let whole = feed(from, Config::new(), &bytes, &Cut::Whole);
            prop_assert_eq!(&whole.heard, &heard);
            let chunks = feed_chunks(from, Config::new(), &bytes, &Cut::Every(50));
            prop_assert_eq!(&chunks.heard, &heard);

            let mut places: Vec<_> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
            places.sort_unstable();
            let (inbox, cut) = (Inbox::with_capacity(16), Cut::AtAll(places));
            let cut = match from {
                From::Client => receive(&mut server(Config::new()), inbox, &bytes, &cut),
                From::Server => receive(&mut client(Config::new()), inbox, &bytes, &cut),
            };
            prop_assert_eq!(cut, whole);
        }
    }

    // P-fd-f, 6455-10.1-a, 6455-10.7-a, P-fd-d
    #[test]
    fn no_input_panics_and_any_split_gives_the_same_result(
        bytes in vec(prop_oneof![any::<u8>(), 0x80..=0x8a_u8, 0..4_u8], 0..400),
        length in 1..40_usize,
    ) {
        let config = Config::new().max_message_size(300).max_frame_size(200).max_fragments(5);
        for from in BOTH {
            let whole = feed(from, config, &bytes, &Cut::Whole);
            let cut = feed(from, config, &bytes, &Cut::Every(length));
            prop_assert_eq!(&cut, &whole);
            let chunks = feed_chunks(from, config, &bytes, &Cut::Every(length));
            prop_assert_eq!(chunks.error, whole.error);
        }
    }

    // 6455-6.1-e, 6455-5.4-c
    #[test]
    fn all_messages_are_received_as_sent(
        messages in vec((message(), any::<bool>()), 0..10),
        fragment in 1..200_usize,
        length in 1..500_usize,
    ) {
        let config = Config::new().pongs(Pongs::Manual);
        let mut from_server = Vec::new();
        let mut from_client = Vec::new();
        let (mut server, mut client) = (server(config), client(config));
        let mut heard = Vec::new();
        for (message, in_fragments) in &messages {
            match message {
                Message::Text(data) if *in_fragments => {
                    for (piece, last) in Fragment::split_text(data, fragment) {
                        server.send_text_fragment(piece, last, &mut from_server).unwrap();
                        client.send_text_fragment("", Fragment::More, &mut from_client).unwrap();
                        client.send_text_fragment(piece, last, &mut from_client).unwrap();
                    }
                    heard.push(text(data));
                }
                Message::Binary(data) if *in_fragments => {
                    for (piece, last) in Fragment::split_binary(data, fragment) {
                        server.send_binary_fragment(piece, last, &mut from_server).unwrap();
                        client.send_binary_fragment(piece, last, &mut from_client).unwrap();
                    }
                    heard.push(binary(data));
                }
                Message::Text(data) => {
                    server.send_text(data, &mut from_server).unwrap();
                    client.send_text(data, &mut from_client).unwrap();
                    heard.push(text(data));
                }
                Message::Binary(data) => {
                    server.send_binary(data, &mut from_server).unwrap();
                    client.send_binary(data, &mut from_client).unwrap();
                    heard.push(binary(data));
                }
                Message::Ping(data) => {
                    server.send_ping(data, &mut from_server).unwrap();
                    client.send_ping(data, &mut from_client).unwrap();
                    heard.push(Heard::Ping(data.clone()));
                }
                Message::Pong(data) => {
                    server.send_pong(data, &mut from_server).unwrap();
                    client.send_pong(data, &mut from_client).unwrap();
                    heard.push(Heard::Pong(data.clone()));
                }
            }
        }
        let cut = Cut::Every(length);
        let at_client = receive(&mut client, Inbox::with_capacity(32), &from_server, &cut);
        prop_assert_eq!(&at_client.heard, &heard);
        let at_server = receive(&mut server, Inbox::with_capacity(32), &from_client, &cut);
        prop_assert_eq!(&at_server.heard, &heard);
    }
}
