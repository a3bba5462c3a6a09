//! The events of a connection.

use super::Fragment;
use crate::{
    buffer::{Content, Found, Inbox, Storage},
    close::Close,
};

/// A message or control frame from the peer. It borrows the inbox.
///
/// The enum is exhaustive, because there are no other kinds of frames (section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A ping with a payload of up to 125 bytes. The connection answers it as configured by
    /// [`Pongs`](crate::Pongs). With [`Pongs::Manual`](crate::Pongs::Manual), the caller does.
    Ping(&'a [u8]),
    /// A pong with a payload of up to 125 bytes.
    Pong(&'a [u8]),
    /// The peer's Close. It is the last event. The connection replies. With
    /// [`CloseReply::Manual`](crate::CloseReply::Manual), the caller does.
    Close(Close<'a>),
}

/// A chunk of a message, or a control frame, from the peer. It borrows the inbox.
///
/// The enum is exhaustive, because there are no other kinds of frames (section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkEvent<'a> {
    /// The next chunk of a text message. It ends at a character boundary.
    Text {
        /// The chunk. It may be empty only at the end of a message.
        text: &'a str,
        /// Whether this is the last chunk of the message.
        fragment: Fragment,
    },
    /// The next chunk of a binary message.
    Binary {
        /// The chunk. It may be empty only at the end of a message.
        data: &'a [u8],
        /// Whether this is the last chunk of the message.
        fragment: Fragment,
    },
    /// As [`Event::Ping`]. It may arrive between two chunks.
    Ping(&'a [u8]),
    /// As [`Event::Pong`]. It may arrive between two chunks.
    Pong(&'a [u8]),
    /// As [`Event::Close`]. A message in progress will not be completed.
    Close(Close<'a>),
}

/// The events that [`advance`](crate::Connection::advance) found.
impl<S: Storage> Inbox<S> {
    /// The event that [`advance`](crate::Connection::advance) found. It borrows only the inbox, so
    /// that a function can return it.
    ///
    /// `None` if there is no event, or if the inbox was used since: read into, passed to a
    /// connection, or released.
    #[inline]
    pub fn event(&self) -> Option<Event<'_>> {
        Some(match self.found() {
            Found::Message(content) => self.message(content)?,
            Found::Ping(payload) => Event::Ping(self.received(payload)),
            Found::Pong(payload) => Event::Pong(self.received(payload)),
            Found::Close(code, reason) => {
                Event::Close(Close::of(*code, self.received_text(reason)?))
            }
            Found::Nothing
            | Found::Chunk(..)
            | Found::Extended(..)
            | Found::ExtensionFrame(..)
            | Found::InvalidClose(_)
            | Found::Head(_) => return None,
        })
    }

    /// The event that [`advance_chunk`](crate::Connection::advance_chunk) found. Otherwise like
    /// [`event`](Self::event).
    pub fn chunk_event(&self) -> Option<ChunkEvent<'_>> {
        Some(match self.found() {
            Found::Chunk(content, last) => {
                let fragment = Fragment::from_last(*last);
                match self.content(content)? {
                    Ok(text) => ChunkEvent::Text { text, fragment },
                    Err(data) => ChunkEvent::Binary { data, fragment },
                }
            }
            Found::Ping(payload) => ChunkEvent::Ping(self.received(payload)),
            Found::Pong(payload) => ChunkEvent::Pong(self.received(payload)),
            Found::Close(code, reason) => {
                ChunkEvent::Close(Close::of(*code, self.received_text(reason)?))
            }
            Found::Nothing
            | Found::Message(_)
            | Found::Extended(..)
            | Found::ExtensionFrame(..)
            | Found::InvalidClose(_)
            | Found::Head(_) => return None,
        })
    }

    /// The body of an invalid Close frame, for logging. Call this after
    /// [`receive`](crate::Connection::receive) or [`advance`](crate::Connection::advance) has
    /// returned the violation. `None` if there was no such frame, or if the inbox was used since.
    ///
    /// If there are at least two bytes, the first two are the status code in network byte order.
    /// The rest is the reason, which may be invalid UTF-8.
    pub fn invalid_close(&self) -> Option<&[u8]> {
        match self.found() {
            Found::InvalidClose(body) => Some(self.received(body)),
            _ => None,
        }
    }

    fn message(&self, content: &Content) -> Option<Event<'_>> {
        Some(match self.content(content)? {
            Ok(text) => Event::Text(text),
            Err(data) => Event::Binary(data),
        })
    }
}

#[cfg(feature = "alloc")]
impl Event<'_> {
    /// Copies the message into one that owns its payload. `None` for a control frame.
    pub fn to_message(&self) -> Option<crate::message::Message> {
        match *self {
            Self::Text(text) => Some(text.into()),
            Self::Binary(data) => Some(data.into()),
            Self::Ping(_) | Self::Pong(_) | Self::Close(_) => None,
        }
    }
}
