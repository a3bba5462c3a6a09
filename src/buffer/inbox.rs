//! The receive buffer, which is the reassembly buffer too.

use super::{
    storage::{Fixed, Storage},
    valid::ValidText,
};
use crate::{
    Misuse,
    frame::{MAX_CONTROL, MAX_HEADER},
    utf8::Validator,
};

/// The largest control frame, which may come between the fragments of a message and must be whole
/// in the inbox to be handled.
pub(crate) const MAX_OVERHEAD: usize = MAX_HEADER + MAX_CONTROL;

/// From this many missing bytes on, an inbox offers no more room than what is missing, so that
/// the next message begins at the front.
const LARGE: usize = 4096;

/// No more is read at once, unless that is usual: what was read is looked at next, and should then
/// still be in the first cache, which has 32 KiB or more.
const PIECE: usize = 24 * 1024;

/// The caller's receive buffer.
///
/// Read into [`spare`](Self::spare), say how much was read with [`commit`](Self::commit), and hand it
/// to `receive` until that has nothing more to deliver:
///
/// ```
/// # use hybi::Inbox;
/// # fn read(buffer: &mut [u8]) -> usize { buffer[0] = 0x81; 1 }
/// let mut inbox = Inbox::with_capacity(16 * 1024);
/// let length = read(inbox.spare());
/// inbox.commit(length)?;
/// # Ok::<(), hybi::Error>(())
/// ```
///
/// An inbox made [`with_capacity`](Inbox::with_capacity) grows with the bytes that arrive while a
/// message needs it, within the limits of the connection that receives from it, and shrinks later.
///
/// One made [`over`](Inbox::over) a slice or an array never grows. It holds messages up to its size,
/// and the fragments before the last one up to its size less 139 bytes, which a control frame
/// between two fragments may need. It does not allocate, with one exception: a compressed message is
/// decompressed into memory from the allocator, also up to the size of the inbox (or 4 KiB, if that
/// is more), beside the codec's own 80 KiB.
///
/// An inbox belongs to one connection as long as it holds part of a message. While it
/// [is empty](Self::is_empty), it may serve another connection, and the connection may use another
/// inbox.
#[derive(Clone)]
pub struct Inbox<#[cfg(feature = "alloc")] S = super::Growing, #[cfg(not(feature = "alloc"))] S> {
    storage: S,
    cursor: Cursor,
    #[cfg(feature = "deflate")]
    inflated: super::Inflated,
}

/// Where things lie in an inbox; the picture is in the documentation of [`buffer`](super).
///
/// Invariant: `start <= held <= unread <= end <= capacity`.
#[derive(Clone, Copy)]
pub(crate) struct Cursor {
    /// Where the message in progress starts.
    pub(crate) start: usize,
    /// Where it ends so far.
    pub(crate) held: usize,
    /// The first byte that nobody has looked at.
    pub(crate) unread: usize,
    /// The end of what has been received.
    pub(crate) end: usize,
    /// How many bytes the receiver lacks for what is in progress; 0 if it did not say.
    wanted: usize,
    /// Whether nothing comes after what is wanted that belongs with what is held.
    wanted_is_last: bool,
    /// The highest `end` since the inbox was empty.
    peak: usize,
    valid: ValidText,
    /// How many bytes from `unread` on are unmasked: compressed payload that waits for room.
    #[cfg(feature = "deflate")]
    pub(crate) unmasked: usize,
}

#[cfg(feature = "alloc")]
impl Inbox<super::Growing> {
    /// An inbox that usually has room for this many bytes, and for more while a message needs it.
    ///
    /// It allocates when bytes are first expected. 16 KiB suits most connections.
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            storage: super::Growing::with_capacity(bytes),
            cursor: Cursor::NEW,
            #[cfg(feature = "deflate")]
            inflated: super::Inflated::new(),
        }
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Inbox<Fixed<B>> {
    /// An inbox over memory of a fixed size: `&mut [u8]`, `[u8; N]`.
    pub const fn over(memory: B) -> Self {
        Self {
            storage: Fixed(memory),
            cursor: Cursor::NEW,
            #[cfg(feature = "deflate")]
            inflated: super::Inflated::new(),
        }
    }
}

/// An inbox over memory of a fixed size.
pub type FixedInbox<B> = Inbox<Fixed<B>>;

impl<S: Storage> Inbox<S> {
    /// Room for the next bytes to be read into.
    ///
    /// It is empty only when the inbox is full of bytes that have not been received yet: call
    /// `receive` until it has nothing more, then ask again, for a read into no room looks like the
    /// end of the input. While a large frame is in progress, the room is no larger than what the
    /// frame still lacks. However far the inbox has grown, there is room for no more than it
    /// [usually](Inbox::with_capacity) has, or for 24 KiB: what was read should still be in the
    /// processor's first cache when it is unmasked.
    pub fn spare(&mut self) -> &mut [u8] {
        let cursor = &mut self.cursor;
        if cursor.is_empty() {
            self.storage.idle(cursor.peak);
            #[cfg(feature = "deflate")]
            self.inflated.idle();
            let Cursor { wanted, wanted_is_last, .. } = *cursor;
            *cursor = Cursor { wanted, wanted_is_last, ..Cursor::NEW };
        } else if cursor.unread == cursor.end {
            cursor.unread = cursor.held;
            cursor.end = cursor.held;
        }
        self.make_room();
        let Cursor { end, wanted, .. } = self.cursor;
        let most = self.storage.usual().max(PIECE);
        let most = if wanted >= LARGE { most.min(wanted) } else { most };
        let bytes = self.storage.bytes_mut();
        let to = end.saturating_add(most).min(bytes.len());
        bytes.get_mut(end..to).unwrap_or_default()
    }

    /// Says how many bytes were read into [`spare`](Self::spare).
    ///
    /// # Errors
    ///
    /// More than there was room for; nothing is taken.
    pub fn commit(&mut self, length: usize) -> Result<(), Misuse> {
        let room = self.storage.bytes().len() - self.cursor.end;
        if length > room {
            return Err(Misuse::FilledTooMuch { filled: length, room });
        }
        self.cursor.receive(length);
        Ok(())
    }

    /// Copies as many of these bytes into the inbox as it has room for, and returns how many: for
    /// a runtime that owns the buffers it reads into.
    #[must_use = "what is not taken is to be offered again"]
    pub fn copy_from(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while taken < bytes.len() {
            let spare = self.spare();
            let length = spare.len().min(bytes.len() - taken);
            if length == 0 {
                break;
            }
            spare[..length].copy_from_slice(&bytes[taken..taken + length]);
            self.cursor.receive(length);
            taken += length;
        }
        taken
    }

    /// What has been received and not been looked at, such as bytes behind the request of another
    /// protocol.
    pub fn unread(&self) -> &[u8] {
        let Cursor { unread, end, .. } = self.cursor;
        &self.storage.bytes()[unread..end]
    }

    /// Whether nothing is held: no message in progress, and no byte that was not looked at. Such an
    /// inbox can serve another connection, or be [released](Self::release).
    ///
    /// After a connection's Close or failure, its inbox is empty. After the end of the input, it may
    /// still hold part of a message: release it before another connection uses it.
    pub fn is_empty(&self) -> bool {
        #[cfg(feature = "deflate")]
        if !self.inflated.is_empty() {
            return false;
        }
        self.cursor.is_empty()
    }

    /// Drops all that is held and gives the memory back; it comes again when it is needed. An
    /// event loop with many idle connections does so whenever there was nothing to be read and the
    /// inbox [is empty](Self::is_empty).
    pub fn release(&mut self) {
        self.cursor = Cursor::NEW;
        self.storage.release();
        #[cfg(feature = "deflate")]
        self.inflated.release();
    }

    /// Drops all that is held, but leaves the bytes where they are: an event may borrow them.
    pub(crate) fn clear(&mut self) {
        self.cursor.clear();
        #[cfg(feature = "deflate")]
        self.inflated.release();
    }

    /// The bytes and where things lie in them.
    pub(crate) fn parts(&mut self) -> (&mut [u8], &mut Cursor) {
        (self.storage.bytes_mut(), &mut self.cursor)
    }

    /// The same, and the message that is being decompressed.
    #[cfg(feature = "deflate")]
    pub(crate) fn all_parts(&mut self) -> (&mut [u8], &mut Cursor, &mut super::Inflated) {
        (self.storage.bytes_mut(), &mut self.cursor, &mut self.inflated)
    }

    /// The most bytes that it can ever hold.
    pub(crate) fn max_capacity(&self) -> usize {
        self.storage.max_capacity()
    }

    /// Sees to it that there is room for something, and for all that is wanted where that is
    /// cheap.
    fn make_room(&mut self) {
        let capacity = self.storage.bytes().len();
        let room = capacity - self.cursor.end;
        let enough = self.cursor.wanted.min(capacity / 4).max(1);
        if room >= enough {
            return;
        }
        // Moving pays if it frees at least as much as it moves, and must be if nothing is left and
        // there is no other way.
        let free = self.cursor.start + (self.cursor.unread - self.cursor.held);
        let occupied = self.cursor.end - free;
        let grows = self.cursor.wanted > 0 && capacity < self.storage.max_capacity();
        if free >= occupied || (room == 0 && free > 0 && !grows) {
            self.compact();
        }
        let room = capacity - self.cursor.end;
        if capacity == 0 || (room < enough && self.cursor.wanted > 0) {
            self.storage.grow(self.cursor.larger(capacity));
        }
    }

    /// Moves the message in progress to the front and what is behind it next to it.
    fn compact(&mut self) {
        let cursor = &mut self.cursor;
        let bytes = self.storage.bytes_mut();
        let held = cursor.held - cursor.start;
        let unread = cursor.end - cursor.unread;
        bytes.copy_within(cursor.start..cursor.held, 0);
        bytes.copy_within(cursor.unread..cursor.end, held);
        cursor.valid.shift(cursor.start);
        cursor.start = 0;
        cursor.held = held;
        cursor.unread = held;
        cursor.end = held + unread;
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
    /// Reads once from a source, and returns how many bytes came; 0 means that it has ended.
    ///
    /// # Errors
    ///
    /// What the source says; [`OutOfMemory`](std::io::ErrorKind::OutOfMemory) if the inbox is full
    /// of bytes that have not been received.
    pub fn read_from(&mut self, source: &mut impl std::io::Read) -> std::io::Result<usize> {
        let spare = self.spare();
        if spare.is_empty() {
            let message = "the inbox is full: call receive until it has nothing more to deliver";
            return Err(std::io::Error::new(std::io::ErrorKind::OutOfMemory, message));
        }
        let length = source.read(spare)?;
        self.commit(length).map_err(std::io::Error::other)?;
        Ok(length)
    }
}

impl Cursor {
    /// Of an inbox that has not been used.
    const NEW: Self = Self {
        start: 0,
        held: 0,
        unread: 0,
        end: 0,
        wanted: 0,
        wanted_is_last: false,
        peak: 0,
        valid: ValidText::none_from(0),
        #[cfg(feature = "deflate")]
        unmasked: 0,
    };

    fn is_empty(&self) -> bool {
        self.start == self.held && self.unread == self.end
    }

    /// The capacity to grow to: twice as much, so that growing costs no more than the bytes that
    /// came, or just what is needed where that is known and not much more than twice.
    fn larger(&self, capacity: usize) -> usize {
        let twice = capacity.saturating_mul(2);
        let needed = self.end.saturating_add(self.wanted);
        if self.wanted_is_last && needed <= twice.saturating_add(LARGE) { needed } else { twice }
    }

    /// Bytes have come into the spare room.
    fn receive(&mut self, length: usize) {
        self.end += length;
        self.peak = self.peak.max(self.end);
        self.wanted = self.wanted.saturating_sub(length);
    }

    /// Says that what is in progress lacks this many bytes at least.
    pub(crate) fn want(&mut self, length: usize) {
        self.wanted = length;
        self.wanted_is_last = false;
    }

    /// Says that the message in progress lacks just this many bytes.
    pub(crate) fn want_last(&mut self, length: usize) {
        self.wanted = length;
        self.wanted_is_last = true;
    }

    /// How many bytes have been received and not been looked at.
    pub(crate) fn available(&self) -> usize {
        self.end - self.unread
    }

    /// How many bytes of the message in progress are held.
    pub(crate) fn message(&self) -> usize {
        self.held - self.start
    }

    /// Passes over bytes that have been looked at. If no message is in progress, all before is
    /// free.
    pub(crate) fn pass(&mut self, length: usize) {
        debug_assert!(length <= self.available());
        let nothing_held = self.start == self.held;
        self.unread += length;
        if nothing_held {
            self.hold_nothing();
        }
    }

    /// Frees the message up to `to`: it is being delivered.
    pub(crate) fn deliver(&mut self, to: usize) {
        debug_assert!(self.start <= to && to <= self.held);
        self.start = to;
        if self.start == self.held {
            self.hold_nothing();
        } else {
            self.valid.start_at(to);
        }
    }

    /// Says that the last bytes held were validated, which took the validator from one state to
    /// the other.
    pub(crate) fn vouch(&mut self, length: usize, before: Validator, after: Validator) {
        self.valid.vouch(self.held, length, before, after);
    }

    /// Whether all that is held up to there is known to be UTF-8.
    pub(crate) fn vouches_for(&self, end: usize) -> bool {
        self.valid.reaches(end)
    }

    fn hold_nothing(&mut self) {
        self.start = self.unread;
        self.held = self.unread;
        self.valid = ValidText::none_from(self.unread);
    }

    /// Drops all that the memory holds.
    pub(crate) fn clear(&mut self) {
        *self = Self { peak: self.peak, ..Self::NEW };
    }
}
