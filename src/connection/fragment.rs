//! Splitting a message into fragments.

/// Whether a fragment is the last of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// More fragments follow.
    More,
    /// This is the last fragment of the message.
    Last,
}

impl Fragment {
    /// [`Last`](Self::Last) if `last` is true, otherwise [`More`](Self::More).
    pub const fn from_last(last: bool) -> Self {
        if last { Self::Last } else { Self::More }
    }

    /// Whether this is the last fragment of its message.
    pub const fn is_last(self) -> bool {
        matches!(self, Self::Last)
    }

    /// Splits a binary message into pieces of at most `size` bytes, to send with
    /// [`send_binary_fragment`]. A `size` of 0 means 1. An empty message is one empty piece.
    ///
    /// Write the outbox and receive between two pieces. Pings, pongs and a Close then do not wait
    /// for the end of a large message, and the outbox holds one piece of it at a time. Automatic
    /// pongs still wait for the end of a compressed message (see [`Pongs`](crate::Pongs)).
    ///
    /// Peers limit the number of fragments in a message, so avoid small pieces. 64 KiB is a good
    /// size.
    ///
    /// ```
    /// # use hybi::{Config, Connection, Error, Event, Inbox};
    /// use hybi::Fragment;
    ///
    /// # let mut websocket = Connection::server(Config::new());
    /// # let (mut inbox, mut outbox, mut stream) = (Inbox::with_capacity(64), Vec::new(), Vec::new());
    /// # let data = [7; 100_000];
    /// # let _ = inbox.copy_from(b"\x89\x80\0\0\0\0");
    /// for (piece, fragment) in Fragment::split_binary(&data, 64 * 1024) {
    ///     websocket.send_binary_fragment(piece, fragment, &mut outbox)?;
    ///     while let Some(event) = websocket.receive(&mut inbox, &mut outbox)? {
    ///         // … handle the event; a ping is answered now …
    /// #       assert_eq!(event, Event::Ping(b""));
    ///     }
    ///     // … write the outbox, then read without blocking …
    /// #   stream.append(&mut outbox);
    /// }
    /// # assert_eq!(stream[65_536 + 10..][..2], *b"\x8a\0");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// [`send_binary_fragment`]: crate::Connection::send_binary_fragment
    pub const fn split_binary(data: &[u8], size: usize) -> BinaryFragments<'_> {
        BinaryFragments { rest: Some(data), size: if size == 0 { 1 } else { size } }
    }

    /// Splits a text message into pieces of at most `size` bytes, to send with
    /// [`send_text_fragment`](crate::Connection::send_text_fragment). Otherwise like
    /// [`split_binary`](Self::split_binary).
    ///
    /// Each piece ends at a character boundary. A piece has at least one character, even if that is
    /// longer than `size`.
    pub const fn split_text(text: &str, size: usize) -> TextFragments<'_> {
        TextFragments { rest: Some(text), size }
    }
}

/// An iterator over the pieces of a binary message, from [`Fragment::split_binary`].
#[derive(Clone)]
pub struct BinaryFragments<'a> {
    /// `None` after the last piece.
    rest: Option<&'a [u8]>,
    /// At least 1.
    size: usize,
}

/// An iterator over the pieces of a text message, from [`Fragment::split_text`].
#[derive(Clone)]
pub struct TextFragments<'a> {
    /// `None` after the last piece.
    rest: Option<&'a str>,
    size: usize,
}

impl<'a> Iterator for BinaryFragments<'a> {
    type Item = (&'a [u8], Fragment);

    fn next(&mut self) -> Option<Self::Item> {
        let data = self.rest?;
        let (piece, rest) = data.split_at(self.size.min(data.len()));
        self.rest = (!rest.is_empty()).then_some(rest);
        Some((piece, Fragment::from_last(rest.is_empty())))
    }
}

impl<'a> Iterator for TextFragments<'a> {
    type Item = (&'a str, Fragment);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest?;
        let (piece, rest) = split_piece(text, self.size);
        self.rest = (!rest.is_empty()).then_some(rest);
        Some((piece, Fragment::from_last(rest.is_empty())))
    }
}

impl core::iter::FusedIterator for BinaryFragments<'_> {}
impl core::iter::FusedIterator for TextFragments<'_> {}

/// Splits off the longest prefix of `text` that ends at a character boundary and has at most `size`
/// bytes, or else its first character.
fn split_piece(text: &str, size: usize) -> (&str, &str) {
    // A character has at most four bytes, so this tests at most four positions.
    let fitting = (1..=size.min(text.len())).rev().find_map(|end| text.split_at_checked(end));
    let first = || text.split_at_checked(text.chars().next()?.len_utf8());
    fitting.or_else(first).unwrap_or((text, ""))
}

/// Shows the remaining length, not the contents.
impl core::fmt::Debug for BinaryFragments<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "BinaryFragments({:?} bytes)", self.rest.map(<[u8]>::len))
    }
}

/// Shows the remaining length, not the contents.
impl core::fmt::Debug for TextFragments<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "TextFragments({:?} bytes)", self.rest.map(str::len))
    }
}
