//! The decompressor (RFC 7692, section 7.2.2).

use std::vec::Vec;

use zlib_rs::{Inflate, InflateFlush, Status};

/// The largest window, in bytes.
const WINDOW: usize = 32 * 1024;

/// How many final blocks with data after them any message may have, even a short one. No peer is
/// known to send more than one.
const MIN_RESTARTS: u64 = 4;

/// A message may have one more such block for each of this many bytes of payload. A final block
/// takes two bytes on the wire and costs us a window of 32 KiB, so the number is bounded in
/// proportion to the payload.
const BYTES_PER_RESTART: u64 = 32;

/// The bytes that the sender removes from the end of a message.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// The room that must follow a message for [`Decompressor::decompress_whole`], in bytes: the tail,
/// and some input that the decoder does not consume but needs for its fast path.
pub(crate) const TRAILING_ROOM: usize = TAIL.len() + 16;

/// Decompresses the messages of one direction, incrementally, into room from the caller.
pub(crate) struct Decompressor {
    inflate: Inflate,
    /// Whether the last block was a final one. Another stream may follow it.
    ended: bool,
    /// Whether the last call filled its room, so that more output may be pending.
    was_full: bool,
    /// How many times the message has begun a new stream after a final block.
    restarts: u64,
    /// The number of payload bytes consumed for this message.
    consumed: u64,
    /// The last output that the caller has dropped.
    history: History,
}

/// The result of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The number of input bytes consumed.
    pub(crate) consumed: usize,
    /// The number of output bytes produced.
    pub(crate) produced: usize,
    /// The state of the message after this output.
    pub(crate) outcome: Outcome,
}

/// The state of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Unfinished,
    Finished,
    Invalid,
    /// It has more final blocks than its payload allows.
    TooManyFinalBlocks,
}

impl Decompressor {
    pub(crate) fn new() -> Self {
        // A window of 32 KiB decodes data that was encoded with any smaller window.
        let inflate = Inflate::new(false, 15);
        let history = History::new();
        Self { inflate, ended: false, was_full: false, restarts: 0, consumed: 0, history }
    }

    /// Decompresses some of `input` to `output[filled..]`, as far as there is room.
    /// `output[..filled]` is the previous output of the message that the caller still has.
    pub(crate) fn decompress(&mut self, input: &[u8], output: &mut [u8], filled: usize) -> Step {
        if self.ended && !input.is_empty() {
            // The final block of the previous message may be reported only now.
            self.restarts += u64::from(self.consumed > 0);
            if self.restarts > MIN_RESTARTS + self.consumed / BYTES_PER_RESTART {
                return Step { consumed: 0, produced: 0, outcome: Outcome::TooManyFinalBlocks };
            }
            self.restart(&output[..filled]);
        }
        self.run(input, &mut output[filled..], InflateFlush::NoFlush)
    }

    /// Decompresses and finishes a complete message. `input` is the message followed by
    /// [`TRAILING_ROOM`] bytes, which are unchanged when this returns.
    ///
    /// `None` if some of the message was consumed before, or if it is invalid. Use
    /// [`decompress`](Self::decompress) and [`finish`](Self::finish) then. They report the error.
    pub(crate) fn decompress_whole(&mut self, input: &mut [u8], room: &mut [u8]) -> Option<Step> {
        let length = input.len().checked_sub(TRAILING_ROOM).filter(|_| self.is_fresh())?;
        let trailing = input[length..].first_chunk_mut()?;
        let saved = core::mem::replace(trailing, TAIL);
        let step = self.decompress_blocks(input, length, room);
        input[length..][..TAIL.len()].copy_from_slice(&saved);
        if step.is_none() {
            // The decoder may have read the bytes after the message. Start over without them.
            self.consumed = 0;
            self.restart(&[]);
        }
        step
    }

    /// Decompresses a message of `length` bytes followed by the tail, one block at a time. The last
    /// block is empty and ends with the tail. All others end before it.
    fn decompress_blocks(&mut self, input: &[u8], length: usize, room: &mut [u8]) -> Option<Step> {
        let mut all = Step { consumed: 0, produced: 0, outcome: Outcome::Unfinished };
        while !self.ended && all.produced < room.len() {
            let (input, room) = (&input[all.consumed..], &mut room[all.produced..]);
            let block = self.run(input, room, InflateFlush::Block);
            all.consumed += block.consumed;
            all.produced += block.produced;
            let is_stuck = block.consumed == 0 && !self.ended;
            if is_stuck || block.outcome == Outcome::Invalid {
                return None;
            }
            if all.consumed > length {
                // The empty block may be a final one.
                let is_tail = all.consumed == length + TAIL.len() && block.produced == 0;
                return is_tail.then_some(Step {
                    consumed: length,
                    outcome: Outcome::Finished,
                    ..all
                });
            }
        }
        Some(all)
    }

    /// Finishes the message, as far as there is room. Its whole payload has been consumed.
    pub(crate) fn finish(&mut self, output: &mut [u8], filled: usize) -> Step {
        let outcome = |outcome| Step { consumed: 0, produced: 0, outcome };
        // RFC 7692, section 7.2.3.6: even an empty message has one byte of payload.
        if self.consumed == 0 {
            return outcome(Outcome::Invalid);
        }
        // Output may be pending for lack of room, and with it the end of a final block.
        if self.was_full {
            return self.run(&[], &mut output[filled..], InflateFlush::NoFlush);
        }
        // A message may end with a final block, without an empty block after it.
        if self.ended {
            return outcome(Outcome::Finished);
        }
        // Section 7.2.2: append the tail. It ends an empty block, which produces no output. The
        // decoder stops at the end of each block, so it consumes the extra byte only if the message
        // did not end at the right place.
        let mut input = [0; TAIL.len() + 1];
        input[..TAIL.len()].copy_from_slice(&TAIL);
        let mut consumed = 0;
        while consumed < TAIL.len() {
            let step = self.run(&input[consumed..], &mut output[filled..], InflateFlush::Block);
            consumed += step.consumed;
            if step.consumed == 0 || step.produced > 0 || step.outcome == Outcome::Invalid {
                return outcome(Outcome::Invalid);
            }
        }
        outcome(if consumed == TAIL.len() { Outcome::Finished } else { Outcome::Invalid })
    }

    /// Ends the message and keeps the window for the next one. `output` is the last output, as in
    /// [`remember`](Self::remember).
    pub(crate) fn keep_window(&mut self, output: &[u8]) {
        if self.ended {
            self.restart(output);
        }
        self.remember(output);
        self.begin();
    }

    /// Ends the message and clears the window.
    pub(crate) fn reset(&mut self) {
        self.inflate.reset(false);
        self.ended = false;
        self.history.clear();
        self.begin();
    }

    /// The number of payload bytes consumed for this message.
    pub(crate) const fn consumed(&self) -> u64 {
        self.consumed
    }

    /// Records output that the caller is about to drop.
    pub(crate) fn remember(&mut self, output: &[u8]) {
        self.history.push(output);
    }

    /// Whether no payload of the message has been consumed, and the decoder needs no restart.
    const fn is_fresh(&self) -> bool {
        self.consumed == 0 && !self.ended
    }

    /// Begins the next message.
    fn begin(&mut self) {
        self.was_full = false;
        self.restarts = 0;
        self.consumed = 0;
    }

    fn run(&mut self, input: &[u8], room: &mut [u8], flush: InflateFlush) -> Step {
        let (total_in, total_out) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(input, room, flush);
        self.ended = status == Ok(Status::StreamEnd);
        let count = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(usize::MAX);
        let consumed = count(self.inflate.total_in(), total_in).min(input.len());
        let produced = count(self.inflate.total_out(), total_out).min(room.len());
        self.was_full = produced == room.len();
        self.consumed += consumed as u64;
        Step {
            consumed,
            produced,
            outcome: if status.is_ok() { Outcome::Unfinished } else { Outcome::Invalid },
        }
    }

    /// Begins a new stream after a final block, with the window of the previous stream.
    fn restart(&mut self, output: &[u8]) {
        self.inflate.reset(false);
        self.ended = false;
        for part in self.history.followed_by(output) {
            // This fails only for a stream with a zlib header, and this one is raw.
            let _ = self.inflate.set_dictionary(part);
        }
    }
}

impl core::fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Decompressor(..)")
    }
}

/// The last 32 KiB of the output, in a ring buffer. It is used only to restart after a final block,
/// which cannot be predicted.
struct History {
    /// Grows to `WINDOW` bytes and does not shrink.
    ring: Vec<u8>,
    /// The position of the oldest byte once the ring is full, otherwise 0.
    oldest: usize,
}

impl History {
    const fn new() -> Self {
        Self { ring: Vec::new(), oldest: 0 }
    }

    fn clear(&mut self) {
        self.ring.clear();
        self.oldest = 0;
    }

    fn push(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(WINDOW)..];
        let (growing, rest) = bytes.split_at(bytes.len().min(WINDOW - self.ring.len()));
        self.ring.extend_from_slice(growing);
        let (to_end, to_front) = rest.split_at(rest.len().min(WINDOW - self.oldest));
        self.ring[self.oldest..][..to_end.len()].copy_from_slice(to_end);
        self.ring[..to_front.len()].copy_from_slice(to_front);
        self.oldest = (self.oldest + rest.len()) % WINDOW;
    }

    /// The last 32 KiB of the history followed by `bytes`, in three parts.
    fn followed_by<'a>(&'a self, bytes: &'a [u8]) -> [&'a [u8]; 3] {
        let last = |part: &'a [u8], length| &part[part.len().saturating_sub(length)..];
        let (newer, older) = self.ring.split_at(self.oldest);
        let bytes = last(bytes, WINDOW);
        let newer = last(newer, WINDOW - bytes.len());
        let older = last(older, WINDOW - bytes.len() - newer.len());
        [older, newer, bytes]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_and_what_follows_it_are_the_last_32_kib() {
        const KIB: usize = 1024;
        // The bytes of the history that were pushed first, those after them, and what follows.
        for (pushed, following, expected) in [
            ([0, 0], 0, [0, 0, 0]),
            ([10, 0], 5, [10, 0, 5]),
            ([32, 0], 0, [32, 0, 0]),
            // The ring is full, and its first 10 KiB are the newest.
            ([32, 10], 0, [22, 10, 0]),
            ([32, 10], 5, [17, 10, 5]),
            ([32, 10], 22, [0, 10, 22]),
            ([32, 10], 25, [0, 7, 25]),
            ([32, 10], 32, [0, 0, 32]),
            ([32, 10], 40, [0, 0, 32]),
        ] {
            let mut history = History::new();
            let [older, newer] = pushed.map(|kib| std::vec![1; kib * KIB]);
            history.push(&older);
            history.push(&std::vec![2; newer.len()]);
            let following = std::vec![3; following * KIB];
            let parts = history.followed_by(&following);
            assert_eq!(parts.map(<[u8]>::len), expected.map(|kib| kib * KIB));
            for (byte, part) in (1..).zip(parts) {
                assert!(part.iter().all(|other| *other == byte), "{expected:?}");
            }
        }
    }
}
