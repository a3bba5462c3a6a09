//! Properties that hold for any order of messages and frames, however they are split.

use hybi::{
    Config, Connection, Fragment, Inbox, Pongs, Role,
    extension::{Claims, ExtendedMessage, ExtensionFrame},
    frame::{Kind, Opcode, Reserved},
};
use proptest::{collection::vec, prelude::*, sample::select};

use super::endpoint::{Got, look, receive};
use crate::support::{
    feed::{Cut, Heard, client, server},
    wire::From,
};

const CLAIMS: Claims = Claims::new().per_message(Reserved::RSV2).per_frame(Reserved::RSV3);

/// A message to send, in fragments of this size, and what is sent between any two of them.
#[derive(Clone, Debug)]
struct Message {
    content: Content,
    fragment: usize,
    between: Vec<Single>,
}

#[derive(Clone, Debug)]
enum Content {
    Text(String),
    Binary(Vec<u8>),
    Extended(Kind, Vec<u8>),
}

/// What may be sent between fragments.
#[derive(Clone, Debug)]
enum Single {
    Ping(Vec<u8>),
    Frame(Opcode, bool, Vec<u8>),
}

fn single() -> impl Strategy<Value = Single> {
    let opcode = select(vec![Opcode::Continuation, Opcode::Text, Opcode::Binary]);
    prop_oneof![
        vec(any::<u8>(), 0..=125).prop_map(Single::Ping),
        (opcode, any::<bool>(), vec(any::<u8>(), 0..300))
            .prop_map(|(opcode, fin, data)| Single::Frame(opcode, fin, data)),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let payload = || vec(prop_oneof![any::<u8>(), Just(7)], 0..500);
    let content = prop_oneof![
        ".{0,200}".prop_map(Content::Text),
        payload().prop_map(Content::Binary),
        (select(vec![Kind::Text, Kind::Binary]), payload())
            .prop_map(|(kind, data)| Content::Extended(kind, data)),
    ];
    (content, 4..300_usize, vec(single(), 0..3)).prop_map(|(content, fragment, between)| Message {
        content,
        fragment,
        between,
    })
}

impl Single {
    /// Sends it. Returns what arrives.
    fn send<R: Role>(&self, websocket: &mut Connection<R>, outbox: &mut Vec<u8>) -> Got {
        match self {
            Self::Ping(data) => {
                websocket.send_ping(data, outbox).unwrap();
                Got::Event(Heard::Ping(data.clone()))
            }
            Self::Frame(opcode, fin, payload) => {
                let (opcode, fin, reserved) = (*opcode, *fin, Reserved::RSV3);
                let frame = ExtensionFrame { opcode, fin, reserved, payload };
                websocket.send_extension_frame(frame, outbox).unwrap();
                Got::Frame(opcode, fin, reserved, payload.clone())
            }
        }
    }
}

impl Message {
    /// Sends it. Returns what arrives.
    fn send<R: Role>(&self, websocket: &mut Connection<R>, outbox: &mut Vec<u8>) -> Vec<Got> {
        let mut arrives = Vec::new();
        let mut between = |fragment: Fragment, websocket: &mut _, outbox: &mut _| {
            if !fragment.is_last() {
                arrives.extend(self.between.iter().map(|single| single.send(websocket, outbox)));
            }
        };
        let message = match &self.content {
            Content::Text(text) => {
                for (piece, fragment) in Fragment::split_text(text, self.fragment) {
                    websocket.send_text_fragment(piece, fragment, outbox).unwrap();
                    between(fragment, websocket, outbox);
                }
                Got::Event(Heard::Text(text.clone()))
            }
            Content::Binary(data) => {
                for (piece, fragment) in Fragment::split_binary(data, self.fragment) {
                    websocket.send_binary_fragment(piece, fragment, outbox).unwrap();
                    between(fragment, websocket, outbox);
                }
                Got::Event(Heard::Binary(data.clone()))
            }
            Content::Extended(kind, data) => {
                let (kind, reserved) = (*kind, Reserved::RSV2);
                for (payload, fragment) in Fragment::split_binary(data, self.fragment) {
                    let message = ExtendedMessage { kind, reserved, payload };
                    websocket.send_extended_fragment(message, fragment, outbox).unwrap();
                    between(fragment, websocket, outbox);
                }
                Got::Message(kind, reserved, data.clone())
            }
        };
        arrives.push(message);
        arrives
    }
}

/// Sends everything from one end, and checks that it arrives at the other, over both kinds of inbox.
fn check<R: Role, P: Role>(
    messages: &[Message],
    length: usize,
    sender: &mut Connection<R>,
    receiver: impl Fn() -> Connection<P>,
) -> Result<(), TestCaseError> {
    let mut outbox = Vec::new();
    let expected: Vec<_> =
        messages.iter().flat_map(|message| message.send(sender, &mut outbox)).collect();
    let outcomes = [
        receive(&mut receiver(), Inbox::with_capacity(16), &outbox, &Cut::Whole),
        receive(&mut receiver(), Inbox::with_capacity(16), &outbox, &Cut::Every(length)),
        look(&mut receiver(), Inbox::over([0; 1500]), &outbox, &Cut::Every(length)),
    ];
    for outcome in outcomes {
        prop_assert_eq!(outcome.error, None);
        prop_assert_eq!(&outcome.got, &expected);
    }
    Ok(())
}

proptest! {
    // P-ext-b, P-ext-f, P-ext-g, P-fd-d, 6455-5.4-c
    #[test]
    fn everything_arrives_as_sent(messages in vec(message(), 0..6), length in 1..400_usize) {
        let config = Config::new().pongs(Pongs::Manual);
        let at_server = || server(config).with_claims(CLAIMS).unwrap();
        let at_client = || client(config).with_claims(CLAIMS).unwrap();
        check(&messages, length, &mut at_server(), at_client)?;
        check(&messages, length, &mut at_client(), at_server)?;
    }

    // P-ext-f, P-ext-g, P-ext-h, P-fd-d, 7692-6-b
    #[cfg(feature = "deflate")]
    #[test]
    fn everything_arrives_as_sent_with_compression(
        messages in vec(message(), 0..6),
        length in 1..400_usize,
        takeover: bool,
    ) {
        let config = Config::new().pongs(Pongs::Manual);
        let policy = crate::deflate::endpoint::policy(takeover);
        let ends = || {
            let (server, client) = crate::deflate::endpoint::connect(&policy, &policy, config);
            (server.with_claims(CLAIMS).unwrap(), client.with_claims(CLAIMS).unwrap())
        };
        let (mut server, mut client) = ends();
        check(&messages, length, &mut server, || ends().1)?;
        check(&messages, length, &mut client, || ends().0)?;
    }

    // P-fd-f, P-fd-d, 6455-10.1-a
    #[test]
    fn no_input_panics_and_any_split_gives_the_same_result(
        bytes in vec(prop_oneof![any::<u8>(), 0x80..=0xbf_u8, 0..4_u8], 0..300),
        length in 1..40_usize,
    ) {
        let config = Config::new().max_message_size(300).max_frame_size(200).max_fragments(5);
        for from in [From::Client, From::Server] {
            let whole = hear(from, config, &bytes, &Cut::Whole);
            prop_assert_eq!(&hear(from, config, &bytes, &Cut::Every(length)), &whole);
            prop_assert_eq!(&hear(from, config, &bytes, &Cut::Every(1)), &whole);
        }
    }
}

/// Feeds the peer of `from`.
fn hear(from: From, config: Config, bytes: &[u8], cut: &Cut) -> super::endpoint::Outcome {
    let inbox = || Inbox::with_capacity(8);
    match from {
        From::Client => {
            receive(&mut server(config).with_claims(CLAIMS).unwrap(), inbox(), bytes, cut)
        }
        From::Server => {
            receive(&mut client(config).with_claims(CLAIMS).unwrap(), inbox(), bytes, cut)
        }
    }
}
