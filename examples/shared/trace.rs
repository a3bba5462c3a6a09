//! Prints the timeline of one connection to standard error.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use hybi::inspect::{Inspector, Sender};

/// Observes one connection, or nothing by default. Clones share the connection.
#[derive(Clone, Default)]
pub(crate) struct Trace(Option<Arc<Mutex<Observed>>>);

struct Observed {
    inspector: Inspector,
    start: Instant,
    /// Precedes each entry.
    label: String,
}

impl Trace {
    /// Observes a connection that begins now.
    pub(crate) fn new(label: String) -> Self {
        let observed = Observed { inspector: Inspector::new(), start: Instant::now(), label };
        Self(Some(Arc::new(Mutex::new(observed))))
    }

    /// The next bytes of a sender. Call it before they are processed or sent.
    pub(crate) fn pass(&self, sender: Sender, bytes: &[u8]) {
        let Some(observed) = &self.0 else { return };
        let mut observed = observed.lock().unwrap_or_else(PoisonError::into_inner);
        let Observed { inspector, start, label } = &mut *observed;
        let mut lines = Vec::new();
        inspector.receive(sender, bytes, start.elapsed(), |entry| {
            // Writing to a vector does not fail.
            let _ = writeln!(lines, "{label}{entry}");
        });
        // Ignores an error, such as a closed pipe.
        let _ = io::stderr().write_all(&lines);
    }
}
