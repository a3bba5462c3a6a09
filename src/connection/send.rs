//! Sending: appends messages and control frames to the outbox.

use super::{Connection, Fragment, Outgoing, Role, State, Status, Step};
use crate::{
    buffer::Outbox,
    close::{Close, CloseCode},
    config::CloseReply,
    error::{Error, Misuse, OutboxFull},
    frame::{DataOpcode, Header, Kind, MAX_CONTROL, Opcode, Reserved},
    observer::Observer,
};

/// A fragment of a message, or a whole one.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) kind: Kind,
    /// The claimed reserved bits of the message.
    pub(super) reserved: Reserved,
    /// Whether an extension has encoded it after compression.
    pub(super) is_encoded: bool,
    pub(super) payload: &'a [u8],
}

impl<R: Role> Connection<R> {
    /// Sends a text message.
    ///
    /// # Errors
    ///
    /// If it fails, no part of the message has been appended.
    ///
    /// - [`Misuse::NotOpen`]: the connection is closing or closed.
    /// - [`Misuse::MessageOpen`]: another message is being sent in fragments.
    /// - [`AboveHighWater`](Error::AboveHighWater): the outbox has reached
    ///   [`Config::outbox_high_water`](crate::Config::outbox_high_water).
    /// - [`OutboxFull`](Error::OutboxFull): the outbox has no room for the message.
    /// - [`Entropy`](Error::Entropy): a client could not get a masking key.
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

    /// Sends the next fragment of a text message. The first fragment begins the message, the
    /// [last](Fragment::Last) ends it. The total length need not be known.
    ///
    /// You can send pings, pongs and a Close between two fragments, but no other message.
    /// [`Fragment::split_text`] splits a text into fragments. Automatic pongs are not sent between
    /// the fragments of a compressed message (see [`Pongs`](crate::Pongs)).
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text), and [`Misuse::KindChanged`] if the message in
    /// progress is binary.
    pub fn send_text_fragment(
        &mut self,
        text: &str,
        fragment: Fragment,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        self.send_fragment(Kind::Text, text.as_bytes(), fragment, outbox)
    }

    /// Sends the next fragment of a binary message. See
    /// [`send_text_fragment`](Self::send_text_fragment).
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text), and [`Misuse::KindChanged`] if the message in
    /// progress is text.
    pub fn send_binary_fragment(
        &mut self,
        data: &[u8],
        fragment: Fragment,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        self.send_fragment(Kind::Binary, data, fragment, outbox)
    }

    /// Sends a ping with a payload of up to 125 bytes, which the peer echoes in its pong. It may be
    /// sent between the fragments of a message.
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text) without [`Misuse::MessageOpen`], and
    /// [`Misuse::ControlTooLong`].
    pub fn send_ping(&mut self, payload: &[u8], outbox: &mut impl Outbox) -> Result<(), Error> {
        self.send_control(Opcode::Ping, payload, outbox)
    }

    /// Sends a pong with a payload of up to 125 bytes: the reply to a ping under
    /// [`Pongs::Manual`](crate::Pongs::Manual), or an unsolicited pong (section 5.5.3). It may be
    /// sent between the fragments of a message.
    ///
    /// # Errors
    ///
    /// As for [`send_ping`](Self::send_ping).
    pub fn send_pong(&mut self, payload: &[u8], outbox: &mut impl Outbox) -> Result<(), Error> {
        self.send_control(Opcode::Pong, payload, outbox)
    }

    /// Sends a Close with a code and a reason of up to 123 bytes, which may be empty. This begins
    /// the closing handshake, or completes it under [`CloseReply::Manual`].
    ///
    /// A message that is being sent in fragments is abandoned. A pending pong is sent before the
    /// Close if there is room for both.
    ///
    /// Keep receiving until [`should_close_transport`](Self::should_close_transport) returns true,
    /// because the peer replies with a Close.
    ///
    /// # Errors
    ///
    /// - [`Misuse::NotOpen`]: a Close has already been sent or received.
    /// - [`Misuse::ReasonTooLong`]: the reason has more than 123 bytes.
    /// - [`Misuse::MandatoryExtensionByServer`]: a server must not send this code (section 7.4.1).
    /// - [`OutboxFull`](Error::OutboxFull), [`Entropy`](Error::Entropy): no part of the Close has
    ///   been appended.
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

    /// Sends a Close without a code, like [`close`](Self::close). The peer reports 1005.
    ///
    /// # Errors
    ///
    /// As for [`close`](Self::close).
    pub fn close_without_code(&mut self, outbox: &mut impl Outbox) -> Result<(), Error> {
        self.begin_close(&[], outbox)
    }

    /// Whether the outbox accepts another message: fewer bytes are pending than
    /// [`Config::outbox_high_water`](crate::Config::outbox_high_water).
    ///
    /// While this is false, neither receive nor read from the transport, so that a peer that does
    /// not read is slowed down.
    pub fn has_room(&self, outbox: &impl Outbox) -> bool {
        outbox.pending() < self.config.outbox_high_water
    }

    /// Appends the pending pong and the pending Close, as far as there is room.
    #[inline]
    pub(super) fn send_pending(&mut self, outbox: &mut impl Outbox) {
        if self.pending_pong.get().is_some() || self.pending_close.is_some() {
            self.append_pending(outbox);
        }
    }

    #[inline(never)]
    fn append_pending(&mut self, outbox: &mut impl Outbox) {
        if !self.delays_pong() {
            // Without a masking key, the pong stays pending, as it does without room.
            let _ = self.send_pending_pong(0, outbox);
        }
        if let Some(Status(code)) = self.pending_close {
            let body = code.map(|code| code.get().to_be_bytes());
            let body = body.as_ref().map_or(&[][..], |body| body);
            let step = match append_control(
                &mut self.role,
                &mut self.observer,
                Opcode::Close,
                body,
                outbox,
            ) {
                Ok(()) => Step::SendClose,
                Err(Error::OutboxFull(_)) => return,
                // Without a masking key, the Close can never be sent, and the peer waits for it.
                // Close the transport instead.
                Err(_) => Step::Fail,
            };
            self.pending_close = None;
            self.state = self.state.after(step);
        }
    }

    /// Appends the pending pong if the outbox has room for it and for `reserved` more bytes.
    fn send_pending_pong(
        &mut self,
        reserved: usize,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        let Some(payload) = self.pending_pong.get() else { return Ok(()) };
        let header = control_header(Opcode::Pong, payload)?;
        let needed = encoded_len::<R>(header, payload) + reserved;
        if self.has_room(outbox) && needed <= outbox.room() {
            append_counted(&mut self.role, &mut self.observer, header, payload, outbox)?;
            self.pending_pong.clear();
        }
        Ok(())
    }

    /// Whether the automatic pong waits for the end of the message that is being sent.
    ///
    /// Section 5.4 allows control frames between the fragments of any message, but several peers
    /// fail the connection if one arrives inside a compressed message.
    const fn delays_pong(&self) -> bool {
        matches!(self.outgoing, Some(Outgoing { is_compressed: true, .. }))
    }

    fn send_message(
        &mut self,
        kind: Kind,
        payload: &[u8],
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        self.may_begin_message()?;
        let is_compressed = self.compression.should_compress(Some(payload.len()));
        self.send_data(kind.opcode(), payload, true, is_compressed, outbox)?;
        self.observer.send_message(kind, payload.len(), true);
        Ok(())
    }

    fn send_fragment(
        &mut self,
        kind: Kind,
        payload: &[u8],
        fragment: Fragment,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        let part = Part { kind, reserved: Reserved::NONE, is_encoded: false, payload };
        self.send_part(part, fragment, outbox)
    }

    /// Sends a fragment, or the only one, of a message that may have claimed reserved bits.
    pub(super) fn send_part(
        &mut self,
        part: Part<'_>,
        fragment: Fragment,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        self.may_send()?;
        let Part { kind, reserved, is_encoded, payload } = part;
        let last = fragment.is_last();
        // Section 5.4: the first frame has the opcode of the message, the others are continuations.
        let (opcode, is_compressed) = match self.outgoing {
            None => {
                // The length of the message is known only if this is its only fragment.
                let length = last.then_some(payload.len());
                (kind.opcode(), !is_encoded && self.compression.should_compress(length))
            }
            Some(open) if open.kind == kind && open.reserved == reserved => {
                (DataOpcode::Continuation, open.is_compressed)
            }
            Some(_) => return Err(Misuse::KindChanged.into()),
        };
        if reserved.is_empty() {
            self.send_data(opcode, payload, last, is_compressed, outbox)?;
        } else {
            self.send_extended_data(opcode, payload, last, (is_compressed, reserved), outbox)?;
            if last && is_encoded && reserved.intersects(self.compression.reserved()) {
                self.compression.on_sent();
            }
        }
        self.observer.send_message(kind, payload.len(), last);
        self.outgoing = (!last).then_some(Outgoing { kind, reserved, is_compressed });
        if last {
            // Append the delayed pong now. Without room, it stays pending.
            self.send_pending(outbox);
        }
        Ok(())
    }

    /// Appends a complete data frame, or nothing.
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
            return self.send_compressed(opcode, Reserved::NONE, payload, last, outbox);
        }
        append_counted(
            &mut self.role,
            &mut self.observer,
            Header::data(opcode, last, payload),
            payload,
            outbox,
        )
    }

    /// As [`send_data`](Self::send_data), for a message with these claimed reserved bits.
    #[inline(never)] // keeps the path of other messages short
    fn send_extended_data(
        &mut self,
        opcode: DataOpcode,
        payload: &[u8],
        last: bool,
        (is_compressed, reserved): (bool, Reserved),
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        self.send_pending(outbox);
        self.check_high_water(outbox)?;
        if is_compressed {
            return self.send_compressed(opcode, reserved, payload, last, outbox);
        }
        let header = Header::data(opcode, last, payload);
        append_counted(
            &mut self.role,
            &mut self.observer,
            marked(header, reserved),
            payload,
            outbox,
        )
    }

    /// Compresses the payload and appends it in one frame.
    #[inline(never)] // keeps the path of uncompressed messages short
    fn send_compressed(
        &mut self,
        opcode: DataOpcode,
        claimed: Reserved,
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
                // RFC 7692, section 6: only the first frame of a message has RSV1 set.
                let header = Header::data(opcode, last, compressed);
                let header = marked(header, claimed.union(Reserved::RSV1));
                append_counted(&mut self.role, &mut self.observer, header, compressed, outbox)
            }
            None if whole => {
                self.compression.reset_sending();
                let header = marked(Header::data(opcode, last, payload), claimed);
                return append_counted(&mut self.role, &mut self.observer, header, payload, outbox);
            }
            // The message cannot be continued after a codec failure.
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
        append_counted(&mut self.role, &mut self.observer, header, payload, outbox)
    }

    fn begin_close(&mut self, body: &[u8], outbox: &mut impl Outbox) -> Result<(), Error> {
        self.may_send()?;
        let close = control_header(Opcode::Close, body)?;
        // Section 5.5.2: answer an earlier ping if there is room for both frames.
        self.send_pending_pong(encoded_len::<R>(close, body), outbox)?;
        append_counted(&mut self.role, &mut self.observer, close, body, outbox)?;
        self.pending_pong.clear();
        self.outgoing = None;
        self.state = self.state.after(Step::SendClose);
        self.compression.end_sending();
        if self.input_ended {
            self.state = self.state.after(Step::EndOfInput);
        }
        Ok(())
    }

    /// Checks that frames may be sent. Section 6.1 allows data only in the open state, and section
    /// 5.5.1 also before the reply to a Close, which is the caller's under [`CloseReply::Manual`].
    #[inline]
    pub(super) fn may_send(&self) -> Result<(), Misuse> {
        match self.state {
            State::Open => Ok(()),
            State::CloseReceived if self.config.close_reply == CloseReply::Manual => Ok(()),
            _ => Err(Misuse::NotOpen),
        }
    }

    /// Checks that a new message may begin. Section 5.4: messages are not interleaved.
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

/// A header with these reserved bits if it begins a message: bits of messages are set only on the
/// first frame.
fn marked(header: Header, reserved: Reserved) -> Header {
    match header.opcode() {
        Opcode::Continuation => header,
        _ => header.with_reserved(reserved),
    }
}

/// The header of a control frame, unmasked.
#[inline]
fn control_header(opcode: Opcode, payload: &[u8]) -> Result<Header, Misuse> {
    Header::control(opcode, payload).ok_or(Misuse::ControlTooLong(payload.len()))
}

/// Appends a complete control frame, or nothing. A client masks it.
fn append_control<R: Role>(
    role: &mut R,
    observer: &mut Observer,
    opcode: Opcode,
    payload: &[u8],
    outbox: &mut impl Outbox,
) -> Result<(), Error> {
    append_counted(role, observer, control_header(opcode, payload)?, payload, outbox)
}

/// The length of a frame on the wire.
const fn encoded_len<R: Role>(header: Header, payload: &[u8]) -> usize {
    let key = if R::IS_SERVER { 0 } else { 4 };
    header.encoded_len() + key + payload.len()
}

/// The same, for a frame that counts as part of a message or as a control frame.
#[inline(always)]
#[allow(clippy::inline_always)] // as `append`
fn append_counted<R: Role>(
    role: &mut R,
    observer: &mut Observer,
    header: Header,
    payload: &[u8],
    outbox: &mut impl Outbox,
) -> Result<(), Error> {
    append(role, header, payload, outbox)?;
    observer.send_frame(&counted::<R>(header));
    Ok(())
}

/// A header for counting. A client's has a key, which is not the one that was drawn, but as long.
#[inline]
pub(super) const fn counted<R: Role>(header: Header) -> Header {
    if R::IS_SERVER { header } else { header.with_mask([0; 4]) }
}

/// Appends a complete frame, or nothing. A client masks it.
#[inline(always)]
#[allow(clippy::inline_always)] // a header passed through memory takes half the time of a small message
pub(super) fn append<R: Role>(
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
