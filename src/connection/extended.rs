//! Custom extensions: messages and frames with claimed reserved bits.

use super::{
    Connection, Event, Fragment, Role, UNFAITHFUL,
    send::{Part, append, counted},
};
use crate::{
    buffer::{Found, Inbox, Outbox, Storage},
    error::{Error, Misuse},
    extension::{Claims, ExtendedMessage, ExtensionFrame},
    frame::{DataOpcode, Header, Opcode},
};

/// An event of a connection with custom extensions. It borrows the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtendedEvent<'a> {
    /// A message without claimed bits, or a control frame.
    Event(Event<'a>),
    /// A message with claimed bits.
    Message(ExtendedMessage<'a>),
    /// A frame of an extension.
    Frame(ExtensionFrame<'a>),
}

impl<R: Role> Connection<R> {
    /// Allows the reserved bits of custom extensions that the opening handshake has negotiated. Call it
    /// before anything is received or sent. If you call [`with_deflate`](Self::with_deflate), call that
    /// first.
    ///
    /// The extension itself is code of the caller: it decodes what
    /// [`receive_extended`](Self::receive_extended) returns, and encodes what
    /// [`send_extended`](Self::send_extended) sends. The [module](crate::extension) shows one.
    ///
    /// # Errors
    ///
    /// [`Misuse::ReservedBits`]: a bit is claimed both per message and per frame, or is RSV1 while
    /// compression is negotiated.
    pub fn with_claims(self, claims: Claims) -> Result<Self, Misuse> {
        if claims.conflict_with(self.compression.reserved()) {
            return Err(Misuse::ReservedBits);
        }
        Ok(Self { claims, ..self })
    }

    /// Returns the next event like [`receive`](Self::receive), and also messages and frames with
    /// claimed reserved bits.
    ///
    /// A message with claimed bits is delivered complete, in one piece. A frame of an extension is
    /// delivered when it is complete in the inbox, which therefore grows to the size of a message and a
    /// frame, each within its limit.
    ///
    /// If the payload violates a rule of the extension, call [`close`](Self::close) with 1002, or with
    /// the code that the extension defines.
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive).
    pub fn receive_extended<'i, S: Storage>(
        &mut self,
        inbox: &'i mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Result<Option<ExtendedEvent<'i>>, Error> {
        if !self.advance(inbox, outbox)? {
            return Ok(None);
        }
        inbox.extended_event().map(Some).ok_or(UNFAITHFUL)
    }

    /// Sends a message that an extension has encoded. If compression is negotiated, the payload is
    /// compressed like that of any other message, unless the extension is applied after compression.
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text), and [`Misuse::ReservedBits`]: the message has no claimed
    /// bit, or a bit that is not claimed per message.
    pub fn send_extended(
        &mut self,
        message: ExtendedMessage<'_>,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        self.may_begin_message()?;
        self.send_extended_fragment(message, Fragment::Last, outbox)
    }

    /// Sends the next fragment of a message that an extension encodes. `kind` and `reserved` must be
    /// the same for all fragments; only the first frame carries the bits. See
    /// [`send_text_fragment`](Self::send_text_fragment).
    ///
    /// # Errors
    ///
    /// As for [`send_extended`](Self::send_extended), and [`Misuse::KindChanged`] if the message in
    /// progress has another kind or other bits.
    pub fn send_extended_fragment(
        &mut self,
        message: ExtendedMessage<'_>,
        fragment: Fragment,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        let ExtendedMessage { kind, reserved, payload } = message;
        let is_encoded = self.claims.is_after_compression(reserved);
        let allowed = if is_encoded {
            self.claims.of_messages().union(self.compression.reserved())
        } else {
            self.claims.of_messages()
        };
        if reserved.is_empty() || !allowed.contains(reserved) {
            return Err(Misuse::ReservedBits.into());
        }
        self.send_part(Part { kind, reserved, is_encoded, payload }, fragment, outbox)
    }

    /// Sends a frame of an extension. It may be sent between the fragments of a message, and is not
    /// compressed.
    ///
    /// # Errors
    ///
    /// As for [`send_ping`](Self::send_ping), and [`Misuse::ReservedBits`]: the frame has a bit that is
    /// not claimed per frame, or none, or the opcode of a control frame.
    pub fn send_extension_frame(
        &mut self,
        frame: ExtensionFrame<'_>,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        self.may_send()?;
        let ExtensionFrame { opcode, fin, reserved, payload } = frame;
        let opcode = match opcode {
            Opcode::Continuation => DataOpcode::Continuation,
            Opcode::Text => DataOpcode::Text,
            Opcode::Binary => DataOpcode::Binary,
            Opcode::Close | Opcode::Ping | Opcode::Pong => return Err(Misuse::ReservedBits.into()),
        };
        if reserved.is_empty() || !self.claims.of_frames().contains(reserved) {
            return Err(Misuse::ReservedBits.into());
        }
        self.send_pending(outbox);
        self.check_high_water(outbox)?;
        let header = Header::data(opcode, fin, payload).with_reserved(reserved);
        append(&mut self.role, header, payload, outbox)?;
        self.observer.send_extension_frame(&counted::<R>(header));
        Ok(())
    }
}

impl<S: Storage> Inbox<S> {
    /// The event that [`advance`](Connection::advance) or [`advance_chunk`](Connection::advance_chunk)
    /// found on a connection with custom extensions. Otherwise like [`event`](Self::event).
    pub fn extended_event(&self) -> Option<ExtendedEvent<'_>> {
        Some(match self.found() {
            Found::Extended(content, kind, reserved) => {
                let (kind, reserved) = (*kind, *reserved);
                let payload = match self.content(content)? {
                    Ok(text) => text.as_bytes(),
                    Err(data) => data,
                };
                ExtendedEvent::Message(ExtendedMessage { kind, reserved, payload })
            }
            Found::ExtensionFrame(payload, opcode, fin, reserved) => {
                ExtendedEvent::Frame(ExtensionFrame {
                    opcode: *opcode,
                    fin: *fin,
                    reserved: *reserved,
                    payload: self.received(payload),
                })
            }
            _ => ExtendedEvent::Event(self.event()?),
        })
    }
}
