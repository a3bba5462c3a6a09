//! Receiving messages: any split of a stream delivers the same, in both directions.

use hybi::{Config, Error, Fragment, Inbox, Misuse, State, Violation};

use crate::support::{
    feed::{Cut, Heard, binary, client, feed, feed_chunks, feed_fixed, text},
    wire::{BINARY, BOTH, CONTINUATION, FIN, From, PING, PONG, TEXT, frame},
};

type Frames<'a> = &'a [(u8, &'a [u8])];

fn stream(from: From, frames: Frames<'_>) -> Vec<u8> {
    frames.iter().flat_map(|(first, payload)| frame(from, *first, payload)).collect()
}

/// Feeds the frames in every way and checks the events.
fn check(name: &str, frames: Frames<'_>, expected: &[Heard]) {
    for from in BOTH {
        let bytes = stream(from, frames);
        let trailing = [&bytes[..], &frame(from, FIN | TEXT, b"next")[..3]].concat();
        for cut in Cut::all(bytes.len()) {
            let whole = feed(from, Config::new(), &bytes, &cut);
            assert_eq!(whole.heard, expected, "{name} from {from:?}, {cut:?}");
            assert_eq!((whole.error, whole.state), (None, State::Open), "{name}");

            let fixed = feed_fixed::<800>(from, Config::new(), &bytes, &cut);
            assert_eq!(fixed, whole, "{name} from {from:?} in a fixed inbox, {cut:?}");
            let chunks = feed_chunks(from, Config::new(), &bytes, &cut);
            assert_eq!(chunks, whole, "{name} from {from:?} in chunks, {cut:?}");
            let trailing = feed(from, Config::new(), &trailing, &cut);
            assert_eq!(trailing, whole, "{name} from {from:?} with trailing data, {cut:?}");
        }
    }
}

// 6455-6.2-a, 6455-5.2-f, 6455-6.2-b
#[test]
fn the_examples_of_section_5_7() {
    let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(frame(From::Client, FIN | TEXT, b"Hello"), masked);
    let unmasked = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    assert_eq!(frame(From::Server, FIN | TEXT, b"Hello"), unmasked);

    let hello = [text("Hello")];
    let fragmented = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
    for bytes in [&unmasked[..], &fragmented] {
        assert_eq!(feed(From::Server, Config::new(), bytes, &Cut::Whole).heard, hello);
    }
    assert_eq!(feed(From::Client, Config::new(), &masked, &Cut::Whole).heard, hello);

    let ping = [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    let outcome = feed(From::Server, Config::new(), &ping, &Cut::Whole);
    assert_eq!(outcome.heard, [Heard::Ping(b"Hello".into())]);
    // The example of the pong that answers it.
    let pong = [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(outcome.outbox, pong);
}

// 6455-5.2-c, P-fd-d, P-mk-a
#[test]
#[cfg_attr(miri, ignore)] // too many bytes
fn every_length_form() {
    for length in [0, 1, 125, 126, 127, 255, 256] {
        let data: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect();
        check(&format!("{length} bytes"), &[(FIN | BINARY, &data)], &[binary(&data)]);
    }
    for length in [65_535, 65_536, 65_537] {
        let data = vec![b'x'; length];
        for from in BOTH {
            let bytes = frame(from, FIN | BINARY, &data);
            for cut in [Cut::Whole, Cut::Every(1), Cut::Every(1000), Cut::At(5), Cut::At(9)] {
                let outcome = feed(from, Config::new(), &bytes, &cut);
                assert_eq!(outcome.heard, [binary(&data)], "{length} from {from:?}, {cut:?}");
                assert_eq!(feed_chunks(from, Config::new(), &bytes, &cut), outcome);
            }
        }
    }
}

// 6455-5.4-h, 6455-6.2-c, 6455-6.2-d, 6455-5.4-m, 6455-5.4-a, 6455-5.4-k
#[test]
fn fragments_are_reassembled() {
    check("two", &[(TEXT, b"Hel"), (FIN | CONTINUATION, b"lo")], &[text("Hello")]);
    check(
        "four, and the next message",
        &[
            (BINARY, b"a"),
            (CONTINUATION, b"bc"),
            (CONTINUATION, b"def"),
            (FIN | CONTINUATION, b"g"),
            (FIN | TEXT, b"next"),
        ],
        &[binary(b"abcdefg"), text("next")],
    );
    check(
        "empty first, middle and last",
        &[(TEXT, b""), (CONTINUATION, b""), (CONTINUATION, b"x"), (FIN | CONTINUATION, b"")],
        &[text("x")],
    );
    check("all empty", &[(TEXT, b""), (CONTINUATION, b""), (FIN | CONTINUATION, b"")], &[text("")]);
    check("empty", &[(FIN | TEXT, b""), (FIN | BINARY, b"")], &[text(""), binary(b"")]);
}

// 6455-5.4-l, 6455-5.5.3-c
#[test]
fn control_frames_between_fragments_leave_the_message_intact() {
    let long = [b'.'; 125];
    check(
        "pongs",
        &[
            (TEXT, b"one "),
            (FIN | PONG, b""),
            (CONTINUATION, b"two "),
            (FIN | PONG, &long),
            (FIN | PONG, b"\xff\xfe"),
            (FIN | CONTINUATION, b"three"),
        ],
        &[
            Heard::Pong(vec![]),
            Heard::Pong(long.into()),
            Heard::Pong(b"\xff\xfe".into()),
            text("one two three"),
        ],
    );
    check(
        "pings",
        &[(BINARY, b"one "), (FIN | PING, b"?"), (FIN | CONTINUATION, b"two")],
        &[Heard::Ping(b"?".into()), binary(b"one two")],
    );
}

// 6455-5.6-a, 3629-3-b, 6455-8.1-a
#[test]
fn fragments_may_split_characters() {
    let whole = "κόσμε \u{0} \u{fffe}\u{ffff} \u{feff}\u{10ffff} é 𝄞";
    for split in (0..=whole.len()).step_by(if cfg!(miri) { 13 } else { 1 }) {
        let (head, tail) = whole.as_bytes().split_at(split);
        check("cut", &[(TEXT, head), (FIN | CONTINUATION, tail)], &[text(whole)]);
    }
    let each: Vec<(u8, &[u8])> = whole.as_bytes().chunks(1).map(|b| (CONTINUATION, b)).collect();
    let frames = [&[(TEXT, &b""[..])], &each[..], &[(FIN | CONTINUATION, &b""[..])]].concat();
    check("byte by byte", &frames, &[text(whole)]);
}

// 6455-5.6-b, P-u8-b
#[test]
fn binary_data_and_pings_need_not_be_utf8() {
    check("invalid", &[(FIN | BINARY, b"\xff\xc0\x80")], &[binary(b"\xff\xc0\x80")]);
    check("ping", &[(FIN | PING, b"\xff\xc0\x80")], &[Heard::Ping(b"\xff\xc0\x80".into())]);
}

// P-fd-g
#[test]
fn a_masking_key_of_zero_is_valid() {
    let bytes = [0x81, 0x82, 0, 0, 0, 0, b'h', b'i'];
    assert_eq!(feed(From::Client, Config::new(), &bytes, &Cut::Whole).heard, [text("hi")]);
}

// 6455-5.4-b
#[test]
fn chunks_are_delivered_before_the_frame_is_complete() {
    use hybi::{ChunkEvent, Inbox};
    let mut websocket = crate::support::feed::server(Config::new());
    let mut inbox = Inbox::over([0; 64]);
    let mut outbox = Vec::new();
    let bytes = frame(From::Client, FIN | TEXT, "na\u{ef}ve".as_bytes());

    assert_eq!(inbox.copy_from(&bytes[..9]), 9); // the header, "na", and half of "ï"
    let chunk = websocket.receive_chunk(&mut inbox, &mut outbox).unwrap();
    assert_eq!(chunk, Some(ChunkEvent::Text { text: "na", fragment: Fragment::More }));
    assert_eq!(websocket.receive_chunk(&mut inbox, &mut outbox).unwrap(), None);
    assert_eq!(
        websocket.receive(&mut inbox, &mut outbox),
        Err(Misuse::ChunksPending.into()),
        "the rest is not a message"
    );
    assert_eq!(inbox.copy_from(&bytes[9..]), 3);
    let chunk = websocket.receive_chunk(&mut inbox, &mut outbox).unwrap();
    assert_eq!(chunk, Some(ChunkEvent::Text { text: "\u{ef}ve", fragment: Fragment::Last }));
}

#[test]
fn a_message_begun_in_chunks_is_not_delivered_whole() {
    use hybi::{ChunkEvent, Inbox};
    for closes in [false, true] {
        let mut websocket = crate::support::feed::server(Config::new().deliver_while_closing(true));
        let mut inbox = Inbox::over([0; 200]);
        let mut outbox = Vec::new();
        let bytes = frame(From::Client, FIN | BINARY, b"one two");
        assert_eq!(inbox.copy_from(&bytes[..9]), 9);
        assert_eq!(websocket.receive(&mut inbox, &mut outbox).unwrap(), None);
        let chunk = websocket.receive_chunk(&mut inbox, &mut outbox).unwrap();
        assert_eq!(chunk, Some(ChunkEvent::Binary { data: b"one", fragment: Fragment::More }));
        if closes {
            websocket.close_without_code(&mut outbox).unwrap();
        }
        assert_eq!(inbox.copy_from(&bytes[9..]), 4);
        let pending = Err(Misuse::ChunksPending.into());
        assert_eq!(websocket.receive(&mut inbox, &mut outbox), pending);
        let chunk = websocket.receive_chunk(&mut inbox, &mut outbox).unwrap();
        assert_eq!(chunk, Some(ChunkEvent::Binary { data: b" two", fragment: Fragment::Last }));
    }
}

#[test]
fn the_rest_of_a_message_begun_in_chunks_is_dropped_after_our_close() {
    use hybi::Inbox;
    let mut websocket = crate::support::feed::server(Config::new());
    let mut inbox = Inbox::over([0; 200]);
    let mut outbox = Vec::new();
    let bytes = frame(From::Client, FIN | BINARY, b"one two");
    assert_eq!(inbox.copy_from(&bytes[..9]), 9);
    assert!(websocket.receive_chunk(&mut inbox, &mut outbox).unwrap().is_some());
    websocket.close_without_code(&mut outbox).unwrap();
    assert_eq!(inbox.copy_from(&bytes[9..]), 4);
    assert_eq!(websocket.receive(&mut inbox, &mut outbox).unwrap(), None);
    assert!(inbox.is_empty());
}

// P-ra-d
#[test]
#[cfg_attr(miri, ignore)] // too many bytes
fn a_message_larger_than_memory_is_received_in_chunks() {
    use hybi::{ChunkEvent, Inbox};
    let config = Config::new().max_message_size(u64::MAX).max_frame_size(u64::MAX);
    let mut websocket = crate::support::feed::server(config);
    let mut inbox = Inbox::over([0; 4096]);
    let mut outbox = Vec::new();
    let total = 10 * 1024 * 1024 * 1024_u64; // declares 10 GiB, of which 64 MiB are sent
    let _ = inbox.copy_from(&crate::support::wire::header(From::Client, FIN | BINARY, total));
    let mut received = 0;
    while received < 64 * 1024 * 1024 {
        let spare = inbox.spare().unwrap().len();
        assert!(spare > 0);
        inbox.commit(spare).unwrap();
        while let Some(event) = websocket.receive_chunk(&mut inbox, &mut outbox).unwrap() {
            let ChunkEvent::Binary { data, fragment: Fragment::More } = event else {
                panic!("{event:?}")
            };
            received += data.len();
        }
    }
}

// P-u8-a: text is UTF-8, even if the caller mixes up inboxes.
#[test]
fn text_is_valid_even_if_the_inbox_is_changed_inside_a_message() {
    let half = |first: u8, payload: &[u8]| {
        let mut websocket = client(Config::new());
        let mut inbox = Inbox::with_capacity(64);
        let bytes = [&[first, 8][..], payload].concat();
        assert_eq!(inbox.copy_from(&bytes), bytes.len());
        assert_eq!(websocket.receive(&mut inbox, &mut Vec::new()).unwrap(), None);
        (websocket, inbox)
    };
    for held in [&b"abcd"[..], b"abc\xe2", b"ab\xe2\x82", b""] {
        for other in [&b"\xff\xff\xff\xff"[..], b"abc\xff", b"\xff\xe2\x82", b"abcd\xff\xff"] {
            let (mut text, _) = half(0x81, held);
            let (_, mut inbox) = half(0x82, other);
            let rest: &[u8] = match held {
                b"abcd" => b"efgh",
                b"abc\xe2" => b"\x82\xacde",
                b"ab\xe2\x82" => b"\xacdef",
                _ => b"abcdefgh",
            };
            assert_eq!(inbox.copy_from(rest), rest.len());
            // If the other inbox holds as many bytes, the change is not detected, but they do not
            // count as text.
            let expected: Error = if held.len() == other.len() {
                Violation::TextNotUtf8.into()
            } else {
                Misuse::InboxChanged.into()
            };
            assert_eq!(text.receive(&mut inbox, &mut Vec::new()), Err(expected));
        }
    }
}
