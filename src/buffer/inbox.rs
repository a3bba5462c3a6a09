//! The receive buffer, in which messages are also reassembled.

use core::ops::Range;

use super::{
    cursor::{Cursor, EXCESS},
    found::{Content, Found, Place},
    inflated::Inflated,
    storage::{Fixed, Storage},
};
use crate::{
    error::{InboxFull, Overrun},
    frame::{MAX_CONTROL, MAX_HEADER},
    raw,
};

/// The size of the largest control frame, in bytes. A control frame may arrive between the
/// fragments of a message, and is handled only when it is complete in the inbox.
pub(crate) const MAX_OVERHEAD: usize = MAX_HEADER + MAX_CONTROL;

/// Upper bound for one read unless the initial capacity is larger, in bytes. The bytes are then
/// still in L1 (32 KiB or more) when they are unmasked.
const MAX_READ: usize = 24 * 1024;

/// The same while at least [`MAX_READ`] bytes of a frame are missing. A read from a socket, and the
/// acknowledgment that it causes, cost more than unmasking from L2 instead of L1.
const MAX_LARGE_READ: usize = 256 * 1024;

/// The caller's receive buffer.
///
/// Read into [`spare`](Self::spare), report the number of bytes with [`commit`](Self::commit), and
/// pass the inbox to [`receive`](crate::Connection::receive) until that returns `None`:
///
/// ```
/// # use hybi::Inbox;
/// # fn read(buffer: &mut [u8]) -> std::io::Result<usize> { buffer[0] = 0x81; Ok(1) }
/// let mut inbox = Inbox::with_capacity(16 * 1024);
/// let length = read(inbox.spare()?)?;
/// inbox.commit(length)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// An inbox from [`with_capacity`](Inbox::with_capacity) grows with the bytes that arrive for a
/// large message, within the limits of the connection that receives from it, and shrinks later.
///
/// An inbox [`over`](Inbox::over) a slice or an array never grows. It holds messages up to its
/// size. Until the last fragment of a message begins, its fragments may take up to that size less
/// 139 bytes, because a control frame may arrive between two fragments. The inbox does not
/// allocate, with one exception: a compressed message is decompressed into allocated memory, up to
/// the size of the inbox or 4 KiB, whichever is more. The decompressor itself takes another 80 KiB.
///
/// # Sharing
///
/// An inbox belongs to one connection while it holds part of a message. While it
/// [is empty](Self::is_empty), another connection may use it, and its connection may use another
/// inbox. Any number of connections can therefore share one inbox for reading. After each
/// connection, move the remaining bytes (usually none) to an inbox of its own with
/// [`split_off`](Inbox::split_off).
#[derive(Clone)]
pub struct Inbox<#[cfg(feature = "alloc")] S = super::Growing, #[cfg(not(feature = "alloc"))] S> {
    storage: S,
    cursor: Cursor,
    inflated: Inflated,
    found: Found,
}

/// The parts of an inbox that the connection works on: the bytes, the positions in them, and the
/// message that is being decompressed.
pub(crate) struct Parts<'a> {
    pub(crate) bytes: &'a mut [u8],
    pub(crate) cursor: &'a mut Cursor,
    #[allow(dead_code)] // without compression
    pub(crate) inflated: &'a mut Inflated,
}

#[cfg(feature = "alloc")]
impl Inbox<super::Growing> {
    /// An inbox with an initial capacity in bytes. It grows for a larger message and shrinks back
    /// later.
    ///
    /// It allocates on the first read. 16 KiB suits most connections.
    pub fn with_capacity(bytes: usize) -> Self {
        Self::new(super::Growing::with_capacity(bytes))
    }

    /// Moves the contents to a new inbox with just enough memory for them. The new inbox grows when
    /// it is read into. This inbox is then empty and keeps its memory.
    ///
    /// ```
    /// # use hybi::{Config, Connection, Error, Event, Inbox};
    /// # let mut websocket = Connection::server(Config::new());
    /// # let mut outbox = Vec::new();
    /// let mut shared = Inbox::with_capacity(64 * 1024);
    /// # let half_a_frame = b"\x81\x82\0\0\0\0h";
    /// assert_eq!(shared.copy_from(half_a_frame), 7);
    /// assert_eq!(websocket.receive(&mut shared, &mut outbox)?, None);
    ///
    /// // Other connections may use the shared inbox now.
    /// let mut own = shared.split_off();
    /// assert!(shared.is_empty());
    /// # assert_eq!(own.copy_from(b"i"), 1);
    /// # assert_eq!(websocket.receive(&mut own, &mut outbox)?, Some(Event::Text("hi")));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use = "it holds the contents of this inbox"]
    pub fn split_off(&mut self) -> Self {
        let mut cursor = self.cursor;
        let (message, unread) = cursor.compact();
        let storage = self.storage.with_contents([message, unread]);
        self.cursor.clear();
        self.found = Found::Nothing;
        Self { storage, cursor, inflated: self.inflated.take(), found: Found::Nothing }
    }

    /// Frees the memory that the inbox does not use at present. It grows again on the next read.
    pub fn shrink_to_fit(&mut self) {
        *self = self.split_off();
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Inbox<Fixed<B>> {
    /// An inbox over memory of a fixed size, such as `&mut [u8]` or `[u8; N]`.
    pub const fn over(memory: B) -> Self {
        Self::new(Fixed(memory))
    }
}

/// An inbox over memory of a fixed size.
pub type FixedInbox<B> = Inbox<Fixed<B>>;

impl<S> Inbox<S> {
    const fn new(storage: S) -> Self {
        Self { storage, cursor: Cursor::NEW, inflated: Inflated::new(), found: Found::Nothing }
    }
}

impl<S: Storage> Inbox<S> {
    /// Spare room to read into. It is never empty.
    ///
    /// The room is at most the [initial capacity](Inbox::with_capacity), or 24 KiB if that is more,
    /// even if the inbox has grown. The bytes are then still in L1 when they are unmasked. While 24
    /// KiB or more of an uncompressed frame are missing and its message is delivered complete, the
    /// room is at most 256 KiB (or the initial capacity, if that is more), and at most one byte more
    /// than what is missing. A read that completes a message usually returns less than there is room
    /// for. The transport then has nothing left to read.
    ///
    /// # Errors
    ///
    /// [`InboxFull`] if the inbox is full of bytes that have not been processed. Call `receive`
    /// until it returns `None`.
    pub fn spare(&mut self) -> Result<&mut [u8], InboxFull> {
        self.found = Found::Nothing;
        let cursor = &mut self.cursor;
        if cursor.is_empty() {
            self.storage.on_empty(cursor.peak);
            self.inflated.on_empty();
            cursor.rewind();
        } else if cursor.unread == cursor.end {
            cursor.unread = cursor.held;
            cursor.end = cursor.held;
        }
        self.make_room();
        let (end, expected) = (self.cursor.end, self.cursor.expected());
        let usual = self.storage.initial().max(MAX_READ);
        let most = if expected >= MAX_READ {
            usual.max(MAX_LARGE_READ).min(expected.saturating_add(EXCESS))
        } else {
            usual
        };
        let bytes = self.storage.bytes_mut();
        let to = end.saturating_add(most).min(bytes.len());
        bytes.get_mut(end..to).filter(|room| !room.is_empty()).ok_or(InboxFull)
    }

    /// Adds `length` bytes that were read into [`spare`](Self::spare).
    ///
    /// # Errors
    ///
    /// [`Overrun`] if there was room for fewer bytes. Nothing is added.
    pub fn commit(&mut self, length: usize) -> Result<(), Overrun> {
        let room = self.storage.bytes().len().saturating_sub(self.cursor.end);
        if length > room {
            return Err(Overrun { count: length, available: room });
        }
        self.cursor.commit(length);
        Ok(())
    }

    /// Copies as many of these bytes into the inbox as it has room for, and returns their number.
    ///
    /// Use this with a runtime that reads into buffers of its own.
    #[must_use = "the bytes beyond this length were not copied"]
    pub fn copy_from(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !rest.is_empty()
            && let Ok(spare) = self.spare()
        {
            let length = spare.len().min(rest.len());
            let (now, later) = rest.split_at(length);
            raw::copy(now, &mut spare[..length]);
            self.cursor.commit(length);
            rest = later;
        }
        bytes.len() - rest.len()
    }

    /// The bytes that have been received but not processed, such as the body of an HTTP request or
    /// the first bytes of another protocol after an upgrade.
    pub fn unread(&self) -> &[u8] {
        let Cursor { unread, end, .. } = self.cursor;
        self.received(&(unread..end))
    }

    /// Drops the first `length` [unread](Self::unread) bytes, which the caller has processed.
    ///
    /// Call this only before or after the WebSocket connection. During one, the connection would
    /// miss the bytes.
    ///
    /// # Errors
    ///
    /// [`Overrun`] if there are fewer bytes. Nothing is dropped.
    pub fn consume(&mut self, length: usize) -> Result<(), Overrun> {
        let available = self.cursor.available();
        if length > available {
            return Err(Overrun { count: length, available });
        }
        self.found = Found::Nothing;
        self.cursor.pass(length);
        Ok(())
    }

    /// Whether the inbox holds no part of a message and no unread byte. An empty inbox can be used
    /// by another connection, or be [released](Self::release).
    ///
    /// The inbox is empty after the peer's Close and after a failure of the connection. After the
    /// end of the input, it may still hold part of a message. Release it before another connection
    /// uses it.
    pub fn is_empty(&self) -> bool {
        self.inflated.is_empty() && self.cursor.is_empty()
    }

    /// The number of bytes that the inbox holds: the received part of a message, also if it is
    /// decompressed, and the unread bytes.
    pub fn len(&self) -> usize {
        self.cursor.message() + self.cursor.available() + self.inflated.len()
    }

    /// The size of the memory, in bytes.
    pub fn capacity(&self) -> usize {
        self.storage.bytes().len() + self.inflated.capacity()
    }

    /// Drops the contents and frees the memory. The inbox allocates again when it needs to.
    ///
    /// An event loop with many idle connections can call this when there is nothing left to read
    /// and the inbox [is empty](Self::is_empty).
    pub fn release(&mut self) {
        self.clear();
        self.cursor = Cursor::NEW;
        self.storage.release();
    }

    /// Drops the contents but leaves the bytes in place, because an event may borrow them.
    pub(crate) fn clear(&mut self) {
        self.cursor.clear();
        self.inflated.release();
        self.found = Found::Nothing;
    }

    /// The parts that the connection works on. The bytes may change, so `found` is reset.
    #[inline]
    pub(crate) fn parts(&mut self) -> Parts<'_> {
        self.found = Found::Nothing;
        let Self { storage, cursor, inflated, .. } = self;
        Parts { bytes: storage.bytes_mut(), cursor, inflated }
    }

    /// The bytes, the positions in them, and what was found, for an opening handshake to set.
    pub(crate) fn parts_and_found(&mut self) -> (&[u8], &mut Cursor, &mut Found) {
        self.found = Found::Nothing;
        (self.storage.bytes(), &mut self.cursor, &mut self.found)
    }

    /// The head of an HTTP message that was found last, unless the bytes may have changed since.
    pub(crate) fn head(&self) -> Option<&[u8]> {
        match &self.found {
            Found::Head(range) => self.storage.bytes().get(range.clone()),
            _ => None,
        }
    }

    /// The positions in the memory, and the message that is being decompressed.
    pub(crate) const fn holdings(&self) -> (&Cursor, &Inflated) {
        (&self.cursor, &self.inflated)
    }

    /// Records what [`event`](Self::event) returns.
    pub(crate) fn set_found(&mut self, found: Found) {
        self.found = found;
    }

    /// What the connection found last, or `Nothing` if the bytes may have changed since.
    pub(crate) const fn found(&self) -> &Found {
        &self.found
    }

    /// A range of received (not decompressed) bytes.
    #[inline]
    pub(crate) fn received(&self, range: &Range<usize>) -> &[u8] {
        self.get_received(range).unwrap_or_default()
    }

    /// The same. `None` if the memory is the caller's and has become shorter.
    #[inline]
    pub(crate) fn get_received(&self, range: &Range<usize>) -> Option<&[u8]> {
        self.storage.bytes().get(range.clone())
    }

    /// The text in a range of received bytes.
    #[inline]
    pub(crate) fn received_text(&self, text: &super::text::TextRange) -> Option<&str> {
        text.get(&self.storage)
    }

    /// The payload that was found, as `Ok` for text and `Err` for binary data. `None` if a text is
    /// not UTF-8, which happens only if the memory is the caller's and its contents have changed.
    pub(crate) fn content(&self, content: &Content) -> Option<Result<&str, &[u8]>> {
        match content {
            Content::Text(text, Place::Received) => text.get(&self.storage).map(Ok),
            Content::Text(text, Place::Inflated) => self.inflated.text(text).map(Ok),
            Content::Binary(range, Place::Received) => Some(Err(self.received(range))),
            Content::Binary(range, Place::Inflated) => Some(Err(self.inflated.bytes(range))),
        }
    }

    /// The most bytes that the inbox can ever hold.
    pub(crate) fn max_capacity(&self) -> usize {
        self.storage.max_capacity()
    }

    /// Makes room for at least one byte, and for all expected bytes if that is cheap.
    fn make_room(&mut self) {
        let capacity = self.storage.bytes().len();
        let room = capacity - self.cursor.end;
        let expected = self.cursor.expected();
        let enough = expected.min(capacity / 4).max(1);
        if room >= enough {
            return;
        }
        // Moving pays if it frees at least as many bytes as it moves. It is necessary if no room is
        // left and the memory does not grow.
        let free = self.cursor.start + (self.cursor.unread - self.cursor.held);
        let occupied = self.cursor.end - free;
        // An inbox that was split off or shrunk has less than its initial capacity.
        let is_small = capacity < self.storage.initial();
        let grows = (expected > 0 || is_small) && capacity < self.storage.max_capacity();
        if free >= occupied || (room == 0 && free > 0 && !grows) {
            let (message, unread) = self.cursor.compact();
            let bytes = self.storage.bytes_mut();
            let held = message.len();
            move_within(bytes, message, 0);
            move_within(bytes, unread, held);
        }
        let room = capacity - self.cursor.end;
        if capacity == 0 || (room < enough && (expected > 0 || is_small)) {
            self.storage.grow(self.cursor.larger(capacity));
        }
    }
}

/// Moves the bytes at `from` left to `to`. Does nothing if the memory is the caller's and has become
/// shorter.
fn move_within(bytes: &mut [u8], from: Range<usize>, to: usize) {
    let Some(region) = bytes.get_mut(to..from.end) else { return };
    if let Some(gap) = region.len().checked_sub(from.len()) {
        region.copy_within(gap.., 0);
    }
}

/// Shows positions, not contents.
impl<S> core::fmt::Debug for Inbox<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Cursor { start, held, unread, end, .. } = self.cursor;
        f.debug_struct("Inbox")
            .field("message", &(start..held))
            .field("unread", &(unread..end))
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "std")]
impl<S: Storage> Inbox<S> {
    /// Reads once from `source` and returns the number of bytes read, which is 0 at the end of the
    /// input.
    ///
    /// # Errors
    ///
    /// Any error of `source`. [`InboxFull`] is an I/O error of the kind
    /// [`OutOfMemory`](std::io::ErrorKind::OutOfMemory).
    pub fn read_from(&mut self, source: &mut impl std::io::Read) -> std::io::Result<usize> {
        let length = source.read(self.spare()?)?;
        self.commit(length)?;
        Ok(length)
    }
}
