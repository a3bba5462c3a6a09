//! Drops and recreates the future of the echo for embassy at each `Pending`. Nothing is lost or sent
//! twice.

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

use std::{
    convert::Infallible,
    pin::pin,
    task::{Context, Poll, Waker},
};

use embedded_io_async::{ErrorType, Read, Write};
use hybi_embedding_no_std::over_embassy::Echo;

#[test]
fn dropped_at_every_wait() {
    for piece in [1, 2, 7, 100, 100_000] {
        let mut stream = Stream::new(piece);
        let mut echo = Echo::new();
        let mut dropped = 0;
        let ended = loop {
            let mut context = Context::from_waker(Waker::noop());
            match pin!(echo.run(&mut stream)).poll(&mut context) {
                Poll::Ready(ended) => break ended,
                Poll::Pending => dropped += 1,
            }
            assert!(dropped < 10 * stream.input.len(), "the echo makes no progress");
        };
        ended.unwrap();
        assert!(dropped >= 2 * stream.input.len() / piece, "dropped {dropped} times");

        let head = "HTTP/1.1 101 Switching Protocols\r\n";
        assert!(stream.output.starts_with(head.as_bytes()));
        // RFC 6455, section 1.3.
        let accept = "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        let at = stream.output.windows(accept.len()).position(|w| w == accept.as_bytes());
        let frames = &stream.output[at.unwrap() + accept.len()..];
        assert_eq!(
            messages(frames),
            [
                (TEXT, b"Hello".to_vec()),
                (PONG, b"Hello".to_vec()),
                (TEXT, b"Hello".to_vec()),
                (BINARY, large()),
                (BINARY, vec![]),
                (CLOSE, vec![0x03, 0xe8]),
            ]
        );
    }
}

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PONG: u8 = 10;

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// The bytes of a client. The first message and the ping are those of RFC 6455, section 5.7.
fn input() -> Vec<u8> {
    let frames: &[&[u8]] = &[
        REQUEST,
        b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
        // "Hel", a ping, "lo".
        b"\x01\x83\x37\xfa\x21\x3d\x7f\x9f\x4d",
        b"\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
        b"\x80\x82\x3d\x37\xfa\x21\x51\x58",
        // More than any buffer, with a masking key of 0.
        b"\x82\xfe\x4e\x20\0\0\0\0",
        &large(),
        b"\x82\x80\x01\x02\x03\x04",
        b"\x88\x82\0\0\0\0\x03\xe8",
    ];
    frames.concat()
}

/// 20,000 bytes without repetition.
fn large() -> Vec<u8> {
    (0..10_000u16).flat_map(u16::to_be_bytes).collect()
}

/// The opcodes and payloads of the messages in the bytes of a server.
fn messages(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut messages = vec![];
    let mut in_progress = None;
    while let [first, second, rest @ ..] = bytes {
        let (length, rest) = match second {
            0..126 => (usize::from(*second), rest),
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            _ => panic!("masked, or longer than the outbox"),
        };
        let (payload, rest) = rest.split_at(length);
        let (fin, opcode) = (first & 0x80 != 0, first & 0x7f);
        bytes = rest;
        if opcode >= 8 {
            messages.push((opcode, payload.to_vec()));
            continue;
        }
        let (kind, mut message) = match opcode {
            0 => in_progress.take().unwrap(),
            _ => (opcode, vec![]),
        };
        message.extend_from_slice(payload);
        if fin { messages.push((kind, message)) } else { in_progress = Some((kind, message)) }
    }
    assert!(bytes.is_empty() && in_progress.is_none());
    messages
}

/// A stream whose operations wait once, and then read or write one piece.
struct Stream {
    input: Vec<u8>,
    read: usize,
    output: Vec<u8>,
    piece: usize,
    has_waited: bool,
}

impl Stream {
    fn new(piece: usize) -> Self {
        Self { input: input(), read: 0, output: vec![], piece, has_waited: false }
    }

    /// `Pending` at the first poll, ready at the second.
    async fn wait(&mut self) {
        std::future::poll_fn(|_| {
            self.has_waited = !self.has_waited;
            if self.has_waited { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }
}

impl ErrorType for Stream {
    type Error = Infallible;
}

impl Read for Stream {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        self.wait().await;
        let rest = &self.input[self.read..];
        let length = self.piece.min(rest.len()).min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.read += length;
        Ok(length)
    }
}

impl Write for Stream {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.wait().await;
        let length = self.piece.min(bytes.len());
        self.output.extend_from_slice(&bytes[..length]);
        Ok(length)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        self.wait().await;
        Ok(())
    }
}
