//! The entries of a timeline.

use core::time::Duration;

use super::Rule;
use crate::{
    deflate::Negotiated,
    frame::{Header, Opcode},
};

/// Which endpoint sent some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    /// The endpoint that sent the request.
    Client,
    /// The endpoint that sent the response.
    Server,
}

impl Sender {
    /// The other endpoint.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// `client` or `server`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// An entry of the timeline. It borrows what the inspector holds at that moment.
///
/// [`Display`](core::fmt::Display) writes it as text: one line, or one for each field of a head. It
/// shows the start of a payload, and hides the values of fields that contain credentials.
/// [`text`](Self::text) has options for both.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<'a> {
    /// The time that the caller passed with the last byte of what the entry describes.
    pub at: Duration,
    /// Who sent what the entry describes. For a violation, this is the culprit.
    pub sender: Sender,
    /// The offset in the bytes of the sender, from 0. For a violation, it is that of the first byte
    /// that proves it, or of the frame or the head if no single byte does.
    pub offset: u64,
    /// What happened.
    pub event: Event<'a>,
}

/// What an [`Entry`] describes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A request, for a WebSocket or not.
    Request(Request<'a>),
    /// A response, also an interim one (1xx).
    Response(Response<'a>),
    /// The body of a response that does not open a WebSocket.
    Body(Body<'a>),
    /// The WebSocket is open. What was negotiated.
    Open(Open<'a>),
    /// The header of a frame.
    Frame(Header),
    /// The last frame of a message is complete.
    Message(Message<'a>),
    /// A ping is complete.
    Ping(&'a [u8]),
    /// A pong is complete.
    Pong(Pong<'a>),
    /// A Close is complete.
    Close(Close<'a>),
    /// The sender has broken a rule.
    Violation(Rule),
    /// The rest of the bytes of this sender is not inspected.
    Opaque(Opaque),
    /// The transport has ended in this direction.
    End(End),
}

/// The head of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request<'a> {
    /// The method, `GET` for a WebSocket.
    pub method: &'a str,
    /// The request target.
    pub target: &'a str,
    /// The minor version of HTTP/1.
    pub minor: u8,
    /// The header fields, in order.
    pub fields: &'a [Field<'a>],
}

/// The head of a response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Response<'a> {
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub reason: &'a [u8],
    /// The minor version of HTTP/1.
    pub minor: u8,
    /// The header fields, in order.
    pub fields: &'a [Field<'a>],
}

/// A header field, and the result of its check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field<'a> {
    /// The name as it was sent.
    pub name: &'a str,
    /// The value, without leading and trailing whitespace.
    pub value: &'a [u8],
    /// The offset of the name in the bytes of the sender.
    pub offset: u64,
    /// The result of the check.
    pub check: Check,
}

/// The result of the check of a header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The opening handshake does not use the field, or not in this message.
    Unused,
    /// The field follows the rules.
    Valid,
    /// The field breaks a rule.
    Broken(Rule),
}

/// The start of the body of a response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Body<'a> {
    /// The first bytes, at most [`Limits::body`](super::Limits::body).
    pub start: &'a [u8],
    /// The length, if `Content-Length` states it.
    pub length: Option<u64>,
}

/// What the opening handshake negotiated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Open<'a> {
    /// The subprotocol in use.
    pub subprotocol: Option<&'a str>,
    /// The extensions in use.
    pub extensions: Extensions,
}

/// The extensions that a connection uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extensions {
    /// None.
    None,
    /// Only permessage-deflate, with these parameters.
    Deflate(Negotiated),
    /// At least one that the inspector does not know, possibly with permessage-deflate. Such an
    /// extension may define reserved bits, frames outside of messages, and opcodes (RFC 6455, sections
    /// 5.2 and 5.8), so no frame that uses them is a violation. UTF-8 is not checked, because the
    /// extension may encode messages. A message with only RSV1 is decompressed if permessage-deflate
    /// is negotiated and the payload allows it.
    Other(Option<Negotiated>),
    /// Any, because the opening handshake was not seen or broke a rule. As [`Other`](Self::Other), but
    /// any message with only RSV1 is decompressed if the payload allows it.
    Unknown,
}

impl Extensions {
    /// Whether an extension may be in use that is not known.
    pub(super) const fn may_be_others(self) -> bool {
        matches!(self, Self::Other(_) | Self::Unknown)
    }
}

/// A complete message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Message<'a> {
    /// [`Opcode::Text`] or [`Opcode::Binary`].
    pub opcode: Opcode,
    /// The first bytes, unmasked and decompressed, at most
    /// [`Limits::message`](super::Limits::message).
    pub payload: &'a [u8],
    /// The length, decompressed. It is that of the part before the fault if `coding` is not one of
    /// [`Plain`](Coding::Plain) and [`Inflated`](Coding::Inflated).
    pub length: u64,
    /// The length of the payloads of its frames.
    pub wire_length: u64,
    /// The number of frames.
    pub frames: u64,
    /// How it was encoded.
    pub coding: Coding,
}

/// How a message was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coding {
    /// It was not compressed.
    Plain,
    /// It was decompressed.
    Inflated,
    /// It is compressed, and was not decompressed as a whole: it may refer to messages that were not
    /// seen or not kept.
    UnknownWindow,
    /// It is compressed, and is not valid DEFLATE data.
    Invalid,
    /// It is compressed, and was not decompressed as a whole, because it exceeds
    /// [`Limits::inflated`](super::Limits::inflated) or has too many final blocks.
    TooLong,
    /// It has reserved bits whose meaning is not known. The payload is as it was sent.
    Unknown,
}

/// A pong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pong<'a> {
    /// Its payload.
    pub payload: &'a [u8],
    /// The ping that it answers; `None` if it answers none that is remembered.
    pub answers: Option<Answered>,
}

/// A ping that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The offset of the ping in the bytes of its sender.
    pub offset: u64,
    /// The time from the ping to the pong.
    pub after: Duration,
}

/// A Close.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Close<'a> {
    /// The status code, if the body has one; it need not be valid.
    pub code: Option<u16>,
    /// The reason, which need not be UTF-8.
    pub reason: &'a [u8],
}

/// Why the rest of a direction is not inspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Opaque {
    /// After the violation, it is not known where the next frame or head begins.
    Violation,
    /// It is TLS.
    Tls,
    /// It is another protocol, or an HTTP exchange whose end is not found.
    NotWebSocket,
    /// A head exceeds [`Limits::head`](super::Limits::head).
    Head,
    /// A frame has a reserved opcode, which an extension that is not known may define.
    Extension,
    /// More bytes than [`Limits::held`](super::Limits::held) came before what explains them.
    Held,
}

/// The end of the transport in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// What the transport ended in.
    pub inside: Inside,
    /// The number of pings from the peer that were not answered.
    pub unanswered: usize,
}

/// Where the transport ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Nothing: between frames and messages, or where the bytes are not inspected.
    Nothing,
    /// The head of a request or of a response.
    Head,
    /// A frame.
    Frame,
    /// A message, between two of its frames.
    Message,
}
