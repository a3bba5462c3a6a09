//! What a connection reports to its caller.

use super::Fragment;
use crate::{
    buffer::{Content, Found, Inbox, Storage},
    close::Close,
};

/// Something that the peer sent. It borrows the inbox.
///
/// There are no other kinds of frames (section 5.2), so the enum is exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A ping, up to 125 bytes. The connection answers it as [`Pongs`](crate::Pongs) says, unless
    /// [`Pongs::Manual`](crate::Pongs::Manual) is chosen.
    Ping(&'a [u8]),
    /// A pong, up to 125 bytes.
    Pong(&'a [u8]),
    /// The peer closes. The connection replies, unless
    /// [`CloseReply::Manual`](crate::CloseReply::Manual) is chosen. Nothing more will be received.
    Close(Close<'a>),
}

/// Something that the peer sent, where messages are received in chunks. It borrows the inbox.
///
/// There are no other kinds of frames (section 5.2), so the enum is exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkEvent<'a> {
    /// The next part of a text message, ending on a whole character.
    Text {
        /// The part; empty only at the end of a message.
        text: &'a str,
        /// Whether the message ends with it.
        fragment: Fragment,
    },
    /// The next part of a binary message.
    Binary {
        /// The part; empty only at the end of a message.
        data: &'a [u8],
        /// Whether the message ends with it.
        fragment: Fragment,
    },
    /// As [`Event::Ping`]; it may come between two chunks.
    Ping(&'a [u8]),
    /// As [`Event::Pong`]; it may come between two chunks.
    Pong(&'a [u8]),
    /// As [`Event::Close`]; an incomplete message will not be completed.
    Close(Close<'a>),
}

/// What [`advance`](crate::Connection::advance) found.
impl<S: Storage> Inbox<S> {
    /// The event that [`advance`](crate::Connection::advance) found. It borrows only the inbox, so
    /// a function can return it.
    ///
    /// `None` if there is none, or if the inbox was used since: read into, passed to a connection
    /// again, released.
    pub fn event(&self) -> Option<Event<'_>> {
        Some(match self.found() {
            Found::Message(content) => self.message(content)?,
            Found::Ping(payload) => Event::Ping(self.received(payload)),
            Found::Pong(payload) => Event::Pong(self.received(payload)),
            Found::Close(code, reason) => {
                Event::Close(Close::of(*code, self.received_text(reason)?))
            }
            Found::Nothing | Found::Chunk(..) | Found::InvalidClose(_) | Found::Head(_) => {
                return None;
            }
        })
    }

    /// The event that [`advance_chunk`](crate::Connection::advance_chunk) found; otherwise as
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
            Found::Nothing | Found::Message(_) | Found::InvalidClose(_) | Found::Head(_) => {
                return None;
            }
        })
    }

    /// The body of the Close frame with which the peer broke a rule, after the call that failed for
    /// that reason: for logs. `None` if the inbox was used since.
    ///
    /// The first two bytes, if there are two, are the code in network order; the rest is the reason,
    /// which may not be UTF-8.
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
    /// The message, with a payload of its own; `None` for a control frame.
    pub fn to_message(&self) -> Option<crate::message::Message> {
        match *self {
            Self::Text(text) => Some(text.into()),
            Self::Binary(data) => Some(data.into()),
            Self::Ping(_) | Self::Pong(_) | Self::Close(_) => None,
        }
    }
}
