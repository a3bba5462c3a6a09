//! The frames that one side sends, followed through bytes that stay where they are.

use crate::{
    Violation,
    frame::{Header, MAX_HEADER, Opcode, Rules},
    mask::Mask,
};

/// Where the bytes of one side stand: in which frame, in which message.
pub(super) struct Frames {
    rules: Rules,
    /// The bytes of a header that is not complete; nothing of them has been passed on.
    partial: [u8; MAX_HEADER],
    /// How many of them there are; less than `MAX_HEADER`.
    partial_length: u8,
    /// Whether a message has begun and its last frame has not.
    in_message: bool,
    /// Bytes of payload that the frame in progress still lacks.
    remaining: u64,
    /// What turns its payload from the masking key it came with to the one it leaves with.
    rekey: Option<Mask>,
    /// Whether the latest frame is a Close.
    is_close: bool,
    /// Whether the latest frame is passed on, rather than dropped.
    is_passed: bool,
}

impl Frames {
    /// For frames that keep these rules.
    pub(super) const fn new(rules: Rules) -> Self {
        Self {
            rules,
            partial: [0; MAX_HEADER],
            partial_length: 0,
            in_message: false,
            remaining: 0,
            rekey: None,
            is_close: false,
            is_passed: false,
        }
    }

    /// Whether the payload of a frame comes next, rather than a header.
    pub(super) const fn in_frame(&self) -> bool {
        self.remaining > 0
    }

    /// Whether the latest frame is passed on.
    pub(super) const fn is_passed(&self) -> bool {
        self.is_passed
    }

    /// Whether the other side has got a part of a frame only.
    pub(super) const fn is_torn(&self) -> bool {
        self.in_frame() && self.is_passed
    }

    /// Whether the latest frame is a Close, and complete.
    pub(super) const fn has_closed(&self) -> bool {
        self.is_close && self.remaining == 0
    }

    /// Reads the header at the front of `input`, behind what was kept of it, and tells how many
    /// bytes of the input it takes. `None` if it is not complete: then all of the input is kept.
    pub(super) fn header(&mut self, input: &[u8]) -> Result<Option<(Header, usize)>, Violation> {
        // A partial header is shorter than the longest, and shorter than the whole it becomes, so
        // the subtractions below hold.
        let before = usize::from(self.partial_length);
        let fresh = input.len().min(MAX_HEADER - before);
        let read = if before == 0 {
            Header::parse(input, self.rules)?
        } else {
            self.partial[before..before + fresh].copy_from_slice(&input[..fresh]);
            Header::parse(&self.partial[..before + fresh], self.rules)?
        };
        let Some(header) = read else {
            self.partial[before..before + fresh].copy_from_slice(&input[..fresh]);
            #[allow(clippy::cast_possible_truncation)] // less than 14
            let length = (before + fresh) as u8;
            self.partial_length = length;
            return Ok(None);
        };
        self.partial_length = 0;
        match (header.opcode(), self.in_message) {
            // Section 5.4: a continuation continues something, and nothing else may come between.
            (Opcode::Continuation, false) => return Err(Violation::NothingToContinue),
            (Opcode::Text | Opcode::Binary, true) => return Err(Violation::MessageInsideMessage),
            (Opcode::Continuation | Opcode::Text | Opcode::Binary, _) => {
                self.in_message = !header.fin();
            }
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => {}
        }
        Ok(Some((header, header.encoded_len() - before)))
    }

    /// Begins the frame that came with header `came` and leaves with header `leaves`; `None` if
    /// it is dropped.
    pub(super) fn begin(&mut self, came: &Header, leaves: Option<&Header>) {
        self.remaining = came.payload_len();
        self.is_close = came.opcode() == Opcode::Close;
        self.is_passed = leaves.is_some();
        self.rekey = match (came.masking_key(), leaves.and_then(Header::masking_key)) {
            (Some(old), Some(new)) => {
                let both = u32::from_ne_bytes(old) ^ u32::from_ne_bytes(new);
                Some(Mask::new(both.to_ne_bytes()))
            }
            _ => None,
        };
    }

    /// Takes what `input` holds of the frame's payload, masks it anew where it lies, and tells how
    /// many bytes it is.
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
        self.is_passed = false;
        self.rekey = None;
    }
}

/// Shows nothing of the masking key in the header.
impl core::fmt::Debug for Frames {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Frames({} bytes of header, {} to come)", self.partial_length, self.remaining)
    }
}
