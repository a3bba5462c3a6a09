//! The receive buffer, which is the reassembly buffer too.

use core::ops::Range;

use super::{
    cursor::{Cursor, LARGE},
    found::{Content, Found, Place},
    inflated::Inflated,
    storage::{Fixed, Storage},
};
use crate::{
    error::{InboxFull, Overrun},
    frame::{MAX_CONTROL, MAX_HEADER},
};

/// The largest control frame, which may come between the fragments of a message and must be complete
/// in the inbox to be handled.
pub(crate) const MAX_OVERHEAD: usize = MAX_HEADER + MAX_CONTROL;

/// The upper bound for one read, unless the inbox usually has more room, so that the bytes are still
/// in L1 (32 KiB or more) when they are unmasked.
const PIECE: usize = 24 * 1024;

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
/// An inbox made [`with_capacity`](Inbox::with_capacity) grows with the bytes that arrive while a
/// message needs it, within the limits of the connection that receives from it, and shrinks later.
///
/// An inbox [`over`](Inbox::over) a slice or an array never grows. It holds messages up to its size,
/// and the fragments before the last one up to its size less 139 bytes, which a control frame
/// between two fragments may need. It does not allocate, with one exception: a compressed message is
/// decompressed into memory from the allocator, also up to the size of the inbox (or 4 KiB, if that
/// is more), in addition to the codec's own 80 KiB.
///
/// # Sharing
///
/// An inbox belongs to one connection while it holds part of a message. While it
/// [is empty](Self::is_empty), it may serve another connection, and the connection may use another
/// inbox. So many connections can share one inbox for reading: after each, move what is left, usually
/// nothing, to an inbox of its own with [`split_off`](Inbox::split_off).
#[derive(Clone)]
pub struct Inbox<#[cfg(feature = "alloc")] S = super::Growing, #[cfg(not(feature = "alloc"))] S> {
    storage: S,
    cursor: Cursor,
    inflated: Inflated,
    found: Found,
}

/// What the connection works on: the bytes, where things lie in them, and the message that is being
/// decompressed.
pub(crate) struct Parts<'a> {
    pub(crate) bytes: &'a mut [u8],
    pub(crate) cursor: &'a mut Cursor,
    #[allow(dead_code)] // without compression
    pub(crate) inflated: &'a mut Inflated,
}

#[cfg(feature = "alloc")]
impl Inbox<super::Growing> {
    /// An inbox that usually has room for this many bytes, and for more while a message needs it.
    ///
    /// It allocates when bytes are first expected. 16 KiB suits most connections.
    pub fn with_capacity(bytes: usize) -> Self {
        Self::new(super::Growing::with_capacity(bytes))
    }

    /// Moves what the inbox holds to a new one that has just enough memory for it, and grows when it
    /// is read into. This inbox is empty afterwards and keeps its memory.
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
    #[must_use = "it holds what this inbox held"]
    pub fn split_off(&mut self) -> Self {
        let mut cursor = self.cursor;
        let (message, unread) = cursor.compact();
        let storage = self.storage.with_contents([message, unread]);
        self.cursor.clear();
        self.found = Found::Nothing;
        Self { storage, cursor, inflated: self.inflated.take(), found: Found::Nothing }
    }

    /// Frees the memory that the inbox does not use at present; it grows again when it is read into.
    pub fn shrink_to_fit(&mut self) {
        *self = self.split_off();
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Inbox<Fixed<B>> {
    /// An inbox over memory of a fixed size: `&mut [u8]`, `[u8; N]`.
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
    /// Room for the next bytes to be read into; never empty.
    ///
    /// While a large frame is in progress, the room is no larger than what the frame still lacks. The
    /// room is at most the [usual capacity](Inbox::with_capacity), or 24 KiB if that is more, however
    /// far the inbox has grown: so the bytes are still in L1 when they are unmasked.
    ///
    /// # Errors
    ///
    /// The inbox is full of bytes that have not been received. Call `receive` until it returns `None`.
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
        let most = self.storage.initial().max(PIECE);
        let most = if expected >= LARGE { most.min(expected) } else { most };
        let bytes = self.storage.bytes_mut();
        let to = end.saturating_add(most).min(bytes.len());
        bytes.get_mut(end..to).filter(|room| !room.is_empty()).ok_or(InboxFull)
    }

    /// Adds `length` bytes that were read into [`spare`](Self::spare).
    ///
    /// # Errors
    ///
    /// There was room for fewer; nothing is added.
    pub fn commit(&mut self, length: usize) -> Result<(), Overrun> {
        let room = self.storage.bytes().len() - self.cursor.end;
        if length > room {
            return Err(Overrun { count: length, available: room });
        }
        self.cursor.commit(length);
        Ok(())
    }

    /// Copies as many of these bytes into the inbox as it has room for, and returns how many: for
    /// a runtime that owns the buffers it reads into.
    #[must_use = "offer the rest again"]
    pub fn copy_from(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !rest.is_empty()
            && let Ok(spare) = self.spare()
        {
            let length = spare.len().min(rest.len());
            let (now, later) = rest.split_at(length);
            spare[..length].copy_from_slice(now);
            self.cursor.commit(length);
            rest = later;
        }
        bytes.len() - rest.len()
    }

    /// The bytes that have been received and not been processed, such as the body of an HTTP request
    /// or what another protocol sent after an upgrade.
    pub fn unread(&self) -> &[u8] {
        let Cursor { unread, end, .. } = self.cursor;
        &self.storage.bytes()[unread..end]
    }

    /// Drops the first `length` of the [unread](Self::unread) bytes, because the caller has processed
    /// them.
    ///
    /// Call it before and after a WebSocket connection, not during one: the connection would miss
    /// the bytes.
    ///
    /// # Errors
    ///
    /// There are fewer; nothing is dropped.
    pub fn consume(&mut self, length: usize) -> Result<(), Overrun> {
        let available = self.cursor.available();
        if length > available {
            return Err(Overrun { count: length, available });
        }
        self.found = Found::Nothing;
        self.cursor.pass(length);
        Ok(())
    }

    /// Whether the inbox holds nothing: no part of a message, and no unread byte. Such an inbox can
    /// serve another connection, or be [released](Self::release).
    ///
    /// After a connection's Close or failure, its inbox is empty. After the end of the input, it may
    /// still hold part of a message: release it before another connection uses it.
    pub fn is_empty(&self) -> bool {
        self.inflated.is_empty() && self.cursor.is_empty()
    }

    /// Drops all that is held and frees the memory, which is allocated again when it is needed. An
    /// event loop with many idle connections calls it when nothing was left to read and the
    /// inbox [is empty](Self::is_empty).
    pub fn release(&mut self) {
        self.clear();
        self.cursor = Cursor::NEW;
        self.storage.release();
    }

    /// Drops all that is held, but leaves the bytes in place: an event may borrow them.
    pub(crate) fn clear(&mut self) {
        self.cursor.clear();
        self.inflated.release();
        self.found = Found::Nothing;
    }

    /// What the connection works on. The bytes may change, so nothing counts as found any more.
    #[inline]
    pub(crate) fn parts(&mut self) -> Parts<'_> {
        self.found = Found::Nothing;
        let Self { storage, cursor, inflated, .. } = self;
        Parts { bytes: storage.bytes_mut(), cursor, inflated }
    }

    /// The bytes, where things lie in them, and what is found in them, for an opening handshake to set.
    pub(crate) fn parts_and_found(&mut self) -> (&[u8], &mut Cursor, &mut Found) {
        self.found = Found::Nothing;
        (self.storage.bytes(), &mut self.cursor, &mut self.found)
    }

    /// The head of a message of HTTP that was found last, unless the bytes may have changed since.
    pub(crate) fn head(&self) -> Option<&[u8]> {
        match &self.found {
            Found::Head(range) => self.storage.bytes().get(range.clone()),
            _ => None,
        }
    }

    /// Where things lie, and the message that is being decompressed.
    pub(crate) const fn holdings(&self) -> (&Cursor, &Inflated) {
        (&self.cursor, &self.inflated)
    }

    /// Records what was found.
    pub(crate) fn set_found(&mut self, found: Found) {
        self.found = found;
    }

    /// What was found last, unless the bytes may have changed since.
    pub(crate) const fn found(&self) -> &Found {
        &self.found
    }

    /// The bytes at a range, where nothing was decompressed.
    #[inline]
    pub(crate) fn received(&self, range: &Range<usize>) -> &[u8] {
        self.get_received(range).unwrap_or_default()
    }

    /// The same; `None` if the memory is the caller's and has become shorter.
    #[inline]
    pub(crate) fn get_received(&self, range: &Range<usize>) -> Option<&[u8]> {
        self.storage.bytes().get(range.clone())
    }

    /// The text in a range of received bytes.
    #[inline]
    pub(crate) fn received_text(&self, text: &super::text::TextRange) -> Option<&str> {
        text.get(&self.storage)
    }

    /// The payload that was found; `Err` for bytes and `Ok` for text. `None` if a text is not UTF-8,
    /// which happens only if the memory is the caller's and changed by itself.
    pub(crate) fn content(&self, content: &Content) -> Option<Result<&str, &[u8]>> {
        match content {
            Content::Text(text, Place::Received) => text.get(&self.storage).map(Ok),
            Content::Text(text, Place::Inflated) => self.inflated.text(text).map(Ok),
            Content::Binary(range, Place::Received) => Some(Err(self.received(range))),
            Content::Binary(range, Place::Inflated) => Some(Err(self.inflated.bytes(range))),
        }
    }

    /// The most bytes that it can ever hold.
    pub(crate) fn max_capacity(&self) -> usize {
        self.storage.max_capacity()
    }

    /// Makes room for at least one byte, and for all that is expected where that is cheap.
    fn make_room(&mut self) {
        let capacity = self.storage.bytes().len();
        let room = capacity - self.cursor.end;
        let expected = self.cursor.expected();
        let enough = expected.min(capacity / 4).max(1);
        if room >= enough {
            return;
        }
        // Moving pays if it frees at least as much as it moves, and is necessary if nothing is left
        // and there is no other way.
        let free = self.cursor.start + (self.cursor.unread - self.cursor.held);
        let occupied = self.cursor.end - free;
        let grows = expected > 0 && capacity < self.storage.max_capacity();
        if free >= occupied || (room == 0 && free > 0 && !grows) {
            let (message, unread) = self.cursor.compact();
            let bytes = self.storage.bytes_mut();
            let held = message.len();
            bytes.copy_within(message, 0);
            bytes.copy_within(unread, held);
        }
        let room = capacity - self.cursor.end;
        if capacity == 0 || (room < enough && expected > 0) {
            self.storage.grow(self.cursor.larger(capacity));
        }
    }
}

/// Shows where things lie, not what they are.
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
    /// Reads once from a source, and returns how many bytes it gave; 0 at its end.
    ///
    /// # Errors
    ///
    /// Those of the source, and [`InboxFull`] as an I/O error of the kind
    /// [`OutOfMemory`](std::io::ErrorKind::OutOfMemory).
    pub fn read_from(&mut self, source: &mut impl std::io::Read) -> std::io::Result<usize> {
        let length = source.read(self.spare()?)?;
        self.commit(length)?;
        Ok(length)
    }
}
