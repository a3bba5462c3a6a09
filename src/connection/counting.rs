//! The counters of a connection (feature `counters`).

use super::{Connection, Role};
use crate::counters::Counters;

impl<R: Role> Connection<R> {
    /// What this connection has received and sent so far.
    pub const fn counters(&self) -> &Counters {
        self.observer.counters()
    }
}
