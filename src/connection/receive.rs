//! Receiving: from the inbox to events.

use core::ops::Range;

use super::{ChunkEvent, Connection, Event, Fragment, Role, State, Step};
use crate::{
    Error, LimitExceeded, Misuse, Pongs, Violation,
    buffer::{Cursor, Inbox, Outbox, Storage},
    close::{Close, CloseCode},
    frame::{Header, MAX_HEADER, Opcode, Reserved, Rules},
    mask::Mask,
    message::{Delivery, Kind, Piece},
    raw,
};

/// Something to be delivered, by where it lies in the inbox.
enum Found {
    Piece(Piece),
    Ping(Range<usize>),
    Pong(Range<usize>),
    Close(Option<CloseCode>, Range<usize>),
}

impl<R: Role> Connection<R> {
    /// Delivers the next event, or `None` when all that the inbox holds has been dealt with: then
    /// write out the outbox, and read on.
    ///
    /// The event borrows the inbox, so that the connection is free to send while the event is
    /// looked at; it is released by the next call. Messages come whole: one that a frame holds is
    /// not copied, one in fragments is put together in the inbox.
    ///
    /// Answers that the protocol asks for (a pong, the reply to a Close) are in the outbox at the
    /// latest when this returns `None`; only while a compressed message is being sent in fragments,
    /// a pong waits for its end (see [`Pongs`]).
    ///
    /// # Errors
    ///
    /// - [`Protocol`](Error::Protocol) and [`Limit`](Error::Limit): the connection has failed.
    ///   The Close frame that says why is in the outbox (if it had room; else the next call puts
    ///   it there), the inbox is empty, and nothing more will be received.
    /// - [`Misuse::ChunksPending`]: a message was begun with
    ///   [`receive_chunk`](Self::receive_chunk).
    /// - [`Misuse::InboxChanged`]: part of a message was received into another inbox. Nothing was
    ///   taken from this one.
    pub fn receive<'i, S: Storage>(
        &mut self,
        inbox: &'i mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Result<Option<Event<'i>>, Error> {
        // Most messages leave here: the way out below would cost a small one a tenth more.
        if let Some(taken) = self.take_usual(inbox) {
            let piece = match taken {
                Ok(piece) => piece,
                Err(violation) => return Err(self.fail_with(violation.into(), inbox, outbox)),
            };
            let bytes = &inbox.parts().0[piece.bytes];
            return Ok(Some(match piece.kind {
                Kind::Text => Event::Text(text::<S>(bytes, piece.is_valid_text)?),
                Kind::Binary => Event::Binary(bytes),
            }));
        }
        if self.incoming.in_chunks() && self.state.receives() && !self.drops_messages() {
            return Err(Misuse::ChunksPending.into());
        }
        let delivery = Delivery::Whole { capacity: inbox.max_capacity() };
        let Some(found) = self.advance(inbox, outbox, delivery)? else { return Ok(None) };
        let bytes = source(inbox, &found);
        let event = match found {
            Found::Piece(Piece { kind: Kind::Text, bytes: range, is_valid_text, .. }) => {
                Event::Text(text::<S>(&bytes[range], is_valid_text)?)
            }
            Found::Piece(Piece { kind: Kind::Binary, bytes: range, .. }) => {
                Event::Binary(&bytes[range])
            }
            Found::Ping(range) => Event::Ping(&bytes[range]),
            Found::Pong(range) => Event::Pong(&bytes[range]),
            Found::Close(code, reason) => {
                Event::Close(Close::of(code, text::<S>(&bytes[reason], false)?))
            }
        };
        Ok(Some(event))
    }

    /// Delivers the next event, a message in parts as it arrives: for messages that are larger
    /// than memory, or to be handled as they come.
    ///
    /// Otherwise as [`receive`](Self::receive), which may be called instead between two messages.
    /// Chunks are as long as what was read; those of a text end on whole characters. The limits
    /// hold here too: for a stream without end, set [`Config::max_message_size`] to `u64::MAX`.
    ///
    /// [`Config::max_message_size`]: crate::Config::max_message_size
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive), but for [`Misuse::ChunksPending`].
    pub fn receive_chunk<'i, S: Storage>(
        &mut self,
        inbox: &'i mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Result<Option<ChunkEvent<'i>>, Error> {
        let Some(found) = self.advance(inbox, outbox, Delivery::Chunks)? else { return Ok(None) };
        let bytes = source(inbox, &found);
        let event = match found {
            Found::Piece(Piece { kind: Kind::Text, bytes: range, last, is_valid_text, .. }) => {
                ChunkEvent::Text {
                    text: text::<S>(&bytes[range], is_valid_text)?,
                    fragment: Fragment::from_last(last),
                }
            }
            Found::Piece(Piece { kind: Kind::Binary, bytes: range, last, .. }) => {
                ChunkEvent::Binary { data: &bytes[range], fragment: Fragment::from_last(last) }
            }
            Found::Ping(range) => ChunkEvent::Ping(&bytes[range]),
            Found::Pong(range) => ChunkEvent::Pong(&bytes[range]),
            Found::Close(code, reason) => {
                ChunkEvent::Close(Close::of(code, text::<S>(&bytes[reason], false)?))
            }
        };
        Ok(Some(event))
    }

    /// Takes the next message in one step if it is of the usual kind: in one frame that is here as
    /// a whole. `None` leaves it to [`advance`](Self::advance), which also finds the faults.
    #[inline]
    fn take_usual<S: Storage>(&mut self, inbox: &mut Inbox<S>) -> Option<Result<Piece, Violation>> {
        if self.state != State::Open || self.incoming.in_message() {
            return None;
        }
        let (bytes, cursor) = inbox.parts();
        let window = bytes.get_mut(cursor.unread..cursor.end)?;
        let (header, size) = Header::parse_usual(window, R::RULES.masked())?;
        // Below 64 KiB, and within what the general way allows.
        let length = usize::try_from(header.payload_len()).ok()?;
        let payload = window.get_mut(size..size + length)?;
        if !self.config.allows_whole(header.payload_len()) {
            return None;
        }
        let kind = if header.opcode() == Opcode::Text { Kind::Text } else { Kind::Binary };
        let is_valid = match (kind, header.masking_key()) {
            (Kind::Binary, None) => true,
            (Kind::Binary, Some(key)) => {
                Mask::new(key).apply(payload);
                true
            }
            (Kind::Text, None) => raw::utf8::is_valid(payload),
            (Kind::Text, Some(key)) => {
                let ascii = Mask::new(key).apply_watching_ascii(payload);
                ascii.get() || raw::utf8::is_valid_beyond_ascii(payload)
            }
        };
        if !is_valid {
            return Some(Err(Violation::TextNotUtf8));
        }
        let start = cursor.unread + size;
        cursor.pass(size + length);
        cursor.want(0);
        Some(Ok(Piece {
            kind,
            bytes: start..start + length,
            last: true,
            is_valid_text: kind == Kind::Text,
            #[cfg(feature = "deflate")]
            is_inflated: false,
        }))
    }

    /// Goes on to the next event, and does what the protocol asks for on the way.
    #[inline(never)]
    fn advance<S: Storage>(
        &mut self,
        inbox: &mut Inbox<S>,
        outbox: &mut impl Outbox,
        delivery: Delivery,
    ) -> Result<Option<Found>, Error> {
        if self.state.receives() && !self.is_held_by(inbox) {
            return Err(Misuse::InboxChanged.into());
        }
        while self.state.receives() {
            // They need not be put together for that.
            let drop = self.drops_messages();
            let delivery = if drop { Delivery::Chunks } else { delivery };
            let capacity = inbox.max_capacity();
            let found = match self.find(inbox, delivery, capacity) {
                Ok(found) => found,
                Err(error) => return Err(self.fail_with(error, inbox, outbox)),
            };
            match &found {
                None => {
                    self.send_pending(outbox);
                    return Ok(None);
                }
                Some(Found::Piece(_)) if drop => continue,
                Some(Found::Ping(payload)) => {
                    self.answer_ping(&inbox.parts().0[payload.clone()], outbox);
                }
                Some(Found::Close(code, _)) => {
                    inbox.clear();
                    self.answer_close(*code, outbox);
                }
                Some(_) => {}
            }
            return Ok(found);
        }
        // Section 1.4: what follows the peer's Close, or a failure, is not looked at.
        inbox.clear();
        self.send_pending(outbox);
        Ok(None)
    }

    /// Whether the inbox holds what was received of the message in progress.
    fn is_held_by<S: Storage>(&self, inbox: &mut Inbox<S>) -> bool {
        #[cfg(feature = "deflate")]
        let (_, cursor, inflated) = inbox.all_parts();
        #[cfg(not(feature = "deflate"))]
        let (_, cursor) = inbox.parts();
        self.incoming.is_held_by(
            cursor,
            #[cfg(feature = "deflate")]
            inflated,
        )
    }

    /// Whether messages are checked and dropped: by default those that arrive after our own Close.
    fn drops_messages(&self) -> bool {
        self.state == State::CloseSent && !self.config.deliver_while_closing
    }

    /// Finds the next thing to deliver in the inbox, which can hold `capacity` bytes at most.
    fn find<S: Storage>(
        &mut self,
        inbox: &mut Inbox<S>,
        delivery: Delivery,
        capacity: usize,
    ) -> Result<Option<Found>, Error> {
        #[cfg(feature = "deflate")]
        let (bytes, cursor, inflated) = inbox.all_parts();
        #[cfg(not(feature = "deflate"))]
        let (bytes, cursor) = inbox.parts();
        cursor.want(0);
        loop {
            #[cfg(feature = "deflate")]
            if self.incoming.in_frame()
                && self.incoming.is_compressed()
                && let Some(compression) = &mut self.compression
            {
                let Self { incoming, config, .. } = self;
                let piece = compression
                    .receive(incoming, bytes, cursor, inflated, config, delivery, capacity)?;
                if let Some(piece) = piece {
                    return Ok(Some(Found::Piece(piece)));
                }
                if self.incoming.in_frame() {
                    self.incoming.want(cursor, Delivery::Chunks, capacity)?;
                    return Ok(None);
                }
                continue;
            }
            if self.incoming.in_frame() {
                self.incoming.absorb(bytes, cursor)?;
                if let Some(piece) = self.incoming.deliver(cursor, delivery)? {
                    return Ok(Some(Found::Piece(piece)));
                }
                if self.incoming.in_frame() {
                    self.incoming.want(cursor, delivery, capacity)?;
                    return Ok(None);
                }
            }
            let window = &bytes[cursor.unread..cursor.end];
            let Some(header) = Header::parse(window, self.rules())? else {
                // A smaller inbox may have no room for a whole header.
                let room = capacity - cursor.message();
                if window.len() >= room {
                    let (size, limit) = (MAX_HEADER as u64, room as u64);
                    return Err(LimitExceeded::InboxSize { size, limit }.into());
                }
                cursor.want(1);
                return Ok(None);
            };
            if header.opcode().is_control() {
                // RFC 7692, section 6: a control frame is never compressed.
                if header.reserved() != Reserved::NONE {
                    return Err(Violation::ReservedBits.into());
                }
                return find_control(&header, bytes, cursor, capacity);
            }
            self.incoming.begin(&header, &self.config, delivery)?;
            cursor.pass(header.encoded_len());
        }
    }

    /// What is asked of the peer's frames.
    #[cfg_attr(not(feature = "deflate"), allow(clippy::unused_self))] // there is nothing to ask
    const fn rules(&self) -> Rules {
        #[cfg(feature = "deflate")]
        if self.compression.is_some() {
            return R::RULES.allowing(Reserved::RSV1);
        }
        R::RULES
    }

    fn answer_ping(&mut self, payload: &[u8], outbox: &mut impl Outbox) {
        // Section 5.5.2 asks for a pong until a Close was received; after our own Close it would
        // be of no use.
        if self.state != State::Open || self.config.pongs == Pongs::Manual {
            return;
        }
        self.pending_pong.set(payload);
        if let Pongs::All { max_backlog } = self.config.pongs
            && outbox.pending() < max_backlog
        {
            self.send_pending(outbox);
        }
    }

    fn answer_close(&mut self, code: Option<CloseCode>, outbox: &mut impl Outbox) {
        #[cfg(feature = "deflate")]
        if let Some(compression) = &mut self.compression {
            compression.close();
        }
        self.pending_pong.clear();
        let close = Close::of(code, "");
        self.peer_close = Some(close);
        self.state = self.state.after(Step::ReceiveClose);
        if self.state == State::CloseReceived {
            // Section 5.5.1: the reply echoes the code; the reason need not be.
            self.pending_close = Some(close);
            self.send_pending(outbox);
        }
    }

    /// Fails the connection, and drops what was received.
    #[cold]
    fn fail_with<S: Storage>(
        &mut self,
        error: Error,
        inbox: &mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Error {
        self.fail(&error, outbox);
        inbox.release();
        error
    }

    /// Fails the connection (section 7.1.7): one Close, if none was sent, and nothing more.
    fn fail(&mut self, error: &Error, outbox: &mut impl Outbox) {
        self.pending_pong.clear();
        if self.state == State::Open {
            self.pending_close = error.close_code().map(|code| Close::of(Some(code), ""));
        }
        #[cfg(feature = "deflate")]
        if let Some(compression) = &mut self.compression {
            compression.fail();
        }
        self.state = self.state.after(Step::Fail);
        self.send_pending(outbox);
    }
}

/// Takes a control frame, once it is whole in the inbox.
fn find_control(
    header: &Header,
    bytes: &mut [u8],
    cursor: &mut Cursor,
    capacity: usize,
) -> Result<Option<Found>, Error> {
    let size = header.encoded_len();
    // At most 125, so nothing is cut off.
    let length = usize::try_from(header.payload_len()).unwrap_or(usize::MAX);
    let whole = size + length;
    if let Some(lacking) = whole.checked_sub(cursor.available()).filter(|lacking| *lacking > 0) {
        let room = capacity - cursor.message();
        if whole > room {
            return Err(LimitExceeded::InboxSize { size: whole as u64, limit: room as u64 }.into());
        }
        cursor.want(lacking);
        return Ok(None);
    }
    let payload = cursor.unread + size..cursor.unread + whole;
    if let Some(key) = header.masking_key() {
        Mask::new(key).apply(&mut bytes[payload.clone()]);
    }
    cursor.pass(whole);
    Ok(Some(match header.opcode() {
        Opcode::Ping => Found::Ping(payload),
        Opcode::Pong => Found::Pong(payload),
        _ => {
            let close = Close::parse(&bytes[payload.clone()])?;
            Found::Close(close.code(), payload.end - close.reason().len()..payload.end)
        }
    }))
}

/// Where the bytes are of what was found.
fn source<'i, S: Storage>(inbox: &'i mut Inbox<S>, found: &Found) -> &'i [u8] {
    #[cfg(feature = "deflate")]
    if let Found::Piece(Piece { is_inflated: true, .. }) = found {
        let (_, _, inflated) = inbox.all_parts();
        return inflated.bytes();
    }
    let _ = found;
    inbox.parts().0
}

/// The text in these bytes, which is not validated again if the inbox knows that it is valid.
#[cfg_attr(not(feature = "simd"), allow(unused_variables))]
#[inline]
fn text<S: Storage>(bytes: &[u8], is_valid: bool) -> Result<&str, Violation> {
    let is_valid = is_valid && S::IS_FAITHFUL;
    #[cfg(feature = "simd")]
    #[allow(unsafe_code)]
    if is_valid {
        // SAFETY: the bytes were found to be UTF-8 where they lie: by `take_usual` just now, or as
        // they arrived or were decompressed, of which the memory keeps the account (`ValidText`).
        // It is the inbox's own and gives back what was written.
        return Ok(unsafe { raw::utf8::text_unchecked(bytes) });
    }
    raw::utf8::text(bytes).ok_or(Violation::TextNotUtf8)
}
