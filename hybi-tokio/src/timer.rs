//! The clock and the timer of a connection.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// A clock, and a timer for deadlines that change often.
///
/// Most changes extend a deadline. So the timer is set again only when it fires, or when the deadline
/// becomes earlier: a connection that receives all the time does not touch the timer wheel.
#[derive(Debug)]
pub(crate) struct Timer {
    epoch: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// A timer whose epoch is now.
    pub(crate) fn new() -> Self {
        Self { epoch: Instant::now(), sleep: None }
    }

    /// The time since the epoch.
    pub(crate) fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// A time since the epoch as an instant. `None` is never.
    pub(crate) fn instant(&self, time: Option<Duration>) -> Option<Instant> {
        time.and_then(|time| self.epoch.checked_add(time))
    }

    /// Waits until a deadline. It may also be ready earlier: then look again which deadline is next.
    pub(crate) fn poll_until(
        &mut self,
        deadline: Option<Duration>,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let Some(deadline) = self.instant(deadline) else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.is_elapsed() || deadline < sleep.deadline() {
            sleep.as_mut().reset(deadline);
        }
        ready!(sleep.as_mut().poll(context));
        Poll::Ready(())
    }
}
