//! Decompressing the messages of one sender, passively.

use alloc::{boxed::Box, vec, vec::Vec};

use super::Coding;
use crate::deflate::{Decompressor, Outcome};

/// How many bytes to decompress at a time.
const PIECE: usize = 16 * 1024;

/// The decompressor of one sender.
#[derive(Debug)]
pub(super) struct Inflater {
    /// `None` before the first compressed message.
    codec: Option<Box<Decompressor>>,
    /// Whether the sender keeps its window between messages.
    takeover: bool,
    /// Whether the window holds everything that the sender's window does.
    is_complete: bool,
    piece: Vec<u8>,
}

impl Inflater {
    pub(super) const fn new(takeover: bool, is_complete: bool) -> Self {
        Self { codec: None, takeover, is_complete, piece: Vec::new() }
    }

    /// Decompresses the next part of a message, and passes the data to `take`, which returns whether
    /// to continue.
    pub(super) fn inflate(
        &mut self,
        mut input: &[u8],
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), Coding> {
        loop {
            let (codec, piece) = self.parts();
            let step = codec.decompress(input, piece, 0);
            let output = piece.get(..step.produced).unwrap_or_default();
            codec.remember(output);
            let wants_more = take(output);
            input = input.get(step.consumed..).unwrap_or_default();
            let is_stuck = step.consumed == 0 && step.produced == 0;
            match step.outcome {
                Outcome::Invalid => return Err(self.fault()),
                Outcome::TooManyFinalBlocks => return Err(Coding::TooLong),
                _ if !wants_more => return Err(Coding::TooLong),
                // Output may be pending for lack of room. Get it before more input arrives, so that
                // the result does not depend on how the input is split.
                _ if input.is_empty() && step.produced < PIECE => return Ok(()),
                _ if is_stuck => return Err(self.fault()),
                _ => {}
            }
        }
    }

    /// Ends a message whose frames are complete. `inflate` has left no output pending.
    pub(super) fn finish(&mut self) -> Result<(), Coding> {
        let takeover = self.takeover;
        let (codec, piece) = self.parts();
        if codec.finish(piece, 0).outcome != Outcome::Finished {
            return Err(self.fault());
        }
        if takeover {
            codec.keep_window(&[]);
        } else {
            codec.reset();
        }
        Ok(())
    }

    /// Drops the window, because a message was not decompressed as a whole.
    pub(super) fn lose_window(&mut self) {
        if let Some(codec) = &mut self.codec {
            codec.reset();
        }
        self.is_complete &= !self.takeover;
    }

    /// What a failure means.
    const fn fault(&self) -> Coding {
        if self.is_complete { Coding::Invalid } else { Coding::UnknownWindow }
    }

    fn parts(&mut self) -> (&mut Decompressor, &mut [u8]) {
        if self.piece.is_empty() {
            self.piece = vec![0; PIECE];
        }
        (self.codec.get_or_insert_with(|| Box::new(Decompressor::new())), &mut self.piece)
    }
}
