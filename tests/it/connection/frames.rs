//! Frames: the parser and the writer of headers, the decoder and the encoder.

use hybi::{
    Violation,
    frame::{Decoder, EncodeError, Encoder, Header, InvalidHeader, Opcode, Part, Reserved, Rules},
};

use crate::support::{
    feed::Cut,
    wire::{BOTH, From, KEY, frame},
};

const OPCODES: [Opcode; 6] =
    [Opcode::Continuation, Opcode::Text, Opcode::Binary, Opcode::Close, Opcode::Ping, Opcode::Pong];

const ANY: Reserved = Reserved::RSV1.union(Reserved::RSV2).union(Reserved::RSV3);

fn rules(from: From) -> Rules {
    match from {
        From::Client => Rules::from_client(),
        From::Server => Rules::from_server(),
    }
}

/// Every kind of header, with lengths around each change of its encoding.
fn headers(from: From) -> Vec<(Header, Vec<u8>)> {
    let mut headers = Vec::new();
    for opcode in OPCODES {
        for fin in [false, true] {
            for length in [0, 1, 125, 126, 65_535, 65_536, 1 << 62, (1 << 63) - 1] {
                let Ok(header) = Header::new(opcode, fin, length) else { continue };
                for (bits, reserved) in [(0, Reserved::NONE), (0x40, Reserved::RSV1), (0x70, ANY)] {
                    let header = header.with_reserved(reserved);
                    let header = if from == From::Client { header.with_mask(KEY) } else { header };
                    let first = u8::from(fin) << 7 | bits | opcode as u8;
                    headers.push((header, crate::support::wire::header(from, first, length)));
                }
            }
        }
    }
    headers
}

// 6455-5.2-c, 6455-5.2-f, 6455-5.2-i, 6455-5.2-k, 6455-11.8-a
#[test]
fn headers_are_encoded_and_parsed() {
    for from in BOTH {
        let rules = rules(from).allowing(ANY);
        for (header, bytes) in headers(from) {
            assert_eq!(&*header.encode(), bytes, "{header:?}");
            assert_eq!(header.encoded_len(), bytes.len());
            for end in 0..bytes.len() {
                assert_eq!(
                    Header::parse(&bytes[..end], rules),
                    Ok(None),
                    "{header:?}, {end} bytes"
                );
            }
            let followed = [&bytes[..], b"payload"].concat();
            assert_eq!(Header::parse(&followed, rules), Ok(Some(header)));
        }
    }
}

// 6455-5.2-j, 6455-5.5-c
#[test]
fn invalid_headers_cannot_be_constructed() {
    for opcode in OPCODES {
        let long = Header::new(opcode, true, 126).is_err();
        assert_eq!(long, opcode.is_control());
        assert_eq!(Header::new(opcode, false, 0).is_err(), opcode.is_control());
        for length in [1 << 63, u64::MAX] {
            assert_eq!(Header::new(opcode, true, length), Err(InvalidHeader));
        }
    }
}

#[test]
fn a_set_of_reserved_bits_is_joined_with_any_other() {
    let sets = [Reserved::NONE, Reserved::RSV1, Reserved::RSV2, Reserved::RSV3];
    for (n, one) in sets.into_iter().enumerate() {
        for (m, other) in sets.into_iter().enumerate() {
            let both = one.union(other);
            assert_eq!(one | other, both);
            for (i, bit) in sets.into_iter().enumerate().skip(1) {
                assert_eq!(both.contains(bit), i == n || i == m);
                assert_eq!(both.intersects(bit), i == n || i == m);
                assert_eq!((both & bit).is_empty(), i != n && i != m);
            }
        }
    }
}

#[test]
fn a_header_may_lose_its_mask() {
    for from in BOTH {
        for (header, _) in headers(from) {
            let unmasked = header.without_mask();
            assert_eq!(unmasked.masking_key(), None);
            assert_eq!(unmasked.with_mask(KEY).encode(), header.with_mask(KEY).encode());
        }
    }
}

/// Decodes a stream and joins the payload of each frame.
fn decode(
    decoder: &mut Decoder,
    bytes: &[u8],
    cut: &Cut,
) -> (Vec<(Header, Vec<u8>)>, Option<Violation>) {
    let mut frames: Vec<(Header, Vec<u8>)> = Vec::new();
    for piece in cut.pieces(bytes) {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        loop {
            match decoder.decode(&mut input) {
                Ok(None) => break,
                Ok(Some(Part::Header(header))) => frames.push((header, vec![])),
                Ok(Some(Part::Payload(payload))) => {
                    assert!(!payload.is_empty());
                    frames.last_mut().unwrap().1.extend_from_slice(payload);
                }
                Err(violation) => return (frames, Some(violation)),
            }
        }
        assert!(input.is_empty());
    }
    (frames, None)
}

// 6455-5.2-g, P-fd-d, 6455-5.4-g
#[test]
fn a_stream_is_decoded_and_encoded_again() {
    for from in BOTH {
        let payloads: [(u8, &[u8]); 6] = [
            (0x01, b"Hel"),
            (0x89, b"?"),
            (0x80, b"lo"),
            (0x82, &[7; 300]),
            (0x82, b""),
            (0x88, b"\x03\xe8"),
        ];
        let bytes: Vec<u8> =
            payloads.iter().flat_map(|(first, payload)| frame(from, *first, payload)).collect();
        for cut in Cut::all(bytes.len()) {
            let (frames, violation) = decode(&mut Decoder::new(rules(from)), &bytes, &cut);
            assert_eq!(violation, None);
            let expected: Vec<_> = payloads.iter().map(|(_, payload)| payload.to_vec()).collect();
            assert_eq!(frames.iter().map(|(_, p)| p.clone()).collect::<Vec<_>>(), expected);

            let mut encoder = Encoder::new();
            let mut joined = Vec::new();
            for (header, payload) in frames {
                joined.extend_from_slice(&encoder.header(header).unwrap());
                for chunk in payload.chunks(5) {
                    let mut chunk = chunk.to_vec();
                    encoder.payload(&mut chunk).unwrap();
                    joined.extend_from_slice(&chunk);
                }
            }
            assert_eq!(joined, bytes);
        }
    }
}

// P-fd-e
#[test]
fn a_decoder_that_failed_stays_failed() {
    let mut decoder = Decoder::from_server();
    let (frames, violation) = decode(&mut decoder, b"\x81\x01a\x83\x00", &Cut::Every(1));
    assert_eq!((frames.len(), violation), (1, Some(Violation::ReservedOpcode(3))));
    let (frames, violation) = decode(&mut decoder, b"\x81\x01a", &Cut::Whole);
    assert_eq!((frames.len(), violation), (0, Some(Violation::ReservedOpcode(3))));
}

// 6455-5.2-a
#[test]
fn reserved_bits_pass_only_where_allowed() {
    for (allowed, bits, passes) in [
        (Reserved::NONE, 0x40, false),
        (Reserved::RSV1, 0x40, true),
        (Reserved::RSV1, 0x60, false),
        (Reserved::RSV1.union(Reserved::RSV3), 0x50, true),
        (ANY, 0x70, true),
    ] {
        let parsed = Header::parse(&[0x81 | bits, 0], Rules::from_server().allowing(allowed));
        assert_eq!(parsed.is_ok(), passes, "{allowed:?}");
        if let Ok(Some(header)) = parsed {
            assert!(allowed.contains(header.reserved()));
        }
    }
}

#[test]
fn an_encoder_requires_the_payload_that_the_header_declares() {
    let mut encoder = Encoder::new();
    let header = Header::new(Opcode::Binary, true, 3).unwrap();
    encoder.header(header).unwrap();
    encoder.payload(&mut [1, 2]).unwrap();
    assert_eq!(encoder.remaining(), 1);
    assert_eq!(encoder.header(header), Err(EncodeError::PayloadMissing(1)));
    let mut piece = [3, 4];
    assert_eq!(encoder.payload(&mut piece), Err(EncodeError::PayloadTooLong(1)));
    assert_eq!(piece, [3, 4]);
    encoder.payload(&mut [3]).unwrap();
    encoder.header(header).unwrap();
}
