//! What a connection tells its caller.

use super::Fragment;
use crate::close::Close;

/// Something that the peer sent. It borrows the inbox.
///
/// There are no other kinds of frames (section 5.2), so the enum is exhaustive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A ping, up to 125 bytes. Its answer is taken care of, as [`Pongs`](crate::Pongs) says,
    /// unless [`Pongs::Manual`](crate::Pongs::Manual) is chosen.
    Ping(&'a [u8]),
    /// A pong, up to 125 bytes.
    Pong(&'a [u8]),
    /// The peer closes; the reply is taken care of. Nothing more will be received.
    Close(Close<'a>),
}

/// Something that the peer sent, where messages are received in chunks.
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
    /// As [`Event::Close`]; a message that is not complete will not be.
    Close(Close<'a>),
}
