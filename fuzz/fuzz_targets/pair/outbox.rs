//! An outbox of either kind.

use hybi::{FixedOutbox, Outbox, frame::Header};

/// The longest control frame, in bytes. A fixed outbox must have room for it.
const CONTROL: usize = 131;

/// A growing or a fixed outbox.
pub(crate) enum Out {
    Growing(Vec<u8>),
    Fixed(FixedOutbox<Vec<u8>>),
}

impl Out {
    /// A fixed outbox with this much room in addition to a control frame, or a growing one.
    pub(crate) fn new(room: Option<u16>) -> Self {
        match room {
            None => Self::Growing(Vec::new()),
            Some(room) => {
                Self::Fixed(FixedOutbox::over(vec![0; CONTROL + usize::from(room % 2048)]))
            }
        }
    }

    /// Takes bytes from the front.
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        match self {
            Self::Growing(bytes) => bytes.drain(..count.min(bytes.len())).collect(),
            Self::Fixed(outbox) => {
                let bytes = outbox.bytes();
                let taken = bytes[..count.min(bytes.len())].to_vec();
                outbox.consume(taken.len()).expect("at most all of it");
                taken
            }
        }
    }
}

impl Outbox for Out {
    fn pending(&self) -> usize {
        match self {
            Self::Growing(bytes) => bytes.pending(),
            Self::Fixed(outbox) => outbox.pending(),
        }
    }

    fn room(&self) -> usize {
        match self {
            Self::Growing(bytes) => bytes.room(),
            Self::Fixed(outbox) => outbox.room(),
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        match self {
            Self::Growing(own) => own.extend_from_slice(bytes),
            Self::Fixed(outbox) => outbox.append(bytes),
        }
    }

    fn append_frame(&mut self, header: &Header, payload: &[u8]) {
        match self {
            Self::Growing(own) => own.append_frame(header, payload),
            Self::Fixed(outbox) => outbox.append_frame(header, payload),
        }
    }
}
