//! Pings that wait for their pongs.

use alloc::collections::VecDeque;
use core::time::Duration;

use super::Answered;
use crate::frame::MAX_CONTROL;

/// The unanswered pings of one sender, oldest first.
#[derive(Debug, Default)]
pub(super) struct Pings(VecDeque<Ping>);

#[derive(Debug)]
struct Ping {
    payload: [u8; MAX_CONTROL],
    length: usize,
    offset: u64,
    at: Duration,
}

impl Pings {
    /// Remembers a ping, and forgets the oldest one if there are more than `max`.
    pub(super) fn add(&mut self, payload: &[u8], offset: u64, at: Duration, max: usize) {
        let mut ping = Ping { payload: [0; MAX_CONTROL], length: 0, offset, at };
        for (to, from) in ping.payload.iter_mut().zip(payload) {
            *to = *from;
            ping.length += 1;
        }
        self.0.push_back(ping);
        while self.0.len() > max {
            self.0.pop_front();
        }
    }

    /// Finds the ping that a pong answers, and forgets it and the ones before it: only the latest of
    /// several pings needs an answer (RFC 6455, section 5.5.3).
    pub(super) fn answer(&mut self, payload: &[u8], at: Duration) -> Option<Answered> {
        let is_same = |ping: &Ping| ping.payload.get(..ping.length) == Some(payload);
        let index = self.0.iter().position(is_same)?;
        let ping = self.0.drain(..=index).next_back()?;
        Some(Answered { offset: ping.offset, after: at.saturating_sub(ping.at) })
    }

    /// The number of unanswered pings.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
