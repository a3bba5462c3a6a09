//! Counts echoed messages without buffering them.

use hybi::frame::{Header, Opcode, Reserved, Rules};

use crate::Failure;

/// The longest header of a frame from a server (RFC 6455, section 5.2).
const MAX_HEADER: usize = 10;

/// Follows the frames in the bytes from a server.
#[derive(Default)]
pub(crate) struct Echoes {
    /// A header that is not complete yet.
    header: [u8; MAX_HEADER],
    header_len: usize,
    /// How much of the payload of the frame is to come.
    payload: u64,
    ends_message: bool,
}

impl Echoes {
    /// Reads the next bytes. Returns how many messages they complete.
    pub(crate) fn count(&mut self, mut bytes: &[u8]) -> Result<usize, Failure> {
        let mut messages = 0;
        loop {
            if self.payload > 0 {
                let skipped =
                    usize::try_from(self.payload).map_or(bytes.len(), |all| all.min(bytes.len()));
                bytes = &bytes[skipped..];
                self.payload -= skipped as u64;
                if self.payload > 0 {
                    return Ok(messages);
                }
                messages += usize::from(self.ends_message);
            }
            if bytes.is_empty() {
                return Ok(messages);
            }
            let Some(header) = self.header(&mut bytes)? else { return Ok(messages) };
            if header.opcode() == Opcode::Close {
                return Err("the server closes the connection".into());
            }
            self.ends_message = header.fin() && !header.opcode().is_control();
            self.payload = header.payload_len();
            if self.payload == 0 {
                messages += usize::from(self.ends_message);
            }
        }
    }

    /// Takes a header from the front of the bytes. `None` if they end before it does.
    fn header(&mut self, bytes: &mut &[u8]) -> Result<Option<Header>, Failure> {
        let rules = Rules::from_server().allowing(Reserved::RSV1);
        if self.header_len == 0
            && let Some(header) = Header::parse(bytes, rules)?
        {
            *bytes = &bytes[header.encoded_len()..];
            return Ok(Some(header));
        }
        while let Some((first, rest)) = bytes.split_first() {
            self.header[self.header_len] = *first;
            self.header_len += 1;
            *bytes = rest;
            if let Some(header) = Header::parse(&self.header[..self.header_len], rules)? {
                self.header_len = 0;
                return Ok(Some(header));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::Echoes;

    #[test]
    fn messages_are_counted_at_every_split() {
        // A text message in two fragments with a ping between them, an empty binary message, and one of
        // 126 bytes.
        let mut bytes = b"\x01\x02he\x89\x01p\x80\x03llo\x82\x00\x82\x7e\x00\x7e".to_vec();
        bytes.extend([0xff; 126]);
        for split in 0..=bytes.len() {
            let (first, second) = bytes.split_at(split);
            let mut echoes = Echoes::default();
            let count = echoes.count(first).unwrap() + echoes.count(second).unwrap();
            assert_eq!(count, 3, "split at {split}");
        }
    }

    #[test]
    fn a_close_is_an_error() {
        assert!(Echoes::default().count(b"\x88\x00").is_err());
    }
}
