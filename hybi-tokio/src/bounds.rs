//! What ends a connection from outside of the protocol: deadlines, and the shutdown of a server.

use std::task::{Context, Poll, ready};

use hybi::{
    CloseCode,
    deadline::{Deadlines, Timeouts},
};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use crate::{shutdown::Member, timer::Timer};

/// The bounds of one connection.
#[derive(Debug)]
pub(crate) struct Bounds {
    pub(crate) deadlines: Deadlines,
    pub(crate) timer: Timer,
    member: Option<Member>,
    /// The place among the connections of a server.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Bounds {
    /// Bounds whose opening handshake begins now.
    pub(crate) fn new(timeouts: Timeouts) -> Self {
        let timer = Timer::new();
        let deadlines = Deadlines::new(timeouts, timer.now());
        Self { deadlines, timer, member: None, _permit: None }
    }

    /// The same for a connection of a server.
    pub(crate) fn of_server(
        timeouts: Timeouts,
        member: Option<Member>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self { member, _permit: permit, ..Self::new(timeouts) }
    }

    /// The next deadline.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.timer.instant(self.deadlines.deadline())
    }

    /// Waits until the next deadline. It may also be ready earlier.
    pub(crate) fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.timer.poll_until(self.deadlines.deadline(), context)
    }

    /// Waits until the server shuts down. It is ready once.
    pub(crate) fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<CloseCode> {
        let Some(member) = &mut self.member else { return Poll::Pending };
        let code = ready!(member.poll(context));
        Poll::Ready(code)
    }

    /// Whether the server shuts down.
    pub(crate) fn is_shutting_down(&self) -> bool {
        self.member.as_ref().is_some_and(Member::is_shutting_down)
    }
}
