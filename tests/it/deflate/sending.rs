//! Sending compressed messages (RFC 7692, sections 6 and 7.2.1).

use hybi::{
    Client, CloseCode, CloseReply, Config, Connection, Error, Event, FixedOutbox, Fragment, Inbox,
    Misuse, Prepared, Role, Server,
};

use super::{
    endpoint::{How, WAYS, connect, frames, hear_at, noise, policy},
    inflate::Inflater,
};
use crate::support::{
    feed::{Cut, ExampleKey, Heard, binary, text},
    wire::{BINARY, CONTINUATION, FIN, RSV1, TEXT},
};

fn json(count: usize) -> String {
    let item =
        |id| format!("{{\"id\":{id},\"name\":\"kettle\",\"state\":\"boiling\",\"tags\":[1,2]}}");
    format!("[{}]", (0..count).map(item).collect::<Vec<_>>().join(","))
}

/// Both endpoints of a connection. Both send the same messages in turn.
struct Ends {
    server: Connection<Server>,
    client: Connection<Client<ExampleKey>>,
}

impl Ends {
    fn new(takeover: bool, config: Config) -> Self {
        Self::of(&policy(takeover), config)
    }

    fn of(policy: &hybi::deflate::Deflate, config: Config) -> Self {
        let (server, client) = connect(policy, policy, config);
        Self { server, client }
    }
}

/// Runs the same calls on both endpoints. Checks that they send the same frames except for masking,
/// and that the peer receives these messages. Returns the frames.
macro_rules! both {
    ($ends:expr, $expected:expr, |$websocket:ident, $outbox:ident| $send:expr) => {{
        let (mut from_server, mut from_client) = (Vec::new(), Vec::new());
        {
            let ($websocket, $outbox) = (&mut $ends.server, &mut from_server);
            $send;
        }
        {
            let ($websocket, $outbox) = (&mut $ends.client, &mut from_client);
            $send;
        }
        assert_heard(&mut $ends.client, &from_server, $expected);
        assert_heard(&mut $ends.server, &from_client, $expected);
        let sent = frames(&from_server);
        assert_eq!(frames(&from_client), sent);
        sent
    }};
}

fn assert_heard<R: Role>(receiver: &mut Connection<R>, bytes: &[u8], expected: &[Heard]) {
    let outcome = hear_at(receiver, bytes, &Cut::Every(100), How::Whole);
    assert_eq!(outcome.error, None);
    assert!(outcome.heard == expected, "{:?}", outcome.heard);
}

// 7692-6-b, 7692-6-f, 7692-7.2.1-a, 7692-7.2.1-c, 7692-7.2.1-e, F-08
#[test]
fn without_takeover_each_message_is_independent() {
    let mut ends = Ends::new(false, Config::new());
    let message = json(50);
    let mut first = None;
    for _ in 0..3 {
        let sent = both!(ends, &[text(&message)], |websocket, outbox| {
            websocket.send_text(&message, outbox).unwrap();
        });
        let [(0xc1, payload)] = &sent[..] else { panic!("{sent:02x?}") };
        assert!(payload.len() * 8 < message.len(), "{} of {}", payload.len(), message.len());
        assert_eq!(Inflater::new(15).message(payload), message.as_bytes());
        assert_eq!(*first.get_or_insert_with(|| payload.clone()), *payload);
    }
    let sent = both!(ends, &[binary(message.as_bytes())], |websocket, outbox| {
        websocket.send_binary(message.as_bytes(), outbox).unwrap();
    });
    assert_eq!(sent, [(0xc2, first.unwrap())]);
}

// 7692-7.2.2-b, 7692-7.2.1-a, F-14
#[test]
fn with_takeover_a_repeated_message_is_short() {
    let mut ends = Ends::new(true, Config::new());
    let message = json(20);
    let mut inflater = Inflater::new(15);
    let mut lengths = Vec::new();
    for _ in 0..4 {
        let sent = both!(ends, &[text(&message)], |websocket, outbox| {
            websocket.send_text(&message, outbox).unwrap();
        });
        let [(0xc1, payload)] = &sent[..] else { panic!("{sent:02x?}") };
        assert_eq!(inflater.message(payload), message.as_bytes());
        lengths.push(payload.len());
    }
    assert!(lengths[1..].iter().all(|length| length * 2 < lengths[0]), "{lengths:?}");
}

// P-pd-h, 7692-6-e, F-17
#[test]
fn short_and_excluded_messages_are_not_compressed() {
    for takeover in [false, true] {
        let mut ends = Ends::of(&policy(takeover).threshold(100), Config::new());
        let (short, long) = ("a".repeat(99), "a".repeat(100));
        let mut inflater = Inflater::new(15);
        let mut check = |ends: &mut Ends, message: &str, compressed: bool| {
            let sent = both!(ends, &[text(message)], |websocket, outbox| {
                websocket.send_text(message, outbox).unwrap();
            });
            let [(first, payload)] = &sent[..] else { panic!("{sent:02x?}") };
            if compressed {
                assert_eq!(*first, 0xc1);
                if !takeover {
                    inflater.forget();
                }
                assert_eq!(inflater.message(payload), message.as_bytes());
            } else {
                assert_eq!((*first, &payload[..]), (0x81, message.as_bytes()));
            }
        };
        for _ in 0..2 {
            check(&mut ends, &long, true);
            check(&mut ends, &short, false);
            check(&mut ends, &long, true);
            ends.server.set_compression(false);
            ends.client.set_compression(false);
            check(&mut ends, &long, false);
            check(&mut ends, &short, false);
            ends.server.set_compression(true);
            ends.client.set_compression(true);
        }
        check(&mut ends, &long, true);
    }
    // The default threshold.
    let mut ends = Ends::of(&hybi::deflate::Deflate::new(), Config::new());
    for (length, first) in [(255, 0x81), (256, 0xc1)] {
        let message = "a".repeat(length);
        let sent = both!(ends, &[text(&message)], |websocket, outbox| {
            websocket.send_text(&message, outbox).unwrap();
        });
        assert_eq!(sent[0].0, first);
    }
}

// 7692-6-e, P-pd-h
#[test]
fn messages_that_compression_enlarges_are_sent_uncompressed() {
    for takeover in [false, true] {
        let mut ends = Ends::new(takeover, Config::new());
        let message = json(20);
        for length in [1, 2, 10, 100, 1000, 100_000] {
            let noise = noise(length);
            for _ in 0..2 {
                both!(ends, &[text(&message)], |websocket, outbox| {
                    websocket.send_text(&message, outbox).unwrap();
                });
                // A message that was sent uncompressed must not be in the window.
                let sent = both!(ends, &[binary(&noise)], |websocket, outbox| {
                    websocket.send_binary(&noise, outbox).unwrap();
                });
                assert_eq!(sent, [(0x82, noise.clone())], "{length}");
            }
        }
        both!(ends, &[text(&message)], |websocket, outbox| {
            websocket.send_text(&message, outbox).unwrap();
        });
        // An empty message cannot become shorter.
        let sent = both!(ends, &[text("")], |websocket, outbox| {
            websocket.send_text("", outbox).unwrap();
        });
        assert_eq!(sent, [(0x81, vec![])]);
    }
}

// 7692-6-b, 7692-6-c, 7692-6-g, 7692-7.2.3.6-a, 7692-7.2.1-a
#[test]
fn fragments_are_parts_of_one_stream() {
    use Fragment::{Last, More};
    for takeover in [false, true] {
        let mut ends = Ends::new(takeover, Config::new());
        let mut inflater = Inflater::new(15);
        let part = json(10);
        let cases: [&[&str]; 7] = [
            &[&part, ""],
            &[&part, &part],
            &["", &part, "", "", &part, ""],
            &["", ""],
            &["", "", ""],
            &["a", "b", "c"],
            &[&part, &part, &part, "x"],
        ];
        for parts in cases {
            for compress in [true, false] {
                ends.server.set_compression(compress);
                ends.client.set_compression(compress);
                let message = parts.concat();
                let sent = both!(ends, &[text(&message)], |websocket, outbox| {
                    for (index, part) in parts.iter().enumerate() {
                        let fragment = if index + 1 == parts.len() { Last } else { More };
                        websocket.send_text_fragment(part, fragment, outbox).unwrap();
                        // The setting at the first fragment applies.
                        websocket.set_compression(true);
                    }
                });
                let firsts: Vec<u8> = sent.iter().map(|(first, _)| *first).collect();
                let marked = if compress { RSV1 } else { 0 };
                let mut expected = vec![CONTINUATION; parts.len()];
                expected[0] = TEXT | marked;
                *expected.last_mut().unwrap() |= FIN;
                assert_eq!(firsts, expected);
                if compress && !takeover && parts == [&part, &part] {
                    assert!(sent[1].1.len() * 2 < sent[0].1.len(), "it repeats the first");
                }
                let payload: Vec<u8> = sent.into_iter().flat_map(|(_, payload)| payload).collect();
                if compress {
                    if !takeover {
                        inflater.forget();
                    }
                    assert!(inflater.message(&payload) == message.as_bytes(), "{parts:?}");
                } else {
                    assert!(payload == message.as_bytes());
                }
            }
        }
    }
}

// 7692-7.2.3.6-a
#[test]
fn an_empty_message_and_an_empty_last_fragment_are_one_byte() {
    use Fragment::{Last, More};
    let mut ends = Ends::new(true, Config::new());
    for _ in 0..2 {
        let part = json(10);
        let sent = both!(ends, &[text(&part)], |websocket, outbox| {
            websocket.send_text_fragment(&part, More, outbox).unwrap();
            websocket.send_text_fragment("", Last, outbox).unwrap();
        });
        assert_eq!(sent[1], (FIN | CONTINUATION, vec![0]));
    }
    let sent = both!(ends, &[text("")], |websocket, outbox| {
        websocket.send_text_fragment("", More, outbox).unwrap();
        websocket.send_text_fragment("", Last, outbox).unwrap();
    });
    assert_eq!(sent.last(), Some(&(FIN | CONTINUATION, vec![0])));
}

// 7692-6-b, 7692-6-c, 7692-6-g, P-fe-c
#[test]
fn long_messages_are_compressed_piece_by_piece() {
    let message = json(100);
    for size in [1, 2, 7, 100, 1000] {
        let mut ends = Ends::new(true, Config::new());
        let mut inflater = Inflater::new(15);
        for _ in 0..2 {
            let sent = both!(ends, &[text(&message)], |websocket, outbox| {
                for (piece, fragment) in Fragment::split_text(&message, size) {
                    websocket.send_text_fragment(piece, fragment, outbox).unwrap();
                }
            });
            assert_eq!(sent.len(), message.len().div_ceil(size));
            let last = sent.len() - 1;
            for (index, (first, _)) in sent.iter().enumerate() {
                let opcode = if index == 0 { RSV1 | TEXT } else { CONTINUATION };
                assert_eq!(*first, if index == last { FIN | opcode } else { opcode });
            }
            let payload: Vec<u8> = sent.into_iter().flat_map(|(_, payload)| payload).collect();
            assert!(inflater.message(&payload) == message.as_bytes());
        }
    }
}

// 7692-6-e, P-fe-b
#[test]
fn a_full_outbox_loses_no_data() {
    use Fragment::{Last, More};
    for takeover in [false, true] {
        let mut ends = Ends::new(takeover, Config::new());
        let (one, two) = (json(10), json(11));
        for _ in 0..3 {
            both!(ends, &[text(&one)], |websocket, outbox| {
                websocket.send_text(&one, outbox).unwrap();
            });
            // A message in one frame that does not fit, then one that does.
            both!(ends, &[text(&two)], |websocket, outbox| {
                let mut small = FixedOutbox::over([0; 10]);
                let error = websocket.send_text(&two, &mut small).unwrap_err();
                assert!(matches!(error, Error::OutboxFull { .. }));
                assert_eq!(small.bytes(), b"");
                websocket.send_text(&two, outbox).unwrap();
            });
            // A fragment that does not fit, in the middle of a message.
            let parts = [&one[..], &two, &one, ""];
            both!(ends, &[text(&parts.concat())], |websocket, outbox| {
                for (index, part) in parts.iter().enumerate() {
                    let fragment = if index == 3 { Last } else { More };
                    for _ in 0..2 {
                        let mut none = FixedOutbox::over([0; 1]);
                        let full = websocket.send_text_fragment(part, fragment, &mut none);
                        assert!(matches!(full, Err(Error::OutboxFull { .. })), "{full:?}");
                    }
                    websocket.send_text_fragment(part, fragment, outbox).unwrap();
                }
            });
        }
    }
}

// 7692-7.2.1-d, 7692-6-e, P-pd-h
#[test]
fn prepared_messages() {
    let message = json(30);
    let deflate = policy(true).send_window(12);
    let plain = Prepared::text(&message);
    let prepared = Prepared::text(&message).compressed(&deflate);
    let enlarged = Prepared::binary(&noise(500)).compressed(&deflate);
    for takeover in [false, true] {
        for (window, is_compressed) in [(15, true), (12, true), (11, false), (9, false)] {
            let policy = policy(takeover).send_window(window);
            let (mut server, mut client) = connect(&policy, &policy, Config::new());
            for round in 0..3 {
                let mut outbox = Vec::new();
                server.send_prepared(&prepared, &mut outbox).unwrap();
                assert_eq!(outbox, server.frame_prepared(&prepared).unwrap());
                assert_eq!(outbox[0], if is_compressed { 0xc1 } else { 0x81 });
                assert_eq!(outbox.len() * 8 < message.len(), is_compressed);
                if is_compressed {
                    let payload = &frames(&outbox)[0].1;
                    assert_eq!(Inflater::new(12).message(payload), message.as_bytes());
                }
                server.send_prepared(&plain, &mut outbox).unwrap();
                server.send_text(&message, &mut outbox).unwrap();
                server.send_prepared(&enlarged, &mut outbox).unwrap();
                server.send_text(&message, &mut outbox).unwrap();
                server.set_compression(round == 1);
                server.send_prepared(&prepared, &mut outbox).unwrap();
                server.set_compression(true);
                let message = text(&message);
                let noise = binary(&noise(500));
                let expected = [&message, &message, &message, &noise, &message, &message];
                let outcome = hear_at(&mut client, &outbox, &Cut::Every(50), WAYS[round % 2]);
                assert_eq!(outcome.error, None);
                assert!(outcome.heard.iter().eq(expected));
            }
        }
    }
    // Without compression.
    let mut server = Connection::server(Config::new());
    assert_eq!(server.compression(), None);
    server.set_compression(true);
    let mut outbox = Vec::new();
    server.send_prepared(&prepared, &mut outbox).unwrap();
    assert_eq!(frames(&outbox), [(0x81, message.into_bytes())]);
}

// P-se-f
#[test]
fn debug_of_a_connection_omits_its_windows() {
    let (mut server, mut client) = connect(&policy(true), &policy(true), Config::new());
    let mut outbox = Vec::new();
    let secrets = "Secret5f1c".repeat(20);
    server.send_text(&secrets, &mut outbox).unwrap();
    let mut inbox = Inbox::with_capacity(64);
    assert_eq!(inbox.copy_from(&outbox), outbox.len());
    let event = client.receive(&mut inbox, &mut Vec::new());
    assert_eq!(event, Ok(Some(Event::Text(&secrets))));
    for (shown, codec) in
        [(format!("{server:?}"), "Some(Compressor("), (format!("{client:?}"), "Some(Decompressor(")]
    {
        assert!(shown.contains(codec) && shown.contains("Pool("), "{shown}");
        assert!(!shown.contains("Secret"), "{shown}");
    }
}

/// Whether a connection holds a compressor and a decompressor.
fn holds(connection: &impl std::fmt::Debug) -> [bool; 2] {
    let text = format!("{connection:?}");
    ["compressor: Some(Compressor(", "decompressor: Some(Decompressor("]
        .map(|codec| text.contains(codec))
}

// P-pd-j
#[test]
fn codecs_are_returned_as_soon_as_a_close_ends_their_use() {
    for reply in [CloseReply::Automatic, CloseReply::Manual] {
        let config = Config::new().close_reply(reply);
        let (mut server, mut client) = connect(&policy(true), &policy(true), config);
        let (text, mut outbox) = ("Hello ".repeat(20), Vec::new());
        server.send_text(&text, &mut outbox).unwrap();
        assert_eq!(hear_at(&mut client, &outbox, &Cut::Whole, How::Whole).error, None);
        outbox.clear();
        client.send_text(&text, &mut outbox).unwrap();
        assert_eq!(hear_at(&mut server, &outbox, &Cut::Whole, How::Whole).error, None);
        assert_eq!([holds(&server), holds(&client)], [[true, true]; 2]);
        // The server sends nothing more, and the client receives nothing more.
        outbox.clear();
        server.close(CloseCode::NORMAL, "", &mut outbox).unwrap();
        assert_eq!(holds(&server), [false, true]);
        let outcome = hear_at(&mut client, &outbox, &Cut::Whole, How::Whole);
        let replies = reply == CloseReply::Automatic;
        assert_eq!(holds(&client), [!replies, false]);
        let mut outbox = outcome.outbox;
        if !replies {
            client.close(CloseCode::NORMAL, "", &mut outbox).unwrap();
            assert_eq!(holds(&client), [false; 2]);
        }
        assert_eq!(hear_at(&mut server, &outbox, &Cut::Whole, How::Whole).error, None);
        assert_eq!(holds(&server), [false; 2]);
    }
}

#[test]
fn a_message_is_compressed_only_if_that_is_shorter() {
    let policy = policy(false);
    let (mut server, _) = connect(&policy, &policy, Config::new());
    let mut equal = 0;
    for length in 1..20 {
        for zeros in 0..20 {
            let payload = [noise(length), vec![0; zeros]].concat();
            let compressed = server.compress(&payload).unwrap().len();
            equal += usize::from(compressed == payload.len());
            let prepared = Prepared::binary(&payload).compressed(&policy);
            let mut outbox = Vec::new();
            server.send_prepared(&prepared, &mut outbox).unwrap();
            let marked = if compressed < payload.len() { RSV1 } else { 0 };
            assert_eq!(outbox[0], FIN | marked | BINARY);
            outbox.clear();
            server.send_binary(&payload, &mut outbox).unwrap();
            assert_eq!(outbox[0], FIN | marked | BINARY);
        }
    }
    assert!(equal > 0, "no payload is as long as its compressed form");
}

// 7692-6-c, 7692-6-g
#[test]
fn control_frames_are_never_compressed() {
    let mut ends = Ends::new(true, Config::new());
    let payload = [b'a'; 125];
    let pong = Heard::Pong(payload.to_vec());
    let sent = both!(ends, &[pong.clone(), pong.clone(), text("aa")], |websocket, outbox| {
        websocket.send_pong(&payload, outbox).unwrap();
        websocket.send_text_fragment("a", Fragment::More, outbox).unwrap();
        websocket.send_pong(&payload, outbox).unwrap();
        websocket.send_text_fragment("a", Fragment::Last, outbox).unwrap();
    });
    assert_eq!(sent[0], (0x8a, payload.to_vec()));
    assert_eq!(sent[2], (0x8a, payload.to_vec()));
}

// F-13
#[test]
fn a_very_large_message_in_parts() {
    let mut ends = Ends::new(true, Config::new().max_message_size(u64::MAX));
    let part = noise(300_000);
    let message = part.repeat(10);
    both!(ends, &[binary(&message)], |websocket, outbox| {
        for _ in 0..10 {
            websocket.send_binary_fragment(&part, Fragment::More, outbox).unwrap();
        }
        websocket.send_binary_fragment(b"", Fragment::Last, outbox).unwrap();
    });
}

// G-19
#[test]
fn a_connection_that_closes_while_it_sends_shares_no_compressor_with_the_next() {
    let policy = policy(true);
    let mut first = Ends::of(&policy, Config::new());
    let mut outbox = Vec::new();
    first
        .server
        .send_text_fragment("the secret of the first", Fragment::More, &mut outbox)
        .unwrap();
    first.server.close(CloseCode::NORMAL, "", &mut outbox).unwrap();
    let closed = outbox.clone();
    let late = first.server.send_text_fragment("late", Fragment::Last, &mut outbox);
    assert_eq!(late, Err(Misuse::NotOpen.into()));
    assert_eq!(outbox, closed);

    // The two next connections send at the same time, while the first one is still there.
    let mut others = [Ends::of(&policy, Config::new()), Ends::of(&policy, Config::new())];
    let mut outboxes = [Vec::new(), Vec::new()];
    for fragment in [Fragment::More, Fragment::More, Fragment::Last] {
        for (index, (ends, outbox)) in others.iter_mut().zip(&mut outboxes).enumerate() {
            let piece = format!("the secret of number {index}. ").repeat(20);
            ends.server.send_text_fragment(&piece, fragment, outbox).unwrap();
        }
    }
    for (index, (ends, outbox)) in others.iter_mut().zip(&outboxes).enumerate() {
        let expected = format!("the secret of number {index}. ").repeat(60);
        assert_heard(&mut ends.client, outbox, &[text(&expected)]);
    }
}
