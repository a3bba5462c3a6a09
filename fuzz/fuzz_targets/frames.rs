//! Compares [`Decoder`], with any split of the input, [`Encoder`] and [`Header::parse`] with the reference.

#![no_main]

use arbitrary::Arbitrary;
use hybi::{
    Violation,
    frame::{Decoder, Encoder, Header, Opcode, Part, Reserved, Rules},
};
use hybi_fuzz::{cuts::Cuts, reference, stream::Stream};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    from_client: bool,
    /// The reserved bits that are allowed.
    reserved: u8,
    cuts: Cuts<'a>,
    stream: Stream<'a>,
}

fuzz_target!(|input: Input<'_>| {
    let bytes = input.stream.bytes(input.from_client);
    let stream =
        Received { bytes: &bytes, from_client: input.from_client, bits: input.reserved % 8 };
    let expected = stream.reference();
    for cuts in [Cuts::NONE, input.cuts, Cuts::EVERYWHERE] {
        assert_eq!(stream.decode(stream.rules(), cuts), expected, "{cuts:?}");
        if !matches!(expected.violation, Some(Violation::Masked | Violation::NotMasked)) {
            // Without a masking violation, the rules for any sender give the same result.
            let rules = Rules::from_any().allowing(reserved(stream.bits));
            assert_eq!(stream.decode(rules, cuts), expected, "{cuts:?}");
        }
    }
    for length in 0..=bytes.len().min(16) {
        stream.parse(&bytes[..length]);
    }
});

struct Received<'a> {
    bytes: &'a [u8],
    from_client: bool,
    bits: u8,
}

#[derive(Debug, PartialEq)]
struct Decoded {
    /// Each frame with the received part of its payload.
    frames: Vec<(Header, Vec<u8>)>,
    violation: Option<Violation>,
    /// The frames, encoded again.
    again: Vec<u8>,
}

impl Received<'_> {
    fn rules(&self) -> Rules {
        let rules = if self.from_client { Rules::from_client() } else { Rules::from_server() };
        rules.allowing(reserved(self.bits))
    }

    fn decode(&self, rules: Rules, cuts: Cuts<'_>) -> Decoded {
        let mut source = Decoder::new(rules);
        let mut target = Encoder::new();
        let mut decoded = Decoded { frames: Vec::new(), violation: None, again: Vec::new() };
        let mut missing = 0;
        for piece in cuts.of(self.bytes) {
            let mut piece = piece.to_vec();
            let mut input = &mut piece[..];
            loop {
                let before = input.len();
                match source.decode(&mut input) {
                    Ok(None) => {
                        break assert!(input.is_empty(), "input is left, but no part was returned");
                    }
                    Ok(Some(Part::Header(header))) => {
                        assert_eq!(missing, 0, "a header inside a payload");
                        assert!(input.len() < before, "an empty header");
                        missing = header.payload_len();
                        decoded.again.extend_from_slice(
                            &target.header(header).expect("no payload is missing"),
                        );
                        decoded.frames.push((header, Vec::new()));
                    }
                    Ok(Some(Part::Payload(payload))) => {
                        assert!(!payload.is_empty(), "an empty payload part");
                        assert_eq!(before - input.len(), payload.len());
                        missing -= payload.len() as u64;
                        let (_, whole) =
                            decoded.frames.last_mut().expect("a header precedes the payload");
                        whole.extend_from_slice(payload);
                        target.payload(payload).expect("no more than the header declares");
                        decoded.again.extend_from_slice(payload);
                    }
                    Err(violation) => {
                        decoded.violation = Some(violation);
                        check_still_failed(&mut source, violation, self.bytes);
                        return decoded;
                    }
                }
                assert_eq!(source.remaining(), missing);
                assert_eq!(target.remaining(), missing);
            }
        }
        decoded
    }

    /// The expected result, from the reference.
    fn reference(&self) -> Decoded {
        let mut decoded = Decoded { frames: Vec::new(), violation: None, again: Vec::new() };
        let mut rest = self.bytes;
        let violation = loop {
            let header = match reference::header(rest, self.from_client, self.bits) {
                Ok(None) => break None,
                Ok(Some(header)) => header,
                Err(violation) => break Some(violation),
            };
            let body = &rest[header.size..];
            let length = usize::try_from(header.length).unwrap_or(usize::MAX).min(body.len());
            let key = header.key.unwrap_or_default();
            let payload = body[..length].iter().zip(key.iter().cycle()).map(|(b, k)| b ^ k);
            decoded.frames.push((same_header(&header), payload.collect()));
            decoded.again.extend_from_slice(&rest[..header.size + length]);
            rest = &body[length..];
        };
        decoded.violation = violation;
        decoded
    }

    /// Parses one header, complete or not.
    fn parse(&self, bytes: &[u8]) {
        let expected = reference::header(bytes, self.from_client, self.bits);
        match (Header::parse(bytes, self.rules()), expected) {
            (Ok(None), Ok(None)) => {}
            (Ok(Some(header)), Ok(Some(expected))) => {
                assert_eq!(header, same_header(&expected));
                assert_eq!(header.encoded_len(), expected.size);
                assert_eq!(header.encode()[..], bytes[..expected.size]);
            }
            (Err(violation), Err(expected)) => assert_eq!(violation, expected),
            (parsed, expected) => panic!("{parsed:?}, where {expected:?} was expected"),
        }
    }
}

/// After a violation, the decoder consumes nothing and returns the same violation.
fn check_still_failed(decoder: &mut Decoder, violation: Violation, bytes: &[u8]) {
    for more in [&[][..], &[0x82, 0x00], &[0x82, 0x80, 0, 0, 0, 0], bytes] {
        let mut more = more.to_vec();
        let mut input = &mut more[..];
        let before = input.len();
        assert_eq!(decoder.decode(&mut input), Err(violation));
        assert_eq!(input.len(), before);
    }
}

fn reserved(bits: u8) -> Reserved {
    let all = [(4, Reserved::RSV1), (2, Reserved::RSV2), (1, Reserved::RSV3)];
    let set = all.into_iter().filter(|(bit, _)| bits & bit != 0);
    set.fold(Reserved::NONE, |set, (_, bit)| set | bit)
}

/// Builds the header with the constructors of the crate.
fn same_header(header: &reference::Header) -> Header {
    let opcode = match header.opcode {
        0 => Opcode::Continuation,
        1 => Opcode::Text,
        2 => Opcode::Binary,
        8 => Opcode::Close,
        9 => Opcode::Ping,
        _ => Opcode::Pong,
    };
    let length = header.length.try_into().expect("below 2^63");
    let same = Header::new(opcode, header.fin, length).expect("the reference found it valid");
    let same = same.with_reserved(reserved(header.reserved));
    match header.key {
        Some(key) => same.with_mask(key),
        None => same.without_mask(),
    }
}
