//! Futures over memory, which are ready when they are first polled.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

/// Polls once.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("memory never makes anybody wait"),
    }
}
