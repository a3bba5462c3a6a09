//! An extension that ends each message with a CRC-32C of its payload, in four bytes.
//!
//! It sets RSV2 on the first frame of a message. Control frames have no checksum.

use hybi::{
    Connection, Error, Fragment, Outbox, Role,
    extension::{Claims, ExtendedMessage},
    frame::{Kind, Reserved},
};

pub(crate) const NAME: &str = "x-checksum";

/// The bit that marks a message with a checksum.
pub(crate) const BIT: Reserved = Reserved::RSV2;

/// The checksum is over the payload that the application sends.
pub(crate) const CLAIMS: Claims = Claims::new().per_message(BIT);

/// A message ends with the wrong checksum, or with none. Close the connection with 1002.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrongChecksum;

/// Sends a message with its checksum. The payload is not copied: the checksum is the last fragment.
pub(crate) fn send<R: Role>(
    websocket: &mut Connection<R>,
    kind: Kind,
    payload: &[u8],
    outbox: &mut impl Outbox,
) -> Result<(), Error> {
    let checksum = crc32c(payload).to_be_bytes();
    for (payload, fragment) in [(payload, Fragment::More), (&checksum, Fragment::Last)] {
        let message = ExtendedMessage { kind, reserved: BIT, payload };
        websocket.send_extended_fragment(message, fragment, outbox)?;
    }
    Ok(())
}

/// The payload followed by its checksum.
pub(crate) fn encode(payload: &[u8]) -> Vec<u8> {
    [payload, &crc32c(payload).to_be_bytes()].concat()
}

/// Checks a message and returns it without its checksum.
pub(crate) fn decode(encoded: &[u8]) -> Result<&[u8], WrongChecksum> {
    let (payload, checksum) = encoded.split_last_chunk().ok_or(WrongChecksum)?;
    if u32::from_be_bytes(*checksum) != crc32c(payload) {
        return Err(WrongChecksum);
    }
    Ok(payload)
}

/// CRC-32C, as RFC 3720 (iSCSI) uses it, one bit at a time.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc: u32, _| {
            let polynomial = if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
            crc >> 1 ^ polynomial
        })
    })
}

/// The examples of RFC 3720, section B.4, which prints the checksums with the low byte first, and
/// the usual check value.
#[test]
fn the_examples_of_rfc_3720() {
    let ascending: Vec<u8> = (0..32).collect();
    let descending: Vec<u8> = (0..32).rev().collect();
    let table = [
        (&[0x00; 32][..], 0xaa36_918a_u32.swap_bytes()),
        (&[0xff; 32], 0x43ab_a862_u32.swap_bytes()),
        (&ascending, 0x4e79_dd46_u32.swap_bytes()),
        (&descending, 0x5cdb_3f11_u32.swap_bytes()),
        (b"123456789", 0xe306_9283),
    ];
    for (bytes, checksum) in table {
        assert_eq!(crc32c(bytes), checksum);
    }
}
