//! A relay whose transports the test controls.

use hybi::{
    frame::{Decoder, Opcode, Part},
    random::{Entropy, EntropyError},
    relay::{Relay, Side},
};

use super::wire::{BOTH, masked, other, plain};

/// The masking key of the nth frame to the server. All keys differ.
pub(crate) fn key(n: u32) -> [u8; 4] {
    (n + 1).wrapping_mul(0x9e37_79b1).to_be_bytes()
}

/// Returns the keys in order, and fails when they run out.
#[derive(Debug)]
pub(crate) struct Keys {
    drawn: u32,
    end: u32,
}

impl Keys {
    pub(crate) fn new() -> Self {
        Self::until(u32::MAX)
    }

    pub(crate) fn until(end: u32) -> Self {
        Self { drawn: 0, end }
    }
}

impl Entropy for Keys {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        if self.drawn == self.end {
            return Err(EntropyError);
        }
        bytes.copy_from_slice(&key(self.drawn));
        self.drawn += 1;
        Ok(())
    }
}

/// A relay, and the bytes that it sent to each side.
pub(crate) struct Link {
    pub(crate) relay: Relay<Keys>,
    to_client: Vec<u8>,
    to_server: Vec<u8>,
}

impl Link {
    pub(crate) fn new() -> Self {
        Self::with(Keys::new())
    }

    pub(crate) fn with(keys: Keys) -> Self {
        Self { relay: Relay::new(keys), to_client: Vec::new(), to_server: Vec::new() }
    }

    /// Relays bytes from a side in one read, and sends any Close of the relay.
    pub(crate) fn carry(&mut self, from: Side, bytes: &[u8]) {
        self.pass(from, bytes);
        self.send_closes();
    }

    /// The same, in one read for each piece.
    pub(crate) fn carry_all(&mut self, from: Side, pieces: &[&[u8]]) {
        for piece in pieces {
            self.carry(from, piece);
        }
    }

    /// Relays bytes from a side in one read.
    pub(crate) fn pass(&mut self, from: Side, bytes: &[u8]) {
        let mut bytes = bytes.to_vec();
        let passed = self.relay.pass(from, &mut bytes);
        let slices = passed.slices();
        assert_eq!(passed.is_empty(), slices.concat().is_empty());
        self.queue(other(from)).extend(slices.concat());
    }

    pub(crate) fn send_closes(&mut self) {
        self.relay.send_close(Side::Client, &mut self.to_client);
        self.relay.send_close(Side::Server, &mut self.to_server);
    }

    /// Ends the input of a side.
    pub(crate) fn end(&mut self, side: Side) {
        self.relay.end_of_input(side);
        self.send_closes();
    }

    /// The bytes sent to a side and not taken yet.
    pub(crate) fn sent_to(&self, side: Side) -> &[u8] {
        match side {
            Side::Client => &self.to_client,
            Side::Server => &self.to_server,
        }
    }

    /// Takes the bytes sent to a side since the previous call.
    pub(crate) fn take(&mut self, side: Side) -> Vec<u8> {
        std::mem::take(self.queue(side))
    }

    pub(crate) fn should_close_transport(&self) -> [bool; 2] {
        BOTH.map(|side| self.relay.should_close_transport(side))
    }

    fn queue(&mut self, side: Side) -> &mut Vec<u8> {
        match side {
            Side::Client => &mut self.to_client,
            Side::Server => &mut self.to_server,
        }
    }
}

/// A frame as it must arrive at this side, if it is the nth that the relay sends there.
pub(crate) fn arriving(at: Side, n: u32, first: u8, payload: &[u8]) -> Vec<u8> {
    match at {
        Side::Client => plain(first, payload),
        Side::Server => masked(key(n), first, payload),
    }
}

/// The body of the Close that this side receives after the other one has ended or failed.
pub(crate) fn left_alone(side: Side) -> [u8; 2] {
    match side {
        Side::Client => [0x03, 0xf3], // 1011
        Side::Server => [0x03, 0xe9], // 1001
    }
}

/// The bytes split into reads: whole, byte by byte, and in two at every index.
pub(crate) fn cuts(bytes: &[u8]) -> Vec<Vec<&[u8]>> {
    let splits = (0..=bytes.len()).map(|at| vec![&bytes[..at], &bytes[at..]]);
    [vec![bytes], bytes.chunks(1).collect()].into_iter().chain(splits).collect()
}

/// A frame, decoded by the crate under the rules of its receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) opcode: Opcode,
    pub(crate) fin: bool,
    pub(crate) payload: Vec<u8>,
    /// The number of missing payload bytes.
    pub(crate) missing: u64,
}

/// Decodes the bytes sent to this side, which must be valid.
pub(crate) fn read(at: Side, bytes: &[u8]) -> Vec<Frame> {
    let mut decoder = match at {
        Side::Client => Decoder::from_server(),
        Side::Server => Decoder::from_client(),
    };
    let mut bytes = bytes.to_vec();
    let mut input = &mut bytes[..];
    let mut frames: Vec<Frame> = Vec::new();
    while let Some(part) = decoder.decode(&mut input).unwrap() {
        match part {
            Part::Header(header) => frames.push(Frame {
                opcode: header.opcode(),
                fin: header.fin(),
                payload: Vec::new(),
                missing: header.payload_len(),
            }),
            Part::Payload(payload) => {
                let frame = frames.last_mut().unwrap();
                frame.payload.extend_from_slice(payload);
                frame.missing = decoder.remaining();
            }
        }
    }
    frames
}
