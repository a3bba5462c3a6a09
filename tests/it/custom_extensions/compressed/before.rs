//! Extensions that precede compression, and frames that are outside it.

use hybi::{
    Config, Connection, Fragment, Inbox, Role,
    extension::ExtendedMessage,
    frame::{Kind, Opcode},
};

use super::{RSV2, RSV3, open, sentence};
use crate::{
    custom_extensions::{
        checksum,
        endpoint::{Got, inbox_of, receive},
        multiplexer::{self, Sending, StreamMessage},
    },
    deflate::{
        endpoint::{frames, policy},
        inflate::Inflater,
    },
    support::{
        feed::{Cut, text},
        wire::{BINARY, BOTH, CONTINUATION, FIN, From, PING, PONG, RSV1, TEXT, frame},
    },
};

// 6455-9.1-f, 7692-6-b, P-ext-h: checked by an independent inflater
#[test]
fn a_checksum_before_compression_is_compressed() {
    for takeover in [false, true] {
        let (mut server, mut client) = open(&policy(takeover), checksum::NAME, "", Config::new());
        let mut inflaters = [(); 2].map(|()| Inflater::new(15));
        for n in 0..6 {
            let sentence = sentence(n % 2);
            let encoded = checksum::encode(sentence.as_bytes());
            for (from, inflater) in BOTH.into_iter().zip(&mut inflaters) {
                let mut outbox = Vec::new();
                let reserved = checksum::BIT;
                let message = ExtendedMessage { kind: Kind::Text, reserved, payload: &encoded };
                match from {
                    From::Server => server.send_extended(message, &mut outbox).unwrap(),
                    From::Client => client.send_extended(message, &mut outbox).unwrap(),
                }
                let sent = frames(&outbox);
                assert_eq!((sent.len(), sent[0].0), (1, FIN | RSV1 | RSV2 | TEXT));
                assert_eq!(inflater.message(&sent[0].1), encoded);
                assert_eq!(sent[0].1.len() < 24, takeover && n >= 2, "{}", sent[0].1.len());
                if !takeover {
                    inflater.forget();
                }
                let outcome = match from {
                    From::Server => {
                        receive(&mut client, Inbox::over([0; 99]), &outbox, &Cut::Whole)
                    }
                    From::Client => {
                        receive(&mut server, Inbox::over([0; 99]), &outbox, &Cut::Whole)
                    }
                };
                let expected = Got::Message(Kind::Text, checksum::BIT, encoded.clone());
                assert_eq!((outcome.got, outcome.error), (vec![expected], None));
            }
        }
    }
}

/// Sends a text in fragments, with a message of a stream after each.
fn send<R: Role>(websocket: &mut Connection<R>, text: &str, outbox: &mut Vec<u8>) {
    let message = StreamMessage { stream: 1, kind: Kind::Binary, payload: &[7; 50] };
    for (piece, fragment) in Fragment::split_text(text, 100) {
        websocket.send_text_fragment(piece, fragment, outbox).unwrap();
        Sending::new(message).send_all(websocket, outbox).unwrap();
    }
}

// P-ext-f, 7692-6-c
#[test]
fn frames_of_an_extension_are_not_compressed() {
    for from in BOTH {
        let (mut server, mut client) = open(&policy(true), multiplexer::NAME, "", Config::new());
        let (mut outbox, long) = (Vec::new(), "a".repeat(300));
        match from {
            From::Server => send(&mut server, &long, &mut outbox),
            From::Client => send(&mut client, &long, &mut outbox),
        }
        let piece = [[1].as_slice(), &[7; 50]].concat();
        let sent = frames(&outbox);
        let firsts: Vec<_> = sent.iter().map(|(first, _)| *first).collect();
        let own = FIN | RSV3 | BINARY;
        let expected = [RSV1 | TEXT, own, CONTINUATION, own, FIN | CONTINUATION, own];
        assert_eq!(firsts, expected);
        assert!(sent.iter().filter(|(first, _)| *first == own).all(|(_, sent)| *sent == piece));
        let framed = Got::Frame(Opcode::Binary, true, multiplexer::BIT, piece);
        let outcome = match from {
            From::Server => receive(&mut client, Inbox::over([0; 512]), &outbox, &Cut::Every(3)),
            From::Client => receive(&mut server, Inbox::over([0; 512]), &outbox, &Cut::Every(3)),
        };
        let expected = [framed.clone(), framed.clone(), Got::Event(text(&long)), framed];
        assert_eq!((outcome.got, outcome.error), (expected.to_vec(), None));
    }
}

// P-cl-k
#[test]
fn a_pong_waits_for_the_end_of_a_compressed_message_of_an_extension() {
    let (mut server, _) = open(&policy(true), checksum::NAME, "", Config::new());
    let mut outbox = Vec::new();
    let part = ExtendedMessage { kind: Kind::Binary, reserved: checksum::BIT, payload: b"abc" };
    server.send_extended_fragment(part, Fragment::More, &mut outbox).unwrap();
    let sent = outbox.len();
    let mut inbox = inbox_of(&frame(From::Client, FIN | PING, b"ping"));
    assert!(server.receive_extended(&mut inbox, &mut outbox).unwrap().is_some());
    assert_eq!(server.receive_extended(&mut inbox, &mut outbox), Ok(None));
    assert_eq!(outbox.len(), sent);
    server.send_extended_fragment(part, Fragment::Last, &mut outbox).unwrap();
    assert!(outbox.ends_with(&frame(From::Server, FIN | PONG, b"ping")));
}
