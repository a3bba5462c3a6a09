//! The message in progress of one sender.

use alloc::vec::Vec;

use super::{Coding, Limits, Message, Rule, inflater::Inflater};
use crate::{frame::Opcode, utf8::Validator};

/// A message in progress.
#[derive(Debug)]
pub(super) struct Assembly {
    opcode: Opcode,
    coding: Coding,
    /// Validates text; `None` for binary data, and after the first fault.
    text: Option<Validator>,
    /// The first bytes.
    kept: Vec<u8>,
    length: u64,
    wire_length: u64,
    frames: u64,
    /// A fault in decompressed data. No byte on the wire proves it, so it is reported at the end of
    /// the frame.
    fault: Option<Rule>,
}

impl Assembly {
    pub(super) fn new(opcode: Opcode, coding: Coding, is_validated: bool) -> Self {
        let is_text = opcode == Opcode::Text && is_validated;
        Self {
            opcode,
            coding,
            text: is_text.then(Validator::new),
            kept: Vec::new(),
            length: 0,
            wire_length: 0,
            frames: 0,
            fault: None,
        }
    }

    pub(super) const fn begin_frame(&mut self) {
        self.frames += 1;
    }

    /// A frame of it has reserved bits of an extension that is not known.
    pub(super) const fn set_extended(&mut self) {
        if matches!(self.coding, Coding::Plain) {
            self.coding = Coding::Unknown;
        }
    }

    /// Whether some of it went through the decompressor.
    pub(super) const fn is_compressed(&self) -> bool {
        !matches!(self.coding, Coding::Plain | Coding::Unknown)
    }

    /// Adds unmasked payload. Returns the index of a byte that is not UTF-8, if the message is not
    /// compressed.
    pub(super) fn push(
        &mut self,
        payload: &[u8],
        inflater: &mut Inflater,
        limits: &Limits,
    ) -> Option<usize> {
        self.wire_length += payload.len() as u64;
        match self.coding {
            Coding::Plain | Coding::Unknown => self.add(payload, limits),
            Coding::Inflated => {
                let result = inflater.inflate(payload, |data| self.add_inflated(data, limits));
                self.set(result, inflater);
                None
            }
            _ => None,
        }
    }

    /// Ends a frame. Returns the fault in its decompressed data.
    pub(super) fn end_frame(&mut self, fin: bool, inflater: &mut Inflater) -> Option<Rule> {
        if fin && self.coding == Coding::Inflated {
            let result = inflater.finish();
            self.set(result, inflater);
        }
        let is_whole = matches!(self.coding, Coding::Plain | Coding::Inflated);
        let is_cut = |text: &Validator| fin && is_whole && !text.is_complete();
        if self.text.as_ref().is_some_and(is_cut) {
            self.fault = Some(Rule::TextIncomplete);
        }
        self.fault.take()
    }

    /// The complete message.
    pub(super) fn message(&self) -> Message<'_> {
        Message {
            opcode: self.opcode,
            payload: &self.kept,
            length: self.length,
            wire_length: self.wire_length,
            frames: self.frames,
            coding: self.coding,
        }
    }

    fn set(&mut self, result: Result<(), Coding>, inflater: &mut Inflater) {
        let Err(coding) = result else { return };
        self.coding = coding;
        if coding == Coding::Invalid {
            self.fault.get_or_insert(Rule::NotDeflate);
        }
        inflater.lose_window();
    }

    /// Adds decompressed data up to the limit, and returns whether there was no more.
    fn add_inflated(&mut self, data: &[u8], limits: &Limits) -> bool {
        let allowed = limits.inflated.saturating_sub(self.length);
        let allowed = usize::try_from(allowed).unwrap_or(usize::MAX);
        let within = data.get(..allowed).unwrap_or(data);
        if self.add(within, limits).is_some() {
            self.fault = Some(Rule::TextNotUtf8);
        }
        within.len() == data.len()
    }

    /// Adds data, and returns the index of the first byte that is not UTF-8.
    fn add(&mut self, data: &[u8], limits: &Limits) -> Option<usize> {
        self.length += data.len() as u64;
        self.keep(data, limits.message);
        let fault = self.text.as_mut()?.feed(data).err()?;
        self.text = None;
        Some(fault.offset)
    }
    /// Keeps data up to the limit. The buffer doubles, but does not exceed the limit.
    fn keep(&mut self, data: &[u8], limit: usize) {
        let room = limit.saturating_sub(self.kept.len());
        let data = data.get(..room).unwrap_or(data);
        let length = self.kept.len() + data.len();
        if length > self.kept.capacity() {
            let capacity = length.max(2 * self.kept.capacity()).min(limit);
            self.kept.reserve_exact(capacity - self.kept.len());
        }
        self.kept.extend_from_slice(data);
    }
}
