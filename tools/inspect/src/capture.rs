//! Classic pcap files (the format of libpcap, not pcapng).

use std::{
    io::{self, ErrorKind, Read},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The longest packet that is read, in bytes: that of libpcap.
const MAX_PACKET: u32 = 256 * 1024;

/// A file of packets.
pub(crate) struct Capture<R> {
    file: R,
    is_big_endian: bool,
    /// Whether the fractions of seconds are nanoseconds, and not microseconds.
    has_nanoseconds: bool,
    /// The type of the link layer.
    pub(crate) link: u32,
    packet: Vec<u8>,
}

impl<R: Read> Capture<R> {
    /// Reads the header of the file.
    pub(crate) fn new(mut file: R) -> io::Result<Self> {
        let mut header = [0; 24];
        file.read_exact(&mut header)?;
        let (is_big_endian, has_nanoseconds) = match header[..4] {
            [0xd4, 0xc3, 0xb2, 0xa1] => (false, false),
            [0x4d, 0x3c, 0xb2, 0xa1] => (false, true),
            [0xa1, 0xb2, 0xc3, 0xd4] => (true, false),
            [0xa1, 0xb2, 0x3c, 0x4d] => (true, true),
            [0x0a, 0x0d, 0x0d, 0x0a] => {
                return Err(invalid("this is pcapng: convert it with `editcap -F pcap`"));
            }
            _ => return Err(invalid("this is not a pcap file")),
        };
        let mut capture =
            Self { file, is_big_endian, has_nanoseconds, link: 0, packet: Vec::new() };
        // The upper bits are about checksums.
        capture.link = capture.number(&header[20..]) & 0x0fff_ffff;
        Ok(capture)
    }

    /// The next packet, and when it was captured; `None` at the end, also inside a packet, because a
    /// capture may have been interrupted.
    pub(crate) fn next(&mut self) -> io::Result<Option<(SystemTime, &[u8])>> {
        let mut header = [0; 16];
        match self.file.read_exact(&mut header) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            result => result?,
        }
        let [seconds, fraction, length] =
            [&header[..4], &header[4..8], &header[8..12]].map(|bytes| self.number(bytes));
        if length > MAX_PACKET {
            return Err(invalid("a packet is longer than 256 KiB"));
        }
        self.packet.clear();
        self.file.by_ref().take(length.into()).read_to_end(&mut self.packet)?;
        if self.packet.len() < length as usize {
            return Ok(None);
        }
        let unit = if self.has_nanoseconds { 1 } else { 1000 };
        let time =
            Duration::from_secs(seconds.into()) + Duration::from_nanos(u64::from(fraction) * unit);
        Ok(Some((UNIX_EPOCH + time, &self.packet)))
    }

    fn number(&self, bytes: &[u8]) -> u32 {
        let bytes = bytes.first_chunk().copied().unwrap_or_default();
        if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, message)
}
