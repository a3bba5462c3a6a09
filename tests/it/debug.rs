//! Debug output shows what a value is and how long it is, and nothing of its contents.

use std::fmt::Debug;

use hybi::{
    Config, FixedOutbox, Fragment, GrowingOutbox, Inbox, Message, Outbox, Pongs, Prepared,
    deadline::Timeouts,
    extension::{ExtendedMessage, ExtensionFrame},
    frame::{Decoder, Header, Kind, Opcode, Reserved},
    mask::Mask,
    random::OsEntropy,
};

use crate::support::{
    feed::server,
    wire::{FIN, From, KEY, PING, TEXT, frame},
};

const SECRET: &str = "Secret5f1c";

/// Checks that these parts are shown, and that the contents and the masking key are not.
fn assert_shows(value: &impl Debug, parts: &[&str]) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        for part in parts {
            assert!(text.contains(part), "{part} is missing: {text}");
        }
        let [a, b, c, d] = KEY;
        for hidden in [SECRET, "83, 101, 99", &format!("{a}, {b}"), &format!("{c:02x} {d:02x}")] {
            assert!(!text.contains(hidden), "{text}");
        }
    }
}

// P-se-f
#[test]
fn debug_of_a_frame_omits_its_key_and_its_payload() {
    let header = Header::new(Opcode::Text, true, 10).unwrap().with_mask(KEY);
    assert_shows(&header.encode(), &["HeaderBytes", "81 8a"]);
    let mut websocket = server(Config::new());
    assert_shows(&websocket.frame_text(SECRET).unwrap(), &["FrameParts", "2 and 10 bytes"]);
    assert_shows(&Mask::new(KEY), &["Mask"]);
    // Five of the six bytes of a header.
    let mut bytes = frame(From::Client, FIN | TEXT, SECRET.as_bytes());
    let mut decoder = Decoder::from_client();
    assert_eq!(decoder.decode(&mut &mut bytes[..5]), Ok(None));
    assert_shows(&decoder, &["HeaderReader", "len: 5"]);
}

// P-se-f
#[test]
fn debug_of_a_message_omits_its_payload() {
    let bytes = SECRET.as_bytes();
    assert_shows(&Message::Text(SECRET.into()), &["Text", "10 bytes"]);
    assert_shows(&Message::Binary(bytes.into()), &["Binary", "10 bytes"]);
    assert_shows(&Prepared::text(SECRET), &["Prepared", "12 bytes"]);
    assert_shows(&Fragment::split_text(SECRET, 4), &["TextFragments", "10"]);
    assert_shows(&Fragment::split_binary(bytes, 4), &["BinaryFragments", "10"]);
    let (kind, opcode, reserved) = (Kind::Text, Opcode::Text, Reserved::RSV2);
    let message = ExtendedMessage { kind, reserved, payload: bytes };
    assert_shows(&message, &["ExtendedMessage", "payload_len: 10"]);
    let frame = ExtensionFrame { opcode, fin: true, reserved, payload: bytes };
    assert_shows(&frame, &["ExtensionFrame", "payload_len: 10"]);
}

// P-se-f
#[test]
fn debug_of_a_connection_and_its_buffers_omits_what_they_hold() {
    let mut websocket = server(Config::new().pongs(Pongs::Latest));
    let mut inbox = Inbox::with_capacity(64);
    let bytes = frame(From::Client, FIN | PING, SECRET.as_bytes());
    assert_eq!(inbox.copy_from(&bytes), bytes.len());
    assert_shows(&inbox, &["Inbox", "unread: 0..16"]);
    let mut fixed = FixedOutbox::over([0; 64]);
    assert!(websocket.receive(&mut inbox, &mut fixed).unwrap().is_some());
    assert_shows(&websocket, &["PendingPong", "10"]);
    websocket.send_text(SECRET, &mut fixed).unwrap();
    assert_shows(&fixed, &["FixedOutbox", "24 bytes"]); // the pong and the text
    let mut growing = GrowingOutbox::new();
    growing.append(SECRET.as_bytes());
    assert_shows(&growing, &["GrowingOutbox", "10 bytes"]);
    assert_shows(&OsEntropy::new(), &["OsEntropy"]);
}

#[test]
fn debug_of_timeouts_shows_durations() {
    assert_shows(&Timeouts::new(), &["opening: 10s", "pong: 120s", "age: never"]);
}
