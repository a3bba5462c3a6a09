//! Limits: each at its value and one above, in both directions.

use hybi::{Config, Error, Inbox, InboxFull, LimitExceeded, Overrun, Pongs, State};

use crate::support::{
    feed::{Cut, Outcome, binary, client, feed, feed_chunks, feed_fixed, receive, server},
    wire::{BINARY, BOTH, CLOSE, CONTINUATION, FIN, From, PING, TEXT, close_body, frame, header},
};

fn assert_refused(outcome: &Outcome, to: From, limit: LimitExceeded, code: u16) {
    assert_eq!(outcome.error, Some(Error::Limit(limit)));
    assert_eq!(limit.close_code().get(), code);
    assert_eq!(outcome.state, State::Failed);
    assert_eq!(outcome.heard, []);
    assert_eq!(outcome.outbox, frame(to, FIN | CLOSE, &close_body(code, "")));
}

fn other(from: From) -> From {
    if from == From::Client { From::Server } else { From::Client }
}

// 6455-10.4-a, P-fd-a, 6455-10.4-d, L-01
#[test]
fn the_size_of_a_frame() {
    let config = Config::new().max_frame_size(200);
    for from in BOTH {
        let data = [1; 200];
        let bytes = frame(from, FIN | BINARY, &data);
        for cut in Cut::all(bytes.len()) {
            assert_eq!(feed(from, config, &bytes, &cut).heard, [binary(&data)]);
        }
        // The header is refused before any payload arrives.
        for size in [201, 65_535, 65_536, 1 << 62, (1 << 63) - 1] {
            let bytes = header(from, FIN | BINARY, size);
            let limit = LimitExceeded::FrameSize { size, limit: 200 };
            for cut in Cut::all(bytes.len()) {
                assert_refused(&feed(from, config, &bytes, &cut), other(from), limit, 1009);
                assert_refused(&feed_chunks(from, config, &bytes, &cut), other(from), limit, 1009);
            }
            let incomplete = feed(from, config, &bytes[..bytes.len() - 1], &Cut::Whole);
            assert_eq!(incomplete.error, None);
        }
    }
}

// 6455-10.4-a, 6455-10.4-c, P-fd-a
#[test]
fn limits_apply_to_a_complete_message_in_one_frame() {
    for from in BOTH {
        let bytes = frame(from, FIN | TEXT, &[b'x'; 100]);
        let all = |size, fragments| {
            let config = Config::new().max_frame_size(size).max_message_size(size);
            config.max_fragments(fragments)
        };
        for (config, limit) in [
            (all(100, 1), None),
            (
                all(1000, 1).max_frame_size(99),
                Some(LimitExceeded::FrameSize { size: 100, limit: 99 }),
            ),
            (
                all(1000, 1).max_message_size(99),
                Some(LimitExceeded::MessageSize { size: 100, limit: 99 }),
            ),
            (all(100, 0), Some(LimitExceeded::Fragments { limit: 0 })),
        ] {
            // In an inbox that holds all of it at once.
            let inbox = Inbox::with_capacity(4096);
            let outcome = match from {
                From::Client => receive(&mut server(config), inbox, &bytes, &Cut::Whole),
                From::Server => receive(&mut client(config), inbox, &bytes, &Cut::Whole),
            };
            match limit {
                None => assert_eq!(outcome.heard.len(), 1),
                Some(limit) => {
                    assert_refused(&outcome, other(from), limit, limit.close_code().get());
                }
            }
        }
    }
}

// 6455-10.4-c, E-07, E-08, E-09, E-10, D-01, L-03
#[test]
fn the_size_of_a_message() {
    let config = Config::new().max_message_size(10);
    for from in BOTH {
        let mut bytes = frame(from, BINARY, b"12345");
        bytes.extend(frame(from, CONTINUATION, b""));
        let mut fits = bytes.clone();
        fits.extend(frame(from, FIN | CONTINUATION, b"67890"));
        assert_eq!(feed(from, config, &fits, &Cut::Every(1)).heard, [binary(b"1234567890")]);

        // The limit applies to the sum with the declared length, which cannot overflow.
        for size in [6, 100, (1 << 63) - 1] {
            let mut exceeds = bytes.clone();
            exceeds.extend(header(from, CONTINUATION, size));
            let limit = LimitExceeded::MessageSize { size: 5 + size, limit: 10 };
            let config = config.max_frame_size(u64::MAX);
            assert_refused(&feed(from, config, &exceeds, &Cut::Every(3)), other(from), limit, 1009);
        }
    }
}

// D-01, D-04, P-fd-c, D-05
#[test]
fn sums_of_lengths_do_not_overflow_without_limits() {
    let config = Config::new().max_frame_size(u64::MAX).max_message_size(u64::MAX);
    for from in BOTH {
        for size in [1 << 31, 1 << 62, (1 << 63) - 1] {
            let bytes = header(from, FIN | BINARY, size);
            let outcome = feed_chunks(from, config, &[&bytes[..], &[0; 100]].concat(), &Cut::Whole);
            assert_eq!((outcome.error, outcome.state), (None, State::Open));
        }
    }
}

// P-fd-a, P-fd-c
#[test]
fn a_message_that_no_memory_can_hold_is_refused_at_its_header() {
    let config = Config::new().max_frame_size(u64::MAX).max_message_size(u64::MAX);
    // No allocation has more bytes than `isize::MAX`: 2 GiB less one with addresses of 32 bits.
    let limit = isize::MAX as u64 - 1;
    for from in BOTH {
        for size in [1 << 30, (1 << 31) - 2, (1 << 31) - 1, 1 << 31, 1 << 62, (1 << 63) - 1] {
            let bytes = header(from, FIN | BINARY, size);
            let outcome = feed(from, config, &bytes, &Cut::Whole);
            if size <= limit {
                assert_eq!((outcome.error, outcome.state), (None, State::Open));
            } else {
                let exceeds = LimitExceeded::InboxSize { size, limit };
                assert_refused(&outcome, other(from), exceeds, 1009);
            }
        }
    }
}

// P-ra-a, E-11, E-13
#[test]
fn the_number_of_fragments() {
    let config = Config::new().max_fragments(4);
    for from in BOTH {
        for payload in [&b""[..], b"x"] {
            let first = frame(from, TEXT, payload);
            let next = frame(from, CONTINUATION, payload);
            let last = frame(from, FIN | CONTINUATION, payload);
            let ping = frame(from, FIN | PING, b"");
            let fits = [&first[..], &next, &ping, &next, &last, &first, &last].concat();
            let outcome = feed(from, config, &fits, &Cut::Whole);
            assert_eq!((outcome.error, outcome.heard.len()), (None, 3));
            let exceeds = [&first[..], &next, &next, &next, &last].concat();
            let limit = LimitExceeded::Fragments { limit: 4 };
            assert_refused(&feed(from, config, &exceeds, &Cut::Whole), other(from), limit, 1008);
        }
    }
}

// As in the table of limits in the README.
#[test]
fn the_default_limits_are_the_documented_ones() {
    let documented = Config::new()
        .max_message_size(16_777_216)
        .max_frame_size(16_777_216)
        .max_fragments(131_072)
        .outbox_high_water(33_554_432)
        .pongs(Pongs::All { max_backlog: 65_536 });
    assert_eq!(Config::new(), documented);
    assert_eq!(Config::default(), documented);
}

// 6455-10.4-b, E-03, E-04, E-05, E-06, L-01
#[test]
fn common_messages_are_within_the_default_limits() {
    let large = vec![b'a'; 16 * 1024 * 1024];
    let outcome = feed(
        From::Client,
        Config::new(),
        &frame(From::Client, FIN | BINARY, &large),
        &Cut::Every(65_536),
    );
    assert!(outcome.heard == [binary(&large)], "16 MiB");

    let mut bytes = frame(From::Client, BINARY, &large[..64]);
    for _ in 1..65_535 {
        bytes.extend(frame(From::Client, CONTINUATION, &large[..64]));
    }
    bytes.extend(frame(From::Client, FIN | CONTINUATION, &large[..64]));
    let outcome = feed(From::Client, Config::new(), &bytes, &Cut::Every(4096));
    assert!(outcome.heard == [binary(&large[..4 * 1024 * 1024])], "4 MiB in 65,536 fragments");

    let size = 16 * 1024 * 1024 + 1;
    let outcome =
        feed(From::Client, Config::new(), &header(From::Client, FIN | BINARY, size), &Cut::Whole);
    let limit = LimitExceeded::FrameSize { size, limit: size - 1 };
    assert_eq!(outcome.error, Some(limit.into()));
    let endless = frame(From::Client, CONTINUATION, b"").repeat(131_072);
    let bytes = [frame(From::Client, TEXT, b""), endless].concat();
    let outcome = feed(From::Client, Config::new(), &bytes, &Cut::Every(60_000));
    assert_eq!(outcome.error, Some(LimitExceeded::Fragments { limit: 131_072 }.into()));
}

// P-fd-a
#[test]
fn a_message_too_large_for_a_fixed_inbox_is_refused() {
    for from in BOTH {
        // A single frame may fill the inbox.
        let whole = frame(from, FIN | BINARY, &[1; 200]);
        for cut in [Cut::Every(1), Cut::Every(64), Cut::Whole] {
            let outcome = feed_fixed::<200>(from, Config::new(), &whole, &cut);
            assert_eq!(outcome.heard, [binary(&[1; 200])], "{cut:?}");
        }
        let limit = LimitExceeded::InboxSize { size: 201, limit: 200 };
        let bytes = header(from, FIN | BINARY, 201);
        let outcome = feed_fixed::<200>(from, Config::new(), &bytes, &Cut::Whole);
        assert_refused(&outcome, other(from), limit, 1009);

        // Before the last fragment, 139 bytes are reserved for a control frame.
        let ping = frame(from, FIN | PING, &[b'?'; 125]);
        let exact =
            [&frame(from, BINARY, &[1; 61])[..], &ping, &frame(from, FIN, &[2; 139])].concat();
        let outcome = feed_fixed::<200>(from, Config::new(), &exact, &Cut::Every(1));
        assert_eq!((outcome.error, outcome.heard.len()), (None, 2));
        let whole = feed_fixed::<200>(from, Config::new(), &exact, &Cut::Whole);
        assert_eq!(whole.heard, outcome.heard);

        let limit = LimitExceeded::InboxSize { size: 62, limit: 61 };
        let bytes = header(from, BINARY, 62);
        let outcome = feed_fixed::<200>(from, Config::new(), &bytes, &Cut::Whole);
        assert_refused(&outcome, other(from), limit, 1009);

        // An inbox smaller than a control frame.
        let limit = LimitExceeded::InboxSize { size: ping.len() as u64, limit: 100 };
        let outcome = feed_fixed::<100>(from, Config::new(), &ping, &Cut::Whole);
        assert_refused(&outcome, other(from), limit, 1009);
    }
}

#[test]
fn a_full_inbox_has_no_spare_room() {
    let mut inbox = Inbox::over([0; 8]);
    assert_eq!(inbox.copy_from(&[0; 10]), 8);
    assert_eq!(inbox.spare(), Err(InboxFull));
    let error = inbox.read_from(&mut &[0; 10][..]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::OutOfMemory);
    let mut growing = Inbox::with_capacity(8);
    assert_eq!(growing.copy_from(&[0; 10]), 8, "an inbox grows only for a message");
}

#[test]
fn the_spare_room_is_bounded() {
    const MAX_READ: usize = 24 * 1024;
    const MAX_LARGE_READ: usize = 256 * 1024;
    for initial in [1024, MAX_READ + 1, MAX_LARGE_READ + 1] {
        let (usual, most) = (initial.max(MAX_READ), initial.max(MAX_LARGE_READ));
        let (mut websocket, mut outbox) = (server(Config::new()), Vec::new());
        let mut inbox = Inbox::with_capacity(initial);
        let message = frame(From::Client, FIN | BINARY, &vec![7; 1 << 20]);
        let mut rest = &message[..];
        while !rest.is_empty() {
            let missing = rest.len();
            let room = inbox.spare().unwrap().len();
            assert!((1..=most).contains(&room), "{room} bytes at once");
            // A read that completes the message is short, which shows that nothing is left.
            if missing < message.len() && room >= missing {
                assert!((missing + 1..=usual.max(missing + 64)).contains(&room), "{room}");
            }
            inbox.read_from(&mut rest).unwrap();
            let event = websocket.receive(&mut inbox, &mut outbox).unwrap();
            assert_eq!(event.is_some(), rest.is_empty());
        }
        // The length of the next message is not known, although there is room for a mebibyte.
        assert_eq!(inbox.spare().unwrap().len(), usual);
    }
}

/// The message is received, delivered and received again, as by a server that echoes.
#[test]
fn a_mebibyte_takes_few_reads() {
    let (mut websocket, mut outbox) = (server(Config::new()), Vec::new());
    let mut inbox = Inbox::with_capacity(16 * 1024);
    let message = frame(From::Client, FIN | BINARY, &vec![7; 1 << 20]);
    let mut reads = [0; 3];
    for reads in &mut reads {
        let mut rest = &message[..];
        while !rest.is_empty() {
            inbox.read_from(&mut rest).unwrap();
            *reads += 1;
            websocket.receive(&mut inbox, &mut outbox).unwrap();
        }
    }
    // 16 KiB, the same again, twice as much each time up to 256 KiB three times, and the header's 14 bytes.
    // Then, with the memory of the first message: 24 KiB, 256 KiB three times, and the rest.
    assert_eq!(reads, [9, 5, 5]);
}

// J-03
#[test]
fn committing_more_than_the_room_is_an_error() {
    let mut inbox = Inbox::over([0; 8]);
    inbox.commit(3).unwrap();
    let refused = Err(Overrun { count: 6, available: 5 });
    assert_eq!(inbox.commit(6), refused);
    inbox.commit(5).unwrap();
    assert!(inbox.commit(usize::MAX).is_err());
    assert_eq!(inbox.unread(), [0; 8]);
}

// L-04
#[test]
fn a_failed_connection_stays_failed() {
    let mut websocket = server(Config::new());
    for _ in 0..3 {
        let outcome = receive(&mut websocket, Inbox::with_capacity(8), b"\xff\xff", &Cut::Whole);
        assert_eq!(outcome.heard, []);
        assert_eq!(outcome.state, State::Failed);
    }
}
