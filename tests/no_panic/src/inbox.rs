//! The inbox and the outbox.

use hybi::{FixedInbox, FixedOutbox, Inbox, Outbox, frame::Header};

use crate::{
    buffers::{In, Out},
    proof::proofs,
};

type FixedOut<'a> = FixedOutbox<&'a mut [u8]>;

proofs! {
    inbox_over(memory: &mut [u8]) { FixedInbox::over(memory).capacity() }
    inbox_spare(inbox: &mut In<'_>) { Inbox::spare(inbox).is_ok() }
    inbox_commit(inbox: &mut In<'_>, length: usize) { Inbox::commit(inbox, length) }
    inbox_copy_from(inbox: &mut In<'_>, bytes: &[u8]) { Inbox::copy_from(inbox, bytes) }
    inbox_unread(inbox: &In<'_>) { Inbox::unread(inbox).len() }
    inbox_consume(inbox: &mut In<'_>, length: usize) { Inbox::consume(inbox, length) }
    inbox_is_empty(inbox: &In<'_>) { Inbox::is_empty(inbox) }
    inbox_len(inbox: &In<'_>) { Inbox::len(inbox) }
    inbox_capacity(inbox: &In<'_>) { Inbox::capacity(inbox) }
    inbox_release(inbox: &mut In<'_>) { Inbox::release(inbox) }
    inbox_event(inbox: &In<'_>) { Inbox::event(inbox).is_some() }
    inbox_chunk_event(inbox: &In<'_>) { Inbox::chunk_event(inbox).is_some() }
    inbox_extended_event(inbox: &In<'_>) { Inbox::extended_event(inbox).is_some() }
    inbox_invalid_close(inbox: &In<'_>) { Inbox::invalid_close(inbox).is_some() }
    #[cfg(feature = "alloc")]
    inbox_with_capacity(bytes: usize) { Inbox::with_capacity(bytes) }
    #[cfg(feature = "alloc")]
    inbox_split_off(inbox: &mut In<'_>) { Inbox::split_off(inbox) }
    #[cfg(feature = "alloc")]
    inbox_shrink_to_fit(inbox: &mut In<'_>) { Inbox::shrink_to_fit(inbox) }
    outbox_over(memory: &mut [u8]) { FixedOutbox::over(memory).room() }
    outbox_bytes(outbox: &FixedOut<'_>) { FixedOutbox::bytes(outbox).len() }
    outbox_consume(outbox: &mut FixedOut<'_>, written: usize) { FixedOutbox::consume(outbox, written) }
    outbox_clear(outbox: &mut FixedOut<'_>) { FixedOutbox::clear(outbox) }
    outbox_pending(outbox: &Out<'_>) { Outbox::pending(outbox) }
    outbox_room(outbox: &Out<'_>) { Outbox::room(outbox) }
    outbox_append(outbox: &mut Out<'_>, bytes: &[u8]) { Outbox::append(outbox, bytes) }
    outbox_append_frame(outbox: &mut Out<'_>, header: &Header, payload: &[u8]) { Outbox::append_frame(outbox, header, payload) }
    #[cfg(feature = "alloc")]
    growing_new() { hybi::GrowingOutbox::new() }
    #[cfg(feature = "alloc")]
    growing_bytes(outbox: &hybi::GrowingOutbox) { hybi::GrowingOutbox::bytes(outbox).len() }
    #[cfg(feature = "alloc")]
    growing_is_empty(outbox: &hybi::GrowingOutbox) { hybi::GrowingOutbox::is_empty(outbox) }
    #[cfg(feature = "alloc")]
    growing_capacity(outbox: &hybi::GrowingOutbox) { hybi::GrowingOutbox::capacity(outbox) }
    #[cfg(feature = "alloc")]
    growing_consume(outbox: &mut hybi::GrowingOutbox, length: usize) { hybi::GrowingOutbox::consume(outbox, length) }
    #[cfg(feature = "alloc")]
    growing_clear(outbox: &mut hybi::GrowingOutbox) { hybi::GrowingOutbox::clear(outbox) }
    #[cfg(feature = "alloc")]
    growing_consume_with(outbox: &mut hybi::GrowingOutbox, length: usize, frame: &hybi::frame::FrameParts<'_>) { hybi::GrowingOutbox::consume_with(outbox, length, frame) }
    #[cfg(feature = "std")]
    growing_io_slices(outbox: &hybi::GrowingOutbox, frame: &hybi::frame::FrameParts<'_>) { hybi::GrowingOutbox::io_slices(outbox, frame).len() }
    #[cfg(feature = "alloc")]
    event_to_message(event: &hybi::Event<'_>) { hybi::Event::to_message(event) }
    #[cfg(feature = "alloc")]
    message_as_bytes(message: &hybi::Message) { hybi::Message::as_bytes(message).len() }
    #[cfg(feature = "alloc")]
    prepared_text(text: &str) { hybi::Prepared::text(text) }
    #[cfg(feature = "alloc")]
    prepared_binary(data: &[u8]) { hybi::Prepared::binary(data) }
}
