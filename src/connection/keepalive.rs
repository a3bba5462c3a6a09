//! Keepalive pings: sending one, recognizing its pong, and failing the connection of a peer that does
//! not answer. [`deadline`](crate::deadline) decides when.

use core::num::NonZeroU16;

use super::{Connection, Role, State, Status, Step};
use crate::{buffer::Outbox, close::CloseCode, error::Error};

impl<R: Role> Connection<R> {
    /// Sends a ping with this nonce as its payload. Only a pong with the same payload answers it.
    pub(crate) fn send_keepalive(
        &mut self,
        nonce: NonZeroU16,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        self.send_ping(&nonce.get().to_be_bytes(), outbox)?;
        self.awaited_pong = Some(nonce);
        Ok(())
    }

    /// Whether the latest keepalive ping is unanswered.
    pub(crate) const fn awaits_pong(&self) -> bool {
        self.awaited_pong.is_some()
    }

    /// Handles the peer's pong.
    pub(super) fn on_pong(&mut self, payload: &[u8]) {
        self.awaited_pong.take_if(|nonce| nonce.get().to_be_bytes() == *payload);
    }

    /// Fails the connection (section 7.1.7) with this code. If the outbox has no room for the Close,
    /// the next call of `receive` appends it.
    pub(crate) fn fail(&mut self, code: CloseCode, outbox: &mut impl Outbox) {
        if self.state != State::Open {
            return;
        }
        self.pending_pong.clear();
        self.pending_close = Some(Status(Some(code)));
        self.compression.on_failure();
        self.state = self.state.after(Step::Fail);
        self.send_pending(outbox);
    }
}
