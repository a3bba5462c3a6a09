//! Counters of a connection (feature `counters`).
//!
//! This module owns the numbers and the rules of counting. The connection reports each frame and each
//! message to the [`Tally`]. Without the feature, `off.rs` replaces this file and counts nothing, so that
//! counting costs only those who want it.

#[cfg(feature = "alloc")]
use crate::frame::Rules;
use crate::frame::{Header, Kind, Opcode, Reserved};

/// What a connection has received and sent (feature `counters`). See
/// [`Connection::counters`](crate::Connection::counters).
///
/// ```
/// # use hybi::{Config, Connection, Inbox};
/// # let mut websocket = Connection::server(Config::new());
/// # let (mut inbox, mut outbox) = (Inbox::with_capacity(100), Vec::new());
/// websocket.send_text("Hello", &mut outbox)?;
/// let sent = websocket.counters().sent;
/// assert_eq!((sent.text_messages, sent.message_bytes, sent.wire_bytes), (1, 5, 7));
/// # let _ = &mut inbox;
/// # Ok::<(), hybi::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// From the peer.
    pub received: Traffic,
    /// To the peer: what was appended to the outbox, or framed without a copy.
    pub sent: Traffic,
    /// Pings that were not answered, because a later one was (RFC 6455, section 5.5.3).
    pub coalesced_pongs: u64,
}

/// The counters of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Complete text messages.
    pub text_messages: u64,
    /// Complete binary messages.
    pub binary_messages: u64,
    /// The payload of messages, uncompressed, in bytes. Parts of incomplete messages count.
    pub message_bytes: u64,
    /// Messages with RSV1, which marks compression.
    pub compressed_messages: u64,
    /// The payload of these messages on the wire, in bytes.
    pub compressed_bytes: u64,
    /// Text, binary and continuation frames, without those of custom extensions.
    pub data_frames: u64,
    /// Ping frames.
    pub pings: u64,
    /// Pong frames.
    pub pongs: u64,
    /// All frames with their headers, in bytes. A received frame counts as soon as its header is
    /// complete.
    pub wire_bytes: u64,
}

/// The counters of a connection, as the connection updates them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    counters: Counters,
    /// Whether the message in progress in each direction began with RSV1.
    receives_compressed: bool,
    sends_compressed: bool,
}

impl Tally {
    pub(crate) const NONE: Self = {
        let none = Traffic {
            text_messages: 0,
            binary_messages: 0,
            message_bytes: 0,
            compressed_messages: 0,
            compressed_bytes: 0,
            data_frames: 0,
            pings: 0,
            pongs: 0,
            wire_bytes: 0,
        };
        let counters = Counters { received: none, sent: none, coalesced_pongs: 0 };
        Self { counters, receives_compressed: false, sends_compressed: false }
    };

    /// The counters for the caller.
    pub(crate) const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// An uncompressed message in one frame was received, with a payload and a header of these lengths.
    #[inline]
    pub(crate) fn receive_single(&mut self, kind: Kind, length: usize, header_len: usize) {
        let received = &mut self.counters.received;
        received.data_frames += 1;
        received.wire_bytes = received.wire_bytes.wrapping_add((header_len + length) as u64);
        received.count_message(kind, length, true);
    }

    /// The header of a frame was received.
    #[inline]
    pub(crate) fn receive_frame(&mut self, header: &Header) {
        self.counters.received.count(header, &mut self.receives_compressed);
    }

    /// A frame of a custom extension was received.
    pub(crate) fn receive_extension_frame(&mut self, header: &Header) {
        self.counters.received.count_wire(header);
    }

    /// A message, or a part of one, was received.
    #[inline]
    pub(crate) fn receive_message(&mut self, kind: Kind, length: usize, last: bool) {
        self.counters.received.count_message(kind, length, last);
    }

    /// A frame was sent.
    #[inline]
    pub(crate) fn send_frame(&mut self, header: &Header) {
        self.counters.sent.count(header, &mut self.sends_compressed);
    }

    /// A frame of a custom extension was sent.
    pub(crate) fn send_extension_frame(&mut self, header: &Header) {
        self.counters.sent.count_wire(header);
    }

    /// A message, or a part of one, was sent.
    #[inline]
    pub(crate) fn send_message(&mut self, kind: Kind, length: usize, last: bool) {
        self.counters.sent.count_message(kind, length, last);
    }

    /// A prepared message with an uncompressed payload of `length` bytes was sent in this frame.
    #[cfg(feature = "alloc")]
    pub(crate) fn send_prepared(&mut self, kind: Kind, length: usize, frame: &[u8]) {
        let rules = Rules::from_server().allowing(Reserved::RSV1);
        if let Ok(Some(header)) = Header::parse(frame, rules) {
            self.send_frame(&header);
        }
        self.send_message(kind, length, true);
    }

    /// A pending pong was replaced by a later one.
    pub(crate) fn coalesce_pong(&mut self) {
        self.counters.coalesced_pongs += 1;
    }
}

/// Shows no numbers: they are not part of the state of a connection, which its `Debug` identifies.
impl core::fmt::Debug for Tally {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Tally")
    }
}

impl Traffic {
    /// Counts a frame. `is_compressed` is the state of the message that it begins or continues.
    fn count(&mut self, header: &Header, is_compressed: &mut bool) {
        self.count_wire(header);
        match header.opcode() {
            Opcode::Ping => self.pings += 1,
            Opcode::Pong => self.pongs += 1,
            Opcode::Close => {}
            Opcode::Continuation => self.count_data(header, *is_compressed),
            Opcode::Text | Opcode::Binary => {
                *is_compressed = header.reserved().contains(Reserved::RSV1);
                self.compressed_messages += u64::from(*is_compressed);
                self.count_data(header, *is_compressed);
            }
        }
    }

    fn count_data(&mut self, header: &Header, is_compressed: bool) {
        self.data_frames += 1;
        if is_compressed {
            self.compressed_bytes = self.compressed_bytes.saturating_add(header.payload_len());
        }
    }

    fn count_wire(&mut self, header: &Header) {
        // A peer can declare a length close to 2^63 in each header.
        let length = header.payload_len().saturating_add(header.encoded_len() as u64);
        self.wire_bytes = self.wire_bytes.saturating_add(length);
    }

    fn count_message(&mut self, kind: Kind, length: usize, last: bool) {
        // Bytes that were transferred do not overflow the sum.
        self.message_bytes = self.message_bytes.wrapping_add(length as u64);
        match kind {
            Kind::Text => self.text_messages += u64::from(last),
            Kind::Binary => self.binary_messages += u64::from(last),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn debug_shows_that_there_is_a_tally_and_none_of_its_numbers() {
        let mut tally = Tally::NONE;
        tally.coalesce_pong();
        assert_eq!(std::format!("{tally:?}"), "Tally");
    }
}
