//! The order of the frames of one sender, as far as it is known.
//!
//! It is not known where an observation begins in the middle of a connection, and after a frame with
//! reserved bits of an extension that is not known: the frame may begin a message, or be outside of
//! messages. The next frame that ends or begins a message shows it again.

use super::Rule;
use crate::{
    error::Violation,
    frame::{Header, Opcode, Order},
};

/// Where a data frame belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It begins a message. One in progress is abandoned.
    Begins,
    /// It continues the message in progress, if that was seen.
    Continues,
    /// It is an extension's, between the frames of a message.
    Outside,
}

/// The order of frames.
#[derive(Debug)]
pub(super) struct Sequence {
    /// `None` while it is not known whether a message is in progress.
    order: Option<Order>,
    is_closed: bool,
}

impl Sequence {
    pub(super) const fn new(is_start: bool) -> Self {
        Self { order: if is_start { Some(Order::Idle) } else { None }, is_closed: false }
    }

    /// The rule that a frame breaks. `is_extended` if it has reserved bits of an extension that is
    /// not known.
    pub(super) fn violation(&self, header: &Header, is_extended: bool) -> Option<Rule> {
        let opcode = header.opcode();
        match self.order {
            _ if self.is_closed && opcode == Opcode::Close => Some(Rule::SecondClose),
            _ if self.is_closed && !opcode.is_control() => Some(Rule::DataAfterClose),
            Some(order) if !is_extended => match order.after(opcode, header.fin()) {
                Err(Violation::NothingToContinue) => Some(Rule::NothingToContinue),
                Err(_) => Some(Rule::MessageInsideMessage),
                Ok(_) => None,
            },
            _ => None,
        }
    }

    /// Takes a data frame.
    pub(super) fn place(&mut self, header: &Header, is_extended: bool) -> Place {
        let (opcode, fin) = (header.opcode(), header.fin());
        let place = match (opcode, self.order) {
            (Opcode::Continuation, _) => Place::Continues,
            (_, Some(Order::InMessage)) if is_extended => Place::Outside,
            _ => Place::Begins,
        };
        self.order = match (place, self.order) {
            (Place::Outside, order) => order,
            // In a message of its own, or outside of messages.
            (Place::Begins, Some(Order::Idle)) if is_extended && fin => Some(Order::Idle),
            _ if is_extended => None,
            (Place::Continues, None | Some(Order::InMessage)) if !fin => self.order,
            (Place::Begins, _) if !fin => Some(Order::InMessage),
            // Also after a violation.
            _ => Some(Order::Idle),
        };
        place
    }

    /// Takes a Close.
    pub(super) const fn close(&mut self) {
        self.is_closed = true;
    }
}
