//! Reading a header that arrives in parts.

use super::{Header, MAX_HEADER, Rules};
use crate::error::Violation;

/// Joins the parts of a header, so that the input may be cut at any byte.
///
/// An incomplete header is kept here, up to 13 bytes. A header that is complete in the input is
/// read without a copy.
#[derive(Clone)]
pub(crate) struct HeaderReader {
    rules: Rules,
    /// The first bytes of an incomplete header.
    partial: [u8; MAX_HEADER - 1],
    /// The number of bytes in `partial`.
    len: u8,
}

impl HeaderReader {
    pub(crate) const fn new(rules: Rules) -> Self {
        Self { rules, partial: [0; MAX_HEADER - 1], len: 0 }
    }

    /// Reads the header at the front of `input`, and returns it with the number of its bytes that
    /// come from `input`. `None` if it is incomplete: then all of `input` has been kept.
    ///
    /// # Errors
    ///
    /// The first fault that the bytes prove. The reader must not be used again.
    #[inline(always)]
    #[allow(clippy::inline_always)] // a header returned through memory costs a small frame 7 % more
    pub(crate) fn read(&mut self, input: &[u8]) -> Result<Option<(Header, usize)>, Violation> {
        if self.len == 0 {
            let Some(header) = Header::parse(input, self.rules)? else {
                self.keep(input);
                return Ok(None);
            };
            return Ok(Some((header, header.encoded_len())));
        }
        self.read_rest(input)
    }

    /// Reads a header of which the first bytes were kept.
    #[cold]
    fn read_rest(&mut self, input: &[u8]) -> Result<Option<(Header, usize)>, Violation> {
        let before = usize::from(self.len);
        let kept = self.partial.iter().take(before);
        let (mut joined, mut length) = ([0; MAX_HEADER], 0);
        for (to, byte) in joined.iter_mut().zip(kept.chain(input)) {
            *to = *byte;
            length += 1;
        }
        let bytes = joined.get(..length).unwrap_or(&joined);
        let Some(header) = Header::parse(bytes, self.rules)? else {
            // Shorter than any complete header, so `input` has not been taken in part.
            self.keep(input);
            return Ok(None);
        };
        self.len = 0;
        // The bytes kept were not a complete header, so it is longer than they are.
        Ok(Some((header, header.encoded_len() - before)))
    }

    /// Adds bytes that do not complete the header: with those before, 13 at most.
    #[cold]
    fn keep(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if let Some(to) = self.partial.get_mut(usize::from(self.len)) {
                *to = *byte;
                self.len += 1;
            }
        }
    }
}

/// Omits the bytes, which may contain a masking key.
impl core::fmt::Debug for HeaderReader {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("HeaderReader")
            .field("rules", &self.rules)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Opcode;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    /// Reads `bytes` in three parts, and returns the result with the number of bytes taken.
    fn read_in_parts(
        rules: Rules,
        bytes: &[u8],
        cuts: [usize; 2],
    ) -> Result<Option<(Header, usize)>, (Violation, usize)> {
        let mut reader = HeaderReader::new(rules);
        let mut end = 0;
        for part in [&bytes[..cuts[0]], &bytes[cuts[0]..cuts[1]], &bytes[cuts[1]..]] {
            match reader.read(part) {
                Ok(Some((header, taken))) => return Ok(Some((header, end + taken))),
                Ok(None) => end += part.len(),
                Err(violation) => return Err((violation, end + part.len())),
            }
        }
        Ok(None)
    }

    // P-fd-d, 6455-5.2-c
    #[test]
    fn a_header_is_read_however_it_is_cut() {
        let step = if cfg!(miri) { 6 } else { 1 };
        for length in [0, 125, 126, 0xffff, 0x1_0000, (1 << 63) - 1] {
            let header = Header::new(Opcode::Binary, true, length).unwrap();
            for (header, rules) in [
                (header, Rules::from_server()),
                (header.with_mask(KEY), Rules::from_client()),
                (header, Rules::from_any()),
                (header.with_mask(KEY), Rules::from_any()),
            ] {
                let encoded = header.encode();
                let mut bytes = [0xa5; MAX_HEADER + 3];
                bytes[..encoded.len()].copy_from_slice(&encoded);
                for second in (0..=bytes.len()).step_by(step) {
                    for first in (0..=second).step_by(step) {
                        let read = read_in_parts(rules, &bytes, [first, second]);
                        assert_eq!(read, Ok(Some((header, encoded.len()))), "{first}, {second}");
                    }
                }
                for end in (0..encoded.len()).step_by(step) {
                    for cut in (0..=end).step_by(step) {
                        assert_eq!(read_in_parts(rules, &bytes[..end], [cut, cut]), Ok(None));
                    }
                }
            }
        }
    }

    // P-fd-e, 6455-5.2-d, 6455-5.2-e, 6455-5.1-a, 6455-5.1-b
    #[test]
    fn a_fault_is_reported_at_the_first_byte_that_proves_it() {
        use Violation::{
            ControlTooLong, FragmentedControl, LengthNotMinimal, LengthTopBit, Masked, NotMasked,
            ReservedBits, ReservedOpcode,
        };
        let (client, server) = (Rules::from_client(), Rules::from_server());
        // With the number of bytes up to and including the one that proves the fault.
        let table: [(_, &[u8], _, _); 14] = [
            (server, &[0xc1, 0, 0], ReservedBits, 1),
            (server, &[0x83, 0, 0], ReservedOpcode(3), 1),
            (client, &[0x8f, 0x80, 0], ReservedOpcode(15), 1),
            (server, &[0x09, 0, 0], FragmentedControl, 1),
            (client, &[0x81, 0x00, 0], NotMasked, 2),
            (server, &[0x81, 0x80, 0], Masked, 2),
            (server, &[0x88, 126, 0, 126], ControlTooLong, 2),
            (client, &[0x89, 0xff, 0, 0], ControlTooLong, 2),
            (server, &[0x82, 126, 0, 125, 0], LengthNotMinimal, 4),
            (client, &[0x82, 0xfe, 0, 0, 0, 0], LengthNotMinimal, 4),
            (server, &[0x82, 127, 0x80, 0, 0], LengthTopBit, 3),
            (client, &[0x82, 0xff, 0xff, 0, 0], LengthTopBit, 3),
            (server, &[0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], LengthNotMinimal, 8),
            (client, &[0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 0], LengthNotMinimal, 8),
        ];
        let step = if cfg!(miri) { 3 } else { 1 };
        for (rules, bytes, violation, proof) in table {
            for second in (0..=bytes.len()).step_by(step) {
                for first in (0..=second).step_by(step) {
                    let Err((found, end)) = read_in_parts(rules, bytes, [first, second]) else {
                        panic!("{violation:?} was not found");
                    };
                    assert_eq!(found, violation);
                    // In the part that contains the proof, not in a later one.
                    let part_end = [first, second].into_iter().find(|cut| *cut >= proof);
                    assert_eq!(end, part_end.unwrap_or(bytes.len()), "{violation:?}");
                }
            }
        }
    }
}
