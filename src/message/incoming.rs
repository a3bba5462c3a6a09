//! The message being received, if any.

use super::{inflating::Inflating, limits::Limits, partial::Partial, plain::Plain};
use crate::{
    buffer::{Found, Inbox, Parts, Storage},
    deflate::Session,
    error::{Error, Violation},
    frame::{Header, Kind, Opcode, Reserved},
};

/// The message being received.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// None. The next frame begins a message or is a control frame.
    Idle,
    /// An uncompressed message. It is reassembled in the inbox.
    Plain(Plain),
    /// A compressed message. It is decompressed into separate memory.
    Inflating(Inflating),
}

/// The result of [`Incoming::advance`].
pub(crate) enum Step {
    /// The next bytes are a frame header.
    Header,
    /// A message or a chunk of one.
    Found(Found),
    /// The frame in progress needs more input.
    Incomplete,
}

impl Incoming {
    /// Whether no message is in progress.
    pub(crate) const fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    /// Whether the message in progress is delivered in parts.
    pub(crate) fn in_chunks(&self) -> bool {
        match self {
            Self::Idle => false,
            Self::Plain(plain) => plain.in_chunks(),
            Self::Inflating(inflating) => inflating.in_chunks(),
        }
    }

    /// Whether the inbox holds the expected number of bytes of the message in progress. It does not
    /// if the caller passed another inbox.
    pub(crate) fn is_held_by<S: Storage>(&self, inbox: &Inbox<S>) -> bool {
        let holds_nothing = || {
            let (cursor, inflated) = inbox.holdings();
            cursor.message() == 0 && cursor.unmasked == 0 && inflated.is_empty()
        };
        match self {
            Self::Idle => holds_nothing(),
            Self::Plain(plain) => plain.is_held_by(inbox),
            Self::Inflating(inflating) => inflating.is_held_by(inbox),
        }
    }

    /// Begins a data frame. Every rule and limit that its header can violate is checked here,
    /// before any of its payload is stored.
    pub(crate) fn begin(&mut self, header: &Header, limits: &Limits<'_>) -> Result<(), Error> {
        let kind = match header.opcode() {
            Opcode::Text => Some(Kind::Text),
            Opcode::Binary => Some(Kind::Binary),
            _ => None,
        };
        // RFC 7692, section 6: RSV1 of the first frame marks a compressed message.
        let is_compressed = header.reserved().contains(Reserved::RSV1);
        match (&*self, kind) {
            // Section 5.4: the fragments of one message must not be interleaved with another
            // message.
            (Self::Idle, None) => return Err(Violation::NothingToContinue.into()),
            (Self::Plain(_) | Self::Inflating(_), Some(_)) => {
                return Err(Violation::MessageInsideMessage.into());
            }
            (Self::Idle, Some(kind)) => {
                let message = Partial::new(kind);
                *self = if is_compressed {
                    Inflating::new(message).map_or(Self::Idle, Self::Inflating)
                } else {
                    Self::Plain(Plain::new(message))
                };
            }
            (_, None) if is_compressed => return Err(Violation::ReservedBits.into()),
            (_, None) => {}
        }
        match self {
            Self::Idle => return Err(Violation::ReservedBits.into()),
            Self::Plain(plain) => plain.begin(header, limits)?,
            Self::Inflating(inflating) => inflating.begin(header, limits)?,
        }
        Ok(())
    }

    /// Processes the received payload of the frame in progress, up to the next chunk or message to
    /// deliver.
    pub(crate) fn advance(
        &mut self,
        parts: &mut Parts<'_>,
        session: &mut Session,
        limits: &Limits<'_>,
    ) -> Result<Step, Error> {
        let step = match self {
            Self::Idle => return Ok(Step::Header),
            Self::Plain(plain) => plain.advance(parts, limits)?,
            Self::Inflating(inflating) => inflating.advance(parts, session, limits)?,
        };
        if let Step::Found(Found::Message(_) | Found::Chunk(_, true)) = step {
            *self = Self::Idle;
        }
        Ok(step)
    }
}
