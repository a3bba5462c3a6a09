//! Every short text, valid or not.

use hybi::{Error, Inbox, Violation, utf8::Validator};

use super::client;

/// How many bytes of the character are missing, and the bounds of the next one (RFC 3629, section 4).
/// Only the second byte of a character has bounds other than `80..=bf`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    missing: u8,
    low: u8,
    high: u8,
}

const COMPLETE: State = State { missing: 0, low: 0, high: 0 };

impl State {
    /// The state after this byte; `None` if no text continues like this.
    fn after(self, byte: u8) -> Option<Self> {
        if self.missing > 0 {
            let is_next = (self.low..=self.high).contains(&byte);
            return is_next.then_some(Self { missing: self.missing - 1, low: 0x80, high: 0xbf });
        }
        let (missing, low, high) = match byte {
            0x00..=0x7f => (0, 0, 0),
            0xc2..=0xdf => (1, 0x80, 0xbf),
            0xe0 => (2, 0xa0, 0xbf),
            0xe1..=0xec | 0xee..=0xef => (2, 0x80, 0xbf),
            0xed => (2, 0x80, 0x9f),
            0xf0 => (3, 0x90, 0xbf),
            0xf1..=0xf3 => (3, 0x80, 0xbf),
            0xf4 => (3, 0x80, 0x8f),
            _ => return None,
        };
        Some(Self { missing, low, high })
    }

    fn is_complete(self) -> bool {
        self.missing == 0
    }
}

/// The state at the end, or the index of the first byte that no text continues with.
fn find_fault(bytes: &[u8]) -> Result<State, usize> {
    bytes
        .iter()
        .enumerate()
        .try_fold(COMPLETE, |state, (index, byte)| state.after(*byte).ok_or(index))
}

/// Validates a text in two pieces, split at every index.
fn validate_at_every_split(bytes: &[u8]) {
    let expected = find_fault(bytes);
    for split in 0..=bytes.len() {
        let mut validator = Validator::new();
        let (head, tail) = bytes.split_at(split);
        let found = match validator.feed(head) {
            Err(error) => Err(error.offset),
            Ok(()) => validator.feed(tail).map_err(|error| split + error.offset),
        };
        assert_eq!(found, expected.map(|_| ()), "{bytes:02x?} at {split}");
        if let Ok(state) = expected {
            assert_eq!(validator.is_complete(), state.is_complete(), "{bytes:02x?} at {split}");
        }
    }
}

/// Receives a text whole, and in two frames, split at every index.
fn receive_at_every_split(bytes: &[u8]) {
    let state = find_fault(bytes);
    let is_valid = state.is_ok_and(State::is_complete);
    let length = u8::try_from(bytes.len()).unwrap();
    let whole = [&[0x81, length], bytes].concat();
    receive(&[(&whole, !is_valid)], bytes);
    for split in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(split);
        let (first, second) = (u8::try_from(split).unwrap(), u8::try_from(tail.len()).unwrap());
        let start = [&[0x01, first], head].concat();
        let end = [&[0x80, second], tail].concat();
        let fails_early = find_fault(head).is_err();
        receive(&[(&start, fails_early), (&end, !is_valid && !fails_early)], bytes);
    }
}

/// Receives pieces, some of which fail the connection, and the text if none does.
fn receive(pieces: &[(&[u8], bool)], text: &[u8]) {
    let (mut inbox, mut outbox) = (Inbox::over([0; 160]), Vec::new());
    let (mut websocket, mut delivered, mut has_failed) = (client(), None, false);
    for (piece, fails) in pieces {
        assert_eq!(inbox.copy_from(piece), piece.len());
        match websocket.receive(&mut inbox, &mut outbox) {
            Ok(Some(hybi::Event::Text(received))) => delivered = Some(received.as_bytes().to_vec()),
            Ok(None) => {}
            Err(Error::Protocol(Violation::TextNotUtf8)) => {
                assert!(fails, "{text:02x?}");
                assert_eq!(outbox, b"\x88\x82\0\0\0\0\x03\xef", "{text:02x?}");
                has_failed = true;
                continue;
            }
            other => panic!("{text:02x?}: {other:?}"),
        }
        assert!(!fails, "{text:02x?}");
    }
    let expected = (!has_failed).then_some(text);
    assert_eq!(delivered.as_deref(), expected);
}

/// A byte of each class of RFC 3629, and the bounds of each class.
const BOUNDS: [u8; 24] = [
    0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
    0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
];

// 3629-3-a, 3629-3-b, 6455-5.6-a, 6455-8.1-a, 6455-8.1-b, P-u8-a
#[test]
fn every_text_of_up_to_two_bytes_at_every_split() {
    validate_at_every_split(b"");
    receive_at_every_split(b"");
    for first in 0..=0xff {
        validate_at_every_split(&[first]);
        receive_at_every_split(&[first]);
        for second in 0..=0xff {
            validate_at_every_split(&[first, second]);
            receive_at_every_split(&[first, second]);
        }
    }
}

// 3629-3-a, 6455-5.6-a, 6455-8.1-a, 6455-8.1-b, P-u8-a
#[test]
fn texts_of_three_bytes_of_each_class_at_every_split() {
    for first in BOUNDS {
        for second in 0..=0xff {
            for third in BOUNDS {
                validate_at_every_split(&[first, second, third]);
                receive_at_every_split(&[first, second, third]);
            }
        }
    }
}

// 3629-3-a, 6455-5.6-a, 6455-8.1-a, 6455-8.1-b, P-u8-a
#[test]
#[ignore = "takes a minute, in release mode"]
fn every_text_of_three_bytes_at_every_split() {
    for number in 0..1_u32 << 24 {
        let [_, first, second, third] = number.to_be_bytes();
        validate_at_every_split(&[first, second, third]);
        receive_at_every_split(&[first, second, third]);
    }
}

// 3629-3-a, 6455-8.1-a, 6455-8.1-b, P-u8-a: at once, and after each beginning of three bytes
#[test]
#[ignore = "takes minutes, in release mode"]
fn every_text_of_four_bytes() {
    for number in 0..1_u32 << 24 {
        let [_, first, second, third] = number.to_be_bytes();
        let beginning = find_fault(&[first, second, third]);
        let mut validator = Validator::new();
        let fed = validator.feed(&[first, second, third]);
        assert_eq!(fed.map_err(|error| error.offset), beginning.map(|_| ()));
        for fourth in 0..=0xff {
            let bytes = [first, second, third, fourth];
            let expected = beginning.and_then(|state| state.after(fourth).ok_or(3));
            let mut at_once = Validator::new();
            let found = at_once.feed(&bytes).map_err(|error| error.offset);
            assert_eq!(found, expected.map(|_| ()), "{bytes:02x?}");
            let Ok(beginning) = beginning else { continue };
            let mut validator = validator;
            let found = validator.feed(&[fourth]).is_ok();
            assert_eq!(found, beginning.after(fourth).is_some(), "{bytes:02x?}");
            if let Ok(state) = expected {
                assert_eq!(at_once.is_complete(), state.is_complete(), "{bytes:02x?}");
                assert_eq!(validator, at_once, "{bytes:02x?}");
            }
        }
    }
}
