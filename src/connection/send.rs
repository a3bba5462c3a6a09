//! Sending: from messages to the outbox.

use super::{Connection, Fragment, Outgoing, Role, State, Status, Step};
use crate::{
    buffer::Outbox,
    close::{Close, CloseCode},
    config::CloseReply,
    error::{Error, Misuse, OutboxFull},
    frame::{DataOpcode, Header, Kind, MAX_CONTROL, Opcode, Reserved},
};

impl<R: Role> Connection<R> {
    /// Sends a text message.
    ///
    /// # Errors
    ///
    /// - [`Misuse::NotOpen`]: the connection is closing or closed.
    /// - [`Misuse::MessageOpen`]: a message is being sent fragment by fragment.
    /// - [`OutboxFull`](Error::OutboxFull): nothing of the message was written.
    /// - [`Entropy`](Error::Entropy): a client got no masking key; nothing of it was written.
    pub fn send_text(&mut self, text: &str, outbox: &mut impl Outbox) -> Result<(), Error> {
        self.send_message(Kind::Text, text.as_bytes(), outbox)
    }

    /// Sends a binary message.
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text).
    pub fn send_binary(&mut self, data: &[u8], outbox: &mut impl Outbox) -> Result<(), Error> {
        self.send_message(Kind::Binary, data, outbox)
    }

    /// Sends a message that owns its payload.
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text).
    #[cfg(feature = "alloc")]
    pub fn send(
        &mut self,
        message: &crate::message::Message,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        match message {
            crate::message::Message::Text(text) => self.send_text(text, outbox),
            crate::message::Message::Binary(data) => self.send_binary(data, outbox),
        }
    }

    /// Sends the next fragment of a text message, whose length need not be known: the first
    /// fragment begins the message, the [last](Fragment::Last) ends it.
    ///
    /// Pings, pongs and a Close may be sent between two fragments, other messages may not.
    /// [`Fragment::split_text`] cuts a text into fragments. Automatic pongs do not go between the
    /// fragments of a compressed message: see [`Pongs`](crate::Pongs).
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text); [`Misuse::KindChanged`] if the message was begun as
    /// binary.
    pub fn send_text_fragment(
        &mut self,
        text: &str,
        fragment: Fragment,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        self.send_fragment(Kind::Text, text.as_bytes(), fragment, outbox)
    }

    /// Sends the next fragment of a binary message; see
    /// [`send_text_fragment`](Self::send_text_fragment).
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text); [`Misuse::KindChanged`] if the message was begun as
    /// text.
    pub fn send_binary_fragment(
        &mut self,
        data: &[u8],
        fragment: Fragment,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        self.send_fragment(Kind::Binary, data, fragment, outbox)
    }

    /// Sends a ping with up to 125 bytes, which the peer's pong will repeat.
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text), and [`Misuse::ControlTooLong`].
    pub fn send_ping(&mut self, payload: &[u8], outbox: &mut impl Outbox) -> Result<(), Error> {
        self.send_control(Opcode::Ping, payload, outbox)
    }

    /// Sends a pong with up to 125 bytes: the answer to a ping under
    /// [`Pongs::Manual`](crate::Pongs::Manual), or one that nobody asked for (section 5.5.3).
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text), and [`Misuse::ControlTooLong`].
    pub fn send_pong(&mut self, payload: &[u8], outbox: &mut impl Outbox) -> Result<(), Error> {
        self.send_control(Opcode::Pong, payload, outbox)
    }

    /// Begins the closing handshake with a code and a reason of up to 123 bytes, which may be
    /// empty. A message of which not all fragments were sent is given up. A pong that waits leaves
    /// first, if there is room for both.
    ///
    /// Go on receiving until the connection [is done](Self::should_close_transport): the peer's Close comes.
    ///
    /// # Errors
    ///
    /// - [`Misuse::NotOpen`]: a Close was sent or received already.
    /// - [`Misuse::ReasonTooLong`]; [`Misuse::MandatoryExtensionByServer`].
    /// - [`OutboxFull`](Error::OutboxFull), [`Entropy`](Error::Entropy): nothing of the Close was
    ///   written.
    pub fn close(
        &mut self,
        code: CloseCode,
        reason: &str,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        if R::IS_SERVER && code == CloseCode::MANDATORY_EXTENSION {
            return Err(Misuse::MandatoryExtensionByServer.into());
        }
        if reason.len() > Close::MAX_REASON {
            return Err(Misuse::ReasonTooLong(reason.len()).into());
        }
        let mut body = [0; MAX_CONTROL];
        body[..2].copy_from_slice(&code.get().to_be_bytes());
        let body = &mut body[..2 + reason.len()];
        body[2..].copy_from_slice(reason.as_bytes());
        self.begin_close(body, outbox)
    }

    /// Begins the closing handshake without a code; the peer will report 1005.
    ///
    /// # Errors
    ///
    /// As for [`close`](Self::close).
    pub fn close_without_code(&mut self, outbox: &mut impl Outbox) -> Result<(), Error> {
        self.begin_close(&[], outbox)
    }

    /// Whether the outbox may take another message: fewer bytes wait in it than
    /// [`Config::outbox_high_water`](crate::Config::outbox_high_water) says. As long as it may not, receive
    /// nothing and read nothing: a peer that does not read is not read from either.
    pub fn has_room(&self, outbox: &impl Outbox) -> bool {
        outbox.pending() < self.config.outbox_high_water
    }

    /// Puts into the outbox what is to leave by itself, as far as there is room.
    #[inline]
    pub(super) fn send_pending(&mut self, outbox: &mut impl Outbox) {
        if self.pending_pong.get().is_some() || self.pending_close.is_some() {
            self.send_what_is_pending(outbox);
        }
    }

    #[inline(never)]
    fn send_what_is_pending(&mut self, outbox: &mut impl Outbox) {
        if !self.holds_pong_back() {
            // Without a masking key it waits, as without room.
            let _ = self.send_pending_pong(0, outbox);
        }
        if let Some(Status(code)) = self.pending_close {
            let body = code.map(|code| code.get().to_be_bytes());
            let body = body.as_ref().map_or(&[][..], |body| body);
            let step = match append_control(&mut self.role, Opcode::Close, body, outbox) {
                Ok(()) => Step::SendClose,
                Err(Error::OutboxFull(_)) => return,
                // Without a masking key it can never be sent, and the peer waits for it: the
                // transport is to be closed all the same.
                Err(_) => Step::Fail,
            };
            self.pending_close = None;
            self.state = self.state.after(step);
        }
    }

    /// Appends the pong that waits, if the outbox has room for it and for `reserved` bytes more.
    fn send_pending_pong(
        &mut self,
        reserved: usize,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        let Some(payload) = self.pending_pong.get() else { return Ok(()) };
        let header = control_header(Opcode::Pong, payload)?;
        let needed = encoded_len::<R>(header, payload) + reserved;
        if self.has_room(outbox) && needed <= outbox.room() {
            append(&mut self.role, header, payload, outbox)?;
            self.pending_pong.clear();
        }
        Ok(())
    }

    /// Whether the automatic pong waits for the end of the message that is being sent.
    ///
    /// Section 5.4 allows control frames between the fragments of any message, but several peers
    /// fail at one inside a compressed message.
    const fn holds_pong_back(&self) -> bool {
        matches!(self.outgoing, Some(Outgoing { is_compressed: true, .. }))
    }

    fn send_message(
        &mut self,
        kind: Kind,
        payload: &[u8],
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        self.may_begin_message()?;
        let is_compressed = self.compression.suits(Some(payload.len()));
        self.send_data(kind.opcode(), payload, true, is_compressed, outbox)
    }

    fn send_fragment(
        &mut self,
        kind: Kind,
        payload: &[u8],
        fragment: Fragment,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        self.may_send()?;
        let last = fragment.is_last();
        // Section 5.4: the first frame names the kind, the others continue.
        let (opcode, is_compressed) = match self.outgoing {
            None => {
                // The length of a message in fragments is not known yet.
                let length = last.then_some(payload.len());
                (kind.opcode(), self.compression.suits(length))
            }
            Some(open) if open.kind == kind => (DataOpcode::Continuation, open.is_compressed),
            Some(_) => return Err(Misuse::KindChanged.into()),
        };
        self.send_data(opcode, payload, last, is_compressed, outbox)?;
        self.outgoing = (!last).then_some(Outgoing { kind, is_compressed });
        if last {
            // A pong that was held back leaves at once; without room, it waits as any other.
            self.send_pending(outbox);
        }
        Ok(())
    }

    /// Appends a data frame; all of it or nothing.
    fn send_data(
        &mut self,
        opcode: DataOpcode,
        payload: &[u8],
        last: bool,
        is_compressed: bool,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        self.send_pending(outbox);
        self.check_high_water(outbox)?;
        if is_compressed {
            return self.send_compressed(opcode, payload, last, outbox);
        }
        append(&mut self.role, Header::data(opcode, last, payload), payload, outbox)
    }

    /// Compresses data, then appends it in one frame.
    #[inline(never)] // keeps the path of uncompressed messages short
    fn send_compressed(
        &mut self,
        opcode: DataOpcode,
        payload: &[u8],
        last: bool,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        let is_first = opcode != DataOpcode::Continuation;
        let whole = is_first && last;
        let smaller = self
            .compression
            .compress(payload, last)
            .filter(|compressed| !whole || compressed.len() < payload.len());
        let sent = match smaller {
            Some(compressed) => {
                // RFC 7692, section 6: the first frame of a message says so.
                let reserved = if is_first { Reserved::RSV1 } else { Reserved::NONE };
                let header = Header::data(opcode, last, compressed).with_reserved(reserved);
                append(&mut self.role, header, compressed, outbox)
            }
            None if whole => {
                self.compression.reset_sending();
                let header = Header::data(opcode, last, payload);
                return append(&mut self.role, header, payload, outbox);
            }
            // After a codec failure in the middle of a message, the message cannot go on.
            None => Err(Misuse::NotOpen.into()),
        };
        match &sent {
            Ok(()) if last => self.compression.on_sent(),
            Ok(()) => {}
            Err(_) => self.compression.reset_sending(),
        }
        sent
    }

    fn send_control(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        self.may_send()?;
        let header = control_header(opcode, payload)?;
        self.check_high_water(outbox)?;
        append(&mut self.role, header, payload, outbox)
    }

    fn begin_close(&mut self, body: &[u8], outbox: &mut impl Outbox) -> Result<(), Error> {
        self.may_send()?;
        let close = control_header(Opcode::Close, body)?;
        // Section 5.5.2: a ping that arrived before is answered, where there is room for both.
        self.send_pending_pong(encoded_len::<R>(close, body), outbox)?;
        append(&mut self.role, close, body, outbox)?;
        self.pending_pong.clear();
        self.outgoing = None;
        self.state = self.state.after(Step::SendClose);
        if self.state == State::Closed {
            self.compression.end_sending();
        }
        Ok(())
    }

    /// Section 6.1: data is sent in the open state only; section 5.5.1: and until the reply to a
    /// Close, if that is the caller's.
    #[inline]
    fn may_send(&self) -> Result<(), Misuse> {
        match self.state {
            State::Open => Ok(()),
            State::CloseReceived if self.config.close_reply == CloseReply::Manual => Ok(()),
            _ => Err(Misuse::NotOpen),
        }
    }

    /// Section 5.4: messages are not interleaved.
    #[inline]
    pub(super) fn may_begin_message(&self) -> Result<(), Misuse> {
        self.may_send()?;
        if self.outgoing.is_none() { Ok(()) } else { Err(Misuse::MessageOpen) }
    }

    pub(super) fn check_high_water(&self, outbox: &impl Outbox) -> Result<(), Error> {
        if self.has_room(outbox) {
            return Ok(());
        }
        let high_water = self.config.outbox_high_water;
        Err(Error::AboveHighWater { pending: outbox.pending(), high_water })
    }
}

/// The header of a control frame, unmasked.
#[inline]
fn control_header(opcode: Opcode, payload: &[u8]) -> Result<Header, Misuse> {
    Header::control(opcode, payload).ok_or(Misuse::ControlTooLong(payload.len()))
}

/// Appends a control frame, masked if the role masks; all of it or nothing.
fn append_control<R: Role>(
    role: &mut R,
    opcode: Opcode,
    payload: &[u8],
    outbox: &mut impl Outbox,
) -> Result<(), Error> {
    append(role, control_header(opcode, payload)?, payload, outbox)
}

/// The length of a frame on the wire.
const fn encoded_len<R: Role>(header: Header, payload: &[u8]) -> usize {
    let key = if R::IS_SERVER { 0 } else { 4 };
    header.encoded_len() + key + payload.len()
}

/// Appends one frame, masked if the role masks; all of it or nothing.
#[inline(always)]
#[allow(clippy::inline_always)] // a header that goes through memory costs half of a small message
fn append<R: Role>(
    role: &mut R,
    header: Header,
    payload: &[u8],
    outbox: &mut impl Outbox,
) -> Result<(), Error> {
    let header = match role.masking_key()? {
        Some(key) => header.with_mask(key),
        None => header,
    };
    let needed = header.encoded_len().saturating_add(payload.len());
    if needed > outbox.room() {
        return Err(OutboxFull { needed, room: outbox.room() }.into());
    }
    outbox.append_frame(&header, payload);
    Ok(())
}
