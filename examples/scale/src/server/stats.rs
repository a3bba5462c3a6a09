//! What a process has received and sent.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use hybi_tokio::hybi::Counters;

/// The sums over all connections of the process.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    connections: AtomicU64,
    received: AtomicU64,
    received_bytes: AtomicU64,
    sent: AtomicU64,
    sent_compressed: AtomicU64,
    sent_bytes: AtomicU64,
}

/// Adds one connection to the sums.
#[derive(Debug)]
pub(crate) struct Meter<'a> {
    stats: &'a Stats,
    counted: Counters,
}

impl Stats {
    /// Counts a connection as long as the meter exists.
    pub(crate) fn open(&self) -> Meter<'_> {
        self.connections.fetch_add(1, Relaxed);
        Meter { stats: self, counted: Counters::default() }
    }

    /// The sums as a JSON object. Bytes are those of all frames.
    pub(crate) fn to_json(&self) -> String {
        format!(
            "{{\"connections\": {}, \"received\": {}, \"received_bytes\": {}, \"sent\": {}, \
             \"sent_compressed\": {}, \"sent_bytes\": {}}}",
            self.connections.load(Relaxed),
            self.received.load(Relaxed),
            self.received_bytes.load(Relaxed),
            self.sent.load(Relaxed),
            self.sent_compressed.load(Relaxed),
            self.sent_bytes.load(Relaxed),
        )
    }
}

impl Meter<'_> {
    /// Adds what is new since the last call.
    pub(crate) fn update(&mut self, counters: &Counters) {
        let (stats, now, before) = (self.stats, counters, &self.counted);
        let add = |sum: &AtomicU64, now: u64, before: u64| sum.fetch_add(now - before, Relaxed);
        add(&stats.received, now.received.text_messages, before.received.text_messages);
        add(&stats.received_bytes, now.received.wire_bytes, before.received.wire_bytes);
        add(&stats.sent, now.sent.text_messages, before.sent.text_messages);
        add(&stats.sent_compressed, now.sent.compressed_messages, before.sent.compressed_messages);
        add(&stats.sent_bytes, now.sent.wire_bytes, before.sent.wire_bytes);
        self.counted = *counters;
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        self.stats.connections.fetch_sub(1, Relaxed);
    }
}
