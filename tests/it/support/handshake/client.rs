//! Feeding answers to a client.

use std::fmt::Debug;

use hybi::{
    Client, Connection, Event, Inbox, Storage, Uri,
    client::{Accepted, Error, Failure, Opening, Request, Response},
    random::{Entropy, EntropyError},
};

use super::{cut::cuts, head::Head};

/// The frame of section 5.7: a text message that says `Hello`.
pub(crate) const HELLO: [u8; 7] = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];

/// The nonce of section 1.3, whatever is drawn.
#[derive(Clone, Debug)]
pub(crate) struct SampleNonce;

impl Entropy for SampleNonce {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.iter_mut().zip(b"the sample nonce").for_each(|(byte, from)| *byte = *from);
        Ok(())
    }
}

/// What became of a client's connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome<T> {
    /// The answer is not complete.
    Waiting,
    Failed(Failure),
    /// The answer is none of a WebSocket: its status.
    Rejected(u16),
    /// What was seen in the answer, and the messages that came behind it.
    Open(T, Vec<String>),
}

/// The answer of section 1.3 to the sample nonce, without a subprotocol.
pub(crate) fn answer() -> Head {
    Head::default()
        .start("HTTP/1.1 101 Switching Protocols")
        .with("Upgrade", &["websocket"])
        .with("Connection", &["Upgrade"])
        .with("Sec-WebSocket-Accept", &["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="])
}

/// A request to be completed.
pub(crate) fn request() -> Request<'static> {
    Request::new(&Uri::parse("ws://server.example.com/chat").unwrap())
}

/// How a response is taken from an opening.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum By {
    Receiving,
    /// By advancing and looking, and the opening borrows nothing.
    Looking,
}

/// Feeds the pieces one after the other, and goes on after the end.
pub(crate) fn hear<S: Storage, T>(
    request: Request<'_>,
    inbox: Inbox<S>,
    pieces: &[&[u8]],
    see: impl Fn(&Accepted<'_, SampleNonce>) -> T,
) -> Outcome<T> {
    hear_by(By::Receiving, request, inbox, pieces, see)
}

pub(crate) fn hear_by<S: Storage, T>(
    by: By,
    request: Request<'_>,
    mut inbox: Inbox<S>,
    pieces: &[&[u8]],
    see: impl Fn(&Accepted<'_, SampleNonce>) -> T,
) -> Outcome<T> {
    let mut opening: Opening<'_, _> = request.send_with(SampleNonce, &mut Vec::new()).unwrap();
    if by == By::Looking {
        opening = opening.into_owned();
    }
    let mut outcome = Outcome::Waiting;
    let mut websocket: Option<Connection<Client<SampleNonce>>> = None;
    for mut piece in pieces.iter().copied() {
        loop {
            let taken = inbox.copy_from(piece);
            piece = &piece[taken..];
            match (&mut outcome, &mut websocket) {
                (Outcome::Waiting, _) => match take(by, &mut opening, &mut inbox) {
                    Ok(None) => {}
                    Ok(Some(Response::Accepted(accepted))) => {
                        outcome = Outcome::Open(see(&accepted), Vec::new());
                        websocket = Some(accepted.finish());
                    }
                    Ok(Some(Response::Rejected(rejected))) => {
                        outcome = Outcome::Rejected(rejected.status());
                    }
                    Err(Error::Failed(failure)) => outcome = Outcome::Failed(failure),
                    Err(error) => panic!("{error}"),
                },
                (Outcome::Open(_, messages), Some(websocket)) => {
                    let mut outbox = Vec::new();
                    while let Some(event) = websocket.receive(&mut inbox, &mut outbox).unwrap() {
                        let Event::Text(text) = event else { panic!("{event:?}") };
                        messages.push(text.into());
                    }
                    if piece.is_empty() {
                        break;
                    }
                }
                _ => {
                    // There is no way left to a connection.
                    let error = opening.receive(&mut inbox).map(|_| ()).unwrap_err();
                    assert_eq!(error, Error::HandshakeOver);
                    break;
                }
            }
            if taken == 0 && matches!(outcome, Outcome::Waiting) {
                break;
            }
        }
    }
    outcome
}

fn take<'i, S: Storage>(
    by: By,
    opening: &mut Opening<'_, SampleNonce>,
    inbox: &'i mut Inbox<S>,
) -> Result<Option<Response<'i, SampleNonce>>, Error> {
    match by {
        By::Receiving => opening.receive(inbox),
        By::Looking if opening.advance(inbox)? => Ok(Some(opening.response(inbox).unwrap())),
        By::Looking => Ok(None),
    }
}

/// Checks that an answer is accepted, and nothing that comes behind it lost, however it is cut;
/// yields what is seen in it.
#[allow(clippy::needless_pass_by_value)] // each caller builds its own
pub(crate) fn assert_opens<T: Debug + PartialEq>(
    request: Request<'_>,
    answer: &[u8],
    see: impl Fn(&Accepted<'_, SampleNonce>) -> T,
) -> T {
    let mut first = None;
    for (behind, messages) in [(&[][..], &[][..]), (&HELLO, &["Hello"])] {
        let bytes = [answer, behind].concat();
        for pieces in cuts(&bytes) {
            let Outcome::Open(seen, heard) = hear_both(request.clone(), &pieces, &see) else {
                panic!("not accepted: {}", answer.escape_ascii());
            };
            assert_eq!(heard, messages, "the frame behind the answer");
            match &first {
                None => first = Some(seen),
                Some(first) => assert_eq!(*first, seen),
            }
        }
    }
    first.unwrap()
}

/// Checks that the handshake fails in this way, once and for all, however the answer is cut and
/// whatever comes behind it.
#[allow(clippy::needless_pass_by_value)] // each caller builds its own
pub(crate) fn assert_fails(request: Request<'_>, answer: &[u8], failure: Failure) {
    for behind in [&[][..], &[&self::answer().bytes()[..], &HELLO].concat()] {
        let bytes = [answer, behind].concat();
        for pieces in cuts(&bytes) {
            let outcome = hear_both(request.clone(), &pieces, |_| ());
            assert_eq!(outcome, Outcome::Failed(failure), "{}", answer.escape_ascii());
        }
    }
}

/// Feeds a client with an inbox that grows and one that does not, and by looking, which must all do
/// the same.
pub(crate) fn hear_both<T: Debug + PartialEq>(
    request: Request<'_>,
    pieces: &[&[u8]],
    see: impl Fn(&Accepted<'_, SampleNonce>) -> T,
) -> Outcome<T> {
    let outcome = hear(request.clone(), Inbox::with_capacity(64), pieces, &see);
    let fixed = Inbox::over(vec![0; pieces.iter().map(|piece| piece.len()).sum()]);
    assert_eq!(outcome, hear(request.clone(), fixed, pieces, &see));
    assert_eq!(outcome, hear_by(By::Looking, request, Inbox::with_capacity(64), pieces, &see));
    outcome
}
