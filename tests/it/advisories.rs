//! Published vulnerabilities of other implementations. Each test sends the input that an advisory
//! describes, reconstructed by hand, and checks what an endpoint does instead. Others are tested next to
//! what they concern: memory in `tests/memory`, compression in `deflate`, the inspector in `inspect`.

use hybi::{
    Config, Error, Inbox, LimitExceeded, Misuse, Origins, Violation,
    http1::HeaderField,
    server::{self, Request},
};

use crate::support::{
    feed::{Cut, Heard, binary, feed, feed_chunks, receive, server, text},
    handshake::{
        client, connect,
        cut::cuts,
        http::Response,
        server::{HELLO, Outcome, opening, serve, sound},
    },
    wire::{BINARY, BOTH, CLOSE, CONTINUATION, FIN, From, PING, TEXT, frame, header},
};

const NONE: [&str; 0] = [];

/// Checks that a request is refused with a complete response that ends the connection, whatever
/// follows it, for every split of the input.
fn assert_refused(request: &[u8], after: &[u8]) {
    let bytes = [request, after].concat();
    for pieces in cuts(&bytes) {
        let (inbox, mut outbox) = (Inbox::with_capacity(64), Vec::new());
        let outcome = serve(opening(), inbox, &mut outbox, &pieces, |_| ());
        assert!(matches!(outcome, Outcome::Refused(_)), "{}", request.escape_ascii());
        let response = Response::parse(&outbox);
        assert!(matches!(response.status, 400..=431), "{}", response.status);
        response.assert_ends_the_connection();
    }
}

// A-17
#[test]
fn an_invalid_handshake_leads_to_one_response_and_nothing_else() {
    let after = [&HELLO[..], &sound().bytes()].concat();
    for name in ["Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"] {
        for values in [&NONE[..], &["?"], &["?", "?"]] {
            assert_refused(&sound().with(name, values).bytes(), &after);
        }
    }
}

// A-18
#[test]
fn a_list_of_thousands_of_elements_is_refused() {
    let lines: Vec<_> = (0..3000).map(|index| format!("p{index}")).collect();
    let list = lines.join(",");
    for name in ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Connection"] {
        assert_refused(&sound().with(name, &[&list]).bytes(), b"");
        assert_refused(&sound().with(name, &lines).bytes(), b"");
    }
}

// A-19
#[test]
fn neither_a_head_nor_a_payload_without_end_is_stored() {
    let (mut opening, mut inbox, mut outbox) = (opening(), Inbox::with_capacity(64), Vec::new());
    let start = b"GET / HTTP/1.1\r\nHost: a\r\nX: ";
    assert_eq!(inbox.copy_from(start), start.len());
    let refusal = (0..1000).find_map(|_| match opening.receive(&mut inbox, &mut outbox) {
        Err(server::Error::Refused(refusal)) => Some(refusal),
        Ok(None) => {
            let _ = inbox.copy_from(&[b'x'; 1000]);
            None
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(refusal.unwrap().status(), 431);
    assert!(inbox.capacity() <= 64 * 1024, "{}", inbox.capacity());

    let bytes = [&header(From::Client, FIN | BINARY, 1 << 40)[..], &[0; 100]].concat();
    let error = feed(From::Client, Config::new(), &bytes, &Cut::Every(1)).error;
    assert!(matches!(error, Some(Error::Limit(LimitExceeded::FrameSize { .. }))), "{error:?}");
}

// A-21
#[test]
fn the_upgrade_field_alone_is_refused() {
    for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
        let request = format!("{method} /info HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n");
        assert_refused(request.as_bytes(), &HELLO);
    }
}

// A-23: the keys of draft 76, and a length of draft 75
#[test]
fn a_draft_and_its_frames_are_not_read() {
    let draft = sound()
        .with("Sec-WebSocket-Key", &NONE)
        .with("Sec-WebSocket-Version", &NONE)
        .with("Sec-WebSocket-Key1", &["1 2"])
        .with("Sec-WebSocket-Key2", &["3 4"]);
    let length = [&b"12345678\x80"[..], &[0xff; 12], b"\x7fpayload\x00text\xff"].concat();
    assert_refused(&draft.bytes(), &length);
    // The same frame in this version has neither its last bit nor a mask.
    let error = feed(From::Client, Config::new(), &length[8..], &Cut::Every(1)).error;
    assert!(matches!(error, Some(Error::Protocol(_))), "{error:?}");
}

// A-24: 24 characters without padding are 18 bytes
#[test]
fn a_key_or_its_proof_of_any_other_length_is_refused() {
    for length in (0..=64).chain([128, 129, 164, 165, 4000]) {
        let value = "A".repeat(length);
        let request = sound().with("Sec-WebSocket-Key", &[&value]).bytes();
        assert_refused(&request, b"");
        let response = client::answer().with("Sec-WebSocket-Accept", &[&value]).bytes();
        let outcome = client::feed_all(client::request(), &[&response], |_| ());
        assert!(matches!(outcome, client::Outcome::Failed(_)), "{length}: {outcome:?}");
    }
}

// B-11
#[test]
fn no_bytes_pass_after_a_response_that_does_not_upgrade() {
    let second = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
    for status in [200, 206, 301, 401, 404, 426, 500] {
        let start = format!("HTTP/1.1 {status} X");
        let bytes = [&client::answer().start(start).bytes()[..], second].concat();
        for pieces in cuts(&bytes) {
            let outcome = client::feed_all(client::request(), &pieces, |_| ());
            assert_eq!(outcome, client::Outcome::Rejected(status));
        }
    }
}

// I-14
#[test]
fn a_redirect_cannot_inject_fields() {
    let split = "https://a.example/\r\nSet-Cookie: session=1";
    let mut table: Vec<HeaderField<'_>> = vec![("Location", split), (split, "x")];
    table.extend(["\r", "\n", "\0", "a\rb", "a\nb"].map(|value| ("Location", value)));
    for field in table {
        let bytes = sound().bytes();
        let mut inbox = Inbox::with_capacity(bytes.len());
        assert_eq!(inbox.copy_from(&bytes), bytes.len());
        let (mut opening, mut outbox) = (opening(), Vec::new());
        let request = opening.receive(&mut inbox, &mut outbox).unwrap().unwrap();
        request.reject(302).headers(&[field]).send(&mut outbox).unwrap_err();
        assert!(outbox.is_empty(), "{field:?}");
    }
}

// K-07
#[test]
fn an_upgrade_over_http2_is_refused_whatever_is_missing() {
    let refuse = |fields: &connect::Fields| {
        let pairs = fields.pairs();
        let refusal = Request::from_connect(&pairs, &Origins::any()).map(|_| ()).unwrap_err();
        let mut response = connect::Fields::default();
        refusal.send_fields(|name, value| response.take(name, value));
        response.assert_sound();
    };
    for name in [":method", ":protocol", ":scheme", ":path", ":authority"] {
        refuse(&connect::sound().with(name, &NONE));
    }
    for (name, value) in [("upgrade", "websocket"), ("connection", "Upgrade")] {
        refuse(&connect::sound().and(name, value));
        let get = connect::sound().with(":protocol", &NONE).with(":method", &["GET"]);
        refuse(&get.and(name, value));
    }
    refuse(&connect::Fields::default());
}

// D-10, D-11, D-15
#[test]
fn a_length_near_a_power_of_two_is_refused_or_waited_for() {
    let config = Config::new().max_frame_size(u64::MAX).max_message_size(u64::MAX);
    // No allocation is larger than this.
    let limit = isize::MAX as u64 - 1;
    let near = |center: u64| (0..16).flat_map(move |by| [center - by, center.wrapping_add(by)]);
    let lengths = [1 << 31, 1 << 32, 1 << 62, 1 << 63, u64::MAX].into_iter().flat_map(near);
    for length in lengths.filter(|length| *length >= 1 << 16) {
        for from in BOTH {
            for opcode in [CONTINUATION, TEXT, BINARY, CLOSE, PING] {
                let mut bytes = header(from, FIN | opcode, length);
                let payload = frame(from, FIN, &[b'a'; 64]);
                bytes.extend(&payload[payload.len() - 64..]);
                for cut in [Cut::Whole, Cut::Every(1)] {
                    let outcome = feed(from, config, &bytes, &cut);
                    assert_eq!(outcome.heard, [], "{length}");
                    let expected = match opcode {
                        CLOSE | PING => Some(Violation::ControlTooLong.into()),
                        _ if length >= 1 << 63 => Some(Violation::LengthTopBit.into()),
                        CONTINUATION => Some(Violation::NothingToContinue.into()),
                        _ if length > limit => {
                            Some(LimitExceeded::InboxSize { size: length, limit }.into())
                        }
                        _ => None,
                    };
                    assert_eq!(outcome.error, expected, "{length}");
                }
            }
        }
    }
}

// D-12, D-16, D-17
#[test]
fn a_masked_frame_in_pieces_touches_no_byte_beyond_it() {
    let lengths = (0..200).chain([255, 256, 257, 65_534, 65_535, 65_536, 65_537]);
    for length in lengths {
        let payload: Vec<u8> =
            (0..length).map(|index: usize| (index % 251).to_le_bytes()[0]).collect();
        let bytes = frame(From::Client, FIN | BINARY, &payload);
        // A byte beyond the frame is beyond the inbox.
        let cuts = [Cut::Whole, Cut::Every(1), Cut::Every(3), Cut::At(bytes.len() - length / 2)];
        for cut in cuts {
            let inbox = Inbox::over(vec![0; bytes.len()]);
            let outcome = receive(&mut server(Config::new()), inbox, &bytes, &cut);
            assert_eq!((outcome.error, outcome.heard), (None, vec![binary(&payload)]), "{length}");
            let inbox = Inbox::over(vec![0; bytes.len()]);
            let partial = &bytes[..bytes.len() - 1];
            let cut = if matches!(cut, Cut::At(_)) { Cut::Whole } else { cut };
            let outcome = receive(&mut server(Config::new()), inbox, partial, &cut);
            assert_eq!((outcome.error, outcome.heard), (None, vec![]), "{length}");
        }
    }
}

// E-16
#[test]
fn an_empty_frame_after_another_is_a_message_of_its_own() {
    let frames: [(u8, &[u8]); 8] = [
        (FIN | TEXT, b"abc"),
        (FIN | TEXT, b""),
        (FIN | BINARY, b""),
        (BINARY, b"de"),
        (CONTINUATION, b""),
        (FIN | PING, b""),
        (FIN | CONTINUATION, b""),
        (FIN | TEXT, b"f"),
    ];
    let ping = Heard::Ping(vec![]);
    let expected = [text("abc"), text(""), binary(b""), ping, binary(b"de"), text("f")];
    for from in BOTH {
        let bytes: Vec<u8> =
            frames.iter().flat_map(|(first, payload)| frame(from, *first, payload)).collect();
        for cut in Cut::all(bytes.len()) {
            assert_eq!(feed(from, Config::new(), &bytes, &cut).heard, expected);
            assert_eq!(feed_chunks(from, Config::new(), &bytes, &cut).heard, expected);
        }
    }
}

// E-17
#[test]
fn output_for_a_peer_that_reads_slowly_is_bounded() {
    let mut websocket = server(Config::new().outbox_high_water(4096));
    let (mut outbox, mut refused) = (Vec::new(), 0);
    for _ in 0..10_000 {
        match websocket.send_binary(&[0; 1000], &mut outbox) {
            Ok(()) => {}
            Err(Error::AboveHighWater { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(outbox.len() < 4096 + 1004, "{}", outbox.len());
        outbox.remove(0);
    }
    assert!(refused > 9000, "{refused}");
}

// H-09
#[test]
fn nothing_of_an_unmasked_frame_is_delivered() {
    for opcode in [TEXT, BINARY, PING, CLOSE] {
        let unmasked = frame(From::Server, FIN | opcode, &[3, 0xe8]);
        let bytes = [&frame(From::Client, FIN | TEXT, b"before")[..], &unmasked].concat();
        for cut in Cut::all(bytes.len()) {
            for outcome in [
                feed(From::Client, Config::new(), &bytes, &cut),
                feed_chunks(From::Client, Config::new(), &bytes, &cut),
            ] {
                assert_eq!(outcome.heard, [text("before")]);
                assert_eq!(outcome.error, Some(Error::Protocol(Violation::NotMasked)));
            }
        }
    }
}

// G-19
#[test]
fn a_send_after_close_changes_nothing() {
    let mut websocket = server(Config::new());
    let mut outbox = Vec::new();
    websocket.close(hybi::CloseCode::NORMAL, "", &mut outbox).unwrap();
    let closed = outbox.clone();
    let refused = Err(Misuse::NotOpen.into());
    assert_eq!(websocket.send_text("late", &mut outbox), refused);
    assert_eq!(websocket.send_binary(b"late", &mut outbox), refused);
    assert_eq!(websocket.send_ping(b"late", &mut outbox), refused);
    assert_eq!(outbox, closed);
}
