//! Receiving: turns the bytes of the inbox into events.

use core::ops::Range;

use super::{ChunkEvent, Connection, Event, Role, State, Status, Step, UNFAITHFUL};
use crate::{
    buffer::{Content, Found, Inbox, Outbox, Parts, Place, Storage, TextRange},
    close::{Close, CloseCode},
    config::{CloseReply, Pongs},
    error::{Error, LimitExceeded, Misuse, Violation},
    events,
    frame::{Header, Kind, MAX_HEADER, Opcode, Reserved, Rules},
    mask::Mask,
    message::{self, Delivery, Limits},
    raw::xor::IsAscii,
};

/// What the fast path found.
enum Single {
    Text(TextRange),
    Binary(Range<usize>),
    /// The end of the input so far, or the first byte of a message.
    Nothing,
}

impl<R: Role> Connection<R> {
    /// Returns the next event, or `None` when the inbox has no complete event left. Then write the
    /// outbox and read more.
    ///
    /// The event borrows the inbox, not the connection, so you can send while you hold it. The next
    /// call overwrites it. Messages are delivered complete. A message in a single frame is not
    /// copied, and fragments are reassembled in the inbox.
    ///
    /// When this returns `None`, the replies that the protocol requires (a pong, the reply to a
    /// Close) are in the outbox, if it had room. The one exception is a pong that waits for the end
    /// of a compressed message that is being sent in fragments (see [`Pongs`]).
    ///
    /// To return an event from a function with a loop, use [`advance`](Self::advance).
    ///
    /// # Errors
    ///
    /// - [`Protocol`](Error::Protocol) and [`Limit`](Error::Limit): the connection has failed. The
    ///   Close frame that reports this is in the outbox. If the outbox had no room, the next call
    ///   appends it. The inbox is empty, and nothing more will be received.
    /// - [`Misuse::ChunksPending`]: the message in progress was begun with
    ///   [`receive_chunk`](Self::receive_chunk).
    /// - [`Misuse::InboxChanged`]: another inbox holds part of the message in progress. This inbox
    ///   is unchanged.
    /// - [`Misuse::Extended`]: the event belongs to a custom extension. Call
    ///   [`Inbox::extended_event`] to get it, and
    ///   [`receive_extended`](Self::receive_extended) from then on.
    pub fn receive<'i, S: Storage>(
        &mut self,
        inbox: &'i mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Result<Option<Event<'i>>, Error> {
        // Most messages take the fast path. The slow path costs 10 % more for a small message.
        if let Some(taken) = self.take_single(inbox) {
            let event = match taken {
                Ok(Single::Binary(payload)) => inbox.get_received(&payload).map(Event::Binary),
                Ok(Single::Text(payload)) => inbox.received_text(&payload).map(Event::Text),
                Ok(Single::Nothing) => {
                    self.send_pending(outbox);
                    return Ok(None);
                }
                Err(violation) => return Err(self.fail_with(violation.into(), inbox, outbox)),
            };
            return event.map(Some).ok_or(UNFAITHFUL);
        }
        if !self.advance_slowly(inbox, outbox, Delivery::Whole)? {
            return Ok(None);
        }
        inbox.event().map(Some).ok_or_else(|| undelivered(inbox.found()))
    }

    /// Returns the next event, with messages in parts as they arrive. Use this for messages that
    /// are larger than memory, or that are processed while they arrive.
    ///
    /// Otherwise like [`receive`](Self::receive), to which you can change between two messages. The
    /// length of a chunk depends on the reads. A chunk of text ends at a character boundary. The
    /// limits also apply here. For an endless message, set [`Config::max_message_size`] to
    /// `u64::MAX`.
    ///
    /// [`Config::max_message_size`]: crate::Config::max_message_size
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive), without [`Misuse::ChunksPending`].
    pub fn receive_chunk<'i, S: Storage>(
        &mut self,
        inbox: &'i mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Result<Option<ChunkEvent<'i>>, Error> {
        if !self.advance_chunk(inbox, outbox)? {
            return Ok(None);
        }
        inbox.chunk_event().map(Some).ok_or_else(|| undelivered(inbox.found()))
    }

    /// Advances to the next event, like [`receive`](Self::receive), and returns whether there is
    /// one. Call [`Inbox::event`] to get it, any number of times until the inbox is used again.
    ///
    /// Use these two calls instead of `receive` if a function returns an event from a loop. There,
    /// the borrow of the event from `receive` would last for the whole loop:
    ///
    /// ```
    /// # use hybi::{Connection, Error, Event, Inbox, Server};
    /// # use std::io::{self, Read, Write};
    /// struct WebSocket<T> {
    ///     stream: T,
    ///     connection: Connection<Server>,
    ///     inbox: Inbox,
    ///     outbox: Vec<u8>,
    /// }
    ///
    /// impl<T: Read + Write> WebSocket<T> {
    ///     fn next(&mut self) -> io::Result<Option<Event<'_>>> {
    ///         while !self.connection.advance(&mut self.inbox, &mut self.outbox)? {
    ///             self.stream.write_all(&self.outbox)?;
    ///             self.outbox.clear();
    ///             if self.connection.should_close_transport()
    ///                 || self.inbox.read_from(&mut self.stream)? == 0
    ///             {
    ///                 return Ok(None);
    ///             }
    ///         }
    ///         Ok(self.inbox.event())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive).
    pub fn advance<S: Storage>(
        &mut self,
        inbox: &mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Result<bool, Error> {
        match self.take_single(inbox) {
            Some(Ok(single)) => {
                inbox.set_found(Found::Message(match single {
                    Single::Text(payload) => Content::Text(payload, Place::Received),
                    Single::Binary(payload) => Content::Binary(payload, Place::Received),
                    Single::Nothing => {
                        self.send_pending(outbox);
                        return Ok(false);
                    }
                }));
                Ok(true)
            }
            Some(Err(violation)) => Err(self.fail_with(violation.into(), inbox, outbox)),
            None => self.advance_slowly(inbox, outbox, Delivery::Whole),
        }
    }

    /// Advances to the next event, like [`receive_chunk`](Self::receive_chunk), and returns whether
    /// there is one. Call [`Inbox::chunk_event`] to get it. See [`advance`](Self::advance).
    ///
    /// # Errors
    ///
    /// As for [`receive_chunk`](Self::receive_chunk).
    pub fn advance_chunk<S: Storage>(
        &mut self,
        inbox: &mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Result<bool, Error> {
        self.advance_slowly(inbox, outbox, Delivery::Chunks)
    }

    /// The fast path: consumes the next message if it is a single frame that is complete in the
    /// inbox, or finds that nothing is left. Returns `None` in all other cases, including an invalid
    /// header, for [`advance_slowly`](Self::advance_slowly) to handle.
    #[inline]
    fn take_single<S: Storage>(
        &mut self,
        inbox: &mut Inbox<S>,
    ) -> Option<Result<Single, Violation>> {
        if self.state != State::Open || !self.incoming.is_idle() {
            return None;
        }
        let capacity = inbox.max_capacity();
        let Parts { bytes, cursor, inflated } = inbox.parts();
        let window = bytes.get_mut(cursor.unread..cursor.end)?;
        let Some((header, size)) = Header::parse_single(window, R::RULES.masked()) else {
            // The slow path refuses an inbox that has no room, or holds part of another message.
            let is_end = Header::may_begin_single(window)
                && window.len() < capacity
                && cursor.holds_nothing()
                && inflated.is_empty();
            return is_end.then(|| {
                cursor.expect(1);
                Ok(Single::Nothing)
            });
        };
        // Below 64 KiB. The limits are checked as on the slow path.
        let length = usize::try_from(header.payload_len()).ok()?;
        let payload = window.get_mut(size..size + length)?;
        if !self.config.allows_whole(header.payload_len()) {
            return None;
        }
        let start = cursor.unread + size;
        let range = start..start + length;
        let (single, kind) = if header.opcode() == Opcode::Text {
            let ascii = match header.masking_key() {
                None => IsAscii::UNKNOWN,
                Some(key) => Mask::new(key).apply_watching_ascii(payload),
            };
            let Some(text) = TextRange::validate(bytes, range, ascii) else {
                return Some(Err(Violation::TextNotUtf8));
            };
            (Single::Text(text), Kind::Text)
        } else {
            if let Some(key) = header.masking_key() {
                Mask::new(key).apply(payload);
            }
            (Single::Binary(range), Kind::Binary)
        };
        cursor.pass_frame(size + length);
        self.observer.receive_single(&header, kind, length, size);
        Some(Ok(single))
    }

    /// The slow path: advances to the next event of any kind, and appends the replies that the
    /// protocol requires.
    #[inline(never)]
    fn advance_slowly<S: Storage>(
        &mut self,
        inbox: &mut Inbox<S>,
        outbox: &mut impl Outbox,
        delivery: Delivery,
    ) -> Result<bool, Error> {
        // Nothing that was found before counts, even if this call fails.
        inbox.set_found(Found::Nothing);
        if self.state.receives() {
            if delivery == Delivery::Whole && self.incoming.in_chunks() && !self.drops_messages() {
                return Err(Misuse::ChunksPending.into());
            }
            if !self.incoming.is_held_by(inbox) {
                return Err(Misuse::InboxChanged.into());
            }
        }
        while self.state.receives() {
            let drops = self.drops_messages();
            // A message that is dropped need not be reassembled.
            let delivery = if drops { Delivery::Chunks } else { delivery };
            let found = match self.find(inbox, delivery) {
                Ok(found) => found,
                Err(error) => return Err(self.fail_with(error, inbox, outbox)),
            };
            self.count_message(&found);
            match &found {
                Found::Nothing => {
                    self.send_pending(outbox);
                    return Ok(false);
                }
                Found::Message(_)
                | Found::Chunk(..)
                | Found::Extended(..)
                | Found::ExtensionFrame(..)
                    if drops =>
                {
                    continue;
                }
                Found::Ping(payload) => self.answer_ping(inbox.received(payload), outbox),
                Found::Pong(payload) => self.on_pong(inbox.received(payload)),
                Found::Close(code, _) => {
                    inbox.clear();
                    self.on_close(*code, outbox);
                }
                Found::InvalidClose(body) => {
                    let violation = Close::parse(inbox.received(body)).err();
                    let error = violation.unwrap_or(Violation::CloseBodyTooShort).into();
                    inbox.set_found(found);
                    return Err(self.fail_with(error, inbox, outbox));
                }
                _ => {}
            }
            inbox.set_found(found);
            return Ok(true);
        }
        // Section 1.4: bytes after the peer's Close or a failure are discarded.
        inbox.clear();
        self.send_pending(outbox);
        Ok(false)
    }

    /// Whether messages are checked and dropped: those that arrive after our own Close, by default.
    fn drops_messages(&self) -> bool {
        self.state == State::CloseSent && !self.config.deliver_while_closing
    }

    /// Finds the next event in the inbox.
    fn find<S: Storage>(
        &mut self,
        inbox: &mut Inbox<S>,
        delivery: Delivery,
    ) -> Result<Found, Error> {
        let capacity = inbox.max_capacity();
        let rules = self.rules();
        let limits = Limits { config: &self.config, delivery, capacity };
        let mut parts = inbox.parts();
        parts.cursor.expect(0);
        loop {
            if self.incoming.is_in_frame() {
                match self.incoming.advance(&mut parts, &mut self.compression, &limits)? {
                    message::Step::Found(found) => return Ok(found),
                    message::Step::Incomplete => return Ok(Found::Nothing),
                    message::Step::Header => {}
                }
            }
            let Parts { bytes, cursor, .. } = &mut parts;
            let Some(window) = bytes.get(cursor.unread..cursor.end) else {
                return Err(Misuse::InboxChanged.into());
            };
            let Some(header) = Header::parse(window, rules)? else {
                // A small inbox may have no room for a complete header.
                let room = capacity - cursor.message();
                if window.len() >= room {
                    let (size, limit) = (MAX_HEADER as u64, room as u64);
                    return Err(LimitExceeded::InboxSize { size, limit }.into());
                }
                cursor.expect(1);
                return Ok(Found::Nothing);
            };
            if header.opcode().is_control() {
                // RFC 7692, section 6: a control frame is never compressed.
                if header.reserved() != Reserved::NONE {
                    return Err(Violation::ReservedBits.into());
                }
                let found = find_control(&header, &mut parts, capacity)?;
                if !matches!(found, Found::Nothing) {
                    self.observer.receive_frame(&header);
                }
                return Ok(found);
            }
            if header.reserved().intersects(self.claims.of_frames()) {
                limits.check_frame(header.payload_len())?;
                let found = find_frame(&header, &mut parts, capacity)?;
                if matches!(found, Found::ExtensionFrame(..)) {
                    self.observer.receive_extension_frame(&header);
                }
                return Ok(found);
            }
            self.incoming.begin(&header, self.claims, &limits)?;
            self.observer.receive_frame(&header);
            cursor.pass(header.encoded_len());
        }
    }

    /// Counts a message, or a part of one.
    fn count_message(&mut self, found: &Found) {
        let (kind, length, last) = match found {
            Found::Message(content) => {
                let (kind, length) = content.kind_and_len();
                (kind, length, true)
            }
            Found::Chunk(content, last) => {
                let (kind, length) = content.kind_and_len();
                (kind, length, *last)
            }
            Found::Extended(content, kind, _) => (*kind, content.kind_and_len().1, true),
            _ => return,
        };
        self.observer.receive_message(kind, length, last);
    }

    /// The rules for the peer's frames.
    const fn rules(&self) -> Rules {
        R::RULES.allowing(self.compression.reserved().union(self.claims.all()))
    }

    fn answer_ping(&mut self, payload: &[u8], outbox: &mut impl Outbox) {
        // Section 5.5.2 requires a pong until a Close is received. After our own Close, a pong would
        // be useless.
        if self.state != State::Open || self.config.pongs == Pongs::Manual {
            return;
        }
        if self.pending_pong.get().is_some() {
            self.observer.coalesce_pong();
        }
        self.pending_pong.set(payload);
        if let Pongs::All { max_backlog } = self.config.pongs
            && outbox.pending() < max_backlog
        {
            self.send_pending(outbox);
        }
    }

    /// Handles the peer's Close.
    fn on_close(&mut self, code: Option<CloseCode>, outbox: &mut impl Outbox) {
        events::receive_close(code);
        self.compression.end_receiving();
        self.peer_close = Some(Status(code));
        self.state = self.state.after(Step::ReceiveClose);
        if self.state != State::CloseReceived {
            self.pending_pong.clear();
        } else if self.config.close_reply == CloseReply::Automatic {
            self.pending_pong.clear();
            self.compression.end_sending();
            // Section 5.5.1: the reply echoes the code. It need not echo the reason.
            self.pending_close = Some(Status(code));
            self.send_pending(outbox);
        }
    }

    /// Fails the connection (section 7.1.7): sends a Close unless one was sent before, and drops
    /// the input.
    #[cold]
    fn fail_with<S: Storage>(
        &mut self,
        error: Error,
        inbox: &mut Inbox<S>,
        outbox: &mut impl Outbox,
    ) -> Error {
        events::fail(&error);
        self.pending_pong.clear();
        if self.state == State::Open {
            self.pending_close = error.close_code().map(|code| Status(Some(code)));
        }
        self.compression.on_failure();
        self.state = self.state.after(Step::Fail);
        self.send_pending(outbox);
        match inbox.found() {
            // Keep the body, so that the caller can log it.
            Found::InvalidClose(body) => {
                let body = body.clone();
                inbox.clear();
                inbox.set_found(Found::InvalidClose(body));
            }
            _ => inbox.release(),
        }
        error
    }
}

/// The error for an event that the caller's method does not deliver.
#[cold]
const fn undelivered(found: &Found) -> Error {
    match found {
        Found::Extended(..) | Found::ExtensionFrame(..) => Error::Misuse(Misuse::Extended),
        _ => UNFAITHFUL,
    }
}

/// Consumes a frame of an extension if it is complete in the inbox.
fn find_frame(header: &Header, parts: &mut Parts<'_>, capacity: usize) -> Result<Found, Error> {
    let payload = take_payload(header, parts, capacity)?;
    Ok(payload.map_or(Found::Nothing, |payload| {
        Found::ExtensionFrame(payload, header.opcode(), header.fin(), header.reserved())
    }))
}

/// Consumes a frame if it is complete in the inbox, and returns the range of its payload, unmasked.
/// It is no part of the message in progress.
#[inline] // two calls for each control frame cost a tenth of its instructions
fn take_payload(
    header: &Header,
    parts: &mut Parts<'_>,
    capacity: usize,
) -> Result<Option<Range<usize>>, Error> {
    let Parts { bytes, cursor, .. } = parts;
    let whole = header.payload_len().saturating_add(header.encoded_len() as u64);
    let available = cursor.available() as u64;
    if available < whole {
        let room = capacity - cursor.message();
        let limit = room as u64;
        let lacking = usize::try_from(whole - available).ok();
        let Some(lacking) = lacking.filter(|_| whole <= limit) else {
            return Err(LimitExceeded::InboxSize { size: whole, limit }.into());
        };
        cursor.expect(lacking);
        return Ok(None);
    }
    // The frame lies in memory, so its length fits.
    let whole = usize::try_from(whole).unwrap_or(usize::MAX);
    let payload = cursor.unread + header.encoded_len()..cursor.unread + whole;
    let Some(bytes) = bytes.get_mut(payload.clone()) else {
        return Err(Misuse::InboxChanged.into());
    };
    if let Some(key) = header.masking_key() {
        Mask::new(key).apply(bytes);
    }
    cursor.pass(whole);
    Ok(Some(payload))
}

/// Consumes a control frame if it is complete in the inbox.
#[inline]
fn find_control(header: &Header, parts: &mut Parts<'_>, capacity: usize) -> Result<Found, Error> {
    let Some(payload) = take_payload(header, parts, capacity)? else { return Ok(Found::Nothing) };
    let bytes = &parts.bytes;
    Ok(match header.opcode() {
        Opcode::Ping => Found::Ping(payload),
        Opcode::Pong => Found::Pong(payload),
        _ => match Close::parse(bytes.get(payload.clone()).unwrap_or_default()) {
            Ok(close) => {
                let reason = payload.end - close.reason().len()..payload.end;
                Found::Close(close.code(), TextRange::unproven(reason))
            }
            Err(_) => Found::InvalidClose(payload),
        },
    })
}
