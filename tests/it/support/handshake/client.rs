//! Feeds responses to a client.

use std::fmt::Debug;

use hybi::{
    Client, Connection, Event, Inbox, Storage, Uri,
    client::{Accepted, Error, Failure, Opening, Request, Response},
    random::{Entropy, EntropyError},
};

use super::{cut::cuts, head::Head};

/// The frame of section 5.7: the text message `Hello`.
pub(crate) const HELLO: [u8; 7] = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];

/// Always returns the nonce of section 1.3.
#[derive(Clone, Debug)]
pub(crate) struct SampleNonce;

impl Entropy for SampleNonce {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.iter_mut().zip(b"the sample nonce").for_each(|(byte, from)| *byte = *from);
        Ok(())
    }
}

/// The state of a client after its input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome<T> {
    /// The response is incomplete.
    Waiting,
    Failed(Failure),
    /// The server rejected the request with this status.
    Rejected(u16),
    /// The value that `see` returned for the response, and the messages after it.
    Open(T, Vec<String>),
}

/// The response of section 1.3 to the sample nonce, without a subprotocol.
pub(crate) fn answer() -> Head {
    Head::default()
        .start("HTTP/1.1 101 Switching Protocols")
        .with("Upgrade", &["websocket"])
        .with("Connection", &["Upgrade"])
        .with("Sec-WebSocket-Accept", &["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="])
}

/// A request without options.
pub(crate) fn request() -> Request<'static> {
    Request::new(&Uri::parse("ws://server.example.com/chat").unwrap())
}

/// How the test gets the response from the opening.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Via {
    /// With `receive`.
    Receive,
    /// With `advance` and `response`, from an opening that borrows nothing.
    Advance,
}

/// Feeds the pieces to a client in order, and continues after the handshake has ended.
pub(crate) fn feed<S: Storage, T>(
    request: Request<'_>,
    inbox: Inbox<S>,
    pieces: &[&[u8]],
    see: impl Fn(&Accepted<'_, SampleNonce>) -> T,
) -> Outcome<T> {
    feed_via(Via::Receive, request, inbox, pieces, see)
}

pub(crate) fn feed_via<S: Storage, T>(
    by: Via,
    request: Request<'_>,
    mut inbox: Inbox<S>,
    pieces: &[&[u8]],
    see: impl Fn(&Accepted<'_, SampleNonce>) -> T,
) -> Outcome<T> {
    let mut opening: Opening<'_, _> = request.send_with(SampleNonce, &mut Vec::new()).unwrap();
    if by == Via::Advance {
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
                    // The opening returns no connection any more.
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
    by: Via,
    opening: &mut Opening<'_, SampleNonce>,
    inbox: &'i mut Inbox<S>,
) -> Result<Option<Response<'i, SampleNonce>>, Error> {
    match by {
        Via::Receive => opening.receive(inbox),
        Via::Advance if opening.advance(inbox)? => Ok(Some(opening.response(inbox).unwrap())),
        Via::Advance => Ok(None),
    }
}

/// Checks that a response is accepted and that no input after it is lost, for every split of the
/// input. Returns what `see` returned.
#[allow(clippy::needless_pass_by_value)] // each caller builds its own
pub(crate) fn assert_opens<T: Debug + PartialEq>(
    request: Request<'_>,
    answer: &[u8],
    see: impl Fn(&Accepted<'_, SampleNonce>) -> T,
) -> T {
    let mut first = None;
    for (after, messages) in [(&[][..], &[][..]), (&HELLO, &["Hello"])] {
        let bytes = [answer, after].concat();
        for pieces in cuts(&bytes) {
            let Outcome::Open(seen, received) = feed_all(request.clone(), &pieces, &see) else {
                panic!("not accepted: {}", answer.escape_ascii());
            };
            assert_eq!(received, messages, "the frame after the response");
            match &first {
                None => first = Some(seen),
                Some(first) => assert_eq!(*first, seen),
            }
        }
    }
    let seen = first.unwrap();
    super::connect::assert_opens(request, answer);
    seen
}

/// Checks that the handshake fails with this error and stays failed, for every split of the input
/// and with any input after the response.
#[allow(clippy::needless_pass_by_value)] // each caller builds its own
pub(crate) fn assert_fails(request: Request<'_>, answer: &[u8], failure: Failure) {
    for after in [&[][..], &[&self::answer().bytes()[..], &HELLO].concat()] {
        let bytes = [answer, after].concat();
        for pieces in cuts(&bytes) {
            let outcome = feed_all(request.clone(), &pieces, |_| ());
            assert_eq!(outcome, Outcome::Failed(failure), "{}", answer.escape_ascii());
        }
    }
    super::connect::assert_fails(request, answer, failure);
}

/// Feeds clients with a growing inbox, with a fixed inbox, and via `advance`, and checks that their
/// outcomes are equal.
pub(crate) fn feed_all<T: Debug + PartialEq>(
    request: Request<'_>,
    pieces: &[&[u8]],
    see: impl Fn(&Accepted<'_, SampleNonce>) -> T,
) -> Outcome<T> {
    let outcome = feed(request.clone(), Inbox::with_capacity(64), pieces, &see);
    let fixed = Inbox::over(vec![0; pieces.iter().map(|piece| piece.len()).sum()]);
    assert_eq!(outcome, feed(request.clone(), fixed, pieces, &see));
    assert_eq!(outcome, feed_via(Via::Advance, request, Inbox::with_capacity(64), pieces, &see));
    outcome
}
