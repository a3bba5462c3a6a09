//! Messages that own their payload.

use std::{convert::Infallible, fmt, str};

use bytes::Bytes;
use hybi::Event;

use super::{close::CloseFrame, error::Result, text::Utf8Bytes};

/// A message or a control frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A text message.
    Text(Utf8Bytes),
    /// A binary message.
    Binary(Bytes),
    /// A ping with up to 125 bytes. It is answered already.
    Ping(Bytes),
    /// A pong with up to 125 bytes.
    Pong(Bytes),
    /// A Close; `None` if it has no code. It is answered already.
    Close(Option<CloseFrame>),
    /// Never received, and cannot be created.
    Frame(Frame),
}

/// A frame, which cannot be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame(Infallible);

impl Frame {
    pub(super) const fn never(&self) -> ! {
        match self.0 {}
    }
}

impl Message {
    /// A text message.
    pub fn text<S: Into<Utf8Bytes>>(text: S) -> Self {
        Self::Text(text.into())
    }

    /// A binary message.
    pub fn binary<B: Into<Bytes>>(data: B) -> Self {
        Self::Binary(data.into())
    }

    /// Whether it is a text message.
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Whether it is a binary message.
    pub const fn is_binary(&self) -> bool {
        matches!(self, Self::Binary(_))
    }

    /// Whether it is a ping.
    pub const fn is_ping(&self) -> bool {
        matches!(self, Self::Ping(_))
    }

    /// Whether it is a pong.
    pub const fn is_pong(&self) -> bool {
        matches!(self, Self::Pong(_))
    }

    /// Whether it is a Close.
    pub const fn is_close(&self) -> bool {
        matches!(self, Self::Close(_))
    }

    /// The length of the payload in bytes; of a Close, that of the reason.
    pub fn len(&self) -> usize {
        self.payload().len()
    }

    /// Whether the payload is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The payload; of a Close, the reason.
    pub fn into_data(self) -> Bytes {
        match self {
            Self::Text(text) => text.into(),
            Self::Binary(data) | Self::Ping(data) | Self::Pong(data) => data,
            Self::Close(close) => close.map_or_else(Bytes::new, |close| close.reason.into()),
            Self::Frame(frame) => frame.never(),
        }
    }

    /// The payload as text; of a Close, the reason.
    ///
    /// # Errors
    ///
    /// [`Error::Utf8`](super::tungstenite::Error::Utf8): the payload is not UTF-8.
    pub fn into_text(self) -> Result<Utf8Bytes> {
        match self {
            Self::Text(text) => Ok(text),
            other => Ok(other.into_data().try_into()?),
        }
    }

    /// The payload as text; of a Close, the reason.
    ///
    /// # Errors
    ///
    /// [`Error::Utf8`](super::tungstenite::Error::Utf8): the payload is not UTF-8.
    pub fn to_text(&self) -> Result<&str> {
        match self {
            Self::Text(text) => Ok(text),
            other => Ok(str::from_utf8(other.payload())?),
        }
    }

    fn payload(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(data) | Self::Ping(data) | Self::Pong(data) => data,
            Self::Close(close) => close.as_ref().map_or(&[], |close| close.reason.as_bytes()),
            Self::Frame(frame) => frame.never(),
        }
    }
}

impl From<Event<'_>> for Message {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Text(text) => Self::Text(text.into()),
            Event::Binary(data) => Self::Binary(Bytes::copy_from_slice(data)),
            Event::Ping(payload) => Self::Ping(Bytes::copy_from_slice(payload)),
            Event::Pong(payload) => Self::Pong(Bytes::copy_from_slice(payload)),
            Event::Close(close) => {
                Self::Close(close.code().map(|code| CloseFrame {
                    code: code.get().into(),
                    reason: close.reason().into(),
                }))
            }
        }
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<&[u8]> for Message {
    fn from(data: &[u8]) -> Self {
        Self::Binary(Bytes::copy_from_slice(data))
    }
}

impl From<Vec<u8>> for Message {
    fn from(data: Vec<u8>) -> Self {
        Self::binary(data)
    }
}

impl From<Bytes> for Message {
    fn from(data: Bytes) -> Self {
        Self::Binary(data)
    }
}

impl From<Message> for Bytes {
    fn from(message: Message) -> Self {
        message.into_data()
    }
}

/// The payload if it is text, otherwise its length.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_text() {
            Ok(text) => f.write_str(text),
            Err(_) => write!(f, "{} bytes", self.len()),
        }
    }
}
