//! What a connection reports about its frames and messages.
//!
//! This module passes them to the counters and to the events. Each of these is a feature. Without both,
//! the [`Observer`] has no size and its methods do nothing.

use crate::{
    counters::Tally,
    events,
    frame::{Header, Kind},
};

/// Observes one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observer {
    tally: Tally,
}

impl Observer {
    pub(crate) const fn new() -> Self {
        Self { tally: Tally::NONE }
    }

    #[cfg(feature = "counters")]
    pub(crate) const fn counters(&self) -> &crate::counters::Counters {
        self.tally.counters()
    }

    /// An uncompressed message in one frame was received, with a payload and a header of these lengths.
    #[inline]
    pub(crate) fn receive_single(
        &mut self,
        header: &Header,
        kind: Kind,
        length: usize,
        header_len: usize,
    ) {
        self.tally.receive_single(kind, length, header_len);
        events::receive_frame(header);
    }

    /// The header of a frame was received.
    #[inline]
    pub(crate) fn receive_frame(&mut self, header: &Header) {
        self.tally.receive_frame(header);
        events::receive_frame(header);
    }

    /// A frame of a custom extension was received.
    pub(crate) fn receive_extension_frame(&mut self, header: &Header) {
        self.tally.receive_extension_frame(header);
        events::receive_frame(header);
    }

    /// A message, or a part of one, was received.
    #[inline]
    pub(crate) fn receive_message(&mut self, kind: Kind, length: usize, last: bool) {
        self.tally.receive_message(kind, length, last);
    }

    /// A frame was sent.
    #[inline]
    pub(crate) fn send_frame(&mut self, header: &Header) {
        self.tally.send_frame(header);
        events::send_frame(header);
    }

    /// A frame of a custom extension was sent.
    pub(crate) fn send_extension_frame(&mut self, header: &Header) {
        self.tally.send_extension_frame(header);
        events::send_frame(header);
    }

    /// A message, or a part of one, was sent.
    #[inline]
    pub(crate) fn send_message(&mut self, kind: Kind, length: usize, last: bool) {
        self.tally.send_message(kind, length, last);
    }

    /// A prepared message with an uncompressed payload of `length` bytes was sent in this frame.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(crate) fn send_prepared(&mut self, kind: Kind, length: usize, frame: &[u8]) {
        self.tally.send_prepared(kind, length, frame);
        events::send_prepared(frame);
    }

    /// A pending pong was replaced by a later one.
    pub(crate) fn coalesce_pong(&mut self) {
        self.tally.coalesce_pong();
    }
}
