//! Cutting a message into the fragments that it is sent in.

/// Whether a fragment is the last of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// More fragments follow.
    More,
    /// The message ends with this one.
    Last,
}

impl Fragment {
    /// The last of its message or not, as a [`ChunkEvent`](crate::ChunkEvent) says it.
    pub const fn from_last(last: bool) -> Self {
        if last { Self::Last } else { Self::More }
    }

    /// Whether the message ends with it.
    pub const fn is_last(self) -> bool {
        matches!(self, Self::Last)
    }

    /// Cuts a binary message into pieces of at most `size` bytes (at least 1), to be sent one by
    /// one with [`send_binary_fragment`]. An empty message is one empty piece.
    ///
    /// Between two pieces, write out the outbox and receive: so a pong, a ping or a Close does not
    /// wait until a large message is sent, and the outbox holds one piece of it rather than all.
    /// If the message is compressed, automatic pongs wait all the same: see
    /// [`Pongs`](crate::Pongs). Peers limit how many fragments a message may have, so the pieces
    /// should not be small: 64 KiB is a good size.
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
    ///         // … what has come meanwhile; a ping is answered now …
    /// #       assert_eq!(event, Event::Ping(b""));
    ///     }
    ///     // … write out the outbox, and read what is there, without waiting for more …
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

    /// Cuts a text message into pieces of at most `size` bytes, to be sent one by one with
    /// [`send_text_fragment`](crate::Connection::send_text_fragment); otherwise as
    /// [`split_binary`](Self::split_binary).
    ///
    /// A piece ends where a character ends. Where `size` is less than a character needs, a piece
    /// is one character.
    pub const fn split_text(text: &str, size: usize) -> TextFragments<'_> {
        TextFragments { rest: Some(text), size }
    }
}

/// The pieces of a binary message, made by [`Fragment::split_binary`].
#[derive(Clone)]
pub struct BinaryFragments<'a> {
    /// `None` after the last piece.
    rest: Option<&'a [u8]>,
    /// At least 1.
    size: usize,
}

/// The pieces of a text message, made by [`Fragment::split_text`].
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
        let (piece, rest) = text.split_at(piece_length(text, self.size));
        self.rest = (!rest.is_empty()).then_some(rest);
        Some((piece, Fragment::from_last(rest.is_empty())))
    }
}

impl core::iter::FusedIterator for BinaryFragments<'_> {}
impl core::iter::FusedIterator for TextFragments<'_> {}

/// How many bytes at the front of a text are whole characters, at most `size`; but one character
/// at least.
fn piece_length(text: &str, size: usize) -> usize {
    // A character has at most four bytes, so this looks at four places at the most, or at all of
    // the few that there are.
    let fitting = (1..=size.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    fitting.or_else(|| text.chars().next().map(char::len_utf8)).unwrap_or(0)
}

/// Shows how much is left, not what it is.
impl core::fmt::Debug for BinaryFragments<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "BinaryFragments({:?} bytes)", self.rest.map(<[u8]>::len))
    }
}

/// Shows how much is left, not what it is.
impl core::fmt::Debug for TextFragments<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "TextFragments({:?} bytes)", self.rest.map(str::len))
    }
}
