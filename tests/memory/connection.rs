//! The memory of connections without compression, and of handshakes.

use counting::{KIB, MIB, measure};

use super::frame;
use hybi::{
    Config, Connection, Error, Event, FixedOutbox, Inbox, LimitExceeded, Origins, Server,
    deadline::Deadlines, server::Opening,
};

/// A valid request.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// Feeds these bytes and drops the events.
fn feed(
    websocket: &mut Connection<Server>,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
    mut bytes: &[u8],
) -> Result<usize, Error> {
    let mut messages = 0;
    while !bytes.is_empty() {
        let taken = inbox.copy_from(bytes);
        bytes = &bytes[taken..];
        while let Some(event) = websocket.receive(inbox, outbox)? {
            messages += usize::from(matches!(event, Event::Text(_) | Event::Binary(_)));
        }
    }
    Ok(messages)
}

#[test]
fn an_idle_connection_is_small_and_uses_no_heap() {
    let size = size_of::<Connection<Server>>();
    assert!(size <= 300, "{size} bytes");
    let size = size_of::<Deadlines>();
    assert!(size <= 128, "{size} bytes");
    let (_idle, cost) =
        measure(|| (Connection::server(Config::new()), Inbox::with_capacity(64 * KIB)));
    assert_eq!(cost.peak, 0);

    let mut websocket = Connection::server(Config::new());
    let mut inbox = Inbox::with_capacity(64 * KIB);
    let mut outbox = FixedOutbox::over([0; 64]);
    let ((), cost) = measure(|| {
        let _ = inbox.copy_from(&frame(0x82, 5, b"Hello"));
        assert!(websocket.receive(&mut inbox, &mut outbox).unwrap().is_some());
        assert!(inbox.is_empty());
        inbox.release();
    });
    assert_eq!(cost.kept, 0);
}

// P-fd-b, E-01, E-02, L-02
#[test]
fn a_declared_length_allocates_nothing() {
    let unlimited = Config::new().max_message_size(u64::MAX).max_frame_size(u64::MAX);
    // Half of what an allocation can have: 2^62 bytes, or 2^30 with addresses of 32 bits.
    let half = isize::MAX as u64 / 2;
    let cases = [(Config::new(), 16 * MIB as u64), (unlimited, 1 << 30), (unlimited, half)];
    for (config, length) in cases {
        let header = frame(0x82, length, b"");
        let (_connections, cost) = measure(|| {
            let connect = || {
                let mut websocket = Connection::server(config);
                let mut inbox = Inbox::with_capacity(128);
                let mut outbox = Vec::new();
                feed(&mut websocket, &mut inbox, &mut outbox, &header).unwrap();
                // There is spare room, but no more than before.
                assert!(inbox.spare().unwrap().len() <= 256);
                (websocket, inbox, outbox)
            };
            std::iter::repeat_with(connect).take(10_000).map(|kept| kept.1).collect::<Vec<_>>()
        });
        let inboxes = 16 * KIB * size_of::<Inbox>() * 2;
        assert!(cost.peaks_within(10_000 * 384 + inboxes), "{length}: {cost:?}");
    }
}

// E-11, L-02
#[test]
fn a_million_empty_fragments() {
    for (limit, expected) in [(u32::MAX, Ok(0)), (131_072, Err(()))] {
        let mut websocket = Connection::server(Config::new().max_fragments(limit));
        let mut inbox = Inbox::with_capacity(KIB);
        let mut outbox = Vec::new();
        let first = frame(0x01, 0, b"");
        let more = frame(0x00, 0, b"");
        let (result, cost) = measure(|| {
            feed(&mut websocket, &mut inbox, &mut outbox, &first)?;
            (0..1_000_000).try_fold(0, |sum, _| {
                Ok::<_, Error>(sum + feed(&mut websocket, &mut inbox, &mut outbox, &more)?)
            })
        });
        if expected.is_err() {
            assert_eq!(result, Err(LimitExceeded::Fragments { limit }.into()));
        } else {
            assert_eq!(result, Ok(0));
        }
        assert!(cost.peaks_within(2 * KIB), "{cost:?}");
    }
}

// G-01, G-02, G-03, P-cl-h, P-fe-b
#[test]
fn a_million_pings_to_a_peer_that_never_reads() {
    let pings = frame(0x89, 125, &[b'?'; 125]).repeat(100);
    let pongs = frame(0x8a, 125, &[b'!'; 125]).repeat(100);
    let mut websocket = Connection::server(Config::new());
    let mut inbox = Inbox::with_capacity(16 * KIB);
    let mut outbox = Vec::new();
    let ((), cost) = measure(|| {
        for _ in 0..10_000 {
            feed(&mut websocket, &mut inbox, &mut outbox, &pings).unwrap();
            feed(&mut websocket, &mut inbox, &mut outbox, &pongs).unwrap();
            // At most one pong waits in the connection, and one is sent for each batch of input.
            assert!(outbox.len() <= 16 * MIB + 127);
        }
    });
    // By default, pongs may fill the outbox up to its high-water mark, one for each batch.
    assert!(cost.peaks_within(40 * MIB), "{cost:?}");

    let mut websocket = Connection::server(Config::new().outbox_high_water(4 * KIB));
    outbox = Vec::new();
    let ((), cost) = measure(|| {
        for _ in 0..1000 {
            feed(&mut websocket, &mut inbox, &mut outbox, &pings).unwrap();
        }
    });
    assert!(outbox.len() <= 4 * KIB + 127);
    assert!(cost.peaks_within(16 * KIB), "{cost:?}");
}

// E-12, E-14, P-ra-b
#[test]
fn sixteen_mebibytes_in_one_byte_reads() {
    let mut websocket = Connection::server(Config::new());
    let mut inbox = Inbox::with_capacity(16 * KIB);
    let mut outbox = Vec::new();
    let header = frame(0x82, 16 * MIB as u64, b"");
    let (messages, cost) = measure(|| {
        feed(&mut websocket, &mut inbox, &mut outbox, &header).unwrap();
        (0..16 * MIB)
            .map(|_| feed(&mut websocket, &mut inbox, &mut outbox, b"x").unwrap())
            .sum::<usize>()
    });
    assert_eq!(messages, 1);
    // Growing by doubling allocates twice the message in total. At the peak, the last buffer exists
    // together with the one of half its size.
    assert!(cost.totals_within(33 * MIB), "{cost:?}");
    assert!(cost.peaks_within(25 * MIB), "{cost:?}");
}

// E-12, P-ra-b
#[test]
fn one_byte_fragments_in_one_byte_reads() {
    let mut websocket = Connection::server(Config::new().max_fragments(u32::MAX));
    let mut inbox = Inbox::with_capacity(KIB);
    let mut outbox = Vec::new();
    let ((), cost) = measure(|| {
        feed(&mut websocket, &mut inbox, &mut outbox, &frame(0x02, 0, b"")).unwrap();
        for _ in 0..256 * KIB {
            for byte in [0x00, 0x81, 0, 0, 0, 0, b'x'] {
                feed(&mut websocket, &mut inbox, &mut outbox, &[byte]).unwrap();
            }
        }
    });
    assert!(cost.kept <= (2 * 256 * KIB).cast_signed(), "{cost:?}");
    assert!(cost.totals_within(4 * 256 * KIB), "{cost:?}");
}

// P-ra-c
#[test]
fn a_refused_message_frees_its_buffer_at_once() {
    let mut websocket = Connection::server(Config::new());
    let mut outbox = Vec::with_capacity(64);
    let mut inbox = Inbox::with_capacity(16 * KIB);
    let begun = frame(0x02, 4 * MIB as u64, &vec![b'a'; 4 * MIB]);
    let ((), cost) = measure(|| {
        feed(&mut websocket, &mut inbox, &mut outbox, &begun).unwrap();
        feed(&mut websocket, &mut inbox, &mut outbox, b"\xff").unwrap_err();
    });
    assert!(!cost.peaks_within(4 * MIB - 1));
    assert_eq!(cost.kept, 0);
}

#[test]
fn an_inbox_frees_the_memory_of_a_large_message() {
    let mut websocket = Connection::server(Config::new());
    let mut outbox = Vec::new();
    let mut inbox = Inbox::with_capacity(16 * KIB);
    let large = frame(0x82, MIB as u64, &vec![0; MIB]);
    let small = frame(0x82, 100, &[0; 100]);
    let ((), cost) = measure(|| {
        feed(&mut websocket, &mut inbox, &mut outbox, &large).unwrap();
        for _ in 0..100 {
            feed(&mut websocket, &mut inbox, &mut outbox, &small).unwrap();
        }
    });
    assert_eq!(cost.kept, (16 * KIB).cast_signed());
    // Consecutive large messages allocate once.
    let ((), cost) = measure(|| {
        for _ in 0..100 {
            feed(&mut websocket, &mut inbox, &mut outbox, &large).unwrap();
        }
    });
    assert!(cost.totals_within(3 * MIB), "{cost:?}");
}

// P-sh-c
#[test]
fn a_hundred_thousand_header_lines() {
    let mut inbox = Inbox::with_capacity(KIB);
    let mut outbox = Vec::new();
    let mut opening = Opening::new(Origins::any());
    let (lines, cost) = measure(|| {
        let _ = inbox.copy_from(b"GET / HTTP/1.1\r\n");
        for line in 0..100_000 {
            let mut bytes = &b"X: y\r\n"[..];
            while !bytes.is_empty() {
                let taken = inbox.copy_from(bytes);
                bytes = &bytes[taken..];
                match opening.receive(&mut inbox, &mut outbox) {
                    Ok(request) => assert!(request.is_none()),
                    Err(_) => return line,
                }
            }
        }
        100_000
    });
    assert_eq!(lines, 100, "refused at the 101st");
    assert!(outbox.starts_with(b"HTTP/1.1 431 "));
    assert!(cost.peaks_within(8 * KIB), "{cost:?}");
}

//
#[test]
fn refused_handshakes_keep_no_memory() {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n";
    let mut inbox = Inbox::with_capacity(KIB);
    let mut outbox = Vec::with_capacity(KIB);
    let ((), cost) = measure(|| {
        for _ in 0..10_000 {
            let mut opening = Opening::new(Origins::any());
            assert_eq!(inbox.copy_from(request), request.len());
            opening.receive(&mut inbox, &mut outbox).unwrap_err();
            outbox.clear();
            inbox.release();
        }
    });
    assert!(cost.peaks_within(KIB) && cost.kept == 0, "{cost:?}");
}

//
#[test]
fn a_handshake_that_is_dropped_at_any_byte_keeps_nothing() {
    for end in 0..=REQUEST.len() {
        let ((), cost) = measure(|| {
            let (mut inbox, mut outbox) = (Inbox::with_capacity(16), Vec::new());
            let mut opening = Opening::new(Origins::any());
            for byte in &REQUEST[..end] {
                assert_eq!(inbox.copy_from(&[*byte]), 1);
                let is_complete = opening.advance(&mut inbox, &mut outbox).unwrap();
                assert!(!is_complete || end == REQUEST.len());
            }
        });
        assert_eq!(cost.kept, 0, "after {end} bytes");
    }
}

//
#[test]
fn connections_that_were_closed_keep_no_memory() {
    let (mut inbox, mut outbox) = (Inbox::with_capacity(KIB), Vec::with_capacity(KIB));
    let bytes = [REQUEST, &frame(0x82, 5, b"Hello"), &frame(0x88, 2, b"\x03\xe8")].concat();
    let ((), cost) = measure(|| {
        for _ in 0..10_000 {
            assert_eq!(inbox.copy_from(&bytes), bytes.len());
            let mut opening = Opening::new(Origins::any());
            let request = opening.receive(&mut inbox, &mut outbox).unwrap().unwrap();
            let mut websocket = request.accept().finish(&mut outbox).unwrap();
            while websocket.receive(&mut inbox, &mut outbox).unwrap().is_some() {}
            assert!(websocket.should_close_transport());
            outbox.clear();
            inbox.release();
        }
    });
    assert!(cost.peaks_within(2 * KIB) && cost.kept == 0, "{cost:?}");
}
