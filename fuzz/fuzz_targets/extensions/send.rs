//! Sends messages and frames with any reserved bits, and receives them at the other end.

use arbitrary::{Arbitrary, Unstructured};
use hybi::{
    Config, Connection, Error, Fragment, Inbox, Misuse, Pongs, Role,
    extension::{ExtendedMessage, ExtensionFrame},
    frame::{Kind as MessageKind, Opcode},
};
use hybi_fuzz::{
    cuts::Cuts,
    event::{Kind, OwnedEvent, reserved},
    keys::Keys,
};

use super::{RSV1, Settings};

/// A call of the sender.
#[derive(Debug, Arbitrary)]
pub(super) enum Step<'a> {
    /// A message or the next fragment of one.
    Text {
        text: &'a str,
        last: bool,
    },
    Extended {
        is_text: bool,
        bits: Bits,
        payload: &'a [u8],
        times: u8,
        last: bool,
    },
    /// A message that is compressed, and then sent if it is allowed.
    Apart {
        bits: Bits,
        payload: &'a [u8],
        times: u8,
        is_sent: bool,
    },
    Frame {
        opcode: u8,
        fin: bool,
        bits: Bits,
        payload: &'a [u8],
    },
    Ping(u8),
    SetCompression(bool),
}

/// Reserved bits, RSV1 the highest.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) struct Bits {
    #[arbitrary(with = |u: &mut Unstructured| u.int_in_range(0..=7))]
    number: u8,
}

/// A sender and what must arrive.
struct Sender<R: Role> {
    connection: Connection<R>,
    outbox: Vec<u8>,
    expected: Vec<OwnedEvent>,
    /// The message in fragments: its kind, its bits and its payload.
    open: Option<(Kind, u8, Vec<u8>)>,
}

pub(super) fn check(settings: Settings, cuts: Cuts<'_>, steps: &[Step<'_>]) {
    let config = Config::new().pongs(Pongs::Manual);
    let server = settings.apply(Connection::server(config));
    let client = settings.apply(Connection::client(config, Keys::default()));
    if settings.server {
        exchange(settings, cuts, steps, client, server);
    } else {
        exchange(settings, cuts, steps, server, client);
    }
}

fn exchange<R: Role, P: Role>(
    settings: Settings,
    cuts: Cuts<'_>,
    steps: &[Step<'_>],
    connection: Connection<R>,
    mut receiver: Connection<P>,
) {
    let mut sender = Sender { connection, outbox: Vec::new(), expected: Vec::new(), open: None };
    for step in steps {
        let length = sender.outbox.len();
        let result = sender.step(settings, step);
        if result.is_err() {
            assert_eq!(sender.outbox.len(), length, "a refused call sent something");
        }
    }

    let (mut inbox, mut replies, mut events) = (Inbox::with_capacity(64), Vec::new(), Vec::new());
    let result: Result<(), Error> = cuts.feed(&sender.outbox, &mut inbox, |inbox, _| {
        while let Some(event) = receiver.receive_extended(inbox, &mut replies)? {
            let event = OwnedEvent::from(event);
            let OwnedEvent::Extended(kind, bits, payload) = &event else {
                events.push(event);
                continue;
            };
            // The bits show whether the payload is compressed.
            if settings.deflate.is_some() && bits & RSV1 != 0 {
                let decompressed = receiver.decompress(payload)?;
                events.push(OwnedEvent::Extended(*kind, bits & !RSV1, decompressed));
            } else {
                events.push(event);
            }
        }
        Ok(())
    });
    result.expect("the output of a connection is valid");
    assert_eq!(events, sender.expected);
    assert!(replies.is_empty());
}

impl<R: Role> Sender<R> {
    fn step(&mut self, settings: Settings, step: &Step<'_>) -> Result<(), Error> {
        let (messages, after, frames) = settings.bits();
        let Self { connection, outbox, .. } = self;
        match *step {
            Step::Text { text, last } => {
                let result = connection.send_text_fragment(text, fragment(last), outbox);
                self.sent(result, true, (Kind::Text, 0), text.as_bytes(), last)
            }
            Step::Extended { is_text, bits: Bits { number }, payload, times, last } => {
                // RSV1 is the caller's promise that the payload is compressed.
                if number & RSV1 != 0 && settings.deflate.is_some() {
                    return Ok(());
                }
                let payload = payload.repeat(times.into());
                let (kind, message_kind) = if is_text {
                    (Kind::Text, MessageKind::Text)
                } else {
                    (Kind::Binary, MessageKind::Binary)
                };
                let message = ExtendedMessage {
                    kind: message_kind,
                    reserved: reserved(number),
                    payload: &payload,
                };
                let result = connection.send_extended_fragment(message, fragment(last), outbox);
                let allowed = number != 0 && number & !messages == 0;
                self.sent(result, allowed, (kind, number), &payload, last)
            }
            Step::Apart { bits: Bits { number }, payload, times, is_sent } => {
                let number = number & messages;
                let payload = payload.repeat(times.into());
                let Some(compressed) = connection.compress(&payload) else { return Ok(()) };
                if !is_sent || number & after == 0 {
                    return Ok(());
                }
                let compressed = compressed.to_vec();
                let reserved = reserved(number | RSV1);
                let message =
                    ExtendedMessage { kind: MessageKind::Binary, reserved, payload: &compressed };
                connection.send_extended(message, outbox)?;
                self.expected.push(OwnedEvent::Extended(Kind::Binary, number, payload));
                Ok(())
            }
            Step::Frame { opcode, fin, bits: Bits { number }, payload } => {
                let opcode = match opcode % 6 {
                    0 => Opcode::Continuation,
                    1 => Opcode::Text,
                    2 => Opcode::Binary,
                    3 => Opcode::Close,
                    4 => Opcode::Ping,
                    _ => Opcode::Pong,
                };
                let reserved = reserved(number);
                let frame = ExtensionFrame { opcode, fin, reserved, payload };
                let result = connection.send_extension_frame(frame, outbox);
                let allowed = number != 0 && number & !frames == 0 && !opcode.is_control();
                let expected = if allowed { Ok(()) } else { Err(Misuse::ReservedBits.into()) };
                assert_eq!(result, expected);
                if allowed {
                    let event = OwnedEvent::Frame(opcode as u8, fin, number, payload.into());
                    self.expected.push(event);
                }
                result
            }
            Step::Ping(byte) => {
                connection.send_ping(&[byte], outbox)?;
                self.expected.push(OwnedEvent::Ping(vec![byte]));
                Ok(())
            }
            Step::SetCompression(compress) => {
                connection.set_compression(compress);
                Ok(())
            }
        }
    }

    /// Checks the result of sending a fragment, and records what must arrive.
    fn sent(
        &mut self,
        result: Result<(), Error>,
        allowed: bool,
        (kind, bits): (Kind, u8),
        payload: &[u8],
        last: bool,
    ) -> Result<(), Error> {
        let fits = self.open.as_ref().is_none_or(|(open, set, _)| (*open, *set) == (kind, bits));
        let expected = match (allowed, fits) {
            (false, _) => Err(Misuse::ReservedBits.into()),
            (true, false) => Err(Misuse::KindChanged.into()),
            (true, true) => Ok(()),
        };
        assert_eq!(result, expected);
        result?;
        let (_, _, mut message) = self.open.take().unwrap_or((kind, bits, Vec::new()));
        message.extend_from_slice(payload);
        if !last {
            self.open = Some((kind, bits, message));
        } else if bits == 0 {
            self.expected.push(OwnedEvent::message(kind, message));
        } else {
            self.expected.push(OwnedEvent::Extended(kind, bits, message));
        }
        Ok(())
    }
}

fn fragment(last: bool) -> Fragment {
    if last { Fragment::Last } else { Fragment::More }
}
