//! Frames of a connection, in both roles.

use std::hint::black_box;

use hybi::{CloseCode, Config, Connection, FixedOutbox, Fragment, GrowingOutbox, Prepared, Role};

use crate::{
    Scenario,
    wire::{
        BINARY, Fixed, TEXT, binary, frame, inbox, message_frame, messages, outbox, receive,
        receive_chunks,
    },
};

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = of("server", true, || Connection::server(Config::new()));
    scenarios.extend(of("client", false, || Connection::client(Config::new(), Fixed)));
    scenarios.push(Scenario::new("server sends without copies".into(), || {
        let mut server = Connection::server(Config::new());
        let (text, mut outbox) = ("héllo ".repeat(100), Vec::with_capacity(1024));
        move || {
            black_box(server.frame_text(&text).is_ok());
            server.send_prepared(&Prepared::text(&text), &mut outbox).expect("there is room");
        }
    }));
    scenarios.push(Scenario::new("client masks in place".into(), || {
        let mut client = Connection::client(Config::new(), Fixed);
        let mut data = binary(500);
        move || {
            black_box(client.mask_binary(&mut data).is_ok());
        }
    }));
    scenarios
}

/// Those of one role. The other one sends masked frames, or not.
fn of<R: Role + 'static>(role: &str, masked: bool, open: fn() -> Connection<R>) -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (what, message) in messages() {
        let bytes = message_frame(masked, &message);
        scenarios.push(Scenario::new(format!("{role} receives: {what}"), move || {
            let (mut connection, mut inbox, bytes) = (open(), inbox(32 * 1024), bytes.clone());
            let mut outbox = outbox();
            move || receive(&mut connection, &mut inbox, &mut outbox, &bytes, usize::MAX)
        }));
        scenarios.push(Scenario::new(format!("{role} sends: {what}"), move || {
            let (mut connection, message) = (open(), message.clone());
            let mut outbox = GrowingOutbox::new();
            connection.send(&message, &mut outbox).expect("there is room"); // allocates
            outbox.clear();
            move || connection.send(&message, &mut outbox).expect("there is room")
        }));
    }
    for (what, capacity, bytes, piece) in arrivals(masked) {
        let of_chunks = bytes.clone();
        scenarios.push(Scenario::new(format!("{role} receives {what}"), move || {
            let (mut connection, mut inbox, bytes) = (open(), inbox(capacity), bytes.clone());
            let mut outbox = outbox();
            move || receive(&mut connection, &mut inbox, &mut outbox, &bytes, piece)
        }));
        scenarios.push(Scenario::new(format!("{role} receives in chunks {what}"), move || {
            let (mut connection, mut inbox, bytes) = (open(), inbox(capacity), of_chunks.clone());
            let mut outbox = outbox();
            move || receive_chunks(&mut connection, &mut inbox, &mut outbox, &bytes, piece)
        }));
    }
    scenarios.push(Scenario::new(format!("{role} sends into a fixed outbox"), move || {
        let (mut connection, data) = (open(), binary(300));
        let mut outbox = FixedOutbox::over([0; 2048]);
        move || {
            for _ in 0..12 {
                connection.send_binary(&data, &mut outbox).expect("there is room");
                outbox.consume(200).expect("there are more");
            }
            outbox.clear();
            connection.close(CloseCode::NORMAL, "bye", &mut outbox).expect("it is open");
        }
    }));
    scenarios.push(Scenario::new(format!("{role} sends faster than it writes"), move || {
        let (mut connection, data, mut outbox) = (open(), binary(700), GrowingOutbox::new());
        move || {
            for _ in 0..40 {
                connection.send_binary(&data, &mut outbox).expect("there is room");
                outbox.consume(500).expect("there are more");
            }
            while !outbox.is_empty() {
                outbox.consume(outbox.bytes().len().min(4096)).expect("there are these");
            }
        }
    }));
    scenarios.push(Scenario::new(format!("{role} sends fragments and a ping"), move || {
        let (mut connection, mut outbox) = (open(), Vec::with_capacity(64 * 1024));
        let text = "héllo ".repeat(100);
        move || {
            for (part, fragment) in Fragment::split_text(&text, 100) {
                connection.send_text_fragment(part, fragment, &mut outbox).expect("in order");
            }
            connection.send_ping(b"ping", &mut outbox).expect("it is open");
        }
    }));
    scenarios
}

/// Several frames: what they are, the capacity of the inbox, the bytes, and how many arrive at a time.
fn arrivals(masked: bool) -> Vec<(&'static str, usize, Vec<u8>, usize)> {
    let text = "Grüße aus Köln! ".repeat(60).into_bytes();
    let message = frame(masked, BINARY, &binary(700));
    let fragments = [
        frame(masked, 0x01, &text[..501]), // cuts a character
        frame(masked, 0x89, b"ping"),
        frame(masked, 0x00, &text[501..800]),
        frame(masked, 0x80, &text[800..]),
    ];
    let controls = [
        frame(masked, 0x89, &[b'p'; 125]),
        frame(masked, 0x8a, b"pong"),
        frame(masked, 0x88, b"\x03\xe8bye"),
    ];
    vec![
        ("messages across reads", 1024, message.repeat(20), 512),
        ("messages across small reads", 1024, message.repeat(4), 100),
        ("messages larger than the inbox", 256, message.repeat(3), 256),
        ("text byte by byte", 1024, frame(masked, TEXT, &text[..200]), 1),
        ("text in pieces", 1024, frame(masked, TEXT, &text), 77),
        ("fragments", 4096, fragments.concat(), usize::MAX),
        ("fragments in pieces", 1024, fragments.concat(), 90),
        ("control frames", 1024, controls.concat(), usize::MAX),
        ("control frames in pieces", 1024, controls.concat(), 20),
    ]
}
