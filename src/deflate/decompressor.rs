//! Decompressing messages (RFC 7692, section 7.2.2).

use std::vec::Vec;

use zlib_rs::{Inflate, InflateFlush, Status};

/// The largest window, in bytes.
const WINDOW: usize = 32 * 1024;

/// How many final blocks a message may have with data after them, however short it is. No peer is
/// known to send more than one.
const MIN_RESTARTS: u64 = 4;

/// A message may have one more for every this many bytes of payload. A final block takes two bytes on
/// the wire and costs a window of 32 KiB, so its number is bounded, and the bound grows with the
/// payload.
const BYTES_PER_RESTART: u64 = 32;

/// What the sender leaves out at the end of a message.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// How much room a short message has behind it, which is decompressed in one go: for the tail, and
/// for what the decoder wants to be there, though not to be taken, to be at its fastest.
pub(crate) const ROOM_BEHIND: usize = TAIL.len() + 16;

/// Decompresses the messages of one direction, piece by piece into room that the caller gives.
pub(crate) struct Decompressor {
    inflate: Inflate,
    /// Whether the stream stands behind a final block, after which another one may begin.
    ended: bool,
    /// Whether the last call filled its room, so that there may be more to put out.
    was_full: bool,
    /// How often the message has begun a new stream.
    restarts: u64,
    /// How many bytes of payload the message has given so far.
    taken: u64,
    /// The end of what was put out before the caller's own record of it begins.
    history: History,
}

/// What one call did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// Bytes of input that were taken.
    pub(crate) taken: usize,
    /// Bytes of output that were made.
    pub(crate) made: usize,
    /// How the message stands after what was made.
    pub(crate) outcome: Outcome,
}

/// How a message stands.
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
        // A window of 32 KiB decodes what any smaller one encodes.
        let inflate = Inflate::new(false, 15);
        let history = History::new();
        Self { inflate, ended: false, was_full: false, restarts: 0, taken: 0, history }
    }

    /// Decompresses some of `input` to `output[made..]`, as far as there is room. `output[..made]`
    /// is what the message has come to so far, as much as the caller still has of it.
    pub(crate) fn decompress(&mut self, input: &[u8], output: &mut [u8], made: usize) -> Step {
        if self.ended && !input.is_empty() {
            // The decoder may report the final block of the message before only now.
            self.restarts += u64::from(self.taken > 0);
            if self.restarts > MIN_RESTARTS + self.taken / BYTES_PER_RESTART {
                return Step { taken: 0, made: 0, outcome: Outcome::TooManyFinalBlocks };
            }
            self.restart(&output[..made]);
        }
        self.run(input, &mut output[made..], InflateFlush::NoFlush)
    }

    /// Decompresses a whole message and ends it. Behind it, `input` has [`ROOM_BEHIND`], which is as
    /// before when this returns.
    ///
    /// `None` if something of the message was taken before, or something is wrong with it: what, is
    /// for [`decompress`](Self::decompress) and [`finish`](Self::finish) to say.
    pub(crate) fn decompress_whole(&mut self, input: &mut [u8], room: &mut [u8]) -> Option<Step> {
        let length = input.len().checked_sub(ROOM_BEHIND).filter(|_| self.is_fresh())?;
        let behind = input[length..].first_chunk_mut()?;
        let kept = core::mem::replace(behind, TAIL);
        let step = self.blocks(input, length, room);
        input[length..][..TAIL.len()].copy_from_slice(&kept);
        if step.is_none() {
            // The decoder ran into the bytes after the message: start over, without them.
            self.taken = 0;
            self.restart(&[]);
        }
        step
    }

    /// Decompresses a message of so many bytes with the tail behind it, a block at a time. The last
    /// one is what the sender left out, and makes nothing; all others end before.
    fn blocks(&mut self, input: &[u8], length: usize, room: &mut [u8]) -> Option<Step> {
        let mut all = Step { taken: 0, made: 0, outcome: Outcome::Unfinished };
        while !self.ended && all.made < room.len() {
            let block = self.run(&input[all.taken..], &mut room[all.made..], InflateFlush::Block);
            all.taken += block.taken;
            all.made += block.made;
            let is_stuck = block.taken == 0 && block.made == 0 && !self.ended;
            if is_stuck || block.outcome == Outcome::Invalid {
                return None;
            }
            if all.taken > length {
                // The empty block may be a final one.
                let is_tail = all.taken == length + TAIL.len() && block.made == 0;
                return is_tail.then_some(Step {
                    taken: length,
                    outcome: Outcome::Finished,
                    ..all
                });
            }
        }
        Some(all)
    }

    /// Ends the message, all of whose input was taken, as far as there is room.
    pub(crate) fn finish(&mut self, output: &mut [u8], made: usize) -> Step {
        let outcome = |outcome| Step { taken: 0, made: 0, outcome };
        // RFC 7692, section 7.2.3.6: even an empty message has a byte.
        if self.taken == 0 {
            return outcome(Outcome::Invalid);
        }
        // Output that had no room, and with it the end of a final block.
        if self.was_full {
            let step = self.run(&[], &mut output[made..], InflateFlush::NoFlush);
            if step.made > 0 || step.outcome == Outcome::Invalid {
                return step;
            }
        }
        // A message may end with a final block, without an empty one after it.
        if self.ended {
            return outcome(Outcome::Finished);
        }
        // Section 7.2.2: what the sender left out. It ends an empty block, which makes nothing. The
        // decoder stops at the end of each block, so that it takes the extra byte only if the
        // message did not end where it should.
        let mut input = [0; TAIL.len() + 1];
        input[..TAIL.len()].copy_from_slice(&TAIL);
        let mut taken = 0;
        while taken < TAIL.len() {
            let step = self.run(&input[taken..], &mut output[made..], InflateFlush::Block);
            taken += step.taken;
            if step.taken == 0 || step.made > 0 || step.outcome == Outcome::Invalid {
                return outcome(Outcome::Invalid);
            }
        }
        outcome(if taken == TAIL.len() { Outcome::Finished } else { Outcome::Invalid })
    }

    /// The message has ended, and the next one may refer to it: `output` is its end.
    pub(crate) fn keep_window(&mut self, output: &[u8]) {
        if self.ended {
            self.restart(output);
        }
        self.remember(output);
        self.begin();
    }

    /// The message has ended, and the next one begins without a window.
    pub(crate) fn reset(&mut self) {
        self.inflate.reset(false);
        self.ended = false;
        self.history.clear();
        self.begin();
    }

    /// How many bytes of payload the message has given so far.
    pub(crate) const fn taken(&self) -> u64 {
        self.taken
    }

    /// The caller is about to give up this part of its record.
    pub(crate) fn remember(&mut self, output: &[u8]) {
        self.history.push(output);
    }

    /// Whether nothing of the message has been taken, and the decoder is ready for it.
    const fn is_fresh(&self) -> bool {
        self.taken == 0 && !self.ended
    }

    /// Nothing of the next message has been taken.
    fn begin(&mut self) {
        self.was_full = false;
        self.restarts = 0;
        self.taken = 0;
    }

    fn run(&mut self, input: &[u8], room: &mut [u8], flush: InflateFlush) -> Step {
        let (total_in, total_out) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(input, room, flush);
        self.ended = status == Ok(Status::StreamEnd);
        let count = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(usize::MAX);
        let taken = count(self.inflate.total_in(), total_in).min(input.len());
        let made = count(self.inflate.total_out(), total_out).min(room.len());
        self.was_full = made == room.len();
        self.taken += taken as u64;
        Step {
            taken,
            made,
            outcome: if status.is_ok() { Outcome::Unfinished } else { Outcome::Invalid },
        }
    }

    /// Begins a new stream after a final block, with the window of the one before it.
    fn restart(&mut self, output: &[u8]) {
        self.inflate.reset(false);
        self.ended = false;
        for part in self.history.followed_by(output) {
            // It fails for a stream with a header only, and this one has none.
            let _ = self.inflate.set_dictionary(part);
        }
    }
}

impl core::fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Decompressor(..)")
    }
}

/// The last 32 KiB of something, in a ring. It is needed behind a final block only, of which there
/// is no telling before it comes.
struct History {
    /// Grows to `WINDOW` bytes, and stays.
    ring: Vec<u8>,
    /// Where the oldest byte is, once the ring is full.
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

    /// The last 32 KiB of this and what follows it, in three parts.
    fn followed_by<'a>(&'a self, bytes: &'a [u8]) -> [&'a [u8]; 3] {
        let last = |part: &'a [u8], length| &part[part.len().saturating_sub(length)..];
        let (newer, older) = self.ring.split_at(self.oldest);
        let bytes = last(bytes, WINDOW);
        let newer = last(newer, WINDOW - bytes.len());
        let older = last(older, WINDOW - bytes.len() - newer.len());
        [older, newer, bytes]
    }
}
