//! The embedding with libdeflate as the codec of permessage-deflate.

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

#[path = "../src/bin/libdeflate/codec.rs"]
#[allow(dead_code)] // the codecs that connections share
mod codec;
#[path = "../src/bin/libdeflate/inflate.rs"]
mod inflate;
#[path = "../../peer/peer.rs"]
mod peer;

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
};

use codec::{Decoder, Encoder, Fault};
use hybi::{
    Client, CloseCode, Event, Inbox, Message, Uri,
    client::{Request, Response},
    deflate::Deflate,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_libdeflate");

/// The limit of the server.
const LIMIT: usize = 1024 * 1024;

/// RFC 6455, section 5.2: bits of the first byte of a frame, and opcodes.
const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const TEXT: u8 = 1;
const BINARY: u8 = 2;

/// The bit in the frame of a message that is not compressed, and of one that is.
const PLAIN: u8 = 0;
const COMPRESSED: u8 = RSV1;

/// RFC 7692, section 7.2.3.1: the message "Hello".
const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
/// Section 7.2.3.2: the same again, as a reference to the message before.
const AGAIN: [u8; 5] = [0xf2, 0x00, 0x11, 0x00, 0x00];
/// Section 7.2.3.4: in a final block, and the byte after it.
const FINAL: [u8; 8] = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];

fn decode(payload: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    Decoder::new().unwrap().decode(payload, limit).map(<[u8]>::to_vec)
}

#[test]
fn another_implementation() {
    let server = peer::Server::start(PROGRAM);
    peer::check_echo(&server.url());
}

#[test]
fn the_examples_of_the_rfc_are_decoded() {
    let cases: [(&[u8], &[u8]); 7] = [
        (&HELLO, b"Hello"),
        // Section 7.2.3.3: without compression.
        (&[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00], b"Hello"),
        (&FINAL, b"Hello"),
        // Section 7.2.3.5: in two blocks, with an empty one between them.
        (&[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00], b"Hello"),
        // Section 7.2.3.6: an empty message.
        (&[0x00], b""),
        // Blocks of each kind after a final block.
        (&[&FINAL[..7], &FINAL[..]].concat(), b"HelloHello"),
        (&[&FINAL[..7], &HELLO[..]].concat(), b"HelloHello"),
    ];
    let mut decoder = Decoder::new().unwrap();
    for (payload, expected) in cases {
        assert_eq!(decoder.decode(payload, LIMIT), Ok(expected), "{payload:02x?}");
    }
}

#[test]
fn invalid_data_is_reported() {
    let cases: [&[u8]; 7] = [
        // Section 7.2.3.6: even an empty message has a byte.
        b"",
        // The window is empty at the start of a message, and after a final block.
        &AGAIN,
        &[&FINAL[..7], &AGAIN[..]].concat(),
        // RFC 1951, section 3.2.3: a block of the reserved type.
        &[0x06, 0x00],
        // Section 3.2.4: the second length is not the complement of the first.
        &[0x00, 0x05, 0x00, 0x05, 0x00, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
        // A block that the message does not end, of 100 bytes.
        &[0x00, 0x64, 0x00, 0x9b, 0xff, 0x48],
        // Bytes after the byte of zeros.
        &[&FINAL[..], &[0xff]].concat(),
    ];
    let mut decoder = Decoder::new().unwrap();
    for payload in cases {
        assert_eq!(decoder.decode(payload, LIMIT), Err(Fault::Invalid), "{payload:02x?}");
        assert_eq!(decoder.decode(&HELLO, LIMIT), Ok(&b"Hello"[..]), "the next message");
    }
}

#[test]
fn the_limit_is_that_of_the_decompressed_message() {
    assert_eq!(decode(&HELLO, 5).unwrap(), b"Hello");
    assert_eq!(decode(&HELLO, 4), Err(Fault::TooLong));
    assert_eq!(decode(&[0x00], 0).unwrap(), b"");
    // After a final block, what precedes it counts too.
    let twice = [&FINAL[..7], &HELLO[..]].concat();
    assert_eq!(decode(&twice, 10).unwrap(), b"HelloHello");
    assert_eq!(decode(&twice, 9), Err(Fault::TooLong));
    // The output begins with less room than this.
    let message = vec![0x5a; LIMIT];
    let mut encoder = Encoder::new(1);
    let payload = encoder.encode(&message).unwrap();
    assert!(payload.len() < LIMIT / 200, "{}", payload.len());
    assert!(decode(payload, LIMIT).unwrap() == message);
    assert_eq!(decode(payload, LIMIT - 1), Err(Fault::TooLong));
}

#[test]
fn a_message_that_does_not_become_shorter_is_not_encoded() {
    let mut encoder = Encoder::new(1);
    for message in [&b""[..], b"a", b"ab", b"Hello"] {
        assert_eq!(encoder.encode(message), None);
    }
    for length in 3..100 {
        let message = vec![b'a'; length];
        if let Some(payload) = encoder.encode(&message) {
            assert!(payload.len() < length);
            assert_eq!(decode(payload, length).unwrap(), message);
        } else {
            assert!(length < 64, "{length}");
        }
    }
}

/// A client whose codec is that of the crate.
struct Peer {
    stream: TcpStream,
    websocket: hybi::Connection<Client>,
    inbox: Inbox,
    /// The bytes of the last echo.
    received: Vec<u8>,
}

impl Peer {
    fn connect(server: &peer::Server, deflate: &Deflate) -> Self {
        let url = server.url();
        let uri = Uri::parse(&url).unwrap();
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(peer::TOO_LONG)).unwrap();
        let (mut inbox, mut outbox) = (Inbox::with_capacity(4096), Vec::new());
        let mut opening = Request::new(&uri).deflate(deflate).send(&mut outbox).unwrap();
        stream.write_all(&outbox).unwrap();
        let websocket = loop {
            assert_ne!(inbox.read_from(&mut stream).unwrap(), 0);
            match opening.receive(&mut inbox).unwrap() {
                None => {}
                Some(Response::Accepted(accepted)) => break accepted.finish(),
                Some(Response::Rejected(rejected)) => panic!("{rejected:?}"),
            }
        };
        Self { stream, websocket, inbox, received: Vec::new() }
    }

    /// Sends a message. Returns its echo, or the code of a Close.
    fn echo(&mut self, message: &Message) -> Result<Message, CloseCode> {
        let mut outbox = Vec::new();
        self.websocket.send(message, &mut outbox).unwrap();
        self.stream.write_all(&outbox).unwrap();
        self.received.clear();
        loop {
            match self.websocket.receive(&mut self.inbox, &mut outbox).unwrap() {
                Some(Event::Close(close)) => return Err(close.code().unwrap()),
                Some(event) => return Ok(event.to_message().unwrap()),
                None => {}
            }
            let mut bytes = [0; 4096];
            let length = self.stream.read(&mut bytes).unwrap();
            assert_ne!(length, 0);
            self.received.extend(&bytes[..length]);
            assert_eq!(self.inbox.copy_from(&bytes[..length]), length);
        }
    }
}

/// A text of at most this length.
fn text(length: usize) -> Message {
    let mut text = String::new();
    for character in "The kettle boils: 水が沸く 🫖. ".chars().cycle() {
        if text.len() + character.len_utf8() > length {
            break;
        }
        text.push(character);
    }
    Message::Text(text)
}

fn noise(length: usize) -> Message {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let byte = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    Message::Binary((0..length).map(byte).collect())
}

#[test]
fn messages_to_and_from_the_codec_of_the_crate() {
    let server = peer::Server::start(PROGRAM);
    // Whatever the client offers, no window is kept.
    for takeover in [false, true] {
        for level in [1, 2, 9] {
            let deflate = Deflate::new().threshold(0).level(level);
            let deflate =
                deflate.send_context_takeover(takeover).receive_context_takeover(takeover);
            let mut peer = Peer::connect(&server, &deflate);
            let agreed = peer.websocket.compression().unwrap();
            assert!(!agreed.client().context_takeover() && !agreed.server().context_takeover());
            let messages = [
                (Message::Text(String::new()), PLAIN),
                (Message::Binary(Vec::new()), PLAIN),
                (Message::Text("Hello".into()), PLAIN),
                (Message::Text("a".repeat(255)), PLAIN),
                (Message::Text("a".repeat(256)), COMPRESSED),
                (text(70_000), COMPRESSED),
                (Message::Binary(vec![7; 70_000]), COMPRESSED),
                (text(LIMIT), COMPRESSED),
                (noise(300), PLAIN),
                (noise(70_000), PLAIN),
                (text(300), COMPRESSED),
            ];
            for (message, expected) in messages {
                assert!(peer.echo(&message).unwrap() == message);
                assert_eq!(peer.received[0] & RSV1, expected);
            }
        }
    }
}

#[test]
fn a_message_that_exceeds_the_limit_closes_the_connection() {
    let server = peer::Server::start(PROGRAM);
    let mut peer = Peer::connect(&server, &Deflate::new());
    let message = Message::Binary(vec![7; LIMIT + 1]);
    assert_eq!(peer.echo(&message), Err(CloseCode::MESSAGE_TOO_BIG));
}

/// Sends this masked frame, of less than 126 bytes. Returns what the server sends before it closes.
fn ask(stream: &mut TcpStream, first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    stream.write_all(&[&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Opens a connection with this offer. Returns the field of the response.
fn offer(server: &peer::Server, list: &str) -> (TcpStream, Option<String>) {
    let (stream, response) = server.ask("/", &format!("Sec-WebSocket-Extensions: {list}\r\n"));
    assert!(response.starts_with("HTTP/1.1 101 "), "{response}");
    let mut lines = response.lines();
    (stream, lines.find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: ").map(Into::into)))
}

#[test]
fn invalid_messages_close_the_connection() {
    let server = peer::Server::start(PROGRAM);
    // Close with 1007: RFC 6455, sections 7.4.1 and 8.1.
    let cases: [(u8, &[u8]); 3] = [
        (TEXT, &AGAIN),
        (BINARY, &AGAIN),
        // RFC 1951, section 3.2.4: one byte that is not UTF-8, without compression.
        (TEXT, &[0x00, 0x01, 0x00, 0xfe, 0xff, 0xff, 0x00]),
    ];
    for (opcode, payload) in cases {
        let (mut stream, _) = offer(&server, "permessage-deflate");
        let answer = ask(&mut stream, FIN | RSV1 | opcode, payload);
        assert_eq!(answer[0], 0x88);
        assert_eq!(answer[2..4], 1007_u16.to_be_bytes());
    }
    // The same as binary is valid.
    let (mut stream, _) = offer(&server, "permessage-deflate");
    let payload = [0x00, 0x01, 0x00, 0xfe, 0xff, 0xff, 0x00];
    assert_eq!(ask(&mut stream, FIN | RSV1 | BINARY, &payload), [0x82, 1, 0xff]);
}

#[test]
fn only_offers_without_a_window_for_the_server_are_accepted() {
    let server = peer::Server::start(PROGRAM);
    let response = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    let accepted = [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=\"8\"; server_no_context_takeover",
        "permessage-deflate; client_max_window_bits=15; client_no_context_takeover",
        "foo, permessage-deflate; server_max_window_bits=10, permessage-deflate",
    ];
    for list in accepted {
        let (mut stream, field) = offer(&server, list);
        assert_eq!(field.as_deref(), Some(response), "{list}");
        assert_eq!(ask(&mut stream, FIN | RSV1 | TEXT, &HELLO), b"\x81\x05Hello");
    }
    let declined = [
        "foo",
        "permessage-deflate; server_max_window_bits=10",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=08",
        "permessage-deflate; client_max_window_bits=10; client_max_window_bits=10",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; foo",
    ];
    for list in declined {
        let (mut stream, field) = offer(&server, list);
        assert_eq!(field, None, "{list}");
        assert_eq!(ask(&mut stream, FIN | TEXT, b"Hello"), b"\x81\x05Hello");
        // RFC 6455, section 5.2: a reserved bit without an extension, which closes with 1002.
        let (mut stream, _) = offer(&server, list);
        let answer = ask(&mut stream, FIN | RSV1 | TEXT, &HELLO);
        assert_eq!(answer[0], 0x88);
        assert_eq!(answer[2..4], 1002_u16.to_be_bytes());
    }
}
