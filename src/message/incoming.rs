//! The message being received, if there is one.

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
    /// None: a frame that begins a message, or a control frame, comes next.
    Idle,
    /// One that is not compressed. It is reassembled where it was read.
    Plain(Plain),
    /// One that is decompressed into memory of its own.
    Inflating(Inflating),
}

/// What an advance came to.
pub(crate) enum Step {
    /// A header comes next.
    Header,
    /// There is something to deliver.
    Found(Found),
    /// More input is needed.
    Incomplete,
}

impl Incoming {
    /// Whether no message is in progress.
    pub(crate) const fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    /// Whether a part of the message in progress was delivered.
    pub(crate) fn in_chunks(&self) -> bool {
        match self {
            Self::Idle => false,
            Self::Plain(plain) => plain.in_chunks(),
            Self::Inflating(inflating) => inflating.in_chunks(),
        }
    }

    /// Whether the inbox holds as many bytes of the message in progress as it must.
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

    /// Begins a data frame. All that its header can break is checked here, before a byte of its
    /// payload is stored.
    pub(crate) fn begin(&mut self, header: &Header, limits: &Limits<'_>) -> Result<(), Error> {
        let kind = match header.opcode() {
            Opcode::Text => Some(Kind::Text),
            Opcode::Binary => Some(Kind::Binary),
            _ => None,
        };
        // RFC 7692, section 6: the first frame of a message shows whether it is compressed.
        let is_compressed = header.reserved().contains(Reserved::RSV1);
        match (&*self, kind) {
            // Section 5.4: fragments of one message are not interleaved with those of another.
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

    /// Processes what has arrived of the frame in progress, up to the next thing to deliver.
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
