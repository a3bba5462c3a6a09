//! The length of a frame (RFC 6455, section 5.2).

use std::ops::RangeInclusive;

use hybi::{
    Violation,
    frame::{Header, Opcode, Rules},
};

/// The number of bytes after the second one, and the values that they may have.
const FORMS: [(u8, usize, RangeInclusive<u64>); 2] =
    [(126, 2, 126..=0xffff), (127, 8, 0x1_0000..=0x7fff_ffff_ffff_ffff)];

/// What a prefix of the length proves: the smallest and the largest value that begin with it are both
/// on the same side of the valid ones.
fn fault(prefix: &[u8], width: usize, valid: &RangeInclusive<u64>) -> Option<Violation> {
    let bound = |fill: u8| {
        let rest = (prefix.len()..width).map(|_| &fill);
        prefix.iter().chain(rest).fold(0_u64, |value, byte| value << 8 | u64::from(*byte))
    };
    if bound(0xff) < *valid.start() {
        Some(Violation::LengthNotMinimal)
    } else if bound(0) > *valid.end() {
        Some(Violation::LengthTopBit)
    } else {
        None
    }
}

/// Parses a length of this form after each of its bytes, in both roles.
fn check(value: u64, (short, width, valid): &(u8, usize, RangeInclusive<u64>)) {
    for (mask, rules) in [(0x80, Rules::from_client()), (0, Rules::from_server())] {
        let mut bytes = vec![0x82, mask | short];
        let key: &[u8] = if mask == 0 { &[] } else { &[9; 4] };
        let length = &value.to_be_bytes()[8 - width..];
        for end in 0..=*width {
            bytes.truncate(2);
            bytes.extend_from_slice(&length[..end]);
            let parsed = Header::parse(&bytes, rules);
            if let Some(fault) = fault(&length[..end], *width, valid) {
                assert_eq!(parsed, Err(fault), "{bytes:02x?}");
            } else if end < *width || mask != 0 {
                assert_eq!(parsed, Ok(None), "{bytes:02x?}");
            }
        }
        bytes.extend_from_slice(key);
        let parsed = Header::parse(&bytes, rules);
        assert_eq!(parsed.is_ok(), valid.contains(&value), "{bytes:02x?}");
        let Ok(Some(header)) = parsed else { continue };
        assert_eq!(header.payload_len(), value);
        // The same form is sent.
        let sent = Header::new(Opcode::Binary, true, value).unwrap();
        let sent = if mask == 0 { sent } else { sent.with_mask([9; 4]) };
        assert_eq!(*sent.encode(), bytes);
        assert_eq!(sent.encoded_len(), bytes.len());
    }
}

// 6455-5.2-c, 6455-5.2-d, 6455-5.2-i, P-fd-e
#[test]
fn every_length_of_two_bytes() {
    for value in 0..=0xffff {
        check(value, &FORMS[0]);
    }
}

// 6455-5.2-c, 6455-5.2-d, 6455-5.2-e, 6455-5.2-i, 6455-5.2-j, P-fd-e
#[test]
fn lengths_of_eight_bytes_around_every_power_of_two() {
    for value in 0..=0x1_0100 {
        check(value, &FORMS[1]);
    }
    for power in (0..64).map(|bit| 1_u64 << bit) {
        for value in [power - 1, power, power + 1, power | power >> 1, !power] {
            check(value, &FORMS[1]);
            let is_valid = value < 1 << 63;
            assert_eq!(Header::new(Opcode::Binary, true, value).is_ok(), is_valid, "{value:x}");
        }
    }
    check(u64::MAX, &FORMS[1]);
}
