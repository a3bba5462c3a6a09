//! Runs futures over memory, which are ready at the first poll.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

/// Polls a future once.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a future over memory is always ready"),
    }
}
