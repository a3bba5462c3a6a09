//! The bytes that arrive from the transport.

use std::hint::black_box;

use hybi::{
    Connection, Event, Inbox, Role,
    frame::{Header, Opcode},
    mask::Mask,
};

use super::{Size, payload::Kind};

/// The maximum length of one read, in bytes.
const READ: usize = 64 * 1024;

/// The role of the sender.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Client,
    Server,
}

/// The frames of a batch of messages, as on the wire.
pub(crate) struct Wire {
    pub(crate) bytes: Vec<u8>,
    pub(crate) messages: usize,
    /// The size of each message.
    pub(crate) size: Size,
}

impl Wire {
    /// Equal messages, each in this many fragments. Only their masking keys differ.
    pub(crate) fn new(sender: Sender, kind: Kind, size: Size, fragments: usize) -> Self {
        let payload = kind.payload(size.0);
        let mut wire = Self { bytes: Vec::new(), messages: size.batch(), size };
        for _ in 0..wire.messages {
            let mut opcode = kind.opcode();
            let mut rest = &payload[..];
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(rest.len().min(size.0.div_ceil(fragments)));
                let header = Header::new(opcode, after.is_empty(), piece.len() as u64).unwrap();
                wire.push(sender, header, piece);
                opcode = Opcode::Continuation;
                rest = after;
            }
        }
        wire
    }

    /// Copies all bytes into an inbox, read by read, and calls `receive` after each.
    pub(crate) fn read_into(&self, inbox: &mut Inbox, mut receive: impl FnMut(&mut Inbox)) {
        let mut rest = &self.bytes[..];
        while !rest.is_empty() {
            let spare = inbox.spare().unwrap();
            let length = spare.len().min(READ).min(rest.len());
            let (read, after) = rest.split_at(length);
            spare[..length].copy_from_slice(read);
            inbox.commit(length).unwrap();
            receive(inbox);
            rest = after;
        }
    }

    /// Receives all messages with a connection.
    pub(crate) fn deliver<R: Role>(&self, websocket: &mut Connection<R>, inbox: &mut Inbox) {
        let mut outbox = Vec::new();
        let mut messages = 0;
        self.read_into(inbox, |inbox| {
            while let Some(event) = websocket.receive(inbox, &mut outbox).unwrap() {
                let length = match event {
                    Event::Text(text) => black_box(text).len(),
                    Event::Binary(data) => black_box(data).len(),
                    _ => continue,
                };
                messages += usize::from(length == self.size.0);
            }
        });
        assert_eq!(messages, self.messages);
    }

    fn push(&mut self, sender: Sender, header: Header, payload: &[u8]) {
        // Any keys that are not all equal will do.
        let at = self.bytes.len() as u64;
        let [key @ .., _, _, _, _] = (at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        let header = if sender == Sender::Client { header.with_mask(key) } else { header };
        self.bytes.extend_from_slice(&header.encode());
        let start = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        if sender == Sender::Client {
            Mask::new(key).apply(&mut self.bytes[start..]);
        }
    }
}
