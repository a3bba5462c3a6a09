//! A row of the table: one kind of traffic at one size, and the entrants.

use std::{hint::black_box, rc::Rc};

use bytes::Bytes;

use crate::{
    candidates::{Echoes, Receives, Sends, limits::Decompress},
    goal::Goal,
    traffic::{Traffic, payloads, pongs, share},
    transport::{Fate, Transport},
};

pub(crate) struct Row {
    /// The kind of traffic. Each kind is a panel of the chart.
    pub(crate) kind: String,
    /// The size of a message, in bytes.
    pub(crate) size: usize,
    /// The number of messages in one pass.
    pub(crate) messages: usize,
    pub(crate) entrants: Vec<Entrant>,
    pub(crate) goals: Vec<Goal>,
}

pub(crate) struct Entrant {
    pub(crate) name: &'static str,
    pub(crate) standing: Standing,
    /// Creates the entrant, so that its allocations can be counted.
    pub(crate) make: Box<dyn Fn() -> Box<dyn Run>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Ours,
    Peer,
    /// Shown for comparison, and not used by goals.
    Baseline,
    /// A lower bound that no candidate is expected to beat.
    Limit,
}

pub(crate) trait Run {
    /// Processes all messages of the row once.
    fn pass(&mut self);
    /// Does the same, and panics unless every byte is correct.
    fn check(&mut self);

    /// The transport that counts reads and writes, if there is one.
    fn transport(&self) -> Option<&Transport> {
        None
    }

    /// The size of the compressed messages divided by that of the messages, if they are compressed.
    fn compression(&self) -> Option<f64> {
        None
    }
}

impl Entrant {
    pub(crate) fn new<R: Run + 'static>(
        name: &'static str,
        standing: Standing,
        make: impl Fn() -> R + 'static,
    ) -> Self {
        Self { name, standing, make: Box::new(move || Box::new(make())) }
    }
}

pub(crate) struct Receiving<R> {
    pub(crate) receiver: R,
    pub(crate) transport: Transport,
    pub(crate) traffic: Rc<Traffic>,
    /// The number of pongs that the receiver writes.
    pub(crate) pongs: usize,
}

impl<R: Receives> Run for Receiving<R> {
    fn pass(&mut self) {
        self.transport.rewind();
        let mut sum = 0;
        self.receiver.receive(self.traffic.messages.len(), |message| {
            let ends = [message[0], message[message.len() - 1]];
            sum += message.len() + usize::from(ends[0]) + usize::from(ends[1]);
        });
        black_box(sum);
    }

    fn check(&mut self) {
        self.transport.rewind();
        let mut expected = self.traffic.messages.iter();
        let wire = self.transport.written_by(|| {
            self.receiver.receive(expected.len(), |message| {
                assert!(expected.next().unwrap() == message, "a message is wrong");
            });
        });
        assert_eq!(pongs(&wire), self.pongs, "pongs");
        assert_eq!(expected.len(), 0, "messages are missing");
    }

    fn transport(&self) -> Option<&Transport> {
        Some(&self.transport)
    }

    fn compression(&self) -> Option<f64> {
        self.traffic.compression
    }
}

pub(crate) struct Sending<S> {
    pub(crate) sender: S,
    pub(crate) transport: Transport,
    pub(crate) messages: Rc<[Bytes]>,
    pub(crate) masked: bool,
}

impl<S: Sends> Run for Sending<S> {
    fn pass(&mut self) {
        self.sender.send(&self.messages);
    }

    fn check(&mut self) {
        let wire = self.transport.written_by(|| self.sender.send(&self.messages));
        assert!(payloads(&wire, self.masked, false) == *self.messages, "a message is wrong");
    }

    fn transport(&self) -> Option<&Transport> {
        Some(&self.transport)
    }
}

/// Sending compressed messages as a server.
pub(crate) struct Compressing<S> {
    pub(crate) sender: S,
    pub(crate) transport: Transport,
    /// The compression that the check found.
    pub(crate) compression: Option<f64>,
    /// Creates a new sender, whose messages can be decompressed from the first one on.
    pub(crate) make: Rc<dyn Fn(Transport) -> S>,
    pub(crate) messages: Rc<[Bytes]>,
    pub(crate) takeover: bool,
}

impl<S: Sends> Run for Compressing<S> {
    fn pass(&mut self) {
        self.sender.send(&self.messages);
    }

    fn check(&mut self) {
        let transport = Transport::new(Rc::default(), Fate::Discarded);
        let mut sender = (self.make)(transport.clone());
        let wire = transport.written_by(|| sender.send(&self.messages));
        let mut decompress = Decompress::new(self.takeover);
        let payloads = payloads(&wire, false, true);
        self.compression = Some(share(&payloads, &self.messages));
        assert!(self.compression < Some(0.5), "messages are not compressed");
        let mut payloads = payloads.into_iter();
        for message in &*self.messages {
            let mut payload = payloads.next().unwrap();
            payload.extend_from_slice(&[0x00, 0x00, 0xFF, 0xFF]);
            assert!(decompress.decompress(&payload) == message, "a message is wrong");
        }
        assert_eq!(payloads.len(), 0, "there are more messages than were sent");
    }

    fn transport(&self) -> Option<&Transport> {
        Some(&self.transport)
    }

    fn compression(&self) -> Option<f64> {
        self.compression
    }
}

/// Opening handshakes, each of a new connection.
pub(crate) struct Opening<F> {
    pub(crate) open: F,
    pub(crate) transport: Transport,
    /// Whether the bytes that one handshake wrote are correct.
    pub(crate) is_right: fn(&[u8]) -> bool,
}

/// The number of connections that are opened in one pass.
pub(crate) const OPENINGS: usize = 64;

impl<F: FnMut()> Run for Opening<F> {
    fn pass(&mut self) {
        for _ in 0..OPENINGS {
            self.transport.rewind();
            (self.open)();
        }
    }

    fn check(&mut self) {
        self.transport.rewind();
        let written = self.transport.written_by(|| (self.open)());
        assert!((self.is_right)(&written), "{}", String::from_utf8_lossy(&written));
    }

    fn transport(&self) -> Option<&Transport> {
        Some(&self.transport)
    }
}

/// Work without a result to check.
pub(crate) struct Working<S> {
    pub(crate) worker: S,
    pub(crate) messages: Rc<[Bytes]>,
}

impl<S: Sends> Run for Working<S> {
    fn pass(&mut self) {
        self.worker.send(&self.messages);
    }

    fn check(&mut self) {}
}

pub(crate) struct Echoing<E> {
    pub(crate) echo: E,
    pub(crate) transport: Transport,
    pub(crate) traffic: Rc<Traffic>,
}

impl<E: Echoes> Run for Echoing<E> {
    fn pass(&mut self) {
        self.transport.rewind();
        self.echo.echo(self.traffic.messages.len());
    }

    fn check(&mut self) {
        self.transport.rewind();
        let count = self.traffic.messages.len();
        let wire = self.transport.written_by(|| self.echo.echo(count));
        assert!(payloads(&wire, false, false) == self.traffic.messages, "a message is wrong");
    }

    fn transport(&self) -> Option<&Transport> {
        Some(&self.transport)
    }
}
