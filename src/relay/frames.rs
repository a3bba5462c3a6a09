//! The frames that one side sends: where the stream stands, and masking each payload anew.

use crate::{
    Violation,
    frame::{Header, HeaderReader, Opcode, Order, Rules},
    mask::Mask,
};

/// The state of the stream of frames from one side.
#[derive(Debug)]
pub(super) struct Frames {
    /// Holds an incomplete header, none of which has been forwarded.
    reader: HeaderReader,
    order: Order,
    /// Bytes of payload that the frame in progress lacks; 0 between frames.
    remaining: u64,
    /// The XOR of the masking key that the frame arrived with and the one it leaves with.
    rekey: Option<Mask>,
    /// Whether the latest frame is a Close.
    is_close: bool,
    /// Whether the latest frame is forwarded, not dropped.
    is_forwarded: bool,
}

impl Frames {
    /// At the start of a stream whose frames must follow these rules.
    pub(super) const fn new(rules: Rules) -> Self {
        Self {
            reader: HeaderReader::new(rules),
            order: Order::Idle,
            remaining: 0,
            rekey: None,
            is_close: false,
            is_forwarded: false,
        }
    }

    /// Whether the next byte is payload, not part of a header.
    pub(super) const fn in_payload(&self) -> bool {
        self.remaining > 0
    }

    /// Whether the latest frame is forwarded.
    pub(super) const fn is_forwarded(&self) -> bool {
        self.is_forwarded
    }

    /// Whether the other side has received only a part of a frame.
    pub(super) const fn is_torn(&self) -> bool {
        self.in_payload() && self.is_forwarded
    }

    /// Whether the latest frame is a Close and complete.
    pub(super) const fn has_closed(&self) -> bool {
        self.is_close && self.remaining == 0
    }

    /// Reads the header at the front of `input`, which follows any bytes kept from before, and
    /// returns it with the number of its bytes that come from `input`. `None` if it is incomplete:
    /// then all of `input` has been kept.
    ///
    /// # Errors
    ///
    /// The header breaks a rule, or its frame is out of order.
    pub(super) fn header(&mut self, input: &[u8]) -> Result<Option<(Header, usize)>, Violation> {
        let Some((header, taken)) = self.reader.read(input)? else { return Ok(None) };
        self.order = self.order.after(header.opcode(), header.fin())?;
        Ok(Some((header, taken)))
    }

    /// Begins the frame that arrives with header `from` and leaves with header `to`; `None` if it is
    /// dropped.
    pub(super) fn begin(&mut self, from: &Header, to: Option<&Header>) {
        self.remaining = from.payload_len();
        self.is_close = from.opcode() == Opcode::Close;
        self.is_forwarded = to.is_some();
        self.rekey = match (from.masking_key(), to.and_then(Header::masking_key)) {
            (Some(old), Some(new)) => {
                let both = u32::from_ne_bytes(old) ^ u32::from_ne_bytes(new);
                Some(Mask::new(both.to_ne_bytes()))
            }
            _ => None,
        };
    }

    /// Takes the payload of the frame in progress at the front of `input`, masks it anew in place,
    /// and returns its length in bytes.
    pub(super) fn payload(&mut self, input: &mut [u8]) -> usize {
        let length = usize::try_from(self.remaining).map_or(input.len(), |n| n.min(input.len()));
        if let Some(rekey) = &mut self.rekey {
            rekey.apply(&mut input[..length]);
        }
        self.remaining -= length as u64;
        length
    }

    /// Drops the rest of the frame in progress.
    pub(super) fn drop_rest(&mut self) {
        self.is_forwarded = false;
        self.rekey = None;
    }
}
