//! The first two bytes of a frame.

use hybi::{
    Config, Connection, Error, Role, Violation,
    frame::{Header, Opcode, Reserved, Rules},
};

use super::{client, receive};

const BITS: [(u8, Reserved); 3] =
    [(0x40, Reserved::RSV1), (0x20, Reserved::RSV2), (0x10, Reserved::RSV3)];

/// The opcodes of RFC 6455, section 5.2. The others are reserved.
const OPCODES: [(u8, Opcode); 6] = [
    (0x0, Opcode::Continuation),
    (0x1, Opcode::Text),
    (0x2, Opcode::Binary),
    (0x8, Opcode::Close),
    (0x9, Opcode::Ping),
    (0xa, Opcode::Pong),
];

/// The faults of the first byte if these reserved bits are defined.
fn faults_of_first(first: u8, allowed: u8) -> Vec<Violation> {
    let (opcode, mut faults) = (first & 0x0f, Vec::new());
    if first & 0x70 & !allowed != 0 {
        faults.push(Violation::ReservedBits);
    }
    if !OPCODES.iter().any(|(known, _)| *known == opcode) {
        faults.push(Violation::ReservedOpcode(opcode));
    } else if opcode >= 8 && first & 0x80 == 0 {
        faults.push(Violation::FragmentedControl);
    }
    faults
}

/// The faults of the second byte, after a first byte without any.
fn faults_of_second(first: u8, second: u8, from_client: bool) -> Vec<Violation> {
    let mut faults = Vec::new();
    match (from_client, second >= 0x80) {
        (true, false) => faults.push(Violation::NotMasked),
        (false, true) => faults.push(Violation::Masked),
        _ => {}
    }
    if first & 0x08 != 0 && second & 0x7f > 125 {
        faults.push(Violation::ControlTooLong);
    }
    faults
}

/// The rest of a header: the shortest length of each form, and a masking key. Also the length.
fn rest(second: u8) -> (Vec<u8>, u64) {
    let (mut rest, length) = match second & 0x7f {
        126 => (vec![0, 126], 126),
        127 => (vec![0, 0, 0, 0, 0, 1, 0, 0], 65_536),
        short => (vec![], u64::from(short)),
    };
    if second >= 0x80 {
        rest.extend_from_slice(b"\x01\x02\x03\x04");
    }
    (rest, length)
}

// 6455-5.2-a, 6455-5.2-b, 6455-5.2-c, 6455-5.2-f, 6455-5.1-a, 6455-5.1-b, 6455-5.5-a, 6455-5.5-b, P-fd-e
#[test]
fn every_two_bytes_with_every_allowed_set_of_reserved_bits() {
    for allowed in (0..8_u8).map(|bits| bits << 4) {
        let defined = BITS.iter().filter(|(bit, _)| allowed & bit != 0);
        let defined = defined.fold(Reserved::NONE, |set, (_, reserved)| set | *reserved);
        for from_client in [true, false] {
            let rules = if from_client { Rules::from_client() } else { Rules::from_server() };
            let rules = rules.allowing(defined);
            for first in 0..=0xff {
                let faults = faults_of_first(first, allowed);
                // A fault of the first byte is reported before the second one arrives.
                check(Header::parse(&[first], rules), &faults, first, 0);
                for second in 0..=0xff {
                    if !faults.is_empty() {
                        check(Header::parse(&[first, second], rules), &faults, first, second);
                        continue;
                    }
                    let faults = faults_of_second(first, second, from_client);
                    let (rest, length) = rest(second);
                    if !rest.is_empty() {
                        check(Header::parse(&[first, second], rules), &faults, first, second);
                    }
                    let bytes = [&[first, second], &rest[..]].concat();
                    let header = check_complete(&bytes, rules, &faults);
                    let Some(header) = header else { continue };
                    assert_eq!(header.fin(), first >= 0x80);
                    assert_eq!(header.payload_len(), length);
                    let opcode = OPCODES.iter().find(|(known, _)| *known == first & 0x0f);
                    assert_eq!(header.opcode(), opcode.unwrap().1);
                    for (bit, reserved) in BITS {
                        assert_eq!(header.reserved().contains(reserved), first & bit != 0);
                    }
                    let key = (second >= 0x80).then_some([1, 2, 3, 4]);
                    assert_eq!(header.masking_key(), key);
                    assert_eq!(*header.encode(), bytes);
                }
            }
        }
    }
}

/// Checks an incomplete header: one of these faults, or more bytes are needed.
#[track_caller]
fn check(parsed: Result<Option<Header>, Violation>, faults: &[Violation], first: u8, second: u8) {
    match parsed {
        Ok(None) => assert_eq!(faults, [], "{first:02x} {second:02x}"),
        Err(found) => assert!(faults.contains(&found), "{first:02x} {second:02x}: {found:?}"),
        Ok(Some(header)) => panic!("{first:02x} {second:02x}: {header:?}"),
    }
}

/// Checks a complete header: one of these faults, or the header.
fn check_complete(bytes: &[u8], rules: Rules, faults: &[Violation]) -> Option<Header> {
    match Header::parse(bytes, rules) {
        Ok(Some(header)) => {
            assert_eq!(faults, [], "{bytes:02x?}");
            Some(header)
        }
        Err(found) => {
            assert!(faults.contains(&found), "{bytes:02x?}: {found:?}");
            None
        }
        Ok(None) => panic!("{bytes:02x?} is complete"),
    }
}

/// Whether a connection on which no message is in progress fails at this header.
fn must_fail(first: u8, second: u8, from_client: bool, is_compressed: bool) -> bool {
    // RFC 7692, section 6: RSV1 only on the first frame of a message.
    let is_first = matches!(first & 0x0f, 1 | 2);
    let allowed = if is_compressed && is_first { 0x40 } else { 0 };
    // Section 5.4: there is nothing to continue.
    let is_continuation = matches!(first & 0x0f, 0);
    is_continuation
        || !faults_of_first(first, allowed).is_empty()
        || !faults_of_second(first, second, from_client).is_empty()
}

/// Receives the header that begins with these two bytes. A failure is a protocol error, and the Close
/// says so.
fn receive_header<R: Role>(
    websocket: &mut Connection<R>,
    bytes: [u8; 2],
    is_client: bool,
    fails: bool,
) {
    let close: &[u8] = if is_client { b"\x88\x82\0\0\0\0\x03\xea" } else { b"\x88\x02\x03\xea" };
    let (error, sent) = receive(websocket, &[&bytes, &rest(bytes[1]).0[..]].concat());
    assert_eq!(matches!(error, Some(Error::Protocol(_))), fails, "{bytes:02x?}: {error:?}");
    if fails {
        assert_eq!(sent, close, "{bytes:02x?}");
    } else {
        assert_eq!(error, None, "{bytes:02x?}");
    }
}

// 6455-5.2-a, 6455-5.2-b, 6455-5.1-a, 6455-5.1-b, 6455-5.5-a, 6455-5.5-b, 6455-5.4-i, 6455-7.1.7-e
#[test]
fn every_two_bytes_at_a_connection() {
    for number in 0..=u16::MAX {
        let bytes @ [first, second] = number.to_be_bytes();
        let mut server = Connection::server(Config::new());
        receive_header(&mut server, bytes, false, must_fail(first, second, true, false));
        receive_header(&mut client(), bytes, true, must_fail(first, second, false, false));
    }
}

// 7692-6-c, 7692-6-d, 6455-5.2-a
#[cfg(feature = "deflate")]
#[test]
fn every_two_bytes_at_a_connection_with_compression() {
    use hybi::deflate::{Deflate, Direction, Negotiated};

    let (deflate, direction) = (Deflate::new(), Direction::new(15, false).unwrap());
    let negotiated = Negotiated::new(direction, direction);
    for number in 0..=u16::MAX {
        let bytes @ [first, second] = number.to_be_bytes();
        // A compressed message is never empty (RFC 7692, section 7.2.3.6).
        if first & 0xf0 == 0xc0 && matches!(second, 0 | 0x80) {
            continue;
        }
        let server = Connection::server(Config::new());
        let mut server = server.with_deflate(&deflate, negotiated);
        receive_header(&mut server, bytes, false, must_fail(first, second, true, true));
        let mut client = client().with_deflate(&deflate, negotiated);
        receive_header(&mut client, bytes, true, must_fail(first, second, false, true));
    }
}
